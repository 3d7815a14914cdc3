//! Functions of many points, on a context.

use super::dispatch::{Points, run};
use super::function::BesselFunction;
use crate::aside::aside;
use crate::clock::Breather;
use crate::error::{Error, Result};
use crate::gpu::{AdapterReport, Context, Tensor};
use crate::number::{Element, Precision};
use crate::parallel::{fill, first, map_rows_gently};
use crate::wait::blocking;

/// A function to be evaluated at many points, element by element.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Bessel, BesselFunction, Context, Precision};
/// let context = Context::cpu();
/// let log_i = Bessel::new(BesselFunction::LogI).precision(Precision::Double);
/// // One order, two arguments. ln I_2048 is far below what I_2048 could be as an f64.
/// let values = log_i.evaluate_blocking(&context, &[2048.0], &[100.0, 3000.0])?;
/// assert!((values[0] + 5_558.908_112_685_162).abs() < 1e-9);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bessel {
    function: BesselFunction,
    precision: Precision,
}

impl Bessel {
    /// In single precision.
    pub fn new(function: BesselFunction) -> Bessel {
        Bessel { function, precision: Precision::Single }
    }

    /// In another precision. The CPU twin computes in f64 in either, from arguments that `Single` rounds to f32.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Bessel {
        self.precision = precision;
        self
    }

    /// The adapter that will answer: the context's own, or the f64 CPU twin where double-float arithmetic is broken.
    ///
    /// # Errors
    /// [`Error::PrecisionUnavailable`] for `Double` in that case.
    pub fn adapter(&self, context: &Context) -> Result<AdapterReport> {
        Ok(match context.exact_gpu(self.precision)? {
            Some(_) => context.adapter().clone(),
            None => AdapterReport::cpu_twin(),
        })
    }

    /// Whether a point hangs on what two words of f32 do not hold, and so is the twin's: a limit at x = 0 in `Double`,
    /// where an order of 1e-60 is not 0, and orders without a low word.
    fn is_beyond_words(&self, v: f64, x: f64) -> bool {
        const LOW_WORDS_FROM: f64 = 1e-30;
        let tiny = v != 0.0 && v.abs() < LOW_WORDS_FROM;
        self.precision == Precision::Double
            && self.function != BesselFunction::LogGamma
            && (x == 0.0 || tiny)
    }

    /// The values at (v, x): as many orders as arguments, or one of either for all of the other.
    ///
    /// In `Single`, v and x are rounded to f32 first, and values are f32 widened. Values at x = 0 are the limits, ±∞
    /// among them. The domain: x = 0 or 1e-30 ≤ x ≤ 1e30, |v| ≤ 1e6, v ≥ 0 for I, v > 0 for the regularized K.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with argument and index for a point outside the domain or slices of other lengths,
    /// [`Error::PrecisionUnavailable`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub async fn evaluate<T: Element>(
        &self,
        context: &Context,
        v: &[T],
        x: &[T],
    ) -> Result<Vec<f64>> {
        let this = self;
        aside!(context.gpu().is_none(); this, context, v, x; this.evaluate_in_place(context, v, x))
    }

    async fn evaluate_in_place<T: Element>(
        &self,
        context: &Context,
        v: &[T],
        x: &[T],
    ) -> Result<Vec<f64>> {
        let count = broadcast(v.len(), x.len())?;
        let at = |values: &[T], i: usize| values[if values.len() == 1 { 0 } else { i }].to_f64();
        let rounded = |value: f64| match self.precision {
            Precision::Single => f64::from(value as f32),
            Precision::Double => value,
        };
        // As given, and as rounded: -1e-60 is no zero, and 1e-60 is none to a function of v > 0.
        let refused = |i: usize| {
            let (v, x) = (at(v, i), at(x, i));
            self.function.refuses(v, x).or_else(|| self.function.refuses(rounded(v), rounded(x)))
        };
        if let Some(i) = first(count, |i| refused(i).is_some())
            && let Some((argument, reason)) = refused(i)
        {
            return Err(Error::invalid_index(argument, i, reason));
        }
        match context.exact_gpu(self.precision)? {
            Some(gpu) => {
                let mut values = Vec::with_capacity(count);
                // As many points at a time as a binding holds.
                let most = Points::most(gpu, self.precision);
                for first in (0..count).step_by(most) {
                    let here = most.min(count - first);
                    let part = |length: usize| if length == 1 { 0..1 } else { first..first + here };
                    let (v, x) = (&v[part(v.len())], &x[part(x.len())]);
                    let points = Points::upload(gpu, self.precision, v, x, here).await?;
                    values.extend(run(gpu, self.function, &points, true).await?.read(gpu).await?);
                }
                if self.precision == Precision::Double {
                    fill(&mut values, |first, values| {
                        for (i, value) in (first..).zip(values) {
                            let (v, x) = (at(v, i), at(x, i));
                            if self.is_beyond_words(v, x) {
                                *value = self.function.reference(v, x);
                            }
                        }
                    });
                }
                Ok(values)
            }
            None => {
                let value =
                    |i| rounded(self.function.reference(rounded(at(v, i)), rounded(at(x, i))));
                Ok(map_rows_gently(&mut Breather::new(), count, value).await)
            }
        }
    }

    /// The values at tensors of orders and arguments, single precision, left on the device: nothing waits for it. Shapes
    /// are equal, or one of them has one element. The device finds points outside the domain: their values are NaN, and
    /// [`Tensor::read`] has the error, with the index of the first.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for shapes that do not fit, tensors of different contexts, or [`Precision::Double`], whose
    /// values a tensor of f32 cannot hold.
    pub async fn evaluate_tensor(&self, v: &Tensor, x: &Tensor) -> Result<Tensor> {
        let this = self;
        aside!(v.context().gpu().is_none(); this, v, x; this.evaluate_tensor_in_place(v, x))
    }

    async fn evaluate_tensor_in_place(&self, v: &Tensor, x: &Tensor) -> Result<Tensor> {
        if self.precision == Precision::Double {
            return Err(Error::invalid("precision", "a tensor holds single precision"));
        }
        let count = broadcast(v.len(), x.len())?;
        let shape = if x.len() == count { x.shape() } else { v.shape() };
        if v.len() == x.len() && v.shape() != x.shape() {
            let reason = format!("has shape {:?}, v {:?}", x.shape(), v.shape());
            return Err(Error::invalid("x", reason));
        }
        let context = v.context();
        match (context.exact_gpu(self.precision)?, v.part(), x.part()) {
            (Some(gpu), Some(orders), Some(arguments)) => {
                if !context.shares_device(x.context()) {
                    return Err(Error::invalid("x", "is on another device than v"));
                }
                let points = Points::borrow((orders, v.len()), (arguments, x.len()), count);
                let values = run(gpu, self.function, &points, false).await?;
                Ok(values.into_tensor(context, shape))
            }
            _ => {
                let (v, x) = (v.read().await?, x.read().await?);
                let values = self.evaluate(&Context::cpu(), &v, &x).await?;
                Tensor::of_values(context, &values, shape).await
            }
        }
    }
}

