//! What a pair of potentials is worth, chunk by chunk.

use super::chunk::{Chunk, Shared};
use super::products::product;
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
        parts.most.resize(parts.columns.len(), 0.0);
        wide(
            #[inline(always)]
            || {
                for i in rows {
                    let f = parts.side.weighted(i, epsilon);
                    let (plan, costs) = (&mut *parts.exponents, &mut *parts.most);
                    let row = costs.iter_mut().zip(parts.costs.row(i));
                    for ((p, h), (cost, c)) in plan.iter_mut().zip(shared.h).zip(row) {
                        *p = exp((f + h - c) / epsilon);
                        // Times a plan of 0 it is 0, as an infinite one is not.
                        *cost = if *c > f64::MAX { 0.0 } else { *c };
                    }
                    for (column, p) in parts.columns.iter_mut().zip(&*plan) {
                        *column += p;
                    }
                    parts.held.push(sum(plan));
                    *parts.transport += product(plan, costs);
                }
            },
        );
    }
}
