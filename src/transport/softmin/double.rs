//! Softmin in double-float arithmetic, over any cost.

use super::half_step::Form;
use super::points::ground;
use crate::gpu::Kernel;
use crate::gpu::shader::Constant;
use crate::transport::state::{Ground, Side, State};

pub(crate) static SOFTMIN_DOUBLE: Kernel = Kernel::new("transport/softmin_double.wgsl");

pub(super) fn form(state: &State, side: Side) -> Form {
    let lanes = state.gpu.capabilities.lanes_per_row();
    let mut constants =
        vec![("GATHER", Constant::Bool(state.supports())), ("LANES", Constant::U32(lanes))];
    if let Ground::Points(clouds) = &state.ground {
        constants.extend([
            ("COSTS", Constant::File("transport/cost/points_double.wgsl")),
            ("GROUND", Constant::File(ground(clouds.exponent)[1])),
            ("DIM", Constant::U32(clouds.dimensions as u32)),
        ]);
    }
    Form::new((state, side), &SOFTMIN_DOUBLE, constants, (1, lanes))
}
