//! A falling ε, as a caller asks for it.

/// A falling ε: iteration k runs at max(ε, `from`·`factor`ᵏ). Fewer iterations
/// where ε is small against the cost. Stages above 256 times the largest cost, which are
/// all alike, are left out. ε must be reached within the iterations that are allowed, and
/// within 2²⁰.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Annealing {
    /// ε of the first iteration.
    pub from: f64,
    /// Factor from one iteration to the next, in (0, 1).
    pub factor: f64,
}

impl Annealing {
    /// From ε = `from`, times `factor` every iteration. The solve refuses what is no such schedule.
    pub const fn new(from: f64, factor: f64) -> Annealing {
        Annealing { from, factor }
    }
}

/// Whether ε is within what the kernels' units hold.
pub(super) fn epsilon_fits(e: f64) -> bool {
    e.is_finite() && (1e-20..=1e20).contains(&e)
}
