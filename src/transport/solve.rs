//! From settings and problem to solution.

use super::choose::{Asked, Choice, choose, is_for_the_twin};
use super::epsilon::Epsilons;
use super::iterate::{Phase, Reporter, Start, iterate};
use super::measure::Measure;
use super::resident;
use super::softmin::{Out, Softmin};
use super::solution::{Kept, Solution, Solved};
use super::state::{Slot, State};
use super::{Problem, Progress, Sinkhorn, Variant};
use crate::aside::aside;
use crate::error::{Error, Result};
use crate::gpu::{Context, Gpu};
use crate::number::Precision;
use crate::reference::{self, Totals};
use crate::wait::blocking;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

impl Sinkhorn {
    /// Solves every problem of the batch.
    ///
    /// A problem that does not converge is not an error here: its `converged` is
    /// false and its `marginal_error` says how far it got;
    /// [`Solution::require_converged`] makes it an error.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for settings out of range;
    /// [`Error::PrecisionUnavailable`]; [`Error::LimitExceeded`] and
    /// [`Error::OutOfMemory`] for sizes the adapter cannot hold;
    /// [`Error::Cancelled`]; [`Error::DeviceLost`].
    pub async fn solve(&self, context: &Context, problem: &Problem) -> Result<Solution> {
        self.validate(context)?;
        solve(self, context, problem).await
    }
}

blocking! {
    impl Sinkhorn {
        solve => solve_blocking(&self, context: &Context, problem: &Problem) -> Result<Solution>;
    }
}

async fn solve(settings: &Sinkhorn, context: &Context, problem: &Problem) -> Result<Solution> {
    let epsilons = &Epsilons::new(settings.epsilon, &problem.geometry).await?;
    settings.check_schedule(epsilons.least())?;
    let problem = &problem.prepared(epsilons.least())?;
    match context.gpu() {
        Some(gpu)
            if !is_for_the_twin(
                &gpu.capabilities,
                settings,
                &problem.geometry,
                epsilons.base(),
            )? =>
        {
            on_gpu(settings, context, gpu, problem, epsilons).await
        }
        None if !matches!(settings.variant, Variant::Auto | Variant::Reference) => {
            let reason = format!(
                "{} is a form of the kernels; the CPU twin has auto and reference, which are the same there",
                settings.variant
            );
            Err(Error::invalid("variant", reason))
        }
        _ => {
            aside!(true; settings, context, problem, epsilons; on_cpu(settings, context, problem, epsilons))
        }
    }
}

async fn on_cpu(
    settings: &Sinkhorn,
    context: &Context,
    problem: &Problem,
    epsilons: &Epsilons,
) -> Result<Solution> {
    let geometry = &problem.geometry;
    let offset = problem.offset();
    let costs = geometry.of_the_twin(offset).await?;
    let symmetric = problem.is_symmetric() && settings.leaves_at() > 0.0;
    let m = geometry.columns;
    // What threads share; a cost on a device of the browser's they could not.
    let (source, target, start) = (&problem.source, &problem.target, problem.start.as_deref());
    let (marginals, spread) = (problem.marginals.of_the_twin(), geometry.spread);
    let of = |k: usize| {
        let schedule = settings.schedule(spread, epsilons.of(k));
        reference::Problem {
            cost: costs.of(k),
            a: source.row(k),
            b: target.row(k),
            start: start.map(|g| &g[k * m..(k + 1) * m]),
            watched: settings.leaves_at() > 0.0 && schedule.len() == 1,
            schedule: schedule.into(),
            marginals,
            symmetric,
            spread: costs.largest,
            scale: spread,
            anneals: settings.anneals && start.is_none(),
        }
    };
    let problems = problem.len();
    let asked = reference::Settings {
        tolerance: settings.leaves_at(),
        max_iterations: settings.max_iterations,
    };
    let report = |seen: reference::Seen| {
        settings.report(Progress {
            finished: seen.finished,
            problems,
            iterations: seen.iterations,
            marginal_error: seen.marginal_error,
        })
    };
    let found = reference::solve_batch(problems, &asked, of, report).await?;
    for (k, found) in found.iter().enumerate() {
        if failed(settings, &found.totals) {
            let digits = ((-52f64).exp2(), "f64");
            resolved(epsilons.of(k), [&found.f, &found.g], digits)?;
        }
    }
    let solved = found
        .iter()
        .enumerate()
        .map(|(k, found)| Solved {
            totals: found.totals.with_offset(problem.taken_out(k), problem.source.mass(k)),
            iterations: found.iterations,
            multiplier: found.lambda,
        })
        .collect();
    let potentials = found.into_iter().map(|found| (found.f, found.g, found.plain)).collect();
    let kept = Kept::Host { potentials, costs };
    let how = (Variant::Reference, epsilons.clone());
    Ok(Solution::new(settings, context, problem, how, solved, kept))
}

