//! The unweighted sum on CPU drivers: `resultant_units` twice, or once where rows have
//! length one already, as embeddings often do.

use super::kernels::{NO_REPORT, Params, RESULTANT_UNITS, UNIT_LENGTHS};
use super::on_device::Device;
use super::sums::joined;
use super::variant;
use crate::error::Result;
use crate::gpu::buffer::STORAGE;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::shader::Constant;
use std::ops::Range;
use std::sync::Arc;

/// What the square of a length of one may be off by, as in `unit_lengths`.
const UNIT: f64 = 1.0 / (1 << 20) as f64;

struct Pipelines {
    sums: Arc<Pipeline>,
    scaled_sums: Arc<Pipeline>,
    lengths: Arc<Pipeline>,
    total: Arc<Pipeline>,
    tiles: usize,
}

/// What came of the rows of a submission.
enum Outcome {
    Sum(Vec<f64>),
    /// The rows have other lengths than one.
    NotUnit,
    /// A square may have left the range of f32.
    OutOfRange,
}

impl Device<'_> {
    /// Σ x/‖x‖, where the variant is for this device and the rows are for the variant.
    pub(super) async fn without_barriers(&self) -> Result<Option<Vec<f64>>> {
        let capabilities = &self.gpu.capabilities;
        let Some((tiles, held)) = variant::unit_tiles(capabilities, self.quads) else {
            return Ok(None);
        };
        if self.double {
            return Ok(None);
        }
        let pipelines = self.unit_pipelines(tiles, held).await?;
        let mut unit = match self.first_is_unit.get() {
            Some(unit) => *unit,
            None => {
                let square: f64 = self.row(0).await?.iter().map(|x| x * x).sum();
                *self.first_is_unit.get_or_init(|| (square - 1.0).abs() <= UNIT)
            }
        };
        let mut sum = vec![0.0; self.dimension];
        for rows in self.sum_spans(1, 1) {
            let mut outcome = self.sum_once_or_twice(&pipelines, &rows, unit).await?;
            if matches!(outcome, Outcome::NotUnit) {
                unit = false;
                outcome = self.sum_once_or_twice(&pipelines, &rows, unit).await?;
            }
            let Outcome::Sum(part) = outcome else { return Ok(None) };
            sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        }
        Ok(Some(sum))
    }

    async fn unit_pipelines(&self, tiles: usize, held: u32) -> Result<Pipelines> {
        let constants = |factor| {
            [
                ("WORKGROUP", Constant::U32(variant::UNIT_WORKGROUP)),
                ("HELD", Constant::U32(held)),
                ("FACTOR", Constant::Bool(factor)),
            ]
        };
        let per_group = ("WORKGROUP", Constant::U32(self.gpu.capabilities.sweep_workgroup()));
        Ok(Pipelines {
            sums: self.over_rows(&RESULTANT_UNITS, &constants(false)).await?,
            scaled_sums: self.over_rows(&RESULTANT_UNITS, &constants(true)).await?,
            lengths: self.gpu.pipeline(&UNIT_LENGTHS, vec![per_group]).await?,
            total: self.total_pipeline(false).await?,
            tiles,
        })
    }

    /// One submission: sums and squares, lengths, and unless rows are `unit` the sums again.
    async fn sum_once_or_twice(
        &self,
        pipelines: &Pipelines,
        rows: &Range<usize>,
        unit: bool,
    ) -> Result<Outcome> {
        let (gpu, tiles) = (self.gpu, pipelines.tiles);
        let lanes = tiles * variant::UNIT_WORKGROUP as usize;
        let block = self.block();
        let blocks = rows.len().div_ceil(block);
        let mut recorder = gpu.recorder();
        gpu.guarded(|| {
            let report = gpu.upload("report", &NO_REPORT)?;
            let partials = self.partials(blocks * self.quads)?;
            // The kernel of lengths takes four rows at a time.
            let span = rows.len().next_multiple_of(4);
            let bytes = (4 * lanes * span) as u64;
            let squares = gpu.allocate("squares of rows", bytes, STORAGE)?;
            let factors = gpu.allocate("inverse lengths", 4 * span as u64, STORAGE)?;
            let params = Params {
                block: block as u32,
                blocks: blocks as u32,
                tiles: tiles as u32,
                sums: lanes as u32,
                span: span as u32,
                ..self.params(rows)
            };
            let sums = |pipeline| {
                let own = vec![partials.whole(), squares.whole(), factors.whole()];
                self.bind(pipeline, params, own)
            };
            recorder.dispatch(&sums(&pipelines.sums)?, (tiles * blocks) as u64)?;
            let own = vec![squares.whole(), report.whole(), factors.whole()];
            let ready = gpu.bind(&pipelines.lengths, gpu.uniform(&params)?, own);
            let groups = span.div_ceil(4 * gpu.capabilities.sweep_workgroup() as usize);
            recorder.dispatch(&ready, groups as u64)?;
            recorder.stage(&report, 0, 16);
            if !unit {
                let ready = sums(&pipelines.scaled_sums)?;
                recorder.dispatch(&ready, (tiles * blocks) as u64)?;
            }
            let ranges = [[0, blocks as u32, 1, 0]];
            let size = (self.quads, 0);
            self.record_total(&mut recorder, &pipelines.total, &partials, &ranges, size)
        })
        .await?;
        let read = recorder.read("sums of directions").await?;
        let report: Vec<u32> = bytemuck::pod_collect_to_vec(&read[0]);
        Ok(match (report[1] != 0, report[2] != 0) {
            (_, true) => Outcome::OutOfRange,
            (true, _) if unit => Outcome::NotUnit,
            _ => Outcome::Sum(joined(&read[1])),
        })
    }
}
