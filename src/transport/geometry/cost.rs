//! The values of a cost: words of f32, pixels of a grid, or a tensor.

use super::grid::AxisCosts;
use super::points::Points;
use super::reduction::Reduction;
use crate::error::{Error, Result};
use crate::gpu::Tensor;
use crate::number::{Element, Ends, joined};
use crate::parallel::fill;
use crate::reserve::zeroed;
use std::fmt;
use std::ops::Range;
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
        /// Whether some are infinite: pairs that may not be coupled.
        forbidden: bool,
    },
    /// Distances of pixels, which are added up where and when they are needed.
    Grid(AxisCosts),
    /// Distances of points, likewise.
    Points(Points),
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
            Cost::Grid(costs) => write!(f, "Grid({:?})", costs.lengths()),
            Cost::Points(points) => write!(f, "{points:?}"),
            Cost::Device(tensor) => write!(f, "Device({:?})", tensor.shape()),
        }
    }
}

impl Cost {
    /// Whether the values need a second f32 each.
    pub(crate) fn has_low_words(&self) -> bool {
        match self {
            Cost::Host { low, .. } => low.is_some(),
            Cost::Grid(_) | Cost::Points(_) => true,
            Cost::Device(_) => false,
        }
    }

    /// The rows of the cost in f64 less `offset` and a reduction, one after the other; none of a cost on a
    /// device.
    pub(crate) fn rows<'a>(
        &'a self,
        columns: usize,
        offset: f64,
        reduction: Option<&'a Reduction>,
    ) -> Rows<'a> {
        Rows { cost: self, columns, offset, reduction }
    }
}

/// Puts one value after the other into its place.
pub(crate) fn filler<T>(place: &mut [T]) -> impl FnMut(T) {
    let mut place = place.iter_mut();
    move |value| {
        if let Some(place) = place.next() {
            *place = value;
        }
    }
}

/// The rows of a cost, see [`Cost::rows`].
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    cost: &'a Cost,
    columns: usize,
    offset: f64,
    reduction: Option<&'a Reduction>,
}

impl Rows<'_> {
    /// `f` of the values in `columns` of row number `row`, counted through all matrices.
    pub(crate) fn each(&self, row: usize, columns: Range<usize>, mut f: impl FnMut(f64)) {
        let Some(reduction) = self.reduction else {
            return self.plain(row, columns, |value| f(value - self.offset));
        };
        let (n, m) = (reduction.rows.len(), self.columns);
        let matrices = (reduction.columns.len() / m).max(1);
        let of_columns = row / (n / matrices).max(1) * m;
        let taken = &reduction.columns[of_columns + columns.start..of_columns + columns.end];
        let (of_row, mut taken) = (reduction.rows[row], taken.iter());
        self.plain(row, columns, |value| {
            f((value - of_row) - taken.next().copied().unwrap_or(0.0));
        });
    }

    fn plain(&self, row: usize, columns: Range<usize>, mut f: impl FnMut(f64)) {
        let range = row * self.columns + columns.start..row * self.columns + columns.end;
        match self.cost {
            Cost::Host { high, low: None, unit, .. } => {
                let unit = 1.0 / unit;
                high[range].iter().for_each(|h| f(f64::from(*h) * unit));
            }
            Cost::Host { high, low: Some(low), unit, .. } => {
                let unit = 1.0 / unit;
                let words = high[range.clone()].iter().zip(&low[range]);
                words.for_each(|(h, l)| f(joined([*h, *l]) * unit));
            }
            Cost::Grid(costs) => costs.each(row, columns, f),
            Cost::Points(points) => {
                let cloud = points.source.of_point(row);
                let first = points.target.range(cloud).start;
                let columns = first + columns.start..first + columns.end;
                points.each(row, columns, f);
            }
            Cost::Device(_) => {}
        }
    }
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
    /// Whether some are infinite, which the ends do not count.
    pub(super) forbidden: bool,
}

impl Words {
    pub(super) fn magnitude(&self) -> f64 {
        self.least.abs().max(self.most.abs())
    }
}

/// Values times a unit, checked while they are copied.
///
/// # Errors
/// [`Error::InvalidInput`] for the first value that is not finite in f32.
pub(super) fn words_of<T: Element>(cost: &[T], unit: f64, columns: usize) -> Result<Words> {
    let mut high = zeroed::<f32>("the cost", cost.len())?;
    let (mut low, mut exact) = (Vec::new(), true);
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut finite = true;
    match T::singles(cost).filter(|_| unit == 1.0) {
        Some(singles) => {
            let copy = |first: usize, high: &mut [f32]| {
                let singles = &singles[first..first + high.len()];
                high.copy_from_slice(singles);
                Ends::of(high)
            };
            let ends = fill(&mut high, copy).into_iter().fold(Ends::NONE, Ends::and);
            (least, most, finite) = (ends.least.into(), ends.most.into(), ends.finite);
        }
        None => {
            let round = |first: usize, high: &mut [f32]| {
                let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
                let (mut exact, mut finite) = (true, true);
                for (word, value) in high.iter_mut().zip(&cost[first..]) {
                    let value = value.to_f64();
                    *word = (value * unit) as f32;
                    exact &= f64::from(*word) == value * unit;
                    finite &= word.is_finite();
                    least = least.min(value);
                    most = most.max(value);
                }
                (least, most, exact, finite)
            };
            for found in fill(&mut high, round) {
                least = least.min(found.0);
                most = most.max(found.1);
                exact &= found.2;
                finite &= found.3;
            }
        }
    }
    if !finite {
        (least, most) = finite_ends(cost, &high, columns)?;
    }
    if !exact {
        low = zeroed("the cost", cost.len())?;
        let high = &high;
        fill(&mut low, |first, low: &mut [f32]| {
            for ((low, high), value) in low.iter_mut().zip(&high[first..]).zip(&cost[first..]) {
                let rest = (value.to_f64() * unit - f64::from(*high)) as f32;
                *low = if high.is_finite() { rest } else { 0.0 };
            }
        });
    }
    Ok(Words { high, low, least, most, forbidden: !finite })
}

/// Of those that are finite; others must be infinite as they were given: pairs that may not be coupled.
fn finite_ends<T: Element>(cost: &[T], high: &[f32], columns: usize) -> Result<(f64, f64)> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for (at, word) in high.iter().enumerate() {
        let value = cost[at].to_f64();
        if word.is_finite() {
            least = least.min(value);
            most = most.max(value);
        } else if value != f64::INFINITY {
            let reason = format!("{value:?} is not finite in f32");
            return Err(Error::invalid_at("cost", at / columns, at % columns, reason));
        }
    }
    if least > most {
        return Err(Error::invalid("cost", "no pair may be coupled: all entries are infinite"));
    }
    Ok((least, most))
}
