//! A loss with what is to be made of it, over rows of logits.

use super::kind::Loss;
use crate::aside::aside;
use crate::divergence::other_bins::{Found, Query, by_twin, check_sums, others};
use crate::divergence::row_gradient::{Gradient, LOGIT_GRADIENT, Source, check_size};
use crate::divergence::{Distributions, Reduction};
use crate::divergence::{LossValues, Weighting};
use crate::error::{Error, Result};
use crate::gpu::Tensor;
use crate::gpu::shader::Constant;
use crate::number::Precision;
use crate::reference::losses::{Form, logit_gradient};
use crate::wait::blocking;

/// A loss over rows of logits with a label each, its reduction and precision.
///
/// Logits are [`Input::Logits`](crate::Input::Logits), whose temperature divides them first, or log-probabilities; −∞
/// is a class that cannot be. Gradients are with respect to the logits as they were given, n×K, and sum to 0 in every
/// row; where one is beyond f32 it is the largest number. Nothing of the size of a row is kept between value and gradient.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Distributions, Input, Loss, Losses};
/// let context = Context::new_blocking()?;
/// let logits = Input::Logits { temperature: 1.0 };
/// let rows = Distributions::new_blocking(&context, &[2.0f32, 1.0, 0.1], 3, logits)?;
/// let logistic = Losses::new(Loss::CompSum { tau: 1.0 });
/// let (loss, gradient) = logistic.value_and_gradient_blocking(&rows, &[0], None)?;
/// assert!((loss.values()[0] - 0.417_030_016_277_833_54).abs() < 1e-6);
/// assert_eq!(gradient.shape(), [1, 3]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Losses {
    loss: Loss,
    precision: Precision,
    weighting: Weighting,
}

/// The loss of the rows that count.
struct Answers {
    rows: Vec<usize>,
    found: Vec<Found>,
    lambdas: Vec<f64>,
    values: Vec<f64>,
}

impl Losses {
    /// In single precision, without a reduction.
    pub fn new(loss: Loss) -> Losses {
        Losses { loss, precision: Precision::Single, weighting: Weighting::default() }
    }

