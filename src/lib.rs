//! Probability distributions on any GPU: optimal transport, divergences with gradients, logarithms of Bessel functions
//! and von Mises-Fisher distributions, in WGSL compute shaders, with an f64 twin on the CPU for machines without a GPU.
//!
//! ```
//! use kantor::{Context, Geometry, Problem, Sinkhorn};
//!
//! # fn main() -> kantor::Result<()> {
//! let context = Context::new_blocking()?; // the best GPU, or the CPU twin
//! // Three pixels in a row, one unit wide: all mass moves half a unit to the right.
//! let geometry = Geometry::squared_euclidean_grid(1, 3)?;
//! let problem = Problem::new(geometry, &[0.5, 0.5, 0.0], &[0.0, 0.5, 0.5])?.normalized();
//! let solution = Sinkhorn::new(0.05).solve_blocking(&context, &problem)?.require_converged()?;
//! assert!((solution.transport_cost()[0] - 0.25).abs() < 2e-3); // a quarter, blurred by ε = 0.05
//! # Ok(()) }
//! ```
//!
//! # What is where
//!
//! | for | start with | module |
//! |---|---|---|
//! | where work runs, and arrays there | [`Context`], [`ContextBuilder`], [`Tensor`] | [`gpu`] |
//! | optimal transport of batches of histograms | [`Geometry`], [`Grid`], [`Problem`], [`Sinkhorn`], [`Solution`] | [`transport`] |
//! | divergences of rows, their gradients, nearest rows | [`Distributions`], [`Comparison`], [`Divergence`] | [`divergence`] |
//! | entropies of rows | [`Entropies`], [`Entropy`] | [`divergence`] |
//! | losses over logits, distillation | [`Losses`], [`Distillation`], [`ClassPrior`], [`AttentionPenalty`] | [`losses`] |
//! | mutual information, channels, importance weights | [`joint_information`], [`ImportanceWeights`] | [`information`] |
//! | ln I, ln K, ratios and derivatives, ln Γ | [`Bessel`], [`log_bessel_i`], [`log_bessel_k`], [`log_gamma`] | [`bessel`] |
//! | directions | [`Directions`], [`VonMisesFisher`], [`VonMisesFisherMixture`] | [`vmf`] |
//! | what can go wrong | [`Error`], [`Result`] | [`error`] |
//! | where every function's domain ends | | [`edges`] |
//! | every kernel against its twin, on the adapter at hand | [`check::run`] | [`check`] |
//! | the twins | | [`mod@reference`] |
//!
//! Whatever takes time is `async`, and natively has a `_blocking` twin. Data is [`Element`]: `f32` or `f64`; how many
//! digits are computed is [`Precision`]. Small sets of choices have a `name()`, and are parsed from it.
//!
//! # Features
//!
//! * `serde`: results and reports are `serde::Serialize`, by the names of their fields; choices by their `name()`.
//! * `cli`: the command `kantor`, which the library does not need.
//!
//! # What versions promise
//!
//! A major version follows each of [`wgpu`]'s, which is part of this interface. Within one, enums and structs that are
//! `#[non_exhaustive]` may grow. Variants of [`Error`] have the fields that they have, so that an application's tests can
//! make them. The functions of [`mod@reference`] are a means to check results by: their names follow the kernels' and may
//! change with any version before 1.0; after that, with a major one. What is hidden from this documentation, and the
//! feature `hostile`, is promised nothing. Values may change in digits beyond those that a precision promises.

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
mod named;
mod number;
mod parallel;
pub mod reference;
mod reserve;
pub mod transport;
pub mod vmf;
mod wait;

/// The examples of the README, which compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[doc = include_str!("edges.md")]
pub mod edges {}

pub use bessel::{Bessel, BesselFunction, log_bessel_i, log_bessel_k, log_gamma};
pub use divergence::{
    Comparison, Distributions, Divergence, Entropies, Entropy, Generator, Gradients, Input,
    Mismatch, Neighbours, Pairs, Reduction, Side, Unit, Values,
};
pub use error::{Error, Result};
pub use gpu::{
    AdapterKind, AdapterReport, Backend, Capabilities, Context, ContextBuilder, Memory, Probes,
    Tensor, Traffic,
};
pub use information::{ImportanceWeights, JointInformation, Normalization, joint_information};
pub use losses::{
    AttentionPenalty, ClassPrior, ClassPriorValue, Distillation, DistillationLoss, Loss,
    LossValues, Losses,
};
pub use number::{Element, Precision};
pub use transport::{
    Annealing, Epsilon, Geometry, Grid, GroundCost, Initializer, Marginals, Potentials, Problem,
    Progress, Sinkhorn, SinkhornDivergence, Solution, Stage, Stop, Variant,
};
pub use vmf::{
    Assignment, Concentrations, Directions, VonMisesFisher, VonMisesFisherFit,
    VonMisesFisherMixture, VonMisesFisherMixtureFit,
};
pub use wgpu;

#[cfg(not(target_arch = "wasm32"))]
pub use {
    bessel::{log_bessel_i_blocking, log_bessel_k_blocking, log_gamma_blocking},
    information::joint_information_blocking,
};
