//! Distillation losses: against multiprecision values, the comparison they rest on, finite differences, on the CPU twin
//! and on the adapter under test.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, assert_close, block_on, context, ways};
use kantor::{
    Comparison, Context, Distillation, DistillationLoss, Distributions, Divergence, Error, Input,
    Loss, LossValues, Losses, Precision, Reduction, Side,
};

fn logits(context: &Context, values: &[f32], bins: usize, temperature: f64) -> Distributions {
    Distributions::new_blocking(context, values, bins, Input::Logits { temperature })
        .expect("rows are well formed")
}

fn both(
    distillation: &Distillation,
    (teacher, student): (&Distributions, &Distributions),
    upstream: Option<&[f64]>,
) -> (LossValues, Vec<f32>) {
    let (values, gradient) =
        distillation.value_and_gradient_blocking(teacher, student, upstream).expect("a gradient");
    assert_eq!(gradient.shape(), [student.len(), student.bins()]);
    (values, block_on(gradient.read()).expect("a gradient"))
}

const LOSSES: [DistillationLoss; 4] = [
    DistillationLoss::ForwardKl,
    DistillationLoss::ReverseKl,
    DistillationLoss::JensenShannon { beta: 0.3 },
    DistillationLoss::EntropyWeighted,
];

// --- multiprecision ---------------------------------------------------------------

#[test]
fn values_and_gradients_are_those_of_multiprecision() {
    let text = include_str!("data/distillation_reference.csv");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() > 200);
    for way in ways() {
        let exact = way.precision == Precision::Double;
        let (bound, slope_bound) = if exact { (1e-12, 3e-7) } else { (1e-6, 1e-5) };
        let (mut worst, mut worst_slope) = (0.0f64, 0.0f64);
        for line in &lines {
            let words: Vec<&str> = line.split(',').collect();
            let number = |k: usize| words[k].parse::<f64>().expect("a number");
            let loss = match words[0] {
                "forward" => DistillationLoss::ForwardKl,
                "reverse" => DistillationLoss::ReverseKl,
                "js" => DistillationLoss::JensenShannon { beta: number(1) },
                "entropy-weighted" => DistillationLoss::EntropyWeighted,
                other => panic!("{other}"),
            };
            let mut distillation = Distillation::new(loss).precision(way.precision);
            if number(4) > 0.0 {
                distillation = distillation.temperature_squared();
            }
            if number(5) > 0.0 {
                distillation = distillation.hard_labels(vec![number(6) as u32], number(5));
            }
            let bins = number(7) as usize;
            let row = |start: usize| -> Vec<f32> {
                (start..start + bins).map(|k| number(k) as f32).collect()
            };
            let teacher = logits(&way.context, &row(9), bins, number(2));
            let student = logits(&way.context, &row(9 + bins), bins, number(3));
            let (values, gradient) = both(&distillation, (&teacher, &student), None);
            let what = format!("{} {}", way.name, words[..9].join(","));
            let error = (values.values()[0] / number(8) - 1.0).abs();
            assert!(error <= bound, "{what}: {} ({error:e})", values.values()[0]);
            worst = worst.max(error);
            let slopes: Vec<f64> = (9 + 2 * bins..9 + 3 * bins).map(number).collect();
            // Both parts may cancel: of the larger.
            let powers: Vec<f64> =
                (9 + bins..9 + 2 * bins).map(|k| (number(k) - number(9 + bins)).exp()).collect();
            let own = powers[number(6) as usize] / powers.iter().sum::<f64>();
            let least = (number(5) * (1.0 - own)).max(1e-38);
            let most = slopes.iter().fold(least, |most, g| most.max(g.abs()));
            for (k, (found, exact)) in gradient.iter().zip(&slopes).enumerate() {
                let error = (f64::from(*found) - exact).abs() / most;
                assert!(error <= slope_bound, "{what} column {k}: {found} for {exact} ({error:e})");
                worst_slope = worst_slope.max(error);
            }
            let sum: f64 = gradient.iter().map(|g| f64::from(*g)).sum();
            assert!(sum.abs() <= 1e-6 * most.max(1.0), "{what} sums to {sum:e} of {most:e}");
        }
        println!("{}: values {worst:.1e}, gradients {worst_slope:.1e}", way.name);
    }
}

// --- known answers ----------------------------------------------------------------

