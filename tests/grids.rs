//! Transport over regular grids, one axis after the other: the same answers as from the matrix, and those of grids whose
//! matrix nobody could hold.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, Way, assert_close, cost_of_grid, distance, sized, ways};
use kantor::{Geometry, Grid, Marginals, Precision, Problem, Solution, Stop, Variant};

/// Axes, spacing, exponent.
type OfGrid = (&'static [usize], Option<&'static [f64]>, f64);

const GRIDS: [OfGrid; 10] = [
    (&[1], None, 2.0),
    (&[1, 1, 1], Some(&[3.0]), 1.0),
    (&[37], None, 1.0),
    (&[140], None, 2.0),
    (&[12, 11], None, 2.0),
    (&[9, 16], Some(&[0.5, 2.0]), 1.0),
    (&[3, 1, 31], Some(&[2.0, 1.0, 0.25]), 1.5),
    (&[14, 10, 1], None, 2.0),
    (&[4, 5, 6], Some(&[5.0, 1.0, 0.5]), 2.0),
    (&[2, 3, 2], None, 1.5),
];

fn geometry((axes, spacing, exponent): OfGrid) -> Geometry {
    let grid = Grid::new(axes).exponent(exponent);
    let grid = spacing.iter().fold(grid, |grid, spacing| grid.spacing(spacing));
    Geometry::grid(&grid).expect("a grid")
}

/// The same problems over the grid and over its matrix.
fn both(grid: OfGrid, a: &[f64], b: &[f64], marginals: Marginals) -> [Problem; 2] {
    let n = grid.0.iter().product();
    let cost = cost_of_grid(grid.0, grid.1, grid.2);
    let dense = Geometry::cost_matrix(&cost, n, n).expect("a cost");
    [geometry(grid), dense].map(|geometry| {
        let problem = Problem::new(geometry, a, b).expect("weights");
        problem.marginals(marginals).expect("marginals")
    })
}

/// Rows of mass 1, a tenth of their bins empty.
fn weights(random: &mut Random, batch: usize, bins: usize) -> Vec<f64> {
    (0..batch).flat_map(|_| random.histogram(bins, 0.1)).collect()
}

/// To the tolerance of the way, along the axes even where the problems are small. Beside a cost of 0 no kernel is asked.
fn solve(way: &Way, epsilon: f64, problem: &Problem) -> Solution {
    let plain = way.name == "twin" || problem.geometry().magnitude() == 0.0;
    let variant = if plain { Variant::Auto } else { Variant::Streaming };
    way.solve_with(way.solver(epsilon).variant(variant), problem)
}

#[track_caller]
fn compare(way: &Way, what: &str, grid: &Solution, dense: &Solution, k: usize) {
    let what = format!("{}, {what}, problem {k}", way.name);
    for solution in [grid, dense] {
        let error = solution.marginal_error()[k];
        assert_eq!(solution.stop()[k], Stop::Converged, "{what}: {error:e}");
    }
    let bound = 4.0 * way.accuracy;
    for (found, known) in [
        (grid.transport_cost()[k], dense.transport_cost()[k]),
        (grid.regularized_cost()[k], dense.regularized_cost()[k]),
        (grid.entropy_cost()[k], dense.entropy_cost()[k]),
        (grid.mass()[k], dense.mass()[k]),
    ] {
        assert_close(&what, found, known, bound * known.abs().max(1.0));
    }
    let (found, known) = (common::plan(grid, k), common::plan(dense, k));
    assert!(distance(&found, &known) < 20.0 * bound, "{what}: {:e}", distance(&found, &known));
}

fn all_grids(marginals: Marginals) {
    let mut random = Random::new(3);
    for grid in GRIDS {
        let bins = grid.0.iter().product();
        let (a, b) = (weights(&mut random, 2, bins), weights(&mut random, 2, bins));
        let [of_grid, dense] = both(grid, &a, &b, marginals);
        let epsilon = 0.05 * of_grid.geometry().magnitude().max(1.0);
        for way in ways() {
            let [of_grid, dense] = [&of_grid, &dense].map(|p| solve(&way, epsilon, p));
            for k in 0..2 {
                compare(&way, &format!("{grid:?}, {marginals:?}"), &of_grid, &dense, k);
            }
        }
    }
}

#[test]
fn grids_are_as_their_matrix() {
    all_grids(Marginals::Balanced);
}

#[test]
fn grids_are_as_their_matrix_with_a_reach() {
    all_grids(Marginals::Unbalanced { source: 0.5, target: 0.8 });
}

#[test]
fn grids_are_as_their_matrix_in_part() {
    all_grids(Marginals::Partial { mass: 0.6 });
}

