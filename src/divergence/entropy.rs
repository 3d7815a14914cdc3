//! Entropies of rows: Shannon's, Rényi's, Tsallis', perplexities, gradients.

mod answer;
pub(crate) mod sums;

use super::distributions::Distributions;
use super::kind::{Entropy, Unit};
use super::row_gradient::check_size;
use super::weighting::check_upstream;
use crate::aside::aside;
use crate::error::Result;
use crate::gpu::Tensor;
use crate::number::Precision;
use crate::wait::blocking;
use answer::{Row, answers, gradient, twin};

/// An entropy, its unit and precision; then [`Entropies::rows`] and the other questions.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Distributions, Entropies, Entropy, Input, Unit};
/// let context = Context::new_blocking()?;
/// let p = Distributions::new_blocking(&context, &[0.5f32, 0.25, 0.25], 3, Input::Weights)?;
/// let bits = Entropies::new(Entropy::Shannon).unit(Unit::Bits).rows_blocking(&p)?;
/// assert!((bits[0] - 1.5).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Entropies {
    entropy: Entropy,
    unit: Unit,
    precision: Precision,
}

impl Entropies {
    /// In nats and single precision.
    pub fn new(entropy: Entropy) -> Entropies {
        Entropies { entropy, unit: Unit::Nats, precision: Precision::Single }
    }

    /// In another unit. Tsallis' entropy has no logarithm and stays what it is.
    #[must_use]
    pub fn unit(mut self, unit: Unit) -> Entropies {
        self.unit = unit;
        self
    }

