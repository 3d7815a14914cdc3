//! What an error of a log-Bessel function may be.

use crate::BesselFunction;
use crate::check::judge::ulp;
use crate::check::tolerances::Range;
use crate::number::Precision;

/// 2⁻⁴²: what single precision may be off by beside the rounding of its result, of the size of the terms that cancel.
const SINGLE_SHARE: f64 = 1.0 / (1u64 << 42) as f64;
/// The same for double-floats, whose own spacing is 2⁻⁴⁸ = 3.6e-15.
const DOUBLE_SHARE: f64 = 4e-14;

/// The error allowed at a point whose exact value is `exact`. Where the low word of a value is subnormal (see
/// [`Range`]) its double-float is only as good as its high word; where subnormals are flushed, such a result may be 0,
/// and such an order counts as 0, which moves log I by v ln x.
///
/// With L the exact value and w = √(v² + x²), a rounding of x or v moves log I and log K by w of its size:
///
/// | | single | double |
/// |---|---|---|
/// | log I, log K | ulp(L) + 2⁻⁴² w | 4e-14 (max(\|L\|, w) + 1) |
/// | log I − x, log K + x | the same with max(v, 1) for w | the same |
/// | log I regularized | the same with min(w, 64) for w | the same |
/// | log K regularized | the same with max(1, min(w, 64)) for w | the same |
/// | ratios | 2 ulp(L) | 1e-13 \|L\|; of K with −1 < v < 0, 1 + ln⁺(1/x)/4 times that |
/// | derivatives | 4 ulp(max(\|L\|, 1e-3)) | 2e-13 max(\|L\|, 1) |
/// | log Γ | ulp(L) | 4e-14 max(\|L\|, 1) |
///
/// Between the orders −1 and 0 the ratio of K is about a power 1 + 2 v of x/2, which the rounding of v moves by ln x.
pub(super) fn allowed(
    function: BesselFunction,
    precision: Precision,
    (v, x): (f64, f64),
    exact: f64,
    range: Range,
) -> f64 {
    use BesselFunction::{
        LogGamma, LogI, LogIRegularized, LogIScaled, LogK, LogKRegularized, LogKScaled, RatioI,
        RatioK,
    };
    let power = if v > -1.0 && v < 0.0 { 1.0 + (1.0 / x).ln().max(0.0) / 4.0 } else { 1.0 };
    let (v, size) = (v.abs(), exact.abs());
    let w = v.hypot(x);
    let terms = match function {
        LogI | LogK => Some(w),
        LogIScaled | LogKScaled => Some(v.max(1.0)),
        LogIRegularized => Some(w.min(64.0)),
        LogKRegularized => Some(w.clamp(1.0, 64.0)),
        _ => None,
    };
    match (terms, function, precision) {
        (Some(terms), _, Precision::Single) => {
            ulp(size) + SINGLE_SHARE * terms + range.flushed * (1.0 + x.ln().abs())
        }
        (Some(terms), _, Precision::Double) => DOUBLE_SHARE * (size.max(terms) + 1.0),
        (_, RatioI, Precision::Double) => 1e-13 * size,
        (_, RatioK, Precision::Double) => 1e-13 * size * power,
        (_, RatioI | RatioK, _) => 2.0 * ulp(size),
        (_, LogGamma, Precision::Single) => ulp(size),
        (_, LogGamma, Precision::Double) => DOUBLE_SHARE * size.max(1.0),
        (_, _, Precision::Single) => 4.0 * ulp(size.max(1e-3)),
        (_, _, Precision::Double) => 2e-13 * size.max(1.0),
    }
}

/// The value at x = 0.
pub(super) fn limit(function: BesselFunction, v: f64) -> f64 {
    use BesselFunction::{
        DLogIDv, DLogIDx, DLogKDv, DLogKDx, LogGamma, LogI, LogIRegularized, LogIScaled, LogK,
        LogKRegularized, LogKScaled, RatioI, RatioK,
    };
    const INFINITY: f64 = f64::INFINITY;
    match function {
        LogI | LogIScaled => {
            if v == 0.0 {
                0.0
            } else {
                -INFINITY
            }
        }
        DLogIDx => {
            if v == 0.0 {
                0.0
            } else {
                INFINITY
            }
        }
        LogIRegularized | LogKRegularized | RatioI => 0.0,
        LogK | LogKScaled | LogGamma => INFINITY,
        // x^(2v + 1) below −½, where K_v = K_{−v}.
        RatioK => match v {
            v if v < -0.5 => 0.0,
            v if v > -0.5 => INFINITY,
            _ => 1.0,
        },
        DLogIDv | DLogKDx => -INFINITY,
        DLogKDv => {
            if v == 0.0 {
                0.0
            } else {
                INFINITY.copysign(v)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BesselFunction::{DLogIDv, LogGamma, LogI, RatioI};

    #[test]
    fn the_criterion_is_that_of_the_issue() {
        let at = |f, p, exact| allowed(f, p, (3.0, 4.0), exact, Range::of(true));
        assert_eq!(at(LogI, Precision::Single, 2.0), (-22f64).exp2() + 5.0 * (-42f64).exp2());
        assert!((at(LogI, Precision::Double, 2.0) - 24e-14).abs() < 1e-20);
        assert_eq!(at(RatioI, Precision::Single, 0.5), (-23f64).exp2());
        assert_eq!(at(RatioI, Precision::Double, 1e-31), 1e-13 * 1e-31);
        assert_eq!(at(DLogIDv, Precision::Single, 0.0), 4.0 * ulp(1e-3));
        assert_eq!(at(LogGamma, Precision::Double, 3.0), 12e-14);
    }
}
