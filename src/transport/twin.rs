//! Solves on the CPU, by the f64 twin.

use super::Problem;
use super::epsilon::Epsilons;
use super::progress::Progress;
use super::resolution::{failed, resolved};
use super::sinkhorn::{Sinkhorn, Variant};
use super::solution::{How, Kept, Solution, Solved};
use super::stage::Stage;
use crate::error::{Error, Result};
use crate::gpu::Context;
use crate::reference;

pub(super) async fn on_cpu(
    settings: &Sinkhorn,
    context: &Context,
    problem: &Problem,
    epsilons: &Epsilons,
    begins: bool,
) -> Result<Solution> {
    let geometry = &problem.geometry;
    let offset = problem.offset();
    let filled = problem.source.filled() * problem.target.filled();
    let costs = geometry.of_the_twin(offset, filled).await?;
    let symmetric = problem.is_symmetric() && settings.leaves_at() > 0.0;
    let m = geometry.columns;
    // What threads share; a cost on a device of the browser's they could not.
    let (source, target, start) = (&problem.source, &problem.target, problem.start.as_deref());
    let (marginals, spread) = (problem.marginals.of_the_twin(), geometry.spread);
    let anneals = settings.anneals && !settings.trusts_start(problem);
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
            anneals,
        }
    };
    let problems = problem.len();
    let mut cancelled = !begins;
    let report = |seen: reference::Seen| {
        let reported = settings.report(Progress {
            finished: seen.finished,
            problems,
            iterations: seen.iterations,
            marginal_error: seen.marginal_error,
            fraction: seen.fraction,
        });
        cancelled = matches!(reported, Err(Error::Cancelled { .. }));
        reported
    };
    let asked = (&settings.of_the_twin(), settings.keeps_finished);
    let found = match begins {
        true => reference::solve_batch(problems, asked, of, report).await?,
        false => (0..problems).map(|k| reference::Solved::of_none(&of(k))).collect(),
    };
    for (k, found) in found.iter().enumerate() {
        if !found.cancelled && failed(settings, &found.totals) {
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
            cancelled: found.cancelled,
            stages: match &found.stages[..] {
                [_] => Vec::new(),
                all => all.iter().map(|(epsilon, count)| Stage::new(*epsilon, *count)).collect(),
            },
        })
        .collect();
    let potentials = found.into_iter().map(|found| (found.f, found.g, found.plain)).collect();
    let kept = Kept::Host { potentials, costs };
    let how = How {
        variant: Variant::Reference,
        epsilons: epsilons.clone(),
        schedule: Vec::new(),
        cancelled,
    };
    Ok(Solution::new(settings, context, problem, how, solved, kept))
}
