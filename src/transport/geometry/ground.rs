//! The cost between two points.

use crate::error::{Error, Result};

/// What moving a unit of mass from a point x to a point y costs.
///
/// ```
/// use kantor::GroundCost;
/// assert_eq!(GroundCost::default(), GroundCost::SquaredEuclidean);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum GroundCost {
    /// |x − y|².
    #[default]
    SquaredEuclidean,
    /// ½|x − y|², GeomLoss's for p = 2.
    HalfSquaredEuclidean,
    /// |x − y|^p of the Euclidean distance, p ≥ 1.
    Power(f64),
    /// 1 − x·y/(|x||y|); there is none of a point at the origin.
    Cosine,
}

impl GroundCost {
    /// # Errors
    /// [`Error::InvalidInput`] with `exponent`, for one below 1.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            GroundCost::Power(p) if !(p >= 1.0 && p.is_finite()) => {
                Err(Error::invalid("exponent", format!("{p:?} is no number from 1 on")))
            }
            _ => Ok(()),
        }
    }

    /// p of a cost factor·|x − y|^p, of points that are as [`GroundCost::directions`] says.
    pub(crate) fn exponent(self) -> f64 {
        match self {
            GroundCost::SquaredEuclidean
            | GroundCost::HalfSquaredEuclidean
            | GroundCost::Cosine => 2.0,
            GroundCost::Power(p) => p,
        }
    }

    /// The factor; half the squared distance of directions is one less their cosine.
    pub(crate) fn factor(self) -> f64 {
        match self {
            GroundCost::SquaredEuclidean | GroundCost::Power(_) => 1.0,
            GroundCost::HalfSquaredEuclidean | GroundCost::Cosine => 0.5,
        }
    }

    /// Whether points are divided by their lengths.
    pub(crate) fn directions(self) -> bool {
        self == GroundCost::Cosine
    }

    /// The cost at a squared distance.
    pub(crate) fn of_squared(self, squared: f64) -> f64 {
        let p = self.exponent();
        let power = match p {
            2.0 => squared,
            1.0 => squared.sqrt(),
            _ => squared.powf(0.5 * p),
        };
        self.factor() * power
    }
}
