//! Problems whose answer is known without this library, solved by the CPU twin and
//! by the adapter under test in both precisions.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{
    Case, Random, Way, assert_close, block_on, distance, marginals, plan, potentials, ways,
};
use kantor::{Annealing, Potentials, Solution};
use std::f64::consts::LN_2;

/// The three costs of problem k, in the order of [`common::costs_of_plan`].
fn costs(solution: &Solution, k: usize) -> [f64; 3] {
    [solution.transport_cost()[k], solution.regularized_cost()[k], solution.entropy_cost()[k]]
}

const COSTS: [&str; 3] = ["transport_cost", "regularized_cost", "entropy_cost"];

#[track_caller]
fn assert_costs(way: &Way, what: &str, found: [f64; 3], expected: [f64; 3], bound: f64) {
    for ((name, found), expected) in COSTS.iter().zip(found).zip(expected) {
        assert_close(&format!("{}, {what}, {name}", way.name), found, expected, bound);
    }
}

/// A random problem of moderate size for the invariances, with ε = 0.05.
fn sample() -> Case {
    Case::random(7, 1, 12, 15)
}

const EPSILON: f64 = 0.05;

// --- closed forms ---------------------------------------------------------------

/// C = [[0,1],[1,0]] with uniform weights: the plan is ½/(1 + e^{−1/ε}) on the
/// diagonal, by symmetry.
#[test]
fn two_by_two_has_a_closed_form_at_every_epsilon() {
    let case = Case::single(&[0.0, 1.0, 1.0, 0.0], &[0.5, 0.5], &[0.5, 0.5]);
    for way in ways() {
        for epsilon in [0.02, 0.1, 0.5, 1.0, 4.0, 20.0] {
            let solution = way.solve(epsilon, &case.problem());
            let diagonal = 0.5 / (1.0 + (-1.0 / epsilon).exp());
            let beside = 0.5 - diagonal;
            let found = plan(&solution, 0);
            let expected = [diagonal, beside, beside, diagonal];
            let error = distance(&found, &expected);
            assert!(error <= way.accuracy, "{}, ε = {epsilon}: plan {found:?}", way.name);
            let entropy = -expected.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>();
            let transport = 2.0 * beside;
            // H(a⊗b) = ln 4, so that KL = ln 4 − H(P).
            let known = [
                transport,
                transport + epsilon * (2.0 * LN_2 - entropy),
                transport - epsilon * entropy,
            ];
            assert_costs(
                &way,
                &format!("ε = {epsilon}"),
                costs(&solution, 0),
                known,
                way.accuracy * epsilon.max(1.0),
            );
        }
    }
    // ε = 1, to twelve digits.
    let solution = ways()[0].solve(1.0, &case.problem());
    assert_close("the diagonal at ε = 1", plan(&solution, 0)[0], 0.365529289315, 1e-12);
}

/// A normal distribution on an equidistant grid out to `WIDTH` deviations: sums
/// over such a grid converge faster than any power of its step.
fn normal(mean: f64, variance: f64) -> (Vec<f64>, Vec<f64>) {
    const WIDTH: f64 = 7.0;
    const STEP: f64 = 0.2;
    let deviation = f64::sqrt(variance);
    let half = (WIDTH * deviation / STEP).ceil() as i32;
    let points: Vec<f64> = (-half..=half).map(|k| mean + STEP * f64::from(k)).collect();
    let density = |x: &f64| (-(x - mean).powi(2) / (2.0 * variance)).exp();
    let weights: Vec<f64> = points.iter().map(density).collect();
    let mass: f64 = weights.iter().sum();
    (points, weights.iter().map(|w| w / mass).collect())
}

fn squared_distances(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().flat_map(|x| y.iter().map(move |y| (x - y).powi(2))).collect()
}

fn between_normals(source: (f64, f64), target: (f64, f64)) -> Case {
    let (x, a) = normal(source.0, source.1);
    let (y, b) = normal(target.0, target.1);
    Case::single(&squared_distances(&x, &y), &a, &b)
}

