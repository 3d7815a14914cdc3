//! Losing the device: how it is noticed, and that it is always [`Error::DeviceLost`], never a panic.
//!
//! wgpu tells of a loss in three ways, none of them reliable alone. A callback, which a host's device keeps for the
//! host. Validation errors of whatever comes next (the device's buffers are gone), which outside an error scope go to the
//! device's handler: every call here is inside one. And nothing at all, where an operation on a lost device just does
//! nothing. So every failure is explained by trying what cannot fail on a living device.

use super::Gpu;
use super::lock::lock;
use crate::error::{Error, Result, one_line};
use std::sync::{Arc, Mutex};

/// Error scopes around calls into the device. What goes wrong in them does not reach the device's own handler, which
/// panics where a host has not set another.
pub(crate) struct Scopes {
    // Popped in this order, which is the reverse of pushing.
    #[cfg(not(target_arch = "wasm32"))]
    internal: wgpu::ErrorScopeGuard,
    memory: wgpu::ErrorScopeGuard,
    validation: wgpu::ErrorScopeGuard,
}

impl Scopes {
    pub(crate) fn push(device: &wgpu::Device) -> Scopes {
        let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        Scopes {
            validation,
            memory,
            #[cfg(not(target_arch = "wasm32"))]
            internal: device.push_error_scope(wgpu::ErrorFilter::Internal),
        }
    }

    /// What went wrong since; natively the future is ready.
    pub(crate) fn pop(self) -> impl Future<Output = Option<wgpu::Error>> + use<> {
        #[cfg(not(target_arch = "wasm32"))]
        let internal = self.internal.pop();
        let (memory, validation) = (self.memory.pop(), self.validation.pop());
        async move {
            #[cfg(target_arch = "wasm32")]
            let internal = None;
            #[cfg(not(target_arch = "wasm32"))]
            let internal = internal.await;
            let (memory, validation) = (memory.await, validation.await);
            memory.or(validation).or(internal)
        }
    }
}

/// Why a device is lost, once it is.
pub(crate) type Loss = Arc<Mutex<Option<String>>>;

/// What became known about a device that is gone.
#[derive(Debug)]
pub(crate) struct Owner {
    /// The process that made it. After a fork the child has the handles and none of the driver's threads; a call would
    /// wait for them for ever.
    process: u32,
}

impl Default for Owner {
    fn default() -> Self {
        Owner { process: process() }
    }
}

/// What to do in a fork.
const IN_A_FORK: &str = "open contexts in processes that are started afresh (spawn or exec), before \
     forking none; Context::cpu() works here";

/// An error in a fork of a process that has opened a device: drivers hang when they are opened again there (SwiftShader
/// and Mesa's GL do; lavapipe does not).
pub(super) fn refuse_fork() -> Result<()> {
    static FIRST: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    if *FIRST.get_or_init(process) == process() {
        return Ok(());
    }
    let found = vec![format!("this process is a fork of one that has used it; {IN_A_FORK}")];
    Err(Error::NoAdapter { requested: "a driver".into(), found })
}

fn process() -> u32 {
    #[cfg(target_arch = "wasm32")]
    {
        0
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        std::process::id()
    }
}

impl Owner {
    fn check(&self) -> Result<()> {
        if self.is_this_process() {
            return Ok(());
        }
        let reason =
            format!("it belongs to process {}, of which this is a fork; {IN_A_FORK}", self.process);
        Err(Error::DeviceLost { reason })
    }

    pub(crate) fn is_this_process(&self) -> bool {
        self.process == process()
    }
}

impl Gpu {
    /// An error if the device is known to be lost, or out of reach of this process.
    pub(crate) fn check_lost(&self) -> Result<()> {
        self.pool.owner.check()?;
        match lock(&self.lost).as_ref() {
            Some(reason) => Err(Error::DeviceLost { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// What to return for a failed operation: [`Error::DeviceLost`] if that is why.
    pub(crate) async fn explain(&self, error: Error) -> Error {
        let popped = {
            if let Err(lost) = self.check_lost() {
                return lost;
            }
            let _exclusive = self.exclusive();
            #[cfg(not(target_arch = "wasm32"))]
            let _ = self.poll(wgpu::PollType::Poll);
            if let Err(lost) = self.check_lost() {
                return lost;
            }
            self.try_canary()
        };
        if let Some(failure) = popped.await {
            self.lose(format!("it refuses what a working device takes ({})", one_line(failure)));
        }
        self.check_lost().err().unwrap_or(error)
    }

    fn lose(&self, reason: String) {
        lock(&self.lost).get_or_insert(reason);
    }

    /// Why the device refuses a buffer of eight bytes and its unmapping; `None` if it does not, or has no memory for it,
    /// which is a living device's answer. (`Queue::write_buffer` would not do: without memory it gives the device up.)
    fn try_canary(&self) -> impl Future<Output = Option<wgpu::Error>> + use<> {
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let canary = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("canary"),
            size: 8,
            usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: true,
        });
        canary.unmap();
        let (memory, validation) = (memory.pop(), validation.pop());
        async move {
            let memory = memory.await;
            validation.await.filter(|_| memory.is_none())
        }
    }

    /// [`poll`] of this device.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn poll(&self, how: wgpu::PollType) -> Result<()> {
        poll(&self.device, &self.lost, how)
    }
}

/// Lets the device run what is finished, or waits. wgpu panics here where the driver reports the loss of the device
/// (a reset, a removed card); that panic is caught, and the device is lost.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn poll(device: &wgpu::Device, lost: &Loss, how: wgpu::PollType) -> Result<()> {
    let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| device.poll(how)));
    match polled {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(Error::Device { message: one_line(error) }),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map_or("no reason given", |s| s);
            let mut lost = lock(lost);
            let reason = || format!("waiting for it ended with: {}", one_line(words));
            Err(Error::DeviceLost { reason: lost.get_or_insert_with(reason).clone() })
        }
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        if !self.pool.owner.is_this_process() {
            // In a fork the driver's threads do not exist, and closing the device would wait for them.
            std::mem::forget((self.device.clone(), self.queue.clone()));
        }
    }
}
