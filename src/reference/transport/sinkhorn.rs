//! The whole loop in f64, for one problem.
//!
//! Stabilised scaling form (Schmitzer 2019, section 3): an iteration from potentials makes a kernel exp((F + H − C)/ε), the
//! iterations after it scale its rows and columns, without exponentials, until a scaling would leave [1e-100, 1e100] or ε
//! changes, when potentials take the scalings in. Where the kernel has no room in memory every iteration is one from
//! potentials: one exponential an entry and n + m numbers, whatever n×m. Iterates are those of the log domain. Empty bins
//! are left out. On a regular grid, where that is less work, iterations are from potentials, along one axis after the other.
//!
//! Of a symmetric problem there is one potential, and half a step of it at a time (Feydy, *Geometric data analysis, beyond
//! convolutions* (2020), section 3.3.2).

mod axes;
mod partial;
mod steering;

use super::chunk::{Chunk, Shared, chunks, sum_of_columns, whole};
use super::control::{Control, Rules};
use super::course::{Course, Standing};
use super::filled::Filled;
use super::pass::Pass;
use super::problem::{Marginals, Problem, Settings};
use super::renew::softmin_of_column;
use super::room::Room;
use super::side::{Side, Update};
use super::solved::Solved;
use super::target::Target;
use super::totals::{Measured, Totals, total};
use super::translation::Translation;
use crate::parallel::for_each;
use std::borrow::Cow;

/// Entries of the cost that a step of a large problem visits, some milliseconds of work.
const STEP: usize = 1 << 22;

/// Iterations from potentials, at most, before a kernel is tried again whose scalings left the range at once.
const LONGEST_REST: u32 = 32;

/// A kernel of larger sums is out of range.
const LARGEST_SUM: f64 = 1e100;

/// What is next after the test before an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The iteration.
    Iterate,
    /// The iteration, from its beginning.
    Begin,
    /// The end.
    Measure,
}

/// One problem between two steps.
pub(super) struct Loop<'a> {
    schedule: Cow<'a, [f64]>,
    marginals: Marginals,
    tolerance: f64,
    max_iterations: u32,
    /// All bins of both sides; what follows knows only those that are not empty.
    bins: (usize, usize),
    costs: Filled<'a>,
    chunks: Vec<Chunk>,
    target: Target,
    symmetric: bool,
    keeps: bool,
    copies: bool,
    /// Whether passes go along the axes of a grid.
    by_axes: bool,
    epsilon: f64,
    /// G + λ in the kernel, and scalings of the columns.
    h: Vec<f64>,
    v: Vec<f64>,
    sums: Vec<f64>,
    pass: Pass,
    iterations: u32,
    /// Since ε changed, so that the error is one at this ε.
    at_epsilon: u32,
    /// Since the kernel was made, iterations until the next is tried, and how many that were the last time.
    of_kernel: u32,
    rest: u32,
    last_rest: u32,
    /// Of the iteration before; infinite at first.
    error: f64,
    /// The larger mass.
    mass: f64,
    control: Control,
    /// Of the iteration under way.
    omega: f64,
    /// Iterations before the last one that control has seen.
    seen: u32,
    translation: Translation,
    stalled: bool,
    cancelled: bool,
    course: Course,
    totals: Totals,
    /// Whether half the tolerance is asked for.
    again: bool,
}

