//! The arguments of `kantor transport`, and which of them go together.

use crate::adapter_choice::AdapterChoice;
use crate::failure::{Failure, Outcome};
use crate::precision::Digit;
use kantor::{Epsilon, Error, GroundCost, Marginals, Precision, Sinkhorn};
use std::path::{Path, PathBuf};

/// Transport between weighted measures, as JSON: row k of A to row k of B, one row to all, or all pairs.
///
/// Files hold floats, integers or booleans, at most 4 GiB of numbers as float32 or float64, as .npy or as an array of an
/// archive, ARCHIVE.npz:NAME. With --cost or --grid they are weights: one histogram, rows of histograms, or images. With
/// --points they are clouds, [n, d] or [k, n, d], or archives of clouds of any size: points [N, d], offsets [k + 1] and, if
/// need be, weights [N].
///
/// Weights of balanced transport are divided by their sums ("normalized": true); with a reach or a mass they are kept. Problems
/// that do not converge are reported with "converged": false and why they stopped; exit status 3 and a line on stderr say so,
/// unless that is allowed. A row without mass is an "error" of its problem, and exit status 2 unless such are skipped. Ctrl-C
/// prints the problems that are finished, exit status 130.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Source: weights, or with --points clouds (.npy, .npz, .npz:name)
    #[arg(value_name = "A.npy")]
    pub(super) source: PathBuf,
    /// Target
    #[arg(value_name = "B.npy")]
    pub(super) target: PathBuf,
    #[command(flatten)]
    pub(super) cost: CostChoice,
    #[command(flatten)]
    ground: GroundChoice,
    /// Weights of the points of A and of B, [n] for all clouds or [k, n] [default: all alike, of sum 1]
    #[arg(long, value_names = ["A.npy", "B.npy"], num_args = 2)]
    weights: Option<Vec<PathBuf>>,
    #[command(flatten)]
    regularisation: Regularisation,
    #[command(flatten)]
    marginals: MarginalChoice,
    /// Sinkhorn divergence of every problem besides: the transport less that of either side to itself
    #[arg(long, conflicts_with = "mass")]
    pub(super) divergence: bool,
    /// Every row of A to every row of B; of one file, every row to every later one, where the way back is the same
    #[arg(long)]
    pub(super) all_pairs: bool,
    #[command(flatten)]
    solver: SolverChoice,
    #[command(flatten)]
    pub(super) outputs: OutputChoice,
    /// Exit with 0 although a problem did not converge
    #[arg(long)]
    pub(super) allow_unconverged: bool,
    /// Pass over problems of which a row has no mass
    #[arg(long)]
    pub(super) skip_empty: bool,
    #[command(flatten)]
    pub(super) adapter: AdapterChoice,
    /// JSON on one line, without a progress bar
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct CostChoice {
    /// Cost matrix: [n, m] for all problems, or [k, n, m], one each; inf where nothing may be moved (.npy)
    #[arg(long, value_name = "C.npy")]
    pub(super) cost: Option<PathBuf>,
    /// Cost between the pixels of a grid, as in 28x28: rows, then columns, then depth; squared Euclidean distance in the
    /// unit square unless more is said
    #[arg(long, value_name = "HxW[xD]", value_parser = axes)]
    pub(super) grid: Option<Axes>,
    /// Cost between points, squared Euclidean distance unless more is said; A and B are clouds
    #[arg(long)]
    pub(super) points: bool,
}

#[derive(Debug, clap::Args)]
struct GroundChoice {
    /// Distance from pixel to pixel, one for all axes of the grid or one each [default: every axis spans [0, 1]]
    #[arg(long, value_name = "S[,S[,S]]", value_delimiter = ',', allow_hyphen_values = true)]
    spacing: Option<Vec<f64>>,
    /// P of the cost: between points the Euclidean distance to the P, between pixels the sum over the axes of |x − y|^P
    /// [default: 2]
    #[arg(long, value_name = "P", value_parser = exponent, allow_hyphen_values = true)]
    cost_exponent: Option<f64>,
    /// The cost between points is one less the cosine of their angle
    #[arg(long, conflicts_with = "cost_exponent")]
    cosine: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Regularisation {
    /// Regularisation, in units of the cost
    #[arg(long, value_name = "E", value_parser = positive, allow_hyphen_values = true)]
    epsilon: Option<f64>,
    /// Regularisation, times the standard deviation of the cost's entries; "epsilon" says what it is in units of the cost
    #[arg(long, value_name = "R", value_parser = positive, allow_hyphen_values = true)]
    relative_epsilon: Option<f64>,
}

#[derive(Debug, clap::Args)]
struct MarginalChoice {
    /// Mass may be made and lost, at this price in units of the cost; inf for a side that must be met
    #[arg(
        long,
        value_name = "R",
        value_parser = reach,
        allow_hyphen_values = true,
        conflicts_with_all = ["reach_source", "reach_target", "mass"]
    )]
    reach: Option<f64>,
    /// The same of the source alone [default: inf]
    #[arg(
        long,
        value_name = "R",
        value_parser = reach,
        allow_hyphen_values = true,
        conflicts_with = "mass"
    )]
    reach_source: Option<f64>,
    /// The same of the target alone [default: inf]
    #[arg(
        long,
        value_name = "R",
        value_parser = reach,
        allow_hyphen_values = true,
        conflicts_with = "mass"
    )]
    reach_target: Option<f64>,
    /// So much mass is moved, and the rest of both sides stays
    #[arg(long, value_name = "M", value_parser = positive, allow_hyphen_values = true)]
    mass: Option<f64>,
}

