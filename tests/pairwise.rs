//! All pairs of rows, and the nearest of them, on the adapter under test, against the f64 twin.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::pairs::{Kind, pair};
use common::{Random, context, device_context, open, sized};
use kantor::reference::divergence::{Row, pairwise};
use kantor::{
    Comparison, Context, Distributions, Divergence, Error, Generator, Input, Precision, Reduction,
    Unit,
};

/// The family with more than its usual parameters.
fn family() -> Vec<Divergence> {
    let mut all: Vec<Divergence> = Divergence::ALL.to_vec();
    all.extend([
        Divergence::JensenShannon { beta: 0.1 },
        Divergence::JensenShannon { beta: 1.0 },
        Divergence::SkewKl { alpha: 0.9 },
        Divergence::SkewKl { alpha: 1.0 },
        Divergence::Renyi { alpha: 0.0 },
        Divergence::Renyi { alpha: 0.5 },
        Divergence::Renyi { alpha: f64::INFINITY },
        Divergence::Tsallis { alpha: 0.001 },
        Divergence::Tsallis { alpha: 1.5 },
        Divergence::Amari { alpha: 1.0 },
        Divergence::Amari { alpha: 0.3 },
    ]);
    all
}

/// Rows on the adapter and for the twin.
struct Rows {
    made: Distributions,
    twins: Vec<Row>,
}

impl Rows {
    fn new(rows: &[Vec<f32>], input: Input) -> Rows {
        let flat: Vec<f32> = rows.iter().flatten().copied().collect();
        let made = Distributions::new_blocking(context(), &flat, rows[0].len(), input)
            .expect("rows are well formed");
        let twin = |row: &Vec<f32>| {
            let wide: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
            Row::new(&wide, input)
        };
        Rows { made: made.normalized(), twins: rows.iter().map(twin).collect() }
    }

    /// n of p and m of q; row i of q is the partner of row i of p.
    fn of(kind: Kind, bins: usize, n: usize, m: usize) -> [Rows; 2] {
        let seed = |row: usize| row as u64 + 1000 * bins as u64;
        let p: Vec<_> = (0..n).map(|row| pair(kind, bins, seed(row)).p).collect();
        let q: Vec<_> = (0..m).map(|row| pair(kind, bins, seed(row)).q).collect();
        [Rows::new(&p, kind.input()), Rows::new(&q, kind.input())]
    }
}

/// Rows of normal histograms with a share of empty bins.
fn histograms(seed: u64, rows: usize, bins: usize, empty: f64) -> Vec<Vec<f32>> {
    let mut random = Random::new(seed);
    let row = |_| random.histogram(bins, empty).into_iter().map(|x| x as f32).collect();
    (0..rows).map(row).collect()
}

fn relative(found: f64, exact: f64) -> f64 {
    match found {
        found if found == exact => 0.0,
        found if found.is_nan() => f64::INFINITY,
        found if exact.abs() < 1e-30 => (found - exact).abs() * 1e30,
        found => ((found - exact) / exact).abs(),
    }
}

/// Everything wrong by more than 10⁻⁶, and values below zero.
fn breaches(what: &str, divergence: &Divergence, p: &Rows, q: &Rows) -> Vec<String> {
    let pairs = Comparison::new(divergence.clone())
        .pairwise_blocking(&p.made, &q.made)
        .unwrap_or_else(|error| panic!("{divergence:?} of {what}: {error}"));
    assert_eq!((pairs.rows(), pairs.columns()), (p.twins.len(), q.twins.len()));
    let exact = pairwise(divergence, &p.twins, &q.twins);
    let mut worst = (0.0, String::new());
    for (place, (found, exact)) in pairs.values().iter().zip(&exact).enumerate() {
        let (i, j) = (place / q.twins.len(), place % q.twins.len());
        let error = relative(*found, *exact);
        let negative = *found < 0.0 && *divergence != Divergence::CrossEntropy;
        if error > worst.0 || negative {
            worst =
                (error, format!("{divergence:?} of {what}, {i} and {j}: {found:e}, not {exact:e}"));
        }
    }
    if worst.0 > 5e-7 {
        println!("{:.2e} {}", worst.0, worst.1);
    }
    if worst.0 <= 1e-6 { Vec::new() } else { vec![worst.1] }
}

