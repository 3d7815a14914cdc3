//! Rows of distributions, where the context runs.

use super::kind::Input;
use super::upload::{self, Piece};
use crate::error::{Error, Result};
use crate::gpu::{Context, Tensor};
use crate::number::{Element, words};
use crate::parallel::{any, copied, map_rows};
use crate::reference::divergence::Row;
use crate::wait::blocking;
use std::sync::Arc;

/// n distributions over V bins, row-major: weights, log-probabilities or logits. Cheap to clone.
///
/// On a device the numbers stay there for every use. f64 numbers that f32 cannot hold keep a second word, and those
/// that two words cannot hold a copy on the host, which [`Precision::Double`](crate::Precision::Double) reads. Rows are screened by the kernels that use them.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Distributions, Input};
/// let context = Context::new_blocking()?;
/// let rows = Distributions::new_blocking(&context, &[9.0f32, 12.0, 4.0, 1.0, 1.0, 1.0], 3, Input::Weights)?;
/// assert_eq!((rows.len(), rows.bins()), (2, 3));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Distributions {
    pub(crate) context: Context,
    pub(crate) rows: usize,
    pub(crate) bins: usize,
    pub(crate) input: Input,
    pub(crate) normalize: bool,
    pub(crate) data: Data,
    /// The numbers themselves, where two f32 do not hold them.
    exact: Option<Arc<Vec<f64>>>,
    /// Which rows have numbers that f32 has no place for at all, where any do.
    beyond: Option<Arc<Vec<bool>>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    Host(Arc<Numbers>),
    Device(Arc<Vec<Piece>>),
}

/// Numbers in host memory as they were given: f32 is not worth twice its memory.
#[derive(Debug)]
pub(crate) enum Numbers {
    Singles(Vec<f32>),
    Doubles(Vec<f64>),
}

impl Numbers {
    fn of<T: Element>(values: &[T]) -> Numbers {
        match T::singles(values) {
            Some(singles) => Numbers::Singles(copied(singles)),
            None => Numbers::Doubles(values.iter().map(|x| x.to_f64()).collect()),
        }
    }
}

impl Distributions {
    /// Copies `values`, rows of `bins` f32 or f64, to the context. Rows may be longer than a binding of the adapter.
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: no bins, no rows or an incomplete one, a temperature that is not a finite number
    /// of 2⁻¹²⁶ or more. [`Error::LimitExceeded`], [`Error::OutOfMemory`].
    pub async fn new<T: Element>(
        context: &Context,
        values: &[T],
        bins: usize,
        input: Input,
    ) -> Result<Distributions> {
        check_input(input)?;
        if bins == 0 || values.is_empty() || !values.len().is_multiple_of(bins) {
            let reason =
                format!("{} numbers are not a positive number of rows of {bins}", values.len());
            return Err(Error::invalid("values", reason));
        }
        if bins >= 1 << 31 || values.len() / bins >= 1 << 31 {
            let reason = format!("{} rows of {bins} bins are too many", values.len() / bins);
            return Err(Error::invalid("values", reason));
        }
        let data = match context.gpu() {
            None => Data::Host(Arc::new(Numbers::of(values))),
            Some(gpu) => Data::Device(Arc::new(upload::pieces(gpu, values, bins).await?)),
        };
        let rows = values.len() / bins;
        let exact = context.gpu().and_then(|_| beyond_two_words(values)).map(Arc::new);
        let beyond =
            exact.as_ref().and_then(|values| beyond_one_word(values, bins, input)).map(Arc::new);
        let context = context.clone();
        Ok(Distributions { context, rows, bins, input, normalize: false, data, exact, beyond })
    }

    /// Rows that are on the context already: a tensor of shape n×V or V, which is not copied.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for another shape or a wrong temperature.
    pub async fn from_tensor(tensor: &Tensor, input: Input) -> Result<Distributions> {
        check_input(input)?;
        let (rows, bins) = match *tensor.shape() {
            [bins] => (1, bins),
            [rows, bins] => (rows, bins),
            _ => {
                let reason = format!("has shape {:?}, not rows × bins", tensor.shape());
                return Err(Error::invalid("tensor", reason));
            }
        };
        let context = tensor.context().clone();
        let data = match (context.gpu(), tensor.part()) {
            (Some(gpu), Some(part)) => {
                Data::Device(Arc::new(upload::of_tensor(gpu, part, rows, bins)))
            }
            _ => Data::Host(Arc::new(Numbers::Singles(tensor.read().await?))),
        };
        let (exact, beyond) = (None, None);
        Ok(Distributions { context, rows, bins, input, normalize: false, data, exact, beyond })
    }

    /// Log-probabilities are normalised whatever they sum to, instead of refused where their probabilities do not sum
    /// to 1 within 10⁻³. Weights and logits always are.
    #[must_use]
    pub fn normalized(mut self) -> Distributions {
        self.normalize = true;
        self
    }

    /// Number of rows n.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows; never true.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Number of bins V.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// What the numbers are.
    pub fn input(&self) -> Input {
        self.input
    }

