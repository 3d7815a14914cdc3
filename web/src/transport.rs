//! Optimal transport between histograms.

use crate::arguments::{Options, count_or};
use crate::cancellation::Cancellation;
use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::{Numbers, check_result, check_room, doubles, with_slice};
use crate::values::{array, object, promise};
use js_sys::Promise;
use kantor::{Annealing, Backend, Geometry, Problem};
use send_wrapper::SendWrapper;
use std::sync::Arc;
use wasm_bindgen::prelude::*;

/// Sinkhorn's algorithm with a stopping test for every problem.
///
/// Solves min ⟨P,C⟩ + ε KL(P ‖ a⊗b) over the plans P that carry the source weights a to the target weights b; natural
/// logarithms, ε in units of the cost. See Cuturi (2013); Peyré and Cuturi (2019), chapter 4.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Sinkhorn {
    inner: kantor::Sinkhorn,
}

#[wasm_bindgen]
impl Sinkhorn {
    /// Throws with kind `invalid-input` for a setting that is missing, unknown or of a wrong type; one that is out of
    /// range is found by `solve`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "SinkhornOptions")] options: JsValue,
    ) -> Result<Sinkhorn, JsValue> {
        Ok(Sinkhorn { inner: settings(&options)? })
    }

    /// Solves every problem of the batch. One that does not converge is no error: `converged` is false and
    /// `marginalError` says how far it came; `Solution.requireConverged` makes it one.
    ///
    /// Rejects with kind `invalid-input` (with argument, row and index), `precision-unavailable`, `limit-exceeded`,
    /// `out-of-memory`, `cancelled` (name `AbortError`, once the signal is aborted; checked after every submission, some
    /// tens of milliseconds) or `device-lost`. What `onProgress` throws ends the solve and is what it rejects with.
    #[wasm_bindgen(unchecked_return_type = "Promise<Solution>")]
    pub fn solve(
        &self,
        context: &Context,
        #[wasm_bindgen(unchecked_param_type = "TransportProblem")] problem: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "SolveOptions")] options: JsValue,
    ) -> Promise {
        let (solver, adapter) = (self.inner.clone(), context.adapter.clone());
        let context = context.inner.clone();
        let backend = context.adapter().backend;
        let read = || {
            let options = Options::read("options", &options, &["signal", "onProgress"])?;
            let cancellation = Cancellation::read(&options)?;
            cancellation.check()?;
            let problem = read_problem(&problem)?;
            check_room("cost", working_bytes(&problem, backend))?;
            Ok((cancellation, problem))
        };
        promise(read, |(cancellation, problem)| async move {
            // There is one thread, which the library does not know.
            let reporter = SendWrapper::new(cancellation.clone());
            let solver = solver.on_progress(move |progress| {
                reporter.report(|| {
                    object([
                        ("finished", (progress.finished as f64).into()),
                        ("problems", (progress.problems as f64).into()),
                        ("iterations", progress.iterations.into()),
                        ("marginalError", progress.marginal_error.into()),
                    ])
                })
            });
            let shape = problem.geometry().shape();
            let solved = solver.solve(&context, &problem).await;
            let solution = solved.map_err(|error| cancellation.explain(error))?;
            Ok(Solution { inner: Arc::new(solution), adapter, shape })
        })
    }
}

fn settings(options: &JsValue) -> Result<kantor::Sinkhorn, Failure> {
    let names = ["epsilon", "tolerance", "maxIterations", "precision", "annealing"];
    let options = Options::read("options", options, &names)?;
    let epsilon = options.required_number("epsilon")?;
    let mut solver = kantor::Sinkhorn::new(epsilon).precision(options.precision()?);
    if let Some(tolerance) = options.number("tolerance")? {
        solver = solver.tolerance(tolerance);
    }
    if let Some(iterations) = options.count("maxIterations")? {
        solver = solver.max_iterations(iterations);
    }
    if let Some(given) = options.get("annealing")? {
        let given = Options::read("annealing", &given, &["from", "factor"])?;
        let annealing =
            Annealing::new(given.required_number("from")?, given.required_number("factor")?);
        check_stages(&annealing, epsilon)?;
        solver = solver.annealing(annealing);
    }
    Ok(solver)
}

