//! Pooled device memory, and the count of it.

use super::Gpu;
use super::pipeline::lock;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

/// Device memory of a context, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Held by tensors, solutions and running solves.
    pub in_use: u64,
    /// Kept by the pool for the next allocation of the same size.
    pub idle: u64,
    /// The largest `in_use` so far.
    pub peak: u64,
}

/// Idle buffers are kept up to this many bytes together.
const IDLE_LIMIT: u64 = 256 << 20;
/// Buffer sizes are rounded up to this, so that similar sizes share.
const GRANULE: u64 = 256;

#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: HashMap<(u64, wgpu::BufferUsages), Vec<wgpu::Buffer>>,
    memory: Memory,
}

/// A buffer that goes back to its pool when dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    raw: wgpu::Buffer,
    pool: Arc<Mutex<Pool>>,
}

impl Deref for Buffer {
    type Target = wgpu::Buffer;
    fn deref(&self) -> &wgpu::Buffer {
        &self.raw
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let size = self.raw.size();
        let mut pool = lock(&self.pool);
        pool.memory.in_use -= size;
        // What was used last is the likeliest to be asked for again.
        while size <= IDLE_LIMIT && pool.memory.idle + size > IDLE_LIMIT && pool.forget() {}
        if pool.memory.idle + size <= IDLE_LIMIT {
            pool.memory.idle += size;
            pool.idle.entry((size, self.raw.usage())).or_default().push(self.raw.clone());
        } else {
            self.raw.destroy();
        }
    }
}

impl Pool {
    /// Destroys one of the largest idle buffers; `false` if there is none.
    fn forget(&mut self) -> bool {
        let idle = self.idle.iter_mut().filter(|(_, buffers)| !buffers.is_empty());
        let largest = idle.max_by_key(|((size, usage), _)| (*size, usage.bits()));
        let Some(((size, _), Some(buffer))) = largest.map(|(key, all)| (key, all.pop())) else {
            return false;
        };
        self.memory.idle -= size;
        buffer.destroy();
        true
    }
}

pub(crate) const STORAGE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE
    .union(wgpu::BufferUsages::COPY_SRC)
    .union(wgpu::BufferUsages::COPY_DST);
pub(crate) const UNIFORM: wgpu::BufferUsages =
    wgpu::BufferUsages::UNIFORM.union(wgpu::BufferUsages::COPY_DST);
pub(crate) const STAGING: wgpu::BufferUsages =
    wgpu::BufferUsages::MAP_READ.union(wgpu::BufferUsages::COPY_DST);

impl Gpu {
    /// Memory held now and at most so far.
    pub(crate) fn memory(&self) -> Memory {
        lock(&self.pool).memory
    }

    /// A buffer of at least `bytes`, contents undefined. Run inside
    /// [`Gpu::guarded`], which turns a failed allocation into an error.
    pub(crate) fn allocate(
        &self,
        what: &str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<Buffer> {
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
        let size = bytes.max(16).next_multiple_of(GRANULE);
        let mut pool = lock(&self.pool);
        let reused = pool.idle.get_mut(&(size, usage)).and_then(Vec::pop);
        if reused.is_some() {
            pool.memory.idle -= size;
        }
        pool.memory.in_use += size;
        pool.memory.peak = pool.memory.peak.max(pool.memory.in_use);
        let raw = reused.unwrap_or_else(|| {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(what),
                size,
                usage,
                mapped_at_creation: false,
            })
        });
        Ok(Buffer { raw, pool: self.pool.clone() })
    }

    /// A storage buffer holding `data`.
    pub(crate) fn upload<T: bytemuck::Pod>(&self, what: &str, data: &[T]) -> Result<Buffer> {
        let buffer = self.allocate(what, size_of_val(data) as u64, STORAGE)?;
        self.write(&buffer, 0, data);
        Ok(buffer)
    }

    /// A uniform buffer holding `params`.
    pub(crate) fn uniform<T: bytemuck::Pod>(&self, params: &T) -> Result<Buffer> {
        let buffer = self.allocate("parameters", size_of::<T>() as u64, UNIFORM)?;
        self.write(&buffer, 0, std::slice::from_ref(params));
        Ok(buffer)
    }

    /// Writes `data` at a byte offset. Copies are padded to WebGPU's 4 bytes by
    /// construction: every element type here has a multiple of 4 bytes.
    pub(crate) fn write<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, offset: u64, data: &[T]) {
        if !data.is_empty() {
            self.queue.write_buffer(buffer, offset, bytemuck::cast_slice(data));
        }
    }

    /// Runs `work`, which allocates and uploads, and reports what the device
    /// found wrong with it.
    pub(crate) async fn guarded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check_lost()?;
        let (result, memory, validation) = {
            let _exclusive = self.exclusive();
            let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
            let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
            let result = work();
            (result, memory.pop(), validation.pop())
        };
        let (memory, validation) = (memory.await, validation.await);
        let error = match (result, memory, validation) {
            (Ok(value), None, None) => return Ok(value),
            (Err(error), ..) => error,
            (_, Some(error), _) => Error::OutOfMemory { what: error.to_string() },
            (_, _, Some(error)) => Error::Device { message: error.to_string() },
        };
        Err(self.explain(error).await)
    }
}
