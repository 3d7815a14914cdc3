//! The source's half of an iteration of partial transport: its rows wait for the multiplier that brings them to the mass, as
//! the columns' half has it, so that each is an exact step of the dual in the potentials and λ together.

use super::chunk::{Chunk, Shared};
use super::multiplier::multiplier;
use super::products::product;
use super::side::{Side, Update};
use crate::reference::elementary::{exp, ln};
use std::ops::Range;

impl Side {
    /// Row `i` of an iteration from potentials, whose exponents are at most `most`/ε and whose exponentials beside that have
    /// `sum`: these are what its kernel has. Its softmin, less λ, is left in place of the next potential.
    #[inline(never)]
    pub(super) fn defer(&mut self, i: usize, most: f64, sum: f64, update: &Update) {
        let epsilon = update.epsilon;
        let before = exp((self.weighted(i, epsilon) + most) / epsilon);
        self.error += self.off(i, before * sum, update);
        self.base[i] = -most - epsilon * self.ln_weights[i];
        self.next_potentials[i] = -most - epsilon * ln(sum);
    }

    /// Row `i` of an iteration that scales, of which the kernel, scaled on the other side, has `sum`; its softmin, ∞ of none,
    /// is left likewise.
    fn defer_scaling(&mut self, i: usize, sum: f64, epsilon: f64) {
        self.next_potentials[i] = match sum == 0.0 {
            true => f64::INFINITY,
            false => self.base[i] + epsilon * ln(self.weights[i] / sum),
        };
        self.empty += usize::from(sum == 0.0);
    }

    /// Potentials and scalings from the softmins that are left, less `lambda`, and the multiplier of the step.
    fn take(&mut self, lambda: f64, found: f64, update: &Update) {
        let bins = self.next_potentials.iter_mut().zip(&mut self.next_scalings).zip(&self.base);
        for ((next, scaling), base) in bins {
            if next.is_finite() {
                *next = update.damping.potential(*next + lambda - found, update.epsilon);
                *scaling = exp((*next - base) / update.epsilon);
            } else {
                (*next, *scaling) = (update.damping.of_nothing(), 1.0);
            }
        }
    }
}

/// Ends the rows' half: their bins hold `mass` together. `lambda` is in the kernel with its columns.
pub(super) fn settle(chunks: &mut [Chunk], mass: f64, lambda: f64, update: &Update) {
    let sides = chunks.iter().map(|chunk| &chunk.side);
    let bins = sides.flat_map(|side| side.next_potentials.iter().zip(&side.weights));
    let (softmins, weights): (Vec<f64>, Vec<f64>) = bins.map(|(s, w)| (s + lambda, *w)).unzip();
    let found = multiplier(&softmins, &weights, mass, update.epsilon);
    chunks.iter_mut().for_each(|chunk| chunk.side.take(lambda, found, update));
}

impl Chunk {
    /// Softmins of the rows, which are not scaled yet.
    pub(super) fn sum_up(&mut self, rows: Range<usize>, shared: &Shared<'_>) {
        let (m, update, side) = (shared.v.len(), shared.update, &mut self.side);
        if rows.start == 0 {
            (side.error, side.empty) = (0.0, 0);
        }
        for i in rows {
            let sum = product(&self.kernel[i * m..(i + 1) * m], shared.v);
            side.error += side.off(i, sum * side.scalings[i], &update);
            side.defer_scaling(i, sum, update.epsilon);
        }
    }

    /// What the rows, scaled, have in the columns.
    pub(super) fn spread(&mut self, rows: Range<usize>, shared: &Shared<'_>) {
        let m = shared.h.len();
        if rows.start == 0 {
            self.columns.fill(0.0);
        }
        for i in rows {
            let scaling = self.side.scalings[i];
            for (column, k) in self.columns.iter_mut().zip(&self.kernel[i * m..(i + 1) * m]) {
                *column += scaling * k;
            }
        }
    }
}
