//! The values of a cost: words of f32, pixels of a grid, or a tensor.

use super::geometry::Element;
use crate::error::{Error, Result};
use crate::gpu::Tensor;
use crate::reserve::{filled, reserve};
use std::fmt;
use std::sync::Arc;

/// Where cost values live.
#[derive(Clone)]
pub(crate) enum Cost {
    /// The values times `unit`, a power of two: high words, and low words where the values
    /// were not exact in f32.
    Host {
        high: Arc<Vec<f32>>,
        low: Option<Arc<Vec<f32>>>,
        unit: f64,
    },
    /// Squared distances of pixels, which are made where and when they are needed.
    Grid(Grid),
    Device(Tensor),
}

impl fmt::Debug for Cost {
    // A matrix of a thousand bins would be megabytes of digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cost::Host { high, low, .. } => {
                let words = 1 + usize::from(low.is_some());
                write!(f, "Host({} values of {words} f32)", high.len())
            }
            Cost::Grid(grid) => grid.fmt(f),
            Cost::Device(tensor) => write!(f, "Device({:?})", tensor.shape()),
        }
    }
}

/// The pixels of an image, row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) height: usize,
    pub(crate) width: usize,
}

/// (k/(n − 1))² for k below n: the squared distances between bins on \[0, 1\].
fn squares(n: usize) -> Vec<f64> {
    let most = n.saturating_sub(1).max(1) as f64;
    (0..n).map(|k| (k as f64 / most) * (k as f64 / most)).collect()
}

impl Cost {
    /// Whether the values need a second f32 each.
    pub(crate) fn has_low_words(&self) -> bool {
        match self {
            Cost::Host { low, .. } => low.is_some(),
            Cost::Grid(_) => true,
            Cost::Device(_) => false,
        }
    }

    /// The rows of the cost in f64 less `offset`, one after the other; none of a cost on a
    /// device.
    pub(crate) fn rows(&self, columns: usize, offset: f64) -> Rows<'_> {
        let (vertical, horizontal) = match self {
            Cost::Grid(grid) => (squares(grid.height), squares(grid.width)),
            _ => (Vec::new(), Vec::new()),
        };
        Rows { cost: self, columns, offset, vertical, horizontal }
    }
}

/// The rows of a cost, see [`Cost::rows`].
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    cost: &'a Cost,
    columns: usize,
    offset: f64,
    vertical: Vec<f64>,
    horizontal: Vec<f64>,
}

impl Rows<'_> {
    /// Appends row number `row`, counted through all matrices.
    pub(crate) fn push(&self, row: usize, to: &mut Vec<f64>) {
        let range = row * self.columns..(row + 1) * self.columns;
        match self.cost {
            Cost::Host { high, low: None, unit } => {
                let unit = 1.0 / unit;
                to.extend(high[range].iter().map(|h| f64::from(*h) * unit - self.offset));
            }
            Cost::Host { high, low: Some(low), unit } => {
                let unit = 1.0 / unit;
                let words = high[range.clone()].iter().zip(&low[range]);
                let join = |(h, l): (&f32, &f32)| f64::from(*h) + f64::from(*l);
                to.extend(words.map(|words| join(words) * unit - self.offset));
            }
            Cost::Grid(Grid { width, .. }) => {
                let (r, c) = (row / width, row % width);
                for vertical in from(&self.vertical, r) {
                    to.extend(from(&self.horizontal, c).map(|h| vertical + h - self.offset));
                }
            }
            Cost::Device(_) => {}
        }
    }
}

/// The squared distances from place `at` to all places, in their order.
fn from(squares: &[f64], at: usize) -> impl Iterator<Item = f64> {
    (0..squares.len()).map(move |k| squares[k.abs_diff(at)])
}

/// Costs whose largest is below this are kept times a power of two: their low words, and in
/// the end themselves, would be lost in f32.
pub(super) const SMALLEST_AS_IT_IS: f64 = 1.0 / (1u128 << 100) as f64;

/// Values times a unit as words, and their ends.
pub(super) struct Words {
    pub(super) high: Vec<f32>,
    /// Empty where all values are exact in f32.
    pub(super) low: Vec<f32>,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Words {
    pub(super) fn magnitude(&self) -> f64 {
        self.least.abs().max(self.most.abs())
    }
}

pub(super) fn words_of<T: Element>(cost: &[T], unit: f64, columns: usize) -> Result<Words> {
    let mut high = reserve("the cost", cost.len())?;
    let mut low = Vec::new();
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for (at, value) in cost.iter().map(|v| v.to_f64()).enumerate() {
        let word = (value * unit) as f32;
        if !word.is_finite() {
            let reason = format!("{value:?} is not finite in f32");
            return Err(Error::invalid_at("cost", at / columns, at % columns, reason));
        }
        let rest = (value * unit - f64::from(word)) as f32;
        if rest != 0.0 && low.is_empty() {
            low = filled("the cost", cost.len(), 0.0)?;
        }
        if let Some(slot) = low.get_mut(at) {
            *slot = rest;
        }
        least = least.min(value);
        most = most.max(value);
        high.push(word);
    }
    Ok(Words { high, low, least, most })
}
