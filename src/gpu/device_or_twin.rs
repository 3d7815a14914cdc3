//! Whether a device answers or the f64 twin on the CPU: the one place that decides it.

use super::{Context, Gpu};
use crate::error::Result;
use crate::number::Precision;
use std::sync::Arc;

impl Context {
    /// That a precision can be had here.
    ///
    /// # Errors
    /// [`Error::PrecisionUnavailable`](crate::Error::PrecisionUnavailable) for double precision on a device whose
    /// double-float arithmetic is broken.
    pub(crate) fn require(&self, precision: Precision) -> Result<()> {
        match (self.gpu(), precision) {
            (Some(gpu), Precision::Double) => {
                gpu.capabilities.require_twofloat(&self.adapter().name)
            }
            _ => Ok(()),
        }
    }

    /// The device, for kernels that stand on double-float arithmetic in any precision; `None` where the twin answers:
    /// without a device, and for single precision where that arithmetic is broken.
    ///
    /// # Errors
    /// As [`Context::require`].
    pub(crate) fn exact_gpu(&self, precision: Precision) -> Result<Option<&Arc<Gpu>>> {
        self.require(precision)?;
        let Some(gpu) = self.gpu() else { return Ok(None) };
        if gpu.capabilities.probes.twofloat_exact() {
            return Ok(Some(gpu));
        }
        let name = &self.adapter().name;
        log::warn!("double-float arithmetic is broken on {name}: the f64 CPU twin answers");
        Ok(None)
    }
}
