//! The Sinkhorn divergence: entropic transport without its bias.

use super::geometry::Geometry;
use super::problem::Problem;
use super::sinkhorn::Sinkhorn;
use super::solution::Solution;
use super::weights::Weights;
use crate::error::Result;
use crate::gpu::Context;
use crate::wait::blocking;
use std::collections::HashMap;
use std::sync::Arc;

/// S(α, β) = OT(α, β) − ½ OT(α, α) − ½ OT(β, β) + ½ ε (m_a − m_b)² of every problem of a batch, OT being the
/// `regularized_cost`; Feydy et al. 2019, and Séjourné et al. 2019 for masses that differ. It is 0 where α = β and above
/// elsewhere, up to rounding, which is not hidden: a value may be a little below zero.
#[derive(Debug)]
#[must_use = "a divergence may not have converged"]
pub struct SinkhornDivergence {
    values: Vec<f64>,
    cross: Solution,
    /// Of the distinct measures of either side, and which of them every problem has.
    own: [(Solution, Vec<usize>); 2],
}

impl SinkhornDivergence {
    /// One entry a problem; no number where a transport had not begun when the solve was broken off.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The transport between both measures of every problem.
    pub fn cross(&self) -> &Solution {
        &self.cross
    }

    /// Whether all three transports of a problem have converged.
    pub fn converged(&self) -> Vec<bool> {
        let own =
            |k: usize| self.own.iter().all(|(solution, which)| solution.converged()[which[k]]);
        self.cross.converged().iter().enumerate().map(|(k, done)| *done && own(k)).collect()
    }

    /// The divergence itself if every transport has converged.
    ///
    /// # Errors
    /// [`Error::NotConverged`](crate::Error::NotConverged) with the worst problem of the first that has not.
    pub fn require_converged(self) -> Result<SinkhornDivergence> {
        self.check_converged()?;
        Ok(self)
    }

    /// That every transport has converged.
    ///
    /// # Errors
    /// As [`SinkhornDivergence::require_converged`].
    pub fn check_converged(&self) -> Result<()> {
        self.cross.check_converged()?;
        self.own.iter().try_for_each(|(solution, _)| solution.check_converged())
    }
}

impl Sinkhorn {
    /// The Sinkhorn divergence of every problem. The transport of a measure to itself is solved once, however many problems
    /// have it, and by averaged steps.
    ///
    /// ```
    /// # fn main() -> kantor::Result<()> {
    /// use kantor::{Context, Geometry, GroundCost, Problem, Sinkhorn};
    /// // Translations cost their squared length, whatever ε is.
    /// let geometry = Geometry::points(&[0.0, 1.0], &[3.0, 4.0], 1, GroundCost::SquaredEuclidean)?;
    /// let problem = Problem::new(geometry, &[0.5, 0.5], &[0.5, 0.5])?;
    /// let divergence = Sinkhorn::new(0.7).divergence_blocking(&Context::cpu(), &problem)?;
    /// assert!((divergence.values()[0] - 9.0).abs() < 1e-9);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Sinkhorn::solve`]; [`Error::InvalidInput`](crate::Error::InvalidInput) with `geometry` for a cost that says nothing
    /// of two bins of one side: a matrix that is not square and symmetric.
    pub async fn divergence(
        &self,
        context: &Context,
        problem: &Problem,
    ) -> Result<SinkhornDivergence> {
        let [within_source, within_target] = problem.geometry.within()?;
        let cross = self.solve(context, problem).await?;
        let (first, second) = (&problem.source, &problem.target);
        let cancelled = cross.is_cancelled();
        let source = self.own(cancelled, context, problem, (within_source, first)).await?;
        let cancelled = cancelled || source.0.is_cancelled();
        let target = self.own(cancelled, context, problem, (within_target, second)).await?;
        let value = |k: usize| {
            let own =
                |(solution, which): &(Solution, Vec<usize>)| solution.regularized_cost()[which[k]];
            let difference = problem.source.mass(k) - problem.target.mass(k);
            cross.regularized_cost()[k] - 0.5 * (own(&source) + own(&target))
                + 0.5 * cross.epsilon(k) * difference * difference
        };
        let values = (0..problem.len()).map(value).collect();
        Ok(SinkhornDivergence { values, cross, own: [source, target] })
    }

    /// The transport of one side's distinct measures to themselves, and which of them every problem has. Nothing is begun
    /// where the solve before was broken off.
    async fn own(
        &self,
        cancelled: bool,
        context: &Context,
        problem: &Problem,
        (geometry, weights): (Geometry, &Arc<Weights>),
    ) -> Result<(Solution, Vec<usize>)> {
        let mut distinct: Vec<u32> = Vec::new();
        let mut which = Vec::with_capacity(weights.rows());
        let mut seen: HashMap<Vec<u64>, usize> = HashMap::new();
        for k in 0..weights.rows() {
            // Problems with costs of their own share nothing.
            let key = match geometry.batch {
                Some(_) => vec![k as u64],
                None => weights.row(k).iter().map(|weight| weight.to_bits()).collect(),
            };
            which.push(*seen.entry(key).or_insert_with(|| {
                distinct.push(weights.row_number(k) as u32);
                distinct.len() - 1
            }));
        }
        let weights = Arc::new(Weights::clone(weights).in_order(distinct));
        let own = problem.to_itself(geometry, weights);
        let solution = self.solve_unless(cancelled, context, &own).await?;
        Ok((solution, which))
    }
}

blocking! {
    impl Sinkhorn {
        divergence => divergence_blocking(
            &self, context: &Context, problem: &Problem
        ) -> Result<SinkhornDivergence>;
    }
}
