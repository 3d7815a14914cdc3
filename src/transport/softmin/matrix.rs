//! Softmin over a dense matrix: along its rows for the source, along its columns for the target.

use super::half_step::Form;
use crate::gpu::Kernel;
use crate::gpu::shader::Constant;
use crate::transport::state::{Side, State};

pub(crate) static SOFTMIN_ROWS: Kernel = Kernel::new("transport/softmin_rows.wgsl");

pub(crate) static SOFTMIN_COLUMNS: Kernel = Kernel::new("transport/softmin_columns.wgsl");

pub(super) fn form(state: &State, side: Side) -> Form {
    let capabilities = &state.gpu.capabilities;
    let lanes = capabilities.lanes_per_row();
    let kernel = match side {
        Side::Source => &SOFTMIN_ROWS,
        Side::Target => &SOFTMIN_COLUMNS,
    };
    let constants = vec![
        ("NATIVE_EXP2", Constant::Bool(capabilities.native_exp2())),
        ("LANES", Constant::U32(lanes)),
    ];
    Form::new((state, side), kernel, constants, (4, lanes))
}
