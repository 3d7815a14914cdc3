//! The parameters of a sweep over one side of a state.

use crate::gpu::layout::params;

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
        next_shift_low: f32,
        own_base: u32,
        other_base: u32,
        own_bins: u32,
        other_bins: u32,
        plane: u32,
        other_plane: u32,
        cost_plane: u32,
        partials_at: u32,
        reach: f32,
        reach_low: f32,
        other_reach: f32,
        other_reach_low: f32,
        own_points: u32,
        other_points: u32,
        own_words: u32,
        other_words: u32,
        exponent: f32,
        exponent_low: f32,
        first_group: u32,
        axis: u32,
        axis_stride: u32,
        axis_costs: u32,
        axis_step: f32,
        own_means: u32,
        other_means: u32,
        unused: [u32; 1],
    }
}

/// ε of a sweep, and of the next one over the other side, in the caller's units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) epsilon: f64,
    pub(crate) next: f64,
    /// Running problems.
    pub(crate) slots: usize,
}

impl Step {
    /// With ε as it stays.
    pub(crate) fn at(epsilon: f64, slots: usize) -> Step {
        Step { epsilon, next: epsilon, slots }
    }
}
