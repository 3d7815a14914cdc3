//! The list of running problems.

use super::{Masses, State};
use crate::error::Result;
use crate::gpu::layout::params;
use crate::number::{joined, words};

params! {
    /// The state of one running problem, as in `transport/problem.wgsl`.
    pub(crate) struct Slot = Slot in "transport/problem.wgsl" {
        problem: u32,
        status: u32,
        iterations: u32,
        error: u32,
        unit: f32,
        unit_low: f32,
        rate: f32,
        rate_low: f32,
        omega: f32,
        best: f32,
        since: u32,
        previous: f32,
        shift: f32,
        shift_low: f32,
        mass_exponent: f32,
        mass: f32,
    }
}

impl Slot {
    pub(crate) const RUNNING: u32 = 0;
    pub(crate) const CONVERGED: u32 = 1;
    pub(crate) const OUT_OF_RANGE: u32 = 2;
    pub(crate) const STALLED: u32 = 3;

    /// A problem that has not begun, of masses at most 1 and an ε like all others.
    pub(crate) fn new(problem: usize) -> Slot {
        Slot {
            problem: problem as u32,
            status: Slot::RUNNING,
            error: u32::MAX,
            unit: 1.0,
            rate: 1.0,
            omega: 1.0,
            mass: 1.0,
            ..Slot::default()
        }
    }

    /// With an ε of so many times that of the sweeps.
    pub(crate) fn with_unit(self, unit: f64) -> Slot {
        let ([unit, unit_low], [rate, rate_low]) = (words(unit), words(1.0 / unit));
        Slot { unit, unit_low, rate, rate_low, ..self }
    }

    /// To be iterated again, or further in another precision: what it has seen so far counts no more.
    pub(crate) fn again(self) -> Slot {
        Slot { status: Slot::RUNNING, best: 0.0, since: 0, ..self }
    }

    /// The last tested error; infinite before the first test.
    pub(crate) fn marginal_error(&self) -> f64 {
        let error = f32::from_bits(self.error);
        if error.is_finite() { error.into() } else { f64::INFINITY }
    }
}

impl State {
    /// All problems, as they begin.
    pub(crate) fn slots_at_first(&self) -> Vec<Slot> {
        let slot = |k: usize| {
            let Masses { exponent, larger, .. } = self.masses[k];
            Slot {
                mass_exponent: exponent as f32,
                mass: larger as f32,
                omega: if self.symmetric { 0.5 } else { 1.0 },
                ..Slot::new(k)
            }
        };
        (0..self.len()).map(slot).collect()
    }

    /// λ of a partial transport, in the caller's units.
    pub(crate) fn multiplier(&self, slot: &Slot) -> f64 {
        joined([slot.shift, slot.shift_low]) / self.scale
    }

    /// Writes the list of running problems.
    pub(crate) async fn write_slots(&self, slots: &[Slot]) -> Result<()> {
        self.gpu.guarded(|| self.gpu.write(&self.slots, 0, slots)).await
    }
}
