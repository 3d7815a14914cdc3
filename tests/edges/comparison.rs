//! Lines of the section `divergence` on batches: settings of rows, pairs, own generators.

use crate::divergence::{LOGITS, between, most, one};
use crate::table::{Case, case};
use kantor::divergence::Values;
use kantor::{
    Comparison, Context, Distributions, Divergence, Generator, Input, Neighbours, Pairs, Precision,
    Reduction, Result, Side, Unit,
};
use pollster::block_on;

/// Three rows of p; the KL of the first from the second one is ∞.
const ROWS: [f64; 6] = [1.0, 1.0, 1.0, 0.0, 1.0, 3.0];
const EVEN: [f64; 2] = [1.0, 1.0];

fn three(c: &Context) -> Result<Distributions> {
    Distributions::new_blocking(c, &ROWS, 2, Input::Weights)
}

fn kl(precision: Precision) -> Comparison {
    Comparison::new(Divergence::Kl).precision(precision)
}

/// Of three rows from one, with settings.
fn from_one(
    c: &Context,
    precision: Precision,
    q: &[f64],
    change: impl Fn(Comparison) -> Comparison,
) -> Result<Values> {
    change(kl(precision)).rows_blocking(&three(c)?, &one(c, q, Input::Weights)?)
}

fn reduced(
    at: &'static str,
    q: [f64; 2],
    reduction: Reduction,
    change: impl Fn(Comparison) -> Comparison + 'static,
) -> Case {
    case("Comparison::rows", at, move |c, p| {
        let values = from_one(c, p, &q, |comparison| change(comparison.reduction(reduction)))?;
        Ok(values.reduced().unwrap_or(f64::NAN))
    })
}

fn shapes() -> Vec<Case> {
    let of_rows = "Comparison::rows";
    vec![
        case(of_rows, "three rows, q has one: the third", |c, p| {
            Ok(from_one(c, p, &EVEN, |x| x)?.values()[2])
        }),
        case(of_rows, "three rows, q has two", |c, p| {
            let q = Distributions::new_blocking(c, &[1.0; 4], 2, Input::Weights)?;
            Ok(kl(p).rows_blocking(&three(c)?, &q)?.values()[0])
        }),
        case(of_rows, "another number of bins", |c, p| {
            Ok(from_one(c, p, &[1.0; 3], |x| x)?.values()[0])
        }),
        case(of_rows, "weights of p, logits of q", |c, p| {
            let rows: [&[f64]; 2] = [&[1.0, 3.0], &[0.0, 0.0]];
            between(c, p, &Divergence::Kl, rows, [Input::Weights, LOGITS])
        }),
        case(of_rows, "a point mass from two equal bins, in bits", |c, p| {
            Ok(from_one(c, p, &EVEN, |x| x.unit(Unit::Bits))?.values()[1])
        }),
        case(of_rows, "pearson-chi2 in bits: as it is", |c, p| {
            let comparison = Comparison::new(Divergence::PearsonChi2).unit(Unit::Bits).precision(p);
            Ok(comparison.rows_blocking(&three(c)?, &one(c, &EVEN, Input::Weights)?)?.values()[1])
        }),
        case("Values::sums", "weights 1 and 3", |c, p| {
            Ok(from_one(c, p, &EVEN, |x| x)?.sums()[2][0])
        }),
        case("Values::sums", "logits of 1000", |c, p| {
            let logits = one(c, &[1000.0, 1000.0], LOGITS)?;
            Ok(kl(p).rows_blocking(&logits, &logits)?.sums()[0][0])
        }),
        case("Values::mismatches", "a bin that only q has: whether it is", |c, p| {
            let mismatch = from_one(c, p, &EVEN, |x| x)?.mismatches()[1];
            Ok(f64::from(u8::from(mismatch.q_without_p && !mismatch.p_without_q)))
        }),
        case("Mismatch::any", "equal supports: whether it is", |c, p| {
            Ok(f64::from(u8::from(from_one(c, p, &EVEN, |x| x)?.mismatches()[2].any())))
        }),
    ]
}