#[test]
fn losses_have_their_known_values() {
    for way in ways() {
        let teacher = logits(&way.context, &[100.0, 0.0, -100.0], 3, 1.0);
        let student = logits(&way.context, &[0.0; 3], 3, 1.0);
        for (loss, exact) in [
            (DistillationLoss::ForwardKl, 1.098_612_288_668_109_7),
            (DistillationLoss::ReverseKl, 98.901_387_711_331_89),
            (DistillationLoss::JensenShannon { beta: 0.5 }, 0.318_257_084_147_406_4),
            (DistillationLoss::JensenShannon { beta: 1.0 }, 0.0),
        ] {
            let value = Distillation::new(loss)
                .precision(way.precision)
                .rows_blocking(&teacher, &student)
                .expect("values")
                .values()[0];
            assert_close(&format!("{} {loss:?}", way.name), value, exact, 1e-6 * (exact + 1e-9));
        }
        // A teacher of one hot has no entropy.
        let minus = f32::NEG_INFINITY;
        let sure = logits(&way.context, &[0.0, minus, minus], 3, 1.0);
        let student = logits(&way.context, &[minus, 0.0, 1.0], 3, 1.0);
        let weighted =
            Distillation::new(DistillationLoss::EntropyWeighted).precision(way.precision);
        assert_eq!(weighted.rows_blocking(&sure, &student).expect("values").values(), [0.0]);
        let forward = Distillation::new(DistillationLoss::ForwardKl).precision(way.precision);
        let (values, gradient) = both(&forward, (&sure, &student), None);
        assert_eq!(values.values(), [f64::INFINITY]);
        assert_eq!(gradient, [0.0; 3]);
    }
}

/// Cross-entropy of logits over a temperature is that of the logits divided by it.
#[test]
fn cross_entropy_takes_its_temperature_from_the_logits() {
    let z = [2.0f64, 1.0, 0.1, -3.0];
    for way in ways() {
        for temperature in [0.25, 1.0, 4.0] {
            let values: Vec<f32> = z.iter().map(|x| *x as f32).collect();
            let rows = logits(&way.context, &values, 4, temperature);
            let losses =
                Losses::new(Loss::CrossEntropy { smoothing: 0.0 }).precision(way.precision);
            let (found, gradient) =
                losses.value_and_gradient_blocking(&rows, &[1], None).expect("a gradient");
            let gradient = block_on(gradient.read()).expect("a gradient");
            let powers: Vec<f64> =
                values.iter().map(|x| (f64::from(*x) / temperature).exp()).collect();
            let sum: f64 = powers.iter().sum();
            assert_close(way.name, found.values()[0], -(powers[1] / sum).ln(), 1e-6);
            for (k, g) in gradient.iter().enumerate() {
                let exact = (powers[k] / sum - if k == 1 { 1.0 } else { 0.0 }) / temperature;
                assert_close(way.name, f64::from(*g), exact, 1e-6 / temperature);
            }
        }
    }
}

// --- many rows ----------------------------------------------------------------------

fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.uniform()).sum::<f64>() - 6.0
}

fn rows(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count).map(|_| (2.0 * normal(random)) as f32).collect()
}

/// Against the twin, `logit_gradient` added to the gradient of the divergence: every alignment, one teacher for all.
#[test]
fn many_rows_agree_with_the_twin() {
    let cpu = Context::cpu();
    let mut random = Random::new(3);
    for (n, bins, teachers) in [(9, 3, 9), (40, 10, 1), (33, 128, 33), (5, 1001, 5)] {
        let (t, s) = (rows(&mut random, teachers * bins), rows(&mut random, n * bins));
        let labels: Vec<u32> = (0..n).map(|_| random.below(bins) as u32).collect();
        let upstream: Vec<f64> = (0..n).map(|_| normal(&mut random)).collect();
        let of =
            |context: &Context| (logits(context, &t, bins, 2.0), logits(context, &s, bins, 1.5));
        let (exact_rows, found_rows) = (of(&cpu), of(context()));
        for loss in LOSSES {
            let distillation = Distillation::new(loss)
                .temperature_squared()
                .hard_labels(labels.clone(), 0.3)
                .reduction(Reduction::Mean);
            let pair = (&exact_rows.0, &exact_rows.1);
            let (exact, exact_gradient) = both(&distillation, pair, Some(&upstream));
            let pair = (&found_rows.0, &found_rows.1);
            let (found, gradient) = both(&distillation, pair, Some(&upstream));
            for (found, exact) in found.values().iter().zip(exact.values()) {
                assert_close(&format!("{loss:?} {n}x{bins}"), *found, *exact, 1e-6 * exact);
            }
            for (found, exact) in gradient.chunks(bins).zip(exact_gradient.chunks(bins)) {
                let most = exact.iter().fold(1e-30f32, |m, g| m.max(g.abs()));
                for (g, exact) in found.iter().zip(exact) {
                    assert!((g - exact).abs() <= 1e-5 * most, "{loss:?} {n}x{bins}: {g} {exact}");
                }
            }
        }
    }
}

