//! The target's half of an iteration: its columns, and the multiplier of a mass.

use super::multiplier::multiplier;
use super::side::{Side, Update};
use crate::reference::elementary::exp;

#[derive(Debug)]
pub(super) struct Target {
    pub(super) side: Side,
    /// ΣP of a partial transport.
    mass: Option<f64>,
    /// λ in the kernel, now, and after the iteration under way. It goes with the target: P = exp((F + [G + λ] − C)/ε), and
    /// scalings have it in them.
    base_multiplier: f64,
    pub(super) multiplier: f64,
    next_multiplier: f64,
    /// Of the columns, without λ.
    softmins: Vec<f64>,
    /// How far columns, and the mass, are from what is wanted of them, before and after the iteration under way.
    pub(super) error: f64,
    next_error: f64,
}

impl Target {
    pub(super) fn new(side: Side, mass: Option<f64>) -> Target {
        let multiplier = 0.0;
        Target {
            softmins: if mass.is_some() { vec![0.0; side.weights.len()] } else { Vec::new() },
            side,
            mass,
            base_multiplier: multiplier,
            multiplier,
            next_multiplier: multiplier,
            error: 0.0,
            next_error: 0.0,
        }
    }

    /// G + λ.
    pub(super) fn weighted(&self, epsilon: f64) -> impl Iterator<Item = f64> {
        let bins = 0..self.side.weights.len();
        bins.map(move |j| self.side.weighted(j, epsilon) + self.multiplier)
    }

    /// From what the kernel, its rows scaled, has in the columns. Whether scalings can be had of it.
    pub(super) fn scale(&mut self, sums: &[f64], update: &Update) -> bool {
        let side = &mut self.side;
        side.empty = 0;
        if let Some(mass) = self.mass {
            for (j, sum) in sums.iter().enumerate() {
                let weighted = side.base[j] + update.epsilon * side.ln_weights[j];
                self.softmins[j] = weighted + self.base_multiplier - update.epsilon * sum.ln();
                side.empty += usize::from(*sum == 0.0);
            }
            self.multiplied(mass, update);
            self.scale_to_potentials(update.epsilon);
        } else {
            for (j, sum) in sums.iter().enumerate() {
                side.scale(j, *sum, update);
            }
        }
        self.side.is_in_range() && {
            self.find_error(sums, update);
            true
        }
    }

    /// λ and the potentials, from the softmins.
    fn multiplied(&mut self, mass: f64, update: &Update) {
        let side = &mut self.side;
        self.next_multiplier = multiplier(&self.softmins, &side.weights, mass, update.epsilon);
        for (j, softmin) in self.softmins.iter().enumerate() {
            match softmin.is_finite() {
                true => side.renew(j, softmin - self.next_multiplier, update),
                false => side.next_potentials[j] = side.potentials[j],
            }
        }
    }

    fn scale_to_potentials(&mut self, epsilon: f64) {
        let (side, more) = (&mut self.side, self.next_multiplier - self.base_multiplier);
        let potentials = side.next_potentials.iter().zip(&side.base);
        for (s, (next, base)) in side.next_scalings.iter_mut().zip(potentials) {
            *s = exp((next - base + more) / epsilon);
        }
    }

    /// The error of new scalings; after a plain step rounding is all there is, but for bins that nothing comes to.
    fn find_error(&mut self, sums: &[f64], update: &Update) {
        let side = &self.side;
        let (mut held, mut error) = (0.0, 0.0);
        for ((j, sum), s) in sums.iter().enumerate().zip(&side.next_scalings) {
            let (mass, weight) = (sum * s, side.weights[j]);
            let wanted = update.wanted(side.next_potentials[j], weight, mass);
            held += mass;
            error += (mass - wanted).abs();
        }
        self.next_error = error + self.mass.map_or(0.0, |mass| (held - mass).abs());
    }

    /// From the softmins of the columns, −∞ of none; what is not finite has no pair that is allowed.
    pub(super) fn renew(&mut self, softmins: &[f64], update: &Update) {
        let side = &mut self.side;
        side.blocked = 0;
        side.error = 0.0;
        for (j, softmin) in softmins.iter().enumerate() {
            if softmin.is_finite() {
                side.renew(j, *softmin, update);
            } else {
                side.block(j, update);
            }
        }
        if let Some(mass) = self.mass {
            self.softmins.copy_from_slice(softmins);
            self.multiplied(mass, update);
        }
        let epsilon = update.epsilon;
        let (side, lambda) = (&self.side, self.next_multiplier);
        let (mut held, mut error) = (0.0, 0.0);
        for (j, softmin) in softmins.iter().enumerate() {
            let (next, weight) = (side.next_potentials[j], side.weights[j]);
            let mass = weight * exp((next + lambda - softmin) / epsilon);
            held += mass;
            error += (mass - update.wanted(next, weight, mass)).abs();
        }
        self.next_error = error + self.mass.map_or(0.0, |mass| (held - mass).abs());
    }

    pub(super) fn accept_scalings(&mut self, update: &Update) {
        self.side.accept_scalings(update);
        (self.multiplier, self.error) = (self.next_multiplier, self.next_error);
    }

    pub(super) fn accept_potentials(&mut self) {
        self.side.accept_potentials();
        (self.multiplier, self.error) = (self.next_multiplier, self.next_error);
    }

    pub(super) fn absorb(&mut self, epsilon: f64) {
        self.side.absorb(epsilon);
        self.base_multiplier = self.multiplier;
    }
}
