//! What a pair of potentials is worth: marginals, their error, the three costs.

use super::chunk::{Chunk, Shared, chunks, sum_of_columns};
use crate::parallel::for_each;

/// Sums over a plan, from which the three costs follow.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Totals {
    /// Σ|P1 − a| + Σ|Pᵀ1 − b|.
    pub marginal_error: f64,
    /// ⟨P, C⟩.
    pub transport_cost: f64,
    /// ⟨a,f⟩ + ⟨b,g⟩ − ε(ΣP − 1).
    pub regularized_cost: f64,
    /// ⟨P,C⟩ − ε H(P).
    pub entropy_cost: f64,
    /// ΣP − 1.
    pub excess: f64,
}

impl Totals {
    /// The same for costs with `offset` added to each.
    pub(crate) fn with_offset(self, offset: f64) -> Totals {
        let more = offset * (1.0 + self.excess);
        Totals {
            transport_cost: self.transport_cost + more,
            regularized_cost: self.regularized_cost + offset,
            entropy_cost: self.entropy_cost + more,
            ..self
        }
    }
}

/// Twin of `convergence`: the L1 distance of two marginals.
pub fn convergence(marginal: &[f64], weights: &[f64]) -> f64 {
    marginal.iter().zip(weights).map(|(m, w)| (m - w).abs()).sum()
}

/// Twin of `totals` and of the measuring sweeps: everything about the plan with
/// weighted potentials `f` and `g` (weights a, b; cost n×m).
pub fn totals(cost: &[f64], a: &[f64], b: &[f64], f: &[f64], g: &[f64], epsilon: f64) -> Totals {
    // Nothing is in a bin without weight, whatever its potential.
    let within = |potentials: &[f64], weights: &[f64]| -> Vec<f64> {
        let of = |(p, w): (&f64, &f64)| if *w > 0.0 { *p } else { f64::NEG_INFINITY };
        potentials.iter().zip(weights).map(of).collect()
    };
    let (f, g) = (within(f, a), within(g, b));
    let mut chunks = chunks(a, b.len());
    for_each(&mut chunks, |chunk| {
        chunk.f.copy_from_slice(&f[chunk.rows.clone()]);
        chunk.measure(&Shared { cost, g: &g, v: &[], epsilon });
    });
    total(&chunks, [a, b], &g, epsilon)
}

/// What chunks that were measured come to.
pub(super) fn total(chunks: &[Chunk], [a, b]: [&[f64]; 2], g: &[f64], epsilon: f64) -> Totals {
    let mut columns = vec![0.0; b.len()];
    sum_of_columns(chunks, &mut columns);
    let rows: Vec<f64> = chunks.iter().flat_map(|chunk| chunk.mass.iter().copied()).collect();
    let f: Vec<f64> = chunks.iter().flat_map(|chunk| chunk.f.iter().copied()).collect();
    let mut totals = Totals {
        marginal_error: convergence(&rows, a) + convergence(&columns, b),
        transport_cost: chunks.iter().map(|chunk| chunk.transport).sum(),
        excess: rows.iter().zip(a).map(|(mass, weight)| mass - weight).sum(),
        ..Totals::default()
    };
    for (marginal, weights, potentials) in [(&rows, a, &f[..]), (&columns, b, g)] {
        for ((&mass, &weight), &potential) in marginal.iter().zip(weights).zip(potentials) {
            if weight > 0.0 {
                totals.regularized_cost += weight * (potential - epsilon * weight.ln());
                totals.entropy_cost += mass * potential;
            }
        }
    }
    totals.regularized_cost -= epsilon * totals.excess;
    totals
}
