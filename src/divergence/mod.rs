//! Divergences between rows of histograms, log-probabilities or logits.

mod by_twin;
mod comparison;
mod distributions;
mod entropy;
mod finish;
mod generator;
mod gradient;
pub(crate) mod kernels;
mod kind;
mod normalisers;
pub(crate) mod other_bins;
mod pairwise;
mod parallel;
mod passes;
pub(crate) mod range;
pub(crate) mod ratio_weights;
pub(crate) mod row_gradient;
mod scales;
pub(crate) mod sums;
mod upload;
mod weighting;

pub use comparison::{Comparison, Values};
pub use distributions::Distributions;
pub use entropy::Entropies;
pub use finish::Mismatch;
pub use generator::Generator;
pub use gradient::Gradients;
pub use kind::{Divergence, Entropy, Input, Reduction, Side, Unit};
pub use pairwise::{Neighbours, Pairs};
pub use weighting::LossValues;

pub(crate) use weighting::Weighting;
