use crate::table::{Case, case, check};
use crate::{comparison, distributions};
use kantor::{
    Comparison, Context, Distributions, Divergence, Gradients, Input, Precision, Result, Side,
};
use pollster::block_on;

pub const LOGITS: Input = Input::Logits { temperature: 1.0 };

/// Weights of every number of bins, and logits likewise.
pub fn one(c: &Context, values: &[f64], input: Input) -> Result<Distributions> {
    Distributions::new_blocking(c, values, values.len(), input)
}

/// The divergence of two rows of weights.
pub fn value(c: &Context, p: Precision, d: &Divergence, rows: [&[f64]; 2]) -> Result<f64> {
    between(c, p, d, rows, [Input::Weights; 2])
}

pub fn between(
    c: &Context,
    precision: Precision,
    d: &Divergence,
    [p, q]: [&[f64]; 2],
    inputs: [Input; 2],
) -> Result<f64> {
    let (p, q) = (one(c, p, inputs[0])?, one(c, q, inputs[1])?);
    Ok(Comparison::new(d.clone()).precision(precision).rows_blocking(&p, &q)?.values()[0])
}

/// Gradients with respect to two rows of weights, or of logits.
pub fn gradients(
    c: &Context,
    precision: Precision,
    d: &Divergence,
    [p, q]: [&[f64]; 2],
    input: Input,
) -> Result<[Vec<f32>; 2]> {
    let (p, q) = (one(c, p, input)?, one(c, q, input)?);
    let comparison = Comparison::new(d.clone()).precision(precision);
    let (_, Gradients { p, q, .. }) =
        comparison.value_and_gradient_blocking(&p, &q, Side::Both, None)?;
    let read =
        |tensor: Option<kantor::Tensor>| block_on(tensor.expect("both were cases for").read());
    Ok([read(p)?, read(q)?])
}

/// The largest of all numbers, which must be finite.
pub fn most<'a>(values: impl IntoIterator<Item = &'a f32>) -> f64 {
    let size = |x: &f32| if x.is_finite() { f64::from(x.abs()) } else { f64::INFINITY };
    values.into_iter().map(size).fold(0.0, f64::max)
}

const EQUAL: [&[f64]; 2] = [&[1.0, 2.0, 5.0], &[2.0, 4.0, 10.0]];
const DISJOINT: [&[f64]; 2] = [&[1.0, 0.0], &[0.0, 1.0]];
const P_ALONE: [&[f64]; 2] = [&[1.0, 1.0], &[1.0, 0.0]];
const Q_ALONE: [&[f64]; 2] = [&[1.0, 0.0], &[1.0, 1.0]];
const UNEVEN: [&[f64]; 2] = [&[0.5, 0.5], &[0.25, 0.75]];

fn renyi(alpha: f64) -> Divergence {
    Divergence::Renyi { alpha }
}

fn tsallis(alpha: f64) -> Divergence {
    Divergence::Tsallis { alpha }
}

fn amari(alpha: f64) -> Divergence {
    Divergence::Amari { alpha }
}

fn js(beta: f64) -> Divergence {
    Divergence::JensenShannon { beta }
}

fn skew(alpha: f64) -> Divergence {
    Divergence::SkewKl { alpha }
}

fn of(d: Divergence, at: &'static str, rows: [&'static [f64]; 2]) -> Case {
    case(d.name(), at, move |c, p| value(c, p, &d, rows))
}

/// Every member that has a name, at rows that share nothing, or not all.
fn supports() -> Vec<Case> {
    let mut cases = Vec::new();
    for d in Divergence::ALL {
        cases.push(of(d.clone(), "disjoint supports", DISJOINT));
        cases.push(of(d.clone(), "a bin that only p has", P_ALONE));
        cases.push(of(d, "a bin that only q has", Q_ALONE));
    }
    cases
}

