//! Rows on a device, as kernels are bound to them, and the inverse norms that all need.

use super::directions::{DeviceRows, Directions, without_direction};
use super::kernels::{DIRECTION_NORMS, NO_REPORT, Params};
use crate::error::{Error, Result};
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::Ready;
use crate::gpu::shader::{Constant, Constants};
use crate::gpu::{Gpu, Kernel, Part};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Rows on a device, and the arithmetic for them.
#[derive(Debug)]
pub(super) struct Device<'a> {
    pub(super) gpu: &'a Gpu,
    pub(super) rows: &'a Part,
    pub(super) count: usize,
    pub(super) dimension: usize,
    pub(super) quads: usize,
    plane: usize,
    aligned: bool,
    pub(super) double: bool,
    pub(super) first_is_unit: &'a OnceLock<bool>,
}

/// Inverse norms of all rows, and whether rows are multiplied by powers of two first.
#[derive(Debug)]
pub(super) struct Norms {
    pub(super) buffer: Buffer,
    pub(super) scaled: bool,
}

impl<'a> Device<'a> {
    pub(super) fn new(
        gpu: &'a Gpu,
        rows: &'a DeviceRows,
        directions: &Directions,
        double: bool,
    ) -> Result<Self> {
        let available = gpu.capabilities.limits.max_storage_buffer_binding_size;
        let needed = rows.part.bytes();
        if needed > available {
            let what = "the buffer of the rows (bytes)".into();
            return Err(Error::LimitExceeded { what, needed, available });
        }
        Ok(Device {
            gpu,
            rows: &rows.part,
            count: directions.rows,
            dimension: directions.dimension,
            quads: directions.dimension.div_ceil(4),
            plane: rows.plane / 4,
            aligned: rows.stride.is_multiple_of(4),
            double,
            first_is_unit: &rows.first_is_unit,
        })
    }

    pub(super) fn params(&self, rows: &Range<usize>) -> Params {
        Params {
            dimension: self.dimension as u32,
            quads: self.quads as u32,
            plane: self.plane as u32,
            first: rows.start as u32,
            until: rows.end as u32,
            span: rows.len() as u32,
            ..Params::default()
        }
    }

