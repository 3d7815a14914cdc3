//! What a solve has come to.

use crate::arguments::count_or;
use crate::failure::Failure;
use crate::numbers::{Numbers, check_result, doubles};
use crate::values::{array, object, promise};
use js_sys::Promise;
use kantor::Problem;
use std::rc::Rc;
use std::sync::Arc;
use wasm_bindgen::prelude::*;

/// What is known of a solution besides what the library says.
#[derive(Debug)]
pub(crate) struct About {
    adapter: String,
    /// n source and m target bins.
    shape: (usize, usize),
    normalized: bool,
    /// The rows of weights of every problem.
    pairs: Vec<[u32; 2]>,
}

impl About {
    pub(crate) fn new(adapter: String, problem: &Problem) -> About {
        let pair = |k| <[usize; 2]>::from(problem.pair(k)).map(|row| row as u32);
        About {
            adapter,
            shape: problem.geometry().shape(),
            normalized: problem.is_normalized(),
            pairs: (0..problem.len()).map(pair).collect(),
        }
    }
}

/// Where the library's solution is kept.
#[derive(Debug, Clone)]
enum Kept {
    Alone(Arc<kantor::Solution>),
    Within(Arc<kantor::SinkhornDivergence>),
}

impl Kept {
    fn get(&self) -> &kantor::Solution {
        match self {
            Kept::Alone(solution) => solution,
            Kept::Within(divergence) => divergence.cross(),
        }
    }
}

/// What a solve has come to, one entry a problem. Getters copy: keep what is used in a loop.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Solution {
    kept: Kept,
    about: Rc<About>,
}

