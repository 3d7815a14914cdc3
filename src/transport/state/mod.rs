//! A batch of problems on the device: cost, weights, potentials, supports.

use super::upload::{starting, upload_cost, upload_side};
use crate::error::{Error, Result};
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::layout::params;
use crate::gpu::{Gpu, Part};
use crate::number::{Precision, words};
use crate::transport::problem::Weights;
use crate::transport::{Cost, Problem, Sinkhorn};
use std::ops::Range;
use std::sync::Arc;

/// ln 0 on the device.
pub(crate) const LN_ZERO: f32 = -1e30;

/// Which side of the problems a sweep updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Source,
    Target,
}

params! {
    /// The state of one running problem, as in `transport/problem.wgsl`.
    pub(crate) struct Slot = Slot in "transport/problem.wgsl" {
        problem: u32,
        status: u32,
        iterations: u32,
        error: u32,
    }
}

impl Slot {
    pub(crate) const RUNNING: u32 = 0;
    pub(crate) const CONVERGED: u32 = 1;
    pub(crate) const OUT_OF_RANGE: u32 = 2;

    pub(crate) fn new(problem: usize) -> Slot {
        Slot { problem: problem as u32, status: Slot::RUNNING, iterations: 0, error: u32::MAX }
    }

    /// The last tested error; infinite before the first test.
    pub(crate) fn marginal_error(&self) -> f64 {
        let error = f32::from_bits(self.error);
        if error.is_finite() { error.into() } else { f64::INFINITY }
    }
}

params! {
    /// Parameters of a sweep, as in `transport/problem.wgsl`.
    pub(crate) struct Sweep = Sweep in "transport/problem.wgsl" {
        zero: u32,
        own: u32,
        other: u32,
        own_stride: u32,
        other_stride: u32,
        problem_stride: u32,
        blocks: u32,
        slots: u32,
        rate: f32,
        rate_low: f32,
        epsilon: f32,
        epsilon_low: f32,
        next_shift: f32,
        own_base: u32,
        other_base: u32,
        own_bins: u32,
        other_bins: u32,
        plane: u32,
        other_plane: u32,
        cost_plane: u32,
        next_shift_low: f32,
        partials_at: u32,
        unused: [u32; 2],
    }
}

/// One side's data on the device.
#[derive(Debug)]
pub(crate) struct SideData {
    /// Entries of one problem in memory (dense), with padding.
    pub(crate) padded: usize,
    /// Bins of one problem.
    pub(crate) bins: usize,
    /// Largest number of entries of a problem.
    pub(crate) longest: usize,
    /// First entry of each problem, and the end.
    pub(crate) offsets: Vec<u32>,
    /// Bins of the entries, where supports are used.
    pub(crate) places: Option<Vec<u32>>,
    pub(crate) weights: Buffer,
    pub(crate) potentials: Buffer,
}

impl SideData {
    /// Entries of all problems: the distance between high and low words.
    pub(crate) fn entries(&self) -> usize {
        self.offsets.last().map_or(0, |&end| end as usize)
    }

    pub(crate) fn range(&self, problem: usize) -> Range<usize> {
        self.offsets[problem] as usize..self.offsets[problem + 1] as usize
    }
}

/// Problems `range` of a [`Problem`], on the device.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) gpu: Arc<Gpu>,
    pub(crate) range: Range<usize>,
    pub(crate) source: SideData,
    pub(crate) target: SideData,
    pub(crate) cost: Part,
    /// Elements from one row of the cost to the next.
    pub(crate) row_stride: usize,
    /// From one problem's cost to the next; 0 where it is shared.
    pub(crate) problem_stride: usize,
    /// From the high words of the cost to the low ones; 0 where there are none.
    pub(crate) cost_plane: usize,
    /// Offsets and bins of both sides; a stub where supports are not used.
    pub(crate) support: Buffer,
    pub(crate) slots: Buffer,
    pub(crate) precision: Precision,
    /// Costs and ε on the device are those of the caller times this power of two.
    pub(crate) scale: f64,
    /// Taken out of the cost before that; f are those of the caller less the offset.
    pub(crate) offset: f64,
    /// Largest |C| / ε.
    pub(crate) contrast: f64,
    /// ε of every iteration until it stays, in the caller's units.
    pub(crate) schedule: Vec<f64>,
}

/// How a batch is laid out; decided before anything is allocated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Leave empty bins out.
    pub(crate) supports: bool,
    pub(crate) precision: Precision,
}