/// What all members have in common.
fn every_member() -> Vec<Case> {
    let largest = |call: fn(&Context, Precision, &Divergence) -> Result<f64>| {
        move |c: &Context, p: Precision| {
            let members = Divergence::ALL.into_iter();
            members
                .filter(|d| *d != Divergence::CrossEntropy)
                .try_fold(0.0f64, |most, d| Ok(most.max(call(c, p, &d)?)))
        }
    };
    let all = "every divergence";
    vec![
        case(all, "equal rows", largest(|c, p, d| value(c, p, d, EQUAL))),
        case(
            all,
            "equal rows of logits",
            largest(|c, p, d| between(c, p, d, [&[1.0, -2.0, 0.5]; 2], [LOGITS; 2])),
        ),
        case(
            all,
            "equal rows: the largest of both gradients",
            largest(|c, p, d| {
                Ok(most(gradients(c, p, d, EQUAL, Input::Weights)?.iter().flatten()))
            }),
        ),
        case(
            all,
            "equal rows of logits: the largest of both gradients",
            largest(|c, p, d| {
                Ok(most(gradients(c, p, d, [&[1.0, -2.0, 0.5]; 2], LOGITS)?.iter().flatten()))
            }),
        ),
        case(all, "one bin", largest(|c, p, d| value(c, p, d, [&[3.0], &[0.5]]))),
        case(
            all,
            "one bin: the largest of both gradients",
            largest(|c, p, d| {
                Ok(most(gradients(c, p, d, [&[3.0], &[0.5]], Input::Weights)?.iter().flatten()))
            }),
        ),
        case(
            all,
            "where it is infinite: the largest of both gradients",
            largest(|c, p, d| match value(c, p, d, DISJOINT)? {
                f64::INFINITY => {
                    Ok(most(gradients(c, p, d, DISJOINT, Input::Weights)?.iter().flatten()))
                }
                _ => Ok(0.0),
            }),
        ),
        case(
            all,
            "a bin that both lack",
            largest(|c, p, d| value(c, p, d, [&[1.0, 0.0, 2.0], &[2.0, 0.0, 4.0]])),
        ),
        of(Divergence::CrossEntropy, "equal rows", EQUAL),
        of(Divergence::CrossEntropy, "one bin", [&[3.0], &[0.5]]),
        case("cross-entropy", "equal rows: the largest of the gradient of q", |c, p| {
            Ok(most(&gradients(c, p, &Divergence::CrossEntropy, EQUAL, Input::Weights)?[1]))
        }),
    ]
}

