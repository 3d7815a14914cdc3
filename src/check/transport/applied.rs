//! The plan of a solution, and its action on vectors.

use super::case::{Case, Data, rounding};
use crate::check::Row;
use crate::check::judge::{Worst, units};
use crate::check::random::Random;
use crate::check::tolerances::row;
use crate::error::Result;
use crate::gpu::Context;
use crate::reference::{self, CostMatrix};
use crate::transport::{Sinkhorn, Variant};

const CASES: [Case; 6] = [
    Case::new(1, 1, 1, 0.1),
    Case::new(3, 2, 2, 1.0),
    Case::new(7, 9, 3, 0.1).own_costs(),
    Case::new(33, 31, 3, 0.01).empty(0.1),
    Case::new(100, 130, 2, 1e-3),
    Case::new(100, 130, 2, 0.1).empty(0.6).own_costs(),
];

pub(super) async fn rows(context: &Context) -> Result<Vec<Row>> {
    let (mut entries, mut empty, mut products) =
        (Worst::default(), Worst::default(), Worst::default());
    for case in CASES {
        let data = case.build(false)?;
        let solution = Sinkhorn::new(case.epsilon)
            .tolerance(0.0)
            .max_iterations(3)
            .variant(Variant::Streaming)
            .solve(context, &data.problem)
            .await?;
        for problem in case.sample() {
            let [f, g] = data.weighted(problem, &solution.potentials(problem).await?);
            let unit = rounding(data.size(problem, &f, &g), case.epsilon, false);
            let cost = CostMatrix::new(data.cost(problem), case.columns);
            let exact = reference::plan(&cost, &f, &g, case.epsilon);
            judge_plan(&solution.plan(problem).await?, &exact, unit, [&mut entries, &mut empty]);
            for (width, transpose) in [(1, false), (3, false), (2, true)] {
                let x = vectors(&data, width, transpose);
                let found = match transpose {
                    false => solution.apply(problem, &x).await?,
                    true => solution.apply_transposed(problem, &x).await?,
                };
                for component in 0..width {
                    let column = |x: &[f64]| -> Vec<f64> {
                        x.iter().skip(component).step_by(width).copied().collect()
                    };
                    let apply =
                        |x: &[f64]| reference::apply(&cost, &f, &g, case.epsilon, x, transpose);
                    let x = column(&x);
                    let exact = apply(&x);
                    let sizes = apply(&x.iter().map(|x| x.abs()).collect::<Vec<f64>>());
                    for ((found, exact), size) in column(&found).iter().zip(exact).zip(sizes) {
                        products.add(units(*found, exact, size * unit + VANISHING));
                    }
                }
            }
        }
    }
    Ok(vec![
        row("plan", "entries", entries),
        row("plan", "entries of empty bins not 0", empty),
        row("apply", "products", products),
    ])
}

/// Entries below this are cut off by the clamp of `exp2_sum` at 2⁻¹²⁶.
const VANISHING: f64 = 1e-36;

fn judge_plan(found: &[f64], exact: &[f64], unit: f64, [entries, empty]: [&mut Worst; 2]) {
    if found.len() != exact.len() {
        entries.add(f64::NAN);
    }
    for (found, exact) in found.iter().zip(exact) {
        if *exact == 0.0 && *found == 0.0 {
            empty.count(true);
        } else if *exact == 0.0 {
            // A twin of 0 is an empty bin, or an exponent below −745.
            empty.count(*found < VANISHING);
        } else {
            entries.add(units(*found, *exact, exact * unit + VANISHING));
        }
    }
}

fn vectors(data: &Data, width: usize, transpose: bool) -> Vec<f64> {
    let mut random = Random::new(10);
    let entries = if transpose { data.case.rows } else { data.case.columns };
    (0..entries * width).map(|_| f64::from(random.within(-1.0, 2.0) as f32)).collect()
}
