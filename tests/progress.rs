//! Long solves: they report while they run, can be broken off at any report, on the twin and on the adapter under test,
//! alone and in batches, and say how far they came.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Case, context};
use kantor::{Context, Error, Precision, Progress, Sinkhorn, Variant};
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
