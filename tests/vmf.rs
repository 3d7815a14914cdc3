//! von Mises-Fisher distributions: against multiprecision values, closed forms and
//! statistics, on the CPU twin and on the adapter under test.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::directions::{around, axis, dot, fit, reference, rows};
use common::{Random, Way, assert_close, ways};
use kantor::vmf::{concentration, concentration_from_complement, mean_resultant_length};
use kantor::{Context, Directions, Precision, Tensor, VonMisesFisher, VonMisesFisherFit};
use std::f64::consts::PI;

// --- the functions of the concentration -------------------------------------------

#[test]
fn the_concentration_is_that_of_multiprecision() {
    let mut worst = 0.0f64;
    for r in reference() {
        let (p, kappa) = (r.dimension, r.concentration);
        let from_complement = concentration_from_complement(p, r.complement).expect("in range");
        let from_length = concentration(p, r.length).expect("in range");
        let found = if r.length < 0.5 { from_length } else { from_complement };
        let error = (found - kappa).abs() / kappa;
        assert!(error < 1e-13, "p {p}, kappa {kappa}: off by {error:e}");
        // The last bit of R̄ is eps/(1 − R̄) of κ.
        let bound = 1e-13 + 2e-16 / r.complement;
        assert!((from_length - kappa).abs() / kappa < bound, "p {p}, kappa {kappa}");
        worst = worst.max(error);
    }
    println!("largest relative error of the concentration: {worst:e}");
}

#[test]
fn lengths_normalizers_and_entropies_are_those_of_multiprecision() {
    for r in reference() {
        let f = around(r.dimension, r.concentration);
        let what = format!("p {}, kappa {}", r.dimension, r.concentration);
        let (length, complement) =
            mean_resultant_length(r.dimension, r.concentration).expect("in range");
        assert_eq!(length, f.mean_resultant_length());
        assert_close(&what, length, r.length, 1e-14 * r.length);
        assert_close(&what, complement, r.complement, 4e-14 * r.complement);
        let size = r.log_normalizer.abs().max(r.concentration).max(1.0);
        assert_close(&what, f.log_normalizer(), r.log_normalizer, 4e-15 * size);
        assert_close(&what, f.entropy(), r.entropy, 2e-14 * r.entropy.abs().max(1.0));
    }
}

#[test]
fn three_dimensions_have_closed_forms() {
    for kappa in [1e-3f64, 0.1, 1.0, 3.0, 20.0, 100.0] {
        let f = around(3, kappa);
        let length = 1.0 / kappa.tanh() - 1.0 / kappa;
        assert_close("A", f.mean_resultant_length(), length, 1e-13 / kappa.min(1.0));
        // C = κ/(4π sinh κ) = κ/(2π e^κ (1 − e^−2κ)).
        let log_c = (kappa / (2.0 * PI)).ln() - kappa - (-(-2.0 * kappa).exp_m1()).ln();
        assert_close("ln C", f.log_normalizer(), log_c, 1e-14 * log_c.abs().max(1.0));
        let entropy = -log_c - kappa * length;
        assert_close("entropy", f.entropy(), entropy, 1e-13 * kappa.max(1.0));
        for (other, cosine) in [(0.5f64, 1.0f64), (kappa * 1.5, 0.2), (30.0, -1.0)] {
            let turned = VonMisesFisher::new(&[cosine, (1.0 - cosine * cosine).sqrt(), 0.0], other)
                .expect("well-formed");
            let other_log_c = (other / (2.0 * PI)).ln() - other - (-(-2.0 * other).exp_m1()).ln();
            let exact = log_c - other_log_c + length * (kappa - other * cosine);
            let found = f.kl_divergence(&turned).expect("equal dimensions");
            assert_close("KL", found, exact, 1e-12 * (1.0 + kappa + other));
        }
    }
}

#[test]
fn two_dimensions_agree_with_the_series_of_bessel_functions() {
    let bessel = |order: i32, x: f64| -> f64 {
        let mut term = (0..order).fold(1.0, |t, k| t * 0.5 * x / f64::from(k + 1));
        let mut sum = 0.0;
        for k in 1..200 {
            sum += term;
            term *= 0.25 * x * x / (f64::from(k) * f64::from(k + order));
        }
        sum
    };
    for kappa in [1e-3, 0.5, 2.0, 10.0, 50.0] {
        let f = around(2, kappa);
        let (zero, one) = (bessel(0, kappa), bessel(1, kappa));
        let log_c = -(2.0 * PI * zero).ln();
        assert_close("A", f.mean_resultant_length(), one / zero, 1e-14);
        assert_close("ln C", f.log_normalizer(), log_c, 1e-14 * kappa.max(1.0));
        assert_close("entropy", f.entropy(), -log_c - kappa * one / zero, 1e-13 * kappa.max(1.0));
    }
}