fn check(kind: Kind, bins: usize, n: usize, m: usize) {
    let [p, q] = Rows::of(kind, bins, n, m);
    let what = format!("{kind:?} with {bins} bins");
    let found: Vec<_> =
        family().iter().flat_map(|divergence| breaches(&what, divergence, &p, &q)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// `pairwise`, `row_sums`, `normalized_rows`
#[test]
fn weights_keep_six_digits() {
    for (bins, n, m) in [(2, 9, 17), (3, 5, 9), (7, 1, 3), (66, 3, 1), (2000, 3, 2)] {
        check(Kind::Weights, bins, n, m);
        check(Kind::Counts, bins, n, m);
        check(Kind::Sparse, bins, n, m);
    }
}

#[test]
fn nearly_equal_weights_keep_six_digits() {
    for (bins, n) in [(2, 6), (7, 9), (1001, 3)] {
        for gap in [1e-1, 1e-4, 1e-6] {
            check(Kind::Near(gap), bins, n, n);
        }
    }
}

#[test]
fn logits_keep_six_digits() {
    for (bins, n, m) in [(2, 5, 9), (7, 9, 5), (67, 3, 4), (1000, 2, 3)] {
        for kind in [Kind::Logits, Kind::Wide, Kind::Tempered, Kind::Masked] {
            check(kind, bins, n, m);
        }
    }
}

#[test]
fn nearly_equal_logits_keep_six_digits() {
    for (bins, n) in [(2, 6), (7, 9), (1001, 3)] {
        for kind in [
            Kind::NearLogits(1e-1),
            Kind::NearLogits(1e-4),
            Kind::NearLogits(2e-6),
            Kind::Shifted(1e-2),
        ] {
            check(kind, bins, n, n);
        }
    }
}

#[test]
fn mostly_empty_rows_and_mixed_inputs_keep_six_digits() {
    let sparse = Rows::new(&histograms(1, 19, 301, 0.9), Input::Weights);
    let full = Rows::new(&histograms(2, 7, 301, 0.0), Input::Weights);
    let logs = |rows: Vec<Vec<f32>>| -> Vec<Vec<f32>> {
        rows.into_iter().map(|row| row.into_iter().map(f32::ln).collect()).collect()
    };
    let logarithms = Rows::new(&logs(histograms(3, 4, 301, 0.3)), Input::LogProbabilities);
    let mut found = Vec::new();
    for divergence in family() {
        for (p, q) in [(&sparse, &sparse), (&sparse, &full), (&full, &sparse), (&logarithms, &full)]
        {
            found.extend(breaches("histograms", &divergence, p, q));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Tiles of several rows and columns, pieces of rows, all segments.
#[test]
fn long_rows_and_many_rows_are_cut_and_put_together() {
    let divergences =
        [Divergence::JensenShannon { beta: 0.5 }, Divergence::Kl, Divergence::CauchySchwarz];
    let (long, many) = sized((300_001, 1100), (40_001, 200));
    for (rows, bins) in [(3, long), (many, 6)] {
        let p = Rows::new(&histograms(4, rows, bins, 0.3), Input::Weights);
        let q = Rows::new(&histograms(5, rows + 30, bins, 0.2), Input::Weights);
        for divergence in &divergences {
            let found = breaches("long rows", divergence, &p, &q);
            assert!(found.is_empty(), "{}", found.join("\n"));
            let found = breaches("one set", divergence, &p, &p);
            assert!(found.is_empty(), "{}", found.join("\n"));
        }
    }
}

#[test]
fn a_set_with_itself_has_a_diagonal_of_zero_and_is_symmetric_where_the_divergence_is() {
    let rows = histograms(6, 21, 50, 0.4);
    let p = Rows::new(&rows, Input::Weights);
    let other = Rows::new(&rows, Input::Weights);
    for divergence in family() {
        let comparison = Comparison::new(divergence.clone());
        let pairs = comparison.pairwise_blocking(&p.made, &p.made.clone()).expect("well formed");
        let apart = comparison.pairwise_blocking(&p.made, &other.made).expect("well formed");
        for i in 0..21 {
            if divergence != Divergence::CrossEntropy {
                assert_eq!(pairs.get(i, i), Some(0.0), "{divergence:?}");
                assert_eq!(pairs.mismatch(i, i).map(|mismatch| mismatch.any()), Some(false));
            }
            for j in 0..21 {
                let (found, exact) = (pairs.get(i, j), apart.get(i, j));
                let (found, exact) = (found.unwrap_or(f64::NAN), exact.unwrap_or(f64::NAN));
                assert!(relative(found, exact) <= 2e-6, "{divergence:?}: {found}, not {exact}");
                assert_eq!(pairs.mismatch(i, j), apart.mismatch(i, j), "{divergence:?}");
            }
        }
        assert_eq!((pairs.get(21, 0), pairs.get(0, 21)), (None, None));
    }
}

#[test]
fn units_and_double_precision_are_those_asked_for() {
    let [p, q] = Rows::of(Kind::Sparse, 30, 4, 3);
    let kl = Comparison::new(Divergence::Jeffreys);
    let js = Comparison::new(Divergence::JensenShannon { beta: 0.5 });
    let exact = pairwise(&Divergence::JensenShannon { beta: 0.5 }, &p.twins, &q.twins);
    let bits = js.clone().unit(Unit::Bits).pairwise_blocking(&p.made, &q.made).expect("fine");
    for (found, exact) in bits.values().iter().zip(&exact) {
        assert!(relative(found * std::f64::consts::LN_2, *exact) <= 1e-6);
    }
    assert!(kl.pairwise_blocking(&p.made, &q.made).expect("fine").values()[0].is_infinite());
    let double = js.precision(Precision::Double);
    match double.pairwise_blocking(&p.made, &q.made) {
        Ok(found) => assert_eq!(found.values(), exact),
        Err(error) => assert!(matches!(error, Error::PrecisionUnavailable { .. }), "{error}"),
    }
}

#[test]
fn a_generator_of_ones_own_has_pairs() {
    let le_cam = Generator::new(
        "(r - 1.0) * (r - 1.0) / (r + 1.0)",
        "(r - 1.0) * (r + 3.0) / ((r + 1.0) * (r + 1.0))",
    )
    .expect("an expression")
    .with_limits(1.0, 1.0)
    .with_reference(
        |r| (r - 1.0).powi(2) / (r + 1.0),
        |r| (r - 1.0) * (r + 3.0) / (r + 1.0).powi(2),
    );
    let [p, q] = Rows::of(Kind::Sparse, 100, 5, 9);
    let own = Comparison::new(Divergence::Generator(le_cam));
    let found = own.pairwise_blocking(&p.made, &q.made).expect("fine");
    let exact = pairwise(&Divergence::Triangular, &p.twins, &q.twins);
    for (found, exact) in found.values().iter().zip(&exact) {
        assert!(relative(*found, *exact) <= 1e-6, "{found}, not {exact}");
    }
}

/// The k first of all others, sorted by value and number.
fn sorted(values: &[f64], k: usize, without: Option<usize>) -> Vec<u32> {
    let mut order: Vec<usize> = (0..values.len()).filter(|j| Some(*j) != without).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    order.truncate(k);
    order.into_iter().map(|j| j as u32).collect()
}

#[test]
fn the_nearest_are_the_first_of_all_sorted() {
    let p = Rows::new(&histograms(7, 13, 40, 0.3), Input::Weights);
    let mut rows = histograms(8, 30, 40, 0.3);
    // Ties: every row twice.
    rows.extend(rows.clone());
    let q = Rows::new(&rows, Input::Weights);
    for divergence in
        [Divergence::JensenShannon { beta: 0.5 }, Divergence::Kl, Divergence::CauchySchwarz]
    {
        let comparison = Comparison::new(divergence).unit(Unit::Bits);
        for k in [1, 2, 7, 60] {
            let pairs = comparison.pairwise_blocking(&p.made, &q.made).expect("fine");
            let nearest = comparison.nearest_blocking(&p.made, &q.made, k).expect("fine");
            assert_eq!((nearest.rows(), nearest.k()), (13, k));
            for i in 0..13 {
                let row = &pairs.values()[60 * i..60 * (i + 1)];
                assert_eq!(nearest.indices(i), sorted(row, k, None), "row {i}");
                let values: Vec<f64> =
                    nearest.indices(i).iter().map(|j| row[*j as usize]).collect();
                assert_eq!(nearest.values(i), values, "row {i}");
            }
            assert!(nearest.indices(13).is_empty() && nearest.values(13).is_empty());
        }
        let pairs = comparison.pairwise_blocking(&q.made, &q.made).expect("fine");
        let all = comparison.nearest_blocking(&q.made, &q.made, 5).expect("fine");
        let others = comparison.nearest_others_blocking(&q.made, 59).expect("fine");
        for i in 0..60 {
            let row = &pairs.values()[60 * i..60 * (i + 1)];
            assert_eq!(all.indices(i), sorted(row, 5, None), "row {i}");
            assert_eq!(others.indices(i), sorted(row, 59, Some(i)), "row {i}");
        }
    }
}

fn invalid<T: std::fmt::Debug>(found: kantor::Result<T>) -> (String, Option<usize>, Option<usize>) {
    match found {
        Err(Error::InvalidInput { argument, row, index, .. }) => (argument.into(), row, index),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_compared_is_named() {
    let make = |values: &[f32], bins: usize, input: Input| {
        Distributions::new_blocking(context(), values, bins, input).expect("the shape is right")
    };
    let weights = |values: &[f32]| make(values, 3, Input::Weights);
    let good = weights(&[1.0, 2.0, 3.0, 1.0, 1.0, 1.0]);
    let js = Comparison::new(Divergence::JensenShannon { beta: 0.5 });
    let named = |argument: &str, row, index| (argument.to_owned(), row, index);
    for (values, row, index) in [
        ([1.0f32, 1.0, 1.0, 2.0, -0.5, 1.0], 1, Some(1)),
        ([1.0, 1.0, f32::NAN, 2.0, 0.5, 1.0], 0, Some(2)),
        ([f32::INFINITY, 1.0, 1.0, 2.0, 0.5, 1.0], 0, Some(0)),
        ([1.0, 1.0, 1.0, 0.0, 0.0, 0.0], 1, None),
    ] {
        let bad = weights(&values);
        let at = |argument: &str| named(argument, Some(row), index);
        assert_eq!(invalid(js.pairwise_blocking(&bad, &good)), at("p"));
        assert_eq!(invalid(js.pairwise_blocking(&good, &bad)), at("q"));
        assert_eq!(invalid(js.pairwise_blocking(&bad, &bad)), at("p"));
        assert_eq!(invalid(js.nearest_blocking(&good, &bad, 1)), at("q"));
        assert_eq!(invalid(js.nearest_others_blocking(&bad, 1)), at("p"));
    }
    let nothing = f32::NEG_INFINITY;
    let logits = Input::Logits { temperature: 1.0 };
    let empty = make(&[0.0, 1.0, 2.0, nothing, nothing, nothing], 3, logits);
    assert_eq!(invalid(js.pairwise_blocking(&empty, &good)), named("p", Some(1), None));
    let nan = make(&[0.0, 1.0, f32::NAN], 3, logits);
    assert_eq!(invalid(js.pairwise_blocking(&good, &nan)), named("q", Some(0), Some(2)));
    let loose = make(&[-1.0, -1.0, -1.0], 3, Input::LogProbabilities);
    assert_eq!(invalid(js.pairwise_blocking(&loose, &good)), named("p", Some(0), None));
    js.pairwise_blocking(&loose.normalized(), &good).expect("normalised on request");

    let two = make(&[1.0, 1.0], 2, Input::Weights);
    assert_eq!(invalid(js.pairwise_blocking(&good, &two)), named("q", None, None));
    for k in [0, 3] {
        assert_eq!(invalid(js.nearest_blocking(&good, &good, k)), named("k", None, None));
    }
    assert_eq!(invalid(js.nearest_others_blocking(&good, 2)), named("k", None, None));
    let sum = js.clone().reduction(Reduction::Sum);
    assert_eq!(invalid(sum.pairwise_blocking(&good, &good)), named("reduction", None, None));
    let weighted = js.clone().row_weights(vec![1.0; 2]);
    assert_eq!(
        invalid(weighted.nearest_blocking(&good, &good, 1)),
        named("row_weights", None, None)
    );
    let masked = js.clone().mask(vec![true; 2]);
    assert_eq!(invalid(masked.pairwise_blocking(&good, &good)), named("mask", None, None));
    if context().device().is_some() {
        let twin = Context::cpu();
        let elsewhere = Distributions::new_blocking(&twin, &[1.0f32; 3], 3, Input::Weights);
        let elsewhere = elsewhere.expect("the shape is right");
        assert_eq!(invalid(js.pairwise_blocking(&good, &elsewhere)), named("q", None, None));
    }
}

/// Odd rows: a weight of −0, sums that f32 does not hold, bins far apart in size.
#[test]
fn odd_rows_are_answered_too() {
    let rows = vec![
        vec![1.0f32, -0.0, 2.0, 1.0],
        vec![1e-38, 2e-38, 1e-38, 0.0],
        vec![3e38, 1e38, 0.0, 3e38],
        vec![1.0, 1e-36, 1e-20, 1.0],
        vec![1.0, 1.0, 1.0, 1.0],
    ];
    let p = Rows::new(&rows, Input::Weights);
    let mut found = Vec::new();
    for divergence in family() {
        found.extend(breaches("odd rows", &divergence, &p, &p));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_nearest_of_many_rows_need_no_memory_for_all_pairs() {
    if device_context().is_none() {
        return;
    }
    // Of its own, because others are at work in the shared one.
    let context = open();
    let (rows, bins) = (sized(6000, 3000), 8);
    let values: Vec<f32> = histograms(9, rows, bins, 0.2).concat();
    let p = Distributions::new_blocking(&context, &values, bins, Input::Weights).expect("fine");
    let before = context.memory();
    let js = Comparison::new(Divergence::JensenShannon { beta: 0.5 });
    js.nearest_others_blocking(&p, 3).expect("fine");
    let after = context.memory();
    assert_eq!(after.in_use, before.in_use, "nothing is kept");
    let all = (4 * rows * rows) as u64;
    let held = after.peak.saturating_sub(before.in_use);
    assert!(held < all / 4, "{held} bytes held; all pairs are {all}");
}
