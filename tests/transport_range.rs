//! Transport at the ends of its range, device against twin and both against the definitions: costs from nothing to the
//! largest against ε, offsets, weights of every size, single bins.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Case, Random, Way, assert_close, block_on, plan, potentials, ways};
use kantor::{
    Annealing, Context, Geometry, Grid, Precision, Problem, Sinkhorn, Solution, Tensor, Variant,
};

/// ⟨a⊗b, C⟩ and the half variance of C under a⊗b less its row and column means: as ε grows, the transport cost is
/// the first less twice the second over ε, the regularised cost the first less the second over ε.
fn limit(case: &Case) -> (f64, f64) {
    let (a, b, c, m) = (&case.source, &case.target, &case.cost, case.m);
    let rows: Vec<f64> = (0..case.n).map(|i| (0..m).map(|j| b[j] * c[i * m + j]).sum()).collect();
    let columns: Vec<f64> =
        (0..m).map(|j| (0..case.n).map(|i| a[i] * c[i * m + j]).sum()).collect();
    let mean: f64 = rows.iter().zip(a).map(|(row, a)| row * a).sum();
    let mut variance = 0.0;
    for i in 0..case.n {
        for j in 0..m {
            variance += a[i] * b[j] * (c[i * m + j] - rows[i] - columns[j] + mean).powi(2);
        }
    }
    (mean, 0.5 * variance)
}

fn finite(what: &str, solution: &Solution, k: usize) {
    let costs =
        [solution.transport_cost()[k], solution.regularized_cost()[k], solution.entropy_cost()[k]];
    assert!(costs.iter().all(|x| x.is_finite()), "{what}: {costs:?}");
    assert!(solution.marginal_error()[k].is_finite(), "{what}");
    let p = potentials(solution, k);
    assert!(p.f.iter().chain(&p.g).all(|x| x.is_finite()), "{what}: {p:?}");
    assert!(plan(solution, k).iter().all(|x| x.is_finite() && *x >= 0.0), "{what}");
}

/// Costs, potentials (their sums, which alone are determined) and plan against the twin's, for
/// costs whose largest is `size`.
fn against(what: &str, way: &Way, found: &Solution, twin: &Solution, size: f64, epsilon: f64) {
    let bound = way.accuracy.max(1e-10);
    for k in 0..found.len() {
        finite(what, found, k);
        let [t, r] = [size.max(twin.transport_cost()[k].abs()), size];
        assert_close(what, found.transport_cost()[k], twin.transport_cost()[k], bound * t);
        assert_close(
            what,
            found.regularized_cost()[k],
            twin.regularized_cost()[k],
            2.0 * bound * r,
        );
        let entropy = twin.entropy_cost()[k];
        assert_close(
            what,
            found.entropy_cost()[k],
            entropy,
            bound * (size + entropy.abs() + epsilon),
        );
        let (p, q) = (potentials(found, k), potentials(twin, k));
        for (f, exact_f) in p.f.iter().zip(&q.f) {
            for (g, exact_g) in p.g.iter().zip(&q.g) {
                let exact = exact_f + exact_g;
                assert_close(what, f + g, exact, 10.0 * bound * (size + exact.abs()));
            }
        }
    }
}