/// What a solve takes of the module's memory besides its input, about: the twin holds costs and plans in f64, a device
/// what is on its way to it.
fn working_bytes(problem: &Problem, backend: Backend) -> usize {
    let (n, m) = problem.geometry().shape();
    let bytes = if backend == Backend::Cpu { 24 } else { 12 };
    n.saturating_mul(m).saturating_mul(bytes)
}

/// That the values of ε can be listed. What is out of its range altogether, the solver refuses.
fn check_stages(annealing: &Annealing, epsilon: f64) -> Result<(), Failure> {
    const MOST_STAGES: f64 = 1e6;
    let stages = ((epsilon / annealing.from).ln() / annealing.factor.ln()).ceil();
    if stages > MOST_STAGES {
        let reason =
            format!("takes {stages:?} steps to reach epsilon, {MOST_STAGES:e} are the most");
        return Err(Failure::argument("annealing", reason));
    }
    Ok(())
}

fn read_problem(problem: &JsValue) -> Result<Problem, Failure> {
    let names = ["source", "target", "cost", "batch", "start"];
    let options = Options::read("problem", problem, &names)?;
    let [source, target, cost] =
        ["source", "target", "cost"].map(|name| options.required_numbers(name));
    let (source, target, cost) = (source?, target?, cost?);
    let batch = options.count("batch")?.unwrap_or(1) as usize;
    let bins = |argument: &str, weights: &Numbers| match weights.len() {
        length if batch > 0 && length > 0 && length.is_multiple_of(batch) => Ok(length / batch),
        0 => Err(Failure::argument(argument, "has no weights")),
        length => {
            let reason = format!("has {length} weights, not a positive multiple of batch {batch}");
            Err(Failure::argument(argument, reason))
        }
    };
    let (n, m) = (bins("source", &source)?, bins("target", &target)?);
    let shared = n.checked_mul(m).is_some_and(|cells| cells == cost.len());
    let geometry = with_slice!(cost, cost => if shared || batch == 1 {
        Geometry::cost_matrix(cost, n, m)
    } else {
        Geometry::cost_matrices(cost, batch, n, m)
    })?;
    let problem = with_slice!(source, source => with_slice!(target, target => {
        Problem::new(geometry, source, target)
    }))?
    .normalized();
    match options.numbers("start")? {
        Some(start) => Ok(problem.starting_from(&start.into_f64())?),
        None => Ok(problem),
    }
}

/// What a solve has come to, one entry a problem. Getters copy: keep what is used in a loop.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Solution {
    inner: Arc<kantor::Solution>,
    adapter: String,
    /// n source and m target bins.
    shape: (usize, usize),
}

