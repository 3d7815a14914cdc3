//! Divergences between rows of histograms, log-probabilities or logits.

mod comparison;
mod distributions;
mod finish;
mod generator;
mod kernels;
mod kind;
mod passes;
mod sums;
mod upload;

pub use comparison::{Comparison, Values};
pub use distributions::Distributions;
pub use finish::Mismatch;
pub use generator::Generator;
pub use kind::{Divergence, Entropy, Input, Reduction, Unit};
