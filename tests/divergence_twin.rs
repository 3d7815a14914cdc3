//! The f64 twins of the divergences against Arb's values, known answers, properties and limits.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]
#![allow(clippy::excessive_precision, reason = "known answers are written as they are known")]

mod common;

use common::divergence_reference::{Case, Kind, kind, uniform};
use kantor::reference::divergence::{
    Row, compare, entropy, entropy_gradient, gradient, mismatch, pairwise, ratio_weight,
    ratio_weights,
};
use kantor::{Divergence, Entropy, Generator, Input};
use std::collections::BTreeMap;
use std::f64::consts::LN_2;

const LOGITS: Input = Input::Logits { temperature: 1.0 };

/// Σ gradient × direction and the sum of the absolute terms.
fn along(gradient: &[f64], (row, input): &(Vec<f64>, Input), t: &[f64]) -> (f64, f64) {
    let term = |i: usize| {
        let change = if *input == Input::Weights { row[i] * t[i] } else { t[i] };
        gradient[i] * change
    };
    (0..t.len()).fold((0.0, 0.0), |(sum, size), i| (sum + term(i), size + term(i).abs()))
}

/// Every value to 1e-13 relative and every derivative to 1e-11 of its terms (or 1e-15 of the value, where slopes
/// are the same but for rounding); prints the worst.
#[test]
fn reference_table() {
    let table = include_str!("data/divergence_reference.csv");
    let mut worst: BTreeMap<&str, [(f64, String); 2]> = BTreeMap::new();
    let mut failures = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(',').collect();
        let [case_kind, n, seed, gap, name, parameter, value, dp, dq] = fields[..] else {
            panic!("{line}");
        };
        let number = |text: &str| text.parse::<f64>().expect("a number");
        let (n, seed) = (n.parse().expect("bins"), seed.parse().expect("a seed"));
        let case = Case::new(case_kind, n, seed, number(gap));
        let numbers = case.rows();
        let [p, q] = [0, 1].map(|k| Row::new(&numbers[k].0, numbers[k].1));
        let (found, gradients) = match kind(name, parameter) {
            Kind::Divergence(d) => (compare(&d, &p, &q), gradient(&d, &p, &q, 1.0)),
            Kind::Entropy(e) => (entropy(e, &p), (entropy_gradient(e, &p, 1.0), vec![0.0; n])),
        };
        let exact_value = number(value);
        let error = if found == exact_value { 0.0 } else { (found / exact_value - 1.0).abs() };
        let error = if error.is_nan() { f64::INFINITY } else { error };
        let mut errors = [error, 0.0];
        let finite = |row: &[f64]| row.iter().all(|x| x.is_finite());
        if exact_value.abs() < 1e100 && !(finite(&gradients.0) && finite(&gradients.1)) {
            errors[1] = f64::INFINITY;
        }
        let t = case.directions();
        for (k, (exact, found)) in [(dp, &gradients.0), (dq, &gradients.1)].iter().enumerate() {
            let derivative = exact.parse::<f64>().unwrap_or(f64::NAN);
            if derivative.abs() < 1e100 {
                let (sum, size) = along(found, &numbers[k], &t);
                // Slopes that are all the same to rounding leave a rounding error.
                let floor = 1e-4 * exact_value.abs() + f64::MIN_POSITIVE;
                let error = (sum - derivative).abs() / (size + floor);
                errors[1] = if error.is_nan() { f64::INFINITY } else { errors[1].max(error) };
            }
        }
        let bound = [1e-13, 1e-11];
        let entry = worst.entry(name).or_default();
        for k in 0..2 {
            if errors[k] > bound[k] {
                failures.push(format!("{line}\n   found {found:e}, errors {errors:?}"));
            }
            if errors[k] > entry[k].0 {
                entry[k] = (errors[k], format!("{case_kind} {n} {parameter}"));
            }
        }
    }
    for (name, [value, slope]) in &worst {
        println!("{name:22} {:8.1e} {:30} {:8.1e} {}", value.0, value.1, slope.0, slope.1);
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn weights(values: &[f64]) -> Row {
    Row::new(values, Input::Weights)
}

fn random(n: usize, seed: u64) -> Vec<f64> {
    (0..n).map(|i| 0.05 + uniform(seed, i)).collect()
}

/// Every divergence, at the parameters that are cases of their own as well.
fn all() -> Vec<Divergence> {
    let mut all = Divergence::ALL.to_vec();
    all.extend([0.0, 0.2, 1.0].map(|beta| Divergence::JensenShannon { beta }));
    all.extend([0.0, 0.2, 1.0].map(|alpha| Divergence::SkewKl { alpha }));
    all.extend([0.0, 0.3, 1.0, f64::INFINITY].map(|alpha| Divergence::Renyi { alpha }));
    all.extend([0.0, 0.3, 1.0, 3.0].map(|alpha| Divergence::Tsallis { alpha }));
    all.extend([-3.0, -1.0, 0.5, 1.0, 4.0].map(|alpha| Divergence::Amari { alpha }));
    all.push(Divergence::Generator(le_cam()));
    all
}

fn le_cam() -> Generator {
    let f = "(r - 1.0) * (r - 1.0) / (r + 1.0)";
    let derivative = "(r - 1.0) * (r + 3.0) / ((r + 1.0) * (r + 1.0))";
    Generator::new(f, derivative).expect("expressions").with_limits(1.0, 1.0).with_reference(
        |r| (r - 1.0).powi(2) / (r + 1.0),
        |r| (r - 1.0) * (r + 3.0) / (r + 1.0).powi(2),
    )
}

fn assert_near(found: f64, known: f64, relative: f64, what: &str) {
    let near = (found - known).abs() <= relative * known.abs();
    assert!(near, "{what}: {found:e}, known {known:e}");
}

#[test]
fn known_answers() {
    let (p, q) = (weights(&[9.0, 12.0, 4.0]), weights(&[1.0; 3]));
    let js = Divergence::JensenShannon { beta: 0.5 };
    let hellinger = 0.15049827510763781f64;
    let known = [
        (Divergence::Kl, 0.085299601318370568),
        (Divergence::ReverseKl, 0.097455006785387621),
        (js.clone(), 0.022459860429714589),
        (Divergence::SquaredHellinger, hellinger * hellinger),
        (Divergence::TotalVariation, 13.0 / 75.0),
        (Divergence::PearsonChi2, 0.1568),
        (Divergence::NeymanChi2, 0.2345679012345679),
        (Divergence::Bhattacharyya, 0.022910176155072513),
        (Divergence::Renyi { alpha: 2.0 }, 0.14565757242236319),
        (Divergence::CauchySchwarz, 0.14565757242236319),
        (Divergence::SoftenedReverseKl, 0.052535285925958),
        (Divergence::Jeffreys, 0.182754608103758),
    ];
    for (divergence, known) in known {
        let relative = if known == 0.052535285925958 { 1e-13 } else { 1e-14 };
        assert_near(compare(&divergence, &p, &q), known, relative, divergence.name());
    }
    // f-distill's.
    assert_near(2.0 * compare(&js, &p, &q), 0.044919720859429, 1e-13, "f-distill JS");
    let hellinger = compare(&Divergence::SquaredHellinger, &p, &q);
    assert_near(hellinger, 0.022649730810374, 1e-13, "f-distill Hellinger");

    let (p, q) = (Row::new(&[100.0, 0.0, -100.0], LOGITS), Row::new(&[0.0; 3], LOGITS));
    assert_near(compare(&Divergence::Kl, &p, &q), 1.0986122886681097, 1e-15, "KL of logits");
    let reverse = compare(&Divergence::ReverseKl, &p, &q);
    assert_near(reverse, 98.90138771133189, 1e-15, "reverse KL of logits");
    assert_near(compare(&js, &p, &q), 0.31825708414740641, 1e-14, "JS of logits");
    let (p, q) = (Row::new(&[0.0, -200.0], LOGITS), Row::new(&[0.0, -250.0], LOGITS));
    assert!(compare(&Divergence::Kl, &p, &q) < 1e-30);
    assert!(compare(&js, &p, &q) < 1e-30);
}

/// KL(u‖u(1±ε)) = −½ ln(1 − ε²), of as many bins as a vocabulary has.
#[test]
fn near_equal_rows_of_many_bins() {
    let epsilon = 2f64.powi(-30);
    let n = 1 << 18;
    let q: Vec<f64> =
        (0..n).map(|i| if i % 2 == 0 { 1.0 + epsilon } else { 1.0 - epsilon }).collect();
    let (u, q) = (weights(&vec![0.7; n]), weights(&q));
    let known = -0.5 * (-epsilon * epsilon).ln_1p();
    assert_near(compare(&Divergence::Kl, &u, &q), known, 1e-14, "KL");
    assert_near(compare(&Divergence::TotalVariation, &u, &q), 0.5 * epsilon, 1e-14, "TV");
    let (dp, _) = gradient(&Divergence::Kl, &u, &q, 1.0);
    assert_near(dp[0], -epsilon / (0.7 * n as f64), 1e-8, "dKL/dw");
}

/// Near-equal weights and logits: ln w is known to 1e-16, and so is every gap.
#[test]
fn near_equal_rows_of_different_inputs() {
    let p = random(64, 60);
    let q: Vec<f64> = (0..64).map(|i| p[i] * (1.0 + 1e-6 * uniform(61, i))).collect();
    let logs: Vec<f64> = q.iter().map(|x| x.ln()).collect();
    let (p, q, logits) = (weights(&p), weights(&q), Row::new(&logs, LOGITS));
    for divergence in all() {
        let (same, mixed) = (compare(&divergence, &p, &q), compare(&divergence, &p, &logits));
        assert_near(mixed, same, 1e-9, divergence.name());
    }
}

#[test]
fn equal_rows_have_divergence_zero_and_no_gradient() {
    for (values, input) in [
        (random(50, 1), Input::Weights),
        (vec![1.0, 0.0, 1e-300, 3e5], Input::Weights),
        (vec![0.1, f64::NEG_INFINITY, -900.0, 7.3], LOGITS),
        (vec![0.5f64.ln(), 0.2f64.ln(), 0.3f64.ln()], Input::LogProbabilities),
    ] {
        let row = Row::new(&values, input);
        for divergence in all() {
            if divergence == Divergence::CrossEntropy {
                continue;
            }
            assert_eq!(compare(&divergence, &row, &row), 0.0, "{divergence:?} {values:?}");
            let (dp, dq) = gradient(&divergence, &row, &row, 1.0);
            let worst = dp.iter().chain(&dq).fold(0.0f64, |most, x| most.max(x.abs()));
            assert!(worst < 1e-14, "{divergence:?} {worst}");
        }
    }
}

#[test]
fn inequalities() {
    let js = Divergence::JensenShannon { beta: 0.5 };
    for seed in 0..60 {
        let n = 2 + seed as usize % 9;
        // Of any peakedness, some bins empty.
        let row = |k: u64| {
            let power = 1 + (seed % 7) as i32;
            let value = |i: usize| {
                let x = uniform(100 * seed + k, i);
                if i > 0 && x < 0.15 { 0.0 } else { x.powi(power) }
            };
            weights(&(0..n).map(value).collect::<Vec<_>>())
        };
        let (p, q, r) = (row(1), row(2), row(3));
        let tv = compare(&Divergence::TotalVariation, &p, &q);
        assert!(compare(&Divergence::Kl, &p, &q) >= 2.0 * tv * tv);
        let hellinger = compare(&Divergence::SquaredHellinger, &p, &q);
        assert!(hellinger <= tv && tv <= (hellinger * (2.0 - hellinger)).sqrt() * (1.0 + 1e-14));
        let side = |a: &Row, b: &Row| compare(&js, a, b);
        assert!((0.0..=LN_2).contains(&side(&p, &q)));
        let (a, b, c) = (side(&p, &q).sqrt(), side(&q, &r).sqrt(), side(&p, &r).sqrt());
        assert!(a + b >= c * (1.0 - 1e-15) && a + c >= b * (1.0 - 1e-15), "{a} {b} {c}");
        for divergence in all() {
            assert!(compare(&divergence, &p, &q) >= 0.0, "{divergence:?}");
        }
        // H + KL = cross-entropy.
        let sum = entropy(Entropy::Shannon, &p) + compare(&Divergence::Kl, &p, &q);
        let cross = compare(&Divergence::CrossEntropy, &p, &q);
        assert!(sum == cross || (sum - cross).abs() <= 4e-15 * cross, "{sum} {cross}");
    }
}

#[test]
fn order_of_bins_does_not_matter_and_merging_them_lowers() {
    let (p, q) = (random(40, 7), random(40, 8));
    let turned = |row: &[f64]| {
        let mut row = row.to_vec();
        row.rotate_left(13);
        row.reverse();
        weights(&row)
    };
    let merged = |row: &[f64]| weights(&row.chunks(2).map(|x| x[0] + x[1]).collect::<Vec<_>>());
    for divergence in all() {
        let whole = compare(&divergence, &weights(&p), &weights(&q));
        let other = compare(&divergence, &turned(&p), &turned(&q));
        assert_near(other, whole, 1e-14, divergence.name());
        let no_f = [Divergence::CauchySchwarz, Divergence::CrossEntropy];
        if !no_f.contains(&divergence) {
            let coarse = compare(&divergence, &merged(&p), &merged(&q));
            assert!(coarse <= whole, "{divergence:?}: {coarse} > {whole}");
        }
    }
}

/// Bins that only one row has: infinite where the definition is, the limits elsewhere, and
/// gradients that are finite.
#[test]
fn bins_that_one_row_lacks() {
    let (p, q) = (weights(&[1.0, 1.0, 0.0]), weights(&[0.0, 1.0, 3.0]));
    let less = weights(&[0.0, 1.0, 0.0]);
    assert_eq!(mismatch(&p, &q), (true, true));
    assert_eq!(mismatch(&p, &less), (true, false));
    assert_eq!(mismatch(&less, &p), (false, true));
    assert_eq!(mismatch(&p, &p), (false, false));
    let disjoint = [weights(&[1.0, 1.0, 0.0]), weights(&[0.0, 0.0, 3.0])];
    for divergence in all() {
        let infinite = match &divergence {
            Divergence::Kl | Divergence::PearsonChi2 | Divergence::CrossEntropy => [true, false],
            Divergence::ReverseKl | Divergence::NeymanChi2 | Divergence::SoftenedReverseKl => {
                [false, true]
            }
            Divergence::Jeffreys => [true, true],
            Divergence::SkewKl { alpha } => [*alpha == 0.0, false],
            Divergence::Renyi { alpha } | Divergence::Tsallis { alpha } => [*alpha >= 1.0, false],
            Divergence::Amari { alpha } => [*alpha <= -1.0, *alpha >= 1.0],
            _ => [false, false],
        };
        for (k, (a, b)) in [(&p, &less), (&less, &p)].into_iter().enumerate() {
            let value = compare(&divergence, a, b);
            assert_eq!(value.is_infinite(), infinite[k], "{divergence:?}: {value}");
        }
        let always = [Divergence::Bhattacharyya, Divergence::CauchySchwarz];
        let endless = infinite != [false, false]
            || matches!(divergence, Divergence::Renyi { .. })
            || always.contains(&divergence);
        let [a, b] = &disjoint;
        let only_q = divergence == Divergence::CrossEntropy;
        let value = compare(&divergence, a, b);
        assert_eq!(value.is_infinite(), endless || only_q, "{divergence:?}: {value}");
        let logs = |row: &Row| {
            let logs: Vec<_> = (0..3).map(|i| row.log_probability(i)).collect();
            Row::new(&logs, Input::LogProbabilities)
        };
        for (a, b) in [(&p, &q), (&p, &less), (&less, &p), (a, b)] {
            for (a, b) in [(a.clone(), b.clone()), (logs(a), logs(b)), (a.clone(), logs(b))] {
                let (dp, dq) = gradient(&divergence, &a, &b, 1.0);
                let finite = dp.iter().chain(&dq).all(|x| x.is_finite());
                assert!(finite, "{divergence:?} {dp:?} {dq:?}");
            }
        }
    }
    assert_near(compare(&Divergence::Renyi { alpha: 0.0 }, &p, &q), 4f64.ln(), 1e-15, "Rényi 0");
    assert_near(compare(&Divergence::Tsallis { alpha: 0.0 }, &p, &q), 0.75, 1e-15, "Tsallis 0");
}

/// The numbers of a row in one of three forms.
fn forms(values: &[f64]) -> [(Vec<f64>, Input); 3] {
    let sum: f64 = values.iter().sum();
    let logs = |factor: f64| values.iter().map(|x| factor * (x / sum).ln()).collect::<Vec<_>>();
    let shifted = logs(1.7).iter().map(|x| x + 3.0).collect();
    [
        (values.to_vec(), Input::Weights),
        (logs(1.0), Input::LogProbabilities),
        (shifted, Input::Logits { temperature: 1.7 }),
    ]
}

fn assert_slopes(
    found: &[f64],
    (values, input): &(Vec<f64>, Input),
    value: &dyn Fn(&Row) -> f64,
    what: &str,
) {
    let step = 1e-5;
    let size = found.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    for i in 0..values.len() {
        let at = |times: f64| {
            let mut moved = values.clone();
            moved[i] += times * step;
            value(&Row::new(&moved, *input))
        };
        // Of fourth order.
        let slope = (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12.0 * step);
        let error = (found[i] - slope).abs();
        assert!(error <= 1e-8 * size + 1e-10, "{what} {input:?} {i}: {} {slope}", found[i]);
    }
    if *input != Input::Weights {
        let sum: f64 = found.iter().sum();
        assert!(sum.abs() <= 1e-15 * size * found.len() as f64, "{what} {input:?}: {sum:e}");
    }
}

#[test]
fn gradients_are_the_finite_differences() {
    let (p, q) = (random(6, 21), random(6, 22));
    for divergence in all() {
        for p in forms(&p) {
            for q in forms(&q) {
                let rows = [Row::new(&p.0, p.1), Row::new(&q.0, q.1)];
                let (dp, dq) = gradient(&divergence, &rows[0], &rows[1], 2.0);
                let of_p = |row: &Row| 2.0 * compare(&divergence, row, &rows[1]);
                let of_q = |row: &Row| 2.0 * compare(&divergence, &rows[0], row);
                assert_slopes(&dp, &p, &of_p, &format!("{divergence:?} in p"));
                assert_slopes(&dq, &q, &of_q, &format!("{divergence:?} in q"));
            }
        }
    }
    let mut entropies = vec![Entropy::Shannon];
    for alpha in [0.0, 0.4, 1.0, 2.0, 5.0] {
        entropies.extend([Entropy::Renyi { alpha }, Entropy::Tsallis { alpha }]);
    }
    entropies.push(Entropy::Renyi { alpha: f64::INFINITY });
    for kind in entropies {
        for p in forms(&p) {
            let found = entropy_gradient(kind, &Row::new(&p.0, p.1), 3.0);
            assert_slopes(&found, &p, &|row| 3.0 * entropy(kind, row), &format!("{kind:?}"));
        }
    }
}

#[test]
fn parameters_have_their_limits() {
    let (p, q) = (weights(&random(9, 31)), weights(&random(9, 32)));
    let value = |divergence: &Divergence| compare(divergence, &p, &q);
    let kl = value(&Divergence::Kl);
    let reverse = value(&Divergence::ReverseKl);
    let near = |found: Divergence, known: f64| {
        assert_near(value(&found), known, 1e-7, &format!("{found:?}"));
    };
    for e in [0.0, 1e-9, -1e-9, 1e-16, 1e-300] {
        near(Divergence::Renyi { alpha: 1.0 + e }, kl);
        near(Divergence::Tsallis { alpha: 1.0 + e }, kl);
        near(Divergence::Amari { alpha: -1.0 + e }, kl);
        near(Divergence::Amari { alpha: 1.0 + e }, reverse);
        if e > 0.0 {
            near(Divergence::SkewKl { alpha: e }, kl);
            assert_near(value(&Divergence::JensenShannon { beta: e }) / e, kl, 1e-7, "JS at 0");
            assert_near(value(&Divergence::Renyi { alpha: e }) / e, reverse, 1e-7, "Rényi at 0");
        }
    }
    let most = (0..9).map(|i| p.log_probability(i) - q.log_probability(i)).fold(0.0, f64::max);
    near(Divergence::Renyi { alpha: f64::INFINITY }, most);
    assert_near(value(&Divergence::Renyi { alpha: 1e6 }), most, 1e-5, "Rényi of a high order");
    let half = value(&Divergence::Bhattacharyya);
    near(Divergence::Renyi { alpha: 0.5 }, 2.0 * half);
    near(Divergence::Amari { alpha: 0.0 }, 4.0 * value(&Divergence::SquaredHellinger));
    near(Divergence::Amari { alpha: -3.0 }, 0.5 * value(&Divergence::PearsonChi2));
    near(Divergence::Amari { alpha: 3.0 }, 0.5 * value(&Divergence::NeymanChi2));
    near(Divergence::Tsallis { alpha: 2.0 }, value(&Divergence::PearsonChi2));
    let middle = value(&Divergence::Chi2Mixture);
    near(Divergence::Triangular, 2.0 * middle);
    near(Divergence::Generator(le_cam()), 2.0 * middle);
    let shannon = entropy(Entropy::Shannon, &p);
    for alpha in [1.0, 1.0 + 1e-9, 1.0 - 1e-9] {
        assert_near(entropy(Entropy::Renyi { alpha }, &p), shannon, 1e-8, "Rényi entropy");
        assert_near(entropy(Entropy::Tsallis { alpha }, &p), shannon, 1e-8, "Tsallis entropy");
    }
}

#[test]
fn all_pairs_are_the_pairs() {
    let p: Vec<Row> = (0..3).map(|k| weights(&random(8, 40 + k))).collect();
    let q: Vec<Row> = (0..5).map(|k| weights(&random(8, 50 + k))).collect();
    let found = pairwise(&Divergence::Kl, &p, &q);
    let pairs = p.iter().flat_map(|p| q.iter().map(move |q| compare(&Divergence::Kl, p, q)));
    assert_eq!(found, pairs.collect::<Vec<_>>());
    assert!(pairwise(&Divergence::Kl, &p, &[]).is_empty());
}

#[test]
fn sums_are_those_of_the_numbers() {
    assert_eq!(weights(&[1.0, 2.0, 4.5]).sum(), 7.5);
    let logits = Row::new(&[2.0, 1.0, 0.1], LOGITS);
    assert_near(logits.sum(), 2.4170300162778338, 1e-15, "LSE");
    let logs = [0.25f64.ln(), f64::NEG_INFINITY, 0.5f64.ln()];
    assert_near(Row::new(&logs, Input::LogProbabilities).sum(), 0.75, 1e-15, "Σ p");
    let tiny = weights(&[1e-310, 3e-310, 0.0]);
    assert_near(tiny.probabilities()[1], 0.75, 1e-12, "subnormal weights");
    assert_near(weights(&[1e308, 1e308]).probabilities()[0], 0.5, 1e-15, "large weights");
}

#[test]
fn a_generator_without_reference_is_not_a_number() {
    let generator = Generator::new("r - 1.0", "1.0").expect("expressions");
    let (p, q) = (weights(&[1.0, 2.0]), weights(&[2.0, 1.0]));
    assert!(compare(&Divergence::Generator(generator), &p, &q).is_nan());
}

/// r² f″(r) against second differences of f; over their mean as weights of a batch.
#[test]
fn ratio_weights_are_the_second_derivatives() {
    type Function = fn(f64) -> f64;
    let members: [(Divergence, Function); 16] = [
        (Divergence::Kl, |r| r * r.ln()),
        (Divergence::ReverseKl, |r| -r.ln()),
        (Divergence::Jeffreys, |r| (r - 1.0) * r.ln()),
        (Divergence::JensenShannon { beta: 0.5 }, |r| {
            let m = 0.5 * (r + 1.0);
            0.5 * (r * (r / m).ln() - m.ln())
        }),
        (Divergence::JensenShannon { beta: 0.2 }, |r| {
            let m = 0.2 * r + 0.8;
            0.2 * r * (r / m).ln() - 0.8 * m.ln()
        }),
        (Divergence::SkewKl { alpha: 0.0 }, |r| r * r.ln()),
        (Divergence::SkewKl { alpha: 0.3 }, |r| r * (r / (0.3 * r + 0.7)).ln()),
        (Divergence::SoftenedReverseKl, |r| (r + 1.0) * (0.5 + 0.5 / r).ln()),
        (Divergence::SquaredHellinger, |r| 1.0 - r.sqrt()),
        (Divergence::PearsonChi2, |r| (r - 1.0).powi(2)),
        (Divergence::NeymanChi2, |r| (r - 1.0).powi(2) / r),
        (Divergence::Triangular, |r| (r - 1.0).powi(2) / (r + 1.0)),
        (Divergence::Chi2Mixture, |r| 0.5 * (r - 1.0).powi(2) / (r + 1.0)),
        (Divergence::Tsallis { alpha: 3.0 }, |r| (r.powi(3) - 1.0) / 2.0),
        (Divergence::Amari { alpha: 0.0 }, |r| 4.0 * (1.0 - r.sqrt())),
        (Divergence::Amari { alpha: 3.0 }, |r| (1.0 / r - 1.0) / 2.0),
    ];
    let logs = [-3.0, -0.7, 0.0, 0.2, 2.0f64];
    for (divergence, f) in members {
        for s in logs {
            let r = s.exp();
            let step = 1e-3 * r;
            let near = f(r + step) - 2.0 * f(r) + f(r - step);
            let far = f(r + 2.0 * step) - 2.0 * f(r) + f(r - 2.0 * step);
            let second = (16.0 * near - far) / (12.0 * step * step);
            let found = ratio_weight(&divergence, s).expect("an f-divergence");
            assert_near(found, r * r * second, 1e-6, divergence.name());
        }
        let weights = ratio_weights(&divergence, &logs).expect("an f-divergence");
        assert_near(weights.iter().sum::<f64>(), 5.0, 1e-14, "Σ");
        let h = |k: usize| ratio_weight(&divergence, logs[k]).expect("an f-divergence");
        assert_near(weights[1] / weights[4], h(1) / h(4), 1e-13, divergence.name());
        // Whatever the batch, also where h itself is beyond f64.
        let far = ratio_weights(&divergence, &[1000.0, 999.0, -1000.0]).expect("weights");
        assert!(far.iter().all(|x| (0.0..=3.1).contains(x)), "{divergence:?} {far:?}");
        assert_eq!(ratio_weights(&divergence, &[]), Some(Vec::new()));
    }
    // f-distill's.
    let r: f64 = 2.5;
    let js = 2.0 * ratio_weight(&Divergence::JensenShannon { beta: 0.5 }, r.ln()).expect("JS");
    assert_near(js, r / (r + 1.0), 1e-15, "JS");
    let none = [
        Divergence::TotalVariation,
        Divergence::Renyi { alpha: 2.0 },
        Divergence::Bhattacharyya,
        Divergence::CauchySchwarz,
        Divergence::CrossEntropy,
        Divergence::Generator(le_cam()),
    ];
    assert!(none.iter().all(|divergence| ratio_weights(divergence, &[0.0]).is_none()));
}
