//! Softmin over a regular grid, one axis after the other: the last one ends in the update, those before leave levels.

use super::{Form, Out};
use crate::error::Result;
use crate::gpu::Kernel;
use crate::gpu::buffer::Buffer;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::Ready;
use crate::gpu::shader::{Constant, Constants};
use crate::number::Precision;
use crate::transport::state::{Axes, Ground, Side, State, Sweep};
use std::ops::Range;
use std::sync::Arc;

pub(crate) static SOFTMIN_AXIS: Kernel = Kernel::new("transport/softmin_axis.wgsl");

pub(crate) static SOFTMIN_LINE: Kernel = Kernel::new("transport/softmin_line.wgsl");

pub(crate) static SOFTMIN_AXIS_DOUBLE: Kernel = Kernel::new("transport/softmin_axis_double.wgsl");

/// How the pixels of one axis are shared out.
struct Shape {
    workgroup: u32,
    lanes: u32,
    /// Workgroups of a problem.
    blocks: u32,
}

impl Shape {
    fn new(state: &State, axes: &Axes, axis: usize, precision: Precision) -> Shape {
        let capabilities = &state.gpu.capabilities;
        let entries = state.source.padded;
        let length = axes.length(axis);
        if precision == Precision::Double {
            let (workgroup, lanes) = capabilities.axis_shape(entries * state.len(), usize::MAX);
            let blocks = entries.div_ceil((workgroup / lanes) as usize) as u32;
            return Shape { workgroup, lanes, blocks };
        }
        // Of the last axis lines, of the others quads of lines.
        let lines = if axis == axes.before() { entries / length } else { entries / length / 4 };
        let tiles = length.div_ceil(4);
        let (workgroup, lanes) = capabilities.axis_shape(lines * tiles * state.len(), tiles);
        let blocks = (lines * tiles.div_ceil((workgroup / lanes) as usize)) as u32;
        Shape { workgroup, lanes, blocks }
    }
}

/// The kernel of an axis.
fn kernel(
    state: &State,
    axes: &Axes,
    axis: usize,
    precision: Precision,
) -> (&'static Kernel, Constants) {
    let is_last = axis == axes.before();
    if precision == Precision::Double {
        return (&SOFTMIN_AXIS_DOUBLE, vec![("LAST", Constant::Bool(is_last))]);
    }
    let constants = vec![
        ("NATIVE_EXP2", Constant::Bool(state.gpu.capabilities.native_exp2())),
        ("POWER", Constant::U32(axes.power)),
    ];
    (if is_last { &SOFTMIN_LINE } else { &SOFTMIN_AXIS }, constants)
}

/// That of the last axis.
pub(super) fn form(state: &State, axes: &Axes, side: Side, precision: Precision) -> Form {
    let axis = axes.before();
    let shape = Shape::new(state, axes, axis, precision);
    let (kernel, mut constants) = kernel(state, axes, axis, precision);
    constants.extend([
        ("LANES", Constant::U32(shape.lanes)),
        ("EARLIER", Constant::Bool(side == Side::Source && axis > 0)),
    ]);
    Form { kernel, constants, workgroup: shape.workgroup, blocks: shape.blocks }
}

/// The axes of one side before the last.
pub(super) struct Before {
    side: Side,
    passes: Vec<(Arc<Pipeline>, u32)>,
}

impl Before {
    /// None of another cost than a grid's.
    pub(super) async fn new(
        state: &State,
        side: Side,
        precision: Precision,
        out: Out,
    ) -> Result<Before> {
        let mut passes = Vec::new();
        if let Ground::Axes(axes) = &state.ground {
            for axis in 0..axes.before() {
                let shape = Shape::new(state, axes, axis, precision);
                let (kernel, mut constants) = kernel(state, axes, axis, precision);
                constants.extend([
                    ("LANES", Constant::U32(shape.lanes)),
                    ("WORKGROUP", Constant::U32(shape.workgroup)),
                    ("MEASURE", Constant::Bool(out == Out::Measure)),
                    ("EARLIER", Constant::Bool(side == Side::Source && axis > 0)),
                ]);
                if precision == Precision::Double {
                    constants.push(("SOURCE", Constant::Bool(side == Side::Source)));
                }
                passes.push((state.gpu.pipeline(kernel, constants).await?, shape.blocks));
            }
        }
        Ok(Before { side, passes })
    }

    /// Workgroups of a problem.
    pub(super) fn blocks(&self) -> u32 {
        self.passes.iter().map(|(_, blocks)| blocks).sum()
    }

    /// Those of all axes that are among `groups`, axis after axis. Run inside `guarded`.
    pub(super) fn steps(
        &self,
        state: &State,
        (sweep, partials): (Sweep, &Buffer),
        groups: &Range<u64>,
    ) -> Result<Vec<(Ready, u64)>> {
        let Ground::Axes(axes) = &state.ground else { return Ok(Vec::new()) };
        let (own, gpu) = (self.side, &state.gpu);
        let (mut steps, mut before) = (Vec::new(), 0);
        for (axis, (pipeline, blocks)) in self.passes.iter().enumerate() {
            let all = u64::from(sweep.slots) * u64::from(*blocks);
            let part = within(groups, before, all);
            before += all;
            if part.is_empty() {
                continue;
            }
            let mut sweep = axes.along_axis(sweep, own, axis);
            sweep.blocks = *blocks;
            sweep.first_group = part.start as u32;
            let params = gpu.uniform(&sweep)?;
            let mut parts = state.along_axis(own, axes, axis, partials);
            if pipeline.kernel.path == SOFTMIN_AXIS.path {
                // No weights, no sums, nothing of the other side.
                parts = [0, 1, 3, 6].map(|k| parts[k].clone()).into();
            }
            let ready = gpu.bind(pipeline, params, parts);
            steps.push((ready, part.end - part.start));
        }
        Ok(steps)
    }
}

/// The part of `groups` that is of the `count` groups behind `first`, counted from there.
pub(super) fn within(groups: &Range<u64>, first: u64, count: u64) -> Range<u64> {
    let place = |group: u64| group.saturating_sub(first).min(count);
    place(groups.start)..place(groups.end)
}
