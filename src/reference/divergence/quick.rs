//! Rows that are well apart: values from plain sums in f64, in vectors.
//!
//! * KL = Σ p ln p/q;
//! * JS = Σ (β p ln p + (1−β) q ln q − m ln m), m = β p + (1−β) q;
//! * TV = ½ Σ |p − q|;
//! * H = −Σ p ln p;
//!
//! of weights over their sum, and of exponentials of logits less their maximum over theirs. Terms of both signs cancel, down
//! to the value: rounding leaves some 2e-16 of Σ p |ln p|, a few units, beside it. So they are taken where the value is no
//! less than [`LEAST`], and are then within 1e-11 of it; rows that are nearer to each other, or that leave the middle of f64,
//! are left to [`compare`](super::compare), which keeps all digits of all rows.

use super::plain::{BLOCK, Plain, Prepared, sum_of_products};
use crate::divergence::{Divergence, Entropy};
use crate::number::Element;
use crate::reference::elementary::{larger, ln, sum};
use crate::reference::wide::wide;

/// Values below this are not known well enough.
pub(super) const LEAST: f64 = 1e-3;

/// Weights that are none and still no subnormal number when they are divided.
const TINY: f64 = 1e-290;

/// [`mismatch`](super::mismatch) of rows of weights, which other than logits may lack bins here.
pub(crate) fn mismatch_plain<T: Element>(p: &Plain<'_, T>, q: &Plain<'_, T>) -> (bool, bool) {
    if !(p.has_empty || q.has_empty) {
        return (false, false);
    }
    let empty = |x: &Plain<'_, T>, i: usize| x.rate.is_none() && x.values[i].to_f64() == 0.0;
    (0..p.values.len()).fold((false, false), |(only_p, only_q), i| {
        let (no_p, no_q) = (empty(p, i), empty(q, i));
        (only_p | (!no_p & no_q), only_q | (no_p & !no_q))
    })
}

/// [`compare`](super::compare) of rows that are well apart; `None` of others, and of other divergences.
pub(crate) fn compare_plain<T: Element>(
    divergence: &Divergence,
    p: &Plain<'_, T>,
    q: &Plain<'_, T>,
) -> Option<f64> {
    if p.values.len() != q.values.len() {
        return None;
    }
    let (only_p, only_q) = mismatch_plain(p, q);
    let value = match *divergence {
        Divergence::Kl if only_p => f64::INFINITY,
        Divergence::Kl => kl(p, q),
        Divergence::ReverseKl if only_q => f64::INFINITY,
        Divergence::ReverseKl => kl(q, p),
        Divergence::JensenShannon { beta } if is_inner(beta) => jensen_shannon(p, q, beta),
        Divergence::TotalVariation => total_variation(p, q),
        _ => return None,
    };
    (value >= LEAST).then_some(value)
}

/// Whether JS with the weight β is no more of KL than of JS.
pub(crate) fn is_inner(beta: f64) -> bool {
    (0.1..=0.9).contains(&beta)
}

fn kl<T: Element>(p: &Plain<'_, T>, q: &Plain<'_, T>) -> f64 {
    if p.rate.is_some() && q.rate.is_some() {
        return wide(
            #[inline(always)]
            || terms::<T, true, false>(p, q, |log_p, p, log_q, _| p * (log_p - log_q)),
        );
    }
    if p.rate.is_none() && q.rate.is_none() {
        return wide(
            #[inline(always)]
            || terms::<T, false, true>(p, q, |_, p, _, q| p * ln(p / larger(q, TINY))),
        );
    }
    wide(
        #[inline(always)]
        || terms::<T, true, true>(p, q, |log_p, p, log_q, _| p * (log_p - log_q)),
    )
}

/// As [`Prepared::jensen_shannon`], to the bit.
fn jensen_shannon<T: Element>(p: &Plain<'_, T>, q: &Plain<'_, T>, beta: f64) -> f64 {
    let mut blocks = [[0.0; BLOCK]; 4];
    let mut negative = [0.0; 3];
    wide(
        #[inline(always)]
        || {
            for at in (0..p.values.len()).step_by(BLOCK) {
                let count = BLOCK.min(p.values.len() - at);
                let [log_p, of_p, log_q, of_q] = &mut blocks;
                let (log_p, of_p) = (&mut log_p[..count], &mut of_p[..count]);
                let (log_q, of_q) = (&mut log_q[..count], &mut of_q[..count]);
                p.bins::<true, true>(at, log_p, of_p);
                q.bins::<true, true>(at, log_q, of_q);
                negative[1] += sum_of_products(log_p, of_p);
                negative[2] += sum_of_products(log_q, of_q);
                mixed_terms(log_p, of_p, of_q, [beta, 1.0 - beta]);
                negative[0] += sum(log_p);
            }
        },
    );
    of_entropies(negative.map(|x| -x), beta)
}

