//! Derivatives of ln I_v and ln K_v in the argument and in the order.

use super::debye::{self, Debye, Kind};
use super::in_domain;
use super::ratio::{bessel_ratio_i, bessel_ratio_k};
use super::series::Series;
use super::small_order::SmallOrderK;

/// ∂ ln I_v/∂x = v/x + I_{v+1}/I_v (DLMF 10.29.2): two positive terms. At x = 0: 0 for
/// v = 0, else +∞.
///
/// Relative error ≤ 1e-14.
pub fn d_log_bessel_i_dx(v: f64, x: f64) -> f64 {
    let ratio = bessel_ratio_i(v, x);
    // |x|: the argument may be -0.
    if v == 0.0 { ratio } else { v / x.abs() + ratio }
}

/// ∂ ln K_v/∂x = v/x − K_{v+1}/K_v (DLMF 10.29.2), for either sign of v; the ratio is at
/// least 2v/x, so that little cancels. −∞ at x = 0.
///
/// Relative error ≤ 1e-14.
pub fn d_log_bessel_k_dx(v: f64, x: f64) -> f64 {
    let v = v.abs();
    if x == 0.0 && in_domain(v, x) {
        return f64::NEG_INFINITY;
    }
    v / x - bessel_ratio_k(v, x)
}

/// ∂ ln I_v/∂v < 0 (DLMF 10.38.1); −∞ at x = 0.
///
/// |error| ≤ 1e-14 max(|L|, 1).
pub fn d_log_bessel_i_dv(v: f64, x: f64) -> f64 {
    if !in_domain(v, x) {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if debye::holds(v, x) {
        return Debye::new(Kind::I, v, x).slope();
    }
    Series::new(v, x).slope(v, x)
}

/// ∂ ln K_v/∂v (DLMF 10.38.2), odd in v; at x = 0: 0 for v = 0, else ±∞.
///
/// |error| ≤ 1e-14 max(|L|, 1).
pub fn d_log_bessel_k_dv(v: f64, x: f64) -> f64 {
    let order = v.abs();
    if !in_domain(order, x) {
        return f64::NAN;
    }
    if order == 0.0 {
        return 0.0;
    }
    if x == 0.0 {
        return f64::INFINITY.copysign(v);
    }
    let slope = if debye::holds(order, x) {
        Debye::new(Kind::K, order, x).slope()
    } else {
        SmallOrderK::new(order, x).slope()
    };
    slope.copysign(v)
}
