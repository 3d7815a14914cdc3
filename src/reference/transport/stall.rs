//! Whether rounding is all that is left of an error.

/// Sees the errors of a problem.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stall {
    /// The least error, and when it was found.
    best: f64,
    at: u32,
    /// Errors above it are not of rounding.
    rounding: f64,
}

/// Iterations that an error may take at least to fall by [`WORTHWHILE`].
const PATIENCE: u32 = 50;

/// An error that has not fallen below this share of the best has not fallen.
const WORTHWHILE: f64 = 0.9;

/// Rounding of an exponent that is some (|f| + |g| + |C|)/ε, and room for the sums.
const ROUNDINGS: f64 = 1024.0;

impl Stall {
    /// Of a problem whose costs are up to `contrast` times ε.
    pub(super) fn new(contrast: f64) -> Stall {
        Stall { best: f64::INFINITY, at: 0, rounding: ROUNDINGS * f64::EPSILON * (1.0 + contrast) }
    }

    /// Whether the floor is reached: the best error is one that rounding can leave, and has not fallen by a tenth in as many
    /// iterations again as it took to reach it.
    pub(super) fn is_reached(&mut self, iteration: u32, error: f64) -> bool {
        if error < WORTHWHILE * self.best {
            (self.best, self.at) = (error, iteration);
        }
        let since = iteration.saturating_sub(self.at);
        self.best <= self.rounding && since >= self.at.max(PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_not_fall_is_a_floor() {
        let mut falling = Stall::new(1.0);
        assert!((0..5000).all(|k| !falling.is_reached(k, 0.995f64.powi(k as i32))));
        let mut resting = Stall::new(1.0);
        let reached = (0..500).find(|k| resting.is_reached(*k, 0.5f64.powi(*k as i32).max(1e-14)));
        assert_eq!(reached, Some(47 + 50));
        // A slow problem far above the floor.
        let mut slow = Stall::new(1.0);
        assert!((0..5000).all(|k| !slow.is_reached(k, 0.1)));
    }
}
