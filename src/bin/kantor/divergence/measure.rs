//! `--kind` and `--alpha`: what is computed.

use crate::failure::{Failure, Outcome};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use kantor::{Divergence, Entropy, Error};

const ENTROPY: &str = "entropy";

/// Of pairs of rows, or of rows alone.
#[derive(Debug, Clone)]
pub(super) enum Measure {
    Divergence(Divergence),
    Entropy(Entropy),
}

/// The names of `--kind`.
pub(super) fn parser() -> impl TypedValueParser<Value = Measure> {
    let names = Divergence::ALL.iter().map(Divergence::name).chain([ENTROPY]);
    PossibleValuesParser::new(names.collect::<Vec<_>>()).try_map(|name| match name.as_str() {
        ENTROPY => Ok(Measure::Entropy(Entropy::Shannon)),
        name => name.parse().map(Measure::Divergence),
    })
}

impl Measure {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Measure::Divergence(divergence) => divergence.name(),
            Measure::Entropy(_) => ENTROPY,
        }
    }

    /// The same with the parameter of `--alpha`, which makes Rényi's of Shannon's entropy.
    pub(super) fn with(self, alpha: Option<f64>) -> Outcome<Measure> {
        match (self, alpha) {
            (measure, None) => Ok(measure),
            (Measure::Entropy(_), Some(alpha)) => Ok(Measure::Entropy(Entropy::Renyi { alpha })),
            (Measure::Divergence(divergence), Some(alpha)) => divergence
                .with_parameter(alpha)
                .map(Measure::Divergence)
                .map_err(|error| about_alpha(&error)),
        }
    }
}

/// The library calls the parameter by its letter.
pub(super) fn about_alpha(error: &Error) -> Failure {
    match error {
        Error::InvalidInput { reason, .. } => Failure::new(format_args!("--alpha: {reason}")),
        other => Failure::new(other),
    }
}
