//! Kernels that are dispatched by themselves: changes of units, the stopping test,
//! the sums of what sweeps measured.

use super::case::Case;
use super::sweeps::{Form, left_early};
use crate::check::Row;
use crate::check::dispatch::{Resource, dispatch};
use crate::check::judge::{Worst, ulps, units};
use crate::check::random::Random;
use crate::check::tolerances::row;
use crate::error::Result;
use crate::gpu::shader::Constant;
use crate::gpu::{Context, Gpu};
use crate::reference::{self, Rescale};
use crate::transport::iterate::{CONVERGENCE, TEST_WORKGROUP, Test};
use crate::transport::measure::TOTALS;
use crate::transport::softmin::{RESCALE, RESCALE_WORKGROUP, RescaleParams};
use crate::transport::state::{LN_ZERO, Slot};

fn workgroup(size: u32) -> (&'static str, Constant) {
    ("WORKGROUP", Constant::U32(size))
}

const UNTOUCHED: f32 = 12.5;

/// `rescale` on entries with and without weight, with entries before and after
/// them that it must leave alone.
pub(super) async fn rescale_rows(gpu: &Gpu) -> Result<Vec<Row>> {
    const COUNT: usize = 10_007;
    const AT: usize = 5;
    let mut rows = Vec::new();
    let mut untouched = Worst::default();
    for (mode, change, quantity, factor) in [
        (0, Rescale::Weight, "weight", 0.01f32),
        (1, Rescale::Exponential, "exponential", 7.0),
        (2, Rescale::Logarithm, "logarithm", 0.3),
        (3, Rescale::Zero, "", 0.0),
    ] {
        let mut random = Random::new(7);
        let mut weights: Vec<f32> = Vec::new();
        let mut before = vec![UNTOUCHED; AT];
        for _ in 0..COUNT {
            let weight = 10f64.powf(random.within(-8.0, 0.0)) as f32;
            weights.push(if random.below(5) == 0 { 0.0 } else { weight });
            before.push(match change {
                Rescale::Logarithm => random.within(-100.0, 100.0).exp2() as f32,
                _ => random.within(-10.0, 10.0) as f32,
            });
        }
        before.extend([UNTOUCHED; 3]);
        let bytes = dispatch(
            gpu,
            (&RESCALE, vec![workgroup(RESCALE_WORKGROUP)]),
            RescaleParams {
                zero: 0,
                count: COUNT as u32,
                at: AT as u32,
                mode,
                factor,
                unused: [0; 3],
            },
            &[
                Resource::Data(bytemuck::cast_slice(&weights)),
                Resource::Data(bytemuck::cast_slice(&before)),
            ],
            COUNT.div_ceil(RESCALE_WORKGROUP as usize),
            (1, 4 * before.len()),
        )
        .await?;
        let after: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes);
        let mut worst = Worst::default();
        for (k, &got) in after.iter().enumerate() {
            let Some(&weight) = k.checked_sub(AT).and_then(|k| weights.get(k)) else {
                untouched.count(got == UNTOUCHED);
                continue;
            };
            let (x, w, factor) = (f64::from(before[k]), f64::from(weight), f64::from(factor));
            let exact = reference::rescale(change, x, w, factor);
            let single = (-24f64).exp2();
            if exact == 0.0 {
                untouched.count(got == 0.0);
            } else if exact == f64::NEG_INFINITY {
                untouched.count(got == LN_ZERO);
            } else if change == Rescale::Logarithm {
                worst.add(ulps(got, exact));
            } else if change == Rescale::Exponential {
                let unit = exact * single * ((x * factor).abs() + 3.0);
                worst.add(units(got.into(), exact, unit));
            } else {
                let unit = single * (x.abs() + 4.0 * (factor * w.ln()).abs());
                worst.add(units(got.into(), exact, unit));
            }
        }
        if change != Rescale::Zero {
            rows.push(row("rescale", quantity, worst));
        }
    }
    rows.push(row("rescale", "zeros and sentinels wrong", untouched));
    Ok(rows)
}

