//! Nothing that comes from outside panics: bad rows, parameters and settings of divergences, entropies, losses and
//! weights are errors that name the argument, the row and the index; what the definitions allow is a value.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, assert_close, block_on, context};
use kantor::{
    AttentionPenalty, Comparison, Context, Distributions, Divergence, Entropies, Entropy, Error,
    Generator, ImportanceWeights, Input, Loss, Losses, Precision, Reduction, Result, Side, Tensor,
};
use std::f64::consts::LN_2;
use std::time::{Duration, Instant};

const LOGITS: Input = Input::Logits { temperature: 1.0 };
const PRECISIONS: [Precision; 2] = [Precision::Single, Precision::Double];

/// Asserts the argument, row and index of an [`Error::InvalidInput`].
#[track_caller]
fn assert_names<T: std::fmt::Debug>(
    result: Result<T>,
    argument: &str,
    row: Option<usize>,
    index: Option<usize>,
) {
    let error = result.expect_err("bad input was accepted");
    let words = error.to_string();
    assert!(!words.contains('\n') && words.starts_with(argument), "{words:?}");
    match error {
        Error::InvalidInput { argument: a, row: r, index: i, .. } => {
            assert_eq!((a, r, i), (argument, row, index), "{words}");
        }
        other => panic!("not InvalidInput but {other:?}"),
    }
}

/// The twin and the adapter under test.
fn contexts() -> [Context; 2] {
    [Context::cpu(), context().clone()]
}

fn rows(context: &Context, values: &[f32], bins: usize, input: Input) -> Distributions {
    Distributions::new_blocking(context, values, bins, input).expect("well-formed")
}

/// One divergence of one pair of rows.
fn one(context: &Context, divergence: Divergence, [p, q]: [&[f32]; 2], input: Input) -> f64 {
    let (p, q) = (rows(context, p, p.len(), input), rows(context, q, q.len(), input));
    let values = Comparison::new(divergence).rows_blocking(&p, &q).expect("a value");
    values.values()[0]
}

/// Every member of the family.
fn family() -> Vec<Divergence> {
    let mut family = Divergence::ALL.to_vec();
    family.push(Divergence::Generator(squares()));
    family
}

/// (r − 1)², Pearson's.
fn squares() -> Generator {
    Generator::new("(r - 1.0) * (r - 1.0)", "2.0 * (r - 1.0)")
        .expect("expressions")
        .with_limits(1.0, f64::INFINITY)
        .with_reference(|r| (r - 1.0).powi(2), |r| 2.0 * (r - 1.0))
}

// --- rows ---------------------------------------------------------------------------

#[test]
fn numbers_that_are_no_weights_are_named_by_row_and_index() {
    for context in contexts() {
        for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e-45, -1.0] {
            let fine = rows(&context, &[0.2, 0.3, 0.5, 0.1, 0.9, 0.0], 3, Input::Weights);
            let wrong = rows(&context, &[0.2, 0.3, 0.5, 0.1, 0.9, bad], 3, Input::Weights);
            for divergence in [Divergence::Kl, Divergence::CauchySchwarz, Divergence::CrossEntropy]
            {
                for precision in PRECISIONS {
                    let comparison = Comparison::new(divergence.clone()).precision(precision);
                    let of = |p, q| comparison.rows_blocking(p, q);
                    assert_names(of(&wrong, &fine), "p", Some(1), Some(2));
                    assert_names(of(&fine, &wrong), "q", Some(1), Some(2));
                    let gradient =
                        comparison.value_and_gradient_blocking(&fine, &wrong, Side::P, None);
                    assert_names(gradient, "q", Some(1), Some(2));
                    // A row that is masked is not looked at.
                    let masked = comparison.clone().mask(vec![true, false]);
                    assert!(masked.rows_blocking(&fine, &wrong).is_ok());
                }
            }
            for entropy in [Entropy::Shannon, Entropy::Tsallis { alpha: 2.0 }] {
                let entropies = Entropies::new(entropy);
                assert_names(entropies.rows_blocking(&wrong), "p", Some(1), Some(2));
                let gradient = entropies.value_and_gradient_blocking(&wrong, None);
                assert_names(gradient, "p", Some(1), Some(2));
            }
        }
    }
}

#[test]
fn f64_that_f32_cannot_hold_is_judged_as_what_it_is() {
    for context in contexts() {
        let of = |values: &[f64], input| {
            let p = Distributions::new_blocking(&context, values, 2, input).expect("two bins");
            let q = rows(&context, &[1.0, 1.0], 2, input);
            Comparison::new(Divergence::Kl).rows_blocking(&p, &q)
        };
        assert_names(of(&[1.0, -1.0], Input::Weights), "p", Some(0), Some(1));
        assert_names(of(&[f64::INFINITY, 1.0], Input::Weights), "p", Some(0), Some(0));
        assert_names(of(&[0.0, f64::INFINITY], LOGITS), "p", Some(0), Some(1));
        assert!(of(&[1.0, 0.25], Input::Weights).is_ok());
        // A finite number is no infinity for being above f32.
        let huge = of(&[1e300, 0.0], LOGITS).expect("a value").values()[0];
        assert_close("huge", huge, LN_2, 1e-6);
    }
}

