//! Pairs of rows at the ends of the range, and how an answer is judged.

use crate::common::Random;
use kantor::{Context, Distributions, Input};

/// What the numbers of rows are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// f32 weights, whose sums are about 2 to this power.
    Weights {
        p: i32,
        q: i32,
    },
    /// f64 weights, with ratios beyond f32.
    WideWeights,
    LogProbabilities,
    Logits {
        temperature: f64,
    },
}

impl Form {
    pub fn input(self) -> Input {
        match self {
            Form::Weights { .. } | Form::WideWeights => Input::Weights,
            Form::LogProbabilities => Input::LogProbabilities,
            Form::Logits { temperature } => Input::Logits { temperature },
        }
    }

    /// A row from natural logarithms of any scale, −∞ for an empty bin: exact in f32 but for wide weights.
    fn row(self, logs: &[f64], second: bool) -> Vec<f64> {
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum = logs.iter().map(|l| (l - most).exp()).sum::<f64>().ln() + most;
        let single = |x: f64| f64::from(x as f32);
        let number = |l: &f64| match self {
            Form::Weights { p, q } => {
                let power = if second { q } else { p };
                single((l - most).exp() * f64::from(power).exp2())
            }
            Form::WideWeights => {
                let x = (l - most).exp();
                if x < f64::from(f32::MIN_POSITIVE) { x } else { single(x) }
            }
            Form::LogProbabilities => single(l - sum),
            Form::Logits { temperature } => single((l - most) * temperature + 3.0),
        };
        logs.iter().map(number).collect()
    }
}

/// Two rows, and what they are.
#[derive(Debug, Clone)]
pub struct Pair {
    pub what: String,
    pub p: Vec<f64>,
    pub q: Vec<f64>,
}

/// Pairs of `bins` bins at a gap of natural logarithms.
pub fn pairs(form: Form, bins: usize, gap: f64, empty: bool) -> Vec<Pair> {
    let mut random = Random::new(bins as u64 * 1000 + gap.to_bits() % 997);
    let none = f64::NEG_INFINITY;
    let near = |random: &mut Random| 0.7 * (random.uniform() - 0.5);
    let base: Vec<f64> = (0..bins).map(|_| 2.0 * near(&mut random)).collect();
    let other: Vec<f64> = base.iter().map(|x| x + near(&mut random)).collect();
    let close: Vec<f64> = base.iter().map(|x| x + 1e-3 * near(&mut random)).collect();
    let at = bins / 2;
    let lowered = |row: &[f64], places: &[usize], by: f64| {
        let mut row = row.to_vec();
        places.iter().for_each(|place| row[*place] -= by);
        row
    };
    let last = bins - 1;
    let mut rows = vec![
        ("q lacks a bin", base.clone(), lowered(&other, &[at], gap)),
        ("p lacks a bin", lowered(&base, &[at], gap), other.clone()),
        ("each lacks one", lowered(&base, &[0], gap), lowered(&other, &[last], gap)),
        ("both lack one", lowered(&base, &[0], gap), lowered(&other, &[0], 1.3 * gap + 1.0)),
        ("both far", lowered(&base, &[at], gap), lowered(&other, &[at], 1.9 * gap)),
        ("close, q lacks a bin", base.clone(), lowered(&close, &[last], gap)),
        ("close, p lacks a bin", lowered(&base, &[0], gap), close.clone()),
        ("spread", (0..bins).map(|_| gap * random.uniform()).collect(), base.clone()),
        (
            "both spread",
            (0..bins).map(|_| gap * random.uniform()).collect(),
            (0..bins).map(|_| gap * random.uniform()).collect(),
        ),
        (
            "peaked",
            base.iter().enumerate().map(|(i, x)| x - if i == at { 0.0 } else { gap }).collect(),
            other
                .iter()
                .enumerate()
                .map(|(i, x)| x - if i == at { 0.0 } else { 0.5 * gap })
                .collect(),
        ),
        (
            "peaked apart",
            base.iter().enumerate().map(|(i, x)| x - if i == 0 { 0.0 } else { gap }).collect(),
            other.iter().enumerate().map(|(i, x)| x - if i == last { 0.0 } else { gap }).collect(),
        ),
    ];
    if empty && bins > 3 {
        rows.retain(|(what, ..)| !what.starts_with("close"));
        for (number, (_, p, q)) in rows.iter_mut().enumerate() {
            for (i, (a, b)) in p.iter_mut().zip(q).enumerate() {
                match (number % 3, i % 4) {
                    (0, 1) => (*a, *b) = (none, none),
                    (1, 1) => *a = none,
                    (2, 1) => *b = none,
                    _ => {}
                }
            }
        }
    }
    let pair = |(what, p, q): (&str, Vec<f64>, Vec<f64>)| Pair {
        what: format!("{what}, gap {gap}, {bins} bins{}", if empty { ", some empty" } else { "" }),
        p: form.row(&p, false),
        q: form.row(&q, true),
    };
    rows.into_iter().map(pair).collect()
}

