//! Sinkhorn in scaling form for a batch that shares one cost: a matrix product a
//! half iteration.

use super::batch::{Batch, Side, Slot};
use super::streaming::CONVERGENCE;
use crate::error::{Error, Result};
use crate::gpu::Kernel;
use crate::gpu::layout::params;
use crate::gpu::pace::Pace;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::{Ready, Recorder};
use crate::gpu::shader::Constant;
use crate::number::Precision;
use crate::transport::Sinkhorn;
use crate::transport::variant::Reporter;
use crate::transport::variant::streaming::{TEST_WORKGROUP, Test};
use std::sync::Arc;

pub(crate) static SCALING_PRODUCT: Kernel = Kernel::new("transport/scaling_product.wgsl");

pub(crate) static RESCALE: Kernel = Kernel::new("transport/rescale.wgsl");

/// A change of units, as in `transport/rescale.wgsl`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    #[allow(dead_code, reason = "the host applies it at upload; the kernel has it for parity")]
    Weight(f64),
    Exponential(f64),
    Logarithm(f64),
    Zero,
}

params! {
    pub(crate) struct RescaleParams = Rescale in "transport/rescale.wgsl" {
        zero: u32,
        count: u32,
        at: u32,
        mode: u32,
        factor: f32,
        unused: [u32; 3],
    }
}

pub(crate) const RESCALE_WORKGROUP: u32 = 64;

pub(crate) async fn rescale_pipeline(gpu: &crate::gpu::Gpu) -> Result<Arc<Pipeline>> {
    gpu.pipeline(&RESCALE, vec![("WORKGROUP", Constant::U32(RESCALE_WORKGROUP))]).await
}

/// Records a change of all potentials of one side (of their low words for `Zero`).
pub(crate) fn rescale(
    batch: &Batch,
    pipeline: &Arc<Pipeline>,
    side: Side,
    change: Change,
    recorder: &mut Recorder<'_>,
) -> Result<()> {
    let data = batch.side(side);
    let count = data.entries() as u32;
    let (mode, factor, at) = match change {
        Change::Weight(factor) => (0, factor, 0),
        Change::Exponential(factor) => (1, factor, 0),
        Change::Logarithm(factor) => (2, factor, 0),
        Change::Zero => (3, 0.0, count),
    };
    let params = batch.gpu.uniform(&RescaleParams {
        zero: 0,
        count,
        at,
        mode,
        factor: factor as f32,
        unused: [0; 3],
    })?;
    let ready =
        batch.gpu.bind(pipeline, params, vec![data.weights.whole(), data.potentials.whole()]);
    recorder.dispatch(&ready, u64::from(count).div_ceil(RESCALE_WORKGROUP.into()))
}

/// Problems and own entries of one tile of the kernel.
const TILE: usize = 64;

/// Largest max|C|/ε that f32 scalings hold.
pub(crate) const LARGEST_CONTRAST: f64 = 80.0;

/// Largest −C/ε of which the kernel takes the exponential.
pub(crate) const LARGEST_EXPONENT: f64 = 69.0;

