//! Two rows side by side: the log-ratio of every bin, and the gap between its probabilities.

use super::double::{Double, Sum};
use super::row::Row;

/// One bin of two rows. `log_ratio`, `gap` and `ratio` say the same, each with its own
/// relative accuracy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bin {
    pub(super) p: f64,
    pub(super) q: f64,
    pub(super) log_p: f64,
    pub(super) log_q: f64,
    /// ln q/max q.
    pub(super) exponent_q: f64,
    /// ln p/q: +∞ where only p has the bin, −∞ where only q does, 0 where neither.
    pub(super) log_ratio: f64,
    /// 1 − the smaller over the larger.
    pub(super) gap: f64,
    /// The smaller over the larger; 0 also where that is below f64's range.
    pub(super) ratio: f64,
}

/// Below this what is multiplied is taken from its logarithm.
const TINY: f64 = 1e-290;

/// Log-ratios beyond this are not what logarithms of single bins are put together from.
const FAR: f64 = 1e6;

/// Scaled weights below this have no exact product in f64.
const SHORT: f64 = 1e-270;

/// A bin where one side is empty, as far as a finite slope is asked of it: 2⁻¹⁰⁰.
pub(super) const NEARLY_EMPTY: f64 = 1.0 / (1u128 << 100) as f64;

impl Bin {
    pub(super) fn p_is_larger(&self) -> bool {
        self.log_ratio >= 0.0
    }

    pub(super) fn larger(&self) -> f64 {
        if self.p_is_larger() { self.p } else { self.q }
    }

    fn log_larger(&self) -> f64 {
        if self.p_is_larger() { self.log_p } else { self.log_q }
    }

    /// z = ln(larger/smaller) ≥ 0.
    pub(super) fn z(&self) -> f64 {
        self.log_ratio.abs()
    }

    /// p − q.
    pub(super) fn difference(&self) -> f64 {
        if self.p_is_larger() { self.p * self.gap } else { -self.q * self.gap }
    }

    /// Whether both rows have the bin.
    pub(super) fn is_common(&self) -> bool {
        self.log_ratio.is_finite() && self.log_p > f64::NEG_INFINITY
    }

    /// ln(p^a q^b) where a + b is 1 or 0. The log-ratio makes the most of rows next to each other; between logarithms that
    /// are far apart it would leave rounding where they take each other away.
    pub(super) fn log_product(&self, a: f64, b: f64) -> f64 {
        let s = self.log_ratio;
        if !self.is_far() {
            return if a + b == 0.0 { a * s } else { self.log_q + a * s };
        }
        let part = |power: f64, log: f64| if power == 0.0 { 0.0 } else { power * log };
        part(a, self.log_p) + part(b, self.log_q)
    }

    /// Whether its log-ratio is that of logarithms far apart, both of bins that are there.
    pub(super) fn is_far(&self) -> bool {
        self.log_ratio.is_finite() && self.log_ratio.abs() > FAR
    }

    /// The larger times exp(k z), also where neither factor is in f64's range.
    pub(super) fn lifted(&self, k: f64) -> f64 {
        let y = k * self.z();
        if y.abs() < 600.0 && self.larger() > TINY {
            self.larger() * y.exp()
        } else if !self.is_far() {
            (self.log_larger() + y).exp()
        } else if self.p_is_larger() {
            self.log_product(1.0 + k, -k).exp()
        } else {
            self.log_product(-k, 1.0 + k).exp()
        }
    }

    /// Whether [`Bin::lifted`] is all there is of a sum of powers up to k: the others are out
    /// of range.
    pub(super) fn lifts_far(&self, k: f64) -> bool {
        let y = k * self.z();
        y > 600.0 || (y > 40.0 && self.larger() <= TINY)
    }

    /// The same bin with a little in it where one row has nothing.
    pub(super) fn filled(mut self) -> Bin {
        if self.log_ratio.is_infinite() {
            let z = -NEARLY_EMPTY.ln();
            self.log_ratio = z.copysign(self.log_ratio);
            (self.gap, self.ratio) = (1.0 - NEARLY_EMPTY, NEARLY_EMPTY);
            if self.log_ratio > 0.0 {
                (self.q, self.log_q) = (self.p * NEARLY_EMPTY, self.log_p - z);
                self.exponent_q = -z;
            } else {
                (self.p, self.log_p) = (self.q * NEARLY_EMPTY, self.log_q - z);
            }
        }
        self
    }
}

/// The bins of two rows.
///
/// * Weights w, v with sums S, T: (w T − v S)/max(w T, v S) is the gap, with sums and
///   products of twice the precision.
/// * Else d_i = e_i(p) − e_i(q), of numbers of twice the precision, and ln p/q = d_i − δ where
///   δ = ln Σ q exp d_i is δ₀ = the difference of the two log-sums and a correction: what p − q
///   with δ₀ sums to. Its error is a rounding error of Σ|p − q|, not of δ.
pub(super) fn bins(p: &Row, q: &Row) -> Vec<Bin> {
    let n = p.len().min(q.len());
    let empty = |i: usize| Bin {
        p: p.probabilities()[i],
        q: q.probabilities()[i],
        log_p: p.log_probability(i),
        log_q: q.log_probability(i),
        exponent_q: q.exponents[i].value(),
        log_ratio: match (p.lacks(i), q.lacks(i)) {
            (false, true) => f64::INFINITY,
            (true, false) => f64::NEG_INFINITY,
            _ => 0.0,
        },
        gap: f64::from(u8::from(p.lacks(i) != q.lacks(i))),
        ratio: f64::from(u8::from(p.lacks(i) == q.lacks(i))),
    };
    let offset = p.log_sum - q.log_sum;
    let from_logs = |i: usize| {
        let d = p.exponents[i].minus(q.exponents[i]);
        d.minus(Double::new(offset)).value()
    };
    let exact = !p.weights.is_empty() && !q.weights.is_empty();
    let mut bins: Vec<Bin> = (0..n)
        .map(|i| {
            let mut bin = empty(i);
            if !bin.is_common() {
                return bin;
            }
            if !exact || p.weights[i].max(q.weights[i]) < SHORT {
                return with_log_ratio(bin, from_logs(i));
            }
            let (a, b) = (q.total.times(p.weights[i]), p.total.times(q.weights[i]));
            let difference = a.minus(b).value();
            let (smaller, larger) = if difference >= 0.0 { (b, a) } else { (a, b) };
            bin.gap = difference.abs() / larger.hi;
            bin.ratio = smaller.hi / larger.hi;
            let z = if bin.gap < 0.5 { -(-bin.gap).ln_1p() } else { -bin.ratio.ln() };
            bin.log_ratio = z.copysign(difference);
            if bin.ratio < TINY { with_log_ratio(bin, from_logs(i)) } else { bin }
        })
        .collect();
    if !exact {
        let only_p = Sum::of(bins.iter().filter(|b| b.log_ratio == f64::INFINITY).map(|b| b.p));
        // Rows that share less are not near-equal.
        if only_p < 0.5 {
            let excess = Sum::of(bins.iter().map(Bin::difference));
            let correction = (excess / (1.0 - only_p)).ln_1p();
            for bin in bins.iter_mut().filter(|bin| bin.is_common()) {
                *bin = with_log_ratio(*bin, bin.log_ratio - correction);
            }
        }
    }
    bins
}

fn with_log_ratio(mut bin: Bin, log_ratio: f64) -> Bin {
    let z = log_ratio.abs();
    bin.log_ratio = log_ratio;
    (bin.gap, bin.ratio) = (-(-z).exp_m1(), (-z).exp());
    bin
}
