//! The way of a problem to its end: the ε that it goes through, and how much of it is behind.

use super::problem::Settings;

/// Iterations at every ε, one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Course(Vec<(f64, u32)>);

impl Course {
    /// One more iteration at an ε.
    pub(super) fn count(&mut self, epsilon: f64) {
        match self.0.last_mut() {
            Some((last, iterations)) if *last == epsilon => *iterations += 1,
            _ => self.0.push((epsilon, 1)),
        }
    }

    pub(super) fn stages(self) -> Vec<(f64, u32)> {
        self.0
    }
}

/// Where a problem stands at a test, which its adapter may be in the middle of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standing {
    /// Of the marginals; infinite before the first test.
    pub(crate) error: f64,
    pub(crate) iterations: u32,
    /// Now, when it began to fall, and in the end, in any unit.
    pub(crate) epsilon: f64,
    pub(crate) first: f64,
    pub(crate) last: f64,
}

impl Standing {
    /// What share of its way is behind: of the logarithm of its error, from 1 to the tolerance, and while ε falls half that of
    /// the logarithm of ε; of its iterations, where that is more.
    pub(crate) fn share(&self, settings: &Settings) -> f64 {
        let Standing { error, iterations, epsilon, first, last } = *self;
        let tolerance = settings.tolerance;
        let of_iterations = f64::from(iterations) / f64::from(settings.max_iterations.max(1));
        let of_error = if epsilon > last {
            0.5 * (first / epsilon).ln() / (first / last).ln()
        } else if tolerance > 0.0 && tolerance < 1.0 && error < 1.0 {
            error.ln() / tolerance.ln()
        } else {
            0.0
        };
        // What is no number is no share.
        if of_error > of_iterations { of_error.min(1.0) } else { of_iterations.min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_counted() {
        let mut course = Course::default();
        [3.0, 3.0, 1.0, 0.5, 0.5].into_iter().for_each(|epsilon| course.count(epsilon));
        assert_eq!(course.stages(), [(3.0, 2), (1.0, 1), (0.5, 2)]);
    }

    #[test]
    fn shares_are_of_the_way_to_the_tolerance() {
        let settings = Settings { tolerance: 1e-10, max_iterations: 1000 };
        let begun =
            Standing { error: f64::INFINITY, iterations: 0, epsilon: 1.0, first: 1.0, last: 1.0 };
        assert_eq!(begun.share(&settings), 0.0);
        let share = |standing: Standing| (standing.share(&settings) * 1e6).round() / 1e6;
        assert_eq!(share(Standing { error: 1e-4, ..begun }), 0.4);
        assert_eq!(share(Standing { error: 1e-4, iterations: 700, ..begun }), 0.7);
        assert_eq!(share(Standing { error: 0.0, ..begun }), 1.0);
        assert_eq!(share(Standing { error: 1e-4, epsilon: 10.0, first: 100.0, ..begun }), 0.25);
        assert_eq!(share(Standing { error: f64::NAN, ..begun }), 0.0);
        let counted = Settings { tolerance: 0.0, ..settings };
        assert_eq!(Standing { error: 1e-9, iterations: 250, ..begun }.share(&counted), 0.25);
    }
}
