//! A penalty on the entropy of rows of attention.

use super::settings::check_logits;
use crate::aside::aside;
use crate::divergence::{Distributions, Entropies, Entropy, Reduction};
use crate::divergence::{LossValues, Weighting};
use crate::error::{Error, Result};
use crate::gpu::Tensor;
use crate::number::Precision;
use crate::wait::blocking;

/// (H − w ln T)² of every row, where |H − w ln T| is above `band` · ln T, and 0 elsewhere: H is the entropy of the
/// softmax of the row's T logits, in nats. Logits of −∞ are masked keys, and count in T.
///
/// The penalty is not continuous at the edge of the band; its gradient is that on either side.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{AttentionPenalty, Context, Distributions, Input};
/// let context = Context::new_blocking()?;
/// let logits = Input::Logits { temperature: 1.0 };
/// let rows = Distributions::new_blocking(&context, &[0.0f32; 8], 8, logits)?;
/// let penalty = AttentionPenalty::new(0.5)?.rows_blocking(&rows)?;
/// assert!((penalty.values()[0] - (0.5 * 8f64.ln()).powi(2)).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct AttentionPenalty {
    target: f64,
    band: f64,
    precision: Precision,
    weighting: Weighting,
}

impl AttentionPenalty {
    /// With the target w in [0, 1], a fraction of ln T, which is the largest entropy there is, and a band of 0.2.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a target outside [0, 1].
    pub fn new(target: f64) -> Result<AttentionPenalty> {
        if !(0.0..=1.0).contains(&target) {
            return Err(Error::invalid("target", format!("{target} is not between 0 and 1")));
        }
        let weighting = Weighting::default();
        Ok(AttentionPenalty { target, band: 0.2, precision: Precision::Single, weighting })
    }

    /// With another half-width of the band, a fraction of ln T; with 0 every deviation counts.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for one that is negative or not finite.
    pub fn band(mut self, band: f64) -> Result<AttentionPenalty> {
        if !(band.is_finite() && band >= 0.0) {
            return Err(Error::invalid("band", format!("{band} is not a number of 0 or more")));
        }
        self.band = band;
        Ok(self)
    }

    /// In another precision, as of [`Entropies`].
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> AttentionPenalty {
        self.precision = precision;
        self
    }

    /// With the penalties of rows added up or averaged.
    #[must_use]
    pub fn reduction(mut self, reduction: Reduction) -> AttentionPenalty {
        self.weighting.reduction = reduction;
        self
    }

    /// With a weight w ≥ 0 for every row, which reductions use.
    #[must_use]
    pub fn row_weights(mut self, weights: Vec<f64>) -> AttentionPenalty {
        self.weighting.weights = Some(weights);
        self
    }

    /// The penalty of every row, in nats².
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: rows that are weights; row weights that are not one a row, finite and 0 or more; no row
    /// left to take the mean of; and whatever [`Entropies::rows`] refuses.
    pub async fn rows(&self, logits: &Distributions) -> Result<LossValues> {
        let this = self;
        aside!(logits.context.gpu().is_none() || this.precision == Precision::Double; this, logits; this.rows_in_place(logits))
    }

    async fn rows_in_place(&self, logits: &Distributions) -> Result<LossValues> {
        check_logits(logits)?;
        let rows = self.weighting.rows(logits.rows, None)?;
        let entropies = self.entropies().rows(logits).await.map_err(named)?;
        let values: Vec<f64> =
            entropies.iter().map(|h| self.excess(*h, logits.bins).powi(2)).collect();
        Ok(self.weighting.values(logits.rows, &rows, &values))
    }

    /// [`AttentionPenalty::rows`], and the gradient of what they reduce to with respect to the logits, n×T, where they
    /// are.
    ///
    /// # Errors
    /// As [`AttentionPenalty::rows`]; [`Error::LimitExceeded`] for a gradient that does not fit one binding.
    pub async fn value_and_gradient(&self, logits: &Distributions) -> Result<(LossValues, Tensor)> {
        let this = self;
        aside!(logits.context.gpu().is_none() || this.precision == Precision::Double; this, logits; this.value_and_gradient_in_place(logits))
    }

    async fn value_and_gradient_in_place(
        &self,
        logits: &Distributions,
    ) -> Result<(LossValues, Tensor)> {
        check_logits(logits)?;
        let rows = self.weighting.rows(logits.rows, None)?;
        let of_row = self.weighting.upstream(&rows);
        // The closure holds no reference to the device, which threads cannot share in a browser.
        let bins = logits.bins;
        let upstream = |row: usize, h: f64| 2.0 * self.excess(h, bins) * of_row(row);
        let chained = self.entropies().chained(logits, &upstream).await;
        let (entropies, gradient) = chained.map_err(named)?;
        let values: Vec<f64> =
            entropies.iter().map(|h| self.excess(*h, logits.bins).powi(2)).collect();
        Ok((self.weighting.values(logits.rows, &rows, &values), gradient))
    }

    fn entropies(&self) -> Entropies {
        Entropies::new(Entropy::Shannon).precision(self.precision)
    }

    /// H − w ln T outside the band, 0 in it.
    fn excess(&self, entropy: f64, bins: usize) -> f64 {
        let most = (bins as f64).ln();
        let excess = entropy - self.target * most;
        if excess.abs() > self.band * most { excess } else { 0.0 }
    }
}

blocking! {
    impl AttentionPenalty {
        rows => rows_blocking(&self, logits: &Distributions) -> Result<LossValues>;
        value_and_gradient => value_and_gradient_blocking(
            &self, logits: &Distributions
        ) -> Result<(LossValues, Tensor)>;
    }
}

/// The error of an entropy, whose rows are logits here.
fn named(error: Error) -> Error {
    error.renamed(|argument| if argument == "p" { "logits" } else { argument })
}
