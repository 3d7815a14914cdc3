//! Losses of a student's logits against a teacher's.

use super::kind::Loss;
use super::settings::Losses;
use crate::aside::aside;
use crate::divergence::other_bins::{Query, others};
use crate::divergence::{
    Comparison, Distributions, Divergence, Entropy, Input, Reduction, Side, Values,
};
use crate::divergence::{LossValues, Weighting};
use crate::error::{Error, Result};
use crate::gpu::Tensor;
use crate::number::Precision;
use crate::reference::divergence::entropy;
use crate::wait::blocking;

/// A loss of a student s against a teacher t, both distributions over K classes, each at its own temperature. Natural
/// logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum DistillationLoss {
    /// KL(t‖s) = Σ t ln(t/s): the student covers what the teacher does (Hinton, Vinyals and Dean 2015).
    ForwardKl,
    /// KL(s‖t): the student keeps to what the teacher is sure of.
    ReverseKl,
    /// β KL(t‖m) + (1−β) KL(s‖m), m = βt + (1−β)s, 0 ≤ β ≤ 1: the generalised JS of Agarwal et al. 2024, and 0 at either
    /// end.
    JensenShannon {
        /// The weight of the teacher; ½ is the usual one.
        beta: f64,
    },
    /// H(t) KL(t‖s) with the entropy H(t) = −Σ t ln t in nats, at the teacher's temperature: rows the teacher is unsure of
    /// weigh more (Su et al. 2023, entropy-reweighted distillation, arXiv:2311.13621v1). With weights of another
    /// temperature: [`DistillationLoss::ForwardKl`], and [`Entropies`](crate::Entropies) as
    /// [`row_weights`](Distillation::row_weights).
    EntropyWeighted,
}

/// A distillation loss over rows, its conventions, reduction and precision.
///
/// The student's rows are logits or log-probabilities, the teacher's those or weights (which the f64 twin compares): as
/// many, or one for all. The temperature of either is that of its [`Input`]. The value is the divergence itself, unless
/// [`temperature_squared`](Distillation::temperature_squared) or [`hard_labels`](Distillation::hard_labels) say
/// otherwise. Gradients are with respect to the student's numbers as they were given, n×K, and sum to 0 in every row;
/// the teacher has none. Nothing of the size of a row is kept between value and gradient.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Distillation, DistillationLoss, Distributions, Input};
/// let context = Context::new_blocking()?;
/// let logits = Input::Logits { temperature: 2.0 };
/// let teacher = Distributions::new_blocking(&context, &[100.0f32, 0.0, -100.0], 3, logits)?;
/// let student = Distributions::new_blocking(&context, &[0.0f32, 0.0, 0.0], 3, logits)?;
/// let forward = Distillation::new(DistillationLoss::ForwardKl).temperature_squared();
/// let (loss, gradient) = forward.value_and_gradient_blocking(&teacher, &student, None)?;
/// assert!((loss.values()[0] - 4.0 * 3f64.ln()).abs() < 1e-5);
/// assert_eq!(gradient.shape(), [1, 3]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Distillation {
    loss: DistillationLoss,
    squared: bool,
    hard: Option<(Vec<u32>, f64)>,
    precision: Precision,
    weighting: Weighting,
}

/// What every row counts for.
struct Plan {
    rows: Vec<usize>,
    /// Of the divergence, 0 of rows that are masked.
    soft: Vec<f64>,
    /// Of the cross-entropy.
    hard: f64,
}

impl Distillation {
    /// In single precision, without a reduction.
    pub fn new(loss: DistillationLoss) -> Distillation {
        Distillation {
            loss,
            squared: false,
            hard: None,
            precision: Precision::Single,
            weighting: Weighting::default(),
        }
    }

    /// Times T², T the temperature of the student: gradients then stay of one size whatever T is, as beside hard labels
    /// they should (Hinton, Vinyals and Dean 2015, section 2). Without it the value is the divergence, as with most
    /// libraries' KL.
    #[must_use]
    pub fn temperature_squared(mut self) -> Distillation {
        self.squared = true;
        self
    }

    /// Mixed with cross-entropy: (1−w) times the loss, with its T² if any, plus w times −ln s_y of the label y of every
    /// row, at temperature 1 whatever the student's is; 0 ≤ w ≤ 1. The gradient is the sum of both in f32.
    #[must_use]
    pub fn hard_labels(mut self, labels: Vec<u32>, weight: f64) -> Distillation {
        self.hard = Some((labels, weight));
        self
    }

