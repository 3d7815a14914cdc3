//! Entropies of far rows and their gradients.

use crate::common::{block_on, context};
use crate::rows::{Breaches, Form, Pair, error, pairs, slope_error, upload};
use kantor::reference::divergence::{Row, entropy, entropy_gradient};
use kantor::{Entropies, Entropy, Input};

fn family() -> Vec<Entropy> {
    let renyi = [0.0, 0.01, 0.5, 0.99, 1.0, 1.01, 2.0, 30.0, f64::INFINITY];
    let tsallis = [0.0, 0.01, 0.5, 0.99, 1.0, 1.01, 3.0];
    let mut all = vec![Entropy::Shannon];
    all.extend(renyi.map(|alpha| Entropy::Renyi { alpha }));
    all.extend(tsallis.map(|alpha| Entropy::Tsallis { alpha }));
    all
}

fn check(form: Form, bins: usize, gaps: &[f64]) {
    let all: Vec<Pair> = gaps
        .iter()
        .flat_map(|gap| [false, true].map(|empty| pairs(form, bins, *gap, empty)))
        .flatten()
        .collect();
    let rows: Vec<&Vec<f64>> = all.iter().flat_map(|pair| [&pair.p, &pair.q]).collect();
    let twins: Vec<Row> = rows.iter().map(|row| Row::new(row, form.input())).collect();
    let on = upload(context(), form, &rows);
    let mut breaches = Breaches::default();
    for kind in family() {
        let result = block_on(Entropies::new(kind).value_and_gradient(&on, None));
        let (values, gradient) = result.unwrap_or_else(|e| panic!("{kind:?}: {e}"));
        let gradient = block_on(gradient.read()).expect("readable");
        for (number, (found, twin)) in values.iter().zip(&twins).enumerate() {
            let what = || format!("{kind:?} of {form:?}: {} {}", all[number / 2].what, number % 2);
            let exact = entropy(kind, twin);
            breaches.add(error(*found, exact, 1e-30), 1e-6, || {
                format!("{}: {found} for {exact}", what())
            });
            let found = &gradient[number * bins..(number + 1) * bins];
            let exact = entropy_gradient(kind, twin, 1.0);
            let size = if form.input() == Input::Weights { 1.0 / twin.sum() } else { 1.0 };
            let finite = found.iter().all(|x| x.is_finite());
            let error = if finite { slope_error(found, &exact, size) } else { f64::INFINITY };
            breaches.add(error, 1e-5, || format!("{} slopes", what()));
        }
    }
    breaches.none();
}

const GAPS: [f64; 10] = [0.0, 5.0, 20.0, 45.0, 60.0, 75.0, 88.5, 103.0, 140.0, 200.0];

#[test]
fn weights() {
    for form in [Form::Weights { p: 0, q: 0 }, Form::Weights { p: 30, q: -90 }, Form::WideWeights] {
        check(form, 12, &GAPS);
    }
}

#[test]
fn logarithms() {
    check(Form::LogProbabilities, 12, &GAPS);
    for temperature in [1.0, 0.01, 30.0, 1e30] {
        check(Form::Logits { temperature }, 12, &GAPS);
    }
}

#[test]
fn rows_of_any_length() {
    for bins in [1, 2, 3, 257, 4000] {
        check(Form::Weights { p: 0, q: 4 }, bins, &[1.0, 45.0, 140.0]);
        check(Form::Logits { temperature: 0.7 }, bins, &[1.0, 45.0, 140.0]);
    }
}
