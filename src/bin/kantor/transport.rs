//! `kantor transport`: row k of one file against row k of another.

use crate::adapter_choice::AdapterChoice;
use crate::failure::{Failure, Outcome, unconverged};
use crate::npy::{self, Array};
use crate::output::{Digits, print_json};
use crate::precision::Digit;
use indicatif::{ProgressBar, ProgressStyle};
use kantor::{Error, Geometry, Precision, Problem, Sinkhorn, Solution};
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Transport cost between histograms: row k of A against row k of B, as JSON.
///
/// Rows are normalised. Files hold float32, float64 or uint8: one histogram, rows of
/// histograms, or images that are flattened; each, and the cost, at most 4 GiB of numbers
/// (uint8 as float32). Problems that do not converge are reported with "converged": false
/// and why they stopped; exit status 3 and a line on stderr say so, unless that is allowed.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Source histograms (.npy)
    #[arg(value_name = "A.npy")]
    source: PathBuf,
    /// Target histograms (.npy)
    #[arg(value_name = "B.npy")]
    target: PathBuf,
    #[command(flatten)]
    cost: CostChoice,
    /// Regularisation, in units of the cost
    #[arg(long, value_name = "E", value_parser = epsilon, allow_hyphen_values = true)]
    epsilon: f64,
    /// L1 marginal error to stop at [default: 1e-5, in double precision 1e-10]
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    tolerance: Option<f64>,
    /// Iterations after which a problem is given up
    #[arg(long, value_name = "N", default_value_t = 2000, allow_hyphen_values = true)]
    max_iterations: u32,
    /// Exit with 0 although a problem did not converge
    #[arg(long)]
    allow_unconverged: bool,
    /// Digits asked for
    #[arg(long, value_enum, default_value_t = Digit::Single)]
    precision: Digit,
    #[command(flatten)]
    adapter: AdapterChoice,
    /// JSON on one line, without a progress bar
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct CostChoice {
    /// Cost matrix: [n, m] for all rows, or [k, n, m], one per row (.npy)
    #[arg(long, value_name = "C.npy")]
    cost: Option<PathBuf>,
    /// Squared Euclidean distance between the pixels of the unit square, as in 28x28: rows, then columns
    #[arg(long, value_name = "HxW", value_parser = grid)]
    grid: Option<(usize, usize)>,
}

fn epsilon(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        Ok(_) => Err("must be a finite number above zero".into()),
        Err(error) => Err(error.to_string()),
    }
}

fn grid(text: &str) -> Result<(usize, usize), String> {
    let side = |text: &str| text.parse().ok().filter(|&n: &usize| n > 0);
    text.split_once(['x', '×'])
        .and_then(|(height, width)| Some((side(height)?, side(width)?)))
        .ok_or_else(|| "must be HEIGHTxWIDTH, such as 28x28".into())
}

#[derive(Serialize)]
struct Report {
    adapter: String,
    problems: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    transport_cost: Digits,
    regularized_cost: Digits,
    entropy_cost: Digits,
    marginal_error: Digits,
    iterations: u32,
    converged: bool,
    stop: &'static str,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let problem = arguments.problem()?;
    let bar = progress_bar(problem.len(), arguments.json)?;
    let solution = arguments
        .solver(&bar)
        .solve_blocking(&arguments.adapter.open()?, &problem)
        .map_err(|error| arguments.explain(error))?;
    bar.finish_and_clear();
    print_json(&report(&solution), arguments.json)?;
    Ok(match solution.check_converged() {
        Err(error) if !arguments.allow_unconverged => unconverged(&Failure::from(error)),
        _ => ExitCode::SUCCESS,
    })
}

