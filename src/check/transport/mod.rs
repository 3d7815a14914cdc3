//! The kernels of `shaders/transport`, each against its twin in `reference`.

mod applied;
mod bounded;
mod case;
mod grid;
mod points;
mod single;
mod sweeps;

use super::Row;
use crate::error::Result;
use crate::gpu::{Context, Gpu};
use sweeps::Form;

/// Kernels that are checked together.
#[derive(Debug, Clone, Copy)]
pub(super) enum Section {
    /// Half iterations, and the costs measured on their potentials.
    Sweeps(Form),
    /// The same over grids.
    Grid,
    /// Kernels that are dispatched by themselves.
    Rescale,
    Convergence,
    Totals,
    /// Costs between points.
    Points,
    /// The end of a half step between bounded marginals.
    Bounded,
    /// The plan and its action.
    Applied,
}

pub(super) const SECTIONS: [Section; 12] = [
    Section::Sweeps(Form::Dense),
    Section::Sweeps(Form::Support),
    Section::Sweeps(Form::Double),
    Section::Sweeps(Form::Resident),
    Section::Sweeps(Form::Scaling),
    Section::Grid,
    Section::Rescale,
    Section::Convergence,
    Section::Totals,
    Section::Points,
    Section::Bounded,
    Section::Applied,
];

impl Section {
    pub(super) fn kernels(self) -> &'static [&'static str] {
        match self {
            Section::Sweeps(form) => form.kernels(),
            Section::Grid => &["softmin_line", "softmin_axis", "softmin_axis_double"],
            Section::Rescale => &["rescale"],
            Section::Convergence => &["convergence"],
            Section::Totals => &["totals"],
            Section::Points => &["point_costs", "point_costs_double"],
            Section::Bounded => &["multiplier"],
            Section::Applied => &["plan", "apply"],
        }
    }

    pub(super) async fn rows(self, context: &Context, gpu: &Gpu) -> Result<Vec<Row>> {
        match self {
            Section::Sweeps(form) => sweeps::rows(context, form).await,
            Section::Grid => grid::rows(context).await,
            Section::Rescale => single::rescale_rows(gpu).await,
            Section::Convergence => single::convergence_rows(context, gpu).await,
            Section::Totals => single::totals_rows(gpu).await,
            Section::Points => points::rows(context).await,
            Section::Bounded => bounded::rows(context).await,
            Section::Applied => applied::rows(context).await,
        }
    }
}
