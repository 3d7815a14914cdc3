//! The divergence of the mean prediction of a batch from a prior of the classes.

use super::settings::check_logits;
use crate::aside::aside;
use crate::clock::Breather;
use crate::divergence::Weighting;
use crate::divergence::kernels::Params;
use crate::divergence::other_bins::{Found, Query, others};
use crate::divergence::row_gradient::{Gradient, PRIOR_GRADIENT, Source, check_size};
use crate::divergence::sums::{Job, Pairing, items};
use crate::divergence::{Distributions, Divergence, Input, Reduction};
use crate::error::{Error, Result};
use crate::gpu::buffer::STORAGE;
use crate::gpu::pace::Pace;
use crate::gpu::shader::Constant;
use crate::gpu::{Kernel, Tensor};
use crate::number::{Precision, joined, words};
use crate::parallel::map_rows_gently;
use crate::reference::divergence::{Row, compare};
use crate::reference::losses::{mean_prediction, prior_gradient};
use crate::wait::blocking;

pub(crate) static MEAN_PREDICTION: Kernel = Kernel::new("losses/mean_prediction.wgsl");
pub(crate) static MEAN_SLOPE: Kernel = Kernel::new("losses/mean_slope.wgsl");

/// KL(m‖π) of the mean prediction m = Σ w softmax(z/T)/Σ w of a batch of rows of K logits from a prior π of the classes,
/// in nats: it keeps a classifier from predicting classes more often than they come.
///
/// A class without prior that is predicted at all makes it +∞, with a gradient of 0; its logits have to be −∞ in every
/// row. A class with a prior that is never predicted (−∞ in every row) has no part, as 0 ln 0 = 0.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{ClassPrior, Context, Distributions, Input};
/// let context = Context::new_blocking()?;
/// let logits = Input::Logits { temperature: 1.0 };
/// let rows = Distributions::new_blocking(&context, &[0.0f32, 3f32.ln(), 0.0, 0.0], 2, logits)?;
/// let value = ClassPrior::new(&[1.0, 1.0])?.value_blocking(&rows)?;
/// // The mean of (1/4, 3/4) and (1/2, 1/2).
/// assert!((value.prediction[0] - 0.375).abs() < 1e-6);
/// assert!((value.divergence - (0.375 * 0.75f64.ln() + 0.625 * 1.25f64.ln())).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ClassPrior {
    prior: Vec<f64>,
    precision: Precision,
    weighting: Weighting,
}

/// What [`ClassPrior`] finds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClassPriorValue {
    /// KL(m‖π) in nats, +∞ where a class without prior is predicted.
    pub divergence: f64,
    /// m, of K numbers that sum to 1. In `Single` those below 10⁻³⁷ may be any number below, but 0 only of a class that is
    /// −∞ in every row.
    pub prediction: Vec<f64>,
}

/// The mean prediction, and what is known of the rows that count.
struct Answers {
    rows: Vec<usize>,
    found: Vec<Found>,
    /// w/Σw of them.
    shares: Vec<f64>,
    prediction: Vec<f64>,
}

