//! How an error is measured. Pure functions: they see numbers, never a device.

/// The largest error seen, or the number of wrong results, and of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Worst {
    pub(crate) error: f64,
    pub(crate) cases: usize,
}

impl Worst {
    /// One more error. What is not a number is infinitely wrong.
    pub(crate) fn add(&mut self, error: f64) {
        self.cases += 1;
        self.error = if error.is_nan() { f64::INFINITY } else { self.error.max(error) };
    }

    /// One more result that is right or wrong.
    pub(crate) fn count(&mut self, right: bool) {
        self.cases += 1;
        self.error += f64::from(u8::from(!right));
    }
}

/// The distance of neighbouring f32 at `x`, subnormal ones included.
pub(crate) fn ulp(x: f64) -> f64 {
    let exponent = ((x.abs().to_bits() >> 52) as i32 - 1023).max(-126);
    f64::from(exponent - 23).exp2()
}

/// The error of an f32 result in units of the last place of the exact one.
pub(crate) fn ulps(got: f32, exact: f64) -> f64 {
    (f64::from(got) - exact).abs() / ulp(exact)
}

/// |got − exact| in units of `unit`; 0/0 is no error.
pub(crate) fn units(got: f64, exact: f64, unit: f64) -> f64 {
    let error = (got - exact).abs();
    if error == 0.0 { 0.0 } else { error / unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ulp_is_the_distance_of_neighbours() {
        for x in [1.0f32, 1.5, 0.75, 3e38, 1e-38, 1e-45, f32::MIN_POSITIVE] {
            let next = f32::from_bits(x.to_bits() + 1);
            assert_eq!(ulp(x.into()), f64::from(next) - f64::from(x));
        }
        assert_eq!(ulp(0.0), f64::from(f32::from_bits(1)));
    }

    #[test]
    fn what_is_not_a_number_is_infinitely_wrong() {
        let mut worst = Worst::default();
        worst.add(f64::NAN);
        worst.add(0.5);
        assert_eq!(worst, Worst { error: f64::INFINITY, cases: 2 });
    }
}