#[test]
fn divergences_are_never_negative_and_second_order_between_neighbours() {
    let mut random = Random::new(3);
    for _ in 0..300 {
        let p = random.pick(&[2, 3, 50, 784, 32_768]);
        let kappa = 10f64.powf(-3.0 + 9.0 * random.uniform());
        let f = around(p, kappa);
        assert_eq!(f.kl_divergence(&f), Ok(0.0));
        let other = around(p, 10f64.powf(-3.0 + 9.0 * random.uniform()));
        let found = f.kl_divergence(&other).expect("equal dimensions");
        assert!(found >= 0.0 && found.is_finite(), "{found}");
        // ½ A'(κ) δ² for a small step δ.
        let (low, high) = (kappa * (1.0 - 1e-4), kappa * (1.0 + 1e-4));
        let slope = {
            let at = |k| mean_resultant_length(p, k).expect("in range");
            let ((a, b), (c, d)) = (at(low), at(high));
            let rise = if a < 0.5 { c - a } else { b - d };
            rise / (high - low)
        };
        let step = kappa * 1e-5;
        let exact = 0.5 * slope * step * step;
        let near = f.kl_divergence(&around(p, kappa + step)).expect("equal dimensions");
        assert!((near - exact).abs() <= 1e-4 * exact, "p {p} kappa {kappa}: {near:e} {exact:e}");
    }
}

#[test]
fn densities_integrate_to_one() {
    for way in ways() {
        for kappa in [0.0, 0.5, 5.0, 200.0] {
            let n = 4000;
            // The circle by the trapezoidal rule, the sphere along its axis by midpoints:
            // the surface between two heights is 2π times their difference.
            let circle: Vec<f64> = (0..n)
                .flat_map(|k| {
                    let angle = 2.0 * PI * f64::from(k) / f64::from(n);
                    [angle.cos(), angle.sin()]
                })
                .collect();
            let integral: f64 = around(2, kappa)
                .log_density_blocking(&rows(&way.context, &circle, 2), way.precision)
                .expect("a density")
                .iter()
                .map(|x| x.exp() * 2.0 * PI / f64::from(n))
                .sum();
            assert_close(way.name, integral, 1.0, 2e-5);
            let sphere: Vec<f64> = (0..n)
                .flat_map(|k| {
                    let z = -1.0 + (2.0 * f64::from(k) + 1.0) / f64::from(n);
                    [z, (1.0 - z * z).sqrt(), 0.0]
                })
                .collect();
            let integral: f64 = around(3, kappa)
                .log_density_blocking(&rows(&way.context, &sphere, 3), way.precision)
                .expect("a density")
                .iter()
                .map(|x| x.exp() * 4.0 * PI / f64::from(n))
                .sum();
            assert_close(way.name, integral, 1.0, 1e-3);
        }
    }
}

// --- fits ------------------------------------------------------------------------

/// What a fit should give, from the definitions in f64.
fn exact_fit(values: &[f64], weights: &[f64], p: usize) -> (f64, f64, f64) {
    let mut sum = vec![0.0; p];
    let total: f64 = weights.iter().sum();
    for (row, w) in values.chunks_exact(p).zip(weights) {
        let norm = dot(row, row).sqrt();
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += w * x / norm);
    }
    let length = dot(&sum, &sum).sqrt();
    let mean: Vec<f64> = sum.iter().map(|x| x / length).collect();
    // 1 − R̄ from the distances.
    let complement = values
        .chunks_exact(p)
        .zip(weights)
        .map(|(row, w)| {
            let norm = dot(row, row).sqrt();
            let away: f64 = row.iter().zip(&mean).map(|(x, m)| (x / norm - m).powi(2)).sum();
            0.5 * w * away
        })
        .sum::<f64>()
        / total;
    let kappa = concentration_from_complement(p, complement).expect("in range");
    let log_likelihood = total * (around(p, kappa).log_peak() - kappa * complement);
    (complement, kappa, log_likelihood)
}

