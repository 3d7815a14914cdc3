//! How much work a submission holds: as much as the device does in the time it may take. Windows resets a device after two
//! seconds; browsers become unresponsive long before.

use super::capabilities::Capabilities;
use crate::clock::Clock;

/// For a loop over submissions. Work is counted in whatever units the loop has.
#[derive(Debug)]
pub(crate) struct Pace {
    /// What a submission should take.
    seconds: f64,
    /// Of work in as much time.
    units: f64,
    clock: Clock,
}

/// What the next submission may hold more than the last; less than this share of the last it never holds, since one that
/// took long may have waited for others.
const GROWTH: f64 = 4.0;
const FALL: f64 = 0.125;

impl Pace {
    /// `rate` is a guess, of units a second, for the first submission.
    pub(crate) fn new(capabilities: &Capabilities, rate: f64) -> Pace {
        let seconds = capabilities.submission_seconds();
        Pace { seconds, units: seconds * rate, clock: Clock::now() }
    }

    /// For work that is counted in softmin elements.
    pub(crate) fn of_elements(capabilities: &Capabilities) -> Pace {
        Pace::new(capabilities, capabilities.elements_per_second())
    }

    /// Units of work for the next submission.
    pub(crate) fn units(&self) -> f64 {
        self.units
    }

    /// Items of so many units each for the next submission.
    pub(crate) fn items(&self, each: usize) -> usize {
        ((self.units / each as f64) as usize).clamp(1, 1 << 20)
    }

    /// A submission is about to be made.
    pub(crate) fn begin(&mut self) {
        self.clock = Clock::now();
    }

    /// It is done, and held so many units. Browsers round short times to nothing, which says nothing.
    pub(crate) fn end(&mut self, units: f64) {
        self.took(units, self.clock.seconds());
    }

    fn took(&mut self, units: f64, seconds: f64) {
        if seconds > 0.0 && units > 0.0 {
            let possible = units * self.seconds / seconds;
            self.units = possible.clamp(FALL * self.units, GROWTH * self.units);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::AdapterKind;

    #[test]
    fn submissions_grow_with_care_and_fall_to_what_fits() {
        let none = wgpu::Features::empty();
        let capabilities = Capabilities::new(wgpu::Limits::default(), none, AdapterKind::Discrete);
        let seconds = capabilities.submission_seconds();
        let mut pace = Pace::new(&capabilities, 1e6);
        let first = pace.units();
        pace.took(first, 0.0);
        assert_eq!(pace.units(), first);
        pace.took(first, seconds / 1000.0);
        assert_eq!(pace.units(), 4.0 * first);
        pace.took(4.0 * first, 2.0 * seconds);
        assert!((pace.units() - 2.0 * first).abs() < 1e-9 * first);
        pace.took(2.0 * first, 1e6);
        assert_eq!(pace.units(), 0.25 * first);
        assert_eq!(pace.items(usize::MAX), 1);
    }
}
