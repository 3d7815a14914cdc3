//! Where a problem goes after a test.

use super::{Loop, Next};
use crate::reference::transport::control::{EVERY, Verdict};
use crate::reference::transport::side::Side;

impl Loop<'_> {
    /// The test before an iteration, of which the rows have seen what they hold.
    pub(super) fn tested(&mut self) -> Next {
        let mass = self.mass.max(f64::MIN_POSITIVE);
        let rows: f64 = self.chunks.iter().map(|chunk| chunk.side.error).sum();
        let columns = if self.symmetric { rows } else { self.target.error };
        if self.at_epsilon > 0 {
            self.error = (rows + columns) / mass;
            if self.leaves() {
                return Next::Measure;
            }
        }
        if !self.is_tested() || self.at_epsilon == 0 || self.seen == self.iterations {
            return Next::Iterate;
        }
        self.seen = self.iterations;
        let error = if self.symmetric { rows + columns } else { rows };
        match self.control.test(self.iterations, error / mass, self.tolerance) {
            Verdict::GoOn => Next::Iterate,
            Verdict::Stalled => {
                self.stalled = true;
                Next::Measure
            }
            Verdict::Alternate => {
                self.alternate();
                Next::Begin
            }
        }
    }

    /// Whether the iteration under way has a test.
    pub(super) fn is_tested(&self) -> bool {
        self.tolerance > 0.0 && self.iterations > 0 && self.iterations.is_multiple_of(EVERY)
    }

    /// ω and ε of the next iteration; the last that is allowed is Sinkhorn's own, at the ε that is asked for.
    pub(super) fn steer(&mut self) -> f64 {
        let is_last = self.iterations + 1 == self.max_iterations;
        if is_last && self.control.is_watching() && !self.symmetric {
            self.omega = 1.0;
            return self.asked();
        }
        self.omega = self.control.omega();
        let scheduled = self.schedule[..self.schedule.len() - 1].get(self.iterations as usize);
        scheduled.copied().unwrap_or(self.control.epsilon())
    }

    /// After [`Self::absorb`]. Potentials are kept in a caller's schedule, weighted ones where ε falls by itself.
    pub(super) fn change_epsilon(&mut self, next: f64) {
        let from = std::mem::replace(&mut self.epsilon, next);
        if next == from {
            return;
        }
        if self.schedule.len() == 1 {
            self.chunks.iter_mut().for_each(|chunk| chunk.side.reweigh(from, next));
            self.target.side.reweigh(from, next);
        } else {
            self.control.restart();
        }
        self.at_epsilon = 0;
        self.weigh();
    }

    /// Brings potentials of soft marginals to their best translation.
    pub(super) fn translate(&mut self) {
        // In a schedule of the caller's potentials are those of the ε before until it ends.
        let is_scheduled = self.schedule.len() > 1 && self.at_epsilon == 0;
        if self.symmetric || is_scheduled || !self.translation.is_free() {
            return;
        }
        let [source, target] = [0, 1].map(|side| self.update(side));
        let rows = self.chunks.iter().map(|chunk| chunk.side.all_wanted(&source)).sum();
        let columns = self.target.side.all_wanted(&target);
        self.translation.find([rows, columns]);
        // Columns hold what they did, and are to hold as much more or less.
        self.target.error += (self.target.side.all_wanted(&self.update(1)) - columns).abs();
    }

    /// From here on both sides have a potential of their own, to begin with the one that there was.
    pub(super) fn alternate(&mut self) {
        self.absorb();
        let (potentials, weights) = self.source();
        self.target.side = Side::new(weights, potentials);
        self.symmetric = false;
        self.control.alternate(self.iterations);
        self.omega = self.control.omega();
        self.at_epsilon = 0;
        self.weigh();
    }
}
