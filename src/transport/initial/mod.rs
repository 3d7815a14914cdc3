//! Potentials to begin with, found without iterations, or with those of a smaller problem.

mod gaussian;
mod initializer;
mod sorted;
mod subsample;
mod symmetric;

pub use initializer::Initializer;
pub(super) use subsample::Samples;