async fn on_gpu(
    settings: &Sinkhorn,
    context: &Context,
    gpu: &Arc<Gpu>,
    problem: &Problem,
    epsilons: &Epsilons,
) -> Result<Solution> {
    let schedule = settings.schedule(problem.geometry.spread, epsilons.base());
    let asked = Asked {
        settings,
        problem,
        least_epsilon: epsilons.least(),
        one_epsilon: epsilons.are_one(),
        annealed: schedule.len() > 1,
    };
    let choice = choose(&gpu.capabilities, &context.adapter().name, &asked)?;
    let problems = problem.len();
    let most = AtomicU32::new(0);
    let mut batches = Vec::new();
    let mut solved: Vec<Solved> = Vec::with_capacity(problems);
    for range in State::ranges(gpu, problem, choice.layout)? {
        let mut state = gpu
            .guarded(|| State::upload(gpu, problem, range.clone(), choice.layout, &schedule))
            .await?;
        if choice.layout.matrix_of_points {
            state.keep_costs().await?;
        }
        let progress = |running: &[Slot], done: u32| Progress {
            finished: range.end - running.len(),
            problems,
            // A later batch and a finer precision begin anew.
            iterations: most.fetch_max(done, Ordering::Relaxed).max(done),
            marginal_error: running.iter().map(Slot::marginal_error).fold(0.0, f64::max),
        };
        let measure = Measure::new(&state, epsilons).await?;
        let this = Batch { settings, choice, problem, state: &state, measure: &measure };
        let mut slots = state.slots_at_first();
        for (k, slot) in slots.iter_mut().enumerate() {
            *slot = slot.with_unit(epsilons.unit(range.start + k));
        }
        let (found, moved) = this.solve(slots, &progress).await?;
        solved.extend(found);
        drop(measure);
        batches.push((state, moved));
    }
    if let Some(k) = solved.iter().position(|solved| !is_finite(&solved.totals)) {
        return Err(Error::Device {
            message: format!("problem {k} came back from the device as NaN"),
        });
    }
    let kept = Kept::Device { batches };
    let how = (choice.variant, epsilons.clone());
    Ok(Solution::new(settings, context, problem, how, solved, kept))
}

/// Whether all of them are numbers.
fn is_finite(totals: &Totals) -> bool {
    let Totals { marginal_error, transport_cost, regularized_cost, entropy_cost, mass } = totals;
    let all = [marginal_error, transport_cost, regularized_cost, entropy_cost, mass];
    all.iter().all(|value| value.is_finite())
}

/// Whether a problem is so far from its marginals that digits may be the reason.
fn failed(settings: &Sinkhorn, totals: &Totals) -> bool {
    let error = totals.marginal_error;
    settings.leaves_at() > 0.0 && (error.is_nan() || error > 0.01)
}

