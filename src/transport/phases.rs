//! The phases of a solve on a device: single precision, then double, and again what is a little short.

use super::choose::Choice;
use super::iterate::{Phase, Reporter, Start, clear_low_words, iterate};
use super::measure::Measure;
use super::progress::{Left, Progress, Seen};
use super::resident;
use super::resolution::{failed, resolved};
use super::softmin::{Out, Softmin};
use super::solution::Solved;
use super::stage::stages_of;
use super::state::{Slot, State};
use super::{Problem, Sinkhorn, Variant};
use crate::error::{Error, Result};
use crate::number::Precision;
use crate::reference::Totals;

/// Largest cost over ε above which a problem may anneal.
const CONTRAST: f64 = 10.0;

/// Marginal error that single precision must reach to be worth a phase before double.
const ROUGH: f64 = 0.01;

/// Some problems of a solve, on the device.
pub(super) struct Batch<'a> {
    pub(super) settings: &'a Sinkhorn,
    pub(super) choice: Choice,
    pub(super) problem: &'a Problem,
    pub(super) state: &'a State,
    pub(super) measure: &'a Measure<'a>,
    pub(super) seen: &'a Seen,
}

/// What the phases came to.
struct Came {
    slots: Vec<Slot>,
    /// Whether they are of a phase after which all problems go on.
    rough: bool,
    /// What the potentials are worth, where that is known already.
    measured: Option<Vec<Totals>>,
}

