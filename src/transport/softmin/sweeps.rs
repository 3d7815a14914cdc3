//! Half steps that go over all pairs of bins.

use super::{Errors, Form, HalfStep, Out, double, matrix, points, support};
use crate::error::Result;
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::pipeline::Pipeline;
use crate::gpu::shader::Constant;
use crate::number::Precision;
use crate::reference::Damping;
use crate::transport::state::{Ground, Side, State, Step};
use std::ops::Range;
use std::sync::Arc;

/// The kernels of both sides.
pub(crate) struct Sweeps<'a> {
    pub(super) state: &'a State,
    pub(super) precision: Precision,
    sides: [Swept; 2],
    /// What workgroups sum up; both sides use one buffer, one after the other.
    pub(crate) partials: Buffer,
}

struct Swept {
    pipeline: Arc<Pipeline>,
    /// Workgroups of a problem.
    blocks: u32,
}

/// As the kernels have it in `transport/update.wgsl`.
fn constant(damping: Damping) -> u32 {
    match damping {
        Damping::Hard => 0,
        Damping::Soft { .. } => 1,
        Damping::Bounded => 2,
    }
}

impl Swept {
    async fn new(state: &State, side: Side, precision: Precision, out: Out) -> Result<Swept> {
        let Form { kernel, mut constants, per_group } = match (precision, &state.ground) {
            (Precision::Double, _) => double::form(state),
            (_, Ground::Points(clouds)) => points::form(state, clouds, side),
            (_, Ground::Matrix(_)) if state.supports() => support::form(state),
            (_, Ground::Matrix(_)) => matrix::form(state, side),
        };
        let measure = out == Out::Measure;
        constants.extend([
            ("WORKGROUP", Constant::U32(state.gpu.capabilities.sweep_workgroup())),
            ("MEASURE", Constant::Bool(measure)),
            ("SOURCE", Constant::Bool(side == Side::Source)),
            ("DAMPING", Constant::U32(constant(state.damping[side as usize]))),
            // Measured are two potentials, which are one.
            ("SYMMETRIC", Constant::Bool(state.symmetric && !measure)),
        ]);
        let pipeline = state.gpu.pipeline(kernel, constants).await?;
        let blocks = (state.side(side).longest as u32).div_ceil(per_group).max(1);
        Ok(Swept { pipeline, blocks })
    }
}

impl<'a> Sweeps<'a> {
    pub(crate) async fn new(
        state: &'a State,
        precision: Precision,
        out: Out,
    ) -> Result<Sweeps<'a>> {
        let sides = [
            Swept::new(state, Side::Source, precision, out).await?,
            Swept::new(state, Side::Target, precision, out).await?,
        ];
        let gpu = &state.gpu;
        let planes = if precision == Precision::Double { 2 } else { 1 };
        let blocks = u64::from(sides[0].blocks.max(sides[1].blocks));
        let bytes = 16 * planes * blocks * state.len() as u64;
        let partials = gpu.guarded(|| gpu.allocate("partial sums", bytes, STORAGE)).await?;
        Ok(Sweeps { state, precision, sides, partials })
    }

    pub(crate) fn blocks(&self, side: Side) -> u32 {
        self.sides[side as usize].blocks
    }

    pub(super) fn errors(&self, side: Side) -> Errors<'_> {
        Errors { partials: &self.partials, blocks: self.blocks(side), first: 0, marks: 0 }
    }

    /// A sweep, or a range of its workgroups. Run inside `guarded`.
    pub(super) fn half_step(&self, side: Side, step: Step, groups: Range<u64>) -> Result<HalfStep> {
        let Swept { pipeline, blocks } = &self.sides[side as usize];
        let mut sweep = self.state.sweep(side, self.precision, step);
        sweep.blocks = *blocks;
        sweep.first_group = groups.start as u32;
        let gpu = &self.state.gpu;
        let params = gpu.uniform(&sweep)?;
        let ready = gpu.bind(pipeline, params, self.state.swept(side, &self.partials));
        Ok(HalfStep(vec![(ready, groups.end - groups.start)]))
    }
}
