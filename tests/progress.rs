//! Long solves: they report while they run, can be broken off at any report, on the twin and on the adapter under test,
//! alone and in batches, and say how far they came.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Case, context};
use kantor::{
    Context, Error, Geometry, GroundCost, Precision, Problem, Progress, Sinkhorn, Stop, Variant,
};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Far more iterations than anyone waits for.
const ENDLESS: u32 = 100_000_000;

/// Solves until the callback has been called `most` times and iterations were made; what it saw, and the error.
fn broken_off(
    solver: Sinkhorn,
    context: &Context,
    case: &Case,
    most: usize,
) -> (Vec<Progress>, Error) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let solver = solver.on_progress(move |progress| {
        let mut log = log.lock().expect("no panic here");
        log.push(*progress);
        match log.len() >= most && progress.iterations > 0 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    let error = solver.solve_blocking(context, &case.problem()).expect_err("it is broken off");
    let seen = seen.lock().expect("no panic here").clone();
    (seen, error)
}

fn assert_told(what: &str, seen: &[Progress], error: &Error, problems: usize) {
    let last = seen.last().expect("a report");
    let Error::Cancelled { iterations } = error else { panic!("{what}: {error}") };
    assert_eq!(*iterations, last.iterations, "{what}");
    assert!(*iterations > 0, "{what}: nothing was done");
    assert!(seen.windows(2).all(|w| w[0].iterations <= w[1].iterations), "{what}: {seen:?}");
    assert!(seen.iter().all(|p| p.problems == problems && p.finished <= problems), "{what}");
}

#[test]
fn batches_on_the_twin_can_be_broken_off_while_they_run() {
    for (batch, n) in [(1, 300), (2, 300), (3, 60), (17, 200), (64, 120), (200, 40)] {
        for epsilon in [0.01, 1e4] {
            let case = Case::random(batch as u64, batch, n, n);
            let solver = Sinkhorn::new(epsilon).tolerance(0.0).max_iterations(ENDLESS);
            let started = Instant::now();
            let (seen, error) = broken_off(solver, &Context::cpu(), &case, 3);
            let what = format!("{batch} problems of {n} bins, ε {epsilon}");
            assert_told(&what, &seen, &error, batch);
            assert_eq!(seen.len(), 3, "{what}: called again after Break");
            assert!(started.elapsed() < Duration::from_secs(10), "{what}: {:?}", started.elapsed());
        }
    }
}

/// A pass over a large cost takes longer than it may take until a solve is broken off.
#[test]
fn a_large_problem_on_the_twin_is_broken_off_in_the_middle_of_a_pass() {
    let case = Case::random(9, 1, 3000, 3000);
    let problem = case.problem();
    // In range of f64, far beyond it, and of a plan that is the product.
    for epsilon in [0.05, 1e-5, 1e4] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let solver = Sinkhorn::new(epsilon).tolerance(0.0).max_iterations(ENDLESS).on_progress(
            move |progress| {
                let mut log = log.lock().expect("no panic here");
                log.push((Instant::now(), *progress));
                match log.len() < 40 {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            },
        );
        let error = solver.solve_blocking(&Context::cpu(), &problem).expect_err("broken off");
        let seen = seen.lock().expect("no panic here").clone();
        let Error::Cancelled { iterations } = error else { panic!("{error}") };
        assert_eq!(iterations, seen[39].1.iterations);
        let gaps: Vec<Duration> = seen.windows(2).map(|w| w[1].0 - w[0].0).collect();
        // The middle one of them: a busy machine lets one wait now and then.
        let mut sorted = gaps.clone();
        sorted.sort();
        assert!(sorted[19] < Duration::from_millis(200), "ε {epsilon}: {gaps:?}");
        assert!(iterations > 0, "ε {epsilon}: nothing in {:?}", gaps.iter().sum::<Duration>());
    }
}

#[test]
fn solves_on_the_adapter_say_how_far_they_came() {
    for (variant, precision, n) in [
        (Variant::Auto, Precision::Single, 24),
        (Variant::Streaming, Precision::Single, 24),
        (Variant::Streaming, Precision::Double, 40),
        (Variant::Scaling, Precision::Single, 40),
        (Variant::Auto, Precision::Single, 200),
    ] {
        let variant = common::here(variant);
        for batch in [1, 2, 150] {
            let case = Case::random(batch as u64, batch, n, n);
            let solver = Sinkhorn::new(0.05).tolerance(0.0).max_iterations(ENDLESS);
            let solver = solver.variant(variant).precision(precision);
            let (seen, error) = broken_off(solver, context(), &case, 2);
            assert_told(&format!("{variant} {precision:?} {batch}×{n}"), &seen, &error, batch);
        }
    }
}

#[test]
fn a_second_precision_goes_on_counting() {
    let case = Case::random(5, 3, 30, 30);
    for batch_precision in [Precision::Single, Precision::Double] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let solver = Sinkhorn::new(0.01)
            .precision(batch_precision)
            .tolerance(if batch_precision == Precision::Double { 1e-10 } else { 1e-5 })
            .max_iterations(100_000)
            .on_progress(move |progress| {
                log.lock().expect("no panic here").push(*progress);
                ControlFlow::Continue(())
            });
        for context in [context(), &Context::cpu()] {
            seen.lock().expect("no panic here").clear();
            let solution = solver.solve_blocking(context, &case.problem()).expect("a solution");
            let seen = seen.lock().expect("no panic here");
            let monotone =
                |of: fn(&Progress) -> u64| seen.windows(2).all(|w| of(&w[0]) <= of(&w[1]));
            assert!(monotone(|p| p.finished as u64), "{seen:?}");
            assert!(monotone(|p| p.iterations.into()), "{seen:?}");
            let last = seen.last().expect("a report");
            assert_eq!(last.finished, 3);
            let most = solution.iterations().iter().max().expect("three problems");
            assert!(last.iterations >= *most, "{} of {most}", last.iterations);
        }
    }
}

