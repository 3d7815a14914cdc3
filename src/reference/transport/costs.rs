//! Where costs come from: a matrix, or a function of the bins.

use crate::reference::wide::wide;
use std::fmt;
use std::ops::Range;

/// The costs between n source bins and m target bins. Nothing n×m is asked for: a row at a time, as often as it is needed.
pub trait Costs: Sync {
    /// (n, m).
    fn shape(&self) -> (usize, usize);

    /// The costs from source bin `i` to the target bins `columns`, of which `place` has as many. +∞ forbids a pair.
    fn fill(&self, i: usize, columns: Range<usize>, place: &mut [f64]);

    /// Row `i`, where it is there already.
    fn stored(&self, i: usize) -> Option<&[f64]> {
        let _ = i;
        None
    }

    /// Of a regular grid on both sides, whose cost is a sum over its axes: what a distance of so many pixels costs along each, of
    /// which the last is the fastest.
    fn axes(&self) -> Option<Vec<&[f64]>> {
        None
    }
}

impl<C: Costs + ?Sized> Costs for &C {
    fn shape(&self) -> (usize, usize) {
        (**self).shape()
    }

    fn fill(&self, i: usize, columns: Range<usize>, place: &mut [f64]) {
        (**self).fill(i, columns, place);
    }

    fn stored(&self, i: usize) -> Option<&[f64]> {
        (**self).stored(i)
    }

    fn axes(&self) -> Option<Vec<&[f64]>> {
        (**self).axes()
    }
}

/// Costs that are stored row by row.
#[derive(Debug, Clone, Copy)]
pub struct CostMatrix<'a> {
    values: &'a [f64],
    columns: usize,
}

impl<'a> CostMatrix<'a> {
    /// Row-major values, `columns` a row.
    pub fn new(values: &'a [f64], columns: usize) -> CostMatrix<'a> {
        CostMatrix { values, columns }
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }
}

impl Costs for CostMatrix<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.values.len() / self.columns.max(1), self.columns)
    }

    fn fill(&self, i: usize, columns: Range<usize>, place: &mut [f64]) {
        place.copy_from_slice(&self.row(i)[columns]);
    }

    fn stored(&self, i: usize) -> Option<&[f64]> {
        Some(self.row(i))
    }
}

/// Costs that are computed whenever they are needed.
#[derive(Clone, Copy)]
pub struct CostFunction<F> {
    shape: (usize, usize),
    cost: F,
}

impl<F: Fn(usize, usize) -> f64 + Sync> CostFunction<F> {
    /// `cost` of source bin i and target bin j, for n×m bins. A closure with `#[inline(always)]` gets the vectors that the
    /// processor has.
    pub fn new(shape: (usize, usize), cost: F) -> CostFunction<F> {
        CostFunction { shape, cost }
    }
}

impl<F> fmt::Debug for CostFunction<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CostFunction").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl<F: Fn(usize, usize) -> f64 + Sync> Costs for CostFunction<F> {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn fill(&self, i: usize, columns: Range<usize>, place: &mut [f64]) {
        wide(
            #[inline(always)]
            || {
                for (place, j) in place.iter_mut().zip(columns) {
                    *place = (self.cost)(i, j);
                }
            },
        );
    }
}
