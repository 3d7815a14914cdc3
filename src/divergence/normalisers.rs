//! What `divergence/logit_sums.wgsl` found of a pair of rows: log-normalisers, and sums of one pass.

use super::sums::Record;
use crate::number::joined;

/// Sums of exponentials relative to e^reference, of all segments of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Online {
    reference: f64,
    pub(super) sum: f64,
    pub(super) product: f64,
    pub(super) size: f64,
}

impl Online {
    fn add(&mut self, reference: f64, [sum, product, size]: [f64; 3]) {
        let top = self.reference.max(reference);
        let (old, new) = ((self.reference - top).exp(), (reference - top).exp());
        self.sum = self.sum * old + sum * new;
        self.product = self.product * old + product * new;
        self.size = self.size * old + size * new;
        self.reference = top;
    }

    /// ln Σ exp; NaN for a row without mass.
    pub(super) fn log(&self) -> f64 {
        if self.reference < -1e29 { f64::NAN } else { self.reference + self.sum.ln() }
    }
}

impl Default for Online {
    fn default() -> Online {
        Online { reference: -1e30, sum: 0.0, product: 0.0, size: 0.0 }
    }
}

/// The records of `divergence/logit_sums.wgsl` of one pair of rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Normalisers {
    pub(super) p: Online,
    pub(super) q: Online,
    pub(super) flags: u32,
}

impl Normalisers {
    pub(super) fn add(&mut self, record: &Record) {
        let references = record[0];
        self.p.add(
            f64::from(references[0]),
            [joined(record[1]), joined(record[3]), joined(record[4])],
        );
        self.q.add(
            f64::from(references[1]),
            [joined(record[2]), joined(record[5]), joined(record[6])],
        );
        self.flags |= record[7][0] as u32;
    }
}
