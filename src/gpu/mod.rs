//! The dispatcher: devices, pipelines, memory, submissions. It knows no mathematics.

mod adapter;
pub(crate) mod buffer;
mod capabilities;
mod clock;
mod context;
#[cfg(feature = "hostile")]
mod hostile;
pub(crate) mod pipeline;
mod probes;
mod readback;
pub(crate) mod recorder;
pub mod shader;
mod tensor;

pub use adapter::{AdapterKind, AdapterReport, Backend};
pub use buffer::Memory;
pub use capabilities::Capabilities;
pub(crate) use clock::{Breather, Clock};
pub use context::{Context, ContextBuilder};
#[cfg(feature = "hostile")]
#[doc(hidden)]
pub use hostile::Hostility;
pub use pipeline::{Binding, Kernel};
pub use probes::Probes;
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
    /// Held around every call into a GL device, see [`Gpu::exclusive`].
    exclusive: Option<Arc<Mutex<()>>>,
    /// How badly kernels compute here, in tests.
    #[cfg(feature = "hostile")]
    hostility: Option<Hostility>,
}

impl Gpu {
    /// An error if the device is known to be lost.
    pub(crate) fn check_lost(&self) -> Result<()> {
        match pipeline::lock(&self.lost).as_ref() {
            Some(reason) => Err(Error::DeviceLost { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// What to return for a failed operation: [`Error::DeviceLost`] if that is why.
    ///
    /// wgpu tells of a loss only when polled, and leaves it out of error scopes; a
    /// host's device has no callback of ours at all. So a write that cannot fail on
    /// a living device is tried.
    pub(crate) async fn explain(&self, error: Error) -> Error {
        let popped = {
            let _exclusive = self.exclusive();
            #[cfg(not(target_arch = "wasm32"))]
            let _ = self.device.poll(wgpu::PollType::Poll);
            if let Err(lost) = self.check_lost() {
                return lost;
            }
            self.try_canary()
        };
        if let Some(failure) = popped.await {
            let reason = format!("it refuses a write that a working device takes ({failure})");
            pipeline::lock(&self.lost).get_or_insert(reason);
        }
        self.check_lost().err().unwrap_or(error)
    }

    fn try_canary(&self) -> impl Future<Output = Option<wgpu::Error>> + use<> {
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let canary = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("canary"),
            size: 4,
            usage: wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.queue.write_buffer(&canary, 0, &[0; 4]);
        self.queue.submit([]);
        scope.pop()
    }

    /// On GL, the right to call into the device. wgpu's GL backend has one context
    /// for all threads and panics when it cannot have it for a second, which a
    /// thread waiting for results or compiling easily takes. Never held across an
    /// await; nothing on other backends.
    pub(crate) fn exclusive(&self) -> Option<std::sync::MutexGuard<'_, ()>> {
        self.exclusive.as_deref().map(pipeline::lock)
    }

    pub(crate) fn count_submission(&self) {
        self.submissions.fetch_add(1, Ordering::Relaxed);
    }
}
