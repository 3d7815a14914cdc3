//! Nothing that comes from outside panics: every bad argument is an error that
//! names the argument, the row and the index, before anything is dispatched.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Case, Random, block_on, context};
use kantor::{
    Annealing, Context, Error, Geometry, Grid, Precision, Problem, Result, Sinkhorn, Solution,
    Tensor, Variant,
};
use std::time::{Duration, Instant};

/// Asserts the argument, row and index of an [`Error::InvalidInput`].
#[track_caller]
fn assert_names<T: std::fmt::Debug>(
    result: Result<T>,
    argument: &str,
    row: Option<usize>,
    index: Option<usize>,
) {
    let error = result.expect_err("bad input was accepted");
    let words = error.to_string();
    assert!(!words.contains('\n') && !words.is_empty(), "not one line: {words:?}");
    match error {
        Error::InvalidInput { argument: a, row: r, index: i, .. } => {
            assert_eq!((a, r, i), (argument, row, index), "{words}");
            assert!(words.starts_with(argument), "{words}");
        }
        other => panic!("not InvalidInput but {other:?}"),
    }
}

fn geometry() -> Geometry {
    Geometry::cost_matrix(&[0.0f32, 1.0, 2.0, 1.0, 0.0, 1.0], 2, 3).expect("a geometry")
}

/// A batch of two well-formed problems.
fn problem() -> Problem {
    Problem::new(geometry(), &[0.5f64, 0.5, 0.1, 0.9], &[0.2f64, 0.3, 0.5, 0.0, 0.4, 0.6])
        .expect("a problem")
        .normalized()
}

/// The twin and the adapter under test.
fn contexts() -> [Context; 2] {
    [Context::cpu(), context().clone()]
}

// --- weights --------------------------------------------------------------------

#[test]
fn weights_that_are_nan_infinite_or_negative_are_named_by_row_and_index() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-300, -1.0] {
        let source = [0.5, 0.5, 0.1, bad];
        let target = [0.2, 0.3, 0.5, bad, 0.4, 0.6];
        let fine = [1.0, 1.0, 1.0, 1.0];
        assert_names(Problem::new(geometry(), &source, &[1.0; 6]), "source", Some(1), Some(1));
        assert_names(Problem::new(geometry(), &fine, &target), "target", Some(1), Some(0));
        // The same in f32.
        let target = target.map(|w| w as f32);
        if target[3] < 0.0 || !target[3].is_finite() {
            assert_names(Problem::new(geometry(), &fine, &target), "target", Some(1), Some(0));
        }
    }
}

#[test]
fn a_row_without_mass_is_named() {
    assert_names(
        Problem::new(geometry(), &[1.0, 0.0, 0.0, 0.0], &[1.0; 6]),
        "source",
        Some(1),
        None,
    );
    assert_names(
        Problem::new(geometry(), &[1.0; 4], &[0.0, 0.0, -0.0, 1.0, 1.0, 1.0]),
        "target",
        Some(0),
        None,
    );
    // A mass that overflows is no mass either.
    assert_names(Problem::new(geometry(), &[f64::MAX; 2], &[1.0; 3]), "source", Some(0), None);
}

#[test]
fn weights_of_the_wrong_length_are_refused() {
    let ones = [1.0; 12];
    assert_names(Problem::new(geometry(), &ones[..0], &ones[..3]), "source", None, None);
    assert_names(Problem::new(geometry(), &ones[..3], &ones[..3]), "source", None, None);
    assert_names(Problem::new(geometry(), &ones[..2], &ones[..0]), "target", None, None);
    assert_names(Problem::new(geometry(), &ones[..2], &ones[..4]), "target", None, None);
    // Two rows against three; one is that of all.
    assert_names(Problem::new(geometry(), &ones[..4], &ones[..9]), "target", None, None);
    assert_eq!(Problem::new(geometry(), &ones[..4], &ones[..3]).expect("a row").len(), 2);
    // Two cost matrices for three problems.
    let own = Geometry::cost_matrices(&ones, 2, 2, 3).expect("two matrices");
    assert_names(Problem::new(own, &ones[..6], &ones[..9]), "source", None, None);
}

// --- cost -----------------------------------------------------------------------

