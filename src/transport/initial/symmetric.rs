//! Functions of small symmetric matrices.

/// Rotations over all pairs at most; they converge quadratically, in some six.
const SWEEPS: usize = 40;

/// Eigenvalues of a symmetric matrix, and its eigenvectors in the columns of another, row-major; Jacobi's rotations (Golub and
/// Van Loan, *Matrix Computations*, section 8.5).
#[derive(Debug)]
pub(super) struct Eigen {
    d: usize,
    values: Vec<f64>,
    vectors: Vec<f64>,
}

impl Eigen {
    pub(super) fn of(mut matrix: Vec<f64>, d: usize) -> Eigen {
        let mut vectors = vec![0.0; d * d];
        (0..d).for_each(|k| vectors[k * d + k] = 1.0);
        let norm: f64 = matrix.iter().map(|x| x * x).sum();
        for _ in 0..SWEEPS {
            let off: f64 = (0..d)
                .flat_map(|i| (0..i).map(move |j| (i, j)))
                .map(|(i, j)| matrix[i * d + j] * matrix[i * d + j])
                .sum();
            if off <= 1e-30 * norm {
                break;
            }
            for p in 0..d {
                for q in p + 1..d {
                    rotate(&mut matrix, &mut vectors, d, (p, q));
                }
            }
        }
        Eigen { d, values: (0..d).map(|k| matrix[k * d + k]).collect(), vectors }
    }

    /// The matrix with a function of the eigenvalues in their place; what rounding has left below zero counts as zero.
    pub(super) fn map(&self, f: impl Fn(f64) -> f64) -> Vec<f64> {
        let Eigen { d, values, vectors } = self;
        let values: Vec<f64> = values.iter().map(|value| f(value.max(0.0))).collect();
        let entry = |at: usize| -> f64 {
            let (i, j) = (at / d, at % d);
            (0..*d).map(|k| vectors[i * d + k] * values[k] * vectors[j * d + k]).sum()
        };
        (0..d * d).map(entry).collect()
    }
}

/// Makes entry (p, q) zero.
fn rotate(matrix: &mut [f64], vectors: &mut [f64], d: usize, (p, q): (usize, usize)) {
    let off = matrix[p * d + q];
    if off == 0.0 {
        return;
    }
    let theta = 0.5 * (matrix[q * d + q] - matrix[p * d + p]) / off;
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for k in 0..d {
        let (x, y) = (matrix[k * d + p], matrix[k * d + q]);
        (matrix[k * d + p], matrix[k * d + q]) = (c * x - s * y, s * x + c * y);
    }
    for k in 0..d {
        let (x, y) = (matrix[p * d + k], matrix[q * d + k]);
        (matrix[p * d + k], matrix[q * d + k]) = (c * x - s * y, s * x + c * y);
        let (x, y) = (vectors[k * d + p], vectors[k * d + q]);
        (vectors[k * d + p], vectors[k * d + q]) = (c * x - s * y, s * x + c * y);
    }
}

/// A B, row-major.
pub(super) fn times(a: &[f64], b: &[f64], d: usize) -> Vec<f64> {
    let entry = |at: usize| -> f64 {
        let (i, j) = (at / d, at % d);
        (0..d).map(|k| a[i * d + k] * b[k * d + j]).sum()
    };
    (0..d * d).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_square_to_the_matrix() {
        for d in [1usize, 2, 3, 17] {
            // A Gram matrix of fewer vectors than dimensions, so that some eigenvalues are zero.
            let vector = |k: usize, i: usize| ((7 * k + 3 * i + k * i) as f64).sin();
            let entry = |at: usize| -> f64 {
                (0..d.div_ceil(2)).map(|k| vector(k, at / d) * vector(k, at % d)).sum()
            };
            let matrix: Vec<f64> = (0..d * d).map(entry).collect();
            let root = Eigen::of(matrix.clone(), d).map(f64::sqrt);
            for (square, exact) in times(&root, &root, d).iter().zip(&matrix) {
                assert!((square - exact).abs() < 1e-12, "{d}: {square} {exact}");
            }
        }
    }
}
