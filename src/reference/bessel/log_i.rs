//! ln I_v in three scalings.

use super::debye::{self, Debye, Kind};
use super::gamma::log_gamma_one_plus;
use super::in_domain;
use super::series::Series;

/// ln I_v(x) (DLMF 10.25.2); −∞ at x = 0 unless v = 0.
///
/// |error| ≤ 1e-14 max(|L|, w) + 1e-14; as v and x → 0 also relative.
pub fn log_bessel_i(v: f64, x: f64) -> f64 {
    log_i(v, x, false)
}

/// ln I_v(x) − x, without subtracting where that would cancel.
///
/// |error| ≤ 1e-14 max(|L|, v, 1).
pub fn log_bessel_i_scaled(v: f64, x: f64) -> f64 {
    log_i(v, x, true)
}

fn log_i(v: f64, x: f64, scaled: bool) -> f64 {
    if !in_domain(v, x) {
        return f64::NAN;
    }
    if x == 0.0 {
        return if v == 0.0 { 0.0 } else { f64::NEG_INFINITY };
    }
    if debye::holds(v, x) {
        let debye = Debye::new(Kind::I, v, x);
        return if scaled { debye.log_scaled() } else { debye.log() };
    }
    // Each term keeps its relative accuracy: for small v and x the sum is small too.
    let log = Series::new(v, x).excess.ln_1p() + (v * (0.5 * x).ln() - log_gamma_one_plus(v));
    if scaled { log - x } else { log }
}

/// ln[Γ(v+1)(2/x)^v I_v(x)] = ln ₀F₁(; v+1; x²/4) ≥ 0 (DLMF 10.39.9), x²/(4(v+1)) for
/// small x; 0 at x = 0.
///
/// |error| ≤ 1e-14 L.
pub fn log_bessel_i_regularized(v: f64, x: f64) -> f64 {
    if !in_domain(v, x) {
        return f64::NAN;
    }
    if x == 0.0 {
        return 0.0;
    }
    if v >= debye::ORDER {
        return Debye::new(Kind::I, v, x).log_regularized();
    }
    if debye::holds(v, x) {
        return Debye::new(Kind::I, v, x).log() + (log_gamma_one_plus(v) - v * (0.5 * x).ln());
    }
    Series::new(v, x).excess.ln_1p()
}
