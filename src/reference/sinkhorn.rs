//! The whole loop in f64, for one problem.
//!
//! Stabilised scaling form (Schmitzer 2019, section 3): an iteration from potentials gives a kernel
//! exp((f + g − C)/ε), the iterations after it scale its rows and columns, without exponentials, until a scaling leaves
//! [1e-100, 1e100] or ε changes, when the scalings are absorbed into the potentials. Where the exponents of all entries lie
//! within e^−350 of the largest of their row, an iteration from potentials is one pass over the cost, which makes the
//! kernel; else it is two in the log domain, and one for the kernel. Iterates are those of the log domain. Empty bins are
//! left out.

use super::chunk::{Chunk, Shared, chunks, sum_of_columns};
use super::elementary::larger;
use super::measure::{Totals, total};
use super::pass::Pass;
use super::scalings::{absorb, clamp};
use crate::parallel::for_each;
use crate::transport::Potentials;
use std::borrow::Cow;

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

/// Exponents within a row that differ by no more leave sums of columns, and their reciprocals, in range.
const LARGEST_EXPONENT: f64 = 350.0;

/// Entries of the cost that a step of a large problem visits, some milliseconds of work.
const STEP: usize = 1 << 21;

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
    let (least, most) = cost
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), c| (c.min(least), c.max(most)));
    let settings = Settings { schedule, tolerance, max_iterations, reach: most - least };
    let mut iterations = Loop::new(cost, a, b, start, settings);
    while iterations.advance() {}
    iterations.solved()
}

/// What the problems of a batch have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings<'a> {
    pub(super) schedule: &'a [f64],
    pub(super) tolerance: f64,
    pub(super) max_iterations: u32,
    /// Costs differ by no more.
    pub(super) reach: f64,
}

/// One problem between two steps.
pub(super) struct Loop<'a> {
    settings: Settings<'a>,
    /// Bins of both sides, and those that are not empty. All that follows knows only them.
    bins: (usize, usize),
    rows: Vec<usize>,
    columns: Vec<usize>,
    cost: Cow<'a, [f64]>,
    chunks: Vec<Chunk>,
    a: Vec<f64>,
    b: Vec<f64>,
    epsilon: f64,
    g: Vec<f64>,
    v: Vec<f64>,
    pass: Pass,
    /// Chunks that the pass has been over.
    done: usize,
    iterations: u32,
    /// Σ|P1 − a| at the last test; infinite before the first.
    error: f64,
    totals: Totals,
    /// Whether half the tolerance is asked for.
    again: bool,
}

