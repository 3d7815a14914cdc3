use crate::table::{Case, case, check};
use kantor::vmf::{
    Concentrations, concentration, concentration_from_complement, mean_resultant_length,
};
use kantor::{
    Context, Directions, Precision, Result, VonMisesFisher, VonMisesFisherFit,
    VonMisesFisherMixture,
};

fn rows(c: &Context, values: &[f64]) -> Result<Directions> {
    Directions::new_blocking(c, values, 2)
}

fn fit(c: &Context, p: Precision, values: &[f64]) -> Result<VonMisesFisherFit> {
    VonMisesFisher::fit_blocking(&rows(c, values)?, p)
}

const EQUAL: [f64; 6] = [0.6, 0.8, 3.0, 4.0, 0.6, 0.8];
const OPPOSITE: [f64; 4] = [0.6, 0.8, -1.2, -1.6];
const THREE: [f64; 6] = [1.0, 0.0, 0.0, 1.0, 0.6, 0.8];

/// A point mass, which only a fit gives.
fn point(c: &Context, p: Precision) -> Result<VonMisesFisher> {
    Ok(fit(c, p, &EQUAL)?.distribution().clone())
}

fn kappa(c: &Context, p: Precision, values: &[f64]) -> Result<f64> {
    Ok(fit(c, p, values)?.distribution().concentration())
}

fn new(mean: &[f64], concentration: f64) -> Result<VonMisesFisher> {
    VonMisesFisher::new(mean, concentration)
}

fn density(c: &Context, p: Precision, f: &VonMisesFisher, row: &[f64]) -> Result<f64> {
    let rows = Directions::new_blocking(c, row, row.len())?;
    Ok(f.log_density_blocking(&rows, p)?[0])
}

fn weighted(c: &Context, p: Precision, weights: [f64; 3]) -> Result<f64> {
    Ok(VonMisesFisher::fit_weighted_blocking(&rows(c, &THREE)?, &weights, p)?.rows() as f64)
}

fn labelled(c: &Context, p: Precision, labels: [u32; 3], clusters: usize) -> Result<f64> {
    let fits = VonMisesFisher::fit_labels_blocking(&rows(c, &THREE)?, &labels, clusters, p)?;
    Ok(fits.iter().flatten().count() as f64)
}

fn mixture(
    c: &Context,
    p: Precision,
    components: usize,
    change: impl Fn(VonMisesFisherMixture) -> VonMisesFisherMixture,
) -> Result<f64> {
    let mixture = change(VonMisesFisherMixture::new(components).precision(p));
    Ok(mixture.fit_blocking(&rows(c, &EQUAL)?)?.components()[0].concentration())
}

fn concentrations() -> Vec<Case> {
    let from_length = "concentration";
    let from_complement = "concentration_from_complement";
    let length = "mean_resultant_length";
    vec![
        case(from_length, "R̄ = 0", |_, _| concentration(3, 0.0)),
        case(from_length, "R̄ = 1", |_, _| concentration(3, 1.0)),
        case(from_length, "R̄ above 1", |_, _| concentration(3, 1.0 + f64::EPSILON)),
        case(from_length, "R̄ that is NaN", |_, _| concentration(3, f64::NAN)),
        case(from_length, "one dimension", |_, _| concentration(1, 0.5)),
        case(from_length, "100,001 dimensions", |_, _| concentration(100_001, 0.5)),
        case(from_length, "two dimensions, R̄ = ½", |_, _| concentration(2, 0.5)),
        case(from_length, "100,000 dimensions, R̄ = ½", |_, _| concentration(100_000, 0.5)),
        case(from_complement, "0", |_, _| concentration_from_complement(3, 0.0)),
        case(from_complement, "1", |_, _| concentration_from_complement(3, 1.0)),
        case(from_complement, "1e-300, three dimensions", |_, _| {
            concentration_from_complement(3, 1e-300)
        }),
        case(from_complement, "1e-309, three dimensions: κ above the largest f64", |_, _| {
            concentration_from_complement(3, 1e-309)
        }),
        case(length, "κ = 0", |_, _| Ok(mean_resultant_length(3, 0.0)?.0)),
        case(length, "κ = ∞", |_, _| Ok(mean_resultant_length(3, f64::INFINITY)?.0)),
        case(length, "1 − R̄ at κ = 1e300, three dimensions", |_, _| {
            Ok(mean_resultant_length(3, 1e300)?.1)
        }),
        case(length, "κ below 0", |_, _| Ok(mean_resultant_length(3, -1.0)?.0)),
        case(length, "κ that is NaN", |_, _| Ok(mean_resultant_length(3, f64::NAN)?.0)),
    ]
}

