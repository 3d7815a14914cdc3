//! Divergences of rows on the adapter under test, against the f64 twin: six digits of every value.
//!
//! Kernels: `compare`, `logit_sums`.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::pairs::{Kind, Pair, pair};
use common::{block_on, context};
use kantor::reference::divergence::{Row, compare};
use kantor::{Comparison, Distributions, Divergence, Input};

/// The family with more than its usual parameters.
fn family() -> Vec<Divergence> {
    let mut all: Vec<Divergence> = Divergence::ALL.to_vec();
    all.extend([
        Divergence::JensenShannon { beta: 0.1 },
        Divergence::SkewKl { alpha: 0.9 },
        Divergence::Renyi { alpha: 0.5 },
        Divergence::Renyi { alpha: 0.99 },
        Divergence::Renyi { alpha: 1.0 },
        Divergence::Renyi { alpha: 3.0 },
        Divergence::Tsallis { alpha: 0.001 },
        Divergence::Tsallis { alpha: 1.5 },
        Divergence::Amari { alpha: -1.0 },
        Divergence::Amari { alpha: 1.0 },
        Divergence::Amari { alpha: 0.3 },
    ]);
    all
}

/// The largest relative error over rows of a kind, with the row.
fn worst(divergence: &Divergence, rows: &[Pair], input: Input) -> (f64, usize) {
    let bins = rows[0].p.len();
    let flat =
        |side: fn(&Pair) -> &Vec<f32>| rows.iter().flat_map(side).copied().collect::<Vec<_>>();
    let distributions = |values: Vec<f32>| {
        let made = Distributions::new(context(), &values, bins, input);
        block_on(made).expect("rows are well formed")
    };
    let (p, q) = (distributions(flat(|pair| &pair.p)), distributions(flat(|pair| &pair.q)));
    let comparison = Comparison::new(divergence.clone());
    let values = block_on(comparison.rows(&p, &q)).unwrap_or_else(|e| panic!("{divergence}: {e}"));
    let mut worst = (0.0, 0);
    for (row, (pair, value)) in rows.iter().zip(values.values()).enumerate() {
        let wide = |values: &[f32]| {
            let values: Vec<f64> = values.iter().map(|x| f64::from(*x)).collect();
            Row::new(&values, input)
        };
        let exact = compare(divergence, &wide(&pair.p), &wide(&pair.q));
        let error = match *value {
            value if value == exact => 0.0,
            value if value.is_nan() || value < 0.0 && *divergence != Divergence::CrossEntropy => {
                f64::INFINITY
            }
            value if exact < 1e-30 => (value - exact).abs() * 1e30,
            value => ((value - exact) / exact).abs(),
        };
        if error > worst.0 || error.is_nan() {
            worst = (error, row);
        }
    }
    worst
}

fn check(kind: Kind, bins: usize, rows: usize) {
    let pairs: Vec<Pair> =
        (0..rows).map(|row| pair(kind, bins, row as u64 + 1000 * bins as u64)).collect();
    let mut breaches = Vec::new();
    for divergence in family() {
        let (error, row) = worst(&divergence, &pairs, kind.input());
        if error > 5e-7 {
            println!("{kind:?} {bins:6} {divergence:?}: {error:.2e}");
        }
        if error > 1e-6 || error.is_nan() {
            breaches
                .push(format!("{divergence:?} of {kind:?} with {bins} bins, row {row}: {error:e}"));
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn weights_keep_six_digits() {
    for (bins, rows) in [(2, 40), (3, 40), (7, 40), (64, 20), (1000, 8), (50_000, 2)] {
        check(Kind::Weights, bins, rows);
        check(Kind::Counts, bins, rows);
        check(Kind::Sparse, bins, rows);
    }
}

#[test]
fn nearly_equal_weights_keep_six_digits() {
    for (bins, rows) in [(2, 40), (7, 40), (1000, 8), (50_000, 2)] {
        check(Kind::Near(1e-1), bins, rows);
        check(Kind::Near(1e-4), bins, rows);
        check(Kind::Near(1e-6), bins, rows);
    }
}

#[test]
fn logits_keep_six_digits() {
    for (bins, rows) in [(2, 40), (7, 40), (64, 20), (1000, 8), (50_000, 2)] {
        check(Kind::Logits, bins, rows);
        check(Kind::Wide, bins, rows);
        check(Kind::Tempered, bins, rows);
        check(Kind::Masked, bins, rows);
    }
}

#[test]
fn nearly_equal_logits_keep_six_digits() {
    for (bins, rows) in [(2, 40), (7, 40), (1000, 8), (50_000, 2)] {
        check(Kind::NearLogits(1e-1), bins, rows);
        check(Kind::NearLogits(1e-4), bins, rows);
        check(Kind::NearLogits(2e-6), bins, rows);
        check(Kind::Shifted(1e-2), bins, rows);
    }
}
