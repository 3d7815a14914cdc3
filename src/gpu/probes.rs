//! What a device does to arithmetic, measured on it at start-up.

use super::Gpu;
use super::buffer::STORAGE;
use super::layout::params;
use super::pipeline::Kernel;
use super::shader::Constant;
use crate::error::Result;

/// Results of the start-up probes. They are measured on the device itself,
/// because drivers do not say which of these they break.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Probes {
    /// Pairs, of [`Probes::PAIRS`], whose guarded TwoSum or TwoProd is not exact or
    /// whose double-float sum, product, exponential or logarithm misses its bound. Zero is what double-float arithmetic needs.
    pub guarded_wrong: u32,
    /// Plain TwoSum that differs: a compiler that folds it shows here.
    pub plain_wrong: u32,
    /// Iterations reached by a loop of [`Probes::LOOP`]; some drivers stop early, silently.
    pub loop_reached: u32,
    /// Largest relative error of the built-in `exp2` on [−60, 0], in units of 2⁻²⁴.
    pub exp2_error: f32,
    /// Whether denormal numbers survive arithmetic, as operands and as results.
    pub denormals: bool,
    /// Whether `fma` rounds once, for every pair: products then need two operations for their error, not seventeen.
    pub fused_fma: bool,
    /// Largest error of a quotient of the pairs, in ulp of f32. WGSL allows 2.5.
    pub quotient_error: f32,
    /// Quotients hold for divisors below 2 to this power; 128 where they hold for all. WGSL promises 126.
    pub divisor_end: i32,
}

impl Probes {
    /// Pairs tried by the arithmetic probe.
    pub const PAIRS: usize = 3072;
    /// Iterations asked of the loop probe.
    pub const LOOP: u32 = 100_000;
    /// Error of a quotient in ulp for which three digits make up (`df_div`), with a margin above WGSL's 2.5.
    pub const QUOTIENT: f32 = 4.0;

    /// Whether double-float arithmetic is exact here.
    pub fn twofloat_exact(&self) -> bool {
        self.guarded_wrong == 0 && self.quotient_error <= Self::QUOTIENT
    }

    /// Whether long loops reach their end here.
    pub fn loops_complete(&self) -> bool {
        self.loop_reached == Self::LOOP
    }

    pub(crate) fn unmeasured() -> Self {
        Probes {
            guarded_wrong: u32::MAX,
            plain_wrong: u32::MAX,
            loop_reached: 0,
            exp2_error: f32::MAX,
            denormals: false,
            fused_fma: false,
            quotient_error: f32::MAX,
            divisor_end: 0,
        }
    }
}

static ARITHMETIC: Kernel = Kernel::new("probe/arithmetic.wgsl");
static LOOP_LENGTH: Kernel = Kernel::new("probe/loop_length.wgsl");

params! {
    struct Params = Params in "probe/arithmetic.wgsl", "probe/loop_length.wgsl" {
        zero: u32,
        loop_length: u32,
        count: u32,
        unused: u32,
    }
}

/// Numbers that the kernel writes for a pair.
const ROW: usize = 20;

/// Pairs of double-floats with random signs and mantissas, exponents within 2^±12, so
/// that the exact sums and products of their high words fit an f64.
fn pairs() -> Vec<[f32; 4]> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let bits = (state >> 32) as u32;
        let exponent = 127 - 12 + (state as u32 & 0xff) % 25;
        f32::from_bits((bits & 0x807f_ffff) | (exponent << 23))
    };
    // A low word some 2^-26 of the high one, with its own mantissa.
    (0..Probes::PAIRS)
        .map(|_| {
            let (a, b, c, d) = (next(), next(), next(), next());
            let low =
                |x: f32, y: f32| x.abs() * y.signum() * 2f32.powi(-26) * (1.0 + y.fract().abs());
            [a, low(a, c), b, low(b, d)]
        })
        .collect()
}