    /// Where the rows are.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Whether these are the same rows in the same memory.
    pub(crate) fn is_same(&self, other: &Distributions) -> bool {
        let shared = match (&self.data, &other.data) {
            (Data::Host(a), Data::Host(b)) => Arc::ptr_eq(a, b),
            (Data::Device(a), Data::Device(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        shared && self.input == other.input
    }

    /// Whether the numbers are logarithms.
    pub(crate) fn is_logarithmic(&self) -> bool {
        !matches!(self.input, Input::Weights)
    }

    /// The temperature; 1 for what has none.
    pub(crate) fn temperature(&self) -> f64 {
        match self.input {
            Input::Logits { temperature } => temperature,
            _ => 1.0,
        }
    }

    /// Whether a row has numbers that f32 has no place for, so that only the twin sees them: weights that round to 0,
    /// anything above its range.
    pub(crate) fn is_beyond(&self, row: usize) -> bool {
        self.beyond.as_ref().is_some_and(|beyond| beyond[row])
    }

    /// The numbers of a row, read back where they are on a device.
    pub(crate) async fn read_row(&self, row: usize) -> Result<Vec<f64>> {
        Ok(self.read_rows(&[row]).await?.into_iter().flatten().collect())
    }

    /// The numbers of some rows, in the order asked for: few at a time, see [`Distributions::together`].
    pub(crate) async fn read_rows(&self, rows: &[usize]) -> Result<Vec<Vec<f64>>> {
        let of = |values: &[f64]| {
            let row = |row: &usize| values[row * self.bins..(row + 1) * self.bins].to_vec();
            rows.iter().map(row).collect()
        };
        match (&self.data, self.context.gpu(), &self.exact) {
            (Data::Host(values), ..) => Ok(match &**values {
                Numbers::Doubles(values) => of(values),
                Numbers::Singles(values) => {
                    let wide = |row: &usize| {
                        let row = &values[row * self.bins..(row + 1) * self.bins];
                        row.iter().map(|x| f64::from(*x)).collect()
                    };
                    rows.iter().map(wide).collect()
                }
            }),
            (_, _, Some(values)) => Ok(of(values)),
            (Data::Device(pieces), Some(gpu), _) => upload::read_rows(gpu, pieces, rows).await,
            _ => Err(Error::invalid("rows", "their context has no device")),
        }
    }

    /// How many rows the twin takes at a time, where they have to be read back.
    pub(crate) fn together(&self) -> usize {
        ((1 << 22) / self.bins).clamp(1, 1024)
    }

    /// A row as the twin takes it, screened. `argument` is what it is called in errors.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with row and index.
    pub(crate) fn screened(
        &self,
        argument: &'static str,
        row: usize,
        values: &[f64],
    ) -> Result<Row> {
        screen(argument, row, values, self.input)?;
        let result = Row::new(values, self.input);
        self.check_sum(argument, row, result.sum())?;
        Ok(result)
    }

    /// That the probabilities of a row given as logarithms sum to 1.
    pub(crate) fn check_sum(&self, argument: &'static str, row: usize, sum: f64) -> Result<()> {
        let logarithms = matches!(self.input, Input::LogProbabilities);
        if logarithms && !self.normalize && ((sum - 1.0).abs() > 1e-3 || sum.is_nan()) {
            let reason =
                format!("its probabilities sum to {sum:?}; `normalized` takes them all the same");
            return Err(Error::invalid_row(argument, row, reason));
        }
        Ok(())
    }
}

blocking! {
    impl Distributions {
        new => new_blocking<T: Element>(
            context: &Context, values: &[T], bins: usize, input: Input
        ) -> Result<Distributions>;
        from_tensor => from_tensor_blocking(tensor: &Tensor, input: Input) -> Result<Distributions>;
    }
}

/// f64 numbers of which one at least is no sum of two f32: near-equal rows lose digits with their last bits.
fn beyond_two_words<T: Element>(values: &[T]) -> Option<Vec<f64>> {
    let lost = |x: &T| {
        let x = x.to_f64();
        let [high, low] = words(x);
        x.is_finite() && f64::from(high) + f64::from(low) != x
    };
    let some = T::singles(values).is_none() && any(values, lost);
    some.then(|| values.iter().map(|x| x.to_f64()).collect())
}

/// The rows with a number that is finite but no f32: too large, or a weight that f32 takes for none.
fn beyond_one_word(values: &[f64], bins: usize, input: Input) -> Option<Vec<bool>> {
    let weights = matches!(input, Input::Weights);
    let lost = |x: &f64| {
        let word = *x as f32;
        x.is_finite() && (word.is_infinite() || (weights && word == 0.0 && *x != 0.0))
    };
    let row = |row: usize| values[row * bins..(row + 1) * bins].iter().any(lost);
    let rows = map_rows(values.len() / bins, row);
    rows.contains(&true).then_some(rows)
}

fn check_input(input: Input) -> Result<()> {
    match input {
        Input::Logits { temperature: t }
            if !(t.is_finite() && t >= f64::from(f32::MIN_POSITIVE)) =>
        {
            let reason = format!("{t:?} is not a finite number of 2^-126 or more");
            Err(Error::invalid("temperature", reason))
        }
        _ => Ok(()),
    }
}

/// What is wrong with a row: the first number that none should be, or that nothing is left.
fn screen(argument: &'static str, row: usize, values: &[f64], input: Input) -> Result<()> {
    let weights = matches!(input, Input::Weights);
    let wrong = |x: f64| match weights {
        true => !(x.is_finite() && x >= 0.0),
        false => x.is_nan() || x == f64::INFINITY,
    };
    if let Some(index) = values.iter().position(|x| wrong(*x)) {
        let kind = if weights { "a weight" } else { "a logarithm of a probability" };
        let reason = format!("{:?} is not {kind}", values[index]);
        return Err(Error::invalid_at(argument, row, index, reason));
    }
    let empty = |x: &f64| if weights { *x == 0.0 } else { *x == f64::NEG_INFINITY };
    if values.iter().all(empty) {
        return Err(Error::invalid_row(argument, row, "has no mass: every bin is empty"));
    }
    Ok(())
}
