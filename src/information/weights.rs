//! Importance weights from their logarithms.

use super::log_weights::screen;
use super::resample::systematic_resample;
use super::rows_of;
use super::weights_device::DeviceRows;
use crate::aside::aside;
use crate::clock::Breather;
use crate::error::{Error, Result};
use crate::gpu::{Context, Tensor};
use crate::number::{Element, Precision};
use crate::parallel::map_rows_gently;
use crate::reference::information::{LogWeightSums, log_weight_sums, normalized_weights};
use crate::wait::blocking;
use std::sync::Arc;

/// What a row of m importance weights is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WeightSummary {
    /// ln((1/m) Σ e^l), nats: the logarithm of the estimated normaliser, the bound of importance-weighted autoencoders.
    pub log_mean_exp: f64,
    /// (Σw)²/Σw² = 1/Σw̄² (Kish), between 1 and m.
    pub effective_sample_size: f64,
    /// The effective sample size over m.
    pub effective_fraction: f64,
    /// e^H(w̄), between 1 and m.
    pub perplexity: f64,
}

/// Rows of m log-weights where the context runs, and what each is worth. −∞ is no weight.
///
/// Sums are made with a row's maximum taken out: in `Single` effective sample sizes, perplexities and weights are within
/// 1e-6 of their size, in `Double` within 1e-12, and log-mean-exp within as much of 1. f64 log-weights that f32 cannot
/// hold keep a second word in either. On a device a weight below 10⁻³⁷ may be 0, and in `Double` one below 10⁻²³ is within
/// 10⁻³⁵; they have no part in the sums.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::information::ImportanceWeights;
/// use kantor::{Context, Precision};
/// let context = Context::new_blocking()?;
/// let logs = [0.0, 3f64.ln(), f64::NEG_INFINITY, f64::NEG_INFINITY];
/// let weights = ImportanceWeights::new_blocking(&context, &logs, 4, Precision::Double)?;
/// let row = weights.summaries()[0];
/// assert!(row.log_mean_exp.abs() < 1e-12);
/// assert!((row.effective_sample_size - 1.6).abs() < 1e-12);
/// // Three quarters of the draws are the second particle.
/// let ancestors = weights.resample_blocking(&[0.5], 8)?;
/// assert_eq!(ancestors, [0, 0, 1, 1, 1, 1, 1, 1]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ImportanceWeights {
    context: Context,
    columns: usize,
    sums: Vec<LogWeightSums>,
    data: Data,
}

#[derive(Debug, Clone)]
enum Data {
    Host(Arc<Vec<f64>>),
    Device(Arc<DeviceRows>),
}

impl ImportanceWeights {
    /// Copies rows of `columns` log-weights, f32 or f64, to the context, and adds them up.
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: NaN or +∞ (with row and index), a row of −∞ (with the row), an incomplete row;
    /// [`Error::LimitExceeded`] for a row that does not fit a binding, [`Error::PrecisionUnavailable`],
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub async fn new<T: Element>(
        context: &Context,
        log_weights: &[T],
        columns: usize,
        precision: Precision,
    ) -> Result<ImportanceWeights> {
        aside!(context.gpu().is_none(); context, log_weights; ImportanceWeights::new_in_place(context, log_weights, columns, precision))
    }

    async fn new_in_place<T: Element>(
        context: &Context,
        log_weights: &[T],
        columns: usize,
        precision: Precision,
    ) -> Result<ImportanceWeights> {
        let rows = rows_of("log_weights", log_weights, columns)?;
        let (sums, data) = match context.exact_gpu(precision)? {
            Some(gpu) => {
                screen(log_weights, columns)?;
                let (rows, sums) = DeviceRows::upload(gpu, log_weights, columns, precision).await?;
                (sums, Data::Device(Arc::new(rows)))
            }
            None => {
                screen(log_weights, columns)?;
                let values: Vec<f64> = log_weights.iter().map(|l| l.to_f64()).collect();
                let sums = |k: usize| log_weight_sums(&values[k * columns..(k + 1) * columns]);
                let sums = map_rows_gently(&mut Breather::new(), rows, sums).await;
                (sums, Data::Host(Arc::new(values)))
            }
        };
        Ok(ImportanceWeights { context: context.clone(), columns, sums, data })
    }

    /// Log-weights that are on the context already: a tensor of shape rows × m, or m, which is not copied. They are
    /// screened by the kernel.
    ///
    /// # Errors
    /// As [`ImportanceWeights::new`]; [`Error::InvalidInput`] for another shape.
    pub async fn from_tensor(
        log_weights: &Tensor,
        precision: Precision,
    ) -> Result<ImportanceWeights> {
        aside!(log_weights.context().gpu().is_none(); log_weights; ImportanceWeights::from_tensor_in_place(log_weights, precision))
    }

