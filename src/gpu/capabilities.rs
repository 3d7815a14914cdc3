//! What the device at hand can do: limits it promises, arithmetic it was seen
//! to keep. Every choice between shader variants is made from this, here.

use super::Gpu;
use super::adapter::AdapterKind;
use super::buffer::STORAGE;
use super::pipeline::{Binding, Kernel};
use super::shader::Constant;
use crate::error::{Error, Result};

/// Limits, probe results and the choices that follow from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Capabilities {
    /// The device's limits.
    pub limits: wgpu::Limits,
    /// Whether shaders run on the CPU: barriers are dear there, and one thread
    /// a row beats a workgroup a row.
    pub software: bool,
    /// What the start-up probes saw.
    pub probes: Probes,
}

/// Results of the start-up probes. They are measured on the device itself,
/// because drivers do not say which of these they break.
#[derive(Debug, Clone, Copy, PartialEq)]
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
    /// Whether denormal numbers survive arithmetic.
    pub denormals: bool,
}

impl Probes {
    /// Pairs tried by the arithmetic probe.
    pub const PAIRS: usize = 4096;
    /// Iterations asked of the loop probe.
    pub const LOOP: u32 = 100_000;

    /// Whether double-float arithmetic is exact here.
    pub fn twofloat_exact(&self) -> bool {
        self.guarded_wrong == 0
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
        }
    }
}

impl Capabilities {
    pub(crate) fn new(limits: wgpu::Limits, kind: AdapterKind) -> Self {
        Capabilities {
            limits,
            software: kind == AdapterKind::Software,
            probes: Probes::unmeasured(),
        }
    }

    /// That double-float arithmetic holds on the adapter of this name.
    ///
    /// # Errors
    /// [`Error::PrecisionUnavailable`].
    pub(crate) fn require_twofloat(&self, adapter: &str) -> Result<()> {
        if self.probes.twofloat_exact() {
            return Ok(());
        }
        Err(Error::PrecisionUnavailable {
            adapter: adapter.to_owned(),
            reason: format!(
                "{} of {} guarded sums and products are not exact; use single precision or Context::cpu()",
                self.probes.guarded_wrong,
                Probes::PAIRS
            ),
        })
    }

    /// Threads that share one row of a softmin over contiguous memory.
    pub(crate) fn lanes_per_row(&self) -> u32 {
        if self.software { 1 } else { 64 }
    }

    /// Threads of a workgroup in the streaming sweeps.
    pub(crate) fn sweep_workgroup(&self) -> u32 {
        if self.software { 32 } else { 256 }
    }

    /// Threads of a workgroup that solves one small problem by itself.
    pub(crate) fn resident_workgroup(&self) -> u32 {
        // Eight is one SIMD register on CPU drivers, where a barrier among more costs.
        if self.software { 8 } else { 32 }
    }

    /// Threads and points of a workgroup that sorts its points by formula: enough points for
    /// whole vectors of each formula, on a software driver with the threads of one vector.
    pub(crate) fn sorted_tile(&self) -> (u32, u32) {
        if self.software { (8, 512) } else { (128, 1024) }
    }

    /// Points of the first submission of an elementwise function; the clock sizes the others.
    pub(crate) fn first_points(&self) -> usize {
        if self.software { 1 << 16 } else { 1 << 20 }
    }

    /// Problems that should run at once to keep the device busy, one workgroup each.
    pub(crate) fn parallel_problems(&self) -> usize {
        if self.software { 64 } else { 2048 }
    }

    /// Bytes of workgroup memory a kernel may use.
    pub(crate) fn workgroup_memory(&self) -> u32 {
        self.limits.max_compute_workgroup_storage_size
    }

    /// Whether sums of exponentials may use the built-in `exp2`.
    pub(crate) fn native_exp2(&self) -> bool {
        !self.software && self.probes.exp2_error <= 8.0
    }

    /// Rough softmin elements a second, for the length of the first submission
    /// only; later ones are sized by the clock.
    pub(crate) fn elements_per_second(&self) -> f64 {
        if self.software { 4e8 } else { 1e10 }
    }

