//! The distribution itself: what is known of it in closed form.

use super::MAX_CONCENTRATION;
use super::concentration::{check_concentration, check_dimension};
use crate::error::{Error, Result};
use crate::number::Element;
use crate::reference::vmf::{entropy, log_normalizer, log_peak, ratio};

/// The von Mises-Fisher distribution on the unit sphere of ℝᵖ, 2 ≤ p ≤ 100,000:
/// density C_p(κ) exp(κ ⟨μ, x⟩) against the surface measure.
///
/// κ = 0 is the uniform distribution. κ = ∞, the point mass at μ, has no density: it
/// comes out of a [`fit`](VonMisesFisher::fit) to rows that are all equal, and its
/// logarithms are infinite.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::VonMisesFisher;
/// let p = VonMisesFisher::new(&[0.0, 0.0, 1.0], 2.0)?;
/// // On the sphere in three dimensions C(κ) = κ/(4π sinh κ).
/// let exact = (2.0 / (4.0 * std::f64::consts::PI * 2f64.sinh())).ln();
/// assert!((p.log_normalizer() - exact).abs() < 1e-14);
/// assert_eq!(p.kl_divergence(&p)?, 0.0);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct VonMisesFisher {
    mean: Vec<f64>,
    concentration: f64,
}

impl VonMisesFisher {
    /// The distribution around the direction of `mean` (of any length above 0) with
    /// the given concentration.
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: fewer than 2 or more than 100,000 components, one that
    /// is not finite (with its index), all of them zero; a concentration that is
    /// negative, NaN or above 1e30.
    pub fn new<T: Element>(mean: &[T], concentration: f64) -> Result<VonMisesFisher> {
        check_dimension(mean.len())?;
        check_concentration(concentration)?;
        if concentration > MAX_CONCENTRATION {
            let reason = format!("{concentration:?} is above {MAX_CONCENTRATION:e}");
            return Err(Error::invalid("concentration", reason));
        }
        let mean = unit("mean", mean)?;
        Ok(VonMisesFisher { mean, concentration })
    }

    /// From a unit vector and a concentration that may be infinite.
    pub(crate) fn from_parts(mean: Vec<f64>, concentration: f64) -> VonMisesFisher {
        VonMisesFisher { mean, concentration }
    }

