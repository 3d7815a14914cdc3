//! Softmin over the bins of a matrix that hold mass.

use super::half_step::Form;
use crate::gpu::Kernel;
use crate::gpu::shader::Constant;
use crate::transport::state::{Side, State};

pub(crate) static SOFTMIN_SUPPORT: Kernel = Kernel::new("transport/softmin_support.wgsl");

pub(super) fn form(state: &State, side: Side) -> Form {
    let native = ("NATIVE_EXP2", Constant::Bool(state.gpu.capabilities.native_exp2()));
    Form::new((state, side), &SOFTMIN_SUPPORT, vec![native], (4, 1))
}
