//! Optimal transport: the kernels' half iterations and sums one by one, and whole solves.
//!
//! The twin knows costs ([`Costs`]), what marginals are held to ([`Damping`]), and how ε falls; how the library comes to these
//! from its settings is the business of `transport`. Objective, for weights of any mass:
//!
//! min over P ≥ 0 of ⟨P,C⟩ + ε KL(P ‖ a⊗b) + what each marginal costs, KL(p ‖ q) = Σ p ln(p/q) − p + q.

mod along_axes;
mod batch;
mod chunk;
mod constants;
mod control;
mod costs;
mod course;
mod damping;
mod deferred;
mod falling;
mod filled;
mod large_epsilon;
mod measure;
mod multiplier;
mod part;
mod pass;
mod plan;
mod point_costs;
mod problem;
mod products;
mod relaxation;
mod renew;
mod rescale;
mod room;
mod running;
mod scale;
mod scaling;
mod side;
mod sinkhorn;
mod softmin;
mod softmin_axis;
mod solved;
mod stall;
mod target;
mod totals;
mod translation;

pub use costs::{CostFunction, CostMatrix, Costs};
pub use damping::Damping;
pub use multiplier::multiplier;
pub use plan::{apply, plan};
pub use point_costs::{point_costs, point_costs_double};
pub use problem::{Marginals, Problem, Seen, Settings, spread};
pub use rescale::{Rescale, rescale};
pub use running::resident;
pub use scaling::scaling_product;
pub use softmin::{Sweep, softmin_columns, softmin_double, softmin_rows, softmin_support};
pub use softmin_axis::{softmin_axis, softmin_axis_double, softmin_line};
pub use solved::Solved;
pub use totals::{Totals, convergence, totals};

pub(crate) use along_axes::AlongAxes;
pub(crate) use batch::solve_batch;
pub(crate) use course::Standing;
pub(crate) use falling::{FALLS_FROM, falls_by};

#[cfg(test)]
mod known_answers;
