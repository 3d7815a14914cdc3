//! Regular grids, whose cost is a sum over their axes.

use crate::error::{Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// Axes that a grid has at most.
const MOST_AXES: usize = 3;

/// A regular grid of pixels along one to three axes, and the cost between them: Σ over the axes of |x − y|^p.
///
/// Pixels are numbered row by row: the last axis is the fastest. Every axis spans \[0, 1\], a single pixel lies at 0,
/// unless [`spacing`](Grid::spacing) gives the distance from pixel to pixel. p is 2, which makes squared Euclidean
/// distances, unless [`exponent`](Grid::exponent) says otherwise.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Geometry, Grid};
/// // An image of 28 rows and 28 columns on the unit square.
/// let image = Geometry::grid(&Grid::new(&[28, 28]))?;
/// assert_eq!((image.shape(), image.magnitude()), ((784, 784), 2.0));
/// // A scan of 10 slices 5 mm apart, whose pixels are 1 mm wide; distances along the axes are added up.
/// let scan = Geometry::grid(&Grid::new(&[10, 32, 32]).spacing(&[5.0, 1.0, 1.0]).exponent(1.0))?;
/// assert_eq!(scan.magnitude(), 45.0 + 31.0 + 31.0);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    axes: Vec<usize>,
    spacing: Option<Vec<f64>>,
    exponent: f64,
}

impl Grid {
    /// So many pixels along every axis, one to three of them.
    pub fn new(axes: &[usize]) -> Grid {
        Grid { axes: axes.to_vec(), spacing: None, exponent: 2.0 }
    }

    /// The distance from pixel to pixel: one for all axes, or one for each.
    #[must_use]
    pub fn spacing(mut self, spacing: &[f64]) -> Grid {
        self.spacing = Some(spacing.to_vec());
        self
    }

    /// p ≥ 1 of |x − y|^p.
    #[must_use]
    pub fn exponent(mut self, exponent: f64) -> Grid {
        self.exponent = exponent;
        self
    }

    /// Pixels along every axis.
    pub fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// 28×28, for messages.
    fn shape(&self) -> String {
        self.axes.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
    }

    /// The number of pixels.
    pub(super) fn pixels(&self) -> Result<usize> {
        if self.axes.is_empty() || self.axes.len() > MOST_AXES {
            let reason = format!("has {} axes, not one to {MOST_AXES}", self.axes.len());
            return Err(Error::invalid("grid", reason));
        }
        let product = self.axes.iter().try_fold(1usize, |product, n| product.checked_mul(*n));
        let pixels = product.filter(|pixels| *pixels > 0).ok_or_else(|| {
            Error::invalid("grid", format!("{} has no pixels or too many", self.shape()))
        })?;
        // Kernels count pixels in u32, and places along an axis in f32.
        if u32::try_from(pixels).is_err() || axes_are_too_long(&self.axes) {
            let reason = format!("{} has more pixels than kernels count", self.shape());
            return Err(Error::invalid("grid", reason));
        }
        Ok(pixels)
    }

