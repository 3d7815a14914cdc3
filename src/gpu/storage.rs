//! Where numbers lie: in memory of the pool, in a host application's buffer, or on the host.

use super::buffer::Buffer;
use std::sync::Arc;

/// Numbers of a tensor.
#[derive(Debug, Clone)]
pub(crate) enum Storage {
    /// In host memory, for the CPU twin.
    Host(Arc<Vec<f32>>),
    Device(Part),
}

/// A part of a buffer on a device, which is kept for as long as this lives: what a binding points to, and what copies
/// are from. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    memory: Memory,
    /// First byte, and how many.
    offset: u64,
    bytes: u64,
}

#[derive(Debug, Clone)]
enum Memory {
    Pooled(Buffer),
    Borrowed(wgpu::Buffer),
}

impl Part {
    /// `bytes` of a host's buffer.
    pub(super) fn borrowed(buffer: wgpu::Buffer, offset: u64, bytes: u64) -> Part {
        Part { memory: Memory::Borrowed(buffer), offset, bytes }
    }

    pub(super) fn raw(&self) -> &wgpu::Buffer {
        match &self.memory {
            Memory::Pooled(buffer) => buffer,
            Memory::Borrowed(buffer) => buffer,
        }
    }

    /// The first byte in the buffer.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes from the first on; of the pool's memory also what a size is rounded up to.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// `bytes` of it from byte `offset` on.
    pub(crate) fn slice(&self, offset: u64, bytes: u64) -> Part {
        Part { memory: self.memory.clone(), offset: self.offset + offset, bytes }
    }

    /// All of it, for a binding.
    pub(crate) fn whole(&self) -> Part {
        self.clone()
    }

    /// The pool's memory, if it is that.
    pub(super) fn pooled(&self) -> Option<&Buffer> {
        match &self.memory {
            Memory::Pooled(buffer) => Some(buffer),
            Memory::Borrowed(_) => None,
        }
    }

    pub(super) fn binding(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: self.raw(),
            offset: self.offset,
            size: wgpu::BufferSize::new(self.bytes),
        })
    }
}

impl From<Buffer> for Part {
    fn from(buffer: Buffer) -> Part {
        let bytes = buffer.size();
        Part { memory: Memory::Pooled(buffer), offset: 0, bytes }
    }
}

impl From<&Buffer> for Part {
    fn from(buffer: &Buffer) -> Part {
        buffer.clone().into()
    }
}

impl From<&Part> for Part {
    fn from(part: &Part) -> Part {
        part.clone()
    }
}

impl Buffer {
    /// All of it, for a binding.
    pub(crate) fn whole(&self) -> Part {
        self.clone().into()
    }
}
