//! A regular grid on the device: what distances along its axes cost, and what half steps leave between two axes.

use super::sweep::Sweep;
use super::{Side, SideData};
use crate::error::Result;
use crate::gpu::Gpu;
use crate::gpu::buffer::Buffer;
use crate::number::{Precision, words};
use crate::transport::geometry::AxisCosts;

/// One axis, as it lies in memory.
#[derive(Debug, Clone, Copy)]
struct Axis {
    /// Pixels, of the last axis with the padding.
    length: usize,
    /// Elements from one to the next.
    stride: usize,
    /// Where its costs begin.
    costs_at: usize,
    /// What distance 1 costs.
    step: f64,
}

/// Axes of more than one pixel, in the order of memory; of a single pixel one axis.
#[derive(Debug)]
pub(crate) struct Axes {
    axes: Vec<Axis>,
    /// Costs by distance, axis after axis; low words behind them.
    pub(crate) along: Buffer,
    /// Costs of all axes: from the high to the low words.
    plane: usize,
    /// p of the cost |x − y|^p, where the kernels make it from a distance: 1 or 2; 0 where they look it up.
    pub(crate) power: u32,
    /// Of every side and every axis but the last: what the axis leaves. Levels, and of the source mean costs.
    levels: [Vec<Buffer>; 2],
    /// From the levels to the mean costs of the source.
    means: usize,
}

impl Axes {
    /// For problems whose potentials lie as in `sides`.
    pub(super) fn upload(
        gpu: &Gpu,
        costs: &AxisCosts,
        sides: [&SideData; 2],
        (precision, scale): (Precision, f64),
    ) -> Result<Axes> {
        let all = costs.axes();
        let pitch = sides[0].pitch;
        let (mut axes, mut table) = (Vec::new(), Vec::new());
        for (k, along) in all.iter().enumerate() {
            let later = &all[k + 1..];
            let (length, stride) = match later {
                [] => (pitch, 1),
                [between @ .., _] => (
                    along.len(),
                    pitch * between.iter().map(|along| along.len()).product::<usize>(),
                ),
            };
            let step = along.get(1).copied().unwrap_or(0.0) * scale;
            axes.push(Axis { length, stride, costs_at: table.len(), step });
            // Padding and what threads make beyond an axis is as far as its end.
            let last = along.last().copied().unwrap_or(0.0);
            let beyond = std::iter::repeat_n(&last, 8);
            table.extend(along.iter().chain(beyond).map(|cost| cost * scale));
        }
        let mut values: Vec<f32> = table.iter().map(|cost| *cost as f32).collect();
        values.extend(table.iter().map(|cost| words(*cost)[1]));
        let along = gpu.upload("costs along axes", &values)?;
        let means = precision.words() * sides[0].entries();
        let mut levels = [Vec::new(), Vec::new()];
        for (side, data) in Side::BOTH.into_iter().zip(sides) {
            let planes = if side == Side::Source { 2 } else { 1 };
            for _ in 1..axes.len() {
                let count = planes * precision.words() * data.entries();
                // What the first iteration finds must be numbers.
                let upload = gpu.upload_to("levels", 4 * count as u64)?;
                upload.write_with(0, count, |_, place| place.fill(0.0))?;
                levels[side as usize].push(upload.finish());
            }
        }
        let power =
            if costs.exponent == 1.0 || costs.exponent == 2.0 { costs.exponent as u32 } else { 0 };
        Ok(Axes { axes, along, plane: table.len(), power, levels, means })
    }

    /// Axes before the last.
    pub(crate) fn before(&self) -> usize {
        self.axes.len() - 1
    }

    /// What an axis before the last leaves.
    pub(crate) fn level(&self, side: Side, axis: usize) -> &Buffer {
        &self.levels[side as usize][axis]
    }

    /// What the last axis begins from, if there is one before it.
    pub(crate) fn last_level(&self, side: Side) -> Option<&Buffer> {
        self.levels[side as usize].last()
    }

    /// Pixels of an axis in memory.
    pub(crate) fn length(&self, axis: usize) -> usize {
        self.axes[axis].length
    }

    /// All lengths together: exponentials that a pixel costs.
    pub(crate) fn lengths(&self) -> usize {
        self.axes.iter().map(|axis| axis.length).sum()
    }

    /// The parameters of a sweep over `own` along an axis.
    pub(crate) fn along_axis(&self, sweep: Sweep, own: Side, axis: usize) -> Sweep {
        let Axis { length, stride, costs_at, step } = self.axes[axis];
        let means = |has: bool| if has && own == Side::Source { self.means as u32 } else { 0 };
        Sweep {
            axis: length as u32,
            axis_stride: stride as u32,
            axis_costs: costs_at as u32,
            axis_step: step as f32,
            cost_plane: self.plane as u32,
            own_means: means(axis < self.before()),
            other_means: means(axis > 0),
            ..sweep
        }
    }
}
