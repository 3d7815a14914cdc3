//! Debye's expansion in the modulus w = √(v²+x²) instead of the order: with s = 1/w,
//! t = v/w, z = t² and E = w − v asinh(v/x),
//!
//! ln I_v = E − ½ln(2πw) + Σ s^k P_k(z),  ln K_v = −E + ½ln(π/2w) + Σ (−s)^k P_k(z).
//!
//! DLMF 10.41.3–4 with t/v written as s. It is uniform in x, and what is left out is
//! of the order of the first term left out wherever w is large, small orders included
//! (DLMF 10.41(iv); at v = 0 it is Hankel's expansion): with the terms taken here
//! below 3e-15 for w ≥ 24, and for v ≥ 16 with any x.

use super::debye_coefficients::P;
use super::gamma::STIRLING;
use super::polynomial::{divided_difference, value, value_and_slope};
use std::f64::consts::{FRAC_PI_2, PI};

/// From this order or this modulus on the expansion holds.
pub(super) const ORDER: f64 = 16.0;
pub(super) const MODULUS: f64 = 24.0;

/// Whether the expansion may be used.
pub(super) fn holds(v: f64, x: f64) -> bool {
    v >= ORDER || v * v + x * x >= MODULUS * MODULUS
}

/// Which solution; K is I with E and s negated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    I,
    K,
}

/// The point, in the variables of the expansion. v may be negative as long as it is
/// small beside x: the expansion is the same function of v.
#[derive(Debug, Clone, Copy)]
pub(super) struct Debye {
    kind: Kind,
    v: f64,
    x: f64,
    w: f64,
    s: f64,
    z: f64,
}

impl Debye {
    pub(super) fn new(kind: Kind, v: f64, x: f64) -> Debye {
        let w = (v * v + x * x).sqrt();
        let s = 1.0 / w;
        Debye { kind, v, x, w, s, z: (v * s) * (v * s) }
    }

    /// +1 for I, −1 for K.
    fn sign(&self) -> f64 {
        if self.kind == Kind::I { 1.0 } else { -1.0 }
    }

    /// The terms that are above 1e-16, by max |P_k|/w^k.
    fn terms(&self) -> &'static [&'static [f64]] {
        let count = match self.w {
            w if w < 27.0 => 16,
            w if w < 42.0 => 15,
            w if w < 64.0 => 11,
            w if w < 125.0 => 9,
            w if w < 420.0 => 7,
            w if w < 5700.0 => 5,
            w if w < 2.5e7 => 3,
            _ => 1,
        };
        &P[..count]
    }

    /// Σ (±s)^k f(k, P_k).
    fn sum(&self, f: impl Fn(f64, &[f64]) -> f64) -> f64 {
        let step = self.sign() * self.s;
        let mut power = 1.0;
        let mut sum = 0.0;
        for (k, p) in (1u32..).zip(self.terms()) {
            power *= step;
            sum += power * f(f64::from(k), p);
        }
        sum
    }

    /// asinh(v/x) = log1p(v(w+x+v)/((w+x)x)).
    fn asinh(&self) -> f64 {
        let Debye { v, x, w, .. } = *self;
        (v / x * ((w + x + v) / (w + x))).ln_1p()
    }

    /// What ln I and ln K have besides E.
    fn rest(&self) -> f64 {
        let factor = if self.kind == Kind::I { 2.0 * PI } else { 1.0 / FRAC_PI_2 };
        self.sum(|_, p| value(p, self.z)) - 0.5 * (factor * self.w).ln()
    }

    /// ln I or ln K.
    pub(super) fn log(&self) -> f64 {
        self.sign() * (self.w - self.v * self.asinh()) + self.rest()
    }

    /// ln I − x or ln K + x: w − x = v²/(w+x).
    pub(super) fn log_scaled(&self) -> f64 {
        let beyond = self.v * (self.v / (self.w + self.x));
        self.sign() * (beyond - self.v * self.asinh()) + self.rest()
    }

    /// ln[Γ(v+1)(2/x)^v I_v] or ln[2^{1−v}x^v K_v/Γ(v)], relatively accurate as x → 0.
    ///
    /// With q = w − v, and Stirling's series of ln Γ taken termwise from the expansion
    /// (its terms are −P_k(1)/v^k, zero for even k):
    /// ±[q − v log1p(q/2v)] − ½log1p(q/v) + Σ (±1)^k [s^k P_k(z) − v^{−k} P_k(1)].
    pub(super) fn log_regularized(&self) -> f64 {
        let Debye { v, x, w, s, z, .. } = *self;
        let q = x * (x / (w + v));
        let bulk = q - v * (0.5 * q / v).ln_1p();
        // s^k (P_k(z) − P_k(1)) = (z − 1) s^k · divided difference, and 1 − z = (x/w)².
        let curved = -(x * s) * (x * s) * self.sum(|_, p| divided_difference(p, z, 1.0));
        // Σ P_k(1)(s^k − v^{−k}) = −[s C(s²) − y C(y²)], y = 1/v, s − y = −q/(vw).
        let y = 1.0 / v;
        let stirling = q
            * y
            * s
            * (value(&STIRLING, s * s) + y * (s + y) * divided_difference(&STIRLING, s * s, y * y));
        self.sign() * (bulk + stirling) - 0.5 * (q / v).ln_1p() + curved
    }

    /// I_{v+1}/I_v or K_{v+1}/K_v, which are ±(∂ ln /∂x ∓ v/x):
    /// ∂(s^k P_k)/∂x = −x s^{k+2} (k P_k + 2z P_k′).
    pub(super) fn ratio(&self) -> f64 {
        let Debye { v, x, w, s, z, .. } = *self;
        let sum = self.sum(|k, p| {
            let (value, slope) = value_and_slope(p, z);
            k * value + 2.0 * z * slope
        });
        let rest = (x * s) * s * (0.5 + sum);
        match self.kind {
            Kind::I => x / (w + v) - rest,
            Kind::K => (w + v) / x + rest,
        }
    }

    /// ∂/∂v: ∂E/∂v = −asinh(v/x), ∂(s^k P_k)/∂v = t s^{k+1} [2(1−z)P_k′ − k P_k].
    pub(super) fn slope(&self) -> f64 {
        let Debye { v, x, s, z, .. } = *self;
        let tau = (x * s) * (x * s);
        let sum = self.sum(|k, p| {
            let (value, slope) = value_and_slope(p, z);
            2.0 * tau * slope - k * value
        });
        (v * s) * s * (sum - 0.5) - self.sign() * self.asinh()
    }
}
