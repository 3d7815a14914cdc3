//! Iterations that scale a kernel.

use super::chunk::{Chunk, Shared};
use super::products::{four_products, product};
use crate::reference::wide::wide;
use std::ops::Range;

impl Chunk {
    /// Scales the rows, and sums up what is then in the columns: each row of the kernel is read once for both, four of them
    /// side by side.
    pub(super) fn scale(&mut self, rows: Range<usize>, shared: &Shared<'_>) {
        let (m, v, update) = (shared.v.len(), shared.v, shared.update);
        let Chunk { kernel, columns, side, .. } = self;
        if rows.start == 0 {
            columns.fill(0.0);
            (side.error, side.empty) = (0.0, 0);
        }
        wide(
            #[inline(always)]
            || {
                let mut at = rows.start;
                let mut fours = kernel[rows.start * m..rows.end * m].chunks_exact(4 * m);
                for rows in &mut fours {
                    let (first, second) = rows.split_at(2 * m);
                    let ([k0, k1], [k2, k3]) = (halves(first), halves(second));
                    let sums = four_products([k0, k1, k2, k3], v);
                    let mut u = [0.0; 4];
                    for (u, (i, sum)) in u.iter_mut().zip((at..).zip(sums)) {
                        side.error += side.off(i, sum * side.scalings[i], &update);
                        *u = side.scale(i, sum, &update);
                    }
                    at += 4;
                    if shared.symmetric {
                        continue;
                    }
                    let pairs = k0.iter().zip(k1).zip(k2.iter().zip(k3));
                    for (column, ((k0, k1), (k2, k3))) in columns.iter_mut().zip(pairs) {
                        *column += (u[0] * k0 + u[1] * k1) + (u[2] * k2 + u[3] * k3);
                    }
                }
                for (i, row) in (at..).zip(fours.remainder().chunks_exact(m)) {
                    let sum = product(row, v);
                    side.error += side.off(i, sum * side.scalings[i], &update);
                    let u = side.scale(i, sum, &update);
                    for (column, k) in columns.iter_mut().zip(row) {
                        *column += u * k;
                    }
                }
            },
        );
    }
}

#[inline(always)]
fn halves(x: &[f64]) -> [&[f64]; 2] {
    let (first, second) = x.split_at(x.len() / 2);
    [first, second]
}