fn parameters() -> Vec<Case> {
    vec![
        of(js(0.0), "β = 0, disjoint supports", DISJOINT),
        of(js(1.0), "β = 1, disjoint supports", DISJOINT),
        of(js(1e-300), "β = 1e-300, disjoint supports", DISJOINT),
        of(js(-1e-300), "β below 0", UNEVEN),
        of(js(1.0 + f64::EPSILON), "β above 1", UNEVEN),
        of(js(f64::NAN), "β that is NaN", UNEVEN),
        of(skew(0.0), "α = 0: KL", UNEVEN),
        of(skew(0.0), "α = 0, disjoint supports", DISJOINT),
        of(skew(1e-300), "α = 1e-300, disjoint supports", DISJOINT),
        of(skew(1.0), "α = 1, disjoint supports", DISJOINT),
        of(skew(1.0 + f64::EPSILON), "α above 1", UNEVEN),
        of(skew(f64::NAN), "α that is NaN", UNEVEN),
        of(renyi(0.0), "order 0, equal supports", UNEVEN),
        of(renyi(0.0), "order 0, a bin that only q has", Q_ALONE),
        of(renyi(0.0), "order 0, disjoint supports", DISJOINT),
        of(renyi(1e-300), "order 1e-300", UNEVEN),
        of(renyi(0.5), "order ½, disjoint supports", DISJOINT),
        of(renyi(1.0), "order 1: KL", UNEVEN),
        of(renyi(1e6), "order 1e6", UNEVEN),
        of(renyi(1e6), "order 1e6, a bin that only q has", Q_ALONE),
        of(renyi(f64::INFINITY), "order ∞", UNEVEN),
        of(renyi(f64::INFINITY), "order ∞, disjoint supports", DISJOINT),
        of(renyi(1_000_001.0), "order above 1e6", UNEVEN),
        of(renyi(-1e-300), "order below 0", UNEVEN),
        of(renyi(f64::NAN), "order NaN", UNEVEN),
        of(tsallis(0.0), "order 0, equal supports", UNEVEN),
        of(tsallis(0.0), "order 0, a bin that only q has", Q_ALONE),
        of(tsallis(0.0), "order 0, disjoint supports", DISJOINT),
        of(tsallis(0.5), "order ½, disjoint supports", DISJOINT),
        of(tsallis(1.0), "order 1: KL", UNEVEN),
        of(tsallis(1e6), "order 1e6: above the largest f64", UNEVEN),
        of(tsallis(f64::INFINITY), "order ∞", UNEVEN),
        of(tsallis(f64::NAN), "order NaN", UNEVEN),
        of(amari(-1.0), "α = −1: KL", UNEVEN),
        of(amari(1.0), "α = 1: reverse KL", UNEVEN),
        of(amari(0.5), "α = ½, disjoint supports", DISJOINT),
        of(amari(3.0), "α = 3: half of Neyman's χ²", UNEVEN),
        of(amari(3.0), "α = 3, a bin that only q has", Q_ALONE),
        of(amari(-1e6), "α = −1e6: above the largest f64", UNEVEN),
        of(amari(1_000_001.0), "α above 1e6", UNEVEN),
        of(amari(f64::NEG_INFINITY), "α = −∞", UNEVEN),
        of(amari(f64::NAN), "α that is NaN", UNEVEN),
    ]
}

/// Empty bins whose slope would be infinite: that of 2⁻¹⁰⁰ times their partner.
fn slopes() -> Vec<Case> {
    let slope = |d: Divergence, at, rows, of_q: usize, bin: usize| {
        case(d.name(), at, move |c, p| {
            Ok(f64::from(gradients(c, p, &d, rows, Input::Weights)?[of_q][bin]))
        })
    };
    vec![
        slope(js(0.5), "∂/∂q where only p has a bin", P_ALONE, 1, 1),
        slope(Divergence::Kl, "∂/∂p where only q has a bin", Q_ALONE, 0, 1),
        slope(Divergence::SquaredHellinger, "∂/∂q where only p has a bin", P_ALONE, 1, 1),
        slope(Divergence::TotalVariation, "∂/∂q where only p has a bin", P_ALONE, 1, 1),
        slope(Divergence::Triangular, "∂/∂q where only p has a bin", P_ALONE, 1, 1),
        case("kl", "∂/∂p of logits where only q has a bin", |c, p| {
            let rows: [&[f64]; 2] = [&[0.0, f64::NEG_INFINITY], &[0.0, 0.0]];
            Ok(most(&gradients(c, p, &Divergence::Kl, rows, LOGITS)?[0]))
        }),
    ]
}

fn names() -> Vec<Case> {
    let with = |d: Divergence, at, parameter: f64| {
        case("Divergence::with_parameter", at, move |_, _| {
            Ok(d.clone().with_parameter(parameter)?.parameter().unwrap_or(f64::NAN))
        })
    };
    let parsed = |at, name: &'static str| {
        case("Divergence::from_str", at, move |_, _| {
            Ok(f64::from(u8::from(name.parse::<Divergence>()?.name() == name)))
        })
    };
    vec![
        with(Divergence::Kl, "kl, which has none", 0.5),
        with(js(0.5), "js, β = 1", 1.0),
        with(js(0.5), "js, β that is NaN", f64::NAN),
        with(renyi(2.0), "renyi, order ∞", f64::INFINITY),
        with(tsallis(2.0), "tsallis, order ∞", f64::INFINITY),
        with(amari(0.0), "amari, α = −1e6", -1e6),
        parsed("no name", ""),
        parsed("generator, which has no text", "generator"),
        parsed("chi2-mixture: whether it is", "chi2-mixture"),
    ]
}