/// That ε is not beyond the digits of potentials: what limits is how far those that were reached are apart, not the largest
/// cost.
fn resolved(epsilon: f64, potentials: [&[f64]; 2], (digits, name): (f64, &str)) -> Result<()> {
    let finite = potentials.into_iter().flatten().filter(|p| p.is_finite());
    let largest = finite.fold(0.0f64, |most, p| most.max(p.abs()));
    // An exponent that is off by as much tells nothing.
    let least = largest * digits * 16.0;
    if epsilon >= least {
        return Ok(());
    }
    let reason = format!(
        "{epsilon:?} is below {least:e}, the least that {name} resolves between potentials of up to {largest:e}; Double resolves 2^-48 of them, the CPU twin 2^-52"
    );
    Err(Error::invalid("epsilon", reason))
}

/// Marginal error that single precision must reach to be worth a phase before double.
const ROUGH: f64 = 0.01;

/// Some problems of a solve, on the device.
struct Batch<'a> {
    settings: &'a Sinkhorn,
    choice: Choice,
    problem: &'a Problem,
    state: &'a State,
    measure: &'a Measure<'a>,
}

impl Batch<'_> {
    /// Runs the phases; what came of every problem, and how far its potentials are moved.
    async fn solve(
        &self,
        slots: Vec<Slot>,
        progress: &Reporter<'_>,
    ) -> Result<(Vec<Solved>, Vec<f64>)> {
        let (mut slots, measured) = self.phases(slots, progress).await?;
        let mut found = match measured {
            Some(found) => found,
            None => self.measure.run(&slots).await?,
        };
        let short = |slot: &mut Slot| {
            let error = found[slot.problem as usize].marginal_error;
            slot.status == Slot::CONVERGED && error > self.settings.leaves_at()
        };
        let mut again: Vec<Slot> = slots.extract_if(.., short).collect();
        if !again.is_empty() {
            self.go_on(&mut again, progress).await?;
            slots.append(&mut again);
            found = self.measure.run(&slots).await?;
        }
        slots.sort_unstable_by_key(|slot| slot.problem);
        self.check_resolution(&found).await?;
        let moved = slots.iter().map(|slot| self.state.moved(slot)).collect();
        let solved = slots.iter().zip(found).map(|(slot, totals)| Solved {
            totals,
            iterations: slot.iterations,
            multiplier: self.state.multiplier(slot),
        });
        Ok((solved.collect(), moved))
    }

    /// [`resolved`], of the problems that did not converge.
    async fn check_resolution(&self, found: &[Totals]) -> Result<()> {
        let Batch { settings, state, .. } = *self;
        for (problem, totals) in found.iter().enumerate() {
            if failed(settings, totals) {
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
        let Batch { settings, choice, state, .. } = *self;
        let reporting = (settings, progress);
        if choice.symmetric {
            // Plain steps swing between two potentials.
            running.iter_mut().for_each(|slot| slot.omega = 0.5);
            let softmin = Softmin::sweeps(state, precision, Out::Average).await?;
            iterate(state, &softmin, phase, running, reporting).await?;
            let mut slow: Vec<Slot> =
                running.extract_if(.., |slot| slot.status == Slot::OUT_OF_RANGE).collect();
            if !slow.is_empty() {
                let softmin = Softmin::sweeps(state, precision, Out::Update).await?;
                for slot in &mut slow {
                    *slot = Slot { omega: 1.0, ..slot.again() }.watched(phase.tolerance, true);
                }
                let phase = Phase { start: Start::Same, ..phase };
                iterate(state, &softmin, phase, &mut slow, reporting).await?;
                running.append(&mut slow);
            }
            return Ok(());
        }
        if phase.tolerance > 0.0 && state.schedule.len() == 1 && state.mass.is_none() {
            let probe = phase.start == Start::Uploaded
                && settings.anneals
                && self.problem.start.is_none()
                && state.contrast > 10.0;
            for slot in running.iter_mut() {
                *slot = slot.watched(phase.tolerance, probe);
            }
        }
        let softmin = Softmin::sweeps(state, precision, Out::Update).await?;
        iterate(state, &softmin, phase, running, reporting).await
    }

    /// Single precision, then double; the final state of every problem, and what they are worth where that is known already.
    async fn phases(
        &self,
        mut running: Vec<Slot>,
        progress: &Reporter<'_>,
    ) -> Result<(Vec<Slot>, Option<Vec<Totals>>)> {
        let Batch { settings, choice, problem, state, measure } = *self;
        let (tolerance, max_iterations) = (settings.leaves_at(), settings.max_iterations);
        let uploaded = Phase { tolerance, max_iterations, start: Start::Uploaded };
        if state.precision == Precision::Double {
            let mut start = Start::Uploaded;
            // As far as single precision goes, unless an exact number of double
            // precision iterations was asked for, or a start that may be better than that.
            // The rounding of an f32 potential is some 3e-8 max|C|/ε in the marginals.
            let rough = (1.2e-7 * state.contrast).max(3e-6).max(tolerance);
            if tolerance > 0.0 && problem.start.is_none() && rough < ROUGH {
                // Who leaves this phase has not finished.
                let finished = state.range.start;
                let progress: &Reporter<'_> =
                    &move |running, done| Progress { finished, ..progress(running, done) };
                if choice.resident {
                    resident::run(state, settings, rough, &mut running, progress, None).await?;
                } else {
                    let phase = Phase { tolerance: rough, ..uploaded };
                    self.sweep(Precision::Single, phase, &mut running, progress).await?;
                }
                running.iter_mut().for_each(|slot| *slot = slot.again());
                start = Start::Single;
            }
            let phase = Phase { start, ..uploaded };
            self.sweep(Precision::Double, phase, &mut running, progress).await?;
            return Ok((running, None));
        }
        match choice.variant {
            Variant::Resident => {
                let all = Some(measure);
                let measured =
                    resident::run(state, settings, tolerance, &mut running, progress, all).await?;
                return Ok((running, measured));
            }
            Variant::Scaling => {
                let softmin = Softmin::scaling(state).await?;
                let reporting = (settings, progress);
                iterate(state, &softmin, uploaded, &mut running, reporting).await?;
                let mut again: Vec<Slot> =
                    running.extract_if(.., |slot| slot.status == Slot::OUT_OF_RANGE).collect();
                if !again.is_empty() {
                    // Their potentials are wherever they overflowed; any start is a start,
                    // but theirs must be finite: begin from the weights again.
                    state.restart(problem, &again).await?;
                    for slot in &mut again {
                        *slot = Slot { iterations: 0, ..slot.again() };
                    }
                    self.sweep(Precision::Single, uploaded, &mut again, progress).await?;
                    running.append(&mut again);
                }
            }
            _ => self.sweep(Precision::Single, uploaded, &mut running, progress).await?,
        }
        Ok((running, None))
    }

    /// Lets problems go on that left their loop by its own test and are, measured anew with other
    /// rounding, a little above the tolerance. Half of it is asked for, and as many iterations
    /// again: what rounding does not allow is not waited for.
    async fn go_on(&self, running: &mut Vec<Slot>, progress: &Reporter<'_>) -> Result<()> {
        let Batch { settings, choice, state, .. } = *self;
        running.iter_mut().for_each(|slot| *slot = slot.again());
        let done = running.iter().map(|slot| slot.iterations).max().unwrap_or(0);
        let most = done.saturating_mul(2).saturating_add(20).min(settings.max_iterations);
        // They were counted as finished.
        let finished = state.range.end;
        let progress: &Reporter<'_> =
            &move |running, done| Progress { finished, ..progress(running, done) };
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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use crate::{Context, Problem, Sinkhorn};

    /// Natively a solve can be spawned on a multi-threaded executor.
    #[test]
    fn solves_can_move_between_threads() {
        fn sendable<T: Send>(_: T) {}
        fn check(solver: &Sinkhorn, context: &Context, problem: &Problem) {
            sendable(solver.solve(context, problem));
        }
        let _ = check;
    }
}