#[derive(Debug, clap::Args)]
struct SolverChoice {
    /// L1 marginal error to stop at [default: 1e-5, in double precision 1e-10]
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    tolerance: Option<f64>,
    /// Iterations after which a problem is given up
    #[arg(long, value_name = "N", default_value_t = 2000, allow_hyphen_values = true)]
    max_iterations: u32,
    /// Keep the regularisation as it is from the first iteration on
    #[arg(long)]
    no_annealing: bool,
    /// Digits asked for
    #[arg(long, value_enum, default_value_t = Digit::Single)]
    precision: Digit,
}

/// Where what is beside the report goes; nowhere where a problem did not converge, unless that is allowed.
#[derive(Debug, clap::Args)]
pub(super) struct OutputChoice {
    /// Write the plans, float64 of shape [n, m], or [k, n, m] of several problems
    #[arg(long, value_name = "OUT.npy")]
    pub(super) plan: Option<PathBuf>,
    /// Write f [n] and g [m], or [k, n] and [k, m], in units of the cost: P = a b exp((f + g − C)/ε); with --mass also the
    /// multiplier, which is added to f + g
    #[arg(long, value_name = "OUT.npz")]
    pub(super) potentials: Option<PathBuf>,
    /// Write the K largest entries of every row of the plans: indices and values, [n, K] or [k, n, K]
    #[arg(long, value_names = ["K", "OUT.npz"], num_args = 2, allow_negative_numbers = true)]
    top_k: Option<Vec<PathBuf>>,
}

fn number(text: &str, fits: impl Fn(f64) -> bool, needed: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if fits(value) => Ok(value),
        Ok(_) => Err(format!("must be {needed}")),
        Err(error) => Err(error.to_string()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, |value| value.is_finite() && value > 0.0, "a finite number above zero")
}

fn exponent(text: &str) -> Result<f64, String> {
    number(text, |value| value.is_finite() && value >= 1.0, "a finite number from 1 on")
}

fn reach(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0, "above zero; inf for a side that must be met")
}

/// Pixels along every axis.
#[derive(Debug, Clone)]
pub(super) struct Axes(pub(super) Vec<usize>);

fn axes(text: &str) -> Result<Axes, String> {
    let axes = text.split(['x', '×']).map(|side| side.parse().ok().filter(|&n: &usize| n > 0));
    let axes: Option<Vec<usize>> = axes.collect();
    axes.filter(|axes| (2..=3).contains(&axes.len()))
        .map(Axes)
        .ok_or_else(|| "must be HEIGHTxWIDTH or HEIGHTxWIDTHxDEPTH, such as 28x28".into())
}

impl Arguments {
    /// That options are for the cost that is asked for: clap does not look at those of a group that already has another.
    pub(super) fn check(&self) -> Outcome<()> {
        let GroundChoice { spacing, cost_exponent, cosine } = &self.ground;
        let chosen = match &self.cost {
            CostChoice { cost: Some(_), .. } => "--cost",
            CostChoice { grid: Some(_), .. } => "--grid",
            _ => "--points",
        };
        for (option, is_given, places) in [
            ("--spacing", spacing.is_some(), &["--grid"][..]),
            ("--cost-exponent", cost_exponent.is_some(), &["--grid", "--points"]),
            ("--cosine", *cosine, &["--points"]),
            ("--weights", self.weights.is_some(), &["--points"]),
        ] {
            if is_given && !places.contains(&chosen) {
                let places = places.join(" and ");
                return Err(Failure::new(format_args!(
                    "{option} is for {places}, not for {chosen}"
                )));
            }
        }
        self.top_k().map(|_| ())
    }