#[test]
fn fits_agree_with_the_definitions() {
    let sizes: [(usize, usize, f64); 12] = [
        (50, 2, 0.5),
        (50, 2, 1e7),
        (300, 3, 10.0),
        (300, 3, 1e6),
        (1000, 5, 2.0),
        (257, 50, 30.0),
        (64, 127, 1e5),
        (200, 784, 400.0),
        (150, 785, 3000.0),
        (60, 2048, 1e6),
        (40, 8200, 2000.0),
        (5, 40_000, 3e4),
    ];
    for way in ways() {
        for (n, p, kappa) in sizes {
            let what = format!("{} n {n} p {p} kappa {kappa}", way.name);
            let mut values = around(p, kappa).sample(n, n as u64).expect("samples");
            // Lengths do not matter, nor that the first row may have length one.
            let first = if p.is_multiple_of(2) { 1.0 } else { 0.25 };
            for (i, row) in values.chunks_exact_mut(p).enumerate() {
                row.iter_mut().for_each(|x| *x *= first + i as f64);
            }
            let found = fit(&way, &values, p);
            let (complement, exact, log_likelihood) = exact_fit(&values, &vec![1.0; n], p);
            let double = way.precision == Precision::Double;
            let relative = if double { 1e-9 } else { 2e-5 };
            assert_close(&what, found.complement(), complement, relative * complement);
            let kappa = found.distribution().concentration();
            assert_close(&what, kappa, exact, relative * exact);
            let bound = if double { 1e-9 } else { 1e-5 };
            let size = log_likelihood.abs().max(n as f64);
            assert_close(&what, found.log_likelihood(), log_likelihood, bound * size);
            assert_eq!((found.rows(), found.weight()), (n, n as f64));
            assert!(!found.is_point_mass() && !found.is_uniform());
        }
    }
}

#[test]
fn sampled_concentrations_are_recovered() {
    for way in ways() {
        for (p, kappa, n) in
            [(2, 0.3, 4000), (2, 50.0, 2000), (3, 5.0, 2000), (50, 100.0, 500), (2048, 1500.0, 100)]
        {
            let found = fit(&way, &around(p, kappa).sample(n, 11).expect("samples"), p);
            let kappa_found = found.distribution().concentration();
            // Var κ̂ = 1/(n A'(κ)); five standard deviations, and the bias of order p/n.
            let step = kappa * 1e-3;
            let slope = (mean_resultant_length(p, kappa + step).expect("in range").0
                - mean_resultant_length(p, kappa - step).expect("in range").0)
                / (2.0 * step);
            let spread = (n as f64 * slope).sqrt().recip();
            // R̄² is too large by (1 − A²)/n on average, which the dimension makes felt.
            let a = around(p, kappa).mean_resultant_length();
            let bias = (1.0 - a * a) / (2.0 * a * n as f64) / slope;
            assert_close(way.name, kappa_found, kappa + bias, 5.0 * spread + 0.3 * bias);
            let cosine = found.distribution().mean()[0];
            assert!(1.0 - cosine < 10.0 * p as f64 / (n as f64 * kappa * a), "{cosine}");
        }
    }
}

#[test]
fn weighted_fits_and_many_clusters_in_one_call() {
    for way in ways() {
        let double = way.precision == Precision::Double;
        for (n, p, clusters) in [(90, 3, 3), (400, 33, 5), (300, 784, 9), (40, 2, 40)] {
            let mut random = Random::new(p as u64);
            let labels: Vec<u32> = (0..n).map(|_| random.below(clusters) as u32).collect();
            let values: Vec<f64> = labels
                .iter()
                .enumerate()
                .flat_map(|(i, label)| {
                    let mean = axis(p, *label as usize % p);
                    let f = VonMisesFisher::new(&mean, 20.0 * p as f64).expect("well-formed");
                    f.sample(1, i as u64).expect("samples")
                })
                .collect();
            let weights: Vec<f64> =
                (0..n * clusters).map(|_| (random.uniform() - 0.3).max(0.0) * 7.0).collect();
            let rows = rows(&way.context, &values, p);

            let fits =
                VonMisesFisher::fit_clusters_blocking(&rows, &weights, clusters, way.precision)
                    .expect("well-formed weights");
            assert_eq!(fits.len(), clusters);
            for (k, found) in fits.iter().enumerate() {
                let column: Vec<f64> = weights.iter().skip(k).step_by(clusters).copied().collect();
                judge(&way, found.as_ref(), &values, &column, p, double);
            }
            let fits = VonMisesFisher::fit_labels_blocking(&rows, &labels, clusters, way.precision)
                .expect("well-formed labels");
            for (k, found) in fits.iter().enumerate() {
                let column: Vec<f64> =
                    labels.iter().map(|l| f64::from(u8::from(*l as usize == k))).collect();
                judge(&way, found.as_ref(), &values, &column, p, double);
            }
        }
    }
}

