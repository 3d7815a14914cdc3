//! How a batch lies in memory, whose sides are called what, and the numbers that stand for others.

use crate::number::Precision;
use crate::transport::Problem;
use crate::transport::geometry::Cost;

/// ln 0 on the device.
pub(crate) const LN_ZERO: f32 = -1e30;

/// The cost on the device of a pair that may not be coupled; half of it is `FORBIDDEN` of `transport/problem.wgsl`, above
/// which a cost counts as such.
pub(crate) const FORBIDDEN: f64 = 2e27;

/// Which side of the problems a sweep updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Source,
    Target,
}

impl Side {
    pub(crate) const BOTH: [Side; 2] = [Side::Source, Side::Target];

    pub(crate) fn other(self) -> Side {
        match self {
            Side::Source => Side::Target,
            Side::Target => Side::Source,
        }
    }
}

/// How a batch is laid out; decided before anything is allocated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Leave empty bins out.
    pub(crate) supports: bool,
    /// Keep the costs between points as a matrix.
    pub(crate) matrix_of_points: bool,
    pub(crate) precision: Precision,
    /// One axis of a grid after the other, whose last has so many pixels.
    pub(crate) width: Option<usize>,
}

impl Layout {
    /// Supports pay when they drop a good part of the pairs: gathers cost about
    /// half as much again as contiguous reads.
    pub(crate) fn choose(problem: &Problem, precision: Precision) -> Layout {
        let pairs = problem.source.filled() * problem.target.filled();
        let supports = match &problem.geometry.cost {
            Cost::Points(_) => false,
            // A borrowed cost cannot be padded to vec4f; gathers read single elements.
            Cost::Device(_) => pairs < 0.6 || !problem.geometry.columns.is_multiple_of(4),
            Cost::Host { .. } | Cost::Grid(_) => pairs < 0.6,
        };
        Layout { supports, matrix_of_points: false, precision, width: None }
    }
}

/// Elements of one row on the device, padded to vec4f.
pub(super) fn padded_row(columns: usize) -> usize {
    columns.next_multiple_of(4)
}