impl<'a> Loop<'a> {
    pub(super) fn new(
        cost: &'a [f64],
        a: &[f64],
        b: &[f64],
        start: Option<&[f64]>,
        settings: Settings<'a>,
    ) -> Loop<'a> {
        let (n, m) = (a.len(), b.len());
        let filled = |weights: &[f64]| -> Vec<usize> {
            (0..weights.len()).filter(|&i| weights[i] > 0.0).collect()
        };
        let (rows, columns) = (filled(a), filled(b));
        let cost = if (rows.len(), columns.len()) == (n, m) {
            Cow::Borrowed(cost)
        } else {
            let mut filled = Vec::with_capacity(rows.len() * columns.len());
            for row in rows.iter().map(|i| &cost[i * m..(i + 1) * m]) {
                filled.extend(columns.iter().map(|&j| row[j]));
            }
            Cow::Owned(filled)
        };
        let epsilon = settings.schedule[0];
        let potential = |j: usize| start.map_or(0.0, |g| g[j]) + epsilon * b[j].ln();
        let a: Vec<f64> = rows.iter().map(|&i| a[i]).collect();
        let mut this = Loop {
            bins: (n, m),
            cost,
            chunks: chunks(&a, columns.len()),
            a,
            b: columns.iter().map(|&j| b[j]).collect(),
            epsilon,
            g: columns.iter().map(|&j| potential(j)).collect(),
            v: vec![1.0; columns.len()],
            pass: Pass::Begin,
            done: 0,
            iterations: 0,
            error: f64::INFINITY,
            totals: Totals::default(),
            again: false,
            settings,
            rows,
            columns,
        };
        this.choose(true);
        this
    }

    pub(super) fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(super) fn error(&self) -> f64 {
        self.error
    }

    /// One more step; `false` once there is a result.
    pub(super) fn advance(&mut self) -> bool {
        let rows = self.chunks.first().map_or(1, |chunk| chunk.rows.len());
        let group = (STEP / (rows * self.b.len()).max(1)).max(1);
        let end = self.chunks.len().min(self.done + group);
        let Loop { cost, g, v, epsilon, pass, .. } = self;
        let shared = Shared { cost, g, v, epsilon: *epsilon };
        match &mut self.chunks[self.done..end] {
            [chunk] => pass.run(chunk, &shared),
            chunks => for_each(chunks, |chunk| pass.run(chunk, &shared)),
        }
        self.done = end;
        if self.done == self.chunks.len() {
            self.done = 0;
            self.finish();
        }
        self.pass != Pass::Done
    }

    /// What follows a pass.
    fn finish(&mut self) {
        match self.pass {
            Pass::Begin => self.scaled(),
            Pass::Rows => self.pass = Pass::Columns,
            Pass::Columns => {
                self.columns_of_logs();
                self.iterations += 1;
                self.pass = Pass::Kernel;
                self.choose(false);
            }
            Pass::Kernel => self.pass = Pass::Scale,
            Pass::Scale => {
                self.error = self.chunks.iter().map(|chunk| chunk.error).sum();
                // The plan is measured again at the end, with other rounding.
                if self.leaves() { self.measure() } else { self.scaled() }
            }
            Pass::Measure => {
                self.totals = total(&self.chunks, [&self.a, &self.b], &self.g, self.epsilon);
                self.pass = Pass::Done;
                let short = self.leaves() && self.totals.marginal_error > self.settings.tolerance;
                if short && !self.again && self.iterations < self.settings.max_iterations {
                    self.go_on();
                }
            }
            Pass::Done => {}
        }
    }

    /// Whether the last test was passed.
    fn leaves(&self) -> bool {
        let tolerance = self.settings.tolerance;
        tolerance > 0.0 && self.error <= tolerance * (15.0 / 16.0)
    }

    /// Measured with other rounding the result is a little above the tolerance: half of it is asked for, and as many
    /// iterations again, as on a device. What rounding does not allow is not waited for.
    fn go_on(&mut self) {
        self.again = true;
        let most = self.iterations.saturating_mul(2).saturating_add(20);
        self.settings.max_iterations = self.settings.max_iterations.min(most);
        self.settings.tolerance *= 0.5;
        self.choose(true);
    }

    /// The rows are scaled, and what is then in the columns is summed up: ends an iteration.
    fn scaled(&mut self) {
        sum_of_columns(&self.chunks, &mut self.v);
        for (v, weight) in self.v.iter_mut().zip(&self.b) {
            *v = weight / *v;
        }
        for chunk in &mut self.chunks {
            std::mem::swap(&mut chunk.u, &mut chunk.next);
        }
        self.iterations += 1;
        self.pass = Pass::Scale;
        let mut scalings = self.chunks.iter().flat_map(|chunk| &chunk.u).chain(&self.v);
        let in_range = scalings.all(|s| RANGE.contains(s));
        if !in_range {
            self.chunks.iter_mut().for_each(|chunk| clamp(&mut chunk.u));
            clamp(&mut self.v);
        }
        self.choose(!in_range);
    }

    /// g from what the chunks summed up beside their own maxima.
    fn columns_of_logs(&mut self) {
        for (j, (g, weight)) in self.g.iter_mut().zip(&self.b).enumerate() {
            let most =
                self.chunks.iter().map(|chunk| chunk.most[j]).fold(f64::NEG_INFINITY, larger);
            let part =
                |chunk: &Chunk| chunk.columns[j] * ((chunk.most[j] - most) / self.epsilon).exp();
            let sum: f64 = self.chunks.iter().map(part).sum();
            *g = self.epsilon * (weight.ln() - sum.ln()) - most;
        }
        // The kernel is made with these potentials: there is nothing yet to scale.
        self.v.fill(1.0);
        self.chunks.iter_mut().for_each(|chunk| chunk.u.fill(1.0));
    }

    /// What comes next: the end, or an iteration from potentials where ε changes, or where it is `due`.
    fn choose(&mut self, due: bool) {
        let Settings { schedule, max_iterations, reach, .. } = self.settings;
        if self.iterations >= max_iterations {
            return self.measure();
        }
        let next = schedule[(self.iterations as usize).min(schedule.len() - 1)];
        if !due && next == self.epsilon {
            return;
        }
        absorb(&mut self.g, &mut self.v, self.epsilon);
        for (g, weight) in self.g.iter_mut().zip(&self.b) {
            *g += (next - self.epsilon) * weight.ln();
        }
        self.epsilon = next;
        let most = self.g.iter().copied().fold(f64::NEG_INFINITY, larger);
        let least = self.g.iter().copied().fold(f64::INFINITY, f64::min);
        let in_range = (most - least) + reach <= LARGEST_EXPONENT * next;
        self.pass = if in_range { Pass::Begin } else { Pass::Rows };
    }

    /// Ends the iterations: the potentials take the scalings in, and what they are worth is measured.
    fn measure(&mut self) {
        for chunk in &mut self.chunks {
            absorb(&mut chunk.f, &mut chunk.u, self.epsilon);
        }
        absorb(&mut self.g, &mut self.v, self.epsilon);
        self.pass = Pass::Measure;
    }

    pub(super) fn solved(self) -> Solved {
        let scatter = |n: usize, bins: &[usize], values: &mut dyn Iterator<Item = f64>| {
            let mut full = vec![f64::NEG_INFINITY; n];
            for (&bin, value) in bins.iter().zip(values) {
                full[bin] = value;
            }
            full
        };
        let mut f = self.chunks.iter().flat_map(|chunk| chunk.f.iter().copied());
        Solved {
            f: scatter(self.bins.0, &self.rows, &mut f),
            g: scatter(self.bins.1, &self.columns, &mut self.g.iter().copied()),
            iterations: self.iterations,
            totals: self.totals,
            plain: None,
        }
    }
}
