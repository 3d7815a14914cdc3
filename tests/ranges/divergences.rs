//! Divergences of far rows and their gradients.

use crate::common::{block_on, context, ways};
use crate::rows::{Breaches, Form, Pair, error, pairs, slope_error, upload};
use kantor::reference::divergence::{Row, compare, gradient, pairwise};
use kantor::{Comparison, Distributions, Divergence, Generator, Input, Precision, Side};

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
    let all = distinct(gaps, form, bins);
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

fn distinct(gaps: &[f64], form: Form, bins: usize) -> Vec<Pair> {
    let all = |empty| gaps.iter().flat_map(move |gap| pairs(form, bins, *gap, empty));
    all(false).chain(all(true)).collect()
}

/// Values alone, of rows of other lengths.
fn check_lengths(form: Form, lengths: &[usize], family: &[Divergence]) {
    let mut breaches = Breaches::default();
    for &bins in lengths {
        let all = distinct(&[1.0, 30.0, 88.5, 140.0], form, bins);
        let p = upload(context(), form, &all.iter().map(|pair| &pair.p).collect::<Vec<_>>());
        let q = upload(context(), form, &all.iter().map(|pair| &pair.q).collect::<Vec<_>>());
        let twins: Vec<[Row; 2]> = all
            .iter()
            .map(|pair| [&pair.p, &pair.q].map(|row| Row::new(row, form.input())))
            .collect();
        for divergence in family {
            let values = block_on(Comparison::new(divergence.clone()).rows(&p, &q))
                .unwrap_or_else(|e| panic!("{divergence}: {e}"));
            for (row, (found, [p, q])) in values.values().iter().zip(&twins).enumerate() {
                let exact = compare(divergence, p, q);
                breaches.add(error(*found, exact, 1e-25), 1e-6, || {
                    format!("{divergence:?} of {form:?}: {}: {found} for {exact}", all[row].what)
                });
            }
        }
    }
    breaches.none();
}

/// Every row with every other, and the nearest of them.
fn check_pairs(form: Form) {
    let bins = 12;
    let all = distinct(&[0.0, 20.0, 60.0, 88.5, 140.0], form, bins);
    let p = upload(context(), form, &all.iter().map(|pair| &pair.p).collect::<Vec<_>>());
    let q = upload(context(), form, &all.iter().map(|pair| &pair.q).collect::<Vec<_>>());
    let twins = |side: fn(&Pair) -> &Vec<f64>| -> Vec<Row> {
        all.iter().map(|pair| Row::new(side(pair), form.input())).collect()
    };
    let (twins_p, twins_q) = (twins(|pair| &pair.p), twins(|pair| &pair.q));
    let mut breaches = Breaches::default();
    for divergence in family() {
        let comparison = Comparison::new(divergence.clone());
        if let Divergence::Generator(_) = divergence {
            continue;
        }
        let pairs =
            block_on(comparison.pairwise(&p, &q)).unwrap_or_else(|e| panic!("{divergence}: {e}"));
        let exact = pairwise(&divergence, &twins_p, &twins_q);
        for (place, (found, exact)) in pairs.values().iter().zip(&exact).enumerate() {
            let (i, j) = (place / all.len(), place % all.len());
            breaches.add(error(*found, *exact, 1e-25), 1e-6, || {
                let what = format!("{} with {}", all[i].what, all[j].what);
                format!("{divergence:?} of {form:?}: {what}: {found} for {exact}")
            });
        }
        let nearest = block_on(comparison.nearest(&p, &q, 3)).expect("neighbours");
        for i in 0..all.len() {
            let mut best: Vec<f64> = exact[i * all.len()..(i + 1) * all.len()].to_vec();
            best.sort_by(f64::total_cmp);
            for (found, exact) in nearest.values(i).iter().zip(&best) {
                breaches.add(error(*found, *exact, 1e-25), 1e-6, || {
                    format!(
                        "nearest by {divergence:?} of {form:?}: {}: {found} for {exact}",
                        all[i].what
                    )
                });
            }
        }
    }
    breaches.none();
}

const WEIGHTS: Form = Form::Weights { p: 0, q: 0 };
const LOGITS: Form = Form::Logits { temperature: 1.0 };

#[test]
fn weights() {
    check(WEIGHTS, 12, &GAPS, true);
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
    check(LOGITS, 12, &GAPS, true);
}

#[test]
fn logits_over_temperatures() {
    for temperature in [1e-3, 0.3, 40.0, 1e30] {
        check(Form::Logits { temperature }, 12, &[0.0, 30.0, 88.5, 140.0], temperature == 0.3);
    }
}

#[test]
fn rows_of_any_length() {
    for form in [WEIGHTS, LOGITS] {
        check_lengths(form, &[1, 2, 3, 64, 257, 4000], &Divergence::ALL);
        let few = [Divergence::Kl, Divergence::Renyi { alpha: 0.5 }, Divergence::CauchySchwarz];
        check_lengths(form, &[70_000], &few);
    }
}

#[test]
fn all_pairs() {
    for form in [WEIGHTS, Form::Weights { p: 3, q: -100 }, Form::WideWeights, LOGITS] {
        check_pairs(form);
    }
}

