//! Which losses there are, and what they are made of.

use crate::error::{Error, Result};
use crate::reference::losses::{Form, Others, sigmoid, softplus};

/// A loss of K logits z against a label y. With z already divided by the temperature of the logits,
/// u = Σ e^(z_k − z_y) over k ≠ y, p_y = 1/(1 + u). Natural logarithms; a label whose logit is −∞ makes every loss +∞
/// that is not bounded.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Distributions, Input, Loss, Losses};
/// let context = Context::new_blocking()?;
/// let logits = Input::Logits { temperature: 1.0 };
/// let rows = Distributions::new_blocking(&context, &[2.0f32, 1.0, 0.1], 3, logits)?;
/// // e^(1 − 2) + e^(0.1 − 2), ln(1 + u), and 1 − p_y.
/// for (tau, value) in [(0.0, 0.517_448_06), (1.0, 0.417_030_02), (2.0, 0.340_998_86)] {
///     let loss = Losses::new(Loss::CompSum { tau }).rows_blocking(&rows, &[0])?;
///     assert!((loss.values()[0] - value).abs() < 1e-6);
/// }
/// # Ok(()) }
/// ```
///
/// Sources: comp-sum losses of Mao, Mohri and Zhong 2023; generalised cross-entropy of Zhang and Sabuncu 2018; label
/// smoothing of Szegedy and others 2016; label-distributionally robust losses (LDR-KL, ALDR-KL) of Zhu, Ying and Yang
/// 2023.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Loss {
    /// ((1 + u)^(1−τ) − 1)/(1 − τ), τ ≥ 0, and ln(1 + u) at τ = 1: sum-exponential at 0, logistic (cross-entropy) at 1,
    /// generalised cross-entropy between 1 and 2, mean absolute error 1 − p_y at 2.
    CompSum {
        /// τ.
        tau: f64,
    },
    /// (1 − p_y^q)/q, 0 < q ≤ 1: comp-sum with τ = 1 + q.
    GeneralizedCrossEntropy {
        /// q.
        q: f64,
    },
    /// −Σ t_k ln p_k with t = 1 − ε + ε/K at the label and ε/K elsewhere: label smoothing, plain cross-entropy at ε = 0.
    CrossEntropy {
        /// ε in [0, 1].
        smoothing: f64,
    },
    /// λ ln[(1/K) Σ_k e^((z_k − z_y + c [k ≠ y])/λ)], λ > 0: with λ → 0 the margin loss of Crammer and Singer.
    Ldr {
        /// c, at most a million to either side.
        margin: f64,
        /// λ, between 10⁻⁶ and 10⁶.
        lambda: f64,
    },
    /// LDR with a λ of every row's own, λ_i = λ₀ − λ₀ KL(p_i‖uniform)/(α ln K), p_i the softmax of
    /// (z_k + c [k ≠ y])/λ₀: rows the model is sure of get a smaller one. α > 1 keeps it positive. Its gradient takes
    /// λ_i as a constant.
    Aldr {
        /// c, at most a million to either side.
        margin: f64,
        /// λ₀, between 10⁻⁶ and 10⁶.
        lambda: f64,
        /// A finite α > 1.
        alpha: f64,
    },
}

/// The value of a row, and the gradient A q − z with q the softmax of the others: per unit of T.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) value: f64,
    slope: f64,
    smooth: f64,
}

