//! κ from the mean resultant length.

use super::{MAX_DIMENSION, MIN_DIMENSION};
use crate::error::{Error, Result};
use crate::reference::vmf::ratio;

/// The concentration κ ≥ 0 with A_p(κ) = `length`: the maximum-likelihood estimate
/// for unit vectors in `dimension` dimensions whose mean has that length.
///
/// 0 for a length of 0; infinity for a length of 1, where no finite κ is.
///
/// Relative error some 1e-14, but next to 1 the length itself cannot hold more: its
/// last bit is 1e-16/(1 − R̄) of κ. [`concentration_from_complement`] takes 1 − R̄.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// // p = 3: A(κ) = coth κ − 1/κ.
/// let kappa = kantor::vmf::concentration(3, 1.0 / 2f64.tanh() - 0.5)?;
/// assert!((kappa - 2.0).abs() < 1e-14);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::InvalidInput`] for a dimension outside 2 to 100,000, and a length outside
/// \[0, 1\].
pub fn concentration(dimension: usize, length: f64) -> Result<f64> {
    check_dimension(dimension)?;
    if !(0.0..=1.0).contains(&length) {
        return Err(Error::invalid("length", format!("{length:?} is not in [0, 1]")));
    }
    Ok(solve(dimension, length, 1.0 - length))
}

/// [`concentration`] from 1 − R̄, which keeps its digits where R̄ is close to 1.
///
/// # Errors
/// [`Error::InvalidInput`] for a dimension outside 2 to 100,000, and a complement
/// outside \[0, 1\].
pub fn concentration_from_complement(dimension: usize, complement: f64) -> Result<f64> {
    check_dimension(dimension)?;
    if !(0.0..=1.0).contains(&complement) {
        return Err(Error::invalid("complement", format!("{complement:?} is not in [0, 1]")));
    }
    Ok(solve(dimension, 1.0 - complement, complement))
}

/// A_p(κ) = I_{p/2}(κ)/I_{p/2−1}(κ), the length of the mean of unit vectors with
/// concentration κ, and 1 − A_p(κ) with digits of its own.
///
/// # Errors
/// [`Error::InvalidInput`] for a dimension outside 2 to 100,000, a concentration that
/// is negative or NaN.
pub fn mean_resultant_length(dimension: usize, concentration: f64) -> Result<(f64, f64)> {
    check_dimension(dimension)?;
    check_concentration(concentration)?;
    if concentration == f64::INFINITY {
        return Ok((1.0, 0.0));
    }
    let a = ratio(dimension, concentration);
    Ok((a.value, a.complement))
}

pub(super) fn check_dimension(dimension: usize) -> Result<()> {
    if (MIN_DIMENSION..=MAX_DIMENSION).contains(&dimension) {
        return Ok(());
    }
    let reason = format!("{dimension} is not between {MIN_DIMENSION} and {MAX_DIMENSION}");
    Err(Error::invalid("dimension", reason))
}

pub(super) fn check_concentration(concentration: f64) -> Result<()> {
    if concentration >= 0.0 {
        return Ok(());
    }
    Err(Error::invalid("concentration", format!("{concentration:?} is not a number of at least 0")))
}

/// Iterations of Newton's method; five are usual.
const ITERATIONS: usize = 60;

/// The root by Newton's method, for a length and its complement.
///
/// Amos' bounds of the ratio (1974, eq. 11 and 16), solved for κ, bracket the root:
/// (p − 1) R̄/(1 − R̄²) ≤ κ ≤ p R̄/(1 − R̄²); Banerjee's start (2005) lies between them. A is
/// concave, so that steps from the left never pass the root; one that leaves the
/// bracket is replaced by its middle. Next to 1 the residual is taken of 1 − A.
pub(super) fn solve(dimension: usize, length: f64, complement: f64) -> f64 {
    if length <= 0.0 {
        return 0.0;
    }
    if complement <= 0.0 {
        return f64::INFINITY;
    }
    let p = dimension as f64;
    let slack = complement * (1.0 + length);
    // A bit wider than the bounds: they are met with rounding.
    let mut low = (p - 1.0) * length / slack * (1.0 - 1e-12);
    let mut high = p * length / slack * (1.0 + 1e-12);
    if !high.is_finite() {
        return f64::INFINITY;
    }
    let mut kappa = length * (p - length * length) / slack;
    for _ in 0..ITERATIONS {
        let a = ratio(dimension, kappa);
        let residual = if length < 0.5 { a.value - length } else { complement - a.complement };
        if residual < 0.0 {
            low = low.max(kappa);
        } else {
            high = high.min(kappa);
        }
        let step = residual / a.slope;
        let mut next = kappa - step;
        if next.is_nan() || next < low || next > high {
            next = 0.5 * (low + high);
        }
        if (next - kappa).abs() <= 4.0 * f64::EPSILON * kappa {
            return next;
        }
        kappa = next;
    }
    kappa
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found_from_either_end() {
        let text = include_str!("../../tests/data/vmf_reference.csv");
        let mut worst = 0.0f64;
        for line in text.lines().skip(1) {
            let row: Vec<f64> = line.split(',').map(|x| x.parse().unwrap()).collect();
            let p = row[0] as usize;
            let kappa = solve(p, row[2], row[3]);
            let error = (kappa - row[1]).abs() / row[1];
            assert!(error < 3e-14, "p {p} kappa {} off by {error:e}", row[1]);
            worst = worst.max(error);
        }
        println!("{worst:e}");
    }

    #[test]
    fn ends_are_themselves() {
        assert_eq!(concentration(2, 0.0), Ok(0.0));
        assert_eq!(concentration(2, 1.0), Ok(f64::INFINITY));
        assert!(concentration(1, 0.5).is_err() && concentration(100_001, 0.5).is_err());
        assert!(concentration(2, f64::NAN).is_err() && concentration(2, 1.5).is_err());
        for tiny in [f64::MIN_POSITIVE, 5e-324, 1e-300, 1e-17] {
            assert!((concentration(3, tiny).unwrap() / tiny - 3.0).abs() < 1.0);
            let near = concentration_from_complement(3, tiny).unwrap();
            assert!(near * tiny > 0.99, "{near}");
        }
    }
}
