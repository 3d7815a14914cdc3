//! The worst arithmetic that a GPU may have, on any adapter: for tests.
//!
//! Software adapters divide and round as IEEE 754 asks, and so hide what breaks on hardware. A hostile context runs the
//! same kernels, every floating-point operation of which is replaced in naga's representation by one that does the worst
//! seen on hardware and allowed by WGSL:
//!
//! | operation | becomes |
//! |---|---|
//! | every result and every operand | 0 where it is subnormal |
//! | a / b | 0 where abs(b) ≥ 2^126; else off by −2 to 2 ulp, by a hash of the operands |
//! | sqrt, exp, exp2, log, log2 | off by −1 to 1 ulp |
//! | inverseSqrt | off by −2 to 2 ulp |
//! | fma(a, b, c) | fused, or rounded twice |
//! | a b + c, a b − c, c − a b | where fma is fused, contracted to one rounding, as drivers may |
//!
//! What no operation does stays as it is: loads, stores, selections, bit casts. Compilers' own freedoms (folding
//! (a + b) − a, factoring a b + a c) need no imitation, since Mesa's take them, but the replacements above leave them
//! little to work on. [`Hostility::Reciprocal`] therefore replaces quotients alone, by a times a reciprocal that is an
//! ulp off, as GPUs make them: several quotients by one divisor then have a factor in common.

mod hostility;
mod operations;
mod rewrite;
mod walk;

use super::capabilities::Capabilities;
use super::{Context, Gpu};
use crate::error::{Error, Result};
use crate::wait::blocking;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

pub use hostility::Hostility;
pub(crate) use rewrite::rewrite;

impl Context {
    /// The same device and memory, with kernels that compute as badly as `hostility` says; probed anew.
    ///
    /// # Errors
    /// [`Error::PrecisionUnavailable`] without f64 on the device, which [`Hostility::Fused`] takes; what the probes end with.
    #[doc(hidden)]
    pub async fn hostile(&self, hostility: Hostility) -> Result<Context> {
        let Some(gpu) = &self.gpu else {
            return Err(Error::invalid("context", "the CPU twin has no device to be hostile on"));
        };
        if hostility == Hostility::Fused
            && !gpu.device.features().contains(wgpu::Features::SHADER_F64)
        {
            return Err(Error::PrecisionUnavailable {
                adapter: self.adapter.to_string(),
                reason: "a fused fma is computed in f64, which this device does not have".into(),
            });
        }
        let mut worse = Gpu {
            capabilities: Capabilities { ..gpu.capabilities.clone() },
            device: gpu.device.clone(),
            queue: gpu.queue.clone(),
            pipelines: Mutex::default(),
            cache: gpu.cache.clone(),
            pool: gpu.pool.clone(),
            lost: gpu.lost.clone(),
            submissions: AtomicU64::new(0),
            exclusive: gpu.exclusive.clone(),
            hostility: Some(hostility),
        };
        worse.capabilities.probes = worse.probe().await?;
        let mut adapter = (*self.adapter).clone();
        adapter.name = format!("{}, hostile: {hostility:?}", adapter.name);
        Ok(Context { adapter: Arc::new(adapter), gpu: Some(Arc::new(worse)) })
    }
}

blocking! {
    #[doc(hidden)]
    impl Context {
        hostile => hostile_blocking(&self, hostility: Hostility) -> Result<Context>;
    }
}
