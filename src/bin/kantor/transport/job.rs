//! What is to be solved: pairs of measures, and the pieces of them that are solved at a time.

use super::arguments::Arguments;
use super::ground::{self, Ground};
use super::side::{Side, problems};
use crate::failure::{Failure, Outcome};
use crate::npy::{self, Values};
use kantor::{Error, Geometry, GroundCost, Marginals, Problem};
use std::path::Path;

/// All problems.
#[derive(Debug)]
pub(super) struct Job<'a> {
    arguments: &'a Arguments,
    ground: Ground,
    sides: [Side; 2],
    /// The measures that every problem is between.
    pub(super) pairs: Vec<[usize; 2]>,
    marginals: Option<Marginals>,
}

/// Problems at most: reports longer than this are for no reader.
const MOST_PROBLEMS: usize = 1 << 24;

/// Entries of costs of the problems that are solved at a time: a sweep over them takes some ten milliseconds without a GPU.
const PIECE_WORK: usize = 1 << 24;

/// Problems that are solved at a time at most, and, of no more than [`SMALL`] entries each, at least: kernels want many,
/// and who interrupts them wants some to be finished.
const PIECE_PROBLEMS: std::ops::RangeInclusive<usize> = 256..=4096;

const SMALL: usize = 1 << 20;

