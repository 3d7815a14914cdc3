//! What is to be transported: a batch of pairs of weighted measures.

use super::geometry::{Geometry, Reduction};
use super::marginals::Marginals;
use super::weights::Weights;
use crate::error::{Error, Result};
use crate::number::Element;
use crate::reserve::reserve;
use std::sync::Arc;

/// A batch of B transport problems over one geometry.
///
/// Weights are non-negative, zeros allowed, and keep their masses; a weight below 2⁻¹⁰⁰ (7.9e-31) of its row's mass counts
/// as zero. Row k of `source` is transported to row k of `target`. The marginals are [`Marginals::Balanced`], which needs
/// rows of one mass, unless [`normalized`](Problem::normalized) or [`marginals`](Problem::marginals) says otherwise.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Geometry, Problem};
/// let geometry = Geometry::cost_matrix(&[0.0f32, 1.0, 1.0, 0.0], 2, 2)?;
/// let problem = Problem::new(geometry, &[1.0f32, 1.0], &[3.0f32, 1.0])?.normalized();
/// assert_eq!(problem.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Problem {
    pub(crate) geometry: Geometry,
    pub(crate) source: Arc<Weights>,
    pub(crate) target: Arc<Weights>,
    pub(crate) marginals: Marginals,
    normalized: bool,
    /// Target potentials g to start from, B×m.
    pub(crate) start: Option<Arc<Vec<f64>>>,
}

/// Relative difference of masses up to which two rows are balanced: sums of rounded weights.
const BALANCED: f64 = 1e-4;

/// Masses whose products do not leave f64.
const MASSES: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// Potentials of a solution differ by no more than the costs do, some `spread`. A row of others
/// may leave the range of f32; its middle becomes 0, and what lies far from it is moved near.
fn bring_within(row: &mut [f64], spread: f64) {
    let least = row.iter().copied().fold(f64::INFINITY, f64::min);
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least.abs().max(most.abs()) <= 16.0 * spread {
        return;
    }
    let middle = 0.5 * (least + most);
    row.iter_mut().for_each(|g| *g = (*g - middle).clamp(-4.0 * spread, 4.0 * spread));
}

impl Problem {
    /// B problems: `source` holds B rows of n weights, `target` B rows of m; one row is that of all.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the argument, row and index: lengths that do
    /// not match the geometry or each other, a negative, infinite or NaN weight,
    /// a row without mass. That masses agree is checked when the problem is solved.
    pub fn new<S: Element, T: Element>(
        geometry: Geometry,
        source: &[S],
        target: &[T],
    ) -> Result<Problem> {
        let mut source = Weights::new("source", source, geometry.rows)?;
        let mut target = Weights::new("target", target, geometry.columns)?;
        match (source.rows(), target.rows()) {
            (1, many @ 2..) => source = source.in_order(vec![0; many]),
            (many @ 2.., 1) => target = target.in_order(vec![0; many]),
            _ => {}
        }
        if source.rows() != target.rows() {
            return Err(Error::invalid(
                "target",
                format!("has {} rows, source has {}", target.rows(), source.rows()),
            ));
        }
        if let Some(batch) = geometry.batch.filter(|&batch| batch != source.rows()) {
            return Err(Error::invalid(
                "source",
                format!("has {} rows for {batch} {}", source.rows(), geometry.of_a_batch()),
            ));
        }
        Ok(Problem {
            geometry,
            source: Arc::new(source),
            target: Arc::new(target),
            marginals: Marginals::Balanced,
            normalized: false,
            start: None,
        })
    }