fn masks_and_weights() -> Vec<Case> {
    let point = [1.0, 0.0];
    let masked = |mask: &'static [bool]| move |x: Comparison| x.mask(mask.to_vec());
    let weighed = |weights: &'static [f64]| move |x: Comparison| x.row_weights(weights.to_vec());
    vec![
        case("Comparison::rows", "masked", |c, p| {
            Ok(from_one(c, p, &[1.0, 0.0], |x| x.mask(vec![false, true, true]))?.values()[0])
        }),
        case("Comparison::rows", "masked, of numbers that are NaN", |c, p| {
            let rows =
                Distributions::new_blocking(c, &[f64::NAN, 1.0, 1.0, 1.0], 2, Input::Weights)?;
            let comparison = kl(p).mask(vec![false, true]);
            Ok(comparison.rows_blocking(&rows, &one(c, &EVEN, Input::Weights)?)?.values()[0])
        }),
        reduced("all masked, their sum", EVEN, Reduction::Sum, masked(&[false; 3])),
        reduced("all masked, their mean", EVEN, Reduction::Mean, masked(&[false; 3])),
        reduced("a mask of two rows", EVEN, Reduction::None, masked(&[true; 2])),
        reduced("one value that is ∞, the mean", point, Reduction::Mean, |x| x),
        reduced(
            "values that are ∞, of weight 0, the mean",
            point,
            Reduction::Mean,
            weighed(&[0.0, 1.0, 0.0]),
        ),
        reduced("all weights 0, the sum", EVEN, Reduction::Sum, weighed(&[0.0; 3])),
        reduced("all weights 0, the mean", EVEN, Reduction::Mean, weighed(&[0.0; 3])),
        reduced("weights of 1e308, the mean", EVEN, Reduction::Mean, weighed(&[1e308; 3])),
        reduced("weights of 5e-324, the mean", EVEN, Reduction::Mean, weighed(&[5e-324; 3])),
        reduced("a weight below 0", EVEN, Reduction::None, weighed(&[1.0, -1.0, 1.0])),
        reduced("a weight that is ∞", EVEN, Reduction::Sum, weighed(&[1.0, f64::INFINITY, 1.0])),
        reduced("a weight that is NaN", EVEN, Reduction::Sum, weighed(&[1.0, f64::NAN, 1.0])),
        reduced("two weights", EVEN, Reduction::Sum, weighed(&[1.0; 2])),
    ]
}

/// The gradient of p at the last bin of the third row.
fn gradient(
    at: &'static str,
    upstream: Option<&'static [f64]>,
    change: impl Fn(Comparison) -> Comparison + 'static,
) -> Case {
    case("Comparison::value_and_gradient", at, move |c, precision| {
        let (p, q) = (three(c)?, one(c, &EVEN, Input::Weights)?);
        let comparison = change(kl(precision));
        let (_, found) = comparison.value_and_gradient_blocking(&p, &q, Side::P, upstream)?;
        Ok(f64::from(block_on(found.p.expect("it was asked for").read())?[5]))
    })
}

fn gradients() -> Vec<Case> {
    let mask = vec![true, true, false];
    vec![
        gradient("kl of weights (1, 3): ∂/∂p", None, |x| x),
        gradient("masked", None, move |x| x.mask(mask.clone())),
        gradient("an upstream of 0", Some(&[1.0, 1.0, 0.0]), |x| x),
        gradient("an upstream of 1e-300: below the smallest f32", Some(&[1e-300; 3]), |x| x),
        gradient("an upstream of 1e300: the largest f32", Some(&[1e300; 3]), |x| x),
        gradient("an upstream that is ∞", Some(&[1.0, 1.0, f64::INFINITY]), |x| x),
        gradient("an upstream that is NaN", Some(&[f64::NAN, 1.0, 1.0]), |x| x),
        gradient("an upstream of two rows", Some(&[1.0; 2]), |x| x),
        gradient("the mean, weights of 1e308", None, |x| {
            x.reduction(Reduction::Mean).row_weights(vec![1e308; 3])
        }),
        gradient("the mean of no row", None, |x| x.reduction(Reduction::Mean).mask(vec![false; 3])),
        case(
            "Comparison::value_and_gradient",
            "one q for three p: the largest of ∂/∂q",
            |c, p| {
                let (rows, q) = (three(c)?, one(c, &EVEN, Input::Weights)?);
                let (_, found) = kl(p).value_and_gradient_blocking(&rows, &q, Side::Q, None)?;
                Ok(most(&block_on(found.q.expect("it was asked for").read())?))
            },
        ),
    ]
}

fn pairs(c: &Context, change: impl Fn(Comparison) -> Comparison, p: Precision) -> Result<Pairs> {
    let rows = three(c)?;
    change(kl(p)).pairwise_blocking(&rows, &rows)
}

fn of_pairs(
    at: &'static str,
    place: [usize; 2],
    change: impl Fn(Comparison) -> Comparison + 'static,
) -> Case {
    case("Comparison::pairwise", at, move |c, p| {
        Ok(pairs(c, &change, p)?.get(place[0], place[1]).unwrap_or(f64::NAN))
    })
}

