//! The plan itself and its action.

/// Twin of `plan`: P_ij = exp((f_i + g_j − C_ij)/ε) for weighted potentials, row-major.
pub fn plan(cost: &[f64], f: &[f64], g: &[f64], epsilon: f64) -> Vec<f64> {
    let mut plan = Vec::with_capacity(cost.len());
    for (row, fi) in cost.chunks_exact(g.len()).zip(f) {
        plan.extend(row.iter().zip(g).map(|(c, gj)| {
            let exponent = (fi + gj - c) / epsilon;
            if exponent.is_nan() { 0.0 } else { exponent.exp() }
        }));
    }
    plan
}

/// Twin of `apply`: P x, or Pᵀ x with `transpose`.
pub fn apply(
    cost: &[f64],
    f: &[f64],
    g: &[f64],
    epsilon: f64,
    x: &[f64],
    transpose: bool,
) -> Vec<f64> {
    let plan = plan(cost, f, g, epsilon);
    let m = g.len();
    if transpose {
        let mut y = vec![0.0; m];
        for (row, xi) in plan.chunks_exact(m).zip(x) {
            for (yj, p) in y.iter_mut().zip(row) {
                *yj += p * xi;
            }
        }
        y
    } else {
        plan.chunks_exact(m).map(|row| row.iter().zip(x).map(|(p, xj)| p * xj).sum()).collect()
    }
}
