//! What a solve returns.

use super::epsilon::Epsilons;
use super::geometry::{Cost, TwinCosts};
use super::stage::{Stage, planned};
use super::state::{Ground, LN_ZERO, Matrix, State};
use super::stop::Stop;
use super::{Problem, Sinkhorn, Variant};
use crate::aside::compute;
use crate::error::{Error, Result};
use crate::gpu::buffer::STORAGE;
use crate::gpu::layout::params;
use crate::gpu::shader::Constant;
use crate::gpu::{AdapterReport, Context, Kernel};
use crate::number::{Element, Precision};
use crate::reference::{self, Costs, Totals};
use crate::reserve::{product, reserve, room_for};
use crate::wait::blocking;

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

/// Weighted potentials f and g of a problem, and plain ones where those do not hold them.
type OnHost = (Vec<f64>, Vec<f64>, Option<[Vec<f64>; 2]>);

#[derive(Debug)]
pub(crate) enum Kept {
    /// Weighted potentials, plain ones where those do not hold them, and the cost, all
    /// less the offset, in host memory.
    Host { potentials: Vec<OnHost>, costs: TwinCosts },
    /// On the device until read; of every problem with what is to be added to f and taken from g.
    Device { batches: Vec<(State, Vec<f64>)> },
}

/// What came of one problem.
#[derive(Debug, Clone)]
pub(crate) struct Solved {
    pub(crate) totals: Totals,
    pub(crate) iterations: u32,
    /// λ of a partial transport.
    pub(crate) multiplier: f64,
    /// Whether it was broken off.
    pub(crate) cancelled: bool,
    /// Where there was more than one, and not by a schedule of the caller's on a device.
    pub(crate) stages: Vec<Stage>,
}

impl Solved {
    /// Of a problem that was broken off before it began.
    pub(crate) const NONE: Solved = Solved {
        totals: Totals::UNKNOWN,
        iterations: 0,
        multiplier: 0.0,
        cancelled: true,
        stages: Vec::new(),
    };

    fn stop(&self, tolerance: f64, most: u32) -> Stop {
        let iterations = (self.iterations, most);
        Stop::of(self.totals.marginal_error, tolerance, iterations, self.cancelled)
    }
}

/// How all of them came about.
#[derive(Debug, Clone)]
pub(crate) struct How {
    pub(crate) variant: Variant,
    pub(crate) epsilons: Epsilons,
    /// ε of the first iterations, of problems that have kept no stages; the last is that of the rest.
    pub(crate) schedule: Vec<f64>,
    /// Whether the callback has ended the solve.
    pub(crate) cancelled: bool,
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
    how: How,
    precision: Precision,
    tolerance: f64,
    transport_cost: Vec<f64>,
    regularized_cost: Vec<f64>,
    entropy_cost: Vec<f64>,
    marginal_error: Vec<f64>,
    mass: Vec<f64>,
    iterations: Vec<u32>,
    converged: Vec<bool>,
    stop: Vec<Stop>,
    /// λ of partial transports; 0 of others.
    multipliers: Vec<f64>,
    stages: Vec<Vec<Stage>>,
    kept: Kept,
}

impl Solution {
    pub(crate) fn new(
        settings: &Sinkhorn,
        context: &Context,
        problem: &Problem,
        how: How,
        solved: Vec<Solved>,
        kept: Kept,
    ) -> Solution {
        let column = |value: fn(&Totals) -> f64| -> Vec<f64> {
            solved.iter().map(|solved| value(&solved.totals)).collect()
        };
        let (tolerance, most) = (settings.leaves_at(), settings.max_iterations);
        let stop: Vec<Stop> = solved.iter().map(|solved| solved.stop(tolerance, most)).collect();
        Solution {
            problem: problem.clone(),
            adapter: if how.variant == Variant::Reference {
                Context::cpu().adapter().clone()
            } else {
                context.adapter().clone()
            },
            how,
            precision: settings.precision,
            tolerance,
            transport_cost: column(|t| t.transport_cost),
            regularized_cost: column(|t| t.regularized_cost),
            entropy_cost: column(|t| t.entropy_cost),
            marginal_error: column(|t| t.marginal_error),
            mass: column(|t| t.mass),
            iterations: solved.iter().map(|solved| solved.iterations).collect(),
            multipliers: solved.iter().map(|solved| solved.multiplier).collect(),
            converged: stop.iter().map(|stop| *stop == Stop::Converged).collect(),
            stop,
            stages: solved.into_iter().map(|solved| solved.stages).collect(),
            kept,
        }
    }

