//! Losses over logits, with gradients.
//!
//! A [`Loss`] compares every row of logits with a label ([`Losses`]), a [`DistillationLoss`] with a teacher's row
//! ([`Distillation`]); [`ClassPrior`] keeps the mean prediction of a batch near a prior of the classes, and
//! [`AttentionPenalty`] the entropy of attention rows in a band.
//!
//! Method. Every loss of a label y is a function of u = Σ e^(z_k − z_y) over k ≠ y, and u comes from one pass over the
//! logits that keeps the label out of its sum: ln(1 + u) has all its digits where the model is sure, and u is only known
//! as ln u, so that it cannot overflow where the model is wrong. The gradient is A q − z with q the softmax of the other
//! logits; a second pass makes it from a few scalars per row.

mod attention;
pub(crate) mod class_prior;
mod distillation;
mod kind;
mod settings;

pub use crate::divergence::LossValues;
pub use attention::AttentionPenalty;
pub use class_prior::{ClassPrior, ClassPriorValue};
pub use distillation::{Distillation, DistillationLoss};
pub use kind::Loss;
pub use settings::Losses;
