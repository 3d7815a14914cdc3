//! The cost between bins.

mod cost;
mod costs;
mod deviation;
mod grid;
mod ground;
mod places;
mod points;
mod reduce;
mod reduction;

pub use grid::Grid;
pub use ground::GroundCost;

pub(crate) use cost::{Cost, filler};
pub(crate) use costs::TwinCosts;
pub(crate) use grid::AxisCosts;
pub(crate) use places::Places;
pub(crate) use points::{Cloud, Points};
pub(crate) use reduction::Reduction;

use crate::error::{Error, Result};
use crate::gpu::Tensor;
use crate::number::Element;
use crate::parallel::{fill, padded_rows};
use crate::reserve::{product, zeroed};
use crate::wait::blocking;
use cost::{SMALLEST_AS_IT_IS, words_of};
use std::sync::Arc;

/// The cost between n source bins and m target bins, shared by a batch or one
/// matrix per problem.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::Geometry;
/// let cost = [0.0f32, 1.0, 1.0, 0.0];
/// let geometry = Geometry::cost_matrix(&cost, 2, 2)?;
/// assert_eq!(geometry.shape(), (2, 2));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Geometry {
    pub(crate) cost: Cost,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Number of matrices; `None`: one for every problem.
    pub(crate) batch: Option<usize>,
    /// Largest absolute value.
    pub(crate) magnitude: f64,
    /// Taken out of the cost before it is rounded to device precision: a constant
    /// changes no plan, but a large one would eat the digits of the exponents.
    pub(crate) offset: f64,
    /// Largest absolute value without the offset: what ε is measured against.
    pub(crate) spread: f64,
    /// Least value without the offset.
    pub(crate) least: f64,
    /// Taken out of rows and columns instead of an offset, for a solve.
    pub(crate) reduction: Option<Reduction>,
}

impl Geometry {
    /// One row-major n×m cost matrix for all problems of a batch. Any finite
    /// values, and infinity between bins that may not be coupled: there the plan is 0. f64 values keep their low words in
    /// double precision.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a wrong length, no elements, or a value that is NaN, negative infinity, or finite but
    /// not so in f32, with its row and column.
    pub fn cost_matrix<T: Element>(cost: &[T], n: usize, m: usize) -> Result<Geometry> {
        Geometry::from_values(cost, None, n, m)
    }

    /// One cost matrix per problem: `batch` row-major n×m matrices in a row.
    ///
    /// # Errors
    /// As [`Geometry::cost_matrix`]; the row counts through the whole batch.
    pub fn cost_matrices<T: Element>(
        costs: &[T],
        batch: usize,
        n: usize,
        m: usize,
    ) -> Result<Geometry> {
        Geometry::from_values(costs, Some(batch), n, m)
    }

    fn from_values<T: Element>(
        cost: &[T],
        batch: Option<usize>,
        n: usize,
        m: usize,
    ) -> Result<Geometry> {
        check_size(cost.len(), batch, n, m)?;
        let (mut words, mut unit) = (words_of(cost, 1.0, m)?, 1.0);
        if words.magnitude() > 0.0 && words.magnitude() < SMALLEST_AS_IT_IS {
            unit = (-words.magnitude().log2().floor()).min(1000.0).exp2();
            words = words_of(cost, unit, m)?;
        }
        let (least, most, magnitude) = (words.least, words.most, words.magnitude());
        let range = most - least;
        // Only where it dominates; else small costs would lose digits of their own.
        let offset = if least > range {
            least
        } else if -most > range {
            most
        } else {
            0.0
        };
        let spread = if offset == 0.0 { magnitude } else { range };
        let low = (!words.low.is_empty()).then(|| Arc::new(words.low));
        Ok(Geometry {
            cost: Cost::Host { high: Arc::new(words.high), low, unit, forbidden: words.forbidden },
            rows: n,
            columns: m,
            batch,
            magnitude,
            offset,
            spread,
            least: least - offset,
            reduction: None,
        })
    }