    /// `Single` keeps six digits of every value, `Double` twelve. Double is computed by the f64 twin on the host.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Distillation {
        self.precision = precision;
        self
    }

    /// With the losses of rows added up or averaged.
    #[must_use]
    pub fn reduction(mut self, reduction: Reduction) -> Distillation {
        self.weighting.reduction = reduction;
        self
    }

    /// With a weight w ≥ 0 for every row, which reductions use.
    #[must_use]
    pub fn row_weights(mut self, weights: Vec<f64>) -> Distillation {
        self.weighting.weights = Some(weights);
        self
    }

    /// Only of the rows that are `true`, as tokens that are no padding. Others have the value 0, no part in reductions
    /// and a gradient of 0; neither their numbers nor their labels are looked at.
    #[must_use]
    pub fn mask(mut self, mask: Vec<bool>) -> Distillation {
        self.weighting.mask = Some(mask);
        self
    }

    /// The loss of every row of the student; +∞ where the definition says so, and 0 times ∞ is 0.
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: β, or the weight of labels, outside its range; shapes or contexts that differ; a label of
    /// K or more, with its row; as many labels, weights, mask entries as there are rows; numbers of `teacher` or
    /// `student` that are none, with row and index, or a row without mass; a student of weights.
    /// [`Error::PrecisionUnavailable`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub async fn rows(
        &self,
        teacher: &Distributions,
        student: &Distributions,
    ) -> Result<LossValues> {
        let this = self;
        aside!(student.context.gpu().is_none() || this.precision == Precision::Double; this, teacher, student; this.rows_in_place(teacher, student))
    }

    async fn rows_in_place(
        &self,
        teacher: &Distributions,
        student: &Distributions,
    ) -> Result<LossValues> {
        let plan = self.plan(teacher, student, None).await?;
        let soft = self.comparison().rows(teacher, student).await.map_err(named)?;
        let hard = match &self.hard {
            None => None,
            Some((labels, _)) => {
                let hard = self.cross_entropy().rows(&at_one(student), labels).await;
                Some(hard.map_err(named)?)
            }
        };
        Ok(self.joined(student.rows, &plan, &soft, hard.as_ref()))
    }

    /// [`Distillation::rows`], and the gradient of what they reduce to with respect to the student: an n×K tensor where
    /// it is. Without a reduction, of every row its own; in any case row i times `upstream[i]`, where given. Rows whose
    /// divergence is infinite have none of it.
    ///
    /// # Errors
    /// As [`Distillation::rows`]; [`Error::LimitExceeded`] for a gradient that does not fit one binding.
    pub async fn value_and_gradient(
        &self,
        teacher: &Distributions,
        student: &Distributions,
        upstream: Option<&[f64]>,
    ) -> Result<(LossValues, Tensor)> {
        let this = self;
        aside!(student.context.gpu().is_none() || this.precision == Precision::Double; this, teacher, student, upstream; this.value_and_gradient_in_place(teacher, student, upstream))
    }

    async fn value_and_gradient_in_place(
        &self,
        teacher: &Distributions,
        student: &Distributions,
        upstream: Option<&[f64]>,
    ) -> Result<(LossValues, Tensor)> {
        let plan = self.plan(teacher, student, upstream).await?;
        let reduced = self.weighting.upstream(&plan.rows);
        let of_row = |row: usize| reduced(row) * upstream.map_or(1.0, |upstream| upstream[row]);
        let count = student.rows;
        let factors: Vec<f64> = (0..count).map(|row| plan.soft[row] * of_row(row)).collect();
        let (soft, gradients) = self
            .comparison()
            .value_and_gradient(teacher, student, Side::Q, Some(&factors))
            .await
            .map_err(named)?;
        let missing = || Error::invalid("student", "has no gradient");
        let mut gradient = gradients.q.ok_or_else(missing)?;
        let mut hard = None;
        if let Some((labels, _)) = &self.hard {
            let factors: Vec<f64> = (0..count).map(|row| plan.hard * of_row(row)).collect();
            let (values, sum) = self
                .cross_entropy()
                .added_gradient(&at_one(student), labels, &factors, gradient)
                .await
                .map_err(named)?;
            (hard, gradient) = (Some(values), sum);
        }
        Ok((self.joined(count, &plan, &soft, hard.as_ref()), gradient))
    }

    fn comparison(&self) -> Comparison {
        let divergence = match self.loss {
            DistillationLoss::ForwardKl | DistillationLoss::EntropyWeighted => Divergence::Kl,
            DistillationLoss::ReverseKl => Divergence::ReverseKl,
            DistillationLoss::JensenShannon { beta } => Divergence::JensenShannon { beta },
        };
        let comparison = Comparison::new(divergence).precision(self.precision);
        match &self.weighting.mask {
            Some(mask) => comparison.mask(mask.clone()),
            None => comparison,
        }
    }

    fn cross_entropy(&self) -> Losses {
        let losses = Losses::new(Loss::CrossEntropy { smoothing: 0.0 }).precision(self.precision);
        match &self.weighting.mask {
            Some(mask) => losses.mask(mask.clone()),
            None => losses,
        }
    }

    async fn plan(
        &self,
        teacher: &Distributions,
        student: &Distributions,
        upstream: Option<&[f64]>,
    ) -> Result<Plan> {
        if !student.is_logarithmic() {
            let reason = "is of weights, not logits or log-probabilities";
            return Err(Error::invalid("student", reason));
        }
        if teacher.bins != student.bins {
            let reason = format!("has {} classes, the teacher {}", student.bins, teacher.bins);
            return Err(Error::invalid("student", reason));
        }
        if teacher.rows != student.rows && teacher.rows != 1 {
            let reason = format!("has {} rows, the student {}", teacher.rows, student.rows);
            return Err(Error::invalid("teacher", reason));
        }
        if !teacher.context.shares_device(&student.context) {
            return Err(Error::invalid("student", "is in another context than the teacher"));
        }
        let rows = self.weighting.rows(student.rows, upstream)?;
        let hard = self.hard.as_ref().map_or(0.0, |(_, weight)| *weight);
        if !(0.0..=1.0).contains(&hard) {
            return Err(Error::invalid("weight", format!("{hard} is not between 0 and 1")));
        }
        let temperature = student.temperature();
        let scale = (1.0 - hard) * if self.squared { temperature * temperature } else { 1.0 };
        if !scale.is_finite() {
            return Err(Error::invalid(
                "temperature",
                format!("{temperature:?} has no finite square"),
            ));
        }
        let mut soft = vec![0.0; student.rows];
        rows.iter().for_each(|row| soft[*row] = scale);
        if self.loss == DistillationLoss::EntropyWeighted {
            let own: Vec<usize> = if teacher.rows == 1 { vec![0] } else { rows.clone() };
            let entropies = self.entropies(teacher, &own).await?;
            for (place, row) in rows.iter().enumerate() {
                soft[*row] *= entropies[place.min(own.len() - 1)];
            }
        }
        Ok(Plan { rows, soft, hard })
    }

    /// Shannon's of some rows.
    async fn entropies(&self, teacher: &Distributions, rows: &[usize]) -> Result<Vec<f64>> {
        if !teacher.is_logarithmic() {
            let mut entropies = Vec::with_capacity(rows.len());
            for rows in rows.chunks(teacher.together()) {
                for (row, values) in rows.iter().zip(teacher.read_rows(rows).await?) {
                    let screened = teacher.screened("teacher", *row, &values)?;
                    entropies.push(entropy(Entropy::Shannon, &screened));
                }
            }
            return Ok(entropies);
        }
        let query =
            |row: &usize| Query { row: *row, temperature: teacher.temperature(), label: None };
        let queries: Vec<Query> = rows.iter().map(query).collect();
        let found = others("teacher", teacher, &queries, self.precision, false).await?;
        Ok(found.iter().map(|found| found.others.entropy_of_all()).collect())
    }

    fn joined(
        &self,
        count: usize,
        plan: &Plan,
        soft: &Values,
        hard: Option<&LossValues>,
    ) -> LossValues {
        // A factor of zero takes even an infinity out.
        let part = |factor: f64, value: f64| if factor == 0.0 { 0.0 } else { factor * value };
        let value = |row: &usize| {
            let hard = hard.map_or(0.0, |hard| part(plan.hard, hard.values()[*row]));
            part(plan.soft[*row], soft.values()[*row]) + hard
        };
        let values: Vec<f64> = plan.rows.iter().map(value).collect();
        self.weighting.values(count, &plan.rows, &values)
    }
}

blocking! {
    impl Distillation {
        rows => rows_blocking(
            &self, teacher: &Distributions, student: &Distributions
        ) -> Result<LossValues>;
        value_and_gradient => value_and_gradient_blocking(
            &self, teacher: &Distributions, student: &Distributions, upstream: Option<&[f64]>
        ) -> Result<(LossValues, Tensor)>;
    }
}

/// The same numbers at temperature 1.
fn at_one(student: &Distributions) -> Distributions {
    let mut student = student.clone();
    if let Input::Logits { temperature } = &mut student.input {
        *temperature = 1.0;
    }
    student
}

/// The error of a comparison or a loss, with the names of the arguments here.
fn named(error: Error) -> Error {
    error.renamed(|argument| match argument {
        "p" => "teacher",
        "q" | "logits" => "student",
        argument => argument,
    })
}