/// The gradient is the slope of the value, on the twin.
#[test]
fn gradients_are_finite_differences() {
    let cpu = Context::cpu();
    let mut random = Random::new(8);
    let (t, s) = (rows(&mut random, 12), rows(&mut random, 12));
    let teacher = logits(&cpu, &t, 4, 2.0);
    for loss in LOSSES {
        let distillation = Distillation::new(loss)
            .temperature_squared()
            .hard_labels(vec![0, 3, 2], 0.4)
            .reduction(Reduction::Sum)
            .row_weights(vec![1.0, 0.5, 2.0]);
        let (_, gradient) = both(&distillation, (&teacher, &logits(&cpu, &s, 4, 3.0)), None);
        for column in 0..12 {
            let at = |step: f32| {
                let mut moved = s.clone();
                moved[column] += step;
                let student = logits(&cpu, &moved, 4, 3.0);
                let values = distillation.rows_blocking(&teacher, &student).expect("values");
                (values.reduced().expect("a sum"), f64::from(moved[column]))
            };
            let ((high, right), (low, left)) = (at(0.01), at(-0.01));
            let slope = (high - low) / (right - left);
            assert_close(&format!("{loss:?}"), f64::from(gradient[column]), slope, 1e-4);
        }
    }
}

/// What the losses are made of says the same.
#[test]
fn without_conventions_it_is_the_divergence() {
    let mut random = Random::new(4);
    let (t, s) = (rows(&mut random, 60), rows(&mut random, 60));
    let (teacher, student) = (logits(context(), &t, 12, 0.7), logits(context(), &s, 12, 2.0));
    for (loss, divergence) in [
        (DistillationLoss::ForwardKl, Divergence::Kl),
        (DistillationLoss::ReverseKl, Divergence::ReverseKl),
        (DistillationLoss::JensenShannon { beta: 0.9 }, Divergence::JensenShannon { beta: 0.9 }),
    ] {
        let comparison = Comparison::new(divergence);
        let (values, gradients) = comparison
            .value_and_gradient_blocking(&teacher, &student, Side::Q, None)
            .expect("a gradient");
        let (found, gradient) = both(&Distillation::new(loss), (&teacher, &student), None);
        assert_eq!(found.values(), values.values());
        let exact = gradients.q.expect("that of q");
        assert_eq!(gradient, block_on(exact.read()).expect("a gradient"));
        let rows = Distillation::new(loss).rows_blocking(&teacher, &student).expect("values");
        for (row, value) in rows.values().iter().zip(values.values()) {
            assert_close("values alone", *row, *value, 1e-6 * value);
        }
    }
    // Teachers of weights and of log-probabilities are the same as of logits.
    let p: Vec<f32> = t[..12].iter().map(|x| x.exp()).collect();
    let weights = Distributions::new_blocking(context(), &p, 12, Input::Weights).expect("rows");
    let own = logits(context(), &t[..12], 12, 1.0);
    let student = logits(context(), &s[..12], 12, 2.0);
    for loss in LOSSES {
        let value = |teacher: &Distributions| {
            let values = Distillation::new(loss).rows_blocking(teacher, &student).expect("values");
            values.values()[0]
        };
        assert_close(&format!("{loss:?}"), value(&weights), value(&own), 2e-6 * value(&own));
    }
}

