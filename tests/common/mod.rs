//! What the integration tests share: the adapter under test, reproducible random
//! problems, and the f64 arithmetic they are compared with.
#![allow(dead_code, reason = "every test binary uses its own part of this file")]

pub mod buffers;
pub mod directions;
pub mod divergence_reference;
pub mod pairs;
pub mod random;

use kantor::wgpu;
use kantor::{
    Backend, Context, Geometry, Potentials, Precision, Problem, Sinkhorn, Solution, Variant,
};
use std::sync::OnceLock;

pub use pollster::block_on;

// --- the adapter under test -----------------------------------------------------

/// The variable that names the adapter; unset, the best of the machine is tested.
const VARIABLE: &str = "KANTOR_TEST_ADAPTER";

/// What a value of [`VARIABLE`] stands for: backends and a part of the adapter's name.
fn identity(requested: &str) -> (wgpu::Backends, Backend, &'static str) {
    match requested {
        "lavapipe" => (wgpu::Backends::VULKAN, Backend::Vulkan, "llvmpipe"),
        "llvmpipe-gl" => (wgpu::Backends::GL, Backend::Gl, "llvmpipe"),
        "swiftshader" => (wgpu::Backends::VULKAN, Backend::Vulkan, "SwiftShader"),
        other => panic!("{VARIABLE}={other}: not one of lavapipe, llvmpipe-gl, swiftshader, cpu"),
    }
}

fn requested() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|name| !name.is_empty())
}

/// A context of its own on the adapter under test. An adapter that was asked for
/// and is missing, or another one in its place, fails the test.
pub fn open() -> Context {
    let context = match requested().as_deref() {
        None => Context::new_blocking().expect("Context::new has no way to fail"),
        Some("cpu") => Context::cpu(),
        Some(name) => {
            let (backends, backend, part) = identity(name);
            let builder = Context::builder().backends(backends).adapter_name(part);
            let context = block_on(builder.build())
                .unwrap_or_else(|error| panic!("{VARIABLE}={name}, but: {error}"));
            let report = context.adapter();
            assert_eq!(report.backend, backend, "asked for {name}, got {report}");
            assert!(report.name.contains(part), "asked for {name}, got {report}");
            context
        }
    };
    println!("running on {}", context.adapter());
    context
}

/// The context that the tests of a binary share: pipelines are compiled once.
pub fn context() -> &'static Context {
    static CONTEXT: OnceLock<Context> = OnceLock::new();
    CONTEXT.get_or_init(open)
}

/// The shared context if it is a device. For what only a device has (submissions,
/// device memory, device loss): says so where the twin is under test.
pub fn device_context() -> Option<&'static Context> {
    let context = Some(context()).filter(|context| context.device().is_some());
    if context.is_none() {
        println!("NOT RUN: the CPU twin has no device");
    }
    context
}

/// The adapter of [`open`] as wgpu sees it, for hosts that bring their own device;
/// `None` for the CPU twin.
pub fn wgpu_adapter() -> Option<wgpu::Adapter> {
    let report = context().adapter();
    if report.backend == Backend::Cpu {
        return None;
    }
    let instance =
        wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapters = block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let found = adapters.into_iter().find(|adapter| {
        let info = adapter.get_info();
        info.name == report.name
            && format!("{:?}", info.backend).to_lowercase() == report.backend.name()
    });
    Some(found.expect("the adapter that a context was opened on is still there"))
}

/// `size`, or `small` on SwiftShader, which takes 5 to 20 times as long as Mesa.
pub fn sized<T>(size: T, small: T) -> T {
    if context().adapter().name.contains("SwiftShader") { small } else { size }
}

// --- ways to solve --------------------------------------------------------------

/// One way to an answer: a context, a precision, and what may be expected of it.
pub struct Way {
    pub name: &'static str,
    pub context: Context,
    pub precision: Precision,
    /// L1 marginal error to ask for.
    pub tolerance: f64,
    /// Error of a converged cost against the exact one, relative to max(|C|, ε).
    pub accuracy: f64,
}

impl Way {
    /// A solver at `epsilon` that goes as far as this way goes.
    pub fn solver(&self, epsilon: f64) -> Sinkhorn {
        Sinkhorn::new(epsilon)
            .precision(self.precision)
            .tolerance(self.tolerance)
            .max_iterations(100_000)
    }

    /// Solves and demands convergence.
    pub fn solve(&self, epsilon: f64, problem: &Problem) -> Solution {
        self.solve_with(self.solver(epsilon), problem)
    }

