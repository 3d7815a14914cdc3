//! The mean of the predictions of all rows.

use super::logit_entropy::apart;

/// Twin of `mean_prediction`: Σ w softmax(logits/T) over rows of `bins`, w one weight per row. A class that a row of some
/// weight has is never 0, but at least the smallest normal number.
pub fn mean_prediction(logits: &[f64], bins: usize, temperature: f64, weights: &[f64]) -> Vec<f64> {
    let mut result = vec![0.0; bins];
    for (row, weight) in logits.chunks_exact(bins).zip(weights) {
        let softmax = softmax(row, temperature);
        for ((sum, p), logit) in result.iter_mut().zip(softmax).zip(row) {
            *sum += weight * p;
            if *weight > 0.0 && *logit > f64::NEG_INFINITY {
                *sum = sum.max(f64::MIN_POSITIVE);
            }
        }
    }
    result
}

/// Twin of `mean_slope`: Σ p g of a row, p its softmax and g a slope per bin.
pub fn mean_slope(logits: &[f64], temperature: f64, slopes: &[f64]) -> f64 {
    mean(&softmax(logits, temperature), slopes)
}

/// Twin of `prior_gradient`: w p_k (g_k − Σ p g)/T of every row, p its softmax and g a slope per bin.
pub fn prior_gradient(logits: &[f64], temperature: f64, slopes: &[f64], weight: f64) -> Vec<f64> {
    let p = softmax(logits, temperature);
    let mean = mean(&p, slopes);
    let of = |(p, g): (&f64, &f64)| weight * p * (g - mean) / temperature;
    p.iter().zip(slopes).map(of).collect()
}

fn mean(p: &[f64], slopes: &[f64]) -> f64 {
    p.iter().zip(slopes).map(|(p, g)| p * g).sum()
}

fn softmax(logits: &[f64], temperature: f64) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|a| apart(*a, most, temperature).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|x| x / sum).collect()
}
