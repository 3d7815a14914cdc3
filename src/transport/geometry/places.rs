//! Where bins lie, of costs that are distances.

use super::{Cloud, Cost, Geometry};
use std::borrow::Cow;

/// The bins of both sides of a problem, row-major, and the cost factor·|x − y|^p between them.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    pub(crate) source: Cow<'a, [f64]>,
    pub(crate) target: Cow<'a, [f64]>,
    pub(crate) dimensions: usize,
    pub(crate) factor: f64,
    pub(crate) exponent: f64,
}

fn numbers(cloud: &Cloud, k: usize, dimensions: usize) -> &[f64] {
    let range = cloud.range(k);
    &cloud.values[range.start * dimensions..range.end * dimensions]
}

impl Geometry {
    /// Those of a problem; of a grid of several axes only where p is 2, and the cost so that of one distance.
    pub(crate) fn places(&self, problem: usize) -> Option<Places<'_>> {
        match &self.cost {
            Cost::Points(points) => {
                let own = if self.batch.is_some() { problem } else { 0 };
                let d = points.dimensions;
                Some(Places {
                    source: Cow::Borrowed(numbers(&points.source, own, d)),
                    target: Cow::Borrowed(numbers(&points.target, own, d)),
                    dimensions: d,
                    factor: points.ground.factor(),
                    exponent: points.ground.exponent(),
                })
            }
            Cost::Grid(costs) => {
                let (axes, exponent) = (costs.axes(), costs.exponent);
                if axes.len() > 1 && exponent != 2.0 {
                    return None;
                }
                let (d, lengths) = (axes.len(), axes.iter().map(|along| along.len()));
                let lengths: Vec<usize> = lengths.collect();
                let step = |axis: usize| axes[axis].get(1).map_or(0.0, |c| c.powf(1.0 / exponent));
                let steps: Vec<f64> = (0..d).map(step).collect();
                let mut all = Vec::with_capacity(self.rows * d);
                for pixel in 0..self.rows {
                    let mut stride = self.rows;
                    for (length, step) in lengths.iter().zip(&steps) {
                        stride /= length;
                        all.push((pixel / stride % length) as f64 * step);
                    }
                }
                let (source, target) = (Cow::Owned(all.clone()), Cow::Owned(all));
                Some(Places { source, target, dimensions: d, factor: 1.0, exponent })
            }
            Cost::Host { .. } | Cost::Device(_) => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "in a test a panic is the verdict")]
mod tests {
    use crate::{Geometry, Grid};

    #[test]
    fn pixels_lie_as_their_costs_say() {
        let geometry = Geometry::grid(&Grid::new(&[2, 3]).spacing(&[5.0, 2.0])).expect("a grid");
        let places = geometry.places(0).expect("places");
        assert_eq!(
            &places.target[..],
            [0.0, 0.0, 0.0, 2.0, 0.0, 4.0, 5.0, 0.0, 5.0, 2.0, 5.0, 4.0]
        );
        let sums = Geometry::grid(&Grid::new(&[2, 3]).exponent(1.0)).expect("a grid");
        assert!(sums.places(0).is_none());
    }
}
