//! The masses of problems, and what they are taken over on the device.

/// The masses of a problem, and the power of two that they are taken over on the device, so that the larger is there more
/// than a half and at most 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Masses {
    pub(crate) exponent: f64,
    /// Over the power of two.
    pub(crate) larger: f64,
    pub(crate) source: f64,
    pub(crate) target: f64,
}

impl Masses {
    pub(super) fn new(source: f64, target: f64) -> Masses {
        let most = source.max(target);
        let mut exponent = most.log2().ceil();
        // The logarithm of what is next to a power of two may round to it.
        if most * (-exponent).exp2() > 1.0 {
            exponent += 1.0;
        }
        Masses { exponent, larger: most * (-exponent).exp2(), source, target }
    }
}