    /// Solves with other settings and demands convergence.
    pub fn solve_with(&self, solver: Sinkhorn, problem: &Problem) -> Solution {
        solver
            .solve_blocking(&self.context, problem)
            .and_then(Solution::require_converged)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// The CPU twin, and the adapter under test in both precisions.
pub fn ways() -> Vec<Way> {
    let mut ways = vec![Way {
        name: "twin",
        context: Context::cpu(),
        precision: Precision::Double,
        tolerance: 1e-12,
        accuracy: 1e-11,
    }];
    if context().device().is_some() {
        ways.push(Way {
            name: "single",
            context: context().clone(),
            precision: Precision::Single,
            tolerance: 1e-5,
            accuracy: 1e-5,
        });
        ways.push(Way {
            name: "double",
            context: context().clone(),
            precision: Precision::Double,
            tolerance: 1e-10,
            accuracy: 1e-10,
        });
    }
    ways
}

// --- random problems ------------------------------------------------------------

pub use random::Random;

/// The numbers of a batch, kept beside the [`Problem`] that is made of them.
#[derive(Debug, Clone)]
pub struct Case {
    pub batch: usize,
    pub n: usize,
    pub m: usize,
    /// One n×m matrix, or one per problem.
    pub cost: Vec<f64>,
    pub own_costs: bool,
    pub source: Vec<f64>,
    pub target: Vec<f64>,
    pub start: Option<Vec<f64>>,
}

impl Case {
    /// `batch` problems over one cost, uniform on [0, 1) in f32.
    pub fn random(seed: u64, batch: usize, n: usize, m: usize) -> Case {
        Case::with_empty_bins(seed, batch, n, m, 0.0)
    }

    /// The same with a share of the bins empty.
    pub fn with_empty_bins(seed: u64, batch: usize, n: usize, m: usize, empty: f64) -> Case {
        let mut random = Random::new(seed);
        let mut rows = |bins: usize| -> Vec<f64> {
            (0..batch).flat_map(|_| random.histogram(bins, empty)).collect()
        };
        let (source, target) = (rows(n), rows(m));
        let cost = single_words(&random.vector(n * m));
        Case { batch, n, m, cost, own_costs: false, source, target, start: None }
    }

    /// One problem with the given numbers.
    pub fn single(cost: &[f64], source: &[f64], target: &[f64]) -> Case {
        Case {
            batch: 1,
            n: source.len(),
            m: target.len(),
            cost: cost.to_vec(),
            own_costs: false,
            source: source.to_vec(),
            target: target.to_vec(),
            start: None,
        }
    }

    /// Every problem gets a cost of its own.
    pub fn with_own_costs(mut self) -> Case {
        let mut random = Random::new(self.cost.len() as u64);
        self.cost = single_words(&random.vector(self.batch * self.n * self.m));
        self.own_costs = true;
        self
    }

    /// Every cost changed by `change`.
    pub fn with_cost(mut self, change: impl Fn(f64) -> f64) -> Case {
        self.cost.iter_mut().for_each(|c| *c = change(*c));
        self
    }

    /// Starts from random potentials within ±`size`.
    pub fn with_start(mut self, size: f64) -> Case {
        let mut random = Random::new(self.m as u64);
        let start = random.vector(self.batch * self.m);
        self.start = Some(start.iter().map(|g| size * (2.0 * g - 1.0)).collect());
        self
    }

    pub fn problem(&self) -> Problem {
        let geometry = if self.own_costs {
            Geometry::cost_matrices(&self.cost, self.batch, self.n, self.m)
        } else {
            Geometry::cost_matrix(&self.cost, self.n, self.m)
        };
        let problem = geometry
            .and_then(|geometry| Problem::new(geometry, &self.source, &self.target))
            .map(Problem::normalized)
            .expect("a well-formed case");
        match &self.start {
            None => problem,
            Some(g) => problem.starting_from(g).expect("finite potentials"),
        }
    }

    /// Problem k alone.
    pub fn alone(&self, k: usize) -> Case {
        let row = |values: &[f64], length: usize| values[k * length..(k + 1) * length].to_vec();
        Case {
            batch: 1,
            cost: self.cost_of(k).to_vec(),
            own_costs: false,
            source: row(&self.source, self.n),
            target: row(&self.target, self.m),
            start: self.start.as_ref().map(|g| row(g, self.m)),
            ..*self
        }
    }

    pub fn cost_of(&self, k: usize) -> &[f64] {
        let cells = self.n * self.m;
        if self.own_costs { &self.cost[k * cells..(k + 1) * cells] } else { &self.cost }
    }

    pub fn source_of(&self, k: usize) -> &[f64] {
        &self.source[k * self.n..(k + 1) * self.n]
    }

    pub fn target_of(&self, k: usize) -> &[f64] {
        &self.target[k * self.m..(k + 1) * self.m]
    }

    /// max |C|.
    pub fn magnitude(&self) -> f64 {
        self.cost.iter().fold(0.0, |most, c| most.max(c.abs()))
    }
}

/// Every value rounded to f32.
pub fn single_words(values: &[f64]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v as f32)).collect()
}

