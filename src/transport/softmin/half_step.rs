//! A half step: what it is for, what makes it, what it leaves.

use crate::error::Result;
use crate::gpu::Kernel;
use crate::gpu::buffer::Buffer;
use crate::gpu::recorder::{Ready, Recorder};
use crate::gpu::shader::Constants;
use crate::transport::state::{Side, State};

/// What a sweep is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Out {
    /// The own potentials.
    Update,
    /// The one potential of symmetric problems.
    Average,
    /// What the plan of the potentials is worth.
    Measure,
}

/// A kernel for one side of a state: what it is built with, threads of a workgroup, and workgroups of a problem.
pub(super) struct Form {
    pub(super) kernel: &'static Kernel,
    pub(super) constants: Constants,
    pub(super) workgroup: u32,
    pub(super) blocks: u32,
}

impl Form {
    /// In workgroups of the usual size, each of which updates so many entries for every thread.
    pub(super) fn new(
        (state, side): (&State, Side),
        kernel: &'static Kernel,
        constants: Constants,
        (entries, lanes): (u32, u32),
    ) -> Form {
        let workgroup = state.gpu.capabilities.sweep_workgroup();
        let per_group = entries * workgroup / lanes;
        let blocks = (state.side(side).longest as u32).div_ceil(per_group).max(1);
        Form { kernel, constants, workgroup, blocks }
    }
}

/// Dispatches that make a half step.
pub(crate) struct HalfStep(pub(super) Vec<(Ready, u64)>);

impl HalfStep {
    /// Run inside `guarded`.
    pub(crate) fn record(&self, recorder: &mut Recorder<'_>) -> Result<()> {
        self.0.iter().try_for_each(|(ready, groups)| recorder.dispatch(ready, *groups))
    }
}

/// What a sweep left for the test of convergence: partial sums, blocks of a problem, where they begin, and how many blocks
/// from where on have marks.
#[derive(Debug)]
pub(crate) struct Errors {
    pub(crate) partials: Buffer,
    pub(crate) blocks: u32,
    pub(crate) first: u32,
    pub(crate) marks: u32,
}
