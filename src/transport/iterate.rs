//! The loop: half steps, tests, submissions of bounded length, until all problems have left it. It knows nothing of costs.

use super::Progress;
use super::sinkhorn::Sinkhorn;
use super::softmin::{Change, HalfStep, Softmin, rescale, rescale_pipeline};
use super::state::{Side, Slot, State, Step};
use crate::error::{Error, Result};
use crate::gpu::Kernel;
use crate::gpu::layout::params;
use crate::gpu::pace::Pace;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::Recorder;
use crate::gpu::shader::Constant;
use crate::number::Precision;
use std::sync::Arc;

pub(crate) static CONVERGENCE: Kernel = Kernel::new("transport/convergence.wgsl");

params! {
    /// Parameters of `convergence`.
    pub(crate) struct Test = Test in "transport/convergence.wgsl" {
        zero: u32,
        slots: u32,
        blocks: u32,
        stride: u32,
        completed: u32,
        every: u32,
        tolerance: f32,
        floor: f32,
        contrast: f32,
        first: u32,
        first_target: u32,
        target_blocks: u32,
        marks: u32,
        first_mark: u32,
        both: f32,
        epsilon: f32,
        reach: f32,
        soft: u32,
        unused: [u32; 2],
    }
}

pub(crate) const TEST_WORKGROUP: u32 = 64;

/// Iterations between tests: a test is a dispatch of some 1e-4 s on CPU drivers, and of some microseconds on a GPU.
pub(super) const EVERY: u32 = 5;

/// Turns the running problems and the iterations done into what a callback sees.
pub(crate) type Reporter<'a> = dyn Fn(&[Slot], u32) -> Progress + Sync + 'a;

/// What the potentials on the device hold when a phase begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Both words, as uploaded, at the first ε of the schedule.
    Uploaded,
    /// The result of a phase in single precision; the low words are stale.
    Single,
    /// The result of a phase in the same precision.
    Same,
}

/// One phase of a solve.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phase {
    /// Marginal error at which a problem leaves; 0: never.
    pub(crate) tolerance: f64,
    pub(crate) max_iterations: u32,
    pub(crate) start: Start,
}

/// A phase under way.
struct Loop<'a> {
    state: &'a State,
    softmin: &'a Softmin<'a>,
    phase: Phase,
    test: Arc<Pipeline>,
    /// Iterations of this phase.
    done: u32,
    /// Iterations of every problem before it, and what its slot has `held`.
    before: Vec<(u32, u32)>,
}