/// Janati, Muzellec, Peyré and Cuturi, "Entropic optimal transport between
/// unbalanced Gaussian measures has a closed form" (2020), theorem 1 in one
/// dimension: the regularised cost with ε = 2σ², and the covariance of the plan.
fn janati(source: (f64, f64), target: (f64, f64), sigma: f64) -> (f64, f64) {
    let ((x, a), (y, b)) = (source, target);
    let s = sigma * sigma;
    let d = (4.0 * a * b + s * s).sqrt();
    let cost = (x - y).powi(2) + a + b - d + s * (1.0 - (2.0 * s).ln()) + s * (d + s).ln();
    (cost, 0.5 * (d - s))
}

#[test]
fn the_closed_form_gives_the_published_digits() {
    let (cost, covariance) = janati((0.0, 1.0), (1.0, 2.0), 0.5);
    assert_close("N(0,1) to N(1,2), σ = ½", cost, 1.8658312302979, 1e-13);
    assert_close("its covariance", covariance, 1.2947270864501, 1e-13);
    let (cost, _) = janati((0.0, 1.0), (0.0, 1.0), 0.5);
    assert_close("N(0,1) to itself, σ = ½", cost, 0.612178339935696, 1e-14);
}

/// What a way may be off by on the Gaussian grids. Single: exponents there are
/// max|C|/ε times 2⁻²⁴. Twin and Double: the tails beyond 7 deviations.
fn gaussian_accuracy(way: &Way, case: &Case) -> f64 {
    if way.name == "single" { 1e-6 * case.magnitude() } else { 1e-9 }
}

#[test]
fn gaussians_meet_their_closed_form() {
    for (source, target, sigma) in [
        ((0.0, 1.0), (1.0, 2.0), 0.5),
        ((0.0, 1.0), (0.0, 1.0), 0.5),
        ((-1.0, 0.5), (2.0, 1.5), 1.0),
    ] {
        let case = between_normals(source, target);
        let (expected, covariance) = janati(source, target, sigma);
        for way in ways() {
            let solution = way.solve(2.0 * sigma * sigma, &case.problem());
            let bound = gaussian_accuracy(&way, &case);
            let what = format!("{}, N{source:?} to N{target:?}, σ = {sigma}", way.name);
            assert_close(&what, solution.regularized_cost()[0], expected, bound);
            let (x, y) = (normal(source.0, source.1).0, normal(target.0, target.1).0);
            let mean: f64 = plan(&solution, 0)
                .iter()
                .zip(x.iter().flat_map(|x| y.iter().map(move |y| (x - source.0) * (y - target.0))))
                .map(|(p, product)| p * product)
                .sum();
            assert_close(&format!("{what}: covariance"), mean, covariance, bound);
        }
    }
}

/// Debiased, the entropic cost between translated copies is the squared translation.
#[test]
fn the_divergence_of_translated_gaussians_is_one_at_every_epsilon() {
    let (here, there) = ((0.0, 1.0), (1.0, 1.0));
    for way in ways() {
        for epsilon in [0.5, 2.0, 10.0] {
            let value = |source, target| {
                way.solve(epsilon, &between_normals(source, target).problem()).regularized_cost()[0]
            };
            let divergence =
                value(here, there) - 0.5 * value(here, here) - 0.5 * value(there, there);
            let bound = gaussian_accuracy(&way, &between_normals(here, there));
            assert_close(&format!("{}, ε = {epsilon}", way.name), divergence, 1.0, bound);
        }
    }
}

/// Cheapest assignment, by trying all (Heap's algorithm).
fn cheapest_assignment(cost: &[f64], n: usize) -> f64 {
    fn best(cost: &[f64], n: usize, row: usize, used: u32) -> f64 {
        if row == n {
            return 0.0;
        }
        (0..n)
            .filter(|column| used & (1 << column) == 0)
            .map(|column| cost[row * n + column] + best(cost, n, row + 1, used | 1 << column))
            .fold(f64::INFINITY, f64::min)
    }
    best(cost, n, 0, 0)
}

