//! Losses over logits: against multiprecision values, known answers, finite differences, on the CPU twin and on the
//! adapter under test.
//!
//! Kernels: `logit_entropy`, `logit_gradient`.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, Way, assert_close, block_on, context, sized, ways};
use kantor::{
    AttentionPenalty, Context, Distributions, Error, Input, Loss, LossValues, Losses, Precision,
    Reduction,
};

const LOGITS: Input = Input::Logits { temperature: 1.0 };

fn logits(context: &Context, values: &[f32], bins: usize, temperature: f64) -> Distributions {
    Distributions::new_blocking(context, values, bins, Input::Logits { temperature })
        .expect("rows are well formed")
}

fn both(
    losses: &Losses,
    rows: &Distributions,
    labels: &[u32],
    upstream: Option<&[f64]>,
) -> (LossValues, Vec<f32>) {
    let (values, gradient) =
        losses.value_and_gradient_blocking(rows, labels, upstream).expect("a gradient");
    assert_eq!(gradient.shape(), [rows.len(), rows.bins()]);
    (values, block_on(gradient.read()).expect("a gradient"))
}

// --- multiprecision ---------------------------------------------------------------

struct Case {
    name: String,
    loss: Loss,
    temperature: f64,
    label: u32,
    bins: usize,
    value: f64,
    logits: Vec<f32>,
    gradient: Vec<f64>,
}

fn cases() -> Vec<Case> {
    let text = include_str!("data/losses_reference.csv");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let case = |line: &str| {
        let words: Vec<&str> = line.split(',').collect();
        let number = |k: usize| words[k].parse::<f64>().expect("a number");
        let (a, b, c) = (number(1), number(2), number(3));
        let loss = match words[0] {
            "comp-sum" => Loss::CompSum { tau: a },
            "gce" => Loss::GeneralizedCrossEntropy { q: a },
            "cross-entropy" => Loss::CrossEntropy { smoothing: a },
            "ldr" => Loss::Ldr { margin: a, lambda: b },
            "aldr" => Loss::Aldr { margin: a, lambda: b, alpha: c },
            other => panic!("{other}"),
        };
        let bins = number(6) as usize;
        Case {
            name: words[..7].join(","),
            loss,
            temperature: number(4),
            label: number(5) as u32,
            bins,
            value: number(7),
            logits: (8..8 + bins).map(|k| number(k) as f32).collect(),
            gradient: (8 + bins..8 + 2 * bins).map(number).collect(),
        }
    };
    lines.map(case).collect()
}

#[test]
fn values_and_gradients_are_those_of_multiprecision() {
    let cases = cases();
    for way in ways() {
        let exact = way.precision == Precision::Double;
        let (bound, slope_bound) = if exact { (2e-12, 3e-7) } else { (1e-6, 1e-5) };
        let (mut worst, mut worst_slope) = (0.0f64, 0.0f64);
        let mut start = 0;
        while start < cases.len() {
            let head = &cases[start];
            let same = |case: &&Case| {
                (case.loss, case.temperature, case.bins) == (head.loss, head.temperature, head.bins)
            };
            let block: Vec<&Case> = cases[start..].iter().take_while(same).collect();
            start += block.len();
            let flat: Vec<f32> = block.iter().flat_map(|case| case.logits.clone()).collect();
            let labels: Vec<u32> = block.iter().map(|case| case.label).collect();
            let rows = logits(&way.context, &flat, head.bins, head.temperature);
            let losses = Losses::new(head.loss).precision(way.precision);
            let (values, gradient) = both(&losses, &rows, &labels, None);
            for ((case, value), gradient) in
                block.iter().zip(values.values()).zip(gradient.chunks_exact(head.bins))
            {
                let lambda = match case.loss {
                    Loss::Ldr { lambda, .. } | Loss::Aldr { lambda, .. } => lambda,
                    _ => 0.0,
                };
                let error = (value - case.value).abs() / (case.value.abs() + lambda);
                assert!(error <= bound, "{} {}: {value} for {}", way.name, case.name, case.value);
                worst = worst.max(error);
                let most = case.gradient.iter().fold(1e-38f64, |most, g| most.max(g.abs()));
                let mut sum = 0.0;
                for (k, (found, exact)) in gradient.iter().zip(&case.gradient).enumerate() {
                    // Some adapters flush subnormals.
                    let normal = f64::from(f32::MIN_POSITIVE);
                    let error = ((f64::from(*found) - exact).abs() - normal).max(0.0) / most;
                    let what = format!("{} {} column {k}", way.name, case.name);
                    assert!(error <= slope_bound, "{what}: {found} for {exact} ({error:e})");
                    worst_slope = worst_slope.max(error);
                    sum += f64::from(*found);
                }
                assert!(sum.abs() <= 1e-6 * most.max(1e-30), "{}: sums to {sum:e}", case.name);
            }
        }
        println!("{}: values {worst:.1e}, gradients {worst_slope:.1e}", way.name);
    }
}

