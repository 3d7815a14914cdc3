//! What a caller sees of a solve while it runs.

use super::state::Slot;
use crate::reference::{FALLS_FROM, Settings, Standing};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// What a progress callback sees.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Progress {
    /// Problems that have left the loop.
    pub finished: usize,
    /// Problems in all.
    pub problems: usize,
    /// Iterations made so far of the problem that has made most.
    pub iterations: u32,
    /// Largest L1 marginal error among the running problems at their last test;
    /// infinite before the first.
    pub marginal_error: f64,
    /// What part of the solve is done, in \[0, 1\]: it never falls, and is 1 once all problems have left the loop. A problem
    /// that has not counts with the logarithm of its error over that of the tolerance, or with its iterations over those that
    /// are allowed where that is more; while ε falls by itself half of it is the logarithm of ε. Errors fall evenly in
    /// the end only, so this is a bar to draw and no forecast of time. Of [`Sinkhorn::divergence`](crate::Sinkhorn::divergence)
    /// it is that of the solve under way, of up to three.
    pub fraction: f64,
}

/// Those who have left the loop of a phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Left {
    /// Have finished.
    Finished,
    /// Have come to a marginal error, and are to go on in another precision.
    At(f64),
    /// Had finished before, all of them.
    Before,
}

/// What the batches of a solve have in common.
#[derive(Debug)]
pub(super) struct Seen {
    settings: Settings,
    problems: usize,
    /// Iterations: a later batch and a finer precision begin anew.
    most: AtomicU32,
    /// Bits of the fraction, which are in order as numbers from zero on are.
    fraction: AtomicU64,
}

impl Seen {
    pub(super) fn new(settings: Settings, problems: usize) -> Seen {
        Seen { settings, problems, most: AtomicU32::new(0), fraction: AtomicU64::new(0) }
    }

    /// From the problems that run of those in `range`, with costs of up to `contrast` times ε.
    pub(super) fn progress(
        &self,
        (range, contrast): (&Range<usize>, f64),
        running: &[Slot],
        done: u32,
        left: Left,
    ) -> Progress {
        let gone = range.len().saturating_sub(running.len());
        let share = |slot: &Slot| {
            let [epsilon, last] = [slot.unit, slot.last_unit].map(f64::from);
            let standing = Standing {
                error: slot.marginal_error(),
                iterations: slot.iterations,
                epsilon,
                first: FALLS_FROM * contrast,
                last,
            };
            standing.share(&self.settings)
        };
        let of_running = || running.iter().map(share).sum::<f64>();
        let (finished, done_of_range) = match left {
            Left::Finished => (range.start + gone, gone as f64 + of_running()),
            Left::At(error) => {
                let [epsilon, first, last] = [1.0; 3];
                let standing = Standing { error, iterations: 0, epsilon, first, last };
                (range.start, gone as f64 * standing.share(&self.settings) + of_running())
            }
            Left::Before => (range.end, range.len() as f64),
        };
        let fraction = ((range.start as f64 + done_of_range) / self.problems as f64).min(1.0);
        let before = self.fraction.fetch_max(fraction.to_bits(), Ordering::Relaxed);
        Progress {
            finished,
            problems: self.problems,
            iterations: self.most.fetch_max(done, Ordering::Relaxed).max(done),
            marginal_error: running.iter().map(Slot::marginal_error).fold(0.0, f64::max),
            fraction: fraction.max(f64::from_bits(before)),
        }
    }
}