#[test]
fn a_fixed_number_of_iterations_is_kept_by_every_problem() {
    // More problems than a submission holds: some of them come back half done, beside others that have not begun.
    for (batch, n) in [(3, 20), (100, 48), (150, 30)] {
        let case = Case::random(batch as u64, batch, n, n);
        for context in [context(), &Context::cpu()] {
            let solver = Sinkhorn::new(0.05).tolerance(0.0).max_iterations(2500);
            let solution = solver.solve_blocking(context, &case.problem()).expect("a solution");
            assert!(
                solution.iterations().iter().all(|k| *k == 2500),
                "{:?}",
                solution.iterations()
            );
        }
    }
}

/// What a callback sees of a solve that is not broken off.
fn watched(solver: Sinkhorn, context: &Context, problem: &Problem) -> Vec<Progress> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let solver = solver.on_progress(move |progress| {
        log.lock().expect("no panic here").push(*progress);
        ControlFlow::Continue(())
    });
    let _ = solver.solve_blocking(context, problem).expect("a solution");
    let seen = seen.lock().expect("no panic here");
    seen.clone()
}

#[test]
fn the_fraction_grows_to_one() {
    for context in [context(), &Context::cpu()] {
        for (precision, epsilon, batch, n) in [
            (Precision::Single, 0.002, 3, 200),
            (Precision::Double, 0.02, 3, 60),
            (Precision::Single, 0.1, 200, 20),
            (Precision::Single, 1e4, 2, 150),
        ] {
            let case = Case::random(11, batch, n, n);
            for tolerance in [precision.tolerance(), 0.0] {
                let solver = Sinkhorn::new(epsilon).precision(precision).tolerance(tolerance);
                let solver = solver.max_iterations(if tolerance > 0.0 { 20_000 } else { 500 });
                let seen = watched(solver, context, &case.problem());
                let what = format!("{precision}, ε {epsilon}, tolerance {tolerance:e}");
                let fractions: Vec<f64> = seen.iter().map(|progress| progress.fraction).collect();
                assert!(fractions.iter().all(|f| (0.0..=1.0).contains(f)), "{what}: {fractions:?}");
                assert!(fractions.windows(2).all(|w| w[0] <= w[1]), "{what}: {fractions:?}");
                assert_eq!(fractions.last(), Some(&1.0), "{what}");
            }
        }
    }
}

/// Problems of a batch that settle at once, and one that takes for ever.
fn one_of_many_is_slow(batch: usize, n: usize) -> Problem {
    let mut random = common::Random::new(13);
    let x: Vec<f64> = (0..batch * n).map(|_| random.uniform()).collect();
    // The last pair of clouds is a thousand times as far apart as others.
    let spread = |k: usize| if k / n + 1 == batch { 30.0 } else { 1.0 };
    let far =
        |x: &[f64]| -> Vec<f64> { x.iter().enumerate().map(|(k, x)| spread(k) * x).collect() };
    let y: Vec<f64> = (0..batch * n).map(|_| random.uniform()).collect();
    let ground = GroundCost::SquaredEuclidean;
    let geometry = Geometry::clouds(&far(&x), &far(&y), batch, 1, ground).expect("clouds");
    let weights = vec![1.0 / n as f64; batch * n];
    Problem::new(geometry, &weights, &weights).expect("weights")
}