// --- known answers ----------------------------------------------------------------

fn one(way: &Way, loss: Loss, values: &[f32], label: u32) -> f64 {
    let rows = logits(&way.context, values, values.len(), 1.0);
    let losses = Losses::new(loss).precision(way.precision);
    losses.rows_blocking(&rows, &[label]).expect("a loss").values()[0]
}

#[test]
fn losses_have_their_known_values() {
    for way in ways() {
        let bound = if way.precision == Precision::Double { 2e-8 } else { 1e-6 };
        let z = [2.0f32, 1.0, 0.1];
        // 0.1 is not an f32: the derivative with respect to it times 1.5e-9.
        for (loss, exact) in [
            (Loss::CompSum { tau: 0.0 }, 0.517_448_060_394_077_4),
            (Loss::CompSum { tau: 1.0 }, 0.417_030_016_277_833_54),
            (Loss::CompSum { tau: 1.7 }, 0.361_674_964_988_089_04),
            (Loss::CompSum { tau: 2.0 }, 0.340_998_861_114_032_1),
            (Loss::GeneralizedCrossEntropy { q: 0.7 }, 0.361_674_964_988_089_04),
            (Loss::CrossEntropy { smoothing: 0.0 }, 0.417_030_016_277_833_54),
            (Loss::Ldr { margin: 0.0, lambda: 1.0 }, -0.681_582_272_390_276_2),
            (Loss::Ldr { margin: 2.0, lambda: 1.0 }, 0.474_877_720_402_515_86),
        ] {
            assert_close(&format!("{} {loss:?}", way.name), one(&way, loss, &z, 0), exact, bound);
        }
    }
}

#[test]
fn sure_and_hopeless_rows_keep_their_digits() {
    let logistic = Loss::CompSum { tau: 1.0 };
    for way in ways() {
        // p_y is 1 to the last bit, the loss is e^-100; beyond f32 it is still a number.
        let sure = one(&way, logistic, &[100.0, 0.0], 0);
        assert!((sure / (-100f64).exp() - 1.0).abs() < 1e-6, "{}: {sure:e}", way.name);
        let hopeless = one(&way, logistic, &[-3000.0, 0.0, 0.0], 0);
        assert_close(way.name, hopeless, 3000.0 + 2f64.ln(), 3e-3 * 1e-3);
        let sum = one(&way, Loss::CompSum { tau: 0.0 }, &[0.0, 200.0], 0);
        assert!((sum / 200f64.exp() - 1.0).abs() < 1e-6, "{}: {sum:e}", way.name);
        // A label that cannot be: infinite but where the loss is bounded.
        let minus = f32::NEG_INFINITY;
        assert_eq!(one(&way, logistic, &[minus, 0.0], 0), f64::INFINITY);
        assert_eq!(
            one(&way, Loss::Ldr { margin: 1.0, lambda: 1.0 }, &[minus, 0.0], 0),
            f64::INFINITY
        );
        assert_close(
            "absolute",
            one(&way, Loss::CompSum { tau: 2.0 }, &[minus, 0.0], 0),
            1.0,
            1e-7,
        );
        // Only the label can be, and a single class.
        for loss in [logistic, Loss::Aldr { margin: 1.0, lambda: 1.0, alpha: 2.0 }] {
            let alone = one(&way, loss, &[3.0], 0);
            assert_eq!(alone, 0.0, "{} {loss:?}", way.name);
        }
        assert_eq!(one(&way, logistic, &[minus, 5.0, minus], 1), 0.0);
        let smooth = Loss::CrossEntropy { smoothing: 0.1 };
        assert_eq!(one(&way, smooth, &[minus, 5.0, 1.0], 1), f64::INFINITY);
    }
}

