//! Sinkhorn by sweeps over the cost in device memory, in either precision.

use super::batch::{Batch, Side, Slot};
use super::scaling::{self, Change};
use crate::error::Result;
use crate::gpu::Kernel;
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::layout::params;
use crate::gpu::pace::Pace;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::{Ready, Recorder};
use crate::gpu::shader::Constant;
use crate::number::Precision;
use crate::transport::Sinkhorn;
use crate::transport::variant::Reporter;
use std::sync::Arc;

pub(crate) static SOFTMIN_ROWS: Kernel = Kernel::new("transport/softmin_rows.wgsl");

pub(crate) static SOFTMIN_COLUMNS: Kernel = Kernel::new("transport/softmin_columns.wgsl");

pub(crate) static SOFTMIN_SUPPORT: Kernel = Kernel::new("transport/softmin_support.wgsl");

pub(crate) static SOFTMIN_DOUBLE: Kernel = Kernel::new("transport/softmin_double.wgsl");

pub(crate) static CONVERGENCE: Kernel = Kernel::new("transport/convergence.wgsl");

params! {
    /// Parameters of `convergence`.
    pub(crate) struct Test = Test in "transport/convergence.wgsl" {
        slots: u32,
        blocks: u32,
        stride: u32,
        completed: u32,
        tolerance: f32,
        first: u32,
        marked: u32,
        unused: u32,
    }
}

pub(crate) const TEST_WORKGROUP: u32 = 64;

/// The sweep of one side of a batch: its pipeline, and workgroups per problem.
#[derive(Debug)]
pub(crate) struct SweepKernel {
    pipeline: Arc<Pipeline>,
    pub(crate) blocks: u32,
}

impl SweepKernel {
    /// The kernel that suits the batch's layout and precision, for one side.
    pub(crate) async fn new(
        batch: &Batch,
        side: Side,
        precision: Precision,
        measure: bool,
    ) -> Result<SweepKernel> {
        let gpu = &batch.gpu;
        let capabilities = &gpu.capabilities;
        let workgroup = capabilities.sweep_workgroup();
        let data = batch.side(side);
        let mut constants =
            vec![("WORKGROUP", Constant::U32(workgroup)), ("MEASURE", Constant::Bool(measure))];
        let native = ("NATIVE_EXP2", Constant::Bool(capabilities.native_exp2()));
        let source = ("SOURCE", Constant::Bool(side == Side::Source));
        // Entries of the own side that one workgroup updates.
        let (kernel, per_group) = if precision == Precision::Double {
            let lanes = capabilities.lanes_per_row();
            constants.extend([
                source,
                ("GATHER", Constant::Bool(batch.supports())),
                ("LANES", Constant::U32(lanes)),
            ]);
            (&SOFTMIN_DOUBLE, workgroup / lanes)
        } else if batch.supports() {
            constants.extend([source, native]);
            (&SOFTMIN_SUPPORT, 4 * workgroup)
        } else {
            let lanes = capabilities.lanes_per_row();
            constants.extend([native, ("LANES", Constant::U32(lanes))]);
            let kernel = match side {
                Side::Source => &SOFTMIN_ROWS,
                Side::Target => &SOFTMIN_COLUMNS,
            };
            (kernel, 4 * workgroup / lanes)
        };
        let blocks = (data.longest as u32).div_ceil(per_group).max(1);
        Ok(SweepKernel { pipeline: gpu.pipeline(kernel, constants).await?, blocks })
    }

    /// Binds the kernel to a batch. `sweep` gets its number of blocks here.
    pub(crate) fn bind(
        &self,
        batch: &Batch,
        side: Side,
        mut sweep: super::batch::Sweep,
        partials: &Buffer,
    ) -> Result<Ready> {
        sweep.blocks = self.blocks;
        let params = batch.gpu.uniform(&sweep)?;
        let mut resources = batch.swept(side, partials);
        if self.pipeline.bindings.len() == 8 {
            resources.push(batch.support.whole());
        }
        Ok(batch.gpu.bind(&self.pipeline, params, resources))
    }
}

