//! What comes of a problem.

use super::totals::Totals;

/// The solution of one problem by the twin.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// Weighted potentials f + ε ln a; −∞ where a is zero.
    pub f: Vec<f64>,
    /// Weighted potentials g + ε ln b; −∞ where b is zero.
    pub g: Vec<f64>,
    /// Multiplier of the mass of a partial transport; else 0.
    pub lambda: f64,
    /// Iterations done.
    pub iterations: u32,
    /// Whether rounding held the error, so that nothing was to be had of more iterations.
    pub stalled: bool,
    /// Costs and marginal error of the returned potentials.
    pub totals: Totals,
    /// Unweighted potentials f and g, where ε is so large that ε ln a swamps them.
    pub plain: Option<[Vec<f64>; 2]>,
}