/// With uniform weights: assignment ≤ ⟨P,C⟩ ≤ regularised cost ≤ assignment + ε ln n,
/// because the permutation itself is a candidate with KL = ln n.
#[test]
fn a_small_epsilon_gives_the_assignment() {
    let epsilon = 2e-3;
    for way in ways() {
        for n in [2usize, 5, 8] {
            let mut case = Case::random(100 + n as u64, 1, n, n);
            case.source = vec![1.0 / n as f64; n];
            case.target = case.source.clone();
            let assignment = cheapest_assignment(&case.cost, n) / n as f64;
            let annealing = Annealing::new(1.0, 0.9);
            let solution =
                way.solve_with(way.solver(epsilon).annealing(annealing), &case.problem());
            let [transport, regularized, _] = costs(&solution, 0);
            let slack = way.accuracy;
            let most = assignment + epsilon * (n as f64).ln();
            let what = format!(
                "{}, n = {n}: assignment {assignment}, transport {transport}, regularised {regularized}, bound {most}",
                way.name
            );
            assert!(assignment - slack <= transport, "{what}");
            assert!(transport <= regularized + slack, "{what}");
            assert!(regularized <= most + slack, "{what}");
        }
    }
}

/// When ε is large the plan is a⊗b, and the regularised cost ⟨a⊗b, C⟩.
#[test]
fn a_large_epsilon_gives_the_independent_plan() {
    let case = sample();
    let product: Vec<f64> =
        case.source.iter().flat_map(|a| case.target.iter().map(move |b| a * b)).collect();
    let expected: f64 = product.iter().zip(&case.cost).map(|(p, c)| p * c).sum();
    for way in ways() {
        let epsilon = 1e4;
        let solution = way.solve(epsilon, &case.problem());
        // The next term is Var C / 2ε.
        let bound = 1e-4 + way.accuracy;
        assert_close(way.name, solution.regularized_cost()[0], expected, bound);
        assert_close(way.name, solution.transport_cost()[0], expected, bound);
        let error = distance(&plan(&solution, 0), &product);
        assert!(error <= bound, "{}: the plan is off a⊗b by {error:e}", way.name);
    }
}

// --- invariances ----------------------------------------------------------------

#[test]
fn swapping_the_sides_transposes_the_plan_and_keeps_the_costs() {
    let case = sample();
    let (n, m) = (case.n, case.m);
    let transposed: Vec<f64> = (0..m)
        .flat_map(|j| (0..n).map(move |i| (i, j)))
        .map(|(i, j)| case.cost[i * m + j])
        .collect();
    let swapped = Case::single(&transposed, &case.target, &case.source);
    for way in ways() {
        let one = way.solve(EPSILON, &case.problem());
        let other = way.solve(EPSILON, &swapped.problem());
        assert_costs(&way, "swapped", costs(&other, 0), costs(&one, 0), way.accuracy);
        let (p, q) = (plan(&one, 0), plan(&other, 0));
        for i in 0..n {
            for j in 0..m {
                assert_close(way.name, q[j * n + i], p[i * m + j], way.accuracy);
            }
        }
    }
}

#[test]
fn scaling_cost_and_epsilon_scales_every_cost() {
    let case = sample();
    for way in ways() {
        let one = costs(&way.solve(EPSILON, &case.problem()), 0);
        for scale in [1e-3, 8.0, 1e5] {
            let scaled = case.clone().with_cost(|c| c * scale);
            let other = costs(&way.solve(EPSILON * scale, &scaled.problem()), 0);
            let expected = one.map(|cost| cost * scale);
            assert_costs(&way, &format!("times {scale}"), other, expected, way.accuracy * scale);
        }
    }
}

#[test]
fn a_constant_added_to_the_cost_shifts_every_cost_and_keeps_the_plan() {
    let case = sample();
    for way in ways() {
        let one = way.solve(EPSILON, &case.problem());
        for constant in [-3.0, 0.25, 10.0] {
            let shifted = case.clone().with_cost(|c| c + constant);
            let other = way.solve(EPSILON, &shifted.problem());
            let expected = costs(&one, 0).map(|cost| cost + constant);
            let bound = way.accuracy * shifted.magnitude();
            assert_costs(&way, &format!("plus {constant}"), costs(&other, 0), expected, bound);
            let error = distance(&plan(&one, 0), &plan(&other, 0));
            assert!(error <= bound, "{}: plus {constant} moves the plan by {error:e}", way.name);
        }
    }
}

