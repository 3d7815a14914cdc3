//! Half iterations in the log domain.

use crate::parallel::{WORTHWHILE, map_rows};

/// A half iteration: own side, other side, and the cost between them.
#[derive(Debug, Clone, Copy)]
pub struct Sweep<'a> {
    /// Row-major cost of the problem, n×m.
    pub cost: &'a [f64],
    /// Step in `cost` along the own side: m for rows, 1 for columns.
    pub own_stride: usize,
    /// Step in `cost` along the other side.
    pub other_stride: usize,
    /// Weights of the own side.
    pub weights: &'a [f64],
    /// Weighted potentials of the other side, g + ε ln b.
    pub other: &'a [f64],
    /// Regularisation.
    pub epsilon: f64,
}

impl Sweep<'_> {
    /// The weighted potential of own entry `i`, and −ε times the log-sum-exp in it.
    fn update(&self, i: usize) -> f64 {
        if self.weights[i] <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let exponent = |j: usize| {
            (self.other[j] - self.cost[i * self.own_stride + j * self.other_stride]) / self.epsilon
        };
        let entries = 0..self.other.len();
        let most = entries.clone().map(exponent).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = entries.map(|j| (exponent(j) - most).exp()).sum();
        self.epsilon * (self.weights[i].ln() - sum.ln() - most)
    }

    fn run(&self) -> Vec<f64> {
        let n = self.weights.len();
        if n * self.other.len() >= WORTHWHILE {
            return map_rows(n, |i| self.update(i));
        }
        (0..n).map(|i| self.update(i)).collect()
    }
}

/// Twin of `softmin_rows`: f + ε ln a from g + ε ln b,
/// f_i = −ε ln Σ_j b_j exp((g_j − C_ij)/ε).
pub fn softmin_rows(cost: &[f64], weights: &[f64], other: &[f64], epsilon: f64) -> Vec<f64> {
    Sweep { cost, own_stride: other.len(), other_stride: 1, weights, other, epsilon }.run()
}

/// Twin of `softmin_columns`: g + ε ln b from f + ε ln a.
pub fn softmin_columns(cost: &[f64], weights: &[f64], other: &[f64], epsilon: f64) -> Vec<f64> {
    Sweep { cost, own_stride: 1, other_stride: weights.len(), weights, other, epsilon }.run()
}

/// Twin of `softmin_support`: over the bins `own_bins`, `other_bins` of positive
/// weight only; `weights` and `other` have one entry per such bin.
pub fn softmin_support(sweep: &Sweep<'_>, own_bins: &[u32], other_bins: &[u32]) -> Vec<f64> {
    let mut cost = Vec::with_capacity(own_bins.len() * other_bins.len());
    for &i in own_bins {
        for &j in other_bins {
            cost.push(sweep.cost[i as usize * sweep.own_stride + j as usize * sweep.other_stride]);
        }
    }
    softmin_rows(&cost, sweep.weights, sweep.other, sweep.epsilon)
}

/// Twin of `softmin_double`; the same mathematics, and f64 here anyway.
pub fn softmin_double(sweep: &Sweep<'_>) -> Vec<f64> {
    sweep.run()
}