#[wasm_bindgen]
impl Solution {
    /// Number of problems.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.kept.get().len()
    }

    /// The kernels that ran: `'resident'`, `'streaming'`, `'scaling'`, or `'reference'` for the CPU twin.
    #[wasm_bindgen(getter)]
    pub fn variant(&self) -> String {
        self.kept.get().variant().to_string()
    }

    /// Where it ran: the context's `adapter`.
    #[wasm_bindgen(getter)]
    pub fn adapter(&self) -> String {
        self.about.adapter.clone()
    }

    /// ⟨P,C⟩.
    #[wasm_bindgen(getter, js_name = transportCost)]
    pub fn transport_cost(&self) -> Vec<f64> {
        self.kept.get().transport_cost().to_vec()
    }

    /// The objective, min ⟨P,C⟩ + ε KL(P‖a⊗b) and what a reach adds, as its dual value: a lower bound before
    /// convergence.
    #[wasm_bindgen(getter, js_name = regularizedCost)]
    pub fn regularized_cost(&self) -> Vec<f64> {
        self.kept.get().regularized_cost().to_vec()
    }

    /// ⟨P,C⟩ − ε H(P), H(P) = −Σ P ln P.
    #[wasm_bindgen(getter, js_name = entropyCost)]
    pub fn entropy_cost(&self) -> Vec<f64> {
        self.kept.get().entropy_cost().to_vec()
    }

    /// (Σ|P1 − a| + Σ|Pᵀ1 − b|) over the larger mass, measured on the returned potentials. With a reach or a given
    /// mass, a and b are what the optimum has at these potentials.
    #[wasm_bindgen(getter, js_name = marginalError)]
    pub fn marginal_error(&self) -> Vec<f64> {
        self.kept.get().marginal_error().to_vec()
    }

    /// ΣP: the mass that is moved.
    #[wasm_bindgen(getter)]
    pub fn mass(&self) -> Vec<f64> {
        self.kept.get().mass().to_vec()
    }

    /// ε, in units of the cost.
    #[wasm_bindgen(getter)]
    pub fn epsilon(&self) -> Vec<f64> {
        let solution = self.kept.get();
        (0..solution.len()).map(|problem| solution.epsilon(problem)).collect()
    }

    /// λ, in units of the cost, where the mass is given: P_ij = a_i b_j exp((f_i + g_j + λ − C_ij)/ε). 0 elsewhere.
    #[wasm_bindgen(getter)]
    pub fn multiplier(&self) -> Vec<f64> {
        let solution = self.kept.get();
        (0..solution.len()).map(|problem| solution.multiplier(problem)).collect()
    }

    /// Whether every row of weights was divided by its mass.
    #[wasm_bindgen(getter)]
    pub fn normalized(&self) -> bool {
        self.about.normalized
    }

    /// The rows of weights that every problem is between, of the source and of the target.
    #[wasm_bindgen(getter, unchecked_return_type = "[number, number][]")]
    pub fn pairs(&self) -> JsValue {
        array(self.about.pairs.iter().map(|pair| array(pair.iter().copied())))
    }

    /// Iterations of every problem.
    #[wasm_bindgen(getter)]
    pub fn iterations(&self) -> Vec<u32> {
        self.kept.get().iterations().to_vec()
    }

    /// Whether the marginal error is within the tolerance.
    #[wasm_bindgen(getter, unchecked_return_type = "boolean[]")]
    pub fn converged(&self) -> JsValue {
        array(self.kept.get().converged().iter().copied())
    }

    /// Why every problem left the loop: `stalled` where rounding lets its error fall no further.
    #[wasm_bindgen(
        getter,
        unchecked_return_type = "('converged' | 'max-iterations' | 'stalled')[]"
    )]
    pub fn stop(&self) -> JsValue {
        array(self.kept.get().stop().iter().map(|stop| stop.name()))
    }

    /// Throws with kind `not-converged` (with problem, marginalError and iterations of the worst) unless every problem
    /// has converged.
    #[wasm_bindgen(js_name = requireConverged)]
    pub fn require_converged(&self) -> Result<(), JsValue> {
        Ok(self.kept.get().check_converged().map_err(Failure::from)?)
    }

    /// Potentials f (n) and g (m) of a problem, in units of cost.
    #[wasm_bindgen(unchecked_return_type = "Promise<Potentials>")]
    pub fn potentials(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] problem: JsValue,
    ) -> Promise {
        let solution = self.kept.clone();
        promise(
            || place(&problem),
            |problem| async move {
                let potentials = solution.get().potentials(problem).await?;
                Ok(object([("f", doubles(&potentials.f)), ("g", doubles(&potentials.g))]))
            },
        )
    }

    /// The plan P of a problem, row-major n×m: P_ij = a_i b_j exp((f_i + g_j + λ − C_ij)/ε). Rejects with
    /// `limit-exceeded` above 67,108,864 entries.
    #[wasm_bindgen(unchecked_return_type = "Promise<Float64Array>")]
    pub fn plan(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] problem: JsValue,
    ) -> Promise {
        let (solution, (n, m)) = (self.kept.clone(), self.about.shape);
        let read = || {
            check_result("plan", (n as u64).checked_mul(m as u64))?;
            place(&problem)
        };
        promise(read, |problem| async move { Ok(doubles(&solution.get().plan(problem).await?)) })
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
    pub(crate) fn alone(solution: kantor::Solution, about: About) -> Solution {
        Solution { kept: Kept::Alone(Arc::new(solution)), about: Rc::new(about) }
    }

    pub(crate) fn within(
        divergence: Arc<kantor::SinkhornDivergence>,
        about: Rc<About>,
    ) -> Solution {
        Solution { kept: Kept::Within(divergence), about }
    }

    fn product(&self, x: &JsValue, problem: &JsValue, transposed: bool) -> Promise {
        let solution = self.kept.clone();
        let (n, m) = self.about.shape;
        let (rows, columns) = if transposed { (m, n) } else { (n, m) };
        let read = || {
            let (problem, x) = (place(problem)?, Numbers::read("x", x)?);
            check_result("x", (rows as u64).checked_mul((x.len() / columns.max(1)) as u64))?;
            Ok((problem, x.into_f64()))
        };
        promise(read, move |(problem, x)| async move {
            Ok(doubles(&match transposed {
                false => solution.get().apply(problem, &x).await?,
                true => solution.get().apply_transposed(problem, &x).await?,
            }))
        })
    }
}

/// Which problem of the batch; the first unless given.
fn place(problem: &JsValue) -> Result<usize, Failure> {
    Ok(count_or("problem", problem, 0)? as usize)
}
