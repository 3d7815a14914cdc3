//! Losses over logits: the twins of `shaders/losses`, and of `shaders/divergence/logit_entropy.wgsl`, on which they and
//! the entropy of logits rest.

mod logit_entropy;
mod logit_gradient;
mod prior;

pub use logit_entropy::{Others, logit_entropy};
pub(crate) use logit_entropy::{sigmoid, softplus};
pub use logit_gradient::{Form, logit_gradient};
pub use prior::{mean_prediction, mean_slope, prior_gradient};
