//! What sweeps read and write of a batch of problems.

use super::axes::Axes;
use super::clouds::Clouds;
use super::layout::{Layout, Side, padded_row};
use super::masses::Masses;
use super::matrix::Matrix;
use super::side::{self, SideData};
use super::slots::Slot;
use crate::error::{Error, Result};
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::{Gpu, Part};
use crate::number::Precision;
use crate::reference::Damping;
use crate::transport::Problem;
use crate::transport::geometry::Cost;
use std::ops::Range;
use std::sync::Arc;

/// What a sweep has of the cost.
#[derive(Debug)]
pub(crate) enum Ground {
    Matrix(Matrix),
    Points(Clouds),
    Axes(Axes),
}

/// Problems `range` of a [`Problem`], on the device.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) gpu: Arc<Gpu>,
    pub(crate) range: Range<usize>,
    pub(crate) source: SideData,
    pub(crate) target: SideData,
    pub(crate) ground: Ground,
    pub(crate) damping: [Damping; 2],
    pub(crate) masses: Vec<Masses>,
    /// That of the plans, where it is given.
    pub(crate) mass: Option<f64>,
    /// Offsets and bins of both sides; a stub where supports are not used.
    pub(crate) support: Buffer,
    pub(crate) slots: Buffer,
    pub(crate) precision: Precision,
    /// Costs and ε on the device are those of the caller times this power of two.
    pub(crate) scale: f64,
    /// What was taken out of the cost before that costs every problem, over its mass.
    pub(crate) offsets: Vec<f64>,
    /// Largest |C| / ε.
    pub(crate) contrast: f64,
    /// ε of every iteration until it stays, in the caller's units.
    pub(crate) schedule: Vec<f64>,
}

/// The power of two that brings ε near 1 where it is far from it, so that potentials stay far from the sentinel whatever
/// the units of the cost.
fn scale_of(problem: &Problem, epsilon: f64) -> f64 {
    const NEAR: std::ops::RangeInclusive<f64> = 1e-6..=1e6;
    if NEAR.contains(&epsilon) || matches!(problem.geometry.cost, Cost::Device(_)) {
        return 1.0;
    }
    (-epsilon.log2().floor()).exp2()
}

impl State {
    /// Consecutive ranges of problems whose own cost matrices fit one binding;
    /// one range where the cost is shared.
    pub(crate) fn ranges(
        gpu: &Gpu,
        problem: &Problem,
        layout: Layout,
    ) -> Result<Vec<Range<usize>>> {
        let problems = problem.len();
        let limits = &gpu.capabilities.limits;
        let binding = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let words = if layout.precision == Precision::Double { 2 } else { 1 };
        // Weights and potentials, and coordinates of clouds.
        let bins = problem.geometry.rows.max(problem.geometry.columns);
        let width = layout.width.unwrap_or(bins);
        let mut entries = 4 * words * (bins / width * padded_row(width)) as u64;
        let (cost, what) = match &problem.geometry.cost {
            Cost::Grid(_) if layout.width.is_some() => {
                // Levels with their mean costs.
                entries *= 2;
                (entries, format!("potentials of {bins} pixels (bytes)"))
            }
            Cost::Points(points) if !layout.matrix_of_points => {
                let bytes = entries.saturating_mul(points.dimensions as u64);
                (bytes, "one cloud of points (bytes)".to_owned())
            }
            cost => {
                let (rows, columns) = problem.geometry.shape();
                let words = if cost.has_low_words() { words } else { 1 };
                let bytes = 4 * words * rows as u64 * padded_row(columns) as u64;
                (bytes, format!("one {rows}×{columns} cost matrix (bytes)"))
            }
        };
        if cost > binding {
            return Err(Error::LimitExceeded { what, needed: cost, available: binding });
        }
        let per_problem = match problem.geometry.batch {
            Some(_) => cost.max(entries),
            None => entries,
        };
        let step = (binding / per_problem).clamp(1, problems as u64) as usize;
        Ok((0..problems).step_by(step).map(|k| k..(k + step).min(problems)).collect())
    }

