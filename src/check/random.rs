//! The seeded numbers of the checks: the same on every machine.

/// Xorshift, 64 bits (Marsaglia 2003).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            random.bits();
        }
        random
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁴⁴, so that a pair of f32 holds it exactly.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 20) as f64 * (-44f64).exp2()
    }

    pub(crate) fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn below(&mut self, n: u32) -> u32 {
        ((self.bits() >> 32) as u32) % n
    }

    pub(crate) fn sign(&mut self) -> f64 {
        if self.bits() >> 63 == 0 { 1.0 } else { -1.0 }
    }
}
