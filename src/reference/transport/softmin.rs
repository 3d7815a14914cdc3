//! Half iterations in the log domain, one by one.

use super::chunk::split;
use super::costs::{CostMatrix, Costs};
use crate::parallel::{WORTHWHILE, map_rows};

/// A half iteration over a stored cost: own side, other side, and the cost between them.
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
    /// The weighted potential of own entry `i`.
    fn update(&self, i: usize) -> f64 {
        let cost = self.cost[i * self.own_stride..].iter().step_by(self.other_stride);
        update(self.weights[i], cost, self.other, self.epsilon)
    }
}

/// ε ln w − ε ln Σ_j exp((other_j − C_j)/ε).
fn update<'a>(
    weight: f64,
    cost: impl Iterator<Item = &'a f64> + Clone,
    other: &[f64],
    epsilon: f64,
) -> f64 {
    if weight <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let exponents = cost.zip(other).map(|(c, g)| (g - c) / epsilon);
    let most = exponents.clone().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = exponents.map(|x| (x - most).exp()).sum();
    epsilon * (weight.ln() - sum.ln() - most)
}

fn for_bins(n: usize, m: usize, f: impl Fn(usize) -> f64 + Send + Sync) -> Vec<f64> {
    if n.saturating_mul(m) >= WORTHWHILE {
        return map_rows(n, f);
    }
    (0..n).map(f).collect()
}

/// Twin of `softmin_rows`: f + ε ln a from g + ε ln b,
/// f_i = −ε ln Σ_j b_j exp((g_j − C_ij)/ε).
pub fn softmin_rows(cost: &dyn Costs, weights: &[f64], other: &[f64], epsilon: f64) -> Vec<f64> {
    for_bins(weights.len(), other.len(), |i| match cost.stored(i) {
        Some(row) => update(weights[i], row.iter(), other, epsilon),
        None => {
            let mut row = vec![0.0; other.len()];
            cost.fill(i, 0..other.len(), &mut row);
            update(weights[i], row.iter(), other, epsilon)
        }
    })
}

/// Twin of `softmin_columns`: g + ε ln b from f + ε ln a.
pub fn softmin_columns(cost: &dyn Costs, weights: &[f64], other: &[f64], epsilon: f64) -> Vec<f64> {
    let m = weights.len();
    // Of every column the largest exponent, and the sum beside it.
    let ranges: Vec<_> = split(other.len(), m).collect();
    let parts = map_rows(ranges.len(), |k| {
        let mut sums = vec![(f64::NEG_INFINITY, 0.0f64); m];
        let mut row = vec![0.0; m];
        for i in ranges[k].clone() {
            cost.fill(i, 0..m, &mut row);
            for (sum, c) in sums.iter_mut().zip(&row) {
                *sum = together(*sum, ((other[i] - c) / epsilon, 1.0));
            }
        }
        sums
    });
    let column =
        |j: usize| parts.iter().map(|sums| sums[j]).fold((f64::NEG_INFINITY, 0.0), together);
    let update = |(j, weight): (usize, &f64)| {
        let (most, sum) = column(j);
        match *weight > 0.0 {
            true => epsilon * (weight.ln() - sum.ln() - most),
            false => f64::NEG_INFINITY,
        }
    };
    weights.iter().enumerate().map(update).collect()
}

/// Sums beside the exponentials of their largest exponents.
fn together((a, s): (f64, f64), (b, t): (f64, f64)) -> (f64, f64) {
    match a.max(b) {
        f64::NEG_INFINITY => (a, s),
        most => (most, s * (a - most).exp() + t * (b - most).exp()),
    }
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
    let cost = CostMatrix::new(&cost, other_bins.len());
    softmin_rows(&cost, sweep.weights, sweep.other, sweep.epsilon)
}

/// Twin of `softmin_double`; the same mathematics, and f64 here anyway.
pub fn softmin_double(sweep: &Sweep<'_>) -> Vec<f64> {
    for_bins(sweep.weights.len(), sweep.other.len(), |i| sweep.update(i))
}
