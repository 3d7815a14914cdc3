//! How far an iteration steps along its update.
//!
//! Sinkhorn is a nonlinear Gauss-Seidel, whose error falls by η an iteration; with steps of ω = 2/(1 + √(1 − η)) it falls by
//! ω − 1 (Young 1954; Thibault, Chizat, Dossal and Papadakis 2021; Lehmann, von Renesse, Sambale and Uschmajew 2022). η
//! follows from the fall λ that is seen at the ω at hand, (λ + ω − 1)² = η λ ω² (Hageman and Young 1981, chapter 9).

/// How much of an update by `d`, in units of ε, is made. A potential that falls may overshoot at will, one that rises by
/// ln(1 + d)/d: so far no step lowers the dual value, for ω < 2.
#[inline(always)]
pub(super) fn step(d: f64, omega: f64) -> f64 {
    let relaxed = omega * d;
    if omega > 1.0 && d > 0.0 { relaxed.min(d + d.ln_1p()) } else { relaxed }
}

/// Chooses ω from what tests have seen. Without a restart it only grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Relaxation {
    omega: f64,
    block: Option<Block>,
    /// Whether the next block is not judged: it began with another ω, or with a transient.
    skips: bool,
    is_frozen: bool,
}

/// Iterations over which the fall of the error is taken, from one on.
#[derive(Debug, Clone, Copy)]
struct Block {
    at: u32,
    error: f64,
}

/// Of one potential for both sides: the plain update swings between two of them.
pub(super) const AVERAGED: f64 = 0.5;

const LARGEST: f64 = 1.998;

/// 2 − ω falls by more than to this share of itself, and by no more than to that, when ω grows.
const WORTHWHILE: f64 = 0.8;
const MOST: f64 = 0.25;

/// Iterations of a block, times 2 − ω.
const BLOCK: f64 = 2.0;

impl Relaxation {
    pub(super) fn new(omega: f64) -> Relaxation {
        Relaxation { omega, block: None, skips: true, is_frozen: false }
    }

    pub(super) fn omega(&self) -> f64 {
        self.omega
    }

    /// Begins anew: errors before are those of another problem.
    pub(super) fn restart(&mut self) {
        (self.omega, self.block) = (1.0, None);
    }

    /// Steps of 1 from now on; the ω before.
    pub(super) fn pause(&mut self) -> f64 {
        std::mem::replace(&mut self.omega, 1.0)
    }

    /// Back to an `omega`.
    pub(super) fn resume(&mut self, omega: f64, at: u32, error: f64) {
        self.omega = omega;
        self.begin(at, error);
        self.skips = true;
    }

    /// Steps of 1 until the end.
    pub(super) fn freeze(&mut self) {
        (self.omega, self.is_frozen) = (1.0, true);
    }

    fn begin(&mut self, at: u32, error: f64) {
        self.block = Some(Block { at, error });
    }

    /// A test at iteration `at` found `error`.
    pub(super) fn see(&mut self, at: u32, error: f64) {
        if self.is_frozen {
            return;
        }
        let Some(block) = self.block else {
            self.begin(at, error);
            self.skips = true;
            return;
        };
        let iterations = f64::from(at.saturating_sub(block.at));
        if iterations * (2.0 - self.omega) < BLOCK {
            return;
        }
        self.begin(at, error);
        if std::mem::take(&mut self.skips) {
            return;
        }
        let wanted = wanted(self.omega, (error / block.error).max(1e-30).powf(iterations.recip()));
        if 2.0 - wanted < WORTHWHILE * (2.0 - self.omega) {
            (self.omega, self.skips) = (wanted, true);
        }
    }
}

/// ω beside which the error falls fastest, where with `omega` it falls by `fall` an iteration: as far as one step goes.
fn wanted(omega: f64, fall: f64) -> f64 {
    let fall = fall.min(1.0);
    // Faster than any η explains.
    if fall <= omega - 1.0 {
        return omega;
    }
    let eta = ((fall + omega - 1.0).powi(2) / (fall * omega * omega)).min(1.0);
    let best = 2.0 / (1.0 + (1.0 - eta).sqrt());
    best.min(2.0 - MOST * (2.0 - omega)).min(LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rising_updates_overshoot_less() {
        assert_eq!((step(-3.0, 1.5), step(3.0, 1.0), step(2.0, 0.5)), (-4.5, 3.0, 1.0));
        assert_eq!(step(1e3, 1.9), 1e3 + 1001f64.ln());
        assert_eq!(step(0.01, 1.5), 0.015);
    }

    /// An error that falls by η at ω = 1, and as Young's theory has it at others, leads to the best ω.
    #[test]
    fn omega_grows_to_the_best() {
        let (eta, every) = (0.9999f64, 5);
        let best = 2.0 / (1.0 + (1.0 - eta).sqrt());
        let (mut this, mut error) = (Relaxation::new(1.0), 1.0);
        for k in (every..1000).step_by(every as usize) {
            this.see(k, error);
            let omega = this.omega();
            // The larger root of (λ + ω − 1)² = η λ ω², or where it is none ω − 1.
            let (half, over) = (0.5 * eta * omega * omega - (omega - 1.0), omega - 1.0);
            let root = half + (half * half - over * over).max(0.0).sqrt();
            error *= root.powi(every as i32);
        }
        assert!((2.0 - this.omega()) / (2.0 - best) < 1.3, "{} {best}", this.omega());
        assert!(this.omega() <= best + 1e-12, "{} {best}", this.omega());
    }

    #[test]
    fn frozen_it_stays() {
        let mut this = Relaxation::new(1.0);
        this.freeze();
        (1..100).for_each(|k| this.see(5 * k, 0.999f64.powi(k as i32)));
        assert_eq!(this.omega(), 1.0);
    }
}
