//! Entropies of rows: against multiprecision values, the twin and closed forms, on the CPU twin and on the adapter
//! under test.
//!
//! Kernels: `entropy`, `entropy_gradient`, `logit_entropy`.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, assert_close, block_on, context, sized, ways};
use kantor::{Context, Distributions, Entropies, Entropy, Error, Input, Precision, Unit};

const LOGITS: Input = Input::Logits { temperature: 1.0 };

fn rows(context: &Context, values: &[f32], bins: usize, input: Input) -> Distributions {
    Distributions::new_blocking(context, values, bins, input).expect("rows are well formed")
}

fn both(entropies: Entropies, p: &Distributions, upstream: Option<&[f64]>) -> (Vec<f64>, Vec<f32>) {
    let (values, gradient) =
        entropies.value_and_gradient_blocking(p, upstream).expect("a gradient");
    assert_eq!(gradient.shape(), [p.len(), p.bins()]);
    (values, block_on(gradient.read()).expect("a gradient"))
}

#[test]
fn values_and_gradients_are_those_of_multiprecision() {
    let text = include_str!("data/losses_entropy_reference.csv");
    for way in ways() {
        let exact = way.precision == Precision::Double;
        let (bound, slope_bound) = if exact { (2e-12, 3e-7) } else { (1e-6, 1e-5) };
        let (mut worst, mut worst_slope) = (0.0f64, 0.0f64);
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(',').collect();
            let number = |k: usize| words[k].parse::<f64>().expect("a number");
            let (alpha, temperature, bins, value) =
                (number(1), number(3), number(4) as usize, number(5));
            let entropy = match words[0] {
                "shannon" => Entropy::Shannon,
                "renyi" => Entropy::Renyi { alpha },
                _ => Entropy::Tsallis { alpha },
            };
            let logits = words[2] == "logits";
            let input = if logits { Input::Logits { temperature } } else { Input::Weights };
            let values: Vec<f32> = (6..6 + bins).map(|k| number(k) as f32).collect();
            let p = rows(&way.context, &values, bins, input);
            let (found, gradient) =
                both(Entropies::new(entropy).precision(way.precision), &p, None);
            let what = format!("{} {}", way.name, words[..6].join(","));
            // Close to order 1, digits of the twin go with the difference.
            let lost = if (alpha - 1.0).abs() < 0.01 && alpha != 1.0 { 1e2 } else { 1.0 };
            let error = (found[0] - value).abs() / value;
            assert!(
                error <= bound * if exact { lost } else { 1.0 },
                "{what}: {} ({error:e})",
                found[0]
            );
            worst = worst.max(error);
            let exact_gradient: Vec<f64> = (6 + bins..6 + 2 * bins).map(number).collect();
            let most = exact_gradient
                .iter()
                .filter(|g| g.is_finite())
                .fold(1e-36f64, |m, g| m.max(g.abs()));
            for (k, (found, exact)) in gradient.iter().zip(&exact_gradient).enumerate() {
                if exact.is_finite() {
                    let error = (f64::from(*found) - exact).abs() / most;
                    assert!(
                        error <= slope_bound,
                        "{what} column {k}: {found} for {exact} ({error:e})"
                    );
                    worst_slope = worst_slope.max(error);
                } else {
                    assert!(found.is_finite() && *found >= 0.0, "{what}: {found}");
                }
            }
            if logits {
                let sum: f64 = gradient.iter().map(|g| f64::from(*g)).sum();
                // 1e-6 as it stands, and of small gradients no more than their own tolerance.
                assert!(sum.abs() <= f64::min(1e-6, 1e-5 * most), "{what}: {sum:e} of {most:e}");
            }
        }
        println!("{}: values {worst:.1e}, gradients {worst_slope:.1e}", way.name);
    }
}

