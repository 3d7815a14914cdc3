//! `kantor bench`: times of this library beside what the adapter can do at best.

mod fit;
mod points;
mod rows;
mod transfer;

use crate::adapter_choice::AdapterChoice;
use crate::failure::{Failure, Outcome};
use crate::output::{Digits, print, print_json, table};
use crate::workload::{Inputs, Task, Workload};
use indicatif::{ProgressBar, ProgressStyle};
use kantor::bench::Limits;
use kantor::{Context, Precision, Sinkhorn, Variant};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Times of solves, functions and fits beside the adapter's own limits, measured in
/// the same run.
///
/// Times are from host arrays to results on the host, the median of three after one
/// that compiles; "resident" is without the copies. Elements of a solve are cost
/// entries between bins that hold mass, two visits an iteration; the limit is what the
/// adapter's own exp-sum or copy allows, whichever is less. A solve beyond it does
/// without exponentials: the scaling form, the CPU twin. A fit reads every number
/// once and is given as a fraction of the adapter's copy; a point of a log-Bessel
/// function is no element of a softmin and has no such limit. Divergences of rows are
/// given as a fraction of what reading them and their exponentials and logarithms
/// would take alone, whichever is longer.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to time [default: all]
    #[arg(long, value_enum, ignore_case = true)]
    workload: Option<Workload>,
    /// Folder with T1_hist.npy, T2_cost.npy, T5_a.npy, T5_b.npy, T6_cost.npy, B1_v.npy, B1_x.npy, B3a_x.npy,
    /// D1_p.npy, D1_q.npy, D2_teacher.npy, D2_student.npy, D5_logits.npy instead of seeded inputs
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    adapter: AdapterChoice,
    /// JSON on one line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    adapter: String,
    start: Start,
    limits: LimitRow,
    workloads: Vec<Row>,
    functions: Vec<points::Row>,
    fits: Vec<fit::Row>,
    rows: Vec<rows::Row>,
    transfers: Vec<transfer::Row>,
}

/// What a process waits for before its first answer.
#[derive(Serialize)]
struct Start {
    context_ms: Digits,
    /// Of a problem of 32×32, from host arrays to its cost.
    first_solve_ms: Digits,
}

#[derive(Serialize)]
struct LimitRow {
    copy_gb_per_s: Digits,
    exp_sum_g_per_s: Digits,
    pairs_g_per_s: Digits,
    /// With counted loops, as no kernel of ours has them.
    counted_pairs_g_per_s: Option<Digits>,
    empty_dispatch_us: Digits,
    submission_us: Digits,
}

#[derive(Serialize)]
struct Row {
    workload: &'static str,
    shape: String,
    variant: String,
    iterations: u32,
    first_ms: Digits,
    median_ms: Digits,
    elements_g_per_s: Digits,
    limit_g_per_s: Digits,
    fraction: Digits,
}

const REPEATS: usize = 3;

pub(crate) fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let started = Instant::now();
    let context = arguments.adapter.open()?;
    let opened = started.elapsed().as_secs_f64();
    let solved = seconds_of(|| first_solve(&context))?;
    let spinner = if arguments.json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    spinner.set_style(ProgressStyle::with_template("{spinner} {msg}").map_err(Failure::new)?);
    spinner.enable_steady_tick(Duration::from_millis(100));

    spinner.set_message("the limits of the adapter");
    let limits = kantor::bench::limits_blocking(&context)?;
    let chosen = arguments.workload.map_or(Workload::ALL.to_vec(), |workload| vec![workload]);
    let data = arguments.data.as_deref();
    let (mut rows, mut functions, mut fits) = (Vec::new(), Vec::new(), Vec::new());
    let (mut distributions, mut transfers) = (Vec::new(), Vec::new());
    for workload in chosen {
        let name = workload.name();
        spinner.set_message(name);
        match workload.task() {
            Task::Transport(inputs) => {
                rows.push(time(&context, workload, &inputs(data)?, &limits)?)
            }
            // Among all workloads, one that the adapter refuses is left out; asked for, it is an error.
            Task::Points(_, Precision::Double)
                if arguments.workload.is_none() && !doubles(&context) => {}
            Task::Points(function, precision) => {
                functions.push(points::time(&context, name, (function, precision), data)?);
            }
            Task::Fit => fits.push(fit::time(&context, name, data, &limits)?),
            Task::Transfer => transfers.extend(transfer::time(&context, name)?),
            Task::Rows(task) => {
                distributions.extend(rows::time(&context, (name, task), data, &limits)?);
            }
        }
    }
    spinner.finish_and_clear();
    let report = Report {
        adapter: context.adapter().to_string(),
        start: Start { context_ms: Digits(opened * 1e3), first_solve_ms: Digits(solved * 1e3) },
        limits: LimitRow {
            copy_gb_per_s: Digits(limits.copy_bytes_per_second / 1e9),
            exp_sum_g_per_s: Digits(limits.exp_per_second / 1e9),
            pairs_g_per_s: Digits(limits.pairs_per_second / 1e9),
            counted_pairs_g_per_s: limits.counted_pairs_per_second.map(|pairs| Digits(pairs / 1e9)),
            empty_dispatch_us: Digits(limits.dispatch_seconds * 1e6),
            submission_us: Digits(limits.submission_seconds * 1e6),
        },
        workloads: rows,
        functions,
        fits,
        rows: distributions,
        transfers,
    };
    if arguments.json {
        print_json(&report, true)?
    } else {
        print(&describe(&report))?
    }
    Ok(ExitCode::SUCCESS)
}

