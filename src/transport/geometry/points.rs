//! Clouds of points, whose costs are never kept.

use super::ground::GroundCost;
use crate::error::{Error, Result};
use crate::number::Element;
use crate::parallel::map_rows;
use crate::reserve::zeroed;
use std::ops::Range;
use std::sync::Arc;

/// Dimensions of points at most.
pub(crate) const MOST_DIMENSIONS: usize = 4096;

/// Points of all clouds of one side, one after the other, as they were given less the centre; of directions without their
/// lengths.
#[derive(Clone)]
pub(crate) struct Cloud {
    /// Row-major, d a point.
    pub(crate) values: Arc<Vec<f64>>,
    /// First point of every cloud, and the end.
    pub(crate) offsets: Arc<Vec<usize>>,
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cloud({} numbers)", self.values.len())
    }
}

impl Cloud {
    /// Points of cloud number `k`.
    pub(crate) fn range(&self, k: usize) -> Range<usize> {
        self.offsets[k]..self.offsets[k + 1]
    }

    /// The cloud that a point is of.
    pub(crate) fn of_point(&self, point: usize) -> usize {
        self.offsets.partition_point(|first| *first <= point).saturating_sub(1)
    }
}

/// Both sides, and the cost between them.
#[derive(Debug, Clone)]
pub(crate) struct Points {
    pub(crate) source: Cloud,
    pub(crate) target: Cloud,
    pub(crate) dimensions: usize,
    pub(crate) ground: GroundCost,
    /// No cost is larger.
    pub(crate) most: f64,
}

impl Points {
    /// Of numbers [N, d] of either side, whose clouds begin at the offsets.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with `source`, `target`, `dimensions` or `exponent`.
    pub(super) fn new<S: Element, T: Element>(
        (source, source_offsets): (&[S], Vec<usize>),
        (target, target_offsets): (&[T], Vec<usize>),
        dimensions: usize,
        ground: GroundCost,
    ) -> Result<Points> {
        ground.check()?;
        if dimensions == 0 || dimensions > MOST_DIMENSIONS {
            let reason = format!("{dimensions} is not within [1, {MOST_DIMENSIONS}]");
            return Err(Error::invalid("dimensions", reason));
        }
        let mut values =
            [finite("source", source, dimensions)?, finite("target", target, dimensions)?];
        if ground.directions() {
            for (argument, values) in ["source", "target"].into_iter().zip(&mut values) {
                divide_by_lengths(argument, values, dimensions)?;
            }
        } else {
            centre(&mut values, dimensions);
        }
        let most = ground.of_squared(largest_squared_distance(&values, dimensions));
        if !(most as f32).is_finite() {
            return Err(Error::invalid("source", format!("costs of up to {most:e} leave f32")));
        }
        let [source, target] = values;
        let same = source == target && source_offsets == target_offsets;
        let source = Cloud { values: Arc::new(source), offsets: Arc::new(source_offsets) };
        let target = if same {
            source.clone()
        } else {
            Cloud { values: Arc::new(target), offsets: Arc::new(target_offsets) }
        };
        Ok(Points { source, target, dimensions, ground, most })
    }

    /// Of one side to itself.
    pub(super) fn within(&self, cloud: &Cloud) -> Points {
        Points { source: cloud.clone(), target: cloud.clone(), ..self.clone() }
    }

    /// Whether both sides are one.
    pub(super) fn is_symmetric(&self) -> bool {
        Arc::ptr_eq(&self.source.values, &self.target.values)
    }

    /// `f` of the costs from point `i` of the source to points `targets`, both counted through all clouds.
    pub(crate) fn each(&self, i: usize, targets: Range<usize>, mut f: impl FnMut(f64)) {
        let d = self.dimensions;
        let x = &self.source.values[i * d..(i + 1) * d];
        for y in self.target.values[targets.start * d..targets.end * d].chunks_exact(d) {
            let squared: f64 = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum();
            f(self.ground.of_squared(squared));
        }
    }
}

/// The numbers of a side in f64.
fn finite<T: Element>(argument: &'static str, points: &[T], dimensions: usize) -> Result<Vec<f64>> {
    let mut values = zeroed::<f64>(argument, points.len())?;
    let bad = crate::parallel::fill(&mut values, |first, place| {
        for (value, point) in place.iter_mut().zip(&points[first..]) {
            *value = point.to_f64();
        }
        place.iter().position(|value| !(*value as f32).is_finite()).map(|at| first + at)
    });
    match bad.into_iter().flatten().next() {
        None => Ok(values),
        Some(at) => {
            let reason = format!("{:?} is not finite in f32", values[at]);
            Err(Error::invalid_at(argument, at / dimensions, at % dimensions, reason))
        }
    }
}

/// Takes the middle of both sides' range out: costs are those of differences, which would lose the digits of large
/// coordinates.
fn centre(values: &mut [Vec<f64>; 2], dimensions: usize) {
    let ends = ends(values, dimensions);
    for values in values {
        for point in values.chunks_exact_mut(dimensions) {
            for (x, (least, most)) in point.iter_mut().zip(&ends) {
                *x -= 0.5 * (least + most);
            }
        }
    }
}

fn divide_by_lengths(argument: &'static str, values: &mut [f64], dimensions: usize) -> Result<()> {
    for (row, point) in values.chunks_exact_mut(dimensions).enumerate() {
        let largest = point.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        if largest == 0.0 {
            return Err(Error::invalid_row(
                argument,
                row,
                "a point at the origin has no direction",
            ));
        }
        // Squares of what is left neither overflow nor vanish.
        point.iter_mut().for_each(|x| *x /= largest);
        let length = point.iter().map(|x| x * x).sum::<f64>().sqrt();
        point.iter_mut().for_each(|x| *x /= length);
    }
    Ok(())
}

/// Least and largest coordinates of all points.
fn ends(values: &[Vec<f64>; 2], dimensions: usize) -> Vec<(f64, f64)> {
    const SHARE: usize = 1 << 12;
    let mut all = vec![(f64::INFINITY, f64::NEG_INFINITY); dimensions];
    for values in values {
        let parts = map_rows(values.len().div_ceil(SHARE * dimensions), |k| {
            let mut ends = vec![(f64::INFINITY, f64::NEG_INFINITY); dimensions];
            let until = values.len().min((k + 1) * SHARE * dimensions);
            for point in values[k * SHARE * dimensions..until].chunks_exact(dimensions) {
                for ((least, most), x) in ends.iter_mut().zip(point) {
                    *least = least.min(*x);
                    *most = most.max(*x);
                }
            }
            ends
        });
        for part in parts {
            for ((least, most), (low, high)) in all.iter_mut().zip(part) {
                *least = least.min(low);
                *most = most.max(high);
            }
        }
    }
    all
}

/// That of opposite corners of the box around all points.
fn largest_squared_distance(values: &[Vec<f64>; 2], dimensions: usize) -> f64 {
    ends(values, dimensions).iter().map(|(least, most)| (most - least) * (most - least)).sum()
}
