//! Unevaluated sums of two f64, for the differences that decide near-equal rows; and sums of
//! many numbers.
//!
//! Knuth's two-sum and Dekker's product (Numer. Math. 18, 1971); the sum is Neumaier's (ZAMM
//! 54, 1974). None of them needs a fused multiply-add, which is slow in wasm.

/// hi + lo, |lo| at most half a unit in the last place of hi.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Double {
    pub(super) hi: f64,
    pub(super) lo: f64,
}

impl Double {
    pub(super) const EMPTY: Double = Double { hi: f64::NEG_INFINITY, lo: 0.0 };

    pub(super) fn new(hi: f64) -> Double {
        Double { hi, lo: 0.0 }
    }

    /// x + y, exactly.
    pub(super) fn sum(x: f64, y: f64) -> Double {
        let hi = x + y;
        let of_y = hi - x;
        Double { hi, lo: (x - (hi - of_y)) + (y - of_y) }
    }

    /// x y, exactly where nothing over- or underflows.
    fn product(x: f64, y: f64) -> Double {
        let split = |x: f64| {
            let shifted = 134_217_729.0 * x;
            let high = shifted - (shifted - x);
            (high, x - high)
        };
        let (hi, (a, b), (c, d)) = (x * y, split(x), split(y));
        Double { hi, lo: ((a * c - hi) + a * d + b * c) + b * d }
    }

    pub(super) fn times(self, factor: f64) -> Double {
        let product = Double::product(self.hi, factor);
        Double::sum(product.hi, product.lo + self.lo * factor)
    }

    pub(super) fn minus(self, other: Double) -> Double {
        let hi = Double::sum(self.hi, -other.hi);
        Double::sum(hi.hi, hi.lo + (self.lo - other.lo))
    }

    /// Over a divisor. What is beyond the range of the exact product is divided once.
    pub(super) fn over(self, divisor: f64) -> Double {
        let hi = self.hi / divisor;
        let fits = |x: f64| (1e-140..1e140).contains(&x.abs());
        if divisor == 1.0 || !(fits(hi) && fits(divisor)) {
            return if divisor == 1.0 { self } else { Double::new(hi) };
        }
        let product = Double::product(hi, divisor);
        Double::sum(hi, (((self.hi - product.hi) - product.lo) + self.lo) / divisor)
    }

    pub(super) fn value(self) -> f64 {
        self.hi + self.lo
    }
}

/// A sum and what rounding took from it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    sum: f64,
    rest: f64,
}

impl Sum {
    pub(crate) fn of(terms: impl Iterator<Item = f64>) -> f64 {
        Sum::all(terms).value()
    }

    pub(super) fn all(terms: impl Iterator<Item = f64>) -> Sum {
        let mut sum = Sum::default();
        terms.for_each(|x| sum.add(x));
        sum
    }

    pub(super) fn add(&mut self, x: f64) {
        let sum = self.sum + x;
        self.rest +=
            if self.sum.abs() >= x.abs() { (self.sum - sum) + x } else { (x - sum) + self.sum };
        self.sum = sum;
    }

    pub(super) fn double(self) -> Double {
        Double::sum(self.sum, self.rest)
    }

    pub(super) fn value(self) -> f64 {
        if self.sum.is_finite() { self.sum + self.rest } else { self.sum }
    }
}

/// ln Σ eˣ; −∞ of nothing.
pub(super) fn log_sum_exp(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    if most.is_infinite() {
        return most;
    }
    most + Sum::of(logs.map(|x| (x - most).exp())).ln()
}
