//! Sinkhorn where ε is far above every cost, so that the plan is a multiple of a⊗b to some digits and all that is asked for
//! lies in the others.
//!
//! Without costs the plan is κ a⊗b, with constant potentials ([`Constants`]); with them f = constant + x, g = constant + y,
//! λ = constant + z, P_ij = κ a_i b_j exp((x_i + y_j + z − C_ij)/ε), and a softmin of the differences is
//!
//! * s_i = −M − ε log1p(Σ_j b_j/Σb expm1((y_j − C_ij − M)/ε)), M not below any y_j − C_ij,
//!
//! and row i holds κ Σb a_i (1 + Σ_j b_j/Σb expm1(…)): every sum is of terms of the size of C/ε, and neither ε ln a, as in
//! weighted potentials, nor 1, as in a plan, is there to swamp them. The formula holds at every ε; at small ones it loses
//! to [`super::sinkhorn`] in speed.

use super::constants::Constants;
use super::costs::Costs;
use super::course::{Course, Standing};
use super::damping::Damping;
use super::part::{Part, Sweep, parts, softmin};
use super::problem::{Marginals, Problem, Settings};
use super::solved::Solved;
use super::totals::Totals;
use crate::parallel::for_each;
use std::borrow::Cow;

/// What a pass over the rows does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Rows,
    Columns,
    Measure,
    Done,
}

/// One problem between two steps.
pub(super) struct LargeEpsilon<'a> {
    costs: Box<dyn Costs + Send + 'a>,
    marginals: Marginals,
    schedule: Cow<'a, [f64]>,
    leaves: bool,
    /// That is asked of marginals here.
    tolerance: f64,
    max_iterations: u32,
    spread: f64,
    /// Of all bins, empty ones too: the formula does not ask for their weight.
    weights: [&'a [f64]; 2],
    shares: [Vec<f64>; 2],
    masses: [f64; 2],
    epsilon: f64,
    constants: Constants,
    /// Differences from the constants: x and y, z.
    potentials: [Vec<f64>; 2],
    lambda: f64,
    parts: Vec<Part>,
    stage: Stage,
    /// No difference of a potential and a cost is above it in the pass under way.
    most: f64,
    iterations: u32,
    /// Since ε changed, so that the error is one at this ε.
    at_epsilon: u32,
    error: f64,
    error_of_columns: f64,
    totals: Totals,
    course: Course,
    cancelled: bool,
}

/// Entries of the cost that a step of a large problem visits.
const STEP: usize = 1 << 19;

/// Above this ε/max|C| weighted potentials lose the costs beside ε ln a.
const LARGE: f64 = 256.0;

/// Whether this form is the one for a problem: a start that is not next to the constants is none for it.
pub(super) fn is_large(problem: &Problem<'_>) -> bool {
    let last = problem.schedule.last().copied().unwrap_or_default();
    let near = |start: &[f64]| start.iter().all(|g| g.abs() <= last);
    let masses = [problem.a, problem.b].map(|weights| weights.iter().sum());
    last > LARGE * problem.spread
        && problem.start.is_none_or(near)
        && Constants::new(&problem.marginals, masses, last).is_some()
}

