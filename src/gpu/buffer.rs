//! Pooled device memory, and the count of it.

use super::Gpu;
use super::lock::lock;
use super::loss::{Owner, Scopes};
use super::turn::Turn;
use crate::error::{Error, Result, one_line};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Memory of a context, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Memory {
    /// Held by tensors, solutions and running solves.
    pub in_use: u64,
    /// Kept by the pool for the next allocation of the same size.
    pub idle: u64,
    /// The largest `in_use` so far.
    pub peak: u64,
    /// Mapped memory through which data goes to the device, kept for the next: at most 32 MiB. Zero in a browser, which
    /// has its own.
    pub staging: u64,
}

/// Idle buffers are kept up to this many bytes together.
const IDLE_LIMIT: u64 = 512 << 20;
/// Buffer sizes are rounded up to this, so that similar sizes share.
const GRANULE: u64 = 256;

/// Bytes of data that a context has copied between the host and the device so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Traffic {
    /// Written by the host for the device, parameters of kernels among them.
    pub to_device: u64,
    /// Read by the host from the device.
    pub to_host: u64,
}

/// What a device and its clones share beside the device.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    kept: Mutex<Kept>,
    sent: AtomicU64,
    received: AtomicU64,
    pub(super) owner: Owner,
    /// Held while what waits for the device is taken and submitted: nothing overtakes an upload.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) submitting: Turn,
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) staging: Mutex<super::staging::Staging>,
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) poller: super::poller::Poller,
}

#[derive(Debug, Default)]
struct Kept {
    idle: HashMap<(u64, wgpu::BufferUsages), Vec<Idle>>,
    memory: Memory,
}

/// A buffer that waits to be used again; of one that the host may map, whether it is, for the next upload.
#[derive(Debug)]
struct Idle {
    raw: wgpu::Buffer,
    mapped: Arc<AtomicBool>,
}

/// A buffer of the pool's. Cheap to clone; it goes back when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Buffer(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    raw: wgpu::Buffer,
    pool: Arc<Pool>,
    exclusive: Option<Arc<Turn>>,
    device: wgpu::Device,
    /// Where the elements of the tensor that it holds end, if it does.
    end: OnceLock<u64>,
    /// Whether a host application has been shown it, and may have kept it.
    shown: AtomicBool,
}

impl Deref for Buffer {
    type Target = wgpu::Buffer;
    fn deref(&self) -> &wgpu::Buffer {
        &self.0.raw
    }
}

impl Buffer {
    /// It holds a tensor, whose elements end at this byte.
    pub(super) fn hold(&self, end: u64) {
        self.0.end.get_or_init(|| end);
    }

    /// From now on it is not used for anything else; where the elements end, the first time.
    pub(super) fn show(&self) -> Option<u64> {
        let first = !self.0.shown.swap(true, Ordering::Relaxed);
        first.then(|| self.0.end.get().copied().unwrap_or(self.size()))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let released = self.pool.take_back(&self.device, &self.raw, *self.shown.get_mut());
        if !released.is_empty() {
            let _exclusive = self.exclusive.as_deref().map(Turn::take);
            released.into_iter().for_each(release);
        }
    }
}

/// Gives memory back to the driver. Natively when nothing uses it any more: uploads to it may still wait for their
/// submission, which must not meet a destroyed buffer. In a browser at once: the collector of garbage would take its time.
fn release(buffer: wgpu::Buffer) {
    #[cfg(target_arch = "wasm32")]
    buffer.destroy();
    drop(buffer);
}