impl<'a> Loop<'a> {
    pub(super) fn new(problem: Problem<'a>, settings: &Settings, room: Room) -> Loop<'a> {
        let rules = Rules::of(&problem, settings);
        let Problem { cost, a, b, start, schedule, marginals, .. } = problem;
        let (symmetric, control) = (rules.symmetric, Control::new(rules));
        let costs = Filled::new(cost, [a, b]);
        let of = |values: &[f64], bins: &[usize]| bins.iter().map(|&i| values[i]).collect();
        let started = |bins: &[usize]| -> Vec<f64> {
            start.map_or_else(|| vec![0.0; bins.len()], |start| of(start, bins))
        };
        let (weights_a, weights_b): (Vec<f64>, Vec<f64>) =
            (of(a, &costs.rows), of(b, &costs.columns));
        let g = started(&costs.columns);
        let f = if symmetric { g.clone() } else { vec![0.0; costs.rows.len()] };
        let (n, m) = (costs.rows.len(), costs.columns.len());
        let (entries, stored) = (n.saturating_mul(m), costs.is_stored());
        let by_axes = costs.has_short_axes();
        let keeps = !by_axes && room.is_enough(entries.saturating_mul(if stored { 1 } else { 2 }));
        let copies = keeps && !stored;
        let epsilon = schedule[0];
        let mass = weights_a.iter().sum::<f64>().max(weights_b.iter().sum());
        let mut this = Loop {
            chunks: if by_axes { whole(&weights_a, &f, m) } else { chunks(&weights_a, &f, m) },
            target: Target::new(Side::new(weights_b, g), marginals.multiplied()),
            schedule,
            marginals,
            tolerance: settings.tolerance,
            max_iterations: settings.max_iterations,
            bins: (a.len(), b.len()),
            costs,
            symmetric,
            keeps,
            copies,
            by_axes,
            epsilon,
            h: vec![0.0; m],
            v: vec![1.0; m],
            sums: vec![0.0; m],
            pass: Pass::Copy,
            iterations: 0,
            at_epsilon: 0,
            of_kernel: 0,
            rest: 0,
            last_rest: 0,
            error: f64::INFINITY,
            mass,
            omega: control.omega(),
            control,
            seen: 0,
            translation: Translation::new(marginals.damping),
            stalled: false,
            cancelled: false,
            course: Course::default(),
            totals: Totals::default(),
            again: false,
        };
        this.weigh();
        if !copies {
            this.begin();
        }
        this
    }

    /// Once costs are there.
    fn begin(&mut self) {
        match self.max_iterations {
            0 => self.measure(),
            _ => self.pass = Pass::Renew,
        }
    }

    pub(super) fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(super) fn error(&self) -> f64 {
        self.error
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            error: self.error,
            iterations: self.iterations,
            epsilon: self.epsilon,
            first: self.schedule[0].max(self.control.first_epsilon()),
            last: self.asked(),
        }
    }

    /// Ends the iterations where they are, at the ε that is asked for.
    pub(super) fn cancel(&mut self) {
        self.chunks.iter_mut().for_each(|chunk| chunk.done = 0);
        self.copies &= self.pass != Pass::Copy;
        self.absorb();
        self.change_epsilon(self.asked());
        self.cancelled = true;
        self.measure();
    }

    /// One more step; `false` once there is a result.
    pub(super) fn advance(&mut self) -> bool {
        if self.along_axes() {
            self.finish();
            return self.pass != Pass::Done;
        }
        let all = self.chunks.len() * self.h.len();
        // A multiple of four: rows that are scaled side by side.
        let step = (STEP / all.max(1) / 4 * 4).max(4);
        let update = self.update(0);
        let Loop { costs, h, v, pass, keeps, copies, symmetric, .. } = self;
        let (keeps, copies, symmetric) = (*keeps, *copies && *pass != Pass::Copy, *symmetric);
        let defers = self.marginals.multiplied().is_some();
        let shared = Shared { costs, h, v, update, keeps, copies, symmetric, defers };
        match &mut self.chunks[..] {
            [chunk] => pass.run(chunk, step, &shared),
            chunks => for_each(chunks, |chunk| pass.run(chunk, step, &shared)),
        }
        if self.chunks.iter().all(|chunk| chunk.done == chunk.rows.len()) {
            self.chunks.iter_mut().for_each(|chunk| chunk.done = 0);
            self.finish();
        }
        self.pass != Pass::Done
    }

    /// How a side comes to new potentials; one that has none yet takes the first whole.
    fn update(&self, side: usize) -> Update {
        let has_none = self.iterations == 0 && !self.symmetric;
        Update {
            damping: self.marginals.damping[side],
            epsilon: self.epsilon,
            omega: if has_none { 1.0 } else { self.omega },
            drift: self.translation.drifts()[side],
        }
    }

    /// What follows a pass.
    fn finish(&mut self) {
        match self.pass {
            Pass::Copy => self.begin(),
            Pass::Renew => self.renewed(),
            Pass::Spread => self.spread(),
            Pass::Columns => self.columns(),
            Pass::Scale => self.scaled(),
            Pass::Measure => self.measured(),
            Pass::Done => {}
        }
    }

    /// Whether the last test was passed.
    fn leaves(&self) -> bool {
        let is_at_last = self.epsilon == self.asked();
        is_at_last && self.tolerance > 0.0 && self.error <= self.tolerance * (15.0 / 16.0)
    }

