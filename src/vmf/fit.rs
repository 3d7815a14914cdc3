//! Fits by maximum likelihood: one, weighted, many at once.

use super::concentration::solve;
use super::directions::Directions;
use super::distribution::VonMisesFisher;
use super::work::{Weighting, Work};
use super::{MAX_CLUSTERS, MAX_CONCENTRATION};
use crate::aside::aside;
use crate::error::{Error, Result};
use crate::number::{Element, Precision};
use crate::reference::vmf::log_peak;
use crate::reserve::{at_most, filled, product, room_for};
use crate::wait::blocking;

/// A distribution fitted to rows, with what the fit is worth.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct VonMisesFisherFit {
    distribution: VonMisesFisher,
    length: f64,
    complement: f64,
    log_likelihood: f64,
    rows: usize,
    weight: f64,
}

impl VonMisesFisherFit {
    /// The fitted distribution.
    pub fn distribution(&self) -> &VonMisesFisher {
        &self.distribution
    }

    /// The mean resultant length R̄ = ‖Σ w x‖/Σ w.
    pub fn mean_resultant_length(&self) -> f64 {
        self.length
    }

    /// 1 − R̄, with its own relative accuracy where R̄ is close to 1.
    pub fn complement(&self) -> f64 {
        self.complement
    }

    /// Σ w ln f(x) of the fitted density, nats. Infinite for a point mass.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Rows of weight above zero.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The sum of the weights; the number of rows where none were given.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Whether the rows cancel (R̄ = 0 to rounding), so that κ is 0 and no direction is
    /// better than another: the mean is the first axis.
    pub fn is_uniform(&self) -> bool {
        self.distribution.concentration() == 0.0
    }

    /// Whether all rows have one direction (R̄ = 1 to rounding), so that κ is ∞.
    pub fn is_point_mass(&self) -> bool {
        self.distribution.is_point_mass()
    }
}

/// Where 1 − R̄ comes out smaller in single precision, the rounding of rows to f32 costs
/// more than 1e-4 of it, in the end all: the fit is done again in more.
const UNRESOLVED: f64 = 1.0 / (1 << 20) as f64;

/// From here on 1 − R̄ is taken from distances instead of from R̄.
const CLOSE: f64 = 0.75;

/// What rounding makes of R̄ = 0 and of 1 − R̄ = 0: sums of n directions of length one in
/// the arithmetic at hand, and their squared distances from the mean.
struct Noise {
    length: f64,
    complement: f64,
}

impl Noise {
    fn of(work: &Work<'_>) -> Noise {
        if work.is_single() {
            Noise { length: (-21f64).exp2(), complement: (-44f64).exp2() }
        } else {
            Noise { length: (-42f64).exp2(), complement: (-84f64).exp2() }
        }
    }
}

impl VonMisesFisher {
    /// The maximum-likelihood fit to the directions of all rows.
    ///
    /// `Precision::Single` forms unit vectors and sums of blocks of rows in f32 and the
    /// sum of blocks in double-float; `Double` all of it in double-float. κ, the
    /// likelihood and R̄ are f64 in either case. Where R̄ is above ¾ a second pass takes
    /// 1 − R̄ from the distances to the mean, which keeps its digits.
    ///
    /// The relative error of κ is some 1e-5 in `Single`, 1e-9 in `Double`, and what rounding
    /// of the rows makes of it: 2⁻²³/√(1 − R̄), 2⁻⁴⁶/√(1 − R̄). Rows so close together that
    /// this would be felt in f32 (1 − R̄ below 2⁻²⁰, κ above 5e5 (p − 1)) are fitted in
    /// `Double` whatever was asked for; where the adapter has none, by the CPU twin.
    ///
    /// Rows that cancel give κ = 0 ([`VonMisesFisherFit::is_uniform`]); rows that all
    /// have the same direction, one row among them, κ = ∞
    /// ([`VonMisesFisherFit::is_point_mass`]).
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with row and index for a row that is zero or not finite,
    /// where they come from a tensor; [`Error::PrecisionUnavailable`];
    /// [`Error::DeviceLost`], [`Error::OutOfMemory`].
    pub async fn fit(directions: &Directions, precision: Precision) -> Result<VonMisesFisherFit> {
        aside!(directions.context().gpu().is_none(); directions; VonMisesFisher::fit_in_place(directions, precision))
    }

    async fn fit_in_place(
        directions: &Directions,
        precision: Precision,
    ) -> Result<VonMisesFisherFit> {
        let fits = fits(directions, precision, &Weighting::Equal).await?;
        fits.into_iter().flatten().next().ok_or_else(|| Error::invalid("directions", "no rows"))
    }

    /// The fit to weighted rows: Σ w ln f(x) is largest. Rows of weight zero do not count.
    ///
    /// # Errors
    /// As [`VonMisesFisher::fit`], and [`Error::InvalidInput`] for another number of
    /// weights than rows, a weight that is negative or not finite (with its index),
    /// weights that are all zero, and weights whose sum is above 1e300.
    pub async fn fit_weighted<T: Element>(
        directions: &Directions,
        weights: &[T],
        precision: Precision,
    ) -> Result<VonMisesFisherFit> {
        let fits = VonMisesFisher::fit_clusters(directions, weights, 1, precision).await?;
        fits.into_iter().flatten().next().ok_or_else(|| Error::invalid("weights", "are all zero"))
    }

