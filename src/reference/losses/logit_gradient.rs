//! Gradients with respect to logits.

use super::logit_entropy::apart;

/// A gradient with respect to a row of logits a: e^d (x + y d) − z with d = (a − reference)/temperature, and another
/// number at the label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Form {
    /// T, of d.
    pub temperature: f64,
    /// The logit at which d is 0.
    pub reference: f64,
    /// See [`Form`].
    pub x: f64,
    /// See [`Form`].
    pub y: f64,
    /// See [`Form`].
    pub z: f64,
    /// The label, and what stands there.
    pub label: Option<(usize, f64)>,
}

impl Form {
    /// Nothing.
    pub const ZERO: Form =
        Form { temperature: 1.0, reference: 0.0, x: 0.0, y: 0.0, z: 0.0, label: None };
}

/// Twin of `logit_gradient`.
pub fn logit_gradient(logits: &[f64], form: &Form) -> Vec<f64> {
    let at = |a: &f64| {
        if *a == f64::NEG_INFINITY {
            return -form.z;
        }
        let d = apart(*a, form.reference, form.temperature);
        // The range of f32: what is kept out may be far above the reference.
        match d.min(88.0).exp() {
            0.0 => -form.z,
            e => e * (form.x + form.y * d) - form.z,
        }
    };
    let mut result: Vec<f64> = logits.iter().map(at).collect();
    if let Some((label, own)) = form.label {
        result[label] = own;
    }
    result
}
