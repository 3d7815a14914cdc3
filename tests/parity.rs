//! Every kernel of `shaders/transport` against its f64 twin of the same name in
//! `kantor::reference`, on the adapter that `KANTOR_TEST_ADAPTER` names.
//!
//! | kernels | test |
//! |---|---|
//! | `softmin_rows`, `softmin_columns` | `softmin_rows_and_softmin_columns_follow_the_twin` |
//! | `softmin_support` | `softmin_support_follows_the_twin` |
//! | `softmin_double` | `softmin_double_follows_the_twin`, dense and gathered |
//! | `softmin_line`, `softmin_axis`, `softmin_axis_double` | `grids_follow_the_twin` |
//! | `resident` | `resident_follows_the_twin`, dense and gathered |
//! | `scaling_product`, `rescale` | `scaling_product_and_rescale_follow_the_twin` |
//! | `convergence`, `totals` | in all of them, and `each_problem_leaves_by_itself` |
//! | `plan`, `apply` | `plan_and_apply_follow_the_twin` |
//!
//! Iterates are compared after a fixed number of iterations, so that only rounding
//! separates the two. Then come the numbers a caller relies on: converged costs,
//! submissions, memory, progress.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{
    Case, Random, block_on, context, device_context, distance, open, plan, potentials, sized, twin,
};
use kantor::{
    Annealing, Context, Error, Geometry, Grid, Precision, Problem, Sinkhorn, Solution, Variant,
};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What a result may be off by, in units of the spacing 2⁻²⁴ (Single) or 2⁻⁴⁸
/// (Double) of numbers next to 1.
///
/// A potential f + ε ln a is rounded in proportion to max|C| + ε (1 + |ln a|), the 1
/// for its last logarithm. Divided by ε that is the relative error of a plan's
/// entry, and so of every sum over the plan.
struct Tolerance {
    variant: Variant,
    precision: Precision,
    /// Potentials, relative to max|C| + ε (1 + max|ln a|).
    potential: f64,
    /// Marginal error and the three costs, relative to the size of their terms, per
    /// unit of 1 + max|ln a| + max|C|/ε.
    sums: f64,
}

const TOLERANCES: [Tolerance; 4] = [
    // A softmin rounds (g − C) + f, the sum, its logarithm and the result: three units.
    // Errors of one side feed the other and contract.
    Tolerance {
        variant: Variant::Streaming,
        precision: Precision::Single,
        potential: 12.0,
        sums: 6.0,
    },
    // The scalings of up to 30 iterations, rounded each time, on potentials made once.
    Tolerance {
        variant: Variant::Resident,
        precision: Precision::Single,
        potential: 12.0,
        sums: 6.0,
    },
    // exp of the whole exponent, then plain f32 sums of products.
    Tolerance {
        variant: Variant::Scaling,
        precision: Precision::Single,
        potential: 12.0,
        sums: 6.0,
    },
    // exp to 2⁻⁴³, five bits above the unit, but of exponents near 0 where most mass is;
    // log to 2⁻⁴⁵.
    Tolerance {
        variant: Variant::Streaming,
        precision: Precision::Double,
        potential: 12.0,
        sums: 6.0,
    },
];

fn tolerance(variant: Variant, precision: Precision) -> &'static Tolerance {
    TOLERANCES
        .iter()
        .find(|row| row.variant == variant && row.precision == precision)
        .expect("a row of the table for every variant that is tested")
}

fn spacing(precision: Precision) -> f64 {
    match precision {
        Precision::Single => 2.0f64.powi(-24),
        _ => 2.0f64.powi(-48),
    }
}

/// A variant beside its twin, and the largest errors seen, in units of [`Tolerance`].
struct Parity {
    variant: Variant,
    precision: Precision,
    potential: f64,
    sums: f64,
    problems: usize,
}

impl Parity {
    fn of(variant: Variant, precision: Precision) -> Parity {
        Parity { variant, precision, potential: 0.0, sums: 0.0, problems: 0 }
    }

    /// Compares after exactly `iterations`.
    #[track_caller]
    fn after(&mut self, iterations: u32, case: &Case, epsilon: f64) {
        self.compare(&fixed(epsilon, iterations), case, epsilon);
    }

