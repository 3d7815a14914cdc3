//! Samples by rejection (Wood 1994, algorithm VM*), the same on every machine.
//!
//! Every row has a generator of its own, so that row i depends on the seed and on i
//! alone. Only + − × ÷ √ are used, which IEEE 754 rounds alike everywhere; the
//! logarithm is written out below.

use super::VonMisesFisher;
use crate::error::Result;
use crate::parallel::map_rows;
use crate::reserve::{product, reserve};

/// Rows that are made before they are put in their place.
const BLOCK: usize = 4096;

impl VonMisesFisher {
    /// `n` directions, row-major n×p, each of length one to rounding. Row i depends on
    /// the seed and on i alone, and is the same on every machine.
    ///
    /// The component along μ comes from Wood's rejection (*Simulation of the von Mises
    /// Fisher distribution*, 1994), written for 1 − ⟨μ, x⟩ so that no concentration is
    /// too large; the one across from normal deviates. Wood's envelope accepts
    /// 65 of 100 or more (measured at p from 2 to 100,000 and κ from 0 to 1e7; the least is
    /// p = 2 at large κ); after 1,000 refusals, which no seed will show (0.35¹⁰⁰⁰),
    /// the last proposal is taken. A point mass gives n copies of μ.
    ///
    /// ```
    /// # fn main() -> kantor::Result<()> {
    /// let p = kantor::VonMisesFisher::new(&[1.0, 0.0, 0.0], 10.0)?;
    /// let mean: f64 = p.sample(1000, 7)?.chunks(3).map(|x| x[0]).sum::<f64>() / 1000.0;
    /// assert!((mean - p.mean_resultant_length()).abs() < 0.02);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::LimitExceeded`](crate::Error::LimitExceeded),
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory) for more numbers than the host holds.
    pub fn sample(&self, n: usize, seed: u64) -> Result<Vec<f64>> {
        let mut rows = reserve("samples", product("samples", &[n, self.dimension()])?)?;
        for first in (0..n).step_by(BLOCK) {
            let direction = |k| self.direction(&mut Random::new(seed, (first + k) as u64));
            map_rows(BLOCK.min(n - first), direction).iter().for_each(|row| rows.extend(row));
        }
        Ok(rows)
    }

    fn direction(&self, random: &mut Random) -> Vec<f64> {
        let mean = self.mean();
        if self.is_point_mass() {
            return mean.to_vec();
        }
        let away = self.distance_along(random);
        // Uniform across μ: a normal vector without its component along μ. For the
        // rare one that is next to μ the draw is repeated.
        for _ in 0..TRIES {
            let mut across: Vec<f64> = mean.iter().map(|_| random.normal()).collect();
            let full: f64 = across.iter().map(|x| x * x).sum();
            // Twice, because the first leaves rounding of the size of what it took away.
            for _ in 0..2 {
                let along: f64 = across.iter().zip(mean).map(|(x, m)| x * m).sum();
                across.iter_mut().zip(mean).for_each(|(x, m)| *x -= along * m);
            }
            let square: f64 = across.iter().map(|x| x * x).sum();
            if square > 1e-12 * full {
                let factor = (away * (2.0 - away) / square).sqrt();
                let place = |(m, x): (&f64, &f64)| m - away * m + factor * x;
                return mean.iter().zip(&across).map(place).collect();
            }
        }
        mean.to_vec()
    }

    /// 1 − ⟨μ, x⟩ of a sample x.
    fn distance_along(&self, random: &mut Random) -> f64 {
        let (kappa, freedom) = (self.concentration(), (self.dimension() - 1) as f64);
        let b = freedom / (2.0 * kappa + (4.0 * kappa * kappa + freedom * freedom).sqrt());
        // 1 − x₀ with x₀ = (1 − b)/(1 + b).
        let rest = 2.0 * b / (1.0 + b);
        let mut distance = 0.0;
        for _ in 0..TRIES {
            // Z = g/(g + h) ~ Beta((p − 1)/2, (p − 1)/2), and W = (1 − (1 + b) Z)/(1 − (1 − b) Z).
            let (g, h) = (random.gamma(0.5 * freedom), random.gamma(0.5 * freedom));
            distance = 2.0 * b * g / (h + b * g);
            // κ (W − x₀) + (p − 1) ln((1 − x₀ W)/(1 − x₀²)) ≥ ln U
            let quotient = (rest + (1.0 - rest) * distance) / (rest * (2.0 - rest));
            let exponent = kappa * (rest - distance) + freedom * ln(quotient);
            if exponent >= ln(random.uniform()) {
                break;
            }
        }
        distance
    }
}

/// Refusals in a row after which a proposal is taken as it is.
const TRIES: usize = 1000;

/// SplitMix64 (Steele, Lea and Flood 2014), a stream per seed and row.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
    spare: Option<f64>,
}

impl Random {
    pub(super) fn new(seed: u64, row: u64) -> Random {
        let mut first = Random { state: seed, spare: None };
        let start = first.bits() ^ row.wrapping_mul(0xd134_2543_de82_ef95);
        let mut random = Random { state: start, spare: None };
        random.state = random.bits();
        random
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform on (0, 1), never an end.
    pub(super) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Standard normal by the polar method (Marsaglia and Bray 1964): a point of the
    /// disc, found in 1.27 tries on average.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            // SplitMix passes through all of its states, so that a point comes.
            if square < 1.0 && square > 0.0 {
                let factor = (-2.0 * ln(square) / square).sqrt();
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }

    /// Gamma of a shape that is a multiple of ½ (Marsaglia and Tsang 2000; for ½ the
    /// half square of a normal deviate).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let x = self.normal();
            return 0.5 * x * x;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        for _ in 0..TRIES {
            let x = self.normal();
            let root = 1.0 + c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            if ln(self.uniform()) < 0.5 * x * x + d - d * v + d * ln(v) {
                return d * v;
            }
        }
        d
    }
}

/// The natural logarithm of a positive normal number, without the platform's: 2ᵏ m with
/// m in [√½, √2), and 2 atanh((m − 1)/(m + 1)) as a series. Error below 2 ulp.
pub(super) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    // Counted from the bits of √½: k is the exponent once m is at least that.
    let k = (bits.wrapping_sub(0x3fe6_a09e_667f_3bcd) as i64) >> 52;
    let m = f64::from_bits(bits.wrapping_sub((k as u64) << 52));
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let mut series = 0.0;
    let mut n = 21.0;
    while n > 1.0 {
        series = square * (series + 1.0 / n);
        n -= 2.0;
    }
    // ln 2 in two parts, so that k times the first is exact.
    let (high, low) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);
    k as f64 * high + (2.0 * s + (2.0 * s * series + k as f64 * low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_that_of_the_platform() {
        let mut random = Random::new(1, 0);
        for _ in 0..100_000 {
            let x = random.uniform() * f64::from_bits((900 + random.bits() % 250) << 52);
            let exact = x.ln();
            assert!((ln(x) - exact).abs() <= 4e-16 * exact.abs().max(0.3), "{x:e}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn normals_have_the_moments_of_normals() {
        let n = 200_000;
        let mut random = Random::new(2, 5);
        let mut moments = [0.0; 4];
        for _ in 0..n {
            let x = random.normal();
            for (moment, power) in moments.iter_mut().zip([1, 2, 3, 4]) {
                *moment += x.powi(power) / f64::from(n);
            }
        }
        for (moment, (exact, spread)) in
            moments.into_iter().zip([(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0)])
        {
            assert!((moment - exact).abs() < 5.0 * f64::sqrt(spread / f64::from(n)), "{moment}");
        }
    }
}