#[test]
fn reductions_and_masks() {
    let nan = f32::NAN;
    let t = [1.0f32, 2.0, 0.0, 3.0, nan, nan, 1.0, 1.0];
    let s = [0.0f32, 1.0, 4.0, 1.0, nan, nan, 2.0, 0.0];
    for way in ways() {
        let (teacher, student) =
            (logits(&way.context, &t, 2, 1.0), logits(&way.context, &s, 2, 1.0));
        for loss in LOSSES {
            let plain = Distillation::new(loss)
                .precision(way.precision)
                .mask(vec![true, true, false, true])
                .hard_labels(vec![0, 1, 99, 1], 0.5);
            let (values, own) = both(&plain, (&teacher, &student), None);
            let v = values.values();
            assert_eq!((v[2], values.reduced()), (0.0, None));
            let mean = plain.reduction(Reduction::Mean).row_weights(vec![1.0, 3.0, 7.0, 0.0]);
            let upstream = [2.0, 1.0, 1.0, 1.0];
            let (mean, gradient) = both(&mean, (&teacher, &student), Some(&upstream));
            let exact = (v[0] + 3.0 * v[1]) / 4.0;
            assert_close(way.name, mean.reduced().expect("a mean"), exact, 1e-12);
            for (k, factor) in [0.5, 0.75, 0.0, 0.0].into_iter().enumerate() {
                for column in 0..2 {
                    let (found, own) = (gradient[2 * k + column], own[2 * k + column]);
                    assert_close(way.name, f64::from(found), factor * f64::from(own), 1e-6);
                }
            }
        }
    }
}

// --- bad input ------------------------------------------------------------------------

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
    for way in ways() {
        let good = logits(&way.context, &[0.0, 1.0, 2.0, 3.0], 2, 1.0);
        for loss in LOSSES {
            let plain = Distillation::new(loss).precision(way.precision);
            let of = |teacher: &Distributions, student: &Distributions| {
                position(plain.rows_blocking(teacher, student))
            };
            let bad = logits(&way.context, &[0.0, 1.0, 2.0, nan], 2, 1.0);
            assert_eq!(of(&bad, &good), ("teacher", Some(1), Some(1)), "{loss:?}");
            assert_eq!(of(&good, &bad), ("student", Some(1), Some(1)), "{loss:?}");
            let empty = logits(&way.context, &[0.0, 1.0, minus, minus], 2, 1.0);
            assert_eq!(of(&empty, &good), ("teacher", Some(1), None), "{loss:?}");
            assert_eq!(of(&good, &empty), ("student", Some(1), None), "{loss:?}");
            let wide = logits(&way.context, &[0.0; 6], 3, 1.0);
            assert_eq!(of(&wide, &good), ("student", None, None));
            let long = logits(&way.context, &[0.0; 6], 2, 1.0);
            assert_eq!(of(&long, &good), ("teacher", None, None));
            let weights =
                Distributions::new_blocking(&way.context, &[1.0f32; 4], 2, Input::Weights);
            assert_eq!(of(&good, &weights.expect("rows")), ("student", None, None));
            let labels = |labels: &[u32], weight: f64| {
                let hard = plain.clone().hard_labels(labels.to_vec(), weight);
                position(hard.value_and_gradient_blocking(&good, &good, None))
            };
            assert_eq!(labels(&[0], 0.5), ("labels", None, None));
            assert_eq!(labels(&[0, 2], 0.5), ("labels", Some(1), None));
            assert_eq!(labels(&[0, 1], 1.5), ("weight", None, None));
            assert_eq!(labels(&[0, 1], f64::NAN), ("weight", None, None));
            let upstream = plain.value_and_gradient_blocking(&good, &good, Some(&[f64::NAN, 0.0]));
            assert_eq!(position(upstream), ("upstream", Some(0), None));
            let masked = plain.clone().mask(vec![true]);
            assert_eq!(position(masked.rows_blocking(&good, &good)), ("mask", None, None));
            if context().device().is_some() {
                let other = logits(&Context::cpu(), &[0.0; 4], 2, 1.0);
                let here = logits(context(), &[0.0; 4], 2, 1.0);
                assert_eq!(of(&other, &here), ("student", None, None));
            }
        }
        let hot = logits(&way.context, &[0.0, 1.0, 2.0, 3.0], 2, 1e200);
        let squared = Distillation::new(DistillationLoss::ForwardKl).temperature_squared();
        assert_eq!(position(squared.rows_blocking(&good, &hot)), ("temperature", None, None));
        for temperature in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let input = Input::Logits { temperature };
            let rows = Distributions::new_blocking(&way.context, &[1.0f32; 4], 2, input);
            assert_eq!(position(rows), ("temperature", None, None));
        }
        let beta = Distillation::new(DistillationLoss::JensenShannon { beta: 1.5 });
        assert_eq!(position(beta.rows_blocking(&good, &good)), ("beta", None, None));
    }
}