impl Layout {
    /// Supports pay when they drop a good part of the pairs: gathers cost about
    /// half as much again as contiguous reads.
    pub(crate) fn choose(problem: &Problem, precision: Precision) -> Layout {
        let share = |w: &Weights| w.positive as f64 / w.values.len() as f64;
        let pairs = share(&problem.source) * share(&problem.target);
        // A borrowed cost cannot be padded to vec4f; gathers read single elements.
        let unaligned = matches!(problem.geometry.cost, Cost::Device(_))
            && !problem.geometry.columns.is_multiple_of(4);
        Layout { supports: pairs < 0.6 || unaligned, precision }
    }
}

/// Elements of one cost matrix on the device, rows padded to vec4f.
pub(super) fn padded_row(columns: usize) -> usize {
    columns.next_multiple_of(4)
}

impl Batch {
    /// The power of two that brings the largest cost into [1/2, 1), so that
    /// potentials stay far from the sentinel whatever the units of the cost. Beside a far
    /// larger ε it brings that near instead.
    fn scale_of(problem: &Problem, epsilon: f64) -> f64 {
        let magnitude = problem.geometry.spread.max(epsilon / 65536.0);
        if magnitude > 0.0 && !matches!(problem.geometry.cost, Cost::Device(_)) {
            (-(magnitude.log2().floor() + 1.0)).exp2()
        } else {
            1.0
        }
    }

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
        let double = layout.precision == Precision::Double;
        let planes = if double && problem.geometry.cost.has_low_words() { 2 } else { 1 };
        let matrix =
            4 * planes * problem.geometry.rows as u64 * padded_row(problem.geometry.columns) as u64;
        if matrix > binding {
            return Err(Error::LimitExceeded {
                what: format!(
                    "one {}×{} cost matrix (bytes)",
                    problem.geometry.rows, problem.geometry.columns
                ),
                needed: matrix,
                available: binding,
            });
        }
        // Weights and potentials, two words each in double precision.
        let words = if double { 2 } else { 1 };
        let side =
            4 * words * padded_row(problem.geometry.rows.max(problem.geometry.columns)) as u64;
        let per_problem = match problem.geometry.batch {
            Some(_) => matrix.max(side),
            None => side,
        };
        let step = (binding / per_problem).clamp(1, problems as u64) as usize;
        Ok((0..problems).step_by(step).map(|k| k..(k + step).min(problems)).collect())
    }

    /// Uploads problems `range`.
    pub(crate) fn upload(
        gpu: &Arc<Gpu>,
        settings: &Sinkhorn,
        problem: &Problem,
        range: Range<usize>,
        layout: Layout,
    ) -> Result<Batch> {
        let scale = Batch::scale_of(problem, settings.epsilon);
        let schedule = settings.schedule(&problem.geometry);
        let first_epsilon = schedule[0];
        let start = problem.start.as_ref().map(|g| &g[..]);
        let source =
            upload_side(gpu, &problem.source, range.clone(), layout, first_epsilon, scale, None)?;
        let target =
            upload_side(gpu, &problem.target, range.clone(), layout, first_epsilon, scale, start)?;
        let (cost, row_stride, problem_stride, cost_plane) =
            upload_cost(gpu, problem, range.clone(), layout, scale)?;
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
        Ok(Batch {
            gpu: gpu.clone(),
            range,
            source,
            target,
            cost,
            row_stride,
            problem_stride,
            cost_plane,
            support,
            slots,
            precision: layout.precision,
            scale,
            offset: problem.geometry.offset,
            contrast: problem.geometry.spread / settings.epsilon,
            schedule,
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
        let (own, other) = match own {
            Side::Source => (&self.source, &self.target),
            Side::Target => (&self.target, &self.source),
        };
        vec![
            self.slots.whole(),
            self.cost.whole(),
            other.potentials.whole(),
            own.weights.whole(),
            own.potentials.whole(),
            partials.whole(),
        ]
    }

    /// Pairs of bins a sweep over all problems touches.
    pub(crate) fn pairs(&self) -> f64 {
        if self.supports() {
            (0..self.len())
                .map(|k| self.source.range(k).len() as f64 * self.target.range(k).len() as f64)
                .sum()
        } else {
            self.len() as f64 * self.source.bins as f64 * self.target.bins as f64
        }
    }

    /// The parameters of a sweep over `own` at `epsilon` (unscaled units).
    pub(crate) fn sweep(
        &self,
        own: Side,
        precision: Precision,
        epsilon: f64,
        next: f64,
        slots: usize,
    ) -> Sweep {
        let (mine, theirs) = match own {
            Side::Source => (&self.source, &self.target),
            Side::Target => (&self.target, &self.source),
        };
        let (own_stride, other_stride) = match own {
            Side::Source => (self.row_stride, 1),
            Side::Target => (1, self.row_stride),
        };
        // In `support`: offsets of both sides, then the bins of both. Without
        // supports the numbers of bins themselves, less the padding.
        let offsets = self.len() + 1;
        let bins = 2 * offsets;
        let (own_base, other_base, own_bins, other_bins) = match own {
            _ if !self.supports() => (0, 0, mine.bins, theirs.bins),
            Side::Source => (0, offsets, bins, bins + self.source.entries()),
            Side::Target => (offsets, 0, bins + self.source.entries(), bins),
        };
        let scaled = epsilon * self.scale;
        let rate = std::f64::consts::LOG2_E / scaled;
        let natural = 1.0 / scaled;
        let [rate, rate_low] = match precision {
            // The double kernel takes natural exponentials.
            Precision::Single => [rate as f32, 0.0],
            _ => words(natural),
        };
        let [high, low] = words(scaled);
        let [shift, shift_low] = words((next - epsilon) * self.scale);
        Sweep {
            own: mine.padded as u32,
            other: theirs.padded as u32,
            own_stride: own_stride as u32,
            other_stride: other_stride as u32,
            problem_stride: self.problem_stride as u32,
            slots: slots as u32,
            rate,
            rate_low,
            epsilon: high,
            epsilon_low: low,
            next_shift: shift,
            next_shift_low: shift_low,
            own_base: own_base as u32,
            other_base: other_base as u32,
            own_bins: own_bins as u32,
            other_bins: other_bins as u32,
            plane: mine.entries() as u32,
            other_plane: theirs.entries() as u32,
            cost_plane: self.cost_plane as u32,
            ..Sweep::default()
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

    /// Writes the list of running problems.
    pub(crate) async fn write_slots(&self, slots: &[Slot]) -> Result<()> {
        self.gpu.guarded(|| self.gpu.write(&self.slots, 0, slots)).await
    }

    /// Weighted potentials of one problem in the caller's units, for costs less the offset,
    /// one per bin, −∞ where the weight is zero. Reads from the device.
    pub(crate) async fn read_potentials(&self, problem: usize) -> Result<(Vec<f64>, Vec<f64>)> {
        let mut recorder = self.gpu.recorder();
        let planes = if self.precision == Precision::Double { 2 } else { 1 };
        for side in [&self.source, &self.target] {
            let range = side.range(problem);
            for plane in 0..planes {
                let at = 4 * (plane * side.entries() + range.start) as u64;
                recorder.stage(&side.potentials, at, 4 * range.len() as u64);
            }
        }
        let read = recorder.read("potentials").await?;
        let mut words = read.iter().map(|bytes| bytemuck::pod_collect_to_vec::<_, f32>(bytes));
        let mut sides = [&self.source, &self.target].map(|side| {
            let high = words.next().unwrap_or_default();
            let low = if planes == 2 { words.next() } else { None };
            let from = side.offsets[problem] as usize;
            let mut full = vec![f64::NEG_INFINITY; side.bins];
            for (k, &h) in high.iter().enumerate() {
                let bin = match &side.places {
                    Some(places) => places[from + k] as usize,
                    None => k,
                };
                if bin < side.bins && h > 0.5 * LN_ZERO {
                    let l = low.as_ref().map_or(0.0, |low| f64::from(low[k]));
                    full[bin] = (f64::from(h) + l) / self.scale;
                }
            }
            full
        });
        Ok((std::mem::take(&mut sides[0]), std::mem::take(&mut sides[1])))
    }
}

impl Batch {
    /// Writes the starting potentials of the given problems again (dense layout).
    pub(crate) async fn restart(&self, problem: &Problem, slots: &[Slot]) -> Result<()> {
        let restart = || slots.iter().try_for_each(|slot| self.restart_one(problem, slot));
        self.gpu.guarded(restart).await
    }

    fn restart_one(&self, problem: &Problem, slot: &Slot) -> Result<()> {
        let row = self.range.start + slot.problem as usize;
        let sides = [
            (&self.source, &problem.source, None),
            (&self.target, &problem.target, problem.start.as_deref()),
        ];
        for (side, weights, start) in sides {
            let mut words = vec![LN_ZERO; side.padded];
            for (bin, (word, weight)) in words.iter_mut().zip(weights.row(row)).enumerate() {
                let g = start.map_or(0.0, |g| g[row * weights.bins + bin]);
                *word = starting(g, *weight, self.schedule[0], self.scale) as f32;
            }
            let at = 4 * side.range(slot.problem as usize).start as u64;
            self.gpu.write(&side.potentials, at, &words)?;
        }
        Ok(())
    }
}
