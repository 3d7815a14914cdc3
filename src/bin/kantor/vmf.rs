//! `kantor vmf`: von Mises-Fisher distributions fitted to the rows of a file.

use crate::adapter_choice::AdapterChoice;
use crate::failure::{Failure, Outcome};
use crate::npy::{self, Array};
use crate::output::{Extended, print_json};
use crate::precision::{self, PrecisionChoice};
use kantor::vmf::Assignment;
use kantor::{Directions, Error, Precision, VonMisesFisher, VonMisesFisherMixture};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// A von Mises-Fisher distribution fitted to rows, or a mixture of several, as JSON.
///
/// Rows are scaled to length one. Files hold floats, integers or booleans, of shape [n, p], or [n, h, w], which is
/// flattened; at most 4 GiB of numbers as float32 or float64. A concentration or log-likelihood that is infinite (all rows
/// have one direction) is "inf". A mixture that does not converge is reported with "converged": false, and is no error.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// One vector a row (.npy)
    #[arg(value_name = "FEATURES.npy")]
    features: PathBuf,
    /// Components of the mixture
    #[arg(long, value_name = "K", default_value_t = 1, allow_hyphen_values = true)]
    components: usize,
    /// Seed of the mixture's start
    #[arg(long, value_name = "N", default_value_t = 0, allow_hyphen_values = true)]
    seed: u64,
    /// Each row belongs to one component
    #[arg(long)]
    hard: bool,
    /// Iterations after which the mixture is given up
    #[arg(long, value_name = "N", default_value_t = 200, allow_hyphen_values = true)]
    max_iterations: u32,
    #[command(flatten)]
    precision: PrecisionChoice,
    #[command(flatten)]
    adapter: AdapterChoice,
    /// JSON on one line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    adapter: String,
    precision: &'static str,
    n: usize,
    dimension: usize,
    #[serde(flatten)]
    fit: Fit,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Fit {
    One {
        concentration: Extended,
        mean_resultant_length: Extended,
        log_likelihood: Extended,
    },
    Mixture {
        components: Vec<Component>,
        log_likelihood: Extended,
        iterations: u32,
        converged: bool,
    },
}

#[derive(Serialize)]
struct Component {
    weight: Extended,
    concentration: Extended,
    /// Of the fitted distribution.
    mean_resultant_length: Extended,
    /// Whether the concentration was held at the largest allowed.
    capped: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let features = npy::read(&arguments.features)?;
    let dimension = arguments.dimension(&features)?;
    let context = arguments.adapter.open()?;
    let precision = arguments.precision.on(&context);
    let directions = npy::with_slice!(features.values, values => {
        Directions::new_blocking(&context, values, dimension)
    })
    .map_err(|error| arguments.explain(error))?;
    let fit = arguments.fit(&directions, precision).map_err(|error| arguments.explain(error))?;
    let report = Report {
        adapter: context.adapter().to_string(),
        precision: precision::name(precision),
        n: directions.len(),
        dimension,
        fit,
    };
    print_json(&report, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// All axes but the first; one axis would be one number a row, or one row: refused rather than guessed.
    fn dimension(&self, features: &Array) -> Outcome<usize> {
        match features.shape[..] {
            [_] => {
                let shape = &features.shape;
                let reason = format!(
                    "its shape {shape:?} has one axis; rows of vectors, [n, p], are needed"
                );
                Err(Failure::about(&self.features, reason))
            }
            _ => Ok(features.shape[1..].iter().product()),
        }
    }

    fn fit(&self, directions: &Directions, precision: Precision) -> kantor::Result<Fit> {
        if self.components == 1 {
            let fit = VonMisesFisher::fit_blocking(directions, precision)?;
            return Ok(Fit::One {
                concentration: Extended(fit.distribution().concentration()),
                mean_resultant_length: Extended(fit.mean_resultant_length()),
                log_likelihood: Extended(fit.log_likelihood()),
            });
        }
        let assignment = if self.hard { Assignment::Hard } else { Assignment::Soft };
        let fit = VonMisesFisherMixture::new(self.components)
            .assignment(assignment)
            .seed(self.seed)
            .max_iterations(self.max_iterations)
            .precision(precision)
            .fit_blocking(directions)?;
        let components = fit.components().iter().zip(fit.weights()).zip(fit.capped());
        let components = components.map(|((component, weight), capped)| Component {
            weight: Extended(*weight),
            concentration: Extended(component.concentration()),
            mean_resultant_length: Extended(component.mean_resultant_length()),
            capped: *capped,
        });
        Ok(Fit::Mixture {
            components: components.collect(),
            log_likelihood: Extended(fit.log_likelihood()),
            iterations: fit.iterations(),
            converged: fit.converged(),
        })
    }

    /// The library names its arguments; a command line has a file and options.
    fn explain(&self, error: Error) -> Failure {
        match &error {
            Error::InvalidInput { argument: "components" | "max_iterations", .. } => {
                Failure::new(format_args!("--{}", error.to_string().replacen('_', "-", 1)))
            }
            Error::InvalidInput { .. } => Failure::about(&self.features, error),
            _ => Failure::from(error),
        }
    }
}
