//! An array where the context runs.

use super::Context;
use super::buffer::Buffer;
use crate::error::{Error, Result};
use crate::wait::blocking;
use std::sync::Arc;

/// A row-major array of f32: on the device of its context, or in host memory
/// for the CPU twin. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tensor {
    context: Context,
    shape: Vec<usize>,
    storage: Storage,
}

#[derive(Debug, Clone)]
enum Storage {
    Host(Arc<Vec<f32>>),
    Pooled(Arc<Buffer>),
    Borrowed(wgpu::Buffer),
}

impl Tensor {
    /// Copies `data` of `shape` to the context.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the length is not the product of the shape or is
    /// zero, [`Error::LimitExceeded`], [`Error::OutOfMemory`].
    pub async fn from_slice(context: &Context, data: &[f32], shape: &[usize]) -> Result<Tensor> {
        check_shape(shape, data.len())?;
        let storage = match context.gpu() {
            None => Storage::Host(Arc::new(data.to_vec())),
            Some(gpu) => {
                Storage::Pooled(Arc::new(gpu.guarded(|| gpu.upload("tensor", data)).await?))
            }
        };
        Ok(Tensor { context: context.clone(), shape: shape.to_vec(), storage })
    }

    /// Wraps a host application's buffer of f32 on the context's own device. It
    /// needs the usages `STORAGE` and `COPY_SRC`, and is never written.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the buffer is too small, lacks a usage, is mapped,
    /// is of another device (natively: in a browser what uses it fails), or the
    /// context is the CPU twin.
    pub fn from_buffer(context: &Context, buffer: wgpu::Buffer, shape: &[usize]) -> Result<Tensor> {
        let Some(gpu) = context.gpu() else {
            return Err(Error::invalid("buffer", "the CPU twin has no device to share"));
        };
        let needed = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        if !buffer.usage().contains(needed) {
            return Err(Error::invalid("buffer", "needs the usages STORAGE and COPY_SRC"));
        }
        let bytes = shape.iter().try_fold(4u64, |product, &n| product.checked_mul(n as u64));
        match bytes {
            Some(bytes) if bytes > 0 && bytes <= buffer.size() => {}
            _ => {
                return Err(Error::invalid(
                    "shape",
                    format!("{shape:?} does not fit a buffer of {} bytes", buffer.size()),
                ));
            }
        }
        gpu.refuse_foreign(&buffer)?;
        Ok(Tensor {
            context: context.clone(),
            shape: shape.to_vec(),
            storage: Storage::Borrowed(buffer),
        })
    }

    /// What a kernel wrote: a buffer of at least as many f32 as the shape has elements.
    pub(crate) fn pooled(context: &Context, buffer: Arc<Buffer>, shape: &[usize]) -> Tensor {
        Tensor { context: context.clone(), shape: shape.to_vec(), storage: Storage::Pooled(buffer) }
    }

    /// The shape, row-major.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements; never true.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The device buffer; `None` for the CPU twin. Whatever was uploaded to it is
    /// submitted, and so is there for what the host submits.
    pub fn buffer(&self) -> Option<&wgpu::Buffer> {
        if let Some(gpu) = self.context.gpu() {
            gpu.flush();
        }
        self.device_buffer()
    }

    /// The device buffer, for submissions of the library's own.
    pub(crate) fn device_buffer(&self) -> Option<&wgpu::Buffer> {
        match &self.storage {
            Storage::Host(_) => None,
            Storage::Pooled(buffer) => Some(buffer),
            Storage::Borrowed(buffer) => Some(buffer),
        }
    }

    /// Copies the elements to the host.
    ///
    /// # Errors
    /// [`Error::Readback`], [`Error::DeviceLost`].
    pub async fn read(&self) -> Result<Vec<f32>> {
        match (&self.storage, self.device_buffer(), self.context.gpu()) {
            (Storage::Host(data), ..) => Ok(data.to_vec()),
            (_, Some(buffer), Some(gpu)) => {
                let mut recorder = gpu.recorder();
                recorder.stage(buffer, 0, self.len() as u64 * 4);
                let mut read = recorder.read_as("a tensor").await?;
                Ok(read.pop().unwrap_or_default())
            }
            _ => Err(Error::Readback {
                what: "a tensor".into(),
                message: "its context has no device".into(),
            }),
        }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }
}

blocking! {
    impl Tensor {
        from_slice => from_slice_blocking(
            context: &Context, data: &[f32], shape: &[usize]
        ) -> Result<Tensor>;
        read => read_blocking(&self) -> Result<Vec<f32>>;
    }
}

pub(crate) fn check_shape(shape: &[usize], length: usize) -> Result<()> {
    let elements = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    match elements {
        Some(0) => Err(Error::invalid("shape", format!("{shape:?} has no elements"))),
        Some(elements) if elements == length => Ok(()),
        _ => Err(Error::invalid("data", format!("has {length} elements, the shape is {shape:?}"))),
    }
}
