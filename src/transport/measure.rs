//! What the potentials on the device are worth: measured on the plan itself, after
//! the loop, by sweeps of their own; in the submission that ends it where that is known before.

use super::epsilon::Epsilons;
use super::softmin::{Out, Softmin};
use super::state::{Masses, Side, Slot, State, Step};
use crate::error::Result;
use crate::gpu::Kernel;
use crate::gpu::buffer::STORAGE;
use crate::gpu::layout::params;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::Recorder;
use crate::gpu::shader::Constant;
use crate::number::{Precision, joined};
use crate::reference::Totals;
use std::ops::Range;
use std::sync::Arc;

pub(crate) static TOTALS: Kernel = Kernel::new("transport/totals.wgsl");

params! {
    struct Total = Total in "transport/totals.wgsl" {
        zero: u32,
        problems: u32,
        blocks: u32,
        first: u32,
    }
}

const WORKGROUP: u32 = 64;

/// Four sums of a problem, high words and low words.
type Sums = [[f32; 4]; 2];

/// The kernels that measure a batch.
pub(crate) struct Measure<'a> {
    state: &'a State,
    epsilons: &'a Epsilons,
    totals: Arc<Pipeline>,
    softmin: Softmin<'a>,
}

impl<'a> Measure<'a> {
    pub(crate) async fn new(state: &'a State, epsilons: &'a Epsilons) -> Result<Measure<'a>> {
        let double = state.precision == Precision::Double;
        let constants =
            vec![("WORKGROUP", Constant::U32(WORKGROUP)), ("DOUBLE", Constant::Bool(double))];
        let totals = state.gpu.pipeline(&TOTALS, constants).await?;
        let softmin = Softmin::sweeps(state, state.precision, Out::Measure).await?;
        Ok(Measure { state, epsilons, totals, softmin })
    }

    pub(crate) fn epsilons(&self) -> &Epsilons {
        self.epsilons
    }

    /// ε of a problem of the state.
    pub(crate) fn epsilon(&self, problem: usize) -> f64 {
        self.epsilons.of(self.state.range.start + problem)
    }

    /// Marginal error and costs of every problem, in the caller's units. `slots` are the final states, in any order.
    pub(crate) async fn run(&self, slots: &[Slot]) -> Result<Vec<Totals>> {
        let mut slots = slots.to_vec();
        slots.sort_unstable_by_key(|slot| slot.problem);
        self.state.write_slots(&slots).await?;
        let gpu = &self.state.gpu;
        let groups = |side| self.softmin.groups(side, slots.len());
        let budget = gpu.capabilities.elements_per_submission();
        if self.softmin.elements() <= budget {
            let mut recorder = gpu.recorder();
            gpu.guarded(|| self.record(&mut recorder)).await?;
            return Ok(self.answers(&recorder.read("the totals of a solve").await?, &slots));
        }
        let mut sums = Vec::with_capacity(2);
        for side in Side::BOTH {
            let groups = groups(side);
            // Half of an iteration a sweep.
            let share = 2.0 * budget * groups as f64 / self.softmin.elements();
            let share = (share as u64).clamp(1, groups);
            let mut first = 0;
            while first < groups {
                let until = groups.min(first + share);
                let mut recorder = gpu.recorder();
                let record = || {
                    self.record_sweep(&mut recorder, side, first..until)?;
                    if until == groups { self.record_totals(&mut recorder, side) } else { Ok(()) }
                };
                gpu.guarded(record).await?;
                sums.append(&mut recorder.read("the totals of a solve").await?);
                first = until;
            }
        }
        Ok(self.answers(&sums, &slots))
    }

    /// Records the measuring of all problems, which the list of running ones must have in their order, whatever it says of
    /// them. Run inside `guarded`.
    pub(crate) fn record(&self, recorder: &mut Recorder<'_>) -> Result<()> {
        for side in Side::BOTH {
            let groups = self.softmin.groups(side, self.state.len());
            self.record_sweep(recorder, side, 0..groups)?;
            self.record_totals(recorder, side)?;
        }
        Ok(())
    }

    fn record_sweep(
        &self,
        recorder: &mut Recorder<'_>,
        side: Side,
        groups: Range<u64>,
    ) -> Result<()> {
        let step = Step::at(self.epsilons.base(), self.state.len());
        self.softmin.half_step(side, step, groups)?.record(recorder)
    }

    fn record_totals(&self, recorder: &mut Recorder<'_>, side: Side) -> Result<()> {
        let (gpu, problems) = (&self.state.gpu, self.state.len());
        let bytes = 32 * problems as u64;
        let output = gpu.allocate("totals", bytes, STORAGE)?;
        let errors = self.softmin.errors(side)?;
        let params = gpu.uniform(&Total {
            problems: problems as u32,
            blocks: errors.blocks,
            first: errors.first,
            ..Total::default()
        })?;
        let parts = vec![errors.partials.whole(), output.whole()];
        let total = gpu.bind(&self.totals, params, parts);
        recorder.dispatch(&total, (problems as u64).div_ceil(WORKGROUP.into()))?;
        recorder.stage(&output, 0, bytes);
        Ok(())
    }

    /// From what was read back of the source and of the target, and the final states in order.
    pub(crate) fn answers(&self, read: &[Vec<u8>], slots: &[Slot]) -> Vec<Totals> {
        let sums: Vec<Vec<Sums>> =
            read.iter().map(|bytes| bytemuck::pod_collect_to_vec(bytes)).collect();
        let of_problem = |(k, (rows, columns)): (usize, (&Sums, &Sums))| {
            let slot = slots.get(k).copied().unwrap_or_default();
            self.totals_of(&slot, k, rows, columns)
        };
        sums[0].iter().zip(&sums[1]).enumerate().map(of_problem).collect()
    }

    fn totals_of(&self, slot: &Slot, k: usize, rows: &Sums, columns: &Sums) -> Totals {
        let state = self.state;
        let shift = state.multiplier(slot);
        // Of a hard side beside a soft one.
        let moved = match Side::BOTH.map(|side| state.reach(side) > 0.0) {
            [true, false] => -state.moved(slot) * state.masses[k].target,
            [false, true] => state.moved(slot) * state.masses[k].source,
            _ => 0.0,
        };
        let value = |sums: &Sums, k: usize| joined([sums[0][k], sums[1][k]]);
        let Masses { exponent, larger, source, target } = state.masses[k];
        let (unit, epsilon) = (exponent.exp2(), self.epsilon(k));
        // The columns' second sum is what the plan has more than their weights.
        let mass = target + unit * value(columns, 1);
        // The source's logarithms are of weights over the power of two.
        let logs = epsilon * exponent * std::f64::consts::LN_2 * mass;
        let given = state.mass.map_or(0.0, |given| (mass - given).abs() / unit);
        let totals = Totals {
            marginal_error: (value(rows, 0) + value(columns, 0) + given) / larger,
            transport_cost: unit * value(rows, 1) / state.scale,
            entropy_cost: unit * (value(rows, 2) + value(columns, 2)) / state.scale
                + logs
                + shift * mass,
            regularized_cost: unit * (value(rows, 3) + value(columns, 3)) / state.scale
                - epsilon * (mass - source * target)
                + state.mass.map_or(0.0, |given| shift * given)
                + moved,
            mass,
        };
        totals.with_offset(state.offsets[k], source)
    }
}
