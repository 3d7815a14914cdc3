//! From settings and problem to solution.

use super::choose::{Choice, choose, is_for_the_twin};
use super::solution::{Potentials, Solution, State};
use super::variant::batch::{Batch, Slot};
use super::variant::measure::Measure;
use super::variant::streaming::{Loop, Start, Until};
use super::variant::{Reporter, resident, scaling, streaming};
use super::{Problem, Progress, Sinkhorn, Variant};
use crate::aside::aside;
use crate::error::{Error, Result};
use crate::gpu::{Context, Gpu};
use crate::number::Precision;
use crate::reference::{self, CostMatrix, Marginals, Settings, Totals};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) async fn solve(
    settings: &Sinkhorn,
    context: &Context,
    problem: &Problem,
) -> Result<Solution> {
    // f32 cannot tell exponents apart beyond this; neither can a double-float far beyond.
    let contrast = problem.geometry.spread / settings.epsilon;
    let most = match settings.precision {
        Precision::Single => 1e6,
        Precision::Double => 1e9,
    };
    if contrast > most {
        let (epsilon, spread) = (settings.epsilon, problem.geometry.spread);
        return Err(Error::invalid(
            "epsilon",
            format!(
                "{epsilon:?} is below {:e}, the least that {:?} precision resolves: max|C|/{most:e}, where max|C|, a constant in C apart, is {spread:e}",
                spread / most,
                settings.precision
            ),
        ));
    }
    match context.gpu() {
        Some(gpu) if !is_for_the_twin(&gpu.capabilities, settings, &problem.geometry)? => {
            on_gpu(settings, context, gpu, problem).await
        }
        None if !matches!(settings.variant, Variant::Auto | Variant::Reference) => {
            let reason = format!(
                "{} is a form of the kernels; the CPU twin has auto and reference, which are the same there",
                settings.variant
            );
            Err(Error::invalid("variant", reason))
        }
        _ => aside!(true; settings, context, problem; on_cpu(settings, context, problem)),
    }
}

async fn on_cpu(settings: &Sinkhorn, context: &Context, problem: &Problem) -> Result<Solution> {
    let cost = problem.geometry.read().await?;
    let cells = problem.geometry.rows * problem.geometry.columns;
    let schedule = settings.schedule(&problem.geometry);
    // What threads share; a cost on a device of the browser's they could not.
    let (source, target, start) = (&problem.source, &problem.target, problem.start.as_deref());
    let m = target.bins;
    // The largest cost, where it is one for all: of the values as they are here, which less the offset are rounded.
    let shared = problem.geometry.batch.is_none();
    let known = shared.then(|| reference::spread(&CostMatrix::new(&cost, m)));
    let twin = |k: usize| {
        let at = if known.is_some() { 0 } else { k };
        let cost = CostMatrix::new(&cost[at * cells..(at + 1) * cells], m);
        reference::Problem {
            cost: Box::new(cost),
            a: source.row(k),
            b: target.row(k),
            start: start.map(|g| &g[k * m..(k + 1) * m]),
            schedule: (&schedule).into(),
            marginals: Marginals::BALANCED,
            symmetric: false,
            spread: known.unwrap_or_else(|| reference::spread(&cost)),
        }
    };
    let problems = problem.len();
    let (tolerance, max_iterations) = (settings.leaves_at(), settings.max_iterations);
    let leaves = Settings { tolerance, max_iterations };
    let report = |seen: reference::Seen| {
        let reference::Seen { finished, iterations, marginal_error } = seen;
        settings.report(Progress { finished, problems, iterations, marginal_error })
    };
    let solved = reference::solve_batch(problems, &leaves, twin, report).await?;
    let iterations = solved.iter().map(|s| s.iterations).collect();
    let offset = problem.geometry.offset;
    let totals = solved.iter().map(|s| s.totals.with_offset(offset, 1.0)).collect();
    let plain = |[f, g]: [Vec<f64>; 2]| Potentials { f, g };
    let potentials = solved.into_iter().map(|s| (s.f, s.g, s.plain.map(plain))).collect();
    Ok(Solution::new(
        settings,
        context,
        problem,
        Variant::Reference,
        totals,
        iterations,
        State::Host { potentials, cost: Arc::new(cost) },
    ))
}

