//! Joint tables, log-weights, channels, couplings and density ratios at the ends of the range.

use crate::common::{Random, block_on, context};
use crate::rows::{Breaches, error};
use kantor::information::{
    ImportanceWeights, JointInformation, chi2_contraction, dobrushin_coefficient,
    joint_information_blocking, joint_information_tensor_blocking, minimum_entropy_coupling,
    systematic_resample,
};
use kantor::{Context, Divergence, Precision, Tensor, Unit};

/// Tables of which some cells are e^−gap of the others, or 0.
fn tables(rows: usize, columns: usize, gap: f64, scale: f64) -> Vec<Vec<f64>> {
    let mut random = Random::new(rows as u64 * 31 + columns as u64 + gap.to_bits() % 1009);
    let cells = rows * columns;
    let low = (-gap).exp();
    let mut of = |cell: &mut dyn FnMut(usize, f64) -> f64| -> Vec<f64> {
        (0..cells).map(|k| scale * cell(k, 0.1 + random.uniform())).collect()
    };
    vec![
        of(&mut |k, x| if k == cells / 2 { low * x } else { x }),
        of(&mut |k, x| if k == 0 { x } else { low * x }),
        of(&mut |k, x| if k % columns == k / columns { x } else { low * x }),
        of(&mut |k, x| {
            if k % 3 == 0 { 0.0 } else { x * (-gap * ((k + 4) % 5) as f64 / 4.0).exp() }
        }),
        of(&mut |k, _| if k < columns { 1.0 } else { low }),
    ]
}

fn measures(found: &JointInformation) -> [f64; 6] {
    [
        found.mutual_information,
        found.joint_entropy,
        found.row_entropy,
        found.column_entropy,
        found.row_given_column,
        found.column_given_row,
    ]
}

#[test]
fn joint_tables() {
    let mut breaches = Breaches::default();
    for (precision, bound) in [(Precision::Single, 1e-6), (Precision::Double, 1e-12)] {
        for gap in [0.5, 10.0, 30.0, 44.0, 46.0, 60.0, 88.5, 200.0, 700.0, 744.0] {
            for (rows, columns) in [(1, 2), (2, 1), (2, 2), (5, 7)] {
                for scale in [1.0, 1e-4, 1e30, 1e-30, 1e300, 1e-300] {
                    let all = tables(rows, columns, gap, scale).concat();
                    let shape = [rows, columns];
                    let ask = |context: &Context, cells: &[f64]| {
                        joint_information_blocking(context, cells, shape, precision, Unit::Nats)
                            .expect("tables with mass")
                    };
                    let exact = ask(&Context::cpu(), &all);
                    for (table, (found, exact)) in
                        ask(context(), &all).iter().zip(&exact).enumerate()
                    {
                        // As far as two words do not hold a table.
                        let floor = 1e-13 * exact.mutual_information.sqrt().max(1e-10);
                        for (k, (x, y)) in
                            measures(found).into_iter().zip(measures(exact)).enumerate()
                        {
                            let wrong = (x - y).abs() / (y.abs() + floor / bound).max(1e-300);
                            let wrong =
                                if x.is_finite() && x >= 0.0 { wrong } else { f64::INFINITY };
                            breaches.add(wrong, bound, || {
                                format!("measure {k} of table {table}, {rows}x{columns}, gap {gap}, scale {scale:e}, {precision:?}: {x:e} for {y:e}")
                            });
                        }
                    }
                }
            }
        }
    }
    breaches.none();
}

#[test]
fn tables_of_the_smallest_numbers() {
    for table in [[1.0, 5e-324], [f64::MAX, 5e-324], [f64::MIN_POSITIVE, 5e-324], [1e300, 1e-20]] {
        for shape in [[1, 2], [2, 1]] {
            for way in [context(), &Context::cpu()] {
                for precision in [Precision::Single, Precision::Double] {
                    let found =
                        joint_information_blocking(way, &table, shape, precision, Unit::Nats)
                            .expect("a table with mass");
                    let x = table[1] / table[0];
                    let entropy = if x > 0.0 { x - x * x.ln() } else { 0.0 };
                    for (k, measure) in measures(&found[0]).into_iter().enumerate() {
                        let right = match (k, shape) {
                            (1, _) | (2, [2, 1]) | (3, [1, 2]) | (4, [2, 1]) | (5, [1, 2]) => {
                                entropy
                            }
                            _ => 0.0,
                        };
                        let fits = (measure - right).abs() <= 1e-6 * right + 1e-320;
                        assert!(
                            fits,
                            "measure {k} of {table:?}, {shape:?}: {measure:e}, not {right:e}"
                        );
                    }
                }
            }
        }
    }
}

/// A tensor with cells that the kernels count as nothing.
#[test]
fn tensors_of_far_cells() {
    let cells: Vec<f32> = tables(5, 7, 60.0, 1.0).concat().into_iter().map(|w| w as f32).collect();
    let wide: Vec<f64> = cells.iter().map(|w| f64::from(*w)).collect();
    let tensor = block_on(Tensor::from_slice(context(), &cells, &[5, 5, 7])).expect("a tensor");
    let found =
        joint_information_tensor_blocking(&tensor, Precision::Single, Unit::Nats).expect("tables");
    let exact =
        joint_information_blocking(&Context::cpu(), &wide, [5, 7], Precision::Double, Unit::Nats)
            .expect("tables");
    let mut breaches = Breaches::default();
    for (table, (found, exact)) in found.iter().zip(&exact).enumerate() {
        for (x, y) in measures(found).into_iter().zip(measures(exact)) {
            breaches.add(error(x, y, 1e-20), 1e-6, || format!("table {table}: {x:e} for {y:e}"));
        }
    }
    breaches.none();
}

