//! The class prior: against multiprecision values, the twins of its kernels, finite differences.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, assert_close, block_on, context, sized, ways};
use kantor::reference::losses::{mean_prediction, prior_gradient};
use kantor::{ClassPrior, ClassPriorValue, Context, Distributions, Error, Input, Precision};

fn logits(context: &Context, values: &[f32], bins: usize, temperature: f64) -> Distributions {
    Distributions::new_blocking(context, values, bins, Input::Logits { temperature })
        .expect("rows are well formed")
}

fn both(prior: &ClassPrior, rows: &Distributions, upstream: f64) -> (ClassPriorValue, Vec<f32>) {
    let (value, gradient) = prior.value_and_gradient_blocking(rows, upstream).expect("a gradient");
    assert_eq!(gradient.shape(), [rows.len(), rows.bins()]);
    (value, block_on(gradient.read()).expect("a gradient"))
}

/// Every row of a gradient within `bound` of its largest, and none of it in the sum.
#[track_caller]
fn assert_rows(what: &str, found: &[f32], exact: &[f64], bins: usize, bound: f64) {
    for (row, (found, exact)) in found.chunks(bins).zip(exact.chunks(bins)).enumerate() {
        let most = exact.iter().fold(1e-30f64, |most, g| most.max(g.abs()));
        for (column, (g, exact)) in found.iter().zip(exact).enumerate() {
            let error = (f64::from(*g) - exact).abs() / most;
            assert!(
                error <= bound,
                "{what} row {row} column {column}: {g} for {exact} ({error:e})"
            );
        }
        let sum: f64 = found.iter().map(|g| f64::from(*g)).sum();
        assert!(sum.abs() <= 1e-6 * most, "{what} row {row} sums to {sum:e} of {most:e}");
    }
}

#[test]
fn values_and_gradients_are_those_of_multiprecision() {
    let text = include_str!("data/class_prior_reference.csv");
    for way in ways() {
        let exact = way.precision == Precision::Double;
        let (bound, slope_bound) = if exact { (1e-12, 3e-7) } else { (1e-6, 1e-5) };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let x: Vec<f64> = line.split(',').map(|x| x.parse().expect("a number")).collect();
            let (n, bins) = (x[0] as usize, x[1] as usize);
            let (prior, rest) = x[4..].split_at(bins);
            let (weights, rest) = rest.split_at(n);
            let (z, rest) = rest.split_at(n * bins);
            let (mean, gradient) = rest.split_at(bins);
            let z: Vec<f32> = z.iter().map(|x| *x as f32).collect();
            let rows = logits(&way.context, &z, bins, x[2]);
            let prior = ClassPrior::new(prior)
                .expect("a prior")
                .precision(way.precision)
                .row_weights(weights.to_vec());
            let (value, found) = both(&prior, &rows, 1.0);
            let what = format!("{} {n}x{bins}", way.name);
            assert_close(&what, value.divergence, x[3], bound * x[3]);
            for (found, exact) in value.prediction.iter().zip(mean) {
                assert_close(&what, *found, *exact, bound * exact);
            }
            assert_rows(&what, &found, gradient, bins, slope_bound);
        }
    }
}

fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.uniform()).sum::<f64>() - 6.0
}

/// `mean_prediction`, `mean_slope` and `prior_gradient` against their twins: every alignment, many blocks of rows, rows
/// that are all but one class.
#[test]
fn rows_of_every_shape_agree_with_the_twin() {
    let mut random = Random::new(6);
    let (many, long) = (sized(20_000, 3_000), sized(60_001, 9_001));
    for (n, bins, spread) in
        [(1, 1, 1.0), (7, 3, 1.0), (many, 10, 2.0), (300, 64, 8.0), (33, 1003, 1.0), (3, long, 2.0)]
    {
        let z: Vec<f32> = (0..n * bins).map(|_| (spread * normal(&mut random)) as f32).collect();
        let weights: Vec<f64> =
            (0..n).map(|k| if k % 5 == 3 { 0.0 } else { random.uniform() }).collect();
        let mask: Vec<bool> = (0..n).map(|k| k % 7 != 6).collect();
        let prior: Vec<f64> = (0..bins).map(|_| 0.1 + random.uniform()).collect();
        let own = ClassPrior::new(&prior)
            .expect("a prior")
            .row_weights(weights.clone())
            .mask(mask.clone());
        let (value, found) = both(&own, &logits(context(), &z, bins, 1.25), 3.0);
        let used: Vec<f64> =
            weights.iter().zip(&mask).map(|(w, used)| if *used { *w } else { 0.0 }).collect();
        let total: f64 = used.iter().sum();
        let shares: Vec<f64> = used.iter().map(|w| w / total).collect();
        let z: Vec<f64> = z.iter().map(|x| f64::from(*x)).collect();
        let mean = mean_prediction(&z, bins, 1.25, &shares);
        let what = format!("{n}x{bins}");
        for (found, exact) in value.prediction.iter().zip(&mean) {
            assert_close(&what, *found, *exact, 1e-6 * exact);
        }
        let mass: f64 = prior.iter().sum();
        let slopes: Vec<f64> = mean.iter().zip(&prior).map(|(m, p)| (m * mass / p).ln()).collect();
        let divergence: f64 = mean.iter().zip(&slopes).map(|(m, g)| m * g).sum();
        let bound = 1e-6 * (divergence + divergence.abs().sqrt()) + 1e-15;
        assert_close(&what, value.divergence, divergence, bound);
        let exact: Vec<f64> = (0..n)
            .flat_map(|k| {
                prior_gradient(&z[k * bins..(k + 1) * bins], 1.25, &slopes, 3.0 * shares[k])
            })
            .collect();
        assert_rows(&what, &found, &exact, bins, 1e-5);
    }
}