/// Bytes of the partial sums of a sweep with `blocks` workgroups per problem.
pub(crate) fn partials_bytes(batch: &Batch, precision: Precision, blocks: u32) -> u64 {
    let planes = if precision == Precision::Double { 2 } else { 1 };
    16 * planes * u64::from(blocks) * batch.len() as u64
}

/// Both sweeps bound for one iteration's ε and the next one's.
struct Iteration {
    epsilons: (f64, f64),
    rows: Ready,
    columns: Ready,
}

/// What the potentials on the device hold when a loop starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Both words, as uploaded.
    Uploaded,
    /// The result of a loop in single precision; the low words are stale.
    Single,
    /// The result of a loop in the same precision.
    Same,
}

/// When a loop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// At the tolerance or after the last iteration.
    Tolerance,
    /// Also where the error falls no further: double precision goes on from there.
    Floor,
}

/// One loop of a solve.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loop {
    pub(crate) precision: Precision,
    pub(crate) tolerance: f64,
    pub(crate) start: Start,
    pub(crate) until: Until,
}

impl Loop {
    /// In single precision from the uploaded potentials to the tolerance.
    pub(crate) fn single(tolerance: f64) -> Loop {
        Loop {
            precision: Precision::Single,
            tolerance,
            start: Start::Uploaded,
            until: Until::Tolerance,
        }
    }
}

