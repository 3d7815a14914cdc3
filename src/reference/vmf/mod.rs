//! von Mises-Fisher distributions: the functions of κ, and the twins of `shaders/vmf`.
//!
//! Rows are vectors of any length above zero; the inverse of it is passed along and
//! multiplied in, as in the kernels.

mod functions;

pub(crate) use functions::{entropy, log_normalizer, log_peak, ratio};

use crate::parallel::map_rows;

/// Rows that are summed one after the other before blocks are; also the unit in
/// which rows are given to threads.
const BLOCK: usize = 128;

/// Twin of `direction_norms`: 1/‖x‖ of every row of `dimension` numbers; 0 for a row of
/// zeros, NaN for one that is not finite.
pub fn direction_norms(rows: &[f64], dimension: usize) -> Vec<f64> {
    map_rows(rows.len() / dimension, |i| {
        let row = &rows[i * dimension..(i + 1) * dimension];
        let most = row.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        if row.iter().any(|x| !x.is_finite()) {
            return f64::NAN;
        }
        if most == 0.0 {
            return 0.0;
        }
        row.iter().map(|x| (x / most) * (x / most)).sum::<f64>().sqrt().recip() / most
    })
}

/// Twin of `resultant`: Σ_i w_i x_i/‖x_i‖, and Σ_i w_i behind it. Rows of weight zero
/// are passed over.
pub fn resultant(rows: &[f64], dimension: usize, inverse: &[f64], weights: &[f64]) -> Vec<f64> {
    let blocks = map_rows(inverse.len().div_ceil(BLOCK), |block| {
        let mut sums = vec![0.0; dimension + 1];
        for i in block * BLOCK..((block + 1) * BLOCK).min(inverse.len()) {
            if weights[i] == 0.0 {
                continue;
            }
            let factor = weights[i] * inverse[i];
            let row = &rows[i * dimension..(i + 1) * dimension];
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += factor * x);
            sums[dimension] += weights[i];
        }
        sums
    });
    block_sums(&blocks)
}

/// Twin of `resultant_rows`: Σ_i x_i/‖x_i‖, norms and sum in one pass.
pub fn resultant_rows(rows: &[f64], dimension: usize) -> Vec<f64> {
    let inverse = direction_norms(rows, dimension);
    let mut sums = resultant(rows, dimension, &inverse, &vec![1.0; inverse.len()]);
    sums.truncate(dimension);
    sums
}

/// Twin of `resultant_units`: Σ_i f_i x_i, and Σ_j x_ij² of every row.
pub fn resultant_units(rows: &[f64], dimension: usize, factors: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut sums = resultant(rows, dimension, factors, &vec![1.0; factors.len()]);
    sums.truncate(dimension);
    let squares = rows.chunks_exact(dimension).map(|row| row.iter().map(|x| x * x).sum());
    (sums, squares.collect())
}

/// Twin of `unit_lengths`: 1/‖x‖ from Σ_j x_j² of every row.
pub fn unit_lengths(squares: &[f64]) -> Vec<f64> {
    squares.iter().map(|square| square.sqrt().recip()).collect()
}

/// Twin of `block_sums`: the sum of vectors, in pairs.
pub fn block_sums(blocks: &[Vec<f64>]) -> Vec<f64> {
    match blocks {
        [] => Vec::new(),
        [only] => only.clone(),
        _ => {
            let (left, right) = blocks.split_at(blocks.len() / 2);
            block_sums(left).iter().zip(block_sums(right)).map(|(x, y)| x + y).collect()
        }
    }
}

/// Twin of `log_density`: bias − κ ½‖x_i/‖x_i‖ − μ‖² of every row. With the bias
/// ln C_p(κ) + κ that is the log-density at x_i.
pub fn log_density(
    rows: &[f64],
    inverse: &[f64],
    mean: &[f64],
    concentration: f64,
    bias: f64,
) -> Vec<f64> {
    let p = mean.len();
    map_rows(inverse.len(), |i| {
        let row = &rows[i * p..(i + 1) * p];
        let away: f64 = row.iter().zip(mean).map(|(x, m)| (x * inverse[i] - m).powi(2)).sum();
        bias - concentration * (0.5 * away)
    })
}

/// Twin of `responsibility`: of K log-densities, weighted by the logarithms of their
/// components' weights, ln Σ exp, and the share of each; with `hard` the largest, and
/// all of the row to the first component that has it.
pub fn responsibility(logs: &[f64], hard: bool) -> (f64, Vec<f64>) {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if hard {
        let best = logs.iter().position(|x| *x == most).unwrap_or(0);
        return (most, (0..logs.len()).map(|k| f64::from(u8::from(k == best))).collect());
    }
    let terms: Vec<f64> = logs.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = terms.iter().sum();
    (most + sum.ln(), terms.iter().map(|x| x / sum).collect())
}