/// ln I_v(x): [`BesselFunction::LogI`] by [`Bessel::evaluate`].
///
/// # Errors
/// As [`Bessel::evaluate`].
pub async fn log_bessel_i<T: Element>(
    context: &Context,
    v: &[T],
    x: &[T],
    precision: Precision,
) -> Result<Vec<f64>> {
    Bessel::new(BesselFunction::LogI).precision(precision).evaluate(context, v, x).await
}

/// ln K_v(x): [`BesselFunction::LogK`] by [`Bessel::evaluate`].
///
/// # Errors
/// As [`Bessel::evaluate`].
pub async fn log_bessel_k<T: Element>(
    context: &Context,
    v: &[T],
    x: &[T],
    precision: Precision,
) -> Result<Vec<f64>> {
    Bessel::new(BesselFunction::LogK).precision(precision).evaluate(context, v, x).await
}

/// ln Γ(x), ∞ at 0: [`BesselFunction::LogGamma`] by [`Bessel::evaluate`].
///
/// # Errors
/// As [`Bessel::evaluate`].
pub async fn log_gamma<T: Element>(
    context: &Context,
    x: &[T],
    precision: Precision,
) -> Result<Vec<f64>> {
    Bessel::new(BesselFunction::LogGamma).precision(precision).evaluate(context, x, x).await
}

blocking! {
    impl Bessel {
        evaluate => evaluate_blocking<T: Element>(
            &self, context: &Context, v: &[T], x: &[T]
        ) -> Result<Vec<f64>>;
        evaluate_tensor => evaluate_tensor_blocking(
            &self, v: &Tensor, x: &Tensor
        ) -> Result<Tensor>;
    }
}

blocking! {
    log_bessel_i => log_bessel_i_blocking<T: Element>(
        context: &Context, v: &[T], x: &[T], precision: Precision
    ) -> Result<Vec<f64>>;
    log_bessel_k => log_bessel_k_blocking<T: Element>(
        context: &Context, v: &[T], x: &[T], precision: Precision
    ) -> Result<Vec<f64>>;
    log_gamma => log_gamma_blocking<T: Element>(
        context: &Context, x: &[T], precision: Precision
    ) -> Result<Vec<f64>>;
}

/// The number of points.
fn broadcast(orders: usize, arguments: usize) -> Result<usize> {
    match (orders, arguments) {
        (0, _) => Err(Error::invalid("v", "is empty")),
        (_, 0) => Err(Error::invalid("x", "is empty")),
        (v, x) if v == x || v == 1 || x == 1 => Ok(v.max(x)),
        (v, x) => Err(Error::invalid("x", format!("has {x} elements, v has {v}"))),
    }
}
