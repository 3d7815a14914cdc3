//! The passes that a solve is made of.

use super::chunk::{Chunk, Shared};

/// A pass over the chunks of the cost. A problem takes a step for a few chunks of it, so that a large one gives way, and can
/// be broken off, in the middle of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// An iteration from potentials, and its kernel.
    Begin,
    /// In the log domain: the source's potentials.
    Rows,
    /// In the log domain: the target's.
    Columns,
    /// The kernel of potentials.
    Kernel,
    /// An iteration that scales the kernel.
    Scale,
    /// What the result is worth.
    Measure,
    /// No pass: there is a result.
    Done,
}

impl Pass {
    pub(super) fn run(self, chunk: &mut Chunk, shared: &Shared<'_>) {
        match self {
            Pass::Begin => chunk.begin(shared),
            Pass::Rows => chunk.rows_of_logs(shared),
            Pass::Columns => chunk.columns_of_logs(shared),
            Pass::Kernel => chunk.kernel_of_logs(shared),
            Pass::Scale => chunk.scale(shared),
            Pass::Measure => chunk.measure(shared),
            Pass::Done => {}
        }
    }
}
