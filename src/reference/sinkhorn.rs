//! The whole loop in f64, for one problem and for a batch.
//!
//! Stabilised scaling form (Schmitzer 2019, section 3): one iteration in the log
//! domain gives potentials and with them the kernel P⁰ = exp((f + g − C)/ε); the
//! iterations after it scale its rows and columns, without exponentials, until a
//! scaling leaves [1e-100, 1e100] or ε changes, when the scalings are absorbed
//! into the potentials by another iteration in the log domain. Iterates are those
//! of the log domain. Empty bins are left out of the loop.

use super::map_rows;
use super::measure::{Totals, totals};
use super::softmin::{softmin_columns, softmin_rows};
use crate::error::Result;
use crate::transport::{Progress, Sinkhorn};

/// The solution of one problem by the twin.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// Weighted potentials f + ε ln a; −∞ where a is zero.
    pub f: Vec<f64>,
    /// Weighted potentials g + ε ln b; −∞ where b is zero.
    pub g: Vec<f64>,
    /// Iterations done.
    pub iterations: u32,
    /// Costs and marginal error of the returned potentials.
    pub totals: Totals,
}

const RANGE: std::ops::Range<f64> = 1e-100..1e100;

/// Twin of `resident`: solves one problem. `start` are target potentials g;
/// `schedule` holds ε of the first iterations, its last entry of all others.
pub fn resident(
    cost: &[f64],
    a: &[f64],
    b: &[f64],
    start: Option<&[f64]>,
    schedule: &[f64],
    tolerance: f64,
    max_iterations: u32,
) -> Solved {
    let m = b.len();
    let rows: Vec<usize> = (0..a.len()).filter(|&i| a[i] > 0.0).collect();
    let columns: Vec<usize> = (0..m).filter(|&j| b[j] > 0.0).collect();
    let compact: Vec<f64> =
        rows.iter().flat_map(|&i| columns.iter().map(move |&j| cost[i * m + j])).collect();
    let wa: Vec<f64> = rows.iter().map(|&i| a[i]).collect();
    let wb: Vec<f64> = columns.iter().map(|&j| b[j]).collect();
    let epsilon_at = |k: u32| schedule[(k as usize).min(schedule.len() - 1)];

    let mut epsilon = epsilon_at(0);
    let mut g: Vec<f64> = columns
        .iter()
        .zip(&wb)
        .map(|(&j, w)| start.map_or(0.0, |g| g[j]) + epsilon * w.ln())
        .collect();
    let mut f = vec![0.0; rows.len()];
    let (mut u, mut v) = (vec![1.0; rows.len()], vec![1.0; columns.len()]);
    let mut kernel: Vec<f64> = Vec::new();
    let mut iterations = 0;
    let mut fresh = true;
    while iterations < max_iterations {
        let next = epsilon_at(iterations);
        if fresh || next != epsilon {
            absorb(&mut g, &mut v, epsilon);
            for (gj, w) in g.iter_mut().zip(&wb) {
                *gj += (next - epsilon) * w.ln();
            }
            epsilon = next;
            f = softmin_rows(&compact, &wa, &g, epsilon);
            g = softmin_columns(&compact, &wb, &f, epsilon);
            u.fill(1.0);
            v.fill(1.0);
            kernel = super::plan(&compact, &f, &g, epsilon);
            fresh = false;
        } else {
            let sums = row_sums(&kernel, &v);
            let error: f64 =
                sums.iter().zip(&u).zip(&wa).map(|((s, ui), w)| (s * ui - w).abs()).sum();
            // The plan is measured again at the end, with other rounding.
            if tolerance > 0.0 && error <= tolerance * (15.0 / 16.0) {
                break;
            }
            for ((ui, s), w) in u.iter_mut().zip(&sums).zip(&wa) {
                *ui = w / s;
            }
            for ((vj, s), w) in v.iter_mut().zip(column_sums(&kernel, &u, wb.len())).zip(&wb) {
                *vj = w / s;
            }
            fresh = !u.iter().chain(&v).all(|s| RANGE.contains(s));
            if fresh {
                clamp(&mut u);
                clamp(&mut v);
            }
        }
        iterations += 1;
    }
    absorb(&mut f, &mut u, epsilon);
    absorb(&mut g, &mut v, epsilon);
    let totals = totals(&compact, &wa, &wb, &f, &g, epsilon);
    let scatter = |n: usize, bins: &[usize], values: &[f64]| {
        let mut full = vec![f64::NEG_INFINITY; n];
        for (&bin, &value) in bins.iter().zip(values) {
            full[bin] = value;
        }
        full
    };
    Solved { f: scatter(a.len(), &rows, &f), g: scatter(m, &columns, &g), iterations, totals }
}

