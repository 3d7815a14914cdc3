//! An ε that falls to the one that is asked for.

/// ε of the iterations, from a tenth of the largest cost on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Falling {
    last: f64,
    first: f64,
    epsilon: f64,
    /// Iterations for which it has been held.
    held: u32,
}

/// ε at first, in units of the largest cost.
pub(crate) const FALLS_FROM: f64 = 0.1;

/// What is left of ε after an iteration, and after a test at least.
const ITERATION: f64 = 0.8;
const TEST: f64 = 0.35;

/// Above this error it is held, for so many iterations at most.
const HOLD_ABOVE: f64 = 0.003;
const HOLD: u32 = 50;

/// What is left of it after so many iterations.
pub(crate) fn falls_by(iterations: u32) -> f64 {
    ITERATION.powi(iterations as i32).max(TEST)
}

impl Falling {
    /// Not at all.
    pub(super) fn at(epsilon: f64) -> Falling {
        Falling { last: epsilon, first: epsilon, epsilon, held: 0 }
    }

    pub(super) fn epsilon(&self) -> f64 {
        self.epsilon
    }

    pub(super) fn first(&self) -> f64 {
        self.first
    }

    pub(super) fn is_at_last(&self) -> bool {
        self.epsilon == self.last
    }

    /// Begins high up, for costs of up to `scale`.
    pub(super) fn begin(&mut self, scale: f64) {
        self.first = self.last.max(FALLS_FROM * scale);
        (self.epsilon, self.held) = (self.first, 0);
    }

    /// A test found `error`, `every` iterations after the one before: whether ε is held. Otherwise it falls.
    pub(super) fn is_held(&mut self, error: f64, every: u32) -> bool {
        if error > HOLD_ABOVE && self.held < HOLD {
            self.held += every;
            return true;
        }
        self.held = 0;
        self.epsilon = self.last.max(falls_by(every) * self.epsilon);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_falls_where_the_error_allows() {
        let mut this = Falling::at(1.0);
        assert!(this.is_at_last());
        this.begin(1000.0);
        assert_eq!(this.epsilon(), 100.0);
        assert!(!this.is_held(1e-3, 5) && this.epsilon() == 35.0);
        // Held for ten tests, and no longer.
        assert_eq!((0..20).take_while(|_| this.is_held(0.1, 5)).count(), 10);
        assert_eq!(this.epsilon(), 12.25);
        while !this.is_at_last() {
            this.is_held(0.0, 5);
        }
        assert_eq!(this.epsilon(), 1.0);
        this.begin(0.1);
        assert!(this.is_at_last());
    }
}
