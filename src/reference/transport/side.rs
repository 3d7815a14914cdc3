//! The bins of a side, or some of them: weights, potentials, and scalings of the kernel between two of those.

use super::damping::Damping;
use super::relaxation::step;
use crate::reference::elementary::{exp, ln};

/// Scalings within it leave sums, their reciprocals and their products in range.
const RANGE: std::ops::Range<f64> = 1e-100..1e100;

/// How a half iteration comes to new potentials.
#[derive(Debug, Clone, Copy)]
pub(super) struct Update {
    pub(super) damping: Damping,
    pub(super) epsilon: f64,
    /// F ← F + ω (fresh − F), or less: see [`step`].
    pub(super) omega: f64,
    /// What potentials in units of a reach have more than those that are kept, see [`super::translation`].
    pub(super) drift: f64,
}

impl Update {
    #[inline(always)]
    pub(super) fn potential(&self, old: f64, softmin: f64) -> f64 {
        let epsilon = self.epsilon;
        let fresh = self.damping.potential(softmin - epsilon * self.drift, epsilon);
        if self.omega == 1.0 || self.damping == Damping::Bounded {
            return fresh;
        }
        self.relaxed(old, fresh)
    }

    /// Apart from the loops over entries, which its logarithm would slow.
    #[inline(never)]
    fn relaxed(&self, old: f64, fresh: f64) -> f64 {
        old + self.epsilon * step((fresh - old) / self.epsilon, self.omega)
    }

    /// What a bin of this potential is to hold, see [`Damping::wanted`].
    #[inline(always)]
    pub(super) fn wanted(&self, potential: f64, weight: f64, held: f64) -> f64 {
        match self.damping {
            Damping::Soft { reach } => {
                self.damping.wanted(potential + reach * self.drift, weight, held)
            }
            damping => damping.wanted(potential, weight, held),
        }
    }

    /// Whether a scaling is its weight over its sum, and nothing else.
    #[inline(always)]
    pub(super) fn is_quotient(&self) -> bool {
        self.damping == Damping::Hard && self.omega == 1.0
    }
}

#[derive(Debug)]
pub(super) struct Side {
    pub(super) weights: Vec<f64>,
    pub(super) ln_weights: Vec<f64>,
    /// Potentials, not weighted, that are in the kernel, and those now. Where both sides are hard, and the kernel is scaled, the
    /// latter are in the scalings alone.
    pub(super) base: Vec<f64>,
    pub(super) potentials: Vec<f64>,
    /// exp of the difference over ε.
    pub(super) scalings: Vec<f64>,
    /// What the iteration under way makes of them.
    pub(super) next_potentials: Vec<f64>,
    pub(super) next_scalings: Vec<f64>,
    /// Σ|held − wanted| of the potentials before.
    pub(super) error: f64,
    /// Bins all of whose pairs are forbidden, and bins in which the pass under way finds nothing.
    pub(super) blocked: usize,
    pub(super) empty: usize,
    /// Whether the potentials are those of the scalings.
    is_current: bool,
}

impl Side {
    pub(super) fn new(weights: Vec<f64>, potentials: Vec<f64>) -> Side {
        let n = weights.len();
        Side {
            ln_weights: weights.iter().map(|w| w.ln()).collect(),
            weights,
            base: potentials.clone(),
            next_potentials: potentials.clone(),
            potentials,
            scalings: vec![1.0; n],
            next_scalings: vec![1.0; n],
            error: 0.0,
            blocked: 0,
            empty: 0,
            is_current: true,
        }
    }

    /// f + ε ln a.
    #[inline(always)]
    pub(super) fn weighted(&self, i: usize, epsilon: f64) -> f64 {
        self.potentials[i] + epsilon * self.ln_weights[i]
    }

    /// The half iteration of bin `i` from its `softmin`.
    #[inline(always)]
    pub(super) fn renew(&mut self, i: usize, softmin: f64, update: &Update) {
        self.next_potentials[i] = update.potential(self.potentials[i], softmin);
    }

