//! Sweeps over points, `point_costs` and `point_costs_double`: half iterations of few and of many dimensions, against the twin's over the same costs.

use super::case::{largest, rounding};
use crate::check::Row;
use crate::check::judge::{Worst, units};
use crate::check::random::Random;
use crate::check::tolerances::row;
use crate::error::Result;
use crate::gpu::Context;
use crate::number::Precision;
use crate::reference::{self, CostMatrix};
use crate::transport::{Geometry, GroundCost, Problem, Sinkhorn, Variant};

/// Points of either side, dimensions, and p.
const FEW: [(usize, usize, usize, f64); 4] =
    [(1, 1, 1, 2.0), (33, 50, 3, 2.0), (21, 7, 2, 1.0), (9, 40, 2, 1.5)];

/// Of so many that a matrix of their costs is made once.
const MANY: [(usize, usize, usize, f64); 2] = [(13, 22, 24, 2.0), (5, 3, 100, 1.0)];

pub(super) async fn rows(context: &Context) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (cases, precision, kernel) in [
        (&FEW[..], Precision::Single, "softmin_rows"),
        (&FEW[..], Precision::Double, "softmin_double"),
        (&MANY[..], Precision::Single, "point_costs"),
        (&MANY[..], Precision::Double, "point_costs_double"),
    ] {
        let mut worst = Worst::default();
        for case in cases {
            half_iteration(context, *case, precision, &mut worst).await?;
        }
        rows.push(row(kernel, "potentials, points", worst));
    }
    Ok(rows)
}

async fn half_iteration(
    context: &Context,
    (n, m, d, p): (usize, usize, usize, f64),
    precision: Precision,
    worst: &mut Worst,
) -> Result<()> {
    let mut random = Random::new((n * 1009 + m) as u64);
    let mut cloud = |points: usize| -> Vec<f64> {
        (0..points * d).map(|_| f64::from(random.unit() as f32)).collect()
    };
    let (x, y) = (cloud(n), cloud(m));
    let cost = match p {
        2.0 => reference::point_costs(&x, &y, d, p),
        _ => reference::point_costs_double(&x, &y, d, p),
    };
    let epsilon = 0.1 * largest(&cost).max(1e-3);
    let ground = if p == 2.0 { GroundCost::SquaredEuclidean } else { GroundCost::Power(p) };
    let (a, b) = (vec![1.0 / n as f64; n], vec![1.0 / m as f64; m]);
    let problem = Problem::new(Geometry::points(&x, &y, d, ground)?, &a, &b)?.normalized();
    let solution = Sinkhorn::new(epsilon)
        .tolerance(0.0)
        .max_iterations(2)
        .precision(precision)
        .variant(Variant::Streaming)
        .solve(context, &problem)
        .await?;
    let potentials = solution.potentials(0).await?;
    let weighted = |potentials: &[f64], weights: &[f64]| -> Vec<f64> {
        potentials.iter().zip(weights).map(|(p, w)| p + epsilon * w.ln()).collect()
    };
    let (f, g) = (weighted(&potentials.f, &a), weighted(&potentials.g, &b));
    let exact = reference::softmin_columns(&CostMatrix::new(&cost, m), &b, &f, epsilon);
    // A cost is off by some roundings of every dimension, and of the power.
    let size = largest(&f) + largest(&g) + (d as f64 + 8.0) * largest(&cost);
    let unit = epsilon * rounding(size, epsilon, precision == Precision::Double);
    for (found, exact) in g.iter().zip(exact) {
        worst.add(units(*found, exact, unit));
    }
    Ok(())
}