fn absorb(potential: &mut [f64], scaling: &mut [f64], epsilon: f64) {
    for (p, s) in potential.iter_mut().zip(scaling) {
        *p += epsilon * s.ln();
        *s = 1.0;
    }
}

/// A scaling that overflowed must not become an infinite potential.
fn clamp(scaling: &mut [f64]) {
    for s in scaling {
        *s = if s.is_nan() { 1.0 } else { s.clamp(1e-200, 1e200) };
    }
}

fn row_sums(kernel: &[f64], v: &[f64]) -> Vec<f64> {
    let row = |i: usize| -> f64 {
        let row = &kernel[i * v.len()..(i + 1) * v.len()];
        // Four sums in flight, so that the additions need not wait for each other.
        let mut sums = [0.0; 4];
        for (k, v) in row.chunks(4).zip(v.chunks(4)) {
            for ((sum, k), v) in sums.iter_mut().zip(k).zip(v) {
                *sum += k * v;
            }
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3])
    };
    let n = kernel.len() / v.len();
    if kernel.len() >= PARALLEL { map_rows(n, row) } else { (0..n).map(row).collect() }
}

/// Kernels with fewer entries are not worth spreading over threads.
const PARALLEL: usize = 1 << 18;

fn column_sums(kernel: &[f64], u: &[f64], m: usize) -> Vec<f64> {
    let block = |rows: std::ops::Range<usize>| {
        let mut sums = vec![0.0; m];
        for i in rows {
            for (sum, k) in sums.iter_mut().zip(&kernel[i * m..(i + 1) * m]) {
                *sum += u[i] * k;
            }
        }
        sums
    };
    if kernel.len() < PARALLEL {
        return block(0..u.len());
    }
    let step = u.len().div_ceil(16);
    let parts =
        map_rows(u.len().div_ceil(step), |k| block(k * step..((k + 1) * step).min(u.len())));
    let mut sums = vec![0.0; m];
    for part in parts {
        for (sum, p) in sums.iter_mut().zip(part) {
            *sum += p;
        }
    }
    sums
}

/// Solves every problem of a batch; `cost_of` gives a problem's n×m cost.
pub(crate) fn solve_batch<'a>(
    settings: &Sinkhorn,
    problem: &crate::Problem,
    cost_of: impl Fn(usize) -> &'a [f64] + Sync,
) -> Result<Vec<Solved>> {
    let schedule = settings.schedule();
    let problems = problem.len();
    // A callback between blocks; blocks large enough to keep the threads busy.
    let block = problems.div_ceil(100).max(64);
    let mut solved = Vec::with_capacity(problems);
    for from in (0..problems).step_by(block) {
        let until = (from + block).min(problems);
        solved.extend(map_rows(until - from, |k| {
            let k = from + k;
            let start = problem.start.as_ref().map(|g| {
                let m = problem.target.bins;
                &g[k * m..(k + 1) * m]
            });
            resident(
                cost_of(k),
                problem.source.row(k),
                problem.target.row(k),
                start,
                &schedule,
                settings.tolerance,
                settings.max_iterations,
            )
        }));
        settings.report(Progress {
            finished: until,
            problems,
            iterations: 0,
            marginal_error: f64::INFINITY,
        })?;
    }
    Ok(solved)
}
