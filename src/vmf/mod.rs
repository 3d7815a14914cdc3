//! von Mises-Fisher distributions on the unit sphere of ℝᵖ: fits, densities, samples,
//! mixtures.
//!
//! # Definitions
//! Density f(x) = C_p(κ) exp(κ ⟨μ, x⟩) against the surface measure of the sphere, mean
//! direction μ of length one, concentration κ ≥ 0,
//! C_p(κ) = κ^(p/2−1)/((2π)^(p/2) I_{p/2−1}(κ)). All logarithms are natural (nats).
//! The mean of the distribution is A_p(κ) μ with A_p = I_{p/2}/I_{p/2−1}.
//!
//! Fits are by maximum likelihood: μ = Σx/‖Σx‖ over unit vectors, R̄ = ‖Σx‖/n, and
//! A_p(κ) = R̄, solved to rounding by a bracketed Newton method, not by a fixed number of
//! steps. Log-densities are computed as ln C_p(κ) + κ − κ ½‖x − μ‖², which does not
//! cancel at large κ.
//!
//! Sources: Mardia and Jupp, *Directional Statistics* (2000), 9.3 and 10.3; Banerjee et
//! al., *Clustering on the unit hypersphere* (2005); Sra, *A short note on parameter
//! approximation* (2012); Wood, *Simulation of the von Mises Fisher distribution* (1994).

mod concentration;
mod densities;
mod directions;
mod distribution;
mod em;
mod fit;
pub(crate) mod kernels;
mod mixture;
mod on_device;
mod resolved;
mod sample;
mod sums;
mod units;
mod variant;
mod work;

pub use concentration::{concentration, concentration_from_complement, mean_resultant_length};
pub use directions::Directions;
pub use distribution::VonMisesFisher;
pub use fit::VonMisesFisherFit;
pub use mixture::{Assignment, Concentrations, VonMisesFisherMixture, VonMisesFisherMixtureFit};

/// The smallest dimension: the circle.
pub const MIN_DIMENSION: usize = 2;
/// The largest dimension.
pub const MAX_DIMENSION: usize = 100_000;
/// The most clusters of one call.
pub const MAX_CLUSTERS: usize = 1 << 24;
/// The largest finite concentration: what f32 holds with its products. Rows that are not
/// all equal give less.
pub const MAX_CONCENTRATION: f64 = 1e30;