#[test]
fn gradients_are_finite_differences() {
    let cpu = Context::cpu();
    let mut random = Random::new(2);
    let z: Vec<f32> = (0..12).map(|_| normal(&mut random) as f32).collect();
    let prior = ClassPrior::new(&[3.0, 1.0, 2.0, 2.0]).expect("a prior");
    let prior = prior.row_weights(vec![1.0, 2.0, 0.5]);
    let (_, gradient) = both(&prior, &logits(&cpu, &z, 4, 2.0), 1.0);
    for column in 0..12 {
        let at = |step: f32| {
            let mut moved = z.clone();
            moved[column] += step;
            let rows = logits(&cpu, &moved, 4, 2.0);
            let value = prior.value_blocking(&rows).expect("a value").divergence;
            (value, f64::from(moved[column]))
        };
        let ((high, right), (low, left)) = (at(0.01), at(-0.01));
        let slope = (high - low) / (right - left);
        assert_close("slope", f64::from(gradient[column]), slope, 1e-5);
    }
}

/// The same bits, however often.
#[test]
fn sums_repeat_to_the_bit() {
    let mut random = Random::new(1);
    let z: Vec<f32> = (0..5_000 * 10).map(|_| normal(&mut random) as f32).collect();
    let rows = logits(context(), &z, 10, 1.0);
    let prior = ClassPrior::new(&[1.0; 10]).expect("a prior");
    let first = both(&prior, &rows, 1.0);
    for _ in 0..3 {
        let again = both(&prior, &rows, 1.0);
        assert_eq!(
            (first.0.divergence.to_bits(), &first.1),
            (again.0.divergence.to_bits(), &again.1)
        );
    }
}

#[test]
fn empty_classes_follow_the_convention() {
    let minus = f32::NEG_INFINITY;
    for way in ways() {
        let rows = logits(&way.context, &[0.0, 1.0, minus, 1.0, 0.0, minus], 3, 1.0);
        // Neither predicted nor asked for; asked for only.
        for (prior, exact) in [([1.0, 1.0, 0.0], 0.0), ([1.0, 1.0, 2.0], 2f64.ln())] {
            let prior = ClassPrior::new(&prior).expect("a prior").precision(way.precision);
            let (value, gradient) = both(&prior, &rows, 1.0);
            assert_close(way.name, value.divergence, exact, 1e-6);
            assert!(gradient.iter().all(|g| g.is_finite() && g.abs() < 1e-6), "{gradient:?}");
        }
        // Predicted only.
        let prior = ClassPrior::new(&[1.0, 0.0, 1.0]).expect("a prior").precision(way.precision);
        let (value, gradient) = both(&prior, &rows, 1.0);
        assert_eq!(value.divergence, f64::INFINITY);
        assert_eq!(gradient, [0.0; 6]);
    }
}

fn position<T: std::fmt::Debug>(
    result: Result<T, Error>,
) -> (&'static str, Option<usize>, Option<usize>) {
    match result {
        Err(Error::InvalidInput { argument, row, index, .. }) => (argument, row, index),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_input_is_named() {
    let (nan, minus) = (f32::NAN, f32::NEG_INFINITY);
    assert_eq!(position(ClassPrior::new(&[])), ("prior", None, None));
    assert_eq!(position(ClassPrior::new(&[0.0, 0.0])), ("prior", None, None));
    assert_eq!(position(ClassPrior::new(&[1.0, -1.0])), ("prior", None, Some(1)));
    assert_eq!(position(ClassPrior::new(&[f64::INFINITY])), ("prior", None, Some(0)));
    ClassPrior::new(&[1e308, 1e308, 1e308]).expect("only ratios count");
    for way in ways() {
        let prior = ClassPrior::new(&[1.0, 2.0]).expect("a prior").precision(way.precision);
        let of = |values: &[f32], bins: usize| {
            position(
                prior.value_and_gradient_blocking(&logits(&way.context, values, bins, 1.0), 1.0),
            )
        };
        assert_eq!(of(&[0.0; 3], 3), ("logits", None, None));
        assert_eq!(of(&[0.0, 1.0, nan, 1.0], 2), ("logits", Some(1), Some(0)));
        assert_eq!(of(&[0.0, f32::INFINITY, 1.0, 1.0], 2), ("logits", Some(0), Some(1)));
        assert_eq!(of(&[0.0, 1.0, minus, minus], 2), ("logits", Some(1), None));
        let rows = logits(&way.context, &[0.0, 1.0, nan, 1.0], 2, 1.0);
        prior.clone().mask(vec![true, false]).value_blocking(&rows).expect("what is masked");
        let rows = logits(&way.context, &[0.0; 4], 2, 1.0);
        let weighted = |weights: &[f64]| {
            position(prior.clone().row_weights(weights.to_vec()).value_blocking(&rows))
        };
        assert_eq!(weighted(&[1.0]), ("row_weights", None, None));
        assert_eq!(weighted(&[0.0, 0.0]), ("row_weights", None, None));
        assert_eq!(weighted(&[1.0, -1.0]), ("row_weights", Some(1), None));
        let masked = prior.clone().mask(vec![false, false]).value_blocking(&rows);
        assert_eq!(position(masked), ("row_weights", None, None));
        let upstream = prior.value_and_gradient_blocking(&rows, f64::NAN);
        assert_eq!(position(upstream), ("upstream", None, None));
        let weights = Distributions::new_blocking(&way.context, &[1.0f32; 2], 2, Input::Weights);
        let found = position(prior.value_blocking(&weights.expect("rows")));
        assert_eq!(found, ("logits", None, None));
    }
}