impl Batch<'_> {
    /// What a callback sees, where who has left the loop is as `left` says.
    fn progress(&self, left: Left) -> impl Fn(&[Slot], u32) -> Progress + Sync {
        // Nothing of a device, which threads of a browser do not share.
        let (range, contrast, seen) = (self.state.range.clone(), self.state.contrast, self.seen);
        move |running, done| seen.progress((&range, contrast), running, done, left)
    }

    /// What the potentials are worth at the ε that is asked for, whatever they were broken off at.
    async fn measured(&self, slots: &[Slot]) -> Result<Vec<Totals>> {
        let slots: Vec<Slot> = slots.iter().map(|slot| slot.with_last_unit()).collect();
        self.measure.run(&slots).await
    }

    /// Whether a phase was broken off by a caller who keeps what there is.
    fn is_cancelled(&self, outcome: Result<()>) -> Result<bool> {
        match outcome {
            Err(Error::Cancelled { .. }) if self.settings.keeps_finished => Ok(true),
            outcome => outcome.map(|()| false),
        }
    }

    /// Runs the phases; what came of every problem, and how far its potentials are moved.
    pub(super) async fn solve(
        &self,
        slots: Vec<Slot>,
        cancelled: &mut bool,
    ) -> Result<(Vec<Solved>, Vec<f64>)> {
        let mut came = Came { slots, rough: false, measured: None };
        *cancelled = self.is_cancelled(self.phases(&mut came).await)?;
        if *cancelled && came.rough {
            clear_low_words(self.state).await?;
        }
        let mut slots = came.slots;
        let mut found = match came.measured {
            Some(found) => found,
            None => self.measured(&slots).await?,
        };
        let short = |slot: &mut Slot| {
            let error = found[slot.problem as usize].marginal_error;
            slot.status == Slot::CONVERGED && error > self.settings.leaves_at()
        };
        let mut again: Vec<Slot> = match *cancelled {
            true => Vec::new(),
            false => slots.extract_if(.., short).collect(),
        };
        if !again.is_empty() {
            *cancelled = self.is_cancelled(self.go_on(&mut again).await)?;
            slots.append(&mut again);
            found = self.measured(&slots).await?;
        }
        slots.sort_unstable_by_key(|slot| slot.problem);
        let is_unfinished = |slot: &Slot| {
            let is_running = matches!(slot.status, Slot::RUNNING | Slot::OUT_OF_RANGE);
            *cancelled && (came.rough || is_running)
        };
        let largest_cost = self.state.contrast * self.measure.epsilons().base();
        let solved = slots.iter().zip(found).map(|(slot, totals)| {
            let cancelled = is_unfinished(slot);
            // Not begun, or as good as that.
            let unknown = cancelled && (slot.iterations == 0 || !totals.is_finite());
            let k = slot.problem as usize;
            Solved {
                totals: if unknown { Totals::UNKNOWN } else { totals },
                iterations: slot.iterations,
                multiplier: self.state.multiplier(slot),
                cancelled,
                stages: stages_of(slot, self.measure.epsilon(k), largest_cost),
            }
        });
        let solved: Vec<Solved> = solved.collect();
        self.check_resolution(&solved).await?;
        let moved = slots.iter().map(|slot| self.state.moved(slot)).collect();
        Ok((solved, moved))
    }

    /// [`resolved`], of the problems that did not converge.
    async fn check_resolution(&self, found: &[Solved]) -> Result<()> {
        let Batch { settings, state, .. } = *self;
        for (problem, found) in found.iter().enumerate() {
            if !found.cancelled && failed(settings, &found.totals) {
                let epsilon = self.measure.epsilon(problem);
                let (f, g) = state.read_potentials(problem, epsilon).await?;
                let (digits, name) = match state.precision {
                    Precision::Single => (-24f64, "single precision"),
                    Precision::Double => (-48f64, "double precision"),
                };
                resolved(epsilon, [&f, &g], (digits.exp2(), name))?;
            }
        }
        Ok(())
    }

    /// Sweeps in a precision until the tolerance, or the end of what it can.
    async fn sweep(
        &self,
        precision: Precision,
        phase: Phase,
        running: &mut Vec<Slot>,
        progress: &Reporter<'_>,
    ) -> Result<()> {
        let Batch { settings, choice, state, problem, .. } = *self;
        let reporting = (settings, progress);
        let anneals =
            settings.anneals && !settings.trusts_start(problem) && state.contrast > CONTRAST;
        if choice.symmetric {
            // Plain steps swing between two potentials.
            running.iter_mut().for_each(|slot| slot.omega = 0.5);
            let softmin = Softmin::sweeps(state, precision, Out::Average).await?;
            iterate(state, &softmin, phase, running, reporting).await?;
            let mut slow: Vec<Slot> =
                running.extract_if(.., |slot| slot.status == Slot::OUT_OF_RANGE).collect();
            if slow.is_empty() {
                return Ok(());
            }
            let softmin = Softmin::sweeps(state, precision, Out::Update).await?;
            for slot in &mut slow {
                *slot = Slot { omega: 1.0, ..slot.again() };
                if state.schedule.len() == 1 {
                    *slot = slot.watched(phase.tolerance, anneals);
                }
            }
            let phase = Phase { start: Start::Same, ..phase };
            let outcome = iterate(state, &softmin, phase, &mut slow, reporting).await;
            running.append(&mut slow);
            return outcome;
        }
        if phase.tolerance > 0.0 && state.schedule.len() == 1 && state.mass.is_none() {
            let probe = phase.start == Start::Uploaded && anneals;
            for slot in running.iter_mut() {
                *slot = slot.watched(phase.tolerance, probe);
            }
        }
        let softmin = Softmin::sweeps(state, precision, Out::Update).await?;
        iterate(state, &softmin, phase, running, reporting).await
    }

    /// Single precision, then double. On an error too all problems are there.
    async fn phases(&self, came: &mut Came) -> Result<()> {
        let Batch { settings, choice, problem, state, measure, .. } = *self;
        let (tolerance, max_iterations) = (settings.leaves_at(), settings.max_iterations);
        let uploaded = Phase { tolerance, max_iterations, start: Start::Uploaded };
        let progress: &Reporter<'_> = &self.progress(Left::Finished);
        let running = &mut came.slots;
        if state.precision == Precision::Double {
            let mut start = Start::Uploaded;
            // As far as single precision goes, unless an exact number of double
            // precision iterations was asked for, or a start that may be better than that.
            // The rounding of an f32 potential is some 3e-8 max|C|/ε in the marginals.
            let rough = (1.2e-7 * state.contrast).max(3e-6).max(tolerance);
            if tolerance > 0.0 && !settings.trusts_start(problem) && rough < ROUGH {
                // Who leaves this phase has not finished.
                let progress = &self.progress(Left::At(rough));
                came.rough = true;
                if choice.resident {
                    resident::run(state, settings, rough, running, progress, None).await?;
                } else {
                    let phase = Phase { tolerance: rough, ..uploaded };
                    self.sweep(Precision::Single, phase, running, progress).await?;
                }
                came.rough = false;
                running.iter_mut().for_each(|slot| *slot = slot.again());
                start = Start::Single;
            }
            let phase = Phase { start, ..uploaded };
            return self.sweep(Precision::Double, phase, running, progress).await;
        }
        match choice.variant {
            Variant::Resident => {
                let all = Some(measure);
                came.measured =
                    resident::run(state, settings, tolerance, running, progress, all).await?;
                Ok(())
            }
            Variant::Scaling => {
                let softmin = Softmin::scaling(state).await?;
                let reporting = (settings, progress);
                iterate(state, &softmin, uploaded, running, reporting).await?;
                let mut again: Vec<Slot> =
                    running.extract_if(.., |slot| slot.status == Slot::OUT_OF_RANGE).collect();
                if again.is_empty() {
                    return Ok(());
                }
                // Their potentials are wherever they overflowed; any start is a start,
                // but theirs must be finite: begin from the weights again.
                state.restart(problem, &again).await?;
                for slot in &mut again {
                    *slot = Slot { iterations: 0, ..slot.again() };
                }
                let outcome = self.sweep(Precision::Single, uploaded, &mut again, progress).await;
                running.append(&mut again);
                outcome
            }
            _ => self.sweep(Precision::Single, uploaded, running, progress).await,
        }
    }

    /// Lets problems go on that left their loop by its own test and are, measured anew with other
    /// rounding, a little above the tolerance. Half of it is asked for, and as many iterations
    /// again: what rounding does not allow is not waited for.
    async fn go_on(&self, running: &mut Vec<Slot>) -> Result<()> {
        let Batch { settings, choice, state, .. } = *self;
        running.iter_mut().for_each(|slot| *slot = slot.again());
        let done = running.iter().map(|slot| slot.iterations).max().unwrap_or(0);
        let most = done.saturating_mul(2).saturating_add(20).min(settings.max_iterations);
        // They were counted as finished.
        let progress = &self.progress(Left::Before);
        let tolerance = 0.5 * settings.leaves_at();
        if choice.variant == Variant::Resident && state.precision == Precision::Single {
            let settings = &settings.clone().max_iterations(most);
            resident::run(state, settings, tolerance, running, progress, None).await?;
            return Ok(());
        }
        let phase = Phase { tolerance, max_iterations: most, start: Start::Same };
        self.sweep(state.precision, phase, running, progress).await
    }
}