    /// Solves `case` on the adapter and by the twin and compares everything that a
    /// solution says.
    #[track_caller]
    fn compare(&mut self, solver: &Sinkhorn, case: &Case, epsilon: f64) {
        self.of_problem(&case.problem(), solver, case, epsilon);
    }

    /// The same over a geometry that has the costs of `case`.
    #[track_caller]
    fn on(&mut self, geometry: Geometry, solver: &Sinkhorn, case: &Case, epsilon: f64) {
        let problem =
            Problem::new(geometry, &case.source, &case.target).expect("weights").normalized();
        let problem = match &case.start {
            None => problem,
            Some(g) => problem.starting_from(g).expect("finite potentials"),
        };
        self.of_problem(&problem, solver, case, epsilon);
    }

    #[track_caller]
    fn of_problem(&mut self, problem: &Problem, solver: &Sinkhorn, case: &Case, epsilon: f64) {
        let Parity { variant, precision, .. } = *self;
        let expected = twin(solver, &case.problem());
        let found = solver
            .clone()
            .variant(common::here(variant))
            .precision(precision)
            .solve_blocking(context(), problem)
            .unwrap_or_else(|error| {
                panic!("{variant} {}×{}×{}, ε = {epsilon:e}: {error}", case.batch, case.n, case.m)
            });
        if context().device().is_some() {
            assert_eq!(found.variant(), variant);
        }
        let row = tolerance(variant, precision);
        let unit = spacing(precision);
        for k in 0..case.batch {
            let what = format!(
                "{variant} {precision:?} {}×{}, problem {k} of {}, ε = {epsilon:e}",
                case.n, case.m, case.batch
            );
            let (cost, a, b) = (case.cost_of(k), case.source_of(k), case.target_of(k));
            let magnitude = cost.iter().fold(0.0f64, |most, c| most.max(c.abs()));
            let log_weight =
                a.iter().chain(b).filter(|w| **w > 0.0).fold(0.0f64, |most, w| most.max(-w.ln()));
            let size = magnitude + epsilon * (1.0 + log_weight);

            let (one, other) = (potentials(&found, k), potentials(&expected, k));
            for (side, x, y) in [("f", &one.f, &other.f), ("g", &one.g, &other.g)] {
                let error = distance(x, y) / size / unit;
                self.potential = self.potential.max(error);
                assert!(
                    error <= row.potential,
                    "{what}: {side} is off by {error:.1} of {}",
                    row.potential
                );
            }

            let contrast = size / epsilon;
            let terms: f64 = plan(&expected, k).iter().zip(cost).map(|(p, c)| p * c.abs()).sum();
            // What vanishes is 2⁻¹²⁶ on the device.
            let terms = terms + 1e-25;
            let entropy = epsilon * (1.0 + 2.0 * log_weight);
            let sums = [
                ("marginal_error", found.marginal_error()[k], expected.marginal_error()[k], 1.0),
                ("transport_cost", found.transport_cost()[k], expected.transport_cost()[k], terms),
                (
                    "regularized_cost",
                    found.regularized_cost()[k],
                    expected.regularized_cost()[k],
                    terms + epsilon,
                ),
                (
                    "entropy_cost",
                    found.entropy_cost()[k],
                    expected.entropy_cost()[k],
                    terms + entropy,
                ),
            ];
            for (name, x, y, scale) in sums {
                let error = (x - y).abs() / scale.max(f64::MIN_POSITIVE) / contrast / unit;
                self.sums = self.sums.max(error);
                assert!(
                    error <= row.sums,
                    "{what}: {name} {x:e}, twin {y:e}: off by {error:.1} of {}",
                    row.sums
                );
            }
            assert_eq!(found.iterations()[k], expected.iterations()[k], "{what}");
            self.problems += 1;
        }
    }

    fn report(&self, what: &str) {
        println!(
            "{what}: {} problems, worst potential {:.2}, worst sum {:.2}",
            self.problems, self.potential, self.sums
        );
    }
}

/// Exactly this many iterations.
fn fixed(epsilon: f64, iterations: u32) -> Sinkhorn {
    Sinkhorn::new(epsilon).tolerance(0.0).max_iterations(iterations)
}

/// ε from a thousandth of the largest cost to ten times it.
const EPSILONS: [f64; 4] = [1e-3, 0.03, 0.5, 10.0];

