//! `kantor divergence`: divergences between the rows of two files, and entropies of the rows of one.

mod measure;
mod rows;

use crate::adapter_choice::AdapterChoice;
use crate::failure::{Failure, Outcome};
use crate::npy;
use crate::output::{Extended, print_json};
use crate::precision::{self, PrecisionChoice};
use kantor::{Comparison, Context, Distributions, Entropies, Entropy, Error, Side, Unit};
use measure::Measure;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A divergence between the rows of two files, or an entropy of the rows of one, as JSON.
///
/// Files hold floats, integers or booleans, of shape [n, V], or [V], which is one row; at most 4 GiB of numbers as float32
/// or float64. Row i of P is compared with row i of Q; a file of one row is compared with all rows of the other. A value
/// that is infinite (P has mass where Q has none) is "inf". Natural logarithms, unless bits are asked for. The gradient is
/// that of the sum of all values, with respect to P's own numbers: weights, log-probabilities or logits.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Rows of P (.npy)
    #[arg(value_name = "P.npy")]
    p: PathBuf,
    /// Rows of Q (.npy); none for entropy, and with --pairwise for all pairs of P
    #[arg(value_name = "Q.npy")]
    q: Option<PathBuf>,
    /// What to compute
    #[arg(long, value_name = "NAME", value_parser = measure::parser())]
    kind: Measure,
    /// The order or weight: of renyi, tsallis and amari, of P in skew-kl and js; with entropy, Rényi's order
    /// [default: 2 of orders, 0 of amari, 0.5 of weights]
    #[arg(long, value_name = "A", allow_hyphen_values = true)]
    alpha: Option<f64>,
    /// What the numbers of both files are
    #[arg(long, value_enum, default_value = "weights")]
    from: rows::From,
    /// What logits are divided by [default: 1]
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    temperature: Option<f64>,
    /// The unit of logarithms
    #[arg(long, value_enum, default_value = "nats")]
    unit: UnitChoice,
    /// Every row of P with every row of Q: a row of values for every row of P, at most 67,108,864 values
    #[arg(long)]
    pairwise: bool,
    /// Where the gradient goes, as many float32 as P has (.npy)
    #[arg(long, value_name = "OUT.npy", conflicts_with = "pairwise")]
    gradient: Option<PathBuf>,
    #[command(flatten)]
    precision: PrecisionChoice,
    #[command(flatten)]
    adapter: AdapterChoice,
    /// JSON on one line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum UnitChoice {
    Nats,
    Bits,
}