/// m ln m of a mixture of both with these factors.
#[inline(always)]
fn mixed_terms(terms: &mut [f64], p: &[f64], q: &[f64], [of_p, of_q]: [f64; 2]) {
    for (term, (p, q)) in terms.iter_mut().zip(p.iter().zip(q)) {
        let m = of_p * p + of_q * q;
        *term = m * ln(m);
    }
}

/// Σ m ln m of such a mixture.
#[inline(always)]
pub(super) fn sum_of_mixed(p: &[f64], q: &[f64], factors: [f64; 2]) -> f64 {
    let mut block = [0.0; BLOCK];
    let mut total = 0.0;
    for (p, q) in p.chunks(BLOCK).zip(q.chunks(BLOCK)) {
        let block = &mut block[..p.len()];
        mixed_terms(block, p, q, factors);
        total += sum(block);
    }
    total
}

/// JS from the entropies of m, p and q.
pub(super) fn of_entropies([m, p, q]: [f64; 3], beta: f64) -> f64 {
    let rest = 1.0 - beta;
    let most = -beta * beta.ln() - rest * rest.ln();
    (m - beta * p - rest * q).min(most)
}

fn total_variation<T: Element>(p: &Plain<'_, T>, q: &Plain<'_, T>) -> f64 {
    let sum = wide(
        #[inline(always)]
        || terms::<T, false, true>(p, q, |_, p, _, q| (p - q).abs()),
    );
    (0.5 * sum).min(1.0)
}

/// Σ of a term of ln p, p, ln q, q.
#[inline(always)]
pub(super) fn terms<T: Element, const LOGS: bool, const POWERS_OF_Q: bool>(
    p: &Plain<'_, T>,
    q: &Plain<'_, T>,
    term: impl Fn(f64, f64, f64, f64) -> f64,
) -> f64 {
    let mut blocks = [[0.0; BLOCK]; 4];
    let mut total = 0.0;
    for at in (0..p.values.len()).step_by(BLOCK) {
        let count = BLOCK.min(p.values.len() - at);
        let [log_p, of_p, log_q, of_q] = &mut blocks;
        let (log_p, of_p) = (&mut log_p[..count], &mut of_p[..count]);
        let (log_q, of_q) = (&mut log_q[..count], &mut of_q[..count]);
        p.bins::<LOGS, true>(at, log_p, of_p);
        q.bins::<LOGS, POWERS_OF_Q>(at, log_q, of_q);
        for ((log_p, p), (log_q, q)) in log_p.iter_mut().zip(&*of_p).zip(log_q.iter().zip(&*of_q)) {
            *log_p = term(*log_p, *p, *log_q, *q);
        }
        total += sum(log_p);
    }
    total
}

/// [`entropy`](super::entropy) of a row that is not peaked; `None` of others.
pub(crate) fn entropy_plain<T: Element>(entropy: Entropy, p: &Plain<'_, T>) -> Option<f64> {
    if entropy != Entropy::Shannon {
        return None;
    }
    let mut blocks = [[0.0; BLOCK]; 2];
    let mut value = 0.0;
    wide(
        #[inline(always)]
        || {
            for at in (0..p.values.len()).step_by(BLOCK) {
                let count = BLOCK.min(p.values.len() - at);
                let [logs, powers] = &mut blocks;
                let (logs, powers) = (&mut logs[..count], &mut powers[..count]);
                p.bins::<true, true>(at, logs, powers);
                value -= sum_of_products(logs, powers);
            }
        },
    );
    (value >= LEAST).then_some(value)
}

impl Prepared {
    /// JS = H(m) − β H(p) − (1−β) H(q): one logarithm a bin. `None` of rows that are next to each other.
    pub(crate) fn jensen_shannon(&self, other: &Prepared, beta: f64) -> Option<f64> {
        let (p, q) = (&self.probabilities, &other.probabilities);
        let negative = wide(
            #[inline(always)]
            || sum_of_mixed(p, q, [beta, 1.0 - beta]),
        );
        let value = of_entropies([-negative, self.entropy, other.entropy], beta);
        (value >= LEAST).then_some(value)
    }