#[test]
fn a_cost_that_is_not_finite_in_f32_is_named_by_row_and_column() {
    for bad in [f64::NAN, f64::NEG_INFINITY, 3.5e38, -1e300] {
        let cost = [0.0, 1.0, 2.0, 1.0, bad, 1.0];
        assert_names(Geometry::cost_matrix(&cost, 2, 3), "cost", Some(1), Some(1));
        // In a batch the rows count on.
        let batch: Vec<f64> = [[1.0; 6], cost].concat();
        assert_names(Geometry::cost_matrices(&batch, 2, 2, 3), "cost", Some(3), Some(1));
    }
    assert_names(Geometry::cost_matrix(&[0.0f32, f32::NAN], 1, 2), "cost", Some(0), Some(1));
    // Infinity forbids a pair, but not all.
    assert!(Geometry::cost_matrix(&[0.0, f64::INFINITY], 1, 2).is_ok());
    assert_names(Geometry::cost_matrix(&[f64::INFINITY; 2], 1, 2), "cost", None, None);
}

#[test]
fn a_cost_of_the_wrong_shape_is_refused() {
    let ones = [1.0f32; 12];
    for (n, m) in [
        (0, 0),
        (0, 12),
        (12, 0),
        (3, 3),
        (5, 4),
        (usize::MAX, 2),
        (usize::MAX, usize::MAX),
        (1 << 63, 2),
    ] {
        assert_names(Geometry::cost_matrix(&ones, n, m), "cost", None, None);
    }
    assert_names(Geometry::cost_matrix(&ones[..0], 0, 0), "cost", None, None);
    for (batch, n, m) in [(0, 3, 4), (2, 3, 4), (usize::MAX, 3, 4), (2, 0, 6)] {
        assert_names(Geometry::cost_matrices(&ones, batch, n, m), "cost", None, None);
    }
}

#[test]
fn a_grid_without_pixels_or_with_too_many_is_refused() {
    for (height, width) in
        [(0, 0), (0, 5), (5, 0), (1 << 16, 1 << 16), (usize::MAX, 2), (1 << 32, 1 << 32)]
    {
        assert_names(Geometry::squared_euclidean_grid(height, width), "grid", None, None);
    }
}

#[test]
fn a_grid_says_what_is_wrong_with_its_axes_spacing_or_exponent() {
    let grid = || Grid::new(&[3, 4]);
    for axes in [&[][..], &[2, 2, 2, 2], &[0], &[3, 0, 4]] {
        assert_names(Geometry::grid(&Grid::new(axes)), "grid", None, None);
    }
    for (spacing, index) in [
        (&[][..], None),
        (&[1.0, 1.0, 1.0], None),
        (&[0.0], Some(0)),
        (&[1.0, -2.0], Some(1)),
        (&[1.0, f64::NAN], Some(1)),
        (&[f64::INFINITY], Some(0)),
    ] {
        assert_names(Geometry::grid(&grid().spacing(spacing)), "spacing", None, index);
    }
    for exponent in [0.999, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_names(Geometry::grid(&grid().exponent(exponent)), "exponent", None, None);
    }
    // Costs that f32 does not hold, or nothing does.
    for spacing in [1e20, 1e300, 1e-200] {
        assert_names(Geometry::grid(&grid().spacing(&[spacing])), "grid", None, None);
    }
}

#[test]
fn a_cost_tensor_is_checked_like_a_cost_on_the_host() {
    for context in contexts() {
        let tensor =
            |data: &[f32], shape: &[usize]| block_on(Tensor::from_slice(&context, data, shape));
        let line = tensor(&[1.0, 2.0, 3.0], &[3]).expect("a tensor");
        assert_names(block_on(Geometry::cost_tensor(&line)), "cost", None, None);
        let bad = tensor(&[1.0, 2.0, 3.0, f32::NAN], &[2, 2]).expect("a tensor");
        assert_names(block_on(Geometry::cost_tensor(&bad)), "cost", Some(1), Some(1));
        assert_names(tensor(&[1.0, 2.0], &[3]), "data", None, None);
        assert_names(tensor(&[], &[0, 3]), "shape", None, None);
        assert_names(tensor(&[1.0], &[usize::MAX, usize::MAX]), "data", None, None);
    }
}

// --- settings -------------------------------------------------------------------

