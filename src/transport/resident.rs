//! Sinkhorn for many small problems, one workgroup each.

use super::Sinkhorn;
use super::iterate::Reporter;
use super::measure::Measure;
use super::state::{Ground, Slot, State};
use crate::error::{Error, Result};
use crate::gpu::layout::params;
use crate::gpu::pace::Pace;
use crate::gpu::shader::Constant;
use crate::gpu::{Capabilities, Kernel};
use crate::number::Precision;
use crate::reference::Totals;

pub(crate) static RESIDENT: Kernel = Kernel::new("transport/resident.wgsl");

params! {
    struct Params = Resident in "transport/resident.wgsl" {
        zero: u32,
        rows: u32,
        columns: u32,
        row_stride: u32,
        problem_stride: u32,
        slots: u32,
        iterations: u32,
        row_base: u32,
        column_base: u32,
        row_bins: u32,
        column_bins: u32,
        schedule_length: u32,
        test_every: u32,
        tolerance: f32,
        padded_rows: u32,
        padded_columns: u32,
    }
}

/// What a workgroup has room for. In classes of powers of two where memory allows,
/// so that batches of similar sizes share a pipeline: compiling one takes longer
/// than solving thousands of small problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Capacity {
    rows: usize,
    quads: usize,
    cells: usize,
}

impl Capacity {
    fn exact(rows: usize, columns: usize) -> Capacity {
        let (rows, quads) = (rows.next_multiple_of(4), columns.div_ceil(4));
        Capacity { rows, quads, cells: rows * quads }
    }

    fn class(self, available: usize, workgroup: u32) -> Capacity {
        let round = |x: usize| x.next_power_of_two().max(8);
        let rounded =
            Capacity { rows: round(self.rows), quads: round(self.quads), cells: round(self.cells) };
        if rounded.bytes(workgroup) <= available { rounded } else { self }
    }

    /// Bytes of workgroup memory.
    fn bytes(self, workgroup: u32) -> usize {
        16 * (self.cells + 3 * self.quads) + 12 * self.rows + 4 * workgroup as usize + 64
    }
}

/// Whether problems of up to `rows` × `columns` entries fit a workgroup.
pub(crate) fn fits(capabilities: &Capabilities, rows: usize, columns: usize) -> bool {
    let workgroup = capabilities.resident_workgroup();
    rows.saturating_mul(columns) <= 1 << 16
        && Capacity::exact(rows, columns).bytes(workgroup)
            <= capabilities.workgroup_memory() as usize
}

