//! A batch of problems in f64: a thread a problem, or all threads for one.

use super::problem::{Problem, Seen, Settings};
use super::room::Room;
use super::running::Running;
use super::solved::Solved;
use crate::clock::Breather;
use crate::error::{Error, Result};
use crate::parallel::{for_each, threads};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one thread has at hand, and what it has done.
struct Worker<'a> {
    running: Option<(usize, Running<'a>)>,
    solved: Vec<(usize, Solved)>,
    /// Of the problem with most.
    iterations: u32,
}

impl<'a> Worker<'a> {
    /// Works until it is time to give way; a step of a large problem may take longer. Problems that are begun are numbered
    /// by `next`.
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

    /// Ends what is at hand where it is. What has made no iteration has not begun.
    fn cancel(&mut self) {
        if let Some((k, mut this)) = self.running.take().filter(|(_, this)| this.iterations() > 0) {
            this.cancel();
            while this.advance() {}
            self.solved.push((k, this.solved()));
        }
    }
}

/// How far all of them have come.
fn seen(workers: &[Worker<'_>], problems: usize, settings: &Settings) -> Seen {
    let finished = workers.iter().map(|worker| worker.solved.len()).sum();
    let running = || workers.iter().filter_map(|worker| worker.running.as_ref());
    let shares: f64 = running().map(|(_, this)| this.standing().share(settings)).sum();
    Seen {
        finished,
        iterations: workers.iter().map(|worker| worker.iterations).max().unwrap_or(0),
        marginal_error: running().map(|(_, this)| this.error()).fold(0.0, f64::max),
        fraction: (finished as f64 + shares) / problems as f64,
    }
}

/// Solves every problem of a batch; `problem` makes one when its turn comes. `report` sees how far the batch has come every
/// few hundredths of a second, and ends it with its error; where that is [`Error::Cancelled`] and the caller `keeps` what
/// there is, with the results so far. Results do not depend on the number of threads.
pub(crate) async fn solve_batch<'a>(
    problems: usize,
    (settings, keeps): (&Settings, bool),
    problem: impl Fn(usize) -> Problem<'a> + Sync,
    mut report: impl FnMut(Seen) -> Result<()>,
) -> Result<Vec<Solved>> {
    let threads = threads().min(problems);
    let room = Room::for_threads(threads);
    let begin = |k: usize| Running::new(problem(k), settings, room);
    let idle = || Worker { running: None, solved: Vec::new(), iterations: 0 };
    let mut workers: Vec<Worker<'_>> = (0..threads).map(|_| idle()).collect();
    let next = AtomicUsize::new(0);
    let mut breather = Breather::new();
    let mut fraction = 0.0f64;
    loop {
        for_each(&mut workers, |worker| worker.work((&next, problems), &breather, &begin));
        let seen = seen(&workers, problems, settings);
        // Errors rise now and then.
        fraction = fraction.max(seen.fraction);
        match report(Seen { fraction, ..seen }) {
            Err(Error::Cancelled { .. }) if keeps => {
                for_each(&mut workers, |worker| worker.cancel());
                break;
            }
            reported => reported?,
        }
        if seen.finished == problems {
            break;
        }
        breather.breathe().await;
    }
    let mut solved: Vec<Option<Solved>> = (0..problems).map(|_| None).collect();
    for (k, found) in workers.into_iter().flat_map(|worker| worker.solved) {
        solved[k] = Some(found);
    }
    let in_order = solved.into_iter().enumerate();
    Ok(in_order.map(|(k, found)| found.unwrap_or_else(|| Solved::of_none(&problem(k)))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::reference::transport::{CostFunction, resident};
    use futures::executor::block_on;

    const SETTINGS: Settings = Settings { tolerance: 1e-10, max_iterations: 5000 };

    /// Sides and schedules of different problems are their own.
    #[test]
    fn a_batch_gives_what_a_loop_gives() {
        let weights: Vec<f64> = (1..=30).map(|k| f64::from(k) / 465.0).collect();
        let uniform = [1.0 / 20.0; 20];
        let problem = |k: usize| {
            let (n, epsilon) = (20 + k, [1.0, 0.1, 0.03, 1e4][k % 4]);
            let cost = CostFunction::new((n, 20), move |i, j| {
                (i as f64 / 20.0 - j as f64 / (7.0 + k as f64)).powi(2)
            });
            let schedule = vec![10.0 * epsilon, 3.0 * epsilon, epsilon];
            let a = &weights[..n];
            Problem { schedule: schedule.into(), ..Problem::balanced(cost, a, &uniform, epsilon) }
        };
        let mut seen = Vec::new();
        let batch = solve_batch(8, (&SETTINGS, false), problem, |now| {
            seen.push(now);
            Ok(())
        });
        let found = block_on(batch).unwrap();
        assert_eq!((seen.last().unwrap().finished, seen.last().unwrap().fraction), (8, 1.0));
        assert!(seen.windows(2).all(|pair| pair[0].fraction <= pair[1].fraction));
        for (k, found) in found.iter().enumerate() {
            let alone = resident(problem(k), &SETTINGS);
            assert_eq!((found.f.len(), found.g.len(), &alone), (20 + k, 20, found));
        }
    }

    #[test]
    fn a_report_ends_a_batch() {
        let weights = [0.25; 4];
        let cost = CostFunction::new((4, 4), |i, j| (i as f64 - j as f64).abs());
        let problem = |_| Problem::balanced(cost, &weights, &weights, 0.1);
        let cancel = |_| Err(Error::Cancelled { iterations: 7 });
        let batch = solve_batch(3, (&SETTINGS, false), problem, cancel);
        assert_eq!(block_on(batch).unwrap_err(), Error::Cancelled { iterations: 7 });
        // Nothing else is kept.
        let lost = |_| Err(Error::invalid("report", "of another kind"));
        assert!(block_on(solve_batch(3, (&SETTINGS, true), problem, lost)).is_err());
        let found = block_on(solve_batch(3, (&SETTINGS, true), problem, cancel)).unwrap();
        assert_eq!(found.len(), 3);
    }
}
