//! Systematic resampling.

use super::{check_weights, rows_of};
use crate::error::{Error, Result};
use crate::number::Element;
use crate::parallel::map_rows;

/// `draws` indices of every row of `columns` weights ≥ 0 (which need not sum to 1), ascending, rows one behind the
/// other: the particles at the positions (u + k)/n of the distribution function, k = 0 … n−1, with one number u in
/// [0, 1) a row (Kitagawa 1996). Particle i is drawn ⌊n w̄_i⌋ or ⌈n w̄_i⌉ times, and n w̄_i times in the mean over u.
///
/// On the host. Weights are rounded to multiples of 2⁻⁶³ of the largest and then added up in integers, so that no
/// prefix sum is ever off.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::information::systematic_resample;
/// assert_eq!(systematic_resample(&[0.25, 0.5, 0.25], 3, &[0.3], 4)?, [0, 1, 1, 2]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::InvalidInput`]: a weight that is negative or no finite number (with row and index), a row without mass or an
/// incomplete one, another number of `uniforms` than rows, one outside [0, 1), more than 2³¹ weights or draws a row.
pub fn systematic_resample<T: Element>(
    weights: &[T],
    columns: usize,
    uniforms: &[f64],
    draws: usize,
) -> Result<Vec<u32>> {
    const MOST: usize = 1 << 31;
    let rows = rows_of("weights", weights, columns)?;
    if columns > MOST {
        return Err(Error::invalid("weights", format!("{columns} in a row are more than {MOST}")));
    }
    if draws > MOST {
        return Err(Error::invalid("draws", format!("{draws} are more than {MOST}")));
    }
    if uniforms.len() != rows {
        let reason = format!("has {} numbers, weights have {rows} rows", uniforms.len());
        return Err(Error::invalid("uniforms", reason));
    }
    if let Some(index) = uniforms.iter().position(|u| !(0.0..1.0).contains(u)) {
        let reason = format!("{:?} is not in [0, 1)", uniforms[index]);
        return Err(Error::invalid_index("uniforms", index, reason));
    }
    for (row, weights) in weights.chunks_exact(columns).enumerate() {
        check_weights("weights", row, weights)?;
    }
    let drawn =
        map_rows(rows, |k| ancestors(&weights[k * columns..(k + 1) * columns], uniforms[k], draws));
    Ok(drawn.concat())
}

fn ancestors<T: Element>(weights: &[T], u: f64, draws: usize) -> Vec<u32> {
    let most = weights.iter().fold(0.0f64, |most, w| most.max(w.to_f64()));
    // At most 2⁶³, and 2⁹⁴ together; times 2³¹ draws that fits u128.
    let units = |w: &T| (w.to_f64() / most * 63f64.exp2()) as u128;
    let total: u128 = weights.iter().map(units).sum();
    // (u + k) total, in units of which n prefix sums are made. u is a multiple of 2⁻⁵³ or is taken for one.
    let start = {
        let u = (u * 53f64.exp2()) as u128;
        // In two parts, since the product has up to 147 bits.
        (u * (total >> 53)) + ((u * (total & ((1 << 53) - 1))) >> 53)
    };
    let (mut drawn, mut sum) = (Vec::with_capacity(draws), 0);
    let mut place = start;
    for (i, w) in weights.iter().enumerate() {
        sum += units(w) * draws as u128;
        while drawn.len() < draws && place < sum {
            drawn.push(i as u32);
            place += total;
        }
    }
    drawn
}
