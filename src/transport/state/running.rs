//! The list of running problems of a batch.

use super::batch::State;
use super::layout::Side;
use super::masses::Masses;
use super::slots::Slot;
use crate::error::Result;
use crate::number::{joined, words};

impl State {
    /// All problems, as they begin.
    pub(crate) fn slots_at_first(&self) -> Vec<Slot> {
        let slot = |k: usize| {
            let Masses { exponent, larger, source, target } = self.masses[k];
            let hard = if self.reach(Side::Source) > 0.0 { target } else { source };
            let [hard_mass, hard_mass_low] = words(hard * (-exponent).exp2());
            Slot {
                mass_exponent: exponent as f32,
                per_mass: larger.recip() as f32,
                hard_mass,
                hard_mass_low,
                ..Slot::new(k)
            }
        };
        (0..self.len()).map(slot).collect()
    }

    /// λ of a partial transport, in the caller's units.
    pub(crate) fn multiplier(&self, slot: &Slot) -> f64 {
        joined([slot.shift, slot.shift_low]) / self.scale
    }

    /// What is to be added to f and taken from g, in the caller's units: by as much are they kept off between soft marginals.
    pub(crate) fn moved(&self, slot: &Slot) -> f64 {
        let translation = joined([slot.translation, slot.translation_low]);
        match Side::BOTH.map(|side| self.reach(side)) {
            [0.0, target] => target * translation,
            [source, 0.0] => source * translation,
            [source, target] => source * target / (source + target) * translation,
        }
    }

    /// Writes the list of running problems.
    pub(crate) async fn write_slots(&self, slots: &[Slot]) -> Result<()> {
        self.gpu.guarded(|| self.gpu.write(&self.slots, 0, slots)).await
    }
}