fn distributions() -> Vec<Case> {
    let made = "VonMisesFisher::new";
    let normalizer = "VonMisesFisher::log_normalizer";
    let divergence = "VonMisesFisher::kl_divergence";
    let at = "VonMisesFisher::log_density_at";
    let densities = "VonMisesFisher::log_density";
    let sample = "VonMisesFisher::sample";
    vec![
        case(made, "a mean of zeros", |_, _| Ok(new(&[0.0, 0.0], 1.0)?.concentration())),
        case(made, "a mean with ∞", |_, _| Ok(new(&[1.0, f64::INFINITY], 1.0)?.concentration())),
        case(made, "a mean of one component", |_, _| Ok(new(&[1.0], 1.0)?.concentration())),
        case(made, "a subnormal mean: its length", |_, _| Ok(new(&[5e-324, 0.0], 1.0)?.mean()[0])),
        case(made, "κ = 1e30", |_, _| Ok(new(&[1.0, 0.0], 1e30)?.concentration())),
        case(made, "κ above 1e30", |_, _| Ok(new(&[1.0, 0.0], 1.1e30)?.concentration())),
        case(made, "κ = ∞", |_, _| Ok(new(&[1.0, 0.0], f64::INFINITY)?.concentration())),
        case(normalizer, "κ = 0, three dimensions: −ln 4π", |_, _| {
            Ok(new(&[1.0, 0.0, 0.0], 0.0)?.log_normalizer())
        }),
        case(normalizer, "a point mass", |c, p| Ok(point(c, p)?.log_normalizer())),
        case("VonMisesFisher::log_peak", "a point mass", |c, p| Ok(point(c, p)?.log_peak())),
        case("VonMisesFisher::entropy", "a point mass", |c, p| Ok(point(c, p)?.entropy())),
        case(divergence, "a point mass against itself", |c, p| {
            point(c, p)?.kl_divergence(&point(c, p)?)
        }),
        case(divergence, "a point mass against another", |c, p| {
            point(c, p)?.kl_divergence(&new(&[0.6, 0.8], 5.0)?)
        }),
        case(divergence, "another number of dimensions", |_, _| {
            new(&[1.0, 0.0], 1.0)?.kl_divergence(&new(&[1.0, 0.0, 0.0], 1.0)?)
        }),
        case(at, "a point mass at its mean", |c, p| {
            let point = point(c, p)?;
            point.log_density_at(point.mean())
        }),
        case(at, "a point mass elsewhere", |c, p| point(c, p)?.log_density_at(&[1.0, 0.0])),
        case(densities, "κ = 0, three dimensions: −ln 4π", |c, p| {
            density(c, p, &new(&[1.0, 0.0, 0.0], 0.0)?, &[0.0, 3.0, 4.0])
        }),
        case(densities, "a point mass", |c, p| density(c, p, &point(c, p)?, &[1.0, 0.0])),
        case(densities, "another number of dimensions", |c, p| {
            density(c, p, &new(&[1.0, 0.0], 1.0)?, &[1.0, 0.0, 0.0])
        }),
        case(sample, "a point mass: its mean", |c, p| {
            let point = point(c, p)?;
            Ok(f64::from(u8::from(point.sample(1, 7)? == point.mean())))
        }),
        case(
            sample,
            "none: how many",
            |_, _| Ok(new(&[1.0, 0.0], 1.0)?.sample(0, 7)?.len() as f64),
        ),
    ]
}

