//! Gradients of divergences on the adapter under test, against the f64 twin: 1e-5 of the row's largest, and sums of 0.
//!
//! Kernels: `gradient`.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::pairs::{Kind, Pair, pair};
use common::{block_on, context};
use kantor::reference::divergence::{Row, gradient};
use kantor::{Comparison, Distributions, Divergence, Input, Precision, Reduction, Side};

fn family() -> Vec<Divergence> {
    let mut all: Vec<Divergence> = Divergence::ALL.to_vec();
    all.extend([
        Divergence::JensenShannon { beta: 0.1 },
        Divergence::SkewKl { alpha: 0.9 },
        Divergence::Renyi { alpha: 0.5 },
        Divergence::Renyi { alpha: 1.0 },
        Divergence::Tsallis { alpha: 1.5 },
        Divergence::Amari { alpha: 1.0 },
        Divergence::Amari { alpha: 0.3 },
    ]);
    all
}

fn wide(values: &[f32], input: Input) -> Row {
    Row::new(&values.iter().map(|x| f64::from(*x)).collect::<Vec<_>>(), input)
}

fn distributions(rows: &[Vec<f32>], input: Input) -> Distributions {
    let values: Vec<f32> = rows.concat();
    block_on(Distributions::new(context(), &values, rows[0].len(), input)).expect("well formed")
}

