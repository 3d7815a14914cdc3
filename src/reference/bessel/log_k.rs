//! ln K_v in three scalings.

use super::debye::{self, Debye, Kind};
use super::gamma::log_gamma;
use super::in_domain;
use super::small_order::SmallOrderK;

/// ln K_v(x) (DLMF 10.27.4), for either sign of v; +∞ at x = 0.
///
/// |error| ≤ 1e-14 max(|L|, w) + 1e-14.
pub fn log_bessel_k(v: f64, x: f64) -> f64 {
    log_k(v.abs(), x, false)
}

/// ln K_v(x) + x, without adding where that would cancel; either sign of v.
///
/// |error| ≤ 1e-14 max(|L|, |v|, 1).
pub fn log_bessel_k_scaled(v: f64, x: f64) -> f64 {
    log_k(v.abs(), x, true)
}

fn log_k(v: f64, x: f64, scaled: bool) -> f64 {
    if !in_domain(v, x) {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::INFINITY;
    }
    if debye::holds(v, x) {
        let debye = Debye::new(Kind::K, v, x);
        return if scaled { debye.log_scaled() } else { debye.log() };
    }
    let log = SmallOrderK::new(v, x).log_scaled();
    if scaled { log } else { log - x }
}

/// ln[2^{1−v} x^v K_v(x)/Γ(v)] ≤ 0 for v > 0, the logarithm of Matérn's correlation of
/// smoothness v at scaled distance x; 0 at x = 0. NaN for v ≤ 0.
///
/// |error| ≤ 1e-14 max(|L|, min(w, v+1), 1).
pub fn log_bessel_k_regularized(v: f64, x: f64) -> f64 {
    if !in_domain(v, x) || v == 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return 0.0;
    }
    if v >= debye::ORDER {
        return Debye::new(Kind::K, v, x).log_regularized();
    }
    let value = if debye::holds(v, x) {
        let log = Debye::new(Kind::K, v, x).log();
        log + v * (0.5 * x).ln() + (std::f64::consts::LN_2 - log_gamma(v))
    } else {
        SmallOrderK::new(v, x).log_regularized(v) - log_gamma(v) - x
    };
    value.min(0.0) // rounding as x → 0
}
