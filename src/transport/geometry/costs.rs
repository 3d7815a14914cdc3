//! Costs as the twin reads them.

use super::{AxisCosts, Cost, Geometry, Points, filler};
use crate::error::Result;
use crate::reference::elementary::largest_finite;
use crate::reference::{AlongAxes, CostMatrix, Costs, softmin_axis};
use std::ops::Range;
use std::sync::Arc;

/// Those of one pair of clouds.
struct PointCosts<'a> {
    points: &'a Points,
    source: Range<usize>,
    target: Range<usize>,
}

impl Costs for PointCosts<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.source.len(), self.target.len())
    }

    fn fill(&self, i: usize, columns: Range<usize>, place: &mut [f64]) {
        let targets = self.target.start + columns.start..self.target.start + columns.end;
        self.points.each(self.source.start + i, targets, filler(place));
    }
}

/// Those of a grid, of which no matrix is kept.
struct GridCosts<'a> {
    costs: &'a AxisCosts,
    pixels: usize,
}

impl Costs for GridCosts<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.pixels, self.pixels)
    }

    fn fill(&self, i: usize, columns: Range<usize>, place: &mut [f64]) {
        self.costs.each(i, columns, filler(place));
    }

    fn axes(&self) -> Option<Vec<&[f64]>> {
        Some(self.costs.axes())
    }
}

/// Entries of a grid's cost matrix at most; of larger ones they are made whenever they are needed.
const MOST_STORED: usize = 1 << 27;

impl AxisCosts {
    /// What a softmin along the axes takes, in products of two numbers.
    fn work(&self, pixels: usize) -> f64 {
        AlongAxes::new(self.axes()).work(pixels)
    }

    /// −ε ln Σ_j exp((other_j − C_ij)/ε) of every pixel i.
    pub(crate) fn softmin(&self, other: &[f64], epsilon: f64) -> Vec<f64> {
        let (mut level, mut stride) = (other.to_vec(), 1);
        for along in self.axes().into_iter().rev() {
            level = softmin_axis(&level, along, stride, epsilon);
            stride *= along.len();
        }
        level.into_iter().map(|level| -level).collect()
    }
}

/// What the twin needs of a geometry; nothing in it is a device's.
#[derive(Debug, Clone)]
pub(crate) struct TwinCosts {
    kind: Kind,
    /// Whether every problem has its own.
    own: bool,
    /// The largest that is not infinite.
    pub(crate) largest: f64,
}

#[derive(Debug, Clone)]
enum Kind {
    /// Values of matrices of so many rows and columns.
    Matrices(Arc<Vec<f64>>, (usize, usize)),
    Points(Points),
    Grid(AxisCosts, usize),
}

impl Geometry {
    /// Costs less `offset`, for the twin. A small grid is a matrix, unless a share `filled` of its pairs is more work than its
    /// axes.
    pub(crate) async fn of_the_twin(&self, offset: f64, filled: f64) -> Result<TwinCosts> {
        let own = self.batch.is_some();
        let pairs = self.rows.saturating_mul(self.columns);
        let (kind, largest) = match &self.cost {
            Cost::Grid(costs)
                if pairs > MOST_STORED || costs.work(self.rows) < filled * pairs as f64 =>
            {
                (Kind::Grid(costs.clone(), self.rows), self.spread)
            }
            Cost::Points(points) => (Kind::Points(points.clone()), self.spread),
            _ => {
                let values = self.read(offset).await?;
                let largest = largest_finite(&values);
                (Kind::Matrices(Arc::new(values), self.shape()), largest)
            }
        };
        Ok(TwinCosts { kind, own, largest })
    }
}

impl TwinCosts {
    /// Those of a problem.
    pub(crate) fn of(&self, problem: usize) -> Box<dyn Costs + Send + '_> {
        let own = if self.own { problem } else { 0 };
        match &self.kind {
            Kind::Matrices(values, (n, m)) => {
                Box::new(CostMatrix::new(&values[own * n * m..(own + 1) * n * m], *m))
            }
            Kind::Points(points) => Box::new(PointCosts {
                points,
                source: points.source.range(own),
                target: points.target.range(own),
            }),
            Kind::Grid(costs, pixels) => Box::new(GridCosts { costs, pixels: *pixels }),
        }
    }
}