#[test]
fn numbers_that_are_no_logarithms_are_named_by_row_and_index() {
    for context in contexts() {
        for bad in [f32::NAN, -f32::NAN, f32::INFINITY] {
            for input in [LOGITS, Input::Logits { temperature: 0.5 }] {
                let fine = rows(&context, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 3, input);
                let wrong = rows(&context, &[0.0, 1.0, 2.0, 3.0, bad, 5.0], 3, input);
                for divergence in
                    [Divergence::Kl, Divergence::TotalVariation, Divergence::CrossEntropy]
                {
                    for precision in PRECISIONS {
                        let comparison = Comparison::new(divergence.clone()).precision(precision);
                        assert_names(
                            comparison.rows_blocking(&wrong, &fine),
                            "p",
                            Some(1),
                            Some(1),
                        );
                        assert_names(
                            comparison.rows_blocking(&fine, &wrong),
                            "q",
                            Some(1),
                            Some(1),
                        );
                    }
                }
                let entropies = Entropies::new(Entropy::Shannon);
                assert_names(entropies.rows_blocking(&wrong), "p", Some(1), Some(1));
                let losses = Losses::new(Loss::CrossEntropy { smoothing: 0.0 });
                let loss = losses.rows_blocking(&wrong, &[0, 0]);
                assert_names(loss, "logits", Some(1), Some(1));
                let penalty = AttentionPenalty::new(0.5).expect("a target");
                assert_names(penalty.rows_blocking(&wrong), "logits", Some(1), Some(1));
            }
        }
    }
}

#[test]
fn rows_without_mass_are_named() {
    let minus = f32::NEG_INFINITY;
    for context in contexts() {
        for (fine, empty, input) in [
            ([1.0f32, 1.0, 1.0, 1.0], [1.0f32, 0.0, 0.0, 0.0], Input::Weights),
            ([1.0, 1.0, 1.0, 1.0], [1.0, 0.0, -0.0, 0.0], Input::Weights),
            ([1.0, 1.0, 1.0, 1.0], [1.0, minus, minus, minus], LOGITS),
        ] {
            let (fine, empty) = (rows(&context, &fine, 2, input), rows(&context, &empty, 2, input));
            for divergence in family() {
                let comparison = Comparison::new(divergence);
                assert_names(comparison.rows_blocking(&empty, &fine), "p", Some(1), None);
                assert_names(comparison.rows_blocking(&fine, &empty), "q", Some(1), None);
            }
            let gradient = Comparison::new(Divergence::Kl).value_and_gradient_blocking(
                &fine,
                &empty,
                Side::Both,
                None,
            );
            assert_names(gradient, "q", Some(1), None);
            for entropy in [Entropy::Shannon, Entropy::Renyi { alpha: 2.0 }] {
                assert_names(Entropies::new(entropy).rows_blocking(&empty), "p", Some(1), None);
            }
        }
        let empty = rows(&context, &[0.0, 1.0, minus, minus], 2, LOGITS);
        let losses = Losses::new(Loss::CompSum { tau: 1.0 });
        assert_names(losses.rows_blocking(&empty, &[0, 1]), "logits", Some(1), None);
        let weights = ImportanceWeights::new_blocking(
            &context,
            &[0.0, f64::NEG_INFINITY],
            1,
            Precision::Single,
        );
        assert_names(weights, "log_weights", Some(1), None);
    }
}

#[test]
fn logits_of_minus_infinity_are_empty_bins() {
    let minus = f32::NEG_INFINITY;
    for context in contexts() {
        let (p, q) = ([0.0, minus, 0.0], [0.0, minus, 3f32.ln()]);
        let kl = one(&context, Divergence::Kl, [&p, &q], LOGITS);
        assert_close("KL", kl, 0.5 * (4.0f64 / 3.0).ln(), 1e-6);
        let (p, q) = (rows(&context, &p, 3, LOGITS), rows(&context, &q, 3, LOGITS));
        let comparison = Comparison::new(Divergence::Kl);
        let (values, gradients) =
            comparison.value_and_gradient_blocking(&p, &q, Side::Q, None).expect("a gradient");
        assert!(!values.mismatches()[0].any());
        let gradient = block_on(gradients.q.expect("asked for").read()).expect("readable");
        for (found, exact) in gradient.iter().zip([-0.25, 0.0, 0.25]) {
            assert_close("dKL/dq", f64::from(*found), exact, 1e-6);
        }
        let entropy = Entropies::new(Entropy::Shannon).rows_blocking(&p).expect("an entropy");
        assert_close("entropy", entropy[0], LN_2, 1e-6);
    }
}

