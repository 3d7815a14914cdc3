//! How much a channel contracts divergences.

use super::{check_weights, rows_of};
use crate::error::{Error, Result};
use crate::number::Element;
use crate::parallel::map_rows;

/// Dobrushin's contraction coefficient η_TV of every channel: max over pairs of inputs of the total variation
/// ½ Σ_j |K_ij − K_kj| between their rows, in [0, 1].
///
/// `channels`: one or more matrices of `inputs` × `outputs`, row-major, row i the distribution of outputs given input i;
/// a row must sum to 1 within 10⁻³ and is normalised exactly. TV(pK, qK) ≤ η_TV TV(p, q) for all p and q; every
/// f-divergence contracts at least as much: η_χ² = η_KL ≤ η_TV, each as the supremum over inputs. A binary symmetric
/// channel that flips with probability δ has |1 − 2δ|.
///
/// On the host, in f64 (inputs²·outputs/2 operations); rows of inputs in parallel.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// let flips = [0.9, 0.1, 0.1, 0.9];
/// let found = kantor::information::dobrushin_coefficient(&flips, 2, 2)?;
/// assert!((found[0] - 0.8).abs() < 1e-15);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::InvalidInput`]: an entry that is negative or no finite number, a row that does not sum to 1 (with the row,
/// counted over all channels), a shape that does not fit.
pub fn dobrushin_coefficient<T: Element>(
    channels: &[T],
    inputs: usize,
    outputs: usize,
) -> Result<Vec<f64>> {
    let (values, count) = normalized(channels, inputs, outputs)?;
    let row = |i: usize| &values[i * outputs..(i + 1) * outputs];
    let furthest = map_rows(count * inputs, |i| {
        let until = (i / inputs + 1) * inputs;
        (i + 1..until).map(|k| total_variation(row(i), row(k))).fold(0.0f64, f64::max)
    });
    let largest = |rows: &[f64]| rows.iter().copied().fold(0.0f64, f64::max).min(1.0);
    Ok(furthest.chunks_exact(inputs).map(largest).collect())
}

fn total_variation(p: &[f64], q: &[f64]) -> f64 {
    // Sums in flight, as a processor can add several at once.
    let mut sums = [0.0; 8];
    let (p_blocks, q_blocks) = (p.chunks_exact(8), q.chunks_exact(8));
    let rest = p_blocks.remainder().iter().zip(q_blocks.remainder());
    let rest: f64 = rest.map(|(p, q)| (p - q).abs()).sum();
    for (p, q) in p_blocks.zip(q_blocks) {
        sums.iter_mut().zip(p.iter().zip(q)).for_each(|(sum, (p, q))| *sum += (p - q).abs());
    }
    0.5 * (sums.iter().sum::<f64>() + rest)
}

