//! From settings and problem to solution.

use super::choose::{Asked, choose, is_for_the_twin};
use super::epsilon::Epsilons;
use super::initial::{Initializer, Samples};
use super::measure::Measure;
use super::phases::Batch;
use super::progress::Seen;
use super::solution::{How, Kept, Solution, Solved};
use super::state::State;
use super::twin::on_cpu;
use super::{Problem, Sinkhorn, Variant};
use crate::aside::aside;
use crate::error::{Error, Result};
use crate::gpu::{Context, Gpu};
use crate::wait::blocking;
use std::sync::Arc;

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
        self.solve_unless(false, context, problem).await
    }

    /// The same; with `cancelled` no problem is begun.
    pub(super) async fn solve_unless(
        &self,
        cancelled: bool,
        context: &Context,
        problem: &Problem,
    ) -> Result<Solution> {
        self.validate(context)?;
        let epsilons = &Epsilons::new(self.epsilon, &problem.geometry).await?;
        self.check_schedule(epsilons.least())?;
        if cancelled || self.initializer == Initializer::Zero || problem.is_symmetric() {
            return solve(self, context, problem, epsilons, !cancelled).await;
        }
        let problem = &begun(self, context, problem, epsilons).await?;
        solve(self, context, problem, epsilons, true).await
    }
}

/// With the potentials of an initialiser to start from.
async fn begun(
    settings: &Sinkhorn,
    context: &Context,
    problem: &Problem,
    epsilons: &Epsilons,
) -> Result<Problem> {
    let initializer = settings.initializer;
    initializer.check(problem)?;
    let mut potentials = initializer.potentials(problem, epsilons)?.unwrap_or_default();
    if let Initializer::Subsample { points } = initializer {
        let samples = Samples::new(problem, points).await?;
        for (solver, sampled) in samples.problems(settings, epsilons)? {
            let of_solver = &Epsilons::new(solver.epsilon, &sampled.geometry).await?;
            let solution = solve(&solver, context, &sampled, of_solver, true).await?;
            for k in 0..solution.len() {
                let f = solution.potentials(k).await?.f;
                let problem = potentials.len() / problem.geometry.columns;
                potentials.append(&mut samples.extended(problem, &f, epsilons.of(problem)));
            }
        }
    }
    problem.clone().starting_from(&potentials)
}

blocking! {
    impl Sinkhorn {
        solve => solve_blocking(&self, context: &Context, problem: &Problem) -> Result<Solution>;
    }
}

async fn solve(
    settings: &Sinkhorn,
    context: &Context,
    problem: &Problem,
    epsilons: &Epsilons,
    begins: bool,
) -> Result<Solution> {
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
            on_gpu(settings, (context, gpu), problem, epsilons, begins).await
        }
        None if !matches!(settings.variant, Variant::Auto | Variant::Reference) => {
            let reason = format!(
                "{} is a form of the kernels; the CPU twin has auto and reference, which are the same there",
                settings.variant
            );
            Err(Error::invalid("variant", reason))
        }
        _ => {
            aside!(true; settings, context, problem, epsilons; on_cpu(settings, context, problem, epsilons, begins))
        }
    }
}

async fn on_gpu(
    settings: &Sinkhorn,
    (context, gpu): (&Context, &Arc<Gpu>),
    problem: &Problem,
    epsilons: &Epsilons,
    begins: bool,
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
    let seen = Seen::new(settings.of_the_twin(), problem.len());
    let mut batches = Vec::new();
    let mut solved: Vec<Solved> = Vec::with_capacity(problem.len());
    let mut cancelled = !begins;
    for range in State::ranges(gpu, problem, choice.layout)? {
        let mut state = gpu
            .guarded(|| State::upload(gpu, problem, range.clone(), choice.layout, &schedule))
            .await?;
        if choice.layout.matrix_of_points {
            state.keep_costs().await?;
        }
        if cancelled {
            solved.extend(range.clone().map(|_| Solved::NONE));
            let moved = vec![0.0; range.len()];
            batches.push((state, moved));
            continue;
        }
        let measure = Measure::new(&state, epsilons).await?;
        let this =
            Batch { settings, choice, problem, state: &state, measure: &measure, seen: &seen };
        let mut slots = state.slots_at_first();
        for (k, slot) in slots.iter_mut().enumerate() {
            *slot = slot.with_unit(epsilons.unit(range.start + k));
        }
        let (found, moved) = this.solve(slots, &mut cancelled).await?;
        solved.extend(found);
        drop(measure);
        batches.push((state, moved));
    }
    let is_lost = |solved: &Solved| !solved.cancelled && !solved.totals.is_finite();
    if let Some(k) = solved.iter().position(is_lost) {
        return Err(Error::Device {
            message: format!("problem {k} came back from the device as NaN"),
        });
    }
    let kept = Kept::Device { batches };
    let how = How { variant: choice.variant, epsilons: epsilons.clone(), schedule, cancelled };
    Ok(Solution::new(settings, context, problem, how, solved, kept))
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
