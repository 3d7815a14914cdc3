//! Measures of joint tables on a device.

use super::cells::{by_twin, words};
use super::kernels::{
    JOINT_TABLE, JOINT_TOTALS, MARGINALS, MERGED_MARGINALS, NO_REPORT, TableParams,
};
use crate::clock::Breather;
use crate::error::{Error, Result};
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::pipeline::Pipeline;
use crate::gpu::shader::Constant;
use crate::gpu::steps::{Step, Steps};
use crate::gpu::{Gpu, Kernel, Part};
use crate::number::{Element, Precision, joined};
use crate::parallel::map_rows_gently;
use std::sync::Arc;

/// Tables of one shape on a device.
pub(super) struct Tables<'a> {
    gpu: &'a Gpu,
    rows: usize,
    columns: usize,
    double: bool,
    /// Cells of a block of a row, and of a column, that one sum is made of.
    blocks: [usize; 2],
}

/// Some of the tables, and where they are.
#[derive(Clone, Copy)]
struct Chunk<'a> {
    cells: &'a Part,
    first: usize,
    count: usize,
    /// From high to low words, 0 where there are none.
    low: usize,
}

/// A pipeline, and how many items a workgroup has.
struct Kerneled {
    pipeline: Arc<Pipeline>,
    items_per_group: usize,
}

/// What a table gave: the measures in nats, and its sum.
struct Measured {
    nats: [f64; 5],
    sum: f64,
}

/// Tables with sums outside this are scaled on the host.
const MODERATE: std::ops::RangeInclusive<f64> = 9.765_625e-4..=1.099_511_627_776e12;

