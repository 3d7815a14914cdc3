//! Elementary functions in f64 that a compiler turns into vector instructions: no branches, no tables, no calls. Written with
//! plain additions and products, which nothing contracts or reorders, so that every machine gives the same bits.

/// 1.5·2⁵²: added to a number below 2⁵¹ it leaves the nearest integer in the low bits of the sum.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0;

/// ln 2 to 33 bits, so that its products with integers below 2²⁰ are exact, and the rest of it.
const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];

/// 1/n! from n = 2.
const RECIPROCAL_FACTORIALS: [f64; 12] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

/// eˣ within an ulp, over the whole range of f64, subnormal results too; 0 at −∞, ∞ at ∞, NaN of NaN.
///
/// x = k ln 2 + r with |r| ≤ ln 2/2 (Cody and Waite 1980), eʳ from its series up to r¹³, whose rest is below 5e-18; the power
/// of two in two factors, of which each is in range.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    // Comparisons let NaN pass.
    let x = if x < -760.0 { -760.0 } else { x };
    let x = if x > 720.0 { 720.0 } else { x };
    let k = (x * std::f64::consts::LOG2_E + TO_INTEGER) - TO_INTEGER;
    let r = (x - k * LN_2[0]) - k * LN_2[1];
    let c = &RECIPROCAL_FACTORIALS;
    let (r2, pair) = (r * r, |n: usize| c[n] + c[n + 1] * r);
    let four = |n: usize| pair(n) + r2 * pair(n + 2);
    let r4 = r2 * r2;
    let series = four(0) + r4 * (four(4) + r4 * four(8));
    let half = (k * 0.5 + TO_INTEGER) - TO_INTEGER;
    (1.0 + (r + r2 * series)) * power_of_two(half) * power_of_two(k - half)
}

/// 2ᵏ of an integer |k| ≤ 1000.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits((k + (TO_INTEGER + 1023.0)).to_bits() << 52)
}

/// (eʳ − 1 − r)/r² on |r| ≤ ln 2/2: its values at the nine zeros of Chebyshev's polynomial, interpolated in rationals.
const EXP: [f64; 9] = [
    0.5,
    0.166_666_666_666_483,
    0.041_666_666_666_651_364,
    0.008_333_333_353_719_42,
    0.001_388_888_890_587_323,
    1.984_120_875_246_986e-4,
    2.480_153_640_529_659_6e-5,
    2.762_510_451_553_102_5e-6,
    2.761_379_764_561_564_6e-7,
];

/// eˣ of |x| ≤ 700, of others some number: as [`exp`] in two thirds of its time, for sums that need no last digit. Within
/// 1.2e-15 of eˣ, and four roundings.
#[inline(always)]
pub(super) fn exp_between(x: f64) -> f64 {
    let k = (x * std::f64::consts::LOG2_E + TO_INTEGER) - TO_INTEGER;
    let r = (x - k * LN_2[0]) - k * LN_2[1];
    let (c, r2) = (&EXP, r * r);
    let pair = |n: usize| c[n] + c[n + 1] * r;
    let low = pair(0) + r2 * pair(2);
    let high = (pair(4) + r2 * pair(6)) + (r2 * r2) * c[8];
    (1.0 + (r + r2 * (low + (r2 * r2) * high))) * power_of_two(k)
}

/// fdlibm's coefficients of ln((1+s)/(1−s))/s − 2 in s², s = f/(2+f).
const LOG: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];

