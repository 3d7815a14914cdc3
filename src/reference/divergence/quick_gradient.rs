//! Gradients of KL, its reverse and JS with respect to logits, of rows that are well apart: plain products in f64, in vectors,
//! written as f32.
//!
//! Over the temperature, and times what is upstream, the gradient with respect to the logits of a row with bins o beside one
//! with bins r is
//!
//! * of KL(r‖o): o − r;
//! * of KL(o‖r): o (h − Σ o h), h = ln o/r;
//! * of JS with the weight w of o: the same with h = w ln(o/m), m = w o + (1−w) r.
//!
//! Bins are known to some 2e-15, and h to a few 1e-16 of logarithms that are 620 at most: a gradient is off by no more than
//! 2e-13 of the largest bin. So it is taken where its largest number is 1e-5 of that or more, and within 2e-8 of it.

use super::plain::{BLOCK, Plain};
use super::quick::{is_inner, terms};
use crate::divergence::Divergence;
use crate::number::Element;
use crate::reference::elementary::{larger, ln, maximum};
use crate::reference::wide::wide;

/// Of the largest bin: what the largest number of a gradient is at least.
const LEAST: f64 = 1e-5;

/// What is made of bins.
#[derive(Debug, Clone, Copy)]
enum Form {
    Difference,
    Logarithms,
    /// With the weight of the own row.
    Mixture(f64),
}

/// [`gradient`](super::gradient) of either row of logits, in `result`; `None` where it is not known well enough, or the
/// divergence is another.
pub(crate) fn gradient_plain<T: Element>(
    divergence: &Divergence,
    [p, q]: [&Plain<'_, T>; 2],
    of_q: bool,
    upstream: f64,
    result: &mut [f32],
) -> Option<()> {
    let form = match *divergence {
        Divergence::Kl if of_q => Form::Difference,
        Divergence::ReverseKl if !of_q => Form::Difference,
        Divergence::Kl | Divergence::ReverseKl => Form::Logarithms,
        Divergence::JensenShannon { beta } if is_inner(beta) => {
            Form::Mixture(if of_q { 1.0 - beta } else { beta })
        }
        _ => return None,
    };
    let (own, other) = if of_q { (q, p) } else { (p, q) };
    let bins = result.len();
    if own.values.len() != bins || other.values.len() != bins {
        return None;
    }
    let (rate, _) = (own.rate?, other.rate?);
    let largest = wide(
        #[inline(always)]
        || match form {
            Form::Difference => {
                write::<T, false>(own, other, upstream * rate, result, |_, o, _, r| o - r)
            }
            Form::Logarithms => {
                let mean = terms::<T, true, false>(own, other, |a, o, b, _| o * (a - b));
                write::<T, true>(own, other, upstream * rate, result, |a, o, b, _| {
                    o * ((a - b) - mean)
                })
            }
            Form::Mixture(weight) => {
                let rest = 1.0 - weight;
                let slope = |a: f64, o: f64, r: f64| weight * (a - ln(weight * o + rest * r));
                let mean = terms::<T, true, true>(own, other, |a, o, _, r| o * slope(a, o, r));
                write::<T, true>(own, other, upstream * rate, result, |a, o, _, r| {
                    o * (slope(a, o, r) - mean)
                })
            }
        },
    );
    (largest >= LEAST * larger(own.largest(), other.largest())).then_some(())
}

/// Writes a term of ln o, o, ln r, r times a factor; the largest there is, without it.
#[inline(always)]
fn write<T: Element, const LOGS: bool>(
    own: &Plain<'_, T>,
    other: &Plain<'_, T>,
    factor: f64,
    result: &mut [f32],
    term: impl Fn(f64, f64, f64, f64) -> f64,
) -> f64 {
    let mut blocks = [[0.0; BLOCK]; 4];
    let mut largest = 0.0;
    for (block, place) in result.chunks_mut(BLOCK).enumerate() {
        let (at, count) = (block * BLOCK, place.len());
        let [log_o, of_o, log_r, of_r] = &mut blocks;
        let (log_o, of_o) = (&mut log_o[..count], &mut of_o[..count]);
        let (log_r, of_r) = (&mut log_r[..count], &mut of_r[..count]);
        own.bins::<LOGS, true>(at, log_o, of_o);
        other.bins::<LOGS, true>(at, log_r, of_r);
        for ((log_o, o), (log_r, r)) in log_o.iter_mut().zip(&*of_o).zip(log_r.iter().zip(&*of_r)) {
            *log_o = term(*log_o, *o, *log_r, *r);
        }
        for (x, term) in place.iter_mut().zip(&mut *log_o) {
            // What is beyond f32 is its largest number.
            *x = ((*term * factor) as f32).clamp(-f32::MAX, f32::MAX);
            *term = term.abs();
        }
        largest = larger(largest, maximum(log_o));
    }
    largest
}