impl<'a> Tables<'a> {
    pub(super) fn new(gpu: &'a Gpu, shape: [usize; 2], precision: Precision) -> Result<Tables<'a>> {
        let [rows, columns] = shape;
        if rows.saturating_mul(columns) > 1 << 30 {
            let what = "a table (cells)".into();
            let needed = rows.saturating_mul(columns) as u64;
            return Err(Error::LimitExceeded { what, needed, available: 1 << 30 });
        }
        // Blocks of about the same length.
        let block = |length: usize, most: usize| length.div_ceil(length.div_ceil(most));
        let blocks = [block(columns, 4096), block(rows, 256)];
        Ok(Tables { gpu, rows, columns, double: precision == Precision::Double, blocks })
    }

    /// Blocks of a row, and of a column.
    fn counts(&self) -> [usize; 2] {
        [self.columns.div_ceil(self.blocks[0]), self.rows.div_ceil(self.blocks[1])]
    }

    /// As many tables as bindings hold, with cells of so many bytes.
    fn most(&self, bytes: usize) -> usize {
        let limits = &self.gpu.capabilities.limits;
        let limit = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let [row_blocks, column_blocks] = self.counts();
        let (rows, columns) = (self.rows * row_blocks, self.columns * column_blocks);
        let table = (32 * rows).max(16 * columns).max(48).max(bytes);
        (limit.min(1 << 31) / table as u64).max(1) as usize
    }

    /// The measures of tables in host memory.
    pub(super) async fn measure<T: Element>(&self, tables: &[T]) -> Result<Vec<[f64; 5]>> {
        let cells = self.rows * self.columns;
        // Not the whole batch at once where it is large.
        let most = self.most(8 * cells).min(((1 << 26) / (8 * cells)).max(1));
        let mut found = Vec::with_capacity(tables.len() / cells);
        let mut breather = Breather::new();
        for tables in tables.chunks(most * cells) {
            let words = words(tables, cells);
            let buffer = self.gpu.guarded(|| self.gpu.upload("joint tables", &words.cells)).await?;
            let count = tables.len() / cells;
            let buffer = Part::from(buffer);
            let chunk = Chunk { cells: &buffer, first: 0, count, low: words.low };
            let (measured, _) = self.measure_chunk(chunk).await?;
            let before = found.len();
            found.extend(measured.into_iter().map(|measured| measured.nats));
            let lost = &words.lost;
            let exact = |k: usize| {
                let table = &tables[lost[k] * cells..(lost[k] + 1) * cells];
                by_twin(table, self.columns)
            };
            let exact = map_rows_gently(&mut breather, lost.len(), exact).await;
            for (number, nats) in lost.iter().zip(exact) {
                found[before + number] = nats;
            }
        }
        Ok(found)
    }

    /// The measures of tables in a buffer of the host application's or ours; `None` where one of them is not of
    /// moderate size, or has a cell that is none or next to it, which the host finds out.
    pub(super) async fn measure_buffer(
        &self,
        cells: &Part,
        count: usize,
    ) -> Result<Option<Vec<[f64; 5]>>> {
        let limits = &self.gpu.capabilities.limits;
        let available = limits.max_storage_buffer_binding_size.min(4 << 30);
        if cells.bytes() > available {
            let what = "the buffer of the tables (bytes)".into();
            return Err(Error::LimitExceeded { what, needed: cells.bytes(), available });
        }
        let most = self.most(0);
        let mut found = Vec::with_capacity(count);
        for first in (0..count).step_by(most) {
            let chunk = Chunk { cells, first, count: most.min(count - first), low: 0 };
            let (measured, report) = self.measure_chunk(chunk).await?;
            let moderate = measured.iter().all(|table| MODERATE.contains(&table.sum));
            if report[0] != u32::MAX || report[1] != 0 || !moderate {
                return Ok(None);
            }
            found.extend(measured.into_iter().map(|measured| measured.nats));
        }
        Ok(Some(found))
    }

    /// A kernel whose items have lines of so many numbers.
    async fn kernel(
        &self,
        kernel: &'static Kernel,
        length: usize,
        own: &[(&'static str, bool)],
    ) -> Result<Kerneled> {
        let capabilities = &self.gpu.capabilities;
        let workgroup = capabilities.sweep_workgroup();
        let lanes = match length {
            0..16 => 1,
            16..64 => capabilities.lanes_per_row().min(8),
            _ => capabilities.lanes_per_row(),
        };
        let mut constants = vec![
            ("WORKGROUP", Constant::U32(workgroup)),
            ("LANES", Constant::U32(lanes)),
            ("DOUBLE", Constant::Bool(self.double)),
        ];
        constants.extend(own.iter().map(|(name, is)| (*name, Constant::Bool(*is))));
        let pipeline = self.gpu.pipeline(kernel, constants).await?;
        Ok(Kerneled { pipeline, items_per_group: (workgroup / lanes) as usize })
    }

    async fn measure_chunk(&self, chunk: Chunk<'_>) -> Result<(Vec<Measured>, [u32; 4])> {
        let gpu = self.gpu;
        let (rows, columns, count) = (self.rows, self.columns, chunk.count);
        let [row_blocks, _] = self.counts();
        let space = |what: &str, bytes: usize| gpu.allocate(what, bytes as u64, STORAGE);
        let (report, terms, row_totals, column_totals, measures) = gpu
            .guarded(|| {
                Ok((
                    gpu.upload("report", &NO_REPORT)?,
                    space("terms of rows", 32 * count * rows * row_blocks)?,
                    space("totals of tables", 16 * count)?,
                    space("totals of tables", 16 * count)?,
                    space("measures of tables", 48 * count)?,
                ))
            })
            .await?;
        let mut steps = Steps::new(gpu);
        let row_sums = self.lines(&mut steps, chunk, &report, false).await?;
        let column_sums = self.lines(&mut steps, chunk, &report, true).await?;
        self.merge(&mut steps, &row_sums, &row_totals, count, rows, true).await?;
        self.merge(&mut steps, &column_sums, &column_totals, count, columns, true).await?;

        let low = [("LOW", chunk.low > 0)];
        let kernel = self.kernel(&JOINT_TABLE, self.blocks[0], &low).await?;
        let work = if self.double { 120.0 } else { 20.0 };
        let step = Step {
            pipeline: &kernel.pipeline,
            resources: &[
                chunk.cells.whole(),
                row_sums.whole(),
                column_sums.whole(),
                row_totals.whole(),
                terms.whole(),
            ],
            items: count * rows * row_blocks,
            items_per_group: kernel.items_per_group,
            cost: work * self.blocks[0] as f64,
        };
        steps.run(step, |first, until| self.params(chunk, false, first, until)).await?;

        let kernel = self.kernel(&JOINT_TOTALS, rows.max(columns), &[]).await?;
        let step = Step {
            pipeline: &kernel.pipeline,
            resources: &[
                terms.whole(),
                row_sums.whole(),
                column_sums.whole(),
                row_totals.whole(),
                column_totals.whole(),
                measures.whole(),
            ],
            items: count,
            items_per_group: kernel.items_per_group,
            cost: work * (rows * row_blocks + columns) as f64,
        };
        steps.run(step, |first, until| self.params(chunk, false, first, until)).await?;
        let sources = [(&measures, 48 * count as u64), (&report, 16)];
        let read = steps.read("measures of tables", &sources).await?;

        let quads: Vec<[f32; 12]> = bytemuck::pod_collect_to_vec(&read[0]);
        let mut found_report = NO_REPORT;
        found_report.copy_from_slice(&bytemuck::pod_collect_to_vec::<_, u32>(&read[1])[..4]);
        let measured = quads.iter().take(count).map(|x| Measured {
            nats: [
                joined([x[0], x[4]]),
                joined([x[1], x[5]]),
                joined([x[2], x[6]]),
                joined([x[3], x[7]]),
                joined([x[8], x[9]]),
            ],
            sum: joined([x[10], x[11]]),
        });
        Ok((measured.collect(), found_report))
    }

    fn params(&self, chunk: Chunk<'_>, of_columns: bool, first: u32, until: u32) -> TableParams {
        let along = usize::from(of_columns);
        TableParams {
            rows: self.rows as u32,
            columns: self.columns as u32,
            table: chunk.first as u32,
            first,
            until,
            block: self.blocks[along] as u32,
            blocks: self.counts()[along] as u32,
            low: chunk.low as u32,
            ..TableParams::default()
        }
    }

    /// The sums of all rows, or of all columns.
    async fn lines(
        &self,
        steps: &mut Steps<'a>,
        chunk: Chunk<'_>,
        report: &Buffer,
        of_columns: bool,
    ) -> Result<Buffer> {
        let along = usize::from(of_columns);
        let lines = chunk.count * [self.rows, self.columns][along];
        let blocks = self.counts()[along];
        let parts = self.space(16 * lines * blocks).await?;
        let own = [("COLUMNS", of_columns), ("LOW", chunk.low > 0)];
        // A column has one thread: its neighbours read beside it.
        let length = if of_columns { 1 } else { self.blocks[0] };
        let kernel = self.kernel(&MARGINALS, length, &own).await?;
        let step = Step {
            pipeline: &kernel.pipeline,
            resources: &[chunk.cells.whole(), parts.whole(), report.whole()],
            items: lines * blocks,
            items_per_group: kernel.items_per_group,
            cost: 4.0 * self.blocks[along] as f64,
        };
        steps.run(step, |first, until| self.params(chunk, of_columns, first, until)).await?;
        if blocks == 1 {
            return Ok(parts);
        }
        let sums = self.space(16 * lines).await?;
        self.merge(steps, &parts, &sums, lines, blocks, false).await?;
        Ok(sums)
    }

    async fn space(&self, bytes: usize) -> Result<Buffer> {
        self.gpu.guarded(|| self.gpu.allocate("marginals", bytes as u64, STORAGE)).await
    }

    /// `parts` of each of `outputs` sums as one; or each a term of its own, of totals.
    async fn merge(
        &self,
        steps: &mut Steps<'a>,
        from: &Buffer,
        to: &Buffer,
        outputs: usize,
        parts: usize,
        totals: bool,
    ) -> Result<()> {
        let kernel = self.kernel(&MERGED_MARGINALS, parts, &[("TOTALS", totals)]).await?;
        let step = Step {
            pipeline: &kernel.pipeline,
            resources: &[from.whole(), to.whole()],
            items: outputs,
            items_per_group: kernel.items_per_group,
            cost: 8.0 * parts as f64,
        };
        let params = |first, until| TableParams {
            first,
            until,
            block: parts as u32,
            ..TableParams::default()
        };
        steps.run(step, params).await
    }
}
