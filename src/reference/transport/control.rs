//! What becomes of a problem at a test: it goes on, with longer steps or at another ε, or it is given up. Twin of
//! `convergence`, whose rules and constants these are.
//!
//! A watched problem is overrelaxed. One that is about to settle makes a few steps of 1, after which the columns are exact.
//! One that does not settle in its first iterations anneals: from a tenth of its contrast ε falls, held where the error stays
//! large. One whose error is no more than rounding, and does not fall, has stalled.

use super::damping::Damping;
use super::falling::Falling;
use super::problem::{Problem, Settings};
use super::relaxation::{AVERAGED, Relaxation};
use super::stall::{PATIENCE, Stall};

/// Iterations between tests.
pub(super) const EVERY: u32 = 5;

/// Iterations of a probe, and those in which its error is to fall by a factor of ten.
const PROBE: u32 = 100;
const PROBE_DECADE: f64 = 25.0;

/// Those in which the error of averaged steps is: slower than that they are where the kernel is not positive definite.
const AVERAGED_DECADE: f64 = 10.0;

/// max|C|/ε above which a problem may anneal.
const CONTRAST: f64 = 10.0;

/// Steps of 1 at the end.
const FINISH: u32 = 5;

/// Errors of so many tolerances are about to settle.
const ABOUT_TO_SETTLE: f64 = 10.0;

/// What a problem is controlled by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Whether anything may be other than in plain iterations.
    pub(super) watched: bool,
    pub(super) anneals: bool,
    /// Whether steps are averaged.
    pub(super) symmetric: bool,
    /// The ε that is asked for.
    pub(super) epsilon: f64,
    /// The largest cost that matters.
    pub(super) scale: f64,
    /// The least of a soft side; ∞ of none.
    pub(super) reach: f64,
}

impl Rules {
    /// Partial transport, whose two sides share a multiplier, is iterated plainly, and so is a schedule of the caller's.
    pub(super) fn of(problem: &Problem<'_>, settings: &Settings) -> Rules {
        let Problem { marginals, schedule, .. } = problem;
        let is_partial = marginals.mass.is_some();
        let reaches = marginals.damping.iter().filter_map(|damping| match damping {
            Damping::Soft { reach } => Some(*reach),
            Damping::Hard | Damping::Bounded => None,
        });
        Rules {
            watched: problem.watched
                && settings.tolerance > 0.0
                && schedule.len() == 1
                && !is_partial,
            anneals: problem.anneals,
            symmetric: problem.symmetric && !is_partial,
            epsilon: schedule[schedule.len() - 1],
            scale: problem.scale,
            reach: reaches.fold(f64::INFINITY, f64::min),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// Not watched.
    Plain,
    /// Averaged steps, for as long as they are fast.
    Averaged,
    /// Looks whether the problem settles at once.
    Probe,
    /// Lets ε fall.
    Anneal,
    /// Overrelaxes.
    Run,
    /// Makes steps of 1, since `at`, where it was `omega`.
    Finish { at: u32, omega: f64 },
}

/// What comes of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    Stalled,
    /// Averaged steps are too slow.
    Alternate,
}

/// The control of one problem.
#[derive(Debug, Clone, Copy)]
pub(super) struct Control {
    rules: Rules,
    phase: Phase,
    /// Iterations before those it counts.
    begun: u32,
    relaxation: Relaxation,
    falling: Falling,
    stall: Stall,
    /// The error at which steps of 1 are tried next.
    trigger: f64,
}

impl Control {
    pub(super) fn new(rules: Rules) -> Control {
        let phase = match rules {
            Rules { watched: false, .. } => Phase::Plain,
            Rules { symmetric: true, .. } => Phase::Averaged,
            Rules { anneals, scale, epsilon, .. } if anneals && scale > CONTRAST * epsilon => {
                Phase::Probe
            }
            _ => Phase::Run,
        };
        let contrast = rules.scale / rules.epsilon;
        Control {
            phase,
            begun: 0,
            relaxation: Relaxation::new(if rules.symmetric { AVERAGED } else { 1.0 }),
            falling: Falling::at(rules.epsilon),
            stall: if rules.watched { Stall::watched(contrast) } else { Stall::plain(contrast) },
            trigger: f64::INFINITY,
            rules,
        }
    }

