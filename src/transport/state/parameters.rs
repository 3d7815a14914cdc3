//! The parameters of a sweep over one side of a batch.

use super::batch::{Ground, State};
use super::layout::Side;
use super::sweep::{Step, Sweep};
use crate::number::{Precision, words};
use crate::reference::Damping;

impl State {
    /// ρ of a soft side; 0 of another.
    pub(crate) fn reach(&self, side: Side) -> f64 {
        match self.damping[side as usize] {
            Damping::Soft { reach } => reach,
            Damping::Hard | Damping::Bounded => 0.0,
        }
    }

    /// The parameters of a sweep over `own`. Its blocks are the kernel's to set.
    pub(crate) fn sweep(&self, own: Side, precision: Precision, step: Step) -> Sweep {
        let (mine, theirs) = (self.side(own), self.side(own.other()));
        // In `support`: offsets of both sides, then the bins of both. Without
        // supports the numbers of bins themselves, less the padding.
        let offsets = self.len() + 1;
        let bins = 2 * offsets;
        let (own_base, other_base, own_bins, other_bins) = match own {
            _ if !self.supports() => (0, 0, mine.bins, theirs.bins),
            Side::Source => (0, offsets, bins, bins + self.source.entries()),
            Side::Target => (offsets, 0, bins + self.source.entries(), bins),
        };
        let scaled = step.epsilon * self.scale;
        let [rate, rate_low] = match precision {
            Precision::Single => [(std::f64::consts::LOG2_E / scaled) as f32, 0.0],
            // The double kernel takes natural exponentials.
            Precision::Double => words(1.0 / scaled),
        };
        let [epsilon, epsilon_low] = words(scaled);
        let [next_shift, next_shift_low] = words((step.next - step.epsilon) * self.scale);
        let [reach, reach_low] = words(self.reach(own) * self.scale);
        let [other_reach, other_reach_low] = words(self.reach(own.other()) * self.scale);
        let sweep = Sweep {
            own: mine.padded as u32,
            other: theirs.padded as u32,
            slots: step.slots as u32,
            rate,
            rate_low,
            epsilon,
            epsilon_low,
            next_shift,
            next_shift_low,
            own_base: own_base as u32,
            other_base: other_base as u32,
            own_bins: own_bins as u32,
            other_bins: other_bins as u32,
            plane: mine.entries() as u32,
            other_plane: theirs.entries() as u32,
            reach,
            reach_low,
            other_reach,
            other_reach_low,
            ..Sweep::default()
        };
        match &self.ground {
            Ground::Matrix(matrix) => {
                let (own_stride, other_stride) = match own {
                    Side::Source => (matrix.row_stride, 1),
                    Side::Target => (1, matrix.row_stride),
                };
                Sweep {
                    own_stride: own_stride as u32,
                    other_stride: other_stride as u32,
                    problem_stride: matrix.problem_stride as u32,
                    cost_plane: matrix.plane as u32,
                    ..sweep
                }
            }
            Ground::Axes(axes) => axes.along_axis(sweep, own, axes.before()),
            Ground::Points(points) => {
                let (mine, theirs) = (points.side(own), points.side(own.other()));
                let [exponent, exponent_low] = words(0.5 * points.exponent);
                Sweep {
                    own_points: points.own_clouds.into(),
                    other_points: points.own_clouds.into(),
                    own_words: mine.plane as u32,
                    other_words: theirs.plane as u32,
                    exponent,
                    exponent_low,
                    ..sweep
                }
            }
        }
    }
}