    /// The dimension p of the space around the sphere.
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }

    /// The mean direction μ, of length one. Without meaning where κ is 0.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The concentration κ.
    pub fn concentration(&self) -> f64 {
        self.concentration
    }

    /// Whether this is the point mass κ = ∞.
    pub fn is_point_mass(&self) -> bool {
        self.concentration == f64::INFINITY
    }

    /// A_p(κ) = I_{p/2}(κ)/I_{p/2−1}(κ): the length of the distribution's mean. Some
    /// 1e-14 relative; [`mean_resultant_length`](super::mean_resultant_length) gives
    /// 1 − A_p as well.
    pub fn mean_resultant_length(&self) -> f64 {
        if self.is_point_mass() { 1.0 } else { ratio(self.dimension(), self.concentration).value }
    }

    /// ln C_p(κ), nats: (p/2 − 1) ln κ − (p/2) ln 2π − ln I_{p/2−1}(κ). −∞ for a point mass.
    pub fn log_normalizer(&self) -> f64 {
        if self.is_point_mass() {
            return f64::NEG_INFINITY;
        }
        log_normalizer(self.dimension(), self.concentration)
    }

    /// ln C_p(κ) + κ, nats: the log-density at μ, where it is largest. ∞ for a point mass.
    pub fn log_peak(&self) -> f64 {
        if self.is_point_mass() {
            return f64::INFINITY;
        }
        log_peak(self.dimension(), self.concentration)
    }

    /// −∫ f ln f = −ln C_p(κ) − κ A_p(κ), nats; negative where the density is high,
    /// −∞ for a point mass. The two terms, of size κ, are never formed.
    pub fn entropy(&self) -> f64 {
        if self.is_point_mass() {
            return f64::NEG_INFINITY;
        }
        entropy(self.dimension(), self.concentration)
    }

    /// KL(self ‖ other) = ∫ f ln(f/g), nats, never negative.
    ///
    /// Computed as the Bregman divergence ∫ (κ' − u) A'(u) du from κ to κ' of ln 1/C,
    /// and κ' A(κ) ½‖μ − μ'‖², both without cancellation: relative error 1e-11, also
    /// between neighbours.
    /// Infinite if one of the two is a point mass, unless both are the same.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the dimensions differ.
    pub fn kl_divergence(&self, other: &VonMisesFisher) -> Result<f64> {
        if self.dimension() != other.dimension() {
            let reason = format!("has {} dimensions, not {}", other.dimension(), self.dimension());
            return Err(Error::invalid("other", reason));
        }
        if self.is_point_mass() || other.is_point_mass() {
            return Ok(if self == other { 0.0 } else { f64::INFINITY });
        }
        let turn = other.concentration * self.mean_resultant_length() * self.half_distance(other);
        Ok(bregman(self.dimension(), self.concentration, other.concentration) + turn)
    }

    /// ½‖μ − μ'‖² = 1 − ⟨μ, μ'⟩.
    fn half_distance(&self, other: &VonMisesFisher) -> f64 {
        0.5 * self.mean.iter().zip(&other.mean).map(|(x, y)| (x - y) * (x - y)).sum::<f64>()
    }

    /// ln f(x) of one direction (a vector of any length above 0), nats, in f64 on the
    /// host. For many, see [`VonMisesFisher::log_density`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for another dimension, a component that is not finite,
    /// a vector of zeros.
    pub fn log_density_at<T: Element>(&self, direction: &[T]) -> Result<f64> {
        if direction.len() != self.dimension() {
            let reason = format!("has {} components, not {}", direction.len(), self.dimension());
            return Err(Error::invalid("direction", reason));
        }
        let there = VonMisesFisher::from_parts(unit("direction", direction)?, 0.0);
        let away = self.half_distance(&there);
        if self.is_point_mass() {
            return Ok(if away <= ROUNDING { f64::INFINITY } else { f64::NEG_INFINITY });
        }
        Ok(self.log_peak() - self.concentration * away)
    }
}

/// ½‖x − x'‖² of a direction that was brought to length one twice.
const ROUNDING: f64 = 1e-31;

/// A vector divided by its length; no length is too large or too small.
pub(crate) fn unit<T: Element>(argument: &'static str, values: &[T]) -> Result<Vec<f64>> {
    let mut most = 0.0f64;
    for (index, value) in values.iter().map(|v| v.to_f64()).enumerate() {
        if !value.is_finite() {
            let reason = format!("{value:?} is not a finite number");
            return Err(Error::invalid_index(argument, index, reason));
        }
        most = most.max(value.abs());
    }
    if most == 0.0 {
        return Err(Error::invalid(argument, "has no direction: its length is zero"));
    }
    // Divided twice: 1/most overflows for subnormal numbers.
    let mut scaled: Vec<f64> = values.iter().map(|v| v.to_f64() / most).collect();
    let length = scaled.iter().map(|x| x * x).sum::<f64>().sqrt();
    scaled.iter_mut().for_each(|x| *x /= length);
    Ok(scaled)
}

/// Gauss-Legendre nodes and weights of ten points on [−1, 1], the positive half.
const GAUSS: [(f64, f64); 5] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

/// ∫ (to − u) A'(u) du from `from` to `to`, ≥ 0. A' varies on the scale of u + p: over
/// pieces of half that, ten points leave 1e-15.
fn bregman(dimension: usize, from: f64, to: f64) -> f64 {
    let (low, high) = (from.min(to), from.max(to));
    let (mut sum, mut a) = (0.0, low);
    while a < high {
        let b = (a + 0.5 * (a + 0.5 * dimension as f64)).min(high);
        let (centre, half) = (0.5 * (a + b), 0.5 * (b - a));
        for (node, weight) in GAUSS {
            for u in [centre - half * node, centre + half * node] {
                sum += half * weight * (to - u).abs() * ratio(dimension, u).slope;
            }
        }
        if b <= a {
            break;
        }
        a = b;
    }
    sum
}