const SHAPES: [(usize, usize); 9] =
    [(1, 1), (1, 5), (6, 1), (2, 3), (7, 9), (31, 33), (64, 64), (100, 130), (257, 255)];

/// The shapes up to `most` entries.
fn shapes(most: usize) -> impl Iterator<Item = (usize, usize)> {
    SHAPES.into_iter().filter(move |(n, m)| n * m <= most)
}

// --- kernels against twins ------------------------------------------------------

#[test]
fn softmin_rows_and_softmin_columns_follow_the_twin() {
    let mut parity = Parity::of(Variant::Streaming, Precision::Single);
    for (k, (n, m)) in shapes(sized(usize::MAX, 20_000)).enumerate() {
        let case = Case::random(k as u64, 2, n, m);
        for epsilon in EPSILONS {
            parity.after(1, &case.clone().with_start(0.5), epsilon);
            parity.after(7, &case.clone().with_own_costs(), epsilon);
        }
    }
    parity.report("softmin_rows, softmin_columns");
}

#[test]
fn softmin_support_follows_the_twin() {
    let mut parity = Parity::of(Variant::Streaming, Precision::Single);
    for (k, (n, m)) in shapes(sized(usize::MAX, 20_000)).enumerate() {
        let case = Case::with_empty_bins(40 + k as u64, 3, n, m, 0.6);
        for epsilon in EPSILONS {
            parity.after(1, &case.clone().with_start(0.5), epsilon);
            parity.after(7, &case.clone().with_own_costs(), epsilon);
        }
    }
    parity.report("softmin_support");
}

#[test]
fn softmin_double_follows_the_twin() {
    let mut parity = Parity::of(Variant::Streaming, Precision::Double);
    for (k, (n, m)) in shapes(sized(20_000, 2_000)).enumerate() {
        for empty in [0.0, 0.6] {
            let case = Case::with_empty_bins(80 + k as u64, 2, n, m, empty);
            for epsilon in EPSILONS {
                parity.after(5, &case, epsilon);
                // Costs that f32 does not hold keep their low words.
                let fine = case.clone().with_cost(|c| c + 1e-9 * (1e4 * c).sin());
                parity.after(2, &fine, epsilon);
            }
        }
    }
    parity.report("softmin_double");
}

/// A start in double precision is taken at its word, low words included.
#[test]
fn softmin_double_keeps_the_low_words_of_a_start() {
    let mut parity = Parity::of(Variant::Streaming, Precision::Double);
    let case = Case::random(99, 2, 12, 17).with_start(0.5);
    parity.after(2, &case, 0.05);
    parity.report("softmin_double from a start");
}

