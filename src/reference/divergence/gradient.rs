//! Gradients of divergences.

use super::double::{Sum, log_sum_exp};
use super::entropy::project;
use super::pair::{Bin, NEARLY_EMPTY, bins};
use super::row::Row;
use super::terms::Mixture;
use super::value::{largest_log_ratio, log_inner_product, log_power_sum, only_q};
use crate::divergence::{Divergence, Generator, Input};

/// Twin of `gradient`: the gradient of `upstream` times the divergence with respect to the
/// numbers p and q were made of, weights, log-probabilities or logits: (dp, dq).
///
/// The rows are normalised, so that with g = ∂D/∂p it is (g − Σpg)/S of weights whose sum is S,
/// and p (g − Σpg)/temperature of logarithms. A constant in g drops out, and is left out such
/// that g vanishes where p = q.
///
/// At a bin that one row lacks, a slope that is infinite there is taken where the row has 2⁻¹⁰⁰
/// of what the other has; so are Σ p^α q^(1−α) and Σ pq where they are 0 or infinite. Bins that
/// both rows lack count as p = q (cross-entropy: q = 2⁻¹⁰⁰). Total variation has slope 0 at
/// p = q; what attains the maximum of Rényi's divergence of order ∞ shares its slope as p.
pub fn gradient(divergence: &Divergence, p: &Row, q: &Row, upstream: f64) -> (Vec<f64>, Vec<f64>) {
    let bins = bins(p, q);
    let sums = Sums::new(divergence, &bins);
    let slopes_of = |scale_p: &dyn Fn(&Bin) -> Scale, scale_q: &dyn Fn(&Bin) -> Scale| {
        let pairs = bins.iter().map(|bin| {
            let at = |bin: &Bin| slopes(divergence, bin, &sums, scale_p(bin), scale_q(bin));
            let (mut g, mut h) = at(bin);
            if bin.log_ratio.is_infinite() && !(g.is_finite() && h.is_finite()) {
                let filled = bin.filled();
                // The scales stay those of the bin itself: what is empty flows nowhere.
                let finite = slopes(divergence, &filled, &sums, scale_p(bin), scale_q(bin));
                g = if g.is_finite() { g } else { finite.0 };
                h = if h.is_finite() { h } else { finite.1 };
            }
            (g, h)
        });
        pairs.unzip::<f64, f64, Vec<f64>, Vec<f64>>()
    };
    let (mut flows_p, mut flows_q) = slopes_of(&Scale::p, &Scale::q);
    // They are summed: what is beyond f64 must not be met by another such. Slopes of weights may be infinite.
    let most = 0.125 * f64::MAX;
    flows_p.iter_mut().chain(&mut flows_q).for_each(|flow| *flow = flow.clamp(-most, most));
    let weights = [p, q].iter().any(|row| row.input == Input::Weights);
    let (slopes_p, slopes_q) =
        if weights { slopes_of(&|_| Scale::ONE, &|_| Scale::ONE) } else { Default::default() };
    (project(p, slopes_p, flows_p, upstream), project(q, slopes_q, flows_q, upstream))
}

/// What a slope is multiplied by: 1, or the probability of its bin, which may be below f64's
/// range where the slope is above it.
#[derive(Debug, Clone, Copy)]
struct Scale {
    value: f64,
    log: f64,
    /// The powers of p and of q in it.
    powers: [f64; 2],
}

impl Scale {
    const ONE: Scale = Scale { value: 1.0, log: 0.0, powers: [0.0; 2] };

    fn p(bin: &Bin) -> Scale {
        Scale { value: bin.p, log: bin.log_p, powers: [1.0, 0.0] }
    }

    fn q(bin: &Bin) -> Scale {
        Scale { value: bin.q, log: bin.log_q, powers: [0.0, 1.0] }
    }

    /// The logarithm of it times (p/q)^k.
    fn log_raised(self, k: f64, bin: &Bin) -> f64 {
        if bin.is_far() {
            bin.log_product(self.powers[0] + k, self.powers[1] - k)
        } else {
            self.log + k * bin.log_ratio
        }
    }

    fn times(self, x: f64) -> f64 {
        if x == 0.0 || self.log == f64::NEG_INFINITY { 0.0 } else { self.value * x }
    }

    /// Times (p/q)^k − 1.
    fn expm1(self, k: f64, bin: &Bin) -> f64 {
        self.grown(k * bin.log_ratio, || self.log_raised(k, bin))
    }

    /// Times e^y − 1, of which `log` is the logarithm of it times e^y.
    fn grown(self, y: f64, log: impl FnOnce() -> f64) -> f64 {
        if self.log == f64::NEG_INFINITY {
            0.0
        } else if y < 600.0 && self.value > 1e-290 {
            self.value * y.exp_m1()
        } else {
            log().exp() - self.value
        }
    }

    /// Times (p/q)^k over e^log.
    fn raised(self, k: f64, bin: &Bin, log: f64) -> f64 {
        if self.log == f64::NEG_INFINITY { 0.0 } else { (self.log_raised(k, bin) - log).exp() }
    }