#[test]
fn log_weights() {
    let mut breaches = Breaches::default();
    for gap in [0.0, 20.0, 60.0, 88.5, 103.0, 200.0, 1e5, 1e30, 1e38] {
        for columns in [1, 2, 7, 5000] {
            let mut random = Random::new(columns as u64);
            let logs: Vec<f32> = (0..4 * columns)
                .map(|k| match (k / columns, k % columns) {
                    (0, 0) => 3.0,
                    (0, _) => (-gap * random.uniform()) as f32,
                    (1, c) => {
                        if c == 0 {
                            gap as f32
                        } else {
                            -gap as f32
                        }
                    }
                    (2, c) => {
                        if c % 2 == 1 {
                            f32::NEG_INFINITY
                        } else {
                            gap as f32
                        }
                    }
                    (_, c) => (c as f64 * 1e-3 + gap) as f32,
                })
                .collect();
            for (precision, bound) in [(Precision::Single, 1e-6), (Precision::Double, 1e-12)] {
                let of = |way: &Context| {
                    let weights = ImportanceWeights::new_blocking(way, &logs, columns, precision)
                        .expect("log-weights");
                    (weights.summaries(), weights.normalized_blocking().expect("weights"))
                };
                let (found, exact) = (of(context()), of(&Context::cpu()));
                for (row, (x, y)) in found.0.iter().zip(&exact.0).enumerate() {
                    let what = |name: &str| {
                        format!(
                            "{name} of row {row}, gap {gap}, {columns} columns, {precision:?}: {x:?} for {y:?}"
                        )
                    };
                    breaches
                        .add(error(x.log_mean_exp, y.log_mean_exp, 1.0), bound, || what("mean"));
                    breaches.add(
                        error(x.effective_sample_size, y.effective_sample_size, 0.0),
                        bound,
                        || what("size"),
                    );
                    breaches
                        .add(error(x.perplexity, y.perplexity, 0.0), bound, || what("perplexity"));
                }
                let floor = if precision == Precision::Double { 1e-23 } else { 1e-31 };
                for (x, y) in found.1.iter().zip(&exact.1) {
                    breaches.add(error(*x, *y, floor), bound, || {
                        format!(
                            "a weight, gap {gap}, {columns} columns, {precision:?}: {x:e} for {y:e}"
                        )
                    });
                }
            }
        }
    }
    breaches.none();
}

#[test]
fn ratio_weights() {
    let mut breaches = Breaches::default();
    for gap in [1.0, 60.0, 88.5, 200.0, 1e4, 1e30] {
        let mut random = Random::new(9);
        let mut logs: Vec<f32> =
            (0..500).map(|_| (gap * (2.0 * random.uniform() - 1.0)) as f32).collect();
        logs.extend([0.0, gap as f32, -gap as f32]);
        for divergence in Divergence::ALL {
            let of = |way: &Context| divergence.ratio_weights_of_blocking(way, &logs).ok();
            let (found, exact) = (of(context()), of(&Context::cpu()));
            assert_eq!(found.is_some(), exact.is_some(), "{divergence}");
            let (Some(found), Some(exact)) = (found, exact) else { continue };
            for (x, y) in found.iter().zip(&exact) {
                breaches.add(error(*x, *y, 1e-23), 1e-6, || {
                    format!("{divergence}, gap {gap}: {x:e} for {y:e}")
                });
            }
        }
    }
    breaches.none();
}

/// What is on the host only: no number that is none.
#[test]
fn channels_couplings_and_resampling() {
    let mut random = Random::new(77);
    for round in 0..400 {
        let gap = [1.0, 40.0, 100.0, 300.0, 700.0][round % 5];
        let mut row = |n: usize| -> Vec<f64> {
            (0..n)
                .map(|_| if random.uniform() < 0.2 { 0.0 } else { (-gap * random.uniform()).exp() })
                .collect()
        };
        let (inputs, outputs) = (2 + round % 4, 1 + round % 6);
        let channel: Vec<f64> = (0..inputs)
            .flat_map(|_| {
                let mut row = row(outputs);
                row[0] += 1e-3;
                let sum: f64 = row.iter().sum();
                row.into_iter().map(|x| x / sum).collect::<Vec<f64>>()
            })
            .collect();
        let mut p = row(inputs);
        p[0] += f64::MIN_POSITIVE;
        let one = dobrushin_coefficient(&channel, inputs, outputs).expect("a channel")[0];
        let other = chi2_contraction(&channel, inputs, outputs, &p).expect("a channel")[0];
        assert!(
            (0.0..=1.0).contains(&one) && (0.0..=1.0).contains(&other),
            "{one} {other} of {channel:?}, {p:?}"
        );
        assert!(other <= one + 1e-9, "{one} {other} of {channel:?}, {p:?}");
        let mut second = row(7);
        second[3] += 1e-300;
        let coupling =
            minimum_entropy_coupling(&[vec![&p[..], &second[..]]], Unit::Nats).expect("marginals");
        let mass: f64 = coupling[0].atoms.iter().map(|(_, mass)| mass).sum();
        assert!((mass - 1.0).abs() < 1e-12 && coupling[0].entropy.is_finite(), "{coupling:?}");
        let drawn = systematic_resample(&p, inputs, &[0.999_999_999], 50).expect("draws");
        assert!(
            drawn.len() == 50 && drawn.iter().all(|i| p[*i as usize] > 0.0),
            "{drawn:?} of {p:?}"
        );
    }
}
