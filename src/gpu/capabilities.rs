//! What the device at hand can do: limits it promises, arithmetic it was seen
//! to keep. Every choice between shader variants is made from this, here.

use super::adapter::AdapterKind;
use super::probes::Probes;
use super::shader::{Constant, Constants};
use crate::error::{Error, Result};

/// Limits, probe results and the choices that follow from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Capabilities {
    /// The device's limits.
    pub limits: wgpu::Limits,
    /// Whether shaders run on the CPU: barriers are dear there, and one thread
    /// a row beats a workgroup a row.
    pub software: bool,
    /// Whether the device's own memory can be written by the host, with nothing lost: both are the processor's.
    pub shared_memory: bool,
    /// What the start-up probes saw.
    pub probes: Probes,
}

/// The feature without which storage buffers cannot be mapped.
pub(super) const SHARED_MEMORY: wgpu::Features = wgpu::Features::MAPPABLE_PRIMARY_BUFFERS;

impl Capabilities {
    pub(crate) fn new(limits: wgpu::Limits, features: wgpu::Features, kind: AdapterKind) -> Self {
        Capabilities {
            limits,
            software: kind == AdapterKind::Software,
            shared_memory: features.contains(SHARED_MEMORY)
                && matches!(kind, AdapterKind::Software | AdapterKind::Integrated),
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
        let reason = if self.probes.guarded_wrong > 0 {
            format!(
                "{} of {} guarded sums and products are not exact",
                self.probes.guarded_wrong,
                Probes::PAIRS
            )
        } else {
            format!(
                "quotients are off by {} ulp, {} are allowed",
                self.probes.quotient_error,
                Probes::QUOTIENT
            )
        };
        Err(Error::PrecisionUnavailable {
            adapter: adapter.to_owned(),
            reason: format!("{reason}; use single precision or Context::cpu()"),
        })
    }

    /// What every kernel that declares them is built with.
    pub(crate) fn constants(&self) -> Constants {
        let Probes { fused_fma, divisor_end, denormals, .. } = self.probes;
        vec![
            ("FUSED_FMA", Constant::Bool(fused_fma)),
            ("SCALE_QUOTIENTS", Constant::Bool(divisor_end < 128 || !denormals)),
        ]
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
