//! A cost matrix on the device.

use super::layout::{FORBIDDEN, Layout, padded_row};
use crate::error::{Error, Result};
use crate::gpu::{Gpu, Part, Upload};
use crate::number::{Precision, words};
use crate::parallel::padded_rows;
use crate::transport::Problem;
use crate::transport::geometry::{Cost, Geometry, filler};
use std::ops::Range;

/// Where the matrices of a batch lie.
#[derive(Debug)]
pub(crate) struct Matrix {
    pub(crate) cost: Part,
    /// Elements from one row to the next.
    pub(crate) row_stride: usize,
    /// From one problem's matrix to the next; 0 where it is shared.
    pub(crate) problem_stride: usize,
    /// From the high words to the low ones; 0 where there are none.
    pub(crate) plane: usize,
}

impl Matrix {
    pub(super) fn upload(
        gpu: &Gpu,
        problem: &Problem,
        range: Range<usize>,
        layout: Layout,
        scale: f64,
    ) -> Result<Matrix> {
        let (geometry, offset) = (&problem.geometry, problem.offset());
        let (rows, columns) = geometry.shape();
        if let Cost::Device(tensor) = &geometry.cost {
            let Some(part) = tensor.part() else {
                return Err(Error::invalid("cost", "the tensor is not on a device"));
            };
            if tensor.context().gpu().is_none_or(|owner| !std::ptr::eq(&**owner, gpu)) {
                return Err(Error::invalid("cost", "the tensor belongs to another context"));
            }
            let cost = part.clone();
            return Ok(Matrix { cost, row_stride: columns, problem_stride: 0, plane: 0 });
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
            Cost::Host { high, low, unit, forbidden: false }
                if stride == columns
                    && scale == 1.0
                    && offset == 0.0
                    && *unit == 1.0
                    && geometry.magnitude < FORBIDDEN
                    && geometry.reduction.is_none() =>
            {
                let from = all.start * columns;
                for (words, at) in [(Some(high), Some(0)), (low.as_ref(), low_at)] {
                    if let (Some(words), Some(at)) = (words, at) {
                        upload.write(at, &words[from..from + plane])?;
                    }
                }
            }
            _ => write_scaled(&upload, geometry, all, (stride, scale, offset), low_at)?,
        }
        let plane = if double { plane } else { 0 };
        Ok(Matrix { cost: upload.finish().into(), row_stride: stride, problem_stride, plane })
    }
}

/// Rows `all` of the cost, less the offset and times `scale`, `stride` apart; their low words
/// from byte `low_at` on.
fn write_scaled(
    upload: &Upload<'_>,
    geometry: &Geometry,
    all: Range<usize>,
    (stride, scale, offset): (usize, f64, f64),
    low_at: Option<u64>,
) -> Result<()> {
    let columns = geometry.columns;
    let rows = geometry.cost.rows(columns, offset, geometry.reduction.as_ref());
    for (word, at) in [Some(0), low_at].into_iter().enumerate() {
        let Some(at) = at else { continue };
        upload.write_with(at, all.len() * stride, |first, place| {
            padded_rows(first, place, (stride, columns), |row, columns, place| {
                let mut fill = filler(place);
                rows.each(all.start + row, columns, |value| {
                    fill(words((value * scale).min(FORBIDDEN))[word])
                });
            });
        })?;
    }
    Ok(())
}