    /// `Single` keeps six digits of every value, however small, where almost all mass is in one bin; only of weights is
    /// an entropy below 10⁻³⁶ given as 0. `Double` keeps twelve, and is computed by the f64 twin on the host.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Entropies {
        self.precision = precision;
        self
    }

    /// The entropy of every row, in the unit asked for.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::Error::InvalidInput): an order outside its range; with row and index a number
    /// that is none; a row without mass; log-probabilities that do not sum to 1.
    /// [`Error::PrecisionUnavailable`](crate::Error::PrecisionUnavailable),
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory), [`Error::DeviceLost`](crate::Error::DeviceLost).
    pub async fn rows(&self, p: &Distributions) -> Result<Vec<f64>> {
        let this = self;
        aside!(this.is_by_twin(p); this, p; this.rows_in_place(p))
    }

    /// The values of [`Entropies::rows`] as a tensor of n f32 on the context of p, for what follows there.
    ///
    /// # Errors
    /// As [`Entropies::rows`].
    pub async fn rows_tensor(&self, p: &Distributions) -> Result<Tensor> {
        let found = self.rows(p).await?;
        Tensor::of_values(&p.context, &found, &[found.len()]).await
    }

    async fn rows_in_place(&self, p: &Distributions) -> Result<Vec<f64>> {
        Ok(self.values(&answers(self.entropy, self.precision, p).await?))
    }

    /// For every row the number of equally likely bins that would have its entropy, whatever the unit: the exponential
    /// of Shannon's or Rényi's in nats, and of Tsallis' that of Rényi's of the same order (Hill 1973).
    ///
    /// # Errors
    /// As [`Entropies::rows`].
    pub async fn perplexity(&self, p: &Distributions) -> Result<Vec<f64>> {
        let this = self;
        aside!(this.is_by_twin(p); this, p; this.perplexity_in_place(p))
    }

    async fn perplexity_in_place(&self, p: &Distributions) -> Result<Vec<f64>> {
        self.entropy.check()?;
        let entropy = match self.entropy {
            Entropy::Tsallis { alpha } => Entropy::Renyi { alpha },
            entropy => entropy,
        };
        let rows = answers(entropy, self.precision, p).await?;
        Ok(rows.iter().map(|row| row.nats.exp()).collect())
    }

    /// [`Entropies::rows`], and the gradient of row i times `upstream[i]` with respect to the numbers the row is made
    /// of, weights or logarithms: an n×V tensor where the rows are.
    ///
    /// The rows are normalised: with g = ∂H/∂p it is (g − Σpg)/Σw of weights w, and p (g − Σpg)/temperature of
    /// logarithms, which sums to 0. A slope that is infinite at an empty bin is that of 2⁻¹⁰⁰ of the largest bin.
    ///
    /// # Errors
    /// As [`Entropies::rows`]; for an upstream gradient that is not one finite number a row;
    /// [`Error::LimitExceeded`](crate::Error::LimitExceeded) for a gradient that does not fit one binding.
    pub async fn value_and_gradient(
        &self,
        p: &Distributions,
        upstream: Option<&[f64]>,
    ) -> Result<(Vec<f64>, Tensor)> {
        let this = self;
        aside!(this.is_by_twin(p); this, p, upstream; this.value_and_gradient_in_place(p, upstream))
    }

    async fn value_and_gradient_in_place(
        &self,
        p: &Distributions,
        upstream: Option<&[f64]>,
    ) -> Result<(Vec<f64>, Tensor)> {
        check_size(p)?;
        let rows = self.answered(p, upstream).await?;
        let factors = self.factors(p.rows, upstream);
        let twin = twin(self.entropy, p.input, &factors);
        let gradient = gradient(self.entropy, p, &rows, &factors, &twin);
        Ok((self.values(&rows), gradient.tensor().await?))
    }

    /// [`Entropies::value_and_gradient`] with the gradient in host memory, of any size.
    ///
    /// # Errors
    /// As [`Entropies::rows`].
    pub async fn value_and_gradient_on_host(
        &self,
        p: &Distributions,
        upstream: Option<&[f64]>,
    ) -> Result<(Vec<f64>, Vec<f32>)> {
        let this = self;
        aside!(this.is_by_twin(p); this, p, upstream; this.value_and_gradient_on_host_in_place(p, upstream))
    }

    async fn value_and_gradient_on_host_in_place(
        &self,
        p: &Distributions,
        upstream: Option<&[f64]>,
    ) -> Result<(Vec<f64>, Vec<f32>)> {
        let rows = self.answered(p, upstream).await?;
        let factors = self.factors(p.rows, upstream);
        let twin = twin(self.entropy, p.input, &factors);
        let gradient = gradient(self.entropy, p, &rows, &factors, &twin);
        Ok((self.values(&rows), gradient.host().await?))
    }

    /// Values, and the gradient of what is made of them: `slope` is its derivative with respect to the entropy of a row.
    pub(crate) async fn chained(
        &self,
        p: &Distributions,
        slope: &(dyn Fn(usize, f64) -> f64 + Sync),
    ) -> Result<(Vec<f64>, Tensor)> {
        check_size(p)?;
        let rows = self.answered(p, None).await?;
        let values = self.values(&rows);
        let upstream: Vec<f64> = values.iter().enumerate().map(|(row, h)| slope(row, *h)).collect();
        let factors = self.factors(p.rows, Some(&upstream));
        let twin = twin(self.entropy, p.input, &factors);
        let gradient = gradient(self.entropy, p, &rows, &factors, &twin);
        Ok((values, gradient.tensor().await?))
    }

    /// Whether all of the work is the twin's.
    #[cfg(not(target_arch = "wasm32"))]
    fn is_by_twin(&self, p: &Distributions) -> bool {
        p.context.gpu().is_none() || self.precision == Precision::Double
    }

    async fn answered(&self, p: &Distributions, upstream: Option<&[f64]>) -> Result<Vec<Row>> {
        check_upstream(p.rows, upstream)?;
        answers(self.entropy, self.precision, p).await
    }

    fn values(&self, rows: &[Row]) -> Vec<f64> {
        rows.iter().map(|row| self.unit_factor() * row.nats).collect()
    }

    fn factors(&self, count: usize, upstream: Option<&[f64]>) -> Vec<f64> {
        let of = |row: usize| self.unit_factor() * upstream.map_or(1.0, |upstream| upstream[row]);
        (0..count).map(of).collect()
    }

    fn unit_factor(&self) -> f64 {
        match (self.unit, self.entropy) {
            (Unit::Bits, Entropy::Shannon | Entropy::Renyi { .. }) => std::f64::consts::LOG2_E,
            _ => 1.0,
        }
    }
}

blocking! {
    impl Entropies {
        rows => rows_blocking(&self, p: &Distributions) -> Result<Vec<f64>>;
        rows_tensor => rows_tensor_blocking(&self, p: &Distributions) -> Result<Tensor>;
        perplexity => perplexity_blocking(&self, p: &Distributions) -> Result<Vec<f64>>;
        value_and_gradient => value_and_gradient_blocking(
            &self, p: &Distributions, upstream: Option<&[f64]>
        ) -> Result<(Vec<f64>, Tensor)>;
        value_and_gradient_on_host => value_and_gradient_on_host_blocking(
            &self, p: &Distributions, upstream: Option<&[f64]>
        ) -> Result<(Vec<f64>, Vec<f32>)>;
    }
}
