//! Which ε a problem went through.

use super::iterate::EVERY;
use super::state::Slot;
use crate::reference::{FALLS_FROM, falls_by};

/// Iterations of a problem that had one ε.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Annealing, Context, Geometry, Grid, Problem, Sinkhorn};
/// let line = Geometry::grid(&Grid::new(&[3]))?;
/// let problem = Problem::new(line, &[0.2, 0.3, 0.5], &[0.6, 0.3, 0.1])?;
/// let solver = Sinkhorn::new(0.05).annealing(Annealing::new(0.2, 0.5));
/// let solution = solver.solve_blocking(&Context::cpu(), &problem)?;
/// let epsilons: Vec<f64> = solution.schedule(0).iter().map(|stage| stage.epsilon).collect();
/// assert_eq!(epsilons, [0.2, 0.1, 0.05]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stage {
    /// In units of the cost.
    pub epsilon: f64,
    /// How many there were.
    pub iterations: u32,
}

impl Stage {
    pub(super) const fn new(epsilon: f64, iterations: u32) -> Stage {
        Stage { epsilon, iterations }
    }
}

/// Bits that a slot has for the tests of a stage.
const BITS: u32 = 4;

/// ε that a device let fall, from what its slot has kept; nothing where it did not. `epsilon` is that of the problem.
pub(super) fn stages_of(slot: &Slot, epsilon: f64, largest_cost: f64) -> Vec<Stage> {
    if slot.fell_at() == 0 {
        return Vec::new();
    }
    let words = [slot.stages_1, slot.stages_0];
    let of_word = |word: u32| (0..u32::BITS / BITS).rev().map(move |k| (word >> (BITS * k)) & 15);
    let mut stages = vec![Stage::new(epsilon, slot.fell_at())];
    let mut falling = epsilon.max(FALLS_FROM * largest_cost);
    let mut left = slot.iterations.saturating_sub(slot.fell_at());
    for tests in words.into_iter().flat_map(of_word).filter(|tests| *tests > 0) {
        let iterations = left.min(tests * EVERY);
        stages.push(Stage::new(falling, iterations));
        left -= iterations;
        falling = epsilon.max(falls_by(EVERY) * falling);
    }
    // Units of a slot are in f32.
    if falling > epsilon * (1.0 + 1e-5) {
        let is_at_last = slot.unit == slot.last_unit;
        let last = u32::from(is_at_last).min(left);
        stages.push(Stage::new(falling, left - last));
        left = last;
    }
    stages.push(Stage::new(epsilon, left));
    stages.retain(|stage| stage.iterations > 0);
    stages
}

/// `iterations` by a schedule of the caller's, whose last ε is that of the rest, times `unit`.
pub(super) fn planned(schedule: &[f64], unit: f64, iterations: u32) -> Vec<Stage> {
    let falls = (schedule.len() - 1).min(iterations as usize);
    let mut stages: Vec<Stage> =
        schedule[..falls].iter().map(|epsilon| Stage::new(epsilon * unit, 1)).collect();
    let rest = iterations - falls as u32;
    if rest > 0 || stages.is_empty() {
        stages.push(Stage::new(schedule[schedule.len() - 1] * unit, rest));
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_of_a_slot_are_stages() {
        let none = Slot { iterations: 40, ..Slot::new(0) };
        assert!(stages_of(&none, 1.0, 1000.0).is_empty());
        let slot = Slot { held: 11 << 8, stages_0: 0x1_2B13, iterations: 200, ..none };
        let stages = stages_of(&slot, 1.0, 1000.0);
        let iterations: Vec<u32> = stages.iter().map(|stage| stage.iterations).collect();
        assert_eq!(iterations, [11, 5, 10, 55, 5, 15, 99]);
        assert_eq!(stages[1].epsilon, 100.0);
        assert_eq!((stages[0].epsilon, stages[6].epsilon), (1.0, 1.0));
        // Broken off, and at its last iteration.
        let short = Slot { stages_0: 0x1, iterations: 20, unit: 35.0, ..slot };
        let stages = stages_of(&short, 1.0, 1000.0);
        let iterations: Vec<u32> = stages.iter().map(|stage| stage.iterations).collect();
        assert_eq!((iterations, stages[2].epsilon), (vec![11, 5, 4], 35.0));
        let stages = stages_of(&Slot { unit: 1.0, ..short }, 1.0, 1000.0);
        let iterations: Vec<u32> = stages.iter().map(|stage| stage.iterations).collect();
        assert_eq!((iterations, stages[3].epsilon), (vec![11, 5, 3, 1], 1.0));
    }

    #[test]
    fn a_schedule_is_followed_as_far_as_it_goes() {
        let schedule = [4.0, 2.0, 1.0];
        let stages = |iterations| planned(&schedule, 0.5, iterations);
        assert_eq!(stages(1), [Stage::new(2.0, 1)]);
        assert_eq!(stages(7), [Stage::new(2.0, 1), Stage::new(1.0, 1), Stage::new(0.5, 5)]);
        assert_eq!(planned(&[3.0], 1.0, 9), [Stage::new(3.0, 9)]);
    }
}
