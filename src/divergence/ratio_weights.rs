//! What an f-divergence weighs density ratios with: f-distill's weights h(r) of a batch.

use super::kind::Divergence;
use crate::aside::aside;
use crate::error::{Error, Result};
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::layout::params;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::shader::{Constant, Constants};
use crate::gpu::steps::{Step, Steps};
use crate::gpu::{Context, Gpu, Kernel, Part, Tensor};
use crate::number::{Element, Precision, words};
use crate::reference::divergence as twin;
use crate::wait::blocking;
use std::sync::Arc;

pub(crate) static RATIO_WEIGHTS: Kernel = Kernel::new("divergence/ratio_weights.wgsl");

/// Numbers that are added up together.
const BLOCK: usize = 4096;

/// The largest logarithm of a weight that double-float keeps to 10⁻⁷.
const MOST: f64 = 1e7;

params! {
    /// As in `ratio_weights.wgsl`.
    struct Params = Params in "divergence/ratio_weights.wgsl" {
        zero: u32,
        first: u32,
        until: u32,
        length: u32,
        block: u32,
        low: u32,
        b: f32,
        beyond: f32,
        power: [f32; 4],
        mixture: [f32; 4],
        limits: [f32; 4],
        log_mean: [f32; 4],
    }
}

impl Divergence {
    /// The weight h(r) = r² f″(r) of a density ratio r = p/q, given as ln r, for the f of the definition Σ q f(p/q) (Xu,
    /// Nie and Vahdat 2025, f-distill: the gradient of the divergence between a teacher p and a student q weighs the
    /// difference of their scores with it). ln r = ±∞ has the limit, which may be +∞.
    ///
    /// | | f(r) | h(r) |
    /// |-|-|-|
    /// | KL | r ln r | r |
    /// | reverse KL | −ln r | 1 |
    /// | Jeffreys | (r−1) ln r | r + 1 |
    /// | JS, m = βr + 1 − β | βr ln(r/m) − (1−β) ln m | β(1−β) r/m |
    /// | skew KL, m = αr + 1 − α | r ln(r/m) | (1−α)² r/m² |
    /// | softened reverse KL | (r+1) ln((r+1)/2r) | 1/(r+1) |
    /// | squared Hellinger | 1 − √r | √r/4 |
    /// | Pearson χ² | (r−1)² | 2r² |
    /// | Neyman χ² | (r−1)²/r | 2/r |
    /// | triangular | (r−1)²/(r+1) | 8r²/(r+1)³ |
    /// | χ² from the mixture | half of that | 4r²/(r+1)³ |
    /// | Tsallis | (r^α−1)/(α−1) | α r^α |
    /// | Amari, a = (1−α)/2 | (r^a−1)/(a(a−1)) | r^a |
    ///
    /// f-distill's JS is the sum of two KL, twice JS with β = ½ here, and so is its h = r/(r+1): over the mean of a batch
    /// both are the same.
    ///
    /// ```
    /// # fn main() -> kantor::Result<()> {
    /// use kantor::Divergence;
    /// let h = Divergence::SoftenedReverseKl.ratio_weight(3f64.ln())?;
    /// assert!((h - 0.25).abs() < 1e-15);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: NaN; a parameter outside its range; a member without such an h, which are Rényi's,
    /// Bhattacharyya, Cauchy-Schwarz and cross-entropy (no f-divergences), total variation (no second derivative) and
    /// generators (none is given).
    pub fn ratio_weight(&self, log_ratio: f64) -> Result<f64> {
        self.require_ratio_weight()?;
        if log_ratio.is_nan() {
            return Err(Error::invalid("log_ratio", "NaN is no logarithm of a ratio"));
        }
        twin::ratio_weight(self, log_ratio).ok_or_else(|| self.refusal())
    }

