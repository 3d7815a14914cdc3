//! An array where the context runs.

use super::buffer::Buffer;
use super::storage::{Part, Storage};
use super::{Context, Gpu};
use crate::error::{Error, Result};
use crate::parallel::copied;
use crate::wait::blocking;
use std::ops::Range;
use std::sync::Arc;

/// A row-major array of f32: on the device of its context, or in host memory
/// for the CPU twin. Cheap to clone.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Tensor};
/// let context = Context::new_blocking()?;
/// let rows = Tensor::from_slice_blocking(&context, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2])?;
/// assert_eq!(rows.shape(), [3, 2]);
/// assert_eq!(rows.read_blocking()?[2..4], [3.0, 4.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Tensor {
    context: Context,
    shape: Vec<usize>,
    storage: Storage,
    /// What a kernel found wrong, for who reads.
    status: Option<Status>,
}

/// Where a kernel leaves the index of the first input that it refused, and what that means.
#[derive(Clone)]
pub(crate) struct Status {
    pub(crate) first_refused: Part,
    pub(crate) refusal: Arc<Refusal>,
}

/// `Send` where tensors are: natively.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) type Refusal = dyn Fn(u32) -> Error + Send + Sync;
#[cfg(target_arch = "wasm32")]
pub(crate) type Refusal = dyn Fn(u32) -> Error;

impl std::fmt::Debug for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Status").field(&self.first_refused).finish()
    }
}

impl Tensor {
    /// Copies `data` of `shape` to the context.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the length is not the product of the shape or is
    /// zero, [`Error::LimitExceeded`], [`Error::OutOfMemory`].
    pub async fn from_slice(context: &Context, data: &[f32], shape: &[usize]) -> Result<Tensor> {
        check_shape(shape, data.len())?;
        Ok(match context.gpu() {
            None => Tensor::hosted(context, copied(data), shape),
            Some(gpu) => {
                let buffer = gpu.guarded(|| gpu.upload("tensor", data)).await?;
                Tensor::pooled(context, buffer, shape)
            }
        })
    }

    /// Values of the host, rounded to f32.
    pub(crate) async fn of_values(
        context: &Context,
        values: &[f64],
        shape: &[usize],
    ) -> Result<Tensor> {
        let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        Tensor::from_slice(context, &values, shape).await
    }

    /// Wraps a host application's buffer of f32 on the context's own device. It
    /// needs the usages `STORAGE` and `COPY_SRC`, and is never written.
    ///
    /// # Errors
    /// As [`Tensor::from_buffer_at`].
    pub fn from_buffer(context: &Context, buffer: wgpu::Buffer, shape: &[usize]) -> Result<Tensor> {
        Tensor::from_buffer_at(context, buffer, 0, shape)
    }

    /// [`Tensor::from_buffer`], of the f32 that begin at byte `offset`, a multiple of the device's
    /// `min_storage_buffer_offset_alignment` (256 at most).
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the buffer is too small, lacks a usage, is mapped or destroyed,
    /// is of another device (natively: in a browser what uses it fails), the offset is misaligned, or the
    /// context is the CPU twin.
    pub fn from_buffer_at(
        context: &Context,
        buffer: wgpu::Buffer,
        offset: u64,
        shape: &[usize],
    ) -> Result<Tensor> {
        let Some(gpu) = context.gpu() else {
            return Err(Error::invalid("buffer", "the CPU twin has no device to share"));
        };
        let needed = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        if !buffer.usage().contains(needed) {
            return Err(Error::invalid("buffer", "needs the usages STORAGE and COPY_SRC"));
        }
        check_offset(gpu, offset)?;
        let bytes = shape.iter().try_fold(4u64, |product, &n| product.checked_mul(n as u64));
        match bytes.map(|bytes| (bytes, bytes.checked_add(offset))) {
            Some((1.., Some(end))) if end <= buffer.size() => {}
            _ => {
                let size = buffer.size();
                let reason = format!(
                    "{shape:?} does not fit a buffer of {size} bytes from byte {offset} on"
                );
                return Err(Error::invalid("shape", reason));
            }
        }
        gpu.refuse_foreign(&buffer)?;
        // What lies behind is bound too: a last row is read by fours.
        let rest = buffer.size() - offset;
        let storage = Storage::Device(Part::borrowed(buffer, offset, rest / 4 * 4));
        Ok(Tensor::new(context, storage, shape))
    }

