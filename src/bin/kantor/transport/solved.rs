//! Problems solved piece by piece, and what is kept of them.

use super::answer::Answer;
use super::arguments::Arguments;
use super::interrupt;
use super::job::Job;
use super::outputs::Outputs;
use super::report::Row;
use crate::failure::{Failure, Outcome};
use indicatif::{ProgressBar, ProgressStyle};
use kantor::{Error, Sinkhorn};
use std::ops::ControlFlow;

/// What came of a job.
#[derive(Debug)]
pub(super) struct Solved {
    pub(super) adapter: String,
    /// In the order of the problems, of those that are finished; of the others None.
    pub(super) rows: Vec<Option<Row>>,
    pub(super) outputs: Outputs,
    /// Why what is there is no result.
    pub(super) doubt: Option<Failure>,
    pub(super) interrupted: bool,
}

/// Solves a job; files are checked whole before the adapter is opened.
pub(super) fn solve(arguments: &Arguments, job: &Job) -> Outcome<Solved> {
    let mut outputs = Outputs::new(arguments, job)?;
    let solver = arguments.solver()?;
    let pieces = job.pieces();
    let mut first = None;
    for piece in &pieces {
        // Only one is kept of what may not fit into memory all at once.
        first.get_or_insert(job.problem(piece)?);
    }
    let context = arguments.adapter.open()?;
    interrupt::listen();
    let bar = progress_bar(job.len(), arguments.json)?;
    let mut adapter = None;
    let mut doubt = Doubt::new(arguments.tolerance());
    let mut rows: Vec<Option<Row>> = (0..job.len())
        .map(|k| job.blank(k).map(|reason| Row::blank(arguments, job, k, reason)))
        .collect();
    let mut done = rows.iter().flatten().count();
    let mut interrupted = false;
    for piece in &pieces {
        let problem = match first.take() {
            Some(problem) => problem,
            None => job.problem(piece)?,
        };
        let watched = watched(&solver, &bar, done);
        let answer = match Answer::of(&watched, &context, &problem, arguments.divergence) {
            Ok(answer) => answer,
            Err(Error::Cancelled { .. }) if interrupt::is_asked() => {
                interrupted = true;
                break;
            }
            Err(error) => return Err(job.explain(error, piece)),
        };
        for (at, &k) in piece.iter().enumerate() {
            rows[k] = Some(Row::solved(arguments, job, k, &answer, at));
            doubt.look(&answer, at, k);
        }
        done += piece.len();
        adapter.get_or_insert_with(|| answer.solution().adapter().to_string());
        outputs.take(answer, job.size(piece[0])[1])?;
    }
    bar.finish_and_clear();
    let adapter = adapter.unwrap_or_else(|| context.adapter().to_string());
    Ok(Solved { adapter, rows, outputs, doubt: doubt.failure(), interrupted })
}

/// The solver with a word on progress after `done` problems, that listens to Ctrl-C.
fn watched(solver: &Sinkhorn, bar: &ProgressBar, done: usize) -> Sinkhorn {
    let bar = bar.clone();
    solver.clone().on_progress(move |progress| {
        bar.set_position((done + progress.finished) as u64);
        bar.set_message(format!("{} iterations", progress.iterations));
        if interrupt::is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

/// What did not converge.
struct Doubt {
    tolerance: f64,
    problems: usize,
    unconverged: usize,
    /// Of the transports between both sides.
    worst: Option<(usize, f64, u32)>,
}

impl Doubt {
    fn new(tolerance: f64) -> Doubt {
        Doubt { tolerance, problems: 0, unconverged: 0, worst: None }
    }

    fn look(&mut self, answer: &Answer, at: usize, problem: usize) {
        self.problems += 1;
        self.unconverged += usize::from(!answer.converged(at));
        let solution = answer.solution();
        let error = solution.marginal_error()[at];
        if !solution.converged()[at] && self.worst.is_none_or(|(_, worst, _)| error > worst) {
            self.worst = Some((problem, error, solution.iterations()[at]));
        }
    }

    fn failure(&self) -> Option<Failure> {
        let Doubt { tolerance, problems, unconverged, worst } = *self;
        match worst {
            Some((problem, marginal_error, iterations)) => {
                Some(Failure::from(Error::NotConverged {
                    problem,
                    marginal_error,
                    tolerance,
                    iterations,
                    unconverged,
                    problems,
                }))
            }
            None if unconverged > 0 => Some(Failure::new(format_args!(
                "in {unconverged} of {problems} problems the transport of a side to itself did not converge"
            ))),
            None => None,
        }
    }
}

/// On stderr; indicatif hides it where stderr is not a terminal.
fn progress_bar(problems: usize, hidden: bool) -> Outcome<ProgressBar> {
    if hidden {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} problems, {msg}, {elapsed}");
    Ok(ProgressBar::new(problems as u64).with_style(style.map_err(Failure::new)?))
}
