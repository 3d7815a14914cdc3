//! A divergence with what is to be made of it, over rows.

use super::distributions::Distributions;
use super::finish::Mismatch;
use super::kind::{Divergence, Reduction, Side, Unit};
use super::passes::{Outcome, outcomes};
use super::weighting::Weighting;
use crate::aside::aside;
use crate::error::{Error, Result};
use crate::gpu::Tensor;
use crate::number::Precision;
use crate::wait::blocking;

/// A divergence, its unit, reduction and precision; then [`Comparison::rows`] and the other questions.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Comparison, Context, Distributions, Divergence, Input, Unit};
/// let context = Context::new_blocking()?;
/// let p = Distributions::new_blocking(&context, &[9.0f32, 12.0, 4.0], 3, Input::Weights)?;
/// let q = Distributions::new_blocking(&context, &[1.0f32, 1.0, 1.0], 3, Input::Weights)?;
/// let kl = Comparison::new(Divergence::Kl).rows_blocking(&p, &q)?;
/// assert!((kl.values()[0] - 0.085_299_601_318_370_57).abs() < 1e-7);
/// let bits = Comparison::new(Divergence::Kl).unit(Unit::Bits).rows_blocking(&p, &q)?;
/// assert!((bits.values()[0] * std::f64::consts::LN_2 - kl.values()[0]).abs() < 1e-9);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Comparison {
    pub(super) divergence: Divergence,
    pub(super) unit: Unit,
    pub(super) precision: Precision,
    pub(super) weighting: Weighting,
}

/// One value per row.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Values {
    values: Vec<f64>,
    mismatches: Vec<Mismatch>,
    sums: Vec<[f64; 2]>,
    reduced: Option<f64>,
}

impl Values {
    /// The divergence of every row, in the unit asked for; +∞ where the definition says so, 0 for rows that are masked.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Where the supports of p and q differ, row by row.
    pub fn mismatches(&self) -> &[Mismatch] {
        &self.mismatches
    }

    /// What the rows of p and q summed to: weights as they were, exponentials of log-probabilities and of logits over
    /// their temperature (∞ where that is above f64).
    pub fn sums(&self) -> &[[f64; 2]] {
        &self.sums
    }

    /// The sum or mean over rows, where one was asked for.
    pub fn reduced(&self) -> Option<f64> {
        self.reduced
    }
}

impl Comparison {
    /// In nats and single precision, without a reduction.
    pub fn new(divergence: Divergence) -> Comparison {
        Comparison {
            divergence,
            unit: Unit::Nats,
            precision: Precision::Single,
            weighting: Weighting::default(),
        }
    }

    /// In another unit.
    #[must_use]
    pub fn unit(mut self, unit: Unit) -> Comparison {
        self.unit = unit;
        self
    }

