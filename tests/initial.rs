//! Where a solve begins: initialisers give the answer of a start at zero, in fewer iterations, on the twin and on the adapter
//! under test.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, Way, ways};
use kantor::{
    Context, Epsilon, Error, Geometry, Grid, GroundCost, Initializer, Marginals, Problem, Sinkhorn,
};

/// Normal numbers, by Box and Muller.
fn normal(random: &mut Random, count: usize) -> Vec<f64> {
    let mut one = || {
        let (u, v) = (random.uniform().max(1e-12), random.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    (0..count).map(|_| one()).collect()
}

/// Solves from zero and from `initializer`: the same answers, and iterations of both.
fn both(
    way: &Way,
    epsilon: impl Into<Epsilon>,
    problem: &Problem,
    initializer: Initializer,
) -> [u32; 2] {
    let solver = Sinkhorn::new(epsilon).precision(way.precision).tolerance(way.tolerance);
    let solver = solver.max_iterations(100_000);
    let zero = way.solve_with(solver.clone(), problem);
    let begun = way.solve_with(solver.initializer(initializer), problem);
    let bound = 20.0 * way.tolerance * problem.geometry().magnitude();
    for (of, from_zero) in [
        (begun.transport_cost(), zero.transport_cost()),
        (begun.regularized_cost(), zero.regularized_cost()),
        (begun.entropy_cost(), zero.entropy_cost()),
    ] {
        for (k, (value, exact)) in of.iter().zip(from_zero).enumerate() {
            let off = (value - exact).abs();
            assert!(off <= bound, "{}, {initializer:?}, problem {k}: off by {off:e}", way.name);
        }
    }
    let counts = [&zero, &begun].map(|s| s.iterations().iter().copied().max().expect("a problem"));
    println!("{}, {initializer:?}: {} iterations, from zero {}", way.name, counts[1], counts[0]);
    counts
}

fn assert_fewer(way: &Way, [zero, begun]: [u32; 2]) {
    assert!(begun < zero, "{}: {begun} iterations, from zero {zero}", way.name);
}

/// Two clouds of normal points in a plane, the second turned, stretched and moved.
fn normal_clouds(n: usize, m: usize) -> Geometry {
    let mut random = Random::new(3);
    let x = normal(&mut random, 2 * n);
    let y: Vec<f64> = normal(&mut random, 2 * m)
        .chunks_exact(2)
        .flat_map(|y| [2.0 + 1.5 * y[0] + 0.4 * y[1], -1.0 + 0.4 * y[0] + 0.5 * y[1]])
        .collect();
    Geometry::points(&x, &y, 2, GroundCost::SquaredEuclidean).expect("clouds")
}

/// Small clouds are normal by and large only; the answer is the same.
#[test]
fn normal_clouds_begin_at_the_closed_form() {
    let (n, m) = (150, 130);
    let (a, b) = (vec![1.0 / n as f64; n], vec![1.0 / m as f64; m]);
    let problem = Problem::new(normal_clouds(n, m), &a, &b).expect("weights");
    for way in ways() {
        both(&way, 0.3, &problem, Initializer::Gaussian);
    }
}

/// Two normal distributions over the pixels of an image, which the closed form is all but exact for.
#[test]
fn normal_images_begin_next_to_the_end() {
    let spacing = 0.5;
    let density = |mean: [f64; 2], [xx, xy, yy]: [f64; 3]| -> Vec<f64> {
        let of = |pixel: usize| {
            let x = (pixel / 20) as f64 * spacing - 4.75 - mean[0];
            let y = (pixel % 20) as f64 * spacing - 4.75 - mean[1];
            let form = (yy * x * x - 2.0 * xy * x * y + xx * y * y) / (xx * yy - xy * xy);
            (-0.5 * form).exp()
        };
        let values: Vec<f64> = (0..400).map(of).collect();
        let mass: f64 = values.iter().sum();
        values.iter().map(|value| value / mass).collect()
    };
    let (a, b) = (density([0.5, -0.5], [0.8, 0.0, 0.8]), density([-0.5, 0.5], [1.2, 0.3, 0.6]));
    let geometry = Geometry::grid(&Grid::new(&[20, 20]).spacing(&[spacing])).expect("an image");
    let problem = Problem::new(geometry, &a, &b).expect("weights");
    for way in ways() {
        assert_fewer(&way, both(&way, 0.4, &problem, Initializer::Gaussian));
    }
}

/// N(0, 1) to N(1, 2) on a fine grid: the closed form is the answer, before any iteration.
#[test]
fn normal_distributions_on_a_grid_are_solved_by_the_closed_form() {
    let (pixels, spacing, epsilon) = (500usize, 0.04, 0.5);
    let place = |k: usize| k as f64 * spacing - 9.5;
    let density = |mean: f64, variance: f64| -> Vec<f64> {
        let of = |k: usize| (-(place(k) - mean).powi(2) / (2.0 * variance)).exp();
        let values: Vec<f64> = (0..pixels).map(of).collect();
        let mass: f64 = values.iter().sum();
        values.iter().map(|v| v / mass).collect()
    };
    let geometry = Geometry::grid(&Grid::new(&[pixels]).spacing(&[spacing])).expect("a grid");
    let (a, b) = (density(0.0, 1.0), density(1.0, 2.0));
    let problem = Problem::new(geometry, &a, &b).expect("weights");
    let solver = Sinkhorn::new(epsilon).tolerance(1e-9).initializer(Initializer::Gaussian);
    let once = solver.clone().max_iterations(1).solve_blocking(&Context::cpu(), &problem);
    let error = once.expect("a solution").marginal_error()[0];
    assert!(error < 1e-6, "{error:e}");
    let solution = solver.solve_blocking(&Context::cpu(), &problem).expect("a solution");
    assert!(solution.converged()[0] && solution.iterations()[0] <= 20);
    // Janati et al. 2020, σ² = ε/2 = 1/4.
    assert!((solution.regularized_cost()[0] - 1.8658312302979).abs() < 1e-6);
}

#[test]
fn problems_on_a_line_begin_in_order() {
    let mut random = Random::new(5);
    let (n, m) = (120, 90);
    let x: Vec<f64> = (0..n).map(|_| random.uniform()).collect();
    let y: Vec<f64> = (0..m).map(|_| 0.3 + random.uniform().powi(2)).collect();
    let (a, b) = (random.histogram(n, 0.1), random.histogram(m, 0.1));
    for way in ways() {
        for ground in [GroundCost::SquaredEuclidean, GroundCost::Power(1.5)] {
            let geometry = Geometry::points(&x, &y, 1, ground).expect("points");
            let problem = Problem::new(geometry, &a, &b).expect("weights").normalized();
            assert_fewer(&way, both(&way, 0.005, &problem, Initializer::Sorted));
        }
        let line = Geometry::grid(&Grid::new(&[m]).exponent(1.0)).expect("a line");
        let (a, b) = (random.histogram(m, 0.0), random.histogram(m, 0.0));
        let problem = Problem::new(line, &a, &b).expect("weights").normalized();
        assert_fewer(&way, both(&way, 0.01, &problem, Initializer::Sorted));
    }
}

#[test]
fn samples_begin_problems_of_every_cost() {
    let mut random = Random::new(7);
    let (n, m) = (140, 150);
    let clouds = normal_clouds(n, m);
    let points = Problem::new(clouds, &vec![1.0 / n as f64; n], &vec![1.0 / m as f64; m]);
    let rows = |random: &mut Random, bins: usize| -> Vec<f64> {
        (0..2).flat_map(|_| random.histogram(bins, 0.2)).collect()
    };
    // Two costs of different spread, so that each problem has an ε of its own.
    let cost: Vec<f64> = (0..2 * 60 * 50)
        .map(|k| {
            let (i, j) = (k / 50 % 60, k % 50);
            (1 + k / 3000) as f64 * (i as f64 / 60.0 - j as f64 / 50.0).powi(2)
        })
        .collect();
    let matrices = Geometry::cost_matrices(&cost, 2, 60, 50).expect("costs");
    let (a, b) = (rows(&mut random, 60), rows(&mut random, 50));
    let matrices = Problem::new(matrices, &a, &b).expect("weights").normalized();
    let image = Geometry::grid(&Grid::new(&[9, 8])).expect("an image");
    let (a, b) = (rows(&mut random, 72), rows(&mut random, 72));
    let image = Problem::new(image, &a, &b).expect("weights").normalized();
    let sampled = Initializer::Subsample { points: 60 };
    for way in ways() {
        both(&way, Epsilon::Relative(0.05), &matrices, Initializer::Subsample { points: 20 });
        both(&way, 0.05, &image, sampled);
        assert_fewer(&way, both(&way, 0.3, points.as_ref().expect("weights"), sampled));
    }
}

#[test]
fn a_start_that_does_not_fit_is_refused_by_name() {
    let weights = [0.25; 4];
    let cost: Vec<f64> = (0..16).map(f64::from).collect();
    let matrix = Geometry::cost_matrix(&cost, 4, 4).expect("a cost");
    let matrix = Problem::new(matrix, &weights, &weights).expect("weights");
    let image = |exponent| {
        let grid = Grid::new(&[2, 2]).exponent(exponent);
        let geometry = Geometry::grid(&grid).expect("a grid");
        Problem::new(geometry, &weights, &[0.1, 0.2, 0.3, 0.4]).expect("weights")
    };
    let soft = Marginals::Unbalanced { source: 1.0, target: 1.0 };
    let started = image(2.0).starting_from(&[0.0; 4]).expect("a start");
    let mut forbidden = cost.clone();
    forbidden[5] = f64::INFINITY;
    let forbidden = Geometry::cost_matrix(&forbidden, 4, 4).expect("a cost");
    let forbidden = Problem::new(forbidden, &weights, &weights).expect("weights");
    let sampled = Initializer::Subsample { points: 2 };
    for (initializer, problem, part) in [
        (Initializer::Gaussian, matrix.clone(), "matrix"),
        (Initializer::Gaussian, image(1.0), "sum of other powers"),
        (Initializer::Sorted, image(2.0), "no order"),
        (Initializer::Gaussian, image(2.0).marginals(soft).expect("a reach"), "hard marginals"),
        (Initializer::Gaussian, started, "to start from"),
        (Initializer::Subsample { points: 0 }, matrix, "at least one point"),
        (sampled, forbidden, "forbidden"),
    ] {
        let solver = Sinkhorn::new(0.5).initializer(initializer);
        let error = solver.solve_blocking(&Context::cpu(), &problem).expect_err("a refusal");
        let Error::InvalidInput { argument, reason, .. } = &error else { panic!("{error}") };
        assert_eq!(*argument, "initializer", "{error}");
        assert!(reason.contains(part), "{reason}");
    }
    // A symmetric problem needs none.
    let geometry = Geometry::grid(&Grid::new(&[2, 2]).exponent(1.0)).expect("a grid");
    let own = Problem::new(geometry, &weights, &weights).expect("weights");
    let solver = Sinkhorn::new(0.5).initializer(Initializer::Gaussian);
    assert!(solver.solve_blocking(&Context::cpu(), &own).expect("a solution").converged()[0]);
}
