//! What the device at hand can do: limits it promises, arithmetic it was seen
//! to keep. Every choice between shader variants is made from this, here.

use super::adapter::AdapterKind;
use super::probes::Probes;
use super::shader::{Constant, Constants};
use crate::error::{Error, Result};

/// Limits, probe results and the choices that follow from them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
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
            // A workgroup that one core runs adds up faster without barriers.
            ("SERIAL_SUM", Constant::Bool(self.software)),
        ]
    }
}
