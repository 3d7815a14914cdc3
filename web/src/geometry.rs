//! The cost between bins, as a page describes it: a matrix, points, or a grid.

use crate::arguments::{Options, count, list, numbers, one_of};
use crate::failure::Failure;
use crate::numbers::{Numbers, check_room, is_typed_array, with_slice};
use kantor::{Backend, Geometry, Grid, GroundCost, Problem};
use wasm_bindgen::prelude::*;

/// Axes that a grid has at most.
const MOST_AXES: u32 = 3;

/// A geometry, and what is known of it besides.
pub(crate) struct Described {
    pub(crate) geometry: Geometry,
    /// Whether every problem has clouds of its own.
    pub(crate) own: bool,
    /// Whether its costs are kept, n×m of them.
    kept: bool,
}

impl Described {
    /// One matrix for all problems, or one for each of a batch, by its length.
    pub(crate) fn of_matrix(
        cost: &Numbers,
        (n, m): (usize, usize),
        batch: usize,
    ) -> Result<Described, Failure> {
        let shared = n.checked_mul(m).is_some_and(|cells| cells == cost.len());
        let geometry = with_slice!(cost, cost => if shared || batch == 1 {
            Geometry::cost_matrix(cost, n, m)
        } else {
            Geometry::cost_matrices(cost, batch, n, m)
        })?;
        Ok(Described { geometry, own: false, kept: true })
    }

    /// What a solve takes of the module's memory besides its input, about: the twin holds costs and plans in f64, a
    /// device what is on its way to it.
    pub(crate) fn working_bytes(&self, problem: &Problem, backend: Backend) -> usize {
        let (n, m) = self.geometry.shape();
        if self.kept {
            let bytes = if backend == Backend::Cpu { 24 } else { 12 };
            return n.saturating_mul(m).saturating_mul(bytes);
        }
        (n + m).saturating_mul(problem.len()).saturating_mul(16)
    }
}

/// What kind of cost it is, and all that says which.
pub(crate) enum Ground {
    Matrix(Numbers),
    Points(Points),
    Grid(Axes),
}

impl Ground {
    /// With the sizes of pictures that weights come from, which are a grid unless something else is given.
    pub(crate) fn read(options: &Options, pictures: &[[usize; 2]]) -> Result<Ground, Failure> {
        let points = options.get("points")?;
        let grid = options.get("grid")?;
        let cost = options.get("cost")?;
        let (ground, others): (Ground, &[&str]) = match (points, grid, cost) {
            (Some(points), _, cost) => {
                let points = Points::read(options, &points, cost)?;
                (Ground::Points(points), &["grid", "spacing", "exponent"])
            }
            (None, Some(grid), _) => {
                let grid = Axes::read(options, Some(&grid), pictures)?;
                (Ground::Grid(grid), &["cost", "dimensions"])
            }
            (None, None, Some(cost)) => (
                Ground::Matrix(Numbers::read("cost", &cost)?),
                &["dimensions", "spacing", "exponent"],
            ),
            (None, None, None) if !pictures.is_empty() => {
                (Ground::Grid(Axes::read(options, None, pictures)?), &["dimensions"])
            }
            (None, None, None) => {
                let reason = "is missing, and so are points and a grid";
                return Err(Failure::argument("cost", reason));
            }
        };
        for name in others {
            if options.get(name)?.is_some() {
                return Err(Failure::argument(*name, format!("is not of {}", ground.kind())));
            }
        }
        Ok(ground)
    }

    fn kind(&self) -> &'static str {
        match self {
            Ground::Matrix(_) => "a matrix of costs",
            Ground::Points(_) => "points",
            Ground::Grid(_) => "a grid",
        }
    }
}

/// Clouds of points of either side.
pub(crate) struct Points {
    source: Vec<f64>,
    /// None: those of the source.
    target: Option<Vec<f64>>,
    dimensions: usize,
    cost: GroundCost,
}

impl Points {
    fn read(options: &Options, points: &JsValue, cost: Option<JsValue>) -> Result<Points, Failure> {
        let dimensions = options.count("dimensions")?;
        let dimensions = dimensions.ok_or_else(|| Failure::argument("dimensions", "is missing"))?;
        let cost = cost.map_or(Ok(GroundCost::default()), |cost| read_ground_cost(&cost))?;
        let (source, target) = if is_typed_array(points) {
            (Numbers::read("points", points)?.into_f64(), None)
        } else {
            let clouds = list("points", points, 2)?;
            let [source, target] = &clouds[..] else {
                let reason = format!(
                    "has {} clouds, not that of the source and that of the target",
                    clouds.len()
                );
                return Err(Failure::argument("points", reason));
            };
            let source = Numbers::read("points[0]", source)?.into_f64();
            (source, Some(Numbers::read("points[1]", target)?.into_f64()))
        };
        Ok(Points { source, target, dimensions: dimensions as usize, cost })
    }