    /// Uploads problems `range`, to be begun at the first ε of the schedule.
    pub(crate) fn upload(
        gpu: &Arc<Gpu>,
        problem: &Problem,
        range: Range<usize>,
        layout: Layout,
        schedule: &[f64],
    ) -> Result<State> {
        let last = schedule[schedule.len() - 1];
        let scale = scale_of(problem, last);
        let masses: Vec<Masses> = range
            .clone()
            .map(|k| Masses::new(problem.source.mass(k), problem.target.mass(k)))
            .collect();
        let begin = side::Begin { range: range.clone(), layout, epsilon: schedule[0], scale };
        let source = SideData::upload(gpu, &problem.source, &masses, Side::Source, &begin, None)?;
        let start = problem.start.as_ref().map(|g| &g[..]);
        let target = SideData::upload(gpu, &problem.target, &masses, Side::Target, &begin, start)?;
        let ground = match &problem.geometry.cost {
            Cost::Points(points) => Ground::Points(Clouds::upload(
                gpu,
                points,
                (problem.geometry.batch.is_some(), range.clone()),
                [&source, &target],
                (layout.precision, scale),
            )?),
            Cost::Grid(costs) if layout.width.is_some() => Ground::Axes(Axes::upload(
                gpu,
                costs,
                [&source, &target],
                (layout.precision, scale),
            )?),
            _ => Ground::Matrix(Matrix::upload(gpu, problem, range.clone(), layout, scale)?),
        };
        let mut table = Vec::new();
        if let (Some(rows), Some(columns)) = (&source.places, &target.places) {
            for part in [&source.offsets, &target.offsets, rows, columns] {
                table.extend_from_slice(part);
            }
        } else {
            table.push(0);
        }
        let support = gpu.upload("supports", &table)?;
        let slots =
            gpu.allocate("running problems", (range.len() * size_of::<Slot>()) as u64, STORAGE)?;
        Ok(State {
            gpu: gpu.clone(),
            range: range.clone(),
            source,
            target,
            ground,
            damping: problem.marginals.damping(),
            masses,
            mass: problem.marginals.mass(),
            support,
            slots,
            precision: layout.precision,
            scale,
            offsets: range.clone().map(|k| problem.taken_out(k)).collect(),
            contrast: problem.geometry.spread / last,
            schedule: schedule.to_vec(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.range.len()
    }

    pub(crate) fn supports(&self) -> bool {
        self.source.places.is_some()
    }

    pub(crate) fn side(&self, side: Side) -> &SideData {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// What a sweep over `own` binds, after its parameters.
    pub(crate) fn swept(&self, own: Side, partials: &Buffer) -> Vec<Part> {
        let (mine, theirs) = (self.side(own), self.side(own.other()));
        let from = match &self.ground {
            Ground::Axes(axes) => axes.last_level(own),
            _ => None,
        };
        let mut parts = vec![
            self.slots.whole(),
            from.unwrap_or(&theirs.potentials).whole(),
            mine.weights.whole(),
            mine.potentials.whole(),
            partials.whole(),
        ];
        match &self.ground {
            Ground::Axes(_) => {}
            _ => parts.push(self.support.whole()),
        }
        match &self.ground {
            Ground::Matrix(matrix) => parts.push(matrix.cost.clone()),
            Ground::Axes(axes) => parts.extend([theirs.potentials.whole(), axes.along.whole()]),
            Ground::Points(points) => {
                parts.push(points.side(own).coordinates.whole());
                parts.push(points.side(own.other()).coordinates.whole());
            }
        }
        parts
    }

    /// What a sweep over `own` along an axis of a grid before its last binds in double precision.
    pub(crate) fn along_axis(
        &self,
        own: Side,
        axes: &Axes,
        axis: usize,
        partials: &Buffer,
    ) -> Vec<Part> {
        let (mine, theirs) = (self.side(own), self.side(own.other()));
        let from = match axis {
            0 => &theirs.potentials,
            _ => axes.level(own, axis - 1),
        };
        vec![
            self.slots.whole(),
            from.whole(),
            mine.weights.whole(),
            axes.level(own, axis).whole(),
            partials.whole(),
            theirs.potentials.whole(),
            axes.along.whole(),
        ]
    }

    /// Pairs of bins a sweep over all problems touches, each worth as many entries of a matrix as its dimensions cost.
    pub(crate) fn pairs(&self) -> f64 {
        let pairs = if self.supports() {
            (0..self.len())
                .map(|k| self.source.range(k).len() as f64 * self.target.range(k).len() as f64)
                .sum()
        } else {
            self.len() as f64 * self.source.bins as f64 * self.target.bins as f64
        };
        match &self.ground {
            Ground::Matrix(_) => pairs,
            Ground::Axes(axes) => (self.len() * self.source.bins) as f64 * axes.lengths() as f64,
            Ground::Points(points) => pairs * (1.0 + 0.25 * points.dimensions as f64),
        }
    }

    /// The tested error at which a problem leaves the loop, so that the measurement
    /// at the end, which rounds differently, confirms the tolerance. Potentials in
    /// f32 add some 2e-8 max|C|/ε to the error; a tolerance of 0 is never met.
    pub(crate) fn leave_at(&self, tolerance: f64, precision: Precision) -> f32 {
        let rounding = match precision {
            Precision::Single => 2e-8 * self.contrast,
            Precision::Double => 0.0,
        };
        (tolerance * (15.0 / 16.0) - rounding).max(tolerance / 4.0) as f32
    }
}
