//! Tensors and buffers of a host's own.

use super::block_on;
use kantor::wgpu;
use kantor::{Context, Result, Tensor};

/// What a host's buffer needs to be wrapped, and to be written.
pub const SHAREABLE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE
    .union(wgpu::BufferUsages::COPY_SRC)
    .union(wgpu::BufferUsages::COPY_DST);

pub fn tensor(context: &Context, data: &[f32], shape: &[usize]) -> Result<Tensor> {
    block_on(Tensor::from_slice(context, data, shape))
}

pub fn buffer(context: &Context, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let device = context.device().expect("a device");
    device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size,
        usage,
        mapped_at_creation: false,
    })
}