impl Pool {
    /// Keeps a buffer that is let go, and returns what is to be released for it: others, or itself. One that was `shown`
    /// to a host application stays as it is for as long as that has it.
    fn take_back(
        &self,
        device: &wgpu::Device,
        raw: &wgpu::Buffer,
        shown: bool,
    ) -> Vec<wgpu::Buffer> {
        let size = raw.size();
        let mut released = Vec::new();
        let mut kept = lock(&self.kept);
        kept.memory.in_use -= size;
        if shown {
            return released;
        }
        if size > IDLE_LIMIT {
            released.push(raw.clone());
            return released;
        }
        // What was used last is the likeliest to be asked for again.
        while kept.memory.idle + size > IDLE_LIMIT
            && let Some(other) = kept.forget()
        {
            released.push(other);
        }
        kept.memory.idle += size;
        let mapped = Arc::new(AtomicBool::new(false));
        let idle = Idle { raw: raw.clone(), mapped: mapped.clone() };
        kept.idle.entry((size, raw.usage())).or_default().push(idle);
        drop(kept);
        if raw.usage().contains(wgpu::BufferUsages::MAP_WRITE) && self.owner.is_this_process() {
            // As soon as the device is done with it. Where that is lost nobody is told: a host's handler may panic.
            let scopes = Scopes::push(device);
            raw.map_async(wgpu::MapMode::Write, .., move |done| {
                mapped.store(done.is_ok(), Ordering::Release);
            });
            drop(scopes.pop());
        }
        released
    }

    /// A buffer of this size and usage that nobody uses; one that is mapped, if there is one.
    fn reuse(&self, size: u64, usage: wgpu::BufferUsages) -> Option<Idle> {
        let mut kept = lock(&self.kept);
        let idle = kept.idle.get_mut(&(size, usage))?;
        let mapped = idle.iter().rposition(|idle| idle.mapped.load(Ordering::Acquire));
        let reused = idle.remove(mapped.or(idle.len().checked_sub(1))?);
        kept.memory.idle -= size;
        Some(reused)
    }
}

impl Kept {
    /// One of the largest idle buffers, no longer kept.
    fn forget(&mut self) -> Option<wgpu::Buffer> {
        let idle = self.idle.iter_mut().filter(|(_, buffers)| !buffers.is_empty());
        let ((size, _), buffers) = idle.max_by_key(|((size, usage), _)| (*size, usage.bits()))?;
        self.memory.idle -= size;
        buffers.pop().map(|idle| idle.raw)
    }

    fn forget_all(&mut self) -> Vec<wgpu::Buffer> {
        self.memory.idle = 0;
        self.idle.drain().flat_map(|(_, buffers)| buffers).map(|idle| idle.raw).collect()
    }
}

pub(crate) const STORAGE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE
    .union(wgpu::BufferUsages::COPY_SRC)
    .union(wgpu::BufferUsages::COPY_DST);
/// Of memory that host and device share.
#[cfg(not(target_arch = "wasm32"))]
const MAPPABLE: wgpu::BufferUsages = STORAGE.union(wgpu::BufferUsages::MAP_WRITE);
pub(crate) const UNIFORM: wgpu::BufferUsages =
    wgpu::BufferUsages::UNIFORM.union(wgpu::BufferUsages::COPY_DST);
pub(crate) const STAGING: wgpu::BufferUsages =
    wgpu::BufferUsages::MAP_READ.union(wgpu::BufferUsages::COPY_DST);

impl Gpu {
    /// Memory held now and at most so far.
    pub(crate) fn memory(&self) -> Memory {
        #[cfg(target_arch = "wasm32")]
        let staging = 0;
        #[cfg(not(target_arch = "wasm32"))]
        let staging = lock(&self.pool.staging).held();
        Memory { staging, ..lock(&self.pool.kept).memory }
    }