    /// `Single` keeps six digits of every value, `Double` twelve. Double is computed by the f64 twin on the host.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Losses {
        self.precision = precision;
        self
    }

    /// With the losses of rows added up or averaged.
    #[must_use]
    pub fn reduction(mut self, reduction: Reduction) -> Losses {
        self.weighting.reduction = reduction;
        self
    }

    /// With a weight w ≥ 0 for every row, which reductions use.
    #[must_use]
    pub fn row_weights(mut self, weights: Vec<f64>) -> Losses {
        self.weighting.weights = Some(weights);
        self
    }

    /// Only of the rows that are `true`. Others have the value 0, no part in reductions and a gradient of 0; neither
    /// their logits nor their labels are looked at.
    #[must_use]
    pub fn mask(mut self, mask: Vec<bool>) -> Losses {
        self.weighting.mask = Some(mask);
        self
    }

    /// The loss of every row of `logits` (n×K) against its label in 0..K.
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: parameters outside their range; a label of K or more, with its row; labels, row weights or
    /// a mask that are not one a row; no row left to take the mean of; logits that are NaN or +∞, with row and index, or
    /// a row that is −∞ everywhere; log-probabilities that do not sum to 1; rows that are weights.
    /// [`Error::PrecisionUnavailable`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub async fn rows(&self, logits: &Distributions, labels: &[u32]) -> Result<LossValues> {
        let this = self;
        aside!(logits.context.gpu().is_none() || this.precision == Precision::Double; this, logits, labels; this.rows_in_place(logits, labels))
    }

    async fn rows_in_place(&self, logits: &Distributions, labels: &[u32]) -> Result<LossValues> {
        let answers = self.answers(logits, labels, None).await?;
        Ok(self.weighting.values(logits.rows, &answers.rows, &answers.values))
    }

    /// [`Losses::rows`], and the gradient of what they reduce to: an n×K tensor where the logits are. Without a
    /// reduction, of every row its own; in any case row i times `upstream[i]`, where given.
    ///
    /// # Errors
    /// As [`Losses::rows`]; [`Error::LimitExceeded`] for a gradient that does not fit one binding.
    pub async fn value_and_gradient(
        &self,
        logits: &Distributions,
        labels: &[u32],
        upstream: Option<&[f64]>,
    ) -> Result<(LossValues, Tensor)> {
        let this = self;
        aside!(logits.context.gpu().is_none() || this.precision == Precision::Double; this, logits, labels, upstream; this.value_and_gradient_in_place(logits, labels, upstream))
    }

    async fn value_and_gradient_in_place(
        &self,
        logits: &Distributions,
        labels: &[u32],
        upstream: Option<&[f64]>,
    ) -> Result<(LossValues, Tensor)> {
        check_size(logits)?;
        let answers = self.answers(logits, labels, upstream).await?;
        let values = self.weighting.values(logits.rows, &answers.rows, &answers.values);
        let forms = self.forms(logits, labels, upstream, &answers);
        Ok((values, gradient(logits, &forms, &twin(&forms)).tensor().await?))
    }

    /// [`Losses::value_and_gradient`] with the gradient in host memory, of any size.
    ///
    /// # Errors
    /// As [`Losses::rows`].
    pub async fn value_and_gradient_on_host(
        &self,
        logits: &Distributions,
        labels: &[u32],
        upstream: Option<&[f64]>,
    ) -> Result<(LossValues, Vec<f32>)> {
        let this = self;
        aside!(logits.context.gpu().is_none() || this.precision == Precision::Double; this, logits, labels, upstream; this.value_and_gradient_on_host_in_place(logits, labels, upstream))
    }

    async fn value_and_gradient_on_host_in_place(
        &self,
        logits: &Distributions,
        labels: &[u32],
        upstream: Option<&[f64]>,
    ) -> Result<(LossValues, Vec<f32>)> {
        let answers = self.answers(logits, labels, upstream).await?;
        let values = self.weighting.values(logits.rows, &answers.rows, &answers.values);
        let forms = self.forms(logits, labels, upstream, &answers);
        Ok((values, gradient(logits, &forms, &twin(&forms)).host().await?))
    }

    /// [`Losses::rows`], and the gradient of every row times its factor added to a tensor that nobody else holds.
    pub(super) async fn added_gradient(
        &self,
        logits: &Distributions,
        labels: &[u32],
        factors: &[f64],
        tensor: Tensor,
    ) -> Result<(LossValues, Tensor)> {
        let answers = self.answers(logits, labels, Some(factors)).await?;
        let values = self.weighting.values(logits.rows, &answers.rows, &answers.values);
        let forms = self.forms(logits, labels, Some(factors), &answers);
        Ok((values, gradient(logits, &forms, &twin(&forms)).added_to(tensor).await?))
    }

    async fn answers(
        &self,
        logits: &Distributions,
        labels: &[u32],
        upstream: Option<&[f64]>,
    ) -> Result<Answers> {
        self.loss.check()?;
        check_logits(logits)?;
        let (count, bins) = (logits.rows, logits.bins);
        if labels.len() != count {
            let reason = format!("has {} entries for {count} rows", labels.len());
            return Err(Error::invalid("labels", reason));
        }
        let rows = self.weighting.rows(count, upstream)?;
        if let Some(row) = rows.iter().find(|row| labels[**row] as usize >= bins) {
            let reason = format!("{} is not one of {bins} classes", labels[*row]);
            return Err(Error::invalid_row("labels", *row, reason));
        }
        let query = |row: &usize| Query {
            row: *row,
            temperature: over(logits.temperature(), self.loss.lambda()),
            label: Some(labels[*row] as usize),
        };
        let mut queries: Vec<Query> = rows.iter().map(query).collect();
        let mut lambdas = vec![self.loss.lambda(); rows.len()];
        let smoothed = self.loss.is_smoothed();
        if self.loss.lambda() != 1.0 {
            check_sums("logits", logits, &queries).await?;
        }
        let mut found = others("logits", logits, &queries, self.precision, smoothed).await?;
        if matches!(self.loss, Loss::Aldr { .. }) {
            for (k, query) in queries.iter_mut().enumerate() {
                if let Some(lambda) = self.loss.own_lambda(&found[k].others, bins) {
                    lambdas[k] = lambda;
                    query.temperature = over(logits.temperature(), lambda);
                }
            }
            found = others("logits", logits, &queries, self.precision, smoothed).await?;
        }
        self.find_lost(logits, &queries, &mut lambdas, &mut found).await?;
        let value = |k: usize| self.loss.answer(&found[k].others, bins, lambdas[k]).value;
        let values = (0..rows.len()).map(value).collect();
        Ok(Answers { rows, found, lambdas, values })
    }

    /// Asks the twin for rows whose loss, or gradient, is a small difference of what f32 knows.
    async fn find_lost(
        &self,
        logits: &Distributions,
        queries: &[Query],
        lambdas: &mut [f64],
        found: &mut [Found],
    ) -> Result<()> {
        let bins = logits.bins;
        let lost = |k: &usize| {
            found[*k].on_device && self.loss.is_lost(&found[*k].others, bins, lambdas[*k])
        };
        let lost: Vec<usize> = (0..found.len()).filter(lost).collect();
        let mut again: Vec<Query> = lost.iter().map(|k| queries[*k]).collect();
        if matches!(self.loss, Loss::Aldr { .. }) {
            let whole = over(logits.temperature(), self.loss.lambda());
            again.iter_mut().for_each(|query| query.temperature = whole);
            let mut exact = vec![None; lost.len()];
            by_twin("logits", logits, &again, &mut exact).await?;
            for ((k, query), exact) in lost.iter().zip(&mut again).zip(&exact) {
                let lambda = exact.and_then(|row: Found| self.loss.own_lambda(&row.others, bins));
                lambdas[*k] = lambda.unwrap_or(lambdas[*k]);
                query.temperature = over(logits.temperature(), lambdas[*k]);
            }
        }
        let mut exact = vec![None; lost.len()];
        by_twin("logits", logits, &again, &mut exact).await?;
        for (k, exact) in lost.into_iter().zip(exact) {
            let Some(Found { others, .. }) = exact else { continue };
            let on_device = !self.loss.is_flat(&others, bins);
            found[k] = Found { others, on_device };
        }
        Ok(())
    }

    /// The gradient of every row; none where it is masked.
    fn forms(
        &self,
        logits: &Distributions,
        labels: &[u32],
        upstream: Option<&[f64]>,
        answers: &Answers,
    ) -> Vec<Option<(Form, bool)>> {
        let mut forms = vec![None; logits.rows];
        let reduced = self.weighting.upstream(&answers.rows);
        for (k, row) in answers.rows.iter().enumerate() {
            let Found { others, on_device } = answers.found[k];
            let answer = self.loss.answer(&others, logits.bins, answers.lambdas[k]);
            let factor = reduced(*row) * upstream.map_or(1.0, |upstream| upstream[*row]);
            let place = (labels[*row] as usize, logits.bins);
            forms[*row] =
                Some((answer.form(&others, place, logits.temperature(), factor), on_device));
        }
        forms
    }
}

