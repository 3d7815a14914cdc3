#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod aside;
#[cfg(not(target_arch = "wasm32"))]
pub mod bench;
pub mod bessel;
pub mod check;
mod clock;
pub mod divergence;
pub mod error;
pub mod gpu;
pub mod information;
pub mod losses;
mod number;
mod parallel;
pub mod reference;
mod reserve;
pub mod transport;
pub mod vmf;
mod wait;

#[doc = include_str!("edges.md")]
pub mod edges {}

pub use bessel::{Bessel, BesselFunction, log_bessel_i, log_bessel_k, log_gamma};
pub use divergence::{
    Comparison, Distributions, Divergence, Entropies, Entropy, Generator, Gradients, Input,
    Neighbours, Pairs, Reduction, Side, Unit,
};
pub use error::{Error, Result};
pub use gpu::{Backend, Context, Tensor};
pub use information::{ImportanceWeights, JointInformation, joint_information};
pub use losses::{
    AttentionPenalty, ClassPrior, ClassPriorValue, Distillation, DistillationLoss, Loss,
    LossValues, Losses,
};
pub use number::{Element, Precision};
pub use transport::{
    Annealing, Geometry, Potentials, Problem, Progress, Sinkhorn, Solution, Variant,
};
pub use vmf::{
    Directions, VonMisesFisher, VonMisesFisherFit, VonMisesFisherMixture, VonMisesFisherMixtureFit,
};
pub use wgpu;

#[cfg(not(target_arch = "wasm32"))]
pub use {
    bessel::{log_bessel_i_blocking, log_bessel_k_blocking, log_gamma_blocking},
    information::joint_information_blocking,
};
