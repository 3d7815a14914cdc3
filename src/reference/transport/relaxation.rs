//! How far an iteration steps along its update.

/// Chooses ω of F ← F + ω (fresh − F), from what tests have seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Relaxation {
    omega: f64,
}

/// Of one potential for both sides: the plain update swings between two of them.
const AVERAGED: f64 = 0.5;

impl Relaxation {
    pub(super) fn new(symmetric: bool) -> Relaxation {
        Relaxation { omega: if symmetric { AVERAGED } else { 1.0 } }
    }

    /// One ω for all iterations.
    #[cfg(test)]
    pub(super) fn constant(omega: f64) -> Relaxation {
        Relaxation { omega }
    }

    /// ω of the iterations until the next test. A test at `iteration` found `error`, relative and in L1.
    pub(super) fn omega(&mut self, iteration: u32, error: f64) -> f64 {
        let _ = (iteration, error);
        self.omega
    }

    /// ω before the first test.
    pub(super) fn first(&self) -> f64 {
        self.omega
    }
}
