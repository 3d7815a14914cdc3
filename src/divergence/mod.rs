//! Divergences between rows of histograms, log-probabilities or logits.

mod generator;
mod kind;

pub use generator::Generator;
pub use kind::{Divergence, Entropy, Input, Reduction, Unit};
