//! Sizes that no memory holds and products that no integer holds: every entry point of transport and von Mises-Fisher
//! says so at once, without a panic and without asking for the memory.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::directions::rows;
use common::{Case, block_on, context};
use kantor::vmf::{
    MAX_CLUSTERS, concentration, concentration_from_complement, mean_resultant_length,
};
use kantor::{
    Annealing, Context, Directions, Geometry, Grid, Precision, Problem, Result, Sinkhorn, Tensor,
    Variant, VonMisesFisher, VonMisesFisherMixture,
};
use std::fmt::Debug;
use std::time::{Duration, Instant};

const SIZES: [usize; 12] = [
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 1,
    1 << 33,
    1 << 40,
    1 << 60,
    1 << 62,
    (1 << 63) - 1,
    1 << 63,
    usize::MAX / 8,
    usize::MAX,
];

/// Is an error about a size or an argument, within a second.
#[track_caller]
fn refused<T: Debug>(what: &str, call: impl FnOnce() -> Result<T>) {
    let started = Instant::now();
    let error = match call() {
        Ok(value) => panic!("{what}: {value:?}"),
        Err(error) => error,
    };
    assert!(
        ["invalid-input", "limit-exceeded", "out-of-memory"].contains(&error.kind()),
        "{what}: {error}"
    );
    assert!(started.elapsed() < Duration::from_secs(1), "{what}: {:?}", started.elapsed());
}

fn contexts() -> [Context; 2] {
    [Context::cpu(), context().clone()]
}

#[test]
fn shapes_of_costs_and_histograms() {
    let ones = [1.0f32; 12];
    for n in SIZES {
        refused("rows", || Geometry::cost_matrix(&ones, n, 2));
        refused("columns", || Geometry::cost_matrix(&ones, 2, n));
        refused("one column", || Geometry::cost_matrix(&ones, n, 1));
        refused("both", || Geometry::cost_matrix(&ones, n, n));
        refused("batch", || Geometry::cost_matrices(&ones, n, 3, 4));
        refused("batch and rows", || Geometry::cost_matrices(&ones, n, n, 4));
        refused("height", || Geometry::squared_euclidean_grid(n, 1));
        refused("width", || Geometry::squared_euclidean_grid(3, n));
        refused("pixels", || Geometry::squared_euclidean_grid(n, n));
        refused("a line", || Geometry::grid(&Grid::new(&[n])));
        refused("a box", || Geometry::grid(&Grid::new(&[n, 2, n])));
        for context in contexts() {
            let tensor = |shape: &[usize]| block_on(Tensor::from_slice(&context, &ones, shape));
            refused("tensor", || tensor(&[n, 4]));
            refused("tensor", || tensor(&[n, n]));
        }
    }
    // A grid as large as they come, and histograms that do not fit it.
    let geometry = Geometry::squared_euclidean_grid(1 << 9, 1 << 22).expect("a grid");
    refused("bins", || Problem::new(geometry, &[1.0], &[1.0]));
}

#[test]
fn problems_and_solutions() {
    for context in contexts() {
        let case = Case::random(1, 2, 3, 4);
        let solution =
            Sinkhorn::new(1.0).solve_blocking(&context, &case.problem()).expect("solved");
        for k in SIZES {
            refused("potentials", || block_on(solution.potentials(k)));
            refused("plan", || block_on(solution.plan(k)));
            refused("apply", || block_on(solution.apply(k, &[1.0; 4])));
            refused("apply transposed", || block_on(solution.apply_transposed(k, &[1.0; 3])));
        }
        // A cost that fits no binding is refused before it is made.
        if context.device().is_some() {
            let bins = 200 * 200;
            let geometry = Geometry::squared_euclidean_grid(200, 200).expect("a grid");
            let weights = vec![1.0f32; bins];
            let problem =
                Problem::new(geometry, &weights, &weights).expect("a problem").normalized();
            // Along its axes; a matrix of its 1.6e9 pairs fits no binding.
            let solution = Sinkhorn::new(0.1).solve_blocking(&context, &problem).expect("solved");
            assert!(solution.converged()[0]);
            refused("its matrix", || {
                Sinkhorn::new(0.1).variant(Variant::Scaling).solve_blocking(&context, &problem)
            });
        }
    }
}

