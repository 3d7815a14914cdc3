//! Sums of non-negative terms that keep their largest term apart.

/// Σ x of non-negative x: the largest, and the sum of the others.
///
/// −ln(x/Σ) of the term that makes up more than half of the sum is ln(1 + rest/x), and of every other the logarithm of
/// at least 2: each with its own relative accuracy.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct KeptSum {
    /// The largest term.
    pub largest: f64,
    /// The sum of all others.
    pub rest: f64,
    /// What rounding has taken from `rest`.
    correction: f64,
}

impl KeptSum {
    /// One more term.
    #[must_use]
    pub fn with(self, x: f64) -> KeptSum {
        let (largest, smaller) =
            if x > self.largest { (x, self.largest) } else { (self.largest, x) };
        KeptSum { largest, ..self }.with_rest(smaller)
    }

    fn with_rest(self, x: f64) -> KeptSum {
        let rest = self.rest + x;
        // Neumaier's: the error of the sum, from the larger of the two.
        let error = if self.rest > x { (self.rest - rest) + x } else { (x - rest) + self.rest };
        KeptSum { rest, correction: self.correction + error, ..self }
    }

    fn joined(self, other: KeptSum) -> KeptSum {
        let largest = self.largest.max(other.largest);
        let sum = self.with_rest(other.rest).with_rest(self.largest.min(other.largest));
        KeptSum { largest, correction: sum.correction + other.correction, ..sum }
    }

    fn others(&self) -> f64 {
        self.rest + self.correction
    }

    /// Σ x.
    pub fn total(&self) -> f64 {
        self.largest + self.others()
    }

    /// −ln(x/Σ) of a term x > 0.
    pub fn log_share(&self, x: f64) -> f64 {
        if x >= self.largest && self.largest > self.others() {
            (self.others() / x).ln_1p()
        } else {
            let ratio = self.total() / x;
            // Of a subnormal term.
            if ratio < f64::INFINITY { ratio.ln() } else { self.total().ln() - x.ln() }
        }
    }
}

impl FromIterator<f64> for KeptSum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> KeptSum {
        terms.into_iter().fold(KeptSum::default(), KeptSum::with)
    }
}

/// Twin of `merged_marginals`: parts of a sum as one.
pub fn merged_marginals(parts: &[KeptSum]) -> KeptSum {
    parts.iter().copied().fold(KeptSum::default(), KeptSum::joined)
}
