//! Lines of the section `divergence` on what rows may be.

use crate::divergence::{LOGITS, between, one};
use crate::table::{Case, case};
use kantor::{Comparison, Context, Distributions, Divergence, Input, Precision, Result, Tensor};
use pollster::block_on;

const EVEN: &[f64] = &[1.0, 1.0];
const NONE: f64 = f64::NEG_INFINITY;
const BIG: f64 = f32::MAX as f64;
/// The smallest temperature.
const COLD: f64 = f32::MIN_POSITIVE as f64;

fn rows(c: &Context, values: &[f64], bins: usize, input: Input) -> Result<f64> {
    Ok(Distributions::new_blocking(c, values, bins, input)?.len() as f64)
}

fn made() -> Vec<Case> {
    let new = "Distributions::new";
    let at = |at, temperature: f64| {
        case(new, at, move |c, _| rows(c, EVEN, 2, Input::Logits { temperature }))
    };
    let tensor = |at, shape: &'static [usize], input: Input| {
        case("Distributions::from_tensor", at, move |c, _| {
            let tensor = block_on(Tensor::from_slice(c, &[1.0; 4], shape))?;
            Ok(Distributions::from_tensor_blocking(&tensor, input)?.bins() as f64)
        })
    };
    vec![
        case(new, "no bins", |c, _| rows(c, EVEN, 0, Input::Weights)),
        case(new, "no rows", |c, _| rows(c, &[], 2, Input::Weights)),
        case(new, "a row that is incomplete", |c, _| rows(c, &[1.0; 3], 2, Input::Weights)),
        case(new, "one row of one bin: rows", |c, _| rows(c, &[1.0], 1, Input::Weights)),
        at("T = 0", 0.0),
        at("T below 0", -1.0),
        at("T = ∞", f64::INFINITY),
        at("T that is NaN", f64::NAN),
        at("T below 2⁻¹²⁶", 0.9 * COLD),
        at("T = 2⁻¹²⁶: rows", COLD),
        at("T the largest f64: rows", f64::MAX),
        tensor("four numbers of no row and column: bins", &[4], Input::Weights),
        tensor("a tensor of three dimensions", &[1, 2, 2], Input::Weights),
        tensor("T = 0", &[2, 2], Input::Logits { temperature: 0.0 }),
    ]
}

/// KL of a row of p from equal bins.
fn kl(function: &'static str, at: &'static str, values: &'static [f64], input: Input) -> Case {
    let q: &[f64] = if input == Input::Weights { &[1.0; 3] } else { &[0.0; 3] };
    let input_q = if input == Input::LogProbabilities { LOGITS } else { input };
    case(function, at, move |c, p| {
        between(c, p, &Divergence::Kl, [values, &q[..values.len()]], [input, input_q])
    })
}

fn weights() -> Vec<Case> {
    let of = |at, values| kl("Input::Weights", at, values, Input::Weights);
    vec![
        of("a row of zeros", &[0.0, 0.0]),
        of("a row of −0", &[-0.0, -0.0]),
        of("a weight of −0: kl", &[1.0, -0.0]),
        of("a weight below 0", &[1.0, -5e-324]),
        of("a weight that is ∞", &[1.0, f64::INFINITY]),
        of("a weight that is NaN", &[f64::NAN, 1.0]),
        of("the largest f64 twice, and half of it: kl", &[f64::MAX, f64::MAX, 0.5 * f64::MAX]),
        of("the smallest f64, and 3 times it: kl", &[5e-324, 1.5e-323]),
        of("the largest and the smallest f64: kl", &[f64::MAX, 5e-324]),
        of("the largest f32, and half of it: kl", &[BIG, 0.5 * BIG]),
        of("the smallest f32, and 3 times it: kl", &[1.401298464324817e-45, 4.203895392974451e-45]),
        case("Input::Weights", "a row of zeros for q", |c, p| {
            between(c, p, &Divergence::Kl, [EVEN, &[0.0, 0.0]], [Input::Weights; 2])
        }),
        case("Input::Weights", "reverse KL at a share of 1e-600", |c, p| {
            let rows: [&[f64]; 2] = [&[1e300, 1e-300], EVEN];
            between(c, p, &Divergence::ReverseKl, rows, [Input::Weights; 2])
        }),
    ]
}

