//! Iterations of partial transport.

use super::Loop;
use crate::reference::transport::chunk::sum_of_columns;
use crate::reference::transport::deferred::settle;
use crate::reference::transport::pass::Pass;

impl Loop<'_> {
    /// The rows' half of partial transport, once all of them have been seen.
    pub(super) fn deferred(&mut self, mass: f64) {
        let update = self.update(0);
        settle(&mut self.chunks, mass, self.target.multiplier, &update);
        let is_new = self.pass == Pass::Renew;
        if is_new {
            self.chunks.iter_mut().for_each(|chunk| chunk.side.empty = chunk.side.blocked);
        }
        if self.keeps && self.chunks.iter().all(|chunk| chunk.side.is_in_range()) {
            self.chunks.iter_mut().for_each(|chunk| chunk.side.accept_scalings(&update));
            self.of_kernel += u32::from(!is_new);
            self.pass = Pass::Spread;
        } else if is_new {
            self.chunks.iter_mut().for_each(|chunk| chunk.side.accept_potentials());
            self.pass = Pass::Columns;
        } else {
            self.left_range();
        }
    }

    /// The columns' half of partial transport.
    pub(super) fn spread(&mut self) {
        sum_of_columns(&self.chunks, &mut self.sums);
        let update = self.update(1);
        if self.target.scale(&self.sums, &update) {
            self.target.accept_scalings(&update);
            self.last_rest = 0;
            return self.iterated(true);
        }
        self.pass = Pass::Columns;
    }
}
