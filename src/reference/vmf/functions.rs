//! The functions of the concentration: A_p, its slope, ln C_p and the entropy, in f64.
//!
//! Method. With v = p/2 − 1, w = √(v² + κ²), t = v/w and s = 1/w, Debye's expansion
//! (DLMF 10.41) in the form ln I_v(κ) = w − v asinh(v/κ) − ½ ln 2πw + Σ s^k D_k(t²)
//! holds for every v ≥ 0, v = 0 included, as soon as w is large: it depends on s
//! alone. What cancels between κ, w and v is taken out by hand,
//!
//! * A = κ/(w + v) − (κ/w) s P and 1 − A = v (1 + κ/(w + v))/(κ + w) + (κ/w) s P,
//!   P = ½ + Σ s^k Σ_j (k + 2j) D_kj t^2j;
//! * ln C + κ = −(v + 1) ln 2π − v²/(w + κ) + v ln(v + w) + ½ ln 2πw − Σ s^k D_k;
//! * −ln C − κA = (v + 1) ln 2π + v − v ln(v + w) − ½ ln 2πw + (κ/w)² P + Σ s^k D_k,
//!
//! so that neither Γ nor a Bessel function of size e^κ is met. Below w = 64 the
//! ratio comes down the recurrence of positive terms from an order where w is 64
//! (DLMF 10.33), and ln C from the power series of I_v, of positive terms as well.
//!
//! Error against Arb (`tests/data/vmf_reference.csv`): A, 1 − A and the entropy some
//! 1e-14 relative, ln C 1e-15 of max(|ln C|, κ, 1).

use crate::reference::bessel::DEBYE;
use std::f64::consts::PI;

/// Debye's expansion is used from here on: its thirteenth term is below 1e-17.
const LARGE: f64 = 64.0;

/// Terms of Debye's expansion that are used.
const TERMS: usize = 12;

/// A_p(κ) with what is needed beside it where it comes close to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio {
    /// A = I_{v+1}(κ)/I_v(κ).
    pub(crate) value: f64,
    /// 1 − A, with its own relative accuracy.
    pub(crate) complement: f64,
    /// dA/dκ = 1 − A² − (2v + 1) A/κ.
    pub(crate) slope: f64,
}

/// v = p/2 − 1.
fn order(dimension: usize) -> f64 {
    0.5 * dimension as f64 - 1.0
}

/// The ratio of a dimension at a finite concentration.
pub(crate) fn ratio(dimension: usize, concentration: f64) -> Ratio {
    let (v, x) = (order(dimension), concentration);
    if v.hypot(x) >= LARGE {
        return large_ratio(v, x);
    }
    // I_{u+1}/I_u = κ/(2(u + 1) + κ I_{u+2}/I_{u+1}), downwards.
    let steps = ((LARGE * LARGE - x * x).sqrt() - v).ceil().max(1.0);
    let mut u = v + steps;
    let mut above = large_ratio(u, x).value;
    let mut over_x = 0.0;
    while u > v + 0.5 {
        over_x = 1.0 / (2.0 * u + x * above);
        above = x * over_x;
        u -= 1.0;
    }
    Ratio {
        value: above,
        complement: 1.0 - above,
        slope: 1.0 - above * above - (2.0 * v + 1.0) * over_x,
    }
}

fn large_ratio(v: f64, x: f64) -> Ratio {
    let w = v.hypot(x);
    let (s, t, y) = (1.0 / w, v / w, x / w);
    let squared = t * t;
    let (mut p, mut slope) = (0.5, 0.5 - squared);
    let mut power = s;
    for (k, coefficients) in (1u32..).zip(&DEBYE[..TERMS]) {
        let (mut sum, mut change, mut place) = (0.0, 0.0, 1.0);
        for (j, d) in (0u32..).zip(*coefficients) {
            let m = f64::from(k + 2 * j);
            sum += m * d * place;
            // d/dκ of κ w^−(m+2) is w^−(m+2) (1 − (m + 2)(1 − t²)).
            change -= m * d * place * (1.0 - (m + 2.0) * y * y);
            place *= squared;
        }
        p += power * sum;
        slope += power * change;
        power *= s;
    }
    let correction = y * s * p;
    Ratio {
        value: x / (w + v) - correction,
        // x + w may be beyond the largest number.
        complement: 0.5 * v * (1.0 + x / (w + v)) / (0.5 * x + 0.5 * w) + correction,
        slope: t / (w + v) + s * s * slope,
    }
}

