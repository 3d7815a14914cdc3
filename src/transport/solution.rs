//! What a solve returns.

use super::stop::Stop;
use super::variant::batch::{Batch, LN_ZERO};
use super::{Problem, Sinkhorn, Variant};
use crate::aside::compute;
use crate::error::{Error, Result};
use crate::gpu::buffer::STORAGE;
use crate::gpu::layout::params;
use crate::gpu::shader::Constant;
use crate::gpu::{AdapterReport, Context, Kernel};
use crate::number::{Element, Precision};
use crate::reference::{self, CostMatrix, Totals};
use crate::reserve::{reserve, room_for};
use crate::wait::blocking;
use std::sync::Arc;

pub(crate) static PLAN: Kernel = Kernel::new("transport/plan.wgsl");

pub(crate) static APPLY: Kernel = Kernel::new("transport/apply.wgsl");

params! {
    pub(crate) struct PlanParams = Plan in "transport/plan.wgsl", "transport/apply.wgsl" {
        zero: u32,
        rows: u32,
        columns: u32,
        cost_stride: u32,
        cost_at: u32,
        width: u32,
        transpose: u32,
        rate: f32,
    }
}

pub(crate) const PLAN_WORKGROUP: u32 = 64;

/// The dual potentials of one problem, in units of the cost.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Potentials {
    /// f, one per source bin; where the source weight is zero, the c-transform of g.
    pub f: Vec<f64>,
    /// g, one per target bin; where the target weight is zero, the c-transform of f.
    pub g: Vec<f64>,
}

#[derive(Debug)]
pub(crate) enum State {
    /// Weighted potentials, plain ones where those do not hold them, and the cost, all
    /// less the offset, in host memory.
    Host { potentials: Vec<(Vec<f64>, Vec<f64>, Option<Potentials>)>, cost: Arc<Vec<f64>> },
    /// On the device until read.
    Device { batches: Vec<Batch> },
}

/// One entry per problem of the batch; potentials stay on the device until read.
///
/// A problem that has not converged says so: look at
/// [`converged`](Solution::converged) or call
/// [`require_converged`](Solution::require_converged).
#[derive(Debug)]
#[must_use = "a solution may not have converged"]
pub struct Solution {
    problem: Problem,
    adapter: AdapterReport,
    variant: Variant,
    precision: Precision,
    epsilon: f64,
    tolerance: f64,
    transport_cost: Vec<f64>,
    regularized_cost: Vec<f64>,
    entropy_cost: Vec<f64>,
    marginal_error: Vec<f64>,
    iterations: Vec<u32>,
    converged: Vec<bool>,
    stop: Vec<Stop>,
    state: State,
}

impl Solution {
    pub(crate) fn new(
        settings: &Sinkhorn,
        context: &Context,
        problem: &Problem,
        variant: Variant,
        totals: Vec<Totals>,
        iterations: Vec<u32>,
        state: State,
    ) -> Solution {
        let column = |value: fn(&Totals) -> f64| totals.iter().map(value).collect::<Vec<f64>>();
        let marginal_error = column(|t| t.marginal_error);
        let (tolerance, most) = (settings.leaves_at(), settings.max_iterations);
        let stop: Vec<Stop> = marginal_error
            .iter()
            .zip(&iterations)
            .map(|(error, done)| Stop::of(*error, tolerance, (*done, most)))
            .collect();
        Solution {
            problem: problem.clone(),
            adapter: if variant == Variant::Reference {
                Context::cpu().adapter().clone()
            } else {
                context.adapter().clone()
            },
            variant,
            precision: settings.precision,
            epsilon: settings.epsilon,
            tolerance,
            transport_cost: column(|t| t.transport_cost),
            regularized_cost: column(|t| t.regularized_cost),
            entropy_cost: column(|t| t.entropy_cost),
            converged: stop.iter().map(|stop| *stop == Stop::Converged).collect(),
            stop,
            marginal_error,
            iterations,
            state,
        }
    }

    /// ⟨P, C⟩ of every problem.
    pub fn transport_cost(&self) -> &[f64] {
        &self.transport_cost
    }

