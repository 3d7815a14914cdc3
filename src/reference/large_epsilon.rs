//! Sinkhorn where ε is far above every cost, so that the plan is a⊗b to some digits and all
//! that is asked for lies in the others.
//!
//! With unweighted potentials, x = (f_i + g_j − C_ij)/ε and P_ij = a_i b_j exp(x), a half
//! iteration is
//!
//! * f_i = −M_i − ε log1p(Σ_j b_j expm1((g_j − C_ij − M_i)/ε)), M_i the maximum of g_j − C_ij,
//!
//! and marginals are off by a_i Σ_j b_j expm1(x_ij): every sum is of terms of the size of C/ε,
//! and neither ε ln a, as in weighted potentials, nor 1, as in a plan, is there to swamp them.
//! The weights are taken to sum to one. The formula holds at every ε; at small ones it
//! loses to [`super::sinkhorn`] in speed.

use super::measure::Totals;
use super::sinkhorn::Solved;
use crate::parallel::map_rows;
use crate::transport::Potentials;
use std::ops::Range;

/// What an iteration has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Rows,
    Columns,
}

/// One problem between two half iterations.
pub(super) struct LargeEpsilon<'a> {
    cost: &'a [f64],
    a: &'a [f64],
    b: &'a [f64],
    schedule: &'a [f64],
    /// Whether there is a tolerance, and the one that is asked of marginals here.
    leaves: bool,
    tolerance: f64,
    max_iterations: u32,
    epsilon: f64,
    /// Of all bins, empty ones too: the formula does not ask for their weight.
    f: Vec<f64>,
    g: Vec<f64>,
    stage: Stage,
    /// The potentials of the half iteration under way, as far as it has come.
    fresh: Vec<f64>,
    iterations: u32,
    error: f64,
}

/// Entries of the cost that a step of a large problem visits.
const STEP: usize = 1 << 19;

/// Steps in the cost along the own and the other side.
type Strides = (usize, usize);

