//! Divergences between two rows.

use super::double::{Sum, log_sum_exp};
use super::pair::{Bin, bins};
use super::row::Row;
use super::terms::{
    Mixture, jensen_shannon, kappa, kl_from_mixture, power, rho, softened_reverse_kl,
};
use crate::divergence::{Divergence, Generator};
use crate::parallel::map_rows;

/// Twin of `compare`: the divergence of q from p in nats; infinite where the definition makes it
/// so, NaN of a [`Generator`] without a reference.
///
/// The sums are of terms that are non-negative each, as Σ q f(p/q) with f′(1) = 0, of gaps
/// between p and q that were formed exactly. So the value is never negative, 0 for equal rows, and as accurate for near-equal rows as for
/// others: see `tests/divergence_twin.rs`. A row of weights against one of logarithms is known
/// no better than the logarithm of a weight, some 1e-16 in every ln p/q.
pub fn compare(divergence: &Divergence, p: &Row, q: &Row) -> f64 {
    let (only_p, only_q) = mismatch(p, q);
    let (endless_p, endless_q) = endless(divergence);
    if (only_p && endless_p) || (only_q && endless_q) {
        return f64::INFINITY;
    }
    of_bins(divergence, &bins(p, q))
}

/// Twin of `pairwise`: the divergence of every row of q from every row of p, row-major.
pub fn pairwise(divergence: &Divergence, p: &[Row], q: &[Row]) -> Vec<f64> {
    map_rows(p.len() * q.len(), |k| compare(divergence, &p[k / q.len()], &q[k % q.len()]))
}

/// Whether some bin has p > 0 and q = 0, and whether some has q > 0 and p = 0.
pub fn mismatch(p: &Row, q: &Row) -> (bool, bool) {
    (0..p.len().min(q.len())).fold((false, false), |(only_p, only_q), i| {
        let (p, q) = (!p.lacks(i), !q.lacks(i));
        (only_p || (p && !q), only_q || (q && !p))
    })
}

/// Whether a bin that only p has makes the divergence infinite, and whether one that only q has.
fn endless(divergence: &Divergence) -> (bool, bool) {
    match *divergence {
        Divergence::Kl | Divergence::PearsonChi2 | Divergence::CrossEntropy => (true, false),
        Divergence::ReverseKl | Divergence::NeymanChi2 | Divergence::SoftenedReverseKl => {
            (false, true)
        }
        Divergence::Jeffreys => (true, true),
        Divergence::SkewKl { alpha } => (alpha == 0.0, false),
        Divergence::Renyi { alpha } | Divergence::Tsallis { alpha } => (alpha >= 1.0, false),
        Divergence::Amari { alpha } => (alpha <= -1.0, alpha >= 1.0),
        _ => (false, false),
    }
}

fn of_bins(divergence: &Divergence, bins: &[Bin]) -> f64 {
    let sum = |term: &dyn Fn(&Bin) -> f64| Sum::of(bins.iter().map(term));
    match *divergence {
        Divergence::Kl => sum(&kl),
        Divergence::ReverseKl => sum(&reverse_kl),
        Divergence::Jeffreys => sum(&|bin| bin.larger() * bin.gap * bin.z()),
        Divergence::JensenShannon { beta } if beta == 0.0 || beta == 1.0 => 0.0,
        Divergence::JensenShannon { beta } => {
            // The most there is, of rows without a common bin; not to be passed by rounding.
            let most = -beta * beta.ln() - (1.0 - beta) * (-beta).ln_1p();
            sum(&|bin| jensen_shannon(bin, beta)).min(most)
        }
        Divergence::SkewKl { alpha: 0.0 } => sum(&kl),
        Divergence::SkewKl { alpha: 1.0 } => 0.0,
        Divergence::SkewKl { alpha } => sum(&|bin| kl_from_mixture(bin, &Mixture::new(bin, alpha))),
        Divergence::SoftenedReverseKl => sum(&softened_reverse_kl),
        Divergence::SquaredHellinger => squared_hellinger(bins),
        Divergence::Bhattacharyya => bhattacharyya(bins),
        Divergence::TotalVariation => (0.5 * sum(&|bin| bin.larger() * bin.gap)).min(1.0),
        Divergence::PearsonChi2 => sum(&|bin| chi2(bin, bin.p_is_larger())),
        Divergence::NeymanChi2 => sum(&|bin| chi2(bin, !bin.p_is_larger())),
        Divergence::Chi2Mixture => 0.5 * triangular(bins),
        Divergence::Renyi { alpha } => renyi(bins, alpha),
        Divergence::Tsallis { alpha: 0.0 } => only_q(bins),
        Divergence::Tsallis { alpha } => alpha * sum(&|bin| power(bin, alpha, 1.0 - alpha)),
        // 4/(1−α²) = 1/(a (1−a)) of a = (1−α)/2.
        Divergence::Amari { alpha } => {
            sum(&|bin| power(bin, 0.5 * (1.0 - alpha), 0.5 * (1.0 + alpha)))
        }
        Divergence::CauchySchwarz => cauchy_schwarz(bins),
        Divergence::Triangular => triangular(bins),
        Divergence::CrossEntropy => sum(&|bin| if bin.p == 0.0 { 0.0 } else { bin.p * -bin.log_q }),
        Divergence::Generator(ref f) => generated(bins, f),
    }
}

