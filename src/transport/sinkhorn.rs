//! The solver's settings.

use super::annealing::{Annealing, epsilon_fits};
use super::epsilon::Epsilon;
use super::initial::Initializer;
use super::problem::Problem;
use super::progress::Progress;
use crate::error::{Error, Result};
use crate::gpu::Context;
use crate::named::named;
use crate::number::Precision;
use crate::reference;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

impl Precision {
    /// The smallest tolerance that rounding allows on a device. The f64 twin on the CPU takes any from
    /// [`TWIN_FLOOR`](Self::TWIN_FLOOR) on, whatever the precision.
    pub fn floor(self) -> f64 {
        match self {
            Precision::Single => 5e-7,
            Precision::Double => 1e-12,
        }
    }

    /// The smallest tolerance that the f64 twin takes, on [`Context::cpu`] and as [`Variant::Reference`]. Not every problem
    /// reaches it: of dense ones with 10 to 1000 bins and max|C|/ε from 1 to 1000, rounding left between 3e-16 and 1.5e-14 in
    /// the marginals, and [`Solution::converged`] says so.
    pub const TWIN_FLOOR: f64 = 1e-15;

    /// The tolerance of a solve that is given none: 1e-5 in single, 1e-10 in double precision.
    pub fn tolerance(self) -> f64 {
        match self {
            Precision::Single => 1e-5,
            Precision::Double => 1e-10,
        }
    }
}

/// Which kernels a solve uses. [`Variant::Auto`] is right unless you compare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Variant {
    /// Chosen from the sizes, ε and the adapter; the solution says which.
    #[default]
    Auto,
    /// One workgroup keeps a small problem in its own memory for the whole loop.
    Resident,
    /// Sweeps over the cost in device memory, any size.
    Streaming,
    /// A matrix product for a batch that shares one cost, while C/ε is within \[−69, 80\].
    Scaling,
    /// The f64 twin on the CPU.
    Reference,
}

named! {
    Variant, "variant":
    Auto => "auto",
    Resident => "resident",
    Streaming => "streaming",
    Scaling => "scaling",
    Reference => "reference",
}

type Callback = Arc<dyn Fn(&Progress) -> ControlFlow<()> + Send + Sync>;

/// Sinkhorn's algorithm with a stopping test per problem.
///
/// One iteration updates f from g, then g from f; the test before an iteration
/// takes the L1 error of both marginals.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Geometry, Problem, Sinkhorn};
/// let context = Context::new_blocking()?;
/// let geometry = Geometry::cost_matrix(&[0.0f32, 1.0, 1.0, 0.0], 2, 2)?;
/// let problem = Problem::new(geometry, &[0.5f32, 0.5], &[0.5f32, 0.5])?;
/// let solution = Sinkhorn::new(1.0).solve_blocking(&context, &problem)?;
/// assert!(solution.converged()[0]);
/// // Off the diagonal lies 1 − 1/(1 + e⁻¹).
/// assert!((solution.transport_cost()[0] - 0.268941421369995).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Sinkhorn {
    pub(crate) epsilon: Epsilon,
    tolerance: Option<f64>,
    pub(crate) max_iterations: u32,
    pub(crate) precision: Precision,
    pub(crate) variant: Variant,
    pub(crate) annealing: Option<Annealing>,
    /// Whether ε may fall where that settles a problem, without a schedule of the caller's.
    pub(crate) anneals: bool,
    pub(super) initializer: Initializer,
    pub(crate) progress: Option<Callback>,
    /// Whether a solve that is broken off returns what there is.
    pub(crate) keeps_finished: bool,
}

impl fmt::Debug for Sinkhorn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sinkhorn")
            .field("epsilon", &self.epsilon)
            .field("tolerance", &self.leaves_at())
            .field("max_iterations", &self.max_iterations)
            .field("precision", &self.precision)
            .field("variant", &self.variant)
            .field("annealing", &self.annealing)
            .field("initializer", &self.initializer)
            .field("progress", &self.progress.is_some())
            .field("keeps_finished", &self.keeps_finished)
            .finish()
    }
}

impl Sinkhorn {
    /// A solver at regularisation ε, in units of the cost or an [`Epsilon`], at most 2000
    /// iterations, single precision, and the tolerance of the precision.
    ///
    /// ε lies within \[1e-20, 1e20\]. What limits it is how far the potentials that a solve comes to are apart, not the
    /// largest |C|: entries that no plan pays, and constants of rows and columns, do not count. Digits resolve ε down to
    /// 2⁻²⁰ of the largest potential in single precision, 2⁻⁴⁴ in double; a problem below that does not settle, and
    /// where its marginals are far off the solve is refused, with an error that names the least ε and the precision that has
    /// the digits. Above 256 times the largest |C|, where the plan is a⊗b to some digits, the f64 twin solves on the host,
    /// without the rounding of ε ln a that would be left of the costs.
    pub fn new(epsilon: impl Into<Epsilon>) -> Sinkhorn {
        Sinkhorn {
            epsilon: epsilon.into(),
            tolerance: None,
            max_iterations: 2000,
            precision: Precision::Single,
            variant: Variant::Auto,
            annealing: None,
            anneals: true,
            initializer: Initializer::Zero,
            progress: None,
            keeps_finished: false,
        }
    }