#[test]
fn gradients_are_defined_where_the_label_cannot_be() {
    for way in ways() {
        let rows = logits(&way.context, &[f32::NEG_INFINITY, 0.0, 0.0], 3, 1.0);
        let losses = Losses::new(Loss::CompSum { tau: 1.0 }).precision(way.precision);
        let (values, gradient) = both(&losses, &rows, &[0], None);
        assert_eq!(values.values(), [f64::INFINITY]);
        for (found, exact) in gradient.iter().zip([-1.0, 0.5, 0.5]) {
            assert_close(way.name, f64::from(*found), exact, 1e-6);
        }
        let losses = Losses::new(Loss::CompSum { tau: 0.5 }).precision(way.precision);
        let (_, gradient) = both(&losses, &rows, &[0], None);
        assert!(gradient.iter().all(|g| g.is_finite()), "{gradient:?}");
    }
}

// --- many rows ----------------------------------------------------------------------

fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.uniform()).sum::<f64>() - 6.0
}

/// Random rows against the twin: every alignment, rows longer than a block, segments of few rows.
#[test]
fn rows_of_every_length_agree_with_the_twin() {
    let cpu = Context::cpu();
    let mut random = Random::new(5);
    let long = sized(70_001, 9_001);
    for (n, bins) in [(9, 3), (65, 10), (33, 128), (17, 1000), (5, 4099), (1, long), (300, 1)] {
        let values: Vec<f32> = (0..n * bins).map(|_| (3.0 * normal(&mut random)) as f32).collect();
        let labels: Vec<u32> = (0..n).map(|_| random.below(bins) as u32).collect();
        let exact_rows = logits(&cpu, &values, bins, 0.8);
        let rows = logits(context(), &values, bins, 0.8);
        for loss in [
            Loss::CompSum { tau: 1.0 },
            Loss::CrossEntropy { smoothing: 0.2 },
            Loss::Aldr { margin: 0.3, lambda: 2.0, alpha: 3.0 },
        ] {
            let losses = Losses::new(loss);
            let (exact, exact_gradient) = both(&losses, &exact_rows, &labels, None);
            let (found, gradient) = both(&losses, &rows, &labels, None);
            let host = losses.value_and_gradient_on_host_blocking(&rows, &labels, None);
            assert_eq!(host.expect("a gradient").1, gradient, "{n}x{bins}");
            for row in 0..n {
                let (value, exact) = (found.values()[row], exact.values()[row]);
                let error = (value - exact).abs() / (exact.abs() + 0.1);
                assert!(error < 1e-6, "{loss:?} {n}x{bins} row {row}: {value} for {exact}");
                let at = row * bins..(row + 1) * bins;
                let most = exact_gradient[at.clone()].iter().fold(1e-30f32, |m, g| m.max(g.abs()));
                for (g, exact) in gradient[at.clone()].iter().zip(&exact_gradient[at]) {
                    assert!((g - exact).abs() <= 1e-5 * most, "{loss:?} {n}x{bins}: {g} {exact}");
                }
            }
        }
    }
}

