//! The scales on which two rows of weights are compared.

use super::finish::Sums;
use crate::number::words;

/// p stands beside t q, each times a power of two that brings its sum next to 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scales {
    pub(super) t: f64,
    pub(super) p: f64,
    pub(super) q: f64,
}

impl Scales {
    /// Of a first pass: rows as they are.
    pub(super) const NONE: Scales = Scales { t: 1.0, p: 1.0, q: 1.0 };

    /// As in `Item` of `divergence/rows.wgsl`.
    pub(super) fn reference(&self) -> [f32; 4] {
        let [high, low] = words(self.t);
        [high, low, self.p as f32, self.q as f32]
    }

    /// By what a row is multiplied, at most.
    pub(super) fn largest(&self) -> f64 {
        self.p.max(self.q * self.t)
    }

    /// The sums of the rows as they are given.
    pub(super) fn totals(&self, sums: &Sums) -> [f64; 2] {
        [sums.p / self.p, sums.q / self.t / self.q]
    }

    pub(super) fn times(self, factor: f64) -> Scales {
        Scales { t: self.t * factor, ..self }
    }

    /// Those of another pass, once these have given sums, and by what q should have been multiplied; `None` where rows
    /// have no common scale, as of Cauchy-Schwarz those that do not meet.
    pub(super) fn better(&self, sums: &Sums, correction: f64) -> Option<Scales> {
        let [p, q] = self.totals(sums).map(|total| (-total.log2().floor()).exp2());
        let t = self.t * correction * (p / self.p) * (self.q / q);
        (1e-20..1e20).contains(&t).then_some(Scales { t, p, q })
    }
}