#[test]
fn closed_forms() {
    for way in ways() {
        let exact = way.precision == Precision::Double;
        let bound = if exact { 1e-12 } else { 1e-6 };
        let of = |entropy: Entropy, values: &[f32], input: Input| {
            let p = rows(&way.context, values, values.len(), input);
            let entropies = Entropies::new(entropy).precision(way.precision);
            entropies.rows_blocking(&p).expect("an entropy")[0]
        };
        let half = [0.5f32, 0.25, 0.25, 0.0];
        assert_close(
            "Shannon",
            of(Entropy::Shannon, &half, Input::Weights),
            1.5 * 2f64.ln(),
            bound,
        );
        let zero = Entropy::Renyi { alpha: 0.0 };
        assert_close("Hartley", of(zero, &half, Input::Weights), 3f64.ln(), bound);
        let most = Entropy::Renyi { alpha: f64::INFINITY };
        assert_close("min-entropy", of(most, &half, Input::Weights), 2f64.ln(), bound);
        let collision = Entropy::Renyi { alpha: 2.0 };
        assert_close("collision", of(collision, &half, Input::Weights), -0.375f64.ln(), bound);
        let gini = Entropy::Tsallis { alpha: 2.0 };
        assert_close("Gini", of(gini, &half, Input::Weights), 0.625, bound);
        let count = Entropy::Tsallis { alpha: 0.0 };
        assert_close("count", of(count, &half, Input::Weights), 2.0, bound);
        // Two bins, one of them e^-d of the other: s (1 + d) to first order.
        for d in [10.0f64, 46.0, 60.0] {
            let s = (-d).exp();
            let value = s.ln_1p() + s / (1.0 + s) * d;
            let found = of(Entropy::Shannon, &[7.0, 7.0 - d as f32], LOGITS);
            assert!((found / value - 1.0).abs() < bound, "{}: {found:e} for {value:e}", way.name);
            let weight = s as f32;
            let s = f64::from(weight);
            let value = s.ln_1p() - s / (1.0 + s) * s.ln();
            let found = of(Entropy::Shannon, &[weight, 1.0], Input::Weights);
            assert!((found / value - 1.0).abs() < bound, "{}: {found:e} for {value:e}", way.name);
        }
        assert_eq!(of(Entropy::Shannon, &[0.0, 3.0], Input::Weights), 0.0);
        assert_eq!(of(Entropy::Shannon, &[f32::NEG_INFINITY, 3.0], LOGITS), 0.0);
        let uniform = vec![0.1f32; 1000];
        for entropy in [Entropy::Shannon, zero, collision, most] {
            for input in [LOGITS, Input::Weights] {
                assert_close(way.name, of(entropy, &uniform, input), 1000f64.ln(), 7.0 * bound);
            }
        }
        let p = rows(&way.context, &uniform, 1000, Input::Weights);
        let entropies = Entropies::new(Entropy::Shannon).precision(way.precision);
        let perplexity = entropies.perplexity_blocking(&p).expect("a perplexity")[0];
        assert_close("perplexity", perplexity, 1000.0, 7000.0 * bound);
        let bits = entropies.unit(Unit::Bits).rows_blocking(&p).expect("bits")[0];
        assert_close("bits", bits, 1000f64.log2(), 10.0 * bound);
    }
}