impl ClassPrior {
    /// From weights of the classes, normalised by their sum; in single precision.
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: no classes; with the index a weight that is negative or no finite number; no mass.
    pub fn new(prior: &[f64]) -> Result<ClassPrior> {
        if let Some(index) = prior.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            let reason = format!("{:?} is not a weight", prior[index]);
            return Err(Error::invalid_index("prior", index, reason));
        }
        // Of any size: their sum may be above f64.
        let most = prior.iter().copied().fold(0.0, f64::max);
        if most == 0.0 {
            return Err(Error::invalid("prior", "has no mass: every class is empty"));
        }
        let total: f64 = prior.iter().map(|w| w / most).sum();
        let prior = prior.iter().map(|w| w / most / total).collect();
        let weighting = Weighting { reduction: Reduction::Mean, ..Weighting::default() };
        Ok(ClassPrior { prior, precision: Precision::Single, weighting })
    }

    /// `Single` keeps six digits of every mean prediction above 10⁻³⁰, and with them KL to 10⁻⁶ (KL + √KL); `Double` twelve and
    /// 10⁻¹² (KL + √KL). Double is computed by the f64 twin on the host.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> ClassPrior {
        self.precision = precision;
        self
    }

    /// With a weight w ≥ 0 of every row in the mean.
    #[must_use]
    pub fn row_weights(mut self, weights: Vec<f64>) -> ClassPrior {
        self.weighting.weights = Some(weights);
        self
    }

    /// With the mean over the rows that are `true`. Others have a gradient of 0; their logits are not looked at.
    #[must_use]
    pub fn mask(mut self, mask: Vec<bool>) -> ClassPrior {
        self.weighting.mask = Some(mask);
        self
    }

    /// KL(m‖π), and m, of rows of logits or log-probabilities (n×K).
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: as many weights, mask entries as there are rows, as many classes as the prior has; no
    /// row of positive weight; logits that are NaN or +∞, with row and index, or a row that is −∞ everywhere; rows that
    /// are weights. [`Error::PrecisionUnavailable`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub async fn value(&self, logits: &Distributions) -> Result<ClassPriorValue> {
        let this = self;
        aside!(logits.context.gpu().is_none() || this.precision == Precision::Double; this, logits; this.value_in_place(logits))
    }

    async fn value_in_place(&self, logits: &Distributions) -> Result<ClassPriorValue> {
        let answers = self.answers(logits).await?;
        Ok(self.valued(answers.prediction))
    }

    /// [`ClassPrior::value`], and its gradient with respect to the logits as they were given times `upstream`: an n×K
    /// tensor where they are, w_i/Σw p_ik (ln(m_k/π_k) − Σ_j p_ij ln(m_j/π_j))/T, whose rows sum to 0.
    ///
    /// # Errors
    /// As [`ClassPrior::value`]; for an `upstream` that is not finite; [`Error::LimitExceeded`] for a gradient that does
    /// not fit one binding.
    pub async fn value_and_gradient(
        &self,
        logits: &Distributions,
        upstream: f64,
    ) -> Result<(ClassPriorValue, Tensor)> {
        let this = self;
        aside!(logits.context.gpu().is_none() || this.precision == Precision::Double; this, logits; this.value_and_gradient_in_place(logits, upstream))
    }

    async fn value_and_gradient_in_place(
        &self,
        logits: &Distributions,
        upstream: f64,
    ) -> Result<(ClassPriorValue, Tensor)> {
        check_size(logits)?;
        if !upstream.is_finite() {
            return Err(Error::invalid("upstream", format!("{upstream:?} is not a finite number")));
        }
        let answers = self.answers(logits).await?;
        let value = self.valued(answers.prediction.clone());
        let slopes = self.slopes(&value);
        let mut factors = vec![0.0; logits.rows];
        for (row, share) in answers.rows.iter().zip(&answers.shares) {
            factors[*row] = if value.divergence.is_finite() { share * upstream } else { 0.0 };
        }
        // The closure holds no reference to the device, which threads cannot share in a browser.
        let temperature = logits.temperature();
        let twin = |row: usize, numbers: &[f64]| {
            prior_gradient(numbers, temperature, &slopes, factors[row])
        };
        let words: Vec<f32> = slopes.iter().map(|g| *g as f32).collect();
        let input = Input::Logits { temperature: 1.0 };
        let beside = Distributions::new(&logits.context, &words, logits.bins, input).await?;
        let gradient = Gradient {
            rows: logits,
            kernel: &PRIOR_GRADIENT,
            constants: Vec::new(),
            member: [0.0; 4],
            sources: sources(logits, &beside, &answers, &factors).await?,
            twin: &twin,
        };
        Ok((value, gradient.tensor_beside(&beside).await?))
    }

    async fn answers(&self, logits: &Distributions) -> Result<Answers> {
        check_logits(logits)?;
        if logits.bins != self.prior.len() {
            let reason = format!("has {} classes, the prior {}", logits.bins, self.prior.len());
            return Err(Error::invalid("logits", reason));
        }
        let rows = self.weighting.rows(logits.rows, None)?;
        let share = self.weighting.upstream(&rows);
        let shares: Vec<f64> = rows.iter().map(|row| share(*row)).collect();
        let query =
            |row: &usize| Query { row: *row, temperature: logits.temperature(), label: None };
        let queries: Vec<Query> = rows.iter().map(query).collect();
        let found = others("logits", logits, &queries, self.precision, false).await?;
        let mut answers = Answers { rows: rows.clone(), found, shares, prediction: Vec::new() };
        answers.prediction = prediction(logits, &answers).await?;
        Ok(answers)
    }

    fn valued(&self, prediction: Vec<f64>) -> ClassPriorValue {
        let rows = [&prediction, &self.prior].map(|values| Row::new(values, Input::Weights));
        ClassPriorValue { divergence: compare(&Divergence::Kl, &rows[0], &rows[1]), prediction }
    }

    /// ln(m/π) of every class; of one that is never predicted that of the least there is, as nothing is made of it.
    fn slopes(&self, value: &ClassPriorValue) -> Vec<f64> {
        let slope = |(m, prior): (&f64, &f64)| match *prior {
            0.0 => 0.0,
            prior => m.max(f64::MIN_POSITIVE).ln() - prior.ln(),
        };
        value.prediction.iter().zip(&self.prior).map(slope).collect()
    }
}