impl<'a> LargeEpsilon<'a> {
    pub(super) fn new(
        cost: &'a [f64],
        a: &'a [f64],
        b: &'a [f64],
        start: Option<&[f64]>,
        schedule: &'a [f64],
        tolerance: f64,
        max_iterations: u32,
    ) -> LargeEpsilon<'a> {
        let (m, epsilon) = (b.len(), schedule[0]);
        let g = start.map_or_else(|| vec![0.0; m], <[f64]>::to_vec);
        let largest = cost.iter().fold(0.0f64, |largest, c| largest.max(c.abs()));
        // A marginal off by t is a potential off by ε t: it must be right beside the costs.
        let leaves = tolerance > 0.0;
        let tolerance = tolerance * (largest / epsilon).min(1.0);
        let (f, stage) = (vec![0.0; a.len()], Stage::Rows);
        let (iterations, error) = (0, f64::INFINITY);
        LargeEpsilon {
            cost,
            a,
            b,
            schedule,
            leaves,
            tolerance,
            max_iterations,
            epsilon,
            f,
            g,
            stage,
            fresh: Vec::new(),
            iterations,
            error,
        }
    }

    pub(super) fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(super) fn error(&self) -> f64 {
        self.error
    }

    /// One more step: half an iteration, or as many bins of it as do not take long; `false` if there was none to do.
    pub(super) fn advance(&mut self) -> bool {
        if self.iterations >= self.max_iterations {
            return false;
        }
        let m = self.b.len();
        let next = self.schedule[(self.iterations as usize).min(self.schedule.len() - 1)];
        let (strides, bins, weights, other, epsilon) = match self.stage {
            Stage::Columns => ((1, m), m, self.a, &self.f, self.epsilon),
            Stage::Rows => ((m, 1), self.a.len(), self.b, &self.g, next),
        };
        let from = self.fresh.len();
        let to = bins.min(from + (STEP / other.len()).max(1));
        self.fresh.extend(softmin(self.cost, strides, from..to, weights, other, epsilon));
        if to < bins {
            return true;
        }
        let fresh = std::mem::take(&mut self.fresh);
        if self.stage == Stage::Columns {
            self.g = fresh;
            self.iterations += 1;
            self.stage = Stage::Rows;
            return true;
        }
        if self.iterations > 0 && next == self.epsilon {
            // Σ_j b_j exp(x_ij) = exp((f_i − fresh_i)/ε).
            let off = self.f.iter().zip(&fresh).zip(self.a).filter(|(_, a)| **a > 0.0);
            self.error = off.map(|((f, fresh), a)| a * ((f - fresh) / next).exp_m1().abs()).sum();
            if self.leaves && self.error <= self.tolerance * (15.0 / 16.0) {
                return false;
            }
        }
        self.epsilon = next;
        self.f = fresh;
        self.stage = Stage::Columns;
        true
    }

    pub(super) fn solved(self) -> Solved {
        let weighted = |potentials: &[f64], weights: &[f64]| {
            potentials.iter().zip(weights).map(|(p, w)| p + self.epsilon * w.ln()).collect()
        };
        Solved {
            f: weighted(&self.f, self.a),
            g: weighted(&self.g, self.b),
            iterations: self.iterations,
            totals: self.totals(),
            plain: Some(Potentials { f: self.f, g: self.g }),
        }
    }

    fn totals(&self) -> Totals {
        let (m, epsilon) = (self.b.len(), self.epsilon);
        let rows = map_rows(self.a.len(), |i| {
            let (mut off, mut transport, mut columns) = (0.0, 0.0, Vec::new());
            if self.a[i] > 0.0 {
                columns.reserve(m);
                for j in 0..m {
                    let c = self.cost[i * m + j];
                    let change = ((self.f[i] + self.g[j] - c) / epsilon).exp_m1();
                    off += self.b[j] * change;
                    transport += self.b[j] * (1.0 + change) * c;
                    columns.push(self.a[i] * change);
                }
            }
            (off, transport, columns)
        });
        let mut columns = vec![0.0; m];
        for (.., changes) in &rows {
            columns.iter_mut().zip(changes).for_each(|(sum, change)| *sum += change);
        }
        let mut totals = Totals::default();
        for (&(off, transport, _), (a, f)) in rows.iter().zip(self.a.iter().zip(&self.f)) {
            totals.marginal_error += a * off.abs();
            totals.transport_cost += a * transport;
            totals.excess += a * off;
            totals.regularized_cost += a * f;
            if *a > 0.0 {
                totals.entropy_cost += a * (1.0 + off) * (f + epsilon * a.ln());
            }
        }
        for (off, (b, g)) in columns.iter().zip(self.b.iter().zip(&self.g)) {
            totals.marginal_error += b * off.abs();
            totals.regularized_cost += b * g;
            if *b > 0.0 {
                totals.entropy_cost += b * (1.0 + off) * (g + epsilon * b.ln());
            }
        }
        totals.regularized_cost -= epsilon * totals.excess;
        totals
    }
}

/// −ε ln Σ_j w_j exp((other_j − C_ij)/ε) of some own bins, for weights w of the other side that
/// sum to one.
fn softmin(
    cost: &[f64],
    (own_stride, other_stride): Strides,
    bins: Range<usize>,
    weights: &[f64],
    other: &[f64],
    epsilon: f64,
) -> Vec<f64> {
    map_rows(bins.len(), |k| {
        let i = bins.start + k;
        let differences = || {
            let cost = cost[i * own_stride..].iter().step_by(other_stride);
            other.iter().zip(cost).zip(weights).filter(|(_, w)| **w > 0.0)
        };
        let most = differences().map(|((g, c), _)| g - c).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 =
            differences().map(|((g, c), w)| w * ((g - c - most) / epsilon).exp_m1()).sum();
        if sum > -0.5 {
            return -most - epsilon * sum.ln_1p();
        }
        // Far from a⊗b, as a start may be.
        let sum: f64 = differences().map(|((g, c), w)| w * ((g - c - most) / epsilon).exp()).sum();
        -most - epsilon * sum.ln()
    })
}
