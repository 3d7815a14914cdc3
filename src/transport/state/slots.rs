//! The state of a running problem.

use crate::gpu::layout::params;
use crate::number::words;

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
        last_unit: f32,
        last_unit_low: f32,
        last_rate: f32,
        last_rate_low: f32,
        omega: f32,
        best: f32,
        best_at: u32,
        phase: u32,
        block_error: f32,
        block_at: u32,
        trigger: f32,
        finish_at: u32,
        saved_omega: f32,
        held: u32,
        skip: u32,
        frozen: u32,
        shift: f32,
        shift_low: f32,
        translation: f32,
        translation_low: f32,
        mass_exponent: f32,
        per_mass: f32,
        hard_mass: f32,
        hard_mass_low: f32,
        stages_0: u32,
        stages_1: u32,
    }
}

impl Slot {
    pub(crate) const RUNNING: u32 = 0;
    pub(crate) const CONVERGED: u32 = 1;
    pub(crate) const OUT_OF_RANGE: u32 = 2;

    const PLAIN: u32 = 0;
    const PROBE: u32 = 1;
    const RUN: u32 = 3;

    /// A problem that has not begun, of masses at most 1 and an ε like all others.
    pub(crate) fn new(problem: usize) -> Slot {
        Slot {
            problem: problem as u32,
            status: Slot::RUNNING,
            error: u32::MAX,
            omega: 1.0,
            per_mass: 1.0,
            hard_mass: 1.0,
            ..Slot::default()
        }
        .with_unit(1.0)
    }

    /// With an ε of so many times that of the sweeps.
    pub(crate) fn with_unit(self, unit: f64) -> Slot {
        let ([unit, unit_low], [rate, rate_low]) = (words(unit), words(1.0 / unit));
        let this = Slot { unit, unit_low, rate, rate_low, ..self };
        Slot {
            last_unit: unit,
            last_unit_low: unit_low,
            last_rate: rate,
            last_rate_low: rate_low,
            ..this
        }
    }

    /// Watched from now on, for a tolerance; with `probe` it may anneal.
    pub(crate) fn watched(self, tolerance: f64, probe: bool) -> Slot {
        let phase = if probe { Slot::PROBE } else { Slot::RUN };
        let omega = self.omega.max(self.saved_omega).max(1.0);
        Slot { phase, omega, trigger: (10.0 * tolerance) as f32, saved_omega: 0.0, ..self }
    }

    /// Iterations done when ε began to fall; 0: it has not.
    pub(crate) fn fell_at(&self) -> u32 {
        self.held >> 8
    }

    /// Whether it may be iterated other than plainly.
    pub(crate) fn is_watched(&self) -> bool {
        self.phase != Slot::PLAIN
    }

    /// With steps of 1 at the ε that is asked for, if it has had others.
    pub(crate) fn at_last(self) -> Slot {
        if !self.is_watched() {
            return self;
        }
        Slot { omega: 1.0, ..self }.with_last_unit()
    }

    /// At the ε that is asked for.
    pub(crate) fn with_last_unit(self) -> Slot {
        Slot {
            unit: self.last_unit,
            unit_low: self.last_unit_low,
            rate: self.last_rate,
            rate_low: self.last_rate_low,
            ..self
        }
    }

    /// To be iterated again, or further in another precision: what it has seen so far counts no more.
    pub(crate) fn again(self) -> Slot {
        Slot {
            status: Slot::RUNNING,
            best: 0.0,
            best_at: 0,
            phase: Slot::PLAIN,
            block_at: 0,
            frozen: 0,
            ..self.with_last_unit()
        }
    }

    /// The last tested error; infinite before the first test.
    pub(crate) fn marginal_error(&self) -> f64 {
        let error = f32::from_bits(self.error);
        if error.is_finite() { error.into() } else { f64::INFINITY }
    }
}
