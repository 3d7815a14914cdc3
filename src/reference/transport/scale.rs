//! Iterations that scale a kernel.

use super::chunk::{Chunk, Shared};
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

/// Lanes of a sum of products.
const LANES: usize = 4;

#[inline(always)]
fn lanes_up([a, b, c, d]: [f64; LANES]) -> f64 {
    (a + c) + (b + d)
}

/// Σ k v.
#[inline(always)]
pub(super) fn product(k: &[f64], v: &[f64]) -> f64 {
    let (k, v) = (k.chunks_exact(LANES), v.chunks_exact(LANES));
    let rest: f64 = k.remainder().iter().zip(v.remainder()).map(|(k, v)| k * v).sum();
    let mut lanes = [0.0; LANES];
    for (k, v) in k.zip(v) {
        for (lane, (k, v)) in lanes.iter_mut().zip(k.iter().zip(v)) {
            *lane += k * v;
        }
    }
    lanes_up(lanes) + rest
}

/// Σ k v of four rows at a time, each as [`product`] sums it: v is read once.
#[inline(always)]
fn four_products(rows: [&[f64]; 4], v: &[f64]) -> [f64; 4] {
    let rest = |k: &[f64]| -> f64 {
        let at = v.len() / LANES * LANES;
        k[at..].iter().zip(&v[at..]).map(|(k, v)| k * v).sum()
    };
    let mut lanes = [[0.0; LANES]; 4];
    let [k0, k1, k2, k3] = rows.map(|k| k.chunks_exact(LANES));
    for ((v, (k0, k1)), (k2, k3)) in v.chunks_exact(LANES).zip(k0.zip(k1)).zip(k2.zip(k3)) {
        for l in 0..LANES {
            lanes[0][l] += k0[l] * v[l];
            lanes[1][l] += k1[l] * v[l];
            lanes[2][l] += k2[l] * v[l];
            lanes[3][l] += k3[l] * v[l];
        }
    }
    // One by one: a loop of calls is one for the compiler.
    [
        lanes_up(lanes[0]) + rest(rows[0]),
        lanes_up(lanes[1]) + rest(rows[1]),
        lanes_up(lanes[2]) + rest(rows[2]),
        lanes_up(lanes[3]) + rest(rows[3]),
    ]
}
