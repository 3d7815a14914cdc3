//! The solver's settings.

use super::annealing::{Annealing, epsilon_fits};
use super::epsilon::Epsilon;
use crate::error::{Error, Result};
use crate::gpu::Context;
use crate::named::named;
use crate::number::Precision;
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

/// What a progress callback sees.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Progress {
    /// Problems that have left the loop.
    pub finished: usize,
    /// Problems in all.
    pub problems: usize,
    /// Iterations made so far of the problem that has made most.
    pub iterations: u32,
    /// Largest L1 marginal error among the running problems at their last test;
    /// infinite before the first.
    pub marginal_error: f64,
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
    pub(crate) progress: Option<Callback>,
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
            .field("progress", &self.progress.is_some())
            .finish()
    }
}

impl Sinkhorn {
    /// A solver at regularisation ε, in units of the cost or an [`Epsilon`], at most 2000
    /// iterations, single precision, and the tolerance of the precision.
    ///
    /// ε lies within \[1e-20, 1e20\], and is at least a millionth of the largest |C| in
    /// single precision, 1e-9 of it in double; a constant in C does not count. Below, the
    /// digits do not resolve the plan, and a solve is refused. Above 256 times the largest
    /// |C|, where the plan is a⊗b to some digits, the f64 twin solves on the host, without
    /// the rounding of ε ln a that would be left of the costs.
    pub fn new(epsilon: impl Into<Epsilon>) -> Sinkhorn {
        Sinkhorn {
            epsilon: epsilon.into(),
            tolerance: None,
            max_iterations: 2000,
            precision: Precision::Single,
            variant: Variant::Auto,
            annealing: None,
            anneals: true,
            progress: None,
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

    /// Calls `callback` after every submission (tens of milliseconds of work), on the CPU twin
    /// after as much time, on the thread that has the work. `ControlFlow::Break` ends the solve with [`Error::Cancelled`].
    #[must_use]
    pub fn on_progress(
        mut self,
        callback: impl Fn(&Progress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Arc::new(callback));
        self
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