    /// L1 marginal error at which a problem leaves the loop, instead of the precision's own,
    /// [`Precision::tolerance`]. Zero runs exactly [`max_iterations`](Self::max_iterations) iterations, without a test.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// Iterations after which a problem is given up, and flagged.
    #[must_use]
    pub fn max_iterations(mut self, iterations: u32) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Single or double. The CPU twin computes in f64 whatever is asked for.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Forces a variant; an error where it does not fit. On the CPU twin there are [`Variant::Auto`] and
    /// [`Variant::Reference`].
    #[must_use]
    pub fn variant(mut self, variant: Variant) -> Self {
        self.variant = variant;
        self
    }

    /// Lets ε fall to its value by this schedule. Without one ε falls where a problem does not settle in its first
    /// iterations: from a tenth of the largest cost, by a third from test to test, and only as the error follows.
    #[must_use]
    pub fn annealing(mut self, annealing: Annealing) -> Self {
        self.annealing = Some(annealing);
        self
    }

    /// Keeps ε at its value from the first iteration on, whether or not a problem settles so.
    #[must_use]
    pub fn without_annealing(mut self) -> Self {
        self.annealing = None;
        self.anneals = false;
        self
    }

    /// Where problems begin, instead of at f = g = 0. A solve is refused where it does not fit.
    #[must_use]
    pub fn initializer(mut self, initializer: Initializer) -> Self {
        self.initializer = initializer;
        self
    }

    /// The same for a problem that is to begin this one, to a `tolerance` that rounding allows anywhere.
    pub(super) fn rough(&self, epsilon: Epsilon, tolerance: f64) -> Sinkhorn {
        let variant = match self.variant {
            Variant::Reference => Variant::Reference,
            _ => Variant::Auto,
        };
        let tolerance = tolerance.max(self.leaves_at());
        let (anneals, most) = (self.anneals, self.max_iterations);
        Sinkhorn {
            anneals,
            variant,
            ..Sinkhorn::new(epsilon).tolerance(tolerance).max_iterations(most)
        }
    }

    /// Calls `callback` after every submission (tens of milliseconds of work), on the CPU twin
    /// after as much time, on the thread that has the work. `ControlFlow::Break` ends the solve with [`Error::Cancelled`],
    /// unless it is to [`keep_finished`](Self::keep_finished).
    #[must_use]
    pub fn on_progress(
        mut self,
        callback: impl Fn(&Progress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Arc::new(callback));
        self
    }

    /// Returns what there is where a callback breaks the solve off, instead of [`Error::Cancelled`]. Problems that were within
    /// the tolerance are as ever; others have [`Stop::Cancelled`](crate::Stop::Cancelled), are not converged, and what their
    /// potentials are worth was measured as they stood. One that had not begun has a marginal error of infinity, and costs that
    /// are no numbers. [`Solution::is_cancelled`](crate::Solution::is_cancelled) says that it was broken off.
    ///
    /// ```
    /// # fn main() -> kantor::Result<()> {
    /// use kantor::{Context, Geometry, Grid, Problem, Sinkhorn, Stop};
    /// use std::ops::ControlFlow;
    /// let line = Geometry::grid(&Grid::new(&[3]))?;
    /// let problem = Problem::new(line, &[0.2, 0.3, 0.5], &[0.6, 0.3, 0.1])?;
    /// let solver = Sinkhorn::new(0.05).tolerance(0.0).max_iterations(100_000_000).keep_finished();
    /// let solver = solver.on_progress(|_| ControlFlow::Break(()));
    /// let solution = solver.solve_blocking(&Context::cpu(), &problem)?;
    /// assert!(solution.is_cancelled() && !solution.converged()[0]);
    /// assert_eq!(solution.stop(), [Stop::Cancelled]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn keep_finished(mut self) -> Self {
        self.keeps_finished = true;
        self
    }

    /// Whether a problem begins at potentials of the caller's, which may be better than any that are found on the way.
    pub(super) fn trusts_start(&self, problem: &Problem) -> bool {
        problem.start.is_some() && self.initializer == Initializer::Zero
    }

    /// When problems leave the loop.
    pub(crate) fn of_the_twin(&self) -> reference::Settings {
        reference::Settings { tolerance: self.leaves_at(), max_iterations: self.max_iterations }
    }

    /// The tolerance asked for, or that of the precision.
    pub(crate) fn leaves_at(&self) -> f64 {
        self.tolerance.unwrap_or(self.precision.tolerance())
    }

    pub(super) fn validate(&self, context: &Context) -> Result<()> {
        if !epsilon_fits(self.epsilon.value()) {
            let reason = format!("{:?} is not within [1e-20, 1e20]", self.epsilon.value());
            return Err(Error::invalid("epsilon", reason));
        }
        let twin = context.gpu().is_none() || self.variant == Variant::Reference;
        let (floor, which) = match (twin, self.precision) {
            (true, _) => (Precision::TWIN_FLOOR, "the f64 twin"),
            (_, Precision::Single) => (self.precision.floor(), "single precision"),
            (_, Precision::Double) => (self.precision.floor(), "double precision"),
        };
        let tolerance = self.leaves_at();
        if tolerance != 0.0 && !(floor..=2.0).contains(&tolerance) {
            let reason =
                format!("{tolerance:?} is not 0 or within [{floor:e}, 2], what {which} can reach");
            return Err(Error::invalid("tolerance", reason));
        }
        if self.max_iterations == 0 {
            return Err(Error::invalid("max_iterations", "must be at least 1"));
        }
        Ok(())
    }

    /// Reports progress; an error if the callback asks to stop.
    pub(crate) fn report(&self, progress: Progress) -> Result<()> {
        match self.progress.as_ref().map(|callback| callback(&progress)) {
            Some(ControlFlow::Break(())) => {
                Err(Error::Cancelled { iterations: progress.iterations })
            }
            _ => Ok(()),
        }
    }
}
