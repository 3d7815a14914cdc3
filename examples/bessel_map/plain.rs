//! log I_v(x) as it is commonly written, in f32 throughout: three textbook formulas, each where it converges.

use std::f32::consts::PI;

/// Debye's expansion for large orders, Hankel's for large arguments, the power series for the rest.
pub fn log_bessel_i(v: f32, x: f32) -> f32 {
    if v >= 16.0 {
        debye(v, x)
    } else if x > 30f32.max(0.5 * v * v) {
        hankel(v, x)
    } else {
        series(v, x)
    }
}

/// DLMF 10.41.3 with four terms.
fn debye(v: f32, x: f32) -> f32 {
    let z = x / v;
    let root = (1.0 + z * z).sqrt();
    let (eta, p) = (root + (z / (1.0 + root)).ln(), 1.0 / root);
    let q = p * p;
    let u1 = p * (3.0 - 5.0 * q) / 24.0;
    let u2 = q * (81.0 - 462.0 * q + 385.0 * q * q) / 1152.0;
    let u3 =
        p * q * (30375.0 - 369_603.0 * q + 765_765.0 * q * q - 425_425.0 * q * q * q) / 414_720.0;
    let sum = 1.0 + (u1 + (u2 + u3 / v) / v) / v;
    v * eta - 0.5 * (2.0 * PI * v).ln() + 0.5 * p.ln() + sum.ln()
}

/// DLMF 10.40.1.
fn hankel(v: f32, x: f32) -> f32 {
    let (mut term, mut sum) = (1.0f32, 1.0f32);
    for k in 1..30 {
        let k = k as f32;
        let next = -term * (4.0 * v * v - (2.0 * k - 1.0).powi(2)) / (8.0 * k * x);
        // It diverges in the end.
        if next.abs() > term.abs() {
            break;
        }
        term = next;
        sum += term;
    }
    x - 0.5 * (2.0 * PI * x).ln() + sum.ln()
}

/// DLMF 10.25.2.
fn series(v: f32, x: f32) -> f32 {
    let y = 0.25 * x * x;
    let (mut term, mut sum) = (1.0f32, 1.0f32);
    for k in 1..200 {
        let k = k as f32;
        term *= y / (k * (k + v));
        sum += term;
        if term < 1e-8 * sum {
            break;
        }
    }
    v * (0.5 * x).ln() - log_gamma(v + 1.0) + sum.ln()
}

/// Stirling's series (DLMF 5.11.1) above 8, reached by the recurrence.
fn log_gamma(x: f32) -> f32 {
    let (mut x, mut product) = (x, 1.0f32);
    while x < 8.0 {
        product *= x;
        x += 1.0;
    }
    let tail = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + tail - product.ln()
}
