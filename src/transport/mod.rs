//! Optimal transport between weighted measures: cost, problem, solver, solution.
//!
//! # Definitions
//! Source weights `a` (n) of mass m_a, target weights `b` (m) of mass m_b, cost `C` (n×m), regularisation
//! ε in units of the cost. The entropic problem is
//! min over plans P of ⟨P,C⟩ + ε KL(P ‖ a⊗b), natural logarithm, and its solution
//! P_ij = a_i b_j exp((f_i + g_j − C_ij)/ε) with potentials f and g. KL is the generalised one,
//! KL(p ‖ q) = Σ p ln(p/q) − p + q.
//!
//! | [`Marginals`] | what is asked |
//! |---|---|
//! | `Balanced` | P1 = a, Pᵀ1 = b; m_a = m_b |
//! | `Unbalanced` | ρ_a KL(P1 ‖ a) + ρ_b KL(Pᵀ1 ‖ b) is added, with a reach ρ a side; an infinite one makes its side hard |
//! | `Partial` | P1 ≤ a, Pᵀ1 ≤ b, ΣP = m; then P_ij = a_i b_j exp((f_i + g_j + λ − C_ij)/ε) with f, g ≤ 0 and a [`multiplier`](Solution::multiplier) λ |
//!
//! Three costs are returned, each under its own name, because the literature uses
//! "the" cost for all of them:
//!
//! | name | value |
//! |---|---|
//! | `transport_cost` | ⟨P,C⟩ |
//! | `regularized_cost` | the minimum, as its dual value: a lower bound before convergence |
//! | `entropy_cost` | ⟨P,C⟩ − ε H(P), H(P) = −Σ P ln P |
//!
//! The dual value is D_a(f) + D_b(g) − ε(ΣP − m_a m_b), and λm of a partial transport, where D_a(f) is ⟨a,f⟩, and between
//! marginals at a reach ρ Σ a ρ(1 − e^(−f/ρ)). At the optimum of an unbalanced problem it is
//! ε m_a m_b + ρ_a m_a + ρ_b m_b − (ε + ρ_a + ρ_b) ΣP.
//!
//! `marginal_error` is (Σ|P1 − a'| + Σ|Pᵀ1 − b'|) / max(m_a, m_b), measured on the returned potentials, a' and b' being what
//! the optimum has there: a, a e^(−f/ρ), and where P1 ≤ a is asked a below f = 0 and P1 itself at it.
//!
//! # How a problem settles
//! Every problem of a batch is watched by its errors, on the device: it is overrelaxed as far as they allow, anneals where
//! it does not settle at once ([`Solution::schedule`] says how), and leaves by itself ([`Stop`] says why). A symmetric
//! problem (a measure against itself) takes averaged steps. An [`Initializer`] lets problems begin nearer to the end. A tolerance of 0 makes exactly as many plain iterations as are asked for.
//!
//! Sources: Cuturi, *Sinkhorn distances* (2013); Chizat, Peyré, Schmitzer and Vialard, *Scaling algorithms for unbalanced
//! optimal transport problems* (2018); Peyré and Cuturi, *Computational Optimal Transport* (2019), chapter 4; Séjourné,
//! Vialard and Peyré, *Faster unbalanced optimal transport* (2022); Thibault, Chizat, Dossal and Papadakis, *Overrelaxed
//! Sinkhorn-Knopp algorithm* (2021).

mod annealing;
mod choose;
mod divergence;
mod epsilon;
mod geometry;
mod initial;
pub(crate) mod iterate;
mod marginals;
pub(crate) mod measure;
mod phases;
mod problem;
mod progress;
pub(crate) mod resident;
mod resolution;
mod schedule;
mod sinkhorn;
pub(crate) mod softmin;
mod solution;
mod solve;
mod stage;
pub(crate) mod state;
mod stop;
mod twin;
mod weights;

pub use annealing::Annealing;
pub use divergence::SinkhornDivergence;
pub use epsilon::Epsilon;
pub use geometry::{Geometry, Grid, GroundCost};
pub use initial::Initializer;
pub use marginals::Marginals;
pub use problem::Problem;
pub use progress::Progress;
pub use sinkhorn::{Sinkhorn, Variant};
pub use solution::{Potentials, Solution};
pub use stage::Stage;
pub use stop::Stop;

pub(crate) use weights::Weights;
