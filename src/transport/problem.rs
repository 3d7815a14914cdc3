//! What is to be transported: a batch of pairs of histograms.

use super::geometry::Geometry;
use crate::error::{Error, Result};
use crate::number::Element;
use crate::reserve::reserve;
use std::sync::Arc;

/// A batch of B transport problems over one geometry.
///
/// Weights are histograms: non-negative, zeros allowed, each row divided by its
/// sum (in f64). A share below 2⁻¹⁰⁰ (7.9e-31) counts as zero. Row k of `source` is transported to row k of `target`.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Geometry, Problem};
/// let geometry = Geometry::cost_matrix(&[0.0f32, 1.0, 1.0, 0.0], 2, 2)?;
/// let problem = Problem::new(geometry, &[1.0f32, 1.0], &[3.0f32, 1.0])?;
/// assert_eq!(problem.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Problem {
    pub(crate) geometry: Geometry,
    pub(crate) source: Arc<Weights>,
    pub(crate) target: Arc<Weights>,
    /// Target potentials g to start from, B×m.
    pub(crate) start: Option<Arc<Vec<f64>>>,
}

/// Shares below it are zero: products of a share and of a plan's entries would be flushed to
/// zero on one adapter and not on another.
const SMALLEST_WEIGHT: f64 = 1.0 / (1u128 << 100) as f64;

/// B rows of normalised weights.
#[derive(Debug)]
pub(crate) struct Weights {
    pub(crate) values: Vec<f64>,
    pub(crate) bins: usize,
    /// Entries above zero, all rows together.
    pub(crate) positive: usize,
}

impl Weights {
    fn new<T: Element>(argument: &'static str, values: &[T], bins: usize) -> Result<Weights> {
        if values.is_empty() || !values.len().is_multiple_of(bins) {
            return Err(Error::invalid(
                argument,
                format!("{} weights are not a positive number of rows of {bins}", values.len()),
            ));
        }
        let mut normalised = reserve(argument, values.len())?;
        let mut positive = 0;
        for (row, weights) in values.chunks_exact(bins).enumerate() {
            let mut sum = 0.0;
            for (index, weight) in weights.iter().map(|w| w.to_f64()).enumerate() {
                if !weight.is_finite() || weight < 0.0 {
                    let reason = if weight.is_nan() {
                        "NaN is not a weight".to_owned()
                    } else {
                        format!("{weight:?} is not a finite, non-negative weight")
                    };
                    return Err(Error::invalid_at(argument, row, index, reason));
                }
                sum += weight;
            }
            if sum <= 0.0 || !sum.is_finite() {
                return Err(Error::invalid_row(
                    argument,
                    row,
                    if sum > 0.0 { "its mass overflows" } else { "has no mass" },
                ));
            }
            for weight in weights.iter().map(|w| w.to_f64() / sum) {
                let weight = if weight < SMALLEST_WEIGHT { 0.0 } else { weight };
                positive += usize::from(weight > 0.0);
                normalised.push(weight);
            }
        }
        Ok(Weights { values: normalised, bins, positive })
    }

    pub(crate) fn row(&self, problem: usize) -> &[f64] {
        &self.values[problem * self.bins..(problem + 1) * self.bins]
    }

    pub(crate) fn rows(&self) -> usize {
        self.values.len() / self.bins
    }
}

/// Potentials of a solution differ by no more than the costs do, some `spread`. A row of others
/// may leave the range of f32; its middle becomes 0, and what lies far from it is moved near.
fn bring_within(row: &mut [f64], spread: f64) {
    let least = row.iter().copied().fold(f64::INFINITY, f64::min);
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least.abs().max(most.abs()) <= 16.0 * spread {
        return;
    }
    let middle = 0.5 * (least + most);
    row.iter_mut().for_each(|g| *g = (*g - middle).clamp(-4.0 * spread, 4.0 * spread));
}

impl Problem {
    /// B problems: `source` holds B rows of n weights, `target` B rows of m.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the argument, row and index: lengths that do
    /// not match the geometry or each other, a negative, infinite or NaN weight,
    /// a row without mass.
    pub fn new<S: Element, T: Element>(
        geometry: Geometry,
        source: &[S],
        target: &[T],
    ) -> Result<Problem> {
        let source = Weights::new("source", source, geometry.rows)?;
        let target = Weights::new("target", target, geometry.columns)?;
        if source.rows() != target.rows() {
            return Err(Error::invalid(
                "target",
                format!("has {} rows, source has {}", target.rows(), source.rows()),
            ));
        }
        if let Some(batch) = geometry.batch.filter(|&batch| batch != source.rows()) {
            return Err(Error::invalid(
                "source",
                format!("has {} rows for {batch} cost matrices", source.rows()),
            ));
        }
        Ok(Problem { geometry, source: Arc::new(source), target: Arc::new(target), start: None })
    }

    /// Starts from these target potentials g (B rows of m, in units of cost), such
    /// as an earlier solution's: the first half iteration computes f from them. Only
    /// differences within a row count; where they are far beyond any that the costs allow,
    /// the row is brought within.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a wrong length or a value that is not finite or
    /// beyond ±1e20.
    pub fn starting_from<T: Element>(mut self, g: &[T]) -> Result<Problem> {
        let m = self.geometry.columns;
        if g.len() != self.len() * m {
            return Err(Error::invalid(
                "g",
                format!("has {} potentials for {} rows of {m}", g.len(), self.len()),
            ));
        }
        let mut start: Vec<f64> = reserve("g", g.len())?;
        start.extend(g.iter().map(|v| v.to_f64()));
        if let Some(at) = start.iter().position(|v| !v.is_finite() || v.abs() > 1e20) {
            return Err(Error::invalid_at(
                "g",
                at / m,
                at % m,
                format!("{:?} is no potential", start[at]),
            ));
        }
        for row in start.chunks_exact_mut(m) {
            bring_within(row, self.geometry.spread);
        }
        self.start = Some(Arc::new(start));
        Ok(self)
    }

    /// Number of problems B.
    pub fn len(&self) -> usize {
        self.source.rows()
    }

    /// Whether there are no problems; never true.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The geometry.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }
}