#[test]
fn iterations_and_schedules() {
    let case = Case::random(2, 2, 3, 4);
    for context in contexts() {
        let annealed = |from: f64, factor: f64, most: u32| {
            let annealing = Annealing::new(from, factor);
            let solver = Sinkhorn::new(0.1).annealing(annealing).max_iterations(most);
            solver.solve_blocking(&context, &case.problem())
        };
        // Endless, of 1e12 steps, and longer than asked for.
        let next_to_one = 1.0 - f64::EPSILON / 2.0;
        refused("endless", || annealed(1e20, next_to_one, u32::MAX));
        refused("endless", || annealed(0.1 * (1.0 + 1e-9), next_to_one, u32::MAX));
        refused("1e12 steps", || annealed(1.0, 1.0 - 2e-12, u32::MAX));
        refused("1e7 steps", || annealed(1.0, 1.0 - 2e-7, u32::MAX));
        refused("longer than asked for", || annealed(1.0, 0.99, 100));
        for (from, factor) in
            [(1e20, 0.9), (1.0, 1e-320), (1e-20, next_to_one), (0.1, 0.5), (1e20, 0.9999)]
        {
            let solution = annealed(from, factor, u32::MAX);
            let solution = solution.unwrap_or_else(|error| panic!("{from} {factor}: {error}"));
            assert!(
                solution.converged()[0],
                "{from} {factor} {:?} {:?} {}",
                solution.iterations(),
                solution.marginal_error(),
                solution.variant()
            );
        }
    }
}

#[test]
fn dimensions_clusters_and_samples() {
    let f = VonMisesFisher::new(&[1.0, 0.0, 0.0], 3.0).expect("a distribution");
    let wide = VonMisesFisher::new(&vec![1.0f32; 100_000], 3.0).expect("a distribution");
    for n in SIZES {
        refused("dimension", || concentration(n, 0.5));
        refused("dimension", || concentration_from_complement(n, 0.5));
        refused("dimension", || mean_resultant_length(n, 0.5));
        if n >= 1 << 40 {
            refused("samples", || f.sample(n, 0));
        }
        if n >= 1 << 33 {
            refused("samples of many components", || wide.sample(n, 0));
        }
    }
    for context in contexts() {
        let directions = rows(&context, &[1.0, 0.0, 0.0, 1.0, 0.6, 0.8], 2);
        for n in SIZES {
            refused("dimension", || Directions::new_blocking(&context, &[1.0f32; 12], n));
            for precision in [Precision::Single, Precision::Double] {
                refused("clusters", || {
                    VonMisesFisher::fit_clusters_blocking(&directions, &[1.0; 6], n, precision)
                });
                refused("labels", || {
                    VonMisesFisher::fit_labels_blocking(&directions, &[0, 1, 0], n, precision)
                });
                let mixture = VonMisesFisherMixture::new(n).precision(precision);
                refused("components", || mixture.fit_blocking(&directions));
            }
        }
        refused("labels", || {
            let most = MAX_CLUSTERS + 1;
            VonMisesFisher::fit_labels_blocking(&directions, &[0, 1, 0], most, Precision::Single)
        });
        // Labels that no row has cost no more than their place.
        let labels = [0, 99_999, 0];
        let fits =
            VonMisesFisher::fit_labels_blocking(&directions, &labels, 100_000, Precision::Single);
        let fits = fits.expect("fits");
        assert_eq!((fits.len(), fits.iter().flatten().count()), (100_000, 2));
        assert!(fits[99_999].as_ref().is_some_and(|fit| fit.rows() == 1));
        assert!(fits[0].as_ref().is_some_and(|fit| fit.rows() == 2));
    }
}

/// n² components for n rows, the host's shares among them, are held in pieces.
#[test]
fn as_many_components_as_rows() {
    let f = VonMisesFisher::new(&[1.0, 0.0, 0.0], 2.0).expect("a distribution");
    let values = f.sample(3000, 1).expect("samples");
    let directions = rows(&Context::cpu(), &values, 3);
    let mixture = VonMisesFisherMixture::new(3000).max_iterations(1);
    let fit = mixture.fit_blocking(&directions).expect("a mixture");
    assert!(fit.log_likelihood().is_finite());
    let shares = fit.responsibilities_blocking(&directions).expect("shares");
    assert!(shares.chunks_exact(3000).all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-9));
}