/// C_ij + α_i + β_j has the same plan; its costs grow by ⟨a,α⟩ + ⟨b,β⟩.
#[test]
fn row_and_column_potentials_in_the_cost_leave_the_plan_alone() {
    let case = sample();
    let mut random = Random::new(3);
    let (alpha, beta) = (random.vector(case.n), random.vector(case.m));
    let shift: f64 = case.source.iter().zip(&alpha).map(|(a, x)| a * x).sum::<f64>()
        + case.target.iter().zip(&beta).map(|(b, y)| b * y).sum::<f64>();
    let mut shifted = case.clone();
    for (k, c) in shifted.cost.iter_mut().enumerate() {
        *c += alpha[k / case.m] + beta[k % case.m];
    }
    for way in ways() {
        let one = way.solve(EPSILON, &case.problem());
        let other = way.solve(EPSILON, &shifted.problem());
        let bound = way.accuracy * shifted.magnitude();
        let expected = costs(&one, 0).map(|cost| cost + shift);
        assert_costs(&way, "with potentials", costs(&other, 0), expected, bound);
        let error = distance(&plan(&one, 0), &plan(&other, 0));
        assert!(error <= bound, "{}: the plan moves by {error:e}", way.name);
    }
}

/// Empty bins, wherever they are and whatever they cost, change nothing and
/// receive no mass at all.
#[test]
fn empty_bins_change_no_answer() {
    let case = sample();
    // Few empty bins are swept with the others; many are left out of the sweeps.
    for every in [2usize, 5] {
        let padded_length = |n: usize| n + n.div_ceil(every);
        let place = |k: usize| k + k / every + 1;
        let (n, m) = (padded_length(case.n), padded_length(case.m));
        let mut padded = Case::single(&vec![0.9; n * m], &vec![0.0; n], &vec![0.0; m]);
        for i in 0..case.n {
            padded.source[place(i)] = case.source[i];
            for j in 0..case.m {
                padded.target[place(j)] = case.target[j];
                padded.cost[place(i) * m + place(j)] = case.cost[i * case.m + j];
            }
        }
        for way in ways() {
            let one = way.solve(EPSILON, &case.problem());
            let other = way.solve(EPSILON, &padded.problem());
            assert_costs(&way, "padded", costs(&other, 0), costs(&one, 0), way.accuracy);
            let (p, q) = (plan(&one, 0), plan(&other, 0));
            let mut kept = 0.0;
            for i in 0..case.n {
                for j in 0..case.m {
                    let found = q[place(i) * m + place(j)];
                    kept += found;
                    assert_close(way.name, found, p[i * case.m + j], way.accuracy);
                }
            }
            let mass: f64 = q.iter().sum();
            assert!((mass - kept).abs() < 1e-14, "{}: empty bins hold {:e}", way.name, mass - kept);
        }
    }
}

// --- what a solution says about itself ------------------------------------------

#[test]
fn the_duality_gap_closes_and_the_costs_are_those_of_the_plan() {
    for way in ways() {
        for (case, epsilon) in
            [(sample(), 0.02), (sample(), 1.0), (Case::with_empty_bins(5, 1, 20, 9, 0.4), 0.1)]
        {
            let solution = way.solve(epsilon, &case.problem());
            let p = plan(&solution, 0);
            let expected =
                common::costs_of_plan(&p, &case.cost, &case.source, &case.target, epsilon);
            let bound = way.accuracy * epsilon.max(1.0);
            assert_costs(&way, &format!("ε = {epsilon}"), costs(&solution, 0), expected, bound);
            let Potentials { f, g } = potentials(&solution, 0);
            let dual = case.source.iter().zip(&f).map(|(a, f)| a * f).sum::<f64>()
                + case.target.iter().zip(&g).map(|(b, g)| b * g).sum::<f64>();
            assert_close("the dual value", dual, solution.regularized_cost()[0], bound);
        }
    }
}

