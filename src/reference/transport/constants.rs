//! The solution without costs.

use super::damping::Damping;
use super::problem::Marginals;

/// Of masses that rounding alone tells from one, the logarithm is 0.
const ROUNDING: f64 = 1e-12;

/// Potentials and multiplier of a problem whose costs are all 0, in units of ε, and the plan they make: κ a⊗b.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Constants {
    pub(super) potentials: [f64; 2],
    pub(super) multiplier: f64,
    /// What a bin holds of its weight: κ Σb, κ Σa.
    pub(super) kept: [f64; 2],
}

impl Constants {
    /// Of problems that have a plan which is a multiple of a⊗b, with potentials that are allowed: those without bounds, and
    /// those whose bounds do not bind.
    pub(super) fn new(marginals: &Marginals, masses: [f64; 2], epsilon: f64) -> Option<Constants> {
        let logarithms = masses.map(|m| if (m - 1.0).abs() < ROUNDING { 0.0 } else { m.ln() });
        let [a, b] = logarithms;
        if let Some(mass) = marginals.multiplied() {
            let kept = masses.map(|m| mass / m);
            let multiplier = mass.ln() - a - b;
            let fits = kept.iter().all(|k| *k <= 1.0);
            return fits.then_some(Constants { potentials: [0.0; 2], multiplier, kept });
        }
        let potentials = match marginals.damping {
            // Masses are equal: else there is no plan.
            [Damping::Hard, Damping::Hard] => [-b, 0.0],
            [Damping::Bounded, Damping::Bounded] if a <= 0.0 && b <= 0.0 => [0.0; 2],
            [Damping::Bounded, _] | [_, Damping::Bounded] => return None,
            damping => {
                // f = −p (ln Σb + g), g = −q (ln Σa + f).
                let rest = damping.map(|side| rest(side, epsilon));
                let [p, q] = rest.map(|rest| 1.0 - rest);
                let f = p * (q * a - b) / (rest[0] + p * rest[1]);
                [f, -q * (a + f)]
            }
        };
        let sum = potentials[0] + potentials[1];
        let kept = [(sum + b).exp(), (sum + a).exp()];
        Some(Constants { potentials, multiplier: 0.0, kept })
    }

    /// −ε ln of what is kept: how far a bounded side is from its bound.
    pub(super) fn gap(&self, side: usize, epsilon: f64) -> f64 {
        -epsilon * self.kept[side].ln()
    }

    /// ln κ.
    pub(super) fn exponent(&self) -> f64 {
        self.potentials[0] + self.potentials[1] + self.multiplier
    }
}

/// 1 − 1/(1 + ε/ρ).
fn rest(damping: Damping, epsilon: f64) -> f64 {
    match damping {
        Damping::Soft { reach } => epsilon / (reach + epsilon),
        Damping::Hard | Damping::Bounded => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marginals_are_what_their_potentials_want() {
        let (masses, epsilon) = ([1.5, 0.7], 3.0);
        let soft = |reach| Damping::Soft { reach };
        for damping in [[soft(0.9), soft(0.2)], [Damping::Hard, soft(0.2)], [soft(40.0); 2]] {
            let marginals = Marginals { damping, mass: None };
            let constants = Constants::new(&marginals, masses, epsilon).unwrap();
            let sides = damping.iter().zip(constants.potentials).zip(constants.kept);
            for ((damping, potential), kept) in sides {
                let wanted = damping.wanted(epsilon * potential, 1.0, 0.0);
                assert!((wanted - kept).abs() < 1e-14, "{constants:?}");
            }
        }
        let partial = Marginals { damping: [Damping::Bounded; 2], mass: Some(0.6) };
        let constants = Constants::new(&partial, masses, epsilon).unwrap();
        assert_eq!(constants.kept, [0.6 / 1.5, 0.6 / 0.7]);
        assert!(Constants::new(&partial, [0.5, 0.7], epsilon).is_none());
    }
}
