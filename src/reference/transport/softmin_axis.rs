//! Softmins over a regular grid, one axis at a time: the cost is a sum over the axes, and so the sum over all pixels one
//! over each axis after the other.

use crate::parallel::{WORTHWHILE, map_rows};

/// Twin of `softmin_axis`, level_i = ε ln Σ_j exp((input_j − c(|i − j|))/ε) along one axis of a grid, for all its lines.
///
/// The axis has as many pixels as `along`, which has the costs c by distance; `stride` elements lie between two of them.
pub fn softmin_axis(input: &[f64], along: &[f64], stride: usize, epsilon: f64) -> Vec<f64> {
    let axis = along.len();
    let level = |at: usize| {
        let i = at / stride % axis;
        let from = at - i * stride;
        let exponent = |j: usize| (input[from + j * stride] - along[i.abs_diff(j)]) / epsilon;
        let most = (0..axis).map(exponent).fold(f64::NEG_INFINITY, f64::max);
        if most == f64::NEG_INFINITY {
            return most;
        }
        let sum: f64 = (0..axis).map(|j| (exponent(j) - most).exp()).sum();
        epsilon * (most + sum.ln())
    };
    if input.len().saturating_mul(axis) >= WORTHWHILE {
        return map_rows(input.len(), level);
    }
    (0..input.len()).map(level).collect()
}

/// Twin of `softmin_axis_double`: the same mathematics, and f64 here anyway.
pub fn softmin_axis_double(input: &[f64], along: &[f64], stride: usize, epsilon: f64) -> Vec<f64> {
    softmin_axis(input, along, stride, epsilon)
}

/// Twin of `softmin_line`: the weighted potentials f + ε ln a that make the marginals the weights, from what the axes
/// before the last have left.
pub fn softmin_line(input: &[f64], along: &[f64], weights: &[f64], epsilon: f64) -> Vec<f64> {
    let levels = softmin_axis(input, along, 1, epsilon);
    let update = |(weight, level): (&f64, f64)| match *weight > 0.0 {
        true => epsilon * weight.ln() - level,
        false => f64::NEG_INFINITY,
    };
    weights.iter().zip(levels).map(update).collect()
}
