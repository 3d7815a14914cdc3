//! Files of rows, `--from` and `--temperature`.

use crate::failure::{Failure, Outcome};
use crate::npy;
use kantor::{Context, Distributions, Error, Input};
use std::path::Path;

/// What the numbers of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum From {
    /// Weights of any sum above zero
    Weights,
    /// Natural logarithms of probabilities, -inf of none
    LogProbabilities,
    /// The rows are the softmax of the numbers over the temperature
    Logits,
}

impl From {
    /// With a temperature, which only logits have.
    pub(super) fn input(self, temperature: Option<f64>) -> Outcome<Input> {
        match (self, temperature) {
            (From::Logits, t) => Ok(Input::Logits { temperature: t.unwrap_or(1.0) }),
            (_, Some(_)) => Err(Failure::new("--temperature: only --from logits has one")),
            (From::Weights, None) => Ok(Input::Weights),
            (From::LogProbabilities, None) => Ok(Input::LogProbabilities),
        }
    }
}

/// Rows of a file on a context. One axis is one row.
pub(super) fn read(path: &Path, context: &Context, input: Input) -> Outcome<Distributions> {
    let array = npy::read(path)?;
    let bins = match array.shape[..] {
        [bins] | [_, bins] => bins,
        _ => {
            let (shape, axes) = (&array.shape, array.shape.len());
            let needed = "rows of bins, [n, V], or one row, [V], are needed";
            return Err(Failure::about(
                path,
                format_args!("its shape {shape:?} has {axes} axes; {needed}"),
            ));
        }
    };
    let rows = npy::with_slice!(array.values, values => {
        Distributions::new_blocking(context, values, bins, input)
    });
    rows.map_err(|error| match error {
        Error::InvalidInput { argument: "temperature", reason, .. } => {
            Failure::new(format_args!("--temperature: {reason}"))
        }
        Error::InvalidInput { .. } => Failure::about(path, error),
        other => Failure::from(other),
    })
}
