//! Divergences between rows of histograms, log-probabilities or logits.

mod comparison;
mod distributions;
mod entropy;
mod finish;
mod generator;
mod gradient;
pub(crate) mod kernels;
mod kind;
mod pairwise;
mod passes;
pub(crate) mod ratio_weights;
pub(crate) mod sums;
mod upload;

pub use comparison::{Comparison, Values};
pub use distributions::Distributions;
pub use entropy::Entropies;
pub use finish::Mismatch;
pub use generator::Generator;
pub use gradient::{Gradients, Side};
pub use kind::{Divergence, Entropy, Input, Reduction, Unit};
pub use pairwise::{Neighbours, Pairs};

pub(crate) use distributions::Data;
pub(crate) use sums::Block;
