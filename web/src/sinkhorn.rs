//! Sinkhorn's algorithm.

use crate::arguments::Options;
use crate::cancellation::Cancellation;
use crate::context::Context;
use crate::failure::Failure;
use crate::problem;
use crate::sinkhorn_divergence::SinkhornDivergence;
use crate::solution::{About, Solution};
use crate::values::{describe, object, promise};
use js_sys::Promise;
use kantor::{Annealing, Backend, Epsilon, Problem};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;

/// Sinkhorn's algorithm with a stopping test for every problem.
///
/// Solves min ⟨P,C⟩ + ε KL(P ‖ a⊗b) over the plans P that carry the source weights a to the target weights b, or, with
/// a reach ρ, over all plans with ρ KL(P1 ‖ a) + ρ KL(Pᵀ1 ‖ b) added; natural logarithms, ε and ρ in units of the cost.
/// See Cuturi (2013); Chizat et al. (2018); Peyré and Cuturi (2019), chapter 4.
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
        promise(
            || Asked::read(backend, &problem, &options),
            |asked| async move {
                let Asked { cancellation, problem } = asked;
                let solved = reporting(solver, &cancellation).solve(&context, &problem).await;
                let solution = solved.map_err(|error| cancellation.explain(error))?;
                Ok(Solution::alone(solution, About::new(adapter, &problem)))
            },
        )
    }

    /// The Sinkhorn divergence of every problem: S(α, β) = OT(α, β) − ½ OT(α, α) − ½ OT(β, β) + ½ ε (m_a − m_b)²,
    /// where OT is the `regularizedCost`. It is 0 where source and target are the same, up to rounding, which is not
    /// hidden. The transport of a measure to itself is solved once, however many problems have it. A matrix of costs
    /// must be symmetric.
    ///
    /// Rejects as `solve` does; `onProgress` is told of one of the three transports after the other.
    #[wasm_bindgen(unchecked_return_type = "Promise<SinkhornDivergence>")]
    pub fn divergence(
        &self,
        context: &Context,
        #[wasm_bindgen(unchecked_param_type = "TransportProblem")] problem: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "SolveOptions")] options: JsValue,
    ) -> Promise {
        let (solver, adapter) = (self.inner.clone(), context.adapter.clone());
        let context = context.inner.clone();
        let backend = context.adapter().backend;
        promise(
            || Asked::read(backend, &problem, &options),
            |asked| async move {
                let Asked { cancellation, problem } = asked;
                let solved = reporting(solver, &cancellation).divergence(&context, &problem).await;
                let divergence = solved.map_err(|error| cancellation.explain(error))?;
                Ok(SinkhornDivergence::new(divergence, About::new(adapter, &problem)))
            },
        )
    }
}

/// What a solve is asked for, read before it begins.
struct Asked {
    cancellation: Cancellation,
    problem: Problem,
}

impl Asked {
    fn read(backend: Backend, problem: &JsValue, options: &JsValue) -> Result<Asked, Failure> {
        let options = Options::read("options", options, &["signal", "onProgress"])?;
        let cancellation = Cancellation::read(&options)?;
        cancellation.check()?;
        Ok(Asked { cancellation, problem: problem::read(problem, backend)? })
    }
}

/// The solver, which tells the page how far it is and hears whether to stop.
fn reporting(solver: kantor::Sinkhorn, cancellation: &Cancellation) -> kantor::Sinkhorn {
    // There is one thread, which the library does not know.
    let reporter = SendWrapper::new(cancellation.clone());
    solver.on_progress(move |progress| {
        reporter.report(|| {
            object([
                ("finished", (progress.finished as f64).into()),
                ("problems", (progress.problems as f64).into()),
                ("iterations", progress.iterations.into()),
                ("marginalError", progress.marginal_error.into()),
            ])
        })
    })
}

fn settings(options: &JsValue) -> Result<kantor::Sinkhorn, Failure> {
    let names = ["epsilon", "tolerance", "maxIterations", "precision", "annealing"];
    let options = Options::read("options", options, &names)?;
    let mut solver = kantor::Sinkhorn::new(epsilon(&options)?).precision(options.precision()?);
    if let Some(tolerance) = options.number("tolerance")? {
        solver = solver.tolerance(tolerance);
    }
    if let Some(iterations) = options.count("maxIterations")? {
        solver = solver.max_iterations(iterations);
    }
    match options.get("annealing")? {
        None => Ok(solver),
        Some(given) if given.as_bool() == Some(false) => Ok(solver.without_annealing()),
        Some(given) => {
            let given = Options::read("annealing", &given, &["from", "factor"])?;
            let (from, factor) = (given.required_number("from")?, given.required_number("factor")?);
            Ok(solver.annealing(Annealing::new(from, factor)))
        }
    }
}

/// A number, or `{ relative }`.
fn epsilon(options: &Options) -> Result<Epsilon, Failure> {
    let Some(given) = options.get("epsilon")? else {
        return Err(Failure::argument("epsilon", "is missing"));
    };
    match given.as_f64() {
        Some(epsilon) => Ok(Epsilon::Absolute(epsilon)),
        None if given.is_object() => {
            let given = Options::read("epsilon", &given, &["relative"])?;
            Ok(Epsilon::Relative(given.required_number("relative")?))
        }
        None => {
            let reason = format!("is {}, not a number or {{ relative }}", describe(&given));
            Err(Failure::argument("epsilon", reason))
        }
    }
}
