//! The spread of a cost: the standard deviation of its entries.

use super::{Cost, Geometry, Points};
use crate::error::Result;
use crate::parallel::map_rows;

/// Entries of a cost between points that are looked at, at most: every so many of the points, where there are more pairs.
const MOST_PAIRS: usize = 1 << 24;

/// Number, sum and sum of squares of what is finite.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.count += 1.0;
            self.sum += value;
            self.squares += value * value;
        }
    }

    fn and(self, other: Moments) -> Moments {
        Moments {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }

    fn variance(self) -> f64 {
        let mean = self.sum / self.count;
        (self.squares / self.count - mean * mean).max(0.0)
    }
}

impl Geometry {
    /// One for all problems, or one for each.
    pub(crate) async fn deviations(&self) -> Result<Vec<f64>> {
        let (n, m) = self.shape();
        let problems = self.batch.unwrap_or(1);
        let moments = |problem: usize, cost: &Cost| {
            // Less a constant, beside which the digits of squares would be lost.
            let rows = cost.rows(m, self.offset, None);
            let parts = map_rows(n, |i| {
                let mut moments = Moments::default();
                rows.each(problem * n + i, 0..m, |value| moments.add(value));
                moments
            });
            parts.into_iter().fold(Moments::default(), Moments::and).variance().sqrt()
        };
        Ok(match &self.cost {
            Cost::Grid(costs) => vec![costs.variance().sqrt()],
            Cost::Points(points) => (0..problems).map(|k| of_points(points, k)).collect(),
            Cost::Host { .. } => (0..problems).map(|k| moments(k, &self.cost)).collect(),
            Cost::Device(tensor) => {
                let read = Geometry::cost_matrix(&tensor.read().await?, n, m)?;
                vec![moments(0, &read.cost)]
            }
        })
    }
}

fn of_points(points: &Points, problem: usize) -> f64 {
    let (source, target) = (points.source.range(problem), points.target.range(problem));
    let pairs = source.len().saturating_mul(target.len());
    // As many fewer of either side.
    let step = ((pairs as f64 / MOST_PAIRS as f64).sqrt().ceil() as usize).max(1);
    let parts = map_rows(source.len().div_ceil(step), |k| {
        let mut moments = Moments::default();
        for j in target.clone().step_by(step) {
            points.each(source.start + k * step, j..j + 1, |value| moments.add(value));
        }
        moments
    });
    parts.into_iter().fold(Moments::default(), Moments::and).variance().sqrt()
}
