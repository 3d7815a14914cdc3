//! Softmin over points of few dimensions, whose coordinates are in registers. Rows and columns are alike.

use super::half_step::Form;
use super::matrix::SOFTMIN_ROWS;
use crate::gpu::shader::Constant;
use crate::transport::state::{Clouds, Side, State};

/// The ground cost of an exponent, in either precision.
pub(crate) fn ground(exponent: f64) -> [&'static str; 2] {
    match exponent {
        2.0 => ["transport/cost/squared.wgsl", "transport/cost/squared_double.wgsl"],
        1.0 => ["transport/cost/distance.wgsl", "transport/cost/distance_double.wgsl"],
        _ => ["transport/cost/power.wgsl", "transport/cost/power_double.wgsl"],
    }
}

pub(super) fn form(state: &State, clouds: &Clouds, side: Side) -> Form {
    let capabilities = &state.gpu.capabilities;
    let data = state.side(side);
    let lanes = capabilities.lanes_per_point(state.len() * data.longest.div_ceil(4));
    let constants = vec![
        ("COSTS", Constant::File("transport/cost/points.wgsl")),
        ("GROUND", Constant::File(ground(clouds.exponent)[0])),
        ("DIM", Constant::U32(clouds.dimensions as u32)),
        ("NATIVE_EXP2", Constant::Bool(capabilities.native_exp2())),
        ("LANES", Constant::U32(lanes)),
    ];
    Form::new((state, side), &SOFTMIN_ROWS, constants, (4, lanes))
}
