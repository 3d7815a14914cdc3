//! What the potentials on the device are worth: measured on the plan itself, after
//! the loop, by sweeps of their own.

use super::batch::{Batch, Side, Slot};
use super::streaming::{SweepKernel, partials_bytes};
use crate::error::Result;
use crate::gpu::Kernel;
use crate::gpu::buffer::STORAGE;
use crate::gpu::layout::params;
use crate::gpu::shader::Constant;
use crate::number::Precision;
use crate::reference::Totals;

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

/// Marginal error and costs of every problem, in the caller's units.
pub(crate) async fn run(batch: &Batch, epsilon: f64) -> Result<Vec<Totals>> {
    let gpu = &batch.gpu;
    let double = batch.precision == Precision::Double;
    let totals = gpu
        .pipeline(
            &TOTALS,
            vec![("WORKGROUP", Constant::U32(WORKGROUP)), ("DOUBLE", Constant::Bool(double))],
        )
        .await?;
    let slots: Vec<Slot> = (0..batch.len()).map(Slot::new).collect();
    batch.write_slots(&slots).await?;
    let bytes = 32 * batch.len() as u64;
    let kernels = [
        SweepKernel::new(batch, Side::Source, batch.precision, true).await?,
        SweepKernel::new(batch, Side::Target, batch.precision, true).await?,
    ];
    let mut recorder = gpu.recorder();
    gpu.guarded(|| {
        // Both sides use one buffer of partial sums, one after the other.
        let blocks = kernels[0].blocks.max(kernels[1].blocks);
        let partials =
            gpu.allocate("partial sums", partials_bytes(batch, batch.precision, blocks), STORAGE)?;
        for (side, kernel) in [Side::Source, Side::Target].into_iter().zip(&kernels) {
            let output = gpu.allocate("totals", bytes, STORAGE)?;
            let sweep = batch.sweep(side, batch.precision, epsilon, epsilon, slots.len());
            let measure = kernel.bind(batch, side, sweep, &partials)?;
            let params = gpu.uniform(&Total {
                problems: slots.len() as u32,
                blocks: kernel.blocks,
                ..Total::default()
            })?;
            let total = gpu.bind(&totals, params, vec![partials.whole(), output.whole()]);
            recorder.dispatch(&measure, slots.len() as u64 * u64::from(kernel.blocks))?;
            recorder.dispatch(&total, (slots.len() as u64).div_ceil(WORKGROUP.into()))?;
            recorder.stage(&output, 0, bytes);
        }
        Ok(())
    })
    .await?;
    let read = recorder.read("the totals of a solve").await?;
    let sums: Vec<Vec<[[f32; 4]; 2]>> =
        read.iter().map(|bytes| bytemuck::pod_collect_to_vec(bytes)).collect();
    let value = |row: &[[f32; 4]; 2], k: usize| f64::from(row[0][k]) + f64::from(row[1][k]);
    Ok(sums[0]
        .iter()
        .zip(&sums[1])
        .map(|(rows, columns)| {
            // The columns' second sum is the mass of the plan above one.
            let excess = value(columns, 1);
            let totals = Totals {
                marginal_error: value(rows, 0) + value(columns, 0),
                transport_cost: value(rows, 1) / batch.scale,
                entropy_cost: (value(rows, 2) + value(columns, 2)) / batch.scale,
                regularized_cost: (value(rows, 3) + value(columns, 3)) / batch.scale
                    - epsilon * excess,
                excess,
            };
            totals.with_offset(batch.offset)
        })
        .collect())
}