    /// A kernel over rows with the constants that follow from how they lie, and its own.
    pub(super) async fn over_rows(
        &self,
        kernel: &'static Kernel,
        own: &[(&'static str, Constant)],
    ) -> Result<Arc<Pipeline>> {
        let mut constants: Constants = vec![
            ("ALIGNED", Constant::Bool(self.aligned)),
            ("LOW", Constant::Bool(self.plane > 0 && self.double)),
            ("DOUBLE", Constant::Bool(self.double)),
        ];
        constants.extend_from_slice(own);
        self.gpu.pipeline(kernel, constants).await
    }

    /// Binds a kernel over rows: the rows as quads and as numbers come first.
    pub(super) fn bind(
        &self,
        pipeline: &Arc<Pipeline>,
        params: Params,
        own: Vec<Part>,
    ) -> Result<Ready> {
        let params = self.gpu.uniform(&params)?;
        // Rows that are not aligned may be shorter than one quad: something else is bound.
        let quads = if self.aligned { self.rows.whole() } else { self.spare()?.into() };
        let mut resources = vec![quads, self.rows.whole()];
        resources.extend(own);
        Ok(self.gpu.bind(pipeline, params, resources))
    }

    /// A buffer for a binding that a variant does not read.
    pub(super) fn spare(&self) -> Result<Buffer> {
        self.gpu.allocate("unused binding", 16, STORAGE)
    }

    /// Rows of one submission, with `work` times the cost of reading each, in whole
    /// blocks.
    pub(super) fn span(&self, work: usize, block: usize) -> usize {
        let capabilities = &self.gpu.capabilities;
        let elements = capabilities.elements_per_submission();
        // Double-float arithmetic costs some twenty times as much.
        let work = work as f64 * if self.double { 20.0 } else { 1.0 };
        let rows = elements / (work * self.dimension as f64);
        (rows as usize).next_multiple_of(block).max(block)
    }

    pub(super) fn spans(&self, work: usize, block: usize) -> Vec<Range<usize>> {
        self.split_rows(self.span(work, block))
    }

    /// All rows, `span` at a time.
    pub(super) fn split_rows(&self, span: usize) -> Vec<Range<usize>> {
        let until = |first: usize| (first + span).min(self.count);
        (0..self.count).step_by(span).map(|first| first..until(first)).collect()
    }

    /// 1/‖x‖ of every row.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for the first row without a direction.
    pub(super) async fn norms(&self) -> Result<Norms> {
        let norms = Norms { buffer: self.norm_buffer().await?, scaled: false };
        let report = self.write_norms(&norms).await?;
        self.check(report[0]).await?;
        if report[1] == 0 {
            return Ok(norms);
        }
        let norms = Norms { scaled: true, ..norms };
        let report = self.write_norms(&norms).await?;
        self.check(report[0]).await?;
        Ok(norms)
    }

    async fn norm_buffer(&self) -> Result<Buffer> {
        self.gpu
            .guarded(|| self.gpu.allocate("norms of rows", 16 * self.count as u64, STORAGE))
            .await
    }

    async fn write_norms(&self, norms: &Norms) -> Result<[u32; 4]> {
        let capabilities = &self.gpu.capabilities;
        let workgroup = capabilities.sweep_workgroup();
        let lanes = if norms.scaled { 1 } else { capabilities.lanes_per_row() };
        let constants = [
            ("WORKGROUP", Constant::U32(workgroup)),
            ("LANES", Constant::U32(lanes)),
            ("SCALED", Constant::Bool(norms.scaled)),
        ];
        let pipeline = self.over_rows(&DIRECTION_NORMS, &constants).await?;
        let per_group = (workgroup / lanes) as usize;
        let report = self.gpu.guarded(|| self.gpu.upload("report", &NO_REPORT)).await?;
        let mut last = NO_REPORT;
        for rows in self.spans(1, per_group) {
            let mut recorder = self.gpu.recorder();
            self.gpu
                .guarded(|| {
                    let own = vec![norms.buffer.whole(), report.whole()];
                    let ready = self.bind(&pipeline, self.params(&rows), own)?;
                    recorder.dispatch(&ready, rows.len().div_ceil(per_group) as u64)?;
                    recorder.stage(&report, 0, 16);
                    Ok(())
                })
                .await?;
            let read = recorder.read("norms of rows").await?;
            last.copy_from_slice(&bytemuck::pod_collect_to_vec::<_, u32>(&read[0])[..4]);
        }
        Ok(last)
    }

    /// The error of a row that was reported, with what is wrong with it.
    pub(super) async fn check(&self, row: u32) -> Result<()> {
        if row == u32::MAX {
            return Ok(());
        }
        let row = row as usize;
        Err(without_direction(row, &self.row(row).await?))
    }

    /// The components of a row.
    pub(super) async fn row(&self, row: usize) -> Result<Vec<f64>> {
        self.read(row..row + 1).await
    }

    /// All rows.
    pub(super) async fn read_rows(&self) -> Result<Vec<f64>> {
        self.read(0..self.count).await
    }

    async fn read(&self, rows: Range<usize>) -> Result<Vec<f64>> {
        let stride = if self.aligned { 4 * self.quads } else { self.dimension };
        // What the last row is padded with may not be there.
        let length = (rows.len() - 1) * stride + self.dimension;
        let at = 4 * (rows.start * stride) as u64;
        let mut recorder = self.gpu.recorder();
        recorder.stage(self.rows, at, 4 * length as u64);
        if self.plane > 0 {
            recorder.stage(self.rows, at + 16 * self.plane as u64, 4 * length as u64);
        }
        let read = recorder.read_as::<f32>("rows").await?;
        let dimension = self.dimension;
        let unpadded = |words: &Vec<f32>| -> Vec<f64> {
            let rows = words.chunks(stride).flat_map(|row| &row[..dimension]);
            rows.map(|x| f64::from(*x)).collect()
        };
        let mut values = unpadded(&read[0]);
        if let Some(low) = read.get(1) {
            values.iter_mut().zip(unpadded(low)).for_each(|(x, low)| *x += low);
        }
        Ok(values)
    }
}