#[test]
fn log_probabilities_must_sum_to_one_or_be_normalised() {
    let good = [0.25f32, 0.75].map(f32::ln);
    for context in contexts() {
        for (shift, accepted) in
            [(0.0, true), (8e-4, true), (-8e-4, true), (2e-3, false), (-2e-3, false), (3.0, false)]
        {
            let moved = good.map(|x| x + shift);
            let p = rows(&context, &[good, moved].concat(), 2, Input::LogProbabilities);
            let q = rows(&context, &[0.5f32.ln(); 4], 2, Input::LogProbabilities);
            let exact = 0.25 * 0.5f64.ln() + 0.75 * 1.5f64.ln();
            for divergence in [Divergence::Kl, Divergence::ReverseKl, Divergence::Triangular] {
                let comparison = Comparison::new(divergence);
                let [forward, backward] =
                    [comparison.rows_blocking(&p, &q), comparison.rows_blocking(&q, &p)];
                if !accepted {
                    assert_names(forward, "p", Some(1), None);
                    assert_names(backward, "q", Some(1), None);
                    let gradient = comparison.value_and_gradient_blocking(&p, &q, Side::Q, None);
                    assert_names(gradient, "p", Some(1), None);
                } else {
                    assert!(forward.is_ok() && backward.is_ok());
                }
            }
            let entropies = Entropies::new(Entropy::Shannon);
            let losses = Losses::new(Loss::CompSum { tau: 1.0 });
            if !accepted {
                assert_names(entropies.rows_blocking(&p), "p", Some(1), None);
                assert_names(losses.rows_blocking(&p, &[0, 0]), "logits", Some(1), None);
            }
            let p = p.normalized();
            let values = Comparison::new(Divergence::Kl).rows_blocking(&p, &q).expect("values");
            for value in values.values() {
                assert_close("normalised", *value, exact, 1e-6);
            }
            assert_close(
                "sum",
                values.sums()[1][0],
                f64::from(shift).exp(),
                1e-5 * f64::from(shift.abs()).exp(),
            );
            assert!(entropies.rows_blocking(&p).is_ok());
            assert!(losses.rows_blocking(&p, &[0, 0]).is_ok());
        }
    }
}

// --- supports -----------------------------------------------------------------------

/// Whether p > 0 = q, and q > 0 = p, makes each infinite.
fn endless(divergence: &Divergence) -> [bool; 2] {
    match divergence {
        Divergence::Kl
        | Divergence::PearsonChi2
        | Divergence::CrossEntropy
        | Divergence::Renyi { .. }
        | Divergence::Tsallis { .. }
        | Divergence::Generator(_) => [true, false],
        Divergence::ReverseKl | Divergence::NeymanChi2 | Divergence::SoftenedReverseKl => {
            [false, true]
        }
        Divergence::Jeffreys => [true, true],
        _ => [false, false],
    }
}