#[wasm_bindgen]
impl Solution {
    /// Number of problems.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.inner.len()
    }

    /// The kernels that ran: `'resident'`, `'streaming'`, `'scaling'`, or `'reference'` for the CPU twin.
    #[wasm_bindgen(getter)]
    pub fn variant(&self) -> String {
        self.inner.variant().to_string()
    }

    /// Where it ran: the context's `adapter`.
    #[wasm_bindgen(getter)]
    pub fn adapter(&self) -> String {
        self.adapter.clone()
    }

    /// ⟨P,C⟩.
    #[wasm_bindgen(getter, js_name = transportCost)]
    pub fn transport_cost(&self) -> Vec<f64> {
        self.inner.transport_cost().to_vec()
    }

    /// ⟨a,f⟩ + ⟨b,g⟩ − ε(ΣP − 1): min ⟨P,C⟩ + ε KL(P‖a⊗b) at convergence, a lower bound of it before.
    #[wasm_bindgen(getter, js_name = regularizedCost)]
    pub fn regularized_cost(&self) -> Vec<f64> {
        self.inner.regularized_cost().to_vec()
    }

    /// ⟨P,C⟩ − ε H(P), H(P) = −Σ P ln P.
    #[wasm_bindgen(getter, js_name = entropyCost)]
    pub fn entropy_cost(&self) -> Vec<f64> {
        self.inner.entropy_cost().to_vec()
    }

    /// Σ|P1 − a| + Σ|Pᵀ1 − b|, measured on the returned potentials.
    #[wasm_bindgen(getter, js_name = marginalError)]
    pub fn marginal_error(&self) -> Vec<f64> {
        self.inner.marginal_error().to_vec()
    }

    /// Iterations of every problem.
    #[wasm_bindgen(getter)]
    pub fn iterations(&self) -> Vec<u32> {
        self.inner.iterations().to_vec()
    }

    /// Whether the marginal error is within the tolerance.
    #[wasm_bindgen(getter, unchecked_return_type = "boolean[]")]
    pub fn converged(&self) -> JsValue {
        array(self.inner.converged().iter().copied())
    }

    /// Why every problem left the loop: `stalled` where rounding lets its error fall no further.
    #[wasm_bindgen(
        getter,
        unchecked_return_type = "('converged' | 'max-iterations' | 'stalled')[]"
    )]
    pub fn stop(&self) -> JsValue {
        array(self.inner.stop().iter().map(|stop| stop.name()))
    }

    /// Throws with kind `not-converged` (with problem, marginalError and iterations of the worst) unless every problem
    /// has converged.
    #[wasm_bindgen(js_name = requireConverged)]
    pub fn require_converged(&self) -> Result<(), JsValue> {
        Ok(self.inner.check_converged().map_err(Failure::from)?)
    }

    /// Potentials f (n) and g (m) of a problem, in units of cost.
    #[wasm_bindgen(unchecked_return_type = "Promise<Potentials>")]
    pub fn potentials(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] problem: JsValue,
    ) -> Promise {
        let solution = self.inner.clone();
        promise(
            || place(&problem),
            |problem| async move {
                let potentials = solution.potentials(problem).await?;
                Ok(object([("f", doubles(&potentials.f)), ("g", doubles(&potentials.g))]))
            },
        )
    }

    /// The plan P of a problem, row-major n×m: P_ij = a_i b_j exp((f_i + g_j − C_ij)/ε). Rejects with `limit-exceeded`
    /// above 67,108,864 entries.
    #[wasm_bindgen(unchecked_return_type = "Promise<Float64Array>")]
    pub fn plan(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] problem: JsValue,
    ) -> Promise {
        let (solution, (n, m)) = (self.inner.clone(), self.shape);
        let read = || {
            check_result("plan", (n as u64).checked_mul(m as u64))?;
            place(&problem)
        };
        promise(read, |problem| async move { Ok(doubles(&solution.plan(problem).await?)) })
    }

    /// P x for x of shape m×d, giving n×d, without forming the plan in host memory.
    #[wasm_bindgen(unchecked_return_type = "Promise<Float64Array>")]
    pub fn apply(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Numbers")] x: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] problem: JsValue,
    ) -> Promise {
        self.product(&x, &problem, false)
    }

    /// Pᵀ x for x of shape n×d, giving m×d.
    #[wasm_bindgen(js_name = applyTransposed, unchecked_return_type = "Promise<Float64Array>")]
    pub fn apply_transposed(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Numbers")] x: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] problem: JsValue,
    ) -> Promise {
        self.product(&x, &problem, true)
    }
}

impl Solution {
    fn product(&self, x: &JsValue, problem: &JsValue, transposed: bool) -> Promise {
        let solution = self.inner.clone();
        let (n, m) = self.shape;
        let (rows, columns) = if transposed { (m, n) } else { (n, m) };
        let read = || {
            let (problem, x) = (place(problem)?, Numbers::read("x", x)?);
            check_result("x", (rows as u64).checked_mul((x.len() / columns.max(1)) as u64))?;
            Ok((problem, x.into_f64()))
        };
        promise(read, move |(problem, x)| async move {
            Ok(doubles(&match transposed {
                false => solution.apply(problem, &x).await?,
                true => solution.apply_transposed(problem, &x).await?,
            }))
        })
    }
}

/// Which problem of the batch; the first unless given.
fn place(problem: &JsValue) -> Result<usize, Failure> {
    Ok(count_or("problem", problem, 0)? as usize)
}
