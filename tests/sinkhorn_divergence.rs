//! The Sinkhorn divergence: known answers, zero between equals, never clamped.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, Way, assert_close, ways};
use kantor::{Geometry, Grid, GroundCost, Problem, SinkhornDivergence};

fn divergence(way: &Way, epsilon: f64, problem: &Problem) -> SinkhornDivergence {
    let found = way.solver(epsilon).divergence_blocking(&way.context, problem);
    found
        .and_then(SinkhornDivergence::require_converged)
        .unwrap_or_else(|error| panic!("{}: {error}", way.name))
}

/// {0, 1} of (½, ½) and {½, 3/2} of (¼, ¾), |x − y|², ε = 0.1; with masses of 1.2 and 0.8 and a reach of ½.
#[test]
fn two_pairs_of_points_are_as_known() {
    for way in ways() {
        let geometry = Geometry::points(&[0.0, 1.0], &[0.5, 1.5], 1, GroundCost::SquaredEuclidean)
            .expect("points");
        let balanced =
            Problem::new(geometry.clone(), &[0.5, 0.5], &[0.25, 0.75]).expect("a problem");
        let found = divergence(&way, 0.1, &balanced).values()[0];
        assert_close(way.name, found, 0.7088062748399, 4.0 * way.accuracy);
        let unbalanced = Problem::new(geometry, &[0.6, 0.6], &[0.2, 0.6])
            .and_then(|problem| problem.reach(0.5))
            .expect("a problem");
        let found = divergence(&way, 0.1, &unbalanced).values()[0];
        assert_close(way.name, found, 0.2613098537108, 4.0 * way.accuracy);
    }
}

/// S(N(0,1), N(1,1)) = 1 at every ε.
#[test]
fn a_translation_costs_its_squared_length() {
    let mut random = Random::new(8);
    let (n, d) = (30, 2);
    let x: Vec<f64> = (0..n * d).map(|_| random.uniform()).collect();
    let y: Vec<f64> = x.iter().enumerate().map(|(k, x)| x + [0.75, -1.0][k % 2]).collect();
    let w = vec![1.0 / n as f64; n];
    for way in ways() {
        for epsilon in [0.05, 1.0] {
            let geometry =
                Geometry::points(&x, &y, d, GroundCost::SquaredEuclidean).expect("points");
            let problem = Problem::new(geometry, &w, &w).expect("a problem");
            let found = divergence(&way, epsilon, &problem).values()[0];
            assert_close(way.name, found, 0.75 * 0.75 + 1.0, 20.0 * way.accuracy);
        }
    }
}

/// Of a measure to itself 0, and a self term is solved once for all problems that share it.
#[test]
fn a_measure_is_at_no_distance_from_itself() {
    let mut random = Random::new(9);
    let grid = || Geometry::grid(&Grid::new(&[4, 5])).expect("a grid");
    let a: Vec<f64> = (0..20).map(|_| random.uniform()).collect();
    let b: Vec<f64> = (0..3 * 20).map(|_| random.uniform()).collect();
    for way in ways() {
        let to_itself = Problem::new(grid(), &a, &a).expect("a problem").normalized();
        let found = divergence(&way, 0.05, &to_itself).values()[0];
        let bound = if way.accuracy > 1e-8 { 1e-6 } else { 1e-12 };
        assert!((-1e-7..=bound).contains(&found), "{}: {found:e}", way.name);
        // One row against many.
        let many = Problem::new(grid(), &a, &b).expect("a problem").normalized();
        let found = divergence(&way, 0.05, &many);
        for (k, value) in found.values().iter().enumerate() {
            let one = Problem::new(grid(), &a, &b[k * 20..(k + 1) * 20]).expect("one").normalized();
            let known = divergence(&way, 0.05, &one).values()[0];
            assert_close(way.name, *value, known, way.accuracy);
            assert!(*value > 0.0, "{}: {value:e}", way.name);
        }
    }
}

/// All pairs of rows are the problems one by one.
#[test]
fn all_pairs_are_as_each() {
    let mut random = Random::new(10);
    let line = || Geometry::grid(&Grid::new(&[6])).expect("a grid");
    let rows: Vec<f64> = (0..4 * 6).map(|_| random.uniform()).collect();
    let row = |k: usize| &rows[k * 6..(k + 1) * 6];
    for way in ways() {
        let problem = Problem::pairwise(line(), &rows).expect("rows").normalized();
        assert_eq!(problem.len(), 6);
        let found = divergence(&way, 0.1, &problem);
        for k in 0..problem.len() {
            let (i, j) = problem.pair(k);
            let one = Problem::new(line(), row(i), row(j)).expect("one").normalized();
            let known = divergence(&way, 0.1, &one).values()[0];
            assert_close(way.name, found.values()[k], known, way.accuracy);
        }
    }
}

#[test]
fn a_cost_that_says_nothing_of_one_side_is_refused() {
    let geometry = Geometry::cost_matrix(&[0.0, 1.0, 2.0, 0.0], 2, 2).expect("a cost");
    let problem = Problem::new(geometry, &[0.5, 0.5], &[0.5, 0.5]).expect("a problem");
    for way in ways() {
        let error = way.solver(0.1).divergence_blocking(&way.context, &problem).expect_err("costs");
        assert!(error.to_string().contains("geometry"), "{error}");
    }
    assert!(Problem::pairwise(problem.geometry().clone(), &[0.5, 0.5]).is_err());
}