#[test]
fn bins_without_a_partner_are_flagged_and_infinite_where_the_definition_says_so() {
    let minus = f32::NEG_INFINITY;
    for context in contexts() {
        for (full, thin, input) in [
            ([0.5f32, 0.25, 0.25], [0.5f32, 0.5, 0.0], Input::Weights),
            ([0.5, 0.25, 0.25], [0.5, 0.5, -0.0], Input::Weights),
            ([1.0, 0.0, 0.0], [0.0, 0.0, minus], LOGITS),
        ] {
            let (full, thin) = (rows(&context, &full, 3, input), rows(&context, &thin, 3, input));
            for divergence in family() {
                for precision in PRECISIONS {
                    let comparison = Comparison::new(divergence.clone()).precision(precision);
                    for (p, q, side) in [(&full, &thin, 0), (&thin, &full, 1)] {
                        let (values, gradients) = comparison
                            .value_and_gradient_blocking(p, q, Side::Both, None)
                            .expect("values");
                        let what = format!("{divergence:?} {input:?} {precision:?} side {side}");
                        let value = values.values()[0];
                        assert_eq!(
                            value.is_infinite(),
                            endless(&divergence)[side],
                            "{what}: {value}"
                        );
                        assert!(value > 0.0, "{what}: {value}");
                        let mismatch = values.mismatches()[0];
                        let found = [mismatch.p_without_q, mismatch.q_without_p];
                        assert_eq!(found, [side == 0, side == 1], "{what}");
                        for gradient in [gradients.p, gradients.q].into_iter().flatten() {
                            let gradient = block_on(gradient.read()).expect("readable");
                            assert!(gradient.iter().all(|g| g.is_finite()), "{what}: {gradient:?}");
                            if value.is_infinite() {
                                assert_eq!(gradient, [0.0; 3], "{what}");
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn rows_that_share_no_bin_are_as_far_apart_as_can_be() {
    for context in contexts() {
        let of = |divergence| one(&context, divergence, [&[1.0, 0.0], &[0.0, 2.0]], Input::Weights);
        for (divergence, exact) in [
            (Divergence::JensenShannon { beta: 0.5 }, LN_2),
            (Divergence::TotalVariation, 1.0),
            (Divergence::SquaredHellinger, 1.0),
            (Divergence::Triangular, 2.0),
            (Divergence::Chi2Mixture, 1.0),
            (Divergence::SkewKl { alpha: 0.5 }, LN_2),
            (Divergence::Amari { alpha: 0.0 }, 4.0),
            (Divergence::Tsallis { alpha: 0.5 }, 2.0),
            (Divergence::Tsallis { alpha: 0.0 }, 1.0),
        ] {
            assert_close(divergence.name(), of(divergence.clone()), exact, 1e-6);
        }
        for divergence in [
            Divergence::Bhattacharyya,
            Divergence::CauchySchwarz,
            Divergence::Renyi { alpha: 0.0 },
            Divergence::Renyi { alpha: 0.5 },
            Divergence::Renyi { alpha: f64::INFINITY },
        ] {
            assert_eq!(of(divergence.clone()), f64::INFINITY, "{divergence:?}");
        }
    }
}

// --- shapes and settings --------------------------------------------------------------

#[test]
fn shapes_that_do_not_fit_are_refused() {
    for context in contexts() {
        let make = |values: &[f32], bins| {
            Distributions::new_blocking(&context, values, bins, Input::Weights)
        };
        assert_names(make(&[], 3), "values", None, None);
        assert_names(make(&[1.0], 0), "values", None, None);
        assert_names(make(&[1.0; 7], 3), "values", None, None);
        assert_names(make(&[1.0; 7], usize::MAX), "values", None, None);
        let tensor = |shape: &[usize]| {
            let tensor =
                block_on(Tensor::from_slice(&context, &[1.0; 8], shape)).expect("a tensor");
            Distributions::from_tensor_blocking(&tensor, Input::Weights)
        };
        assert_names(tensor(&[2, 2, 2]), "tensor", None, None);
        assert!(tensor(&[8]).is_ok() && tensor(&[2, 4]).is_ok());

        let [two, three, four] = [2, 3, 4].map(|n| make(&vec![1.0; 2 * n], 2).expect("rows"));
        let other_bins = make(&[1.0; 6], 3).expect("rows");
        for divergence in family() {
            let comparison = Comparison::new(divergence);
            assert_names(comparison.rows_blocking(&two, &three), "q", None, None);
            assert_names(comparison.rows_blocking(&two, &other_bins), "q", None, None);
        }
        let comparison = Comparison::new(Divergence::Kl);
        let masked = comparison.clone().mask(vec![true; 3]);
        assert_names(masked.rows_blocking(&four, &four), "mask", None, None);
        for weights in [vec![], vec![1.0; 5]] {
            let weighted = comparison.clone().row_weights(weights);
            assert_names(weighted.rows_blocking(&four, &four), "row_weights", None, None);
        }
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            let weighted = comparison.clone().row_weights(vec![1.0, bad, 1.0, 1.0]);
            assert_names(weighted.rows_blocking(&four, &four), "row_weights", Some(1), None);
        }
        let mean = comparison.clone().reduction(Reduction::Mean);
        let nobody = mean.clone().row_weights(vec![0.0; 4]);
        assert_names(nobody.rows_blocking(&four, &four), "row_weights", None, None);
        let nobody = mean.mask(vec![false; 4]);
        assert_names(nobody.rows_blocking(&four, &four), "row_weights", None, None);
        let with = |upstream: &[f64]| {
            comparison.value_and_gradient_blocking(&four, &four, Side::Both, Some(upstream))
        };
        assert_names(with(&[1.0; 3]), "upstream", None, None);
        assert_names(with(&[]), "upstream", None, None);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_names(with(&[1.0, 1.0, bad, 1.0]), "upstream", Some(2), None);
        }
        let entropies = Entropies::new(Entropy::Shannon);
        let upstream = [1.0, f64::NAN, 1.0, 1.0];
        let gradient = entropies.value_and_gradient_blocking(&four, Some(&upstream));
        assert_names(gradient, "upstream", Some(1), None);
        let gradient = entropies.value_and_gradient_on_host_blocking(&four, Some(&[1.0]));
        assert_names(gradient, "upstream", None, None);

        let logits = rows(&context, &[0.0; 8], 2, LOGITS);
        let losses = Losses::new(Loss::CompSum { tau: 1.0 });
        let of = |losses: &Losses| losses.rows_blocking(&logits, &[0; 4]);
        assert_names(of(&losses.clone().mask(vec![true])), "mask", None, None);
        assert_names(of(&losses.clone().row_weights(vec![1.0])), "row_weights", None, None);
        let weighted = losses.clone().row_weights(vec![1.0, 1.0, -1.0, 1.0]);
        assert_names(of(&weighted), "row_weights", Some(2), None);
        assert_names(losses.rows_blocking(&logits, &[0; 3]), "labels", None, None);
        assert_names(losses.rows_blocking(&logits, &[0, 1, 2, 0]), "labels", Some(2), None);
    }
}

#[test]
fn rows_of_different_contexts_are_refused() {
    if context().device().is_none() {
        return;
    }
    let (here, there) = (
        rows(context(), &[1.0, 2.0], 2, Input::Weights),
        rows(&Context::cpu(), &[1.0, 2.0], 2, Input::Weights),
    );
    let comparison = Comparison::new(Divergence::Kl);
    assert_names(comparison.rows_blocking(&here, &there), "q", None, None);
    assert_names(comparison.rows_blocking(&there, &here), "q", None, None);
}

#[test]
fn temperatures_are_finite_numbers_above_zero() {
    for context in contexts() {
        for temperature in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-300] {
            let input = Input::Logits { temperature };
            let made = Distributions::new_blocking(&context, &[0.0f32, 1.0], 2, input);
            assert_names(made, "temperature", None, None);
            let tensor =
                block_on(Tensor::from_slice(&context, &[0.0, 1.0], &[2])).expect("a tensor");
            let made = Distributions::from_tensor_blocking(&tensor, input);
            assert_names(made, "temperature", None, None);
        }
        // From the coldest to the hottest there are.
        for temperature in [1e-37, 1e-6, 1e6, 1e38, 1e300] {
            let input = Input::Logits { temperature };
            for divergence in family() {
                let value = one(&context, divergence.clone(), [&[0.0, 1.0], &[0.5, 0.0]], input);
                assert!(
                    !value.is_nan() && value >= 0.0,
                    "{divergence:?} at {temperature}: {value}"
                );
            }
        }
    }
}

// --- parameters ---------------------------------------------------------------------

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    let nan = f64::NAN;
    let (inf, next) = (f64::INFINITY, 1.0 + f64::EPSILON);
    let mut wrong = Vec::new();
    for x in [-f64::EPSILON, next, nan, inf, -inf] {
        wrong.push(("beta", Divergence::JensenShannon { beta: x }));
        wrong.push(("alpha", Divergence::SkewKl { alpha: x }));
    }
    for x in [-1e-300, -1.0, nan, -inf, f64::MAX] {
        wrong.push(("alpha", Divergence::Renyi { alpha: x }));
        wrong.push(("alpha", Divergence::Tsallis { alpha: x }));
    }
    wrong.push(("alpha", Divergence::Tsallis { alpha: inf }));
    wrong.extend([nan, inf, -inf].map(|x| ("alpha", Divergence::Amari { alpha: x })));
    for context in contexts() {
        let p = rows(&context, &[0.5, 0.5], 2, Input::Weights);
        let before = context.submissions();
        for (name, divergence) in &wrong {
            let comparison = Comparison::new(divergence.clone());
            assert_names(comparison.rows_blocking(&p, &p), name, None, None);
            let gradient = comparison.value_and_gradient_blocking(&p, &p, Side::Both, None);
            assert_names(gradient, name, None, None);
        }
        if context.device().is_none() {
            assert_eq!(context.submissions(), before);
        }
    }
    assert_names(Divergence::JensenShannon { beta: 0.5 }.with_parameter(2.0), "beta", None, None);
    assert_names(Divergence::Kl.with_parameter(0.5), "alpha", None, None);
    assert_eq!(Divergence::Kl.parameter(), None);
    let skew = Divergence::SkewKl { alpha: 0.5 }.with_parameter(0.25);
    assert_eq!(skew.map(|divergence| divergence.parameter()), Ok(Some(0.25)));
    let unknown = "kullback".parse::<Divergence>();
    assert!(unknown.as_ref().is_err_and(|e| e.to_string().contains("squared-hellinger")));
    assert_names(unknown, "kind", None, None);
}

#[test]
fn limits_of_parameters_are_what_they_are_the_limits_of() {
    let full: [&[f32]; 2] = [&[0.1, 0.4, 0.2, 0.3], &[0.3, 0.3, 0.25, 0.15]];
    let thin: [&[f32]; 2] = [&[0.1, 0.4, 0.0, 0.5], &[0.3, 0.3, 0.25, 0.15]];
    let logits: [&[f32]; 2] = [&[1.0, 0.0, -1.0, 0.3], &[0.0, 0.5, 1.0, -2.0]];
    for context in contexts() {
        for (pair, input) in [(full, Input::Weights), (thin, Input::Weights), (logits, LOGITS)] {
            let of = |divergence: Divergence| one(&context, divergence, pair, input);
            let (kl, reverse) = (of(Divergence::Kl), of(Divergence::ReverseKl));
            let cases = [
                (Divergence::Renyi { alpha: 1.0 }, kl),
                (Divergence::Tsallis { alpha: 1.0 }, kl),
                (Divergence::Amari { alpha: -1.0 }, kl),
                (Divergence::Amari { alpha: 1.0 }, reverse),
                (Divergence::SkewKl { alpha: 0.0 }, kl),
                (Divergence::SkewKl { alpha: 1.0 }, 0.0),
                (Divergence::JensenShannon { beta: 0.0 }, 0.0),
                (Divergence::JensenShannon { beta: 1.0 }, 0.0),
                (Divergence::Renyi { alpha: 2.0 }, of(Divergence::PearsonChi2).ln_1p()),
                (Divergence::Amari { alpha: 0.0 }, 4.0 * of(Divergence::SquaredHellinger)),
            ];
            for (divergence, exact) in cases {
                let found = of(divergence.clone());
                let same = found == exact || (found - exact).abs() <= 2e-6 * exact;
                assert!(same, "{divergence:?}: {found} for {exact}");
            }
            // q(p = 0), and its logarithm.
            let missing = if pair == thin { 0.25 } else { 0.0 };
            let zero = of(Divergence::Tsallis { alpha: 0.0 });
            assert_close("Tsallis 0", zero, missing, 1e-7);
            let zero = of(Divergence::Renyi { alpha: 0.0 });
            assert_close("Renyi 0", zero, -(-missing).ln_1p(), 1e-7);
            // The largest ratio, which large orders approach.
            let most = of(Divergence::Renyi { alpha: f64::INFINITY });
            let large = of(Divergence::Renyi { alpha: 400.0 });
            assert!(large <= most && large >= 0.95 * most, "{large} of {most}");
            if input == Input::Weights {
                let ratios =
                    pair[0].iter().zip(pair[1]).map(|(p, q)| f64::from(*p) / f64::from(*q));
                let exact = ratios.fold(0.0, f64::max).ln();
                assert_close("Renyi inf", most, exact, 1e-6);
            }
            // Next to a limit values are next to it.
            for (divergence, exact) in [
                (Divergence::Renyi { alpha: 1.0 + 1e-9 }, kl),
                (Divergence::Renyi { alpha: 1.0 - 1e-9 }, kl),
                (Divergence::Tsallis { alpha: 1.0 - 1e-9 }, kl),
                (Divergence::Amari { alpha: -1.0 + 1e-9 }, kl),
                (Divergence::SkewKl { alpha: 1e-9 }, kl),
            ] {
                let found = of(divergence.clone());
                assert!(
                    (found - exact).abs() <= 2e-6 * exact,
                    "{divergence:?}: {found} for {exact}"
                );
            }
        }
    }
}

// --- generators ---------------------------------------------------------------------

#[test]
fn text_that_is_no_expression_is_refused_by_name() {
    for bad in [
        "",
        "  ",
        "r; discard",
        "r } fn x() {",
        "(r",
        "r)",
        ")r(",
        "r // r",
        "r /* r */",
        "r\n+ r",
        "@r",
    ] {
        assert_names(Generator::new(bad, "r"), "f", None, None);
        assert_names(Generator::new("r", bad), "derivative", None, None);
    }
    assert_names(Generator::new(&"r+".repeat(3000), "r"), "f", None, None);
}

#[test]
fn a_generator_that_does_not_compile_says_why() {
    let Some(context) = common::device_context() else { return };
    let p = rows(context, &[0.5, 0.5], 2, Input::Weights);
    for (f, derivative, word) in [
        ("r * quux", "1.0", "quux"),
        ("r * r", "undefined_function(r)", "undefined_function"),
        ("r +", "1.0", "r +"),
        ("vec2f(r, r)", "1.0", "vec2"),
        ("r > 1.0", "1.0", "r > 1.0"),
    ] {
        let generator = Generator::new(f, derivative).expect("text");
        let comparison = Comparison::new(Divergence::Generator(generator));
        match comparison.rows_blocking(&p, &p) {
            Err(Error::Shader { message, .. }) => {
                assert!(message.contains(word), "{f:?}: no {word:?} in {message}");
            }
            other => panic!("{f:?}: {other:?}"),
        }
        // The context is none the worse.
        assert!(Comparison::new(Divergence::Kl).rows_blocking(&p, &p).is_ok());
    }
}

#[test]
fn a_generator_without_reference_is_refused_where_only_the_host_can_answer() {
    let generator = Generator::new("(r - 1.0) * (r - 1.0)", "2.0 * (r - 1.0)").expect("text");
    let comparison = Comparison::new(Divergence::Generator(generator));
    let p = rows(&Context::cpu(), &[0.5, 0.5], 2, Input::Weights);
    assert_names(comparison.rows_blocking(&p, &p), "generator", None, None);
    let Some(context) = common::device_context() else { return };
    let (p, q) =
        (rows(context, &[0.5, 0.5], 2, Input::Weights), rows(context, &[0.5, 0.4], 2, LOGITS));
    assert_names(comparison.rows_blocking(&p, &q), "generator", None, None);
    let double = comparison.clone().precision(Precision::Double);
    assert_names(double.rows_blocking(&p, &p), "generator", None, None);
    // What f32 cannot hold is not answered by a host that does not know f.
    let wide = rows(context, &[1e-38, 3e38], 2, Input::Weights);
    let far = rows(context, &[3e38, 1e-38], 2, Input::Weights);
    assert_names(comparison.rows_blocking(&wide, &far), "generator", None, None);
}

// --- ten thousand malformed calls -----------------------------------------------------

/// Numbers that break things, among ordinary ones.
fn number(random: &mut Random, strange: f64) -> f64 {
    const STRANGE: [f64; 20] = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -1.0,
        -0.0,
        0.0,
        1e-320,
        1e-45,
        1e-38,
        1e-30,
        f64::EPSILON,
        88.0,
        -104.0,
        1e6,
        1e20,
        3.4e38,
        3.5e38,
        -3.4e38,
        f64::MAX,
        f64::MIN_POSITIVE,
    ];
    if random.uniform() < strange { random.pick(&STRANGE) } else { 0.05 + random.uniform() }
}

/// Mostly right, sometimes off or absurd.
fn size(random: &mut Random, right: usize) -> usize {
    const ABSURD: [usize; 5] = [0, 1, 1 << 32, usize::MAX / 2 + 1, usize::MAX];
    match random.below(40) {
        0 => right + 1,
        1 => right.saturating_sub(1),
        2 => random.pick(&ABSURD),
        _ => right,
    }
}

fn vector(random: &mut Random, length: usize, strange: f64) -> Vec<f64> {
    let length = size(random, length).min(100);
    (0..length).map(|_| number(random, strange)).collect()
}

fn parameter(random: &mut Random) -> f64 {
    const PARAMETERS: [f64; 14] = [
        0.0,
        1.0,
        -1.0,
        0.5,
        2.0,
        -0.5,
        1e-9,
        1.0 + 1e-9,
        50.0,
        1e6,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
    ];
    random.pick(&PARAMETERS)
}

/// Of few shaders on a device, where each has to be compiled.
fn divergence(random: &mut Random, few: bool) -> Divergence {
    let x = parameter(random);
    match random.below(if few { 8 } else { 12 }) {
        0 => Divergence::Kl,
        1 => Divergence::ReverseKl,
        2 => Divergence::Renyi { alpha: x },
        3 => Divergence::Tsallis { alpha: x },
        4 => Divergence::Amari { alpha: x },
        5 => Divergence::JensenShannon { beta: x },
        6 => Divergence::CauchySchwarz,
        7 => Divergence::CrossEntropy,
        8 => Divergence::SkewKl { alpha: x },
        9 => Divergence::Generator(squares()),
        _ => Divergence::ALL[random.below(18)].clone(),
    }
}

fn loss(random: &mut Random) -> Loss {
    let [x, y, z] = [parameter(random), parameter(random), parameter(random)];
    match random.below(5) {
        0 => Loss::CompSum { tau: x },
        1 => Loss::GeneralizedCrossEntropy { q: x },
        2 => Loss::CrossEntropy { smoothing: x },
        3 => Loss::Ldr { margin: x, lambda: y },
        _ => Loss::Aldr { margin: x, lambda: y, alpha: z },
    }
}

fn input(random: &mut Random) -> Input {
    const TEMPERATURES: [f64; 9] =
        [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-40, 1e-30, 1e300, 2.0, 0.5];
    match random.below(8) {
        0..3 => Input::Weights,
        3 => Input::LogProbabilities,
        4 => Input::Logits { temperature: random.pick(&TEMPERATURES) },
        _ => LOGITS,
    }
}

/// Rows with something wrong in them, often enough.
fn malformed_rows(
    random: &mut Random,
    context: &Context,
    (n, input): (usize, Input),
) -> Result<Distributions> {
    let strange = if random.below(2) == 0 { 0.0 } else { 0.3 * random.uniform() };
    let values = vector(random, 3 * n, strange);
    let bins = size(random, 3);
    let rows = match random.below(10) {
        0 => {
            let words: Vec<f32> = values.iter().map(|x| *x as f32).collect();
            let tensor = block_on(Tensor::from_slice(context, &words, &[n, 3]))?;
            Distributions::from_tensor_blocking(&tensor, input)?
        }
        1..6 => {
            let words: Vec<f32> = values.iter().map(|x| *x as f32).collect();
            Distributions::new_blocking(context, &words, bins, input)?
        }
        _ => Distributions::new_blocking(context, &values, bins, input)?,
    };
    Ok(if random.below(2) == 0 { rows.normalized() } else { rows })
}

#[track_caller]
fn assert_gradient(what: &str, tensor: &Tensor) {
    let gradient = block_on(tensor.read()).expect("readable");
    assert!(gradient.iter().all(|g| g.is_finite()), "{what}: {gradient:?}");
}

fn ask_divergence(
    random: &mut Random,
    of: Divergence,
    p: &Distributions,
    q: &Distributions,
) -> Result<()> {
    let count = p.len().max(q.len());
    let mut comparison = Comparison::new(of.clone()).reduction(random.pick(&[
        Reduction::None,
        Reduction::Sum,
        Reduction::Mean,
    ]));
    if random.below(6) == 0 {
        comparison = comparison.precision(Precision::Double);
    }
    if random.below(6) == 0 {
        comparison = comparison.row_weights(vector(random, count, 0.2));
    }
    if random.below(6) == 0 {
        let length = size(random, count).min(100);
        comparison = comparison.mask((0..length).map(|_| random.below(2) == 0).collect());
    }
    let upstream = vector(random, count, 0.1);
    let upstream = (random.below(4) == 0).then_some(&upstream[..]);
    let (values, gradients) = comparison.value_and_gradient_blocking(p, q, Side::Both, upstream)?;
    let what = format!("{comparison:?} {:?} {:?}", p.input(), q.input());
    let signed = of == Divergence::CrossEntropy;
    for value in values.values() {
        assert!(!value.is_nan() && (signed || *value >= 0.0), "{what}: {value}");
    }
    assert!(values.reduced().is_none_or(|x| !x.is_nan()), "{what}: {:?}", values.reduced());
    for gradient in [gradients.p, gradients.q].into_iter().flatten() {
        assert_gradient(&what, &gradient);
    }
    Ok(())
}

fn ask_entropy(random: &mut Random, p: &Distributions) -> Result<()> {
    let alpha = parameter(random);
    let entropy =
        random.pick(&[Entropy::Shannon, Entropy::Renyi { alpha }, Entropy::Tsallis { alpha }]);
    let upstream = vector(random, p.len(), 0.1);
    let upstream = (random.below(4) == 0).then_some(&upstream[..]);
    let (values, gradient) = Entropies::new(entropy).value_and_gradient_blocking(p, upstream)?;
    assert!(values.iter().all(|h| *h >= 0.0), "{entropy:?}: {values:?}");
    assert_gradient(&format!("{entropy:?}"), &gradient);
    Ok(())
}

fn ask_loss(random: &mut Random, logits: &Distributions) -> Result<()> {
    let labels: Vec<u32> =
        (0..size(random, logits.len()).min(100)).map(|_| random.below(3) as u32).collect();
    let loss = loss(random);
    let (values, gradient) =
        Losses::new(loss).value_and_gradient_blocking(logits, &labels, None)?;
    assert!(values.values().iter().all(|v| !v.is_nan()), "{loss:?}: {values:?}");
    assert_gradient(&format!("{loss:?}"), &gradient);
    Ok(())
}

/// Feeds `calls` seeded calls, asking with one of `thin` that come so far. Returns how many were refused on the way,
/// refused by what was asked, and answered.
fn feed(context: &Context, calls: u64, thin: usize) -> [u32; 3] {
    let few = context.device().is_some();
    let mut counts = [0; 3];
    let mut ready = 0;
    for seed in 0..calls {
        let mut random = Random::new(seed);
        let started = Instant::now();
        let n = 1 + random.below(3);
        let first = input(&mut random);
        let second = if random.below(6) == 0 { input(&mut random) } else { first };
        let shared = random.below(5) == 0;
        let made = malformed_rows(&mut random, context, (n, first)).and_then(|p| {
            let q = malformed_rows(&mut random, context, (if shared { 1 } else { n }, second))?;
            Ok((p, q))
        });
        let Ok((p, q)) = made else {
            counts[0] += 1;
            continue;
        };
        ready += 1;
        if ready % thin != 0 {
            continue;
        }
        let asked = match random.below(6) {
            0 => ask_entropy(&mut random, &p),
            1 => ask_loss(&mut random, &p),
            _ => {
                let of = divergence(&mut random, few);
                ask_divergence(&mut random, of, &p, &q)
            }
        };
        match asked {
            Ok(()) => counts[2] += 1,
            Err(error) => {
                let right =
                    matches!(error, Error::InvalidInput { .. } | Error::LimitExceeded { .. });
                assert!(right, "call {seed}: {error:?}");
                counts[1] += 1;
            }
        }
        let took = started.elapsed();
        assert!(took < Duration::from_secs(30), "call {seed} took {took:?}");
    }
    println!("{} refused, {} refused when asked, {} answered", counts[0], counts[1], counts[2]);
    counts
}

#[test]
fn ten_thousand_malformed_calls_do_not_panic() {
    let counts = feed(&Context::cpu(), 10_000, 1);
    // The test must go both ways to mean something.
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
}

#[test]
fn ten_thousand_malformed_calls_do_not_panic_on_the_adapter() {
    let Some(context) = common::device_context() else { return };
    let counts = feed(context, 10_000, common::sized(4, 20));
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
}
