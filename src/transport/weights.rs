//! Rows of weights, with their masses.

use crate::error::{Error, Result};
use crate::number::Element;
use crate::reserve::reserve;

/// Shares of a row's mass below it are zero: products of a share and of a plan's entries would be flushed to
/// zero on one adapter and not on another.
const SMALLEST_SHARE: f64 = 1.0 / (1u128 << 100) as f64;

/// Rows of weights, and which of them the problems of a batch have.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    values: Vec<f64>,
    pub(crate) bins: usize,
    /// Of every row.
    masses: Vec<f64>,
    /// Entries above zero, all rows together.
    positive: usize,
    /// The row of every problem, where it is not that of its number.
    order: Option<Vec<u32>>,
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
            order: None,
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

    /// The rows of problems by their numbers; every number is one of a row.
    pub(crate) fn in_order(mut self, order: Vec<u32>) -> Weights {
        self.order = Some(order);
        self
    }

    fn index(&self, problem: usize) -> usize {
        self.order.as_ref().map_or(problem, |order| order[problem] as usize)
    }

    /// The weights of a problem brought to a mass: from then on its own.
    pub(crate) fn bring_to(&mut self, problem: usize, mass: f64) {
        if let Some(order) = self.order.take() {
            let rows = order.iter().map(|k| *k as usize);
            self.values = rows
                .clone()
                .flat_map(|k| self.values[k * self.bins..(k + 1) * self.bins].iter().copied())
                .collect();
            self.masses = rows.map(|k| self.masses[k]).collect();
            self.positive = self.values.iter().filter(|weight| **weight > 0.0).count();
        }
        let factor = mass / self.masses[problem];
        let row = &mut self.values[problem * self.bins..(problem + 1) * self.bins];
        row.iter_mut().for_each(|weight| *weight *= factor);
        self.masses[problem] = mass;
    }

    /// The weights of a problem.
    pub(crate) fn row(&self, problem: usize) -> &[f64] {
        let k = self.index(problem);
        &self.values[k * self.bins..(k + 1) * self.bins]
    }

    /// Their sum.
    pub(crate) fn mass(&self, problem: usize) -> f64 {
        self.masses[self.index(problem)]
    }

    /// Number of problems.
    pub(crate) fn rows(&self) -> usize {
        self.order.as_ref().map_or(self.masses.len(), Vec::len)
    }

    /// The row that a problem has, in another order than its number or not.
    pub(crate) fn row_number(&self, problem: usize) -> usize {
        self.index(problem)
    }

    /// Share of entries that are above zero.
    pub(crate) fn filled(&self) -> f64 {
        self.positive as f64 / self.values.len() as f64
    }

    /// Whether both are the same for every problem.
    pub(crate) fn equals(&self, other: &Weights) -> bool {
        self.order == other.order && self.values == other.values
    }
}
