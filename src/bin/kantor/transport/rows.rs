//! Rows of a file, of one length or of any.

use crate::failure::{Failure, Outcome};
use crate::npy::{self, Values};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Rows one after the other; a single one is that of all problems.
#[derive(Debug)]
pub(super) struct Rows {
    /// For messages.
    pub(super) path: PathBuf,
    values: Values,
    /// Of every row the first bin, and the end; a bin is `width` numbers.
    starts: Vec<usize>,
    width: usize,
}

impl Rows {
    /// Rows of as many bins of `width` numbers; there is at least one.
    pub(super) fn even(path: &Path, values: Values, bins: usize, width: usize) -> Rows {
        let count = npy::with_slice!(values, slice => slice.len());
        let starts = (0..=count / (bins * width)).map(|row| row * bins).collect();
        Rows { path: path.to_owned(), values, starts, width }
    }

    /// Rows that begin at these bins, the last of which is the end.
    pub(super) fn at(path: &Path, values: Values, starts: Vec<usize>, width: usize) -> Rows {
        Rows { path: path.to_owned(), values, starts, width }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The row of this number, or the only one.
    pub(super) fn number(&self, row: usize) -> usize {
        if self.len() == 1 { 0 } else { row }
    }

    /// First bin of a row, counted through all, and the end.
    pub(super) fn range(&self, row: usize) -> Range<usize> {
        let row = self.number(row);
        self.starts[row]..self.starts[row + 1]
    }

    /// Adds the numbers of a row.
    pub(super) fn append(&self, row: usize, to: &mut Vec<f64>) {
        let range = self.range(row);
        let numbers = range.start * self.width..range.end * self.width;
        match &self.values {
            Values::Single(values) => to.extend(values[numbers].iter().map(|x| f64::from(*x))),
            Values::Double(values) => to.extend(&values[numbers]),
        }
    }

    /// The sum of a row.
    pub(super) fn mass(&self, row: usize) -> f64 {
        let range = self.range(row);
        let numbers = range.start * self.width..range.end * self.width;
        match &self.values {
            Values::Single(values) => values[numbers].iter().map(|x| f64::from(*x)).sum(),
            Values::Double(values) => values[numbers].iter().sum(),
        }
    }

    /// Whether all numbers of a row are zero.
    pub(super) fn is_blank(&self, row: usize) -> bool {
        let range = self.range(row);
        let numbers = range.start * self.width..range.end * self.width;
        match &self.values {
            Values::Single(values) => values[numbers].iter().all(|x| *x == 0.0),
            Values::Double(values) => values[numbers].iter().all(|x| *x == 0.0),
        }
    }
}

/// Bins of a row of an array of weights.
pub(super) fn bins(shape: &[usize]) -> usize {
    match shape {
        [n] => *n,
        _ => shape[1..].iter().product(),
    }
}

/// That the rows of an array have so many bins.
pub(super) fn fits(path: &Path, shape: &[usize], needed: usize) -> Outcome<()> {
    let found = bins(shape);
    if found == needed {
        return Ok(());
    }
    let reason = format!("its shape {shape:?} has rows of {found} bins, the cost is for {needed}");
    Err(Failure::about(path, reason))
}
