//! Why a problem left the loop.

use crate::named::named;

/// Why a problem of a batch was iterated no further.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Geometry, Problem, Sinkhorn, Stop};
/// let geometry = Geometry::cost_matrix(&[0.0, 1.0, 1.0, 0.0], 2, 2)?;
/// let problem = Problem::new(geometry, &[0.5, 0.5], &[0.8, 0.2])?;
/// let solver = Sinkhorn::new(0.05);
/// let context = Context::cpu();
/// assert_eq!(solver.solve_blocking(&context, &problem)?.stop(), [Stop::Converged]);
/// let one = solver.max_iterations(1);
/// assert_eq!(one.solve_blocking(&context, &problem)?.stop(), [Stop::MaxIterations]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// Its marginal error is within the tolerance.
    Converged,
    /// All iterations that were allowed are made, or all that were asked for with a tolerance of 0.
    MaxIterations,
    /// Rounding holds its marginal error above the tolerance: as many iterations again did not bring it there.
    Stalled,
    /// The callback broke the solve off before it was settled, see [`Sinkhorn::keep_finished`](crate::Sinkhorn::keep_finished).
    Cancelled,
}

named! {
    Stop, "stop":
    Converged => "converged",
    MaxIterations => "max-iterations",
    Stalled => "stalled",
    Cancelled => "cancelled",
}

impl Stop {
    /// From what was measured on the potentials that are returned.
    pub(super) fn of(
        error: f64,
        tolerance: f64,
        (iterations, most): (u32, u32),
        cancelled: bool,
    ) -> Stop {
        // With a tolerance of 0 all iterations were asked for.
        let is_short = cancelled && tolerance == 0.0;
        // An error that is no number is within no tolerance.
        if error <= tolerance && !is_short {
            Stop::Converged
        } else if iterations >= most {
            Stop::MaxIterations
        } else if cancelled {
            Stop::Cancelled
        } else {
            Stop::Stalled
        }
    }
}
