//! Ratios of neighbouring orders.

use super::debye::{self, Debye, Kind};
use super::in_domain;
use super::series::Series;
use super::small_order::SmallOrderK;

/// I_{v+1}(x)/I_v(x), in [0, 1); 0 at x = 0.
///
/// Relative error ≤ 1e-14.
pub fn bessel_ratio_i(v: f64, x: f64) -> f64 {
    if !in_domain(v, x) {
        return f64::NAN;
    }
    if x == 0.0 {
        return 0.0;
    }
    if debye::holds(v, x) {
        return Debye::new(Kind::I, v, x).ratio();
    }
    Series::new(v, x).ratio(v, x)
}

/// K_{v+1}(x)/K_v(x), for either sign of v: K_{|v+1|}/K_{|v|}. At x = 0 the limit: +∞
/// for v > −½, 1 for v = −½, 0 below.
///
/// Relative error ≤ 1e-14.
pub fn bessel_ratio_k(v: f64, x: f64) -> f64 {
    if !in_domain(v.abs(), x) {
        return f64::NAN;
    }
    // K_{v+1}/K_v of order v is the inverse of that of order −1−v; the sum is exact here.
    if v < -0.5 { 1.0 / upward(-1.0 - v, x) } else { upward(v, x) }
}

/// v ≥ −½.
fn upward(v: f64, x: f64) -> f64 {
    if v == -0.5 {
        return 1.0;
    }
    if x == 0.0 {
        return f64::INFINITY;
    }
    if debye::holds(v, x) {
        return Debye::new(Kind::K, v, x).ratio();
    }
    SmallOrderK::new(v, x).ratio()
}