    /// ⟨a,f⟩ + ⟨b,g⟩ − ε(ΣP − 1): min ⟨P,C⟩ + ε KL(P‖a⊗b) at convergence, a lower
    /// bound of it before.
    pub fn regularized_cost(&self) -> &[f64] {
        &self.regularized_cost
    }

    /// ⟨P,C⟩ − ε H(P), H(P) = −Σ P ln P.
    pub fn entropy_cost(&self) -> &[f64] {
        &self.entropy_cost
    }

    /// Σ|P1 − a| + Σ|Pᵀ1 − b|, measured on the returned potentials.
    pub fn marginal_error(&self) -> &[f64] {
        &self.marginal_error
    }

    /// Iterations of every problem (both precisions together).
    pub fn iterations(&self) -> &[u32] {
        &self.iterations
    }

    /// Whether the marginal error is within the tolerance.
    pub fn converged(&self) -> &[bool] {
        &self.converged
    }

    /// Why every problem left the loop.
    pub fn stop(&self) -> &[Stop] {
        &self.stop
    }

    /// Number of problems.
    pub fn len(&self) -> usize {
        self.converged.len()
    }

    /// Whether there are no problems; never true.
    pub fn is_empty(&self) -> bool {
        self.converged.is_empty()
    }

    /// The kernels that ran.
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// Where it ran.
    pub fn adapter(&self) -> &AdapterReport {
        &self.adapter
    }

    /// The solution itself if every problem has converged.
    ///
    /// # Errors
    /// [`Error::NotConverged`] with the worst problem.
    pub fn require_converged(self) -> Result<Solution> {
        self.check_converged()?;
        Ok(self)
    }

    /// That every problem has converged.
    ///
    /// # Errors
    /// [`Error::NotConverged`] with the worst problem.
    pub fn check_converged(&self) -> Result<()> {
        let worst = (0..self.len())
            .filter(|&k| !self.converged[k])
            .max_by(|&a, &b| self.marginal_error[a].total_cmp(&self.marginal_error[b]));
        match worst {
            None => Ok(()),
            Some(problem) => Err(Error::NotConverged {
                problem,
                marginal_error: self.marginal_error[problem],
                tolerance: self.tolerance,
                iterations: self.iterations[problem],
                unconverged: self.converged.iter().filter(|c| !**c).count(),
                problems: self.len(),
            }),
        }
    }

    /// The potentials of one problem.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a problem that does not exist,
    /// [`Error::Readback`], [`Error::DeviceLost`].
    pub async fn potentials(&self, problem: usize) -> Result<Potentials> {
        let mut potentials = self.plain(problem).await?;
        potentials.f.iter_mut().for_each(|f| *f += self.problem.geometry.offset);
        Ok(potentials)
    }

    /// [`Solution::potentials`] for costs less the offset.
    async fn plain(&self, problem: usize) -> Result<Potentials> {
        let (f, g) = self.weighted(problem).await?;
        if let State::Host { potentials, .. } = &self.state
            && let (.., Some(plain)) = &potentials[problem]
        {
            return Ok(plain.clone());
        }
        let (a, b) = (self.problem.source.row(problem), self.problem.target.row(problem));
        let plain = |potential: &[f64], weights: &[f64]| -> Vec<f64> {
            potential.iter().zip(weights).map(|(p, w)| p - self.epsilon * w.ln()).collect()
        };
        let mut potentials = Potentials { f: plain(&f, a), g: plain(&g, b) };
        if a.iter().chain(b).any(|w| *w <= 0.0) {
            // Empty bins took no part; their potentials follow from the other side.
            let cost = self.cost_of(problem).await?;
            let ones = |n: usize| vec![1.0; n];
            let (ones, epsilon) = ([ones(a.len()), ones(b.len())], self.epsilon);
            let both = move || {
                let cost = CostMatrix::new(&cost, g.len());
                let rows = reference::softmin_rows(&cost, &ones[0], &g, epsilon);
                (rows, reference::softmin_columns(&cost, &ones[1], &f, epsilon))
            };
            let (rows, columns) = compute(both).await;
            for ((value, weight), transform) in potentials
                .f
                .iter_mut()
                .zip(a)
                .zip(rows)
                .chain(potentials.g.iter_mut().zip(b).zip(columns))
            {
                if *weight <= 0.0 {
                    *value = transform;
                }
            }
        }
        Ok(potentials)
    }