fn judge(
    way: &Way,
    found: Option<&VonMisesFisherFit>,
    values: &[f64],
    weights: &[f64],
    p: usize,
    double: bool,
) {
    let rows = weights.iter().filter(|w| **w > 0.0).count();
    if rows == 0 {
        return assert!(found.is_none(), "{}: a fit to nothing", way.name);
    }
    let found = found.expect("a fit");
    assert_eq!(found.rows(), rows);
    assert_close(way.name, found.weight(), weights.iter().sum(), 1e-12 * found.weight());
    if rows == 1 {
        return assert!(found.is_point_mass(), "{}: {found:?}", way.name);
    }
    let (_, kappa, log_likelihood) = exact_fit(values, weights, p);
    let relative = if double { 1e-9 } else { 2e-5 };
    assert_close(way.name, found.distribution().concentration(), kappa, relative * kappa);
    let size = log_likelihood.abs().max(found.weight());
    assert_close(way.name, found.log_likelihood(), log_likelihood, relative * size);
}

#[test]
fn rows_of_any_size_and_tensors_of_any_width() {
    for way in ways() {
        for p in [2usize, 3, 4, 5, 7, 16, 33] {
            let n = 37;
            let values = around(p, 8.0).sample(n, 5).expect("samples");
            let plain = fit(&way, &values, p);
            for scale in [1e-30, 1e-12, 1e30] {
                let scaled: Vec<f32> = values.iter().map(|x| (x * scale) as f32).collect();
                let tensor = common::block_on(Tensor::from_slice(&way.context, &scaled, &[n, p]))
                    .expect("a tensor");
                let rows = Directions::from_tensor_blocking(&tensor).expect("rows");
                let found = VonMisesFisher::fit_blocking(&rows, way.precision).expect("a fit");
                let (a, b) = (found.mean_resultant_length(), plain.mean_resultant_length());
                assert_close(&format!("{} p {p} scale {scale:e}", way.name), a, b, 3e-7);
                let density = plain.distribution();
                let densities = density.log_density_blocking(&rows, way.precision).expect("logs");
                for (row, found) in values.chunks_exact(p).zip(densities) {
                    let exact = density.log_density_at(row).expect("a direction");
                    assert_close(way.name, found, exact, 2e-6 * (1.0 + exact.abs()));
                }
            }
            let huge: Vec<f64> = values.iter().map(|x| x * 1e300).collect();
            let tiny: Vec<f64> = values.iter().map(|x| x * 1e-300).collect();
            for values in [huge, tiny] {
                let found = fit(&way, &values, p);
                assert_close(way.name, found.complement(), plain.complement(), 1e-6);
            }
        }
    }
}

#[test]
fn the_ends_are_said_as_such() {
    for way in ways() {
        // All rows of one direction, and one row alone.
        for (values, p) in [
            ([1.0, 2.0, 3.0].repeat(7), 3),
            (vec![0.1, 0.7, 2.0, 14.0], 2),
            (vec![0.3, -0.2, 0.9], 3),
            (vec![1.0 / 3.0; 300 * 50], 50),
        ] {
            let found = fit(&way, &values, p);
            assert!(found.is_point_mass(), "{}: {found:?}", way.name);
            assert_eq!(found.distribution().concentration(), f64::INFINITY);
            assert_eq!(found.mean_resultant_length(), 1.0);
            assert_eq!(found.distribution().entropy(), f64::NEG_INFINITY);
        }
        // Rows that cancel.
        for p in [2, 3, 784] {
            let mut values = around(p, 1.0).sample(20, 3).expect("samples");
            values.extend(values.clone().iter().map(|x| -x));
            let found = fit(&way, &values, p);
            assert!(found.is_uniform(), "{}: {found:?}", way.name);
            assert_eq!(found.distribution().concentration(), 0.0);
            let exact = 40.0 * around(p, 0.0).log_normalizer();
            assert_close(way.name, found.log_likelihood(), exact, 1e-12 * exact.abs());
        }
    }
}

#[test]
fn densities_agree_with_the_host() {
    for way in ways() {
        for (p, kappa) in [(2, 1e7), (3, 1.0), (50, 0.0), (784, 500.0), (785, 1e6), (2048, 1e4)] {
            let f = around(p, kappa);
            let values = f.sample(70, 1).expect("samples");
            let found = f
                .log_density_blocking(&rows(&way.context, &values, p), way.precision)
                .expect("a density");
            for (row, found) in values.chunks_exact(p).zip(found) {
                let exact = f.log_density_at(row).expect("a direction");
                let part = (f.log_peak() - exact).abs() + 1e-3;
                let bound = if way.precision == Precision::Double { 1e-11 } else { 1e-6 };
                let host = 1e-15 * f.log_peak().abs();
                assert_close(way.name, found, exact, bound * part * (p as f64).sqrt() + host);
            }
        }
    }
}

