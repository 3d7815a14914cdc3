//! What a plan is worth: marginals, their error, the three costs.

use super::chunk::{Shared, chunks, sum_of_columns};
use super::costs::Costs;
use super::damping::Damping;
use super::filled::Filled;
use super::problem::Marginals;
use super::renew::plain;
use crate::parallel::for_each;

/// Sums over a plan, from which the three costs follow.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Totals {
    /// Σ|P1 − wanted| + Σ|Pᵀ1 − wanted| + |ΣP − mass|, over the larger of both masses; see [`Damping::wanted`].
    pub marginal_error: f64,
    /// ⟨P, C⟩; a forbidden pair adds nothing.
    pub transport_cost: f64,
    /// The dual value: what the bins of both sides add, see [`Damping::dual`], and λ times the mass, less
    /// ε(ΣP − Σa Σb). At convergence ⟨P,C⟩ + ε KL(P ‖ a⊗b) and what the marginals cost.
    pub regularized_cost: f64,
    /// ⟨P,C⟩ + ε ΣP ln P.
    pub entropy_cost: f64,
    /// ΣP.
    pub mass: f64,
}

impl Totals {
    /// Of potentials that nobody has measured.
    pub(crate) const UNKNOWN: Totals = Totals {
        marginal_error: f64::INFINITY,
        transport_cost: f64::NAN,
        regularized_cost: f64::NAN,
        entropy_cost: f64::NAN,
        mass: f64::NAN,
    };

    /// Whether all of them are numbers.
    pub(crate) fn is_finite(&self) -> bool {
        let Totals { marginal_error, transport_cost, regularized_cost, entropy_cost, mass } = self;
        let all = [marginal_error, transport_cost, regularized_cost, entropy_cost, mass];
        all.iter().all(|value| value.is_finite())
    }

    /// The same for costs with `offset` added to each, of a balanced problem between masses of `mass`.
    pub(crate) fn with_offset(self, offset: f64, mass: f64) -> Totals {
        let more = offset * self.mass;
        Totals {
            transport_cost: self.transport_cost + more,
            regularized_cost: self.regularized_cost + offset * mass,
            entropy_cost: self.entropy_cost + more,
            ..self
        }
    }
}

/// Twin of `convergence`: the L1 distance of two marginals.
pub fn convergence(marginal: &[f64], weights: &[f64]) -> f64 {
    marginal.iter().zip(weights).map(|(m, w)| (m - w).abs()).sum()
}

/// Twin of `totals` and of the measuring sweeps: everything about the plan with weighted potentials `f` and `g` and the
/// multiplier `lambda` (0 but for partial transport) between weights a and b.
pub fn totals(
    cost: &dyn Costs,
    [a, b]: [&[f64]; 2],
    [f, g]: [&[f64]; 2],
    lambda: f64,
    epsilon: f64,
    marginals: &Marginals,
) -> Totals {
    let costs = Filled::new(Box::new(cost), [a, b]);
    let of =
        |values: &[f64], bins: &[usize]| -> Vec<f64> { bins.iter().map(|&i| values[i]).collect() };
    let (a, b) = (of(a, &costs.rows), of(b, &costs.columns));
    let (f, g) = (of(f, &costs.rows), of(g, &costs.columns));
    let [source, target] = marginals.damping;
    let f = unweighted(&f, &a, epsilon, source);
    let h: Vec<f64> = g.iter().map(|g| g + lambda).collect();
    let g = unweighted(&g, &b, epsilon, target);
    let update = plain(source, epsilon);
    let [keeps, copies, symmetric, defers] = [false; 4];
    let shared = Shared { costs: &costs, h: &h, v: &[], update, keeps, copies, symmetric, defers };
    let mut chunks = chunks(&a, &f, b.len());
    for_each(&mut chunks, |chunk| chunk.measure(0..chunk.rows.len(), &shared));
    let mut columns = vec![0.0; b.len()];
    sum_of_columns(&chunks, &mut columns);
    let held: Vec<f64> = chunks.iter().flat_map(|chunk| chunk.held.iter().copied()).collect();
    let transport = chunks.iter().map(|chunk| chunk.transport).sum();
    let sides = [
        Measured { weights: &a, potentials: &f, held: &held, moved: 0.0 },
        Measured { weights: &b, potentials: &g, held: &columns, moved: 0.0 },
    ];
    total(sides, transport, lambda, epsilon, marginals)
}

/// p − ε ln w. A potential is at its bound where rounding alone is between them.
fn unweighted(potentials: &[f64], weights: &[f64], epsilon: f64, damping: Damping) -> Vec<f64> {
    let of = |(p, w): (&f64, &f64)| {
        let weight = epsilon * w.ln();
        let potential = p - weight;
        let rounding = 4.0 * f64::EPSILON * (p.abs() + weight.abs());
        if damping == Damping::Bounded && potential.abs() <= rounding { 0.0 } else { potential }
    };
    potentials.iter().zip(weights).map(of).collect()
}

/// The bins of a side, and what they hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) weights: &'a [f64],
    pub(super) potentials: &'a [f64],
    pub(super) held: &'a [f64],
    /// What potentials are more than these: as much less on the other side, so that the plan is the same.
    pub(super) moved: f64,
}

impl Measured<'_> {
    fn mass(&self) -> f64 {
        self.weights.iter().sum()
    }
}

/// What was measured comes to, with ⟨P, C⟩ = `transport`.
pub(super) fn total(
    sides: [Measured<'_>; 2],
    transport: f64,
    lambda: f64,
    epsilon: f64,
    marginals: &Marginals,
) -> Totals {
    let masses = sides.map(|side| side.mass());
    let [rows, _] = sides;
    let mass: f64 = rows.held.iter().sum();
    // ΣP − Σa Σb, which ε may be large beside.
    let excess = rows.held.iter().zip(rows.weights).map(|(held, a)| held - a * masses[1]);
    let excess: f64 = excess.sum();
    let (mut error, mut dual, mut entropy) = (0.0, -epsilon * excess, lambda * mass);
    for (side, damping) in sides.iter().zip(marginals.damping) {
        for ((&held, &weight), &p) in side.held.iter().zip(side.weights).zip(side.potentials) {
            let moved = p + side.moved;
            error += (held - damping.wanted(moved, weight, held)).abs();
            dual += damping.dual(moved, weight);
            entropy += held * (p + epsilon * weight.ln());
        }
    }
    if let Some(wanted) = marginals.multiplied() {
        error += (mass - wanted).abs();
        dual += lambda * wanted;
    }
    Totals {
        marginal_error: error / masses[0].max(masses[1]).max(f64::MIN_POSITIVE),
        transport_cost: transport,
        regularized_cost: dual,
        entropy_cost: entropy,
        mass,
    }
}