/// KL of a tensor's row from equal bins.
fn tensors() -> Vec<Case> {
    let of = |at, values: &'static [f32], input: Input| {
        case("Distributions::from_tensor", at, move |c, p| {
            let tensor = block_on(Tensor::from_slice(c, values, &[values.len()]))?;
            let rows = Distributions::from_tensor_blocking(&tensor, input)?;
            let q: Vec<f64> = vec![1.0; values.len()];
            let q = one(c, &q, if input == Input::Weights { input } else { LOGITS })?;
            let comparison = Comparison::new(Divergence::Kl).precision(p);
            Ok(comparison.rows_blocking(&rows, &q)?.values()[0])
        })
    };
    const NONE: f32 = f32::NEG_INFINITY;
    vec![
        of("weights of 0", &[0.0, 0.0], Input::Weights),
        of("a weight below 0", &[1.0, -1e-45], Input::Weights),
        of("a weight that is NaN", &[1.0, f32::NAN], Input::Weights),
        of("a weight that is ∞", &[1.0, f32::INFINITY], Input::Weights),
        of("a weight of −0: kl", &[1.0, -0.0], Input::Weights),
        of(
            "the largest f32 twice, and half of it: kl",
            &[f32::MAX, f32::MAX, 0.5 * f32::MAX],
            Input::Weights,
        ),
        of("the smallest f32, and 3 times it: kl", &[1e-45, 4e-45], Input::Weights),
        of("the largest and the smallest f32: kl", &[f32::MAX, 1e-45], Input::Weights),
        of("logits of −∞", &[NONE, NONE], LOGITS),
        of("a logit that is ∞", &[0.0, f32::INFINITY], LOGITS),
        of("a logit that is NaN", &[0.0, f32::NAN], LOGITS),
        of("logits, the largest f32 and its negative: kl", &[f32::MAX, f32::MIN], LOGITS),
        of("logits, the smallest f32 and 0: kl", &[1e-45, 0.0], LOGITS),
        of("log-probabilities 0 and −∞: kl", &[0.0, NONE], Input::LogProbabilities),
        of("log-probabilities of −∞", &[NONE, NONE], Input::LogProbabilities),
    ]
}

fn log_probabilities() -> Vec<Case> {
    let input = Input::LogProbabilities;
    let of = move |at, values| kl("Input::LogProbabilities", at, values, input);
    vec![
        of("a row of −∞", &[NONE, NONE]),
        of("a number that is ∞", &[f64::INFINITY, 0.0]),
        of("a number that is NaN", &[0.0, f64::NAN]),
        of("0 and −∞: kl", &[0.0, NONE]),
        of("0 and −1e308: kl", &[0.0, -1e308]),
        of(
            "probabilities ¼ and ¾, times 1.0009: kl",
            &[-1.385_394_765_877_054_5, -0.286_782_477_208_944_83],
        ),
        of(
            "probabilities ¼ and ¾, times 1.0011",
            &[-1.385_194_965_676_589_7, -0.286_582_677_008_48],
        ),
        of(
            "probabilities ¼ and ¾, times 0.9989",
            &[-1.387_394_966_563_923_6, -0.288_782_677_895_813_94],
        ),
        case("Distributions::normalized", "logarithms of −70 and −71: kl", move |c, p| {
            kl_of_normalized(c, p, &[-70.0, -71.0])
        }),
        case("Distributions::normalized", "a row of −∞", move |c, p| {
            kl_of_normalized(c, p, &[NONE, NONE])
        }),
    ]
}

fn kl_of_normalized(c: &Context, precision: Precision, p: &[f64]) -> Result<f64> {
    let p = one(c, p, Input::LogProbabilities)?.normalized();
    let q = one(c, &[0.0, 0.0], LOGITS)?;
    Ok(Comparison::new(Divergence::Kl).precision(precision).rows_blocking(&p, &q)?.values()[0])
}

fn logits() -> Vec<Case> {
    let of = |at, values| kl("Input::Logits", at, values, LOGITS);
    let tempered =
        |at, temperature, values| kl("Input::Logits", at, values, Input::Logits { temperature });
    vec![
        of("a row of −∞", &[NONE, NONE]),
        of("a logit that is ∞", &[0.0, f64::INFINITY]),
        of("a logit that is NaN", &[0.0, f64::NAN]),
        of("0 and −∞: kl", &[0.0, NONE]),
        of("1e308 and −1e308: kl", &[1e308, -1e308]),
        of("the largest f64 twice: kl", &[f64::MAX, f64::MAX]),
        case("Input::Logits", "1e307 and −1e307, held at 1e290: reverse kl", |c, p| {
            between(c, p, &Divergence::ReverseKl, [&[1e307, -1e307], &[0.0, 0.0]], [LOGITS; 2])
        }),
        of("2²³ and 2²³ − 1: kl", &[8_388_608.0, 8_388_607.0]),
        tempered("T = 1e-6, the largest f32 and its negative: kl", 1e-6, &[BIG, -BIG]),
        case("Input::Logits", "T = 1e-6, the largest f32 and its negative: reverse kl", |c, p| {
            let rows: [&[f64]; 2] = [&[BIG, -BIG], &[0.0, 0.0]];
            let input = Input::Logits { temperature: 1e-6 };
            between(c, p, &Divergence::ReverseKl, rows, [input; 2])
        }),
        tempered("T = 1e308, logits T and −T: kl", 1e308, &[1e308, -1e308]),
        tempered("T = 2⁻¹²⁶, logits 1 and 0: kl", COLD, &[1.0, 0.0]),
        tempered(
            "T = 2⁻¹²⁶, logits T ln 3 and 0: kl",
            COLD,
            &[1.098_612_288_668_109_8 * COLD, 0.0],
        ),
        tempered("T the largest f64, logits T and 0: kl", f64::MAX, &[f64::MAX, 0.0]),
        tempered("T the largest f64, logits 1 and 0: kl", f64::MAX, &[1.0, 0.0]),
    ]
}

pub fn cases() -> Vec<Case> {
    let mut cases = made();
    cases.extend(weights());
    cases.extend(tensors());
    cases.extend(log_probabilities());
    cases.extend(logits());
    cases
}