    /// One cost matrix that is already on the device, shape `[n, m]`. It stays
    /// where it is and is never written.
    ///
    /// The values are read back once to be checked: WGSL may assume that there
    /// is no NaN, so a bad cost must not reach a kernel.
    ///
    /// # Errors
    /// As [`Geometry::cost_matrix`], and [`Error::Readback`].
    pub async fn cost_tensor(cost: &Tensor) -> Result<Geometry> {
        let &[n, m] = cost.shape() else {
            return Err(Error::invalid("cost", format!("shape {:?} is not [n, m]", cost.shape())));
        };
        let mut geometry = Geometry::cost_matrix(&cost.read().await?, n, m)?;
        if cost.part().is_some() {
            geometry.cost = Cost::Device(cost.clone());
            geometry.least += geometry.offset;
            geometry.offset = 0.0;
            geometry.spread = geometry.magnitude;
        }
        Ok(geometry)
    }

    /// The cost between the pixels of a regular grid. Where that is less work, a solve goes along one axis after the other:
    /// n (n₁ + n₂) exponentials a half iteration of n = n₁ n₂ pixels, not n², and nothing n×n in memory.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with `grid`, `spacing` or `exponent`: no axis or more than three, no pixels, 2³² and more, an
    /// axis of more than 2²⁴, a spacing that is not finite and above zero or not one for all axes or for each, an exponent
    /// below 1, costs that leave f32.
    pub fn grid(grid: &Grid) -> Result<Geometry> {
        let pixels = grid.pixels()?;
        let costs = grid.costs()?;
        let most = costs.most();
        Ok(Geometry::from_zero(Cost::Grid(costs), (pixels, pixels), None, most))
    }

    /// Costs between n source points and m target points of d dimensions, row-major, n×d and m×d. No matrix of them is
    /// kept: they are made where they are needed.
    ///
    /// ```
    /// # fn main() -> kantor::Result<()> {
    /// use kantor::{Geometry, GroundCost};
    /// let geometry = Geometry::points(&[0.0, 0.0, 1.0, 0.0], &[3.0, 4.0], 2, GroundCost::Power(1.0))?;
    /// assert_eq!(geometry.shape(), (2, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with `source`, `target`, `dimensions` or `exponent`: lengths that are no positive multiple
    /// of d, coordinates that are not finite in f32, d outside \[1, 4096\], p below 1, costs that leave f32, a direction
    /// of a point at the origin.
    pub fn points<S: Element, T: Element>(
        source: &[S],
        target: &[T],
        dimensions: usize,
        ground: GroundCost,
    ) -> Result<Geometry> {
        let n = count("source", source.len(), dimensions, 1)?;
        let m = count("target", target.len(), dimensions, 1)?;
        let points = Points::new((source, vec![0, n]), (target, vec![0, m]), dimensions, ground)?;
        let most = points.most;
        Ok(Geometry::from_zero(Cost::Points(points), (n, m), None, most))
    }

    /// A pair of clouds for every problem of a batch, all of n and of m points: `batch` clouds in a row on either side.
    ///
    /// # Errors
    /// As [`Geometry::points`], for lengths that are no positive multiple of batch times d.
    pub fn clouds<S: Element, T: Element>(
        source: &[S],
        target: &[T],
        batch: usize,
        dimensions: usize,
        ground: GroundCost,
    ) -> Result<Geometry> {
        let n = count("source", source.len(), dimensions, batch)?;
        let m = count("target", target.len(), dimensions, batch)?;
        let offsets = |size: usize| (0..=batch).map(|k| k * size).collect::<Vec<usize>>();
        let sides = ((source, offsets(n)), (target, offsets(m)));
        let points = Points::new(sides.0, sides.1, dimensions, ground)?;
        let most = points.most;
        Ok(Geometry::from_zero(Cost::Points(points), (n, m), Some(batch), most))
    }

    /// Of costs from 0 to `most`.
    fn from_zero(
        cost: Cost,
        (rows, columns): (usize, usize),
        batch: Option<usize>,
        most: f64,
    ) -> Geometry {
        Geometry {
            cost,
            rows,
            columns,
            batch,
            magnitude: most,
            offset: 0.0,
            spread: most,
            least: 0.0,
            reduction: None,
        }
    }