    /// After an iteration from potentials, or its half where the columns' sums are out of range.
    fn renewed(&mut self) {
        match self.tested() {
            Next::Iterate => {}
            Next::Begin => return,
            Next::Measure => return self.measure(),
        }
        let rows = self.update(0);
        if let Some(mass) = self.marginals.multiplied() {
            return self.deferred(mass);
        }
        if self.symmetric {
            let sums: f64 = self.chunks.iter().map(|chunk| chunk.side.error).sum();
            let fits = self.chunks.iter_mut().all(|chunk| {
                chunk.side.empty = chunk.side.blocked;
                chunk.side.is_in_range()
            });
            let fits = fits && sums < LARGEST_SUM && !self.by_axes;
            for chunk in &mut self.chunks {
                match fits {
                    true => chunk.side.accept_scalings(&rows),
                    false => chunk.side.accept_potentials(),
                }
            }
            return self.iterated(fits);
        }
        self.chunks.iter_mut().for_each(|chunk| chunk.side.accept_potentials());
        self.chunks.iter_mut().for_each(|chunk| chunk.side.absorb(self.epsilon));
        if !self.by_axes {
            sum_of_columns(&self.chunks, &mut self.sums);
            let update = self.update(1);
            if self.target.scale(&self.sums, &update) {
                self.target.accept_scalings(&update);
                return self.iterated(true);
            }
        }
        self.pass = Pass::Columns;
    }

    /// An iteration that scales is one from potentials instead.
    fn left_range(&mut self) {
        if self.of_kernel == 0 {
            self.last_rest = (2 * self.last_rest).clamp(1, LONGEST_REST);
            self.rest = self.last_rest;
        }
        self.absorb();
    }

    /// The columns' half from the logarithms of their sums.
    fn columns(&mut self) {
        let softmins: Vec<f64> = match self.by_axes {
            true => std::mem::take(&mut self.sums),
            false => (0..self.h.len())
                .map(|j| softmin_of_column(&self.chunks, j, self.epsilon))
                .collect(),
        };
        let update = self.update(1);
        self.target.renew(&softmins, &update);
        self.sums.resize(softmins.len(), 0.0);
        self.target.accept_potentials();
        self.iterated(false);
    }

    /// After an iteration that scales, which counts only where it stays in range: another from potentials takes its place.
    fn scaled(&mut self) {
        // The plan is measured again at the end, with other rounding.
        match self.tested() {
            Next::Iterate => {}
            Next::Begin => return,
            Next::Measure => return self.measure(),
        }
        if let Some(mass) = self.marginals.multiplied() {
            return self.deferred(mass);
        }
        let [rows, columns] = [self.update(0), self.update(1)];
        let mut in_range = self.chunks.iter().all(|chunk| chunk.side.is_in_range());
        if in_range && !self.symmetric {
            sum_of_columns(&self.chunks, &mut self.sums);
            in_range = self.target.scale(&self.sums, &columns);
        }
        if !in_range {
            return self.left_range();
        }
        self.chunks.iter_mut().for_each(|chunk| chunk.side.accept_scalings(&rows));
        if !self.symmetric {
            self.target.accept_scalings(&columns);
        }
        self.of_kernel += 1;
        self.last_rest = 0;
        self.iterated(true);
    }

    /// What comes after an iteration: the end, one that scales where that `can` be, or one from potentials.
    fn iterated(&mut self, can: bool) {
        if self.is_tested() {
            self.translate();
        }
        self.iterations += 1;
        self.course.count(self.epsilon);
        self.at_epsilon += 1;
        if self.iterations >= self.max_iterations {
            return self.measure();
        }
        let next = self.steer();
        let is_resting = self.pass != Pass::Scale && self.rest > 0;
        if is_resting {
            self.rest -= 1;
        }
        if can && self.keeps && !is_resting && next == self.epsilon {
            self.scalings_of_columns();
            self.pass = Pass::Scale;
            return;
        }
        self.absorb();
        self.change_epsilon(next);
    }

    /// The ε that is asked for.
    fn asked(&self) -> f64 {
        self.schedule[self.schedule.len() - 1]
    }