#[test]
fn settings_out_of_range_are_named_before_anything_is_dispatched() {
    let annealing = |from, factor| Sinkhorn::new(0.1).annealing(Annealing::new(from, factor));
    let cases: Vec<(&str, Sinkhorn)> =
        [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-300, 1e300]
            .map(|epsilon| ("epsilon", Sinkhorn::new(epsilon)))
            .into_iter()
            .chain(
                [-1e-3, f64::NAN, f64::INFINITY, 2.5, 1e-16]
                    .map(|t| ("tolerance", Sinkhorn::new(0.1).tolerance(t))),
            )
            .chain([1e-16, f64::NAN].map(|t| {
                ("tolerance", Sinkhorn::new(0.1).precision(Precision::Double).tolerance(t))
            }))
            .chain([("max_iterations", Sinkhorn::new(0.1).max_iterations(0))])
            .chain(
                [0.0, -1.0, f64::NAN, f64::INFINITY]
                    .map(|from| ("annealing.from", annealing(from, 0.5))),
            )
            .chain(
                [0.0, 1.0, -0.5, 1.5, f64::NAN]
                    .map(|factor| ("annealing.factor", annealing(1.0, factor))),
            )
            .collect();
    for context in contexts() {
        let before = (context.submissions(), context.memory().in_use);
        for (argument, solver) in &cases {
            assert_names(solver.solve_blocking(&context, &problem()), argument, None, None);
        }
        // Other tests share the context, but on the twin both stay zero.
        if context.device().is_none() {
            assert_eq!((context.submissions(), context.memory().in_use), before);
        }
    }
}

/// What the arithmetic of a device does not reach, the twin is asked for all the same.
#[test]
fn the_smallest_tolerance_is_that_of_where_a_solve_runs() {
    let cases = [(Precision::Single, 1e-9), (Precision::Double, 1e-13)];
    for (precision, tolerance) in cases {
        let solver = Sinkhorn::new(0.5).precision(precision).tolerance(tolerance);
        let solution = solver.solve_blocking(&Context::cpu(), &problem()).expect("a solution");
        assert!(solution.converged()[0], "{:?}", solution.marginal_error());
        if let Some(context) = common::device_context() {
            let refused = solver.solve_blocking(context, &problem());
            assert_names(refused, "tolerance", None, None);
            let twin = solver.variant(Variant::Reference).solve_blocking(context, &problem());
            assert!(twin.expect("a solution").converged()[0]);
        }
    }
}

#[test]
fn double_precision_has_a_tolerance_of_its_own() {
    let solve = |solver: Sinkhorn| {
        let solution = solver.solve_blocking(&Context::cpu(), &problem()).expect("a solution");
        solution.marginal_error()[0]
    };
    let new = || Sinkhorn::new(0.05);
    let double = solve(new().precision(Precision::Double));
    assert!(double <= 1e-10, "{double}");
    let [before, after] = [
        solve(new().tolerance(1e-3).precision(Precision::Double)),
        solve(new().precision(Precision::Double).tolerance(1e-3)),
    ];
    assert_eq!(before, after);
    assert!(before > 1e-10, "{before}");
}

#[test]
fn the_twin_has_no_kernels_to_choose_from() {
    for variant in [Variant::Resident, Variant::Streaming, Variant::Scaling] {
        let solver = Sinkhorn::new(0.1).variant(variant);
        let refused = solver.solve_blocking(&Context::cpu(), &problem());
        assert_names(refused, "variant", None, None);
    }
    for variant in [Variant::Auto, Variant::Reference] {
        let solver = Sinkhorn::new(0.1).variant(variant);
        let solution = solver.solve_blocking(&Context::cpu(), &problem()).expect("a solution");
        assert_eq!(solution.variant(), Variant::Reference);
    }
}

#[test]
fn refused_settings_reach_no_device() {
    let context = common::open();
    let before = (context.submissions(), context.memory());
    assert_names(
        Sinkhorn::new(f64::NAN).solve_blocking(&context, &problem()),
        "epsilon",
        None,
        None,
    );
    assert_names(
        Sinkhorn::new(0.1).tolerance(-1.0).solve_blocking(&context, &problem()),
        "tolerance",
        None,
        None,
    );
    assert_eq!((context.submissions(), context.memory()), before);
}

#[test]
fn a_variant_that_does_not_fit_is_refused() {
    let Some(context) = common::device_context() else { return };
    let solve = |case: &Case, solver: Sinkhorn| solver.solve_blocking(context, &case.problem());
    let large = Case::random(1, 1, 300, 300);
    assert_names(
        solve(&large, Sinkhorn::new(0.1).variant(Variant::Resident)),
        "variant",
        None,
        None,
    );
    let own = Case::random(1, 2, 5, 5).with_own_costs();
    let scaling = |epsilon| Sinkhorn::new(epsilon).variant(Variant::Scaling);
    assert_names(solve(&own, scaling(0.1)), "variant", None, None);
    let shared = Case::random(1, 2, 5, 5);
    assert_names(solve(&shared, scaling(1e-3)), "variant", None, None);
    let annealing = Annealing::new(1.0, 0.5);
    assert_names(solve(&shared, scaling(0.1).annealing(annealing)), "variant", None, None);
}

