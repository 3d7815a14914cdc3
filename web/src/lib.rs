//! kantor in the browser: what the demo page and the browser test call.
//!
//! Everything here is `async`, because a browser lends its GPU only to those who wait without blocking.

mod bessel;
mod directions;

use kantor::{Backend, Context, Geometry, Problem, Sinkhorn, Solution};
use wasm_bindgen::prelude::*;

/// A number the kernels computed, beside the one it must be.
#[wasm_bindgen(getter_with_clone)]
#[derive(Debug, Clone)]
pub struct Comparison {
    pub problem: String,
    pub quantity: String,
    pub got: f64,
    pub expected: f64,
    /// |got − expected|.
    pub error: f64,
    pub bound: f64,
    /// `error ≤ bound`; false for NaN.
    pub ok: bool,
}

/// What [`solve_demo`] found, and where it ran.
#[wasm_bindgen(getter_with_clone)]
#[derive(Debug, Clone)]
pub struct Demo {
    pub adapter: String,
    /// False where no WebGPU adapter was found and the CPU twin did the work.
    pub on_gpu: bool,
    pub comparisons: Vec<Comparison>,
}

impl Demo {
    fn compare(&mut self, problem: &str, quantity: &str, got: f64, expected: f64, bound: f64) {
        let error = (got - expected).abs();
        self.comparisons.push(Comparison {
            problem: problem.into(),
            quantity: quantity.into(),
            got,
            expected,
            error,
            bound,
            ok: error <= bound,
        });
    }
}

/// Once, before all else: panics and the library's warnings go to the browser's console.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
    // It fails only where a logger is set already, and that one may stay.
    let _ = console_log::init_with_level(log::Level::Warn);
}

/// Solves a 2×2 problem with a known answer and a random 64×64 one on WebGPU, evaluates log-Bessel functions, fits directions, and compares.
#[wasm_bindgen]
pub async fn solve_demo() -> Result<Demo, JsError> {
    let gpu = Context::new().await?;
    let twin = Context::cpu();
    let mut demo = Demo {
        adapter: gpu.adapter().to_string(),
        on_gpu: gpu.adapter().backend == Backend::WebGpu,
        comparisons: Vec::new(),
    };
    against_known_answer(&gpu, &mut demo).await?;
    against_twin(&gpu, &twin, &mut demo).await?;
    bessel::against_twin(&gpu, &mut demo).await?;
    directions::against_twin(&gpu, &twin, &mut demo).await?;
    Ok(demo)
}

/// C = [[0, 1], [1, 0]], equal weights, ε = 1: the plan has ½/(1 + e⁻¹) on its diagonal, and the rest costs 1 a unit.
async fn against_known_answer(gpu: &Context, demo: &mut Demo) -> Result<(), kantor::Error> {
    let geometry = Geometry::cost_matrix(&[0.0f32, 1.0, 1.0, 0.0], 2, 2)?;
    let problem = Problem::new(geometry, &[0.5f32, 0.5], &[0.5f32, 0.5])?;
    let (solution, plan) = solve(gpu, &problem, 1.0).await?;
    let name = "2 × 2";
    demo.compare(name, "plan[0, 0]", plan[0], 0.365_529_289_315_002, 1e-6);
    demo.compare(name, "transport cost", solution.transport_cost()[0], 0.268_941_421_369_995, 1e-6);
    demo.compare(name, "marginal error", solution.marginal_error()[0], 0.0, 1e-6);
    Ok(())
}

/// 64 × 64 costs in [0, 1) and weights from a fixed generator, ε = 0.05: every number against the f64 twin's.
async fn against_twin(gpu: &Context, twin: &Context, demo: &mut Demo) -> Result<(), kantor::Error> {
    let n = 64;
    let mut random = Random(1);
    let mut draw = |count: usize| -> Vec<f32> { (0..count).map(|_| random.next()).collect() };
    let (cost, a, b) = (draw(n * n), draw(n), draw(n));
    let problem =
        Problem::new(Geometry::cost_matrix(&cost, n, n)?, &normalized(&a), &normalized(&b))?;
    let (got, got_plan) = solve(gpu, &problem, 0.05).await?;
    let (expected, expected_plan) = solve(twin, &problem, 0.05).await?;

    let name = "64 × 64";
    let cost = expected.transport_cost()[0];
    demo.compare(name, "transport cost", got.transport_cost()[0], cost, 1e-5 * cost);
    demo.compare(name, "marginal error", got.marginal_error()[0], 0.0, 1e-5);
    // The plan entry that is furthest off, measured by the largest entry there is.
    let largest = expected_plan.iter().copied().fold(0.0, f64::max);
    let (got, expected) = got_plan
        .into_iter()
        .zip(expected_plan)
        .max_by(|(g, e), (h, f)| (g - e).abs().total_cmp(&(h - f).abs()))
        .expect("a plan of 64 × 64");
    demo.compare(name, "worst entry of the plan", got, expected, 1e-4 * largest);
    Ok(())
}

async fn solve(
    context: &Context,
    problem: &Problem,
    epsilon: f64,
) -> Result<(Solution, Vec<f64>), kantor::Error> {
    let solution =
        Sinkhorn::new(epsilon).tolerance(1e-6).max_iterations(2000).solve(context, problem).await?;
    let plan = solution.plan(0).await?;
    Ok((solution, plan))
}

fn normalized(weights: &[f32]) -> Vec<f32> {
    let total: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// Numbers in [0, 1), the same on every machine (Numerical Recipes' linear congruential generator, upper 24 bits).
struct Random(u32);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 24) as f32
    }
}