    async fn from_tensor_in_place(
        log_weights: &Tensor,
        precision: Precision,
    ) -> Result<ImportanceWeights> {
        let (&[_, columns] | &[columns]) = log_weights.shape() else {
            let reason = format!("has shape {:?}, not rows × weights", log_weights.shape());
            return Err(Error::invalid("log_weights", reason));
        };
        let context = log_weights.context();
        if let (Some(gpu), Some(part)) = (context.exact_gpu(precision)?, log_weights.part()) {
            let (rows, sums) =
                DeviceRows::borrow(gpu, part, log_weights.len(), columns, precision).await?;
            let data = Data::Device(Arc::new(rows));
            return Ok(ImportanceWeights { context: context.clone(), columns, sums, data });
        }
        ImportanceWeights::new(context, &log_weights.read().await?, columns, precision).await
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.sums.len()
    }

    /// Number m of weights in a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// What every row is worth.
    pub fn summaries(&self) -> Vec<WeightSummary> {
        let count = self.columns as f64;
        let summary = |sums: &LogWeightSums| {
            let log_sum = sums.weights.ln();
            // Not below 1, nor above m, by rounding.
            let size = (sums.weights * (sums.weights / sums.squares)).clamp(1.0, count);
            WeightSummary {
                log_mean_exp: sums.most + (log_sum - count.ln()),
                effective_sample_size: size,
                effective_fraction: size / count,
                perplexity: (log_sum - sums.products / sums.weights).exp().clamp(1.0, count),
            }
        };
        self.sums.iter().map(summary).collect()
    }

    /// The normalised weights w̄ of every row, row-major; every row sums to 1.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Readback`], [`Error::DeviceLost`].
    pub async fn normalized(&self) -> Result<Vec<f64>> {
        let this = self;
        aside!(this.context.gpu().is_none(); this; this.normalized_in_place())
    }

    async fn normalized_in_place(&self) -> Result<Vec<f64>> {
        match (&self.data, self.context.gpu()) {
            (Data::Device(rows), Some(gpu)) => rows.normalized(gpu, &self.sums).await,
            (Data::Host(values), _) => Ok(self.on_host(values).await),
            (Data::Device(_), None) => Err(no_device()),
        }
    }

    /// The normalised weights as a tensor of shape rows × m, f32 whatever the precision, left on the context.
    ///
    /// # Errors
    /// As [`ImportanceWeights::normalized`]; [`Error::LimitExceeded`] for more rows than fit a binding.
    pub async fn normalized_tensor(&self) -> Result<Tensor> {
        let this = self;
        aside!(this.context.gpu().is_none(); this; this.normalized_tensor_in_place())
    }

    async fn normalized_tensor_in_place(&self) -> Result<Tensor> {
        let shape = [self.rows(), self.columns];
        match (&self.data, self.context.gpu()) {
            (Data::Device(rows), Some(gpu)) => {
                let buffer = rows.normalized_buffer(gpu, &self.sums).await?;
                Ok(Tensor::pooled(&self.context, buffer, &shape))
            }
            (Data::Host(values), _) => {
                Tensor::of_values(&self.context, &self.on_host(values).await, &shape).await
            }
            (Data::Device(_), None) => Err(no_device()),
        }
    }

    async fn on_host(&self, values: &[f64]) -> Vec<f64> {
        let row = |k: usize| {
            let row = &values[k * self.columns..(k + 1) * self.columns];
            normalized_weights(row, self.sums[k].most, 1.0 / self.sums[k].weights)
        };
        map_rows_gently(&mut Breather::new(), self.rows(), row).await.concat()
    }

    /// `draws` ancestors of every row, rows one behind the other: [`systematic_resample`] of the normalised weights,
    /// with one number u in [0, 1) a row. The weights come to the host, where prefix sums are exact.
    ///
    /// # Errors
    /// As [`ImportanceWeights::normalized`] and [`systematic_resample`].
    pub async fn resample(&self, uniforms: &[f64], draws: usize) -> Result<Vec<u32>> {
        let this = self;
        aside!(this.context.gpu().is_none(); this, uniforms; this.resample_in_place(uniforms, draws))
    }

    async fn resample_in_place(&self, uniforms: &[f64], draws: usize) -> Result<Vec<u32>> {
        let weights = self.normalized().await?;
        systematic_resample(&weights, self.columns, uniforms, draws)
    }
}

blocking! {
    impl ImportanceWeights {
        new => new_blocking<T: Element>(
            context: &Context, log_weights: &[T], columns: usize, precision: Precision
        ) -> Result<ImportanceWeights>;
        from_tensor => from_tensor_blocking(
            log_weights: &Tensor, precision: Precision
        ) -> Result<ImportanceWeights>;
        normalized => normalized_blocking(&self) -> Result<Vec<f64>>;
        normalized_tensor => normalized_tensor_blocking(&self) -> Result<Tensor>;
        resample => resample_blocking(&self, uniforms: &[f64], draws: usize) -> Result<Vec<u32>>;
    }
}

fn no_device() -> Error {
    Error::Device { message: "the log-weights are on a device that their context lacks".into() }
}