fn directions_and_fits() -> Vec<Case> {
    let (made, of_fit) = ("Directions::new", "VonMisesFisher::fit");
    vec![
        case(made, "no rows", |c, _| Ok(rows(c, &[])?.len() as f64)),
        case(made, "a row that is incomplete", |c, _| Ok(rows(c, &[1.0; 3])?.len() as f64)),
        case(made, "a row of zeros", |c, _| Ok(rows(c, &[1.0, 0.0, 0.0, 0.0])?.len() as f64)),
        case(made, "a component that is NaN", |c, _| Ok(rows(c, &[1.0, f64::NAN])?.len() as f64)),
        case(made, "one dimension", |c, _| {
            Ok(Directions::new_blocking(c, &[1.0, 2.0], 1)?.len() as f64)
        }),
        case(of_fit, "one row: κ", |c, p| kappa(c, p, &[0.6, 0.8])),
        case(of_fit, "equal rows: κ", |c, p| kappa(c, p, &EQUAL)),
        case(of_fit, "equal rows: the log-likelihood", |c, p| {
            Ok(fit(c, p, &EQUAL)?.log_likelihood())
        }),
        case(of_fit, "equal directions of lengths 5e-324 and 2^1000: R̄", |c, p| {
            Ok(fit(c, p, &[5e-324, 0.0, 1000f64.exp2(), 0.0])?.mean_resultant_length())
        }),
        case(of_fit, "two opposite rows: κ", |c, p| kappa(c, p, &OPPOSITE)),
        case(of_fit, "two opposite rows: R̄", |c, p| {
            Ok(fit(c, p, &OPPOSITE)?.mean_resultant_length())
        }),
        case(of_fit, "rows (1, 0) and (0, 1): R̄", |c, p| {
            Ok(fit(c, p, &[1.0, 0.0, 0.0, 1.0])?.mean_resultant_length())
        }),
    ]
}

fn weights_and_labels() -> Vec<Case> {
    let by_weight = "VonMisesFisher::fit_weighted";
    let by_label = "VonMisesFisher::fit_labels";
    vec![
        case(by_weight, "all weights zero", |c, p| weighted(c, p, [0.0; 3])),
        case(by_weight, "a negative weight", |c, p| weighted(c, p, [1.0, -1.0, 1.0])),
        case(by_weight, "a sum above 1e300", |c, p| weighted(c, p, [1e300; 3])),
        case(by_weight, "subnormal weights, one of them zero: rows that count", |c, p| {
            weighted(c, p, [5e-324, 0.0, 1e-320])
        }),
        case("VonMisesFisher::fit_clusters", "a column of zeros: fits", |c, p| {
            let weights = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0];
            let fits = VonMisesFisher::fit_clusters_blocking(&rows(c, &THREE)?, &weights, 2, p)?;
            Ok(fits.iter().flatten().count() as f64)
        }),
        case(by_label, "no clusters", |c, p| labelled(c, p, [0; 3], 0)),
        case(by_label, "a label that is none", |c, p| labelled(c, p, [0, 1, 2], 2)),
        case(by_label, "a label that no row has: fits", |c, p| labelled(c, p, [1; 3], 5)),
    ]
}

fn mixtures() -> Vec<Case> {
    let of_fit = "VonMisesFisherMixture::fit";
    vec![
        case(of_fit, "no components", |c, p| mixture(c, p, 0, |m| m)),
        case(of_fit, "more components than rows", |c, p| mixture(c, p, 4, |m| m)),
        case(of_fit, "the largest κ 0", |c, p| mixture(c, p, 1, |m| m.max_concentration(0.0))),
        case(of_fit, "a fixed κ that is NaN", |c, p| {
            mixture(c, p, 1, |m| m.concentrations(Concentrations::Fixed(f64::NAN)))
        }),
        case(of_fit, "tolerance NaN", |c, p| mixture(c, p, 1, |m| m.tolerance(f64::NAN))),
        case(of_fit, "no iterations", |c, p| mixture(c, p, 1, |m| m.max_iterations(0))),
        case(of_fit, "equal rows, the largest κ 1e4: κ", |c, p| {
            mixture(c, p, 1, |m| m.max_concentration(1e4))
        }),
        case("VonMisesFisherMixtureFit::responsibilities", "one component", |c, p| {
            let rows = rows(c, &THREE)?;
            let fit = VonMisesFisherMixture::new(1).precision(p).fit_blocking(&rows)?;
            Ok(fit.responsibilities_blocking(&rows)?[2])
        }),
    ]
}

#[test]
fn vmf() {
    let mut cases = concentrations();
    cases.extend(distributions());
    cases.extend(directions_and_fits());
    cases.extend(weights_and_labels());
    cases.extend(mixtures());
    check("vmf", &cases);
}