    /// The plan of one problem, n×m row-major.
    ///
    /// # Errors
    /// As [`Solution::potentials`], and [`Error::LimitExceeded`] for a plan above
    /// the adapter's limits.
    pub async fn plan(&self, problem: usize) -> Result<Vec<f64>> {
        let (f, g) = self.weighted(problem).await?;
        match &self.state {
            State::Device { batches } if self.precision == Precision::Single => {
                let (batch, at) = locate(batches, problem);
                let cells = f.len() * g.len();
                let plan = on_device(batch, at, &PLAN, &f, &g, self.epsilon, None, cells).await?;
                Ok(plan.into_iter().map(f64::from).collect())
            }
            _ => {
                let cost = self.cost_of(problem).await?;
                room_for::<f64>("the plan", cost.len())?;
                let epsilon = self.epsilon;
                let plan =
                    move || reference::plan(&CostMatrix::new(&cost, g.len()), &f, &g, epsilon);
                Ok(compute(plan).await)
            }
        }
    }

    /// The plan applied to vectors: P x for `x` of shape m×d (row-major), giving n×d.
    ///
    /// # Errors
    /// As [`Solution::plan`], and [`Error::InvalidInput`] if the length of `x` is not a
    /// positive multiple of m or a value is not finite.
    pub async fn apply<T: Element>(&self, problem: usize, x: &[T]) -> Result<Vec<f64>> {
        self.apply_either(problem, widened(x)?, false).await
    }

    /// The transposed plan applied to vectors: Pᵀ x for `x` of shape n×d, giving m×d.
    ///
    /// # Errors
    /// As [`Solution::apply`].
    pub async fn apply_transposed<T: Element>(&self, problem: usize, x: &[T]) -> Result<Vec<f64>> {
        self.apply_either(problem, widened(x)?, true).await
    }

    async fn apply_either(&self, problem: usize, x: Vec<f64>, transpose: bool) -> Result<Vec<f64>> {
        let (n, m) = self.problem.geometry.shape();
        let (entries, results) = if transpose { (n, m) } else { (m, n) };
        if x.is_empty() || !x.len().is_multiple_of(entries) {
            return Err(Error::invalid(
                "x",
                format!("has {} elements, not a positive multiple of {entries}", x.len()),
            ));
        }
        let width = x.len() / entries;
        if let Some(at) = x.iter().position(|v| !(*v as f32).is_finite()) {
            return Err(Error::invalid_at(
                "x",
                at / width,
                at % width,
                format!("{:?} is not finite", x[at]),
            ));
        }
        let (f, g) = self.weighted(problem).await?;
        match &self.state {
            State::Device { batches } if self.precision == Precision::Single => {
                let (batch, at) = locate(batches, problem);
                // Next to 1, where neither f32 nor its sums end.
                let most = x.iter().fold(0.0f64, |most, x| most.max(x.abs()));
                let unit = if most > 0.0 { (-most.log2().floor()).min(1000.0).exp2() } else { 1.0 };
                let scaled: Vec<f64> = x.iter().map(|x| x * unit).collect();
                let input = Some((&scaled[..], width, transpose));
                let y = on_device(batch, at, &APPLY, &f, &g, self.epsilon, input, results * width)
                    .await?;
                Ok(y.into_iter().map(|y| f64::from(y) / unit).collect())
            }
            _ => {
                let cost = self.cost_of(problem).await?;
                let epsilon = self.epsilon;
                let applied = move || {
                    let cost = CostMatrix::new(&cost, g.len());
                    let mut y = vec![0.0; results * width];
                    for component in 0..width {
                        let column: Vec<f64> =
                            x.iter().skip(component).step_by(width).copied().collect();
                        let applied = reference::apply(&cost, &f, &g, epsilon, &column, transpose);
                        for (k, value) in applied.into_iter().enumerate() {
                            y[k * width + component] = value;
                        }
                    }
                    y
                };
                Ok(compute(applied).await)
            }
        }
    }

