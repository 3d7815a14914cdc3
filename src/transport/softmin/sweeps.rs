//! Half steps that go over all pairs of bins.

use super::axes::{self, Before, within};
use super::half_step::{Errors, Form, HalfStep, Out};
use super::{double, matrix, points, support};
use crate::error::Result;
use crate::gpu::Kernel;
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::pipeline::Pipeline;
use crate::gpu::shader::Constant;
use crate::number::{Precision, words};
use crate::reference::Damping;
use crate::transport::state::{Ground, Masses, Side, State, Step};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

pub(crate) static MULTIPLIER: Kernel = Kernel::new("transport/multiplier.wgsl");

/// Threads of a workgroup that ends the half step of a problem of bounded marginals.
const MULTIPLIER_WORKGROUP: u32 = 64;

/// The kernels of both sides.
pub(crate) struct Sweeps<'a> {
    pub(super) state: &'a State,
    pub(super) precision: Precision,
    out: Out,
    sides: [Swept; 2],
    /// What workgroups sum up, of the source and behind it of the target; allocated by the first half step.
    partials: OnceLock<Buffer>,
    bound: Option<Bound>,
}

struct Swept {
    /// The axes of a grid before its last.
    before: Before,
    pipeline: Arc<Pipeline>,
    /// Workgroups of a problem.
    blocks: u32,
}

/// What ends the half steps of partial transport.
struct Bound {
    pipelines: [Arc<Pipeline>; 2],
    /// The mass of every plan, over the problem's power of two.
    masses: Buffer,
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
        let Form { kernel, mut constants, workgroup, blocks } = match (precision, &state.ground) {
            (_, Ground::Axes(axes)) => axes::form(state, axes, side, precision),
            (Precision::Double, _) => double::form(state, side),
            (_, Ground::Points(clouds)) => points::form(state, clouds, side),
            (_, Ground::Matrix(_)) if state.supports() => support::form(state, side),
            (_, Ground::Matrix(_)) => matrix::form(state, side),
        };
        constants.extend([
            ("WORKGROUP", Constant::U32(workgroup)),
            ("MEASURE", Constant::Bool(out == Out::Measure)),
            ("SOURCE", Constant::Bool(side == Side::Source)),
            ("DAMPING", Constant::U32(constant(state.damping[side as usize]))),
            ("SYMMETRIC", Constant::Bool(out == Out::Average)),
        ]);
        let pipeline = state.gpu.pipeline(kernel, constants).await?;
        let before = Before::new(state, side, precision, out).await?;
        Ok(Swept { before, pipeline, blocks })
    }
}

impl Bound {
    async fn new(state: &State, mass: f64, precision: Precision) -> Result<Bound> {
        let gpu = &state.gpu;
        let pipeline = |side: Side| {
            let constants = vec![
                ("WORKGROUP", Constant::U32(MULTIPLIER_WORKGROUP)),
                ("DOUBLE", Constant::Bool(precision == Precision::Double)),
                ("RAGGED", Constant::Bool(state.supports())),
                ("SOURCE", Constant::Bool(side == Side::Source)),
                ("DAMPING", Constant::U32(constant(state.damping[side as usize]))),
            ];
            gpu.pipeline(&MULTIPLIER, constants)
        };
        let pipelines = [pipeline(Side::Source).await?, pipeline(Side::Target).await?];
        let of = |Masses { exponent, .. }: &Masses| words(mass * (-exponent).exp2());
        let masses: Vec<[f32; 2]> = state.masses.iter().map(of).collect();
        let masses = gpu.guarded(|| gpu.upload("masses", &masses)).await?;
        Ok(Bound { pipelines, masses })
    }
}

impl<'a> Sweeps<'a> {
    pub(super) async fn new(
        state: &'a State,
        precision: Precision,
        out: Out,
    ) -> Result<Sweeps<'a>> {
        let sides = [
            Swept::new(state, Side::Source, precision, out).await?,
            Swept::new(state, Side::Target, precision, out).await?,
        ];
        let bound = match state.mass.filter(|_| out != Out::Measure) {
            Some(mass) => Some(Bound::new(state, mass, precision).await?),
            None => None,
        };
        Ok(Sweeps { state, precision, out, sides, partials: OnceLock::new(), bound })
    }

    pub(super) fn blocks(&self, side: Side) -> u32 {
        self.sides[side as usize].blocks
    }

    /// Workgroups of a half step.
    pub(super) fn groups(&self, side: Side, slots: usize) -> u64 {
        let Swept { before, blocks, .. } = &self.sides[side as usize];
        slots as u64 * (u64::from(before.blocks()) + u64::from(*blocks))
    }

    pub(super) fn is_symmetric(&self) -> bool {
        self.out == Out::Average
    }

    fn first(&self, side: Side) -> u32 {
        let planes = self.precision.words() as u32;
        match side {
            Side::Source => 0,
            Side::Target => planes * self.blocks(Side::Source) * self.state.len() as u32,
        }
    }

    fn partials(&self) -> Result<Buffer> {
        if let Some(partials) = self.partials.get() {
            return Ok(partials.clone());
        }
        let planes = self.precision.words() as u64;
        // A hard target leaves nothing to a test.
        let tests = self.out == Out::Measure || self.state.reach(Side::Target) > 0.0;
        let target = if tests { self.blocks(Side::Target) } else { 0 };
        let blocks = u64::from(self.blocks(Side::Source)) + u64::from(target);
        let bytes = 16 * planes * blocks * self.state.len() as u64;
        let partials = self.state.gpu.allocate("partial sums", bytes, STORAGE)?;
        Ok(self.partials.get_or_init(|| partials).clone())
    }

    pub(super) fn errors(&self, side: Side) -> Result<Errors> {
        let (blocks, first) = (self.blocks(side), self.first(side));
        Ok(Errors { partials: self.partials()?, blocks, first, marks: 0 })
    }

    /// A sweep, or a range of its workgroups. Run inside `guarded`.
    pub(super) fn half_step(&self, side: Side, step: Step, groups: Range<u64>) -> Result<HalfStep> {
        let Swept { before, pipeline, blocks } = &self.sides[side as usize];
        let state = self.state;
        let mut sweep = state.sweep(side, self.precision, step);
        let partials = self.partials()?;
        let mut steps = before.steps(state, (sweep, &partials), &groups)?;
        let slots = step.slots as u64;
        let own = within(&groups, slots * u64::from(before.blocks()), slots * u64::from(*blocks));
        sweep.blocks = *blocks;
        sweep.first_group = own.start as u32;
        sweep.partials_at = self.first(side);
        let gpu = &state.gpu;
        if !own.is_empty() {
            let params = gpu.uniform(&sweep)?;
            let ready = gpu.bind(pipeline, params, state.swept(side, &partials));
            steps.push((ready, own.end - own.start));
        }
        let is_last = groups.end == self.groups(side, step.slots);
        if let Some(bound) = self.bound.as_ref().filter(|_| is_last) {
            let own = state.side(side);
            let parts = vec![
                state.slots.whole(),
                own.weights.whole(),
                own.potentials.whole(),
                state.support.whole(),
                bound.masses.whole(),
            ];
            let params = gpu.uniform(&sweep)?;
            let ready = gpu.bind(&bound.pipelines[side as usize], params, parts);
            steps.push((ready, step.slots as u64));
        }
        Ok(HalfStep(steps))
    }
}
