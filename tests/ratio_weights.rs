//! Density-ratio weights: against their closed forms and the twin, at the ends of every range, on the CPU twin and on the
//! adapter under test.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, assert_close, block_on, context, sized};
use kantor::reference::divergence::ratio_weights;
use kantor::{Context, Divergence, Error, Generator, Tensor};

/// Every member that has weights, some with parameters next to their ends.
fn members() -> Vec<Divergence> {
    vec![
        Divergence::Kl,
        Divergence::ReverseKl,
        Divergence::Jeffreys,
        Divergence::JensenShannon { beta: 0.5 },
        Divergence::JensenShannon { beta: 0.1 },
        Divergence::JensenShannon { beta: 1e-300 },
        Divergence::JensenShannon { beta: 1.0 - 1e-15 },
        Divergence::SkewKl { alpha: 0.0 },
        Divergence::SkewKl { alpha: 1e-30 },
        Divergence::SkewKl { alpha: 0.3 },
        Divergence::SoftenedReverseKl,
        Divergence::SquaredHellinger,
        Divergence::PearsonChi2,
        Divergence::NeymanChi2,
        Divergence::Chi2Mixture,
        Divergence::Triangular,
        Divergence::Tsallis { alpha: 0.7 },
        Divergence::Tsallis { alpha: 3.0 },
        Divergence::Amari { alpha: 1.0 },
        Divergence::Amari { alpha: -2.3 },
        Divergence::Amari { alpha: 4.0 },
    ]
}

fn contexts() -> [Context; 2] {
    [Context::cpu(), context().clone()]
}

fn of_tensor(divergence: &Divergence, context: &Context, logs: &[f32]) -> Result<Vec<f32>, Error> {
    let tensor = block_on(Tensor::from_slice(context, logs, &[logs.len()])).expect("a tensor");
    let weights = divergence.ratio_weights_blocking(&tensor)?;
    assert_eq!(weights.shape(), tensor.shape());
    Ok(block_on(weights.read()).expect("weights"))
}

/// Within 1e-6 of every weight that f32 has digits for.
#[track_caller]
fn assert_weights(what: &str, found: &[f64], exact: &[f64]) -> f64 {
    assert_eq!(found.len(), exact.len());
    let mut worst = 0.0f64;
    for (index, (found, exact)) in found.iter().zip(exact).enumerate() {
        assert!(found.is_finite() && *found >= 0.0, "{what} at {index}: {found}");
        let error = (found - exact).abs();
        assert!(error <= 1e-6 * exact + 1e-37, "{what} at {index}: {found:e} for {exact:e}");
        if *exact > 1e-30 {
            worst = worst.max(error / exact);
        }
    }
    worst
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
}

// --- definitions --------------------------------------------------------------------

/// The table of f-distill, of which JS is twice ours.
#[test]
fn weights_are_those_of_f_distill() {
    for r in [0.01f64, 0.5, 1.0, 2.5, 300.0] {
        for (divergence, exact) in [
            (Divergence::ReverseKl, 1.0),
            (Divergence::SoftenedReverseKl, 1.0 / (r + 1.0)),
            (Divergence::JensenShannon { beta: 0.5 }, 0.5 * r / (r + 1.0)),
            (Divergence::SquaredHellinger, r.sqrt() / 4.0),
            (Divergence::Kl, r),
            (Divergence::Jeffreys, r + 1.0),
            (Divergence::PearsonChi2, 2.0 * r * r),
            (Divergence::Triangular, 8.0 * r * r / (r + 1.0).powi(3)),
            (Divergence::SkewKl { alpha: 0.25 }, 0.5625 * r / (0.25 * r + 0.75).powi(2)),
        ] {
            let h = divergence.ratio_weight(r.ln()).expect("an f-divergence");
            assert_close(divergence.name(), h, exact, 4e-15 * exact);
        }
    }
    // Their limits.
    let (minus, plus) = (f64::NEG_INFINITY, f64::INFINITY);
    let js = Divergence::JensenShannon { beta: 0.25 };
    for (divergence, log, exact) in [
        (Divergence::Kl, minus, 0.0),
        (Divergence::Kl, plus, plus),
        (Divergence::Jeffreys, minus, 1.0),
        (js.clone(), minus, 0.0),
        (js, plus, 0.75),
        (Divergence::SkewKl { alpha: 0.5 }, plus, 0.0),
        (Divergence::SoftenedReverseKl, minus, 1.0),
        (Divergence::NeymanChi2, minus, plus),
        (Divergence::Triangular, plus, 0.0),
        (Divergence::Amari { alpha: 1.0 }, plus, 1.0),
    ] {
        let h = divergence.ratio_weight(log).expect("an f-divergence");
        assert!(h == exact || (h - exact).abs() < 1e-15, "{divergence:?} at {log}: {h}");
    }
}

// --- batches ------------------------------------------------------------------------

/// `ratio_weights` against its twin: batches of one to many blocks, ratios of every size.
#[test]
fn batches_agree_with_the_twin() {
    let mut random = Random::new(7);
    let mut worst = 0.0f64;
    for length in [1, 2, 63, 64, 1000, 4097, sized(70_001, 9_001)] {
        for spread in [1e-4, 3.0, 80.0, 1e4] {
            let logs: Vec<f32> =
                (0..length).map(|_| (spread * (2.0 * random.uniform() - 1.0)) as f32).collect();
            for divergence in members() {
                let exact = ratio_weights(&divergence, &wide(&logs)).expect("an f-divergence");
                let what = format!("{divergence:?}, {length} within {spread}");
                for context in contexts() {
                    let found = of_tensor(&divergence, &context, &logs).expect("weights");
                    worst = worst.max(assert_weights(&what, &wide(&found), &exact));
                    let mean = wide(&found).iter().sum::<f64>() / length as f64;
                    assert_close(&what, mean, 1.0, 1e-6);
                }
            }
        }
    }
    println!("worst {worst:.1e}");
}