#[test]
fn a_solve_that_is_broken_off_keeps_what_is_finished() {
    let problem = one_of_many_is_slow(6, 90);
    for (context, precision, tolerance) in [
        (&Context::cpu(), Precision::Double, 1e-14),
        (context(), Precision::Single, 1e-6),
        (context(), Precision::Double, 1e-10),
    ] {
        let solver = Sinkhorn::new(0.5)
            .precision(precision)
            .tolerance(tolerance)
            .max_iterations(ENDLESS)
            .without_annealing()
            .variant(if context.device().is_some() { Variant::Streaming } else { Variant::Auto })
            .keep_finished()
            .on_progress(|progress| match progress.finished >= 3 {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            });
        let solution = solver.solve_blocking(context, &problem).expect("what is finished");
        let what = format!("{} in {precision}: {:?}", context.adapter(), solution.stop());
        assert!(solution.is_cancelled(), "{what}");
        let finished = solution.converged().iter().filter(|done| **done).count();
        assert!(finished >= 3, "{what}");
        for (k, stop) in solution.stop().iter().enumerate() {
            let error = solution.marginal_error()[k];
            assert_eq!(solution.converged()[k], error <= tolerance, "{what}: {error:e}");
            match stop {
                Stop::Converged => assert!(error <= tolerance, "{what}"),
                stop => assert_eq!(*stop, Stop::Cancelled, "{what}"),
            }
            // What is there can be read, converged or not.
            let potentials = solution.potentials_blocking(k).expect("potentials");
            assert!(potentials.f.iter().chain(&potentials.g).all(|p| p.is_finite()), "{what}");
        }
        if finished < solution.len() {
            assert!(
                matches!(solution.check_converged(), Err(Error::NotConverged { .. })),
                "{what}"
            );
        }
    }
}

/// Nothing of a batch is done when the first report breaks it off, or little; what is said of it is what it is worth.
#[test]
fn what_was_broken_off_is_not_taken_for_an_answer() {
    for context in [context(), &Context::cpu()] {
        for precision in [Precision::Single, Precision::Double] {
            let case = Case::random(17, 300, 60, 60);
            let solver = Sinkhorn::new(1e-3)
                .precision(precision)
                .max_iterations(ENDLESS)
                .without_annealing()
                .keep_finished()
                .on_progress(|_| ControlFlow::Break(()));
            let solution = solver.solve_blocking(context, &case.problem()).expect("a solution");
            assert!(solution.is_cancelled());
            let tolerance = precision.tolerance();
            for (k, stop) in solution.stop().iter().enumerate() {
                let error = solution.marginal_error()[k];
                assert_eq!(*stop == Stop::Converged, error <= tolerance, "{k}: {error:e}");
                assert_eq!(solution.converged()[k], error <= tolerance, "{k}: {error:e}");
                if solution.iterations()[k] == 0 {
                    assert_eq!(error, f64::INFINITY, "{k}");
                    assert!(solution.transport_cost()[k].is_nan(), "{k}");
                    assert!(solution.schedule(k).is_empty(), "{k}");
                }
            }
            assert!(solution.require_converged().is_err());
        }
    }
}

/// The callback is called no more once it has ended a solve: what a divergence would have solved after it is not begun.
#[test]
fn a_divergence_that_is_broken_off_is_no_number() {
    let case = Case::random(19, 2, 30, 30);
    let x: Vec<f64> = (0..30).map(f64::from).collect();
    let geometry = Geometry::points(&x, &x, 1, GroundCost::Power(1.0)).expect("points");
    let problem = Problem::new(geometry, &case.source, &case.target).expect("weights").normalized();
    for context in [context(), &Context::cpu()] {
        let calls = Arc::new(Mutex::new(0));
        let counted = calls.clone();
        let solver = Sinkhorn::new(0.5).max_iterations(ENDLESS).tolerance(0.0);
        let solver = solver.keep_finished().on_progress(move |_| {
            *counted.lock().expect("no panic here") += 1;
            ControlFlow::Break(())
        });
        let divergence = solver.divergence_blocking(context, &problem).expect("what there is");
        assert_eq!(*calls.lock().expect("no panic here"), 1);
        assert!(divergence.values().iter().all(|value| value.is_nan()));
        assert_eq!(divergence.converged(), [false, false]);
        assert!(divergence.cross().is_cancelled());
        assert!(divergence.require_converged().is_err());
    }
}
