//! Seeded problems of awkward sizes, and how their errors are measured.

use crate::check::random::Random;
use crate::error::Result;
use crate::transport::{Geometry, Potentials, Problem};

/// A batch to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) problems: usize,
    /// In units of the cost, which lies in [0, 1) or so.
    pub(super) epsilon: f64,
    /// Share of empty bins.
    pub(super) empty: f64,
    /// A cost matrix for each problem.
    pub(super) own_costs: bool,
    /// Random potentials to start from.
    pub(super) start: bool,
}

impl Case {
    pub(super) const fn new(rows: usize, columns: usize, problems: usize, epsilon: f64) -> Case {
        Case { rows, columns, problems, epsilon, empty: 0.0, own_costs: false, start: false }
    }

    pub(super) const fn empty(mut self, share: f64) -> Case {
        self.empty = share;
        self
    }

    pub(super) const fn own_costs(mut self) -> Case {
        self.own_costs = true;
        self
    }

    pub(super) const fn start(mut self) -> Case {
        self.start = true;
        self
    }

    /// The problems; with `low_words` the costs need two f32.
    pub(super) fn build(self, low_words: bool) -> Result<Data> {
        let mut random = Random::new((self.rows * 1009 + self.columns) as u64);
        let matrices = if self.own_costs { self.problems } else { 1 };
        let cost: Vec<f64> = (0..matrices * self.rows * self.columns)
            .map(|_| random.unit())
            .map(|c| if low_words { c } else { f64::from(c as f32) })
            .collect();
        let mut histogram = |bins: usize| {
            // Weights over four orders of magnitude; one bin is never empty.
            let kept = random.below(bins as u32) as usize;
            let weight = |bin: usize| {
                let empty = random.unit() < self.empty && bin != kept;
                if empty { 0.0 } else { random.within(-4.0, 0.0) }
            };
            (0..bins)
                .map(weight)
                .map(|w| if w == 0.0 { 0.0 } else { 10f64.powf(w) })
                .collect::<Vec<f64>>()
        };
        let a: Vec<f64> = (0..self.problems).flat_map(|_| histogram(self.rows)).collect();
        let b: Vec<f64> = (0..self.problems).flat_map(|_| histogram(self.columns)).collect();
        let geometry = if self.own_costs {
            Geometry::cost_matrices(&cost, self.problems, self.rows, self.columns)?
        } else {
            Geometry::cost_matrix(&cost, self.rows, self.columns)?
        };
        let mut problem = Problem::new(geometry, &a, &b)?.normalized();
        let mut start = vec![0.0; self.problems * self.columns];
        if self.start {
            start.fill_with(|| f64::from(random.within(-0.3, 0.3) as f32));
            problem = problem.starting_from(&start)?;
        }
        Ok(Data { case: self, problem, cost, start })
    }

    /// A few problems of the batch, the first and the last among them.
    pub(super) fn sample(self) -> Vec<usize> {
        let mut sample = vec![0, self.problems / 2, self.problems - 1];
        sample.dedup();
        sample
    }
}

/// A batch, and its numbers as f64.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) case: Case,
    pub(super) problem: Problem,
    cost: Vec<f64>,
    start: Vec<f64>,
}

impl Data {
    pub(super) fn cost(&self, problem: usize) -> &[f64] {
        let cells = self.case.rows * self.case.columns;
        let at = if self.case.own_costs { problem * cells } else { 0 };
        &self.cost[at..at + cells]
    }

    pub(super) fn a(&self, problem: usize) -> &[f64] {
        self.problem.source.row(problem)
    }

    pub(super) fn b(&self, problem: usize) -> &[f64] {
        self.problem.target.row(problem)
    }

    /// The weighted target potentials of the start.
    pub(super) fn started(&self, problem: usize, epsilon: f64) -> Vec<f64> {
        let m = self.case.columns;
        weighted(&self.start[problem * m..(problem + 1) * m], self.b(problem), epsilon)
    }

    /// Both potentials of a solution as weighted ones.
    pub(super) fn weighted(&self, problem: usize, potentials: &Potentials) -> [Vec<f64>; 2] {
        let epsilon = self.case.epsilon;
        [
            weighted(&potentials.f, self.a(problem), epsilon),
            weighted(&potentials.g, self.b(problem), epsilon),
        ]
    }

    /// |f| + |g| + max|C|.
    pub(super) fn size(&self, problem: usize, f: &[f64], g: &[f64]) -> f64 {
        largest(f) + largest(g) + largest(self.cost(problem))
    }
}

/// f + ε ln a; −∞ where a is zero.
fn weighted(potentials: &[f64], weights: &[f64], epsilon: f64) -> Vec<f64> {
    let entry = |(p, w): (&f64, &f64)| {
        if *w > 0.0 { p + epsilon * w.ln() } else { f64::NEG_INFINITY }
    };
    potentials.iter().zip(weights).map(entry).collect()
}

/// The largest finite magnitude.
pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().filter(|v| v.is_finite()).fold(0.0, |most, v| most.max(v.abs()))
}

/// The relative rounding of a plan entry whose exponent is (…)/ε with parts of
/// `size`: 2⁻²⁴ S or 2⁻⁴⁷ S of the tolerance table.
pub(super) fn rounding(size: f64, epsilon: f64, double: bool) -> f64 {
    if double {
        (size / epsilon + 16.0) * (-47f64).exp2()
    } else {
        (size / epsilon + 8.0) * (-24f64).exp2()
    }
}
