//! An f-divergence from an expression of one's own.

use crate::error::{Error, Result};
use std::fmt;
use std::sync::Arc;

type Function = dyn Fn(f64) -> f64 + Send + Sync;

/// f and f′ of Σ q f(p/q), as WGSL expressions in `r: f32`, r = p/q > 0. f is convex with f(1) = 0; f′(1) = 0 makes
/// every term non-negative, and small divergences accurate.
///
/// The expressions are compiled with the kernel; what the compiler has against them comes back as
/// [`Error::Shader`]. They are evaluated in f32, so [`Precision::Double`](crate::Precision::Double), the CPU twin and
/// rows beyond the range of f32 need [`Generator::with_reference`]. Of r = p/q they know nearly equal rows, and the
/// gradient f(r) − r f′(r) at bins that q lacks (r = 2¹⁰⁰), only as far as they do not cancel.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Divergence, Generator};
/// // Le Cam's: (r − 1)²/(r + 1).
/// let f = Generator::new("(r - 1.0) * (r - 1.0) / (r + 1.0)", "(r - 1.0) * (r + 3.0) / ((r + 1.0) * (r + 1.0))")?
///     .with_limits(1.0, 1.0)
///     .with_reference(|r| (r - 1.0).powi(2) / (r + 1.0), |r| (r - 1.0) * (r + 3.0) / (r + 1.0).powi(2));
/// let le_cam = Divergence::Generator(f);
/// # assert_eq!(le_cam.name(), "generator");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Generator {
    pub(crate) f: Arc<str>,
    pub(crate) derivative: Arc<str>,
    pub(crate) at_zero: f64,
    pub(crate) slope_at_infinity: f64,
    pub(crate) reference: Option<(Arc<Function>, Arc<Function>)>,
}

impl Generator {
    /// From WGSL expressions for f(r) and f′(r).
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for text that is no expression: empty, or with `;`, braces, `@`, comments or
    /// parentheses that do not match.
    pub fn new(f: &str, derivative: &str) -> Result<Generator> {
        let expression = |argument: &'static str, text: &str| -> Result<Arc<str>> {
            let mut depth = 0i32;
            let mut below = false;
            for c in text.chars() {
                depth += i32::from(c == '(') - i32::from(c == ')');
                below |= depth < 0;
            }
            let forbidden = [";", "{", "}", "@", "//", "/*", "\n", "\r"];
            if text.trim().is_empty()
                || below
                || depth != 0
                || text.len() > 4096
                || forbidden.iter().any(|word| text.contains(word))
            {
                let reason = format!("{text:?} is not an expression in r");
                return Err(Error::invalid(argument, reason));
            }
            Ok(text.trim().into())
        };
        Ok(Generator {
            f: expression("f", f)?,
            derivative: expression("derivative", derivative)?,
            at_zero: f64::INFINITY,
            slope_at_infinity: f64::INFINITY,
            reference: None,
        })
    }

    /// What a bin adds where p = 0: q f(0); and where q = 0: p lim f(r)/r. Both are +∞ unless given.
    #[must_use]
    pub fn with_limits(mut self, at_zero: f64, slope_at_infinity: f64) -> Generator {
        self.at_zero = at_zero;
        self.slope_at_infinity = slope_at_infinity;
        self
    }

    /// That the host knows the functions, where it has to answer.
    pub(crate) fn require_reference(&self) -> Result<()> {
        if self.reference.is_some() {
            return Ok(());
        }
        let reason = "needs `with_reference` here: WGSL runs in f32 on a device only";
        Err(Error::invalid("generator", reason))
    }

    /// The same functions for the host, in f64.
    #[must_use]
    pub fn with_reference(
        mut self,
        f: impl Fn(f64) -> f64 + Send + Sync + 'static,
        derivative: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Generator {
        self.reference = Some((Arc::new(f), Arc::new(derivative)));
        self
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Generator")
            .field("f", &self.f)
            .field("derivative", &self.derivative)
            .field("at_zero", &self.at_zero)
            .field("slope_at_infinity", &self.slope_at_infinity)
            .field("reference", &self.reference.is_some())
            .finish()
    }
}

/// By text and limits.
impl PartialEq for Generator {
    fn eq(&self, other: &Generator) -> bool {
        (&self.f, &self.derivative) == (&other.f, &other.derivative)
            && (self.at_zero, self.slope_at_infinity) == (other.at_zero, other.slope_at_infinity)
    }
}
