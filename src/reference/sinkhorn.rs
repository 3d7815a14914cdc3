//! The whole loop in f64, for one problem.
//!
//! Stabilised scaling form (Schmitzer 2019, section 3): one iteration in the log
//! domain gives potentials and with them the kernel P⁰ = exp((f + g − C)/ε); the
//! iterations after it scale its rows and columns, without exponentials, until a
//! scaling leaves [1e-100, 1e100] or ε changes, when the scalings are absorbed
//! into the potentials by another iteration in the log domain. Iterates are those
//! of the log domain. Empty bins are left out of the loop.

use super::measure::{Totals, totals};
use super::softmin::{softmin_columns, softmin_rows};
use crate::parallel::{WORTHWHILE, map_rows};
use crate::transport::Potentials;

/// The solution of one problem by the twin.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// Weighted potentials f + ε ln a; −∞ where a is zero.
    pub f: Vec<f64>,
    /// Weighted potentials g + ε ln b; −∞ where b is zero.
    pub g: Vec<f64>,
    /// Iterations done.
    pub iterations: u32,
    /// Costs and marginal error of the returned potentials.
    pub totals: Totals,
    /// Unweighted potentials, where ε is so large that ε ln a swamps them.
    pub plain: Option<Potentials>,
}

const RANGE: std::ops::Range<f64> = 1e-100..1e100;

/// Twin of `resident`: solves one problem. `start` are target potentials g;
/// `schedule` holds ε of the first iterations, its last entry of all others.
pub fn resident(
    cost: &[f64],
    a: &[f64],
    b: &[f64],
    start: Option<&[f64]>,
    schedule: &[f64],
    tolerance: f64,
    max_iterations: u32,
) -> Solved {
    let mut iterations = Loop::new(cost, a, b, start, schedule, tolerance, max_iterations);
    while iterations.advance() {}
    iterations.solved()
}

/// What an iteration has to do next. Those in the log domain take a step for each of their passes, so that a page with
/// a large problem can breathe between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// In the log domain: the source's potentials.
    Rows,
    /// In the log domain: the target's.
    Columns,
    /// The kernel of the potentials, which ends an iteration in the log domain.
    Kernel,
    /// A scaling of the kernel.
    Scaling,
}

/// One problem between two steps.
pub(super) struct Loop<'a> {
    schedule: &'a [f64],
    tolerance: f64,
    max_iterations: u32,
    /// Bins of both sides, and those that are not empty. All that follows knows only them.
    bins: (usize, usize),
    rows: Vec<usize>,
    columns: Vec<usize>,
    cost: Vec<f64>,
    a: Vec<f64>,
    b: Vec<f64>,
    epsilon: f64,
    f: Vec<f64>,
    g: Vec<f64>,
    u: Vec<f64>,
    v: Vec<f64>,
    kernel: Vec<f64>,
    stage: Stage,
    iterations: u32,
    /// Σ|P1 − a| at the last test; infinite before the first.
    error: f64,
}