    /// Whether the problem is watched.
    pub(super) fn is_watching(&self) -> bool {
        self.rules.watched
    }

    /// Of the next iteration.
    pub(super) fn omega(&self) -> f64 {
        self.relaxation.omega()
    }

    /// Of the next iteration.
    pub(super) fn epsilon(&self) -> f64 {
        self.falling.epsilon()
    }

    /// Where ε began to fall, if it did.
    pub(super) fn first_epsilon(&self) -> f64 {
        self.falling.first()
    }

    /// Errors before are those of another ε.
    pub(super) fn restart(&mut self) {
        self.stall.restart();
    }

    /// Alternating steps after averaged ones, `iteration` of them.
    pub(super) fn alternate(&mut self, iteration: u32) {
        *self = Control::new(Rules { symmetric: false, ..self.rules });
        self.begun = iteration;
    }

    /// A test at `iteration`, before which the source's `error`, relative, was found. `tolerance` is asked for.
    pub(super) fn test(&mut self, iteration: u32, error: f64, tolerance: f64) -> Verdict {
        let k = iteration - self.begun;
        if let Phase::Plain | Phase::Averaged = self.phase {
            return self.look(k, error);
        }
        if self.phase == Phase::Probe {
            if k > PROBE {
                self.phase = Phase::Run;
            } else if is_slow(k, error, PROBE_DECADE) {
                self.phase = Phase::Anneal;
                self.falling.begin(self.rules.scale);
                self.forget();
                return Verdict::GoOn;
            }
        }
        if self.phase == Phase::Anneal {
            if !self.falling.is_at_last() {
                match self.falling.is_held(error, EVERY) {
                    true => self.relax(k, error),
                    false => self.forget(),
                }
                return Verdict::GoOn;
            }
            self.phase = Phase::Run;
            self.forget();
        }
        self.run(k, error, tolerance)
    }

    fn forget(&mut self) {
        self.relaxation.restart();
        self.stall.restart();
    }

    fn look(&mut self, k: u32, error: f64) -> Verdict {
        let patience = self.stall.as_long_again();
        if self.stall.is_reached(k, error, patience) {
            Verdict::Stalled
        } else if self.phase == Phase::Averaged && is_slow(k, error, AVERAGED_DECADE) {
            Verdict::Alternate
        } else {
            Verdict::GoOn
        }
    }

    /// At the ε that is asked for.
    fn run(&mut self, k: u32, error: f64, tolerance: f64) -> Verdict {
        if let Phase::Finish { at, omega } = self.phase {
            if k - at >= FINISH {
                self.phase = Phase::Run;
                self.relaxation.resume(omega, k, error);
            }
            return Verdict::GoOn;
        }
        let omega = self.omega();
        if omega > 1.0 && error <= self.trigger.min(ABOUT_TO_SETTLE * tolerance) {
            self.phase = Phase::Finish { at: k, omega: self.relaxation.pause() };
            self.trigger = tolerance.max(0.1 * error);
            return Verdict::GoOn;
        }
        let patience = PATIENCE.max((4.0 / (2.0 - omega)) as u32);
        if self.stall.is_reached(k, error, patience) {
            if omega == 1.0 {
                return Verdict::Stalled;
            }
            self.relaxation.freeze();
            self.stall.begin(k, error);
        }
        self.relax(k, error);
        Verdict::GoOn
    }

    fn relax(&mut self, k: u32, error: f64) {
        // Beside a reach below ε steps are short as they are.
        if !self.stall.is_rounding(error) && self.epsilon() <= self.rules.reach {
            self.relaxation.see(k, error);
        }
    }
}

/// Whether the error is above 10^(1 − k/decade).
fn is_slow(k: u32, error: f64, decade: f64) -> bool {
    error > 10f64.powf(1.0 - f64::from(k) / decade)
}
