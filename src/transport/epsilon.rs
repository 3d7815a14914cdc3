//! The regularisation: in units of the cost, or of its spread.

use super::geometry::Geometry;
use crate::error::Result;

/// The regularisation ε.
///
/// ```
/// use kantor::Epsilon;
/// assert_eq!(Epsilon::from(0.1), Epsilon::Absolute(0.1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Epsilon {
    /// In units of the cost.
    Absolute(f64),
    /// Times the standard deviation of the cost's entries, those of each problem where each has its own. Pairs that may
    /// not be coupled do not count.
    Relative(f64),
}

impl From<f64> for Epsilon {
    fn from(epsilon: f64) -> Epsilon {
        Epsilon::Absolute(epsilon)
    }
}

impl Epsilon {
    pub(crate) fn value(self) -> f64 {
        match self {
            Epsilon::Absolute(epsilon) | Epsilon::Relative(epsilon) => epsilon,
        }
    }
}

/// ε of every problem of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Epsilons {
    base: f64,
    /// Over the base, where they differ.
    units: Option<Vec<f64>>,
}

impl Epsilons {
    /// Of the problems of a geometry, in units of its cost.
    ///
    /// # Errors
    /// Where a cost on a device cannot be read.
    pub(crate) async fn new(epsilon: Epsilon, geometry: &Geometry) -> Result<Epsilons> {
        let relative = match epsilon {
            Epsilon::Absolute(base) => return Ok(Epsilons { base, units: None }),
            Epsilon::Relative(relative) => relative,
        };
        let deviations = geometry.deviations().await?;
        // A constant cost has none; any ε is as good.
        let of = |deviation: &f64| if *deviation > 0.0 { relative * deviation } else { relative };
        let all: Vec<f64> = deviations.iter().map(of).collect();
        match &all[..] {
            [base] => Ok(Epsilons { base: *base, units: None }),
            [first, ..] => {
                let base = all.iter().copied().fold(*first, f64::max);
                Ok(Epsilons { base, units: Some(all.iter().map(|e| e / base).collect()) })
            }
            [] => Ok(Epsilons { base: relative, units: None }),
        }
    }

    /// The largest: that of sweeps, of which each problem has a part.
    pub(crate) fn base(&self) -> f64 {
        self.base
    }

    /// The smallest.
    pub(crate) fn least(&self) -> f64 {
        let units = self.units.iter().flatten().copied();
        self.base * units.fold(1.0, f64::min)
    }

    /// That of a problem.
    pub(crate) fn of(&self, problem: usize) -> f64 {
        self.base * self.unit(problem)
    }

    /// That of a problem, over the base.
    pub(crate) fn unit(&self, problem: usize) -> f64 {
        self.units.as_ref().map_or(1.0, |units| units[problem])
    }

    /// Whether all problems have one.
    pub(crate) fn are_one(&self) -> bool {
        self.units.is_none()
    }
}
