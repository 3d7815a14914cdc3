//! Half iterations in scaling form.

/// Twin of `scaling_product`: u_i = a_i / Σ_j exp(−C_ij/ε) v_j for one problem
/// (`own_stride`, `other_stride`: steps in the cost along either side).
pub fn scaling_product(
    cost: &[f64],
    own_stride: usize,
    other_stride: usize,
    weights: &[f64],
    other: &[f64],
    epsilon: f64,
) -> Vec<f64> {
    let sum = |i: usize| -> f64 {
        other
            .iter()
            .enumerate()
            .map(|(j, v)| (-cost[i * own_stride + j * other_stride] / epsilon).exp() * v)
            .sum()
    };
    weights.iter().enumerate().map(|(i, w)| if *w > 0.0 { w / sum(i) } else { 0.0 }).collect()
}