    /// [`Divergence::ratio_weight`] of a batch of ln r, over their mean: weights whose mean is 1. A tensor of the shape
    /// of `log_ratios`, f32, on their context.
    ///
    /// ln r is never taken out of its logarithm: nothing overflows, whatever the batch, and weights are within 10⁻⁶ of
    /// their size; those below 10⁻³⁷ may be 0, and where an adapter flushes subnormals those below 2⁻⁷⁸ are within 10⁻⁵.
    /// −∞ (a sample that p lacks) and +∞ have the limit of h where it is finite.
    /// Where h is 0 throughout (JS and skew KL at their ends, Tsallis of order 0, KL of nothing but −∞) so are the
    /// weights.
    ///
    /// # Errors
    /// As [`Divergence::ratio_weight`]; [`Error::InvalidInput`] with the index (row-major) of a number that is NaN, or
    /// infinite where h is; [`Error::LimitExceeded`] for a tensor that does not fit a binding; [`Error::OutOfMemory`],
    /// [`Error::DeviceLost`].
    pub async fn ratio_weights(&self, log_ratios: &Tensor) -> Result<Tensor> {
        let this = self;
        aside!(log_ratios.context().gpu().is_none(); this, log_ratios; this.ratio_weights_in_place(log_ratios))
    }

    async fn ratio_weights_in_place(&self, log_ratios: &Tensor) -> Result<Tensor> {
        self.require_ratio_weight()?;
        let context = log_ratios.context();
        if let (Some(gpu), Some(buffer)) =
            (context.exact_gpu(Precision::Single)?, log_ratios.part())
        {
            let batch = Batch { gpu, logs: buffer.clone(), length: log_ratios.len(), low: 0 };
            if let Some(weights) = self.on_device(&batch).await? {
                return Ok(Tensor::pooled(context, weights, log_ratios.shape()));
            }
        }
        let weights = self.on_host(&log_ratios.read().await?)?;
        Tensor::of_values(context, &weights, log_ratios.shape()).await
    }

    /// [`Divergence::ratio_weights`] of f32 or f64 numbers of the host, computed on `context`. f64 numbers that f32
    /// cannot hold keep a second word.
    ///
    /// ```
    /// # fn main() -> kantor::Result<()> {
    /// use kantor::{Context, Divergence};
    /// let context = Context::new_blocking()?;
    /// let weights = Divergence::Kl.ratio_weights_of_blocking(&context, &[0.0, 3f64.ln(), f64::NEG_INFINITY])?;
    /// for (weight, exact) in weights.iter().zip([0.75, 2.25, 0.0]) {
    ///     assert!((weight - exact).abs() <= 1e-6);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Divergence::ratio_weights`]; [`Error::InvalidInput`] for no numbers at all.
    pub async fn ratio_weights_of<T: Element>(
        &self,
        context: &Context,
        log_ratios: &[T],
    ) -> Result<Vec<f64>> {
        let this = self;
        aside!(context.gpu().is_none(); this, context, log_ratios; this.ratio_weights_of_in_place(context, log_ratios))
    }

    async fn ratio_weights_of_in_place<T: Element>(
        &self,
        context: &Context,
        log_ratios: &[T],
    ) -> Result<Vec<f64>> {
        self.require_ratio_weight()?;
        if log_ratios.is_empty() {
            return Err(Error::invalid("log_ratios", "there are none"));
        }
        let beyond = |s: &T| s.to_f64().is_finite() && (s.to_f64() as f32).is_infinite();
        let far = T::singles(log_ratios).is_none() && log_ratios.iter().any(beyond);
        let gpu = match context.exact_gpu(Precision::Single)? {
            Some(gpu) if !far => gpu,
            _ => return self.on_host(log_ratios),
        };
        let (buffer, low) = match T::singles(log_ratios) {
            Some(words) => (gpu.guarded(|| gpu.upload("log-ratios", words)).await?, 0),
            None => {
                let (high, low) = two_words(log_ratios);
                (gpu.guarded(|| gpu.upload("log-ratios", &high)).await?, low)
            }
        };
        let batch = Batch { gpu, logs: buffer.into(), length: log_ratios.len(), low };
        let Some(weights) = self.on_device(&batch).await? else { return self.on_host(log_ratios) };
        let mut recorder = gpu.recorder();
        recorder.stage(&weights, 0, 4 * log_ratios.len() as u64);
        let read: Vec<Vec<f32>> = recorder.read_as("ratio weights").await?;
        Ok(read.into_iter().flatten().map(f64::from).collect())
    }

