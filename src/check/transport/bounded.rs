//! The end of a half step between bounded marginals, through solves of partial transport.

use super::case::{Case, rounding};
use crate::check::Row;
use crate::check::judge::{Worst, units};
use crate::check::tolerances::row;
use crate::error::Result;
use crate::gpu::Context;
use crate::number::Precision;
use crate::reference::{self, CostMatrix};
use crate::transport::{Sinkhorn, Variant};

const CASES: [Case; 4] = [
    Case::new(3, 2, 2, 1.0),
    Case::new(33, 31, 3, 0.05),
    Case::new(7, 9, 3, 0.1).own_costs(),
    Case::new(100, 130, 2, 0.1).empty(0.6),
];

/// Target potentials and λ after some iterations, from the source's, in both precisions.
pub(super) async fn rows(context: &Context) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (precision, quantity) in [
        (Precision::Single, "potentials, single"),
        (Precision::Double, "potentials, double"),
    ] {
        let mut worst = Worst::default();
        for case in CASES {
            for (share, iterations) in [(0.1, 1), (0.9, 4)] {
                partial(context, case, (share, iterations, precision), &mut worst).await?;
            }
        }
        rows.push(row("multiplier", quantity, worst));
    }
    Ok(rows)
}

async fn partial(
    context: &Context,
    case: Case,
    (share, iterations, precision): (f64, u32, Precision),
    worst: &mut Worst,
) -> Result<()> {
    let data = case.build(precision == Precision::Double)?;
    let problem = data.problem.clone().partial(share)?;
    let solution = Sinkhorn::new(case.epsilon)
        .tolerance(0.0)
        .max_iterations(iterations)
        .precision(precision)
        .variant(Variant::Streaming)
        .solve(context, &problem)
        .await?;
    let epsilon = case.epsilon;
    for k in case.sample() {
        let potentials = solution.potentials(k).await?;
        let [f, _] = data.weighted(k, &potentials);
        let costs = CostMatrix::new(data.cost(k), case.columns);
        let ones = vec![1.0; case.columns];
        let softmins = reference::softmin_columns(&costs, &ones, &f, epsilon);
        let lambda = reference::multiplier(&softmins, data.b(k), share, epsilon);
        let size = data.size(k, &f, &softmins);
        let unit = epsilon * rounding(size, epsilon, precision == Precision::Double);
        worst.add(units(solution.multiplier(k), lambda, unit));
        for ((found, softmin), weight) in potentials.g.iter().zip(softmins).zip(data.b(k)) {
            if *weight > 0.0 {
                worst.add(units(*found, (softmin - lambda).min(0.0), unit));
            }
        }
    }
    Ok(())
}
