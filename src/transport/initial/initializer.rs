//! Where a solve begins.

use super::{gaussian, sorted};
use crate::error::{Error, Result};
use crate::parallel::map_rows;
use crate::transport::epsilon::Epsilons;
use crate::transport::geometry::Places;
use crate::transport::problem::Problem;

/// Where a solve begins. The answer is the same; what changes is how many iterations it takes. ε still falls by itself where a
/// problem does not settle at once from there.
///
/// For hard marginals, and problems that have no [`start`](Problem::starting_from) of their own. A symmetric problem, which
/// averaged steps settle, begins at zero whatever is asked for.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Geometry, GroundCost, Initializer, Problem, Sinkhorn};
/// let x: Vec<f64> = (0..40).map(|k| f64::from(k * k % 41) / 40.0).collect();
/// let y: Vec<f64> = x.iter().map(|x| 2.0 + 0.5 * x).collect();
/// let geometry = Geometry::points(&x, &y, 1, GroundCost::SquaredEuclidean)?;
/// let problem = Problem::new(geometry, &[1.0 / 40.0; 40], &[1.0 / 40.0; 40])?;
/// let solver = Sinkhorn::new(0.05);
/// let zero = solver.solve_blocking(&Context::cpu(), &problem)?;
/// let sorted = solver.initializer(Initializer::Sorted).solve_blocking(&Context::cpu(), &problem)?;
/// assert!((zero.transport_cost()[0] - sorted.transport_cost()[0]).abs() < 1e-4);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Initializer {
    /// f = g = 0.
    #[default]
    Zero,
    /// The potentials between the normal distributions that have the means and covariances of both measures, at the same ε
    /// (Janati, Muzellec, Peyré and Cuturi, *Entropic optimal transport between unbalanced Gaussian measures has a closed form*
    /// (2020)). For squared distances of points or pixels, of up to 128 dimensions.
    Gaussian,
    /// The potentials of the matching in order, which is the best without regularisation. For points of one dimension and grids
    /// of one axis, and any p.
    Sorted,
    /// The potentials of the problem between so many bins of either side, taken evenly by their weights, extended to all bins by
    /// one softmin. For any cost without forbidden pairs that is not on a device.
    Subsample {
        /// Bins of either side, at least one.
        points: usize,
    },
}

impl Initializer {
    /// That a problem can begin so.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with `initializer`.
    pub(in crate::transport) fn check(self, problem: &Problem) -> Result<()> {
        let reason = if !problem.marginals.is_hard() {
            "potentials to begin with are those of hard marginals"
        } else if problem.start.is_some() {
            "the problem has potentials to start from"
        } else {
            return Ok(());
        };
        Err(Error::invalid("initializer", reason))
    }

    /// g of every problem, B×m; nothing where a smaller problem is to be solved for it.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with `initializer`, for a cost that it does not know.
    pub(in crate::transport) fn potentials(
        self,
        problem: &Problem,
        epsilons: &Epsilons,
    ) -> Result<Option<Vec<f64>>> {
        match self {
            Initializer::Zero | Initializer::Subsample { .. } => return Ok(None),
            Initializer::Gaussian | Initializer::Sorted => {}
        }
        let geometry = &problem.geometry;
        let places = |k: usize| match geometry.places(k) {
            Some(places) => self.known(places),
            None => Err(Error::invalid(
                "initializer",
                "a matrix does not say where its bins lie, nor a sum of other powers than squares along several axes",
            )),
        };
        // One for all problems, where they share the geometry.
        let shared = geometry.batch.is_none().then(|| places(0)).transpose()?;
        let potentials = |k: usize| -> Result<Vec<f64>> {
            let own = shared.is_none().then(|| places(k)).transpose()?;
            let Some(places) = own.as_ref().or(shared.as_ref()) else { return Ok(Vec::new()) };
            let weights = [problem.source.row(k), problem.target.row(k)];
            Ok(match self {
                Initializer::Sorted => sorted::potentials(places, weights),
                _ => gaussian::potentials(places, weights, epsilons.of(k)),
            })
        };
        let all: Result<Vec<Vec<f64>>> = map_rows(problem.len(), potentials).into_iter().collect();
        Ok(Some(all?.concat()))
    }

    /// Places that the initialiser is for.
    fn known(self, places: Places<'_>) -> Result<Places<'_>> {
        let reason = match self {
            Initializer::Sorted if places.dimensions > 1 => {
                format!("points of {} dimensions have no order", places.dimensions)
            }
            Initializer::Gaussian if places.exponent != 2.0 => {
                format!(
                    "normal distributions need squared distances, not |x − y|^{}",
                    places.exponent
                )
            }
            Initializer::Gaussian if places.dimensions > gaussian::MOST_DIMENSIONS => format!(
                "{} dimensions are more than {}",
                places.dimensions,
                gaussian::MOST_DIMENSIONS
            ),
            _ => return Ok(places),
        };
        Err(Error::invalid("initializer", reason))
    }
}
