//! Copies between the host and the device, by all threads at once, that look at the numbers on the way.
//!
//! A large array is limited by memory, not by arithmetic: while a part of it is in a core's cache, whatever is asked of
//! it (is it finite? what is its sum?) costs nothing more. Nothing here makes a second copy of the whole.

use super::Gpu;
use super::buffer::{Buffer, UNIFORM};
use super::storage::Part;
use crate::error::Result;
#[cfg(not(target_arch = "wasm32"))]
use crate::error::{Error, one_line};
#[cfg(not(target_arch = "wasm32"))]
use crate::parallel::for_each;

/// Words that a thread takes at a time: as much as stays in its cache.
const BLOCK: usize = 1 << 14;
/// Words above which threads share the work.
const MANY: usize = 4 * BLOCK;
#[cfg(not(target_arch = "wasm32"))]
pub(super) const MANY_BYTES: usize = 4 * MANY;

/// Writes words `first..first + to.len()` of an array to `to`, and tells what it found in them.
pub(crate) trait Fill<F>: Fn(usize, &mut [f32]) -> F + wgpu::WasmNotSendSync {}

impl<F, T: Fn(usize, &mut [f32]) -> F + wgpu::WasmNotSendSync> Fill<F> for T {}

impl Gpu {
    /// A uniform buffer holding `params`.
    pub(crate) fn uniform<T: bytemuck::Pod>(&self, params: &T) -> Result<Buffer> {
        let buffer = self.allocate("parameters", size_of::<T>() as u64, UNIFORM)?;
        self.write(&buffer, 0, std::slice::from_ref(params))?;
        Ok(buffer)
    }

    /// Writes `data` at a byte offset, before the next submission. Copies are
    /// padded to WebGPU's 4 bytes by construction: every element type here has a
    /// multiple of 4 bytes. Run inside [`Gpu::guarded`].
    pub(crate) fn write<T: bytemuck::Pod>(
        &self,
        target: impl Into<Part>,
        offset: u64,
        data: &[T],
    ) -> Result<()> {
        let (target, bytes): (Part, &[u8]) = (target.into(), bytemuck::cast_slice(data));
        let (raw, offset) = (target.raw(), target.offset() + offset);
        self.count_sent(bytes.len() as u64);
        #[cfg(target_arch = "wasm32")]
        if !bytes.is_empty() {
            self.queue.write_buffer(raw, offset, bytes);
        }
        #[cfg(not(target_arch = "wasm32"))]
        if bytes.len() > MANY_BYTES {
            self.stage_with(raw, offset, bytes.len() / 4, |first, piece, words| {
                copy_mapped(piece, 0, (first, words), bytes)
            })?;
        } else {
            self.stage(raw, offset, bytes)?;
        }
        Ok(())
    }

    /// Writes `words` f32 to `target` from byte `offset` on, before the next submission; what was found in them, block
    /// by block in their order. Run inside [`Gpu::guarded`].
    pub(crate) fn write_with<F: Send>(
        &self,
        target: impl Into<Part>,
        offset: u64,
        words: usize,
        fill: impl Fill<F>,
    ) -> Result<Vec<F>> {
        let target = target.into();
        let mut found = Vec::with_capacity(words.div_ceil(BLOCK));
        #[cfg(not(target_arch = "wasm32"))]
        if words > MANY {
            let (raw, offset) = (target.raw(), target.offset() + offset);
            self.count_sent(4 * words as u64);
            self.stage_with(raw, offset, words, |first, piece, words| {
                found.extend(fill_mapped(piece, 0, (first, words), &fill)?);
                Ok(())
            })?;
            return Ok(found);
        }
        // In a browser, and where there is little: a block at a time, as bytes.
        let mut block = vec![0.0f32; words.min(MANY)];
        for first in (0..words).step_by(MANY) {
            let block = &mut block[..MANY.min(words - first)];
            for (number, part) in block.chunks_mut(BLOCK).enumerate() {
                found.push(fill(first + number * BLOCK, part));
            }
            self.write(&target, offset + 4 * first as u64, block)?;
        }
        Ok(found)
    }
}

/// What a thread writes of a piece of mapped memory, and what it finds.
#[cfg(not(target_arch = "wasm32"))]
struct Share<F> {
    first: usize,
    view: wgpu::BufferViewMut,
    found: Vec<F>,
}

/// Writes so many words, from `first` on, to a mapped buffer, from byte `offset` on.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn fill_mapped<F: Send>(
    buffer: &wgpu::Buffer,
    offset: u64,
    part: (usize, usize),
    fill: &impl Fill<F>,
) -> Result<Vec<F>> {
    // Mapped memory may only be written, and best in its order: what is made in any other is made in a cache.
    write_mapped(buffer, offset, part, |first, mut place| {
        let mut block = [0.0f32; BLOCK];
        let block = &mut block[..place.len() / 4];
        let found = fill(first, block);
        place.copy_from_slice(bytemuck::cast_slice(block));
        found
    })
}

/// [`fill_mapped`], a block at a time straight from where it lies.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn write_mapped<F: Send>(
    buffer: &wgpu::Buffer,
    offset: u64,
    (first, words): (usize, usize),
    write: impl Fn(usize, wgpu::WriteOnly<'_, [u8]>) -> F + Sync,
) -> Result<Vec<F>> {
    let share = |at: usize| {
        let end = words.min(at + MANY);
        let range = offset + 4 * at as u64..offset + 4 * end as u64;
        let view = buffer.slice(range).get_mapped_range_mut();
        let view = view.map_err(|error| Error::Device { message: one_line(error) })?;
        Ok(Share { first: first + at, view, found: Vec::new() })
    };
    let mut shares = (0..words).step_by(MANY).map(share).collect::<Result<Vec<_>>>()?;
    for_each(&mut shares, |share| {
        let mut place = share.view.slice(..);
        let mut at = 0;
        while at < place.len() {
            let bytes = (4 * BLOCK).min(place.len() - at);
            share.found.push(write(share.first + at / 4, place.slice(at..at + bytes)));
            at += bytes;
        }
    });
    Ok(shares.into_iter().flat_map(|share| share.found).collect())
}

/// [`fill_mapped`] with a part of what `bytes` hold.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn copy_mapped(
    buffer: &wgpu::Buffer,
    offset: u64,
    part: (usize, usize),
    bytes: &[u8],
) -> Result<()> {
    write_mapped(buffer, offset, part, |first, mut place| {
        let bytes = &bytes[4 * first..][..place.len()];
        place.copy_from_slice(bytes);
    })?;
    Ok(())
}
