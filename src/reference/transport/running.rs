//! A problem on its way, in the form that suits its ε.

use super::course::Standing;
use super::large_epsilon::{LargeEpsilon, is_large};
use super::problem::{Problem, Settings};
use super::room::Room;
use super::sinkhorn::Loop;
use super::solved::Solved;

pub(super) enum Running<'a> {
    Ordinary(Box<Loop<'a>>),
    LargeEpsilon(Box<LargeEpsilon<'a>>),
}

impl<'a> Running<'a> {
    pub(super) fn new(problem: Problem<'a>, settings: &Settings, room: Room) -> Running<'a> {
        match is_large(&problem) {
            true => Running::LargeEpsilon(Box::new(LargeEpsilon::new(problem, settings))),
            false => Running::Ordinary(Box::new(Loop::new(problem, settings, room))),
        }
    }

    /// One more step; `false` once there is a result.
    pub(super) fn advance(&mut self) -> bool {
        match self {
            Running::Ordinary(this) => this.advance(),
            Running::LargeEpsilon(this) => this.advance(),
        }
    }

    pub(super) fn iterations(&self) -> u32 {
        match self {
            Running::Ordinary(this) => this.iterations(),
            Running::LargeEpsilon(this) => this.iterations(),
        }
    }

    pub(super) fn error(&self) -> f64 {
        match self {
            Running::Ordinary(this) => this.error(),
            Running::LargeEpsilon(this) => this.error(),
        }
    }

    pub(super) fn standing(&self) -> Standing {
        match self {
            Running::Ordinary(this) => this.standing(),
            Running::LargeEpsilon(this) => this.standing(),
        }
    }

    /// Ends the iterations where they are: what follows measures what there is.
    pub(super) fn cancel(&mut self) {
        match self {
            Running::Ordinary(this) => this.cancel(),
            Running::LargeEpsilon(this) => this.cancel(),
        }
    }

    pub(super) fn solved(self) -> Solved {
        match self {
            Running::Ordinary(this) => this.solved(),
            Running::LargeEpsilon(this) => this.solved(),
        }
    }
}

/// Twin of `resident`: solves one problem.
pub fn resident(problem: Problem<'_>, settings: &Settings) -> Solved {
    let mut running = Running::new(problem, settings, Room::for_threads(1));
    while running.advance() {}
    running.solved()
}