impl<'a> Loop<'a> {
    pub(super) fn new(
        cost: &[f64],
        a: &[f64],
        b: &[f64],
        start: Option<&[f64]>,
        schedule: &'a [f64],
        tolerance: f64,
        max_iterations: u32,
    ) -> Loop<'a> {
        let m = b.len();
        let rows: Vec<usize> = (0..a.len()).filter(|&i| a[i] > 0.0).collect();
        let columns: Vec<usize> = (0..m).filter(|&j| b[j] > 0.0).collect();
        let cost = rows.iter().flat_map(|&i| columns.iter().map(move |&j| cost[i * m + j]));
        let epsilon = schedule[0];
        let potential = |j: usize| start.map_or(0.0, |g| g[j]) + epsilon * b[j].ln();
        Loop {
            schedule,
            tolerance,
            max_iterations,
            bins: (a.len(), m),
            cost: cost.collect(),
            a: rows.iter().map(|&i| a[i]).collect(),
            b: columns.iter().map(|&j| b[j]).collect(),
            epsilon,
            f: vec![0.0; rows.len()],
            g: columns.iter().map(|&j| potential(j)).collect(),
            u: vec![1.0; rows.len()],
            v: vec![1.0; columns.len()],
            kernel: Vec::new(),
            stage: Stage::Rows,
            iterations: 0,
            error: f64::INFINITY,
            rows,
            columns,
        }
    }

    pub(super) fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(super) fn error(&self) -> f64 {
        self.error
    }

    /// One more step; `false` if there was none to do.
    pub(super) fn advance(&mut self) -> bool {
        if self.iterations >= self.max_iterations {
            return false;
        }
        let next = self.schedule[(self.iterations as usize).min(self.schedule.len() - 1)];
        if self.stage == Stage::Scaling && next != self.epsilon {
            self.stage = Stage::Rows;
        }
        match self.stage {
            Stage::Rows => {
                absorb(&mut self.g, &mut self.v, self.epsilon);
                for (gj, w) in self.g.iter_mut().zip(&self.b) {
                    *gj += (next - self.epsilon) * w.ln();
                }
                self.epsilon = next;
                self.f = softmin_rows(&self.cost, &self.a, &self.g, next);
                self.stage = Stage::Columns;
            }
            Stage::Columns => {
                self.g = softmin_columns(&self.cost, &self.b, &self.f, next);
                self.stage = Stage::Kernel;
            }
            Stage::Kernel => {
                self.u.fill(1.0);
                self.v.fill(1.0);
                self.kernel = super::plan(&self.cost, &self.f, &self.g, next);
                self.stage = Stage::Scaling;
                self.iterations += 1;
            }
            Stage::Scaling => return self.scale(),
        }
        true
    }

    /// One iteration that scales the kernel; `false` if the test before it says that there is no need.
    fn scale(&mut self) -> bool {
        let sums = row_sums(&self.kernel, &self.v);
        let off = sums.iter().zip(&self.u).zip(&self.a).map(|((s, u), w)| (s * u - w).abs());
        self.error = off.sum();
        // The plan is measured again at the end, with other rounding.
        if self.tolerance > 0.0 && self.error <= self.tolerance * (15.0 / 16.0) {
            return false;
        }
        for ((u, s), w) in self.u.iter_mut().zip(&sums).zip(&self.a) {
            *u = w / s;
        }
        let sums = column_sums(&self.kernel, &self.u, self.b.len());
        for ((v, s), w) in self.v.iter_mut().zip(sums).zip(&self.b) {
            *v = w / s;
        }
        if !self.u.iter().chain(&self.v).all(|s| RANGE.contains(s)) {
            clamp(&mut self.u);
            clamp(&mut self.v);
            self.stage = Stage::Rows;
        }
        self.iterations += 1;
        true
    }

    pub(super) fn solved(mut self) -> Solved {
        absorb(&mut self.f, &mut self.u, self.epsilon);
        absorb(&mut self.g, &mut self.v, self.epsilon);
        let totals = totals(&self.cost, &self.a, &self.b, &self.f, &self.g, self.epsilon);
        let scatter = |n: usize, bins: &[usize], values: &[f64]| {
            let mut full = vec![f64::NEG_INFINITY; n];
            for (&bin, &value) in bins.iter().zip(values) {
                full[bin] = value;
            }
            full
        };
        Solved {
            f: scatter(self.bins.0, &self.rows, &self.f),
            g: scatter(self.bins.1, &self.columns, &self.g),
            iterations: self.iterations,
            totals,
            plain: None,
        }
    }
}

fn absorb(potential: &mut [f64], scaling: &mut [f64], epsilon: f64) {
    for (p, s) in potential.iter_mut().zip(scaling) {
        *p += epsilon * s.ln();
        *s = 1.0;
    }
}

/// A scaling that overflowed must not become an infinite potential.
fn clamp(scaling: &mut [f64]) {
    for s in scaling {
        *s = if s.is_nan() { 1.0 } else { s.clamp(1e-200, 1e200) };
    }
}

fn row_sums(kernel: &[f64], v: &[f64]) -> Vec<f64> {
    let row = |i: usize| -> f64 {
        let row = &kernel[i * v.len()..(i + 1) * v.len()];
        // Four sums in flight, so that the additions need not wait for each other.
        let mut sums = [0.0; 4];
        for (k, v) in row.chunks(4).zip(v.chunks(4)) {
            for ((sum, k), v) in sums.iter_mut().zip(k).zip(v) {
                *sum += k * v;
            }
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3])
    };
    let n = kernel.len() / v.len();
    if kernel.len() >= WORTHWHILE { map_rows(n, row) } else { (0..n).map(row).collect() }
}

fn column_sums(kernel: &[f64], u: &[f64], m: usize) -> Vec<f64> {
    let block = |rows: std::ops::Range<usize>| {
        let mut sums = vec![0.0; m];
        for i in rows {
            for (sum, k) in sums.iter_mut().zip(&kernel[i * m..(i + 1) * m]) {
                *sum += u[i] * k;
            }
        }
        sums
    };
    if kernel.len() < WORTHWHILE {
        return block(0..u.len());
    }
    let step = u.len().div_ceil(16);
    let parts =
        map_rows(u.len().div_ceil(step), |k| block(k * step..((k + 1) * step).min(u.len())));
    let mut sums = vec![0.0; m];
    for part in parts {
        for (sum, p) in sums.iter_mut().zip(part) {
            *sum += p;
        }
    }
    sums
}
