//! Potentials of the matching in order, on a line.

use crate::transport::geometry::Places;

/// g of the plan that fills bins from the left. The cost is convex in the distance, so this plan is the best without
/// regularisation, and potentials with f_i + g_j = C_ij along its path of n + m − 1 pairs are those of the dual (Peyré and
/// Cuturi 2019, sections 2.6 and 3.4.2).
pub(super) fn potentials(places: &Places<'_>, [a, b]: [&[f64]; 2]) -> Vec<f64> {
    let order = |x: &[f64]| -> Vec<usize> {
        let mut order: Vec<usize> = (0..x.len()).collect();
        order.sort_by(|i, j| x[*i].total_cmp(&x[*j]));
        order
    };
    let (rows, columns) = (order(&places.source), order(&places.target));
    let cost = |i: usize, j: usize| {
        let distance = (places.source[i] - places.target[j]).abs();
        places.factor * distance.powf(places.exponent)
    };
    let mut g = vec![0.0; b.len()];
    let (mut i, mut j) = (0, 0);
    let mut f = cost(rows[0], columns[0]);
    let (mut in_row, mut in_column) = (a[rows[0]], b[columns[0]]);
    while i + 1 < rows.len() || j + 1 < columns.len() {
        let is_row = j + 1 == columns.len() || (i + 1 < rows.len() && in_row <= in_column);
        if is_row {
            in_column -= in_row;
            i += 1;
            in_row = a[rows[i]];
            f = cost(rows[i], columns[j]) - g[columns[j]];
        } else {
            in_row -= in_column;
            j += 1;
            in_column = b[columns[j]];
            g[columns[j]] = cost(rows[i], columns[j]) - f;
        }
    }
    g
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    /// With f from g they are feasible, and as much worth as the matching costs.
    #[test]
    fn they_are_those_of_the_dual() {
        for exponent in [1.0, 1.5, 2.0, 4.0] {
            let source = [3.4, 7.5, 3.9, 7.8];
            let target = [4.5, 1.4, 9.0];
            let (a, b) = ([0.4, 0.1, 0.2, 0.3], [0.5, 0.25, 0.25]);
            let places = Places {
                source: Cow::Borrowed(&source),
                target: Cow::Borrowed(&target),
                dimensions: 1,
                factor: 0.5,
                exponent,
            };
            let g = potentials(&places, [&a, &b]);
            let cost = |x: f64, y: f64| 0.5 * (x - y).abs().powf(exponent);
            let f = source.map(|x| {
                target.iter().zip(&g).map(|(y, g)| cost(x, *y) - g).fold(f64::INFINITY, f64::min)
            });
            let dual: f64 = f.iter().zip(a).map(|(f, a)| f * a).sum::<f64>()
                + g.iter().zip(b).map(|(g, b)| g * b).sum::<f64>();
            // 3.4: .25 to 1.4, .15 to 4.5; 3.9: .2 to 4.5; 7.5: .1 to 4.5; 7.8: .05 to 4.5, .25 to 9.
            let moves = [
                (3.4, 1.4, 0.25),
                (3.4, 4.5, 0.15),
                (3.9, 4.5, 0.2),
                (7.5, 4.5, 0.1),
                (7.8, 4.5, 0.05),
                (7.8, 9.0, 0.25),
            ];
            let exact: f64 = moves.iter().map(|(x, y, mass)| mass * cost(*x, *y)).sum();
            assert!((dual - exact).abs() < 1e-13, "{exponent}: {dual} {exact}");
        }
    }
}