    /// The cost along every axis, of a grid that has pixels.
    pub(super) fn costs(&self) -> Result<AxisCosts> {
        let Grid { axes, spacing, exponent } = self;
        if !(*exponent >= 1.0 && exponent.is_finite()) {
            return Err(Error::invalid("exponent", format!("{exponent:?} is no number from 1 on")));
        }
        if let Some(spacing) = spacing
            && spacing.len() != 1
            && spacing.len() != axes.len()
        {
            let reason = format!("has {} numbers for {} axes", spacing.len(), axes.len());
            return Err(Error::invalid("spacing", reason));
        }
        let single: Arc<[f64]> = Arc::new([0.0]);
        let mut costs =
            AxisCosts { along: std::array::from_fn(|_| single.clone()), exponent: *exponent };
        // The last axes of the three; those before have one pixel.
        let places = MOST_AXES - axes.len()..MOST_AXES;
        for (axis, (place, &pixels)) in places.zip(axes).enumerate() {
            let step = match spacing {
                Some(spacing) => spacing[if spacing.len() == 1 { 0 } else { axis }],
                None => 1.0,
            };
            if !(step > 0.0 && step.is_finite()) {
                let reason = format!("{step:?} is not a finite number above zero");
                return Err(Error::invalid_index("spacing", axis, reason));
            }
            // On [0, 1] places are quotients: k times a rounded 1/(n − 1) would be off.
            let parts =
                if spacing.is_some() { 1.0 } else { pixels.saturating_sub(1).max(1) as f64 };
            let cost = |k: usize| power(k as f64 * step / parts, *exponent);
            let along: Vec<f64> = (0..pixels).map(cost).collect();
            let largest = along[pixels - 1];
            if pixels > 1 && !(largest.is_normal() && (largest as f32).is_finite()) {
                let reason = format!("costs of up to {largest:e} along axis {axis} leave f32");
                return Err(Error::invalid("grid", reason));
            }
            costs.along[place] = along.into();
        }
        let most = costs.most();
        if !(most as f32).is_finite() {
            return Err(Error::invalid("grid", format!("costs of up to {most:e} leave f32")));
        }
        Ok(costs)
    }
}

fn axes_are_too_long(axes: &[usize]) -> bool {
    axes.iter().any(|pixels| *pixels > 1 << 24)
}

/// x^p, to the bit as it is written where p is 1 or 2.
fn power(x: f64, p: f64) -> f64 {
    match p {
        1.0 => x,
        2.0 => x * x,
        _ => x.powf(p),
    }
}

/// What a distance of so many pixels costs along each of three axes, of which the first may have one pixel.
#[derive(Debug, Clone)]
pub(crate) struct AxisCosts {
    along: [Arc<[f64]>; MOST_AXES],
    /// p of |x − y|^p.
    pub(crate) exponent: f64,
}

impl AxisCosts {
    /// Between opposite corners.
    pub(super) fn most(&self) -> f64 {
        self.along.iter().filter_map(|along| along.last()).sum()
    }

    /// Of the costs between all pairs of pixels: axes are independent.
    pub(super) fn variance(&self) -> f64 {
        let of_axis = |along: &Arc<[f64]>| {
            let n = along.len() as f64;
            // So many pairs of the n² are k apart.
            let weighted = |f: fn(f64) -> f64| -> f64 {
                let pairs = |k: usize| if k == 0 { n } else { 2.0 * (n - k as f64) };
                along.iter().enumerate().map(|(k, c)| pairs(k) * f(*c)).sum::<f64>() / (n * n)
            };
            let mean = weighted(|c| c);
            weighted(|c| c * c) - mean * mean
        };
        self.along.iter().map(of_axis).sum::<f64>().max(0.0)
    }

    pub(super) fn lengths(&self) -> [usize; MOST_AXES] {
        self.along.each_ref().map(|along| along.len())
    }

    /// Of every axis with more than one pixel what distances cost; of a single pixel one axis.
    pub(crate) fn axes(&self) -> Vec<&[f64]> {
        let long = self.along.iter().filter(|along| along.len() > 1);
        let axes: Vec<&[f64]> = long.map(|along| &along[..]).collect();
        if axes.is_empty() { vec![&self.along[MOST_AXES - 1]] } else { axes }
    }

    /// `f` of the costs from pixel `row` to the pixels in `columns`.
    pub(super) fn each(&self, row: usize, columns: Range<usize>, mut f: impl FnMut(f64)) {
        let [_, rows, width] = self.lengths();
        let place = |pixel: usize| [pixel / width / rows, pixel / width % rows, pixel % width];
        let from = place(row);
        let mut at = columns.start;
        while at < columns.end {
            let [plane, line, first] = place(at);
            let count = (width - first).min(columns.end - at);
            let along = |axis: usize, to: usize| self.along[axis][from[axis].abs_diff(to)];
            let before = along(0, plane) + along(1, line);
            (first..first + count).for_each(|to| f(before + along(2, to)));
            at += count;
        }
    }
}