impl<'a> LargeEpsilon<'a> {
    pub(super) fn new(problem: Problem<'a>, settings: &Settings) -> LargeEpsilon<'a> {
        let Problem { cost, a, b, start, schedule, marginals, spread, .. } = problem;
        let weights = [a, b];
        let masses: [f64; 2] = weights.map(|weights| weights.iter().sum());
        let share = |side: usize| weights[side].iter().map(|w| w / masses[side]).collect();
        let (epsilon, last) = (schedule[0], schedule[schedule.len() - 1]);
        let mut this = LargeEpsilon {
            costs: cost,
            constants: constants(&marginals, masses, epsilon),
            marginals,
            schedule,
            leaves: settings.tolerance > 0.0,
            // A marginal off by t is a potential off by ε t: it must be right beside the costs.
            tolerance: settings.tolerance * (spread / last).min(1.0),
            max_iterations: settings.max_iterations,
            spread,
            weights,
            shares: [share(0), share(1)],
            masses,
            epsilon,
            potentials: [
                vec![0.0; a.len()],
                start.map_or_else(|| vec![0.0; b.len()], <[f64]>::to_vec),
            ],
            lambda: 0.0,
            parts: parts(a.len(), b.len()),
            stage: if settings.max_iterations == 0 { Stage::Measure } else { Stage::Rows },
            most: 0.0,
            iterations: 0,
            at_epsilon: 0,
            error: f64::INFINITY,
            error_of_columns: 0.0,
            totals: Totals::default(),
            course: Course::default(),
            cancelled: false,
        };
        this.bound();
        this
    }

    pub(super) fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(super) fn error(&self) -> f64 {
        self.error
    }

    pub(super) fn standing(&self) -> Standing {
        let [first, last] = self.ends();
        Standing {
            error: self.error,
            iterations: self.iterations,
            epsilon: self.epsilon,
            first,
            last,
        }
    }

    /// The first ε, and the one that is asked for.
    fn ends(&self) -> [f64; 2] {
        [self.schedule[0], self.schedule[self.schedule.len() - 1]]
    }

    /// Ends the iterations where they are.
    pub(super) fn cancel(&mut self) {
        let [_, last] = self.ends();
        if self.epsilon != last {
            self.epsilon = last;
            self.constants = constants(&self.marginals, self.masses, last);
        }
        self.cancelled = true;
        self.stage = Stage::Measure;
        self.parts.iter_mut().for_each(Part::begin);
        self.bound();
    }

    /// One more step: as many rows of half an iteration as do not take long; `false` once there is a result.
    pub(super) fn advance(&mut self) -> bool {
        let step = STEP / (self.parts.len() * self.weights[1].len()).max(1);
        let [f, g] = &self.potentials;
        let [a, b] = &self.shares;
        let sweep = Sweep {
            costs: &*self.costs,
            shares: [a, b],
            potentials: [f, g],
            lambda: self.lambda,
            epsilon: self.epsilon,
            most: self.most,
        };
        let stage = self.stage;
        for_each(&mut self.parts, |part| match stage {
            Stage::Rows => part.rows(step.max(1), &sweep),
            Stage::Columns => part.columns(step.max(1), &sweep),
            Stage::Measure => part.measure(step.max(1), &sweep),
            Stage::Done => {}
        });
        if self.parts.iter().all(Part::is_done) {
            self.finish();
            self.parts.iter_mut().for_each(Part::begin);
            self.bound();
        }
        self.stage != Stage::Done
    }

    fn bound(&mut self) {
        let other = &self.potentials[usize::from(self.stage == Stage::Rows)];
        self.most = other.iter().copied().fold(f64::MIN, f64::max) + self.spread;
    }

    fn finish(&mut self) {
        self.stage = match self.stage {
            Stage::Rows => self.rows(),
            Stage::Columns => self.columns(),
            Stage::Measure => self.measured(),
            Stage::Done => Stage::Done,
        };
    }

    fn of_rows(&self) -> Vec<f64> {
        self.parts.iter().flat_map(|part| part.of_rows.iter().copied()).collect()
    }

    fn of_columns(&self) -> Vec<[f64; 2]> {
        let mut sums = vec![[0.0; 2]; self.weights[1].len()];
        for part in &self.parts {
            for (sum, more) in sums.iter_mut().zip(&part.sums) {
                *sum = [sum[0] + more[0], sum[1] + more[1]];
            }
        }
        sums
    }

    /// The test before an iteration, and its first half.
    fn rows(&mut self) -> Stage {
        let softmins = self.of_rows();
        if self.at_epsilon > 0 {
            self.error = self.error_of(0, &softmins) + self.error_of_columns;
            if self.leaves && self.error <= self.tolerance * (15.0 / 16.0) {
                return Stage::Measure;
            }
        }
        self.renew(0, &softmins);
        Stage::Columns
    }

    /// The second half of an iteration.
    fn columns(&mut self) -> Stage {
        let (most, epsilon) = (self.most, self.epsilon);
        let softmins: Vec<f64> =
            self.of_columns().into_iter().map(|sums| softmin(sums, most, epsilon)).collect();
        self.renew(1, &softmins);
        if self.marginals.multiplied().is_some() {
            // A step of λ alone: what the columns hold together is the mass.
            let more: f64 = self.more(1, &softmins).zip(&self.shares[1]).map(|(x, w)| x * w).sum();
            self.lambda -= epsilon * more.ln_1p();
        }
        self.error_of_columns = self.error_of(1, &softmins);
        self.iterations += 1;
        self.course.count(self.epsilon);
        self.at_epsilon += 1;
        if self.iterations >= self.max_iterations {
            return Stage::Measure;
        }
        let next = self.schedule[(self.iterations as usize).min(self.schedule.len() - 1)];
        if next != self.epsilon {
            (self.epsilon, self.at_epsilon) = (next, 0);
            self.constants = constants(&self.marginals, self.masses, next);
        }
        Stage::Rows
    }

    /// The potentials of a side from its softmins.
    fn renew(&mut self, side: usize, softmins: &[f64]) {
        let (damping, epsilon) = (self.marginals.damping[side], self.epsilon);
        let gap = match damping {
            Damping::Bounded => self.constants.gap(side, epsilon),
            Damping::Hard | Damping::Soft { .. } => 0.0,
        };
        for (x, s) in self.potentials[side].iter_mut().zip(softmins) {
            *x = match s.is_finite() {
                true => damping.potential(gap + s - self.lambda, epsilon),
                false => damping.of_nothing(),
            };
        }
    }

    /// What bins of these softmins hold more than without costs, as a share of that.
    fn more(&self, side: usize, softmins: &[f64]) -> impl Iterator<Item = f64> {
        let held = self.potentials[side].iter().zip(softmins);
        held.map(|(x, s)| ((x + self.lambda - s) / self.epsilon).exp_m1())
    }

    fn error_of(&self, side: usize, softmins: &[f64]) -> f64 {
        let more: Vec<f64> = self.more(side, softmins).collect();
        self.off(side, &more) / self.masses[0].max(self.masses[1])
    }

    /// Σ|held − wanted| of a side whose bins hold so much more than without costs.
    fn off(&self, side: usize, more: &[f64]) -> f64 {
        let kept = self.constants.kept[side];
        let from_bound = (-self.constants.gap(side, self.epsilon) / self.epsilon).exp_m1();
        let off = |more: f64, x: f64| match self.marginals.damping[side] {
            Damping::Hard => more,
            Damping::Soft { reach } => kept * (more - (-x / reach).exp_m1()),
            Damping::Bounded if x < 0.0 => from_bound + kept * more,
            Damping::Bounded => (from_bound + kept * more).max(0.0),
        };
        let bins = more.iter().zip(&self.potentials[side]).zip(self.weights[side]);
        bins.map(|((more, x), w)| w * off(*more, *x).abs()).sum()
    }

    fn measured(&mut self) -> Stage {
        let more = [self.of_rows(), self.of_columns().into_iter().map(|sums| sums[0]).collect()];
        let transport: f64 = self.parts.iter().map(|part| part.transport).sum();
        let Constants { kept, .. } = self.constants;
        let lambda = self.multiplier();
        // The plan without costs holds so much; with them it holds this share of it more.
        let whole = kept[0] * self.masses[0];
        let share: f64 = more[0].iter().zip(&self.shares[0]).map(|(x, w)| x * w).sum();
        let excess = self.constants.exponent().exp_m1() * self.masses[0] * self.masses[1];
        let mut totals = Totals {
            transport_cost: whole * transport,
            regularized_cost: -self.epsilon * (excess + whole * share),
            entropy_cost: lambda * whole * (1.0 + share),
            mass: whole * (1.0 + share),
            ..Totals::default()
        };
        let mut error = 0.0;
        for (side, more) in more.iter().enumerate() {
            error += self.off(side, more);
            let bins = more.iter().zip(self.unweighted(side)).zip(self.weights[side]);
            for ((more, p), w) in bins.filter(|(_, w)| **w > 0.0) {
                let held = w * kept[side] * (1.0 + more);
                totals.regularized_cost += self.marginals.damping[side].dual(p, *w);
                totals.entropy_cost += held * (p + self.epsilon * w.ln());
            }
        }
        if let Some(mass) = self.marginals.multiplied() {
            error += whole * share.abs();
            totals.regularized_cost += lambda * mass;
        }
        totals.marginal_error = error / self.masses[0].max(self.masses[1]);
        self.totals = totals;
        Stage::Done
    }

    /// λ.
    fn multiplier(&self) -> f64 {
        self.epsilon * self.constants.multiplier + self.lambda
    }

    /// f, or g.
    fn unweighted(&self, side: usize) -> Vec<f64> {
        let constant = self.epsilon * self.constants.potentials[side];
        self.potentials[side].iter().map(|x| constant + x).collect()
    }

    pub(super) fn solved(self) -> Solved {
        let plain = [self.unweighted(0), self.unweighted(1)];
        let weighted = |side: usize| {
            let pairs = plain[side].iter().zip(self.weights[side]);
            pairs.map(|(p, w)| p + self.epsilon * w.ln()).collect()
        };
        Solved {
            f: weighted(0),
            g: weighted(1),
            lambda: self.multiplier(),
            iterations: self.iterations,
            stages: self.course.stages(),
            cancelled: self.cancelled,
            stalled: false,
            totals: self.totals,
            plain: Some(plain),
        }
    }
}

/// Those of a problem for which there are some; of another no plan comes.
fn constants(marginals: &Marginals, masses: [f64; 2], epsilon: f64) -> Constants {
    Constants::new(marginals, masses, epsilon).unwrap_or(Constants {
        potentials: [0.0; 2],
        multiplier: 0.0,
        kept: [1.0; 2],
    })
}
