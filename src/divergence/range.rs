//! Where f32 holds what a member adds up: ratios and sizes of bins, sums of rows.
//!
//! What is beyond goes to the f64 twin, row by row. The kernels flag single bins; what is said here of whole rows rests
//! on these figures: exponentials below e^-87 are 0, and with them a ratio of bins whose logarithms are further apart, so
//! that a term is known to e^-87 = 1.6e-38 of the larger bin, and one of the square root of the ratio to 1.3e-19 of it;
//! arithmetic may read a number below 2^-126 = 1.2e-38 as 0.

use super::finish::Sums;
use super::kernels::{BEYOND_RANGE, FAR_APART, SUBNORMAL};
use super::kind::Divergence;

/// The smallest normal f32.
const NORMAL: f64 = f32::MIN_POSITIVE as f64;

/// What a mean bin must have of a sum of f32, so that what is below 2^-126 is none of its digits.
const MEAN_BIN: f64 = 1e-30;

/// The smallest mean term of which six digits are known, where all below 1e-38, times their logarithms, may be lost.
const SMALLEST_TERM: f64 = 1e-28;

/// Temperatures that f32 divides by without leaving its range.
pub(crate) fn is_usual(temperature: f64) -> bool {
    (1e-6..=1e6).contains(&temperature)
}

/// Whether a power of two in f32 brings a sum next to 1.
pub(crate) fn is_moderate(sum: f64) -> bool {
    (1e-35..1e36).contains(&sum)
}

/// Whether a sum leaves room for products of its bins.
pub(crate) fn has_room(sum: f64) -> bool {
    (0.1..1e12).contains(&sum)
}

/// Whether a factor leaves the numbers it is multiplied with in f32.
pub(crate) fn is_factor(factor: f64) -> bool {
    factor == 0.0 || (1e-30..1e30).contains(&factor.abs())
}

/// Whether the sums of two rows, and of weights with `slopes` the slope of every bin, are those of all their bins, of
/// which there are so many, multiplied at most by `scale`.
pub(crate) fn holds(
    divergence: &Divergence,
    sums: &Sums,
    (bins, scale): (usize, f64),
    slopes: bool,
) -> bool {
    let all = [sums.value, sums.second, sums.p, sums.q, sums.difference, sums.flow_p, sums.flow_q];
    if !all.into_iter().all(|x| x.is_finite() && x.abs() < 1e38)
        || !has_room(sums.p)
        || sums.flags & BEYOND_RANGE != 0
    {
        return false;
    }
    if sums.flags & (SUBNORMAL | FAR_APART) != 0 && (slopes || !is_bounded(divergence)) {
        return false;
    }
    if sums.flags & SUBNORMAL != 0
        && !is_negligible(divergence, sums, bins as f64 * NORMAL * scale.max(1.0))
    {
        return false;
    }
    if let Divergence::CauchySchwarz = divergence {
        return are_squares(sums, bins);
    }
    sums.value == 0.0 || sums.value.abs() >= SMALLEST_TERM * bins as f64
}

/// Whether what all bins below 2^-126 can add is no digit of the sums.
fn is_negligible(divergence: &Divergence, sums: &Sums, mass: f64) -> bool {
    match divergence {
        Divergence::SquaredHellinger | Divergence::Bhattacharyya => {
            let lost = 2e8 * (mass * sums.p).sqrt();
            lost <= sums.value && lost <= sums.second
        }
        // At most 128 nats a bin.
        _ => 1.3e10 * mass <= sums.value,
    }
}

/// The same of sums of squares, in which bins below 2^-63 are lost.
fn are_squares(sums: &Sums, bins: usize) -> bool {
    let least = MEAN_BIN * bins as f64;
    let apart = sums.value == 0.0 || sums.value >= least;
    apart && sums.second > least && sums.flow_q > least
}

/// Whether bins with next to nothing in them add next to nothing, whatever the other row has there.
pub(crate) fn is_bounded(divergence: &Divergence) -> bool {
    match divergence {
        Divergence::SkewKl { alpha } => *alpha > 1e-6,
        Divergence::JensenShannon { .. }
        | Divergence::SquaredHellinger
        | Divergence::Bhattacharyya
        | Divergence::TotalVariation
        | Divergence::Chi2Mixture
        | Divergence::CauchySchwarz
        | Divergence::Triangular => true,
        _ => false,
    }
}

/// Whether the slope where one bin is empty has a limit which that of a ratio of 2^-100 is not next to: it is approached
/// as a power of the ratio of less than 0.3, of an order a as |a| or |a − 1|.
pub(crate) fn has_late_limit(divergence: &Divergence) -> bool {
    let late = |a: f64| (a != 0.0 && a.abs() < 0.3) || (a != 1.0 && (a - 1.0).abs() < 0.3);
    match *divergence {
        Divergence::Renyi { alpha } | Divergence::Tsallis { alpha } => late(alpha),
        Divergence::Amari { alpha } => late(0.5 * (1.0 - alpha)),
        _ => false,
    }
}