fn every_pair() -> Vec<Case> {
    let on = "Comparison::pairwise";
    vec![
        of_pairs("a row from itself", [2, 2], |x| x),
        of_pairs("a point mass from two equal bins", [1, 0], |x| x),
        of_pairs("a bin that only p has", [0, 1], |x| x),
        of_pairs("a reduction", [0, 0], |x| x.reduction(Reduction::Sum)),
        of_pairs("weights of rows", [0, 0], |x| x.row_weights(vec![1.0; 3])),
        of_pairs("a mask", [0, 0], |x| x.mask(vec![true; 3])),
        case(on, "cross-entropy of two equal bins from themselves", |c, p| {
            let rows = three(c)?;
            let comparison = Comparison::new(Divergence::CrossEntropy).precision(p);
            Ok(comparison.pairwise_blocking(&rows, &rows)?.values()[0])
        }),
        case(on, "another number of bins", |c, p| {
            let q = one(c, &[1.0; 3], Input::Weights)?;
            Ok(kl(p).pairwise_blocking(&three(c)?, &q)?.values()[0])
        }),
        case(on, "a row of zeros", |c, p| {
            let rows = Distributions::new_blocking(c, &[1.0, 1.0, 0.0, 0.0], 2, Input::Weights)?;
            Ok(kl(p).pairwise_blocking(&rows, &three(c)?)?.values()[0])
        }),
        case("Pairs::get", "a pair that does not exist: whether it is none", |c, p| {
            Ok(f64::from(u8::from(pairs(c, |x| x, p)?.get(0, 3).is_none())))
        }),
        case("Pairs::mismatch", "a bin that only p has: whether it is", |c, p| {
            let mismatch = pairs(c, |x| x, p)?.mismatch(0, 1);
            Ok(f64::from(u8::from(mismatch.is_some_and(|found| found.p_without_q))))
        }),
    ]
}

/// How many pairs of rows, of which some lack bins, differ from the same rows one by one.
fn unlike(c: &Context, precision: Precision, input: Input) -> Result<f64> {
    let empty = if input == Input::Weights { 0.0 } else { f64::NEG_INFINITY };
    let rows = [[1.0, empty], [empty, 1.0], [1.0, 1.0], [1.0, 2.0]];
    let all = Distributions::new_blocking(c, &rows.concat(), 2, input)?;
    let mut unlike = 0.0;
    for divergence in Divergence::ALL {
        let comparison = Comparison::new(divergence.clone()).precision(precision);
        let found = comparison.pairwise_blocking(&all, &all)?;
        for (k, value) in found.values().iter().enumerate() {
            let pair: [&[f64]; 2] = [&rows[k / 4], &rows[k % 4]];
            let alone = between(c, precision, &divergence, pair, [input; 2])?;
            let same = *value == alone || (value - alone).abs() <= 1e-6 * alone;
            unlike += f64::from(u8::from(!same));
        }
    }
    Ok(unlike)
}

/// KL of the first row from the second.
fn pair(c: &Context, precision: Precision, rows: &[f64], input: Input) -> Result<f64> {
    let rows = Distributions::new_blocking(c, rows, 2, input)?;
    Ok(kl(precision).pairwise_blocking(&rows, &rows)?.values()[1])
}

fn far_pairs() -> Vec<Case> {
    let on = "Comparison::pairwise";
    let of = |at, rows: &'static [f64], input| {
        case("Comparison::pairwise", at, move |c, p| pair(c, p, rows, input))
    };
    vec![
        case(on, "every divergence, rows that lack bins: pairs unlike the rows alone", |c, p| {
            unlike(c, p, Input::Weights)
        }),
        case(on, "the same of logits", |c, p| unlike(c, p, LOGITS)),
        of(
            "weights, the largest f64 and the smallest: kl",
            &[f64::MAX, 5e-324, 1.0, 1.0],
            Input::Weights,
        ),
        of(
            "weights, the smallest f64 twice from (1, 3): kl",
            &[5e-324, 5e-324, 1.0, 3.0],
            Input::Weights,
        ),
        of("logits 1e308 and −1e308: kl", &[1e308, -1e308, 0.0, 0.0], LOGITS),
        of("a row of −∞", &[f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0, 0.0], LOGITS),
        of("a logit that is NaN", &[f64::NAN, 0.0, 0.0, 0.0], LOGITS),
    ]
}

/// The nearest of three rows to two equal bins.
fn nearest(c: &Context, p: Precision, rows: &[f64], k: usize) -> Result<Neighbours> {
    let q = Distributions::new_blocking(c, rows, 2, Input::Weights)?;
    kl(p).nearest_blocking(&one(c, &EVEN, Input::Weights)?, &q, k)
}

fn others(c: &Context, p: Precision, rows: &[f64], k: usize) -> Result<Neighbours> {
    let rows = Distributions::new_blocking(c, rows, 2, Input::Weights)?;
    kl(p).nearest_others_blocking(&rows, k)
}