fn kl(bin: &Bin) -> f64 {
    bin.larger() * if bin.p_is_larger() { rho(bin.z()) } else { kappa(bin.z()) }
}

fn reverse_kl(bin: &Bin) -> f64 {
    bin.larger() * if bin.p_is_larger() { kappa(bin.z()) } else { rho(bin.z()) }
}

fn squared_hellinger(bins: &[Bin]) -> f64 {
    let term = |bin: &Bin| {
        let root = bin.gap / (1.0 + bin.ratio.sqrt());
        bin.larger() * root * root
    };
    (0.5 * Sum::of(bins.iter().map(term))).min(1.0)
}

fn bhattacharyya(bins: &[Bin]) -> f64 {
    let distance = squared_hellinger(bins);
    if distance < 0.5 { -(-distance).ln_1p() } else { -log_power_sum(bins, 0.5) }
}

/// (p−q)² over the smaller, or over the larger.
fn chi2(bin: &Bin, over_smaller: bool) -> f64 {
    let share = bin.larger() * bin.gap * bin.gap;
    match over_smaller {
        false => share,
        true if bin.lifts_far(1.0) => bin.lifted(1.0),
        true => share / bin.ratio,
    }
}

fn triangular(bins: &[Bin]) -> f64 {
    let term = |bin: &Bin| bin.larger() * bin.gap * bin.gap / (1.0 + bin.ratio);
    Sum::of(bins.iter().map(term)).min(2.0)
}

/// q where p has nothing.
pub(super) fn only_q(bins: &[Bin]) -> f64 {
    let only = bins.iter().filter(|bin| bin.log_ratio == f64::NEG_INFINITY);
    Sum::of(only.map(|bin| bin.q)).min(1.0)
}

/// ln Σ p^α q^(1−α) over the bins both have.
pub(super) fn log_power_sum(bins: &[Bin], alpha: f64) -> f64 {
    let common = bins.iter().filter(|bin| bin.is_common());
    log_sum_exp(common.map(|bin| bin.log_product(alpha, 1.0 - alpha)))
}

/// ln max p/q over the bins p has.
pub(super) fn largest_log_ratio(bins: &[Bin]) -> f64 {
    let has = bins.iter().filter(|bin| bin.log_p > f64::NEG_INFINITY);
    has.fold(0.0, |most, bin| bin.log_ratio.max(most))
}

fn renyi(bins: &[Bin], alpha: f64) -> f64 {
    if alpha == 0.0 {
        let missing = only_q(bins);
        return if missing < 0.5 { -(-missing).ln_1p() } else { -log_power_sum(bins, 0.0) };
    }
    if alpha == 1.0 {
        return Sum::of(bins.iter().map(kl));
    }
    if alpha == f64::INFINITY {
        return largest_log_ratio(bins);
    }
    // Σ p^α q^(1−α) − 1, whose logarithm is known from it where it is not near −1.
    let terms = bins.iter().map(|bin| power(bin, alpha, 1.0 - alpha));
    let change = alpha * (alpha - 1.0) * Sum::of(terms);
    if change > -0.5 && change < 1e200 {
        change.ln_1p() / (alpha - 1.0)
    } else {
        log_power_sum(bins, alpha) / (alpha - 1.0)
    }
}

/// −ln(1 − sin²) of the angle between p and q, sin² = Σ (p − τq)²/Σ p² at the τ that makes it
/// least.
fn cauchy_schwarz(bins: &[Bin]) -> f64 {
    let sum = |term: &dyn Fn(&Bin) -> f64| Sum::of(bins.iter().map(term));
    let (pp, qq) = (sum(&|bin| bin.p * bin.p), sum(&|bin| bin.q * bin.q));
    let excess = sum(&|bin| bin.q * bin.difference()) / qq;
    let sine = sum(&|bin| (bin.difference() - excess * bin.q).powi(2)) / pp;
    if sine < 0.5 {
        return -(-sine).ln_1p();
    }
    (pp.ln() + qq.ln() - 2.0 * log_inner_product(bins)).max(0.0)
}

/// ln Σ p q.
pub(super) fn log_inner_product(bins: &[Bin]) -> f64 {
    log_sum_exp(bins.iter().filter(|bin| bin.is_common()).map(|bin| bin.log_p + bin.log_q))
}

fn generated(bins: &[Bin], generator: &Generator) -> f64 {
    let Some((f, _)) = &generator.reference else { return f64::NAN };
    let times = |x: f64, limit: f64| if x == 0.0 { 0.0 } else { x * limit };
    Sum::of(bins.iter().map(|bin| {
        let r = bin.log_ratio.exp();
        if r == 0.0 {
            times(bin.q, generator.at_zero)
        } else if r == f64::INFINITY {
            times(bin.p, generator.slope_at_infinity)
        } else {
            times(bin.q, f(r))
        }
    }))
}
