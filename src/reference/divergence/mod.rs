//! Divergences between distributions: the twins of `shaders/divergence`.
//!
//! A [`Row`] is a normalised distribution, whatever it was given as; everything else takes
//! rows. Definitions are [`Divergence`](crate::divergence::Divergence)'s and
//! [`Entropy`](crate::divergence::Entropy)'s; values are in nats.
//!
//! Method. With L the larger of p and q in a bin, z = ln(larger/smaller) and x = e^−z, an
//! f-divergence with f′(1) = 0 (any can be had so, as Σp = Σq) is a sum of L times functions of
//! z that are non-negative and O(z²): ρ(z) = x − 1 + z and κ(z) = 1 − x − zx for KL and what is
//! KL to a mixture, ψ_c(z) = (e^(−cz) − (1−c) − cx)/(c(c−1)) for powers. None is computed as a
//! difference of large numbers, and neither is z; nothing cancels but where the definition does.

mod double;
mod entropy;
mod gradient;
mod logits;
mod pair;
mod plain;
mod quick;
mod quick_gradient;
mod ratio_weights;
mod row;
mod terms;
mod value;

pub(crate) use double::Sum;
pub use entropy::{entropy, entropy_gradient};
pub use gradient::gradient;
pub(crate) use logits::compare_values;
pub(crate) use plain::{Plain, Prepared};
pub(crate) use quick::{entropy_plain, is_inner};
pub(crate) use quick_gradient::gradient_plain;
pub use ratio_weights::{ratio_weight, ratio_weights};
pub(crate) use row::FARTHEST;
pub use row::{Row, normalized_rows, row_sums};
pub use value::{compare, mismatch, pairwise};
