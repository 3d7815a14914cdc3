//! Horner's rule, and what it gives besides the value. Coefficients from the
//! constant term up.

/// p(z).
pub(super) fn value(p: &[f64], z: f64) -> f64 {
    p.iter().rev().fold(0.0, |sum, c| sum * z + c)
}

/// p(z) and p′(z).
pub(super) fn value_and_slope(p: &[f64], z: f64) -> (f64, f64) {
    let mut value = 0.0;
    let mut slope = 0.0;
    for c in p.iter().rev() {
        slope = slope * z + value;
        value = value * z + c;
    }
    (value, slope)
}

/// (p(z) − p(y))/(z − y), without the cancellation: the quotient of p by z − y,
/// whose coefficients are the partial sums of Horner's rule at y.
pub(super) fn divided_difference(p: &[f64], z: f64, y: f64) -> f64 {
    let mut at_y = 0.0;
    let mut quotient = 0.0;
    for c in p.iter().rev() {
        quotient = quotient * z + at_y;
        at_y = at_y * y + c;
    }
    quotient
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic() {
        // 1 − 2z + 3z³ at 2 and 5: 21 and 366.
        let p = [1.0, -2.0, 0.0, 3.0];
        assert_eq!(value(&p, 2.0), 21.0);
        assert_eq!(value_and_slope(&p, 2.0), (21.0, 34.0));
        assert_eq!(divided_difference(&p, 5.0, 2.0), 115.0);
        assert_eq!(divided_difference(&p, 2.0, 2.0), 34.0);
    }
}