    /// Times ((p/q)^k − 1)/k, which is the log-ratio at k = 0.
    fn expm1_over(self, k: f64, bin: &Bin) -> f64 {
        if k == 0.0 { self.times(bin.log_ratio) } else { self.expm1(k, bin) / k }
    }
}

/// What the slopes of a divergence have in common.
#[derive(Debug, Default)]
struct Sums {
    /// ln Σ p^α q^(1−α); ln Σ pq of Cauchy-Schwarz; ln max p/q at order ∞.
    log: f64,
    /// ln of the p that has the largest ratio.
    log_p: f64,
    /// Σp², Σq², Σp(p−q), Σq(p−q).
    pp: f64,
    qq: f64,
    pd: f64,
    qd: f64,
}

impl Sums {
    fn new(divergence: &Divergence, bins: &[Bin]) -> Sums {
        let sum = |term: &dyn Fn(&Bin) -> f64| Sum::of(bins.iter().map(term));
        let filled = |log: f64, of_filled: &dyn Fn(&[Bin]) -> f64| {
            if log.is_finite() {
                return log;
            }
            of_filled(&bins.iter().map(|bin| bin.filled()).collect::<Vec<_>>())
        };
        let powers = |alpha: f64| {
            // A bin that only p has makes the sum infinite from order 1 on.
            let endless = alpha > 1.0 && bins.iter().any(|b| b.log_ratio == f64::INFINITY);
            let log = if endless { f64::INFINITY } else { log_power_sum(bins, alpha) };
            filled(log, &|bins| log_power_sum(bins, alpha))
        };
        match *divergence {
            Divergence::Bhattacharyya => Sums { log: powers(0.5), ..Sums::default() },
            Divergence::Renyi { alpha: 0.0 } => {
                let log = -only_q(bins);
                let log = if log > -0.5 { log.ln_1p() } else { log_power_sum(bins, 0.0) };
                Sums { log: filled(log, &|bins| log_power_sum(bins, 0.0)), ..Sums::default() }
            }
            Divergence::Renyi { alpha } if alpha == f64::INFINITY => {
                let most = filled(largest_log_ratio(bins), &largest_log_ratio);
                let attained = bins.iter().filter(|bin| attains(bin, most));
                let log_p = log_sum_exp(attained.map(|bin| bin.log_p));
                Sums { log: most, log_p, ..Sums::default() }
            }
            Divergence::Renyi { alpha } => Sums { log: powers(alpha), ..Sums::default() },
            Divergence::CauchySchwarz => Sums {
                log_p: 0.0,
                log: filled(log_inner_product(bins), &log_inner_product),
                pp: sum(&|bin| bin.p * bin.p),
                qq: sum(&|bin| bin.q * bin.q),
                pd: sum(&|bin| bin.p * bin.difference()),
                qd: sum(&|bin| bin.q * bin.difference()),
            },
            _ => Sums::default(),
        }
    }
}

impl Sums {
    /// (p/q)^k over Σ p^α q^(1−α), times a scale. Where the sum is not small one over the sum is
    /// taken off, which leaves nothing at p = q; where it is that would be most of the slope.
    fn power(&self, scale: Scale, k: f64, bin: &Bin) -> f64 {
        if self.log < -0.5 {
            return scale.raised(k, bin, self.log);
        }
        let y = k * bin.log_ratio;
        if y < 600.0 && scale.value > 1e-290 && self.log < 600.0 {
            return scale.expm1(k, bin) * (-self.log).exp();
        }
        scale.raised(k, bin, self.log) - scale.raised(0.0, bin, self.log)
    }
}

/// Whether ln p/q of a bin is the largest there is.
fn attains(bin: &Bin, most: f64) -> bool {
    bin.filled().log_ratio >= most
}