/// Runs a phase on the problems of `running` until all have left it or their iterations are used up. Afterwards
/// `running` holds the final states of all of them.
pub(crate) async fn iterate(
    state: &State,
    softmin: &Softmin<'_>,
    phase: Phase,
    running: &mut Vec<Slot>,
    (settings, progress): (&Sinkhorn, &Reporter<'_>),
) -> Result<()> {
    let gpu = &state.gpu;
    let test =
        gpu.pipeline(&CONVERGENCE, vec![("WORKGROUP", Constant::U32(TEST_WORKGROUP))]).await?;
    let mut before = vec![(0, 0); state.len()];
    for slot in running.iter_mut() {
        let [iterations, held] = [&mut slot.iterations, &mut slot.held].map(std::mem::take);
        before[slot.problem as usize] = (iterations, held);
    }
    let mut this = Loop { state, softmin, phase, test, done: 0, before };
    this.begin().await?;
    let mut finished: Vec<Slot> = running.extract_if(.., |slot| this.left(slot) == 0).collect();
    let outcome = this.run(running, &mut finished, (settings, progress)).await;
    if !matches!(outcome, Ok(()) | Err(Error::Cancelled { .. })) {
        return outcome;
    }
    this.end().await?;
    running.append(&mut finished);
    for slot in running.iter_mut() {
        let (iterations, held) = this.before[slot.problem as usize];
        slot.iterations += iterations;
        slot.held = match slot.fell_at() {
            0 => held,
            _ => slot.held.saturating_add(iterations.saturating_mul(1 << 8)),
        };
    }
    outcome
}

/// Clears the low words of all potentials, which a phase in single precision has left as they were.
pub(crate) async fn clear_low_words(state: &State) -> Result<()> {
    let pipeline = rescale_pipeline(&state.gpu).await?;
    let mut recorder = state.gpu.recorder();
    let mut record = || {
        Side::BOTH
            .into_iter()
            .try_for_each(|side| rescale(state, &pipeline, side, Change::Zero, &mut recorder))
    };
    state.gpu.guarded(&mut record).await?;
    recorder.submit().await
}

impl Loop<'_> {
    /// Moves problems to `finished` as they leave.
    async fn run(
        &mut self,
        running: &mut Vec<Slot>,
        finished: &mut Vec<Slot>,
        (settings, progress): (&Sinkhorn, &Reporter<'_>),
    ) -> Result<()> {
        let state = self.state;
        let capabilities = &state.gpu.capabilities;
        let iteration = self.softmin.elements() / capabilities.elements_per_second() + 1e-4;
        let mut pace = Pace::new(capabilities, 1.0 / iteration);
        let most_before = self.before.iter().map(|(iterations, _)| *iterations).max().unwrap_or(0);
        while !running.is_empty() {
            let most = self.prepare(running);
            let units = pace.units();
            state.write_slots(running).await?;
            pace.begin();
            let read = if units >= 1.0 {
                let count = (units as u32).clamp(1, most);
                let read = self.submit(running.len(), count).await?;
                pace.end(f64::from(count));
                read
            } else {
                let done = self.done + most_before;
                let report = || settings.report(progress(running, done));
                self.submit_in_pieces(running.len(), &mut pace, &report).await?
            };
            running.clear();
            for mut slot in read {
                if slot.status == Slot::RUNNING {
                    slot.iterations = self.done;
                }
                let running_on = slot.status == Slot::RUNNING && self.left(&slot) > 0;
                if running_on { running.push(slot) } else { finished.push(slot) }
            }
            settings.report(progress(running, self.done + most_before))?;
        }
        Ok(())
    }

    /// Iterations that may be made before the host has to see the problems again: the last one that a watched problem is
    /// allowed is Sinkhorn's own, at the ε that is asked for.
    fn prepare(&self, running: &mut [Slot]) -> u32 {
        let mut most = u32::MAX;
        for slot in running {
            let left = self.left(slot);
            if left == 1 {
                *slot = slot.at_last();
            }
            most = most.min(if slot.is_watched() && left > 1 { left - 1 } else { left });
        }
        most.max(1)
    }

    /// ε of iteration `k`: after another phase the annealing is over.
    fn epsilon(&self, k: u32) -> f64 {
        let schedule = &self.state.schedule;
        let last = schedule.len() - 1;
        let k = if self.phase.start == Start::Uploaded { k as usize } else { last };
        schedule[k.min(last)]
    }

    /// Iterations that a problem may still make.
    fn left(&self, slot: &Slot) -> u32 {
        let (before, _) = self.before[slot.problem as usize];
        self.phase.max_iterations.saturating_sub(before).saturating_sub(self.done)
    }

    async fn begin(&self) -> Result<()> {
        let double = self.softmin.precision() == Precision::Double;
        if double && self.phase.start == Start::Single {
            clear_low_words(self.state).await?;
        }
        if !self.softmin.has_marks() {
            return Ok(());
        }
        let mut recorder = self.state.gpu.recorder();
        let record = || self.softmin.enter(&mut recorder, self.epsilon(0));
        self.state.gpu.guarded(record).await?;
        recorder.submit().await
    }

    async fn end(&self) -> Result<()> {
        if !self.softmin.has_marks() && !self.softmin.is_symmetric() {
            return Ok(());
        }
        let mut recorder = self.state.gpu.recorder();
        let record = || {
            if self.softmin.is_symmetric() {
                self.state.record_one_potential(&mut recorder);
            }
            self.softmin.leave(&mut recorder, self.epsilon(u32::MAX))
        };
        self.state.gpu.guarded(record).await?;
        recorder.submit().await
    }

    /// The step of iteration `k`: the target's potentials are written for the next iteration's ε.
    fn step(&self, side: Side, k: u32, slots: usize) -> Step {
        let epsilon = self.epsilon(k);
        let next = if side == Side::Target { self.epsilon(k + 1) } else { epsilon };
        Step { epsilon, next, slots }
    }

    /// Whether the error of iteration `k` is of the ε before.
    fn testable(&self, k: u32) -> bool {
        self.phase.tolerance > 0.0 && k > 0 && self.epsilon(k - 1) == self.epsilon(k)
    }

    /// Whether iteration `k` tests.
    fn tests(&self, k: u32, every: u32) -> bool {
        let last = k + 1 == self.phase.max_iterations;
        match self.softmin.has_marks() {
            true => last || k.is_multiple_of(every),
            false => self.testable(k) && k.is_multiple_of(every),
        }
    }

    /// Records the test of iteration `k`: of its errors, and of the marks that its sweeps of one side have left.
    fn record_test(
        &self,
        recorder: &mut Recorder<'_>,
        marked: Side,
        k: u32,
        slots: usize,
    ) -> Result<()> {
        let state = self.state;
        let source = self.softmin.errors(Side::Source)?;
        let target = self.softmin.errors(Side::Target)?;
        let marks = self.softmin.errors(marked)?;
        let precision = self.softmin.precision();
        let tolerance = match marked == Side::Target && self.testable(k) {
            true => state.leave_at(self.phase.tolerance, precision),
            false => -1.0,
        };
        let [rho, other] = Side::BOTH.map(|side| state.reach(side));
        let reaches = [rho, other].into_iter().filter(|reach| *reach > 0.0);
        let reach = reaches.fold(f64::INFINITY, f64::min);
        let epsilon = self.epsilon(k);
        let gpu = &state.gpu;
        let params = gpu.uniform(&Test {
            zero: 0,
            slots: slots as u32,
            blocks: source.blocks,
            stride: if precision == Precision::Double { 2 } else { 1 },
            completed: k + 1,
            every: EVERY,
            tolerance,
            floor: self.floor(precision),
            contrast: state.contrast as f32,
            first: source.first,
            first_target: target.first,
            target_blocks: if other > 0.0 { target.blocks } else { 0 },
            marks: marks.marks,
            first_mark: marks.first,
            both: if self.softmin.is_symmetric() { 2.0 } else { 1.0 },
            epsilon: (epsilon * state.scale) as f32,
            reach: if reach.is_finite() { (reach * state.scale) as f32 } else { 0.0 },
            soft: u32::from(rho > 0.0) + 2 * u32::from(other > 0.0),
            unused: [0; 2],
        })?;
        let parts = vec![source.partials.whole(), state.slots.whole()];
        let ready = gpu.bind(&self.test, params, parts);
        recorder.dispatch(&ready, (slots as u64).div_ceil(TEST_WORKGROUP.into()))
    }

    /// The error up to which rounding may be all that is left.
    fn floor(&self, precision: Precision) -> f32 {
        let rounding = match precision {
            Precision::Single => (-24f64).exp2(),
            Precision::Double => (-47f64).exp2(),
        };
        (0.25 * rounding * self.state.contrast.max(1.0)) as f32
    }

    /// Records what tests iteration `k`, if something does.
    fn record_tests(
        &self,
        recorder: &mut Recorder<'_>,
        (k, every): (u32, u32),
        slots: usize,
    ) -> Result<()> {
        if !self.tests(k, every) {
            return Ok(());
        }
        if self.softmin.has_marks() {
            self.record_test(recorder, Side::Source, k, slots)?;
        }
        self.record_test(recorder, Side::Target, k, slots)
    }

    /// `count` iterations in one submission.
    async fn submit(&mut self, slots: usize, count: u32) -> Result<Vec<Slot>> {
        let state = self.state;
        let mut recorder = state.gpu.recorder();
        let mut bound: [Option<(Step, HalfStep)>; 2] = [None, None];
        let record = || -> Result<()> {
            for k in self.done..self.done + count {
                for side in Side::BOTH {
                    let step = self.step(side, k, slots);
                    let half = match bound[side as usize].take().filter(|(of, _)| *of == step) {
                        Some((_, half)) => half,
                        None => {
                            let groups = self.softmin.groups(side, slots);
                            self.softmin.half_step(side, step, 0..groups)?
                        }
                    };
                    half.record(&mut recorder)?;
                    bound[side as usize] = Some((step, half));
                }
                self.record_tests(&mut recorder, (k, EVERY), slots)?;
            }
            recorder.stage(&state.slots, 0, (slots * size_of::<Slot>()) as u64);
            Ok(())
        };
        state.gpu.guarded(record).await?;
        let read = recorder.read("the state of a solve").await?;
        self.done += count;
        Ok(bytemuck::pod_collect_to_vec(&read[0]))
    }

    /// One iteration of which a half step is too long for a submission, in pieces.
    async fn submit_in_pieces(
        &mut self,
        slots: usize,
        pace: &mut Pace,
        report: &(dyn Fn() -> Result<()> + Sync + '_),
    ) -> Result<Vec<Slot>> {
        let (state, k) = (self.state, self.done);
        let mut read = Vec::new();
        for side in Side::BOTH {
            let groups = self.softmin.groups(side, slots);
            let mut first = 0;
            while first < groups {
                // Of an iteration, half of which this side's groups are.
                let share = (2.0 * pace.units() * groups as f64) as u64;
                let until = match self.softmin.is_divisible() {
                    true => groups.min(first + share.max(1)),
                    false => groups,
                };
                let mut recorder = state.gpu.recorder();
                pace.begin();
                let record = || {
                    let step = self.step(side, k, slots);
                    self.softmin.half_step(side, step, first..until)?.record(&mut recorder)?;
                    if until == groups && side == Side::Target {
                        self.record_tests(&mut recorder, (k, 1), slots)?;
                    }
                    recorder.stage(&state.slots, 0, (slots * size_of::<Slot>()) as u64);
                    Ok(())
                };
                state.gpu.guarded(record).await?;
                read = recorder.read("the state of a solve").await?;
                pace.end(0.5 * (until - first) as f64 / groups as f64);
                first = until;
                report()?;
            }
        }
        self.done += 1;
        Ok(read.first().map(|slots| bytemuck::pod_collect_to_vec(slots)).unwrap_or_default())
    }
}
