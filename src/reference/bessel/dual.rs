//! A value and its derivative in the order, carried through sums and products.

use std::ops::{Add, Mul, Sub};

#[derive(Debug, Clone, Copy)]
pub(super) struct Dual {
    pub(super) value: f64,
    pub(super) slope: f64,
}

impl Dual {
    /// Times a constant.
    pub(super) fn times(self, factor: f64) -> Dual {
        Dual { value: self.value * factor, slope: self.slope * factor }
    }

    /// 1/self.
    pub(super) fn inverse(self) -> Dual {
        let inverse = 1.0 / self.value;
        Dual { value: inverse, slope: -self.slope * inverse * inverse }
    }
}

impl Add for Dual {
    type Output = Dual;
    fn add(self, other: Dual) -> Dual {
        Dual { value: self.value + other.value, slope: self.slope + other.slope }
    }
}

impl Sub for Dual {
    type Output = Dual;
    fn sub(self, other: Dual) -> Dual {
        Dual { value: self.value - other.value, slope: self.slope - other.slope }
    }
}

impl Mul for Dual {
    type Output = Dual;
    fn mul(self, other: Dual) -> Dual {
        Dual {
            value: self.value * other.value,
            slope: self.slope * other.value + self.value * other.slope,
        }
    }
}