#[test]
fn reductions_masks_and_upstream_gradients() {
    let values = [2.0f32, 1.0, 0.1, -1.0, 0.5, 0.0, f32::NAN, 1.0, 2.0, 0.0, 3.0, 1.0];
    for way in ways() {
        let rows = logits(&way.context, &values, 3, 1.0);
        let losses = Losses::new(Loss::CompSum { tau: 1.0 })
            .precision(way.precision)
            .mask(vec![true, true, false, true]);
        // What is masked is not looked at.
        let labels = [0, 2, 77, 1];
        let plain = losses.rows_blocking(&rows, &labels).expect("values");
        assert_eq!((plain.reduced(), plain.values()[2]), (None, 0.0));
        let v = plain.values();
        let weighted = losses.clone().row_weights(vec![1.0, 3.0, 5.0, 0.0]);
        let sum = weighted.clone().reduction(Reduction::Sum);
        let sum = sum.rows_blocking(&rows, &labels).expect("values").reduced();
        assert_close("sum", sum.expect("a sum"), v[0] + 3.0 * v[1], 1e-12);
        let mean = weighted.reduction(Reduction::Mean);
        let upstream = [2.0, 1.0, 1.0, 1.0];
        let (mean, gradient) = both(&mean, &rows, &labels, Some(&upstream));
        assert_close("mean", mean.reduced().expect("a mean"), (v[0] + 3.0 * v[1]) / 4.0, 1e-12);
        let (_, own) = both(&losses, &rows, &labels, None);
        for (k, factor) in [0.5, 0.75, 0.0, 0.0].into_iter().enumerate() {
            for column in 0..3 {
                let (found, own) = (gradient[3 * k + column], own[3 * k + column]);
                assert_close(way.name, f64::from(found), factor * f64::from(own), 1e-7);
            }
        }
    }
}

// --- attention ------------------------------------------------------------------------

