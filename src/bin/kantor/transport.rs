//! `kantor transport`: row k of one file against row k of another.

use crate::adapter_choice::AdapterChoice;
use crate::failure::{Failure, Outcome};
use crate::npy::{self, Array};
use crate::output::{Digits, print_json};
use crate::precision::Digit;
use indicatif::{ProgressBar, ProgressStyle};
use kantor::{Error, Geometry, Grid, Precision, Problem, Sinkhorn, Solution};
use serde::Serialize;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Transport cost between histograms: row k of A against row k of B, as JSON.
///
/// Rows are normalised. Files hold floats, integers or booleans: one histogram, rows of
/// histograms, or images that are flattened; each, and the cost, at most 4 GiB of numbers
/// as float32 or float64. Problems that do not converge are reported with "converged": false
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
    /// Distance from pixel to pixel, one for all axes of the grid or one each [default: every axis spans [0, 1]]
    #[arg(long, value_name = "S[,S[,S]]", value_delimiter = ',', allow_hyphen_values = true)]
    spacing: Option<Vec<f64>>,
    /// P of the cost between pixels, the sum over the axes of |x − y|^P [default: 2]
    #[arg(long, value_name = "P", allow_hyphen_values = true)]
    cost_exponent: Option<f64>,
    /// Regularisation, in units of the cost
    #[arg(long, value_name = "E", value_parser = epsilon, allow_hyphen_values = true)]
    epsilon: f64,
    /// L1 marginal error to stop at [default: 1e-5, in double precision 1e-10]
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    tolerance: Option<f64>,
    /// Iterations after which a problem is given up
    #[arg(long, value_name = "N", default_value_t = 2000, allow_hyphen_values = true)]
    max_iterations: u32,
    /// Write the plans, float64 of shape [n, m], or [k, n, m] of several problems; none where a problem did not converge,
    /// unless that is allowed
    #[arg(long, value_name = "OUT.npy")]
    plan: Option<PathBuf>,
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
    /// Cost between the pixels of a grid, as in 28x28: rows, then columns, then depth; squared Euclidean distance in the
    /// unit square unless more is said
    #[arg(long, value_name = "HxW[xD]", value_parser = axes)]
    grid: Option<Axes>,
}

fn epsilon(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        Ok(_) => Err("must be a finite number above zero".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Pixels along every axis.
#[derive(Debug, Clone)]
struct Axes(Vec<usize>);

fn axes(text: &str) -> Result<Axes, String> {
    let axes = text.split(['x', '×']).map(|side| side.parse().ok().filter(|&n: &usize| n > 0));
    let axes: Option<Vec<usize>> = axes.collect();
    axes.filter(|axes| (2..=3).contains(&axes.len()))
        .map(Axes)
        .ok_or_else(|| "must be HEIGHTxWIDTH or HEIGHTxWIDTHxDEPTH, such as 28x28".into())
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
    let refusal = solution.check_converged().err().filter(|_| !arguments.allow_unconverged);
    if let (Some(path), None) = (&arguments.plan, &refusal) {
        save_plans(path, &problem, &solution)?;
    }
    print_json(&report(&solution), arguments.json)?;
    Ok(refusal.map_or(ExitCode::SUCCESS, |error| Failure::from(error).doubt()))
}

fn save_plans(path: &Path, problem: &Problem, solution: &Solution) -> Outcome<()> {
    let (n, m) = problem.geometry().shape();
    let several = [solution.len(), n, m];
    let shape = if solution.len() == 1 { &several[1..] } else { &several };
    let plan = |k: usize| solution.plan_blocking(k).map_err(io::Error::other);
    npy::write(path, shape, (0..solution.len()).map(plan))
}

impl Arguments {
    /// Everything that can be wrong with the files is found here, before an adapter
    /// is opened.
    fn problem(&self) -> Outcome<Problem> {
        // clap does not ask for one of a group that already has another.
        for (option, is_given) in [
            ("--spacing", self.spacing.is_some()),
            ("--cost-exponent", self.cost_exponent.is_some()),
        ] {
            if is_given && self.cost.grid.is_none() {
                return Err(Failure::new(format_args!("{option} is for --grid")));
            }
        }
        let source = npy::read(&self.source)?;
        let target = npy::read(&self.target)?;
        // The shapes are compared before a cost is made of them.
        let geometry = match (&self.cost.cost, &self.cost.grid) {
            (Some(path), _) => {
                let cost = npy::read(path)?;
                if let [n, m] | [_, n, m] = cost.shape[..] {
                    fits(&self.source, &source, n)?;
                    fits(&self.target, &target, m)?;
                }
                geometry(&cost)
            }
            (None, Some(Axes(axes))) => {
                of_grid(&self.source, &source, axes)?;
                of_grid(&self.target, &target, axes)?;
                let mut grid = Grid::new(axes);
                if let Some(spacing) = &self.spacing {
                    grid = grid.spacing(spacing);
                }
                if let Some(exponent) = self.cost_exponent {
                    grid = grid.exponent(exponent);
                }
                Geometry::grid(&grid)
            }
            (None, None) => return Err(Failure::new("one of --cost and --grid is needed")),
        }
        .map_err(|error| self.explain(error))?;
        npy::with_slice!(source.values, source => npy::with_slice!(target.values, target => {
            Problem::new(geometry, source, target).map(Problem::normalized)
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
            "exponent" => Failure::new(format_args!("--cost-exponent: {error}")),
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

/// That a file has the pixels of a grid. The axes of a file that has several end with the grid's, or in one of all
/// its pixels; those before are rows.
fn of_grid(path: &Path, array: &Array, axes: &[usize]) -> Outcome<()> {
    let by = |axes: &[usize]| axes.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    let pixels = axes.iter().try_fold(1usize, |pixels, side| pixels.checked_mul(*side));
    let Some(pixels) = pixels.filter(|&n| u32::try_from(n).is_ok()) else {
        return Err(Failure::new(format_args!("--grid: {} is too large", by(axes))));
    };
    let shape = &array.shape[..];
    if shape.ends_with(axes) || shape.last() == Some(&pixels) {
        return Ok(());
    }
    let reason = match shape.len().checked_sub(axes.len()) {
        Some(rows) if rows > 0 => {
            format!("its images are {}, --grid is {}", by(&shape[rows..]), by(axes))
        }
        _ => {
            fits(path, array, pixels)?;
            format!("its shape {shape:?} ends neither with {} nor with {pixels}", by(axes))
        }
    };
    Err(Failure::about(path, reason))
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
