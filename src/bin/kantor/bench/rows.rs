//! Times of divergences and entropies of rows.

use super::{REPEATS, median, seconds_of};
use crate::failure::Outcome;
use crate::output::Digits;
use crate::workload::{Random, RowTask, file, image_histograms};
use kantor::bench::Limits;
use kantor::{Comparison, Context, Distributions, Divergence, Entropies, Entropy, Input, Side};
use serde::Serialize;
use std::path::Path;

const LOGITS: Input = Input::Logits { temperature: 1.0 };
const JS: Divergence = Divergence::JensenShannon { beta: 0.5 };

#[derive(Serialize)]
pub(crate) struct Row {
    workload: &'static str,
    what: &'static str,
    shape: String,
    first_ms: Digits,
    /// From host arrays to results on the host.
    median_ms: Digits,
    /// From rows that are where the context computes; a gradient stays there.
    resident_ms: Digits,
    /// Of bins, a pair of them counted once.
    ns_per_bin: Digits,
    /// What the adapter's copy or its exponentials allow, whichever takes longer.
    limit_ms: Digits,
    limit: &'static str,
    fraction: Digits,
}

/// What a function of rows has to do at least, per bin.
#[derive(Clone, Copy)]
struct Least {
    /// f32 read and written.
    numbers: f64,
    /// Exponentials and logarithms.
    exponentials: f64,
}

impl Least {
    /// Seconds of so many bins, and by which limit.
    fn seconds(self, bins: f64, limits: &Limits) -> (f64, &'static str) {
        let copy = 4.0 * self.numbers * bins / limits.copy_bytes_per_second;
        let exponentials = self.exponentials * bins / limits.exp_per_second;
        if copy > exponentials { (copy, "copy") } else { (exponentials, "exp") }
    }
}

/// Host arrays of a workload; `q` is empty where rows are alone.
struct Arrays {
    p: Vec<f32>,
    q: Vec<f32>,
    bins: usize,
    input: Input,
}

impl Arrays {
    fn upload(&self, context: &Context) -> kantor::Result<[Distributions; 2]> {
        let new =
            |values: &[f32]| Distributions::new_blocking(context, values, self.bins, self.input);
        let p = new(&self.p)?;
        let q = if self.q.is_empty() { p.clone() } else { new(&self.q)? };
        Ok([p, q])
    }
}