    /// With so many weights on either side, where there are some, of all problems of a batch.
    pub(crate) fn between(
        &self,
        weights: [Option<usize>; 2],
        batch: usize,
    ) -> Result<Described, Failure> {
        let Points { source, target, dimensions, cost } = self;
        let (dimensions, target) = (*dimensions, target.as_ref().unwrap_or(source));
        let own = batch != 1 && self.are_own(weights, batch)?;
        let geometry = match own {
            true => Geometry::clouds(source, target, batch, dimensions, *cost),
            false => Geometry::points(source, target, dimensions, *cost),
        };
        let names = [
            ("source", "points[0]"),
            ("target", if self.target.is_some() { "points[1]" } else { "points[0]" }),
            ("exponent", "cost.power"),
        ];
        let geometry = geometry.map_err(|error| Failure::renamed(error, &names))?;
        Ok(Described { geometry, own, kept: false })
    }

    /// Whether there is a pair of clouds for every problem of a batch: as many weights as points; or one pair for all.
    fn are_own(&self, weights: [Option<usize>; 2], batch: usize) -> Result<bool, Failure> {
        let target = self.target.as_ref().unwrap_or(&self.source);
        let mut found = [None; 2];
        for (side, points) in [&self.source, target].into_iter().enumerate() {
            let points = points.len() / self.dimensions.max(1);
            let Some(weights) = weights[side] else { continue };
            found[side] = Some(weights == points);
            if weights != points && Some(weights) != points.checked_mul(batch) {
                let reason = format!(
                    "has {weights} weights for {points} points: one for each, or batch {batch} for each"
                );
                return Err(Failure::argument(["source", "target"][side], reason));
            }
        }
        match found {
            [Some(source), Some(target)] if source != target => {
                let reason =
                    "has one cloud for all problems on one side, and one for each on the other";
                Err(Failure::argument("points", reason))
            }
            [source, target] => Ok(source.or(target).unwrap_or(true)),
        }
    }
}

/// `'squared'`, `'half-squared'`, `'cosine'` or `{ power }`.
fn read_ground_cost(cost: &JsValue) -> Result<GroundCost, Failure> {
    if cost.is_object() && !is_typed_array(cost) {
        return Ok(GroundCost::Power(
            Options::read("cost", cost, &["power"])?.required_number("power")?,
        ));
    }
    let words = [
        ("squared", GroundCost::SquaredEuclidean),
        ("half-squared", GroundCost::HalfSquaredEuclidean),
        ("cosine", GroundCost::Cosine),
    ];
    one_of("cost", cost, &words)
}

/// A grid, which is made once the weights are known to be its own.
pub(crate) struct Axes {
    axes: Vec<usize>,
    grid: Grid,
}

impl Axes {
    fn read(
        options: &Options,
        axes: Option<&JsValue>,
        pictures: &[[usize; 2]],
    ) -> Result<Axes, Failure> {
        let axes: Vec<usize> = match (axes, pictures) {
            (Some(axes), _) => {
                let axes = numbers("grid", axes, MOST_AXES)?;
                let counted = |axis: f64| Ok(count("grid", axis)? as usize);
                axes.into_iter().map(counted).collect::<Result<_, Failure>>()?
            }
            (None, [first, ..]) => first.to_vec(),
            (None, []) => return Err(Failure::argument("grid", "is missing")),
        };
        for [height, width] in pictures {
            if axes != [*height, *width] {
                let reason = format!(
                    "is {axes:?}, but there is a picture of {height} rows and {width} columns"
                );
                return Err(Failure::argument("grid", reason));
            }
        }
        let mut grid = Grid::new(&axes);
        if let Some(spacing) = options.get("spacing")? {
            grid = grid.spacing(&match spacing.as_f64() {
                Some(step) => vec![step],
                None => numbers("spacing", &spacing, MOST_AXES)?,
            });
        }
        if let Some(exponent) = options.number("exponent")? {
            grid = grid.exponent(exponent);
        }
        Ok(Axes { axes, grid })
    }

    /// With weights in these arguments, so many.
    pub(crate) fn between(&self, weights: &[(&str, usize)]) -> Result<Described, Failure> {
        // Before the axes are laid out: those that no weights go with may be of any length.
        let pixels = self.axes.iter().try_fold(1usize, |product, n| product.checked_mul(*n));
        for (argument, weights) in weights {
            if pixels.is_some_and(|pixels| pixels > *weights) {
                let reason = format!(
                    "has {weights} weights, fewer than a grid of {:?} has pixels",
                    self.axes
                );
                return Err(Failure::argument(*argument, reason));
            }
        }
        let longest = self.axes.iter().copied().max().unwrap_or(0);
        check_room("grid", longest.saturating_mul(24))?;
        Ok(Described { geometry: Geometry::grid(&self.grid)?, own: false, kept: false })
    }
}
