//! Mixtures of von Mises-Fisher distributions, and bad input to all of the room, on the CPU
//! twin and on the adapter under test.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::directions::{around, axis, dot, rows};
use common::{Random, assert_close, context, ways};
use kantor::vmf::{
    Assignment, Concentrations, concentration, concentration_from_complement, mean_resultant_length,
};
use kantor::{
    Context, Directions, Error, Precision, Tensor, VonMisesFisher, VonMisesFisherMixture,
};

// --- mixtures ----------------------------------------------------------------------

/// Rows around `clusters` far directions, and which each belongs to.
fn planted(
    p: usize,
    clusters: usize,
    each: usize,
    kappa: f64,
    seed: u64,
) -> (Vec<f64>, Vec<usize>) {
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for k in 0..clusters {
        let f = VonMisesFisher::new(&axis(p, k), kappa).expect("well-formed");
        values.extend(f.sample(each * (k + 1), seed * 100 + k as u64).expect("samples"));
        labels.extend(std::iter::repeat_n(k, each * (k + 1)));
    }
    (values, labels)
}

#[test]
fn mixtures_find_planted_clusters() {
    for way in ways() {
        for (p, clusters, each, kappa) in [(3, 3, 40, 200.0), (20, 5, 30, 150.0), (784, 4, 12, 3e3)]
        {
            for assignment in [Assignment::Soft, Assignment::Hard] {
                let (values, labels) = planted(p, clusters, each, kappa, 1);
                let rows = rows(&way.context, &values, p);
                let fit = VonMisesFisherMixture::new(clusters)
                    .assignment(assignment)
                    .precision(way.precision)
                    .seed(3)
                    .fit_blocking(&rows)
                    .expect("a mixture");
                let what = format!("{} p {p} {assignment:?}", way.name);
                assert!(fit.converged(), "{what}: {fit:?}");
                assert!(fit.capped().iter().all(|c| !c));
                let found = fit.labels_blocking(&rows).expect("labels");
                // Every cluster is one component.
                let mut of = vec![None; clusters];
                for (label, found) in labels.iter().zip(&found) {
                    let component = *of[*label].get_or_insert(*found);
                    assert_eq!(component, *found, "{what}: a cluster was split");
                }
                for (k, component) in of.iter().enumerate() {
                    let c = component.expect("no cluster is empty") as usize;
                    let share = (each * (k + 1)) as f64 / labels.len() as f64;
                    assert_close(&what, fit.weights()[c], share, 1e-3);
                    assert!(fit.components()[c].mean()[k] > 0.95, "{what}");
                }
                let shares = fit.responsibilities_blocking(&rows).expect("shares");
                for row in shares.chunks_exact(clusters) {
                    assert_close(&what, row.iter().sum(), 1.0, 1e-6);
                }
                monotone(&what, fit.log_likelihoods(), labels.len(), way.precision);
            }
        }
    }
}

/// Never falls by more than rounding, nats a row.
fn monotone(what: &str, log_likelihoods: &[f64], rows: usize, precision: Precision) {
    let slack = if precision == Precision::Double { 1e-10 } else { 1e-5 };
    for pair in log_likelihoods.windows(2) {
        assert!(pair[1] >= pair[0] - slack * rows as f64, "{what}: {log_likelihoods:?}");
    }
}

#[test]
fn likelihoods_rise_where_clusters_overlap_and_agree_with_the_twin() {
    let (values, _) = planted(8, 4, 60, 12.0, 4);
    let mixture = |precision| {
        VonMisesFisherMixture::new(6).precision(precision).tolerance(0.0).max_iterations(25).seed(1)
    };
    let twin = mixture(Precision::Double)
        .fit_blocking(&rows(&Context::cpu(), &values, 8))
        .expect("a mixture");
    for way in ways() {
        let fit = mixture(way.precision)
            .fit_blocking(&rows(&way.context, &values, 8))
            .expect("a mixture");
        monotone(way.name, fit.log_likelihoods(), 600, way.precision);
        assert!(!fit.converged() || fit.iterations() < 25);
        let bound = if way.precision == Precision::Double { 1e-9 } else { 1e-4 };
        for (found, exact) in fit.log_likelihoods().iter().zip(twin.log_likelihoods()) {
            assert_close(way.name, *found, *exact, bound * exact.abs());
        }
    }
}

