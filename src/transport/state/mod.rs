//! A batch of problems on the device: what a sweep reads of the cost, weights, potentials, supports, and the list of
//! running problems.

mod axes;
mod batch;
mod clouds;
mod layout;
mod masses;
mod matrix;
mod parameters;
mod point_costs;
mod potentials;
mod running;
mod side;
mod slots;
mod sweep;

pub(crate) use axes::Axes;
pub(crate) use batch::{Ground, State};
pub(crate) use clouds::Clouds;
pub(crate) use layout::{LN_ZERO, Layout, Side};
pub(crate) use masses::Masses;
pub(crate) use matrix::Matrix;
pub(crate) use slots::Slot;
pub(crate) use sweep::{Step, Sweep};
