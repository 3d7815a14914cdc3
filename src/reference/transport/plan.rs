//! The plan itself and its action.

use super::costs::Costs;

/// Row `i` of the plan, in the place of its costs.
fn row(cost: &dyn Costs, i: usize, f: f64, g: &[f64], epsilon: f64, place: &mut [f64]) {
    cost.fill(i, 0..g.len(), place);
    for (p, g) in place.iter_mut().zip(g) {
        let exponent = (f + g - *p) / epsilon;
        // −∞ less −∞: an empty bin.
        *p = if exponent.is_nan() { 0.0 } else { exponent.exp() };
    }
}

/// Twin of `plan`: P_ij = exp((f_i + g_j − C_ij)/ε) for weighted potentials, row-major. Of partial transport λ is to be in one
/// of them.
pub fn plan(cost: &dyn Costs, f: &[f64], g: &[f64], epsilon: f64) -> Vec<f64> {
    let mut plan = vec![0.0; f.len() * g.len()];
    for (i, (place, f)) in plan.chunks_exact_mut(g.len().max(1)).zip(f).enumerate() {
        row(cost, i, *f, g, epsilon, place);
    }
    plan
}

/// Twin of `apply`: P x, or Pᵀ x with `transpose`. There is one row of the plan at a time.
pub fn apply(
    cost: &dyn Costs,
    f: &[f64],
    g: &[f64],
    epsilon: f64,
    x: &[f64],
    transpose: bool,
) -> Vec<f64> {
    let mut y = vec![0.0; if transpose { g.len() } else { f.len() }];
    let mut plan = vec![0.0; g.len()];
    for (i, f) in f.iter().enumerate() {
        row(cost, i, *f, g, epsilon, &mut plan);
        if transpose {
            for (y, p) in y.iter_mut().zip(&plan) {
                *y += p * x[i];
            }
        } else {
            y[i] = plan.iter().zip(x).map(|(p, x)| p * x).sum();
        }
    }
    y
}