fn neighbours() -> Vec<Case> {
    let (of_q, of_others) = ("Comparison::nearest", "Comparison::nearest_others");
    vec![
        case(of_q, "k = 0", |c, p| Ok(nearest(c, p, &ROWS, 0)?.values(0)[0])),
        case(of_q, "k above the rows of q", |c, p| Ok(nearest(c, p, &ROWS, 4)?.values(0)[0])),
        case(of_q, "k = the rows of q: the farthest, which lacks a bin", |c, p| {
            Ok(nearest(c, p, &ROWS, 3)?.values(0)[2])
        }),
        case(of_q, "k = the rows of q: the index of the farthest", |c, p| {
            Ok(f64::from(nearest(c, p, &ROWS, 3)?.indices(0)[2]))
        }),
        case(of_q, "three equal rows: the index of the last", |c, p| {
            Ok(f64::from(nearest(c, p, &[1.0; 6], 3)?.indices(0)[2]))
        }),
        case(of_q, "three that are ∞: the index of the last", |c, p| {
            Ok(f64::from(nearest(c, p, &[1.0, 0.0, 0.0, 1.0, 2.0, 0.0], 3)?.indices(0)[2]))
        }),
        case("Neighbours::indices", "a row that does not exist: how many", |c, p| {
            Ok(nearest(c, p, &ROWS, 1)?.indices(1).len() as f64)
        }),
        case(of_others, "one row", |c, p| Ok(others(c, p, &EVEN, 1)?.values(0)[0])),
        case(of_others, "k = 0", |c, p| Ok(others(c, p, &ROWS, 0)?.values(0)[0])),
        case(of_others, "k = the rows", |c, p| Ok(others(c, p, &ROWS, 3)?.values(0)[0])),
        case(of_others, "two equal rows: the divergence of the other", |c, p| {
            Ok(others(c, p, &[1.0, 3.0, 2.0, 6.0], 1)?.values(0)[0])
        }),
        case(of_others, "two equal rows: the index of the other", |c, p| {
            Ok(f64::from(others(c, p, &[1.0, 3.0, 2.0, 6.0], 1)?.indices(0)[0]))
        }),
    ]
}

fn generator(f: &str) -> Result<f64> {
    Generator::new(f, "1.0").map(|_| 0.0)
}

/// Le Cam's, of rows that share nothing.
fn le_cam(c: &Context, p: Precision, limits: Option<[f64; 2]>, rows: [&[f64]; 2]) -> Result<f64> {
    let slope = "(r - 1.0) * (r + 3.0) / ((r + 1.0) * (r + 1.0))";
    let f = Generator::new("(r - 1.0) * (r - 1.0) / (r + 1.0)", slope)?.with_reference(
        |r| (r - 1.0).powi(2) / (r + 1.0),
        |r| (r - 1.0) * (r + 3.0) / (r + 1.0).powi(2),
    );
    let f = match limits {
        Some([at_zero, at_infinity]) => f.with_limits(at_zero, at_infinity),
        None => f,
    };
    between(c, p, &Divergence::Generator(f), rows, [Input::Weights; 2])
}

fn generators() -> Vec<Case> {
    const DISJOINT: [&[f64]; 2] = [&[1.0, 0.0], &[0.0, 1.0]];
    let new = "Generator::new";
    vec![
        case(new, "no expression", |_, _| generator(" ")),
        case(new, "two statements", |_, _| generator("r; r")),
        case(new, "a bracket that does not close", |_, _| generator("(r")),
        case(new, "4,097 bytes", |_, _| generator(&"r".repeat(4097))),
        case(new, "41 brackets deep", |_, _| {
            generator(&format!("{}r{}", "(".repeat(41), ")".repeat(41)))
        }),
        case("generator", "disjoint supports, limits not given", |c, p| {
            le_cam(c, p, None, DISJOINT)
        }),
        case("generator", "disjoint supports, limits of 1 each", |c, p| {
            le_cam(c, p, Some([1.0; 2]), DISJOINT)
        }),
        case("generator", "equal rows", |c, p| le_cam(c, p, None, [&[1.0, 3.0], &[2.0, 6.0]])),
        case("generator", "no reference, on the host", |_, _| {
            let f = Generator::new("r - 1.0", "1.0")?;
            let weights = [Input::Weights; 2];
            let rows: [&[f64]; 2] = [&[1.0, 3.0], &[1.0, 1.0]];
            between(&Context::cpu(), Precision::Double, &Divergence::Generator(f), rows, weights)
        }),
    ]
}

pub fn cases() -> Vec<Case> {
    let mut cases = shapes();
    cases.extend(masks_and_weights());
    cases.extend(gradients());
    cases.extend(every_pair());
    cases.extend(far_pairs());
    cases.extend(neighbours());
    cases.extend(generators());
    cases
}
