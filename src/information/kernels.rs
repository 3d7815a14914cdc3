//! The kernels of `shaders/information`: what they bind, and their parameters.

use crate::gpu::Kernel;
use crate::gpu::layout::params;

pub(crate) static MARGINALS: Kernel = Kernel::new("information/marginals.wgsl");

pub(crate) static MERGED_MARGINALS: Kernel = Kernel::new("information/merged_marginals.wgsl");

pub(crate) static JOINT_TABLE: Kernel = Kernel::new("information/joint_table.wgsl");

pub(crate) static JOINT_TOTALS: Kernel = Kernel::new("information/joint_totals.wgsl");

pub(crate) static LOG_WEIGHT_SUMS: Kernel = Kernel::new("information/log_weight_sums.wgsl");

pub(crate) static NORMALIZED_WEIGHTS: Kernel = Kernel::new("information/normalized_weights.wgsl");

pub(crate) static BIN_COUNTS: Kernel = Kernel::new("information/bin_counts.wgsl");

params! {
    /// As in `table.wgsl`.
    pub(crate) struct TableParams = Params in "information/table.wgsl" {
        zero: u32,
        rows: u32,
        columns: u32,
        table: u32,
        first: u32,
        until: u32,
        block: u32,
        blocks: u32,
        low: u32,
        unused: [u32; 3],
    }
}

params! {
    /// As in `log_rows.wgsl`.
    pub(crate) struct LogParams = Params in "information/log_rows.wgsl" {
        zero: u32,
        columns: u32,
        first: u32,
        until: u32,
        block: u32,
        blocks: u32,
        low: u32,
        low_out: u32,
    }
}

params! {
    /// As in `bin_counts.wgsl`.
    pub(crate) struct CountParams = Params in "information/bin_counts.wgsl" {
        zero: u32,
        length: u32,
        first: u32,
        until: u32,
        block: u32,
        blocks: u32,
        bins: u32,
        bins_y: u32,
        stride: u32,
        stride_y: u32,
        unused: [u32; 2],
    }
}

/// What a kernel that screens is given to report in: no first number that is wrong, nothing out of range.
pub(crate) const NO_REPORT: [u32; 4] = [u32::MAX, 0, 0, 0];
