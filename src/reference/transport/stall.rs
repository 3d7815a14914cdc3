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
pub(super) const PATIENCE: u32 = 50;

/// An error that has not fallen below this share of the best has not fallen.
const WORTHWHILE: f64 = 0.9;

/// Part of the last bit of the largest cost, which a potential is sure to be off by, and rounding of the sums.
const OF_COSTS: f64 = 0.125 * f64::EPSILON;
const OF_SUMS: f64 = 64.0 * f64::EPSILON;

/// All that an exponent of some (|f| + |g| + |C|)/ε may be off by, and room for the sums.
const AT_MOST: f64 = 1024.0 * f64::EPSILON;

impl Stall {
    /// Of a watched problem whose costs are up to `contrast` times ε. Overrelaxed errors do not fall evenly, so what may not
    /// be rounding is not taken for it.
    pub(super) fn watched(contrast: f64) -> Stall {
        Stall::below(OF_COSTS * contrast.max(1.0) + OF_SUMS)
    }

    /// Of one that is iterated plainly.
    pub(super) fn plain(contrast: f64) -> Stall {
        Stall::below(AT_MOST * (1.0 + contrast))
    }

    fn below(rounding: f64) -> Stall {
        Stall { best: f64::INFINITY, at: 0, rounding }
    }

    /// Whether rounding can leave such an error.
    pub(super) fn is_rounding(&self, error: f64) -> bool {
        error <= self.rounding
    }

    /// Begins anew.
    pub(super) fn restart(&mut self) {
        self.best = f64::INFINITY;
    }

    /// Counts from `error` on.
    pub(super) fn begin(&mut self, iteration: u32, error: f64) {
        (self.best, self.at) = (error, iteration);
    }

    /// As many iterations as it took to come to the least error.
    pub(super) fn as_long_again(&self) -> u32 {
        self.at.max(PATIENCE)
    }

    /// Whether the floor is reached: an error that rounding can leave, and that has not fallen by a tenth in `patience`
    /// iterations.
    pub(super) fn is_reached(&mut self, iteration: u32, error: f64, patience: u32) -> bool {
        if error < WORTHWHILE * self.best {
            self.begin(iteration, error);
            return false;
        }
        self.is_rounding(error) && iteration.saturating_sub(self.at) >= patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_not_fall_is_a_floor() {
        let mut falling = Stall::plain(1.0);
        assert!((0..5000).all(|k| {
            let patience = falling.as_long_again();
            !falling.is_reached(k, 0.995f64.powi(k as i32), patience)
        }));
        let mut resting = Stall::plain(1.0);
        let reached = (0..500).find(|k| {
            let patience = resting.as_long_again();
            resting.is_reached(*k, 0.5f64.powi(*k as i32).max(1e-14), patience)
        });
        assert_eq!(reached, Some(47 + 50));
        // A slow problem far above the floor.
        let mut slow = Stall::plain(1.0);
        assert!((0..5000).all(|k| !slow.is_reached(k, 0.1, PATIENCE)));
    }
}