    /// That the parameter is right, and that there is an h.
    fn require_ratio_weight(&self) -> Result<()> {
        self.check()?;
        twin::ratio_weight(self, 0.0).map(|_| ()).ok_or_else(|| self.refusal())
    }

    fn refusal(&self) -> Error {
        let reason = match self {
            Divergence::TotalVariation => "f has no second derivative",
            Divergence::Generator(_) => "the second derivative of f is not given",
            _ => "it is no f-divergence",
        };
        Error::invalid("divergence", format!("{self} has no weights r² f″(r): {reason}"))
    }

    fn on_host<T: Element>(&self, log_ratios: &[T]) -> Result<Vec<f64>> {
        let logs: Vec<f64> = log_ratios.iter().map(|s| s.to_f64()).collect();
        let endless = |s: f64| twin::ratio_weight(self, s).is_some_and(f64::is_infinite);
        let ends = [endless(f64::NEG_INFINITY), endless(f64::INFINITY)];
        let wrong = |s: &f64| s.is_nan() || (s.is_infinite() && ends[usize::from(*s > 0.0)]);
        if let Some(index) = logs.iter().position(wrong) {
            return Err(wrong_ratio(index, logs[index]));
        }
        twin::ratio_weights(self, &logs).ok_or_else(|| self.refusal())
    }

    /// `None` where f32 cannot answer.
    async fn on_device(&self, batch: &Batch<'_>) -> Result<Option<Buffer>> {
        let Some(form) = Form::of(self) else { return Ok(None) };
        let Some(log_mean) = batch.log_mean(&form).await? else { return Ok(None) };
        batch.weights(&form, log_mean).await.map(Some)
    }
}

blocking! {
    impl Divergence {
        ratio_weights => ratio_weights_blocking(&self, log_ratios: &Tensor) -> Result<Tensor>;
        ratio_weights_of => ratio_weights_of_blocking<T: Element>(
            &self, context: &Context, log_ratios: &[T]
        ) -> Result<Vec<f64>>;
    }
}

fn wrong_ratio(index: usize, s: f64) -> Error {
    let reason = match s.is_nan() {
        true => format!("{s} is no logarithm of a ratio"),
        false => format!("the weight of {s} is infinite"),
    };
    Error::invalid_index("log_ratios", index, reason)
}

/// High words, then low words this many numbers behind; 0 where there are none.
fn two_words<T: Element>(values: &[T]) -> (Vec<f32>, usize) {
    let mut high: Vec<f32> = values.iter().map(|x| x.to_f64() as f32).collect();
    let rest = |(x, word): (&T, &f32)| {
        let rest = x.to_f64() - f64::from(*word);
        if rest.is_finite() { rest as f32 } else { 0.0 }
    };
    let low: Vec<f32> = values.iter().zip(&high).map(rest).collect();
    if low.iter().all(|x| *x == 0.0) {
        return (high, 0);
    }
    let plane = high.len();
    high.extend(low);
    (high, plane)
}

/// h(r) = r^a m^b but for a constant, m = wr + 1 − w.
#[derive(Debug, Clone, Copy)]
struct Form {
    a: f64,
    b: f64,
    w: f64,
    /// ln of it at r = 0 and r = ∞.
    limits: [f64; 2],
}