/// Rows below each other on a context, f32 where the form is.
pub fn upload(context: &Context, form: Form, rows: &[&Vec<f64>]) -> Distributions {
    let bins = rows[0].len();
    let all = || rows.iter().flat_map(|row| row.iter().copied());
    let made = match form {
        Form::WideWeights => {
            Distributions::new_blocking(context, &all().collect::<Vec<f64>>(), bins, form.input())
        }
        _ => {
            let singles: Vec<f32> = all().map(|x| x as f32).collect();
            Distributions::new_blocking(context, &singles, bins, form.input())
        }
    };
    made.expect("rows are well formed")
}

/// Relative error of a value; below `floor` it counts by that.
pub fn error(found: f64, exact: f64, floor: f64) -> f64 {
    if found == exact {
        return 0.0;
    }
    let error = (found - exact).abs() / exact.abs().max(floor);
    if error.is_nan() || !found.is_finite() { f64::INFINITY } else { error }
}

/// The largest error of a row of a gradient, relative to its largest number. One that should be nothing but for the
/// rounding of its terms, about `size`, counts by those.
pub fn slope_error(found: &[f32], exact: &[f64], size: f64) -> f64 {
    let held = |x: &f64| f64::from((*x as f32).clamp(-f32::MAX, f32::MAX));
    let most = exact.iter().map(held).fold(0.0f64, |most, x| most.max(x.abs()));
    // Nor is there anything below the smallest normal f32.
    let most = if most < 1e-17 * size { 1e-7 * size } else { most }
        .max(2e5 * f64::from(f32::MIN_POSITIVE));
    let apart = |(found, exact): (&f32, &f64)| (f64::from(*found) - held(exact)).abs() / most;
    let worst = found
        .iter()
        .zip(exact)
        .map(apart)
        .fold(0.0f64, |worst, x| if x > worst || x.is_nan() { x } else { worst });
    if worst.is_nan() { f64::INFINITY } else { worst }
}

/// What went wrong, by what it was about.
#[derive(Debug, Default)]
pub struct Breaches {
    seen: usize,
    found: Vec<String>,
}

impl Breaches {
    pub fn add(&mut self, error: f64, allowed: f64, what: impl FnOnce() -> String) {
        self.seen += 1;
        if error > allowed || error.is_nan() {
            self.found.push(format!("{error:.1e} of {}", what()));
        }
    }

    #[track_caller]
    pub fn none(self) {
        println!("{} comparisons", self.seen);
        if self.found.is_empty() {
            return;
        }
        let count = self.found.len();
        let some: Vec<_> = self.found.into_iter().step_by(count.div_ceil(60)).collect();
        panic!("{count} of {} are wrong, among them\n{}", self.seen, some.join("\n"));
    }
}
