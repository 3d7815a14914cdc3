//! From a problem on the host to buffers on the device.

use super::batch::{LN_ZERO, Layout, SideData, padded_row};
use crate::error::{Error, Result};
use crate::gpu::{Gpu, Part, Upload};
use crate::number::{Precision, words};
use crate::parallel::padded_rows;
use crate::transport::problem::Weights;
use crate::transport::{Cost, Geometry, Problem};
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
            potentials.push(starting(g, weight, epsilon, scale));
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
    let to_words = |values: &[f64]| {
        let mut all: Vec<f32> = values.iter().map(|v| *v as f32).collect();
        if layout.precision == Precision::Double {
            all.extend(values.iter().map(|v| words(*v)[1]));
        }
        all
    };
    Ok(SideData {
        padded,
        bins,
        longest,
        offsets,
        places: layout.supports.then_some(places),
        weights: gpu.upload("weights", &to_words(&values))?,
        potentials: gpu.upload("potentials", &to_words(&potentials))?,
    })
}

/// A weighted potential to start from, in the device's units.
pub(super) fn starting(g: f64, weight: f64, epsilon: f64, scale: f64) -> f64 {
    if weight > 0.0 { (g + epsilon * weight.ln()) * scale } else { f64::from(LN_ZERO) }
}

/// The cost on the device: buffer, row stride, problem stride, low words' plane.
pub(super) fn upload_cost(
    gpu: &Gpu,
    problem: &Problem,
    range: Range<usize>,
    layout: Layout,
    scale: f64,
) -> Result<(Part, usize, usize, usize)> {
    let geometry = &problem.geometry;
    let (rows, columns) = geometry.shape();
    if let Cost::Device(tensor) = &geometry.cost {
        let Some(part) = tensor.part() else {
            return Err(Error::invalid("cost", "the tensor is not on a device"));
        };
        if tensor.context().gpu().is_none_or(|owner| !std::ptr::eq(&**owner, gpu)) {
            return Err(Error::invalid("cost", "the tensor belongs to another context"));
        }
        return Ok((part.clone(), columns, 0, 0));
    }
    // Supports are gathered, so their rows need no padding.
    let stride = if layout.supports { columns } else { padded_row(columns) };
    let (matrices, problem_stride) = match geometry.batch {
        Some(_) => (range.clone(), rows * stride),
        None => (0..1, 0),
    };
    let plane = matrices.len() * rows * stride;
    let double = layout.precision == Precision::Double && geometry.cost.has_low_words();
    let upload = gpu.upload_to("cost", 4 * plane as u64 * if double { 2 } else { 1 })?;
    let all = matrices.start * rows..matrices.end * rows;
    let low_at = double.then_some(4 * plane as u64);
    match &geometry.cost {
        Cost::Host { high, low, unit }
            if stride == columns && scale == 1.0 && geometry.offset == 0.0 && *unit == 1.0 =>
        {
            let from = all.start * columns;
            for (words, at) in [(Some(high), Some(0)), (low.as_ref(), low_at)] {
                if let (Some(words), Some(at)) = (words, at) {
                    upload.write(at, &words[from..from + plane])?;
                }
            }
        }
        _ => write_scaled(&upload, geometry, all, (stride, scale), low_at)?,
    }
    Ok((upload.finish().into(), stride, problem_stride, if double { plane } else { 0 }))
}

/// Rows `all` of the cost, less the offset and times `scale`, `stride` apart; their low words
/// from byte `low_at` on.
fn write_scaled(
    upload: &Upload<'_>,
    geometry: &Geometry,
    all: Range<usize>,
    (stride, scale): (usize, f64),
    low_at: Option<u64>,
) -> Result<()> {
    let columns = geometry.columns;
    let rows = geometry.cost.rows(columns, geometry.offset);
    for (word, at) in [Some(0), low_at].into_iter().enumerate() {
        let Some(at) = at else { continue };
        upload.write_with(at, all.len() * stride, |first, place| {
            padded_rows(first, place, (stride, columns), |row, columns, place| {
                let mut place = place.iter_mut();
                rows.each(all.start + row, columns, |value| {
                    if let Some(place) = place.next() {
                        *place = words(value * scale)[word];
                    }
                });
            });
        })?;
    }
    Ok(())
}
