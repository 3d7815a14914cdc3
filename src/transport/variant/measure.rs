//! What the potentials on the device are worth: measured on the plan itself, after
//! the loop, by sweeps of their own; in the submission that ends it where that is known before.

use super::batch::{Batch, Side, Slot};
use super::streaming::{SweepKernel, partials_bytes};
use crate::error::Result;
use crate::gpu::Kernel;
use crate::gpu::buffer::STORAGE;
use crate::gpu::layout::params;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::Recorder;
use crate::gpu::shader::Constant;
use crate::number::{Precision, joined};
use crate::reference::Totals;
use std::sync::Arc;

pub(crate) static TOTALS: Kernel = Kernel::new("transport/totals.wgsl");

params! {
    struct Total = Total in "transport/totals.wgsl" {
        zero: u32,
        problems: u32,
        blocks: u32,
        unused: u32,
    }
}

const WORKGROUP: u32 = 64;

/// The kernels that measure a batch.
pub(crate) struct Measure<'a> {
    batch: &'a Batch,
    epsilon: f64,
    totals: Arc<Pipeline>,
    sweeps: [SweepKernel; 2],
}

impl<'a> Measure<'a> {
    pub(crate) async fn new(batch: &'a Batch, epsilon: f64) -> Result<Measure<'a>> {
        let double = batch.precision == Precision::Double;
        let constants =
            vec![("WORKGROUP", Constant::U32(WORKGROUP)), ("DOUBLE", Constant::Bool(double))];
        let totals = batch.gpu.pipeline(&TOTALS, constants).await?;
        let sweeps = [
            SweepKernel::new(batch, Side::Source, batch.precision, true).await?,
            SweepKernel::new(batch, Side::Target, batch.precision, true).await?,
        ];
        Ok(Measure { batch, epsilon, totals, sweeps })
    }

    /// Marginal error and costs of every problem, in the caller's units.
    pub(crate) async fn run(&self) -> Result<Vec<Totals>> {
        let slots: Vec<Slot> = (0..self.batch.len()).map(Slot::new).collect();
        self.batch.write_slots(&slots).await?;
        let gpu = &self.batch.gpu;
        let mut recorder = gpu.recorder();
        gpu.guarded(|| self.record(&mut recorder)).await?;
        Ok(self.answers(&recorder.read("the totals of a solve").await?))
    }

    /// Records the measuring of all problems, which the list of running ones must have in their order, whatever it says of
    /// them. Run inside `guarded`.
    pub(crate) fn record(&self, recorder: &mut Recorder<'_>) -> Result<()> {
        let (gpu, batch, problems) = (&self.batch.gpu, self.batch, self.batch.len());
        let bytes = 32 * problems as u64;
        // Both sides use one buffer of partial sums, one after the other.
        let blocks = self.sweeps[0].blocks.max(self.sweeps[1].blocks);
        let partials =
            gpu.allocate("partial sums", partials_bytes(batch, batch.precision, blocks), STORAGE)?;
        for (side, kernel) in [Side::Source, Side::Target].into_iter().zip(&self.sweeps) {
            let output = gpu.allocate("totals", bytes, STORAGE)?;
            let sweep = batch.sweep(side, batch.precision, self.epsilon, self.epsilon, problems);
            let measure = kernel.bind(batch, side, sweep, &partials)?;
            let params = gpu.uniform(&Total {
                problems: problems as u32,
                blocks: kernel.blocks,
                ..Total::default()
            })?;
            let total = gpu.bind(&self.totals, params, vec![partials.whole(), output.whole()]);
            recorder.dispatch(&measure, problems as u64 * u64::from(kernel.blocks))?;
            recorder.dispatch(&total, (problems as u64).div_ceil(WORKGROUP.into()))?;
            recorder.stage(&output, 0, bytes);
        }
        Ok(())
    }

    /// From what was read back.
    pub(crate) fn answers(&self, read: &[Vec<u8>]) -> Vec<Totals> {
        let (batch, epsilon) = (self.batch, self.epsilon);
        let sums: Vec<Vec<[[f32; 4]; 2]>> =
            read.iter().map(|bytes| bytemuck::pod_collect_to_vec(bytes)).collect();
        let value = |row: &[[f32; 4]; 2], k: usize| joined([row[0][k], row[1][k]]);
        let of_problem = |(rows, columns): (&[[f32; 4]; 2], &[[f32; 4]; 2])| {
            // The columns' second sum is the mass of the plan above one.
            let excess = value(columns, 1);
            let totals = Totals {
                marginal_error: value(rows, 0) + value(columns, 0),
                transport_cost: value(rows, 1) / batch.scale,
                entropy_cost: (value(rows, 2) + value(columns, 2)) / batch.scale,
                regularized_cost: (value(rows, 3) + value(columns, 3)) / batch.scale
                    - epsilon * excess,
                mass: 1.0 + excess,
            };
            totals.with_offset(batch.offset, 1.0)
        };
        sums[0].iter().zip(&sums[1]).map(of_problem).collect()
    }
}
