//! A row of logits but for one of them.

use crate::reference::divergence::{FARTHEST, Sum};

/// What is known of a row of logits a over their temperature T when one of them is kept out.
///
/// Fields marked "of T" are in units of it: they are sums over a/T.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Others {
    /// The logit that is kept out, as it was given.
    pub kept: f64,
    /// One of the others next to their largest, as it was given; 0 where there are none.
    pub reference: f64,
    /// ln Σ e^((a − reference)/T) of the others; −∞ where there are none.
    pub log_sum: f64,
    /// Entropy of the softmax of the others alone.
    pub entropy: f64,
    /// Mean of (kept − a)/T over that softmax.
    pub gap: f64,
    /// Σ (kept − a)/T over the others, every one counted once; where one is empty, without it.
    pub sum_of_gaps: f64,
    /// Σ (e^((a − kept)/T) − 1) over the others, in f64: `None` where a device found the rest.
    pub excess: Option<f64>,
    /// Whether some logit of the row is −∞.
    pub some_empty: bool,
    /// The temperature T.
    pub temperature: f64,
}

impl Others {
    /// ln u, u = Σ e^((a − kept)/T): −∞ where there are no others, +∞ where the one kept out is empty.
    pub fn log_u(&self) -> f64 {
        if self.log_sum == f64::NEG_INFINITY {
            f64::NEG_INFINITY
        } else {
            apart(self.reference, self.kept, self.temperature) + self.log_sum
        }
    }

    /// ln Σ e^(a/T) of the whole row.
    pub fn log_total(&self) -> f64 {
        if self.kept == f64::NEG_INFINITY {
            self.reference / self.temperature + self.log_sum
        } else {
            self.kept / self.temperature + self.log_1_plus_u()
        }
    }

    /// ln(1 + u) = −ln p of the one kept out.
    pub fn log_1_plus_u(&self) -> f64 {
        softplus(self.log_u())
    }

    /// u/(1 + u), the probability of the others together.
    pub fn probability(&self) -> f64 {
        sigmoid(self.log_u())
    }

    /// Shannon entropy of the softmax of all of the row.
    pub fn entropy_of_all(&self) -> f64 {
        let mean =
            if self.log_u() > f64::NEG_INFINITY { self.probability() * self.gap } else { 0.0 };
        self.log_1_plus_u() + mean
    }
}

/// (x − y)/T, where f64 has no place for x − y too, at most [`FARTHEST`]; ±∞ only where one of them is.
pub(crate) fn apart(x: f64, y: f64, temperature: f64) -> f64 {
    let apart = (x - y) / temperature;
    if x.is_infinite() || y.is_infinite() {
        return apart;
    }
    let apart = if apart.is_finite() { apart } else { (0.5 * x - 0.5 * y) / (0.5 * temperature) };
    apart.clamp(-FARTHEST, FARTHEST)
}

/// ln(1 + e^x).
pub(crate) fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// e^x/(1 + e^x).
pub(crate) fn sigmoid(x: f64) -> f64 {
    if x > 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}

/// Twin of `logit_entropy`: a row without its number `label`, or without the first of its largest.
pub fn logit_entropy(logits: &[f64], temperature: f64, label: Option<usize>) -> Others {
    let largest = || {
        let better = |best: usize, (i, x): (usize, &f64)| if *x > logits[best] { i } else { best };
        logits.iter().enumerate().fold(0, better)
    };
    let out = label.unwrap_or_else(largest);
    let kept = logits[out];
    let others = || logits.iter().enumerate().filter(move |(i, _)| *i != out).map(|(_, x)| *x);
    let most = others().fold(f64::NEG_INFINITY, f64::max);
    let some_empty = logits.contains(&f64::NEG_INFINITY);
    let used = || others().filter(|x| *x > f64::NEG_INFINITY);
    let excess = Sum::of(others().map(|x| apart(x, kept, temperature).exp_m1()));
    let mut result = Others {
        kept,
        reference: 0.0,
        log_sum: f64::NEG_INFINITY,
        entropy: 0.0,
        gap: 0.0,
        sum_of_gaps: used().map(|x| apart(kept, x, temperature)).sum(),
        excess: Some(excess),
        some_empty,
        temperature,
    };
    if most == f64::NEG_INFINITY {
        return result;
    }
    let (mut sum, mut product) = (0.0, 0.0);
    for x in used() {
        let l = apart(x, most, temperature);
        sum += l.exp();
        product -= l.exp() * l;
    }
    result.reference = most;
    result.log_sum = sum.ln();
    result.entropy = sum.ln() + product / sum;
    result.gap = apart(kept, most, temperature) + product / sum;
    result
}