impl Arguments {
    /// Everything that can be wrong with the files is found here, before an adapter
    /// is opened.
    fn problem(&self) -> Outcome<Problem> {
        let source = npy::read(&self.source)?;
        let target = npy::read(&self.target)?;
        // The shapes are compared before a cost is made of them.
        let geometry = match (&self.cost.cost, self.cost.grid) {
            (Some(path), _) => {
                let cost = npy::read(path)?;
                if let [n, m] | [_, n, m] = cost.shape[..] {
                    fits(&self.source, &source, n)?;
                    fits(&self.target, &target, m)?;
                }
                geometry(&cost)
            }
            (None, Some(grid)) => {
                let (height, width) = grid;
                of_grid(&self.source, &source, grid)?;
                of_grid(&self.target, &target, grid)?;
                Geometry::squared_euclidean_grid(height, width)
            }
            (None, None) => return Err(Failure::new("one of --cost and --grid is needed")),
        }
        .map_err(|error| self.explain(error))?;
        npy::with_slice!(source.values, source => npy::with_slice!(target.values, target => {
            Problem::new(geometry, source, target)
        }))
        .map_err(|error| self.explain(error))
    }

    fn solver(&self, bar: &ProgressBar) -> Sinkhorn {
        let precision = Precision::from(self.precision);
        let bar = bar.clone();
        Sinkhorn::new(self.epsilon)
            .tolerance(self.tolerance.unwrap_or(precision.tolerance()))
            .max_iterations(self.max_iterations)
            .precision(precision)
            .on_progress(move |progress| {
                bar.set_position(progress.finished as u64);
                bar.set_message(format!("{} iterations", progress.iterations));
                ControlFlow::Continue(())
            })
    }

    /// The library names its arguments; a command line has files and options.
    fn explain(&self, error: Error) -> Failure {
        let Error::InvalidInput { argument, .. } = &error else { return Failure::from(error) };
        match *argument {
            "source" => Failure::about(&self.source, error),
            "target" => Failure::about(&self.target, error),
            "cost" => match &self.cost.cost {
                Some(path) => Failure::about(path, error),
                None => Failure::new(format_args!("--grid: {error}")),
            },
            name => Failure::new(format_args!("--{}: {error}", name.replace('_', "-"))),
        }
    }
}

fn geometry(cost: &Array) -> kantor::Result<Geometry> {
    npy::with_slice!(cost.values, values => match cost.shape[..] {
        [n, m] => Geometry::cost_matrix(values, n, m),
        [k, n, m] => Geometry::cost_matrices(values, k, n, m),
        _ => Err(Error::InvalidInput {
            argument: "cost",
            row: None,
            index: None,
            reason: format!("its shape {:?} is not [n, m] or [k, n, m]", cost.shape),
        }),
    })
}

/// The bins of a row are all axes but the first; a single axis is a single row.
fn fits(path: &Path, array: &Array, bins: usize) -> Outcome<()> {
    let found: usize = match array.shape[..] {
        [n] => n,
        _ => array.shape[1..].iter().product(),
    };
    if found == bins {
        return Ok(());
    }
    let shape = &array.shape;
    let reason = format!("its shape {shape:?} has rows of {found} bins, the cost is for {bins}");
    Err(Failure::about(path, reason))
}

/// The pixels of a grid whose cost can be held; images are of its height and width.
fn of_grid(path: &Path, array: &Array, (height, width): (usize, usize)) -> Outcome<()> {
    /// Cells of a dense cost: 4 GiB of f32.
    const MOST_CELLS: usize = 1 << 30;
    let pixels = height.checked_mul(width);
    let Some(pixels) = pixels.filter(|&n| n.checked_mul(n).is_some_and(|n| n <= MOST_CELLS)) else {
        return Err(Failure::new(format_args!(
            "--grid: {height}x{width} is too large for a dense cost matrix"
        )));
    };
    fits(path, array, pixels)?;
    match array.shape[..] {
        [_, rows, columns] if (rows, columns) != (height, width) => Err(Failure::about(
            path,
            format_args!("its images are {rows}x{columns}, --grid is {height}x{width}"),
        )),
        _ => Ok(()),
    }
}

fn report(solution: &Solution) -> Report {
    let row = |k: usize| Row {
        transport_cost: Digits(solution.transport_cost()[k]),
        regularized_cost: Digits(solution.regularized_cost()[k]),
        entropy_cost: Digits(solution.entropy_cost()[k]),
        marginal_error: Digits(solution.marginal_error()[k]),
        iterations: solution.iterations()[k],
        converged: solution.converged()[k],
        stop: solution.stop()[k].name(),
    };
    Report {
        adapter: solution.adapter().to_string(),
        problems: (0..solution.len()).map(row).collect(),
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
