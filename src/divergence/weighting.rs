//! Which rows count, and for how much.

use super::kind::Reduction;
use crate::error::{Error, Result};

/// A reduction, with the weights and the mask of rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weighting {
    pub(crate) reduction: Reduction,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) mask: Option<Vec<bool>>,
}

impl Weighting {
    /// The rows that are not masked, of `count`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for weights or a mask of another length, a weight that is none, an empty mean.
    pub(crate) fn rows(&self, count: usize, upstream: Option<&[f64]>) -> Result<Vec<usize>> {
        let length = |argument: &'static str, length: usize| match length == count {
            true => Ok(()),
            false => {
                let reason = format!("has {length} entries for {count} rows");
                Err(Error::invalid(argument, reason))
            }
        };
        self.mask.as_ref().map_or(Ok(()), |mask| length("mask", mask.len()))?;
        if let Some(weights) = &self.weights {
            length("row_weights", weights.len())?;
            if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
                let reason = format!("{:?} is not a weight", weights[row]);
                return Err(Error::invalid_row("row_weights", row, reason));
            }
        }
        check_upstream(count, upstream)?;
        let kept = |row: &usize| self.mask.as_ref().is_none_or(|mask| mask[*row]);
        let rows: Vec<usize> = (0..count).filter(kept).collect();
        if self.reduction == Reduction::Mean && self.largest(&rows) <= 0.0 {
            return Err(Error::invalid("row_weights", "no row is left to take the mean of"));
        }
        Ok(rows)
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// The largest weight, over which sums of weights are taken: their own may be beyond f64, or subnormal.
    fn largest(&self, rows: &[usize]) -> f64 {
        rows.iter().map(|row| self.weight(*row)).fold(0.0, f64::max)
    }

    /// d(reduction)/d(value of a row) of a mean.
    fn share(&self, rows: &[usize]) -> impl Fn(usize) -> f64 + use<'_> {
        let largest = self.largest(rows);
        let total: f64 = rows.iter().map(|row| self.weight(*row) / largest).sum();
        move |row| self.weight(row) / largest / total
    }

    /// d(reduction)/d(value of a row), 1 without a reduction.
    pub(crate) fn upstream(&self, rows: &[usize]) -> impl Fn(usize) -> f64 + use<'_> {
        let share = self.share(rows);
        move |row| match self.reduction {
            Reduction::None => 1.0,
            Reduction::Sum => self.weight(row),
            Reduction::Mean => share(row),
        }
    }

    /// What the values of all rows reduce to. A weight of zero takes even +∞ out.
    pub(crate) fn reduced(&self, rows: &[usize], values: &[f64]) -> Option<f64> {
        let upstream = self.upstream(rows);
        let term = |row: &usize| match values[*row] {
            _ if self.weight(*row) == 0.0 => 0.0,
            // Whatever its share, which may be below f64.
            f64::INFINITY => f64::INFINITY,
            value => upstream(*row) * value,
        };
        (self.reduction != Reduction::None).then(|| rows.iter().map(term).sum())
    }

    /// The values of `count` rows, 0 where masked, and what they reduce to.
    pub(crate) fn values(&self, count: usize, rows: &[usize], found: &[f64]) -> LossValues {
        let mut values = vec![0.0; count];
        for (row, value) in rows.iter().zip(found) {
            values[*row] = *value;
        }
        let reduced = self.reduced(rows, &values);
        LossValues { values, reduced }
    }
}

/// That an upstream gradient is one finite number per row.
pub(crate) fn check_upstream(count: usize, upstream: Option<&[f64]>) -> Result<()> {
    let Some(upstream) = upstream else { return Ok(()) };
    if upstream.len() != count {
        let reason = format!("has {} entries for {count} rows", upstream.len());
        return Err(Error::invalid("upstream", reason));
    }
    match upstream.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(row) => {
            let reason = format!("{:?} is not a finite number", upstream[row]);
            Err(Error::invalid_row("upstream", row, reason))
        }
    }
}

/// The loss of every row, and what they reduce to.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LossValues {
    values: Vec<f64>,
    reduced: Option<f64>,
}

impl LossValues {
    /// In nats where the loss has logarithms; 0 of rows that are masked, +∞ where the definition says so.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The sum or mean, where one was asked for.
    pub fn reduced(&self) -> Option<f64> {
        self.reduced
    }
}