fn check(kind: Kind, bins: usize, rows: usize) {
    let pairs: Vec<Pair> =
        (0..rows).map(|row| pair(kind, bins, row as u64 + 7000 * bins as u64)).collect();
    let p_rows: Vec<Vec<f32>> = pairs.iter().map(|pair| pair.p.clone()).collect();
    let q_rows: Vec<Vec<f32>> = pairs.iter().map(|pair| pair.q.clone()).collect();
    let (p, q) = (distributions(&p_rows, kind.input()), distributions(&q_rows, kind.input()));
    let upstream: Vec<f64> = (0..rows).map(|row| 0.5 + row as f64).collect();
    let mut breaches = Vec::new();
    for divergence in family() {
        let comparison = Comparison::new(divergence.clone());
        let result = block_on(comparison.value_and_gradient(&p, &q, Side::Both, Some(&upstream)));
        let (values, gradients) = result.unwrap_or_else(|e| panic!("{divergence}: {e}"));
        let of_p = block_on(gradients.p.expect("asked for").read()).expect("readable");
        let of_q = block_on(gradients.q.expect("asked for").read()).expect("readable");
        for (row, pair) in pairs.iter().enumerate() {
            if values.values()[row].is_infinite() {
                continue;
            }
            let exact = gradient(
                &divergence,
                &wide(&pair.p, kind.input()),
                &wide(&pair.q, kind.input()),
                upstream[row],
            );
            for (side, got, exact) in [("p", &of_p, &exact.0), ("q", &of_q, &exact.1)] {
                let got = &got[row * bins..(row + 1) * bins];
                let largest = exact.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                let error = got
                    .iter()
                    .zip(exact)
                    .map(|(got, exact)| (f64::from(*got) - exact).abs())
                    .fold(0.0, f64::max);
                let total: f64 = got.iter().map(|x| f64::from(*x)).sum();
                let relative = error / largest.max(1e-6 * upstream[row]);
                if relative > 1e-5 || relative.is_nan() {
                    breaches.push(format!(
                        "{kind:?} {bins} {divergence:?} d{side} row {row}: {relative:.1e}"
                    ));
                }
                let logits = kind.input() != Input::Weights;
                let allowed = 1e-6 * upstream[row].max(1.0) * largest.max(1.0);
                if logits && (total.abs() > allowed || total.is_nan()) {
                    breaches
                        .push(format!("{kind:?} {bins} {divergence:?} d{side} sums to {total}"));
                }
            }
        }
    }
    breaches.truncate(60);
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn gradients_of_weights() {
    for (bins, rows) in [(2, 10), (7, 20), (64, 10), (1001, 4)] {
        for kind in [Kind::Weights, Kind::Counts, Kind::Sparse, Kind::Near(1e-4), Kind::Peaked] {
            check(kind, bins, rows);
        }
    }
}

#[test]
fn gradients_of_logits() {
    for (bins, rows) in [(2, 10), (7, 20), (64, 10), (1000, 4)] {
        for kind in [
            Kind::Logits,
            Kind::Wide,
            Kind::Tempered,
            Kind::Masked,
            Kind::NearLogits(1e-4),
            Kind::PeakedLogits,
        ] {
            check(kind, bins, rows);
        }
    }
}

/// One q for all rows: its gradient is the sum over rows, and so is that of one p.
#[test]
fn gradients_of_a_shared_row() {
    let bins = 37;
    let pairs: Vec<Pair> = (0..9).map(|row| pair(Kind::Logits, bins, row)).collect();
    let rows: Vec<Vec<f32>> = pairs.iter().map(|pair| pair.p.clone()).collect();
    let input = Kind::Logits.input();
    let (many, one) = (distributions(&rows, input), distributions(&[pairs[0].q.clone()], input));
    for divergence in [Divergence::Kl, Divergence::JensenShannon { beta: 0.5 }] {
        let mean = Comparison::new(divergence.clone()).reduction(Reduction::Mean);
        for (p, q, side) in [(&many, &one, Side::Q), (&one, &many, Side::P)] {
            let (_, gradients) =
                block_on(mean.value_and_gradient(p, q, side, None)).expect("well formed");
            let tensor = gradients.p.or(gradients.q).expect("one was asked for");
            assert_eq!(tensor.shape(), [1, bins]);
            let got = block_on(tensor.read()).expect("readable");
            let mut exact = vec![0.0; bins];
            for row in &rows {
                let (row, shared) = (wide(row, input), wide(&pairs[0].q, input));
                let part = match side {
                    Side::P => gradient(&divergence, &shared, &row, 1.0 / 9.0).0,
                    _ => gradient(&divergence, &row, &shared, 1.0 / 9.0).1,
                };
                exact.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
            }
            for (got, exact) in got.iter().zip(&exact) {
                assert!((f64::from(*got) - exact).abs() < 1e-6, "{divergence}: {got} {exact}");
            }
        }
    }
}

/// Rows of logits that are well apart have forms of their own on the twin in single precision.
#[test]
fn gradients_by_the_twin_in_single_precision_are_those_in_double() {
    let cpu = kantor::Context::cpu();
    let mut family = vec![Divergence::Kl, Divergence::ReverseKl];
    family.extend([0.1, 0.5, 0.75].map(|beta| Divergence::JensenShannon { beta }));
    // How far the rows are apart, how peaked they are: some are left to the other forms.
    let shapes = [(0.7, 1.0), (0.05, 2.0), (1e-4, 1.0), (3.0, 0.1), (20.0, 60.0), (0.3, 200.0)];
    for (bins, temperature) in [(2, 1.0), (513, 0.7), (3001, 4.0)] {
        let mut random = common::Random::new(bins as u64);
        let mut rows = [Vec::new(), Vec::new()];
        for (apart, peaked) in shapes {
            for _ in 0..bins {
                let [x, y, z] = [0; 3].map(|_| random.uniform() - 0.5);
                rows[0].push((peaked * (x + y) + 3.0) as f32);
                rows[1].push((peaked * (x + y) + apart * z - 40.0) as f32);
            }
        }
        let [p, q] = [(0, temperature), (1, 1.0)].map(|(row, temperature)| {
            let input = Input::Logits { temperature };
            block_on(Distributions::new(&cpu, &rows[row], bins, input)).expect("well formed")
        });
        let upstream = [1.0, -2.5, 1e20, 0.0, 3e-6, 7.0];
        for divergence in &family {
            let of = |precision| {
                let comparison = Comparison::new(divergence.clone()).precision(precision);
                let result =
                    block_on(comparison.value_and_gradient(&p, &q, Side::Both, Some(&upstream)));
                let (values, gradients) = result.expect("an answer");
                let sides = [gradients.p, gradients.q]
                    .map(|side| block_on(side.expect("asked for").read()).expect("readable"));
                (values, sides)
            };
            let (values, single) = of(Precision::Single);
            let (exact_values, double) = of(Precision::Double);
            for (value, exact) in values.values().iter().zip(exact_values.values()) {
                assert!(
                    (value / exact - 1.0).abs() < 1e-10,
                    "{divergence} {bins}: {value} {exact}"
                );
            }
            for (side, (single, double)) in single.iter().zip(&double).enumerate() {
                for (row, (single, double)) in
                    single.chunks(bins).zip(double.chunks(bins)).enumerate()
                {
                    let largest = double.iter().fold(0.0f32, |most, x| most.max(x.abs()));
                    for (x, exact) in single.iter().zip(double) {
                        assert!(
                            (x - exact).abs() <= 1.2e-7 * largest,
                            "{divergence} {bins} side {side} row {row}: {x:e} {exact:e} {largest:e}"
                        );
                    }
                }
            }
        }
    }
}
