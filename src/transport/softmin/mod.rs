//! The softmins of a batch, one for every kind of cost: each records one half step. They know kernels, not stopping.

mod axes;
mod double;
mod half_step;
mod matrix;
mod points;
mod scaling;
mod support;
mod sweeps;

pub(crate) use half_step::{Errors, HalfStep, Out};
pub(crate) use points::ground;
pub(crate) use scaling::{
    Change, LARGEST_CONTRAST, LARGEST_EXPONENT, RESCALE, RESCALE_WORKGROUP, RescaleParams, rescale,
    rescale_pipeline,
};
use sweeps::Sweeps;

use super::state::{Side, State, Step};
use crate::error::Result;
use crate::gpu::recorder::Recorder;
use crate::number::Precision;
use scaling::Scaling;
use std::ops::Range;

/// Half steps over a state.
pub(crate) enum Softmin<'a> {
    Sweeps(Sweeps<'a>),
    Scaling(Scaling<'a>),
}

impl<'a> Softmin<'a> {
    /// Sweeps over the cost, in either precision.
    pub(crate) async fn sweeps(
        state: &'a State,
        precision: Precision,
        out: Out,
    ) -> Result<Softmin<'a>> {
        Ok(Softmin::Sweeps(Sweeps::new(state, precision, out).await?))
    }

    /// Products with the kernel of a cost that all problems share.
    pub(crate) async fn scaling(state: &'a State) -> Result<Softmin<'a>> {
        Ok(Softmin::Scaling(Scaling::new(state).await?))
    }

    pub(crate) fn precision(&self) -> Precision {
        match self {
            Softmin::Sweeps(sweeps) => sweeps.precision,
            Softmin::Scaling(_) => Precision::Single,
        }
    }

    /// Potentials to what the form iterates on. Run inside `guarded`, as all that records.
    pub(crate) fn enter(&self, recorder: &mut Recorder<'_>, epsilon: f64) -> Result<()> {
        match self {
            Softmin::Sweeps(_) => Ok(()),
            Softmin::Scaling(scaling) => scaling.enter(recorder, epsilon),
        }
    }

    /// And back.
    pub(crate) fn leave(&self, recorder: &mut Recorder<'_>, epsilon: f64) -> Result<()> {
        match self {
            Softmin::Sweeps(_) => Ok(()),
            Softmin::Scaling(scaling) => scaling.leave(recorder, epsilon),
        }
    }

    /// Workgroups of a half step over so many problems.
    pub(crate) fn groups(&self, side: Side, slots: usize) -> u64 {
        match self {
            Softmin::Sweeps(sweeps) => sweeps.groups(side, slots),
            Softmin::Scaling(scaling) => scaling.groups(side, slots),
        }
    }

    /// A half step, or a range of its workgroups, to be recorded any number of times. The scaling form has it whole.
    pub(crate) fn half_step(&self, side: Side, step: Step, groups: Range<u64>) -> Result<HalfStep> {
        match self {
            Softmin::Sweeps(sweeps) => sweeps.half_step(side, step, groups),
            Softmin::Scaling(scaling) => scaling.half_step(side, step),
        }
    }

    /// What the last half step over a side left for a test.
    pub(crate) fn errors(&self, side: Side) -> Result<Errors> {
        match self {
            Softmin::Sweeps(sweeps) => sweeps.errors(side),
            Softmin::Scaling(scaling) => Ok(scaling.errors(side)),
        }
    }

    /// Whether one potential is both sides'.
    pub(crate) fn is_symmetric(&self) -> bool {
        matches!(self, Softmin::Sweeps(sweeps) if sweeps.is_symmetric())
    }

    /// Whether a half step may be made in parts.
    pub(crate) fn is_divisible(&self) -> bool {
        matches!(self, Softmin::Sweeps(_))
    }

    /// Whether a problem may leave the form's range: then both sides are looked at.
    pub(crate) fn has_marks(&self) -> bool {
        matches!(self, Softmin::Scaling(_))
    }

    /// Pairs of an iteration over all problems, in units of an exponential in single precision.
    pub(crate) fn elements(&self) -> f64 {
        match self {
            // A double-float exponential costs some thirty single ones.
            Softmin::Sweeps(Sweeps { precision: Precision::Double, state, .. }) => {
                60.0 * state.pairs()
            }
            Softmin::Sweeps(sweeps) => 2.0 * sweeps.state.pairs(),
            Softmin::Scaling(scaling) => scaling.elements(),
        }
    }
}