#[test]
fn attention_is_kept_in_its_band() {
    for way in ways() {
        let flat = [0.0f32; 16];
        let peaked: Vec<f32> =
            (0..16).map(|k| if k == 3 { 20.0 } else { 0.1 * k as f32 }).collect();
        let middle: Vec<f32> = (0..16).map(|k| if k < 4 { 9.0 } else { 0.0 }).collect();
        let all = [flat.to_vec(), peaked, middle].concat();
        let rows = logits(&way.context, &all, 16, 1.0);
        let penalty = AttentionPenalty::new(0.5).expect("a target").precision(way.precision);
        let (values, gradient) = penalty.value_and_gradient_blocking(&rows).expect("a gradient");
        let gradient = block_on(gradient.read()).expect("a gradient");
        let half = 0.5 * 16f64.ln();
        assert_close("flat", values.values()[0], half * half, 1e-6);
        assert!((values.values()[1] - half * half).abs() < 0.01);
        assert_eq!(values.values()[2], 0.0);
        assert!(
            gradient[..16].iter().all(|g| g.abs() < 1e-6)
                && gradient[32..].iter().all(|g| *g == 0.0)
        );
        // The peaked row by finite differences.
        for column in [3usize, 15] {
            let at = |step: f32| {
                let mut moved = all[16..32].to_vec();
                moved[column] += step;
                let cpu = logits(&Context::cpu(), &moved, 16, 1.0);
                penalty.rows_blocking(&cpu).expect("values").values()[0]
            };
            let step = 0.015_625f32;
            let slope = (at(step) - at(-step)) / (2.0 * f64::from(step));
            let found = f64::from(gradient[16 + column]);
            assert!((found - slope).abs() <= 1e-3 * slope.abs(), "{}: {found} {slope}", way.name);
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
    for way in ways() {
        let losses = Losses::new(Loss::CompSum { tau: 1.0 }).precision(way.precision);
        let rows = logits(&way.context, &[0.0, 1.0, 2.0, 3.0], 2, 1.0);
        let of = |labels: &[u32]| position(losses.rows_blocking(&rows, labels));
        assert_eq!(of(&[0]), ("labels", None, None));
        assert_eq!(of(&[0, 2]), ("labels", Some(1), None));
        assert_eq!(of(&[u32::MAX, 0]), ("labels", Some(0), None));
        for (bad, index) in [(f32::NAN, 3), (f32::INFINITY, 2)] {
            let mut values = [0.5f32; 12];
            values[4 + index] = bad;
            let rows = logits(&way.context, &values, 4, 1.0);
            let found = position(losses.rows_blocking(&rows, &[0, 1, 2]));
            assert_eq!(found, ("logits", Some(1), Some(index)), "{}", way.name);
        }
        let minus = f32::NEG_INFINITY;
        let empty = logits(&way.context, &[0.0, 1.0, minus, minus], 2, 1.0);
        assert_eq!(position(losses.rows_blocking(&empty, &[0, 1])), ("logits", Some(1), None));
        let weights = Distributions::new_blocking(&way.context, &[1.0f32, 2.0], 2, Input::Weights);
        let weights = weights.expect("weights");
        assert_eq!(position(losses.rows_blocking(&weights, &[0])), ("logits", None, None));
        let upstream = losses.value_and_gradient_blocking(&rows, &[0, 1], Some(&[1.0, f64::NAN]));
        assert_eq!(position(upstream), ("upstream", Some(1), None));
        let nan = f64::NAN;
        for (loss, argument) in [
            (Loss::CompSum { tau: -0.1 }, "tau"),
            (Loss::CompSum { tau: f64::INFINITY }, "tau"),
            (Loss::GeneralizedCrossEntropy { q: 0.0 }, "q"),
            (Loss::GeneralizedCrossEntropy { q: 1.1 }, "q"),
            (Loss::CrossEntropy { smoothing: nan }, "smoothing"),
            (Loss::Ldr { margin: nan, lambda: 1.0 }, "margin"),
            (Loss::Ldr { margin: 0.0, lambda: 0.0 }, "lambda"),
            (Loss::Aldr { margin: 0.0, lambda: 1.0, alpha: 1.0 }, "alpha"),
        ] {
            assert_eq!(position(Losses::new(loss).rows_blocking(&rows, &[0, 1])).0, argument);
        }
        assert_eq!(position(AttentionPenalty::new(nan)).0, "target");
    }
}

#[test]
fn two_thousand_malformed_calls_do_not_panic() {
    let mut random = Random::new(9);
    let special = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        1e-45,
        -0.0,
        3e30,
        -3e30,
        88.0,
    ];
    let numbers =
        [0.0, 1.0, -1.0, 0.5, 2.0, 1e-3, 1e300, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE];
    let contexts = [Context::cpu(), context().clone()];
    let (mut refused, mut answered) = (0, 0);
    for call in 0..sized(2000, 300) {
        let bins = 1 + random.below(6);
        let n = 1 + random.below(4);
        let strange = random.uniform();
        let values: Vec<f32> = (0..n * bins)
            .map(|_| {
                if random.uniform() < 0.3 * strange {
                    random.pick(&special)
                } else {
                    normal(&mut random) as f32
                }
            })
            .collect();
        let temperature = if call % 3 == 0 { random.pick(&numbers) } else { 1.0 };
        let input = random.pick(&[LOGITS, Input::LogProbabilities, Input::Weights, LOGITS]);
        let input = if input == LOGITS { Input::Logits { temperature } } else { input };
        let number = |random: &mut Random| random.pick(&numbers);
        let loss = match random.below(5) {
            0 => Loss::CompSum { tau: number(&mut random) },
            1 => Loss::GeneralizedCrossEntropy { q: number(&mut random) },
            2 => Loss::CrossEntropy { smoothing: number(&mut random) },
            3 => Loss::Ldr { margin: number(&mut random), lambda: number(&mut random) },
            _ => Loss::Aldr {
                margin: number(&mut random),
                lambda: number(&mut random),
                alpha: number(&mut random),
            },
        };
        let Ok(rows) = Distributions::new_blocking(&contexts[call % 2], &values, bins, input)
        else {
            refused += 1;
            continue;
        };
        let labels: Vec<u32> =
            (0..n).map(|_| random.below(bins + usize::from(strange > 0.8)) as u32).collect();
        let mut losses =
            Losses::new(loss).reduction(random.pick(&[Reduction::None, Reduction::Mean]));
        if random.uniform() < 0.2 {
            losses = losses.row_weights((0..n).map(|_| number(&mut random)).collect());
        }
        match losses.value_and_gradient_blocking(&rows, &labels, None) {
            Err(Error::InvalidInput { .. } | Error::LimitExceeded { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
            Ok((values, gradient)) => {
                answered += 1;
                assert!(values.values().iter().all(|v| !v.is_nan()), "{loss:?}: {values:?}");
                let gradient = block_on(gradient.read()).expect("a gradient");
                assert!(gradient.iter().all(|g| g.is_finite()), "{loss:?} {rows:?}: {gradient:?}");
            }
        }
    }
    println!("{refused} refused, {answered} answered");
    assert!(answered > 100 / sized(1, 6) && refused > 100 / sized(1, 6));
}