/// Against `data/large_epsilon_reference.csv`, made by `data/make_large_epsilon_reference.py`.
#[test]
fn costs_and_potentials_are_those_of_multiprecision() {
    let (a, b) = ([0.25, 0.5, 0.25], [0.125, 0.125, 0.25, 0.5]);
    let costs = [0, 1, 2, 5, 3, 0, 1, 1, 4, 2, 0, 3].map(f64::from);
    let text = include_str!("data/large_epsilon_reference.csv");
    for line in text.lines().skip(1) {
        let row: Vec<f64> = line.split(',').map(|x| x.parse().expect("a number")).collect();
        let &[epsilon, unit, transport, regularized, entropy, sum] = &row[..] else {
            panic!("{line}")
        };
        let case = Case::single(&costs.map(|c| c * unit / 8.0), &a, &b);
        for way in ways() {
            let what = format!("{} ε {epsilon:e} unit {unit:e}", way.name);
            let found = way.solve(epsilon, &case.problem());
            let bound = 2.0 * way.accuracy * unit;
            assert_close(&what, found.transport_cost()[0], transport, bound);
            assert_close(&what, found.regularized_cost()[0], regularized, bound);
            let size = unit + entropy.abs();
            assert_close(&what, found.entropy_cost()[0], entropy, 2.0 * way.accuracy * size);
            let p = potentials(&found, 0);
            // A marginal off by the tolerance is a potential off by ε times that.
            let slack = 4.0 * way.tolerance * epsilon.min(256.0 * unit);
            assert_close(&what, p.f[0] + p.g[0], sum, 4.0 * bound + slack);
        }
    }
}

