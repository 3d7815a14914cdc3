//! Edges of histogram bins.

use super::rows_of;
use crate::error::{Error, Result};
use crate::number::Element;
use crate::parallel::map_rows;

/// Edges of the bins of one histogram, or of one for each of several series.
///
/// Bin k of edges e holds e_k ≤ x < e_(k+1), the last one x = e_last too, as in NumPy. Where edges are equal, a sample on
/// them falls into the last bin that begins there; the empty intervals before it stay empty.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::information::{Bins, equal_mass_bins};
/// assert_eq!(Bins::equal_width(0.0, 1.0, 4)?.edges(0), [0.0, 0.25, 0.5, 0.75, 1.0]);
/// // Quartiles.
/// let bins = equal_mass_bins(&[4.0, 1.0, 2.0, 3.0, 100.0], 5, 4)?;
/// assert_eq!(bins.edges(0), [1.0, 2.0, 3.0, 4.0, 100.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    pub(super) bins: usize,
    pub(super) edges: Vec<f64>,
}

impl Bins {
    /// From ascending edges, one more than bins.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for fewer than two edges, one that is not finite or below the one before it (with its
    /// index), edges that are all equal.
    pub fn new(edges: &[f64]) -> Result<Bins> {
        if edges.len() < 2 {
            return Err(Error::invalid(
                "edges",
                format!("{} edges have no bin between them", edges.len()),
            ));
        }
        let wrong = |index: usize, reason: String| Error::invalid_index("edges", index, reason);
        for (index, edge) in edges.iter().enumerate() {
            if !edge.is_finite() {
                return Err(wrong(index, format!("{edge:?} is not a finite number")));
            }
            if index > 0 && *edge < edges[index - 1] {
                return Err(wrong(index, format!("{edge:?} is below {:?}", edges[index - 1])));
            }
        }
        if edges[0] == edges[edges.len() - 1] {
            return Err(Error::invalid("edges", format!("are all {}", edges[0])));
        }
        Ok(Bins { bins: edges.len() - 1, edges: edges.to_vec() })
    }

    /// `bins` bins of equal width from `low` to `high`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for no bins, ends that are not finite or not ascending, or too far from each other for f64.
    pub fn equal_width(low: f64, high: f64, bins: usize) -> Result<Bins> {
        check_bins(bins)?;
        if !low.is_finite() {
            return Err(Error::invalid("low", format!("{low:?} is not a finite number")));
        }
        if !high.is_finite() || high <= low || !(high - low).is_finite() {
            return Err(Error::invalid(
                "high",
                format!("{high:?} is no end of a range from {low:?}"),
            ));
        }
        Ok(Bins { bins, edges: equal_width(low, high, bins) })
    }

    /// How many bins a histogram has.
    pub fn len(&self) -> usize {
        self.bins
    }

    /// Whether there are no bins; never true.
    pub fn is_empty(&self) -> bool {
        self.bins == 0
    }

    /// How many series have edges of their own; 1 where all have the same.
    pub fn series(&self) -> usize {
        self.edges.len() / (self.bins + 1)
    }

    /// The edges of a series; of the only one, where all have the same. Empty for a series that does not exist.
    pub fn edges(&self, series: usize) -> &[f64] {
        let at = if self.series() == 1 { 0 } else { series } * (self.bins + 1);
        self.edges.get(at..at + self.bins + 1).unwrap_or_default()
    }
}

/// More bins than this make no histogram that anyone could look at.
const MOST_BINS: usize = 1 << 24;

fn check_bins(bins: usize) -> Result<()> {
    if bins == 0 || bins > MOST_BINS {
        return Err(Error::invalid("bins", format!("{bins} is not between 1 and {MOST_BINS}")));
    }
    Ok(())
}

fn equal_width(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let step = (high - low) / bins as f64;
    let inner = (0..bins).map(|k| (k as f64 * step + low).min(high));
    inner.chain(std::iter::once(high)).collect()
}

/// `bins` bins of equal width for each of several series of `length` samples, from its smallest to its largest; half a
/// unit further on both sides where all samples are equal.
///
/// # Errors
/// [`Error::InvalidInput`]: a sample that is not finite (with series and index), no bins or more than 2²⁴, an incomplete
/// series.
pub fn equal_width_bins<T: Element>(samples: &[T], length: usize, bins: usize) -> Result<Bins> {
    check_bins(bins)?;
    rows_of("samples", samples, length)?;
    let mut edges = Vec::new();
    for (row, series) in samples.chunks_exact(length).enumerate() {
        let values = screened("samples", row, series)?;
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !(high - low).is_finite() {
            return Err(Error::invalid_row("samples", row, "spans more than f64 does"));
        }
        let (low, high) = if low == high { around(low) } else { (low, high) };
        edges.extend(equal_width(low, high, bins));
    }
    Ok(Bins { bins, edges })
}

/// Half a unit to either side, or as far as f64 tells apart.
fn around(x: f64) -> (f64, f64) {
    ((x - 0.5).min(x.next_down()).max(f64::MIN), (x + 0.5).max(x.next_up()).min(f64::MAX))
}

/// `bins` bins of about equal numbers of samples for each of several series of `length` samples: edges are quantiles,
/// linearly interpolated between order statistics (Hyndman and Fan's type 7, NumPy's default).
///
/// Equal samples cannot be parted: where many are equal, edges are too, and bins are of unequal mass; see [`Bins`]. On
/// the host: a sort of every series, series in parallel.
///
/// # Errors
/// As [`equal_width_bins`].
pub fn equal_mass_bins<T: Element>(samples: &[T], length: usize, bins: usize) -> Result<Bins> {
    check_bins(bins)?;
    let count = rows_of("samples", samples, length)?;
    let found = map_rows(count, |row| {
        let mut values = screened("samples", row, &samples[row * length..(row + 1) * length])?;
        values.sort_unstable_by(f64::total_cmp);
        let (low, high) = (values[0], values[length - 1]);
        if low == high {
            let (low, high) = around(low);
            return Ok(equal_width(low, high, bins));
        }
        let mut edges: Vec<f64> =
            (0..=bins).map(|k| quantile(&values, k as f64 / bins as f64)).collect();
        // Rounding must not turn neighbours around.
        for k in 1..edges.len() {
            edges[k] = edges[k].max(edges[k - 1]).min(high);
        }
        Ok(edges)
    });
    let edges: Result<Vec<Vec<f64>>> = found.into_iter().collect();
    Ok(Bins { bins, edges: edges?.concat() })
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * q;
    let below = (place.floor() as usize).min(sorted.len() - 1);
    let (a, b) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
    let t = place - below as f64;
    // From the nearer end, as NumPy; halves, so that no difference overflows.
    let step = 0.5 * b - 0.5 * a;
    if t < 0.5 { a + 2.0 * (step * t) } else { b - 2.0 * (step * (1.0 - t)) }
}

/// A series in f64.
fn screened<T: Element>(argument: &'static str, row: usize, series: &[T]) -> Result<Vec<f64>> {
    let mut values = Vec::with_capacity(series.len());
    for (index, x) in series.iter().enumerate() {
        let x = x.to_f64();
        if !x.is_finite() {
            return Err(Error::invalid_at(
                argument,
                row,
                index,
                format!("{x:?} is not a finite number"),
            ));
        }
        values.push(x);
    }
    Ok(values)
}
