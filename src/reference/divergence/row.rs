//! A row: probabilities and their logarithms, both with relative accuracy.

use super::double::{Double, Sum};
use crate::divergence::Input;

/// A distribution over V bins in f64.
///
/// Beside p_i it keeps e_i = ln p_i − ln max p to twice the precision, and of weights the
/// weights themselves, so that differences between near-equal rows can be formed; see
/// [`compare`](super::compare).
#[derive(Debug, Clone)]
pub struct Row {
    pub(super) input: Input,
    /// Of weights: over a power of two that brings the largest into [1, 2).
    pub(super) weights: Vec<f64>,
    /// Σ of `weights`.
    pub(super) total: Double,
    /// e_i; −∞ where the bin is empty.
    pub(super) exponents: Vec<Double>,
    /// ln Σ exp e_i = −ln max p ≥ 0.
    pub(super) log_sum: f64,
    probabilities: Vec<f64>,
    sum: f64,
}

/// Logarithms that are further apart count as this far apart, so that sums and products of a few such numbers are finite.
pub(crate) const FARTHEST: f64 = 1e290;

impl Row {
    /// Of numbers that have been screened: none is NaN, no weight negative or infinite, no
    /// logarithm +∞, and some bin is not empty.
    pub fn new(values: &[f64], input: Input) -> Row {
        let largest = values.iter().enumerate().fold(
            0,
            |best, (i, x)| {
                if *x > values[best] { i } else { best }
            },
        );
        match input {
            Input::Weights => Row::of_weights(values, largest),
            Input::LogProbabilities => {
                let mut row = Row::of_logits(values, largest, 1.0, input);
                row.sum = row.sum.exp();
                row
            }
            Input::Logits { temperature } => Row::of_logits(values, largest, temperature, input),
        }
    }

    fn of_weights(values: &[f64], largest: usize) -> Row {
        let most = values.get(largest).copied().unwrap_or(0.0);
        let unit = power_of_two_below(most);
        let weights: Vec<f64> = values.iter().map(|x| x / unit).collect();
        let total = Sum::all(weights.iter().copied()).double();
        let exponents = values.iter().map(|x| Double::new(log_ratio(*x, most))).collect();
        let above = most / unit;
        let others = others(&weights, largest);
        Row {
            input: Input::Weights,
            probabilities: weights.iter().map(|x| x / total.hi).collect(),
            weights,
            total,
            exponents,
            log_sum: (others / above).ln_1p(),
            sum: total.hi * unit,
        }
    }

    fn of_logits(values: &[f64], largest: usize, temperature: f64, input: Input) -> Row {
        let most = values.get(largest).copied().unwrap_or(0.0);
        let exponent = |x: &f64| {
            if *x == f64::NEG_INFINITY {
                return Double::EMPTY;
            }
            apart(*x, most, temperature)
        };
        let exponents: Vec<Double> = values.iter().map(exponent).collect();
        let powers: Vec<f64> = exponents.iter().map(|e| e.hi.exp() * (1.0 + e.lo)).collect();
        let others = others(&powers, largest);
        let log_sum = others.ln_1p();
        Row {
            input,
            weights: Vec::new(),
            total: Double::new(1.0 + others),
            exponents,
            log_sum,
            probabilities: powers.iter().map(|x| x / (1.0 + others)).collect(),
            sum: most / temperature + log_sum,
        }
    }

    /// Of weights Σ w, of log-probabilities Σ exp, and of logits ln Σ exp(a/temperature).
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The probabilities; what is below f64's range is zero, though its bin is not empty.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// ln p of a bin; −∞ where it is empty.
    pub fn log_probability(&self, bin: usize) -> f64 {
        let e = self.exponents[bin];
        (e.hi - self.log_sum) + e.lo
    }

    /// The number of bins.
    pub fn len(&self) -> usize {
        self.probabilities.len()
    }

    /// Whether there are no bins at all.
    pub fn is_empty(&self) -> bool {
        self.probabilities.is_empty()
    }

    /// Whether nothing is in a bin.
    pub(super) fn lacks(&self, bin: usize) -> bool {
        self.exponents[bin].hi == f64::NEG_INFINITY
    }
}

/// Twin of `row_sums`: what the rows sum to, see [`Row::sum`].
pub fn row_sums(rows: &[Row]) -> Vec<f64> {
    rows.iter().map(Row::sum).collect()
}

/// Twin of `normalized_rows`: the probabilities of all rows, row-major.
pub fn normalized_rows(rows: &[Row]) -> Vec<f64> {
    rows.iter().flat_map(|row| row.probabilities().iter().copied()).collect()
}

/// (x − most)/temperature. Logits further apart than f64 reaches are so far apart, and no empty bin.
fn apart(x: f64, most: f64, temperature: f64) -> Double {
    let mut apart = Double::sum(x, -most);
    if apart.hi.is_finite() {
        apart = apart.over(temperature);
    } else {
        apart = Double::sum(0.5 * x, -0.5 * most).over(0.5 * temperature);
    }
    if apart.hi >= -FARTHEST { apart } else { Double::new(-FARTHEST) }
}

/// The sum of all but the largest: 1 − max p is made of it, not of a difference.
fn others(numbers: &[f64], largest: usize) -> f64 {
    Sum::of(numbers.iter().enumerate().filter(|(i, _)| *i != largest).map(|(_, x)| *x))
}

/// The power of two at or below x > 0; 1 of zero.
fn power_of_two_below(x: f64) -> f64 {
    let power = f64::from_bits(x.to_bits() & (0x7ff << 52));
    match (x > 0.0, power > 0.0) {
        (false, _) => 1.0,
        (true, true) => power,
        (true, false) => f64::MIN_POSITIVE,
    }
}

/// ln(x/most), accurate next to most as well; −∞ at zero.
fn log_ratio(x: f64, most: f64) -> f64 {
    let ratio = x / most;
    if ratio > 0.5 {
        ((x - most) / most).ln_1p()
    } else if ratio > 1e-290 {
        ratio.ln()
    } else {
        x.ln() - most.ln()
    }
}