    /// Every row of weights with every later one: problem k goes from row i to row j of [`Problem::pair`]. All rows are over
    /// the same bins; between B rows there are B (B − 1) / 2 problems.
    ///
    /// ```
    /// # fn main() -> kantor::Result<()> {
    /// use kantor::{Geometry, Grid, Problem};
    /// let line = Geometry::grid(&Grid::new(&[3]))?;
    /// let rows = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    /// let problem = Problem::pairwise(line, &rows)?;
    /// let pairs: Vec<_> = (0..problem.len()).map(|k| problem.pair(k)).collect();
    /// assert_eq!(pairs, [(0, 1), (0, 2), (1, 2)]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Problem::new`]; [`Error::InvalidInput`] with `rows` for fewer than two, and with `geometry` for one that is not
    /// square or has one cost a problem.
    pub fn pairwise<T: Element>(geometry: Geometry, rows: &[T]) -> Result<Problem> {
        if geometry.rows != geometry.columns || geometry.batch.is_some() {
            let reason = "pairs of rows need one cost between the same bins on either side";
            return Err(Error::invalid("geometry", reason));
        }
        let weights = Weights::new("rows", rows, geometry.rows)?;
        let count = weights.rows() as u32;
        if count < 2 {
            return Err(Error::invalid("rows", "one row has no pairs"));
        }
        let pairs = (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j)));
        let (sources, targets): (Vec<u32>, Vec<u32>) = pairs.unzip();
        Ok(Problem {
            geometry,
            source: Arc::new(weights.clone().in_order(sources)),
            target: Arc::new(weights.in_order(targets)),
            marginals: Marginals::Balanced,
            normalized: false,
            start: None,
        })
    }

    /// The rows of weights that a problem is between.
    pub fn pair(&self, problem: usize) -> (usize, usize) {
        (self.source.row_number(problem), self.target.row_number(problem))
    }

    /// Divides every row of weights by its mass.
    #[must_use]
    pub fn normalized(mut self) -> Problem {
        Arc::make_mut(&mut self.source).normalize();
        Arc::make_mut(&mut self.target).normalize();
        self.normalized = true;
        self
    }

    /// Whether the rows were divided by their masses.
    pub fn is_normalized(&self) -> bool {
        self.normalized
    }

    /// What is asked of the marginals, of every problem.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with `reach` or `mass`, for what is not above zero.
    pub fn marginals(mut self, marginals: Marginals) -> Result<Problem> {
        marginals.check()?;
        self.marginals = marginals;
        Ok(self)
    }

    /// [`Marginals::Unbalanced`] with one reach ρ, in units of the cost, for both sides.
    ///
    /// # Errors
    /// As [`Problem::marginals`].
    pub fn reach(self, reach: f64) -> Result<Problem> {
        self.marginals(Marginals::Unbalanced { source: reach, target: reach })
    }

    /// [`Marginals::Partial`].
    ///
    /// # Errors
    /// As [`Problem::marginals`].
    pub fn partial(self, mass: f64) -> Result<Problem> {
        self.marginals(Marginals::Partial { mass })
    }

    /// Starts from these target potentials g (B rows of m, in units of cost), such
    /// as an earlier solution's: the first half iteration computes f from them. Only
    /// differences within a row count where both sides are hard; where they are far beyond any that the costs allow,
    /// the row is brought within.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a wrong length or a value that is not finite or
    /// beyond ±1e20.
    pub fn starting_from<T: Element>(mut self, g: &[T]) -> Result<Self> {
        let m = self.geometry.columns;
        if g.len() != self.len() * m {
            return Err(Error::invalid(
                "g",
                format!("has {} potentials for {} rows of {m}", g.len(), self.len()),
            ));
        }
        let mut start: Vec<f64> = reserve("g", g.len())?;
        start.extend(g.iter().map(|v| v.to_f64()));
        if let Some(at) = start.iter().position(|v| !v.is_finite() || v.abs() > 1e20) {
            return Err(Error::invalid_at(
                "g",
                at / m,
                at % m,
                format!("{:?} is no potential", start[at]),
            ));
        }
        for row in start.chunks_exact_mut(m) {
            bring_within(row, self.geometry.spread);
        }
        self.start = Some(Arc::new(start));
        Ok(self)
    }

    /// The same with target rows of exactly the mass of their source rows, where both must agree.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for masses that do not agree, for more mass to move than there is, and for masses whose
    /// products leave f64.
    pub(crate) fn checked(&self) -> Result<Problem> {
        let mut problem = self.clone();
        for row in 0..self.len() {
            let masses = [self.source.mass(row), self.target.mass(row)];
            for (argument, mass) in ["source", "target"].into_iter().zip(masses) {
                if !MASSES.contains(&mass) {
                    let reason =
                        format!("its mass {mass:e} is not within [1e-100, 1e100]; normalise it");
                    return Err(Error::invalid_row(argument, row, reason));
                }
            }
            let [a, b] = masses;
            match self.marginals {
                Marginals::Partial { mass } if mass > a.min(b) * (1.0 + 1e-12) => {
                    let reason = format!(
                        "{mass:?} is more than problem {row} has: {a:?} in the source, {b:?} in the target"
                    );
                    return Err(Error::invalid("mass", reason));
                }
                marginals if marginals.is_hard() && (a - b).abs() > BALANCED * a.max(b) => {
                    let reason = format!(
                        "its mass is {b:?}, that of the source {a:?}: normalise both, or give the marginals a reach or a mass"
                    );
                    return Err(Error::invalid_row("target", row, reason));
                }
                marginals if marginals.is_hard() && a != b => {
                    Arc::make_mut(&mut problem.target).bring_to(row, a);
                }
                _ => {}
            }
        }
        Ok(problem)
    }

    /// The same measures of one side on both.
    pub(crate) fn to_itself(&self, geometry: Geometry, weights: Arc<Weights>) -> Problem {
        Problem {
            geometry,
            source: weights.clone(),
            target: weights,
            marginals: self.marginals,
            normalized: self.normalized,
            start: None,
        }
    }

    /// Number of problems B.
    pub fn len(&self) -> usize {
        self.source.rows()
    }

    /// Whether there are no problems; never true.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The geometry.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// What is taken out of the cost: a constant changes no plan between hard marginals.
    pub(crate) fn offset(&self) -> f64 {
        if self.marginals.is_hard() { self.geometry.offset } else { 0.0 }
    }

    /// The same for a solve at ε ≥ `epsilon`: rows of agreeing masses, and costs less constants.
    ///
    /// # Errors
    /// As [`Problem::checked`].
    pub(crate) fn prepared(&self, epsilon: f64) -> Result<Problem> {
        let problem = self.checked()?;
        let geometry = problem.geometry.reduced(epsilon, problem.marginals.is_hard());
        let start = match (&problem.start, &geometry.reduction) {
            (Some(start), Some(Reduction { columns, .. })) => {
                let taken = columns.iter().cycle();
                Some(Arc::new(start.iter().zip(taken).map(|(g, s)| g - s).collect()))
            }
            (start, _) => start.clone(),
        };
        Ok(Problem { geometry, start, ..problem })
    }

    /// What the constants that were taken out of the cost cost a problem, over its mass: of rows and columns up to the
    /// error of the marginals.
    pub(crate) fn taken_out(&self, k: usize) -> f64 {
        let Some(Reduction { rows, columns }) = &self.geometry.reduction else {
            return self.offset();
        };
        let (n, m) = self.geometry.shape();
        let own = if self.geometry.batch.is_some() { k } else { 0 };
        let sum = |weights: &[f64], taken: &[f64]| -> f64 {
            weights.iter().zip(taken).map(|(w, t)| w * t).sum()
        };
        let taken = sum(self.source.row(k), &rows[own * n..(own + 1) * n])
            + sum(self.target.row(k), &columns[own * m..(own + 1) * m]);
        taken / self.source.mass(k)
    }

    /// What the potentials of a problem without the constants lack: one number a source bin, and a target bin.
    pub(crate) fn origin(&self, k: usize) -> [Vec<f64>; 2] {
        let (n, m) = self.geometry.shape();
        match &self.geometry.reduction {
            None => [vec![self.offset(); n], vec![0.0; m]],
            Some(Reduction { rows, columns }) => {
                let own = if self.geometry.batch.is_some() { k } else { 0 };
                [rows[own * n..(own + 1) * n].to_vec(), columns[own * m..(own + 1) * m].to_vec()]
            }
        }
    }

    /// Whether source and target are one, and so are both potentials.
    pub(crate) fn is_symmetric(&self) -> bool {
        let [source, target] = self.marginals.damping();
        source == target
            && self.marginals.mass().is_none()
            && self.start.is_none()
            && (Arc::ptr_eq(&self.source, &self.target) || self.source.equals(&self.target))
            && self.geometry.is_symmetric()
    }
}