    /// ⟨P, C⟩ of every problem.
    pub fn transport_cost(&self) -> &[f64] {
        &self.transport_cost
    }

    /// The objective, min ⟨P,C⟩ + ε KL(P‖a⊗b) and what soft marginals add, as its dual value: a lower bound before
    /// convergence. See the module's definitions.
    pub fn regularized_cost(&self) -> &[f64] {
        &self.regularized_cost
    }

    /// ⟨P,C⟩ − ε H(P), H(P) = −Σ P ln P.
    pub fn entropy_cost(&self) -> &[f64] {
        &self.entropy_cost
    }

    /// Σ|P1 − a| + Σ|Pᵀ1 − b| over the larger mass, measured on the returned potentials. Of other marginals than balanced
    /// ones a and b are what the optimum has at these potentials: a e^(−f/ρ) at a reach ρ, and where P1 ≤ a is asked the
    /// mass that is there, as long as f = 0 and it is no more.
    pub fn marginal_error(&self) -> &[f64] {
        &self.marginal_error
    }

    /// ΣP: the mass that is moved.
    pub fn mass(&self) -> &[f64] {
        &self.mass
    }

    /// ε of a problem, in units of the cost.
    pub fn epsilon(&self, problem: usize) -> f64 {
        self.how.epsilons.of(problem.min(self.len().saturating_sub(1)))
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

    /// Whether the callback broke the solve off, see [`Sinkhorn::keep_finished`].
    pub fn is_cancelled(&self) -> bool {
        self.how.cancelled
    }

    /// Which ε a problem went through, one after the other, and for how many of its iterations each. Where ε fell by itself the
    /// first stage is of the iterations that showed that the problem does not settle at once, at the ε that is asked for;
    /// from the second on ε falls, and it ends at what is asked for. Empty of a problem that does not exist or has not begun.
    pub fn schedule(&self, problem: usize) -> Vec<Stage> {
        let Some(stages) = self.stages.get(problem) else { return Vec::new() };
        let (iterations, epsilons) = (self.iterations[problem], &self.how.epsilons);
        match &self.how.schedule[..] {
            _ if !stages.is_empty() || iterations == 0 => stages.clone(),
            [] => vec![Stage::new(epsilons.of(problem), iterations)],
            schedule => planned(schedule, epsilons.unit(problem), iterations),
        }
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
        self.how.variant
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
        let [f, g] = self.problem.origin(problem);
        potentials.f.iter_mut().zip(f).for_each(|(f, more)| *f += more);
        potentials.g.iter_mut().zip(g).for_each(|(g, more)| *g += more);
        Ok(potentials)
    }

    /// [`Solution::potentials`] for costs less the offset.
    async fn plain(&self, problem: usize) -> Result<Potentials> {
        let (f, g) = self.weighted(problem).await?;
        if let Kept::Host { potentials, .. } = &self.kept
            && let (.., Some([f, g])) = &potentials[problem]
        {
            return Ok(Potentials { f: f.clone(), g: g.clone() });
        }
        let epsilon = self.epsilon(problem);
        let (a, b) = (self.problem.source.row(problem), self.problem.target.row(problem));
        let plain = |potential: &[f64], weights: &[f64]| -> Vec<f64> {
            potential.iter().zip(weights).map(|(p, w)| p - epsilon * w.ln()).collect()
        };
        let mut potentials = Potentials { f: plain(&f, a), g: plain(&g, b) };
        if a.iter().chain(b).all(|w| *w > 0.0) {
            return Ok(potentials);
        }
        // Empty bins took no part; their potentials follow from the other side.
        let ones = [vec![1.0; a.len()], vec![1.0; b.len()]];
        let lambda = self.multipliers[problem];
        let others = [&g, &f].map(|p| p.iter().map(|p| p + lambda).collect::<Vec<f64>>());
        let (rows, columns) = match &self.problem.geometry.cost {
            Cost::Grid(costs) => {
                let costs = costs.clone();
                let both = move || others.map(|other| costs.softmin(&other, epsilon));
                compute(both).await.into()
            }
            _ => {
                let both = move |costs: &dyn Costs| {
                    let rows = reference::softmin_rows(costs, &ones[0], &others[0], epsilon);
                    (rows, reference::softmin_columns(costs, &ones[1], &others[1], epsilon))
                };
                self.with_costs(problem, both).await?
            }
        };
        let [source, target] = self.problem.marginals.damping();
        let sides = [(&mut potentials.f, a, rows, source), (&mut potentials.g, b, columns, target)];
        for (potentials, weights, softmin, damping) in sides {
            for ((value, weight), softmin) in potentials.iter_mut().zip(weights).zip(softmin) {
                if *weight <= 0.0 {
                    *value = damping.potential(softmin, epsilon);
                }
            }
        }
        Ok(potentials)
    }

    /// λ of a partial transport, in units of the cost: P_ij = a_i b_j exp((f_i + g_j + λ − C_ij)/ε). 0 of other problems.
    pub fn multiplier(&self, problem: usize) -> f64 {
        self.multipliers.get(problem).copied().unwrap_or(0.0)
    }

    /// The plan of one problem, n×m row-major.
    ///
    /// # Errors
    /// As [`Solution::potentials`], and [`Error::LimitExceeded`] for a plan above
    /// the adapter's limits.
    pub async fn plan(&self, problem: usize) -> Result<Vec<f64>> {
        let (mut f, g) = self.weighted(problem).await?;
        f.iter_mut().for_each(|f| *f += self.multipliers[problem]);
        let epsilon = self.epsilon(problem);
        if let Some((state, matrix, at)) = self.matrix_of(problem) {
            let cells = f.len() * g.len();
            let this = OnDevice { state, matrix, problem: at, epsilon };
            let plan = this.run(&PLAN, [&f, &g], None, cells).await?;
            return Ok(plan.into_iter().map(f64::from).collect());
        }
        room_for::<f64>("the plan", product("the plan", &[f.len(), g.len()])?)?;
        self.with_costs(problem, move |costs| reference::plan(costs, &f, &g, epsilon)).await
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
        let (mut f, g) = self.weighted(problem).await?;
        f.iter_mut().for_each(|f| *f += self.multipliers[problem]);
        let epsilon = self.epsilon(problem);
        if let Some((state, matrix, at)) = self.matrix_of(problem) {
            // Next to 1, where neither f32 nor its sums end.
            let most = x.iter().fold(0.0f64, |most, x| most.max(x.abs()));
            let unit = if most > 0.0 { (-most.log2().floor()).min(1000.0).exp2() } else { 1.0 };
            let scaled: Vec<f64> = x.iter().map(|x| x * unit).collect();
            let this = OnDevice { state, matrix, problem: at, epsilon };
            let input = Some((&scaled[..], width, transpose));
            let y = this.run(&APPLY, [&f, &g], input, results * width).await?;
            return Ok(y.into_iter().map(|y| f64::from(y) / unit).collect());
        }
        let applied = move |costs: &dyn Costs| {
            let mut y = vec![0.0; results * width];
            for component in 0..width {
                let column: Vec<f64> = x.iter().skip(component).step_by(width).copied().collect();
                let applied = reference::apply(costs, &f, &g, epsilon, &column, transpose);
                for (k, value) in applied.into_iter().enumerate() {
                    y[k * width + component] = value;
                }
            }
            y
        };
        self.with_costs(problem, applied).await
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
        match &self.kept {
            Kept::Host { potentials, .. } => {
                let (f, g, _) = &potentials[problem];
                Ok((f.clone(), g.clone()))
            }
            Kept::Device { batches } => {
                let (state, moved, at) = locate(batches, problem);
                let (mut f, mut g) = state.read_potentials(at, self.epsilon(problem)).await?;
                f.iter_mut().for_each(|f| *f += moved[at]);
                g.iter_mut().for_each(|g| *g -= moved[at]);
                Ok((f, g))
            }
        }
    }

    /// Where one problem's matrix is on a device, if kernels in single precision are to read it.
    fn matrix_of(&self, problem: usize) -> Option<(&State, &Matrix, usize)> {
        match &self.kept {
            Kept::Device { batches } if self.precision == Precision::Single => {
                let (state, _, at) = locate(batches, problem);
                match &state.ground {
                    Ground::Matrix(matrix) => Some((state, matrix, at)),
                    Ground::Points(_) | Ground::Axes(_) => None,
                }
            }
            _ => None,
        }
    }

    /// Something of one problem's costs less the offset, where it keeps nobody waiting.
    async fn with_costs<R: Send + 'static>(
        &self,
        problem: usize,
        work: impl FnOnce(&dyn Costs) -> R + Send + 'static,
    ) -> Result<R> {
        let costs = match &self.kept {
            Kept::Host { costs, .. } => costs.clone(),
            Kept::Device { .. } => {
                self.problem.geometry.of_the_twin(self.problem.offset(), 0.0).await?
            }
        };
        Ok(compute(move || work(&*costs.of(problem))).await)
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

/// The batch that holds a problem, how far its potentials are moved, and its place there.
fn locate(batches: &[(State, Vec<f64>)], problem: usize) -> (&State, &[f64], usize) {
    let k = batches.partition_point(|(state, _)| state.range.end <= problem);
    let (state, moved) = &batches[k];
    (state, moved, problem - state.range.start)
}

/// Kernels that read a problem's matrix.
struct OnDevice<'a> {
    state: &'a State,
    matrix: &'a Matrix,
    /// In the state.
    problem: usize,
    epsilon: f64,
}

impl OnDevice<'_> {
    /// Runs `plan` or `apply`.
    async fn run(
        &self,
        kernel: &'static Kernel,
        [f, g]: [&[f64]; 2],
        input: Option<(&[f64], usize, bool)>,
        results: usize,
    ) -> Result<Vec<f32>> {
        let OnDevice { state, matrix, problem, epsilon } = *self;
        let gpu = &state.gpu;
        let constants = vec![
            ("WORKGROUP", Constant::U32(PLAN_WORKGROUP)),
            ("NATIVE_EXP2", Constant::Bool(gpu.capabilities.native_exp2())),
        ];
        let pipeline = gpu.pipeline(kernel, constants).await?;
        let words = |values: &[f64]| -> Vec<f32> {
            values.iter().map(|v| ((v * state.scale) as f32).max(LN_ZERO)).collect()
        };
        let (x, width, transpose) = input.unwrap_or((&[], 1, false));
        let mut recorder = gpu.recorder();
        let record = || {
            let params = gpu.uniform(&PlanParams {
                zero: 0,
                rows: f.len() as u32,
                columns: g.len() as u32,
                cost_stride: matrix.row_stride as u32,
                cost_at: (problem * matrix.problem_stride) as u32,
                width: width as u32,
                transpose: transpose.into(),
                rate: (std::f64::consts::LOG2_E / (epsilon * state.scale)) as f32,
            })?;
            let source = gpu.upload("source potentials", &words(f))?;
            let target = gpu.upload("target potentials", &words(g))?;
            let vectors: Vec<f32> = x.iter().map(|v| *v as f32).collect();
            let vectors = gpu.upload("vectors", &vectors)?;
            let output = gpu.allocate("result", 4 * results as u64, STORAGE)?;
            let mut resources = vec![matrix.cost.clone(), source.whole(), target.whole()];
            if input.is_some() {
                resources.push(vectors.whole());
            }
            resources.push(output.whole());
            let ready = gpu.bind(&pipeline, params, resources);
            recorder.dispatch(&ready, (results as u64).div_ceil(PLAN_WORKGROUP.into()))?;
            recorder.stage(&output, 0, 4 * results as u64);
            Ok(())
        };
        gpu.guarded(record).await?;
        let mut read = recorder.read_as("a plan").await?;
        Ok(read.pop().unwrap_or_default())
    }
}