fn first_solve(context: &Context) -> Outcome<()> {
    const BINS: usize = 32;
    let place = |k: usize| k as f32 / BINS as f32;
    let cost = |k: usize| (place(k / BINS) - place(k % BINS)).powi(2);
    let cost: Vec<f32> = (0..BINS * BINS).map(cost).collect();
    let even = vec![1.0f32; BINS];
    let geometry = kantor::Geometry::cost_matrix(&cost, BINS, BINS)?;
    let problem = kantor::Problem::new(geometry, &even, &even)?.normalized();
    let _ = Sinkhorn::new(0.05).solve_blocking(context, &problem)?;
    Ok(())
}

fn time(context: &Context, workload: Workload, inputs: &Inputs, limits: &Limits) -> Outcome<Row> {
    let (first, median, variant, sweeps, iterations) = if workload == Workload::Softmin {
        softmin(context, inputs)?
    } else {
        let (first, variant) = solve(context, inputs, Variant::Auto, inputs.iterations)?;
        let mut seconds = Vec::new();
        for _ in 0..REPEATS {
            seconds.push(solve(context, inputs, Variant::Auto, inputs.iterations)?.0);
        }
        let sweeps = 2.0 * f64::from(inputs.iterations);
        (first, median(seconds), variant, sweeps, inputs.iterations)
    };
    let rate = sweeps * inputs.elements() / median;
    let limit = limits.softmin_elements_per_second();
    Ok(Row {
        workload: workload.name(),
        shape: inputs.shape(),
        variant: variant.to_string(),
        iterations,
        first_ms: Digits(first * 1e3),
        median_ms: Digits(median * 1e3),
        elements_g_per_s: Digits(rate / 1e9),
        limit_g_per_s: Digits(limit / 1e9),
        fraction: Digits(rate / limit),
    })
}

/// Seconds of a solve, from host arrays to costs.
fn solve(
    context: &Context,
    inputs: &Inputs,
    variant: Variant,
    iterations: u32,
) -> Outcome<(f64, Variant)> {
    let started = Instant::now();
    let solver =
        Sinkhorn::new(inputs.epsilon).variant(variant).tolerance(0.0).max_iterations(iterations);
    let solution = solver.solve_blocking(context, &inputs.problem()?)?;
    Ok((started.elapsed().as_secs_f64(), solution.variant()))
}

/// Half an iteration: what further iterations add to a solve, so that uploads and
/// the measuring of the result are left out.
fn softmin(context: &Context, inputs: &Inputs) -> Outcome<(f64, f64, Variant, f64, u32)> {
    const FEW: u32 = 20;
    const MANY: u32 = 120;
    let variant =
        if context.capabilities().is_some() { Variant::Streaming } else { Variant::Reference };
    let run = |iterations| solve(context, inputs, variant, iterations);
    let (first, variant) = run(FEW)?;
    let mut seconds = Vec::new();
    for _ in 0..REPEATS {
        seconds.push((run(MANY)?.0 - run(FEW)?.0) / f64::from(2 * (MANY - FEW)));
    }
    // A clock that stood still is no infinite speed.
    Ok((first, median(seconds).max(1e-9), variant, 1.0, MANY - FEW))
}

/// Whether the context answers in double precision.
fn doubles(context: &Context) -> bool {
    context.capabilities().is_none_or(|capabilities| capabilities.probes.twofloat_exact())
}

fn seconds_of(work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let started = Instant::now();
    work()?;
    // A clock that stood still is no infinite speed.
    Ok(started.elapsed().as_secs_f64().max(1e-9))
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn describe(report: &Report) -> String {
    let limits = &report.limits;
    let mut rows = vec![
        [
            "workload",
            "shape",
            "kernels",
            "iterations",
            "first ms",
            "ms",
            "G elements/s",
            "of limit",
        ]
        .map(String::from)
        .to_vec(),
    ];
    rows.extend(report.workloads.iter().map(|row| {
        vec![
            row.workload.into(),
            row.shape.clone(),
            row.variant.clone(),
            row.iterations.to_string(),
            format!("{:.1}", row.first_ms.0),
            format!("{:.3}", row.median_ms.0),
            format!("{:.3}", row.elements_g_per_s.0),
            format!("{:.0} %", 100.0 * row.fraction.0),
        ]
    }));
    let counted = limits.counted_pairs_g_per_s.as_ref();
    let counted = counted.map(|pairs| format!(" ({:.3} with counted loops)", pairs.0));
    let counted = counted.unwrap_or_default();
    let mut text = format!(
        "{}\n  start: context {:.0} ms, first solve {:.0} ms\n  copy {:.2} GB/s, exp-sum {:.3} Gexp/s, pairs of points \
         {:.3} G/s{counted}, empty dispatch {:.1} µs, submission {:.1} µs\n",
        report.adapter,
        report.start.context_ms.0,
        report.start.first_solve_ms.0,
        limits.copy_gb_per_s.0,
        limits.exp_sum_g_per_s.0,
        limits.pairs_g_per_s.0,
        limits.empty_dispatch_us.0,
        limits.submission_us.0,
    );
    let of_rows = rows::describe(&report.rows);
    let (points, fits) = (points::describe(&report.functions), fit::describe(&report.fits));
    for lines in [rows, points, fits, of_rows, transfer::describe(&report.transfers)] {
        // A heading alone says nothing.
        if lines.len() > 1 {
            text.push('\n');
            text.push_str(&table(&lines));
        }
    }
    text
}
