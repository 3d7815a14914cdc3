//! Rows that stand for directions, where the context runs.

use super::concentration::check_dimension;
use crate::error::{Error, Result};
use crate::gpu::buffer::Buffer;
use crate::gpu::{Context, Gpu, Part, Tensor};
use crate::number::{Element, Ends, words};
use crate::parallel::{fill, first, map_rows, padded_rows};
use crate::reference;
use crate::reserve::zeroed;
use crate::wait::blocking;
use std::sync::{Arc, OnceLock};

/// n vectors of p components, each of which stands for its direction: the length of a
/// row, as long as it is not zero, does not matter. Cheap to clone.
///
/// On a device the rows stay there for every fit. f64 rows that f32 cannot hold keep a
/// second word, which [`Precision::Double`](crate::Precision::Double) reads.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Directions, Precision, VonMisesFisher};
/// let context = Context::new_blocking()?;
/// let rows = Directions::new_blocking(&context, &[3.0f32, 4.0, 0.0, 2.0, 1.0, 0.0], 2)?;
/// let fit = VonMisesFisher::fit_blocking(&rows, Precision::Single)?;
/// // The mean of (0.6, 0.8), (0, 1) and (1, 0).
/// let length = (1.6f64.powi(2) + 1.8f64.powi(2)).sqrt() / 3.0;
/// assert!((fit.mean_resultant_length() - length).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Directions {
    pub(super) context: Context,
    pub(super) rows: usize,
    pub(super) dimension: usize,
    pub(super) data: Data,
}

#[derive(Debug, Clone)]
pub(super) enum Data {
    /// Row-major f64, and 1/‖x‖ of every row.
    Host {
        values: Arc<Vec<f64>>,
        inverse: Arc<Vec<f64>>,
    },
    Device(DeviceRows),
}

/// Rows on the device: `stride` f32 a row, and low words of all rows `plane` f32
/// behind the high ones, 0 where there are none.
#[derive(Debug, Clone)]
pub(super) struct DeviceRows {
    pub(super) part: Part,
    pub(super) stride: usize,
    pub(super) plane: usize,
    /// Whether the first row has length one, which says how the rows are best summed; once it was looked at.
    pub(super) first_is_unit: Arc<OnceLock<bool>>,
}

/// Rows outside this are brought to about 1 by a power of two before they go to f32.
const MODERATE: std::ops::Range<f64> = 1e-9..1e9;

impl Directions {
    /// Copies `values`, rows of `dimension` f32 or f64, to the context.
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: a dimension outside 2 to 100,000, no rows or an incomplete one,
    /// a component that is not finite (with row and index), a row of zeros (with the row).
    /// [`Error::LimitExceeded`] where the rows do not fit one binding of the adapter,
    /// [`Error::OutOfMemory`].
    pub async fn new<T: Element>(
        context: &Context,
        values: &[T],
        dimension: usize,
    ) -> Result<Directions> {
        check_dimension(dimension)?;
        if values.is_empty() || !values.len().is_multiple_of(dimension) {
            let reason = format!(
                "{} numbers are not a positive number of rows of {dimension}",
                values.len()
            );
            return Err(Error::invalid("values", reason));
        }
        let rows = values.len() / dimension;
        let data = match context.gpu() {
            None => host(scaled(values, dimension)?, dimension),
            Some(gpu) => {
                // Rows of whole quads: kernels load four numbers at a time.
                let stride = dimension.next_multiple_of(4);
                check_size(gpu, 4 * rows as u64 * stride as u64)?;
                let plain = match T::singles(values) {
                    Some(singles) => {
                        gpu.guarded(|| upload_plain(gpu, singles, dimension, stride)).await?
                    }
                    None => None,
                };
                let (buffer, plane) = match plain {
                    Some(buffer) => (buffer, 0),
                    None => {
                        let scales = row_scales(values, dimension)?;
                        gpu.guarded(|| upload_scaled(gpu, values, dimension, stride, &scales))
                            .await?
                    }
                };
                let first_is_unit = Arc::default();
                Data::Device(DeviceRows { part: buffer.into(), stride, plane, first_is_unit })
            }
        };
        Ok(Directions { context: context.clone(), rows, dimension, data })
    }

    /// Rows that are on the context already: a tensor of shape n×p, which is not copied.
    /// They are looked at when they are used, so that a row without a direction is an error
    /// there.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for another shape, a dimension outside 2 to 100,000.
    pub async fn from_tensor(tensor: &Tensor) -> Result<Directions> {
        let &[rows, dimension] = tensor.shape() else {
            let reason = format!("has shape {:?}, not rows × dimension", tensor.shape());
            return Err(Error::invalid("tensor", reason));
        };
        check_dimension(dimension)?;
        let context = tensor.context().clone();
        let Some(part) = tensor.part() else {
            let values = tensor.read().await?.into_iter().map(f64::from).collect();
            let data = host(values, dimension);
            return Ok(Directions { context, rows, dimension, data });
        };
        let (part, first_is_unit) = (part.clone(), Arc::default());
        let data = Data::Device(DeviceRows { part, stride: dimension, plane: 0, first_is_unit });
        Ok(Directions { context, rows, dimension, data })
    }

    /// Number of rows n.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows; never true.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The dimension p.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Where the rows are.
    pub fn context(&self) -> &Context {
        &self.context
    }
}

blocking! {
    impl Directions {
        new => new_blocking<T: Element>(
            context: &Context, values: &[T], dimension: usize
        ) -> Result<Directions>;
        from_tensor => from_tensor_blocking(tensor: &Tensor) -> Result<Directions>;
    }
}