/// Potentials of empty pixels follow from the others, along the axes too; P x and Pᵀ x, and their sums.
#[test]
fn potentials_and_plans_of_grids_are_those_of_the_matrix() {
    let mut random = Random::new(5);
    let grid: OfGrid = (&[8, 13], None, 2.0);
    let (a, b) = (weights(&mut random, 1, 104), weights(&mut random, 1, 104));
    let [of_grid, dense] = both(grid, &a, &b, Marginals::Balanced);
    let x = random.vector(104);
    for way in ways() {
        let [of_grid, dense] = [&of_grid, &dense].map(|p| solve(&way, 0.1, p));
        let [found, known] = [&of_grid, &dense].map(|s| common::potentials(s, 0));
        // Up to a constant, which goes from one side to the other.
        let moved = found.f[0] - known.f[0];
        for (found, known, moved) in [(found.f, known.f, moved), (found.g, known.g, -moved)] {
            let error =
                found.iter().zip(&known).map(|(x, y)| (x - y - moved).abs()).fold(0.0, f64::max);
            assert!(error < 100.0 * way.accuracy, "{}: {error:e}", way.name);
        }
        let [found, known] =
            [&of_grid, &dense].map(|s| s.apply_blocking(0, &x).expect("a product"));
        assert!(distance(&found, &known) < 20.0 * way.accuracy, "{}", way.name);
        let [found, known] =
            [&of_grid, &dense].map(|s| s.apply_transposed_blocking(0, &x).expect("a product"));
        assert!(distance(&found, &known) < 20.0 * way.accuracy, "{}", way.name);
    }
}

/// One side twice: one potential for both.
#[test]
fn symmetric_problems_over_grids_are_as_their_matrix() {
    let mut random = Random::new(6);
    for grid in [(&[11, 14][..], None, 2.0), (&[150][..], None, 1.0)] {
        let bins = grid.0.iter().product();
        let a = weights(&mut random, 1, bins);
        let [of_grid, dense] = both(grid, &a, &a, Marginals::Balanced);
        for way in ways() {
            let [of_grid, dense] = [&of_grid, &dense].map(|p| solve(&way, 0.05, p));
            compare(&way, "symmetric", &of_grid, &dense, 0);
        }
    }
}

/// A blob of mass 1 around (r, c) on a square of `side`².
fn blob(side: usize, (r, c): (f64, f64), width: f64) -> Vec<f64> {
    let place = |k: usize| k as f64 / (side - 1) as f64;
    let along = |x: f64, k: usize| (-0.5 * ((place(k) - x) / width).powi(2)).exp();
    let values: Vec<f64> =
        (0..side * side).map(|p| along(r, p / side) * along(c, p % side)).collect();
    let sum: f64 = values.iter().sum();
    values.iter().map(|x| x / sum).collect()
}

/// 10⁴ pixels, whose matrix of 400 MB fits no default binding. Between two blobs that are translates of each other the
/// plan's means move by the translation: a lower bound of the cost that entropy exceeds by less than 2 ε.
#[test]
fn images_of_ten_thousand_pixels_are_solved_without_their_matrix() {
    let side = 100;
    let (a, b) = (blob(side, (0.4, 0.4), 0.05), blob(side, (0.55, 0.6), 0.05));
    let geometry = Geometry::squared_euclidean_grid(side, side).expect("a grid");
    let problem = Problem::new(geometry, &a, &b).expect("weights").normalized();
    let epsilon = 0.02;
    let known = 0.15f64.powi(2) + 0.2f64.powi(2);
    let mut costs = Vec::new();
    for way in ways().into_iter().filter(|way| way.name != "twin") {
        if way.precision == Precision::Double && sized(false, true) {
            continue;
        }
        let solver = way.solver(epsilon).tolerance(way.tolerance.max(1e-7));
        let solution = way.solve_with(solver, &problem);
        assert_eq!(solution.variant(), Variant::Streaming);
        let cost = solution.transport_cost()[0];
        assert!(cost > known - 1e-5 && cost < known + 2.0 * epsilon, "{}: {cost}", way.name);
        costs.push(cost);
    }
    if let [single, double] = costs[..] {
        assert_close("single, double", single, double, 1e-5);
    }
}

/// Far more pixels than a matrix of a binding has rows, in three dimensions; two iterations are as good as two of the twin.
#[test]
fn a_volume_is_as_small_as_its_axes() {
    let axes = [40, 30, 50];
    let n: usize = axes.iter().product();
    let geometry = Geometry::grid(&Grid::new(&axes)).expect("a grid");
    assert_eq!(geometry.shape(), (n, n));
    let mut random = Random::new(8);
    let (a, b) = (weights(&mut random, 1, n), weights(&mut random, 1, n));
    let problem = Problem::new(geometry, &a, &b).expect("weights");
    for way in ways().into_iter().filter(|way| way.name == "single") {
        let solution = way.solve(0.1, &problem);
        let potentials = common::potentials(&solution, 0);
        assert!(potentials.f.iter().chain(&potentials.g).all(|p| p.is_finite()));
        assert!((solution.mass()[0] - 1.0).abs() < 1e-5);
    }
}