/// ∂D/∂p times one scale, ∂D/∂q times the other.
fn slopes(divergence: &Divergence, bin: &Bin, sums: &Sums, p: Scale, q: Scale) -> (f64, f64) {
    let s = bin.log_ratio;
    // ln p/m and ln q/m.
    let from_mixture = |weight: f64| {
        let m = Mixture::new(bin, weight);
        if bin.p_is_larger() { (m.above, -m.below) } else { (-m.below, m.above) }
    };
    let only_q = |scale: Scale| if s == f64::NEG_INFINITY { scale.value } else { 0.0 };
    match *divergence {
        Divergence::Kl => (p.times(s), -q.expm1(1.0, bin)),
        Divergence::ReverseKl => (-p.expm1(-1.0, bin), q.times(-s)),
        Divergence::Jeffreys => (p.times(s) - p.expm1(-1.0, bin), q.times(-s) - q.expm1(1.0, bin)),
        Divergence::JensenShannon { beta } if beta == 0.0 || beta == 1.0 => (0.0, 0.0),
        Divergence::JensenShannon { beta } => {
            let (of_p, of_q) = from_mixture(beta);
            (p.times(beta * of_p), q.times((1.0 - beta) * of_q))
        }
        Divergence::SkewKl { alpha: 0.0 } => (p.times(s), -q.expm1(1.0, bin)),
        Divergence::SkewKl { alpha: 1.0 } => (0.0, 0.0),
        Divergence::SkewKl { alpha } => {
            let (of_p, _) = from_mixture(alpha);
            let grown = |scale: Scale| scale.grown(of_p, || scale.log + of_p);
            (p.times(of_p) - alpha * grown(p), -(1.0 - alpha) * grown(q))
        }
        Divergence::SoftenedReverseKl => {
            let (of_p, _) = from_mixture(0.5);
            (p.times(-of_p) - p.expm1(-1.0, bin), q.times(-of_p))
        }
        Divergence::SquaredHellinger => (-0.5 * p.expm1(-0.5, bin), -0.5 * q.expm1(0.5, bin)),
        Divergence::Bhattacharyya => {
            (-0.5 * sums.power(p, -0.5, bin), -0.5 * sums.power(q, 0.5, bin))
        }
        Divergence::TotalVariation => {
            let side = if s == 0.0 { 0.0 } else { 0.5f64.copysign(s) };
            (p.times(side), q.times(-side))
        }
        Divergence::PearsonChi2 => (2.0 * p.expm1(1.0, bin), -q.expm1(2.0, bin)),
        Divergence::NeymanChi2 => (-p.expm1(-2.0, bin), 2.0 * q.expm1(-1.0, bin)),
        Divergence::Chi2Mixture | Divergence::Triangular => {
            let half = if *divergence == Divergence::Triangular { 1.0 } else { 0.5 };
            let u = (0.5 * s).tanh();
            (p.times(half * u * (2.0 - u)), q.times(-half * u * (2.0 + u)))
        }
        Divergence::Renyi { alpha: 1.0 } => (p.times(s), -q.expm1(1.0, bin)),
        Divergence::Renyi { alpha: 0.0 } => (0.0, only_q(q) / sums.log.exp()),
        Divergence::Renyi { alpha } if alpha == f64::INFINITY => {
            if !attains(bin, sums.log) {
                return (0.0, 0.0);
            }
            // p/Σp over the bins that attain the largest ratio, over p and over q.
            (p.raised(0.0, bin, sums.log_p), -q.raised(1.0, &bin.filled(), sums.log_p))
        }
        Divergence::Renyi { alpha } => {
            let e = alpha - 1.0;
            (alpha / e * sums.power(p, e, bin), -sums.power(q, alpha, bin))
        }
        Divergence::Tsallis { alpha: 0.0 } => (0.0, only_q(q)),
        Divergence::Tsallis { alpha } => {
            (alpha * p.expm1_over(alpha - 1.0, bin), -q.expm1(alpha, bin))
        }
        Divergence::Amari { alpha } => {
            let (a, b) = (0.5 * (1.0 - alpha), -0.5 * (1.0 + alpha));
            (p.expm1_over(b, bin), -q.expm1_over(a, bin))
        }
        Divergence::CauchySchwarz => cauchy_schwarz(bin, sums, p, q),
        Divergence::CrossEntropy => {
            let nothing = s == 0.0 && bin.exponent_q == f64::NEG_INFINITY;
            let e = if nothing { NEARLY_EMPTY.ln() } else { bin.exponent_q };
            (p.times(-e), -q.expm1(1.0, bin))
        }
        Divergence::Generator(ref generator) => generated(bin, generator, p, q),
    }
}

/// 2p/Σp² − 2q/Σpq, and the same with p and q changed over.
fn cauchy_schwarz(bin: &Bin, sums: &Sums, p: Scale, q: Scale) -> (f64, f64) {
    let inner = sums.log.exp();
    if inner * inner > 0.5 * sums.pp * sums.qq {
        let d = bin.difference();
        let g = d - sums.pd / inner * bin.q;
        let h = -d + sums.qd / inner * bin.p;
        return (p.times(2.0 * g / sums.pp), q.times(2.0 * h / sums.qq));
    }
    let over = |scale: Scale, log: f64| {
        if scale.log == f64::NEG_INFINITY { 0.0 } else { (scale.log + log - sums.log).exp() }
    };
    (
        2.0 * (p.times(bin.p / sums.pp) - over(p, bin.log_q)),
        2.0 * (q.times(bin.q / sums.qq) - over(q, bin.log_p)),
    )
}

/// f′(r) and f(r) − r f′(r), less what they are at r = 1 (f(1) = 0).
fn generated(bin: &Bin, generator: &Generator, p: Scale, q: Scale) -> (f64, f64) {
    let Some((f, derivative)) = &generator.reference else { return (f64::NAN, f64::NAN) };
    let (filled, at_one) = (bin.filled(), derivative(1.0));
    let r = filled.log_ratio.exp();
    let slope = derivative(r);
    let finite_or = |limit: f64, at: f64| if limit.is_finite() { limit } else { at };
    let g = if bin.log_ratio == f64::INFINITY {
        finite_or(generator.slope_at_infinity, slope)
    } else {
        slope
    };
    let h = if bin.log_ratio == f64::NEG_INFINITY {
        finite_or(generator.at_zero, f(r) - r * slope)
    } else {
        f(r) - r * slope
    };
    (p.times(g - at_one), q.times(h + at_one))
}