pub(super) fn time(
    context: &Context,
    (workload, task): (&'static str, RowTask),
    data: Option<&Path>,
    limits: &Limits,
) -> Outcome<Vec<Row>> {
    let timed = |what, arrays: &Arrays, bins: usize, least, work: &Work| {
        one(context, (workload, what), arrays, bins, least, limits, work)
    };
    let least = |numbers, exponentials| Least { numbers, exponentials };
    match task {
        RowTask::Weights => {
            let arrays = weights(1024, 32_768, data)?;
            let bins = arrays.p.len();
            [
                ("KL", Divergence::Kl, 1.0),
                ("JS", JS, 1.0),
                ("total variation", Divergence::TotalVariation, 0.0),
            ]
            .into_iter()
            .map(|(what, divergence, logs)| {
                timed(what, &arrays, bins, least(2.0, logs), &values_of(divergence))
            })
            .collect()
        }
        RowTask::Logits => {
            let arrays = logits(data)?;
            let bins = arrays.p.len();
            // Exponentials of either row; of JS once more for the mixture, with a logarithm of it.
            [("KL", Divergence::Kl, 2.0, 2.0), ("JS", JS, 4.0, 5.0)]
                .into_iter()
                .map(|(what, divergence, numbers, exponentials)| {
                    let least = least(numbers, exponentials);
                    timed(what, &arrays, bins, least, &values_of(divergence))
                })
                .collect()
        }
        RowTask::Distillation => {
            let arrays = logits(data)?;
            let mean = Comparison::new(Divergence::Kl).reduction(kantor::Reduction::Mean);
            let work: Box<Work> = Box::new(move |[p, q], host| {
                let (_, gradients) = mean.value_and_gradient_blocking(p, q, Side::Q, None)?;
                if let (true, Some(tensor)) = (host, gradients.q) {
                    tensor.read_blocking()?;
                }
                Ok(())
            });
            let bins = arrays.p.len();
            Ok(vec![timed("KL and gradient", &arrays, bins, least(5.0, 4.0), &work)?])
        }
        RowTask::Pairs => {
            let p = image_histograms(data)?;
            let arrays = Arrays { p, q: Vec::new(), bins: 784, input: Input::Weights };
            let rows = arrays.p.len() / arrays.bins;
            let comparison = Comparison::new(JS);
            let work: Box<Work> =
                Box::new(move |[p, q], _| comparison.pairwise_blocking(p, q).map(drop));
            // Half of the square; a logarithm wherever both rows have ink.
            let bins = rows * rows / 2 * arrays.bins;
            let both = shared_ink(&arrays);
            Ok(vec![timed("JS of all pairs", &arrays, bins, least(0.0, both), &work)?])
        }
        RowTask::Entropy => {
            let (rows, bins) = (16_384, 1024);
            let p = match data {
                Some(folder) => file(folder, "D5_logits.npy", rows * bins)?,
                None => normal(rows * bins, 150),
            };
            let arrays = Arrays { p, q: Vec::new(), bins, input: LOGITS };
            let entropies = Entropies::new(Entropy::Shannon);
            let work: Box<Work> = Box::new(move |[p, _], _| entropies.rows_blocking(p).map(drop));
            Ok(vec![timed("entropy", &arrays, rows * bins, least(1.0, 1.0), &work)?])
        }
        RowTask::Lengths => {
            let mut rows = Vec::new();
            for bins in [1024, 16_384, 262_144] {
                let arrays = weights((16 << 20) / bins, bins, None)?;
                let size = arrays.p.len();
                rows.push(timed("KL", &arrays, size, least(2.0, 1.0), &values_of(Divergence::Kl))?);
            }
            Ok(rows)
        }
    }
}

/// Rows of p and q, and whether results are to reach the host.
type Work = dyn Fn(&[Distributions; 2], bool) -> kantor::Result<()>;

fn values_of(divergence: Divergence) -> Box<Work> {
    let comparison = Comparison::new(divergence);
    Box::new(move |[p, q], _| comparison.rows_blocking(p, q).map(drop))
}

fn one(
    context: &Context,
    (workload, what): (&'static str, &'static str),
    arrays: &Arrays,
    bins: usize,
    least: Least,
    limits: &Limits,
    work: &Work,
) -> Outcome<Row> {
    let host = || seconds_of(|| Ok(work(&arrays.upload(context)?, true)?));
    let first = host()?;
    let seconds = median((0..REPEATS).map(|_| host()).collect::<Outcome<_>>()?);
    let rows = arrays.upload(context)?;
    let run = || seconds_of(|| Ok(work(&rows, false)?));
    run()?;
    let resident = median((0..REPEATS).map(|_| run()).collect::<Outcome<_>>()?);
    let (possible, limit) = least.seconds(bins as f64, limits);
    Ok(Row {
        workload,
        what,
        shape: format!("{} × {}", arrays.p.len() / arrays.bins, arrays.bins),
        first_ms: Digits(first * 1e3),
        median_ms: Digits(seconds * 1e3),
        resident_ms: Digits(resident * 1e3),
        ns_per_bin: Digits(resident * 1e9 / bins as f64),
        limit_ms: Digits(possible * 1e3),
        limit,
        fraction: Digits(possible / resident),
    })
}

/// Bins of a pair of rows that both have, as a fraction of all.
fn shared_ink(arrays: &Arrays) -> f64 {
    let rows = arrays.p.len() / arrays.bins;
    let shared = |bin: usize| {
        let filled = arrays.p[bin..].iter().step_by(arrays.bins).filter(|x| **x > 0.0).count();
        (filled as f64 / rows as f64).powi(2)
    };
    (0..arrays.bins).map(shared).sum::<f64>() / arrays.bins as f64
}

/// Twelve uniform numbers make a normal one.
fn normal(count: usize, seed: u64) -> Vec<f32> {
    let mut random = Random(seed);
    (0..count).map(|_| 2.0 * ((0..12).map(|_| random.uniform()).sum::<f32>() - 6.0)).collect()
}

/// Softmax of normal numbers and of others next to them.
fn weights(rows: usize, bins: usize, data: Option<&Path>) -> Outcome<Arrays> {
    let (p, q) = match data {
        Some(folder) => {
            (file(folder, "D1_p.npy", rows * bins)?, file(folder, "D1_q.npy", rows * bins)?)
        }
        None => {
            let (z, w) = (normal(rows * bins, 110), normal(rows * bins, 111));
            let q = z.iter().zip(&w).map(|(z, w)| 0.5 * z + 0.25 * w).collect();
            (softmax(z.into_iter().map(|z| 0.75 * z).collect(), bins), softmax(q, bins))
        }
    };
    Ok(Arrays { p, q, bins, input: Input::Weights })
}

fn softmax(mut numbers: Vec<f32>, bins: usize) -> Vec<f32> {
    for row in numbers.chunks_mut(bins) {
        let sum: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
        row.iter_mut().for_each(|x| *x = (f64::from(*x).exp() / sum) as f32);
    }
    numbers
}

/// A teacher's logits and a student's.
fn logits(data: Option<&Path>) -> Outcome<Arrays> {
    let (rows, bins) = (256, 131_072);
    let (p, q) = match data {
        Some(folder) => (
            file(folder, "D2_teacher.npy", rows * bins)?,
            file(folder, "D2_student.npy", rows * bins)?,
        ),
        None => {
            let teacher = normal(rows * bins, 120);
            let noise = normal(rows * bins, 121);
            let student = teacher.iter().zip(&noise).map(|(t, e)| t + 0.35 * e).collect();
            (teacher, student)
        }
    };
    Ok(Arrays { p, q, bins, input: LOGITS })
}

/// Lines of a table, the first a heading.
pub(super) fn describe(rows: &[Row]) -> Vec<Vec<String>> {
    let heading =
        ["workload", "what", "shape", "first ms", "ms", "resident ms", "ns a bin", "of limit"];
    let mut lines = vec![heading.map(String::from).to_vec()];
    lines.extend(rows.iter().map(|row| {
        vec![
            row.workload.into(),
            row.what.into(),
            row.shape.clone(),
            format!("{:.1}", row.first_ms.0),
            format!("{:.1}", row.median_ms.0),
            format!("{:.1}", row.resident_ms.0),
            format!("{:.2}", row.ns_per_bin.0),
            format!("{:.0} % of {}", 100.0 * row.fraction.0, row.limit),
        ]
    }));
    lines
}
