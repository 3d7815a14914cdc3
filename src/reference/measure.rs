//! What a pair of potentials is worth: marginals, their error, the three costs.

use crate::parallel::map_rows;

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
    let m = b.len();
    let rows = map_rows(a.len(), |i| {
        let mut columns = vec![0.0; 0];
        let (mut mass, mut transport) = (0.0, 0.0);
        if a[i] > 0.0 {
            columns.reserve(m);
            for j in 0..m {
                let c = cost[i * m + j];
                let p = if b[j] > 0.0 { ((f[i] + g[j] - c) / epsilon).exp() } else { 0.0 };
                mass += p;
                transport += p * c;
                columns.push(p);
            }
        }
        (mass, transport, columns)
    });
    let mut column_mass = vec![0.0; m];
    for (.., columns) in &rows {
        for (total, p) in column_mass.iter_mut().zip(columns) {
            *total += p;
        }
    }
    let row_mass: Vec<f64> = rows.iter().map(|r| r.0).collect();
    let mut totals = Totals {
        marginal_error: convergence(&row_mass, a) + convergence(&column_mass, b),
        transport_cost: rows.iter().map(|r| r.1).sum(),
        excess: row_mass.iter().zip(a).map(|(mass, weight)| mass - weight).sum(),
        ..Totals::default()
    };
    for (marginal, weights, potentials) in [(&row_mass, a, f), (&column_mass, b, g)] {
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
