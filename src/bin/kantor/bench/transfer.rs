//! Times of copies between the host and where the context computes.

use super::{REPEATS, median, seconds_of};
use crate::failure::{Failure, Outcome};
use crate::output::Digits;
use crate::workload::Random;
use kantor::{Context, Distributions, Geometry, Input, Tensor, wgpu};
use rayon::prelude::*;
use serde::Serialize;

/// 128 MiB of f32 in rows of 32,768.
const NUMBERS: usize = 32 << 20;
const BINS: usize = 32_768;
/// Entries of a cost: 2048².
const SIDE: usize = 2048;

#[derive(Serialize)]
pub(crate) struct Row {
    workload: &'static str,
    what: &'static str,
    mib: usize,
    median_ms: Digits,
    /// What all threads take to copy as much on the host.
    memcpy_ms: Digits,
    /// Into memory that is new, or that has been written before.
    into: &'static str,
    ratio: Digits,
}

pub(super) fn time(context: &Context, workload: &'static str) -> Outcome<Vec<Row>> {
    let mut random = Random(21);
    let weights: Vec<f32> = (0..NUMBERS).map(|_| random.uniform() + 0.01).collect();
    let cost = &weights[..SIDE * SIDE];
    let mut target = vec![0.0f32; NUMBERS];
    let mut used = || {
        seconds_of(|| {
            copy(&weights, &mut target);
            Ok(())
        })
    };
    let upload = || {
        seconds_of(|| {
            let rows = Distributions::new_blocking(context, &weights, BINS, Input::Weights)?;
            finish(context)?;
            drop(rows);
            Ok(())
        })
    };
    let geometry = || seconds_of(|| Ok(Geometry::cost_matrix(cost, SIDE, SIDE).map(drop)?));
    let tensor = Tensor::from_slice_blocking(context, &weights, &[NUMBERS])?;
    let back = || seconds_of(|| Ok(tensor.read_blocking().map(drop)?));
    // Beside each other, so that a slower minute is one for both.
    let paired = |ours: &mut dyn FnMut() -> Outcome<f64>,
                  limit: &mut dyn FnMut() -> Outcome<f64>| {
        ours()?;
        limit()?;
        let (mut seconds, mut limits) = (Vec::new(), Vec::new());
        for _ in 0..2 * REPEATS + 1 {
            seconds.push(ours()?);
            limits.push(limit()?);
        }
        Ok::<_, Failure>((median(seconds), median(limits)))
    };
    let row = |what, numbers: usize, into, (seconds, limit): (f64, f64)| Row {
        workload,
        what,
        mib: (4 * numbers) >> 20,
        median_ms: Digits(seconds * 1e3),
        memcpy_ms: Digits(limit * 1e3),
        into,
        ratio: Digits(seconds / limit),
    };
    let new = |numbers: &[f32]| {
        seconds_of(|| {
            drop(copied(numbers));
            Ok(())
        })
    };
    Ok(vec![
        row("upload of weights", NUMBERS, "used", paired(&mut { upload }, &mut used)?),
        row("cost matrix", cost.len(), "new", paired(&mut { geometry }, &mut || new(cost))?),
        row("reading back", NUMBERS, "new", paired(&mut { back }, &mut || new(&weights))?),
    ])
}

/// Until the device has everything.
fn finish(context: &Context) -> Outcome<()> {
    if let Some(device) = context.device() {
        device.poll(wgpu::PollType::wait_indefinitely()).map_err(Failure::new)?;
    }
    Ok(())
}

const BLOCK: usize = 1 << 16;

fn copy(from: &[f32], to: &mut [f32]) {
    let parts = to.par_chunks_mut(BLOCK).zip(from.par_chunks(BLOCK));
    parts.for_each(|(to, from)| to.copy_from_slice(from));
}

fn copied(from: &[f32]) -> Vec<f32> {
    let mut to = vec![0.0; from.len()];
    copy(from, &mut to);
    to
}

/// Lines of a table, the first a heading.
pub(super) fn describe(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = ["workload", "what", "MiB", "ms", "memcpy ms", "into memory", "times memcpy"];
    let mut lines = vec![heading.map(String::from).to_vec()];
    lines.extend(rows.iter().map(|row| {
        vec![
            row.workload.into(),
            row.what.into(),
            row.mib.to_string(),
            format!("{:.1}", row.median_ms.0),
            format!("{:.1}", row.memcpy_ms.0),
            row.into.into(),
            format!("{:.2}", row.ratio.0),
        ]
    }));
    lines
}
