//! The way up for whole buffers: straight into their memory where host and device share it, else through the staging ring.

use super::Gpu;
use super::buffer::{Buffer, STORAGE};
use super::storage::Part;
use super::transfer::Fill;
use crate::error::Result;

/// A storage buffer that is being written. Run inside [`Gpu::guarded`].
pub(crate) struct Upload<'a> {
    gpu: &'a Gpu,
    buffer: Buffer,
    /// Whether its memory can be written as it is.
    mapped: bool,
}

impl Gpu {
    /// A storage buffer of `bytes`, to be written by the host before anything else.
    pub(crate) fn upload_to(&self, what: &str, bytes: u64) -> Result<Upload<'_>> {
        #[cfg(not(target_arch = "wasm32"))]
        if self.capabilities.shared_memory && bytes > super::transfer::MANY_BYTES as u64 {
            let (buffer, mapped) = self.allocate_mapped(what, bytes)?;
            return Ok(Upload { gpu: self, buffer, mapped });
        }
        let buffer = self.allocate(what, bytes, STORAGE)?;
        Ok(Upload { gpu: self, buffer, mapped: false })
    }

    /// A storage buffer holding `data`.
    pub(crate) fn upload<T: bytemuck::Pod>(&self, what: &str, data: &[T]) -> Result<Buffer> {
        let upload = self.upload_to(what, size_of_val(data) as u64)?;
        upload.write(0, data)?;
        Ok(upload.finish())
    }
}

impl Upload<'_> {
    /// [`Gpu::write_with`].
    pub(crate) fn write_with<F: Send>(
        &self,
        offset: u64,
        words: usize,
        fill: impl Fill<F>,
    ) -> Result<Vec<F>> {
        #[cfg(not(target_arch = "wasm32"))]
        if self.mapped {
            self.gpu.count_sent(4 * words as u64);
            return super::transfer::fill_mapped(&self.buffer, offset, (0, words), &fill);
        }
        self.gpu.write_with(&self.buffer, offset, words, fill)
    }

    /// [`Gpu::write`].
    pub(crate) fn write<T: bytemuck::Pod>(&self, offset: u64, data: &[T]) -> Result<()> {
        #[cfg(not(target_arch = "wasm32"))]
        if self.mapped {
            let bytes: &[u8] = bytemuck::cast_slice(data);
            self.gpu.count_sent(bytes.len() as u64);
            let all = (0, bytes.len() / 4);
            return super::transfer::copy_mapped(&self.buffer, offset, all, bytes);
        }
        self.gpu.write(&self.buffer, offset, data)
    }

    /// The buffer with what was written.
    pub(crate) fn finish(self) -> Buffer {
        self.buffer.clone()
    }

    /// The first `bytes` of it.
    pub(crate) fn finish_part(self, bytes: u64) -> Part {
        self.buffer.whole().slice(0, bytes)
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        if self.mapped {
            self.buffer.unmap();
        }
    }
}