    pub(super) fn spacing(&self) -> Option<&[f64]> {
        self.ground.spacing.as_deref()
    }

    pub(super) fn exponent(&self) -> Option<f64> {
        self.ground.cost_exponent
    }

    pub(super) fn ground(&self) -> GroundCost {
        match (self.ground.cosine, self.ground.cost_exponent) {
            (true, _) => GroundCost::Cosine,
            (false, None | Some(2.0)) => GroundCost::SquaredEuclidean,
            (false, Some(exponent)) => GroundCost::Power(exponent),
        }
    }

    /// Where the weights of the points of either side are.
    pub(super) fn weights(&self) -> [Option<&Path>; 2] {
        match self.weights.as_deref() {
            Some([source, target]) => [Some(source), Some(target)],
            _ => [None, None],
        }
    }

    /// None of balanced transport between rows that are divided by their masses.
    pub(super) fn marginals(&self) -> Option<Marginals> {
        let MarginalChoice { reach, reach_source, reach_target, mass } = self.marginals;
        match (mass, reach, reach_source, reach_target) {
            (Some(mass), ..) => Some(Marginals::Partial { mass }),
            (_, Some(reach), ..) => Some(Marginals::Unbalanced { source: reach, target: reach }),
            (_, _, None, None) => None,
            (_, _, source, target) => Some(Marginals::Unbalanced {
                source: source.unwrap_or(f64::INFINITY),
                target: target.unwrap_or(f64::INFINITY),
            }),
        }
    }

    pub(super) fn mass(&self) -> Option<f64> {
        self.marginals.mass
    }

    /// Whether both sides are held alike to their weights.
    pub(super) fn marginals_are_alike(&self) -> bool {
        match self.marginals() {
            Some(Marginals::Unbalanced { source, target }) => source == target,
            _ => true,
        }
    }

    /// Whether A and B are one file, and so are their weights.
    pub(super) fn sides_are_one(&self) -> bool {
        let is_one = |a: &Path, b: &Path| {
            let found = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
            a == b || found(a) == found(b)
        };
        let weights = match self.weights() {
            [Some(a), Some(b)] => is_one(a, b),
            _ => true,
        };
        is_one(&self.source, &self.target) && weights
    }

    pub(super) fn epsilon_is_relative(&self) -> bool {
        self.regularisation.relative_epsilon.is_some()
    }

    pub(super) fn tolerance(&self) -> f64 {
        let SolverChoice { tolerance, precision, .. } = self.solver;
        tolerance.unwrap_or(Precision::from(precision).tolerance())
    }

    /// Without a word on progress.
    pub(super) fn solver(&self) -> Outcome<Sinkhorn> {
        let Regularisation { epsilon, relative_epsilon } = self.regularisation;
        let epsilon = epsilon.map(Epsilon::Absolute).or(relative_epsilon.map(Epsilon::Relative));
        let missing = || Failure::new("one of --epsilon and --relative-epsilon is needed");
        let SolverChoice { max_iterations, no_annealing, precision, .. } = self.solver;
        let solver = Sinkhorn::new(epsilon.ok_or_else(missing)?)
            .tolerance(self.tolerance())
            .max_iterations(max_iterations)
            .precision(precision.into());
        Ok(if no_annealing { solver.without_annealing() } else { solver })
    }

    /// How many entries of a row, and where they go.
    pub(super) fn top_k(&self) -> Outcome<Option<(usize, &Path)>> {
        let Some([count, path]) = self.outputs.top_k.as_deref() else { return Ok(None) };
        let number = count.to_str().and_then(|text| text.parse().ok()).filter(|k| *k > 0);
        match number {
            Some(number) => Ok(Some((number, path))),
            None => Err(Failure::new(format_args!(
                "--top-k: '{}' is not a whole number from 1 on",
                count.display()
            ))),
        }
    }

    /// The library names its arguments; a command line has files and options.
    pub(super) fn explain(&self, error: Error) -> Failure {
        let Error::InvalidInput { argument, .. } = &error else { return Failure::from(error) };
        let option = match *argument {
            "source" => return Failure::about(&self.source, error),
            "target" => return Failure::about(&self.target, error),
            "cost" => match &self.cost.cost {
                Some(path) => return Failure::about(path, error),
                None => "--grid".into(),
            },
            "exponent" => "--cost-exponent".into(),
            "geometry" => "--divergence".into(),
            "epsilon" if self.epsilon_is_relative() => "--relative-epsilon".into(),
            name => format!("--{}", name.replace('_', "-")),
        };
        Failure::new(format_args!("{option}: {error}"))
    }
}
