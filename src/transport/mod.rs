//! Optimal transport between histograms: cost, problem, solver, solution.
//!
//! # Definitions
//! Source weights `a` (n), target weights `b` (m), cost `C` (n×m), regularisation
//! ε in units of the cost. The entropic problem is
//! min over plans P of ⟨P,C⟩ + ε KL(P ‖ a⊗b), natural logarithm, and its solution
//! P_ij = a_i b_j exp((f_i + g_j − C_ij)/ε) with potentials f and g.
//!
//! Three costs are returned, each under its own name, because the literature uses
//! "the" cost for all of them:
//!
//! | name | value |
//! |---|---|
//! | `transport_cost` | ⟨P,C⟩ |
//! | `regularized_cost` | min ⟨P,C⟩ + ε KL(P‖a⊗b), as its dual value ⟨a,f⟩ + ⟨b,g⟩ − ε(ΣP − 1): a lower bound before convergence |
//! | `entropy_cost` | ⟨P,C⟩ − ε H(P), H(P) = −Σ P ln P |
//!
//! `marginal_error` is Σ|P1 − a| + Σ|Pᵀ1 − b|, measured on the returned potentials.
//!
//! Sources: Cuturi, *Sinkhorn distances* (2013); Peyré and Cuturi, *Computational
//! Optimal Transport* (2019), chapter 4.

mod choose;
mod cost;
mod geometry;
mod grid;
mod problem;
mod sinkhorn;
mod solution;
mod solve;
mod stop;
pub(crate) mod variant;

pub use geometry::Geometry;
pub use grid::Grid;
pub use problem::Problem;
pub use sinkhorn::{Annealing, Progress, Sinkhorn, Variant};
pub use solution::{Potentials, Solution};
pub use stop::Stop;

pub(crate) use cost::Cost;