    /// One fit for each of `clusters` columns of weights, row-major n×K, in one call. A
    /// column of zeros has no fit: `None`.
    ///
    /// # Errors
    /// As [`VonMisesFisher::fit_weighted`], but not for zeros; [`Error::LimitExceeded`] above
    /// 2²⁴ clusters ([`MAX_CLUSTERS`]).
    pub async fn fit_clusters<T: Element>(
        directions: &Directions,
        weights: &[T],
        clusters: usize,
        precision: Precision,
    ) -> Result<Vec<Option<VonMisesFisherFit>>> {
        aside!(directions.context().gpu().is_none(); directions, weights; VonMisesFisher::fit_clusters_in_place(directions, weights, clusters, precision))
    }

    async fn fit_clusters_in_place<T: Element>(
        directions: &Directions,
        weights: &[T],
        clusters: usize,
        precision: Precision,
    ) -> Result<Vec<Option<VonMisesFisherFit>>> {
        let n = directions.len();
        check_clusters(clusters)?;
        if n.checked_mul(clusters) != Some(weights.len()) {
            let reason = format!("{} for {n} rows and {clusters} clusters", weights.len());
            return Err(Error::invalid("weights", reason));
        }
        // Column by column, each divided by its largest entry, so that f32 holds them.
        let mut columns = filled("weights", weights.len(), 0.0)?;
        let mut largest = vec![0.0f64; clusters];
        for (row, entries) in weights.chunks_exact(clusters).enumerate() {
            for (cluster, weight) in entries.iter().map(|w| w.to_f64()).enumerate() {
                if !(weight >= 0.0 && weight.is_finite()) {
                    let reason = format!("{weight:?} is not a finite, non-negative weight");
                    return Err(Error::invalid_at("weights", row, cluster, reason));
                }
                largest[cluster] = largest[cluster].max(weight);
                columns[cluster * n + row] = weight;
            }
        }
        for (column, largest) in columns.chunks_exact_mut(n).zip(&largest) {
            if *largest > 0.0 {
                column.iter_mut().for_each(|w| *w /= largest);
            }
            // Beyond, the likelihood leaves the range.
            if column.iter().sum::<f64>() * largest > 1e300 {
                return Err(Error::invalid("weights", "their sum is above 1e300"));
            }
        }
        let weighting = Weighting::Matrix { columns: &columns, clusters };
        let mut fits = fits(directions, precision, &weighting).await?;
        for (fit, largest) in fits.iter_mut().zip(largest) {
            if let Some(fit) = fit {
                fit.weight *= largest;
                fit.log_likelihood *= largest;
            }
        }
        Ok(fits)
    }

    /// One fit for each label 0..`clusters`, to the rows that carry it. Takes no longer
    /// for many clusters than for one. A label that no row has has no fit: `None`.
    ///
    /// # Errors
    /// As [`VonMisesFisher::fit`], and [`Error::InvalidInput`] for another number of labels
    /// than rows, and a label of `clusters` or above (with its row);
    /// [`Error::LimitExceeded`] above 2²⁴ clusters ([`MAX_CLUSTERS`]).
    pub async fn fit_labels(
        directions: &Directions,
        labels: &[u32],
        clusters: usize,
        precision: Precision,
    ) -> Result<Vec<Option<VonMisesFisherFit>>> {
        aside!(directions.context().gpu().is_none(); directions, labels; VonMisesFisher::fit_labels_in_place(directions, labels, clusters, precision))
    }

    async fn fit_labels_in_place(
        directions: &Directions,
        labels: &[u32],
        clusters: usize,
        precision: Precision,
    ) -> Result<Vec<Option<VonMisesFisherFit>>> {
        check_clusters(clusters)?;
        if labels.len() != directions.len() {
            let reason = format!("{} for {} rows", labels.len(), directions.len());
            return Err(Error::invalid("labels", reason));
        }
        if let Some(row) = labels.iter().position(|label| *label as usize >= clusters) {
            let reason = format!("{} is not one of {clusters} labels from 0", labels[row]);
            return Err(Error::invalid_row("labels", row, reason));
        }
        if clusters <= labels.len() {
            return fits(directions, precision, &Weighting::Labels { labels, clusters }).await;
        }
        // Only labels that a row has cost anything.
        let mut used = labels.to_vec();
        used.sort_unstable();
        used.dedup();
        let place = |label: &u32| used.binary_search(label).unwrap_or(0) as u32;
        let places: Vec<u32> = labels.iter().map(place).collect();
        let weighting = Weighting::Labels { labels: &places, clusters: used.len() };
        let found = fits(directions, precision, &weighting).await?;
        let mut result = filled("fits of clusters", clusters, None)?;
        for (label, fit) in used.iter().zip(found) {
            result[*label as usize] = fit;
        }
        Ok(result)
    }
}

