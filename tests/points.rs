//! Costs between points: the same answers as from their matrix.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, Way, assert_close, distance, ways};
use kantor::{Geometry, GroundCost, Marginals, Problem, Solution, Stop};

const GROUNDS: [GroundCost; 6] = [
    GroundCost::SquaredEuclidean,
    GroundCost::HalfSquaredEuclidean,
    GroundCost::Power(1.0),
    GroundCost::Power(1.5),
    GroundCost::Power(3.0),
    GroundCost::Cosine,
];

fn cost(ground: GroundCost, x: &[f64], y: &[f64]) -> f64 {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let d: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - y).collect();
    match ground {
        GroundCost::SquaredEuclidean => dot(&d, &d),
        GroundCost::HalfSquaredEuclidean => 0.5 * dot(&d, &d),
        GroundCost::Power(p) => dot(&d, &d).powf(0.5 * p),
        GroundCost::Cosine => 1.0 - dot(x, y) / (dot(x, x) * dot(y, y)).sqrt(),
        other => panic!("{other:?} is new"),
    }
}

/// Points of d dimensions, some far from the origin.
fn cloud(random: &mut Random, n: usize, d: usize) -> Vec<f64> {
    (0..n * d).map(|k| f64::from((random.uniform() + 0.3 * (k % d) as f64) as f32)).collect()
}

fn weights(random: &mut Random, n: usize) -> Vec<f64> {
    (0..n).map(|_| 0.1 + random.uniform()).collect()
}

fn matrix(ground: GroundCost, x: &[f64], y: &[f64], d: usize) -> Vec<f64> {
    let rows = x.chunks_exact(d);
    rows.flat_map(|x| y.chunks_exact(d).map(move |y| cost(ground, x, y))).collect()
}

fn compare(way: &Way, what: &str, points: &Solution, dense: &Solution, k: usize) {
    let what = format!("{}, {what}", way.name);
    for solution in [points, dense] {
        let error = solution.marginal_error()[k];
        assert_eq!(solution.stop()[k], Stop::Converged, "{what}: {error:e}");
    }
    let bound = 4.0 * way.accuracy;
    for (found, known) in [
        (points.transport_cost()[k], dense.transport_cost()[k]),
        (points.regularized_cost()[k], dense.regularized_cost()[k]),
        (points.entropy_cost()[k], dense.entropy_cost()[k]),
    ] {
        assert_close(&what, found, known, bound * known.abs().max(1.0));
    }
    let (found, known) = (common::plan(points, k), common::plan(dense, k));
    assert!(distance(&found, &known) < 20.0 * bound, "{what}: {:e}", distance(&found, &known));
}

#[test]
fn points_are_as_their_matrix() {
    let mut random = Random::new(3);
    for (n, m, d) in [(1, 1, 1), (7, 5, 1), (33, 50, 2), (64, 40, 3), (21, 30, 7), (17, 9, 40)] {
        let (x, y) = (cloud(&mut random, n, d), cloud(&mut random, m, d));
        let (a, b) = (weights(&mut random, n), weights(&mut random, m));
        // Every dimension and ground cost is a kernel of its own to compile.
        let grounds = if d == 2 { &GROUNDS[..] } else { &GROUNDS[..1] };
        for &ground in grounds {
            let costs = matrix(ground, &x, &y, d);
            let epsilon = 0.1 * costs.iter().copied().fold(1e-3, f64::max);
            let points = Geometry::points(&x, &y, d, ground).expect("points");
            let dense = Geometry::cost_matrix(&costs, n, m).expect("a cost");
            let [points, dense] = [points, dense]
                .map(|geometry| Problem::new(geometry, &a, &b).expect("weights").normalized());
            for way in ways() {
                let what = format!("{n}×{m}, d = {d}, {ground:?}");
                let [points, dense] = [&points, &dense].map(|p| way.solve(epsilon, p));
                compare(&way, &what, &points, &dense, 0);
            }
        }
    }
}

/// A pair of clouds for every problem, unequal masses.
#[test]
fn every_problem_may_have_clouds_of_its_own() {
    let mut random = Random::new(4);
    let (n, m, d, batch) = (14, 19, 2, 3);
    let (x, y) = (cloud(&mut random, batch * n, d), cloud(&mut random, batch * m, d));
    let (a, b) = (weights(&mut random, batch * n), weights(&mut random, batch * m));
    let ground = GroundCost::SquaredEuclidean;
    let costs: Vec<f64> = (0..batch)
        .flat_map(|k| {
            matrix(ground, &x[k * n * d..(k + 1) * n * d], &y[k * m * d..(k + 1) * m * d], d)
        })
        .collect();
    let points = Geometry::clouds(&x, &y, batch, d, ground).expect("clouds");
    let dense = Geometry::cost_matrices(&costs, batch, n, m).expect("costs");
    let asked = Marginals::Unbalanced { source: 0.5, target: 0.8 };
    let [points, dense] = [points, dense].map(|geometry| {
        Problem::new(geometry, &a, &b).expect("weights").marginals(asked).expect("reaches")
    });
    for way in ways() {
        let [points, dense] = [&points, &dense].map(|p| way.solve(0.1, p));
        for k in 0..batch {
            compare(&way, &format!("problem {k}"), &points, &dense, k);
        }
    }
}

/// Coordinates far from the origin lose nothing: differences are what counts.
#[test]
fn a_translation_changes_nothing() {
    let mut random = Random::new(6);
    let (n, d) = (40, 3);
    let (x, y) = (cloud(&mut random, n, d), cloud(&mut random, n, d));
    let moved = |x: &[f64]| x.iter().map(|x| x + 1e4).collect::<Vec<f64>>();
    let w = vec![1.0 / n as f64; n];
    let ground = GroundCost::SquaredEuclidean;
    let here = Geometry::points(&x, &y, d, ground).expect("points");
    let there = Geometry::points(&moved(&x), &moved(&y), d, ground).expect("points");
    let [here, there] = [here, there].map(|g| Problem::new(g, &w, &w).expect("weights"));
    for way in ways() {
        let [here, there] = [&here, &there].map(|p| way.solve(0.2, p));
        let bound = 20.0 * way.accuracy;
        assert_close(way.name, there.transport_cost()[0], here.transport_cost()[0], bound);
    }
}

#[test]
fn what_is_no_cloud_is_refused() {
    let ground = GroundCost::SquaredEuclidean;
    let refused = |x: &[f64], y: &[f64], d: usize, ground: GroundCost, name: &str| {
        let error = Geometry::points(x, y, d, ground).expect_err(name).to_string();
        assert!(error.contains(name), "{error}");
    };
    refused(&[], &[1.0], 1, ground, "source");
    refused(&[1.0], &[1.0, 2.0, 3.0], 2, ground, "source");
    refused(&[1.0, 2.0], &[1.0, 2.0, 3.0], 2, ground, "target");
    refused(&[f64::NAN], &[1.0], 1, ground, "source");
    refused(&[1.0], &[f64::INFINITY], 1, ground, "target");
    refused(&[1e30], &[-1e30], 1, ground, "leave f32");
    refused(&[1.0], &[1.0], 0, ground, "source");
    refused(&[0.0; 5000], &[0.0; 5000], 5000, ground, "dimensions");
    refused(&[1.0], &[1.0], 1, GroundCost::Power(0.5), "exponent");
    refused(&[1.0], &[1.0], 1, GroundCost::Power(f64::NAN), "exponent");
    refused(&[1.0, 0.0, 0.0, 0.0], &[1.0, 1.0], 2, GroundCost::Cosine, "source");
}
