//! The length of a row does not matter, nor how lengths are mixed within a batch, nor whether rows are f32 or f64: fits,
//! densities and mixtures are those of the directions, on the twin and on the adapter under test. Rows that f32 does not
//! tell apart are fitted in more.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::directions::{around, axis, dot};
use common::{Random, Way, assert_close, block_on, ways};
use kantor::vmf::{Assignment, Concentrations};
use kantor::{
    Context, Directions, Precision, Tensor, VonMisesFisher, VonMisesFisherFit,
    VonMisesFisherMixture,
};

/// log2 of the lengths of the rows of a batch.
#[derive(Debug, Clone, Copy)]
enum Lengths {
    /// Of one, to rounding.
    Unit,
    Moderate,
    /// From 1e-30 to 1e30.
    Mixed,
    /// One row that is far from the others.
    OneTiny,
    OneHuge,
    /// At the ends of what is moderate for the upload and for squares in f32.
    Ends,
    /// Subnormal f32, rows and parts of rows.
    Subnormal,
    /// Beyond f32: f64 rows alone.
    Wide,
}

use Lengths::*;

const LENGTHS: [Lengths; 8] = [Unit, Moderate, Mixed, OneTiny, OneHuge, Ends, Subnormal, Wide];

impl Lengths {
    fn of(self, row: usize, random: &mut Random) -> f64 {
        let exponent = match self {
            Unit => 0.0,
            Moderate => 8.0 * random.uniform() - 4.0,
            Mixed => 200.0 * random.uniform() - 100.0,
            OneTiny if row == 3 => -95.0,
            OneHuge if row == 3 => 95.0,
            OneTiny | OneHuge => 0.0,
            Ends => random.pick(&[-30.0, -29.0, 29.0, 30.0, -20.0, 50.0, 0.0]),
            Subnormal => random.pick(&[-140.0, -128.0, -126.0, 0.0]),
            Wide => 2000.0 * random.uniform() - 1000.0,
        };
        f64::exp2(exponent)
    }
}

/// Directions around an axis as f64 rows, and the same with lengths.
fn batch(n: usize, p: usize, kappa: f64, lengths: Lengths) -> (Vec<f64>, Vec<f64>) {
    let mut random = Random::new((n * p) as u64);
    let units = around(p, kappa).sample(n, p as u64).expect("samples");
    let mut rows = units.clone();
    for (k, row) in rows.chunks_exact_mut(p).enumerate() {
        let length = lengths.of(k, &mut random);
        row.iter_mut().for_each(|x| *x *= length);
    }
    (units, rows)
}

/// Rows as they can be given: f64, f32 and a tensor of f32, with the directions they have.
fn given(
    way: &Way,
    rows: &[f64],
    p: usize,
    singles: bool,
) -> Vec<(&'static str, Directions, Vec<f64>)> {
    let context = &way.context;
    let mut all =
        vec![("f64", Directions::new_blocking(context, rows, p).expect("rows"), rows.to_vec())];
    if singles {
        let words: Vec<f32> = rows.iter().map(|x| *x as f32).collect();
        let exact: Vec<f64> = words.iter().map(|x| f64::from(*x)).collect();
        let directions = Directions::new_blocking(context, &words, p).expect("rows");
        all.push(("f32", directions, exact.clone()));
        let tensor = block_on(Tensor::from_slice(context, &words, &[rows.len() / p, p]));
        let tensor = Directions::from_tensor_blocking(&tensor.expect("a tensor")).expect("rows");
        all.push(("tensor", tensor, exact));
    }
    all
}

/// Unit vectors in f64.
fn units_of(rows: &[f64], p: usize) -> Vec<f64> {
    rows.chunks_exact(p)
        .flat_map(|row| {
            let most = row.iter().fold(0.0f64, |most, x| most.max(x.abs()));
            let scaled: Vec<f64> = row.iter().map(|x| x / most).collect();
            let length = dot(&scaled, &scaled).sqrt();
            scaled.into_iter().map(move |x| x / length).collect::<Vec<f64>>()
        })
        .collect()
}

fn compare(what: &str, way: &Way, found: &VonMisesFisherFit, exact: &VonMisesFisherFit) {
    let relative = if way.precision == Precision::Double { 1e-9 } else { 3e-5 };
    let (found_kappa, kappa) =
        (found.distribution().concentration(), exact.distribution().concentration());
    assert_close(what, found_kappa, kappa, relative * kappa);
    assert_close(what, found.complement(), exact.complement(), relative * exact.complement());
    let size = exact.log_likelihood().abs().max(exact.weight());
    assert_close(what, found.log_likelihood(), exact.log_likelihood(), relative * size);
    let away: Vec<f64> = found
        .distribution()
        .mean()
        .iter()
        .zip(exact.distribution().mean())
        .map(|(x, y)| x - y)
        .collect();
    assert!(dot(&away, &away).sqrt() <= relative, "{what}: another mean");
    assert_eq!((found.rows(), found.weight()), (exact.rows(), exact.weight()), "{what}");
}

