//! Points on a device, and the kernels over them.

use super::function::BesselFunction;
use crate::error::{Error, Result};
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::layout::params;
use crate::gpu::pace::Pace;
use crate::gpu::shader::Constant;
use crate::gpu::{Context, Gpu, Part, Status, Tensor};
use crate::number::{Element, Precision, words};
use crate::parallel::fill;
use std::sync::Arc;

params! {
    /// As `Elementwise` in `bessel/elementwise.wgsl`.
    struct Params = Elementwise in "bessel/elementwise.wgsl" {
        zero: u32,
        count: u32,
        first: u32,
        v_stride: u32,
        x_stride: u32,
        unused: [u32; 3],
    }
}

/// Orders and arguments on the device: as many as points, or one.
#[derive(Debug)]
pub(crate) struct Points {
    orders: Part,
    arguments: Part,
    strides: [u32; 2],
    count: usize,
    precision: Precision,
}

impl Points {
    /// How many points fit a binding.
    pub(crate) fn most(gpu: &Gpu, precision: Precision) -> usize {
        let limits = &gpu.capabilities.limits;
        let most = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        (most / bytes(1, precision)).clamp(1, 1 << 28) as usize
    }

    pub(crate) async fn upload<T: Element>(
        gpu: &Gpu,
        precision: Precision,
        v: &[T],
        x: &[T],
        count: usize,
    ) -> Result<Points> {
        let upload = |what: &str, values: &[T]| {
            if let (Precision::Single, Some(singles)) = (precision, T::singles(values)) {
                return gpu.upload(what, singles);
            }
            let each = precision.words();
            let upload = gpu.upload_to(what, bytes(values.len(), precision))?;
            upload.write_with(0, each * values.len(), |first, place| {
                let values = &values[first / each..];
                for (to, value) in place.chunks_exact_mut(each).zip(values) {
                    to.copy_from_slice(&words_of(value.to_f64(), precision)[..each]);
                }
            })?;
            Ok(upload.finish())
        };
        let (orders, arguments) =
            gpu.guarded(|| Ok((upload("orders", v)?, upload("arguments", x)?))).await?;
        Ok(Points {
            strides: [u32::from(v.len() > 1), u32::from(x.len() > 1)],
            orders: orders.into(),
            arguments: arguments.into(),
            count,
            precision,
        })
    }

    pub(crate) fn borrow(
        (orders, orders_length): (&Part, usize),
        (arguments, arguments_length): (&Part, usize),
        count: usize,
    ) -> Points {
        Points {
            orders: orders.clone(),
            arguments: arguments.clone(),
            strides: [u32::from(orders_length > 1), u32::from(arguments_length > 1)],
            count,
            precision: Precision::Single,
        }
    }
}

/// The words of an argument. In double precision what is not 0 stays so: a kernel asks for the sign of an order.
fn words_of(value: f64, precision: Precision) -> [f32; 2] {
    let [mut high, low] = words(value);
    if high != 0.0 || value == 0.0 || precision == Precision::Single {
        return [high, low];
    }
    high = f32::from_bits(1).copysign(high);
    [high, (value - f64::from(high)) as f32]
}

/// What a kernel wrote.
#[derive(Debug)]
pub(crate) struct Values {
    function: BesselFunction,
    buffer: Buffer,
    status: Buffer,
    count: usize,
    precision: Precision,
}

impl Values {
    /// To the host.
    pub(crate) async fn read(self, gpu: &Gpu) -> Result<Vec<f64>> {
        let mut recorder = gpu.recorder();
        recorder.stage(&self.buffer, 0, bytes(self.count, self.precision));
        match self.precision {
            Precision::Single => {
                let read = recorder.read_as::<f32>("values").await?;
                Ok(wide(&read, |word| f64::from(*word)))
            }
            Precision::Double => {
                // Doubles, put together on the device: low word, high word.
                let double = |[low, high]: &[u32; 2]| u64::from(*high) << 32 | u64::from(*low);
                let read = recorder.read_as::<[u32; 2]>("values").await?;
                Ok(wide(&read, |words| f64::from_bits(double(words))))
            }
        }
    }

    /// Left on the device.
    pub(crate) fn into_tensor(self, context: &Context, shape: &[usize]) -> Tensor {
        let function = self.function;
        let status = Status {
            first_refused: self.status.into(),
            refusal: Arc::new(move |index| refusal(function, index)),
        };
        Tensor::pooled(context, self.buffer, shape).with_status(status)
    }
}

fn wide<T: Sync>(read: &[Vec<T>], number: impl Fn(&T) -> f64 + Send + Sync) -> Vec<f64> {
    let words = read.first().map_or(&[][..], Vec::as_slice);
    let mut numbers = vec![0.0; words.len()];
    fill(&mut numbers, |first, place| {
        place.iter_mut().zip(&words[first..]).for_each(|(to, word)| *to = number(word));
    });
    numbers
}

fn bytes(count: usize, precision: Precision) -> u64 {
    4 * (precision.words() * count) as u64
}

/// What the domain of a function does not hold.
fn refusal(function: BesselFunction, index: u32) -> Error {
    let reason = format!("this point is outside the domain of {function}");
    Error::invalid_index("v, x", index as usize, reason)
}

/// Runs the kernel over all points, in submissions of bounded length. `paced` waits for all but the last of them, to
/// learn how much the next may hold and to stop where nobody waits any more.
pub(crate) async fn run(
    gpu: &Gpu,
    function: BesselFunction,
    points: &Points,
    paced: bool,
) -> Result<Values> {
    let (kernel, form) = function.kernel();
    let capabilities = &gpu.capabilities;
    let (workgroup, tile) = capabilities.sorted_tile();
    let double = points.precision == Precision::Double;
    let mut constants = vec![
        ("WORKGROUP", Constant::U32(workgroup)),
        ("TILE", Constant::U32(tile)),
        ("DOUBLE", Constant::Bool(double)),
    ];
    if function.has_forms() {
        constants.push(("FORM", Constant::U32(form)));
    }
    let pipeline = gpu.pipeline(kernel, constants).await?;
    let (output, status) = gpu
        .guarded(|| {
            let output = gpu.allocate("values", bytes(points.count, points.precision), STORAGE)?;
            Ok((output, gpu.upload("status", &[u32::MAX; 4])?))
        })
        .await?;
    let mut done = 0;
    let first = capabilities.first_points() as f64 / capabilities.submission_seconds();
    let mut pace = Pace::new(capabilities, first);
    while done < points.count {
        let count = (pace.units() as usize).max(tile as usize).min(points.count - done);
        pace.begin();
        let mut recorder = gpu.recorder();
        gpu.guarded(|| {
            let params = gpu.uniform(&Params {
                zero: 0,
                count: count as u32,
                first: done as u32,
                v_stride: points.strides[0],
                x_stride: points.strides[1],
                unused: [0; 3],
            })?;
            let resources = vec![
                points.orders.whole(),
                points.arguments.whole(),
                status.whole(),
                output.whole(),
            ];
            let ready = gpu.bind(&pipeline, params, resources);
            recorder.dispatch(&ready, count.div_ceil(tile as usize) as u64)?;
            Ok(())
        })
        .await?;
        done += count;
        if paced && done < points.count {
            recorder.read("a part of the values").await?;
            pace.end(count as f64);
        } else {
            recorder.submit().await?;
        }
    }
    let (count, precision) = (points.count, points.precision);
    Ok(Values { function, buffer: output, status, count, precision })
}
