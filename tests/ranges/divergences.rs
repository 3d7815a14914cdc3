//! Divergences of far rows and their gradients.

use crate::common::{block_on, context};
use crate::rows::{Breaches, Form, Pair, error, pairs, slope_error, upload};
use kantor::reference::divergence::{Row, compare, gradient};
use kantor::{Comparison, Divergence, Generator, Input, Side};

/// Every member, with parameters next to their ends.
pub fn family() -> Vec<Divergence> {
    let mut all: Vec<Divergence> = Divergence::ALL.to_vec();
    let renyi = [0.0, 0.01, 0.5, 0.99, 1.0, 1.01, 3.0, 20.0, f64::INFINITY];
    all.extend(renyi.map(|alpha| Divergence::Renyi { alpha }));
    all.extend([0.0, 0.001, 0.99, 1.0, 1.5].map(|alpha| Divergence::Tsallis { alpha }));
    all.extend([-3.0, -1.2, -1.0, 0.3, 1.0, 1.5].map(|alpha| Divergence::Amari { alpha }));
    all.extend([0.0, 1e-6, 0.1, 1.0].map(|beta| Divergence::JensenShannon { beta }));
    all.extend([0.0, 1e-5, 0.9, 1.0].map(|alpha| Divergence::SkewKl { alpha }));
    let le_cam = Generator::new(
        "(r - 1.0) * (r - 1.0) / (r + 1.0)",
        "(r - 1.0) * (r + 3.0) / ((r + 1.0) * (r + 1.0))",
    )
    .expect("expressions")
    .with_limits(1.0, 1.0)
    .with_reference(
        |r| (r - 1.0).powi(2) / (r + 1.0),
        |r| (r - 1.0) * (r + 3.0) / (r + 1.0).powi(2),
    );
    all.push(Divergence::Generator(le_cam));
    all
}

const GAPS: [f64; 12] = [0.0, 5.0, 20.0, 30.0, 45.0, 60.0, 75.0, 86.0, 88.5, 103.0, 140.0, 200.0];

fn check(form: Form, bins: usize, gaps: &[f64], gradients: bool) {
    let mut all: Vec<Pair> = gaps.iter().flat_map(|gap| pairs(form, bins, *gap, false)).collect();
    all.extend(gaps.iter().flat_map(|gap| pairs(form, bins, *gap, true)));
    let wide = |side: fn(&Pair) -> &Vec<f64>| -> Vec<Row> {
        all.iter().map(|pair| Row::new(side(pair), form.input())).collect()
    };
    let (rows_p, rows_q) = (wide(|pair| &pair.p), wide(|pair| &pair.q));
    let p = upload(context(), form, &all.iter().map(|pair| &pair.p).collect::<Vec<_>>());
    let q = upload(context(), form, &all.iter().map(|pair| &pair.q).collect::<Vec<_>>());
    let mut breaches = Breaches::default();
    for divergence in family() {
        let comparison = Comparison::new(divergence.clone());
        let name = |row: usize| format!("{divergence:?} of {form:?}: {}", all[row].what);
        let values =
            block_on(comparison.rows(&p, &q)).unwrap_or_else(|e| panic!("{divergence}: {e}"));
        let exact: Vec<f64> =
            rows_p.iter().zip(&rows_q).map(|(p, q)| compare(&divergence, p, q)).collect();
        // An expression in r = p/q knows no more of p − q than r does.
        let generated = matches!(divergence, Divergence::Generator(_));
        let left_out = |row: usize| {
            generated && (all[row].what.contains("close") || all[row].what.contains("gap 0"))
        };
        for (row, (found, exact)) in values.values().iter().zip(&exact).enumerate() {
            if left_out(row) {
                continue;
            }
            breaches.add(error(*found, *exact, 1e-25), 1e-6, || {
                format!("{}: {found} for {exact}", name(row))
            });
        }
        if !gradients {
            continue;
        }
        let result = block_on(comparison.value_and_gradient(&p, &q, Side::Both, None));
        let (again, gradients) = result.unwrap_or_else(|e| panic!("{divergence}: {e}"));
        let read = |tensor: Option<kantor::Tensor>| {
            block_on(tensor.expect("asked for").read()).expect("readable")
        };
        let (of_p, of_q) = (read(gradients.p), read(gradients.q));
        for row in (0..all.len()).filter(|row| !left_out(*row)) {
            let found = again.values()[row];
            breaches.add(error(found, exact[row], 1e-25), 1e-6, || {
                format!("{} with a gradient: {found} for {}", name(row), exact[row])
            });
            let place = row * bins..(row + 1) * bins;
            let mut slopes = gradient(&divergence, &rows_p[row], &rows_q[row], 1.0);
            if exact[row].is_infinite() {
                slopes = (vec![0.0; bins], vec![0.0; bins]);
            }
            let sides = [("p", &of_p, &slopes.0, &rows_p), ("q", &of_q, &slopes.1, &rows_q)];
            for (side, found, exact, rows) in sides {
                // f(r) − r f′(r) of large r is nothing but rounding.
                if generated && side == "q" {
                    continue;
                }
                let weights = form.input() == Input::Weights;
                let size = if weights { 1.0 / rows[row].sum() } else { 1.0 };
                let found = &found[place.clone()];
                let finite = found.iter().all(|x| x.is_finite());
                let error = if finite { slope_error(found, exact, size) } else { f64::INFINITY };
                breaches.add(error, 1e-5, || format!("{} d{side}", name(row)));
            }
        }
    }
    breaches.none();
}

#[test]
fn weights() {
    check(Form::Weights { p: 0, q: 0 }, 12, &GAPS, true);
}

#[test]
fn weights_of_any_size() {
    check(Form::Weights { p: 20, q: -60 }, 12, &GAPS, true);
}

#[test]
fn weights_beyond_single() {
    check(Form::WideWeights, 12, &GAPS, true);
}

#[test]
fn log_probabilities() {
    check(Form::LogProbabilities, 12, &GAPS, true);
}

#[test]
fn logits() {
    check(Form::Logits { temperature: 1.0 }, 12, &GAPS, true);
}