#[derive(Serialize)]
struct Report {
    adapter: String,
    kind: &'static str,
    unit: &'static str,
    precision: &'static str,
    values: Numbers,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Numbers {
    Rows(Vec<Extended>),
    Pairs(Vec<Vec<Extended>>),
}

/// Values, and the gradient where it was asked for.
type Answer = (Numbers, Option<Vec<f32>>);

pub(crate) fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let measure = arguments.kind.clone().with(arguments.alpha)?;
    arguments.check(&measure)?;
    let input = arguments.from.input(arguments.temperature)?;
    let context = arguments.adapter.open()?;
    let p = rows::read(&arguments.p, &context, input)?;
    let q = arguments.q.as_deref().map(|path| rows::read(path, &context, input)).transpose()?;
    if arguments.pairwise {
        check_pairs(&p, q.as_ref().unwrap_or(&p))?;
    }
    let (values, gradient) = arguments
        .answer(&measure, &context, &p, q.as_ref())
        .map_err(|error| arguments.explain(error))?;
    if let (Some(path), Some(gradient)) = (&arguments.gradient, gradient) {
        npy::write(path, &[p.len(), p.bins()], [Ok(gradient)])?;
    }
    let report = Report {
        adapter: context.adapter().to_string(),
        kind: measure.name(),
        unit: match arguments.unit {
            UnitChoice::Nats => "nats",
            UnitChoice::Bits => "bits",
        },
        precision: precision::name(arguments.precision.on(&context)),
        values,
    };
    print_json(&report, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

fn extended(values: &[f64]) -> Vec<Extended> {
    values.iter().copied().map(Extended).collect()
}

impl Arguments {
    /// That there are as many files as the measure takes, before any is read.
    fn check(&self, measure: &Measure) -> Outcome<()> {
        match (measure, &self.q, self.pairwise) {
            (Measure::Entropy(_), Some(q), _) => {
                Err(Failure::about(q, "entropy is of the rows of P.npy alone"))
            }
            (Measure::Entropy(_), None, true) => {
                Err(Failure::new("--pairwise: entropy is of rows, not of pairs"))
            }
            (Measure::Divergence(divergence), None, false) => {
                Err(Failure::new(format_args!("{divergence} is of two rows, and Q.npy is missing")))
            }
            _ => Ok(()),
        }
    }

    fn unit(&self) -> Unit {
        match self.unit {
            UnitChoice::Nats => Unit::Nats,
            UnitChoice::Bits => Unit::Bits,
        }
    }

    fn answer(
        &self,
        measure: &Measure,
        context: &Context,
        p: &Distributions,
        q: Option<&Distributions>,
    ) -> kantor::Result<Answer> {
        match measure {
            Measure::Entropy(entropy) => self.entropy(*entropy, context, p),
            Measure::Divergence(divergence) => {
                let comparison = Comparison::new(divergence.clone())
                    .unit(self.unit())
                    .precision(self.precision.on(context));
                match self.pairwise {
                    true => Ok((pairs(&comparison, p, q.unwrap_or(p))?, None)),
                    false => self.compare(&comparison, p, q.unwrap_or(p)),
                }
            }
        }
    }

    fn entropy(
        &self,
        entropy: Entropy,
        context: &Context,
        p: &Distributions,
    ) -> kantor::Result<Answer> {
        let entropies =
            Entropies::new(entropy).unit(self.unit()).precision(self.precision.on(context));
        if self.gradient.is_none() {
            return Ok((Numbers::Rows(extended(&entropies.rows_blocking(p)?)), None));
        }
        let (values, gradient) = entropies.value_and_gradient_on_host_blocking(p, None)?;
        Ok((Numbers::Rows(extended(&values)), Some(gradient)))
    }

    fn compare(
        &self,
        comparison: &Comparison,
        p: &Distributions,
        q: &Distributions,
    ) -> kantor::Result<Answer> {
        if self.gradient.is_none() {
            let values = comparison.rows_blocking(p, q)?;
            return Ok((Numbers::Rows(extended(values.values())), None));
        }
        let (values, gradients) = comparison.value_and_gradient_blocking(p, q, Side::P, None)?;
        let gradient = gradients.p.map(|tensor| tensor.read_blocking()).transpose()?;
        Ok((Numbers::Rows(extended(values.values())), gradient))
    }

    /// The library names its arguments; a command line has files and options.
    fn explain(&self, error: Error) -> Failure {
        let about = |path: &Path| Failure::about(path, &error);
        match &error {
            Error::InvalidInput { argument: "alpha" | "beta", .. } => measure::about_alpha(&error),
            Error::InvalidInput { argument: "q", .. } => about(self.q.as_ref().unwrap_or(&self.p)),
            Error::InvalidInput { .. } => about(&self.p),
            _ => Failure::from(error),
        }
    }
}

/// That the values can be held, and be written as text.
fn check_pairs(p: &Distributions, q: &Distributions) -> Outcome<()> {
    const MOST_PAIRS: usize = 1 << 26;
    match p.len().checked_mul(q.len()) {
        Some(0..=MOST_PAIRS) => Ok(()),
        _ => Err(Failure::new(format_args!(
            "--pairwise: {} rows with {} are more than {MOST_PAIRS} pairs",
            p.len(),
            q.len()
        ))),
    }
}

/// Every row of p with every row of q.
fn pairs(comparison: &Comparison, p: &Distributions, q: &Distributions) -> kantor::Result<Numbers> {
    let pairs = comparison.pairwise_blocking(p, q)?;
    Ok(Numbers::Pairs(pairs.values().chunks(pairs.columns()).map(extended).collect()))
}
