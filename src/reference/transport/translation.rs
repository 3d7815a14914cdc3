//! The scalar by which f may grow and g fall without a change of the plan, between marginals of which one at least is soft.
//!
//! Potentials are kept without it, and it is set to its best value at every test (Séjourné, Vialard and Peyré, *Faster
//! unbalanced optimal transport* (2022)): iterations alone take some ρ/ε to find it. With reaches r₁, r₂,
//! f/r₁ = kept/r₁ + k₁, k₁ = r₂ l/(r₁ + r₂), and g/r₂ = kept/r₂ − k₂, k₂ = r₁ l/(r₁ + r₂); beside a hard side its own k is l.

use super::damping::Damping;

#[derive(Debug, Clone, Copy)]
pub(super) struct Translation {
    /// k₁ and −k₂ for l = 1; 0 of a side that is not soft.
    drifts: [f64; 2],
    /// What f grows by then.
    moved: f64,
    l: f64,
}

impl Translation {
    pub(super) fn new(damping: [Damping; 2]) -> Translation {
        let (drifts, moved) = match damping {
            [Damping::Soft { reach: r }, Damping::Soft { reach: s }] => {
                ([s / (r + s), -r / (r + s)], r * (s / (r + s)))
            }
            [Damping::Soft { reach }, Damping::Hard] => ([1.0, 0.0], reach),
            [Damping::Hard, Damping::Soft { reach }] => ([0.0, -1.0], reach),
            _ => ([0.0; 2], 0.0),
        };
        Translation { drifts, moved, l: 0.0 }
    }

    /// Whether there is one.
    pub(super) fn is_free(&self) -> bool {
        self.moved > 0.0
    }

    /// k₁ and −k₂.
    pub(super) fn drifts(&self) -> [f64; 2] {
        self.drifts.map(|drift| drift * self.l)
    }

    /// What potentials of both sides are more than those that are kept.
    pub(super) fn moved(&self) -> [f64; 2] {
        [self.moved * self.l, -self.moved * self.l]
    }

    /// Where the dual value is largest, from the masses that both sides want now. Σa exp(−f/r₁) falls by k₁ and
    /// Σb exp(−g/r₂) grows by k₂, until they are one.
    pub(super) fn find(&mut self, [source, target]: [f64; 2]) {
        let more = (source / target).ln();
        // Sums that have left the range say nothing.
        if more.is_finite() {
            self.l += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_want_one_mass() {
        let soft = |reach| Damping::Soft { reach };
        for damping in
            [[soft(0.3), soft(20.0)], [soft(0.3), Damping::Hard], [Damping::Hard, soft(2.0)]]
        {
            let mut this = Translation::new(damping);
            let wanted = |this: &Translation| {
                let moved = this.moved();
                [
                    damping[0].wanted(0.1 + moved[0], 1.5, 0.0),
                    damping[1].wanted(-0.3 + moved[1], 0.7, 0.0),
                ]
            };
            this.find(wanted(&this));
            let [source, target] = wanted(&this);
            assert!((source / target - 1.0).abs() < 1e-14, "{damping:?}: {source} {target}");
            for (side, drift) in this.drifts().into_iter().enumerate() {
                if let Damping::Soft { reach } = damping[side] {
                    assert!((drift * reach - this.moved()[side]).abs() < 1e-14);
                }
            }
        }
    }
}