impl Form {
    /// `None` for an h that is 0 or whose power is beyond f32.
    fn of(divergence: &Divergence) -> Option<Form> {
        let (a, b, w) = match *divergence {
            Divergence::JensenShannon { beta: 0.0 | 1.0 }
            | Divergence::SkewKl { alpha: 1.0 }
            | Divergence::Tsallis { alpha: 0.0 } => return None,
            Divergence::Kl | Divergence::SkewKl { alpha: 0.0 } => (1.0, 0.0, 0.5),
            Divergence::ReverseKl => (0.0, 0.0, 0.5),
            Divergence::Jeffreys => (0.0, 1.0, 0.5),
            Divergence::JensenShannon { beta } => (1.0, -1.0, beta),
            Divergence::SkewKl { alpha } => (1.0, -2.0, alpha),
            Divergence::SoftenedReverseKl => (0.0, -1.0, 0.5),
            Divergence::SquaredHellinger => (0.5, 0.0, 0.5),
            Divergence::PearsonChi2 => (2.0, 0.0, 0.5),
            Divergence::NeymanChi2 => (-1.0, 0.0, 0.5),
            Divergence::Triangular | Divergence::Chi2Mixture => (2.0, -3.0, 0.5),
            Divergence::Tsallis { alpha } => (alpha, 0.0, 0.5),
            Divergence::Amari { alpha } => (0.5 * (1.0 - alpha), 0.0, 0.5),
            _ => return None,
        };
        let end = |power: f64, log: f64| match power {
            0.0 => b * log,
            power => power * f64::INFINITY,
        };
        let limits = [end(-a, (-w).ln_1p()), end(a + b, w.ln())];
        (a.abs() <= MOST).then_some(Form { a, b, w, limits })
    }

    fn is_mixed(&self) -> bool {
        self.b != 0.0
    }

    fn params(&self) -> Params {
        let limit = |log: f64| match log {
            f64::INFINITY => [f32::MAX, 0.0],
            f64::NEG_INFINITY => [-f32::MAX, 0.0],
            log => words(log),
        };
        let joined = |x: [f32; 2], y: [f32; 2]| [x[0], x[1], y[0], y[1]];
        Params {
            b: self.b as f32,
            beyond: (MOST / self.a.abs().max(self.b.abs()).max(1.0)) as f32,
            power: joined(words(self.a), [0.0; 2]),
            mixture: joined(words(self.w.ln()), words((-self.w).ln_1p())),
            limits: joined(limit(self.limits[0]), limit(self.limits[1])),
            ..Params::default()
        }
    }
}

/// Logarithms of ratios on a device.
struct Batch<'a> {
    gpu: &'a Gpu,
    logs: Part,
    length: usize,
    /// From high to low words, 0 where there are none.
    low: usize,
}

