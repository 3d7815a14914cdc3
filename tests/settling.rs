//! Problems of public bug reports, which stand for their families: small ones that others take a hundred thousand
//! iterations for, or never settle. The values were made outside the project: Sinkhorn in f64 with a Newton finish (see
//! `tests/data/SOURCES.md`).
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Way, ways};
use kantor::{Annealing, Geometry, Grid, GroundCost, Precision, Problem, Sinkhorn, Solution, Stop};
use std::path::Path;

/// An array of a case: shape and numbers.
fn array(name: &str) -> (Vec<usize>, Vec<f64>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/cases/{name}.npy"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let npy = npyz::NpyFile::new(&bytes[..]).expect("an npy file");
    let shape = npy.shape().iter().map(|n| *n as usize).collect();
    (shape, npy.into_vec::<f64>().expect("f64"))
}

/// A report.
struct Reported {
    /// Where.
    source: &'static str,
    cost: &'static str,
    weights: [&'static str; 2],
    epsilon: f64,
    /// Transport, regularised and entropy cost.
    costs: [f64; 3],
    /// Absolute, in single and in double precision.
    tolerance: [f64; 2],
}

/// What rounding leaves in the marginals of potentials of 5e6 ε in double-floats, 2⁻⁴⁸ of them an exponent: the one case that
/// stalls above 1e-10 there, and says so.
const STALLS: (&str, f64) = ("flat_cost_cost", 2e-9);

const FORBIDDEN: [f64; 3] = [0.1092776500068646, 0.1732357647381538, -0.025763366269161397];
const SMALL: [f64; 2] = [2.2e-5, 2.3e-10];

const CASES: &[Reported] = &[
    Reported {
        source: "ott-jax/ott#165: pairs that may not be coupled",
        cost: "forbidden_cost",
        weights: ["forbidden_a", "forbidden_b"],
        epsilon: 0.05,
        costs: FORBIDDEN,
        tolerance: SMALL,
    },
    Reported {
        source: "ott-jax/ott#165, with a cost of 1e6 instead",
        cost: "forbidden_cost_1e6",
        weights: ["forbidden_a", "forbidden_b"],
        epsilon: 0.05,
        costs: FORBIDDEN,
        tolerance: SMALL,
    },
    Reported {
        source: "ott-jax/ott#165, with a cost of 1e30 instead",
        cost: "forbidden_cost_1e30",
        weights: ["forbidden_a", "forbidden_b"],
        epsilon: 0.05,
        costs: FORBIDDEN,
        tolerance: SMALL,
    },
    Reported {
        source: "PythonOT/POT#227: an almost constant cost, a few rows and columns of another scale",
        cost: "flat_cost_cost",
        weights: ["flat_cost_a", "flat_cost_b"],
        epsilon: 0.01,
        costs: [12927.219272259003, 12927.226123346187, 12927.157805162915],
        tolerance: [1.4, 1.4e-5],
    },
    Reported {
        source: "Thinklab-SJTU/pygmtools#100: a permutation to 50 digits",
        cost: "similarity_cost",
        weights: ["similarity_a", "similarity_b"],
        epsilon: 1.0,
        costs: [-1105.00000000007, -1103.3905620876358, -1106.609437912504],
        tolerance: [0.0531, 5.31001e-7],
    },
    Reported {
        source: "raw features, costs to 4e6",
        cost: "scale_cost",
        weights: ["scale_a", "scale_b"],
        epsilon: 1e4,
        costs: [297048.1258364094, 323981.8040398278, 257781.07197452424],
        tolerance: [55.2, 5.52e-4],
    },
    Reported {
        source: "the same times 1e-14",
        cost: "scale_cost_small",
        weights: ["scale_a", "scale_b"],
        epsilon: 1e-10,
        costs: [2.9704812583640986e-9, 3.239818040398283e-9, 2.5778107197452467e-9],
        tolerance: [5.52e-13, 5.52e-18],
    },
    Reported {
        source: "the same over its largest, and 1e6 more",
        cost: "scale_cost_offset",
        weights: ["scale_a", "scale_b"],
        epsilon: 0.01,
        costs: [1000000.1108542834, 1000000.1330706351, 1000000.066869903],
        tolerance: [20.0, 2e-4],
    },
    Reported {
        source: "a constant cost",
        cost: "const_cost_cost",
        weights: ["const_cost_a", "const_cost_b"],
        epsilon: 0.01,
        costs: [725000.0, 725000.0, 724999.9510871912],
        tolerance: [14.5, 1.45e-4],
    },
    Reported {
        source: "POT#227, ott#578: row and column constants of 1e3",
        cost: "additive_cost_1e3",
        weights: ["large_epsilon_a", "large_epsilon_b"],
        epsilon: 0.01,
        costs: [921.225189280896, 921.241168586567, 921.192255777815],
        tolerance: [0.0394, 3.94e-7],
    },
    Reported {
        source: "POT#227, ott#578: row and column constants of 1e5",
        cost: "additive_cost_1e5",
        weights: ["large_epsilon_a", "large_epsilon_b"],
        epsilon: 0.01,
        costs: [92101.43370505334, 92101.449684359, 92101.40077155025],
        tolerance: [3.94, 3.94e-5],
    },
];

fn problem(case: &Reported) -> Problem {
    let (shape, cost) = array(case.cost);
    let [a, b] = case.weights.map(|name| array(name).1);
    let geometry = Geometry::cost_matrix(&cost, shape[0], shape[1]).expect("a cost");
    Problem::new(geometry, &a, &b).expect("weights").normalized()
}

/// What is wrong with an answer, if something is.
fn wrong(
    way: &Way,
    solver: Sinkhorn,
    problem: &Problem,
    costs: [f64; 3],
    (bound, stalls): (f64, f64),
) -> Option<String> {
    let solution = match solver.solve_blocking(&way.context, problem) {
        Ok(solution) => solution,
        Err(error) => return Some(error.to_string()),
    };
    let (error, iterations) = (solution.marginal_error()[0], solution.iterations()[0]);
    println!("{}: {iterations} iterations to {error:.1e}", way.name);
    let stalls = solution.stop()[0] == Stop::Stalled && error <= stalls;
    if solution.stop()[0] != Stop::Converged && !stalls {
        return Some(format!("{}: {error:e} after {iterations}", solution.stop()[0]));
    }
    let found =
        [solution.transport_cost()[0], solution.regularized_cost()[0], solution.entropy_cost()[0]];
    let mut pairs = found.into_iter().zip(costs);
    let is_off = |off: f64| off.is_nan() || off > bound;
    let off = pairs.find(|(found, known)| is_off((found - known).abs()));
    off.map(|(found, known)| format!("{found:?} is not {known:?} within {bound:e}"))
}

/// Within the default limit of iterations, at both default tolerances.
#[test]
fn reported_problems_settle() {
    let mut failures = Vec::new();
    for way in ways() {
        for case in CASES {
            for (precision, tolerance) in
                [Precision::Single, Precision::Double].into_iter().zip(case.tolerance)
            {
                if way.precision != precision && way.context.device().is_some() {
                    continue;
                }
                let solver = Sinkhorn::new(case.epsilon).precision(precision);
                print!("{} in {precision}, ", case.cost);
                let on_device = way.context.device().is_some();
                let stalls = on_device && precision == Precision::Double && case.cost == STALLS.0;
                let bounds = (tolerance, if stalls { STALLS.1 } else { 0.0 });
                let found = wrong(&way, solver, &problem(case), case.costs, bounds);
                let what = format!("{}, {} ({}), {precision}", way.name, case.cost, case.source);
                failures.extend(found.map(|found| format!("{what}: {found}")));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// google-research/ott#8: a measure against itself. Averaged steps settle in a dozen iterations, which alternating ones
/// do in seventy thousand.
#[test]
fn a_measure_against_itself_settles_at_once() {
    let (_, pixels) = array("self_pixels_a");
    let geometry = Geometry::grid(&Grid::new(&[3, 2])).expect("a grid");
    let problem = Problem::new(geometry, &pixels, &pixels).expect("weights").normalized();
    for way in ways() {
        for (precision, tolerance) in [(Precision::Single, 4e-5), (Precision::Double, 4.01e-10)] {
            if way.precision != precision && way.context.device().is_some() {
                continue;
            }
            let solver = Sinkhorn::new(0.1).precision(precision);
            let costs = [0.021085579927777102, 0.15283611964654867, -0.17076328470545843];
            assert_eq!(
                wrong(&way, solver.clone(), &problem, costs, (tolerance, 0.0)),
                None,
                "{}",
                way.name
            );
            let solution = way.solve_with(solver, &problem);
            assert!(solution.iterations()[0] <= 30, "{} {:?}", way.name, solution.iterations());
        }
    }
}

/// That the stages of a problem add up, and fall to its ε from the stage `first` on.
fn assert_falls(solution: &Solution, first: usize, what: &str) {
    for problem in 0..solution.len() {
        let stages = solution.schedule(problem);
        let what = format!("{what}, problem {problem}: {stages:?}");
        let sum: u32 = stages.iter().map(|stage| stage.iterations).sum();
        assert_eq!(sum, solution.iterations()[problem], "{what}");
        let last = stages.last().expect("a stage").epsilon;
        let exact = solution.epsilon(problem);
        assert!((last / exact - 1.0).abs() < 1e-12, "{what}");
        let falling = stages.get(first..).unwrap_or_default();
        assert!(falling.windows(2).all(|w| w[0].epsilon > w[1].epsilon), "{what}");
        assert!(stages.iter().all(|stage| stage.iterations > 0), "{what}");
    }
}

/// Points on a line, at an ε that a problem does not settle at without annealing.
fn slow() -> Problem {
    let mut random = common::Random::new(23);
    let mut places = |n: usize| -> Vec<f64> { (0..n).map(|_| random.uniform()).collect() };
    let (x, y) = (places(80), places(70));
    let geometry = Geometry::points(&x, &y, 1, GroundCost::SquaredEuclidean).expect("points");
    Problem::new(geometry, &[1.0 / 80.0; 80], &[1.0 / 70.0; 70]).expect("weights")
}

#[test]
fn a_schedule_is_there_to_be_seen() {
    for way in ways() {
        let solver = Sinkhorn::new(1e-3).precision(way.precision).max_iterations(20_000);
        let solution = way.solve_with(solver.clone(), &slow());
        let stages = solution.schedule(0);
        println!("{}: {stages:?}", way.name);
        // A few iterations at ε itself, then a tenth of the largest cost, and by a third from stage to stage.
        assert!(stages.len() > 4, "{}: {stages:?}", way.name);
        assert_eq!(stages[0].epsilon, 1e-3);
        let largest = slow().geometry().magnitude();
        assert!((stages[1].epsilon / (0.1 * largest) - 1.0).abs() < 1e-5, "{}", way.name);
        assert!((stages[2].epsilon / stages[1].epsilon - 0.35).abs() < 1e-5, "{}", way.name);
        assert_falls(&solution, 1, way.name);
        let plain = solver.clone().without_annealing();
        let plain = plain.solve_blocking(&way.context, &slow()).expect("a solution");
        assert_eq!(plain.schedule(0).len(), 1);
        assert_falls(&plain, 0, way.name);
        let own = solver.annealing(Annealing::new(0.5, 0.7));
        let own = way.solve_with(own, &slow());
        assert_eq!(own.schedule(0)[1].epsilon, 0.5 * 0.7);
        assert_falls(&own, 0, way.name);
        assert!(own.schedule(1).is_empty());
    }
}

/// Iterations that end while ε falls end at the ε that is asked for, and with the columns exact.
#[test]
fn the_last_iteration_is_one_at_the_epsilon_that_is_asked_for() {
    for way in ways() {
        for most in [8, 12, 14, 20, 21, 22, 23, 24, 25, 40] {
            let solver = Sinkhorn::new(1e-3).precision(way.precision).max_iterations(most);
            let solution = solver.solve_blocking(&way.context, &slow()).expect("a solution");
            assert_eq!(solution.stop(), [Stop::MaxIterations], "{}", way.name);
            assert_eq!(solution.iterations(), [most], "{}", way.name);
            assert_falls(&solution, 1, way.name);
            let plan = solution.plan_blocking(0).expect("a plan");
            let columns = (0..70).map(|j| (0..80).map(|i| plan[70 * i + j]).sum::<f64>());
            let off: f64 = columns.map(|column| (column - 1.0 / 70.0).abs()).sum();
            assert!(off < 1e-4, "{}, {most} iterations: {off:e}", way.name);
        }
    }
}