blocking! {
    impl VonMisesFisher {
        fit => fit_blocking(
            directions: &Directions, precision: Precision
        ) -> Result<VonMisesFisherFit>;
        fit_weighted => fit_weighted_blocking<T: Element>(
            directions: &Directions, weights: &[T], precision: Precision
        ) -> Result<VonMisesFisherFit>;
        fit_clusters => fit_clusters_blocking<T: Element>(
            directions: &Directions, weights: &[T], clusters: usize, precision: Precision
        ) -> Result<Vec<Option<VonMisesFisherFit>>>;
        fit_labels => fit_labels_blocking(
            directions: &Directions, labels: &[u32], clusters: usize, precision: Precision
        ) -> Result<Vec<Option<VonMisesFisherFit>>>;
    }
}

fn check_clusters(clusters: usize) -> Result<()> {
    if clusters == 0 {
        return Err(Error::invalid("clusters", "must be at least 1"));
    }
    at_most("clusters", clusters, MAX_CLUSTERS)
}

/// Mean direction and length of a sum of unit vectors of total weight `weight`.
pub(super) fn mean_of(sum: &[f64], weight: f64) -> (Vec<f64>, f64) {
    let most = sum.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    if most == 0.0 {
        return (first_axis(sum.len()), 0.0);
    }
    let square: f64 = sum.iter().map(|x| (x / most) * (x / most)).sum();
    let length = most * square.sqrt();
    (sum.iter().map(|x| x / length).collect(), (length / weight).min(1.0))
}

pub(super) fn first_axis(dimension: usize) -> Vec<f64> {
    let mut axis = vec![0.0; dimension];
    axis[0] = 1.0;
    axis
}

/// A fit for each sum; those that f32 does not resolve in more than was asked for.
async fn fits(
    directions: &Directions,
    precision: Precision,
    weighting: &Weighting<'_>,
) -> Result<Vec<Option<VonMisesFisherFit>>> {
    let work = Work::new(directions, precision)?;
    let mut fits = fits_of(&work, weighting).await?;
    // One row is its own mean, however it is rounded.
    let unresolved = |fit: &Option<VonMisesFisherFit>| {
        fit.as_ref().is_some_and(|fit| fit.rows > 1 && fit.complement < UNRESOLVED)
    };
    if !work.is_single() || !fits.iter().any(unresolved) {
        return Ok(fits);
    }
    let (directions, precision) = directions.resolved().await?;
    let finer = fits_of(&Work::new(&directions, precision)?, weighting).await?;
    for (fit, finer) in fits.iter_mut().zip(finer) {
        if unresolved(fit) {
            *fit = finer;
        }
    }
    Ok(fits)
}

async fn fits_of(
    work: &Work<'_>,
    weighting: &Weighting<'_>,
) -> Result<Vec<Option<VonMisesFisherFit>>> {
    let dimension = work.dimension();
    let noise = Noise::of(work);
    let totals = weighting.totals(work.rows());
    // Sums, means and the fits.
    room_for::<f64>("sums of clusters", product("sums", &[3, totals.len(), dimension + 1])?)?;
    let sums = work.resultants(weighting).await?;
    let mut means = Vec::with_capacity(sums.len());
    let mut lengths = Vec::with_capacity(sums.len());
    for (sum, (weight, _)) in sums.iter().zip(&totals) {
        let (mean, length) = mean_of(sum, *weight);
        means.push(mean);
        lengths.push(length);
    }
    let close = |k: usize| totals[k].0 > 0.0 && lengths[k] > CLOSE;
    let distances = if (0..sums.len()).any(close) {
        work.mean_half_distances(weighting, &means).await?
    } else {
        vec![0.0; sums.len()]
    };
    let mut result = Vec::with_capacity(sums.len());
    for (k, mean) in means.into_iter().enumerate() {
        let (weight, rows) = totals[k];
        if weight <= 0.0 {
            result.push(None);
            continue;
        }
        let (mut length, mut complement) = (lengths[k], 1.0 - lengths[k]);
        if close(k) {
            complement = distances[k];
            length = 1.0 - complement;
        }
        let fit = if length <= noise.length {
            let distribution = VonMisesFisher::from_parts(first_axis(dimension), 0.0);
            let log_likelihood = weight * distribution.log_normalizer();
            VonMisesFisherFit {
                distribution,
                length: 0.0,
                complement: 1.0,
                log_likelihood,
                rows,
                weight,
            }
        } else if complement <= noise.complement {
            let distribution = VonMisesFisher::from_parts(mean, f64::INFINITY);
            let log_likelihood = f64::INFINITY;
            VonMisesFisherFit {
                distribution,
                length: 1.0,
                complement: 0.0,
                log_likelihood,
                rows,
                weight,
            }
        } else {
            let kappa = solve(dimension, length, complement).min(MAX_CONCENTRATION);
            let log_likelihood = weight * (log_peak(dimension, kappa) - kappa * complement);
            let distribution = VonMisesFisher::from_parts(mean, kappa);
            VonMisesFisherFit { distribution, length, complement, log_likelihood, rows, weight }
        };
        result.push(Some(fit));
    }
    Ok(result)
}
