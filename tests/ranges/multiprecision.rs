//! The twin, and the device in both precisions, against multiprecision values of far rows.

use crate::common::{block_on, ways};
use crate::rows::{Breaches, error, slope_error};
use kantor::reference::divergence::{Row, compare, gradient};
use kantor::{Comparison, Distributions, Divergence, Input, Loss, Losses, Precision, Side};

/// A line of `../data/ranges_reference.csv`.
struct Line {
    input: Input,
    divergence: Divergence,
    value: f64,
    p: Vec<f64>,
    q: Vec<f64>,
    of_p: Vec<f64>,
    of_q: Vec<f64>,
}

impl Line {
    fn what(&self) -> String {
        format!("{:?} of {:?} {:?} {:?}", self.divergence, self.input, self.p, self.q)
    }
}

fn lines() -> Vec<Line> {
    let text = include_str!("../data/ranges_reference.csv");
    let number = |word: &str| word.parse::<f64>().expect("a number");
    let line = |line: &str| {
        let words: Vec<&str> = line.split(',').collect();
        let input = match words[0] {
            "weights" => Input::Weights,
            _ => Input::Logits { temperature: 1.0 },
        };
        let bins: usize = words[1].parse().expect("a number");
        let named: Divergence = words[2].parse().expect("a known name");
        let divergence = match words[3] {
            "" => named,
            parameter => named.with_parameter(number(parameter)).expect("in range"),
        };
        let numbers: Vec<f64> = words[5..].iter().map(|word| number(word)).collect();
        let part = |k: usize| numbers[k * bins..(k + 1) * bins].to_vec();
        let value = number(words[4]);
        Line { input, divergence, value, p: part(0), q: part(1), of_p: part(2), of_q: part(3) }
    };
    text.lines().filter(|line| !line.starts_with('#')).map(line).collect()
}

fn size(line: &Line, row: &[f64]) -> f64 {
    if line.input == Input::Weights { 1.0 / row.iter().sum::<f64>() } else { 1.0 }
}

#[test]
fn the_twin_knows_far_rows() {
    let mut breaches = Breaches::default();
    for line in lines() {
        let (p, q) = (Row::new(&line.p, line.input), Row::new(&line.q, line.input));
        let found = compare(&line.divergence, &p, &q);
        breaches.add(error(found, line.value, 1e-290), 1e-12, || {
            format!("{}: {found:e} for {:e}", line.what(), line.value)
        });
        let (of_p, of_q) = gradient(&line.divergence, &p, &q, 1.0);
        for (side, found, exact, row) in
            [("p", of_p, &line.of_p, &line.p), ("q", of_q, &line.of_q, &line.q)]
        {
            // What f64 does not hold is beyond f32 all the more.
            let held = |x: f64| x.clamp(-1e200, 1e200);
            let most = exact.iter().fold(0.0f64, |most, x| most.max(held(x.abs())));
            let most = most.max(1e-17 * size(&line, row));
            let worst = found.iter().zip(exact).fold(0.0f64, |worst, (x, y)| {
                let error = (held(*x) - held(*y)).abs() / most;
                if error > worst || error.is_nan() { error } else { worst }
            });
            breaches
                .add(worst, 1e-10, || format!("{} d{side}: {found:?} for {exact:?}", line.what()));
        }
    }
    breaches.none();
}

#[test]
fn every_way_knows_far_rows() {
    let mut breaches = Breaches::default();
    for way in ways() {
        let single = way.precision == Precision::Single;
        for line in lines() {
            let rows = |values: &[f64]| {
                Distributions::new_blocking(&way.context, values, values.len(), line.input)
                    .expect("rows are well formed")
            };
            let comparison = Comparison::new(line.divergence.clone()).precision(way.precision);
            let (p, q) = (rows(&line.p), rows(&line.q));
            let result = comparison.value_and_gradient_blocking(&p, &q, Side::Both, None);
            let (values, gradients) = result.unwrap_or_else(|e| panic!("{}: {e}", line.what()));
            let found = values.values()[0];
            let (floor, bound) = if single { (1e-25, 1e-6) } else { (1e-290, 1e-12) };
            breaches.add(error(found, line.value, floor), bound, || {
                format!("{}, {}: {found:e} for {:e}", line.what(), way.name, line.value)
            });
            for (side, tensor, exact, row) in
                [("p", gradients.p, &line.of_p, &line.p), ("q", gradients.q, &line.of_q, &line.q)]
            {
                let slopes = block_on(tensor.expect("asked for").read()).expect("readable");
                breaches.add(slope_error(&slopes, exact, size(&line, row)), 1e-5, || {
                    format!("{} d{side}, {}: {slopes:?} for {exact:?}", line.what(), way.name)
                });
            }
        }
    }
    breaches.none();
}

#[test]
fn losses_that_are_small_differences() {
    let text = include_str!("../data/ranges_losses_reference.csv");
    let mut breaches = Breaches::default();
    for way in ways() {
        let single = way.precision == Precision::Single;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(',').collect();
            let number = |k: usize| words[k].parse::<f64>().expect("a number");
            let loss = match words[0] {
                "cross-entropy" => Loss::CrossEntropy { smoothing: number(1) },
                "ldr" => Loss::Ldr { margin: number(1), lambda: number(2) },
                _ => Loss::Aldr { margin: number(1), lambda: number(2), alpha: number(3) },
            };
            let logits: Vec<f32> = (7..words.len()).map(|k| number(k) as f32).collect();
            let input = Input::Logits { temperature: 1.0 };
            let rows = Distributions::new_blocking(&way.context, &logits, logits.len(), input)
                .expect("a row");
            let losses = Losses::new(loss).precision(way.precision);
            let found = losses.rows_blocking(&rows, &[number(4) as u32]).expect("a loss");
            let (value, exact) = (found.values()[0], number(6));
            // What rounding of f64 leaves of a sum of gaps of both signs.
            let floor = logits.iter().fold(0.0f64, |most, z| most.max(f64::from(z.abs())));
            let (floor, bound) = if single { (1e-25, 1e-6) } else { (1e-3 * floor, 1e-12) };
            breaches.add(error(value, exact, floor), bound, || {
                format!("{loss:?}, {}, {logits:?}: {value:e} for {exact:e}", way.name)
            });
        }
    }
    breaches.none();
}
