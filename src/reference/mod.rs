//! The f64 CPU twin of every kernel, under the kernel's name: oracle of the
//! tests, and the answer on machines without a usable adapter.
//!
//! Written from the definitions in [`crate::transport`], not from the shaders:
//! plain f64, maxima always taken out, no tiling. Weights and potentials are
//! "weighted potentials" f + ε ln a in units of cost, as in the kernels; a weight
//! of zero has potential −∞ here, where the kernels have the sentinel −1e30.
//!
//! Public as an oracle for your own tests. Lengths that do not fit each other are the caller's to avoid: slices are
//! indexed, and nothing is checked. Names follow the kernels' and change with them: see the crate's promise of versions.

mod batch;
mod bessel;
mod chunk;
pub mod divergence;
mod elementary;
pub mod information;
mod large_epsilon;
pub mod losses;
mod measure;
mod pass;
mod plan;
mod rescale;
mod scaling;
mod scalings;
mod sinkhorn;
mod softmin;
pub mod vmf;
mod wide;

pub(crate) use bessel::{LARGEST_ARGUMENT, LARGEST_ORDER, SMALLEST_ARGUMENT};
pub use bessel::{
    bessel_ratio_i, bessel_ratio_k, d_log_bessel_i_dv, d_log_bessel_i_dx, d_log_bessel_k_dv,
    d_log_bessel_k_dx, log_bessel_i, log_bessel_i_regularized, log_bessel_i_scaled, log_bessel_k,
    log_bessel_k_regularized, log_bessel_k_scaled, log_gamma,
};
pub use measure::{Totals, convergence, totals};
pub use plan::{apply, plan};
pub use rescale::{Rescale, rescale};
pub use scaling::scaling_product;
pub use sinkhorn::{Solved, resident};
pub use softmin::{Sweep, softmin_columns, softmin_double, softmin_rows, softmin_support};

pub(crate) use batch::solve_batch;
