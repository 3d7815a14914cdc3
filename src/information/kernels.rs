//! The kernels of `shaders/information`: what they bind, and their parameters.

use crate::gpu::Kernel;

pub(crate) static MARGINALS: Kernel = Kernel::new("information/marginals.wgsl");

pub(crate) static MERGED_MARGINALS: Kernel = Kernel::new("information/merged_marginals.wgsl");

pub(crate) static JOINT_TABLE: Kernel = Kernel::new("information/joint_table.wgsl");

pub(crate) static JOINT_TOTALS: Kernel = Kernel::new("information/joint_totals.wgsl");

pub(crate) static LOG_WEIGHT_SUMS: Kernel = Kernel::new("information/log_weight_sums.wgsl");

pub(crate) static NORMALIZED_WEIGHTS: Kernel = Kernel::new("information/normalized_weights.wgsl");

pub(crate) static BIN_COUNTS: Kernel = Kernel::new("information/bin_counts.wgsl");

/// As in `table.wgsl`.
#[derive(Debug, Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct TableParams {
    pub(crate) zero: u32,
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    pub(crate) table: u32,
    pub(crate) first: u32,
    pub(crate) until: u32,
    pub(crate) block: u32,
    pub(crate) blocks: u32,
    pub(crate) low: u32,
    pub(crate) unused: [u32; 3],
}

/// As in `log_rows.wgsl`.
#[derive(Debug, Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct LogParams {
    pub(crate) zero: u32,
    pub(crate) columns: u32,
    pub(crate) first: u32,
    pub(crate) until: u32,
    pub(crate) block: u32,
    pub(crate) blocks: u32,
    pub(crate) low: u32,
    pub(crate) low_out: u32,
}

/// As in `bin_counts.wgsl`.
#[derive(Debug, Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct CountParams {
    pub(crate) zero: u32,
    pub(crate) length: u32,
    pub(crate) first: u32,
    pub(crate) until: u32,
    pub(crate) block: u32,
    pub(crate) blocks: u32,
    pub(crate) bins: u32,
    pub(crate) bins_y: u32,
    pub(crate) stride: u32,
    pub(crate) stride_y: u32,
    pub(crate) unused: [u32; 2],
}

/// What a kernel that screens is given to report in: no first number that is wrong, nothing out of range.
pub(crate) const NO_REPORT: [u32; 4] = [u32::MAX, 0, 0, 0];

/// A double-float.
pub(crate) fn pair(x: f64) -> [f32; 2] {
    [x as f32, (x - f64::from(x as f32)) as f32]
}

/// The value of a double-float.
pub(crate) fn value(high: f32, low: f32) -> f64 {
    f64::from(high) + f64::from(low)
}