#[test]
fn fits_do_not_see_lengths() {
    let twin = Context::cpu();
    // Rows in whole quads and others; held in registers, summed in tiles, and longer than either holds.
    for (n, p, kappa) in [
        (50, 2, 3.0),
        (50, 3, 2.0),
        (37, 4, 5.0),
        (300, 7, 10.0),
        (40, 64, 60.0),
        (20, 785, 900.0),
        (6, 9000, 9e3),
    ] {
        for lengths in LENGTHS {
            let (_, rows) = batch(n, p, kappa, lengths);
            let mut random = Random::new(n as u64);
            let weights: Vec<f64> = (0..3 * n).map(|_| (random.uniform() - 0.2).max(0.0)).collect();
            let labels: Vec<u32> = (0..n).map(|k| (k % 3) as u32).collect();
            for way in ways() {
                let precision = way.precision;
                for (kind, directions, exact) in given(&way, &rows, p, !matches!(lengths, Wide)) {
                    let units = units_of(&exact, p);
                    let units = Directions::new_blocking(&twin, &units, p).expect("units");
                    let what = format!("{} {kind} n {n} p {p} {lengths:?}", way.name);
                    let fit = VonMisesFisher::fit_blocking;
                    let expected = fit(&units, Precision::Double).expect("a fit");
                    compare(&what, &way, &fit(&directions, precision).expect("a fit"), &expected);
                    let fits = |rows: &Directions, precision| {
                        let weighted =
                            VonMisesFisher::fit_clusters_blocking(rows, &weights, 3, precision);
                        let labelled =
                            VonMisesFisher::fit_labels_blocking(rows, &labels, 3, precision);
                        [weighted.expect("fits"), labelled.expect("fits")].concat()
                    };
                    for (k, (found, exact)) in fits(&directions, precision)
                        .iter()
                        .zip(fits(&units, Precision::Double))
                        .enumerate()
                    {
                        let what = format!("{what} cluster {k}");
                        match (found, exact) {
                            (Some(found), Some(exact)) => compare(&what, &way, found, &exact),
                            (found, exact) => {
                                assert_eq!(found.is_some(), exact.is_some(), "{what}")
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn densities_and_mixtures_do_not_see_lengths() {
    let twin = Context::cpu();
    for (n, p, kappa) in [(30, 2, 3.0), (60, 3, 20.0), (40, 33, 80.0), (20, 784, 900.0)] {
        for lengths in LENGTHS {
            let (_, mut rows) = batch(n, p, kappa, lengths);
            // Half of the rows turned to another axis.
            rows.chunks_exact_mut(p).step_by(2).for_each(|row| row.swap(0, 1));
            for way in ways() {
                let double = way.precision == Precision::Double;
                for (kind, directions, exact) in given(&way, &rows, p, !matches!(lengths, Wide)) {
                    let units = units_of(&exact, p);
                    let units = Directions::new_blocking(&twin, &units, p).expect("units");
                    let what = format!("{} {kind} n {n} p {p} {lengths:?}", way.name);
                    let f = VonMisesFisher::new(&axis(p, 1), kappa).expect("well-formed");
                    let logs = |rows: &Directions, precision| {
                        f.log_density_blocking(rows, precision).expect("densities")
                    };
                    for (found, exact) in
                        logs(&directions, way.precision).iter().zip(logs(&units, Precision::Double))
                    {
                        let bound = if double { 1e-11 } else { 3e-6 };
                        assert_close(&what, *found, exact, bound * (kappa + exact.abs()));
                    }
                    let mixture = |precision| {
                        VonMisesFisherMixture::new(2)
                            .assignment(Assignment::Soft)
                            .concentrations(Concentrations::Free)
                            .max_iterations(3)
                            .tolerance(0.0)
                            .precision(precision)
                    };
                    let found = mixture(way.precision).fit_blocking(&directions).expect("a fit");
                    let exact = mixture(Precision::Double).fit_blocking(&units).expect("a fit");
                    let bound = if double { 1e-9 } else { 2e-4 };
                    for (found, exact) in
                        found.log_likelihoods().iter().zip(exact.log_likelihoods())
                    {
                        assert_close(&what, *found, *exact, bound * exact.abs().max(n as f64));
                    }
                    let shares = found.responsibilities_blocking(&directions).expect("shares");
                    let exact = exact.responsibilities_blocking(&units).expect("shares");
                    for (found, exact) in shares.iter().zip(&exact) {
                        assert_close(&what, *found, *exact, if double { 1e-8 } else { 3e-3 });
                    }
                }
            }
        }
    }
}

/// Angles that differ by `spread`, as f64 rows; κ from 1 − R̄ in f64.
fn tight(p: usize, n: usize, spread: f64) -> Vec<f64> {
    let mut random = Random::new(p as u64);
    let normal = |random: &mut Random| (0..6).map(|_| random.uniform()).sum::<f64>() - 3.0;
    (0..n)
        .flat_map(|_| {
            let mut row: Vec<f64> = (0..p).map(|k| 1.0 + (k % 3) as f64).collect();
            row.iter_mut().for_each(|x| *x += spread * normal(&mut random));
            row
        })
        .collect()
}

#[test]
fn rows_that_f32_does_not_tell_apart_are_not_a_point_mass() {
    for (n, p) in [(12, 2), (30, 3), (20, 64), (9, 300)] {
        for exponent in 1..=11 {
            let rows = tight(p, n, 10f64.powi(-exponent));
            let twin = Directions::new_blocking(&Context::cpu(), &rows, p).expect("rows");
            let exact = VonMisesFisher::fit_blocking(&twin, Precision::Double).expect("a fit");
            assert!(!exact.is_point_mass());
            let labels: Vec<u32> = (0..n).map(|k| u32::from(k > 0)).collect();
            for way in ways() {
                let what = format!("{} n {n} p {p} spread 1e-{exponent}", way.name);
                let directions = Directions::new_blocking(&way.context, &rows, p).expect("rows");
                let found =
                    VonMisesFisher::fit_blocking(&directions, way.precision).expect("a fit");
                let kappa = exact.distribution().concentration();
                let (bound, rounding) =
                    if way.precision == Precision::Double || exact.complement() < 2f64.powi(-20) {
                        (1e-9, 2f64.powi(-46))
                    } else {
                        (3e-5, 2f64.powi(-23))
                    };
                let slack = rounding / exact.complement().sqrt();
                let found_kappa = found.distribution().concentration();
                assert_close(&what, found_kappa, kappa, (bound + slack) * kappa);
                // A cluster of one row beside it is a point mass, and the other is not.
                let fits =
                    VonMisesFisher::fit_labels_blocking(&directions, &labels, 2, way.precision);
                let fits = fits.expect("fits");
                let point = |k: usize| fits[k].as_ref().is_some_and(|f| f.is_point_mass());
                assert!(point(0) && !point(1), "{what}");
                // Densities of such rows, to the rounding of the rows: κ ‖x − μ‖ times that.
                let density = exact.distribution();
                let logs = density.log_density_blocking(&directions, way.precision).expect("logs");
                let certain = density.log_density_blocking(&twin, Precision::Double).expect("logs");
                for (found, exact) in logs.iter().zip(certain) {
                    let away = (2.0 * (density.log_peak() - exact) / kappa).sqrt();
                    let resolved = kappa > 524_288.0 * (p - 1) as f64;
                    let rounding =
                        if way.precision == Precision::Double || resolved { 4e-14 } else { 2.4e-7 };
                    let bound = kappa * rounding * (away + rounding) + 1e-6 * exact.abs();
                    assert_close(&what, *found, exact, bound);
                }
            }
        }
    }
}

#[test]
fn equal_rows_are_a_point_mass_of_any_length() {
    for way in ways() {
        for p in [2usize, 3, 64, 785] {
            let direction: Vec<f64> = (0..p).map(|k| 0.1 + (k % 7) as f64).collect();
            for lengths in [Unit, Moderate] {
                let mut random = Random::new(1);
                // Powers of two, so that the rows are exactly of one direction.
                let rows: Vec<f64> = (0..20)
                    .flat_map(|k| {
                        let length = f64::exp2(lengths.of(k, &mut random).log2().round());
                        direction.iter().map(move |x| x * length).collect::<Vec<f64>>()
                    })
                    .collect();
                let rows = Directions::new_blocking(&way.context, &rows, p).expect("rows");
                let fit = VonMisesFisher::fit_blocking(&rows, way.precision).expect("a fit");
                assert!(fit.is_point_mass(), "{} p {p}: {fit:?}", way.name);
            }
        }
    }
}