    /// Weighted potentials of one problem for costs less the offset, −∞ where a weight is
    /// zero.
    async fn weighted(&self, problem: usize) -> Result<(Vec<f64>, Vec<f64>)> {
        if problem >= self.len() {
            return Err(Error::invalid(
                "problem",
                format!("{problem} of a batch of {}", self.len()),
            ));
        }
        match &self.state {
            State::Host { potentials, .. } => {
                let (f, g, _) = &potentials[problem];
                Ok((f.clone(), g.clone()))
            }
            State::Device { batches } => {
                let (batch, at) = locate(batches, problem);
                batch.read_potentials(at).await
            }
        }
    }

    async fn cost_of(&self, problem: usize) -> Result<Vec<f64>> {
        let cells = self.problem.geometry.rows * self.problem.geometry.columns;
        let range = match self.problem.geometry.batch {
            Some(_) => problem * cells..(problem + 1) * cells,
            None => 0..cells,
        };
        match &self.state {
            State::Host { cost, .. } => Ok(cost[range].to_vec()),
            State::Device { .. } => Ok(self.problem.geometry.read().await?[range].to_vec()),
        }
    }
}

blocking! {
    impl Solution {
        potentials => potentials_blocking(&self, problem: usize) -> Result<Potentials>;
        plan => plan_blocking(&self, problem: usize) -> Result<Vec<f64>>;
        apply => apply_blocking<T: Element>(&self, problem: usize, x: &[T]) -> Result<Vec<f64>>;
        apply_transposed => apply_transposed_blocking<T: Element>(
            &self, problem: usize, x: &[T]
        ) -> Result<Vec<f64>>;
    }
}

fn widened<T: Element>(x: &[T]) -> Result<Vec<f64>> {
    let mut wide = reserve("x", x.len())?;
    wide.extend(x.iter().map(|x| x.to_f64()));
    Ok(wide)
}

/// The batch that holds a problem, and its place there.
fn locate(batches: &[Batch], problem: usize) -> (&Batch, usize) {
    let k = batches.partition_point(|batch| batch.range.end <= problem);
    (&batches[k], problem - batches[k].range.start)
}

/// Runs `plan` or `apply` for one problem.
#[expect(clippy::too_many_arguments, reason = "two private callers")]
async fn on_device(
    batch: &Batch,
    problem: usize,
    kernel: &'static Kernel,
    f: &[f64],
    g: &[f64],
    epsilon: f64,
    input: Option<(&[f64], usize, bool)>,
    results: usize,
) -> Result<Vec<f32>> {
    let gpu = &batch.gpu;
    let pipeline = gpu
        .pipeline(
            kernel,
            vec![
                ("WORKGROUP", Constant::U32(PLAN_WORKGROUP)),
                ("NATIVE_EXP2", Constant::Bool(gpu.capabilities.native_exp2())),
            ],
        )
        .await?;
    let words = |values: &[f64]| -> Vec<f32> {
        values.iter().map(|v| ((v * batch.scale) as f32).max(LN_ZERO)).collect()
    };
    let (x, width, transpose) = input.unwrap_or((&[], 1, false));
    let mut recorder = gpu.recorder();
    gpu.guarded(|| {
        let params = gpu.uniform(&PlanParams {
            zero: 0,
            rows: f.len() as u32,
            columns: g.len() as u32,
            cost_stride: batch.row_stride as u32,
            cost_at: (problem * batch.problem_stride) as u32,
            width: width as u32,
            transpose: transpose.into(),
            rate: (std::f64::consts::LOG2_E / (epsilon * batch.scale)) as f32,
        })?;
        let source = gpu.upload("source potentials", &words(f))?;
        let target = gpu.upload("target potentials", &words(g))?;
        let vectors: Vec<f32> = x.iter().map(|v| *v as f32).collect();
        let vectors = gpu.upload("vectors", &vectors)?;
        let output = gpu.allocate("result", 4 * results as u64, STORAGE)?;
        let mut resources = vec![batch.cost.whole(), source.whole(), target.whole()];
        if input.is_some() {
            resources.push(vectors.whole());
        }
        resources.push(output.whole());
        let ready = gpu.bind(&pipeline, params, resources);
        recorder.dispatch(&ready, (results as u64).div_ceil(PLAN_WORKGROUP.into()))?;
        recorder.stage(&output, 0, 4 * results as u64);
        Ok(())
    })
    .await?;
    let mut read = recorder.read_as("a plan").await?;
    Ok(read.pop().unwrap_or_default())
}
