//! Costs between points as a matrix.

/// Twin of `point_costs`: |x_i − y_j|^p of points of d dimensions, row-major, n×m.
pub fn point_costs(x: &[f64], y: &[f64], dimensions: usize, exponent: f64) -> Vec<f64> {
    let cost = |x: &[f64], y: &[f64]| {
        let squared: f64 = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum();
        squared.powf(0.5 * exponent)
    };
    let rows = x.chunks_exact(dimensions);
    rows.flat_map(|x| y.chunks_exact(dimensions).map(move |y| cost(x, y))).collect()
}

/// Twin of `point_costs_double`; the same mathematics, and f64 here anyway.
pub fn point_costs_double(x: &[f64], y: &[f64], dimensions: usize, exponent: f64) -> Vec<f64> {
    point_costs(x, y, dimensions, exponent)
}
