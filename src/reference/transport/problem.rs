//! One problem, as the twin takes it.

use super::costs::Costs;
use super::damping::Damping;
use std::borrow::Cow;
use std::fmt;

/// What is asked of the two marginals, and of the whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Marginals {
    /// Of the source and of the target.
    pub damping: [Damping; 2],
    /// ΣP, of a partial transport: both sides [`Damping::Bounded`], and at most the mass of either.
    pub mass: Option<f64>,
}

impl Marginals {
    /// P1 = a and Pᵀ1 = b.
    pub const BALANCED: Marginals = Marginals { damping: [Damping::Hard; 2], mass: None };

    /// The mass, where a multiplier sees to it.
    pub(super) fn multiplied(&self) -> Option<f64> {
        self.mass.filter(|_| self.damping == [Damping::Bounded; 2])
    }
}

/// min over P ≥ 0 of ⟨P,C⟩ + ε KL(P ‖ a⊗b) and what the marginals are held to, with P_ij = a_i b_j exp((f_i + g_j + λ −
/// C_ij)/ε). Weights are masses, and need not sum to one.
pub struct Problem<'a> {
    /// Costs, n×m.
    pub cost: Box<dyn Costs + Send + 'a>,
    /// Weights of the source, n.
    pub a: &'a [f64],
    /// Weights of the target, m.
    pub b: &'a [f64],
    /// Potentials g to start from, not weighted; with `symmetric` those of both sides.
    pub start: Option<&'a [f64]>,
    /// ε of the first iterations; the last entry is that of all others.
    pub schedule: Cow<'a, [f64]>,
    /// What is asked of the marginals.
    pub marginals: Marginals,
    /// Whether a = b, C = Cᵀ, and both sides are held to the same: f = g then, found by averaged steps. Of no effect on
    /// partial transport.
    pub symmetric: bool,
    /// The largest |C_ij| of all pairs that are allowed.
    pub spread: f64,
    /// The largest cost that matters, at most `spread`: others may be so large that no plan pays them.
    pub scale: f64,
    /// Whether steps may be longer than Sinkhorn's, see `control`; otherwise iterations are plain, and of a symmetric problem
    /// averaged. Of no effect with a `schedule`, and on partial transport.
    pub watched: bool,
    /// Whether ε may fall to its value in a watched problem that does not settle at once.
    pub anneals: bool,
}

impl fmt::Debug for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("shape", &self.cost.shape())
            .field("schedule", &self.schedule)
            .field("marginals", &self.marginals)
            .field("symmetric", &self.symmetric)
            .field("spread", &self.spread)
            .field("scale", &self.scale)
            .field("watched", &self.watched)
            .field("anneals", &self.anneals)
            .finish_non_exhaustive()
    }
}

impl<'a> Problem<'a> {
    /// A balanced problem at one ε, from potentials of 0, iterated plainly. The costs are read once for the largest.
    pub fn balanced(
        cost: impl Costs + Send + 'a,
        a: &'a [f64],
        b: &'a [f64],
        epsilon: f64,
    ) -> Problem<'a> {
        let spread = spread(&cost);
        Problem {
            spread,
            scale: spread,
            watched: false,
            anneals: false,
            cost: Box::new(cost),
            a,
            b,
            start: None,
            schedule: Cow::Owned(vec![epsilon]),
            marginals: Marginals::BALANCED,
            symmetric: false,
        }
    }
}

/// The largest |C_ij| that is not infinite.
pub fn spread(cost: &dyn Costs) -> f64 {
    let (n, m) = cost.shape();
    let mut row = vec![0.0; m];
    let mut most = 0.0f64;
    for i in 0..n {
        cost.fill(i, 0..m, &mut row);
        let sizes = row.iter().map(|c| c.abs()).filter(|c| c.is_finite());
        most = sizes.fold(most, f64::max);
    }
    most
}

/// When a problem leaves the loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Marginal error, relative to the larger mass; 0 for exactly `max_iterations`.
    pub tolerance: f64,
    /// Iterations at most.
    pub max_iterations: u32,
}

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Problems that have left the loop.
    pub finished: usize,
    /// Iterations of the problem that has made most.
    pub iterations: u32,
    /// Largest marginal error of the running problems at their last test; infinite before the first.
    pub marginal_error: f64,
    /// What part of all the work is done, in [0, 1]; it only grows.
    pub fraction: f64,
}
