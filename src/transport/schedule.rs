//! ε of every iteration: a falling ε, then the one that is asked for.

use super::annealing::{Annealing, epsilon_fits};
use super::sinkhorn::Sinkhorn;
use crate::error::{Error, Result};

/// Most iterations of a falling ε.
const LONGEST_SCHEDULE: u32 = 1 << 20;

/// Largest ε of a stage against the largest cost: potentials in f32 neither leave the range nor lose the costs.
const LARGEST_STAGE: f64 = 256.0;

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
