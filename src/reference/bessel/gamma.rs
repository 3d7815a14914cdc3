//! The gamma function, as far as Bessel functions need it.

use super::polynomial::value;
use std::f64::consts::PI;

/// Even and odd coefficients of 1/Γ(1+μ) = E(μ²) + μ O(μ²) (DLMF 5.7.1); what is
/// left out is below 1e-18 for |μ| ≤ ½.
pub(super) const RECIPROCAL_EVEN: [f64; 11] = [
    1.0,
    -0.6558780715202539,
    0.16653861138229148,
    -0.009621971527876973,
    -0.0011651675918590652,
    0.0001280502823881162,
    -1.2504934821426706e-6,
    -2.056338416977607e-7,
    5.002007644469223e-9,
    1.0434267116911005e-10,
    -3.696805618642206e-12,
];
pub(super) const RECIPROCAL_ODD: [f64; 11] = [
    0.5772156649015329,
    -0.04200263503409524,
    -0.04219773455554433,
    0.0072189432466631,
    -0.00021524167411495098,
    -2.013485478078824e-5,
    1.133027231981696e-6,
    6.116095104481416e-9,
    -1.18127457048702e-9,
    7.782263439905071e-12,
    5.100370287454476e-13,
];

/// B₂ⱼ/(2j(2j−1)): ln Γ(x) = (x−½)ln x − x + ½ln 2π + Σ x^{1−2j}· these (DLMF 5.11.1).
pub(super) const STIRLING: [f64; 8] = [
    0.08333333333333333,
    -0.002777777777777778,
    0.0007936507936507937,
    -0.0005952380952380953,
    0.0008417508417508417,
    -0.0019175269175269176,
    0.00641025641025641,
    -0.029550653594771242,
];

/// From here on Stirling's series needs no shift: its ninth term is below 1e-21.
const STIRLING_FROM: f64 = 16.0;

/// ln Γ(x) for x ≥ 0; NaN below. Relative error ≤ 2e-15, next to the zeros at 1 and
/// 2 as well.
///
/// Stirling's series (DLMF 5.11.1) from 16 on; below, Γ(1+μ+n) = (μ+1)…(μ+n) Γ(1+μ)
/// with |μ| ≤ ½ and the power series of 1/Γ(1+μ) (DLMF 5.7.1), through log1p where a
/// zero is near.
pub fn log_gamma(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 || x == f64::INFINITY {
        return f64::INFINITY;
    }
    if x >= STIRLING_FROM {
        let inverse = 1.0 / x;
        let tail = inverse * value(&STIRLING, inverse * inverse);
        return (x * (x.ln() - 1.0) - 0.5 * x.ln()) + (0.5 * (2.0 * PI).ln() + tail);
    }
    if x < 0.5 {
        return log_gamma_near_one(x) - x.ln();
    }
    let nearest = x.round();
    let mu = x - nearest;
    if nearest == 1.0 {
        return log_gamma_near_one(mu);
    }
    if nearest == 2.0 {
        return mu.ln_1p() + log_gamma_near_one(mu);
    }
    let mut product = 1.0;
    let mut factor = mu + 1.0;
    while factor < x - 0.5 {
        product *= factor;
        factor += 1.0;
    }
    (product / (1.0 + reciprocal_less_one(mu))).ln()
}

/// ln Γ(1+v) for v ≥ 0, relatively accurate for small v, where 1 + v would forget v.
pub(super) fn log_gamma_one_plus(v: f64) -> f64 {
    if v <= 0.5 { log_gamma_near_one(v) } else { log_gamma(1.0 + v) }
}

/// ln Γ(1+μ) for |μ| ≤ ½, relative to its zero at μ = 0.
fn log_gamma_near_one(mu: f64) -> f64 {
    -reciprocal_less_one(mu).ln_1p()
}

/// 1/Γ(1+μ) − 1 for |μ| ≤ ½.
fn reciprocal_less_one(mu: f64) -> f64 {
    let z = mu * mu;
    z * value(&RECIPROCAL_EVEN[1..], z) + mu * value(&RECIPROCAL_ODD, z)
}

/// ψ(1+v) for v ≥ 0, to 2e-15 absolute or relative: recurrence (DLMF 5.5.2) up to 12,
/// then the derivative of Stirling's series (DLMF 5.11.2).
pub(super) fn digamma_one_plus(v: f64) -> f64 {
    let mut y = 1.0 + v;
    let mut shift = 0.0;
    while y < 12.0 {
        shift += 1.0 / y;
        y += 1.0;
    }
    let inverse = 1.0 / y;
    let z = inverse * inverse;
    let mut tail = 0.0;
    for (j, c) in STIRLING.iter().enumerate().rev() {
        tail = tail * z + (2 * j + 1) as f64 * c;
    }
    y.ln() - 0.5 * inverse - z * tail - shift
}
