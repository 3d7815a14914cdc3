//! What is asked of a plan's marginals.

use crate::error::{Error, Result};
use crate::reference::{self, Damping};

/// What is asked of the marginals P1 and Pᵀ1 beside source weights a and target weights b.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Geometry, Marginals, Problem, Sinkhorn};
/// // Masses that do not agree, at a reach of 0.9 in units of the cost.
/// let geometry = Geometry::cost_matrix(&[0.8], 1, 1)?;
/// let problem = Problem::new(geometry, &[1.5], &[0.7])?
///     .marginals(Marginals::Unbalanced { source: 0.9, target: 0.9 })?;
/// let solution = Sinkhorn::new(0.3).solve_blocking(&Context::cpu(), &problem)?;
/// assert!((solution.mass()[0] - 0.702526407915996).abs() < 1e-5);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Marginals {
    /// P1 = a and Pᵀ1 = b; the masses of both must agree.
    #[default]
    Balanced,
    /// ρ KL(P1 ‖ a) and ρ KL(Pᵀ1 ‖ b) are added to the objective, each with a reach ρ of its own in units of the cost. A
    /// reach of infinity makes its side hard: with one such the problem is semi-relaxed.
    Unbalanced {
        /// ρ of the source.
        source: f64,
        /// ρ of the target.
        target: f64,
    },
    /// P1 ≤ a, Pᵀ1 ≤ b, and so much mass is moved in all.
    Partial {
        /// ΣP.
        mass: f64,
    },
}

fn of_reach(reach: f64) -> Damping {
    if reach.is_finite() { Damping::Soft { reach } } else { Damping::Hard }
}

impl Marginals {
    /// As the twin has them.
    pub(crate) fn of_the_twin(self) -> reference::Marginals {
        reference::Marginals { damping: self.damping(), mass: self.mass() }
    }

    /// Of the source and of the target.
    pub(crate) fn damping(self) -> [Damping; 2] {
        match self {
            Marginals::Balanced => [Damping::Hard; 2],
            Marginals::Unbalanced { source, target } => [of_reach(source), of_reach(target)],
            Marginals::Partial { .. } => [Damping::Bounded; 2],
        }
    }

    /// ΣP, where that is given.
    pub(crate) fn mass(self) -> Option<f64> {
        match self {
            Marginals::Partial { mass } => Some(mass),
            Marginals::Balanced | Marginals::Unbalanced { .. } => None,
        }
    }

    /// Whether P1 = a and Pᵀ1 = b.
    pub(crate) fn is_hard(self) -> bool {
        self.damping() == [Damping::Hard; 2]
    }

    /// # Errors
    /// [`Error::InvalidInput`] with `reach` or `mass`, for what is not above zero.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Marginals::Balanced => Ok(()),
            Marginals::Unbalanced { source, target } => {
                match [source, target].into_iter().find(|reach| reach.is_nan() || *reach <= 0.0) {
                    Some(reach) => {
                        let reason =
                            format!("{reach:?} is not above zero; infinity makes a side hard");
                        Err(Error::invalid("reach", reason))
                    }
                    None => Ok(()),
                }
            }
            Marginals::Partial { mass } if mass > 0.0 && mass.is_finite() => Ok(()),
            Marginals::Partial { mass } => {
                Err(Error::invalid("mass", format!("{mass:?} is not a finite mass above zero")))
            }
        }
    }
}