/// That rows of so many bytes fit, before they are copied.
fn check_size(gpu: &Gpu, needed: u64) -> Result<()> {
    let limits = &gpu.capabilities.limits;
    let available = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
    if needed <= available {
        return Ok(());
    }
    Err(Error::LimitExceeded { what: "directions (bytes)".into(), needed, available })
}

pub(super) fn host(values: Vec<f64>, dimension: usize) -> Data {
    let inverse = reference::vmf::direction_norms(&values, dimension);
    Data::Host { values: Arc::new(values), inverse: Arc::new(inverse) }
}

/// What is wrong with a row that has no direction.
pub(super) fn without_direction(number: usize, row: &[f64]) -> Error {
    match row.iter().position(|x| !x.is_finite()) {
        Some(index) => {
            let reason = format!("{:?} is not a finite number", row[index]);
            Error::invalid_at("directions", number, index, reason)
        }
        None => Error::invalid_row("directions", number, "has no direction: its length is zero"),
    }
}

/// The power of two to multiply a row by: 1 for moderate ones.
fn row_scale<T: Element>(row: &[T], number: usize) -> Result<f64> {
    // Four maxima and sums in flight; 0 · x stays zero unless x is not finite.
    let (mut most, mut rest) = ([0.0f64; 4], [0.0f64; 4]);
    for quad in row.chunks(4) {
        for ((x, most), rest) in quad.iter().zip(&mut most).zip(&mut rest) {
            let size = x.to_f64().abs();
            *most = if size > *most { size } else { *most };
            *rest += size * 0.0;
        }
    }
    let most = most.into_iter().fold(0.0, f64::max);
    if rest.iter().any(|rest| *rest != 0.0) {
        let index = row.iter().position(|x| !x.to_f64().is_finite()).unwrap_or(0);
        let reason = format!("{:?} is not a finite number", row[index].to_f64());
        return Err(Error::invalid_at("values", number, index, reason));
    }
    if most == 0.0 {
        return Err(Error::invalid_row("values", number, "has no direction: its length is zero"));
    }
    if MODERATE.contains(&most) {
        return Ok(1.0);
    }
    // 2^−e of most = m 2^e; subnormal numbers are brought to at least 2^-52.
    let e = (most.to_bits() >> 52) as i32 - 1023;
    Ok(f64::from_bits(((1023 - e.clamp(-1022, 1022)) as u64) << 52))
}

/// The scales of all rows, or what is wrong with the first that has none.
fn row_scales<T: Element>(values: &[T], dimension: usize) -> Result<Vec<f64>> {
    let row = |number: usize| &values[number * dimension..(number + 1) * dimension];
    map_rows(values.len() / dimension, |number| row_scale(row(number), number))
        .into_iter()
        .collect()
}

fn scaled<T: Element>(values: &[T], dimension: usize) -> Result<Vec<f64>> {
    let scales = row_scales(values, dimension)?;
    let mut result = zeroed("directions", values.len())?;
    fill(&mut result, |first, place| {
        padded_rows(first, place, (dimension, dimension), |row, columns, place| {
            let from = &values[row * dimension..][columns];
            place.iter_mut().zip(from).for_each(|(to, x)| *to = x.to_f64() * scales[row]);
        });
    });
    Ok(result)
}

/// Rows of f32 on the device, looked at while they are copied; `None` where one is not of moderate size, or worse.
fn upload_plain(
    gpu: &Gpu,
    values: &[f32],
    dimension: usize,
    stride: usize,
) -> Result<Option<Buffer>> {
    let rows = values.len() / dimension;
    let upload = gpu.upload_to("directions", 4 * (rows * stride) as u64)?;
    let found = upload.write_with(0, rows * stride, |first, place| {
        let mut ends = Vec::with_capacity(place.len() / stride + 2);
        padded_rows(first, place, (stride, dimension), |row, columns, place| {
            place.copy_from_slice(&values[row * dimension..][columns]);
            ends.push((row, Ends::of(place)));
        });
        ends
    })?;
    let mut largest = vec![0.0f32; rows];
    for (row, ends) in found.into_iter().flatten() {
        if !ends.finite {
            return Ok(None);
        }
        largest[row] = largest[row].max(-ends.least).max(ends.most);
    }
    let moderate = largest.iter().all(|most| MODERATE.contains(&f64::from(*most)));
    Ok(moderate.then(|| upload.finish()))
}

/// Rows that are scaled first, high words in rows of `stride`, and behind them, where f32 does not hold the values, as
/// many low words; how far behind, or 0.
fn upload_scaled<T: Element>(
    gpu: &Gpu,
    values: &[T],
    dimension: usize,
    stride: usize,
    scales: &[f64],
) -> Result<(Buffer, usize)> {
    let plane = scales.len() * stride;
    let is_exact = |x: f64| f64::from(x as f32) == x;
    let inexact = T::singles(values).is_none()
        && first(values.len(), |k| !is_exact(values[k].to_f64() * scales[k / dimension])).is_some();
    let planes = if inexact { 2 } else { 1 };
    let upload = gpu.upload_to("directions", 4 * (planes * plane) as u64)?;
    for word in 0..planes {
        upload.write_with(4 * (word * plane) as u64, plane, |first, place| {
            padded_rows(first, place, (stride, dimension), |row, columns, place| {
                let from = &values[row * dimension..][columns];
                for (to, x) in place.iter_mut().zip(from) {
                    *to = words(x.to_f64() * scales[row])[word];
                }
            });
        })?;
    }
    Ok((upload.finish(), if inexact { plane } else { 0 }))
}
