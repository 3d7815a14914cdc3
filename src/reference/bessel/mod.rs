//! ln I_v, ln K_v and what goes with them in f64: the twin of the kernels in
//! `shaders/bessel`.
//!
//! Domain: orders 0 ≤ v ≤ 1e6 (K: −1e6 ≤ v ≤ 1e6, as K_{−v} = K_v), arguments x = 0 and
//! 1e-30 ≤ x ≤ 1e30, the f32 next to 1e30 included. Inside it nothing is NaN, and what
//! is infinite is so at x = 0; outside everything is NaN. In the bounds L is the true
//! value and w = √(v²+x²).
//!
//! Three regions, none of which overflows or cancels beyond what the bounds say:
//! `debye` for v ≥ 16 or w ≥ 24, else `series` for I and `small_order` for K.

mod debye;
mod debye_coefficients;
mod derivative;
mod dual;
mod gamma;
mod integral;
mod log_i;
mod log_k;
mod polynomial;
mod ratio;
mod series;
mod small_order;
mod temme;

pub(crate) use debye_coefficients::P as DEBYE;
pub use derivative::{d_log_bessel_i_dv, d_log_bessel_i_dx, d_log_bessel_k_dv, d_log_bessel_k_dx};
pub use gamma::log_gamma;
pub use log_i::{log_bessel_i, log_bessel_i_regularized, log_bessel_i_scaled};
pub use log_k::{log_bessel_k, log_bessel_k_regularized, log_bessel_k_scaled};
pub use ratio::{bessel_ratio_i, bessel_ratio_k};

/// The largest order, by magnitude.
pub(crate) const LARGEST_ORDER: f64 = 1e6;
/// The smallest argument besides 0.
pub(crate) const SMALLEST_ARGUMENT: f64 = 1e-30;
/// The f32 next to 1e30 is a little larger than it.
pub(crate) const LARGEST_ARGUMENT: f64 = 1e30_f32 as f64;

/// Whether order and argument are in the domain of the I functions; those of K pass |v|.
fn in_domain(v: f64, x: f64) -> bool {
    let argument = x == 0.0 || (SMALLEST_ARGUMENT..=LARGEST_ARGUMENT).contains(&x);
    argument && (0.0..=LARGEST_ORDER).contains(&v)
}
