//! What a pair of potentials is worth, chunk by chunk.

use super::chunk::{Chunk, Shared};
use super::scale::product;
use crate::reference::elementary::{exp, sum};
use crate::reference::wide::wide;
use std::ops::Range;

impl Chunk {
    /// The plan of the potentials: what its rows and columns hold, and ⟨P, C⟩.
    pub(super) fn measure(&mut self, rows: Range<usize>, shared: &Shared<'_>) {
        let epsilon = shared.update.epsilon;
        let mut parts = self.parts(shared);
        if rows.start == 0 {
            parts.columns.fill(0.0);
            parts.held.clear();
            *parts.transport = 0.0;
        }
        parts.exponents.resize(parts.columns.len(), 0.0);
        wide(
            #[inline(always)]
            || {
                for i in rows {
                    let f = parts.side.weighted(i, epsilon);
                    let (plan, costs) = (&mut *parts.exponents, parts.costs.row(i));
                    for ((p, c), h) in plan.iter_mut().zip(costs).zip(shared.h) {
                        *p = exp((f + h - c) / epsilon);
                    }
                    for (column, p) in parts.columns.iter_mut().zip(&*plan) {
                        *column += p;
                    }
                    parts.held.push(sum(plan));
                    let transport = product(plan, costs);
                    *parts.transport +=
                        if transport.is_nan() { of_allowed(plan, costs) } else { transport };
                }
            },
        );
    }
}

/// Σ p c, where a forbidden pair, of an infinite cost, adds nothing.
fn of_allowed(plan: &[f64], costs: &[f64]) -> f64 {
    let pairs = plan.iter().zip(costs).filter(|(p, _)| **p > 0.0);
    pairs.map(|(p, c)| p * c).sum()
}