blocking! {
    impl ClassPrior {
        value => value_blocking(&self, logits: &Distributions) -> Result<ClassPriorValue>;
        value_and_gradient => value_and_gradient_blocking(
            &self, logits: &Distributions, upstream: f64
        ) -> Result<(ClassPriorValue, Tensor)>;
    }
}

/// The mean of the predictions of all rows, over its own sum.
async fn prediction(logits: &Distributions, answers: &Answers) -> Result<Vec<f64>> {
    let mut sums = vec![0.0; logits.bins];
    add_on_device(logits, answers, &mut sums).await?;
    let open: Vec<usize> = (0..answers.rows.len())
        .filter(|k| answers.shares[*k] > 0.0 && !answers.found[*k].on_device)
        .collect();
    let mut breather = Breather::new();
    for numbers in open.chunks(logits.together()) {
        let of_rows: Vec<usize> = numbers.iter().map(|number| answers.rows[*number]).collect();
        let values = logits.read_rows(&of_rows).await?;
        let row = |place: usize| {
            let share = [answers.shares[numbers[place]]];
            mean_prediction(&values[place], logits.bins, logits.temperature(), &share)
        };
        let rows = map_rows_gently(&mut breather, numbers.len(), row).await;
        for row in rows {
            sums.iter_mut().zip(row).for_each(|(sum, p)| *sum += p);
        }
    }
    // 1 but for rounding.
    let total: f64 = sums.iter().sum();
    Ok(sums.into_iter().map(|sum| sum / total).collect())
}