    /// Data copied either way so far.
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            to_device: self.pool.sent.load(Ordering::Relaxed),
            to_host: self.pool.received.load(Ordering::Relaxed),
        }
    }

    pub(super) fn count_sent(&self, bytes: u64) {
        self.pool.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn count_received(&self, bytes: u64) {
        self.pool.received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A buffer of at least `bytes`, contents undefined. Run inside
    /// [`Gpu::guarded`], which turns a failed allocation into an error.
    pub(crate) fn allocate(
        &self,
        what: &str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<Buffer> {
        let size = self.rounded(what, bytes, usage)?;
        let raw = match self.pool.reuse(size, usage) {
            Some(idle) => idle.raw,
            None => self.create(what, size, usage, false)?,
        };
        Ok(self.taken(raw))
    }

    fn taken(&self, raw: wgpu::Buffer) -> Buffer {
        let mut kept = lock(&self.pool.kept);
        kept.memory.in_use += raw.size();
        kept.memory.peak = kept.memory.peak.max(kept.memory.in_use);
        Buffer(Arc::new(Taken {
            raw,
            pool: self.pool.clone(),
            exclusive: self.exclusive.clone(),
            device: self.device.clone(),
            end: OnceLock::new(),
            shown: AtomicBool::new(false),
        }))
    }

    /// A storage buffer whose memory the host can write, and whether it is mapped for that, as a new one is; one that
    /// the device has not let go of yet is not.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn allocate_mapped(&self, what: &str, bytes: u64) -> Result<(Buffer, bool)> {
        let size = self.rounded(what, bytes, MAPPABLE)?;
        let mut idle = self.pool.reuse(size, MAPPABLE);
        if let Some(found) = &idle
            && !found.mapped.load(Ordering::Acquire)
        {
            // What is finished is told of when the device is looked at.
            self.poll(wgpu::PollType::Poll)?;
            if !found.mapped.load(Ordering::Acquire) {
                found.raw.unmap();
                idle = idle.map(|idle| Idle { mapped: Arc::default(), ..idle });
            }
        }
        match idle {
            Some(idle) => Ok((self.taken(idle.raw), idle.mapped.load(Ordering::Acquire))),
            None => Ok((self.taken(self.create(what, size, MAPPABLE, true)?), true)),
        }
    }

    /// The size of the buffer for `bytes`, checked against the device's limits.
    fn rounded(&self, what: &str, bytes: u64, usage: wgpu::BufferUsages) -> Result<u64> {
        let limits = &self.capabilities.limits;
        let available = if usage.contains(wgpu::BufferUsages::STORAGE) {
            limits.max_buffer_size.min(limits.max_storage_buffer_binding_size)
        } else {
            limits.max_buffer_size
        };
        if bytes > available {
            return Err(Error::LimitExceeded {
                what: format!("{what} (bytes)"),
                needed: bytes,
                available,
            });
        }
        let granules = bytes.max(16).checked_next_multiple_of(GRANULE).unwrap_or(u64::MAX);
        // A limit may lie between; sizes are multiples of four bytes whatever it is.
        Ok(granules.min((available & !3).max(bytes)))
    }

    /// New memory; where there is none, once more after the pool gave back what it keeps.
    pub(super) fn create(
        &self,
        what: &str,
        size: u64,
        usage: wgpu::BufferUsages,
        mapped_at_creation: bool,
    ) -> Result<wgpu::Buffer> {
        log::trace!("allocate {size} bytes: {what}");
        let try_once = || {
            let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
            let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(what),
                size,
                usage,
                mapped_at_creation,
            });
            (buffer, scope.pop())
        };
        let (buffer, failure) = try_once();
        if !self.failed(failure) {
            return Ok(buffer);
        }
        self.release_idle();
        let (buffer, failure) = try_once();
        if self.failed(failure) {
            return Err(Error::OutOfMemory { what: format!("{what} ({size} bytes)") });
        }
        Ok(buffer)
    }

    /// Natively a scope's answer is there at once. In a browser it is a promise, and the answer comes with the scopes of
    /// [`Gpu::guarded`].
    fn failed(&self, failure: impl Future<Output = Option<wgpu::Error>>) -> bool {
        use futures::FutureExt;
        cfg!(not(target_arch = "wasm32")) && failure.now_or_never().flatten().is_some()
    }

    /// Gives back what the pool keeps, as soon as the device is done with it.
    fn release_idle(&self) {
        let released = lock(&self.pool.kept).forget_all();
        released.into_iter().for_each(release);
        #[cfg(not(target_arch = "wasm32"))]
        if self.submit(None).is_ok() {
            let _ = self.poll(wgpu::PollType::wait_indefinitely());
        }
    }

    /// Submits `commands`; the browser has kept the order of uploads.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn submit(&self, commands: Option<wgpu::CommandBuffer>) -> Result<()> {
        self.queue.submit(commands);
        self.count_submission();
        Ok(())
    }

    /// Nothing waits in a browser.
    #[cfg(target_arch = "wasm32")]
    fn has_uploads(&self) -> bool {
        false
    }

    /// Whether a buffer that a host brings is of this device. wgpu compares nothing but numbers, which every instance
    /// counts from zero: used with another instance's device, a buffer is some other buffer, or a panic. What tells them
    /// apart is who hears of a mistake. Unmapping what is not mapped is one, without any effect, and wgpu reports it to
    /// the device that the buffer is of: into the scope here, or elsewhere, where it may panic for want of a handler.
    ///
    /// # Errors
    /// [`Error::InvalidInput`], also while the buffer is mapped, when it cannot be used anyway.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn refuse_foreign(&self, buffer: &wgpu::Buffer) -> Result<()> {
        use futures::FutureExt;
        self.check_lost()?;
        let _exclusive = self.exclusive();
        let unmapped = match buffer.slice(..4).get_mapped_range() {
            Ok(_) => false,
            Err(words) => words.to_string().contains("not mapped"),
        };
        if !unmapped {
            return Err(Error::invalid("buffer", "is mapped, or its device is gone"));
        }
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| buffer.unmap()));
        match (told, scope.pop().now_or_never().flatten()) {
            (Ok(()), Some(_)) => Ok(()),
            _ => Err(Error::invalid("buffer", "is not of this context's device")),
        }
    }

    /// In a browser buffers are objects, not numbers: whatever uses a stranger's is an error there.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn refuse_foreign(&self, _: &wgpu::Buffer) -> Result<()> {
        self.check_lost()
    }

    /// For a host that is about to submit something that reads it: what waits is submitted, and a buffer filled with zeros
    /// from a byte on, if one is given.
    pub(super) fn settle(&self, zeros: Option<(&wgpu::Buffer, u64)>) {
        let zeros = zeros.filter(|(buffer, from)| *from < buffer.size());
        if (zeros.is_none() && !self.has_uploads()) || self.check_lost().is_err() {
            return;
        }
        let _exclusive = self.exclusive();
        let scopes = Scopes::push(&self.device);
        let commands = zeros.map(|(buffer, from)| {
            let mut encoder = self.device.create_command_encoder(&Default::default());
            encoder.clear_buffer(buffer, from, None);
            encoder.finish()
        });
        let submitted = self.submit(commands);
        drop(scopes.pop());
        if let Err(error) = submitted {
            log::error!("what a host is about to read: {error}");
        }
    }

    /// Runs `work`, which allocates and uploads, and reports what the device
    /// found wrong with it.
    pub(crate) async fn guarded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check_lost()?;
        let (result, failure) = {
            let _exclusive = self.exclusive();
            let scopes = Scopes::push(&self.device);
            let result = work();
            (result, scopes.pop())
        };
        let error = match (result, failure.await) {
            (Ok(value), None) => return Ok(value),
            (Err(error), _) => error,
            (Ok(value), Some(error)) => {
                // Among the buffers may be one that was never made: none of them is used again.
                drop(value);
                self.release_idle();
                match error {
                    wgpu::Error::OutOfMemory { .. } => {
                        Error::OutOfMemory { what: "a buffer for a call's data".into() }
                    }
                    error => Error::Device { message: one_line(error) },
                }
            }
        };
        Err(self.explain(error).await)
    }
}
