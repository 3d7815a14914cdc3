//! The kernels of `shaders/vmf`, and their parameters.

use crate::gpu::Kernel;
use crate::gpu::layout::params;

pub(crate) static DIRECTION_NORMS: Kernel = Kernel::new("vmf/direction_norms.wgsl");

pub(crate) static RESULTANT: Kernel = Kernel::new("vmf/resultant.wgsl");

pub(crate) static RESULTANT_ROWS: Kernel = Kernel::new("vmf/resultant_rows.wgsl");

pub(crate) static RESULTANT_UNITS: Kernel = Kernel::new("vmf/resultant_units.wgsl");

pub(crate) static UNIT_LENGTHS: Kernel = Kernel::new("vmf/unit_lengths.wgsl");

pub(crate) static BLOCK_SUMS: Kernel = Kernel::new("vmf/block_sums.wgsl");

pub(crate) static LOG_DENSITY: Kernel = Kernel::new("vmf/log_density.wgsl");

pub(crate) static RESPONSIBILITY: Kernel = Kernel::new("vmf/responsibility.wgsl");

params! {
    /// The parameters of the kernels over rows, as in `params.wgsl`.
    pub(crate) struct Params = Params in "vmf/params.wgsl" {
        zero: u32,
        dimension: u32,
        quads: u32,
        plane: u32,
        first: u32,
        until: u32,
        span: u32,
        block: u32,
        blocks: u32,
        tiles: u32,
        sums: u32,
        low: u32,
        input_low: u32,
        order: u32,
        unused: [u32; 2],
    }
}

/// What `direction_norms` and `resultant_rows` report: the first row without a direction,
/// and whether a row is outside the range of plain squares.
pub(crate) const NO_REPORT: [u32; 4] = [u32::MAX, 0, 0, 0];
