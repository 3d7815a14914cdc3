//! Random numbers that are the same everywhere.
#![allow(dead_code, reason = "every test binary uses its own part of this file")]

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    /// Of a seed that may be small; of a state as it is with `Random(state)`.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform on [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform on 0..n.
    pub fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.uniform() < share
    }

    pub fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub fn vector(&mut self, length: usize) -> Vec<f64> {
        (0..length).map(|_| self.uniform()).collect()
    }

    /// A histogram of mass 1 whose bins differ by up to a factor of 20, each empty
    /// with probability `empty`, at least one of them not.
    pub fn histogram(&mut self, bins: usize, empty: f64) -> Vec<f64> {
        let kept = self.below(bins);
        let mut weights: Vec<f64> = (0..bins)
            .map(|bin| {
                let weight = 0.05 + self.uniform();
                if self.uniform() < empty && bin != kept { 0.0 } else { weight }
            })
            .collect();
        let mass: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= mass);
        weights
    }
}
