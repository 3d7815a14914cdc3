//! What a marginal is held to, and what that makes of a potential.

use crate::reference::elementary::exp;

/// How a marginal of the plan is held to its weights, here those of the source, a.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Damping {
    /// P1 = a.
    Hard,
    /// ρ KL(P1 ‖ a) is paid for, with the generalised KL Σ p ln(p/a) − p + a.
    Soft {
        /// ρ > 0, in units of the cost.
        reach: f64,
    },
    /// P1 ≤ a.
    Bounded,
}

/// A potential of so many reaches wants nothing of its bin: e^−750 is 0.
const NOTHING: f64 = 750.0;

impl Damping {
    /// The potential f that maximises the dual beside fixed ones of the other side, from their `softmin`
    /// s = −ε ln Σ_j b_j exp((g_j − C_ij)/ε): s; s/(1 + ε/ρ); min(0, s). Chizat, Peyré, Schmitzer and Vialard, *Scaling
    /// algorithms for unbalanced optimal transport problems* (2018), table 1, in the log domain.
    #[inline(always)]
    pub fn potential(self, softmin: f64, epsilon: f64) -> f64 {
        match self {
            Damping::Hard => softmin,
            Damping::Soft { reach } => softmin / (1.0 + epsilon / reach),
            Damping::Bounded => at_most_zero(softmin),
        }
    }

    /// What a potential wants a bin to hold, which has `weight` and holds `held`: a; a exp(−f/ρ); a where f < 0, and
    /// otherwise what it holds, up to a.
    #[inline(always)]
    pub fn wanted(self, potential: f64, weight: f64, held: f64) -> f64 {
        match self {
            Damping::Hard => weight,
            Damping::Soft { reach } => weight * exp(-potential / reach),
            Damping::Bounded if potential < 0.0 || held > weight => weight,
            Damping::Bounded => held,
        }
    }

    /// What a bin adds to the dual: a f; ρ a (1 − exp(−f/ρ)); a f.
    pub fn dual(self, potential: f64, weight: f64) -> f64 {
        match self {
            Damping::Soft { reach } => -reach * weight * (-potential / reach).exp_m1(),
            Damping::Hard | Damping::Bounded => weight * potential,
        }
    }

    /// The potential of a bin all of whose pairs are forbidden. It would be +∞ where nothing may be in the bin; a finite one
    /// wants as little. Where something must be, no potential helps.
    pub(super) fn of_nothing(self) -> f64 {
        match self {
            Damping::Soft { reach } => NOTHING * reach,
            Damping::Hard | Damping::Bounded => 0.0,
        }
    }
}

#[inline(always)]
fn at_most_zero(x: f64) -> f64 {
    if x < 0.0 { x } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The damped potential is where the derivative of the dual, wanted − held, is 0.
    #[test]
    fn potentials_want_what_they_make() {
        let (weight, epsilon) = (0.7, 0.3);
        for damping in [Damping::Hard, Damping::Soft { reach: 0.9 }, Damping::Bounded] {
            for softmin in [-2.0, -0.1, 0.0, 0.4, 3.0] {
                let f = damping.potential(softmin, epsilon);
                let held = weight * ((f - softmin) / epsilon).exp();
                let wanted = damping.wanted(f, weight, held);
                assert!((wanted - held).abs() < 1e-15, "{damping:?} {softmin}: {wanted} {held}");
                // The dual falls on either side of it.
                let dual = |f: f64| damping.dual(f, weight) - epsilon * held_at(f, softmin);
                let allowed = |f: f64| if damping == Damping::Bounded { f.min(0.0) } else { f };
                let held_of = |f: f64| dual(allowed(f));
                for step in [-1e-3, 1e-3] {
                    assert!(held_of(f + step) <= held_of(f), "{damping:?} {softmin} {step}");
                }
            }
        }
        fn held_at(f: f64, softmin: f64) -> f64 {
            0.7 * ((f - softmin) / 0.3).exp()
        }
    }

    #[test]
    fn nothing_is_wanted_of_what_cannot_hold_anything() {
        let soft = Damping::Soft { reach: 0.5 };
        assert_eq!(soft.wanted(soft.of_nothing(), 2.0, 0.0), 0.0);
        assert_eq!(soft.dual(soft.of_nothing(), 2.0), 1.0);
        let bounded = Damping::Bounded;
        assert_eq!(bounded.wanted(bounded.of_nothing(), 2.0, 0.0), 0.0);
        assert_eq!(Damping::Hard.wanted(Damping::Hard.of_nothing(), 2.0, 0.0), 2.0);
    }
}