/// Runs the loop on the problems of `running`, which holds their final states
/// afterwards. Where one submission does for all of them, it measures them too.
pub(crate) async fn run(
    state: &State,
    settings: &Sinkhorn,
    tolerance: f64,
    running: &mut Vec<Slot>,
    progress: &Reporter<'_>,
    measure: Option<&Measure<'_>>,
) -> Result<Option<Vec<Totals>>> {
    let Ground::Matrix(matrix) = &state.ground else {
        return Err(Error::invalid("variant", "the resident form needs a matrix"));
    };
    let gpu = &state.gpu;
    let capabilities = &gpu.capabilities;
    let (rows, columns) = (state.source.longest, state.target.longest);
    let workgroup = capabilities.resident_workgroup();
    let exact = Capacity::exact(rows, columns);
    if !fits(capabilities, rows, columns) {
        return Err(Error::LimitExceeded {
            what: "a resident problem (bytes of workgroup memory)".into(),
            needed: exact.bytes(workgroup) as u64,
            available: capabilities.workgroup_memory().into(),
        });
    }
    let capacity = exact.class(capabilities.workgroup_memory() as usize, workgroup);
    let pipeline = gpu
        .pipeline(
            &RESIDENT,
            vec![
                ("WORKGROUP", Constant::U32(workgroup)),
                ("ROWS", Constant::U32(capacity.rows as u32)),
                ("QUADS", Constant::U32(capacity.quads as u32)),
                ("CELLS", Constant::U32(capacity.cells as u32)),
                ("GATHER", Constant::Bool(state.supports())),
                ("NATIVE_EXP2", Constant::Bool(capabilities.native_exp2())),
            ],
        )
        .await?;
    let schedule: Vec<f32> =
        state.schedule.iter().map(|epsilon| (epsilon * state.scale) as f32).collect();
    let schedule_buffer = gpu.guarded(|| gpu.upload("schedule", &schedule)).await?;

    let offsets = state.len() + 1;
    let pairs = state.pairs() / state.len() as f64;
    // A product costs less than an exponential; a third is near on CPU drivers.
    let unit = 0.6 * pairs / capabilities.elements_per_second() + 1e-7;
    let mut pace = Pace::new(capabilities, 1.0 / unit);
    let mut finished = Vec::with_capacity(running.len());
    let mut measured = None;
    let in_order = |slots: &[Slot]| {
        slots.len() == state.len() && (0u32..).zip(slots).all(|(k, slot)| slot.problem == k)
    };
    while !running.is_empty() {
        // First as many problems as fit the time, then, if even one does not,
        // as many iterations.
        let budget = pace.units();
        let most = |slots: &[Slot]| slots.iter().map(|slot| slot.iterations).max().unwrap_or(0);
        let fewest = running.iter().map(|slot| slot.iterations).min().unwrap_or(0);
        let left = settings.max_iterations - fewest;
        let count = ((budget / f64::from(left)) as usize)
            .max(capabilities.parallel_problems())
            .min(running.len());
        let done: f64 = running[..count].iter().map(|slot| f64::from(slot.iterations)).sum();
        // Problems that have come different ways share a dispatch: none goes too far.
        let left = settings.max_iterations - most(&running[..count]);
        let iterations = ((budget / count as f64) as u32).clamp(1, left);
        let measure =
            measure.filter(|_| count == running.len() && iterations == left && in_order(running));
        state.write_slots(running).await?;
        pace.begin();
        let mut recorder = gpu.recorder();
        gpu.guarded(|| {
            let params = gpu.uniform(&Params {
                zero: 0,
                rows: state.source.bins as u32,
                columns: state.target.bins as u32,
                row_stride: matrix.row_stride as u32,
                problem_stride: matrix.problem_stride as u32,
                slots: count as u32,
                iterations,
                row_base: 0,
                column_base: offsets as u32,
                row_bins: 2 * offsets as u32,
                column_bins: (2 * offsets + state.source.entries()) as u32,
                schedule_length: schedule.len() as u32,
                // Where scalings can leave 2^±40 within an iteration, look every time.
                test_every: if state.contrast > 27.0 { 1 } else { 4 },
                tolerance: state.leave_at(tolerance, Precision::Single),
                padded_rows: state.source.padded as u32,
                padded_columns: state.target.padded as u32,
            })?;
            let ready = gpu.bind(
                &pipeline,
                params,
                vec![
                    state.slots.whole(),
                    matrix.cost.clone(),
                    state.source.weights.whole(),
                    state.target.weights.whole(),
                    state.source.potentials.whole(),
                    state.target.potentials.whole(),
                    state.support.whole(),
                    schedule_buffer.whole(),
                ],
            );
            recorder.dispatch(&ready, count as u64)?;
            recorder.stage(&state.slots, 0, (count * size_of::<Slot>()) as u64);
            measure.map_or(Ok(()), |measure| measure.record(&mut recorder))
        })
        .await?;
        let read = recorder.read("the state of a solve").await?;
        let states: Vec<Slot> = bytemuck::pod_collect_to_vec(&read[0]);
        measured = measure.map(|measure| measure.answers(&read[1..], &states));
        let spent = states.iter().map(|slot| f64::from(slot.iterations)).sum::<f64>() - done;
        pace.end(spent);
        let most = most(&states);
        let mut rest: Vec<Slot> = running.split_off(count);
        for slot in states {
            if slot.status == Slot::RUNNING && slot.iterations < settings.max_iterations {
                rest.push(slot);
            } else {
                finished.push(slot);
            }
        }
        *running = rest;
        let reported = settings.report(progress(running, most));
        if reported.is_err() {
            running.append(&mut finished);
        }
        reported?;
    }
    *running = finished;
    Ok(measured)
}
