//! Potentials of a smaller problem, extended to all bins.

use crate::error::{Error, Result};
use crate::reference::{self, Costs};
use crate::reserve::{product, zeroed};
use crate::transport::epsilon::{Epsilon, Epsilons};
use crate::transport::geometry::{Cost, Geometry, TwinCosts};
use crate::transport::problem::Problem;
use crate::transport::sinkhorn::Sinkhorn;
use std::ops::Range;

/// Error to which smaller problems are solved: what a sample leaves out is more.
const TOLERANCE: f64 = 1e-3;

/// Of every problem as many bins of either side.
pub(crate) struct Samples {
    points: usize,
    costs: TwinCosts,
    /// Of source and target.
    bins: Vec<[Vec<usize>; 2]>,
}

/// Some rows of a cost.
struct Rows<'a> {
    costs: &'a dyn Costs,
    rows: &'a [usize],
}

impl Costs for Rows<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.rows.len(), self.costs.shape().1)
    }

    fn fill(&self, i: usize, columns: Range<usize>, place: &mut [f64]) {
        self.costs.fill(self.rows[i], columns, place);
    }
}

/// Bins so that each stands for as much mass; one that has more than that stands for several. `count` is at least one.
fn evenly(weights: &[f64], count: usize) -> Vec<usize> {
    let step = weights.iter().sum::<f64>() / count as f64;
    let (mut bins, mut passed) = (Vec::with_capacity(count), 0.0);
    for (bin, weight) in weights.iter().enumerate() {
        passed += weight;
        while bins.len() < count && (bins.len() as f64 + 0.5) * step < passed {
            bins.push(bin);
        }
    }
    // What rounding has left out.
    let last = bins.last().copied().unwrap_or(0);
    bins.resize(count, last);
    bins
}

impl Samples {
    /// # Errors
    /// [`Error::InvalidInput`] with `initializer`.
    pub(crate) async fn new(problem: &Problem, points: usize) -> Result<Samples> {
        let refused = |reason: &str| Err(Error::invalid("initializer", reason));
        if points == 0 {
            return refused("a subsample has at least one point");
        }
        match &problem.geometry.cost {
            Cost::Device(_) => return refused("a cost on a device is not sampled"),
            Cost::Host { forbidden: true, .. } => {
                return refused("a sample may have forbidden pairs only");
            }
            Cost::Host { .. } | Cost::Grid(_) | Cost::Points(_) => {}
        }
        let (n, m) = problem.geometry.shape();
        let points = points.min(n.max(m));
        let bins = |k: usize| {
            [problem.source.row(k), problem.target.row(k)].map(|weights| evenly(weights, points))
        };
        // Only rows of it are asked for, each once.
        let costs = problem.geometry.of_the_twin(problem.offset(), 1.0).await?;
        Ok(Samples { points, costs, bins: (0..problem.len()).map(bins).collect() })
    }

    /// Solvers like `settings`, and problems that they are to solve: one for all, or one for each where each has its ε.
    pub(crate) fn problems(
        &self,
        settings: &Sinkhorn,
        epsilons: &Epsilons,
    ) -> Result<Vec<(Sinkhorn, Problem)>> {
        let all = self.bins.len();
        if epsilons.are_one() {
            return Ok(vec![(
                settings.rough(Epsilon::Absolute(epsilons.base()), TOLERANCE),
                self.problem(0..all)?,
            )]);
        }
        let each = (0..all).map(|k| {
            let solver = settings.rough(Epsilon::Absolute(epsilons.of(k)), TOLERANCE);
            Ok((solver, self.problem(k..k + 1)?))
        });
        each.collect()
    }

    fn problem(&self, range: Range<usize>) -> Result<Problem> {
        let points = self.points;
        let count = product("samples (costs)", &[range.len(), points, points])?;
        let mut values = zeroed::<f64>("samples", count)?;
        let mut rows = values.chunks_exact_mut(points);
        let mut row = vec![0.0; self.costs.of(range.start).shape().1];
        for k in range.clone() {
            let costs = self.costs.of(k);
            let [sources, targets] = &self.bins[k];
            for (source, place) in sources.iter().zip(&mut rows) {
                costs.fill(*source, 0..row.len(), &mut row);
                place.iter_mut().zip(targets).for_each(|(place, j)| *place = row[*j]);
            }
        }
        let geometry = Geometry::cost_matrices(&values, range.len(), points, points)?;
        let weights = vec![1.0 / points as f64; range.len() * points];
        Problem::new(geometry, &weights, &weights)
    }

    /// g of all bins of a problem, from f of its samples.
    pub(crate) fn extended(&self, problem: usize, f: &[f64], epsilon: f64) -> Vec<f64> {
        let costs = self.costs.of(problem);
        let rows = Rows { costs: &*costs, rows: &self.bins[problem][0] };
        let ones = vec![1.0; costs.shape().1];
        reference::softmin_columns(&rows, &ones, f, epsilon)
    }
}

#[cfg(test)]
mod tests {
    use super::evenly;

    #[test]
    fn bins_stand_for_their_mass() {
        assert_eq!(evenly(&[0.25; 4], 4), [0, 1, 2, 3]);
        assert_eq!(evenly(&[0.0, 3.0, 0.0, 1.0], 4), [1, 1, 1, 3]);
        assert_eq!(evenly(&[1.0; 9], 3), [1, 4, 7]);
        assert_eq!(evenly(&[0.1; 3], 1), [1]);
    }
}
