//! `kantor bessel`: a function of every point of a file.

use crate::adapter_choice::AdapterChoice;
use crate::failure::{Failure, Outcome};
use crate::output::print_json;
use crate::points::{self, Points};
use crate::precision::{self, PrecisionChoice};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use kantor::{Bessel, BesselFunction, Error};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// A log-Bessel function at every point of a CSV file.
///
/// The file has a header that names the columns v (order) and x (argument); other columns are ignored. OUT.csv gets
/// v,x,value with 17 significant digits, infinities as inf and -inf. In single precision, v and x are rounded to f32
/// before anything is computed. Orders are up to 1e6, arguments 0 (by its limit) or from 1e-30 to 1e30; log-gamma
/// takes x alone. What ran where goes to stdout, as JSON.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Points (.csv)
    #[arg(value_name = "POINTS.csv")]
    points: PathBuf,
    /// What to compute
    #[arg(long, value_name = "FUNCTION", value_parser = functions())]
    function: BesselFunction,
    /// Where the values go (.csv)
    #[arg(long, value_name = "OUT.csv")]
    output: PathBuf,
    #[command(flatten)]
    precision: PrecisionChoice,
    #[command(flatten)]
    adapter: AdapterChoice,
    /// JSON on one line
    #[arg(long)]
    json: bool,
}

fn functions() -> impl TypedValueParser<Value = BesselFunction> {
    PossibleValuesParser::new(BesselFunction::ALL.map(BesselFunction::name))
        .try_map(|name| name.parse::<BesselFunction>())
}

#[derive(Serialize)]
struct Report {
    adapter: String,
    function: &'static str,
    precision: &'static str,
    points: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let points = points::read(&arguments.points)?;
    let context = arguments.adapter.open()?;
    let precision = arguments.precision.on(&context);
    let function = Bessel::new(arguments.function).precision(precision);
    let adapter = function.adapter(&context)?;
    let values = function
        .evaluate_blocking(&context, &points.v, &points.x)
        .map_err(|error| arguments.explain(error, &points))?;
    points::write(&arguments.output, &points, &values)?;
    let report = Report {
        adapter: adapter.to_string(),
        function: arguments.function.name(),
        precision: precision::name(precision),
        points: values.len(),
    };
    print_json(&report, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// The library counts points; a file has lines.
    fn explain(&self, error: Error, points: &Points) -> Failure {
        match error {
            Error::InvalidInput { argument, index: Some(index), reason, .. } => {
                let line = points.lines.get(index).copied().unwrap_or_default();
                Failure::about(&self.points, format_args!("line {line}: {argument}: {reason}"))
            }
            Error::InvalidInput { .. } => Failure::about(&self.points, error),
            other => Failure::from(other),
        }
    }
}