blocking! {
    impl Losses {
        rows => rows_blocking(&self, logits: &Distributions, labels: &[u32]) -> Result<LossValues>;
        value_and_gradient => value_and_gradient_blocking(
            &self, logits: &Distributions, labels: &[u32], upstream: Option<&[f64]>
        ) -> Result<(LossValues, Tensor)>;
        value_and_gradient_on_host => value_and_gradient_on_host_blocking(
            &self, logits: &Distributions, labels: &[u32], upstream: Option<&[f64]>
        ) -> Result<(LossValues, Vec<f32>)>;
    }
}

fn twin(forms: &[Option<(Form, bool)>]) -> impl Fn(usize, &[f64]) -> Vec<f64> + Send + Sync {
    |row, logits| logit_gradient(logits, &forms[row].map_or(Form::ZERO, |(form, _)| form))
}

fn gradient<'a>(
    logits: &'a Distributions,
    forms: &[Option<(Form, bool)>],
    twin: &'a (dyn Fn(usize, &[f64]) -> Vec<f64> + Send + Sync),
) -> Gradient<'a> {
    let source = |form: &Option<(Form, bool)>| match form {
        None => Source::Zero,
        Some((form, true)) => Source::of_form(form),
        Some((_, false)) => Source::Twin,
    };
    Gradient {
        rows: logits,
        kernel: &LOGIT_GRADIENT,
        constants: vec![("LABELLED", Constant::Bool(true))],
        member: [0.0; 4],
        sources: forms.iter().map(source).collect(),
        twin,
    }
}

/// T λ, within the range of f64.
fn over(temperature: f64, lambda: f64) -> f64 {
    (temperature * lambda).clamp(f64::MIN_POSITIVE, f64::MAX)
}

/// That rows are logarithms.
pub(crate) fn check_logits(logits: &Distributions) -> Result<()> {
    match logits.is_logarithmic() {
        true => Ok(()),
        false => Err(Error::invalid("logits", "are weights, not logits or log-probabilities")),
    }
}
