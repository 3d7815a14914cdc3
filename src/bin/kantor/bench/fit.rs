//! Times of a von Mises-Fisher fit.

use super::{REPEATS, median, seconds_of};
use crate::failure::Outcome;
use crate::output::Digits;
use crate::workload::{Random, file};
use kantor::bench::Limits;
use kantor::{Context, Directions, Precision, VonMisesFisher};
use serde::Serialize;
use std::path::Path;

const ROWS: usize = 10_000;
const DIMENSION: usize = 784;

#[derive(Serialize)]
pub(crate) struct Row {
    workload: &'static str,
    shape: String,
    first_ms: Digits,
    /// From a host array to the fit.
    median_ms: Digits,
    /// From rows that are where the context computes.
    resident_ms: Digits,
    read_gb_per_s: Digits,
    copy_gb_per_s: Digits,
    fraction: Digits,
}

pub(super) fn time(
    context: &Context,
    workload: &'static str,
    data: Option<&Path>,
    limits: &Limits,
) -> Outcome<Row> {
    let values = match data {
        Some(folder) => file(folder, "B3a_x.npy", ROWS * DIMENSION)?,
        None => {
            let mut random = Random(13);
            (0..ROWS * DIMENSION).map(|_| random.uniform()).collect()
        }
    };
    let upload = || Directions::new_blocking(context, &values, DIMENSION);
    let fit = |rows: &Directions| VonMisesFisher::fit_blocking(rows, Precision::Single).map(drop);
    let host = || seconds_of(|| Ok(fit(&upload()?)?));
    let first = host()?;
    let seconds = median((0..REPEATS).map(|_| host()).collect::<Outcome<_>>()?);
    let rows = upload()?;
    let run = || seconds_of(|| Ok(fit(&rows)?));
    run()?;
    let resident = median((0..REPEATS).map(|_| run()).collect::<Outcome<_>>()?);
    // Every number is read once; that the copy counts a byte read and a byte written makes its limit one of traffic.
    let rate = (4 * ROWS * DIMENSION) as f64 / resident;
    Ok(Row {
        workload,
        shape: format!("{ROWS} × {DIMENSION}"),
        first_ms: Digits(first * 1e3),
        median_ms: Digits(seconds * 1e3),
        resident_ms: Digits(resident * 1e3),
        read_gb_per_s: Digits(rate / 1e9),
        copy_gb_per_s: Digits(limits.copy_bytes_per_second / 1e9),
        fraction: Digits(rate / limits.copy_bytes_per_second),
    })
}

/// Lines of a table, the first a heading.
pub(super) fn describe(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = ["workload", "shape", "first ms", "ms", "resident ms", "GB/s read", "of copy"];
    let mut lines = vec![heading.map(String::from).to_vec()];
    lines.extend(rows.iter().map(|row| {
        vec![
            row.workload.into(),
            row.shape.clone(),
            format!("{:.1}", row.first_ms.0),
            format!("{:.1}", row.median_ms.0),
            format!("{:.1}", row.resident_ms.0),
            format!("{:.2}", row.read_gb_per_s.0),
            format!("{:.0} %", 100.0 * row.fraction.0),
        ]
    }));
    lines
}
