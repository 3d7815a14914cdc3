//! The dispatcher: devices, pipelines, memory, submissions. It knows no mathematics.

mod adapter;
pub(crate) mod buffer;
mod capabilities;
mod clock;
mod context;
pub(crate) mod pipeline;
mod readback;
pub(crate) mod recorder;
pub mod shader;
mod tensor;

pub use adapter::{AdapterKind, AdapterReport, Backend};
pub use buffer::Memory;
pub use capabilities::{Capabilities, Probes};
pub(crate) use clock::Clock;
pub use context::{Context, ContextBuilder};
pub use pipeline::{Binding, Kernel};
pub use tensor::Tensor;

use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A device with what is cached on it.
#[derive(Debug)]
pub(crate) struct Gpu {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) capabilities: Capabilities,
    pipelines: Mutex<HashMap<(&'static str, shader::Constants), Arc<pipeline::Pipeline>>>,
    pool: Arc<Mutex<buffer::Pool>>,
    lost: Arc<Mutex<Option<String>>>,
    submissions: AtomicU64,
}

impl Gpu {
    /// An error if the device is known to be lost.
    pub(crate) fn check_lost(&self) -> Result<()> {
        match pipeline::lock(&self.lost).as_ref() {
            Some(reason) => Err(Error::DeviceLost { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    pub(crate) fn count_submission(&self) {
        self.submissions.fetch_add(1, Ordering::Relaxed);
    }
}