#[test]
fn a_start_that_is_no_potential_is_named_by_row_and_index() {
    for bad in [f64::NAN, f64::INFINITY, 1e21] {
        let g = [0.0, 0.0, 0.0, 0.0, 0.0, bad];
        assert_names(problem().starting_from(&g), "g", Some(1), Some(2));
    }
    assert_names(problem().starting_from(&[0.0; 5]), "g", None, None);
    assert_names(problem().starting_from::<f64>(&[]), "g", None, None);
}

// --- asking a solution ----------------------------------------------------------

#[test]
fn questions_about_problems_that_do_not_exist_are_refused() {
    for context in contexts() {
        let solution = Sinkhorn::new(0.5).solve_blocking(&context, &problem()).expect("a solution");
        for k in [2, 3, usize::MAX] {
            assert_names(block_on(solution.potentials(k)), "problem", None, None);
            assert_names(block_on(solution.plan(k)), "problem", None, None);
            assert_names(block_on(solution.apply(k, &[1.0; 3])), "problem", None, None);
            assert_names(block_on(solution.apply_transposed(k, &[1.0; 2])), "problem", None, None);
        }
    }
}

#[test]
fn vectors_of_the_wrong_length_or_not_finite_are_refused() {
    for context in contexts() {
        let solution = Sinkhorn::new(0.5).solve_blocking(&context, &problem()).expect("a solution");
        assert_names(block_on(solution.apply::<f64>(0, &[])), "x", None, None);
        assert_names(block_on(solution.apply(0, &[1.0; 4])), "x", None, None);
        assert_names(block_on(solution.apply_transposed(0, &[1.0; 3])), "x", None, None);
        for bad in [f64::NAN, f64::INFINITY, 1e39] {
            let x = [1.0, 1.0, 1.0, 1.0, 1.0, bad];
            assert_names(block_on(solution.apply(0, &x)), "x", Some(2), Some(1));
            assert_names(block_on(solution.apply_transposed(0, &x)), "x", Some(1), Some(2));
        }
    }
}

#[test]
fn an_adapter_that_does_not_exist_is_named_with_those_that_do() {
    let error = block_on(Context::builder().adapter_name("no such adapter").build())
        .expect_err("no such adapter");
    match &error {
        Error::NoAdapter { requested, .. } => {
            assert!(requested.contains("no such adapter"), "{error}")
        }
        other => panic!("{other:?}"),
    }
}

// --- ten thousand malformed calls -----------------------------------------------

/// Values that break things, among ordinary ones.
fn value(random: &mut Random) -> f64 {
    const STRANGE: [f64; 16] = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -1.0,
        -0.0,
        0.0,
        1e-320,
        1e-45,
        1e-38,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        1e20,
        3.4e38,
        3.5e38,
        f64::MAX,
        -f64::MAX,
    ];
    if random.below(12) == 0 { random.pick(&STRANGE) } else { random.uniform() }
}

/// Mostly right, sometimes off, empty or absurd.
fn size(random: &mut Random, right: usize) -> usize {
    const ABSURD: [usize; 6] = [0, 1, 1 << 16, 1 << 32, usize::MAX / 2 + 1, usize::MAX];
    match random.below(30) {
        0 => right + 1,
        1 => right.saturating_sub(1),
        2 => random.pick(&ABSURD),
        _ => right,
    }
}

fn values(random: &mut Random, length: usize) -> Vec<f64> {
    // Half of the calls have only ordinary values, so that many get far.
    let ordinary = random.below(2) == 0;
    let length = size(random, length).min(4096);
    (0..length).map(|_| if ordinary { random.uniform() } else { value(random) }).collect()
}

/// A call with something wrong in it, most of the time.
fn malformed_problem(random: &mut Random) -> Result<Problem> {
    let (batch, n, m) = (1 + random.below(3), 1 + random.below(6), 1 + random.below(6));
    let (rows, columns) = (size(random, n), size(random, m));
    let geometry = match random.below(10) {
        0 => Geometry::squared_euclidean_grid(size(random, 2), size(random, 3)),
        1..4 => {
            let costs = values(random, batch * n * m);
            Geometry::cost_matrices(&costs, size(random, batch), rows, columns)
        }
        4..6 => {
            let cost: Vec<f32> = values(random, n * m).iter().map(|c| *c as f32).collect();
            Geometry::cost_matrix(&cost, rows, columns)
        }
        _ => Geometry::cost_matrix(&values(random, n * m), rows, columns),
    }?;
    let (n, m) = geometry.shape();
    let problem = Problem::new(
        geometry,
        &values(random, batch * n.min(64)),
        &values(random, batch * m.min(64)),
    )?
    .normalized();
    if random.below(4) == 0 {
        problem.starting_from(&values(random, batch * m))
    } else {
        Ok(problem)
    }
}

