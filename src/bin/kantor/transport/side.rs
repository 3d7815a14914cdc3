//! One side of the problems: rows of weights, or clouds of points.

use super::clouds::Clouds;
use super::rows::Rows;
use crate::failure::{Failure, Outcome};
use std::path::Path;

/// One side of all problems.
#[derive(Debug)]
pub(super) struct Side {
    /// Of none, all points of a cloud weigh the same, and one together.
    weights: Option<Rows>,
    /// None of bins without places.
    pub(super) points: Option<Rows>,
}

impl Side {
    pub(super) fn of_weights(rows: Rows) -> Side {
        Side { weights: Some(rows), points: None }
    }

    pub(super) fn of_clouds(clouds: Clouds) -> Side {
        Side { weights: clouds.weights, points: Some(clouds.points) }
    }

    fn all(&self) -> impl Iterator<Item = &Rows> {
        self.points.iter().chain(&self.weights)
    }

    /// Number of measures.
    pub(super) fn len(&self) -> usize {
        self.all().map(Rows::len).max().unwrap_or(0)
    }

    /// Bins of a measure.
    pub(super) fn size(&self, row: usize) -> usize {
        self.all().next().map_or(0, |rows| rows.range(row).len())
    }

    /// The file to name where something is wrong with its weights.
    pub(super) fn path(&self) -> &Path {
        match (&self.weights, &self.points) {
            (Some(rows), _) | (None, Some(rows)) => &rows.path,
            (None, None) => Path::new(""),
        }
    }

    /// Whether a measure has no mass.
    pub(super) fn is_blank(&self, row: usize) -> bool {
        self.size(row) == 0 || self.weights.as_ref().is_some_and(|weights| weights.is_blank(row))
    }

    pub(super) fn mass(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights.mass(row))
    }

    /// The row of its file that a measure's weights are.
    pub(super) fn number(&self, row: usize) -> usize {
        self.weights.as_ref().map_or(row, |weights| weights.number(row))
    }

    /// Adds the weights of a measure.
    pub(super) fn append(&self, row: usize, to: &mut Vec<f64>) {
        match &self.weights {
            Some(weights) => weights.append(row, to),
            None => {
                let size = self.size(row);
                to.extend(std::iter::repeat_n(1.0 / size as f64, size));
            }
        }
    }
}

/// That there is one measure on a side, or as many as on the other; how many problems that makes.
pub(super) fn problems(source: &Side, target: &Side) -> Outcome<usize> {
    match (source.len(), target.len()) {
        (one, many) | (many, one) if one == 1 || one == many => Ok(many),
        (a, b) => {
            let reason = format!("has {b} rows, {} has {a}", source.path().display());
            Err(Failure::about(target.path(), reason))
        }
    }
}
