//! What the library says of some problems, with or without the transport of either side to itself.

use kantor::{Context, Problem, Sinkhorn, SinkhornDivergence, Solution};

/// What the library gives for a piece.
#[derive(Debug)]
pub(super) enum Answer {
    Plain(Box<Solution>),
    /// With the transport of either side to itself.
    Debiased {
        divergence: Box<SinkhornDivergence>,
        converged: Vec<bool>,
    },
}

impl Answer {
    pub(super) fn of(
        solver: &Sinkhorn,
        context: &Context,
        problem: &Problem,
        divergence: bool,
    ) -> kantor::Result<Answer> {
        if !divergence {
            return solver.solve_blocking(context, problem).map(|it| Answer::Plain(Box::new(it)));
        }
        let divergence = Box::new(solver.divergence_blocking(context, problem)?);
        let converged = divergence.converged();
        Ok(Answer::Debiased { divergence, converged })
    }

    /// The transport between both sides.
    pub(super) fn solution(&self) -> &Solution {
        match self {
            Answer::Plain(solution) => solution,
            Answer::Debiased { divergence, .. } => divergence.cross(),
        }
    }

    /// Whether all transports of a problem have converged.
    pub(super) fn converged(&self, at: usize) -> bool {
        match self {
            Answer::Plain(solution) => solution.converged()[at],
            Answer::Debiased { converged, .. } => converged[at],
        }
    }

    pub(super) fn divergence(&self, at: usize) -> Option<f64> {
        match self {
            Answer::Plain(_) => None,
            Answer::Debiased { divergence, .. } => Some(divergence.values()[at]),
        }
    }
}