/// Runs `this` loop on the problems of `running` until all have left
/// it at its tolerance or the iterations are used up. Afterwards `running` holds the
/// final states of all of them.
pub(crate) async fn run(
    batch: &Batch,
    settings: &Sinkhorn,
    this: Loop,
    running: &mut Vec<Slot>,
    progress: &Reporter<'_>,
) -> Result<()> {
    let Loop { precision, tolerance, start, until } = this;
    let gpu = &batch.gpu;
    let rows = SweepKernel::new(batch, Side::Source, precision, false).await?;
    let columns = SweepKernel::new(batch, Side::Target, precision, false).await?;
    let test =
        gpu.pipeline(&CONVERGENCE, vec![("WORKGROUP", Constant::U32(TEST_WORKGROUP))]).await?;
    // What clears the low words that a loop in single precision left behind.
    let mut clear = match (precision, start) {
        (Precision::Double, Start::Single) => Some(scaling::rescale_pipeline(gpu).await?),
        _ => None,
    };
    let partials = gpu
        .guarded(|| {
            let blocks = rows.blocks.max(columns.blocks);
            gpu.allocate("partial sums", partials_bytes(batch, precision, blocks), STORAGE)
        })
        .await?;

    let schedule = &batch.schedule;
    // After another loop the annealing is over.
    let skip = if start == Start::Uploaded { 0 } else { schedule.len() };
    let epsilon_at = |k: u32| schedule[(k as usize + skip).min(schedule.len() - 1)];
    // A double-float exponential costs some thirty single ones.
    let weight = if precision == Precision::Double { 30.0 } else { 1.0 };
    let capabilities = &gpu.capabilities;
    let iteration = 2.0 * weight * batch.pairs() / capabilities.elements_per_second() + 1e-4;
    let mut pace = Pace::new(capabilities, 1.0 / iteration);
    // Iterations of this loop; those of an earlier one are kept per problem.
    let mut done = 0;
    let mut before = vec![0; batch.len()];
    for slot in running.iter_mut() {
        before[slot.problem as usize] = std::mem::take(&mut slot.iterations);
    }
    let most_before = before.iter().copied().max().unwrap_or(0);
    let left = |slot: &Slot, done: u32| {
        settings.max_iterations.saturating_sub(before[slot.problem as usize]).saturating_sub(done)
    };
    let mut finished: Vec<Slot> = running.extract_if(.., |slot| left(slot, 0) == 0).collect();
    if let Some(clear) = clear.take_if(|_| running.is_empty()) {
        let mut recorder = gpu.recorder();
        gpu.guarded(|| clear_low_words(batch, &clear, &mut recorder)).await?;
        recorder.read("the low words of potentials").await?;
    }
    let mut stalled = Stall::default();

    while !running.is_empty() {
        let most = running.iter().map(|slot| left(slot, done)).min().unwrap_or(1);
        let count = (pace.units() as u32).clamp(1, most);
        // A test is a dispatch of some 1e-4 s on CPU drivers: not at every short iteration.
        let every = ((1e-3 * pace.rate()) as u32).clamp(1, 10);
        batch.write_slots(running).await?;
        let slots = running.len();
        pace.begin();
        let mut recorder = gpu.recorder();
        let record = || -> Result<()> {
            let mut bound: Option<Iteration> = None;
            if let Some(clear) = clear.take() {
                clear_low_words(batch, &clear, &mut recorder)?;
            }
            for k in done..done + count {
                let epsilons = (epsilon_at(k), epsilon_at(k + 1));
                let iteration = match bound.take().filter(|b| b.epsilons == epsilons) {
                    Some(iteration) => iteration,
                    None => {
                        // The target's potentials are written for the next iteration's ε.
                        let (now, next) = epsilons;
                        let source = batch.sweep(Side::Source, precision, now, now, slots);
                        let target = batch.sweep(Side::Target, precision, now, next, slots);
                        Iteration {
                            epsilons,
                            rows: rows.bind(batch, Side::Source, source, &partials)?,
                            columns: columns.bind(batch, Side::Target, target, &partials)?,
                        }
                    }
                };
                recorder.dispatch(&iteration.rows, slots as u64 * u64::from(rows.blocks))?;
                // The error is that of the source potentials before this sweep, which
                // must be of the same ε.
                let testable = k > 0 && epsilon_at(k - 1) == epsilons.0;
                if tolerance > 0.0 && testable && k % every == 0 {
                    let params = gpu.uniform(&Test {
                        slots: slots as u32,
                        blocks: rows.blocks,
                        stride: if precision == Precision::Double { 2 } else { 1 },
                        completed: k,
                        tolerance: batch.leave_at(tolerance, precision),
                        first: 0,
                        marked: 0,
                        unused: 0,
                    })?;
                    let ready =
                        gpu.bind(&test, params, vec![partials.whole(), batch.slots.whole()]);
                    recorder.dispatch(&ready, (slots as u64).div_ceil(TEST_WORKGROUP.into()))?;
                }
                recorder.dispatch(&iteration.columns, slots as u64 * u64::from(columns.blocks))?;
                bound = Some(iteration);
            }
            recorder.stage(&batch.slots, 0, (slots * size_of::<Slot>()) as u64);
            Ok(())
        };
        gpu.guarded(record).await?;
        let read = recorder.read("the state of a solve").await?;
        done += count;
        running.clear();
        for mut slot in bytemuck::pod_collect_to_vec::<_, Slot>(&read[0]) {
            if slot.status == Slot::RUNNING {
                slot.iterations = done;
            }
            let running_on = slot.status == Slot::RUNNING && left(&slot, done) > 0;
            if running_on { running.push(slot) } else { finished.push(slot) }
        }
        pace.end(f64::from(count));
        settings.report(progress(running, done + most_before))?;
        if until == Until::Floor && stalled.see(running) {
            break;
        }
    }
    running.append(&mut finished);
    for slot in running.iter_mut() {
        slot.iterations += before[slot.problem as usize];
    }
    Ok(())
}

fn clear_low_words(
    batch: &Batch,
    rescale: &Arc<Pipeline>,
    recorder: &mut Recorder<'_>,
) -> Result<()> {
    for side in [Side::Source, Side::Target] {
        scaling::rescale(batch, rescale, side, Change::Zero, recorder)?;
    }
    Ok(())
}

/// Notices when a loop has reached the floor of its precision.
#[derive(Debug, Default)]
struct Stall {
    best: f64,
    since: u32,
}

impl Stall {
    /// Whether the worst error has not fallen by a tenth for eight submissions.
    fn see(&mut self, running: &[Slot]) -> bool {
        let worst = running.iter().map(Slot::marginal_error).fold(0.0, f64::max);
        // Nothing was tested while ε falls.
        if !worst.is_finite() {
            return false;
        }
        if self.best == 0.0 || worst < 0.9 * self.best {
            *self = Stall { best: worst, since: 0 };
        } else {
            self.since += 1;
        }
        self.since >= 8
    }
}