#[test]
fn the_iteration_limit_is_not_convergence() {
    let (values, _) = planted(8, 4, 60, 12.0, 4);
    let rows = rows(context(), &values, 8);
    let fit = VonMisesFisherMixture::new(5).max_iterations(2).fit_blocking(&rows).expect("a fit");
    assert!(!fit.converged());
    assert_eq!((fit.iterations(), fit.log_likelihoods().len()), (2, 3));
}

#[test]
fn collapsed_and_empty_components_are_said_as_such() {
    for way in ways() {
        // Two directions, many times each: components collapse onto them.
        let mut values = [1.0, 0.0, 0.0].repeat(20);
        values.extend([0.0, 1.0, 0.0].repeat(30));
        let rows = rows(&way.context, &values, 3);
        for assignment in [Assignment::Soft, Assignment::Hard] {
            let fit = VonMisesFisherMixture::new(2)
                .assignment(assignment)
                .max_concentration(1e4)
                .precision(way.precision)
                .fit_blocking(&rows)
                .expect("a mixture");
            assert!(fit.converged() && fit.capped() == [true, true], "{}: {fit:?}", way.name);
            assert!(fit.components().iter().all(|f| f.concentration() == 1e4));
            assert!(fit.log_likelihood().is_finite());
        }
        // More components than directions: one stays without rows, or shares them.
        let fit = VonMisesFisherMixture::new(4)
            .assignment(Assignment::Hard)
            .precision(way.precision)
            .fit_blocking(&rows)
            .expect("a mixture");
        assert_close(way.name, fit.weights().iter().sum(), 1.0, 1e-12);
        assert!(fit.weights().contains(&0.0), "{:?}", fit.weights());
        assert!(fit.log_likelihood().is_finite());
    }
}

#[test]
fn spherical_k_means_is_a_special_case() {
    for way in ways() {
        let (values, labels) = planted(10, 3, 30, 80.0, 2);
        let rows = rows(&way.context, &values, 10);
        let fit = VonMisesFisherMixture::spherical_k_means(3)
            .precision(way.precision)
            .seed(2)
            .fit_blocking(&rows)
            .expect("a mixture");
        assert!(fit.converged());
        assert!(fit.components().iter().all(|f| f.concentration() == 1.0));
        // The objective is Σ cos: ln(1/3) + ln C + cos for every row.
        let found = fit.labels_blocking(&rows).expect("labels");
        let cosines: f64 = values
            .chunks_exact(10)
            .zip(&found)
            .map(|(row, k)| dot(row, fit.components()[*k as usize].mean()))
            .sum();
        let constant = (1.0f64 / 3.0).ln() + around(10, 1.0).log_normalizer();
        let exact = labels.len() as f64 * constant + cosines;
        assert_close(way.name, fit.log_likelihood(), exact, 1e-5 * exact.abs());
    }
}

#[test]
fn calls_can_be_spawned() {
    fn sendable<T: Send>(_: &T) {}
    let rows = rows(context(), &[1.0, 0.0, 0.0, 1.0], 2);
    sendable(&VonMisesFisher::fit(&rows, Precision::Single));
    sendable(&VonMisesFisher::fit_weighted(&rows, &[1.0, 1.0], Precision::Single));
    sendable(&VonMisesFisher::fit_labels(&rows, &[0, 1], 2, Precision::Single));
    sendable(&around(2, 1.0).log_density(&rows, Precision::Single));
    sendable(&VonMisesFisherMixture::new(1).fit(&rows));
}

// --- bad input -----------------------------------------------------------------------