fn malformed_solver(random: &mut Random) -> Sinkhorn {
    const EPSILONS: [f64; 10] =
        [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-20, 1e-9, 1e-3, 1e3, 1e20, 1e21];
    const TOLERANCES: [f64; 9] =
        [0.0, -1.0, f64::NAN, 1e-14, 1e-12, 1e-9, 5e-7, 2.0, f64::INFINITY];
    const VARIANTS: [Variant; 5] = [
        Variant::Auto,
        Variant::Resident,
        Variant::Streaming,
        Variant::Scaling,
        Variant::Reference,
    ];
    let epsilon =
        if random.below(3) == 0 { random.pick(&EPSILONS) } else { 0.02 + random.uniform() };
    let mut solver = Sinkhorn::new(epsilon).max_iterations(random.pick(&[0, 1, 2, 9, 30]));
    if random.below(3) == 0 {
        solver = solver.tolerance(random.pick(&TOLERANCES));
    }
    if random.below(3) == 0 {
        solver = solver.precision(Precision::Double);
    }
    if random.below(3) == 0 {
        solver = solver.variant(random.pick(&VARIANTS));
    }
    if random.below(5) == 0 {
        solver = solver.annealing(Annealing::new(value(random) * 10.0, value(random)));
    }
    solver
}

#[track_caller]
fn assert_finite(what: &str, values: &[f64]) {
    assert!(values.iter().all(|v| v.is_finite()), "{what}: {values:?}");
}

/// Everything that a solution says is finite, also when asked for nonsense.
fn interrogate(random: &mut Random, solution: &Solution) {
    for (what, values) in [
        ("transport_cost", solution.transport_cost()),
        ("regularized_cost", solution.regularized_cost()),
        ("entropy_cost", solution.entropy_cost()),
        ("marginal_error", solution.marginal_error()),
    ] {
        assert!(values.iter().all(|v| v.is_finite()), "{what}: {values:?} of {solution:?}");
    }
    let k = size(random, random_index(solution));
    if let Ok(potentials) = block_on(solution.potentials(k)) {
        assert_finite("f", &potentials.f);
        assert_finite("g", &potentials.g);
        if let Ok(plan) = block_on(solution.plan(k)) {
            assert_finite("plan", &plan);
        }
        let x = values(random, potentials.g.len() * 2);
        if let Ok(y) = block_on(solution.apply(k, &x)) {
            assert_finite("P x", &y);
        }
    }
}

fn random_index(solution: &Solution) -> usize {
    solution.len() - 1
}

/// Feeds `calls` seeded calls, solving one of `thin` that come so far. Returns how
/// many were refused on the way, refused by the solver, and solved.
fn feed(context: &Context, calls: u64, thin: usize) -> [u32; 3] {
    let mut counts = [0; 3];
    let mut solvable = 0;
    for seed in 0..calls {
        let mut random = Random::new(seed);
        let started = Instant::now();
        let outcome = malformed_problem(&mut random).map(|problem| {
            let solver = malformed_solver(&mut random);
            solvable += 1;
            (solvable % thin == 0).then(|| solver.solve_blocking(context, &problem))
        });
        match outcome {
            Err(_) => counts[0] += 1,
            Ok(None) => {}
            Ok(Some(Err(_))) => counts[1] += 1,
            Ok(Some(Ok(solution))) => {
                counts[2] += 1;
                interrogate(&mut random, &solution);
            }
        }
        let took = started.elapsed();
        assert!(took < Duration::from_secs(30), "call {seed} took {took:?}");
    }
    println!("{} refused, {} refused by the solver, {} solved", counts[0], counts[1], counts[2]);
    counts
}

#[test]
fn ten_thousand_malformed_calls_do_not_panic() {
    let counts = feed(&Context::cpu(), 10_000, 1);
    // The test must go both ways to mean something.
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
}

#[test]
fn ten_thousand_malformed_calls_do_not_panic_on_the_adapter() {
    let Some(context) = common::device_context() else { return };
    let counts = feed(context, 10_000, common::sized(5, 25));
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}
