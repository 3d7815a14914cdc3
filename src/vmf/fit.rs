//! Fits by maximum likelihood: one, weighted, many at once.

use super::MAX_CONCENTRATION;
use super::concentration::solve;
use super::device::{Weighting, Work};
use super::directions::Directions;
use super::distribution::VonMisesFisher;
use crate::error::{Error, Result};
use crate::reference::vmf::log_peak;
use crate::transport::{Element, Precision};

/// A distribution fitted to rows, with what the fit is worth.
#[derive(Debug, Clone, PartialEq)]
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
    /// 1 − R̄ from the distances to the mean, which keeps its digits up to the largest κ.
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
        let work = Work::new(directions, precision)?;
        let fits = fits(&work, &Weighting::Equal).await?;
        fits.into_iter().flatten().next().ok_or_else(|| Error::invalid("directions", "no rows"))
    }

    /// The fit to weighted rows: Σ w ln f(x) is largest. Rows of weight zero do not count.
    ///
    /// # Errors
    /// As [`VonMisesFisher::fit`], and [`Error::InvalidInput`] for another number of
    /// weights than rows, a weight that is negative or not finite (with its index), and
    /// weights that are all zero.
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
    /// As [`VonMisesFisher::fit_weighted`], without the last.
    pub async fn fit_clusters<T: Element>(
        directions: &Directions,
        weights: &[T],
        clusters: usize,
        precision: Precision,
    ) -> Result<Vec<Option<VonMisesFisherFit>>> {
        let n = directions.len();
        if clusters == 0 {
            return Err(Error::invalid("clusters", "must be at least 1"));
        }
        if n.checked_mul(clusters) != Some(weights.len()) {
            let reason = format!("{} for {n} rows and {clusters} clusters", weights.len());
            return Err(Error::invalid("weights", reason));
        }
        // Column by column, each divided by its largest entry, so that f32 holds them.
        let mut columns = vec![0.0; weights.len()];
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
        }
        let work = Work::new(directions, precision)?;
        let mut fits = fits(&work, &Weighting::Matrix { columns: &columns, clusters }).await?;
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
    /// than rows, and a label of `clusters` or above (with its row).
    pub async fn fit_labels(
        directions: &Directions,
        labels: &[u32],
        clusters: usize,
        precision: Precision,
    ) -> Result<Vec<Option<VonMisesFisherFit>>> {
        if clusters == 0 {
            return Err(Error::invalid("clusters", "must be at least 1"));
        }
        if labels.len() != directions.len() {
            let reason = format!("{} for {} rows", labels.len(), directions.len());
            return Err(Error::invalid("labels", reason));
        }
        if let Some(row) = labels.iter().position(|label| *label as usize >= clusters) {
            let reason = format!("{} is not one of {clusters} labels from 0", labels[row]);
            return Err(Error::invalid_row("labels", row, reason));
        }
        let work = Work::new(directions, precision)?;
        fits(&work, &Weighting::Labels { labels, clusters }).await
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl VonMisesFisher {
    /// [`VonMisesFisher::fit`], waiting.
    ///
    /// # Errors
    /// As [`VonMisesFisher::fit`].
    pub fn fit_blocking(
        directions: &Directions,
        precision: Precision,
    ) -> Result<VonMisesFisherFit> {
        pollster::block_on(VonMisesFisher::fit(directions, precision))
    }

    /// [`VonMisesFisher::fit_weighted`], waiting.
    ///
    /// # Errors
    /// As [`VonMisesFisher::fit_weighted`].
    pub fn fit_weighted_blocking<T: Element>(
        directions: &Directions,
        weights: &[T],
        precision: Precision,
    ) -> Result<VonMisesFisherFit> {
        pollster::block_on(VonMisesFisher::fit_weighted(directions, weights, precision))
    }

    /// [`VonMisesFisher::fit_clusters`], waiting.
    ///
    /// # Errors
    /// As [`VonMisesFisher::fit_clusters`].
    pub fn fit_clusters_blocking<T: Element>(
        directions: &Directions,
        weights: &[T],
        clusters: usize,
        precision: Precision,
    ) -> Result<Vec<Option<VonMisesFisherFit>>> {
        pollster::block_on(VonMisesFisher::fit_clusters(directions, weights, clusters, precision))
    }

    /// [`VonMisesFisher::fit_labels`], waiting.
    ///
    /// # Errors
    /// As [`VonMisesFisher::fit_labels`].
    pub fn fit_labels_blocking(
        directions: &Directions,
        labels: &[u32],
        clusters: usize,
        precision: Precision,
    ) -> Result<Vec<Option<VonMisesFisherFit>>> {
        pollster::block_on(VonMisesFisher::fit_labels(directions, labels, clusters, precision))
    }
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

async fn fits(
    work: &Work<'_>,
    weighting: &Weighting<'_>,
) -> Result<Vec<Option<VonMisesFisherFit>>> {
    let dimension = work.dimension();
    let noise = Noise::of(work);
    let sums = work.resultants(weighting).await?;
    let totals = weighting.totals(work.rows());
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
