//! The ascending series of I_v (DLMF 10.25.2), for orders and arguments that are both
//! moderate: v < 16, x < 24. All terms are positive, so nothing cancels.

use super::gamma::digamma_one_plus;

/// At the corner v = 0, x = 24 the terms are below 1e-17 of the sum after 39.
const TERMS: u32 = 64;

/// What one pass over the series gives, with t_k = (x²/4)^k / (k! (v+1)_k).
#[derive(Debug, Clone, Copy)]
pub(super) struct Series {
    /// Γ(v+1)(2/x)^v I_v − 1 = Σ_{k≥1} t_k, relatively accurate however small.
    pub(super) excess: f64,
    /// The same of order v+1.
    next_excess: f64,
    /// Σ t_k Σ_{j≤k} 1/(v+j) = −∂/∂v Σ t_k.
    fall: f64,
}

impl Series {
    pub(super) fn new(v: f64, x: f64) -> Series {
        let quarter = 0.25 * x * x;
        let mut series = Series { excess: 0.0, next_excess: 0.0, fall: 0.0 };
        let mut term = 1.0;
        let mut harmonic = 0.0;
        let mut inverse = 1.0 / (v + 1.0); // 1/(k(v+k)), one ahead
        for k in 1..=TERMS {
            let k = f64::from(k);
            term *= quarter * inverse;
            harmonic += k * inverse;
            inverse = 1.0 / ((k + 1.0) * (v + k + 1.0));
            series.excess += term;
            series.next_excess += term * ((v + 1.0) * (k + 1.0) * inverse);
            series.fall += term * harmonic;
            if term < 1e-17 * series.excess {
                break;
            }
        }
        series
    }

    /// I_{v+1}/I_v.
    pub(super) fn ratio(&self, v: f64, x: f64) -> f64 {
        0.5 * x / (v + 1.0) * ((1.0 + self.next_excess) / (1.0 + self.excess))
    }

    /// ∂ ln I_v/∂v.
    pub(super) fn slope(&self, v: f64, x: f64) -> f64 {
        (0.5 * x).ln() - digamma_one_plus(v) - self.fall / (1.0 + self.excess)
    }
}