impl Batch<'_> {
    fn lanes(&self) -> u32 {
        if self.length < 64 { 1 } else { self.gpu.capabilities.lanes_per_row() }
    }

    async fn pipeline(&self, form: &Form, sums: bool) -> Result<Arc<Pipeline>> {
        let capabilities = &self.gpu.capabilities;
        let constants: Constants = vec![
            ("WORKGROUP", Constant::U32(capabilities.sweep_workgroup())),
            ("LANES", Constant::U32(if sums { self.lanes() } else { 1 })),
            ("SUMS", Constant::Bool(sums)),
            ("LOW", Constant::Bool(self.low > 0)),
            ("MIXED", Constant::Bool(form.is_mixed())),
        ];
        self.gpu.pipeline(&RATIO_WEIGHTS, constants).await
    }

    fn params(&self, form: &Form, first: u32, until: u32) -> Params {
        Params {
            first,
            until,
            length: self.length as u32,
            block: BLOCK as u32,
            low: self.low as u32,
            ..form.params()
        }
    }

    /// ln of the mean of h but for its constant. `None` where all are 0, or some number is beyond f32.
    async fn log_mean(&self, form: &Form) -> Result<Option<f64>> {
        let gpu = self.gpu;
        let available = gpu.capabilities.limits.max_storage_buffer_binding_size;
        if self.logs.bytes() > available {
            let what = "the buffer of the log-ratios (bytes)".into();
            return Err(Error::LimitExceeded { what, needed: self.logs.bytes(), available });
        }
        let blocks = self.length.div_ceil(BLOCK);
        let bytes = 16 * blocks as u64;
        let (sums, spare, report) = gpu
            .guarded(|| {
                let sums = gpu.allocate("sums of ratio weights", bytes, STORAGE)?;
                let spare = gpu.allocate("spare", 16, STORAGE)?;
                Ok((sums, spare, gpu.upload("report", &[u32::MAX, 0, 0, 0])?))
            })
            .await?;
        let pipeline = self.pipeline(form, true).await?;
        let mut steps = Steps::new(gpu);
        let step = Step {
            pipeline: &pipeline,
            resources: &[self.logs.whole(), sums.whole(), spare.whole(), report.whole()],
            items: blocks,
            items_per_group: (gpu.capabilities.sweep_workgroup() / self.lanes()) as usize,
            cost: BLOCK.min(self.length) as f64 * if form.is_mixed() { 30.0 } else { 10.0 },
        };
        steps.run(step, |first, until| self.params(form, first, until)).await?;
        let sources = [(&sums, bytes), (&report, 16)];
        let read = steps.read("sums of ratio weights", &sources).await?;
        let report: Vec<u32> = bytemuck::pod_collect_to_vec(&read[1]);
        if let Some(at) = report.first().filter(|at| **at != u32::MAX) {
            return Err(self.refused(*at as usize).await?);
        }
        if report.get(1).is_some_and(|beyond| *beyond != 0) {
            return Ok(None);
        }
        let wide = |high: f32, low: f32| f64::from(high) + f64::from(low);
        let found: Vec<[f32; 4]> = bytemuck::pod_collect_to_vec(&read[0]);
        let used = || found.iter().filter(|block| block[0] > -f32::MAX);
        let most = used().fold(f64::NEG_INFINITY, |most, block| most.max(wide(block[0], block[1])));
        let sum: f64 = used()
            .map(|block| (wide(block[0], block[1]) - most).exp() * wide(block[2], block[3]))
            .sum();
        Ok((sum > 0.0).then(|| most + sum.ln() - (self.length as f64).ln()))
    }

    async fn refused(&self, at: usize) -> Result<Error> {
        let mut recorder = self.gpu.recorder();
        recorder.stage(&self.logs, 4 * at as u64, 4);
        let read: Vec<Vec<f32>> = recorder.read_as("a log-ratio").await?;
        let found = read.first().and_then(|words| words.first()).copied();
        Ok(wrong_ratio(at, found.map_or(f64::NAN, f64::from)))
    }

    async fn weights(&self, form: &Form, log_mean: f64) -> Result<Buffer> {
        let gpu = self.gpu;
        let (weights, spare, report) = gpu
            .guarded(|| {
                let weights = gpu.allocate("ratio weights", 4 * self.length as u64, STORAGE)?;
                let spare = gpu.allocate("spare", 16, STORAGE)?;
                Ok((weights, spare, gpu.upload("report", &[u32::MAX, 0, 0, 0])?))
            })
            .await?;
        let pipeline = self.pipeline(form, false).await?;
        let mut steps = Steps::new(gpu);
        let step = Step {
            pipeline: &pipeline,
            resources: &[self.logs.whole(), spare.whole(), weights.whole(), report.whole()],
            items: self.length,
            items_per_group: gpu.capabilities.sweep_workgroup() as usize,
            cost: if form.is_mixed() { 15.0 } else { 5.0 },
        };
        let [high, low] = words(log_mean);
        let log_mean = [high, low, 0.0, 0.0];
        steps
            .run(step, |first, until| Params { log_mean, ..self.params(form, first, until) })
            .await?;
        steps.read("ratio weights", &[]).await?;
        Ok(weights)
    }
}