/// Every alignment, rows longer than a block, segments of few rows, sizes beyond the usual.
#[test]
fn rows_of_every_length_agree_with_the_twin() {
    let cpu = Context::cpu();
    let mut random = Random::new(8);
    let mut normal = || (0..12).map(|_| random.uniform()).sum::<f64>() - 6.0;
    let long = sized(150_003, 9_001);
    for (n, bins) in [(9, 3), (65, 10), (33, 128), (17, 1000), (5, 4099), (1, long), (70, 1)] {
        let logits: Vec<f32> = (0..n * bins).map(|_| (4.0 * normal()) as f32).collect();
        let weights: Vec<f32> =
            logits.iter().map(|x| if *x < -4.0 { 0.0 } else { x.exp() }).collect();
        // No row without mass.
        let weights: Vec<f32> = weights
            .iter()
            .enumerate()
            .map(|(k, w)| if k % bins == 0 { w + 0.1 } else { *w })
            .collect();
        for (values, input) in
            [(&logits, Input::Logits { temperature: 1.5 }), (&weights, Input::Weights)]
        {
            let (exact, p) =
                (rows(&cpu, values, bins, input), rows(context(), values, bins, input));
            for entropy in
                [Entropy::Shannon, Entropy::Renyi { alpha: 2.0 }, Entropy::Tsallis { alpha: 0.5 }]
            {
                let entropies = Entropies::new(entropy);
                let (exact, exact_gradient) = both(entropies, &exact, None);
                let (found, gradient) = both(entropies, &p, None);
                let host = entropies.value_and_gradient_on_host_blocking(&p, None);
                assert_eq!(host.expect("a gradient").1, gradient, "{n}x{bins}");
                for row in 0..n {
                    let error = (found[row] - exact[row]).abs() / exact[row].max(1e-30);
                    let what = format!("{entropy:?} {input:?} {n}x{bins} row {row}");
                    assert!(error < 1e-6, "{what}: {} for {}", found[row], exact[row]);
                    let at = row * bins..(row + 1) * bins;
                    let most =
                        exact_gradient[at.clone()].iter().fold(1e-30f32, |m, g| m.max(g.abs()));
                    for (g, exact) in gradient[at.clone()].iter().zip(&exact_gradient[at]) {
                        assert!((g - exact).abs() <= 1e-5 * most, "{what}: {g} for {exact}");
                    }
                }
            }
        }
    }
}

#[test]
fn bad_input_is_named() {
    let position = |result: kantor::Result<Vec<f64>>| match result {
        Err(Error::InvalidInput { argument, row, index, .. }) => (argument, row, index),
        other => panic!("{other:?}"),
    };
    for way in ways() {
        let shannon = Entropies::new(Entropy::Shannon).precision(way.precision);
        let second = Entropies::new(Entropy::Renyi { alpha: 2.0 }).precision(way.precision);
        for entropies in [shannon, second] {
            let of = |values: &[f32], input| {
                position(entropies.rows_blocking(&rows(&way.context, values, 3, input)))
            };
            let fine = [0.5f32, 0.25, 0.25];
            let after = |row: [f32; 3]| [fine, row].concat();
            assert_eq!(of(&after([1.0, f32::NAN, 0.0]), LOGITS), ("p", Some(1), Some(1)));
            assert_eq!(of(&after([1.0, 0.0, f32::INFINITY]), LOGITS), ("p", Some(1), Some(2)));
            assert_eq!(of(&after([1.0, 0.0, -1.0]), Input::Weights), ("p", Some(1), Some(2)));
            assert_eq!(
                of(&after([f32::INFINITY, 0.0, 1.0]), Input::Weights),
                ("p", Some(1), Some(0))
            );
            assert_eq!(of(&after([0.0; 3]), Input::Weights), ("p", Some(1), None));
            assert_eq!(of(&after([f32::NEG_INFINITY; 3]), LOGITS), ("p", Some(1), None));
            assert_eq!(of(&[-0.5, -0.5, -0.5], Input::LogProbabilities), ("p", Some(0), None));
        }
        let p = rows(&way.context, &[0.5, 0.5], 2, Input::Weights);
        for entropy in [
            Entropy::Renyi { alpha: -1.0 },
            Entropy::Renyi { alpha: f64::NAN },
            Entropy::Tsallis { alpha: f64::INFINITY },
        ] {
            assert_eq!(position(Entropies::new(entropy).rows_blocking(&p)).0, "alpha");
        }
        let upstream = shannon.value_and_gradient_blocking(&p, Some(&[1.0, 2.0]));
        assert_eq!(position(upstream.map(|(values, _)| values)).0, "upstream");
    }
}