/// `convergence` on partial errors below, above and beyond the tolerance.
pub(super) async fn convergence_rows(context: &Context, gpu: &Gpu) -> Result<Vec<Row>> {
    const SLOTS: usize = 150;
    const TOLERANCE: f32 = 0.5;
    const COMPLETED: u32 = 17;
    let (mut error, mut verdicts) = (Worst::default(), Worst::default());
    for (blocks, stride) in [(1usize, 1usize), (7, 1), (33, 2)] {
        let mut random = Random::new(8);
        // Marginals beside weights of zero: their distances are the partial errors.
        let marginals: Vec<f32> = (0..SLOTS * blocks)
            .map(|_| (2.0 * f64::from(TOLERANCE) * random.unit() / blocks as f64) as f32)
            .collect();
        // The form with marks has single sums.
        let beyond = if stride == 1 { 3 } else { SLOTS };
        let mut partials = vec![[99.0f32, 0.0, 99.0, 99.0]; SLOTS * blocks * stride];
        for (k, marginal) in marginals.iter().enumerate() {
            partials[k * stride][0] = *marginal;
            if k / blocks == beyond {
                partials[k * stride][1] = 1.0;
            }
        }
        // Slots in reverse order of the problems; every tenth has left already.
        let slots: Vec<Slot> = (0..SLOTS)
            .map(|k| Slot {
                status: if k % 10 == 9 { 1 } else { Slot::RUNNING },
                ..Slot::new(SLOTS - 1 - k)
            })
            .collect();
        let bytes = dispatch(
            gpu,
            (&CONVERGENCE, vec![workgroup(TEST_WORKGROUP)]),
            Test {
                slots: SLOTS as u32,
                blocks: blocks as u32,
                stride: stride as u32,
                completed: COMPLETED,
                every: 1,
                tolerance: TOLERANCE,
                both: 1.0,
                epsilon: 1.0,
                marks: if stride == 1 { blocks as u32 } else { 0 },
                ..Test::default()
            },
            &[
                Resource::Data(bytemuck::cast_slice(&partials)),
                Resource::Data(bytemuck::cast_slice(&slots)),
            ],
            SLOTS.div_ceil(TEST_WORKGROUP as usize),
            (1, size_of_val(&slots[..])),
        )
        .await?;
        let after: Vec<Slot> = bytemuck::pod_collect_to_vec(&bytes);
        for (before, after) in slots.iter().zip(&after) {
            if before.status != Slot::RUNNING {
                verdicts.count(before == after);
                continue;
            }
            let problem = before.problem as usize;
            let own: Vec<f64> = marginals[problem * blocks..(problem + 1) * blocks]
                .iter()
                .map(|m| f64::from(*m))
                .collect();
            let exact = reference::convergence(&own, &vec![0.0; blocks]);
            let unit = exact * blocks as f64 * (-24f64).exp2();
            // Within rounding of the tolerance either verdict is right.
            let close = (exact - f64::from(TOLERANCE)).abs() <= unit;
            let status = match problem == beyond {
                true => Slot::OUT_OF_RANGE,
                false => u32::from(exact <= f64::from(TOLERANCE)),
            };
            if problem != beyond {
                error.add(units(after.marginal_error(), exact, unit));
            }
            verdicts.count(
                (after.status == status || close)
                    && after.problem == before.problem
                    && (after.iterations == COMPLETED || problem == beyond),
            );
        }
    }
    let mut early = Worst::default();
    for case in [
        Case::new(33, 31, 3, 0.1).own_costs(),
        Case::new(100, 130, 3, 0.05),
        Case::new(100, 130, 3, 0.05).empty(0.6),
    ] {
        left_early(context, Form::Dense, &case.build(false)?, &mut early).await?;
    }
    Ok(vec![
        row("convergence", "marginal error", error),
        row("convergence", "verdicts wrong", verdicts),
        row("convergence", "problems left too early", early),
    ])
}

/// `totals` on partial sums of both precisions.
pub(super) async fn totals_rows(gpu: &Gpu) -> Result<Vec<Row>> {
    const PROBLEMS: usize = 70;
    const WORKGROUP: u32 = 64;
    let mut rows = Vec::new();
    for (double, quantity) in [(false, "sums of f32"), (true, "sums of double-floats")] {
        let mut worst = Worst::default();
        for blocks in [1usize, 9, 100] {
            let mut random = Random::new(9);
            let mut partials: Vec<[f32; 4]> = Vec::new();
            // Exact sums and sums of magnitudes, four a problem.
            let mut exact = vec![[(0.0f64, 0.0f64); 4]; PROBLEMS];
            for sums in &mut exact {
                for _ in 0..blocks {
                    let values = [(); 4].map(|()| random.within(-1.0, 2.0));
                    let high = values.map(|v| v as f32);
                    let low = [0, 1, 2, 3].map(|k| {
                        if double { (values[k] - f64::from(high[k])) as f32 } else { 0.0 }
                    });
                    partials.push(high);
                    if double {
                        partials.push(low);
                    }
                    for (k, (sum, size)) in sums.iter_mut().enumerate() {
                        let value = f64::from(high[k]) + f64::from(low[k]);
                        *sum += value;
                        *size += value.abs();
                    }
                }
            }
            let bytes = dispatch(
                gpu,
                (&TOTALS, vec![workgroup(WORKGROUP), ("DOUBLE", Constant::Bool(double))]),
                [0u32, PROBLEMS as u32, blocks as u32, 0],
                &[Resource::Data(bytemuck::cast_slice(&partials)), Resource::Space(32 * PROBLEMS)],
                PROBLEMS.div_ceil(WORKGROUP as usize),
                (1, 32 * PROBLEMS),
            )
            .await?;
            let sums: Vec<[[f32; 4]; 2]> = bytemuck::pod_collect_to_vec(&bytes);
            for ([high, low], exact) in sums.iter().zip(&exact) {
                for (k, (sum, size)) in exact.iter().enumerate() {
                    let value = f64::from(high[k]) + f64::from(low[k]);
                    worst.add(units(value, *sum, size * (-48f64).exp2()));
                }
            }
        }
        rows.push(row("totals", quantity, worst));
    }
    Ok(rows)
}