    /// The costs between bins of the source, and between bins of the target.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with `geometry`, of a cost that says nothing of them.
    pub(crate) fn within(&self) -> Result<[Geometry; 2]> {
        if let Cost::Points(points) = &self.cost {
            let of = |cloud: &Cloud, size: usize| {
                let cost = Cost::Points(points.within(cloud));
                Geometry { cost, rows: size, columns: size, ..self.clone() }
            };
            return Ok([of(&points.source, self.rows), of(&points.target, self.columns)]);
        }
        if !self.is_symmetric() {
            let reason = "a matrix that is not square and symmetric does not say what is between two bins of one side";
            return Err(Error::invalid("geometry", reason));
        }
        Ok([self.clone(), self.clone()])
    }

    /// What a batch has one of for every problem, for messages.
    pub(crate) fn of_a_batch(&self) -> &'static str {
        if matches!(self.cost, Cost::Points(_)) { "pairs of clouds" } else { "cost matrices" }
    }

    /// Whether the cost from i to j is that from j to i, as far as is known.
    pub(crate) fn is_symmetric(&self) -> bool {
        match &self.cost {
            Cost::Grid(_) => true,
            Cost::Points(points) => points.is_symmetric(),
            Cost::Host { high, low, .. } => {
                let (n, m) = (self.rows, self.columns);
                let is = |words: &[f32]| {
                    words.chunks_exact(n * m).all(|matrix| {
                        (0..n).all(|i| (0..i).all(|j| matrix[i * m + j] == matrix[j * m + i]))
                    })
                };
                n == m && is(high) && low.as_ref().is_none_or(|low| is(low))
            }
            Cost::Device(_) => false,
        }
    }

    /// Squared Euclidean distances between the pixel centres of a `height`×`width`
    /// image spanning the unit square: pixel (r, c) lies at (r/(height−1), c/(width−1)),
    /// a single row or column at 0. [`Geometry::grid`] of [`Grid::new`].
    ///
    /// # Errors
    /// As [`Geometry::grid`].
    pub fn squared_euclidean_grid(height: usize, width: usize) -> Result<Geometry> {
        Geometry::grid(&Grid::new(&[height, width]))
    }

    /// The costs in f64 less `offset`, all matrices one after the other.
    pub(crate) async fn read(&self, offset: f64) -> Result<Vec<f64>> {
        if let Cost::Device(tensor) = &self.cost {
            return Ok(tensor.read().await?.into_iter().map(|c| f64::from(c) - offset).collect());
        }
        let matrices = self.batch.unwrap_or(1);
        let cells = product("the cost (values)", &[matrices, self.rows, self.columns])?;
        let mut values = zeroed("the cost in f64", cells)?;
        let rows = self.cost.rows(self.columns, offset, self.reduction.as_ref());
        fill(&mut values, |first, place| {
            padded_rows(first, place, (self.columns, self.columns), |row, columns, place| {
                rows.each(row, columns, filler(place));
            });
        });
        Ok(values)
    }

    /// (n, m): source bins, target bins.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// The largest absolute cost: the scale ε is measured against.
    pub fn magnitude(&self) -> f64 {
        self.magnitude
    }
}

blocking! {
    impl Geometry {
        cost_tensor => cost_tensor_blocking(cost: &Tensor) -> Result<Geometry>;
    }
}

/// Points of one of `batch` clouds of so many numbers in all.
fn count(argument: &'static str, numbers: usize, dimensions: usize, batch: usize) -> Result<usize> {
    let each = dimensions.saturating_mul(batch);
    if each == 0 || numbers == 0 || !numbers.is_multiple_of(each) {
        let reason = format!(
            "{numbers} numbers are not a positive number of points of {dimensions} in each of {batch} clouds"
        );
        return Err(Error::invalid(argument, reason));
    }
    Ok(numbers / each)
}

fn check_size(length: usize, batch: Option<usize>, n: usize, m: usize) -> Result<()> {
    let shape = match batch {
        Some(batch) => format!("{batch}×{n}×{m}"),
        None => format!("{n}×{m}"),
    };
    let expected = n.checked_mul(m).and_then(|cells| cells.checked_mul(batch.unwrap_or(1)));
    match expected {
        Some(0) => Err(Error::invalid("cost", format!("{shape} has no elements"))),
        Some(expected) if expected == length => Ok(()),
        _ => Err(Error::invalid("cost", format!("has {length} elements, the shape is {shape}"))),
    }
}
