//! A batch of problems in f64: a thread a problem, or all threads for one.

use super::large_epsilon::LargeEpsilon;
use super::sinkhorn::{Loop, Settings, Solved};
use crate::clock::Breather;
use crate::error::Result;
use crate::parallel::{for_each, threads};
use crate::reserve::{product, room_for};
use crate::transport::Weights;
use crate::transport::{Problem, Progress, Sinkhorn};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Above this ε/max|C| weighted potentials lose the costs beside ε ln a.
const LARGE_EPSILON: f64 = 256.0;

/// A problem on its way, in the form that suits its ε.
enum Running<'a> {
    Ordinary(Box<Loop<'a>>),
    LargeEpsilon(Box<LargeEpsilon<'a>>),
}

impl Running<'_> {
    fn advance(&mut self) -> bool {
        match self {
            Running::Ordinary(this) => this.advance(),
            Running::LargeEpsilon(this) => this.advance(),
        }
    }

    fn iterations(&self) -> u32 {
        match self {
            Running::Ordinary(this) => this.iterations(),
            Running::LargeEpsilon(this) => this.iterations(),
        }
    }

    fn error(&self) -> f64 {
        match self {
            Running::Ordinary(this) => this.error(),
            Running::LargeEpsilon(this) => this.error(),
        }
    }

    fn solved(self) -> Solved {
        match self {
            Running::Ordinary(this) => this.solved(),
            Running::LargeEpsilon(this) => this.solved(),
        }
    }
}

/// What one thread has at hand, and what it has done.
struct Worker<'a> {
    running: Option<(usize, Running<'a>)>,
    solved: Vec<(usize, Solved)>,
    /// Of the problem with most.
    iterations: u32,
}

impl<'a> Worker<'a> {
    /// Works until it is time to give way; a pass over a large cost may take longer. Problems
    /// that are begun are numbered by `next`.
    fn work(
        &mut self,
        (next, problems): (&AtomicUsize, usize),
        breather: &Breather,
        begin: &(impl Fn(usize) -> Running<'a> + Sync),
    ) {
        loop {
            let Some((k, mut this)) = self.running.take().or_else(|| {
                let k = next.fetch_add(1, Ordering::Relaxed);
                (k < problems).then(|| (k, begin(k)))
            }) else {
                return;
            };
            let mut unfinished = this.advance();
            while unfinished && !breather.is_due() {
                unfinished = this.advance();
            }
            self.iterations = self.iterations.max(this.iterations());
            if unfinished {
                self.running = Some((k, this));
                return;
            }
            self.solved.push((k, this.solved()));
        }
    }
}

/// Solves every problem of a batch; `cost_of` gives a problem's n×m cost, less the offset.
pub(crate) async fn solve_batch<'a>(
    settings: &Sinkhorn,
    problem: &'a Problem,
    cost_of: impl Fn(usize) -> &'a [f64] + Sync,
) -> Result<Vec<Solved>> {
    let schedule = settings.schedule(&problem.geometry);
    let problems = problem.len();
    // What threads share; a cost on a device of the browser's they could not.
    let (source, target, start) = (&problem.source, &problem.target, problem.start.as_deref());
    let shared = Settings {
        schedule: &schedule,
        tolerance: settings.leaves_at(),
        max_iterations: settings.max_iterations,
        reach: problem.geometry.spread - problem.geometry.least.min(0.0),
    };
    // The largest cost, where it is one for all.
    let known = problem.geometry.batch.is_none().then_some(problem.geometry.spread);
    let begin = |k: usize| {
        let m = target.bins;
        let start = start.map(|g| &g[k * m..(k + 1) * m]);
        let (cost, a, b) = (cost_of(k), source.row(k), target.row(k));
        let (tolerance, most) = (settings.leaves_at(), settings.max_iterations);
        let largest =
            known.unwrap_or_else(|| cost.iter().fold(0.0f64, |largest, c| largest.max(c.abs())));
        if settings.epsilon > LARGE_EPSILON * largest {
            let this = LargeEpsilon::new(cost, a, b, start, &schedule, tolerance, most);
            return Running::LargeEpsilon(Box::new(this));
        }
        Running::Ordinary(Box::new(Loop::new(cost, a, b, start, shared)))
    };
    let threads = threads().min(problems);
    // A problem in work has a kernel of its full bins, and their costs where others are empty.
    let full = |weights: &Weights| {
        let bins = |k| weights.row(k).iter().filter(|w| **w > 0.0).count();
        (0..problems).map(bins).max().unwrap_or(0)
    };
    let (rows, columns) = (full(source), full(target));
    room_for::<f64>("costs and kernels", product("kernels", &[2, threads, rows, columns])?)?;
    let idle = || Worker { running: None, solved: Vec::new(), iterations: 0 };
    let mut workers: Vec<Worker<'_>> = (0..threads).map(|_| idle()).collect();
    let next = AtomicUsize::new(0);
    let mut breather = Breather::new();
    loop {
        for_each(&mut workers, |worker| worker.work((&next, problems), &breather, &begin));
        let finished = workers.iter().map(|worker| worker.solved.len()).sum();
        let running = workers.iter().filter_map(|worker| worker.running.as_ref());
        settings.report(Progress {
            finished,
            problems,
            iterations: workers.iter().map(|worker| worker.iterations).max().unwrap_or(0),
            marginal_error: running.map(|(_, this)| this.error()).fold(0.0, f64::max),
        })?;
        if finished == problems {
            break;
        }
        breather.breathe().await;
    }
    let mut solved: Vec<(usize, Solved)> =
        workers.into_iter().flat_map(|worker| worker.solved).collect();
    solved.sort_unstable_by_key(|(k, _)| *k);
    Ok(solved.into_iter().map(|(_, solved)| solved).collect())
}
