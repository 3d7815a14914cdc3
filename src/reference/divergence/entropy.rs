//! Entropies of one row.

use super::double::{Sum, log_sum_exp};
use super::pair::NEARLY_EMPTY;
use super::row::Row;
use crate::divergence::{Entropy, Input};

/// Twin of `entropy`, in nats. Accurate for peaked rows too: ln max p is formed from what the
/// other bins hold.
pub fn entropy(entropy: Entropy, p: &Row) -> f64 {
    match entropy {
        Entropy::Renyi { alpha } if alpha == f64::INFINITY => p.log_sum,
        Entropy::Renyi { alpha: 0.0 } => {
            let used = (0..p.len()).filter(|i| !p.lacks(*i)).count();
            (used as f64).ln()
        }
        Entropy::Renyi { alpha } if alpha != 1.0 => {
            // Σ p^α − 1.
            let change = (1.0 - alpha) * tsallis(p, alpha);
            if change > -0.5 {
                change.ln_1p() / (1.0 - alpha)
            } else {
                log_power_sum(p, alpha) / (1.0 - alpha)
            }
        }
        Entropy::Tsallis { alpha } => tsallis(p, alpha),
        Entropy::Shannon | Entropy::Renyi { .. } => tsallis(p, 1.0),
    }
}

/// Σ p (1 − p^(α−1))/(α−1): terms that are non-negative, −p ln p at α = 1.
fn tsallis(p: &Row, alpha: f64) -> f64 {
    Sum::of((0..p.len()).filter(|i| !p.lacks(*i)).map(|i| {
        let (probability, log) = (p.probabilities()[i], p.log_probability(i));
        if alpha == 1.0 {
            return probability * -log;
        }
        let e = alpha - 1.0;
        if alpha > 1.0 {
            probability * (-(e * log).exp_m1() / e)
        } else {
            (alpha * log).exp() * ((-e * log).exp_m1() / e)
        }
    }))
}

fn log_power_sum(p: &Row, alpha: f64) -> f64 {
    log_sum_exp((0..p.len()).filter(|i| !p.lacks(*i)).map(|i| alpha * p.log_probability(i)))
}

/// Twin of `entropy_gradient`: the gradient of `upstream` times the entropy with respect to the
/// row's own numbers. The slope at the largest bin is taken from all slopes, which changes
/// nothing, so that near-uniform rows have accurate gradients. A slope that is infinite at an
/// empty bin is taken at 2⁻¹⁰⁰ of the largest.
pub fn entropy_gradient(entropy: Entropy, p: &Row, upstream: f64) -> Vec<f64> {
    let log_most = -p.log_sum;
    // The slope at e = ln p/max p, less the one at 0.
    let (alpha, log_scale) = match entropy {
        Entropy::Shannon => (1.0, 0.0),
        Entropy::Tsallis { alpha } => (alpha, (alpha - 1.0) * log_most),
        Entropy::Renyi { alpha } if alpha.is_finite() => {
            (alpha, (alpha - 1.0) * log_most - log_power_sum(p, alpha))
        }
        Entropy::Renyi { alpha } => (alpha, 0.0),
    };
    let ties = (0..p.len()).filter(|i| p.exponents[*i].hi == 0.0).count();
    let scale = log_scale.exp();
    let at = |e: f64| -> f64 {
        if alpha == f64::INFINITY {
            // Bins of equal size share what there is, as they do in the limit.
            let share = -1.0 / (ties as f64 * log_most.exp());
            if e == 0.0 { share } else { 0.0 }
        } else if alpha == 1.0 {
            -e * scale
        } else if alpha == 0.0 {
            0.0
        } else {
            -alpha * scale * (((alpha - 1.0) * e).exp_m1() / (alpha - 1.0))
        }
    };
    let slope = |i: usize| {
        let slope = at(p.exponents[i].value());
        if slope.is_finite() { slope } else { at(NEARLY_EMPTY.ln()) }
    };
    let slopes: Vec<f64> = (0..p.len()).map(slope).collect();
    let is_power = alpha != 0.0 && alpha != 1.0 && alpha.is_finite();
    let flow = |i: usize| {
        let own = p.probabilities()[i];
        if !is_power || own > 1e-290 || p.lacks(i) {
            return slopes[i] * own;
        }
        // p^α may be within the range of f64 where p is not.
        let power = (log_most + alpha * p.exponents[i].value()).exp();
        -alpha * scale * ((power - own) / (alpha - 1.0))
    };
    let flows: Vec<f64> = (0..p.len()).map(flow).collect();
    project(p, slopes, flows, upstream)
}

/// From slopes g = ∂D/∂p and p g to the gradient with respect to the row's numbers:
/// (g − Σpg)/S for weights, p (g − Σpg)/temperature for logarithms. The slope at the largest bin
/// is taken from all of them first: most of what cancels is in it where a row is peaked.
pub(super) fn project(
    row: &Row,
    mut slopes: Vec<f64>,
    mut flows: Vec<f64>,
    upstream: f64,
) -> Vec<f64> {
    if upstream == 0.0 {
        return vec![0.0; row.len()];
    }
    let probabilities = row.probabilities();
    let largest = (0..row.len()).max_by(|i, j| probabilities[*i].total_cmp(&probabilities[*j]));
    let at_largest = largest.map_or(0.0, |i| flows[i] / probabilities[i]);
    if at_largest.is_finite() {
        slopes.iter_mut().for_each(|g| *g -= at_largest);
        flows.iter_mut().zip(probabilities).for_each(|(flow, p)| *flow -= p * at_largest);
        if let Some(flow) = largest.and_then(|i| flows.get_mut(i)) {
            *flow = 0.0;
        }
    }
    let mean = Sum::of(flows.iter().copied());
    // Finite, so that nothing times a factor beyond f64 is nothing.
    let bounded = |factor: f64| factor.clamp(-f64::MAX, f64::MAX);
    match row.input {
        Input::Weights => {
            let factor = bounded(upstream / row.sum());
            slopes.into_iter().map(|g| factor * (g - mean)).collect()
        }
        Input::LogProbabilities | Input::Logits { .. } => {
            let temperature = match row.input {
                Input::Logits { temperature } => temperature,
                _ => 1.0,
            };
            let factor = bounded(upstream / temperature);
            let flows = flows.into_iter().zip(probabilities);
            flows.map(|(flow, p)| factor * (flow - p * mean)).collect()
        }
    }
}
