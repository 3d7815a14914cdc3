//! K_v for orders below 16 and moduli below 24: two neighbours of order |μ| ≤ ½ from
//! Temme's series or an integral, then the recurrence upward, which is stable for K.
//! Everything carries its derivative in the order.

use super::dual::Dual;
use super::{integral, temme};

/// Up to here Temme's series; at 1 its sums lose at most a digit, and the integral
/// beyond needs fewest nodes.
const TEMME_UP_TO: f64 = 1.0;

/// e^x K_v = κ (2/x)^n with n the integer nearest to v, so that no power of a tiny x
/// overflows; κ and its successor, for K_{v+1}.
#[derive(Debug, Clone, Copy)]
pub(super) struct SmallOrderK {
    n: f64,
    log_two_over_x: f64,
    two_over_x: f64,
    kappa: Dual,
    next: Dual,
}

impl SmallOrderK {
    /// v ≥ −½.
    pub(super) fn new(v: f64, x: f64) -> SmallOrderK {
        let n = v.round().max(0.0);
        let mu = v - n;
        let (mut kappa, mut next) =
            if x <= TEMME_UP_TO { temme::pair(mu, x) } else { integral::pair(mu, x) };
        // K_{μ+j+1} = K_{μ+j−1} + (2/x)(μ+j)K_{μ+j} (DLMF 10.29.1), in κ.
        let quarter = 0.25 * x * x;
        for j in 1..=n as u32 {
            let order = Dual { value: mu + f64::from(j), slope: 1.0 };
            (kappa, next) = (next, kappa.times(quarter) + next * order);
        }
        let two_over_x = 2.0 / x;
        SmallOrderK { n, log_two_over_x: two_over_x.ln(), two_over_x, kappa, next }
    }

    /// ln K_v + x.
    pub(super) fn log_scaled(&self) -> f64 {
        self.kappa.value.ln() + self.n * self.log_two_over_x
    }

    /// ln[2^{1−v} x^v K_v] + x; the powers of x that K_v has are not multiplied in first.
    pub(super) fn log_regularized(&self, v: f64) -> f64 {
        (2.0 * self.kappa.value).ln() - (v - self.n) * self.log_two_over_x
    }

    /// K_{v+1}/K_v.
    pub(super) fn ratio(&self) -> f64 {
        self.two_over_x * (self.next.value / self.kappa.value)
    }

    /// ∂ ln K_v/∂v.
    pub(super) fn slope(&self) -> f64 {
        self.kappa.slope / self.kappa.value
    }
}
