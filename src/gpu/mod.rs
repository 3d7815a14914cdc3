//! The dispatcher: devices, pipelines, memory, submissions. It knows no mathematics.

mod adapter;
mod awaited;
mod binding;
pub(crate) mod buffer;
mod capabilities;
mod context;
mod device_or_twin;
#[cfg(feature = "hostile")]
mod hostile;
pub(crate) mod layout;
mod lock;
mod loss;
pub(crate) mod module;
pub(crate) mod pace;
pub(crate) mod pipeline;
mod pipeline_cache;
#[cfg(not(target_arch = "wasm32"))]
mod poller;
mod probes;
mod readback;
pub(crate) mod recorder;
mod refusal;
#[doc(hidden)]
pub mod shader;
mod shapes;
#[cfg(not(target_arch = "wasm32"))]
mod staging;
pub(crate) mod steps;
mod storage;
mod tensor;
mod transfer;
mod turn;
mod upload;

pub use adapter::{AdapterKind, AdapterReport, Backend};
pub use buffer::{Memory, Traffic};
pub use capabilities::Capabilities;
pub use context::{Context, ContextBuilder};
#[cfg(feature = "hostile")]
#[doc(hidden)]
pub use hostile::Hostility;
pub(crate) use pipeline::Kernel;
pub use probes::Probes;
pub(crate) use storage::Part;
pub(crate) use tensor::Status;
pub use tensor::Tensor;
pub(crate) use upload::Upload;

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
    /// Compiled pipelines on disk.
    cache: Option<Arc<pipeline_cache::PipelineCache>>,
    pool: Arc<buffer::Pool>,
    lost: loss::Loss,
    submissions: AtomicU64,
    /// Held around every call into a GL device, see [`Gpu::exclusive`].
    exclusive: Option<Arc<turn::Turn>>,
    /// How badly kernels compute here, in tests.
    #[cfg(feature = "hostile")]
    hostility: Option<Hostility>,
}

impl Gpu {
    /// On GL, the right to call into the device. wgpu's GL backend has one context
    /// for all threads and panics when it cannot have it for a second, which a
    /// thread waiting for results or compiling easily takes. Never held across an
    /// await; nothing on other backends.
    pub(crate) fn exclusive(&self) -> Option<turn::Taken<'_>> {
        self.exclusive.as_deref().map(turn::Turn::take)
    }

    pub(crate) fn count_submission(&self) {
        self.submissions.fetch_add(1, Ordering::Relaxed);
    }
}