    /// [`mismatch`](super::mismatch).
    pub(crate) fn mismatch(&self, other: &Prepared) -> (bool, bool) {
        let words = self.support.iter().zip(&other.support);
        words.fold((false, false), |(only_p, only_q), (p, q)| {
            (only_p | (p & !q != 0), only_q | (!p & q != 0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Row, compare, compare_values, entropy, mismatch};
    use super::*;
    use crate::divergence::Input;

    fn random(n: usize, seed: u64, scale: f64) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..n).map(|_| scale * (next() + next() + next() - 1.5)).collect()
    }

    /// The forms that do not cancel agree, wherever plain sums are taken at all.
    #[test]
    fn plain_sums_are_those_of_the_other_forms() {
        let js = Divergence::JensenShannon { beta: 0.5 };
        let leaning = Divergence::JensenShannon { beta: 0.2 };
        let all = [Divergence::Kl, Divergence::ReverseKl, Divergence::TotalVariation, js, leaning];
        let mut taken = 0;
        for n in [2, 7, 513, 5000] {
            for (seed, scale) in [(1, 0.3), (2, 1.0), (3, 6.0), (4, 60.0)] {
                let logits = [random(n, seed, scale), random(n, seed + 9, scale)];
                let mut weights = logits.clone().map(|x| x.iter().map(|x| x.exp()).collect());
                let holes = |w: &mut Vec<f64>, k: usize| {
                    w.iter_mut().skip(k).step_by(5).for_each(|w| *w = 0.0)
                };
                let full: [Vec<f64>; 2] = weights.clone();
                weights
                    .iter_mut()
                    .enumerate()
                    .for_each(|(k, w): (usize, &mut Vec<f64>)| holes(w, k + 1));
                let tempered = Input::Logits { temperature: 1.7 };
                for (rows, input) in
                    [(&logits, tempered), (&full, Input::Weights), (&weights, Input::Weights)]
                {
                    let [p, q] = [0, 1].map(|k| Row::new(&rows[k], input));
                    let [x, y] = [0, 1].map(|k| Plain::new(&rows[k], input).expect("plain rows"));
                    assert_eq!(mismatch_plain(&x, &y), mismatch(&p, &q));
                    assert!((x.sum(input) - p.sum()).abs() <= 1e-13 * p.sum().abs() + 1e-14);
                    for divergence in &all {
                        let Some(found) = compare_plain(divergence, &x, &y) else { continue };
                        let known = compare(divergence, &p, &q);
                        let near = found == known || (found / known - 1.0).abs() < 1e-11;
                        assert!(near, "{divergence:?} {n} {scale}: {found:e} {known:e}");
                        let [p, q] = [0, 1].map(|k| (&rows[k][..], input));
                        let at_once = compare_values(divergence, p, q).expect("as well apart");
                        let near =
                            at_once.value == known || (at_once.value / known - 1.0).abs() < 1e-11;
                        assert!(near, "{divergence:?} {n} {scale}: {at_once:?} {known:e}");
                        taken += 1;
                    }
                    if let Some(found) = entropy_plain(Entropy::Shannon, &x) {
                        let known = entropy(Entropy::Shannon, &p);
                        assert!(
                            (found / known - 1.0).abs() < 1e-11,
                            "{n} {scale}: {found:e} {known:e}"
                        );
                    }
                    let of_pairs = x.prepared().jensen_shannon(&y.prepared(), 0.2);
                    assert_eq!(of_pairs, compare_plain(&all[4], &x, &y));
                    assert_eq!(x.prepared().mismatch(&y.prepared()), mismatch(&p, &q));
                }
            }
        }
        assert!(taken > 120, "{taken}");
    }

    #[test]
    fn other_rows_are_left_to_the_other_forms() {
        let plain = |values: &[f64], input| Plain::new(values, input).is_some();
        let logits = Input::Logits { temperature: 1.0 };
        for values in
            [[f64::NAN, 1.0], [f64::INFINITY, 1.0], [-1.0, 1.0], [0.0, 0.0], [1e-200, 1.0]]
        {
            assert!(!plain(&values, Input::Weights), "{values:?}");
        }
        for values in
            [[f64::NAN, 1.0], [f64::NEG_INFINITY, 1.0], [f64::INFINITY, 0.0], [0.0, 700.0]]
        {
            assert!(!plain(&values, logits), "{values:?}");
        }
        let [p, q] = [[1.0, 2.0], [1.0, 2.01]];
        let [x, y] = [&p, &q].map(|row| Plain::new(&row[..], Input::Weights).expect("plain"));
        assert_eq!(compare_plain(&Divergence::Kl, &x, &y), None);
    }
}
