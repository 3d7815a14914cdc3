//! Rows for concentrations at which f32 does not tell them from the mean.

use super::directions::{Data, Directions, host};
use super::on_device::Device;
use crate::error::Result;
use crate::gpu::{Context, Gpu};
use crate::number::Precision;
use std::sync::Arc;

/// κ/(p − 1) up to which f32 tells a row from the mean: their distance is some 2⁻¹⁰ there.
const RESOLVED: f64 = (1 << 19) as f64;

impl Directions {
    /// The same rows and the precision for what f32 does not tell: double-float where the
    /// device keeps it, else f64 on the host.
    pub(super) async fn resolved(&self) -> Result<(Directions, Precision)> {
        let exact = |gpu: &Arc<Gpu>| gpu.capabilities.probes.twofloat_exact();
        match (&self.data, self.context.gpu()) {
            (Data::Device(rows), Some(gpu)) if !exact(gpu) => {
                let values = Device::new(gpu, rows, self, true)?.read_rows().await?;
                let data = host(values, self.dimension);
                Ok((Directions { context: Context::cpu(), data, ..*self }, Precision::Double))
            }
            _ => Ok((self.clone(), Precision::Double)),
        }
    }

    /// The same rows and the precision for densities of this concentration.
    pub(super) async fn for_concentration(
        &self,
        precision: Precision,
        concentration: f64,
    ) -> Result<(Directions, Precision)> {
        let tight = concentration > RESOLVED * (self.dimension - 1) as f64;
        match precision {
            Precision::Single if tight => self.resolved().await,
            _ => Ok((self.clone(), precision)),
        }
    }
}