    /// Entries `range` of the first axis: the same memory, not copied.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an empty range or one that is not within the shape; on a device also where the
    /// range begins at a byte that is no multiple of its `min_storage_buffer_offset_alignment` (256 at most).
    pub fn slice(&self, range: Range<usize>) -> Result<Tensor> {
        let first = self.shape.first().copied().unwrap_or(0);
        if range.is_empty() || range.end > first {
            let reason = format!("{range:?} is not a part of {first} entries");
            return Err(Error::invalid("range", reason));
        }
        let each = self.len() / first;
        let mut shape = self.shape.clone();
        shape[0] = range.len();
        let storage = match (&self.storage, self.context.gpu()) {
            (Storage::Device(part), Some(gpu)) => {
                let offset = 4 * (range.start * each) as u64;
                check_offset(gpu, part.offset() + offset)?;
                let to_the_end = range.end == first;
                let bytes = 4 * (range.len() * each) as u64;
                let bytes = if to_the_end { part.bytes() - offset } else { bytes };
                Storage::Device(part.slice(offset, bytes))
            }
            (Storage::Host(data), _) => {
                Storage::Host(Arc::new(data[range.start * each..range.end * each].to_vec()))
            }
            (Storage::Device(_), None) => return Err(without_device()),
        };
        Ok(Tensor { context: self.context.clone(), shape, storage, status: self.status.clone() })
    }

    /// What a kernel wrote: a buffer of at least as many f32 as the shape has elements.
    pub(crate) fn pooled(context: &Context, buffer: Buffer, shape: &[usize]) -> Tensor {
        buffer.hold(4 * shape.iter().product::<usize>() as u64);
        Tensor::new(context, Storage::Device(buffer.into()), shape)
    }

    fn new(context: &Context, storage: Storage, shape: &[usize]) -> Tensor {
        Tensor { context: context.clone(), shape: shape.to_vec(), storage, status: None }
    }

    /// The same, with what its kernel may have found wrong by the time it is read.
    pub(crate) fn with_status(self, status: Status) -> Tensor {
        Tensor { status: Some(status), ..self }
    }

    /// What the twin wrote, of as many numbers as the shape has.
    pub(crate) fn hosted(context: &Context, data: Vec<f32>, shape: &[usize]) -> Tensor {
        Tensor::new(context, Storage::Host(Arc::new(data)), shape)
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

    /// The device buffer, whose f32 from byte [`Tensor::offset`] on are the elements; `None` for the CPU twin.
    ///
    /// Whatever was uploaded to it, or computed, is there for what the host submits from now on. A buffer of the
    /// library's own may be longer than the elements: they are followed by zeros, up to the next multiple of 256
    /// bytes. It stays as it is for as long as this tensor or a clone of the buffer is kept.
    pub fn buffer(&self) -> Option<&wgpu::Buffer> {
        let (part, gpu) = (self.part()?, self.context.gpu()?);
        // Nothing of what the memory held before is shown.
        let end = part.pooled().and_then(Buffer::show);
        gpu.settle(end.map(|end| (part.raw(), end)));
        Some(part.raw())
    }

    /// The byte of [`Tensor::buffer`] at which the elements begin.
    pub fn offset(&self) -> u64 {
        self.part().map_or(0, Part::offset)
    }

    /// The memory on the device, for the library's own submissions.
    pub(crate) fn part(&self) -> Option<&Part> {
        match &self.storage {
            Storage::Host(_) => None,
            Storage::Device(part) => Some(part),
        }
    }

    /// Copies the elements to the host, when what computes them is done.
    ///
    /// # Errors
    /// [`Error::Readback`], [`Error::DeviceLost`]; what the call that made the tensor left to be found by the device.
    pub async fn read(&self) -> Result<Vec<f32>> {
        match (&self.storage, self.context.gpu()) {
            (Storage::Host(data), _) => Ok(copied(data)),
            (Storage::Device(part), Some(gpu)) => {
                let mut recorder = gpu.recorder();
                if let Some(status) = &self.status {
                    recorder.stage(&status.first_refused, 0, 4);
                }
                recorder.stage(part, 0, self.len() as u64 * 4);
                let mut read = recorder.read_as::<f32>("a tensor").await?;
                let numbers = read.pop().unwrap_or_default();
                match (&self.status, read.pop().as_deref()) {
                    (Some(status), Some([index])) if index.to_bits() != u32::MAX => {
                        Err((status.refusal)(index.to_bits()))
                    }
                    _ => Ok(numbers),
                }
            }
            (Storage::Device(_), None) => Err(without_device()),
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

fn without_device() -> Error {
    Error::Readback { what: "a tensor".into(), message: "its context has no device".into() }
}

/// That a binding may begin at a byte.
fn check_offset(gpu: &Gpu, offset: u64) -> Result<()> {
    let alignment = u64::from(gpu.capabilities.limits.min_storage_buffer_offset_alignment);
    if offset.is_multiple_of(alignment) {
        return Ok(());
    }
    let reason =
        format!("{offset} is no multiple of {alignment} bytes, as bindings of this device are");
    Err(Error::invalid("offset", reason))
}

pub(crate) fn check_shape(shape: &[usize], length: usize) -> Result<()> {
    let elements = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    match elements {
        Some(0) => Err(Error::invalid("shape", format!("{shape:?} has no elements"))),
        Some(elements) if elements == length => Ok(()),
        _ => Err(Error::invalid("data", format!("has {length} elements, the shape is {shape:?}"))),
    }
}
