//! What a bin adds, in forms that are non-negative and do not cancel.
//!
//! z = ln(larger/smaller) ≥ 0 and x = e^−z throughout.

use super::pair::Bin;

/// Σ_{k≥2} (−y)^k/k! is summed below this |y|.
const SMALL: f64 = 0.5;

/// 1/k, k = 3, ..., 16.
const RECIPROCALS: [f64; 14] = [
    1.0 / 3.0,
    1.0 / 4.0,
    1.0 / 5.0,
    1.0 / 6.0,
    1.0 / 7.0,
    1.0 / 8.0,
    1.0 / 9.0,
    1.0 / 10.0,
    1.0 / 11.0,
    1.0 / 12.0,
    1.0 / 13.0,
    1.0 / 14.0,
    1.0 / 15.0,
    1.0 / 16.0,
];

/// ρ(y) = e^−y − 1 + y ≥ 0. A bin adds L ρ(z) to KL(a‖b) where a is the larger, L: that is
/// b φ(a/b) with φ(r) = r ln r − r + 1.
pub(super) fn rho(y: f64) -> f64 {
    if y.abs() >= SMALL {
        return (-y).exp_m1() + y;
    }
    let terms = if y.abs() < 1e-3 { 5 } else { RECIPROCALS.len() };
    let tail = RECIPROCALS[..terms].iter().rev().fold(0.0, |sum, r| (1.0 + sum) * (-y * r));
    0.5 * y * y * (1.0 + tail)
}

/// κ(z) = 1 − x − z x ≥ 0: what a bin adds to KL(a‖b), over b, where b is the larger.
pub(super) fn kappa(z: f64) -> f64 {
    if z < 1.0 {
        (-z).exp() * rho(-z)
    } else if z > 745.0 {
        1.0
    } else {
        1.0 - (-z).exp() * (1.0 + z)
    }
}

/// ψ_c(z) = (e^(−cz) − (1−c) − c e^−z)/(c (c−1)) ≥ 0, also at c = 0, where it is ρ, at c = 1,
/// where it is κ, and next to them; `rest` is 1 − c. 1/c at z = ∞ for c > 0, else ∞.
fn psi(c: f64, rest: f64, z: f64) -> f64 {
    if z == f64::INFINITY {
        return if c > 0.0 { 1.0 / c } else { f64::INFINITY };
    }
    let over = |y: f64, divisor: f64| if divisor == 0.0 { 0.0 } else { y / divisor };
    if c >= 0.5 {
        let (e, x) = (-rest, (-z).exp());
        let change = if (e * z).abs() < 1.0 {
            over(x * rho(e * z), e)
        } else {
            ((-c * z).exp() - x) / e + x * z
        };
        (kappa(z) + change) / c
    } else if c < 0.0 || z < 1.0 {
        (rho(z) - over(rho(c * z), c)) / rest
    } else {
        let first = if c == 0.0 { z } else { -(-c * z).exp_m1() / c };
        (first + (-z).exp_m1()) / rest
    }
}

/// The larger L times ψ, c being 1 − α where p is the larger and α where q is: what a bin adds
/// to (Σ p^α q^(1−α) − 1)/(α (α−1)). Given both, as one may be known better than 1 − the other.
pub(super) fn power(bin: &Bin, alpha: f64, one_less_alpha: f64) -> f64 {
    let (c, rest) =
        if bin.p_is_larger() { (one_less_alpha, alpha) } else { (alpha, one_less_alpha) };
    let z = bin.z();
    if c < 0.0 && z.is_finite() && bin.lifts_far(-c) {
        return bin.lifted(-c) / (-c * rest);
    }
    bin.larger() * psi(c, rest, z)
}

/// A bin and its mixture m = w larger + (1−w) smaller.
pub(super) struct Mixture {
    /// m over the larger.
    pub(super) share: f64,
    /// ln larger/m ≥ 0.
    pub(super) above: f64,
    /// ln m/smaller ≥ 0.
    pub(super) below: f64,
}

impl Mixture {
    /// Of a bin, with the weight of p.
    pub(super) fn new(bin: &Bin, weight_of_p: f64) -> Mixture {
        let w = if bin.p_is_larger() { weight_of_p } else { 1.0 - weight_of_p };
        let rest = if bin.p_is_larger() { 1.0 - weight_of_p } else { weight_of_p };
        let (x, gap) = (bin.ratio, bin.gap);
        if w == 0.0 {
            return Mixture { share: x, above: bin.z(), below: 0.0 };
        }
        // A sum of positive numbers, not 1 − (1−w) gap.
        let share = x + w * gap;
        let above = if rest * gap < 0.5 { -(-rest * gap).ln_1p() } else { -share.ln() };
        let below = if w * gap < 0.5 * share {
            -(-w * gap / share).ln_1p()
        } else if x > 1e-290 {
            (share / x).ln()
        } else {
            bin.z() - above
        };
        Mixture { share, above, below }
    }
}

/// The larger times the bin's term of KL(p‖m).
pub(super) fn kl_from_mixture(bin: &Bin, mixture: &Mixture) -> f64 {
    if bin.p_is_larger() {
        bin.larger() * rho(mixture.above)
    } else {
        bin.larger() * mixture.share * kappa(mixture.below)
    }
}

/// What a bin adds to β KL(p‖m) + (1−β) KL(q‖m).
pub(super) fn jensen_shannon(bin: &Bin, beta: f64) -> f64 {
    let m = Mixture::new(bin, beta);
    let (w, rest) = if bin.p_is_larger() { (beta, 1.0 - beta) } else { (1.0 - beta, beta) };
    bin.larger() * (w * rho(m.above) + rest * m.share * kappa(m.below))
}

/// What a bin adds to 2 KL(m‖p), m the middle.
pub(super) fn softened_reverse_kl(bin: &Bin) -> f64 {
    let m = Mixture::new(bin, 0.5);
    if bin.p_is_larger() {
        2.0 * bin.larger() * kappa(m.above)
    } else {
        2.0 * bin.larger() * m.share * rho(m.below)
    }
}
