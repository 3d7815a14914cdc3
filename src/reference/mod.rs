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

mod bessel;
pub mod divergence;
pub(crate) mod elementary;
pub mod information;
pub mod losses;
mod transport;
pub mod vmf;
mod wide;

pub(crate) use bessel::{LARGEST_ARGUMENT, LARGEST_ORDER, SMALLEST_ARGUMENT};
pub use bessel::{
    bessel_ratio_i, bessel_ratio_k, d_log_bessel_i_dv, d_log_bessel_i_dx, d_log_bessel_k_dv,
    d_log_bessel_k_dx, log_bessel_i, log_bessel_i_regularized, log_bessel_i_scaled, log_bessel_k,
    log_bessel_k_regularized, log_bessel_k_scaled, log_gamma,
};
pub(crate) use transport::{AlongAxes, FALLS_FROM, Standing, falls_by, solve_batch};
pub use transport::{
    CostFunction, CostMatrix, Costs, Damping, Marginals, Problem, Rescale, Seen, Settings, Solved,
    Sweep, Totals, apply, convergence, multiplier, plan, point_costs, point_costs_double, rescale,
    resident, scaling_product, softmin_axis, softmin_axis_double, softmin_columns, softmin_double,
    softmin_line, softmin_rows, softmin_support, spread, totals,
};