impl Gpu {
    /// Runs the start-up probes on the device.
    pub(crate) async fn probe(&self) -> Result<Probes> {
        let pairs = pairs();
        let arithmetic = self.pipeline(&ARITHMETIC, vec![("WORKGROUP", Constant::U32(64))]).await?;
        let looping = self.pipeline(&LOOP_LENGTH, vec![]).await?;
        let bytes = (Probes::PAIRS * ROW * size_of::<f32>()) as u64;
        let params =
            Params { loop_length: Probes::LOOP, count: Probes::PAIRS as u32, ..Params::default() };
        let (params, looping_params, input, output, reached) = self
            .guarded(|| {
                Ok((
                    self.uniform(&params)?,
                    self.uniform(&params)?,
                    self.upload("probe input", &pairs)?,
                    self.allocate("probe output", bytes, STORAGE)?,
                    self.allocate("probe loop", 16, STORAGE)?,
                ))
            })
            .await?;
        let mut recorder = self.recorder();
        let arithmetic = self.bind(&arithmetic, params, vec![input.whole(), output.whole()]);
        let looping = self.bind(&looping, looping_params, vec![reached.whole()]);
        recorder.dispatch(&arithmetic, Probes::PAIRS as u64 / 64)?;
        recorder.dispatch(&looping, 1)?;
        recorder.stage(&output, 0, bytes);
        recorder.stage(&reached, 0, 4);
        let read = recorder.read("the start-up probes").await?;
        let rows: Vec<[f32; ROW]> = bytemuck::pod_collect_to_vec(&read[0]);
        let reached: Vec<u32> = bytemuck::pod_collect_to_vec(&read[1]);
        Ok(judge(&pairs, &rows, reached[0]))
    }
}

/// Compares what the probe kernel wrote with f64 arithmetic. A row is, in pairs:
/// TwoSum, TwoProd; double-float sum, product; exponential, logarithm; plain TwoSum; then
/// `exp2` of the row's own argument, what `fma` leaves of the product; the quotient, a quotient of the row's own
/// exponent, a denormal times one, half of a number next to the smallest normal one.
fn judge(pairs: &[[f32; 4]], rows: &[[f32; ROW]], loop_reached: u32) -> Probes {
    let mut probes = Probes {
        guarded_wrong: 0,
        plain_wrong: 0,
        loop_reached,
        exp2_error: 0.0,
        denormals: true,
        fused_fma: true,
        quotient_error: 0.0,
        divisor_end: 128,
    };
    for (i, (&[a, a_low, b, b_low], row)) in pairs.iter().zip(rows).enumerate() {
        let wide = |high: f32, low: f32| f64::from(high) + f64::from(low);
        let pair = |k: usize| wide(row[k], row[k + 1]);
        // The bounds of twofloat.wgsl and half a bit to spare.
        let within = |got: f64, exact: f64, size: f64, bits: f64| {
            (got - exact).abs() <= size.abs() * (-bits).exp2()
        };
        let (p, q) = (wide(a, a_low), wide(b, b_low));
        let x = i as f32 * (-60.0 / 4096.0);
        let exponent = wide(x * 0.5, a_low);
        let product = f64::from(a) * f64::from(b);
        let right = pair(0) == f64::from(a) + f64::from(b)
            && pair(2) == product
            && within(pair(4), p + q, p.abs() + q.abs(), 46.0)
            && within(pair(6), p * q, p * q, 45.0)
            && within(pair(8), exponent.exp(), exponent.exp(), 42.5)
            && within(pair(10), p.abs().ln(), p.abs().ln(), 44.5);
        probes.guarded_wrong += u32::from(!right);
        probes.plain_wrong += u32::from(pair(12) != f64::from(a) + f64::from(b));
        let exact = f64::from(x).exp2();
        worse(&mut probes.exp2_error, (f64::from(row[14]) - exact) / exact * f64::from(1u32 << 24));
        probes.fused_fma &= f64::from(row[15]) == product - f64::from(product as f32);
        let quotient = f64::from(a) / f64::from(b);
        let ulp = 2f64.powi(quotient.abs().log2().floor() as i32 - 23);
        worse(&mut probes.quotient_error, (f64::from(row[16]) - quotient) / ulp);
        let exponent = 1 + (i % 254) as i32 - 127;
        if !within(row[17].into(), 1.25 / 1.5, 1.0, 20.0) && exponent >= 0 {
            probes.divisor_end = probes.divisor_end.min(exponent);
        }
        probes.denormals &= row[18].to_bits() == 0x0000_1000 + i as u32
            && row[19].to_bits() == 0x0040_0000 + i as u32;
    }
    probes
}

/// Keeps the larger error. `max` drops NaN; what returns NaN must not look exact.
fn worse(so_far: &mut f32, error: f64) {
    *so_far = if error.is_nan() { f32::MAX } else { so_far.max(error.abs() as f32) };
}