/// ln x of a normal x > 0, within an ulp; some finite number of 0 and of subnormal ones, none of what has no logarithm.
///
/// x = 2ᵏ (1 + f) with 1 + f in [√½, √2) (fdlibm, e_log.c).
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    const ROOT: u64 = 0x3fe6_a09e_0000_0000;
    let bits = x.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - ROOT);
    // The exponent, made a number in the low bits of 2⁵².
    let k =
        f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let f = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + ROOT) - 1.0;
    let s = f / (2.0 + f);
    let (z, half) = (s * s, 0.5 * f * f);
    let w = z * z;
    let odd = z * (LOG[0] + w * (LOG[2] + w * (LOG[4] + w * LOG[6])));
    let even = w * (LOG[1] + w * (LOG[3] + w * LOG[5]));
    k * LN_2[0] - ((half - (s * (half + (odd + even)) + k * LN_2[1])) - f)
}

/// Σ x: eight sums side by side, which need not wait for each other, added up in pairs.
#[inline(always)]
pub(super) fn sum(x: &[f64]) -> f64 {
    fold(x, 0.0, |a, b| a + b)
}

/// The largest; −∞ of nothing.
#[inline(always)]
pub(super) fn maximum(x: &[f64]) -> f64 {
    fold(x, f64::NEG_INFINITY, larger)
}

/// The largest |x| that is not infinite; 0 of none.
#[inline(always)]
pub(crate) fn largest_finite(x: &[f64]) -> f64 {
    fold(x, 0.0, |a, b| {
        let size = b.abs();
        if size > a && size <= f64::MAX { size } else { a }
    })
}

/// The first where neither is larger, or where it is NaN.
#[inline(always)]
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

#[inline(always)]
fn fold(x: &[f64], start: f64, join: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [start; 8];
    let mut chunks = x.chunks_exact(8);
    for chunk in &mut chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = join(*lane, *x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane = join(*lane, *x);
    }
    let four: [f64; 4] = std::array::from_fn(|k| join(lanes[k], lanes[k + 4]));
    join(join(four[0], four[2]), join(four[1], four[3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Within an ulp of the platform's, which is within one of the truth.
    #[test]
    fn exponentials() {
        let mut random = 1u64;
        for _ in 0..200_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let x = (random >> 11) as f64 / (1u64 << 53) as f64 * 1460.0 - 748.0;
            let apart = exp(x).to_bits().abs_diff(x.exp().to_bits());
            assert!(apart <= 1, "exp({x:?}) is {apart} ulp from the platform's");
        }
        for x in [0.0, -0.0, -745.2, -760.5, 710.0, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(exp(x), x.exp(), "{x}");
        }
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn exponentials_of_the_middle() {
        let mut worst = 0.0f64;
        for k in -700_000..=700_000 {
            let x = f64::from(k) * 1e-3;
            worst = worst.max((exp_between(x) / exp(x) - 1.0).abs());
        }
        assert!(worst < 2e-15, "{worst:e}");
        assert_eq!(exp_between(0.0), 1.0);
    }

    #[test]
    fn logarithms() {
        let mut random = 1u64;
        for k in 0..200_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let part = (random >> 11) as f64 / (1u64 << 53) as f64;
            let x = if k % 2 == 0 { 0.5 + part } else { (part * 1400.0 - 700.0).exp() };
            let apart = ln(x).to_bits().abs_diff(x.ln().to_bits());
            assert!(apart <= 1, "ln({x:?}) is {apart} ulp from the platform's");
        }
        assert_eq!((ln(1.0), ln(f64::MIN_POSITIVE)), (0.0, f64::MIN_POSITIVE.ln()));
        assert!(ln(0.0).is_finite());
    }

    #[test]
    fn folds() {
        let x: Vec<f64> = (0..21).map(|k| f64::from((k * 8) % 21)).collect();
        assert_eq!((sum(&x), maximum(&x)), (210.0, 20.0));
        assert_eq!((sum(&[]), maximum(&[])), (0.0, f64::NEG_INFINITY));
        let mut x: Vec<f64> = (0..21).map(|k| -f64::from(k)).collect();
        assert_eq!((largest_finite(&x), largest_finite(&[])), (20.0, 0.0));
        x[20] = f64::INFINITY;
        assert_eq!(largest_finite(&x), 19.0);
    }
}