impl Loss {
    /// That the parameters are in their range.
    pub(super) fn check(&self) -> Result<()> {
        let demand = |name: &'static str, value: f64, right: bool, range: &str| match right {
            true => Ok(()),
            false => Err(Error::invalid(name, format!("{value:?} is not {range}"))),
        };
        let usual = |x: f64| (1e-6..=1e6).contains(&x);
        let robust = |margin: f64, lambda: f64| {
            demand("margin", margin, margin.abs() <= 1e6, "a number of at most a million")?;
            demand("lambda", lambda, usual(lambda), "between 1e-6 and 1e6")
        };
        match *self {
            Loss::CompSum { tau } => {
                demand("tau", tau, tau.is_finite() && tau >= 0.0, "a finite number of 0 or more")
            }
            Loss::GeneralizedCrossEntropy { q } => {
                demand("q", q, q > 0.0 && q <= 1.0, "above 0 and at most 1")
            }
            Loss::CrossEntropy { smoothing: s } => {
                demand("smoothing", s, (0.0..=1.0).contains(&s), "between 0 and 1")
            }
            Loss::Ldr { margin, lambda } => robust(margin, lambda),
            Loss::Aldr { margin, lambda, alpha } => {
                robust(margin, lambda)?;
                demand("alpha", alpha, alpha > 1.0 && alpha.is_finite(), "a number above 1")
            }
        }
    }

    /// By what the logits are divided besides their own temperature.
    pub(super) fn lambda(&self) -> f64 {
        match *self {
            Loss::Ldr { lambda, .. } | Loss::Aldr { lambda, .. } => lambda,
            _ => 1.0,
        }
    }

    /// Whether the plain sum of all logits is needed.
    pub(super) fn is_smoothed(&self) -> bool {
        matches!(self, Loss::CrossEntropy { smoothing } if *smoothing > 0.0)
    }

    /// λ_i of ALDR, from the row at λ₀.
    pub(super) fn own_lambda(&self, others: &Others, bins: usize) -> Option<f64> {
        let Loss::Aldr { margin, lambda, alpha } = *self else { return None };
        if bins == 1 {
            return Some(lambda);
        }
        // 1 − (ln K − H)/(α ln K), as a sum.
        let share = entropy(margin / lambda + others.log_u(), others) / (bins as f64).ln();
        Some(lambda * (((alpha - 1.0) + share.min(1.0)) / alpha))
    }

    /// Whether six digits of a loss, or of its gradient, are more than f32 knows of a row: ln u to 4·10⁻⁷, sums of gaps to
    /// 2·10⁻⁷, entropies to 6·10⁻⁷.
    pub(super) fn is_lost(&self, others: &Others, bins: usize, lambda: f64) -> bool {
        let Answer { value, smooth, .. } = self.answer(others, bins, lambda);
        match *self {
            Loss::Ldr { .. } => value.abs() < 0.5 * lambda,
            Loss::Aldr { margin, lambda: whole, alpha } => {
                // d(loss)/dλ is −KL of the row at λ from the uniform; all of λ but its least is made of an entropy.
                let divergence =
                    (bins as f64).ln() - entropy(margin / lambda + others.log_u(), others);
                let of_entropy = (lambda - whole * ((alpha - 1.0) / alpha)).max(0.0);
                0.4 * lambda + 0.6 * divergence.max(0.0) * of_entropy > value.abs()
            }
            Loss::CrossEntropy { .. } if value.is_finite() => {
                smooth * others.sum_of_gaps.abs() > 4.0 * value || self.is_flat(others, bins)
            }
            _ => false,
        }
    }

    /// Whether a gradient is nothing but the difference of probabilities and targets that are nearly equal.
    pub(super) fn is_flat(&self, others: &Others, bins: usize) -> bool {
        let Answer { slope, smooth, .. } = self.answer(others, bins, 1.0);
        ((bins - 1) as f64 * smooth - slope).abs() < 0.05 * smooth
    }

    /// From what is known of a row, over T λ.
    pub(super) fn answer(&self, others: &Others, bins: usize, lambda: f64) -> Answer {
        match *self {
            Loss::CompSum { tau } => comp_sum(tau, others.log_u()),
            Loss::GeneralizedCrossEntropy { q } => comp_sum(1.0 + q, others.log_u()),
            Loss::CrossEntropy { smoothing } => smoothed(smoothing, others, bins),
            Loss::Ldr { margin, .. } | Loss::Aldr { margin, .. } => {
                let log_v = margin / lambda + others.log_u();
                let value = match near_mean(margin / lambda, others, bins) {
                    Some(change) => lambda * change.ln_1p(),
                    None => lambda * (softplus(log_v) - (bins as f64).ln()),
                };
                Answer { value, slope: sigmoid(log_v), smooth: 0.0 }
            }
        }
    }
}

/// Entropy of a row of which the label has 1/(1 + v), and the others the rest.
fn entropy(log_v: f64, others: &Others) -> f64 {
    let (own, rest) = (sigmoid(-log_v), sigmoid(log_v));
    let part = |p: f64, minus_log: f64| if p > 0.0 { p * minus_log } else { 0.0 };
    part(own, softplus(log_v)) + part(rest, softplus(-log_v) + others.entropy)
}

/// (1/K) Σ_k e^(y_k) − 1 of the exponents y of LDR, from what every term is above 1: where they nearly are 1 on average,
/// and f64 is known of the row.
fn near_mean(margin: f64, others: &Others, bins: usize) -> Option<f64> {
    let excess = others.excess.filter(|_| margin.abs() < 1.0)?;
    let change = (margin.exp() * excess + (bins - 1) as f64 * margin.exp_m1()) / bins as f64;
    (change.abs() < 0.5).then_some(change)
}

fn comp_sum(tau: f64, log_u: f64) -> Answer {
    let log = softplus(log_u);
    let value = match 1.0 - tau {
        0.0 => log,
        e => (e * log).exp_m1() / e,
    };
    // u (1 + u)^−τ, also where u is beyond f64.
    let slope = if log_u > 0.0 {
        let head = if tau == 1.0 { 0.0 } else { (1.0 - tau) * log_u };
        (head - tau * (-log_u).exp().ln_1p()).exp()
    } else {
        (log_u - tau * log).exp()
    };
    Answer { value, slope, smooth: 0.0 }
}

fn smoothed(smoothing: f64, others: &Others, bins: usize) -> Answer {
    let mut value = others.log_1_plus_u();
    let smooth = smoothing / bins as f64;
    if smoothing > 0.0 {
        value += smooth * others.sum_of_gaps;
        if others.some_empty {
            value = f64::INFINITY;
        }
    }
    Answer { value, slope: others.probability(), smooth }
}

impl Answer {
    /// The gradient times `upstream`, with respect to logits of a temperature; `others` are over it and λ.
    pub(super) fn form(
        &self,
        others: &Others,
        (label, bins): (usize, usize),
        temperature: f64,
        upstream: f64,
    ) -> Form {
        if upstream == 0.0 {
            return Form { label: Some((label, 0.0)), ..Form::ZERO };
        }
        // An infinite slope, too, leaves the gradient finite.
        let bounded = |x: f64| x.clamp(-1e300, 1e300);
        let factor = bounded(upstream / temperature);
        let [slope, smooth] = [self.slope, self.smooth].map(|x| bounded(factor * bounded(x)));
        let x = match others.log_sum {
            f64::NEG_INFINITY => 0.0,
            log_sum => slope * (-log_sum).exp(),
        };
        let own = bounded((bins - 1) as f64 * smooth - slope);
        Form {
            temperature: others.temperature,
            reference: others.reference,
            x,
            y: 0.0,
            z: smooth,
            label: Some((label, own)),
        }
    }
}