/// Σ s^k D_k(t²), and P of the ratio.
fn debye_sums(s: f64, squared: f64) -> (f64, f64) {
    let (mut sum, mut p, mut power) = (0.0, 0.5, s);
    for (k, coefficients) in (1u32..).zip(&DEBYE[..TERMS]) {
        let mut place = power;
        for (j, d) in (0u32..).zip(*coefficients) {
            sum += d * place;
            p += f64::from(k + 2 * j) * d * place;
            place *= squared;
        }
        power *= s;
    }
    (sum, p)
}

/// ln C_p(κ) + κ: the log-density at the mean direction, in nats.
pub(crate) fn log_peak(dimension: usize, concentration: f64) -> f64 {
    let (v, x) = (order(dimension), concentration);
    let w = v.hypot(x);
    if w < LARGE {
        return x - log_inverse_normalizer(dimension, x);
    }
    let (sum, _) = debye_sums(1.0 / w, (v / w) * (v / w));
    v * ((v + w) / (2.0 * PI)).ln() + 0.5 * (w / (2.0 * PI)).ln() - v * (v / (w + x)) - sum
}

/// ln C_p(κ) in nats.
pub(crate) fn log_normalizer(dimension: usize, concentration: f64) -> f64 {
    let (v, x) = (order(dimension), concentration);
    if v.hypot(x) < LARGE {
        return -log_inverse_normalizer(dimension, x);
    }
    log_peak(dimension, x) - x
}

/// −ln C_p(κ) − κ A_p(κ) in nats.
pub(crate) fn entropy(dimension: usize, concentration: f64) -> f64 {
    let (v, x) = (order(dimension), concentration);
    let w = v.hypot(x);
    if w < LARGE {
        return log_inverse_normalizer(dimension, x) - x * ratio(dimension, x).value;
    }
    let y = x / w;
    let (sum, p) = debye_sums(1.0 / w, (v / w) * (v / w));
    v * (1.0 - ((v + w) / (2.0 * PI)).ln()) - 0.5 * (w / (2.0 * PI)).ln() + (y * y * p + sum)
}

/// −ln C_p(κ) = ln 2 + (p/2) ln π − ln Γ(p/2) + ln Σ_k (κ²/4)^k/(k! (p/2)_k), κ < 64.
fn log_inverse_normalizer(dimension: usize, x: f64) -> f64 {
    let half = 0.5 * dimension as f64;
    let quarter = 0.25 * x * x;
    let (mut term, mut tail, mut k) = (1.0, 0.0, 0.0);
    while term > 1e-18 * (1.0 + tail) {
        term *= quarter / ((k + 1.0) * (half + k));
        tail += term;
        k += 1.0;
    }
    // Γ(p/2)/π^(p/2) as a product from Γ(1) = 1 or Γ(½)/√π = 1.
    let mut surface = 2.0;
    let mut u = if dimension.is_multiple_of(2) { 1.0 } else { 0.5 };
    if dimension.is_multiple_of(2) {
        surface *= PI;
    }
    while u < half - 0.25 {
        surface *= PI / u;
        u += 1.0;
    }
    surface.ln() + tail.ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of `tests/data/vmf_reference.csv`.
    fn reference() -> Vec<Vec<f64>> {
        let text = include_str!("../../../tests/data/vmf_reference.csv");
        let row = |line: &str| line.split(',').map(|x| x.parse().unwrap()).collect();
        text.lines().skip(1).map(row).collect()
    }

    #[test]
    fn functions_agree_with_multiprecision() {
        let mut worst = [0.0f64; 5];
        for row in reference() {
            let (p, kappa) = (row[0] as usize, row[1]);
            let a = ratio(p, kappa);
            let size = row[5].abs().max(kappa).max(1.0);
            let errors = [
                (a.value - row[2]).abs() / row[2],
                (a.complement - row[3]).abs() / row[3],
                (a.slope - row[4]).abs() / row[4],
                (log_normalizer(p, kappa) - row[5]).abs() / size,
                (entropy(p, kappa) - row[6]).abs() / row[6].abs().max(1.0),
            ];
            for (worst, error) in worst.iter_mut().zip(errors) {
                *worst = worst.max(error);
            }
            let peak = row[5] + kappa;
            assert!((log_peak(p, kappa) - peak).abs() <= 1e-13 * size, "{p} {kappa}");
        }
        println!("{worst:e}", worst = worst.iter().copied().fold(0.0, f64::max));
        println!("{worst:?}");
        // The entropy is a difference of terms up to ten times its size.
        for (worst, bound) in worst.into_iter().zip([1e-14, 3e-14, 1e-11, 2e-15, 2e-14]) {
            assert!(worst <= bound, "{worst:e} of {bound:e}");
        }
    }
}