/// One axis of a grid after the other, in both precisions; the twin goes over all pairs.
#[test]
fn grids_follow_the_twin() {
    type OfGrid = (&'static [usize], f64);
    let grids: [OfGrid; 6] = [
        (&[5], 2.0),
        (&[50], 1.0),
        (&[7, 9], 2.0),
        (&[1, 30], 1.5),
        (&[16, 20], 2.0),
        (&[5, 6, 7], 2.0),
    ];
    for precision in [Precision::Single, Precision::Double] {
        let mut parity = Parity::of(Variant::Streaming, precision);
        for (k, (axes, exponent)) in grids.into_iter().enumerate() {
            let cost = common::cost_of_grid(axes, None, exponent);
            let n = axes.iter().product();
            for empty in [0.0, 0.1] {
                let case = Case::with_empty_bins(200 + k as u64, 2, n, n, empty);
                let case = Case { cost: cost.clone(), ..case };
                let geometry = Geometry::grid(&Grid::new(axes).exponent(exponent)).expect("a grid");
                for epsilon in EPSILONS {
                    parity.on(
                        geometry.clone(),
                        &fixed(epsilon, 1),
                        &case.clone().with_start(0.5),
                        epsilon,
                    );
                    parity.on(geometry.clone(), &fixed(epsilon, 7), &case, epsilon);
                }
            }
        }
        parity.report("softmin_line, softmin_axis, softmin_axis_double");
    }
}

#[test]
fn resident_follows_the_twin() {
    let mut parity = Parity::of(Variant::Resident, Precision::Single);
    for (k, (n, m)) in shapes(1100).enumerate() {
        for empty in [0.0, 0.5] {
            let case = Case::with_empty_bins(120 + k as u64, 9, n, m, empty);
            for epsilon in EPSILONS {
                parity.after(1, &case.clone().with_start(0.5), epsilon);
                // Below, scalings leave the range of f32 before they settle: the way
                // there differs from the twin's, the end does not.
                if epsilon >= 0.03 {
                    parity.after(30, &case.clone().with_own_costs(), epsilon);
                }
            }
        }
    }
    parity.report("resident");
}

#[test]
fn scaling_product_and_rescale_follow_the_twin() {
    let mut parity = Parity::of(Variant::Scaling, Precision::Single);
    for (k, (n, m)) in shapes(sized(20_000, 5_000)).enumerate() {
        for (batch, empty) in [(3, 0.0), (70, 0.2)] {
            let case = Case::with_empty_bins(160 + k as u64, batch, n, m, empty);
            for epsilon in [0.03, 0.5, 3.0] {
                parity.after(6, &case, epsilon);
            }
        }
    }
    parity.report("scaling_product, rescale");
}

/// Iteration k of an annealed solve runs at its own ε: ten of the fourteen here.
#[test]
fn every_variant_follows_an_annealing_schedule() {
    let epsilon = 0.02;
    let solver = fixed(epsilon, 14).annealing(Annealing::new(2.0, 0.6));
    for (variant, precision) in [
        (Variant::Resident, Precision::Single),
        (Variant::Streaming, Precision::Single),
        (Variant::Streaming, Precision::Double),
    ] {
        let mut parity = Parity::of(variant, precision);
        for empty in [0.0, 0.6] {
            let case = Case::with_empty_bins(200, 2, 19, 23, empty);
            parity.compare(&solver, &case, epsilon);
        }
        parity.report("annealing");
    }
}

#[test]
fn plan_and_apply_follow_the_twin() {
    for (n, m, empty) in [(1, 1, 0.0), (7, 9, 0.0), (40, 33, 0.5), (100, 130, 0.1)] {
        let case = Case::with_empty_bins(300, 2, n, m, empty).with_own_costs();
        let (epsilon, width) = (0.05, 2);
        let solver = fixed(epsilon, 10);
        let problem = case.problem();
        let found = solver.solve_blocking(context(), &problem).expect("a solution");
        let expected = twin(&solver, &problem);
        let mut random = Random::new(9);
        let (x, y) = (random.vector(m * width), random.vector(n * width));
        // Relative to the largest entry: e^x of an exponent with 2⁻²⁴ max|C|/ε of error.
        let bound = |values: &[f64]| 1e-5 * values.iter().fold(0.0f64, |most, v| most.max(v.abs()));
        for k in 0..case.batch {
            let (p, q) = (plan(&found, k), plan(&expected, k));
            assert!(
                distance(&p, &q) <= bound(&q),
                "{n}×{m}: the plan is off by {:e}",
                distance(&p, &q)
            );
            for (i, a) in case.source_of(k).iter().enumerate() {
                for (j, b) in case.target_of(k).iter().enumerate() {
                    assert!(
                        a * b > 0.0 || p[i * m + j] == 0.0,
                        "an empty bin has mass {:e}",
                        p[i * m + j]
                    );
                }
            }
            for (what, found, expected) in [
                ("P x", block_on(found.apply(k, &x)), block_on(expected.apply(k, &x))),
                (
                    "Pᵀ y",
                    block_on(found.apply_transposed(k, &y)),
                    block_on(expected.apply_transposed(k, &y)),
                ),
            ] {
                let (found, expected) = (found.expect(what), expected.expect(what));
                let error = distance(&found, &expected);
                assert!(error <= bound(&expected), "{n}×{m}: {what} is off by {error:e}");
            }
        }
    }
}

// --- costs of every kind --------------------------------------------------------

/// max C − min C.
fn range(cost: &[f64]) -> f64 {
    let most = cost.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = cost.iter().copied().fold(f64::INFINITY, f64::min);
    most - least
}

#[test]
fn costs_may_be_negative_offset_huge_or_tiny() {
    type Change = fn(f64) -> f64;
    let changes: [(&str, Change); 6] = [
        ("negative", |c| -c),
        ("of both signs", |c| c - 0.5),
        ("offset by 30", |c| c + 30.0),
        ("offset by -30", |c| c - 30.0),
        ("a million times as large", |c| c * 1e6),
        ("a million times as small", |c| c * 1e-6),
    ];
    for (variant, precision) in [
        (Variant::Resident, Precision::Single),
        (Variant::Streaming, Precision::Single),
        (Variant::Scaling, Precision::Single),
        (Variant::Streaming, Precision::Double),
    ] {
        for (what, change) in changes {
            let case = Case::random(400, 3, 21, 26).with_cost(|c| f64::from(change(c) as f32));
            let mut parity = Parity::of(variant, precision);
            parity.after(8, &case, 0.03 * range(&case.cost));
            parity.report(&format!("{variant} {precision:?}, {what}"));
        }
    }
}

/// A cost of zero everywhere: nothing to decide, a⊗b at every ε.
#[test]
fn a_cost_of_zero_gives_the_independent_plan() {
    let case = Case::random(410, 2, 9, 12).with_cost(|_| 0.0);
    for precision in [Precision::Single, Precision::Double] {
        let solution = Sinkhorn::new(0.1)
            .precision(precision)
            .solve_blocking(context(), &case.problem())
            .and_then(Solution::require_converged)
            .expect("a solution");
        for k in 0..case.batch {
            let (a, b) = (case.source_of(k), case.target_of(k));
            let product: Vec<f64> = a.iter().flat_map(|a| b.iter().map(move |b| a * b)).collect();
            assert!(distance(&plan(&solution, k), &product) < 1e-7);
            assert!(solution.transport_cost()[k].abs() < 1e-9);
            assert!(solution.regularized_cost()[k].abs() < 1e-7);
        }
    }
}

// --- the numbers to reach -------------------------------------------------------

/// Converged costs are those of the twin at its own convergence, relative to
/// themselves, for costs in [0, 1) and ε down to a thousandth of them.
fn assert_converged_costs(
    precision: Precision,
    tolerance: f64,
    bound: f64,
    sizes: &[(usize, usize)],
    epsilons: &[f64],
) {
    for &(n, m) in sizes {
        for &epsilon in epsilons {
            let case = Case::random(500 + n as u64, 2, n, m);
            let problem = case.problem();
            let annealing = Annealing::new(1.0, 0.9);
            let solver = Sinkhorn::new(epsilon).max_iterations(200_000).annealing(annealing);
            let expected = twin(&solver.clone().tolerance(1e-11), &problem);
            let found = solver
                .tolerance(tolerance)
                .precision(precision)
                .solve_blocking(context(), &problem)
                .and_then(Solution::require_converged)
                .unwrap_or_else(|error| panic!("{n}×{m}, ε = {epsilon}: {error}"));
            for k in 0..case.batch {
                let off = |cost: fn(&Solution) -> &[f64]| {
                    let (x, y) = (cost(&found)[k], cost(&expected)[k]);
                    ((x - y) / y).abs()
                };
                let (regularized, transport) =
                    (off(Solution::regularized_cost), off(Solution::transport_cost));
                let error = found.marginal_error()[k];
                let what = format!(
                    "{} {precision:?} {n}×{m}, ε = {epsilon}: regularized_cost off by {regularized:.1e}, \
                     transport_cost by {transport:.1e}, marginal error {error:.1e} after {} iterations",
                    found.variant(),
                    found.iterations()[k]
                );
                println!("{what}");
                assert!(error <= tolerance && regularized <= bound, "{what}");
                // Of first order in the marginal error, so that the tolerance decides it.
                assert!(transport <= 2.0 * bound, "{what}");
            }
        }
    }
}

#[test]
fn single_reaches_1e_5_in_cost_and_marginals() {
    assert_converged_costs(
        Precision::Single,
        1e-5,
        1e-5,
        sized(&[(8, 8), (31, 33), (100, 130)], &[(8, 8), (31, 33)]),
        &[1e-3, 0.01, 0.1, 1.0, 10.0],
    );
}

#[test]
fn double_reaches_1e_10_in_cost_and_marginals() {
    assert_converged_costs(
        Precision::Double,
        1e-10,
        1e-10,
        sized(&[(8, 8), (31, 33), (64, 64)], &[(8, 8)]),
        sized(&[1e-3, 1e-2, 0.1, 1.0, 10.0], &[0.1, 1.0]),
    );
}

/// The tolerance is tested per problem: an easy one does not wait for a hard one,
/// and each counts its own iterations.
#[test]
fn each_problem_leaves_by_itself() {
    // The easy problem has all its source mass in one bin: one iteration is the answer.
    let mut case = Case::random(600, 2, 40, 40);
    case.source[..40].fill(0.0);
    case.source[0] = 1.0;
    let solver = Sinkhorn::new(0.02).max_iterations(5000);
    for (variant, precision) in [
        (Variant::Resident, Precision::Single),
        (Variant::Streaming, Precision::Single),
        (Variant::Scaling, Precision::Single),
        (Variant::Streaming, Precision::Double),
    ] {
        let solution = solver
            .clone()
            .variant(common::here(variant))
            .precision(precision)
            .solve_blocking(context(), &case.problem())
            .and_then(Solution::require_converged)
            .unwrap_or_else(|error| panic!("{variant} {precision:?}: {error}"));
        let [easy, hard] = solution.iterations()[..] else { panic!("not two problems") };
        println!("{variant} {precision:?}: {easy} and {hard} iterations");
        assert!(easy < hard / 2, "{variant} {precision:?}: {easy} and {hard} iterations");
    }
}

/// A scaling that leaves the range of f32 falls back to the log domain, unasked.
#[test]
fn the_scaling_form_falls_back_where_f32_ends() {
    // Bins that are far from everything else: exp(−79) in a whole row and column.
    let case = Case::random(610, 40, 12, 12).with_cost(|c| c * 0.02 + 0.97 * f64::from(c > 0.5));
    let solver = Sinkhorn::new(1.0 / 79.0).max_iterations(20_000);
    let problem = case.problem();
    let expected = twin(&solver.clone().tolerance(1e-11), &problem);
    let found = solver
        .variant(common::here(Variant::Scaling))
        .solve_blocking(context(), &problem)
        .expect("a solution");
    for k in 0..case.batch {
        assert!(found.converged()[k], "problem {k}: {:e}", found.marginal_error()[k]);
        let (x, y) = (found.regularized_cost()[k], expected.regularized_cost()[k]);
        assert!((x - y).abs() <= 1e-5, "problem {k}: {x}, twin {y}");
    }
}

#[test]
fn one_64_by_64_problem_costs_at_most_three_submissions() {
    if device_context().is_none() {
        return;
    }
    let context = open();
    let problem = Case::random(620, 1, 64, 64).problem();
    let solve = || Sinkhorn::new(0.05).solve_blocking(&context, &problem).expect("a solution");
    let before = context.submissions();
    let solution = solve();
    let spent = context.submissions() - before;
    println!(
        "{}: {spent} submissions, {} iterations",
        solution.variant(),
        solution.iterations()[0]
    );
    assert!(spent <= 3, "{spent} submissions by {}", solution.variant());
}

/// Inputs: one cost matrix (or B), 4 bytes an entry, and B (n + m) weights. Outputs:
/// B (n + m) potentials, and per problem three costs, an error (8 bytes each), the
/// iterations and a flag (4 each). The device may hold a tenth more at any time.
#[test]
fn device_memory_stays_within_inputs_outputs_and_a_tenth() {
    if device_context().is_none() {
        return;
    }
    let large = sized(1024, 512);
    let cases = [
        ("one large dense problem", Case::random(630, 1, large, large), Variant::Auto),
        (
            "a batch with own costs",
            Case::random(631, sized(512, 128), 32, 32).with_own_costs(),
            Variant::Auto,
        ),
        (
            "a batch with own costs, streaming",
            Case::random(631, sized(64, 16), 96, 96).with_own_costs(),
            Variant::Streaming,
        ),
        ("a batch over one cost", Case::random(632, sized(256, 128), 196, 196), Variant::Scaling),
    ];
    for (what, case, variant) in cases {
        let context = open();
        let problem = case.problem();
        let solution = fixed(0.1, 3)
            .variant(common::here(variant))
            .solve_blocking(&context, &problem)
            .expect("a solution");
        let peak = context.memory().peak as f64;
        let weights = 4 * case.batch * (case.n + case.m);
        let inputs = 4 * case.cost.len() + weights;
        let outputs = weights + case.batch * (4 * 8 + 2 * 4);
        let allowed = (inputs + outputs) as f64;
        println!(
            "{what} ({}): peak {peak}, inputs and outputs {allowed}, ratio {:.3}",
            solution.variant(),
            peak / allowed
        );
        assert!(
            peak <= 1.1 * allowed,
            "{what}: peak {peak} for {allowed} bytes of inputs and outputs"
        );
    }
}

// --- long work ------------------------------------------------------------------

#[test]
fn progress_is_reported_and_reaches_the_end() {
    let case = Case::random(640, 4, 48, 52);
    for variant in [Variant::Streaming, Variant::Auto, Variant::Scaling] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let solver =
            Sinkhorn::new(0.05).variant(common::here(variant)).on_progress(move |progress| {
                log.lock().expect("no panic here").push(*progress);
                ControlFlow::Continue(())
            });
        let solution = solver.solve_blocking(context(), &case.problem()).expect("a solution");
        let seen = seen.lock().expect("no panic here");
        let last = seen.last().unwrap_or_else(|| panic!("{variant}: no progress was reported"));
        assert_eq!((last.finished, last.problems), (case.batch, case.batch), "{variant}");
        assert!(seen.windows(2).all(|w| w[0].finished <= w[1].finished), "{variant}: {seen:?}");
        assert!(solution.converged().iter().all(|c| *c));
    }
}