/// Costs in [0, 1] times a power of ten against ε = 1 in units of it: from 1e-45 to the documented end.
#[test]
fn every_ratio_of_cost_and_epsilon_is_resolved() {
    for (n, m) in [(2, 2), (5, 7), (33, 20)] {
        let base = Case::random((n + m) as u64, 1, n, m);
        for exponent in (-45..=4).chain([8]) {
            let contrast = 10f64.powi(exponent);
            for epsilon in [1.0, 1e-10, 1e10] {
                let case = base.clone().with_cost(|c| c * contrast * epsilon);
                let size = case.magnitude();
                for way in ways() {
                    let what = format!("{} {n}x{m} max C/ε 1e{exponent} ε {epsilon:e}", way.name);
                    let solver = way.solver(epsilon).max_iterations(50);
                    if exponent > 5 && way.precision == Precision::Single {
                        // What does not settle is refused for its digits, or says so.
                        match solver.solve_blocking(&way.context, &case.problem()) {
                            Err(error) => assert_eq!(error.kind(), "invalid-input", "{what}"),
                            Ok(found) => finite(&what, &found, 0),
                        }
                        continue;
                    }
                    let found = solver.solve_blocking(&way.context, &case.problem());
                    let found = found.unwrap_or_else(|error| panic!("{what}: {error}"));
                    finite(&what, &found, 0);
                    if exponent > 0 {
                        continue;
                    }
                    assert!(found.converged()[0], "{what}");
                    let twin = common::twin(&way.solver(epsilon).tolerance(1e-12), &case.problem());
                    against(&what, &way, &found, &twin, size, epsilon);
                    if exponent <= -4 {
                        let (mean, half) = limit(&case);
                        let bound = way.accuracy * size + 4.0 * size * contrast * contrast;
                        let transport = mean - 2.0 * half / epsilon;
                        assert_close(&what, found.transport_cost()[0], transport, bound);
                        assert_close(
                            &what,
                            found.regularized_cost()[0],
                            mean - half / epsilon,
                            bound,
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn constants_offsets_and_zeros_of_the_cost() {
    let base = Case::random(7, 3, 8, 6);
    type Change = fn(f64) -> f64;
    let costs: [(&str, Change); 7] = [
        ("zero", |_| 0.0),
        ("constant", |_| 7.25e5),
        ("negative constant", |_| -3.0),
        ("offset", |c| c + 1e6),
        ("negative offset", |c| c - 1e6),
        ("tiny", |c| c * 1e-300),
        ("tiny and negative", |c| -c * 1e-41),
    ];
    for (name, change) in costs {
        let case = base.clone().with_cost(change);
        let least = case.cost.iter().copied().fold(f64::INFINITY, f64::min);
        let most = case.cost.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for epsilon in [1e-20, 0.01, 1.0, 1e20] {
            if most - least > 1e6 * epsilon {
                continue;
            }
            for way in ways() {
                let what = format!("{} {name} ε {epsilon:e}", way.name);
                let found = way.solve(epsilon, &case.problem());
                let twin = common::twin(&way.solver(epsilon).tolerance(1e-12), &case.problem());
                let size = most.abs().max(least.abs());
                against(&what, &way, &found, &twin, size, epsilon);
                let (twin_plan, found) = (plan(&twin, 0), plan(&found, 0));
                assert!(common::distance(&twin_plan, &found) <= 1e-5, "{what}");
            }
        }
    }
}

#[test]
fn weights_of_every_size_keep_their_potentials() {
    // Shares down to 2⁻¹⁰⁰ count, below they are zero.
    for (n, m, supports) in [(3, 4, false), (12, 9, true), (40, 50, false)] {
        for least in [-5i32, -12, -20, -25, -30] {
            let mut random = Random::new(least.unsigned_abs().into());
            let mut weights = |bins: usize| -> Vec<f64> {
                (0..bins)
                    .map(|k| match k % 4 {
                        0 => 0.5 + random.uniform(),
                        1 if supports => 0.0,
                        2 => 10f64.powi(least) * (1.0 + random.uniform()),
                        _ => 10f64.powf(f64::from(least) * random.uniform()),
                    })
                    .collect()
            };
            let (a, b) = (weights(n), weights(m));
            let cost = common::single_words(&Random::new(1).vector(n * m));
            let case = Case::single(&cost, &a, &b);
            for epsilon in [0.02, 0.5, 3.0, 100.0, 1e4] {
                // A fixed number of iterations: the L1 error does not see small bins.
                let solver = |precision| {
                    Sinkhorn::new(epsilon).tolerance(0.0).max_iterations(40).precision(precision)
                };
                let twin = common::twin(&solver(Precision::Double), &case.problem());
                for way in ways() {
                    for variant in [Variant::Auto, Variant::Streaming, Variant::Scaling] {
                        if variant != Variant::Auto && (way.name == "twin" || epsilon > 200.0) {
                            continue;
                        }
                        let what = format!("{} {variant} {n}x{m} 1e{least} ε {epsilon}", way.name);
                        let found = solver(way.precision)
                            .variant(variant)
                            .solve_blocking(&way.context, &case.problem());
                        let found = found.unwrap_or_else(|error| panic!("{what}: {error}"));
                        finite(&what, &found, 0);
                        let (p, q) = (potentials(&found, 0), potentials(&twin, 0));
                        // Where subnormal numbers are flushed, so is what a weight below 2⁻⁸⁰ needs a second word for.
                        let (digits, flushed) = match way.name {
                            "single" => (2e-6, 4e-8),
                            "double" => (1e-11, 2f64.powi(-126) / 10f64.powi(least)),
                            _ => (1e-12, 0.0),
                        };
                        let bound = digits * (1.0 + 10.0 * epsilon) + flushed * epsilon;
                        for (f, exact_f) in p.f.iter().zip(&q.f) {
                            for (g, exact_g) in p.g.iter().zip(&q.g) {
                                assert_close(&what, f + g, exact_f + exact_g, bound);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Scalings that leave the range of f32 for a while, on either side, in the last iteration or between two tests: what the
/// scaling form returns is what the twin returns, and nothing else is.
#[test]
fn scalings_that_leave_the_range_are_seen() {
    let Some(context) = common::device_context() else { return };
    let mut random = Random::new(11);
    let mut solved = 0;
    for call in 0..60 {
        let (n, m, batch) = (2 + random.below(9), 2 + random.below(9), 1 + random.below(5));
        let contrast = random.pick(&[1.0, 20.0, 40.0, 60.0, 68.0, 79.0]);
        let shift = random.pick(&[0.0, 0.3, 0.5, 0.85]);
        let cost: Vec<f64> = random.vector(n * m).iter().map(|c| c - shift).collect();
        let largest = cost.iter().fold(0.0f64, |most, c| most.max(c.abs()));
        let weights = |bins: usize, random: &mut Random| -> Vec<f64> {
            (0..batch * bins).map(|_| 10f64.powf(-29.0 * random.uniform().powi(2))).collect()
        };
        let (source, target) = (weights(n, &mut random), weights(m, &mut random));
        let case = Case { batch, n, m, cost, own_costs: false, source, target, start: None };
        let epsilon = largest / contrast;
        for iterations in [1, 2, 3, 7, 40] {
            let solver = |variant| {
                let solver = Sinkhorn::new(epsilon).tolerance(0.0).max_iterations(iterations);
                solver.variant(variant)
            };
            let what = format!("call {call} {n}x{m} contrast {contrast} after {iterations}");
            let found = solver(Variant::Scaling).solve_blocking(context, &case.problem());
            let Ok(found) = found else { continue };
            let twin = common::twin(&solver(Variant::Reference), &case.problem());
            solved += 1;
            for k in 0..batch {
                finite(&what, &found, k);
                let (p, q) = (potentials(&found, k), potentials(&twin, k));
                for (f, exact_f) in p.f.iter().zip(&q.f) {
                    for (g, exact_g) in p.g.iter().zip(&q.g) {
                        let bound = 1e-5 * largest + 2e-5 * epsilon;
                        assert_close(&what, f + g, exact_f + exact_g, bound);
                    }
                }
            }
        }
    }
    println!("{solved} solves in scaling form");
    assert!(solved > 150);
}

#[test]
fn subnormal_and_huge_weights_are_shares_like_any_other() {
    let cost = [0.0, 1.0, 0.5, 0.25, 2.0, 1.0];
    let reference = Case::single(&cost, &[1.0, 3.0], &[2.0, 1.0, 1.0]);
    for way in ways() {
        let exact = way.solve(0.3, &reference.problem());
        for unit in [5e-324, 1e-310, 1e-45, 1e-30, 1e30, 1e300] {
            let scaled = |weights: &[f64]| weights.iter().map(|w| w * unit).collect::<Vec<f64>>();
            let case = Case::single(&cost, &scaled(&[1.0, 3.0]), &scaled(&[2.0, 1.0, 1.0]));
            let found = way.solve(0.3, &case.problem());
            let what = format!("{} weights in {unit:e}", way.name);
            assert_close(
                &what,
                found.transport_cost()[0],
                exact.transport_cost()[0],
                2.0 * way.accuracy,
            );
        }
        let singles: Vec<f32> = vec![1e-45, 3e-45];
        let problem = Problem::new(
            Geometry::cost_matrix(&cost, 2, 3).expect("a cost"),
            &singles,
            &[2f32, 1.0, 1.0],
        );
        let found = way.solve(0.3, &problem.expect("weights").normalized());
        assert!(found.converged()[0]);
    }
}

#[test]
fn single_bins_have_one_plan() {
    for way in ways() {
        for (n, m) in [(1, 1), (1, 5), (6, 1)] {
            let case = Case::random(n as u64, 2, n, m);
            for epsilon in [1e-3, 1.0, 1e3, 1e20] {
                let found = way.solve(epsilon, &case.problem());
                for k in 0..2 {
                    let what = format!("{} {n}x{m} ε {epsilon:e}", way.name);
                    let (a, b) = (case.source_of(k), case.target_of(k));
                    let product: Vec<f64> =
                        a.iter().flat_map(|a| b.iter().map(move |b| a * b)).collect();
                    let cost: f64 = product.iter().zip(case.cost_of(k)).map(|(p, c)| p * c).sum();
                    assert_close(&what, found.transport_cost()[k], cost, way.accuracy);
                    assert_close(&what, found.regularized_cost()[k], cost, 2.0 * way.accuracy);
                    finite(&what, &found, k);
                }
            }
        }
    }
}

#[test]
fn annealing_from_anywhere_ends_where_it_should() {
    let case = Case::random(3, 2, 9, 11);
    for scale in [1e-18, 1.0, 1e12] {
        let case = case.clone().with_cost(|c| c * scale);
        for way in ways() {
            let plain = way.solve(0.1 * scale, &case.problem());
            for from in [1e-20, scale, 1e20] {
                let annealing = Annealing::new(from, 0.3);
                let what = format!("{} scale {scale:e} from {from:e}", way.name);
                let found =
                    way.solve_with(way.solver(0.1 * scale).annealing(annealing), &case.problem());
                finite(&what, &found, 0);
                let bound = 4.0 * way.accuracy * scale;
                assert_close(&what, found.transport_cost()[0], plain.transport_cost()[0], bound);
            }
        }
    }
}

#[test]
fn a_start_may_be_anything_finite() {
    let case = Case::random(4, 1, 6, 5);
    for scale in [1e-15, 1.0, 1e15] {
        for epsilon in [0.1 * scale, 1e4 * scale] {
            for size in [scale, 1e3 * scale, 1e20] {
                let scaled = case.clone().with_cost(|c| c * scale).with_start(size);
                for way in ways() {
                    let what = format!("{} scale {scale:e} ε {epsilon:e} start {size:e}", way.name);
                    let found = way.solver(epsilon).max_iterations(300);
                    let found = found.solve_blocking(&way.context, &scaled.problem());
                    finite(&what, &found.expect("a solution"), 0);
                }
            }
        }
    }
}

#[test]
fn vectors_of_any_size_are_applied() {
    for way in ways() {
        for (empty, n, m) in [(0.0, 6, 7), (0.5, 12, 10)] {
            let case = Case::with_empty_bins(5, 1, n, m, empty);
            let found = way.solve(0.05, &case.problem());
            let p = plan(&found, 0);
            for size in [1e-300, 1e-40, 1e-20, 1.0, 1e20, 3e38] {
                let x: Vec<f64> = Random::new(2).vector(m).iter().map(|x| x * size).collect();
                let y = block_on(found.apply(0, &x)).expect("P x");
                for (i, y) in y.iter().enumerate() {
                    let exact: f64 = x.iter().zip(&p[i * m..]).map(|(x, p)| x * p).sum();
                    assert_close(way.name, *y, exact, 1e-5 * size);
                }
            }
        }
    }
}

/// A tensor is not scaled on its way to the kernels.
#[test]
fn cost_tensors_of_any_size_give_what_matrices_give() {
    let Some(context) = common::device_context() else { return };
    let base = Case::random(9, 2, 8, 8);
    for exponent in [-40, -30, -20, -10, 0, 10, 20, 25] {
        let case = base.clone().with_cost(|c| f64::from((c * 10f64.powi(exponent)) as f32));
        let words: Vec<f32> = case.cost.iter().map(|c| *c as f32).collect();
        let tensor = block_on(Tensor::from_slice(context, &words, &[8, 8])).expect("a tensor");
        let geometry = block_on(Geometry::cost_tensor(&tensor)).expect("a cost");
        let problem =
            Problem::new(geometry, &case.source, &case.target).expect("a problem").normalized();
        let size = case.magnitude();
        for epsilon in [0.05 * size, 2.0 * size, 30.0 * size, 1e3 * size, 1e-19, 1e19] {
            if !(1e-20..=1e20).contains(&epsilon) || size > 1e3 * epsilon {
                continue;
            }
            let twin = common::twin(&Sinkhorn::new(epsilon).tolerance(1e-12), &case.problem());
            for way in ways().iter().filter(|way| way.context.device().is_some()) {
                let what = format!("{} tensor 1e{exponent} ε {epsilon:e}", way.name);
                let found = way.solver(epsilon).solve_blocking(&way.context, &problem);
                let found = found.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert!(found.converged()[0], "{what}: {:?}", found.marginal_error());
                for k in 0..2 {
                    let bound = 2.0 * way.accuracy * size.max(epsilon.min(256.0 * size));
                    assert_close(&what, found.transport_cost()[k], twin.transport_cost()[k], bound);
                    assert_close(
                        &what,
                        found.regularized_cost()[k],
                        twin.regularized_cost()[k],
                        bound,
                    );
                    finite(&what, &found, k);
                }
            }
        }
    }
}

#[test]
fn grids_take_no_memory_before_they_are_needed() {
    // 200×200: 1.6e9 entries. Three bins do not fit it, which is seen at once.
    let started = std::time::Instant::now();
    let geometry = Geometry::squared_euclidean_grid(200, 200).expect("a grid");
    assert_eq!((geometry.shape(), geometry.magnitude()), ((40_000, 40_000), 2.0));
    let error = Problem::new(geometry, &[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).expect_err("3 bins");
    assert_eq!(error.kind(), "invalid-input");
    assert!(started.elapsed().as_millis() < 500);
    assert!(format!("{:?}", Geometry::squared_euclidean_grid(100, 100)).len() < 300);
}

#[test]
fn grids_are_matrices_like_any_other() {
    /// Axes, spacing, exponent.
    type OfGrid = (&'static [usize], Option<&'static [f64]>, f64);
    let grids: [OfGrid; 9] = [
        (&[1, 1], None, 2.0),
        (&[1, 6], None, 2.0),
        (&[5, 1], None, 2.0),
        (&[7, 9], None, 2.0),
        (&[17], None, 1.0),
        (&[4, 5], Some(&[0.5]), 1.0),
        (&[4, 5], Some(&[2.0, 0.25]), 1.5),
        (&[3, 2, 4], None, 2.0),
        (&[2, 3, 5], Some(&[5.0, 1.0, 0.5]), 3.0),
    ];
    for (axes, spacing, exponent) in grids {
        let cost = common::cost_of_grid(axes, spacing, exponent);
        let bins: usize = axes.iter().product();
        let of_grid = || {
            let grid = Grid::new(axes).exponent(exponent);
            let grid = spacing.iter().fold(grid, |grid, spacing| grid.spacing(spacing));
            Geometry::grid(&grid).expect("a grid")
        };
        let most = cost.iter().copied().fold(0.0, f64::max);
        assert!((of_grid().magnitude() - most).abs() <= 1e-14 * most, "{axes:?}");
        for (precision, empty) in
            [(Precision::Single, 0.0), (Precision::Double, 0.0), (Precision::Double, 0.6)]
        {
            let case = Case::with_empty_bins(bins as u64, 2, bins, bins, empty);
            let grid = Problem::new(of_grid(), &case.source, &case.target)
                .expect("a problem")
                .normalized();
            let dense = Geometry::cost_matrix(&cost, bins, bins).expect("a cost");
            let dense =
                Problem::new(dense, &case.source, &case.target).expect("a problem").normalized();
            for way in ways().iter().filter(|way| way.precision == precision) {
                let solver = way.solver(0.2 * most.max(1.0)).tolerance(way.tolerance.max(1e-9));
                let found = way.solve_with(solver.clone(), &grid);
                let exact = way.solve_with(solver, &dense);
                for k in 0..2 {
                    let (x, y) = (found.transport_cost()[k], exact.transport_cost()[k]);
                    assert_close(way.name, x, y, 4.0 * way.accuracy * most.max(1.0));
                }
                let (p, q) = (plan(&found, 1), plan(&exact, 1));
                assert!(common::distance(&p, &q) <= 4.0 * way.accuracy, "{}", way.name);
            }
        }
    }
}

#[test]
fn a_batch_of_the_twin_repeats_to_the_bit() {
    let case = Case::random(12, 40, 30, 20);
    let solve = || {
        let solution = Sinkhorn::new(0.05).solve_blocking(&Context::cpu(), &case.problem());
        solution.expect("a solution").regularized_cost().to_vec()
    };
    let first = solve();
    assert!((0..5).all(|_| solve() == first));
    for k in [0, 17, 39] {
        let alone = Sinkhorn::new(0.05).solve_blocking(&Context::cpu(), &case.alone(k).problem());
        assert_eq!(alone.expect("a solution").regularized_cost()[0], first[k]);
    }
}
