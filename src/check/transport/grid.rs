//! Half iterations over regular grids, and the costs measured on their potentials.

use super::case::{largest, rounding};
use crate::check::Row;
use crate::check::judge::{Worst, units};
use crate::check::random::Random;
use crate::check::tolerances::row;
use crate::error::Result;
use crate::gpu::Context;
use crate::number::Precision;
use crate::reference::{self, CostMatrix, Marginals};
use crate::transport::{Geometry, Grid, Potentials, Problem, Sinkhorn, Variant};

/// Axes, exponent of the cost, ε over the largest cost.
type Case = (&'static [usize], f64, f64);

/// Lines on and off the edges of vec4f and of workgroups.
const LINES: [Case; 4] =
    [(&[5], 2.0, 0.3), (&[64], 1.0, 0.01), (&[131], 1.5, 0.05), (&[300], 2.0, 1e-3)];

const AXES: [Case; 6] = [
    (&[3, 2], 2.0, 1.0),
    (&[9, 17], 2.0, 0.01),
    (&[12, 8], 1.0, 0.1),
    (&[33, 31], 1.5, 0.05),
    (&[5, 6, 7], 2.0, 0.02),
    (&[40, 36], 2.0, 1e-3),
];

const PROBLEMS: usize = 2;

/// Problems over one grid, some bins of which are empty.
struct Data {
    pixels: usize,
    /// The same as a matrix.
    cost: Vec<f64>,
    along: Vec<Vec<f64>>,
    epsilon: f64,
    problem: Problem,
}

impl Data {
    fn new((axes, exponent, part): Case) -> Result<Data> {
        let pixels: usize = axes.iter().product();
        let mut random = Random::new(pixels as u64);
        let mut weights = || -> Vec<f64> {
            let weight = |x: f64| if x < 0.1 { 0.0 } else { x * x };
            (0..PROBLEMS * pixels).map(|_| weight(random.unit())).collect()
        };
        let (a, b) = (weights(), weights());
        let along: Vec<Vec<f64>> = axes
            .iter()
            .map(|n| (0..*n).map(|k| (k as f64 / (n - 1) as f64).powf(exponent)).collect())
            .collect();
        let cost = (0..pixels * pixels)
            .map(|at| {
                let (mut i, mut j, mut sum) = (at / pixels, at % pixels, 0.0);
                for along in along.iter().rev() {
                    sum += along[(i % along.len()).abs_diff(j % along.len())];
                    (i, j) = (i / along.len(), j / along.len());
                }
                sum
            })
            .collect();
        let geometry = Geometry::grid(&Grid::new(axes).exponent(exponent))?;
        let epsilon = part * geometry.magnitude();
        let problem = Problem::new(geometry, &a, &b)?.normalized();
        Ok(Data { pixels, cost, along, epsilon, problem })
    }

    /// Weighted potentials that make the marginals the weights.
    fn half_step(&self, weights: &[f64], other: &[f64], double: bool) -> Vec<f64> {
        let axis = if double { reference::softmin_axis_double } else { reference::softmin_axis };
        let (mut level, mut stride) = (other.to_vec(), self.pixels);
        for (k, along) in self.along.iter().enumerate() {
            stride /= along.len();
            if k + 1 < self.along.len() {
                level = axis(&level, along, stride, self.epsilon);
            } else {
                level = reference::softmin_line(&level, along, weights, self.epsilon);
            }
        }
        level
    }

    fn weighted(&self, k: usize, potentials: &Potentials) -> [Vec<f64>; 2] {
        let weighted = |potentials: &[f64], weights: &[f64]| {
            potentials.iter().zip(weights).map(|(p, w)| p + self.epsilon * w.ln()).collect()
        };
        let (a, b) = (self.problem.source.row(k), self.problem.target.row(k));
        [weighted(&potentials.f, a), weighted(&potentials.g, b)]
    }
}

#[derive(Default)]
struct Seen {
    potentials: Worst,
    measured: Worst,
}

/// Both sweeps of iteration `k`, and what is measured after it.
async fn iteration(
    context: &Context,
    data: &Data,
    (k, precision): (u32, Precision),
    seen: &mut Seen,
) -> Result<()> {
    let solver = |iterations| {
        let solver = Sinkhorn::new(data.epsilon).tolerance(0.0).max_iterations(iterations);
        solver.variant(Variant::Streaming).precision(precision)
    };
    let double = precision == Precision::Double;
    let before = match k {
        1 => None,
        _ => Some(solver(k - 1).solve(context, &data.problem).await?),
    };
    let after = solver(k).solve(context, &data.problem).await?;
    for problem in 0..PROBLEMS {
        let (a, b) = (data.problem.source.row(problem), data.problem.target.row(problem));
        let from = match &before {
            Some(before) => {
                let [_, g] = data.weighted(problem, &before.potentials(problem).await?);
                g
            }
            None => b.iter().map(|w| data.epsilon * w.ln()).collect(),
        };
        let [f, g] = data.weighted(problem, &after.potentials(problem).await?);
        // The levels between two axes are rounded like potentials.
        let axes = data.along.len() as f64;
        let unit = |g: &[f64]| {
            let size = largest(&f) + axes * largest(g) + largest(&data.cost);
            rounding(size, data.epsilon, double)
        };
        for (found, weights, other, unit) in [(&f, a, &from, unit(&from)), (&g, b, &f, unit(&g))] {
            let exact = data.half_step(weights, other, double);
            for (found, exact) in found.iter().zip(&exact).filter(|(_, exact)| exact.is_finite()) {
                seen.potentials.add(units(*found, *exact, data.epsilon * unit));
            }
        }
        let costs = CostMatrix::new(&data.cost, data.pixels);
        let exact =
            reference::totals(&costs, [a, b], [&f, &g], 0.0, data.epsilon, &Marginals::BALANCED);
        let sizes = largest(&f) + largest(&g);
        for (value, exact, size) in [
            (after.transport_cost()[problem], exact.transport_cost, exact.transport_cost.abs()),
            (after.marginal_error()[problem], exact.marginal_error, 2.0),
            (after.entropy_cost()[problem], exact.entropy_cost, sizes),
            (after.regularized_cost()[problem], exact.regularized_cost, sizes + data.epsilon),
        ] {
            seen.measured.add(units(value, exact, size * unit(&g)));
        }
    }
    Ok(())
}

pub(super) async fn rows(context: &Context) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (kernel, cases, precision) in [
        ("softmin_line", &LINES[..], Precision::Single),
        ("softmin_axis", &AXES[..], Precision::Single),
        ("softmin_axis_double", &AXES[..5], Precision::Double),
    ] {
        let mut seen = Seen::default();
        for case in cases {
            let data = Data::new(*case)?;
            for k in [1, 4] {
                iteration(context, &data, (k, precision), &mut seen).await?;
            }
        }
        rows.push(row(kernel, "potentials", seen.potentials));
        rows.push(row(kernel, "measured costs", seen.measured));
    }
    Ok(rows)
}
