//! Changes of units of a potential.

/// Which change; see [`rescale`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rescale {
    /// x + factor·ln w
    Weight,
    /// exp(x·factor)
    Exponential,
    /// factor·ln x
    Logarithm,
    /// 0
    Zero,
}

/// Twin of `rescale`, for one element with its weight.
pub fn rescale(change: Rescale, x: f64, weight: f64, factor: f64) -> f64 {
    match change {
        Rescale::Zero => 0.0,
        Rescale::Exponential if weight > 0.0 => (x * factor).exp(),
        Rescale::Exponential => 0.0,
        _ if weight <= 0.0 => f64::NEG_INFINITY,
        Rescale::Weight => x + factor * weight.ln(),
        Rescale::Logarithm => factor * x.ln(),
    }
}