    /// In another precision: `Single` keeps six digits of every value, `Double` twelve.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Comparison {
        self.precision = precision;
        self
    }

    /// With the values of rows added up or averaged.
    #[must_use]
    pub fn reduction(mut self, reduction: Reduction) -> Comparison {
        self.weighting.reduction = reduction;
        self
    }

    /// With a weight w ≥ 0 for every row, which reductions use.
    #[must_use]
    pub fn row_weights(mut self, weights: Vec<f64>) -> Comparison {
        self.weighting.weights = Some(weights);
        self
    }

    /// Only of the rows that are `true`. Others have the value 0, no part in reductions and no gradient; their numbers
    /// are not looked at.
    #[must_use]
    pub fn mask(mut self, mask: Vec<bool>) -> Comparison {
        self.weighting.mask = Some(mask);
        self
    }

    /// D(p_i‖q_i) of every row i. Where one of the two has one row, it is compared with all of the other.
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: shapes or contexts that differ, wrong parameters, weights or masks; with row and index
    /// a number that is none; a row without mass; log-probabilities that do not sum to 1.
    /// [`Error::PrecisionUnavailable`], [`Error::Shader`] for a generator that does not compile,
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub async fn rows(&self, p: &Distributions, q: &Distributions) -> Result<Values> {
        let this = self;
        aside!(this.is_by_twin(p); this, p, q; this.rows_in_place(p, q))
    }

    /// The values of [`Comparison::rows`] as a tensor of n f32 on the context of p, for what follows there. +∞ is there
    /// as it is: WGSL tells it by its bits.
    ///
    /// # Errors
    /// As [`Comparison::rows`].
    pub async fn rows_tensor(&self, p: &Distributions, q: &Distributions) -> Result<Tensor> {
        let found = self.rows(p, q).await?;
        Tensor::of_values(&p.context, found.values(), &[found.values().len()]).await
    }

    async fn rows_in_place(&self, p: &Distributions, q: &Distributions) -> Result<Values> {
        let matched = self.match_rows(p, q, None)?;
        let outcomes = self.outcomes(p, q, &matched, None).await?;
        Ok(self.values(&matched, &outcomes))
    }

    /// Whether all of the work is the twin's.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn is_by_twin(&self, p: &Distributions) -> bool {
        p.context.gpu().is_none() || self.precision == Precision::Double
    }

    pub(super) async fn outcomes(
        &self,
        p: &Distributions,
        q: &Distributions,
        matched: &Matched,
        flows: Option<Side>,
    ) -> Result<Vec<Outcome>> {
        let pairs: Vec<(usize, usize)> =
            matched.rows.iter().map(|row| matched.pair(*row)).collect();
        outcomes(&self.divergence, self.precision, p, q, &pairs, flows).await
    }

    /// Which pairs of rows there are, once everything about the settings is found right.
    pub(super) fn match_rows(
        &self,
        p: &Distributions,
        q: &Distributions,
        upstream: Option<&[f64]>,
    ) -> Result<Matched> {
        self.check(p, q)?;
        if p.rows != q.rows && p.rows != 1 && q.rows != 1 {
            let reason = format!("has {} rows, p has {}", q.rows, p.rows);
            return Err(Error::invalid("q", reason));
        }
        let count = p.rows.max(q.rows);
        let rows = self.weighting.rows(count, upstream)?;
        Ok(Matched { count, rows, strides: [usize::from(p.rows > 1), usize::from(q.rows > 1)] })
    }

    /// That p and q can be compared at all.
    pub(super) fn check(&self, p: &Distributions, q: &Distributions) -> Result<()> {
        self.divergence.check()?;
        if p.bins != q.bins {
            let reason = format!("has {} bins, p has {}", q.bins, p.bins);
            return Err(Error::invalid("q", reason));
        }
        if !p.context.shares_device(&q.context) {
            return Err(Error::invalid("q", "is in another context than p"));
        }
        p.context.require(self.precision)?;
        if let Divergence::Generator(generator) = &self.divergence {
            let mixed = p.is_logarithmic() != q.is_logarithmic();
            let host = p.context.gpu().is_none() || mixed || self.precision == Precision::Double;
            if host {
                generator.require_reference()?;
            }
        }
        Ok(())
    }

    /// 1 over a nat in the unit asked for.
    pub(super) fn unit_factor(&self) -> f64 {
        match self.unit {
            Unit::Bits if self.divergence.is_logarithmic() => std::f64::consts::LOG2_E,
            _ => 1.0,
        }
    }

    pub(super) fn values(&self, matched: &Matched, outcomes: &[Outcome]) -> Values {
        let mut result = Values {
            values: vec![0.0; matched.count],
            mismatches: vec![Mismatch::default(); matched.count],
            sums: vec![[1.0; 2]; matched.count],
            reduced: None,
        };
        let factor = self.unit_factor();
        for (row, outcome) in matched.rows.iter().zip(outcomes) {
            result.values[*row] = factor * outcome.value;
            result.mismatches[*row] = outcome.mismatch;
            result.sums[*row] = outcome.sums;
        }
        result.reduced = self.weighting.reduced(&matched.rows, &result.values);
        result
    }
}

/// Which rows are compared.
#[derive(Debug)]
pub(super) struct Matched {
    pub(super) count: usize,
    /// Those that are not masked.
    pub(super) rows: Vec<usize>,
    strides: [usize; 2],
}

impl Matched {
    /// The rows of p and q behind a row of the result.
    pub(super) fn pair(&self, row: usize) -> (usize, usize) {
        (row * self.strides[0], row * self.strides[1])
    }
}

impl Divergence {
    /// [`Comparison::rows`] in nats and single precision.
    ///
    /// # Errors
    /// As [`Comparison::rows`].
    pub async fn rows(&self, p: &Distributions, q: &Distributions) -> Result<Values> {
        Comparison::new(self.clone()).rows(p, q).await
    }
}

blocking! {
    impl Comparison {
        rows => rows_blocking(&self, p: &Distributions, q: &Distributions) -> Result<Values>;
        rows_tensor => rows_tensor_blocking(
            &self, p: &Distributions, q: &Distributions
        ) -> Result<Tensor>;
    }
}

blocking! {
    impl Divergence {
        rows => rows_blocking(&self, p: &Distributions, q: &Distributions) -> Result<Values>;
    }
}