/// Numbers of the host: f32, and f64 whose second word decides.
#[test]
fn numbers_of_the_host_keep_their_digits() {
    let mut random = Random::new(17);
    for spread in [1.0, 1e4] {
        let logs: Vec<f64> = (0..500).map(|_| spread * (2.0 * random.uniform() - 1.0)).collect();
        let mut near: Vec<f64> = logs.iter().map(|s| 9_000.0 + 1e-3 * s).collect();
        near.push(f64::NEG_INFINITY);
        for divergence in members() {
            for context in contexts() {
                let exact = ratio_weights(&divergence, &logs).expect("an f-divergence");
                let found = divergence.ratio_weights_of_blocking(&context, &logs);
                assert_weights(divergence.name(), &found.expect("weights"), &exact);
                let singles: Vec<f32> = logs.iter().map(|s| *s as f32).collect();
                let exact = ratio_weights(&divergence, &wide(&singles)).expect("an f-divergence");
                let found = divergence.ratio_weights_of_blocking(&context, &singles);
                assert_weights(divergence.name(), &found.expect("weights"), &exact);
                let infinite = divergence.ratio_weight(f64::NEG_INFINITY).expect("h").is_infinite();
                let found = divergence.ratio_weights_of_blocking(&context, &near);
                if infinite {
                    assert_eq!(position(found), ("log_ratios", None, Some(500)));
                } else {
                    let exact = ratio_weights(&divergence, &near).expect("an f-divergence");
                    assert_weights(divergence.name(), &found.expect("weights"), &exact);
                }
            }
        }
    }
}

/// What f32 has no digits for is answered by the twin.
#[test]
fn ratios_of_any_size_are_answered() {
    let logs = [0.0f32, -3e38, 2.9e38, 3e38, 1e30, -1.0];
    for divergence in members() {
        let exact = ratio_weights(&divergence, &wide(&logs)).expect("an f-divergence");
        for context in contexts() {
            let found = of_tensor(&divergence, &context, &logs).expect("weights");
            assert_weights(divergence.name(), &wide(&found), &exact);
        }
    }
    for context in contexts() {
        let steep = Divergence::Tsallis { alpha: 1e6 };
        let found = of_tensor(&steep, &context, &[0.0, 1.0, -1.0]).expect("weights");
        assert_eq!(found, [0.0, 3.0, 0.0]);
    }
}

#[test]
fn weights_that_are_zero_throughout_stay_zero() {
    for context in contexts() {
        for divergence in [
            Divergence::JensenShannon { beta: 0.0 },
            Divergence::JensenShannon { beta: 1.0 },
            Divergence::SkewKl { alpha: 1.0 },
            Divergence::Tsallis { alpha: 0.0 },
        ] {
            let found = of_tensor(&divergence, &context, &[0.0, 1.0]).expect("weights");
            assert_eq!(found, [0.0; 2], "{divergence:?}");
        }
        let nothing = of_tensor(&Divergence::Kl, &context, &[f32::NEG_INFINITY; 3]);
        assert_eq!(nothing.expect("weights"), [0.0; 3]);
    }
}

/// The same bits, however often.
#[test]
fn weights_repeat_to_the_bit() {
    let mut random = Random::new(3);
    let logs: Vec<f32> = (0..20_000).map(|_| (20.0 * random.uniform()) as f32).collect();
    let first = of_tensor(&Divergence::Triangular, context(), &logs).expect("weights");
    for _ in 0..3 {
        assert_eq!(of_tensor(&Divergence::Triangular, context(), &logs).expect("weights"), first);
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
    for context in contexts() {
        let mut logs = vec![0.5f32; 5000];
        logs[4500] = f32::NAN;
        logs[4700] = f32::NAN;
        for divergence in members() {
            let found = position(of_tensor(&divergence, &context, &logs));
            assert_eq!(found, ("log_ratios", None, Some(4500)), "{divergence:?}");
        }
        let endless = of_tensor(&Divergence::Kl, &context, &[0.0, f32::INFINITY]);
        assert_eq!(position(endless), ("log_ratios", None, Some(1)));
        let finite = of_tensor(&Divergence::SoftenedReverseKl, &context, &[0.0, f32::INFINITY]);
        assert_eq!(finite.expect("a limit"), [2.0, 0.0]);
        let none: [f32; 0] = [];
        let found = Divergence::Kl.ratio_weights_of_blocking(&context, &none);
        assert_eq!(position(found), ("log_ratios", None, None));
        let generator = Generator::new("r - 1.0", "1.0").expect("expressions");
        for (divergence, argument) in [
            (Divergence::TotalVariation, "divergence"),
            (Divergence::Renyi { alpha: 2.0 }, "divergence"),
            (Divergence::Bhattacharyya, "divergence"),
            (Divergence::CauchySchwarz, "divergence"),
            (Divergence::CrossEntropy, "divergence"),
            (Divergence::Generator(generator), "divergence"),
            (Divergence::JensenShannon { beta: 2.0 }, "beta"),
        ] {
            let found = position(of_tensor(&divergence, &context, &[0.0]));
            assert_eq!(found, (argument, None, None), "{divergence:?}");
            assert_eq!(position(divergence.ratio_weight(0.0)), (argument, None, None));
        }
    }
    assert_eq!(position(Divergence::Kl.ratio_weight(f64::NAN)).0, "log_ratio");
}
