//! From the sums of a pair of rows to the value: what the sums stand for, when they are good enough, infinities.

use super::kernels::{BAD_P, BAD_Q, P_WITHOUT_Q, Q_WITHOUT_P};
use super::kind::Divergence;
use super::sums::Record;
use crate::number::joined;

/// The smallest Σ p^α q^(1−α) that terms of e^-43 have no part in.
pub(crate) const SMALLEST_SECOND: f64 = 1e-10;

/// The records of `divergence/compare.wgsl` of one pair of rows, added up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    pub(crate) value: f64,
    pub(crate) second: f64,
    pub(crate) p: f64,
    pub(crate) q: f64,
    pub(crate) difference: f64,
    pub(crate) flow_p: f64,
    pub(crate) flow_q: f64,
    /// Size and slope of the largest bins.
    pub(crate) top_p: [f64; 2],
    pub(crate) top_q: [f64; 2],
    pub(crate) flags: u32,
}

impl Sums {
    pub(crate) fn add(&mut self, record: &Record) {
        self.value += joined(record[0]);
        self.second += joined(record[1]);
        self.p += joined(record[2]);
        self.difference += joined(record[3]);
        // As good as its part of the difference; a first pass needs no better.
        self.q = self.p - self.difference;
        self.flow_p += f64::from(record[4][0]);
        self.flow_q += f64::from(record[4][1]);
        let larger = |top: &mut [f64; 2], [size, slope]: [f32; 2]| {
            if f64::from(size) > top[0] {
                *top = [f64::from(size), f64::from(slope)];
            }
        };
        larger(&mut self.top_p, record[5]);
        larger(&mut self.top_q, record[6]);
        self.flags |= record[7][0] as u32;
    }

    pub(crate) fn refused(&self) -> bool {
        self.flags & (BAD_P | BAD_Q) != 0
    }

    /// 1 − (sum of q)/(sum of p), on the scale they were summed on: what the reference was wrong by.
    pub(crate) fn imbalance(&self) -> f64 {
        self.difference / self.p
    }

    /// By what to multiply q for equal sums.
    pub(crate) fn correction(&self) -> f64 {
        let eta = self.imbalance();
        if eta.abs() < 0.5 { 1.0 / (1.0 - eta) } else { self.p / self.q }
    }
}

/// Where bins of one row have no partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Mismatch {
    /// Some bin has p > 0 and q = 0.
    pub p_without_q: bool,
    /// Some bin has q > 0 and p = 0.
    pub q_without_p: bool,
}

impl Mismatch {
    pub(crate) fn of(flags: u32) -> Mismatch {
        Mismatch { p_without_q: flags & P_WITHOUT_Q != 0, q_without_p: flags & Q_WITHOUT_P != 0 }
    }

    /// Whether the supports differ at all.
    pub fn any(&self) -> bool {
        self.p_without_q || self.q_without_p
    }
}

/// Whether the definition makes the divergence infinite for such supports.
pub(crate) fn is_infinite(divergence: &Divergence, mismatch: Mismatch) -> bool {
    let Mismatch { p_without_q, q_without_p } = mismatch;
    match divergence {
        Divergence::Kl | Divergence::PearsonChi2 | Divergence::CrossEntropy => p_without_q,
        Divergence::ReverseKl | Divergence::NeymanChi2 | Divergence::SoftenedReverseKl => {
            q_without_p
        }
        Divergence::Jeffreys => p_without_q || q_without_p,
        Divergence::SkewKl { alpha } => *alpha == 0.0 && p_without_q,
        Divergence::Renyi { alpha } | Divergence::Tsallis { alpha } => *alpha >= 1.0 && p_without_q,
        Divergence::Amari { alpha } => {
            (*alpha <= -1.0 && p_without_q) || (*alpha >= 1.0 && q_without_p)
        }
        Divergence::Generator(generator) => {
            (p_without_q && generator.slope_at_infinity.is_infinite())
                || (q_without_p && generator.at_zero.is_infinite())
        }
        _ => false,
    }
}

/// How much faster than the divergence itself its value may change with the scale of a row.
fn sensitivity(divergence: &Divergence) -> f64 {
    match divergence {
        Divergence::Renyi { alpha } | Divergence::Tsallis { alpha } => 3.0 + alpha.abs(),
        Divergence::Amari { alpha } => 3.0 + alpha.abs(),
        Divergence::PearsonChi2 | Divergence::NeymanChi2 => 6.0,
        // The divergence from a mixture shrinks with the square of the other's part, its slope with the part.
        Divergence::SkewKl { alpha } => 3.0 / (1.0 - alpha),
        Divergence::JensenShannon { beta } => 2.0 / beta.min(1.0 - beta),
        _ => 3.0,
    }
}

