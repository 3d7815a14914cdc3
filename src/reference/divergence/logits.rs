//! Two rows as they were given, compared by plain sums; KL and JS of logits while their sums are taken.
//!
//! With a = x/T less its maximum, b of the other row likewise, and sums of exponentials A and B,
//!
//! * KL = Σ eᵃ (a − b)/A − ln A + ln B,
//! * H(p) = ln A − Σ eᵃ a/A, H(q) likewise, H(m) of m = β eᵃ/A + (1−β) eᵇ/B, JS = H(m) − β H(p) − (1−β) H(q),
//!
//! so that a pair of bins costs two exponentials, and a logarithm for JS, and either row is read twice.

use super::plain::{BLOCK, Logits, Plain, sum_of_products};
use super::quick::{LEAST, compare_plain, is_inner, mismatch_plain, of_entropies, sum_of_mixed};
use crate::divergence::{Divergence, Input};
use crate::number::Element;
use crate::reference::elementary::{exp_between, sum};
use crate::reference::wide::wide;

/// What rows that are well apart come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Compared {
    pub(crate) value: f64,
    /// As [`Row::sum`](super::Row::sum).
    pub(crate) sums: [f64; 2],
    /// As [`mismatch`](super::mismatch).
    pub(crate) mismatch: (bool, bool),
}

/// [`compare`](super::compare) of rows that are well apart; `None` of others, and of other divergences.
pub(crate) fn compare_values<T: Element>(
    divergence: &Divergence,
    p: (&[T], Input),
    q: (&[T], Input),
) -> Option<Compared> {
    if p.0.len() != q.0.len() {
        return None;
    }
    // As a function's name it would not be compiled for wider vectors: a third slower.
    let kl = |p, q| {
        of_logits(
            p,
            q,
            #[inline(always)]
            |x, y| kl(x, y),
        )
    };
    let found = match *divergence {
        Divergence::Kl => kl(p, q),
        Divergence::ReverseKl => kl(q, p).map(|(value, [q, p])| (value, [p, q])),
        Divergence::JensenShannon { beta } if is_inner(beta) => of_logits(
            p,
            q,
            #[inline(always)]
            |x, y| jensen_shannon(x, y, beta),
        ),
        _ => None,
    };
    if let Some((value, sums)) = found {
        return (value >= LEAST).then_some(Compared { value, sums, mismatch: (false, false) });
    }
    let (x, y) = (Plain::new(p.0, p.1)?, Plain::new(q.0, q.1)?);
    let value = compare_plain(divergence, &x, &y)?;
    let sums = [x.sum(p.1), y.sum(q.1)];
    Some(Compared { value, sums, mismatch: mismatch_plain(&x, &y) })
}

/// What `compare` makes of two rows of logits, of one length, and what their sums are; `None` where one is none.
fn of_logits<T: Element>(
    p: (&[T], Input),
    q: (&[T], Input),
    compare: impl FnOnce(&Logits<'_, T>, &Logits<'_, T>) -> (f64, [f64; 2]),
) -> Option<(f64, [f64; 2])> {
    wide(
        #[inline(always)]
        || {
            let (x, y) = (Logits::new(p.0, p.1)?, Logits::new(q.0, q.1)?);
            let (value, [of_p, of_q]) = compare(&x, &y);
            Some((value, [x.with_sum(of_p).sum(p.1), y.with_sum(of_q).sum(q.1)]))
        },
    )
}

/// KL, and the sums of exponentials.
#[inline(always)]
fn kl<T: Element>(p: &Logits<'_, T>, q: &Logits<'_, T>) -> (f64, [f64; 2]) {
    let [of_p, products, of_q] = sums(p, q);
    (products / of_p - of_p.ln() + of_q.ln(), [of_p, of_q])
}

/// Σ eᵃ, Σ eᵃ (a − b), Σ eᵇ.
#[inline(always)]
fn sums<T: Element>(p: &Logits<'_, T>, q: &Logits<'_, T>) -> [f64; 3] {
    let bins = p.len();
    let mut blocks = [[0.0; BLOCK]; 3];
    let mut totals = [0.0; 3];
    for at in (0..bins).step_by(BLOCK) {
        let count = BLOCK.min(bins - at);
        let [a, b, powers] = &mut blocks;
        let (a, b, powers) = (&mut a[..count], &mut b[..count], &mut powers[..count]);
        p.exponents(at, a);
        q.exponents(at, b);
        for ((a, b), power) in a.iter_mut().zip(b.iter_mut()).zip(powers.iter_mut()) {
            *power = exp_between(*a);
            *a = *power * (*a - *b);
        }
        b.iter_mut().for_each(|b| *b = exp_between(*b));
        totals[0] += sum(powers);
        totals[1] += sum(a);
        totals[2] += sum(b);
    }
    totals
}

/// Exponentials of a row of logits and what they come to: Σ eᵃ and the entropy.
struct Exponentials {
    powers: Vec<f64>,
    sum: f64,
    entropy: f64,
}

impl Exponentials {
    #[inline(always)]
    fn of<T: Element>(row: &Logits<'_, T>) -> Exponentials {
        let bins = row.len();
        let mut blocks = [[0.0; BLOCK]; 2];
        let mut powers = Vec::with_capacity(bins);
        let (mut total, mut products) = (0.0, 0.0);
        for at in (0..bins).step_by(BLOCK) {
            let count = BLOCK.min(bins - at);
            let [exponents, block] = &mut blocks;
            let (exponents, block) = (&mut exponents[..count], &mut block[..count]);
            row.exponents(at, exponents);
            block.iter_mut().zip(&*exponents).for_each(|(power, a)| *power = exp_between(*a));
            total += sum(block);
            products += sum_of_products(exponents, block);
            powers.extend_from_slice(block);
        }
        Exponentials { powers, sum: total, entropy: total.ln() - products / total }
    }
}

/// JS, and the sums of exponentials.
#[inline(always)]
fn jensen_shannon<T: Element>(p: &Logits<'_, T>, q: &Logits<'_, T>, beta: f64) -> (f64, [f64; 2]) {
    let (p, q) = (Exponentials::of(p), Exponentials::of(q));
    let shares = [beta / p.sum, (1.0 - beta) / q.sum];
    let of_both = -sum_of_mixed(&p.powers, &q.powers, shares);
    (of_entropies([of_both, p.entropy, q.entropy], beta), [p.sum, q.sum])
}
