//! What comes of a problem.

use super::problem::Problem;
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
    /// ε of the iterations, and how many there were at it, one after the other.
    pub stages: Vec<(f64, u32)>,
    /// Whether it was broken off, so that the result is what there was.
    pub cancelled: bool,
    /// Whether rounding held the error, so that nothing was to be had of more iterations.
    pub stalled: bool,
    /// Costs and marginal error of the returned potentials.
    pub totals: Totals,
    /// Unweighted potentials f and g, where ε is so large that ε ln a swamps them.
    pub plain: Option<[Vec<f64>; 2]>,
}

impl Solved {
    /// Of a problem that was broken off before it began: nothing is known but where it would have begun.
    pub(crate) fn of_none(problem: &Problem<'_>) -> Solved {
        let epsilon = problem.schedule[problem.schedule.len() - 1];
        let weighted = |weights: &[f64], start: Option<&[f64]>| -> Vec<f64> {
            let at = |k: usize| start.map_or(0.0, |start| start[k]);
            weights.iter().enumerate().map(|(k, w)| at(k) + epsilon * w.ln()).collect()
        };
        let of_source = problem.start.filter(|_| problem.symmetric);
        Solved {
            f: weighted(problem.a, of_source),
            g: weighted(problem.b, problem.start),
            lambda: 0.0,
            iterations: 0,
            stages: Vec::new(),
            cancelled: true,
            stalled: false,
            totals: Totals::UNKNOWN,
            plain: None,
        }
    }
}