/// Runs the loop on the problems of `running`. Those whose scalings left the range
/// of f32 end with [`Slot::OUT_OF_RANGE`] and must be done in the log domain.
pub(crate) async fn run(
    batch: &Batch,
    settings: &Sinkhorn,
    running: &mut Vec<Slot>,
    progress: &Reporter<'_>,
) -> Result<()> {
    let gpu = &batch.gpu;
    let product = gpu
        .pipeline(
            &SCALING_PRODUCT,
            vec![("NATIVE_EXP2", Constant::Bool(gpu.capabilities.native_exp2()))],
        )
        .await?;
    let test =
        gpu.pipeline(&CONVERGENCE, vec![("WORKGROUP", Constant::U32(TEST_WORKGROUP))]).await?;
    let units = rescale_pipeline(gpu).await?;
    let blocks = [Side::Source, Side::Target].map(|side| batch.side(side).padded.div_ceil(TILE));
    let partials = gpu
        .guarded(|| {
            // One region a side, without marks.
            let zeros = vec![[0.0f32; 4]; (blocks[0] + blocks[1]) * batch.len()];
            gpu.upload("partial sums", &zeros)
        })
        .await?;
    let partials_at = [0, (blocks[0] * batch.len()) as u32];
    let scaled = settings.epsilon * batch.scale;
    let iteration = batch.pairs() / gpu.capabilities.elements_per_second() / 8.0 + 1e-4;
    let mut pace = Pace::new(&gpu.capabilities, 1.0 / iteration);
    let mut finished: Vec<Slot> = Vec::new();
    let mut done = 0;
    while done < settings.max_iterations && !running.is_empty() {
        let count = (pace.units() as u32).clamp(1, settings.max_iterations - done);
        let every = ((1e-3 * pace.rate()) as u32).clamp(1, 10);
        batch.write_slots(running).await?;
        let slots = running.len();
        pace.begin();
        let mut recorder = gpu.recorder();
        gpu.guarded(|| {
            if done == 0 {
                for side in [Side::Source, Side::Target] {
                    rescale(batch, &units, side, Change::Exponential(1.0 / scaled), &mut recorder)?;
                }
            }
            let bind = |side: Side, own_blocks: usize| {
                let mut sweep =
                    batch.sweep(side, Precision::Single, settings.epsilon, settings.epsilon, slots);
                sweep.blocks = own_blocks as u32;
                sweep.partials_at = partials_at[usize::from(side == Side::Target)];
                Ok(gpu.bind(&product, gpu.uniform(&sweep)?, batch.swept(side, &partials)))
            };
            let rows = bind(Side::Source, blocks[0])?;
            let columns = bind(Side::Target, blocks[1])?;
            let tiles = slots.div_ceil(TILE);
            let tested = |side: usize, completed: u32, tolerance: f32| {
                let params = gpu.uniform(&Test {
                    slots: slots as u32,
                    blocks: blocks[side] as u32,
                    stride: 1,
                    completed,
                    tolerance,
                    first: partials_at[side],
                    marked: 1,
                    unused: 0,
                })?;
                let buffers = vec![partials.whole(), batch.slots.whole()];
                Ok::<Ready, Error>(gpu.bind(&test, params, buffers))
            };
            let groups = (slots as u64).div_ceil(TEST_WORKGROUP.into());
            for k in done..done + count {
                let last = k + 1 == settings.max_iterations;
                recorder.dispatch(&rows, (tiles * blocks[0]) as u64)?;
                // Also without a tolerance: it finds problems out of range.
                if k % every == 0 || last {
                    let leaves = settings.leaves_at() > 0.0 && k > 0;
                    let tolerance = if leaves {
                        batch.leave_at(settings.leaves_at(), Precision::Single)
                    } else {
                        -1.0
                    };
                    recorder.dispatch(&tested(0, k, tolerance)?, groups)?;
                }
                recorder.dispatch(&columns, (tiles * blocks[1]) as u64)?;
                // The target's scalings that the next test of the source stands on.
                if (k + 1) % every == 0 || last {
                    recorder.dispatch(&tested(1, k, -1.0)?, groups)?;
                }
            }
            recorder.stage(&batch.slots, 0, (slots * size_of::<Slot>()) as u64);
            Ok(())
        })
        .await?;
        let read = recorder.read("the state of a solve").await?;
        done += count;
        running.clear();
        for mut slot in bytemuck::pod_collect_to_vec::<_, Slot>(&read[0]) {
            if slot.status == Slot::RUNNING {
                slot.iterations = done;
                running.push(slot);
            } else {
                finished.push(slot);
            }
        }
        pace.end(f64::from(count));
        settings.report(progress(running, done))?;
    }
    running.append(&mut finished);
    // Back to potentials.
    let mut recorder = gpu.recorder();
    gpu.guarded(|| {
        for side in [Side::Source, Side::Target] {
            rescale(batch, &units, side, Change::Logarithm(scaled), &mut recorder)?;
        }
        Ok(())
    })
    .await?;
    recorder.read("the potentials of a solve").await?;
    Ok(())
}