/// Whether the sums were taken on scales of p and q equal enough for six digits; else another pass with a better
/// reference is needed.
pub(crate) fn is_balanced(divergence: &Divergence, sums: &Sums) -> bool {
    let eta = sums.imbalance();
    let value = sums.value / sums.p;
    match divergence {
        Divergence::CauchySchwarz => sums.flow_p * sums.flow_p <= 0.25 * sums.value * sums.second,
        // The slope of |p − q| does not vanish at p = q.
        Divergence::TotalVariation => eta.abs() <= 2e-7 * value,
        _ => eta.abs() <= 4e-7 / sensitivity(divergence) && eta * eta <= 1e-7 * value,
    }
}

/// Whether terms are bounded in their slopes, so that ln(p/q) may be off by a rounding.
pub(crate) fn is_gentle(divergence: &Divergence) -> bool {
    matches!(
        divergence,
        Divergence::Kl
            | Divergence::ReverseKl
            | Divergence::Jeffreys
            | Divergence::JensenShannon { .. }
            | Divergence::SquaredHellinger
            | Divergence::TotalVariation
            | Divergence::Triangular
            | Divergence::Chi2Mixture
    )
}

/// Whether two rows differ by so much that a rounding of their normalisers does not show in the value, or, with
/// `flows`, in a gradient: where one bin has nearly all the mass the largest of a gradient is as small as the value, and
/// f32 rounds the distance of bins of much the same size by as much as it rounds the distance of the normalisers.
pub(crate) fn is_far(logs: [f64; 2], value: f64, flows: bool) -> bool {
    let shift = logs[0] - logs[1];
    if flows {
        return shift.abs() < 64.0 && value > 0.05 * (1.0 + shift.abs());
    }
    value > shift * shift / 32.0 && value > 1e-6
}

/// What is made of sums that `range::holds`: the value, and its derivative with respect to the sum of the member. `None`
/// where f32 was not enough, and the twin must answer.
pub(crate) fn finish(divergence: &Divergence, sums: &Sums) -> Option<(f64, f64)> {
    if is_infinite(divergence, Mismatch::of(sums.flags)) {
        return Some((f64::INFINITY, 0.0));
    }
    let value = (sums.value / sums.p).max(0.0);
    let second = sums.second / sums.p;
    match divergence {
        Divergence::Chi2Mixture => Some((0.5 * value, 0.5)),
        Divergence::Bhattacharyya if value < 0.5 => Some((-(-value).ln_1p(), 1.0 / (1.0 - value))),
        // Supports that do not meet, or a coefficient that f32 lost.
        Divergence::Bhattacharyya if second < SMALLEST_SECOND => None,
        Divergence::Bhattacharyya => Some((-second.ln(), 1.0 / second)),
        Divergence::Renyi { alpha } => renyi(*alpha, value, second, sums),
        // The order 0 sees nothing but the supports.
        Divergence::Tsallis { alpha } if *alpha == 0.0 => of_supports(sums),
        Divergence::Tsallis { alpha } => Some((alpha * value, *alpha)),
        Divergence::CauchySchwarz => cauchy_schwarz(sums),
        _ => Some((value, 1.0)),
    }
}

fn of_supports(sums: &Sums) -> Option<(f64, f64)> {
    (!Mismatch::of(sums.flags).q_without_p).then_some((0.0, 0.0))
}

fn renyi(alpha: f64, value: f64, second: f64, sums: &Sums) -> Option<(f64, f64)> {
    if alpha == 0.0 {
        return of_supports(sums);
    }
    if alpha == 1.0 {
        return Some((value, 1.0));
    }
    let excess = alpha * (alpha - 1.0) * value;
    if (-0.5..1.0).contains(&excess) {
        return Some((excess.ln_1p() / (alpha - 1.0), alpha / (1.0 + excess)));
    }
    (second > SMALLEST_SECOND).then(|| ((second.ln() / (alpha - 1.0)).max(0.0), alpha / second))
}

/// Σ p² of Cauchy-Schwarz, from the sums of (p − tq)², tq (p − tq) and (tq)².
pub(crate) fn squares(sums: &Sums) -> f64 {
    sums.value + 2.0 * sums.flow_p + sums.second
}

/// sin² of the angle between the rows is |p − tq|²/|p|² for the nearest tq.
fn cauchy_schwarz(sums: &Sums) -> Option<(f64, f64)> {
    let squares = squares(sums);
    let rest = sums.value - sums.flow_p * sums.flow_p / sums.second;
    let sine = (rest / squares).max(0.0);
    if sine < 0.5 {
        return Some((-(-sine).ln_1p(), 1.0));
    }
    let cosine = sums.flow_q * sums.flow_q / (sums.second * squares);
    (cosine > 1e-30).then(|| (-cosine.ln(), 1.0))
}
