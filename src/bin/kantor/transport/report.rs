//! The JSON of `kantor transport`.

use super::answer::Answer;
use super::arguments::Arguments;
use super::job::Job;
use crate::output::Digits;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) adapter: String,
    /// Whether weights were divided by their sums.
    pub(super) normalized: bool,
    pub(super) problems: Vec<Row>,
}

/// What came of a problem, or why nothing did.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Row {
    Solved(Box<Solved>),
    Blank(Blank),
}

#[derive(Debug, Serialize)]
pub(super) struct Blank {
    #[serde(flatten)]
    pair: Pair,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
}

/// The rows of a problem, of all pairs.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Pair {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct Solved {
    #[serde(flatten)]
    pair: Pair,
    transport_cost: Digits,
    regularized_cost: Digits,
    entropy_cost: Digits,
    mass: Digits,
    marginal_error: Digits,
    iterations: u32,
    pub(super) converged: bool,
    stop: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    divergence: Option<Digits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epsilon: Option<Digits>,
}

impl Pair {
    fn of(arguments: &Arguments, job: &Job, problem: usize) -> Pair {
        let [source, target] = job.pairs[problem];
        match arguments.all_pairs {
            true => Pair { source: Some(source), target: Some(target) },
            false => Pair::default(),
        }
    }
}

impl Row {
    pub(super) fn blank(arguments: &Arguments, job: &Job, problem: usize, reason: String) -> Row {
        let (error, skipped) = match arguments.skip_empty {
            true => (None, Some(reason)),
            false => (Some(reason), None),
        };
        Row::Blank(Blank { pair: Pair::of(arguments, job, problem), error, skipped })
    }

    /// Of problem number `at` of an answer.
    pub(super) fn solved(
        arguments: &Arguments,
        job: &Job,
        problem: usize,
        answer: &Answer,
        at: usize,
    ) -> Row {
        let solution = answer.solution();
        Row::Solved(Box::new(Solved {
            pair: Pair::of(arguments, job, problem),
            transport_cost: Digits(solution.transport_cost()[at]),
            regularized_cost: Digits(solution.regularized_cost()[at]),
            entropy_cost: Digits(solution.entropy_cost()[at]),
            mass: Digits(solution.mass()[at]),
            marginal_error: Digits(solution.marginal_error()[at]),
            iterations: solution.iterations()[at],
            converged: answer.converged(at),
            stop: solution.stop()[at].name(),
            divergence: answer.divergence(at).map(Digits),
            epsilon: arguments.epsilon_is_relative().then(|| Digits(solution.epsilon(at))),
        }))
    }
}
