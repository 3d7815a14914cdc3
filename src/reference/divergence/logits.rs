//! Two rows as they were given, compared by plain sums; KL of logits while their sums are taken.
//!
//! With a = x/T less its maximum, b of the other row likewise, and sums of exponentials A and B,
//!
//! * KL = Σ eᵃ (a − b)/A − ln A + ln B,
//!
//! so that a pair of bins costs two exponentials and no logarithm, and either row is read twice.

use super::plain::{BLOCK, Logits, Plain};
use super::quick::{LEAST, compare_plain, mismatch_plain};
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
    let found = match divergence {
        Divergence::Kl => kl(p, q),
        Divergence::ReverseKl => kl(q, p).map(|(value, [q, p])| (value, [p, q])),
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

/// KL of logits, and what their sums are.
fn kl<T: Element>(p: (&[T], Input), q: (&[T], Input)) -> Option<(f64, [f64; 2])> {
    if p.0.len() != q.0.len() {
        return None;
    }
    wide(
        #[inline(always)]
        || {
            let (x, y) = (Logits::new(p.0, p.1)?, Logits::new(q.0, q.1)?);
            let [of_p, products, of_q] = sums(p.0.len(), &x, &y);
            let value = products / of_p - of_p.ln() + of_q.ln();
            Some((value, [x.with_sum(of_p).sum(p.1), y.with_sum(of_q).sum(q.1)]))
        },
    )
}

/// Σ eᵃ, Σ eᵃ (a − b), Σ eᵇ.
#[inline(always)]
fn sums<T: Element>(bins: usize, p: &Logits<'_, T>, q: &Logits<'_, T>) -> [f64; 3] {
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
