//! Times of functions of many points.

use super::{REPEATS, median, seconds_of};
use crate::failure::Outcome;
use crate::output::Digits;
use crate::precision;
use crate::workload::{Random, file};
use kantor::{Bessel, BesselFunction, Context, Precision, Tensor};
use serde::Serialize;
use std::path::Path;

/// Points of a workload.
const POINTS: usize = 1_000_000;

#[derive(Serialize)]
pub(crate) struct Row {
    workload: &'static str,
    function: &'static str,
    precision: &'static str,
    points: usize,
    first_ms: Digits,
    median_ms: Digits,
    points_m_per_s: Digits,
    /// From tensors to a tensor; `null` in double precision, which tensors do not hold.
    resident_ms: Digits,
    resident_points_m_per_s: Digits,
    not_finite: usize,
}

/// Orders log-uniform in [1e-2, 1e5], arguments in [1e-3, 1e6].
fn inputs(data: Option<&Path>) -> Outcome<(Vec<f32>, Vec<f32>)> {
    if let Some(folder) = data {
        return Ok((file(folder, "B1_v.npy", POINTS)?, file(folder, "B1_x.npy", POINTS)?));
    }
    let mut random = Random(11);
    let mut decades = |low: f32, high: f32| 10f32.powf(low + (high - low) * random.uniform());
    Ok((0..POINTS).map(|_| (decades(-2.0, 5.0), decades(-3.0, 6.0))).unzip())
}

pub(super) fn time(
    context: &Context,
    workload: &'static str,
    (function, digits): (BesselFunction, Precision),
    data: Option<&Path>,
) -> Outcome<Row> {
    let (v, x) = inputs(data)?;
    let bessel = Bessel::new(function).precision(digits);
    let mut values = Vec::new();
    let mut host = || -> Outcome<f64> {
        seconds_of(|| {
            values = bessel.evaluate_blocking(context, &v, &x)?;
            Ok(())
        })
    };
    let first = host()?;
    let seconds = median((0..REPEATS).map(|_| host()).collect::<Outcome<_>>()?);
    let resident = match digits {
        Precision::Single => resident(context, &bessel, &v, &x)?,
        _ => f64::NAN,
    };
    let rate = |seconds: f64| Digits(POINTS as f64 / seconds / 1e6);
    Ok(Row {
        workload,
        function: function.name(),
        precision: precision::name(digits),
        points: POINTS,
        first_ms: Digits(first * 1e3),
        median_ms: Digits(seconds * 1e3),
        points_m_per_s: rate(seconds),
        resident_ms: Digits(resident * 1e3),
        resident_points_m_per_s: rate(resident),
        not_finite: values.iter().filter(|value| !value.is_finite()).count(),
    })
}

/// Seconds from tensors to a tensor, all of them where the context computes.
fn resident(context: &Context, bessel: &Bessel, v: &[f32], x: &[f32]) -> Outcome<f64> {
    let tensor = |values| Tensor::from_slice_blocking(context, values, &[POINTS]);
    let (v, x) = (tensor(v)?, tensor(x)?);
    let run = || seconds_of(|| Ok(bessel.evaluate_tensor_blocking(&v, &x).map(drop)?));
    run()?;
    Ok(median((0..REPEATS).map(|_| run()).collect::<Outcome<_>>()?))
}

/// Lines of a table, the first a heading.
pub(super) fn describe(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = [
        "workload",
        "function",
        "points",
        "precision",
        "first ms",
        "ms",
        "M points/s",
        "resident ms",
        "M points/s",
        "not finite",
    ];
    let number = |value: f64, text: String| if value.is_nan() { "-".into() } else { text };
    let mut lines = vec![heading.map(String::from).to_vec()];
    lines.extend(rows.iter().map(|row| {
        let resident = (row.resident_ms.0, row.resident_points_m_per_s.0);
        vec![
            row.workload.into(),
            row.function.into(),
            row.points.to_string(),
            row.precision.into(),
            format!("{:.1}", row.first_ms.0),
            format!("{:.1}", row.median_ms.0),
            format!("{:.2}", row.points_m_per_s.0),
            number(resident.0, format!("{:.1}", resident.0)),
            number(resident.1, format!("{:.2}", resident.1)),
            row.not_finite.to_string(),
        ]
    }));
    lines
}