#[track_caller]
fn refused<T: std::fmt::Debug>(
    result: kantor::Result<T>,
    argument: &str,
    row: Option<usize>,
    index: Option<usize>,
) {
    match result {
        Err(Error::InvalidInput { argument: a, row: r, index: i, reason }) => {
            assert_eq!((a, r, i), (argument, row, index), "{reason}");
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn bad_input_is_named_with_row_and_index() {
    for way in ways() {
        let (context, precision) = (&way.context, way.precision);
        let new = |values: &[f64], p| Directions::new_blocking(context, values, p);
        refused(new(&[1.0], 1), "dimension", None, None);
        refused(new(&[1.0; 4], 0), "dimension", None, None);
        refused(new(&[1.0; 100_001], 100_001), "dimension", None, None);
        refused(new(&[], 3), "values", None, None);
        refused(new(&[1.0; 7], 3), "values", None, None);
        refused(new(&[1.0, 2.0, f64::NAN, 1.0], 2), "values", Some(1), Some(0));
        refused(new(&[1.0, 2.0, 3.0, f64::INFINITY], 2), "values", Some(1), Some(1));
        refused(new(&[1.0, 2.0, 0.0, 0.0, 1.0, 1.0], 2), "values", Some(1), None);
        assert!(new(&vec![1.0; 100_000], 100_000).is_ok());

        // The same in a tensor is found when the rows are used.
        let argument = "directions";
        for (bad, index) in [(f32::NAN, Some(2)), (f32::NEG_INFINITY, Some(2)), (0.0, None)] {
            for p in [3usize, 8, 100, 9000] {
                let n = 40;
                let mut values = vec![1.0f32; n * p];
                let row = 17;
                if bad == 0.0 {
                    values[row * p..(row + 1) * p].fill(0.0);
                } else {
                    values[row * p + 2] = bad;
                }
                let tensor = common::block_on(Tensor::from_slice(context, &values, &[n, p]));
                let rows = Directions::from_tensor_blocking(&tensor.expect("a tensor"));
                let rows = rows.expect("rows that nobody has looked at");
                let fit = VonMisesFisher::fit_blocking(&rows, precision);
                refused(fit, argument, Some(row), index);
                let fit = VonMisesFisher::fit_weighted_blocking(&rows, &vec![1.0; n], precision);
                refused(fit, argument, Some(row), index);
                let fit = VonMisesFisherMixture::new(2).precision(precision).fit_blocking(&rows);
                refused(fit, argument, Some(row), index);
                let logs = around(p, 1.0).log_density_blocking(&rows, precision);
                refused(logs, argument, Some(row), index);
            }
        }
        let tensor = common::block_on(Tensor::from_slice(context, &[1.0; 8], &[2, 2, 2]));
        refused(Directions::from_tensor_blocking(&tensor.expect("ok")), "tensor", None, None);

        let two = rows(context, &[1.0, 0.0, 0.0, 1.0, 0.5, 0.5], 2);
        let weighted = |w: &[f64]| VonMisesFisher::fit_weighted_blocking(&two, w, precision);
        refused(weighted(&[1.0, 2.0]), "weights", None, None);
        refused(weighted(&[1.0, -2.0, 1.0]), "weights", Some(1), Some(0));
        refused(weighted(&[1.0, 2.0, f64::NAN]), "weights", Some(2), Some(0));
        refused(weighted(&[0.0; 3]), "weights", None, None);
        let many = |w: &[f64], k| VonMisesFisher::fit_clusters_blocking(&two, w, k, precision);
        refused(many(&[], 0), "clusters", None, None);
        refused(many(&[1.0, 1.0, 1.0, f64::INFINITY, 1.0, 1.0], 2), "weights", Some(1), Some(1));
        let labelled = |l: &[u32], k| VonMisesFisher::fit_labels_blocking(&two, l, k, precision);
        refused(labelled(&[0, 1], 2), "labels", None, None);
        refused(labelled(&[0, 1, 2], 2), "labels", Some(2), None);
        refused(labelled(&[0, 0, 0], 0), "clusters", None, None);

        let mixture = |k| VonMisesFisherMixture::new(k).precision(precision);
        refused(mixture(0).fit_blocking(&two), "components", None, None);
        refused(mixture(4).fit_blocking(&two), "components", None, None);
        refused(mixture(1).max_iterations(0).fit_blocking(&two), "max_iterations", None, None);
        refused(mixture(1).tolerance(-1.0).fit_blocking(&two), "tolerance", None, None);
        refused(mixture(1).tolerance(f64::NAN).fit_blocking(&two), "tolerance", None, None);
        let capped = mixture(1).max_concentration(0.0);
        refused(capped.fit_blocking(&two), "max_concentration", None, None);
        let fixed = mixture(1).concentrations(Concentrations::Fixed(f64::NAN));
        refused(fixed.fit_blocking(&two), "concentrations", None, None);
        let fit = mixture(1).fit_blocking(&two).expect("a mixture");
        let wide = rows(context, &[1.0, 0.0, 0.0], 3);
        refused(fit.labels_blocking(&wide), "directions", None, None);
        refused(around(2, 1.0).log_density_blocking(&wide, precision), "directions", None, None);
    }
    refused(VonMisesFisher::new(&[1.0], 1.0), "dimension", None, None);
    refused(VonMisesFisher::new(&[1.0, f64::NAN], 1.0), "mean", None, Some(1));
    refused(VonMisesFisher::new(&[0.0, 0.0], 1.0), "mean", None, None);
    refused(VonMisesFisher::new(&[1.0, 0.0], -1.0), "concentration", None, None);
    refused(VonMisesFisher::new(&[1.0, 0.0], f64::NAN), "concentration", None, None);
    refused(VonMisesFisher::new(&[1.0, 0.0], f64::INFINITY), "concentration", None, None);
    refused(around(2, 1.0).kl_divergence(&around(3, 1.0)), "other", None, None);
    refused(around(2, 1.0).log_density_at(&[1.0]), "direction", None, None);
    refused(around(2, 1.0).log_density_at(&[1.0, f64::NAN]), "direction", None, Some(1));
    refused(concentration(2, 1.5), "length", None, None);
    refused(concentration_from_complement(2, -0.1), "complement", None, None);
    refused(mean_resultant_length(2, -1.0), "concentration", None, None);
}

#[test]
fn a_thousand_malformed_calls_end_in_errors_or_numbers() {
    let mut random = Random::new(8);
    let odd = [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e308, 5e-324, 1.0, 2.0, -0.0, 1e-40];
    let mut refused = 0;
    for call in 0..1000 {
        let context = if call % 10 == 0 { context().clone() } else { Context::cpu() };
        let p = random.pick(&[0, 1, 2, 3, 5, 8]);
        let n = random.below(6);
        let extra = usize::from(random.uniform() < 0.1);
        let mut number = |wild: f64| {
            if random.uniform() < wild { random.pick(&odd) } else { random.uniform() - 0.5 }
        };
        let values: Vec<f64> = (0..n * p + extra).map(|_| number(0.05)).collect();
        let weights: Vec<f64> = (0..n * 2).map(|_| number(0.1).abs()).collect();
        let kappa = number(0.3);
        let mean: Vec<f64> = (0..p).map(|_| number(0.1)).collect();
        let outcome = (|| -> kantor::Result<()> {
            let rows = Directions::new_blocking(&context, &values, p)?;
            let fit = VonMisesFisher::fit_blocking(&rows, Precision::Single)?;
            assert!(fit.distribution().concentration() >= 0.0);
            for fit in VonMisesFisher::fit_clusters_blocking(&rows, &weights, 2, Precision::Single)?
            {
                assert!(fit.is_none_or(|fit| fit.distribution().concentration() >= 0.0));
            }
            let mixture = VonMisesFisherMixture::new(call % 4).max_iterations(5);
            assert!(mixture.fit_blocking(&rows)?.log_likelihood().is_finite());
            let f = VonMisesFisher::new(&mean, kappa)?;
            assert!(f.sample(2, call as u64).expect("samples").iter().all(|x| x.is_finite()));
            assert!(!f.kl_divergence(fit.distribution())?.is_nan());
            f.log_density_blocking(&rows, Precision::Single)?;
            Ok(())
        })();
        refused += usize::from(outcome.is_err());
    }
    println!("{refused} of 1000 calls refused");
    assert!(refused > 500);
}
