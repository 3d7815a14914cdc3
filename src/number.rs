//! Numbers as callers give them and as kernels take them: f32, f64, and the two words of a double-float.

use crate::named::named;

/// f32 or f64: what data may be given in.
pub trait Element: Copy + Send + Sync + sealed::Sealed + 'static {
    /// The value, widened.
    fn to_f64(self) -> f64;

    /// The same values, if they are f32: what goes to a device as it is.
    fn singles(values: &[Self]) -> Option<&[f32]>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Element for f32 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn singles(values: &[f32]) -> Option<&[f32]> {
        Some(values)
    }
}

impl Element for f64 {
    fn to_f64(self) -> f64 {
        self
    }

    fn singles(_: &[f64]) -> Option<&[f32]> {
        None
    }
}

/// How many digits are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Precision {
    /// f32 arithmetic: costs to about 1e-6, marginals to about 1e-6.
    #[default]
    Single,
    /// Double-float arithmetic, f64-grade results, on every adapter that keeps
    /// the rounding it needs (a start-up probe tells). Solves iterate in single
    /// precision as far as that goes, then in double.
    Double,
}

impl Precision {
    /// Words of f32 that a number has on a device.
    pub(crate) fn words(self) -> usize {
        match self {
            Precision::Single => 1,
            Precision::Double => 2,
        }
    }
}

named! { Precision, "precision": Single => "single", Double => "double" }

/// The words of a double-float: the nearest f32, and the nearest of what is left. Together 48 bits of the number, as long
/// as the first is finite and the second above 2^-126.
pub(crate) fn words(x: f64) -> [f32; 2] {
    let high = x as f32;
    [high, (x - f64::from(high)) as f32]
}

/// The number of two words.
pub(crate) fn joined([high, low]: [f32; 2]) -> f64 {
    f64::from(high) + f64::from(low)
}

/// What there is between the ends of some f32, found in one pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) least: f32,
    pub(crate) most: f32,
    /// Whether there is neither an infinity nor a NaN; if there is, the ends mean nothing.
    pub(crate) finite: bool,
}

/// Lanes that the compiler makes vectors of, and that stay in registers of any processor.
const LANES: usize = 8;

impl Ends {
    pub(crate) const NONE: Ends =
        Ends { least: f32::INFINITY, most: f32::NEG_INFINITY, finite: true };

    pub(crate) fn of(values: &[f32]) -> Ends {
        let (mut least, mut most) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        // 0 · x is 0 unless x is not finite.
        let mut rest = [0.0f32; LANES];
        let mut look = |lanes: &[f32; LANES]| {
            for (k, x) in lanes.iter().enumerate() {
                least[k] = if *x < least[k] { *x } else { least[k] };
                most[k] = if *x > most[k] { *x } else { most[k] };
                rest[k] += *x * 0.0;
            }
        };
        let (whole, tail) = values.as_chunks::<LANES>();
        whole.iter().for_each(&mut look);
        if let Some(last) = tail.last() {
            let mut lanes = [*last; LANES];
            lanes[..tail.len()].copy_from_slice(tail);
            look(&lanes);
        }
        let fold = |ends: Ends, k: usize| {
            ends.and(Ends { least: least[k], most: most[k], finite: rest[k] == 0.0 })
        };
        (0..LANES).fold(Ends::NONE, fold)
    }

    /// Of both.
    pub(crate) fn and(self, other: Ends) -> Ends {
        Ends {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
            finite: self.finite && other.finite,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_those_of_all_numbers() {
        for count in [1, 15, 16, 17, 1000] {
            let values: Vec<f32> = (0..count).map(|k| ((k * 37) % 101) as f32 - 50.0).collect();
            let ends = Ends::of(&values);
            assert_eq!(ends.least, values.iter().copied().fold(f32::INFINITY, f32::min));
            assert_eq!(ends.most, values.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            assert!(ends.finite);
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                for at in [0, count / 2, count - 1] {
                    let mut values = values.clone();
                    values[at] = bad;
                    assert!(!Ends::of(&values).finite, "{bad} at {at} of {count}");
                }
            }
        }
    }

    #[test]
    fn two_words_hold_48_bits() {
        for x in [0.0, 1.0, -0.1, 1e-20, 1e30, std::f64::consts::PI] {
            assert!((joined(words(x)) - x).abs() <= x.abs() * 2f64.powi(-48));
        }
    }
}