    fn scalings_of_columns(&mut self) {
        if self.symmetric {
            let scalings = self.chunks.iter().flat_map(|chunk| &chunk.side.scalings);
            self.v.iter_mut().zip(scalings).for_each(|(v, s)| *v = *s);
        } else {
            self.v.copy_from_slice(&self.target.side.scalings);
        }
    }

    /// Potentials take the scalings in: the next iteration is from them.
    fn absorb(&mut self) {
        self.chunks.iter_mut().for_each(|chunk| chunk.side.absorb(self.epsilon));
        self.target.absorb(self.epsilon);
        self.of_kernel = 0;
        self.pass = Pass::Renew;
        self.weigh();
    }

    /// The columns' weighted potentials.
    fn weigh(&mut self) {
        if self.symmetric {
            let sides = self.chunks.iter().map(|chunk| &chunk.side);
            let weighted =
                sides.flat_map(|s| (0..s.weights.len()).map(|i| s.weighted(i, self.epsilon)));
            self.h.iter_mut().zip(weighted).for_each(|(h, p)| *h = p);
        } else {
            self.h.iter_mut().zip(self.target.weighted(self.epsilon)).for_each(|(h, p)| *h = p);
        }
    }

    /// Ends the iterations: what the potentials are worth is measured.
    fn measure(&mut self) {
        self.absorb();
        self.pass = Pass::Measure;
    }

    fn measured(&mut self) {
        sum_of_columns(&self.chunks, &mut self.sums);
        let held: Vec<f64> =
            self.chunks.iter().flat_map(|chunk| chunk.held.iter().copied()).collect();
        let (f, a): (Vec<f64>, Vec<f64>) = self.source();
        let g = if self.symmetric { &f } else { &self.target.side.potentials };
        let weights = [&a, &self.target.side.weights];
        let [source, target] = self.translation.moved();
        let sides = [
            Measured { weights: weights[0], potentials: &f, held: &held, moved: source },
            Measured { weights: weights[1], potentials: g, held: &self.sums, moved: target },
        ];
        let transport = self.chunks.iter().map(|chunk| chunk.transport).sum();
        let lambda = self.target.multiplier;
        self.totals = total(sides, transport, lambda, self.epsilon, &self.marginals);
        self.pass = Pass::Done;
        let short = !self.cancelled && self.leaves() && self.totals.marginal_error > self.tolerance;
        if short && !self.again && self.iterations < self.max_iterations {
            self.go_on();
        }
    }

    /// Potentials and weights of the source.
    fn source(&self) -> (Vec<f64>, Vec<f64>) {
        let sides = self.chunks.iter().map(|chunk| &chunk.side);
        let pairs = sides.flat_map(|side| side.potentials.iter().zip(&side.weights));
        pairs.map(|(p, w)| (*p, *w)).unzip()
    }

    /// Measured with other rounding the result is a little above the tolerance: half of it is asked for, and as many
    /// iterations again, as on a device. What rounding does not allow is not waited for.
    fn go_on(&mut self) {
        self.again = true;
        let most = self.iterations.saturating_mul(2).saturating_add(20);
        self.max_iterations = self.max_iterations.min(most);
        self.tolerance *= 0.5;
        self.absorb();
    }

    pub(super) fn solved(self) -> Solved {
        let epsilon = self.epsilon;
        let scatter = |n: usize, bins: &[usize], values: &mut dyn Iterator<Item = f64>| {
            let mut full = vec![f64::NEG_INFINITY; n];
            for (&bin, value) in bins.iter().zip(values) {
                full[bin] = value;
            }
            full
        };
        let sides = self.chunks.iter().map(|chunk| &chunk.side);
        let moved = self.translation.moved();
        let mut f =
            sides.flat_map(|s| (0..s.weights.len()).map(|i| s.weighted(i, epsilon) + moved[0]));
        let f = scatter(self.bins.0, &self.costs.rows, &mut f);
        let target = &self.target.side;
        let mut g = (0..target.weights.len()).map(|j| target.weighted(j, epsilon) + moved[1]);
        let g = scatter(self.bins.1, &self.costs.columns, &mut g);
        Solved {
            g: if self.symmetric { f.clone() } else { g },
            f,
            lambda: self.target.multiplier,
            iterations: self.iterations,
            stages: self.course.stages(),
            cancelled: self.cancelled,
            stalled: self.stalled,
            totals: self.totals,
            plain: None,
        }
    }
}