/// Adds the predictions of rows that a device knows. Blocks of rows do not depend on the clock, so that sums repeat to
/// the bit.
async fn add_on_device(logits: &Distributions, answers: &Answers, sums: &mut [f64]) -> Result<()> {
    let job = |k: usize| {
        let others = &answers.found[k].others;
        let [high, low] = words(answers.shares[k].ln() - others.log_1_plus_u());
        let row = answers.rows[k];
        let reference = [others.kept as f32, 0.0, high, low];
        Job { p: row, q: row, reference, centers: [0.0; 2] }
    };
    let jobs: Vec<Job> = (0..answers.rows.len())
        .filter(|k| answers.shares[*k] > 0.0 && answers.found[*k].on_device)
        .map(job)
        .collect();
    if jobs.is_empty() {
        return Ok(());
    }
    let pairing = Pairing::new(logits, logits)?;
    let gpu = pairing.gpu;
    let (units, workgroup) = (gpu.capabilities.column_units(), gpu.capabilities.row_workgroup());
    let mut pace = Pace::of_elements(&gpu.capabilities);
    for block in pairing.blocks(&jobs) {
        // A row in pieces is paired with all of its own pieces.
        if block.p.columns != block.q.columns {
            continue;
        }
        let columns = block.columns.len();
        let quads = columns.div_ceil(4);
        let each = (block.jobs.len() * quads).div_ceil(units).clamp(16, 4096);
        let mut done = 0;
        while done < block.jobs.len() {
            let count = (pace.items(columns) / each).max(1) * each;
            let numbers = &block.jobs[done..block.jobs.len().min(done + count)];
            let blocks = numbers.len().div_ceil(each);
            let constants = vec![
                ("ALIGNED_P", Constant::Bool(block.p.is_aligned(block.columns.start))),
                ("LOGITS", Constant::Bool(true)),
                ("WORKGROUP", Constant::U32(workgroup)),
                ("PARTIAL", Constant::Bool(!columns.is_multiple_of(4))),
            ];
            let pipeline = gpu.pipeline(&MEAN_PREDICTION, constants).await?;
            let [high, low] = words(1.0 / logits.temperature());
            let params = Params {
                items: numbers.len() as u32,
                segments: blocks as u32,
                quads: each as u32,
                columns: columns as u32,
                inverse_temperatures: [high, low, high, low],
                ..Params::default()
            };
            let bytes = 32 * (blocks * quads) as u64;
            pace.begin();
            let mut recorder = gpu.recorder();
            gpu.guarded(|| {
                let rows = gpu.upload("rows", &items(&block, &jobs, numbers))?;
                let output = gpu.allocate("sums of predictions", bytes, STORAGE)?;
                let mut resources = pairing.bindings(&block);
                resources.push(rows.whole());
                resources.push(output.whole());
                let ready = gpu.bind(&pipeline, gpu.uniform(&params)?, resources);
                recorder.dispatch(&ready, ((blocks * quads) as u64).div_ceil(workgroup.into()))?;
                recorder.stage(&output, 0, bytes);
                Ok(())
            })
            .await?;
            let read: Vec<Vec<[f32; 8]>> = recorder.read_as("sums of predictions").await?;
            let own = &mut sums[block.columns.clone()];
            for (unit, found) in read.iter().flatten().enumerate() {
                let four = own[4 * (unit % quads)..].iter_mut().take(4);
                for (column, sum) in four.enumerate() {
                    *sum += joined([found[column], found[4 + column]]);
                }
            }
            pace.end((numbers.len() * columns) as f64);
            done += numbers.len();
        }
    }
    Ok(())
}

/// Where the gradient of every row comes from; `beside` are the slopes.
async fn sources(
    logits: &Distributions,
    beside: &Distributions,
    answers: &Answers,
    factors: &[f64],
) -> Result<Vec<Source>> {
    let mut sources = vec![Source::Zero; logits.rows];
    let mut jobs = Vec::new();
    for (row, found) in answers.rows.iter().zip(&answers.found) {
        if factors[*row] == 0.0 {
            continue;
        }
        if found.on_device {
            let reference = [found.others.kept as f32, 0.0, 0.0, 0.0];
            jobs.push(Job { p: *row, q: 0, reference, centers: [0.0; 2] });
        } else {
            sources[*row] = Source::Twin;
        }
    }
    if jobs.is_empty() {
        return Ok(sources);
    }
    let pairing = Pairing::new(logits, beside)?;
    let mut sums = vec![[0.0; 2]; jobs.len()];
    let absorb = |job: usize, record: &[[f32; 2]; 8]| {
        sums[job][0] += joined(record[0]);
        sums[job][1] += joined(record[1]);
    };
    pairing.run(&MEAN_SLOPE, &Vec::new(), [0.0; 4], &jobs, absorb).await?;
    let [rate, rate_low] = words(1.0 / logits.temperature());
    for (job, [whole, slope]) in jobs.iter().zip(sums) {
        let x = (factors[job.p] / (logits.temperature() * whole)) as f32;
        let [mean, mean_low] = words(slope / whole);
        sources[job.p] = match x.is_finite() {
            true => Source::Device {
                reference: job.reference,
                scalars: [x, mean, mean_low, 0.0, rate, rate_low, 0.0, 0.0],
            },
            false => Source::Twin,
        };
    }
    Ok(sources)
}