/// Factors of gradients next to the ends of f32, and beyond: weights of sums that make them larger still.
#[test]
fn upstream_factors_of_any_size() {
    let mut breaches = Breaches::default();
    for form in [WEIGHTS, Form::Weights { p: 60, q: -90 }, LOGITS] {
        let all = distinct(&[0.0, 30.0, 60.0], form, 12);
        let p = upload(context(), form, &all.iter().map(|pair| &pair.p).collect::<Vec<_>>());
        let q = upload(context(), form, &all.iter().map(|pair| &pair.q).collect::<Vec<_>>());
        for divergence in [Divergence::Kl, Divergence::TotalVariation, Divergence::CauchySchwarz] {
            for factor in [1e-300, 1e-40, 1e-32, 1e20, 3e37, 1e60, 1e300] {
                let comparison = Comparison::new(divergence.clone());
                let upstream = vec![factor; all.len()];
                let result =
                    comparison.value_and_gradient_blocking(&p, &q, Side::Both, Some(&upstream));
                let (values, gradients) = result.expect("a gradient");
                let read = |tensor: Option<kantor::Tensor>| {
                    block_on(tensor.expect("asked for").read()).expect("readable")
                };
                let (of_p, of_q) = (read(gradients.p), read(gradients.q));
                for (row, pair) in all.iter().enumerate() {
                    if values.values()[row].is_infinite() {
                        continue;
                    }
                    let [p, q] = [&pair.p, &pair.q].map(|row| Row::new(row, form.input()));
                    let exact = gradient(&divergence, &p, &q, factor);
                    for (found, exact) in [(&of_p, &exact.0), (&of_q, &exact.1)] {
                        let found = &found[row * 12..(row + 1) * 12];
                        let size =
                            if form == LOGITS { factor } else { factor / p.sum().min(q.sum()) };
                        let size = size.min(1e300);
                        breaches.add(slope_error(found, exact, size), 1e-5, || {
                            format!("{divergence:?} of {form:?} times {factor}: {}", pair.what)
                        });
                    }
                }
            }
        }
    }
    breaches.none();
}

/// Public reports rebuilt (scipy#19436, scipy#19438, NVIDIA-NeMo/RL#4025): unnormalised likelihoods, and softmax outputs of
/// f32 next to underflow; and a softened reverse KL of two logits. Values in multiprecision.
#[test]
fn reported_cases() {
    let p = [0.5f32, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1e-20, 1e20];
    let q = [1e-20f32, 1e20, 1e-30, 1e20, 1e-40, 1.0, 1e-45, 1.0, 1e20, 1e-20];
    let ln_2 = std::f64::consts::LN_2;
    let kl = [
        45.35855470520865,
        56.8714801527261,
        45.35855737427249,
        50.94631777115598,
        92.10340377153719,
    ];
    let js = 0.2157615543388357;
    let known = [
        (Divergence::Kl, kl),
        (Divergence::ReverseKl, [ln_2, ln_2, ln_2, ln_2, 92.10340377153719]),
        (
            Divergence::Jeffreys,
            [
                46.051701885768594,
                57.56462733328604,
                46.05170455483244,
                51.63946495171592,
                184.20680754307438,
            ],
        ),
        (
            Divergence::Renyi { alpha: 2.0 },
            [
                90.7171094104173,
                113.7429603054522,
                90.71711474854499,
                101.89263554231196,
                92.10340377153719,
            ],
        ),
        (
            Divergence::Renyi { alpha: 0.99 },
            [
                35.10964081188652,
                41.144581638653065,
                35.10964233190367,
                38.16672649284706,
                92.10340377153719,
            ],
        ),
        (Divergence::Tsallis { alpha: 1.0 }, kl),
        (
            Divergence::CrossEntropy,
            [
                46.051701885768594,
                57.56462733328604,
                46.05170455483244,
                51.63946495171592,
                92.10340377153719,
            ],
        ),
        (Divergence::JensenShannon { beta: 0.5 }, [js, js, js, js, ln_2]),
    ];
    for way in ways() {
        let single = way.precision == Precision::Single;
        let bound = if single { 1e-6 } else { 1e-10 };
        let rows = |values: &[f32], input| {
            Distributions::new_blocking(&way.context, values, 2, input).expect("rows")
        };
        let (on_p, on_q) = (rows(&p, Input::Weights), rows(&q, Input::Weights));
        for (divergence, exact) in &known {
            let comparison = Comparison::new(divergence.clone()).precision(way.precision);
            let values = comparison.rows_blocking(&on_p, &on_q).expect("values");
            for (found, exact) in values.values().iter().zip(exact) {
                let error = (found - exact).abs() / exact;
                assert!(error <= bound, "{divergence}, {}: {found} for {exact}", way.name);
            }
        }
        let (_, gradients) = Comparison::new(Divergence::Kl)
            .precision(way.precision)
            .value_and_gradient_blocking(&on_p, &on_q, Side::P, None)
            .expect("a gradient");
        let slopes = block_on(gradients.p.expect("asked for").read()).expect("readable");
        let exact = [46.051701885768594, 57.56462733328604, 46.05170455483244, 51.63946495171592];
        for (found, exact) in slopes.chunks(2).zip(exact) {
            for (found, exact) in found.iter().zip([exact, -exact]) {
                let error = (f64::from(*found) - exact).abs() / exact.abs();
                assert!(error <= 1e-5, "slope of KL, {}: {found} for {exact}", way.name);
            }
        }
        let logits = Input::Logits { temperature: 1.0 };
        let softened = Comparison::new(Divergence::SoftenedReverseKl).precision(way.precision);
        let found = softened.rows_blocking(&rows(&[0.0, -90.0], logits), &rows(&[0.0; 2], logits));
        let (found, exact) = (found.expect("a value").values()[0], 43.875_329_710_762_38);
        assert!((found - exact).abs() <= bound * exact, "{}: {found} for {exact}", way.name);
    }
}