// --- grids ----------------------------------------------------------------------

/// The definition: every pixel at its place, |x − y|^p added up over the axes.
pub fn cost_of_grid(axes: &[usize], spacing: Option<&[f64]>, exponent: f64) -> Vec<f64> {
    let bins: usize = axes.iter().product();
    let place = |mut pixel: usize| -> Vec<f64> {
        let mut place = vec![0.0; axes.len()];
        for (axis, &n) in axes.iter().enumerate().rev() {
            let step = spacing.map_or(1.0 / (n.max(2) - 1) as f64, |s| s[axis.min(s.len() - 1)]);
            place[axis] = (pixel % n) as f64 * step;
            pixel /= n;
        }
        place
    };
    let cost = |p: usize, q: usize| -> f64 {
        place(p).iter().zip(place(q)).map(|(x, y)| (x - y).abs().powf(exponent)).sum()
    };
    (0..bins * bins).map(|cell| cost(cell / bins, cell % bins)).collect()
}

// --- reading and comparing ------------------------------------------------------

pub fn plan(solution: &Solution, problem: usize) -> Vec<f64> {
    block_on(solution.plan(problem)).expect("a plan")
}

pub fn potentials(solution: &Solution, problem: usize) -> Potentials {
    block_on(solution.potentials(problem)).expect("potentials")
}

/// The variant on an adapter; the twin has none to choose from.
pub fn here(variant: Variant) -> Variant {
    if context().device().is_some() { variant } else { Variant::Auto }
}

/// The f64 twin's solution with the same settings.
pub fn twin(solver: &Sinkhorn, problem: &Problem) -> Solution {
    solver
        .clone()
        .variant(Variant::Reference)
        .precision(Precision::Double)
        .solve_blocking(&Context::cpu(), problem)
        .expect("the twin solves what is well-formed")
}

/// max |x − y|.
pub fn distance(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "vectors of different length");
    // `max` would drop a NaN.
    x.iter()
        .zip(y)
        .map(|(x, y)| (x - y).abs())
        .fold(0.0, |most, d| if d > most || d.is_nan() { d } else { most })
}

/// Fails unless |found − expected| ≤ bound, with all three numbers.
#[track_caller]
pub fn assert_close(what: &str, found: f64, expected: f64, bound: f64) {
    let error = (found - expected).abs();
    assert!(
        error <= bound,
        "{what}: found {found:.15e}, expected {expected:.15e}, off by {error:.2e}, allowed {bound:.2e}"
    );
}

/// Σ_j P_ij of every i, and Σ_i P_ij of every j.
pub fn marginals(plan: &[f64], n: usize, m: usize) -> (Vec<f64>, Vec<f64>) {
    let mut columns = vec![0.0; m];
    let rows = plan
        .chunks_exact(m)
        .map(|row| {
            columns.iter_mut().zip(row).for_each(|(column, p)| *column += p);
            row.iter().sum()
        })
        .collect::<Vec<f64>>();
    assert_eq!(rows.len(), n, "a plan of another shape");
    (rows, columns)
}

/// What a plan costs by the definitions: ⟨P,C⟩, ⟨P,C⟩ + ε KL(P‖a⊗b), ⟨P,C⟩ − ε H(P).
pub fn costs_of_plan(plan: &[f64], cost: &[f64], a: &[f64], b: &[f64], epsilon: f64) -> [f64; 3] {
    let product = a.iter().flat_map(|a| b.iter().map(move |b| a * b));
    let (mut transport, mut divergence, mut entropy) = (0.0, 0.0, 0.0);
    for ((&p, c), ab) in plan.iter().zip(cost).zip(product) {
        transport += p * c;
        divergence += ab - p;
        if p > 0.0 {
            divergence += p * (p / ab).ln();
            entropy -= p * p.ln();
        }
    }
    [transport, transport + epsilon * divergence, transport - epsilon * entropy]
}