    /// Seconds of work a submission should hold. Windows resets a device after
    /// two; browsers become unresponsive long before.
    pub(crate) fn submission_seconds(&self) -> f64 {
        if self.software { 0.1 } else { 0.03 }
    }
}

static ARITHMETIC: Kernel = Kernel {
    path: "probe/arithmetic.wgsl",
    bindings: &[Binding::Uniform, Binding::Read, Binding::ReadWrite],
};
static LOOP_LENGTH: Kernel =
    Kernel { path: "probe/loop_length.wgsl", bindings: &[Binding::Uniform, Binding::ReadWrite] };

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
        let (params, looping_params, input, output, reached) = self
            .guarded(|| {
                Ok((
                    self.uniform(&[0u32, Probes::LOOP, Probes::PAIRS as u32, 0])?,
                    self.uniform(&[0u32, Probes::LOOP, Probes::PAIRS as u32, 0])?,
                    self.upload("probe input", &pairs)?,
                    self.allocate("probe output", Probes::PAIRS as u64 * 64, STORAGE)?,
                    self.allocate("probe loop", 16, STORAGE)?,
                ))
            })
            .await?;
        let mut recorder = self.recorder();
        let arithmetic = self.bind(
            &arithmetic,
            params,
            vec![input.as_entire_binding(), output.as_entire_binding()],
        );
        let looping = self.bind(&looping, looping_params, vec![reached.as_entire_binding()]);
        recorder.dispatch(&arithmetic, Probes::PAIRS as u64 / 64)?;
        recorder.dispatch(&looping, 1)?;
        recorder.stage(&output, 0, Probes::PAIRS as u64 * 64);
        recorder.stage(&reached, 0, 4);
        let read = recorder.read("the start-up probes").await?;
        let rows: Vec<[f32; 16]> = bytemuck::pod_collect_to_vec(&read[0]);
        let reached: Vec<u32> = bytemuck::pod_collect_to_vec(&read[1]);
        Ok(judge(&pairs, &rows, reached[0]))
    }
}

/// Compares what the probe kernel wrote with f64 arithmetic. A row is, in pairs:
/// TwoSum, TwoProd; double-float sum, product; exponential, logarithm; plain TwoSum,
/// `exp2` of the row's own argument and a denormal times one.
fn judge(pairs: &[[f32; 4]], rows: &[[f32; 16]], loop_reached: u32) -> Probes {
    let mut probes =
        Probes { guarded_wrong: 0, plain_wrong: 0, loop_reached, exp2_error: 0.0, denormals: true };
    for (i, (&[a, a_low, b, b_low], row)) in pairs.iter().zip(rows).enumerate() {
        let wide = |high: f32, low: f32| f64::from(high) + f64::from(low);
        let pair = |k: usize| wide(row[k], row[k + 1]);
        // The bounds of twofloat.wgsl and half a bit to spare.
        let within = |got: f64, exact: f64, size: f64, bits: f64| {
            (got - exact).abs() <= size.abs() * (-bits).exp2()
        };
        let (p, q) = (wide(a, a_low), wide(b, b_low));
        let x = -60.0 * (i as f32 / pairs.len() as f32);
        let exponent = wide(x * 0.5, a_low);
        let right = pair(0) == f64::from(a) + f64::from(b)
            && pair(2) == f64::from(a) * f64::from(b)
            && within(pair(4), p + q, p.abs() + q.abs(), 46.0)
            && within(pair(6), p * q, p * q, 45.0)
            && within(pair(8), exponent.exp(), exponent.exp(), 42.5)
            && within(pair(10), p.abs().ln(), p.abs().ln(), 44.5);
        probes.guarded_wrong += u32::from(!right);
        probes.plain_wrong += u32::from(pair(12) != f64::from(a) + f64::from(b));
        let exact = f64::from(x).exp2();
        let error = ((f64::from(row[14]) - exact) / exact).abs() * f64::from(1u32 << 24);
        // `max` drops NaN; an exp2 that returns NaN must not look exact.
        probes.exp2_error =
            if error.is_nan() { f32::MAX } else { probes.exp2_error.max(error as f32) };
        probes.denormals &= row[15].to_bits() == 0x0000_1000 + i as u32;
    }
    probes
}