impl<'a> Job<'a> {
    /// Everything that can be wrong with the files is found here, before an adapter is opened.
    pub(super) fn read(arguments: &'a Arguments) -> Outcome<Job<'a>> {
        let (ground, sides) = ground::read(arguments)?;
        let pairs = match arguments.all_pairs {
            true => all_pairs(arguments, &ground, &sides)?,
            false => one_by_one(&ground, &sides)?,
        };
        let ground = of_one_pair(arguments, ground, &sides)?;
        let job = Job { arguments, ground, sides, pairs, marginals: arguments.marginals() };
        job.check_masses()?;
        Ok(job)
    }

    /// Number of problems.
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Bins of both sides of a problem.
    pub(super) fn size(&self, problem: usize) -> [usize; 2] {
        let [i, j] = self.pairs[problem];
        [self.sides[0].size(i), self.sides[1].size(j)]
    }

    /// Those of all problems, where they agree; of problems without mass they do not count.
    pub(super) fn common_size(&self) -> Option<[usize; 2]> {
        let mut live = (0..self.len()).filter(|&k| self.blank(k).is_none()).map(|k| self.size(k));
        let first = live.next().unwrap_or_else(|| self.size(0));
        live.all(|size| size == first).then_some(first)
    }

    /// Why there is nothing to solve, where a row has no mass.
    pub(super) fn blank(&self, problem: usize) -> Option<String> {
        let pair = self.pairs[problem];
        let names = ["source", "target"].into_iter().zip(&self.sides).zip(pair);
        let mut blank = names.filter(|((_, side), row)| side.is_blank(*row));
        let ((name, side), row) = blank.next()?;
        let what = if side.size(row) == 0 { "has no points" } else { "has no mass" };
        Some(format!("{name}, row {}: {what}", side.number(row)))
    }

    /// The file of that row.
    pub(super) fn blank_path(&self, problem: usize) -> &Path {
        let [i, _] = self.pairs[problem];
        let [source, target] = &self.sides;
        if source.is_blank(i) { source.path() } else { target.path() }
    }

    /// The problems with mass, in pieces that are solved at a time, each of problems of one size.
    pub(super) fn pieces(&self) -> Vec<Vec<usize>> {
        let mut pieces: Vec<Vec<usize>> = Vec::new();
        let mut open = ([0, 0], 0);
        for k in (0..self.len()).filter(|&k| self.blank(k).is_none()) {
            let size = self.size(k);
            if open.0 == size
                && open.1 > 0
                && let Some(piece) = pieces.last_mut()
            {
                piece.push(k);
                open.1 -= 1;
                continue;
            }
            pieces.push(vec![k]);
            open = (size, self.piece_problems(size) - 1);
        }
        pieces
    }

    fn piece_problems(&self, [n, m]: [usize; 2]) -> usize {
        let work = match &self.ground {
            Ground::Shared { work, .. } => *work,
            Ground::Matrices { .. } | Ground::Clouds(_) => n.saturating_mul(m),
        };
        let fewest = if work <= SMALL { *PIECE_PROBLEMS.start() } else { 1 };
        (PIECE_WORK / work.max(1)).clamp(fewest, *PIECE_PROBLEMS.end())
    }

    /// The problems of a piece.
    pub(super) fn problem(&self, piece: &[usize]) -> Outcome<Problem> {
        let geometry = match &self.ground {
            Ground::Shared { geometry, .. } => geometry.clone(),
            Ground::Matrices { values, n, m, .. } => self.matrices(values, [*n, *m], piece)?,
            Ground::Clouds(ground) => self.clouds(*ground, piece)?,
        };
        let [source, target] = [0, 1].map(|side| {
            let mut weights = Vec::new();
            for &k in piece {
                self.sides[side].append(self.pairs[k][side], &mut weights);
            }
            weights
        });
        let problem = Problem::new(geometry, &source, &target);
        let problem = problem.and_then(|problem| match self.marginals {
            None => Ok(problem.normalized()),
            Some(marginals) => problem.marginals(marginals),
        });
        problem.map_err(|error| self.explain(error, piece))
    }

    /// Their cost matrices.
    fn matrices(&self, values: &Values, [n, m]: [usize; 2], piece: &[usize]) -> Outcome<Geometry> {
        let cells = n * m;
        let geometry = npy::with_slice!(values, slice => {
            let of_piece: Vec<_> =
                piece.iter().flat_map(|k| slice[k * cells..(k + 1) * cells].iter().copied()).collect();
            Geometry::cost_matrices(&of_piece, piece.len(), n, m)
        });
        geometry.map_err(|error| {
            // Rows count through all matrices.
            let moved =
                moved(error, |row| piece.get(row / n).map_or(row, |problem| problem * n + row % n));
            self.arguments.explain(moved)
        })
    }

    /// Their clouds.
    fn clouds(&self, ground: GroundCost, piece: &[usize]) -> Outcome<Geometry> {
        let mut points = [Vec::new(), Vec::new()];
        let mut dimensions = 1;
        for (side, points) in points.iter_mut().enumerate() {
            if let Some(rows) = &self.sides[side].points {
                dimensions = rows.width();
                piece.iter().for_each(|k| rows.append(self.pairs[*k][side], points));
            }
        }
        let [x, y] = points;
        Geometry::clouds(&x, &y, piece.len(), dimensions, ground).map_err(|error| {
            let Error::InvalidInput { argument: name @ ("source" | "target"), .. } = error else {
                return self.arguments.explain(error);
            };
            let side = usize::from(name == "target");
            let Some(rows) = &self.sides[side].points else { return Failure::from(error) };
            let size = self.size(piece[0])[side].max(1);
            let moved = moved(error, |point| {
                let cloud = self.pairs[piece[(point / size).min(piece.len() - 1)]][side];
                rows.range(cloud).start + point % size
            });
            Failure::about(&rows.path, moved)
        })
    }

    /// What the library says of a piece, with rows as in the files.
    pub(super) fn explain(&self, error: Error, piece: &[usize]) -> Failure {
        let Error::InvalidInput { argument: name @ ("source" | "target"), .. } = error else {
            return self.arguments.explain(error);
        };
        let side = usize::from(name == "target");
        let moved = moved(error, |row| {
            piece.get(row).map_or(row, |k| self.sides[side].number(self.pairs[*k][side]))
        });
        Failure::about(self.sides[side].path(), moved)
    }

    /// That there is as much mass as is to be moved.
    fn check_masses(&self) -> Outcome<()> {
        let Some(needed) = self.arguments.mass() else { return Ok(()) };
        let masses = [0, 1].map(|side: usize| {
            let rows = 0..self.sides[side].len();
            rows.map(|row| self.sides[side].mass(row)).collect::<Vec<f64>>()
        });
        for (k, [i, j]) in self.pairs.iter().enumerate() {
            let (a, b) = (masses[0][*i], masses[1][*j]);
            if needed > a.min(b) * (1.0 + 1e-12) && self.blank(k).is_none() {
                return Err(Failure::new(format_args!(
                    "--mass: {needed:?} is more than problem {k} has: {a:?} in the source, {b:?} in the target"
                )));
            }
        }
        Ok(())
    }
}

/// One cloud on either side is the same geometry for any number of weights.
fn of_one_pair(arguments: &Arguments, ground: Ground, sides: &[Side; 2]) -> Outcome<Ground> {
    let (Ground::Clouds(cost), [Some(x), Some(y)]) =
        (&ground, sides.each_ref().map(|side| side.points.as_ref()))
    else {
        return Ok(ground);
    };
    if x.len() > 1 || y.len() > 1 || x.range(0).is_empty() || y.range(0).is_empty() {
        return Ok(ground);
    }
    let [a, b] = [x, y].map(|rows| {
        let mut points = Vec::new();
        rows.append(0, &mut points);
        points
    });
    let geometry = Geometry::points(&a, &b, x.width(), *cost).map_err(|error| match error {
        Error::InvalidInput { argument: "source", .. } => Failure::about(&x.path, error),
        Error::InvalidInput { argument: "target", .. } => Failure::about(&y.path, error),
        error => arguments.explain(error),
    })?;
    let (n, m) = geometry.shape();
    Ok(Ground::Shared { geometry, work: n.saturating_mul(m), symmetric: true })
}

/// The measures of every problem, row k to row k; one is that of all.
fn one_by_one(ground: &Ground, [source, target]: &[Side; 2]) -> Outcome<Vec<[usize; 2]>> {
    let rows = problems(source, target)?;
    let count = match ground {
        Ground::Matrices { count, .. } if rows == 1 || rows == *count => *count,
        Ground::Matrices { count, .. } => {
            let longer = if source.len() == 1 { target } else { source };
            let reason = format!("has {rows} rows for {count} cost matrices");
            return Err(Failure::about(longer.path(), reason));
        }
        _ => rows,
    };
    let row = |side: &Side, k: usize| if side.len() == 1 { 0 } else { k };
    Ok((0..count).map(|k| [row(source, k), row(target, k)]).collect())
}

/// The measures of every problem of `--all-pairs`.
fn all_pairs(
    arguments: &Arguments,
    ground: &Ground,
    [source, target]: &[Side; 2],
) -> Outcome<Vec<[usize; 2]>> {
    if matches!(ground, Ground::Matrices { .. }) {
        return Err(Failure::new("--all-pairs: one cost for all pairs is needed, of shape [n, m]"));
    }
    let (a, b) = (source.len(), target.len());
    if a.checked_mul(b).is_none_or(|pairs| pairs > MOST_PROBLEMS) {
        let reason = format!("{a} rows with {b} are more than {MOST_PROBLEMS} pairs");
        return Err(Failure::new(format_args!("--all-pairs: {reason}")));
    }
    let there_and_back = !matches!(ground, Ground::Shared { symmetric: false, .. })
        && arguments.marginals_are_alike();
    if !(arguments.sides_are_one() && there_and_back) {
        return Ok((0..a).flat_map(|i| (0..b).map(move |j| [i, j])).collect());
    }
    if a < 2 {
        let reason = "a single row has no pairs with itself; name another file";
        return Err(Failure::about(source.path(), format_args!("--all-pairs: {reason}")));
    }
    Ok((0..a).flat_map(|i| (i + 1..a).map(move |j| [i, j])).collect())
}

/// An error with another row.
fn moved(mut error: Error, to: impl Fn(usize) -> usize) -> Error {
    if let Error::InvalidInput { row: Some(row), .. } = &mut error {
        *row = to(*row);
    }
    error
}
