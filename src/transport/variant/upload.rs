//! From a problem on the host to buffers on the device.

use super::batch::{CostBuffer, LN_ZERO, Layout, SideData, padded_row, split};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::gpu::buffer::STORAGE;
use crate::transport::problem::Weights;
use crate::transport::{Cost, Precision, Problem};
use std::ops::Range;

/// One side of the problems `range`: weights and weighted starting potentials.
pub(super) fn upload_side(
    gpu: &Gpu,
    weights: &Weights,
    range: Range<usize>,
    layout: Layout,
    epsilon: f64,
    scale: f64,
    start: Option<&[f64]>,
) -> Result<SideData> {
    let bins = weights.bins;
    let padded = if layout.supports { bins } else { padded_row(bins) };
    let mut offsets = vec![0u32];
    let mut places = Vec::new();
    let mut values = Vec::new();
    let mut potentials = Vec::new();
    let mut longest = 0;
    for problem in range {
        for (bin, &weight) in weights.row(problem).iter().enumerate() {
            if layout.supports && weight <= 0.0 {
                continue;
            }
            if layout.supports {
                places.push(bin as u32);
            }
            values.push(weight);
            let g = start.map_or(0.0, |g| g[problem * bins + bin]);
            potentials.push(if weight > 0.0 {
                (g + epsilon * weight.ln()) * scale
            } else {
                f64::from(LN_ZERO)
            });
        }
        if !layout.supports {
            values.resize(values.len() + padded - bins, 0.0);
            potentials.resize(values.len(), f64::from(LN_ZERO));
        }
        longest = longest.max(values.len() - offsets[offsets.len() - 1] as usize);
        let end = u32::try_from(values.len()).map_err(|_| Error::LimitExceeded {
            what: "weights of a batch (elements)".into(),
            needed: values.len() as u64,
            available: u32::MAX.into(),
        })?;
        offsets.push(end);
    }
    let words = |values: &[f64]| {
        let mut words: Vec<f32> = values.iter().map(|v| *v as f32).collect();
        if layout.precision == Precision::Double {
            words.extend(values.iter().map(|v| split(*v).1));
        }
        words
    };
    Ok(SideData {
        padded,
        bins,
        longest,
        offsets,
        places: layout.supports.then_some(places),
        weights: gpu.upload("weights", &words(&values))?,
        potentials: gpu.upload("potentials", &words(&potentials))?,
    })
}

/// The cost on the device: buffer, row stride, problem stride, low words' plane.
pub(super) fn upload_cost(
    gpu: &Gpu,
    problem: &Problem,
    range: Range<usize>,
    layout: Layout,
    scale: f64,
) -> Result<(CostBuffer, usize, usize, usize)> {
    let (rows, columns) = problem.geometry.shape();
    let offset = problem.geometry.offset;
    let (high, low) = match &problem.geometry.cost {
        Cost::Device(tensor) => {
            let Some(buffer) = tensor.device_buffer() else {
                return Err(Error::invalid("cost", "the tensor is not on a device"));
            };
            if tensor.context().gpu().is_none_or(|owner| !std::ptr::eq(&**owner, gpu)) {
                return Err(Error::invalid("cost", "the tensor belongs to another context"));
            }
            return Ok((CostBuffer::Borrowed(buffer.clone()), columns, 0, 0));
        }
        Cost::Host { high, low } => (high, low),
    };
    // Supports are gathered, so their rows need no padding.
    let stride = if layout.supports { columns } else { padded_row(columns) };
    let cells = rows * columns;
    let (matrices, problem_stride) = match problem.geometry.batch {
        Some(_) => (range.clone(), rows * stride),
        None => (0..1, 0),
    };
    let plane = matrices.len() * rows * stride;
    let double = layout.precision == Precision::Double && low.is_some();
    let buffer = gpu.allocate("cost", 4 * plane as u64 * if double { 2 } else { 1 }, STORAGE)?;
    let planes = [Some(high), low.as_ref().filter(|_| double)];
    for (which, words) in planes.into_iter().flatten().enumerate() {
        let words = &words[matrices.start * cells..matrices.end * cells];
        let at = 4 * (which * plane) as u64;
        if stride == columns && scale == 1.0 && offset == 0.0 {
            gpu.write(&buffer, at, words)?;
            continue;
        }
        // In pieces, so that the host holds no second copy of a large matrix.
        let piece = (1 << 20) / columns.max(1) + 1;
        let first = matrices.start * cells;
        for (k, chunk) in words.chunks(piece * columns).enumerate() {
            let mut padded = Vec::with_capacity(chunk.len() / columns * stride);
            for (r, row) in chunk.chunks_exact(columns).enumerate() {
                let at = first + (k * piece + r) * columns;
                padded.extend((0..row.len()).map(|c| {
                    let rest = low.as_ref().map_or(0.0, |low| f64::from(low[at + c]));
                    let value = (f64::from(high[at + c]) + rest - offset) * scale;
                    let (h, l) = split(value);
                    if which == 0 { h } else { l }
                }));
                padded.resize(padded.len() + stride - columns, 0.0);
            }
            gpu.write(&buffer, at + 4 * (k * piece * stride) as u64, &padded)?;
        }
    }
    Ok((CostBuffer::Pooled(buffer), stride, problem_stride, if double { plane } else { 0 }))
}
