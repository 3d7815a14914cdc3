//! Rows as they were given, with what has to be taken out of their numbers: a sum of weights, a maximum and a sum of
//! exponentials of logits. In f64, block by block, in vectors.

use crate::divergence::Input;
use crate::number::Element;
use crate::reference::elementary::{exp_between, larger, ln, maximum, sum};
use crate::reference::wide::wide;

/// Numbers of a row that are read once from memory and then, several times, from the cache.
pub(super) const BLOCK: usize = 512;

/// A row as it was given, and what is taken out of its numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain<'a, T> {
    pub(super) values: &'a [T],
    /// 1/temperature; none of weights.
    pub(super) rate: Option<f64>,
    /// Of logits.
    most: f64,
    /// Of weights, or of exp((x − `most`)/temperature).
    sum: f64,
    /// Whether a weight is 0.
    pub(super) has_empty: bool,
}

impl<'a, T: Element> Plain<'a, T> {
    /// `None` where a number is none, a logit that of an empty bin, or numbers too far apart for plain sums.
    pub(crate) fn new(values: &'a [T], input: Input) -> Option<Plain<'a, T>> {
        wide(
            #[inline(always)]
            || match input {
                Input::Weights => Plain::weights(values),
                _ => Logits::new(values, input).map(Logits::plain),
            },
        )
    }

    /// [`Plain::new`] of logits of which Σ exp(x/T) is known, to 1e-12 of it; `None` too where that left the range of f64.
    pub(crate) fn with_total(values: &'a [T], input: Input, total: f64) -> Option<Plain<'a, T>> {
        let logits = wide(
            #[inline(always)]
            || Logits::new(values, input),
        )?;
        let sum = (total.ln() - logits.most * logits.rate).exp();
        // The largest is one of what is summed.
        let usual = f64::MIN_POSITIVE <= total && (0.999..1e10).contains(&sum);
        usual.then(|| logits.with_sum(sum))
    }

    #[inline(always)]
    fn weights(values: &'a [T]) -> Option<Plain<'a, T>> {
        let mut block = [0.0; BLOCK];
        let (mut most, mut least, mut total, mut empty) = (0.0, f64::INFINITY, 0.0, 0.0);
        for part in values.chunks(BLOCK) {
            let block = widened(part, &mut block);
            (most, total) = (larger(most, maximum(block)), total + sum(block));
            block.iter_mut().for_each(|x| *x = if *x == 0.0 { f64::NEG_INFINITY } else { -*x });
            least = -larger(-least, maximum(block));
            block.iter_mut().for_each(|x| *x = if *x == f64::NEG_INFINITY { 1.0 } else { 0.0 });
            empty += sum(block);
        }
        // The total of numbers among which there is a NaN is none.
        let usual = total.is_finite() && least > 1e-100 && most < 1e100 && most > 0.0;
        let has_empty = empty > 0.0;
        usual.then_some(Plain { values, rate: None, most, sum: total, has_empty })
    }

    /// What [`Row::sum`](super::Row::sum) is of the row.
    pub(crate) fn sum(&self, input: Input) -> f64 {
        match (input, self.rate) {
            (Input::LogProbabilities, Some(rate)) => (self.most * rate + self.sum.ln()).exp(),
            (_, Some(rate)) => self.most * rate + self.sum.ln(),
            (_, None) => self.sum,
        }
    }

    /// ln p and p of some bins, where they are asked for; ln p of an empty bin is some number.
    #[inline(always)]
    pub(super) fn bins<const LOGS: bool, const POWERS: bool>(
        &self,
        at: usize,
        logs: &mut [f64],
        powers: &mut [f64],
    ) {
        let values = &self.values[at..at + logs.len()];
        match self.rate {
            Some(rate) => {
                let log_sum = self.sum.ln();
                for (log, x) in logs.iter_mut().zip(values) {
                    *log = (x.to_f64() - self.most) * rate - log_sum;
                }
                if POWERS {
                    powers
                        .iter_mut()
                        .zip(&*logs)
                        .for_each(|(power, log)| *power = exp_between(*log));
                }
            }
            None => {
                let share = 1.0 / self.sum;
                powers.iter_mut().zip(values).for_each(|(p, x)| *p = x.to_f64() * share);
                if LOGS {
                    logs.iter_mut().zip(&*powers).for_each(|(log, p)| *log = ln(*p));
                }
            }
        }
    }

    /// The largest probability, of logits.
    pub(super) fn largest(&self) -> f64 {
        1.0 / self.sum
    }

    /// The probabilities and the entropy of the row, for all its pairs.
    pub(crate) fn prepared(&self) -> Prepared {
        let mut probabilities = vec![0.0; self.values.len()];
        let mut logs = [0.0; BLOCK];
        let mut entropy = 0.0;
        wide(
            #[inline(always)]
            || {
                for (k, powers) in probabilities.chunks_mut(BLOCK).enumerate() {
                    let logs = &mut logs[..powers.len()];
                    self.bins::<true, true>(k * BLOCK, logs, powers);
                    entropy -= sum_of_products(logs, powers);
                }
            },
        );
        let word = |bins: &[f64]| {
            bins.iter().enumerate().fold(0, |word, (k, p)| word | (u64::from(*p > 0.0) << k))
        };
        let support = probabilities.chunks(64).map(word).collect();
        Prepared { probabilities, entropy, support }
    }
}

/// A row of logits, of which the largest is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Logits<'a, T> {
    values: &'a [T],
    rate: f64,
    most: f64,
}

impl<'a, T: Element> Logits<'a, T> {
    /// `None` of weights, and as [`Plain::new`].
    #[inline(always)]
    pub(super) fn new(values: &'a [T], input: Input) -> Option<Logits<'a, T>> {
        let rate = match input {
            Input::Weights => return None,
            Input::LogProbabilities => 1.0,
            Input::Logits { temperature } => 1.0 / temperature,
        };
        let [least, most, total] = extent(values);
        // The total of numbers among which there is a NaN or an infinity is none.
        let usual = total.is_finite() && (1e-100..1e100).contains(&rate);
        (usual && (most - least) * rate < 600.0).then_some(Logits { values, rate, most })
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// x less the largest, over the temperature, of some bins.
    #[inline(always)]
    pub(super) fn exponents(&self, at: usize, exponents: &mut [f64]) {
        for (exponent, x) in exponents.iter_mut().zip(&self.values[at..]) {
            *exponent = (x.to_f64() - self.most) * self.rate;
        }
    }

    /// With the sum of the exponentials of all exponents.
    pub(super) fn with_sum(self, sum: f64) -> Plain<'a, T> {
        let Logits { values, rate, most } = self;
        Plain { values, rate: Some(rate), most, sum, has_empty: false }
    }

    #[inline(always)]
    fn plain(self) -> Plain<'a, T> {
        let (mut block, mut total) = ([0.0; BLOCK], 0.0);
        for at in (0..self.values.len()).step_by(BLOCK) {
            let block = &mut block[..BLOCK.min(self.values.len() - at)];
            self.exponents(at, block);
            block.iter_mut().for_each(|x| *x = exp_between(*x));
            total += sum(block);
        }
        self.with_sum(total)
    }
}

/// The least number, the largest, and the sum.
#[inline(always)]
fn extent<T: Element>(values: &[T]) -> [f64; 3] {
    const LANES: usize = 8;
    let (mut least, mut most) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let mut total = [0.0; LANES];
    let mut take = |k: usize, x: f64| {
        least[k] = if x < least[k] { x } else { least[k] };
        most[k] = larger(most[k], x);
        total[k] += x;
    };
    let mut chunks = values.chunks_exact(LANES);
    for chunk in &mut chunks {
        chunk.iter().enumerate().for_each(|(k, x)| take(k, x.to_f64()));
    }
    chunks.remainder().iter().enumerate().for_each(|(k, x)| take(k, x.to_f64()));
    [least.into_iter().fold(f64::INFINITY, f64::min), maximum(&most), sum(&total)]
}

/// Σ p ln p, from both.
#[inline(always)]
pub(super) fn sum_of_products(logs: &mut [f64], powers: &[f64]) -> f64 {
    logs.iter_mut().zip(powers).for_each(|(log, p)| *log *= p);
    sum(logs)
}

#[inline(always)]
fn widened<'a, T: Element>(values: &[T], block: &'a mut [f64; BLOCK]) -> &'a mut [f64] {
    let block = &mut block[..values.len()];
    block.iter_mut().zip(values).for_each(|(wide, x)| *wide = x.to_f64());
    block
}

/// A row that is compared with many others.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(super) probabilities: Vec<f64>,
    pub(super) entropy: f64,
    /// A bit a bin: whether it holds anything.
    pub(super) support: Vec<u64>,
}