#[test]
fn the_plan_has_the_weights_as_marginals_and_reports_how_well() {
    for way in ways() {
        let case = Case::with_empty_bins(11, 3, 17, 22, 0.2).with_own_costs();
        let solution = way.solve(EPSILON, &case.problem());
        for k in 0..case.batch {
            let (rows, columns) = marginals(&plan(&solution, k), case.n, case.m);
            let off =
                |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - y).abs()).sum::<f64>();
            let error = off(&rows, case.source_of(k)) + off(&columns, case.target_of(k));
            let reported = solution.marginal_error()[k];
            assert!(reported <= way.tolerance, "{}: converged at {reported:e}", way.name);
            assert!(
                error <= way.tolerance + way.accuracy,
                "{}: the plan is off by {error:e}",
                way.name
            );
            assert!(
                (error - reported).abs() <= way.accuracy,
                "{}: {error:e}, said {reported:e}",
                way.name
            );
        }
    }
}

#[test]
fn apply_is_the_plan_times_vectors() {
    for way in ways() {
        let case = Case::with_empty_bins(12, 2, 14, 19, 0.1).with_own_costs();
        let solution = way.solve(EPSILON, &case.problem());
        let mut random = Random::new(1);
        let width = 3;
        let (x, y) = (random.vector(case.m * width), random.vector(case.n * width));
        for k in 0..case.batch {
            let p = plan(&solution, k);
            let forward = block_on(solution.apply(k, &x)).expect("a product");
            let backward = block_on(solution.apply_transposed(k, &y)).expect("a product");
            let entry = |i: usize, j: usize| p[i * case.m + j];
            for d in 0..width {
                for i in 0..case.n {
                    let expected = (0..case.m).map(|j| entry(i, j) * x[j * width + d]).sum();
                    assert_close("P x", forward[i * width + d], expected, way.accuracy);
                }
                for j in 0..case.m {
                    let expected = (0..case.n).map(|i| entry(i, j) * y[i * width + d]).sum();
                    assert_close("Pᵀ x", backward[j * width + d], expected, way.accuracy);
                }
            }
        }
    }
}

#[test]
fn a_batch_gives_what_a_loop_gives() {
    for way in ways() {
        for case in
            [Case::random(21, 6, 10, 13), Case::with_empty_bins(22, 5, 16, 8, 0.5).with_own_costs()]
        {
            let batch = way.solve(EPSILON, &case.problem());
            assert_eq!(batch.len(), case.batch);
            for k in 0..case.batch {
                let alone = way.solve(EPSILON, &case.alone(k).problem());
                assert_costs(
                    &way,
                    &format!("problem {k}"),
                    costs(&batch, k),
                    costs(&alone, 0),
                    way.accuracy,
                );
                let error = distance(&plan(&batch, k), &plan(&alone, 0));
                assert!(
                    error <= way.accuracy,
                    "{}, problem {k}: plans differ by {error:e}",
                    way.name
                );
            }
        }
    }
}

// --- ways to converge -----------------------------------------------------------

#[test]
fn annealing_reaches_the_same_answer() {
    let case = Case::random(31, 2, 18, 18);
    let epsilon = 5e-3;
    for way in ways() {
        let plain = way.solve(epsilon, &case.problem());
        let annealing = Annealing::new(1.0, 0.8);
        let annealed = way.solve_with(way.solver(epsilon).annealing(annealing), &case.problem());
        for k in 0..case.batch {
            // Both stop within the tolerance, at different ends of it.
            let bound = way.accuracy + 10.0 * way.tolerance;
            assert_costs(&way, "annealed", costs(&annealed, k), costs(&plain, k), bound);
        }
    }
}

#[test]
fn the_solutions_own_potential_is_a_start_that_needs_no_more_than_a_few_iterations() {
    let case = Case::random(32, 3, 16, 16).with_own_costs();
    for way in ways() {
        let cold = way.solve(EPSILON, &case.problem());
        let g: Vec<f64> = (0..case.batch).flat_map(|k| potentials(&cold, k).g).collect();
        let warm = way.solve(EPSILON, &case.problem().starting_from(&g).expect("finite"));
        for k in 0..case.batch {
            let (few, many) = (warm.iterations()[k], cold.iterations()[k]);
            // Tests fall on every tenth iteration at most, in each of two precisions.
            assert!(few <= 24, "{}: {few} iterations from the solution, {many} without", way.name);
            assert_costs(&way, "warm", costs(&warm, k), costs(&cold, k), way.accuracy);
        }
    }
}
