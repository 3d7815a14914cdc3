//! ε of every iteration: a falling ε, then the one that is asked for.

use super::sinkhorn::Sinkhorn;
use crate::error::{Error, Result};

/// A falling ε: iteration k runs at max(ε, `from`·`factor`ᵏ). Fewer iterations
/// where ε is small against the cost. Stages above 256 times the largest cost, which are
/// all alike, are left out. ε must be reached within the iterations that are allowed, and
/// within 2²⁰.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Annealing {
    /// ε of the first iteration.
    pub from: f64,
    /// Factor from one iteration to the next, in (0, 1).
    pub factor: f64,
}

impl Annealing {
    /// From ε = `from`, times `factor` every iteration. The solve refuses what is no such schedule.
    pub const fn new(from: f64, factor: f64) -> Annealing {
        Annealing { from, factor }
    }
}

/// Most iterations of a falling ε.
const LONGEST_SCHEDULE: u32 = 1 << 20;

/// Largest ε of a stage against the largest cost: potentials in f32 neither leave the range nor lose the costs.
const LARGEST_STAGE: f64 = 256.0;

/// Whether ε is within what the kernels' units hold.
pub(super) fn epsilon_fits(e: f64) -> bool {
    e.is_finite() && (1e-20..=1e20).contains(&e)
}

impl Sinkhorn {
    /// # Errors
    /// [`Error::InvalidInput`] with `annealing`.
    pub(super) fn check_schedule(&self, epsilon: f64) -> Result<()> {
        let Some(annealing) = self.annealing else { return Ok(()) };
        if !epsilon_fits(annealing.from) {
            let reason = format!("{:?} is not within [1e-20, 1e20]", annealing.from);
            return Err(Error::invalid("annealing.from", reason));
        }
        if !(annealing.factor > 0.0 && annealing.factor < 1.0) {
            let reason = format!("{:?} is not within (0, 1)", annealing.factor);
            return Err(Error::invalid("annealing.factor", reason));
        }
        let most = LONGEST_SCHEDULE.min(self.max_iterations);
        // From the settings alone: a schedule may be endless.
        let stages = ((annealing.from / epsilon).ln() / -annealing.factor.ln()).ceil();
        if stages >= f64::from(most) {
            let reason = format!("ε is not reached within {most} iterations");
            return Err(Error::invalid("annealing", reason));
        }
        Ok(())
    }

    /// ε of every iteration until it stays, for costs of up to `spread`: the last entry is `epsilon` itself.
    pub(crate) fn schedule(&self, spread: f64, epsilon: f64) -> Vec<f64> {
        let most = (LARGEST_STAGE * spread).max(epsilon);
        let mut schedule = Vec::new();
        if let Some(Annealing { from, factor }) = self.annealing {
            let mut falling = from;
            for _ in 0..LONGEST_SCHEDULE {
                if falling <= epsilon {
                    break;
                }
                if falling <= most {
                    schedule.push(falling);
                }
                falling *= factor;
            }
        }
        schedule.push(epsilon);
        schedule
    }
}
