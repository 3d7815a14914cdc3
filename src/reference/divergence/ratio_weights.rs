//! What an f-divergence weighs a density ratio with, h(r) = r² f″(r): f-distill's weights.

use super::double::Sum;
use super::row::FARTHEST;
use crate::divergence::Divergence;

/// Twin of `ratio_weights`: h(r) of every density ratio r = p/q, given as ln r, over the mean of
/// all: the normalisation of a batch. None of what has no h, see [`ratio_weight`]; zeros where h
/// is zero throughout (JS and skew KL where they are 0, Tsallis of order 0). No h may be infinite.
pub fn ratio_weights(divergence: &Divergence, log_ratios: &[f64]) -> Option<Vec<f64>> {
    // ln h grows as s does: of the largest s it is formed in a unit in which f64 holds it.
    let far = |s: f64| s.is_finite() && s.abs() > FARTHEST;
    let unit = if log_ratios.iter().any(|s| far(*s)) { (64f64).exp2() } else { 1.0 };
    let in_units = |s: &f64| {
        if far(*s) {
            return log_weight(divergence, s / unit);
        }
        log_weight(divergence, *s).map(|(factor, log)| (factor, log / unit))
    };
    let parts: Option<Vec<_>> = log_ratios.iter().map(in_units).collect();
    let parts = parts.or_else(|| log_weight(divergence, 0.0).map(|_| Vec::new()))?;
    if parts.iter().all(|(factor, log)| *factor == 0.0 || *log == f64::NEG_INFINITY) {
        return Some(vec![0.0; parts.len()]);
    }
    let most = parts.iter().fold(f64::NEG_INFINITY, |most, (_, log)| most.max(*log));
    let weights: Vec<f64> = parts.iter().map(|(_, log)| ((log - most) * unit).exp()).collect();
    let mean = Sum::of(weights.iter().copied()) / weights.len() as f64;
    Some(weights.into_iter().map(|weight| weight / mean).collect())
}

/// h(r) = r² f″(r) with the f of [`Divergence`]'s definition Σ q f(p/q), at ln r.
///
/// | | f(r) | h(r) |
/// |-|-|-|
/// | KL | r ln r | r |
/// | reverse KL | −ln r | 1 |
/// | Jeffreys | (r−1) ln r | r + 1 |
/// | JS, m = βr + 1 − β | βr ln(r/m) − (1−β) ln m | β(1−β) r/m |
/// | skew KL, m = αr + 1 − α | r ln(r/m) | (1−α)² r/m² |
/// | softened reverse KL | (r+1) ln((r+1)/2r) | 1/(r+1) |
/// | squared Hellinger | 1 − √r | √r/4 |
/// | Pearson χ² | (r−1)² | 2r² |
/// | Neyman χ² | (r−1)²/r | 2/r |
/// | triangular | (r−1)²/(r+1) | 8r²/(r+1)³ |
/// | χ² from the mixture | half of that | 4r²/(r+1)³ |
/// | Tsallis | (r^α−1)/(α−1) | α r^α |
/// | Amari, a = (1−α)/2 | (r^a−1)/(a(a−1)) | r^a |
///
/// f-distill's JS is twice ours, and its h = r/(r+1). None of what is no f-divergence (Rényi,
/// Bhattacharyya, Cauchy-Schwarz, cross-entropy), of total variation, whose f has no second
/// derivative, and of a generator, of which f and f′ are known alone.
pub fn ratio_weight(divergence: &Divergence, log_ratio: f64) -> Option<f64> {
    let (factor, log) = log_weight(divergence, log_ratio)?;
    if factor == 0.0 {
        return Some(0.0);
    }
    // A small factor may bring back what is beyond f64 by itself.
    Some(if log > 700.0 { (log + factor.ln()).exp() } else { factor * log.exp() })
}

/// h as a constant, and the logarithm of what is multiplied with it: of infinite ln r its limit.
fn log_weight(divergence: &Divergence, s: f64) -> Option<(f64, f64)> {
    Some(match *divergence {
        Divergence::Kl | Divergence::SkewKl { alpha: 0.0 } => (1.0, times(1.0, s)),
        Divergence::ReverseKl => (1.0, 0.0),
        Divergence::Jeffreys => (2.0, mixed(0.0, 1.0, 0.5, s)),
        Divergence::JensenShannon { beta } if beta == 0.0 || beta == 1.0 => (0.0, 0.0),
        Divergence::JensenShannon { beta } => (beta * (1.0 - beta), mixed(1.0, -1.0, beta, s)),
        Divergence::SkewKl { alpha: 1.0 } => (0.0, 0.0),
        Divergence::SkewKl { alpha } => ((1.0 - alpha).powi(2), mixed(1.0, -2.0, alpha, s)),
        Divergence::SoftenedReverseKl => (0.5, mixed(0.0, -1.0, 0.5, s)),
        Divergence::SquaredHellinger => (0.25, times(0.5, s)),
        Divergence::PearsonChi2 => (2.0, times(2.0, s)),
        Divergence::NeymanChi2 => (2.0, times(-1.0, s)),
        Divergence::Triangular => (1.0, mixed(2.0, -3.0, 0.5, s)),
        Divergence::Chi2Mixture => (0.5, mixed(2.0, -3.0, 0.5, s)),
        Divergence::Tsallis { alpha } => (alpha, times(alpha, s)),
        Divergence::Amari { alpha } => (1.0, times(0.5 * (1.0 - alpha), s)),
        Divergence::TotalVariation
        | Divergence::Bhattacharyya
        | Divergence::Renyi { .. }
        | Divergence::CauchySchwarz
        | Divergence::CrossEntropy
        | Divergence::Generator(_) => return None,
    })
}

/// The logarithm of r^a.
fn times(a: f64, s: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a * s }
}

/// The logarithm of r^a m^b, m = wr + 1 − w, 0 < w < 1. With the larger of r and 1 taken out of m no power of r is left
/// where they cancel.
fn mixed(a: f64, b: f64, w: f64, s: f64) -> f64 {
    let (power, share, rest) = if s > 0.0 { (a + b, 1.0 - w, w) } else { (a, w, 1.0 - w) };
    let change = share * (-s.abs()).exp_m1();
    let log = if change > -0.5 { change.ln_1p() } else { (rest + share * (-s.abs()).exp()).ln() };
    times(power, s) + b * log
}
