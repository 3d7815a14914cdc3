//! Softmin over the bins of a matrix that hold mass.

use super::Form;
use crate::gpu::Kernel;
use crate::gpu::shader::Constant;
use crate::transport::state::State;

pub(crate) static SOFTMIN_SUPPORT: Kernel = Kernel::new("transport/softmin_support.wgsl");

pub(super) fn form(state: &State) -> Form {
    let capabilities = &state.gpu.capabilities;
    Form {
        kernel: &SOFTMIN_SUPPORT,
        constants: vec![("NATIVE_EXP2", Constant::Bool(capabilities.native_exp2()))],
        per_group: 4 * capabilities.sweep_workgroup(),
    }
}