#[test]
fn on_the_twin_one_long_solve_reports_and_can_be_broken_off() {
    let case = Case::random(651, 1, 300, 300);
    // Exactly as many iterations, far more than are waited for.
    let solver = Sinkhorn::new(0.01).tolerance(0.0).max_iterations(1_000_000);
    let error = solver
        .on_progress(|progress| {
            assert_eq!((progress.finished, progress.problems), (0, 1));
            if progress.iterations > 20 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .solve_blocking(&Context::cpu(), &case.problem())
        .expect_err("a cancelled solve has no solution");
    let Error::Cancelled { iterations } = error else { panic!("{error}") };
    assert!((21..1_000_000).contains(&iterations), "{iterations}");

    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let solver = Sinkhorn::new(0.5).on_progress(move |progress| {
        counter.fetch_add(progress.finished, Ordering::Relaxed);
        ControlFlow::Continue(())
    });
    let solution = solver.solve_blocking(&Context::cpu(), &case.problem());
    assert!(solution.expect("nobody breaks off").converged()[0]);
    assert_eq!(calls.load(Ordering::Relaxed), 1, "the end is reported, and once");
}

#[test]
fn breaking_off_ends_the_solve_with_cancelled() {
    let case = Case::random(650, 2, 48, 52);
    for variant in [Variant::Streaming, Variant::Auto, Variant::Scaling] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = calls.clone();
        let error = Sinkhorn::new(0.05)
            .variant(common::here(variant))
            .on_progress(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                ControlFlow::Break(())
            })
            .solve_blocking(context(), &case.problem())
            .expect_err("a cancelled solve has no solution");
        assert!(matches!(error, Error::Cancelled { .. }), "{variant}: {error}");
        assert_eq!(calls.load(Ordering::Relaxed), 1, "{variant}: called again after Break");
    }
    // The context is none the worse.
    let solution = Sinkhorn::new(0.05).solve_blocking(context(), &case.problem());
    assert!(solution.expect("a solution").converged().iter().all(|c| *c));
}

#[test]
fn not_converged_is_a_flag_and_an_error_on_request() {
    let case = Case::random(660, 3, 30, 30);
    for context in [context().clone(), Context::cpu()] {
        let solution = Sinkhorn::new(2e-3)
            .max_iterations(4)
            .solve_blocking(&context, &case.problem())
            .expect("a flag, not an error");
        assert!(solution.converged().iter().all(|c| !c), "{:?}", solution.marginal_error());
        assert_eq!(solution.iterations(), [4; 3]);
        let worst = solution.marginal_error().iter().copied().fold(0.0, f64::max);
        match solution.require_converged() {
            Err(Error::NotConverged {
                problem,
                marginal_error,
                tolerance,
                iterations,
                unconverged,
                problems,
            }) => {
                assert!(problem < 3);
                assert_eq!((marginal_error, tolerance, iterations), (worst, 1e-5, 4));
                assert_eq!((unconverged, problems), (3, 3));
            }
            other => panic!("{other:?}"),
        }
    }
}
