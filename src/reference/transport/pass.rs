//! The passes that a solve is made of.

use super::chunk::{Chunk, Shared};

/// A pass over the rows of a problem. A step of a solve takes a pass some rows further, so that a large problem gives way, and
/// can be broken off, in the middle of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Copies of costs that are not there row by row.
    Copy,
    /// An iteration from potentials, and its kernel.
    Renew,
    /// Sums of columns, where rows had to wait for a multiplier.
    Spread,
    /// Its second half, where sums are out of range.
    Columns,
    /// An iteration that scales the kernel.
    Scale,
    /// What the result is worth.
    Measure,
    /// No pass: there is a result.
    Done,
}

impl Pass {
    /// Takes the pass `step` rows further.
    pub(super) fn run(self, chunk: &mut Chunk, step: usize, shared: &Shared<'_>) {
        let rows = chunk.next_rows(step);
        match self {
            Pass::Copy => chunk.copy(rows, shared),
            Pass::Renew => chunk.renew(rows, shared),
            Pass::Spread => chunk.spread(rows, shared),
            Pass::Columns => chunk.columns(rows, shared),
            Pass::Scale if shared.defers => chunk.sum_up(rows, shared),
            Pass::Scale => chunk.scale(rows, shared),
            Pass::Measure => chunk.measure(rows, shared),
            Pass::Done => {}
        }
    }
}