fn ratio_weights() -> Vec<Case> {
    let weight = |d: Divergence, at, s: f64| {
        case("Divergence::ratio_weight", at, move |_, _| d.ratio_weight(s))
    };
    let batch = |d: Divergence, at, logs: &'static [f64]| {
        case("Divergence::ratio_weights_of", at, move |c, _| {
            Ok(d.ratio_weights_of_blocking(c, logs)?[0])
        })
    };
    let none = f64::NEG_INFINITY;
    let tensor = |at, s: f32| {
        case("Divergence::ratio_weights", at, move |c, _| {
            let logs = block_on(kantor::Tensor::from_slice(c, &[s, 0.0], &[2]))?;
            Ok(f64::from(block_on(Divergence::Kl.ratio_weights_blocking(&logs)?.read())?[0]))
        })
    };
    vec![
        weight(Divergence::Kl, "kl, ln r = −∞", none),
        weight(Divergence::Kl, "kl, ln r = ∞", f64::INFINITY),
        weight(Divergence::Kl, "kl, ln r = 710: above the largest f64", 710.0),
        weight(Divergence::Kl, "kl, ln r that is NaN", f64::NAN),
        weight(Divergence::ReverseKl, "reverse-kl, ln r = ∞", f64::INFINITY),
        weight(Divergence::NeymanChi2, "neyman-chi2, ln r = −∞", none),
        weight(Divergence::Jeffreys, "jeffreys, ln r = −∞", none),
        weight(js(0.5), "js, ln r = ∞", f64::INFINITY),
        weight(skew(1.0), "skew-kl, α = 1", 1.0),
        weight(Divergence::SoftenedReverseKl, "softened-reverse-kl, ln r = −∞", none),
        weight(Divergence::Triangular, "triangular, ln r = ∞", f64::INFINITY),
        weight(tsallis(0.0), "tsallis, order 0", 1.0),
        weight(amari(1.0), "amari, α = 1, ln r = −∞", none),
        weight(renyi(2.0), "renyi", 0.0),
        weight(Divergence::TotalVariation, "total-variation", 0.0),
        weight(Divergence::CrossEntropy, "cross-entropy", 0.0),
        weight(tsallis(f64::NAN), "tsallis, order NaN", 0.0),
        batch(Divergence::Kl, "none", &[]),
        batch(Divergence::Kl, "NaN", &[0.0, f64::NAN]),
        batch(Divergence::Kl, "kl, ∞", &[0.0, f64::INFINITY]),
        batch(Divergence::Kl, "kl, all −∞", &[f64::NEG_INFINITY; 2]),
        batch(Divergence::Kl, "kl, −∞ beside 0", &[f64::NEG_INFINITY, 0.0]),
        batch(Divergence::Kl, "kl, 1e308 beside 0", &[1e308, 0.0]),
        batch(Divergence::Kl, "kl, −1e308 beside 0", &[-1e308, 0.0]),
        batch(Divergence::Kl, "kl, one", &[-700.0]),
        batch(Divergence::ReverseKl, "reverse-kl, ∞ and −∞", &[f64::INFINITY, f64::NEG_INFINITY]),
        batch(js(0.0), "js, β = 0", &[1.0, 2.0]),
        batch(skew(1.0), "skew-kl, α = 1", &[1.0, 2.0]),
        batch(tsallis(1e6), "tsallis, order 1e6", &[1.0, 2.0]),
        tensor("kl, −∞ beside 0", f32::NEG_INFINITY),
        tensor("kl, the largest f32 beside 0", f32::MAX),
        tensor("kl, ∞", f32::INFINITY),
        tensor("kl, NaN", f32::NAN),
    ]
}

#[test]
fn divergence() {
    let mut cases = every_member();
    cases.extend(supports());
    cases.extend(parameters());
    cases.extend(slopes());
    cases.extend(names());
    cases.extend(ratio_weights());
    cases.extend(distributions::cases());
    cases.extend(comparison::cases());
    check("divergence", &cases);
}
