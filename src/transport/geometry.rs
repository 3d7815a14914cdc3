//! The cost between bins.

use crate::error::{Error, Result};
use crate::gpu::Tensor;
use std::sync::Arc;

/// f32 or f64: what costs and weights may be given in.
pub trait Element: Copy + Send + Sync + sealed::Sealed {
    /// The value, widened.
    fn to_f64(self) -> f64;

    /// The same values, if they are f32: what goes to a device as it is.
    fn singles(values: &[Self]) -> Option<&[f32]>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Element for f32 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn singles(values: &[f32]) -> Option<&[f32]> {
        Some(values)
    }
}

impl Element for f64 {
    fn to_f64(self) -> f64 {
        self
    }

    fn singles(_: &[f64]) -> Option<&[f32]> {
        None
    }
}

/// Where cost values live.
#[derive(Debug, Clone)]
pub(crate) enum Cost {
    /// High words, and low words where the values were not exact in f32.
    Host {
        high: Arc<Vec<f32>>,
        low: Option<Arc<Vec<f32>>>,
    },
    Device(Tensor),
}

/// The cost between n source bins and m target bins, shared by a batch or one
/// matrix per problem.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::Geometry;
/// let cost = [0.0f32, 1.0, 1.0, 0.0];
/// let geometry = Geometry::cost_matrix(&cost, 2, 2)?;
/// assert_eq!(geometry.shape(), (2, 2));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Geometry {
    pub(crate) cost: Cost,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Number of matrices; `None`: one for every problem.
    pub(crate) batch: Option<usize>,
    /// Largest absolute value.
    pub(crate) magnitude: f64,
    /// Taken out of the cost before it is rounded to device precision: a constant
    /// changes no plan, but a large one would eat the digits of the exponents.
    pub(crate) offset: f64,
    /// Largest absolute value without the offset: what ε is measured against.
    pub(crate) spread: f64,
}

impl Geometry {
    /// One row-major n×m cost matrix for all problems of a batch. Any finite
    /// values; f64 values keep their low words in double precision.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a wrong length, no elements, or a value that is
    /// not finite in f32, with its row and column.
    pub fn cost_matrix<T: Element>(cost: &[T], n: usize, m: usize) -> Result<Geometry> {
        Geometry::from_values(cost, None, n, m)
    }

    /// One cost matrix per problem: `batch` row-major n×m matrices in a row.
    ///
    /// # Errors
    /// As [`Geometry::cost_matrix`]; the row counts through the whole batch.
    pub fn cost_matrices<T: Element>(
        costs: &[T],
        batch: usize,
        n: usize,
        m: usize,
    ) -> Result<Geometry> {
        Geometry::from_values(costs, Some(batch), n, m)
    }

    fn from_values<T: Element>(
        cost: &[T],
        batch: Option<usize>,
        n: usize,
        m: usize,
    ) -> Result<Geometry> {
        check_size(cost.len(), batch, n, m)?;
        let mut high = Vec::with_capacity(cost.len());
        let mut low = Vec::new();
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for (at, value) in cost.iter().map(|v| v.to_f64()).enumerate() {
            let word = value as f32;
            if !word.is_finite() {
                return Err(Error::invalid_at(
                    "cost",
                    at / m,
                    at % m,
                    format!("{value:?} is not finite in f32"),
                ));
            }
            let rest = (value - f64::from(word)) as f32;
            if rest != 0.0 && low.is_empty() {
                low = vec![0.0; cost.len()];
            }
            if let Some(slot) = low.get_mut(at) {
                *slot = rest;
            }
            least = least.min(value);
            most = most.max(value);
            high.push(word);
        }
        let magnitude = least.abs().max(most.abs());
        let range = most - least;
        // Only where it dominates; else small costs would lose digits of their own.
        let offset = if least > range {
            least
        } else if -most > range {
            most
        } else {
            0.0
        };
        let spread = if offset == 0.0 { magnitude } else { range };
        let low = (!low.is_empty()).then(|| Arc::new(low));
        Ok(Geometry {
            cost: Cost::Host { high: Arc::new(high), low },
            rows: n,
            columns: m,
            batch,
            magnitude,
            offset,
            spread,
        })
    }

    /// One cost matrix that is already on the device, shape `[n, m]`. It stays
    /// where it is and is never written.
    ///
    /// The values are read back once to be checked: WGSL may assume that there
    /// is no NaN, so a bad cost must not reach a kernel.
    ///
    /// # Errors
    /// As [`Geometry::cost_matrix`], and [`Error::Readback`].
    pub async fn cost_tensor(cost: &Tensor) -> Result<Geometry> {
        let &[n, m] = cost.shape() else {
            return Err(Error::invalid("cost", format!("shape {:?} is not [n, m]", cost.shape())));
        };
        let mut geometry = Geometry::cost_matrix(&cost.read().await?, n, m)?;
        if cost.device_buffer().is_some() {
            geometry.cost = Cost::Device(cost.clone());
            geometry.offset = 0.0;
            geometry.spread = geometry.magnitude;
        }
        Ok(geometry)
    }

    /// Squared Euclidean distances between the pixel centres of a `height`×`width`
    /// image spanning the unit square: pixel (r, c) lies at (r/(height−1), c/(width−1)),
    /// a single row or column at 0. A dense matrix.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if there are no pixels or the matrix cannot be held.
    pub fn squared_euclidean_grid(height: usize, width: usize) -> Result<Geometry> {
        let pixels = height.checked_mul(width).filter(|&n| n > 0).ok_or_else(|| {
            Error::invalid("grid", format!("{height}×{width} has no pixels or too many"))
        })?;
        if pixels.checked_mul(pixels).is_none_or(|cells| cells > 1 << 31) {
            return Err(Error::invalid(
                "grid",
                format!("{height}×{width} is too large for a dense cost matrix"),
            ));
        }
        let place = |k: usize, n: usize| if n > 1 { k as f64 / (n - 1) as f64 } else { 0.0 };
        let mut cost = Vec::with_capacity(pixels * pixels);
        for p in 0..pixels {
            for q in 0..pixels {
                let vertical = place(p / width, height) - place(q / width, height);
                let horizontal = place(p % width, width) - place(q % width, width);
                cost.push(vertical * vertical + horizontal * horizontal);
            }
        }
        Geometry::cost_matrix(&cost, pixels, pixels)
    }

    /// (n, m): source bins, target bins.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// The largest absolute cost: the scale ε is measured against.
    pub fn magnitude(&self) -> f64 {
        self.magnitude
    }
}

fn check_size(length: usize, batch: Option<usize>, n: usize, m: usize) -> Result<()> {
    let shape = match batch {
        Some(batch) => format!("{batch}×{n}×{m}"),
        None => format!("{n}×{m}"),
    };
    let expected = n.checked_mul(m).and_then(|cells| cells.checked_mul(batch.unwrap_or(1)));
    match expected {
        Some(0) => Err(Error::invalid("cost", format!("{shape} has no elements"))),
        Some(expected) if expected == length => Ok(()),
        _ => Err(Error::invalid("cost", format!("has {length} elements, the shape is {shape}"))),
    }
}