/// The contraction coefficient η_χ² of every channel at an input distribution p: the largest χ²(p̃K ‖ pK)/χ²(p̃ ‖ p) over
/// p̃, which is the square of the second singular value of diag(√p) K diag(1/√(pK)), or of the maximal correlation of
/// input and output, in [0, 1].
///
/// `channels` as for [`dobrushin_coefficient`]; `distributions`: one p for all channels, or one for each, weights ≥ 0.
/// Inputs of weight 0 and outputs that never come are left out. η_χ²(p) ≤ η_KL(p) ≤ η_TV, and
/// I(U;Y) ≤ η_KL(p) I(U;X) for every U → X → Y. A binary symmetric channel at the uniform input has (1 − 2δ)².
///
/// On the host, in f64: the largest singular value of √p_i (K_ij − q_j)/√q_j, from which √p √qᵀ is taken out beforehand,
/// by one-sided Jacobi rotations, so that small coefficients keep their digits.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// let flips = [0.9, 0.1, 0.1, 0.9];
/// let found = kantor::information::chi2_contraction(&flips, 2, 2, &[1.0, 1.0])?;
/// assert!((found[0] - 0.64).abs() < 1e-14);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`dobrushin_coefficient`]; [`Error::InvalidInput`] for distributions that do not fit, have negative weights or
/// none.
pub fn chi2_contraction<T: Element>(
    channels: &[T],
    inputs: usize,
    outputs: usize,
    distributions: &[T],
) -> Result<Vec<f64>> {
    let (values, count) = normalized(channels, inputs, outputs)?;
    let given = rows_of("distributions", distributions, inputs)?;
    if given != 1 && given != count {
        let reason = format!("are {given}, the channels {count}");
        return Err(Error::invalid("distributions", reason));
    }
    for (row, weights) in distributions.chunks_exact(inputs).enumerate() {
        check_weights("distributions", row, weights)?;
    }
    Ok(map_rows(count, |k| {
        let at = if given == 1 { 0 } else { k };
        let p: Vec<f64> =
            distributions[at * inputs..(at + 1) * inputs].iter().map(|p| p.to_f64()).collect();
        let most = p.iter().copied().fold(0.0f64, f64::max);
        let sum: f64 = p.iter().map(|p| p / most).sum();
        let p: Vec<f64> = p.iter().map(|p| p / most / sum).collect();
        contraction(&values[k * inputs * outputs..(k + 1) * inputs * outputs], &p)
    }))
}

fn contraction(channel: &[f64], p: &[f64]) -> f64 {
    let outputs = channel.len() / p.len();
    let mut q = vec![0.0; outputs];
    for (row, p) in channel.chunks_exact(outputs).zip(p) {
        q.iter_mut().zip(row).for_each(|(q, k)| *q += p * k);
    }
    // Vectors to be made orthogonal: rows or columns, whichever are fewer.
    let entry = |i: usize, j: usize| {
        if q[j] > 0.0 { p[i].sqrt() * (channel[i * outputs + j] - q[j]) / q[j].sqrt() } else { 0.0 }
    };
    let (rows, columns) = (p.len(), outputs);
    let mut vectors: Vec<Vec<f64>> = if rows <= columns {
        (0..rows).map(|i| (0..columns).map(|j| entry(i, j)).collect()).collect()
    } else {
        (0..columns).map(|j| (0..rows).map(|i| entry(i, j)).collect()).collect()
    };
    largest_square(&mut vectors).min(1.0)
}

/// The largest squared singular value of a matrix: its vectors are rotated in pairs (Hestenes 1958) until all are
/// orthogonal to f64 rounding, which takes some ten sweeps; sixty at most.
fn largest_square(vectors: &mut [Vec<f64>]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for _ in 0..60 {
        let mut rotated = false;
        for i in 1..vectors.len() {
            let (before, from_here) = vectors.split_at_mut(i);
            let b = &mut from_here[0];
            for a in before {
                let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
                if ab.abs() <= 1e-15 * (aa * bb).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (bb - aa) / (2.0 * ab);
                let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = c * t;
                for (a, b) in a.iter_mut().zip(b.iter_mut()) {
                    (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    vectors.iter().map(|v| dot(v, v)).fold(0.0, f64::max)
}

/// The matrices in f64 with rows that sum to 1, and how many there are.
fn normalized<T: Element>(
    channels: &[T],
    inputs: usize,
    outputs: usize,
) -> Result<(Vec<f64>, usize)> {
    let entries = inputs.checked_mul(outputs).unwrap_or(0);
    let count = rows_of("channels", channels, entries)?;
    let mut values = Vec::with_capacity(channels.len());
    for (row, entries) in channels.chunks_exact(outputs).enumerate() {
        check_weights("channels", row, entries)?;
        let sum: f64 = entries.iter().map(|k| k.to_f64()).sum();
        if (sum - 1.0).abs() > 1e-3 {
            return Err(Error::invalid_row("channels", row, format!("sums to {sum:?}, not to 1")));
        }
        values.extend(entries.iter().map(|k| k.to_f64() / sum));
    }
    Ok((values, count))
}