async fn on_gpu(
    settings: &Sinkhorn,
    context: &Context,
    gpu: &Arc<Gpu>,
    problem: &Problem,
) -> Result<Solution> {
    let choice = choose(&gpu.capabilities, &context.adapter().name, settings, problem)?;
    let problems = problem.len();
    let most = AtomicU32::new(0);
    let mut batches = Vec::new();
    let mut totals: Vec<Totals> = Vec::with_capacity(problems);
    let mut iterations = vec![0; problems];
    for range in Batch::ranges(gpu, problem, choice.layout)? {
        let batch = gpu
            .guarded(|| Batch::upload(gpu, settings, problem, range.clone(), choice.layout))
            .await?;
        let progress = |running: &[Slot], done: u32| Progress {
            finished: range.end - running.len(),
            problems,
            // A later batch and a finer precision begin anew.
            iterations: most.fetch_max(done, Ordering::Relaxed).max(done),
            marginal_error: running.iter().map(Slot::marginal_error).fold(0.0, f64::max),
        };
        let measure = Measure::new(&batch, settings.epsilon).await?;
        let (mut slots, measured) =
            iterate(settings, choice, problem, &batch, &progress, &measure).await?;
        let mut found = match measured {
            Some(found) => found,
            None => measure.run().await?,
        };
        let short = |slot: &mut Slot| {
            let error = found[slot.problem as usize].marginal_error;
            slot.status == Slot::CONVERGED && error > settings.leaves_at()
        };
        let mut again: Vec<Slot> = slots.extract_if(.., short).collect();
        if !again.is_empty() {
            go_on(settings, choice, &batch, &mut again, &progress).await?;
            found = measure.run().await?;
        }
        for slot in slots.iter().chain(&again) {
            iterations[range.start + slot.problem as usize] = slot.iterations;
        }
        totals.extend(found);
        drop(measure);
        batches.push(batch);
    }
    let finite = |t: &Totals| {
        let costs = [t.transport_cost, t.regularized_cost, t.entropy_cost];
        t.marginal_error.is_finite() && costs.iter().all(|cost| cost.is_finite())
    };
    if let Some(k) = totals.iter().position(|t| !finite(t)) {
        return Err(Error::Device {
            message: format!("problem {k} came back from the device as NaN"),
        });
    }
    let state = State::Device { batches };
    Ok(Solution::new(settings, context, problem, choice.variant, totals, iterations, state))
}

/// Runs the loop of a batch; the final state of every problem, and what they are worth where that is known already.
async fn iterate(
    settings: &Sinkhorn,
    choice: Choice,
    problem: &Problem,
    batch: &Batch,
    progress: &Reporter<'_>,
    measure: &Measure<'_>,
) -> Result<(Vec<Slot>, Option<Vec<Totals>>)> {
    let mut running: Vec<Slot> = (0..batch.len()).map(Slot::new).collect();
    let tolerance = settings.leaves_at();
    if batch.precision == Precision::Double {
        let mut start = Start::Uploaded;
        // As far as single precision goes, unless an exact number of double
        // precision iterations was asked for, or a start that may be better than that.
        if tolerance > 0.0 && problem.start.is_none() {
            // Who leaves this loop has not finished.
            let finished = batch.range.start;
            let progress: &Reporter<'_> =
                &move |running, done| Progress { finished, ..progress(running, done) };
            // The rounding of an f32 potential is some 3e-8 max|C|/ε in the marginals.
            let rough = (1.2e-7 * batch.contrast).max(3e-6).max(tolerance);
            let capabilities = &batch.gpu.capabilities;
            if resident::fits(capabilities, batch.source.longest, batch.target.longest) {
                resident::run(batch, settings, rough, &mut running, progress, None).await?;
            } else {
                let this = Loop { until: Until::Floor, ..Loop::single(rough) };
                streaming::run(batch, settings, this, &mut running, progress).await?;
            }
            for slot in &mut running {
                slot.status = Slot::RUNNING;
            }
            start = Start::Single;
        }
        let this = Loop { precision: Precision::Double, start, ..Loop::single(tolerance) };
        streaming::run(batch, settings, this, &mut running, progress).await?;
        return Ok((running, None));
    }
    let single = Loop::single(tolerance);
    match choice.variant {
        Variant::Resident => {
            let all = Some(measure);
            let measured =
                resident::run(batch, settings, tolerance, &mut running, progress, all).await?;
            return Ok((running, measured));
        }
        Variant::Scaling => {
            scaling::run(batch, settings, &mut running, progress).await?;
            let (mut again, mut settled): (Vec<Slot>, Vec<Slot>) =
                running.into_iter().partition(|slot| slot.status == Slot::OUT_OF_RANGE);
            if !again.is_empty() {
                // Their potentials are wherever they overflowed; any start is a start,
                // but theirs must be finite: begin from the weights again.
                batch.restart(problem, &again).await?;
                for slot in &mut again {
                    *slot = Slot::new(slot.problem as usize);
                }
                streaming::run(batch, settings, single, &mut again, progress).await?;
            }
            settled.append(&mut again);
            running = settled;
        }
        _ => {
            streaming::run(batch, settings, single, &mut running, progress).await?;
        }
    }
    Ok((running, None))
}

/// Lets problems go on that left their loop by its own test and are, measured anew with other
/// rounding, a little above the tolerance. Half of it is asked for, and as many iterations
/// again: what rounding does not allow is not waited for.
async fn go_on(
    settings: &Sinkhorn,
    choice: Choice,
    batch: &Batch,
    running: &mut Vec<Slot>,
    progress: &Reporter<'_>,
) -> Result<()> {
    running.iter_mut().for_each(|slot| slot.status = Slot::RUNNING);
    let done = running.iter().map(|slot| slot.iterations).max().unwrap_or(0);
    let most = done.saturating_mul(2).saturating_add(20).min(settings.max_iterations);
    let settings = &settings.clone().max_iterations(most);
    // They were counted as finished.
    let finished = batch.range.end;
    let progress: &Reporter<'_> =
        &move |running, done| Progress { finished, ..progress(running, done) };
    let tolerance = 0.5 * settings.leaves_at();
    if choice.variant == Variant::Resident && batch.precision == Precision::Single {
        resident::run(batch, settings, tolerance, running, progress, None).await?;
        return Ok(());
    }
    let this = Loop { precision: batch.precision, start: Start::Same, ..Loop::single(tolerance) };
    streaming::run(batch, settings, this, running, progress).await
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
