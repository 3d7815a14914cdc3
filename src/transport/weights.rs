//! Rows of weights, with their masses.

use crate::error::{Error, Result};
use crate::number::Element;
use crate::reserve::reserve;

/// Shares of a row's mass below it are zero: products of a share and of a plan's entries would be flushed to
/// zero on one adapter and not on another.
const SMALLEST_SHARE: f64 = 1.0 / (1u128 << 100) as f64;

/// B rows of weights.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    pub(crate) values: Vec<f64>,
    pub(crate) bins: usize,
    /// Of every row.
    pub(crate) masses: Vec<f64>,
    /// Entries above zero, all rows together.
    pub(crate) positive: usize,
}

impl Weights {
    /// # Errors
    /// [`Error::InvalidInput`] naming the argument, row and index.
    pub(crate) fn new<T: Element>(
        argument: &'static str,
        values: &[T],
        bins: usize,
    ) -> Result<Weights> {
        if values.is_empty() || !values.len().is_multiple_of(bins) {
            let reason =
                format!("{} weights are not a positive number of rows of {bins}", values.len());
            return Err(Error::invalid(argument, reason));
        }
        let mut weights = Weights {
            values: reserve(argument, values.len())?,
            bins,
            masses: reserve(argument, values.len() / bins)?,
            positive: 0,
        };
        for (row, values) in values.chunks_exact(bins).enumerate() {
            weights.push(argument, row, values)?;
        }
        Ok(weights)
    }

    fn push<T: Element>(&mut self, argument: &'static str, row: usize, values: &[T]) -> Result<()> {
        let mut mass = 0.0;
        for (index, weight) in values.iter().map(|w| w.to_f64()).enumerate() {
            if !weight.is_finite() || weight < 0.0 {
                let reason = if weight.is_nan() {
                    "NaN is not a weight".to_owned()
                } else {
                    format!("{weight:?} is not a finite, non-negative weight")
                };
                return Err(Error::invalid_at(argument, row, index, reason));
            }
            mass += weight;
        }
        if mass <= 0.0 || !mass.is_finite() {
            let reason = if mass > 0.0 { "its mass overflows" } else { "has no mass" };
            return Err(Error::invalid_row(argument, row, reason));
        }
        for weight in values.iter().map(|w| w.to_f64()) {
            let weight = if weight < mass * SMALLEST_SHARE { 0.0 } else { weight };
            self.positive += usize::from(weight > 0.0);
            self.values.push(weight);
        }
        self.masses.push(mass);
        Ok(())
    }

    /// Every row divided by its mass.
    pub(crate) fn normalize(&mut self) {
        for (row, mass) in self.values.chunks_exact_mut(self.bins).zip(&mut self.masses) {
            row.iter_mut().for_each(|weight| *weight /= *mass);
            *mass = 1.0;
        }
    }

    /// Row `row` brought to a mass.
    pub(crate) fn bring_to(&mut self, row: usize, mass: f64) {
        let factor = mass / self.masses[row];
        self.values[row * self.bins..][..self.bins].iter_mut().for_each(|weight| *weight *= factor);
        self.masses[row] = mass;
    }

    pub(crate) fn row(&self, problem: usize) -> &[f64] {
        &self.values[problem * self.bins..(problem + 1) * self.bins]
    }

    pub(crate) fn rows(&self) -> usize {
        self.masses.len()
    }
}