    /// Of a bin all of whose pairs are forbidden.
    #[inline(always)]
    pub(super) fn block(&mut self, i: usize, update: &Update) {
        self.blocked += 1;
        self.next_potentials[i] = update.damping.of_nothing();
        self.next_scalings[i] = 1.0;
        self.error += update.wanted(self.potentials[i], self.weights[i], 0.0);
    }

    /// The half iteration of bin `i` of which the kernel, scaled on the other side, has `sum`: its new scaling.
    #[inline(always)]
    pub(super) fn scale(&mut self, i: usize, sum: f64, update: &Update) -> f64 {
        let (weight, old) = (self.weights[i], self.scalings[i]);
        if sum == 0.0 {
            self.empty += 1;
            (self.next_scalings[i], self.next_potentials[i]) = (old, self.potentials[i]);
            return old;
        }
        let new = match update.is_quotient() {
            true => weight / sum,
            false => self.scale_otherwise(i, sum, update),
        };
        self.next_scalings[i] = new;
        new
    }

    /// Of a side that is not hard, or of another step than Sinkhorn's. Apart from the loops over entries, which its logarithms
    /// would slow.
    #[inline(never)]
    fn scale_otherwise(&mut self, i: usize, sum: f64, update: &Update) -> f64 {
        let (weight, old, epsilon) = (self.weights[i], self.scalings[i], update.epsilon);
        if update.damping == Damping::Hard {
            return old * exp(step(ln(weight / (sum * old)), update.omega));
        }
        let softmin = self.base[i] + epsilon * ln(weight / sum);
        let potential = update.potential(self.potentials[i], softmin);
        self.next_potentials[i] = potential;
        exp((potential - self.base[i]) / epsilon)
    }

    /// How far bin `i`, which holds `held`, is from what its potential wants.
    #[inline(always)]
    pub(super) fn off(&self, i: usize, held: f64, update: &Update) -> f64 {
        (held - update.wanted(self.potentials[i], self.weights[i], held)).abs()
    }

    /// Whether the new scalings can be.
    pub(super) fn is_in_range(&self) -> bool {
        self.empty == self.blocked && self.next_scalings.iter().all(|s| RANGE.contains(s))
    }

    /// Takes new scalings over, with the potentials where they came along.
    pub(super) fn accept_scalings(&mut self, update: &Update) {
        std::mem::swap(&mut self.scalings, &mut self.next_scalings);
        if update.damping == Damping::Hard {
            self.is_current = false;
        } else {
            std::mem::swap(&mut self.potentials, &mut self.next_potentials);
        }
    }

    /// Takes new potentials over.
    pub(super) fn accept_potentials(&mut self) {
        std::mem::swap(&mut self.potentials, &mut self.next_potentials);
        self.is_current = true;
    }

    /// Potentials take the scalings in, and are what the next kernel has.
    pub(super) fn absorb(&mut self, epsilon: f64) {
        if !self.is_current {
            for ((p, base), s) in self.potentials.iter_mut().zip(&self.base).zip(&self.scalings) {
                *p = base + epsilon * s.ln();
            }
            self.is_current = true;
        }
        self.base.copy_from_slice(&self.potentials);
        self.scalings.fill(1.0);
    }

    /// Weighted potentials of one ε are those of another. After [`Self::absorb`].
    pub(super) fn reweigh(&mut self, from: f64, to: f64) {
        for (p, ln_weight) in self.potentials.iter_mut().zip(&self.ln_weights) {
            *p += (from - to) * ln_weight;
        }
        self.base.copy_from_slice(&self.potentials);
    }

    /// Σ of what the bins are to hold.
    pub(super) fn all_wanted(&self, update: &Update) -> f64 {
        let bins = self.potentials.iter().zip(&self.weights);
        bins.map(|(p, w)| update.wanted(*p, *w, 0.0)).sum()
    }
}
