//! `--cost`, `--grid` and `--points`: what is between the measures, and that the files fit it.

use super::arguments::{Arguments, Axes};
use super::clouds;
use super::rows::{Rows, fits};
use super::side::Side;
use crate::failure::{Failure, Outcome};
use crate::npy::{self, Array, Values};
use kantor::{Geometry, Grid, GroundCost};
use std::path::Path;

/// What is between the measures of every problem.
#[derive(Debug)]
pub(super) enum Ground {
    /// The same in all.
    Shared {
        geometry: Geometry,
        /// Entries of the cost that a sweep looks at.
        work: usize,
        /// Whether the way from a bin to another costs what the way back does.
        symmetric: bool,
    },
    /// A matrix each, n×m.
    Matrices { values: Values, count: usize, n: usize, m: usize },
    /// Clouds each, of the sides.
    Clouds(GroundCost),
}

/// Reads what is asked for, and the measures of both sides. Shapes are compared before any numbers are read.
pub(super) fn read(arguments: &Arguments) -> Outcome<(Ground, [Side; 2])> {
    match (&arguments.cost.cost, &arguments.cost.grid) {
        (Some(path), _) => matrix(arguments, path),
        (None, Some(axes)) => grid(arguments, axes),
        (None, None) => points(arguments),
    }
}

fn matrix(arguments: &Arguments, path: &Path) -> Outcome<(Ground, [Side; 2])> {
    let cost = npy::open(path)?;
    let (count, n, m) = match *cost.shape() {
        [n, m] => (None, n, m),
        [k, n, m] => (Some(k), n, m),
        _ => {
            let reason = format!("its shape {:?} is not [n, m] or [k, n, m]", cost.shape());
            return Err(Failure::about(path, reason));
        }
    };
    let sides = weights(arguments, [n, m], |[a, b]| {
        fits(&arguments.source, a, n)?;
        fits(&arguments.target, b, m)
    })?;
    let values = cost.read()?.values;
    let Some(count) = count else {
        let geometry = npy::with_slice!(values, slice => Geometry::cost_matrix(slice, n, m))
            .map_err(|error| arguments.explain(error))?;
        let symmetric = n == m && npy::with_slice!(values, slice => equals_transpose(slice, n));
        return Ok((Ground::Shared { geometry, work: n * m, symmetric }, sides));
    };
    Ok((Ground::Matrices { values, count, n, m }, sides))
}

fn equals_transpose<T: PartialEq>(values: &[T], n: usize) -> bool {
    (0..n).all(|i| (0..i).all(|j| values[i * n + j] == values[j * n + i]))
}

fn grid(arguments: &Arguments, Axes(axes): &Axes) -> Outcome<(Ground, [Side; 2])> {
    let pixels = pixels(axes)?;
    let sides = weights(arguments, [pixels; 2], |[a, b]| {
        of_grid(&arguments.source, a, axes, pixels)?;
        of_grid(&arguments.target, b, axes, pixels)
    })?;
    let mut grid = Grid::new(axes);
    if let Some(spacing) = arguments.spacing() {
        grid = grid.spacing(spacing);
    }
    if let Some(exponent) = arguments.exponent() {
        grid = grid.exponent(exponent);
    }
    let geometry = Geometry::grid(&grid).map_err(|error| arguments.explain(error))?;
    let work = geometry.shape().0.saturating_mul(axes.iter().sum());
    Ok((Ground::Shared { geometry, work, symmetric: true }, sides))
}

/// Rows of so many weights of either side, once their shapes are found to fit.
fn weights(
    arguments: &Arguments,
    [n, m]: [usize; 2],
    fit: impl Fn([&[usize]; 2]) -> Outcome<()>,
) -> Outcome<[Side; 2]> {
    let [source, target] = [&arguments.source, &arguments.target];
    let (a, b) = (npy::open(source)?, npy::open(target)?);
    fit([a.shape(), b.shape()])?;
    let side =
        |path: &Path, array: Array, bins| Side::of_weights(Rows::even(path, array.values, bins, 1));
    Ok([side(source, a.read()?, n), side(target, b.read()?, m)])
}

/// 28x28, for messages.
fn by(axes: &[usize]) -> String {
    axes.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

fn pixels(axes: &[usize]) -> Outcome<usize> {
    let pixels = axes.iter().try_fold(1usize, |pixels, side| pixels.checked_mul(*side));
    pixels
        .filter(|&n| u32::try_from(n).is_ok())
        .ok_or_else(|| Failure::new(format_args!("--grid: {} is too large", by(axes))))
}

/// That a file has the pixels of a grid. The axes of a file that has several end with the grid's, or in one of all
/// its pixels; those before are rows.
fn of_grid(path: &Path, shape: &[usize], axes: &[usize], pixels: usize) -> Outcome<()> {
    if shape.ends_with(axes) || shape.last() == Some(&pixels) {
        return Ok(());
    }
    let reason = match shape.len().checked_sub(axes.len()) {
        Some(rows) if rows > 0 => {
            format!("its images are {}, --grid is {}", by(&shape[rows..]), by(axes))
        }
        _ => {
            fits(path, shape, pixels)?;
            format!("its shape {shape:?} ends neither with {} nor with {pixels}", by(axes))
        }
    };
    Err(Failure::about(path, reason))
}

fn points(arguments: &Arguments) -> Outcome<(Ground, [Side; 2])> {
    let [weights_a, weights_b] = arguments.weights();
    let source = clouds::read(&arguments.source, weights_a)?;
    let target = clouds::read(&arguments.target, weights_b)?;
    let [a, b] = [&source, &target].map(|clouds| clouds.points.width());
    if a != b {
        let reason = format!(
            "its points have {b} dimensions, those of {} have {a}",
            arguments.source.display()
        );
        return Err(Failure::about(&arguments.target, reason));
    }
    let ground = Ground::Clouds(arguments.ground());
    Ok((ground, [Side::of_clouds(source), Side::of_clouds(target)]))
}