// --- samples ----------------------------------------------------------------------

#[test]
fn samples_have_length_one_and_the_mean_they_should_have() {
    for p in [2usize, 3, 4, 50, 2048] {
        for kappa in [0.0, 1e-6, 0.5, 10.0, 1e3, 1e7] {
            let n = if p > 1000 { 200 } else { 4000 };
            let mut random = Random::new(p as u64);
            let mean: Vec<f64> = (0..p).map(|_| random.uniform() - 0.4).collect();
            let f = VonMisesFisher::new(&mean, kappa).expect("well-formed");
            let values = f.sample(n, 42).expect("samples");
            assert_eq!(values.len(), n * p);
            let (length, complement) = mean_resultant_length(p, kappa).expect("in range");
            let away: Vec<f64> = values
                .chunks_exact(p)
                .map(|row| {
                    assert_close("length", dot(row, row), 1.0, 1e-14 * (p as f64).sqrt());
                    0.5 * row.iter().zip(f.mean()).map(|(x, m)| (x - m).powi(2)).sum::<f64>()
                })
                .collect();
            let average = away.iter().sum::<f64>() / n as f64;
            // Var ⟨x, μ⟩ = A'(κ) = 1 − A² − (p − 1) A/κ, here from the sample.
            let variance =
                away.iter().map(|d| (d - average).powi(2)).sum::<f64>() / (n as f64 - 1.0);
            let bound = 5.0 * (variance / n as f64).sqrt();
            assert_close(&format!("p {p} kappa {kappa}"), average, complement, bound);
            // Across the mean direction nothing is preferred: sums of n unit vectors.
            let mut sum = vec![0.0; p];
            for row in values.chunks_exact(p) {
                sum.iter_mut().zip(row).for_each(|(s, x)| *s += x / n as f64);
            }
            let along = dot(&sum, f.mean());
            let across = (dot(&sum, &sum) - along * along).max(0.0);
            assert!(across < 12.0 * (1.0 - length * length).max(1e-300) / n as f64 + 1e-26);
        }
    }
}

#[test]
fn the_circle_is_sampled_with_its_distribution_function() {
    // Kolmogorov-Smirnov against the density, integrated numerically.
    for kappa in [0.0, 0.7, 6.0, 1e4] {
        let n = 20_000;
        let f = around(2, kappa);
        let mut angles: Vec<f64> =
            f.sample(n, 9).expect("samples").chunks_exact(2).map(|x| x[1].atan2(x[0])).collect();
        angles.sort_by(f64::total_cmp);
        let width = (20.0 / kappa.max(1e-9).sqrt()).min(PI);
        let steps = 200_000;
        let (mut place, mut integral, mut worst) = (0, 0.0, 0.0f64);
        for k in 0..steps {
            let h = 2.0 * width / f64::from(steps);
            let angle = -width + (f64::from(k) + 0.5) * h;
            let half: f64 = (0.5 * angle).sin();
            integral += h * (f.log_peak() - 2.0 * kappa * half * half).exp();
            while place < n && angles[place] < angle + 0.5 * h {
                place += 1;
            }
            worst = worst.max((place as f64 / n as f64 - integral).abs());
        }
        assert!(worst < 1.95 / (n as f64).sqrt(), "kappa {kappa}: {worst}");
    }
}

#[test]
fn samples_repeat_and_do_not_depend_on_their_number() {
    let f = around(5, 3.0);
    let few = f.sample(3, 1).expect("samples");
    assert_eq!(few, f.sample(100, 1).expect("samples")[..15]);
    assert_ne!(few, f.sample(3, 2).expect("samples"));
    // The same on every machine: a fingerprint.
    let bits =
        f.sample(64, 7).expect("samples").iter().fold(0u64, |h, x| h.rotate_left(5) ^ x.to_bits());
    println!("{bits:#x}");
    assert_eq!(bits, FINGERPRINT);
    let point =
        VonMisesFisher::fit_blocking(&rows(&Context::cpu(), &[0.6, 0.8], 2), Precision::Double)
            .expect("a fit");
    assert_eq!(point.distribution().sample(2, 0).expect("samples"), [0.6, 0.8, 0.6, 0.8]);
}

const FINGERPRINT: u64 = 0x292be8f0d0ee98c4;
