//! Iterations from potentials, in the log domain.

use super::chunk::{Chunk, Shared};
use super::damping::Damping;
use super::side::{Side, Update};
use crate::reference::elementary::{exp, ln, maximum, sum};
use crate::reference::wide::wide;
use std::ops::Range;

impl Chunk {
    /// The rows' half, and what it adds to the columns, with one exponential an entry: exp((H_j − C_ij − M_i)/ε) with the
    /// maxima M of the rows give the softmins, from these the new potentials, and times exp((F_i + M_i)/ε) they are the
    /// plan's entries, from which the columns' half follows where its sums are in range, and the kernel of scalings. Where
    /// rows are the columns as well, the kernel is that of the potentials before.
    pub(super) fn renew(&mut self, rows: Range<usize>, shared: &Shared<'_>) {
        let (m, length, update) = (shared.h.len(), self.rows.len(), shared.update);
        let mut parts = self.parts(shared);
        let side = &mut *parts.side;
        if rows.start == 0 {
            parts.columns.fill(0.0);
            side.begin();
        }
        match shared.keeps {
            true => parts.kernel.resize(length * m, 0.0),
            false => parts.exponents.resize(m, 0.0),
        }
        wide(
            #[inline(always)]
            || {
                for i in rows {
                    let x = match shared.keeps {
                        true => &mut parts.kernel[i * m..(i + 1) * m],
                        false => &mut parts.exponents[..m],
                    };
                    for ((x, c), h) in x.iter_mut().zip(parts.costs.row(i)).zip(shared.h) {
                        *x = h - c;
                    }
                    let most = maximum(x);
                    if most == f64::NEG_INFINITY {
                        x.fill(0.0);
                        side.block(i, &update);
                        if shared.defers {
                            side.next_potentials[i] = f64::INFINITY;
                        }
                        continue;
                    }
                    for x in x.iter_mut() {
                        *x = exp((*x - most) / update.epsilon);
                    }
                    if shared.defers {
                        side.defer(i, most, sum(x), &update);
                        continue;
                    }
                    let factor = side.factor(i, most, sum(x), &update, shared.symmetric);
                    if shared.symmetric {
                        if shared.keeps {
                            x.iter_mut().for_each(|x| *x *= factor);
                        }
                        continue;
                    }
                    for (column, x) in parts.columns.iter_mut().zip(x) {
                        *x *= factor;
                        *column += *x;
                    }
                }
            },
        );
    }

    /// What the rows add to the columns' half, beside the largest that has been met: no sum is too small.
    pub(super) fn columns(&mut self, rows: Range<usize>, shared: &Shared<'_>) {
        let epsilon = shared.update.epsilon;
        let mut parts = self.parts(shared);
        let (columns, most, side) = (&mut *parts.columns, &mut *parts.most, &*parts.side);
        if rows.start == 0 {
            columns.fill(0.0);
            most.clear();
            // Below all that is allowed, above what is forbidden.
            most.resize(columns.len(), f64::MIN);
        }
        wide(
            #[inline(always)]
            || {
                for i in rows {
                    let f = side.weighted(i, epsilon);
                    let sums = columns.iter_mut().zip(most.iter_mut());
                    for ((sum, most), c) in sums.zip(parts.costs.row(i)) {
                        let x = f - c;
                        let less = exp(-(x - *most).abs() / epsilon);
                        let is_more = x > *most;
                        *sum = if is_more { *sum * less + 1.0 } else { *sum + less };
                        *most = if is_more { x } else { *most };
                    }
                }
            },
        );
    }
}

impl Side {
    /// Before a pass over the rows.
    pub(super) fn begin(&mut self) {
        (self.error, self.blocked, self.empty) = (0.0, 0, 0);
    }

    /// The half iteration of row `i` from potentials, from its softmin; where it `defers`, what is left is as with
    /// [`Side::defer`].
    pub(super) fn come_to(&mut self, i: usize, softmin: f64, update: &Update, defers: bool) {
        if !softmin.is_finite() {
            self.block(i, update);
            if defers {
                self.next_potentials[i] = f64::INFINITY;
            }
        } else if defers {
            self.defer(i, -softmin, 1.0, update);
        } else {
            self.factor(i, -softmin, 1.0, update, false);
        }
    }

    /// The half iteration of row `i`, whose exponents are at most `most`/ε and whose exponentials beside that have `sum`: by
    /// what these are to be multiplied.
    #[inline(always)]
    fn factor(&mut self, i: usize, most: f64, sum: f64, update: &Update, symmetric: bool) -> f64 {
        let epsilon = update.epsilon;
        let before = exp((self.weighted(i, epsilon) + most) / epsilon);
        self.error += self.off(i, before * sum, update);
        Side::renew(self, i, -most - epsilon * ln(sum), update);
        let next = self.next_potentials[i];
        if symmetric {
            self.next_scalings[i] = exp((next - self.potentials[i]) / epsilon);
            return before;
        }
        if update.is_quotient() {
            return self.weights[i] / sum;
        }
        exp((next + epsilon * self.ln_weights[i] + most) / epsilon)
    }
}

/// −ε ln of what the chunks summed up of column `j` beside their own maxima; ∞ of nothing.
pub(super) fn softmin_of_column(chunks: &[Chunk], j: usize, epsilon: f64) -> f64 {
    let most = chunks.iter().map(|chunk| chunk.most[j]).fold(f64::MIN, f64::max);
    let part = |chunk: &Chunk| chunk.columns[j] * ((chunk.most[j] - most) / epsilon).exp();
    let sum: f64 = chunks.iter().map(part).sum();
    if sum > 0.0 { -most - epsilon * sum.ln() } else { f64::INFINITY }
}

/// Of the update of rows that have no potentials yet.
pub(super) fn plain(damping: Damping, epsilon: f64) -> Update {
    Update { damping, epsilon, omega: 1.0, drift: 0.0 }
}
