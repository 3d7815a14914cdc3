//! Costs as the twin reads them.

use super::{AxisCosts, Cost, Geometry, Points};
use crate::error::Result;
use crate::reference::elementary::largest_finite;
use crate::reference::{CostMatrix, Costs, softmin_axis};
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
        let mut place = place.iter_mut();
        self.points.each(self.source.start + i, targets, |value| {
            if let Some(place) = place.next() {
                *place = value;
            }
        });
    }
}

/// Those of a grid too large for a matrix.
struct GridCosts<'a> {
    costs: &'a AxisCosts,
    pixels: usize,
}

impl Costs for GridCosts<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.pixels, self.pixels)
    }

    fn fill(&self, i: usize, columns: Range<usize>, place: &mut [f64]) {
        let mut place = place.iter_mut();
        self.costs.each(i, columns, |value| {
            if let Some(place) = place.next() {
                *place = value;
            }
        });
    }
}

/// Entries of a grid's cost matrix at most; of larger ones they are made whenever they are needed.
const MOST_STORED: usize = 1 << 27;

impl AxisCosts {
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

/// What the twin needs of a geometry: its matrices in f64, where it has such.
#[derive(Debug, Clone)]
pub(crate) struct TwinCosts {
    matrices: Option<Arc<Vec<f64>>>,
    /// Of all that is not infinite.
    pub(crate) largest: f64,
}

impl Geometry {
    /// Costs less `offset`, for the twin.
    pub(crate) async fn of_the_twin(&self, offset: f64) -> Result<TwinCosts> {
        Ok(match &self.cost {
            Cost::Grid(_) if self.rows.saturating_mul(self.columns) > MOST_STORED => {
                TwinCosts { matrices: None, largest: self.spread }
            }
            Cost::Points(_) => TwinCosts { matrices: None, largest: self.spread },
            _ => {
                let values = self.read(offset).await?;
                let largest = largest_finite(&values);
                TwinCosts { matrices: Some(Arc::new(values)), largest }
            }
        })
    }

    /// Those of a problem.
    pub(crate) fn costs<'a>(
        &'a self,
        twin: &'a TwinCosts,
        problem: usize,
    ) -> Box<dyn Costs + Send + 'a> {
        let cells = self.rows.saturating_mul(self.columns);
        let own = if self.batch.is_some() { problem } else { 0 };
        match (&self.cost, &twin.matrices) {
            (Cost::Points(points), _) => Box::new(PointCosts {
                points,
                source: points.source.range(own),
                target: points.target.range(own),
            }),
            (Cost::Grid(costs), None) => Box::new(GridCosts { costs, pixels: self.rows }),
            (_, Some(matrices)) => {
                Box::new(CostMatrix::new(&matrices[own * cells..(own + 1) * cells], self.columns))
            }
            (_, None) => Box::new(CostMatrix::new(&[], self.columns)),
        }
    }
}
