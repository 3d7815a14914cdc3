//! The kernels of `shaders/information`: what they bind, and their parameters.

use crate::gpu::{Binding, Kernel};

use Binding::{Read, ReadWrite, Uniform};

pub(crate) static MARGINALS: Kernel =
    Kernel { path: "information/marginals.wgsl", bindings: &[Uniform, Read, ReadWrite, ReadWrite] };

pub(crate) static MERGED_MARGINALS: Kernel =
    Kernel { path: "information/merged_marginals.wgsl", bindings: &[Uniform, Read, ReadWrite] };

pub(crate) static JOINT_TABLE: Kernel = Kernel {
    path: "information/joint_table.wgsl",
    bindings: &[Uniform, Read, Read, Read, Read, ReadWrite],
};

pub(crate) static JOINT_TOTALS: Kernel = Kernel {
    path: "information/joint_totals.wgsl",
    bindings: &[Uniform, Read, Read, Read, Read, Read, ReadWrite],
};

pub(crate) static LOG_WEIGHT_SUMS: Kernel =
    Kernel { path: "information/log_weight_sums.wgsl", bindings: MARGINALS.bindings };

pub(crate) static NORMALIZED_WEIGHTS: Kernel = Kernel {
    path: "information/normalized_weights.wgsl",
    bindings: &[Uniform, Read, Read, ReadWrite],
};

pub(crate) static BIN_COUNTS: Kernel = Kernel {
    path: "information/bin_counts.wgsl",
    bindings: &[Uniform, Read, Read, Read, Read, ReadWrite, ReadWrite],
};

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

/// The value of a double-float.
pub(crate) fn value(high: f32, low: f32) -> f64 {
    f64::from(high) + f64::from(low)
}
