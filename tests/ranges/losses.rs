//! Losses over far rows of logits, distillation and the class prior: the device against the twin.

use crate::common::{block_on, context};
use crate::rows::{Breaches, Form, Pair, error, pairs, slope_error, upload};
use kantor::{
    AttentionPenalty, ClassPrior, Context, Distillation, DistillationLoss, Distributions,
    Entropies, Entropy, Loss, Losses, Tensor,
};

const GAPS: [f64; 9] = [0.0, 1e-3, 5.0, 30.0, 60.0, 88.5, 103.0, 140.0, 200.0];

fn family() -> Vec<Loss> {
    let mut all = Vec::new();
    all.extend([0.0, 0.5, 1.0, 1.5, 2.0, 30.0].map(|tau| Loss::CompSum { tau }));
    all.extend([0.01, 0.7, 1.0].map(|q| Loss::GeneralizedCrossEntropy { q }));
    all.extend([0.0, 0.1, 0.999, 1.0].map(|smoothing| Loss::CrossEntropy { smoothing }));
    for lambda in [0.01, 0.5, 1.0, 10.0, 1e3, 1e6] {
        all.extend([0.0, 1.0, -3.0].map(|margin| Loss::Ldr { margin, lambda }));
        all.extend([1.001, 3.0].map(|alpha| Loss::Aldr { margin: 1.0, lambda, alpha }));
    }
    all
}

fn rows(form: Form, bins: usize) -> Vec<Pair> {
    let of = |gap: &f64| [false, true].map(|empty| pairs(form, bins, *gap, empty));
    GAPS.iter().flat_map(of).flatten().collect()
}

fn both(form: Form, rows: &[&Vec<f64>]) -> [Distributions; 2] {
    [context(), &Context::cpu()].map(|context| upload(context, form, rows))
}

fn read(tensor: &Tensor) -> Vec<f64> {
    block_on(tensor.read()).expect("readable").into_iter().map(f64::from).collect()
}

/// Values and gradients of the device and of the twin, row by row.
fn compare(
    breaches: &mut Breaches,
    what: impl Fn(usize) -> String,
    found: (&[f64], &Tensor),
    exact: (&[f64], &Tensor),
    size: f64,
) {
    let (slopes, exact_slopes) = (read(found.1), read(exact.1));
    let bins = slopes.len() / found.0.len();
    for (row, (value, right)) in found.0.iter().zip(exact.0).enumerate() {
        breaches.add(error(*value, *right, 1e-25), 1e-6, || {
            format!("{}: {value} for {right}", what(row))
        });
        let place = row * bins..(row + 1) * bins;
        let own: Vec<f32> = slopes[place.clone()].iter().map(|x| *x as f32).collect();
        let finite = own.iter().all(|x| x.is_finite());
        let error =
            if finite { slope_error(&own, &exact_slopes[place], size) } else { f64::INFINITY };
        breaches.add(error, 1e-5, || format!("{} slopes", what(row)));
    }
}

fn check(form: Form, bins: usize, labels: impl Fn(usize) -> u32) {
    let all = rows(form, bins);
    let rows: Vec<&Vec<f64>> = all.iter().flat_map(|pair| [&pair.p, &pair.q]).collect();
    let [on, on_cpu] = both(form, &rows);
    let labels: Vec<u32> = (0..rows.len()).map(labels).collect();
    let mut breaches = Breaches::default();
    for loss in family() {
        let losses = Losses::new(loss);
        let what = |row: usize| {
            format!(
                "{loss:?} of {form:?}: {} {}, label {}",
                all[row / 2].what,
                row % 2,
                labels[row]
            )
        };
        let ask = |rows| losses.value_and_gradient_blocking(rows, &labels, None);
        let found = ask(&on).unwrap_or_else(|e| panic!("{loss:?}: {e}"));
        let exact = ask(&on_cpu).unwrap_or_else(|e| panic!("twin, {loss:?}: {e}"));
        compare(
            &mut breaches,
            what,
            (found.0.values(), &found.1),
            (exact.0.values(), &exact.1),
            1.0,
        );
    }
    breaches.none();
}

#[test]
fn labels_that_are_sure_wrong_and_empty() {
    for form in [
        Form::Logits { temperature: 1.0 },
        Form::LogProbabilities,
        Form::Logits { temperature: 0.01 },
        Form::Logits { temperature: 1e30 },
    ] {
        check(form, 12, |row| [0, 6, 11, 1][row % 4]);
    }
}

#[test]
fn rows_of_any_length() {
    for bins in [1, 2, 3, 257] {
        check(Form::Logits { temperature: 0.7 }, bins, |row| (row % bins) as u32);
    }
}

#[test]
fn distillation() {
    let mut breaches = Breaches::default();
    for (of_teacher, of_student) in [
        (Form::Logits { temperature: 1.0 }, Form::Logits { temperature: 1.0 }),
        (Form::Logits { temperature: 4.0 }, Form::Logits { temperature: 0.5 }),
        (Form::WideWeights, Form::LogProbabilities),
    ] {
        let (p, q) = (rows(of_teacher, 12), rows(of_student, 12));
        let teachers: Vec<&Vec<f64>> = p.iter().map(|pair| &pair.p).collect();
        let students: Vec<&Vec<f64>> = q.iter().map(|pair| &pair.q).collect();
        let [teacher, teacher_on_cpu] = both(of_teacher, &teachers);
        let [student, student_on_cpu] = both(of_student, &students);
        let labels: Vec<u32> = (0..students.len() as u32).map(|row| row % 12).collect();
        for loss in [
            DistillationLoss::ForwardKl,
            DistillationLoss::ReverseKl,
            DistillationLoss::JensenShannon { beta: 0.1 },
            DistillationLoss::EntropyWeighted,
        ] {
            let all = [
                Distillation::new(loss).temperature_squared(),
                Distillation::new(loss).hard_labels(labels.clone(), 0.3),
            ];
            for (kind, distillation) in all.iter().enumerate() {
                let ask = |teacher, student| {
                    distillation.value_and_gradient_blocking(teacher, student, None)
                };
                let found = ask(&teacher, &student).unwrap_or_else(|e| panic!("{loss:?}: {e}"));
                let exact = ask(&teacher_on_cpu, &student_on_cpu).expect("the twin answers");
                compare(
                    &mut breaches,
                    |row| format!("{loss:?} {kind} of {of_student:?}: {}", q[row].what),
                    (found.0.values(), &found.1),
                    (exact.0.values(), &exact.1),
                    1.0,
                );
            }
        }
    }
    breaches.none();
}

#[test]
fn attention() {
    let form = Form::Logits { temperature: 1.0 };
    let all = rows(form, 12);
    let logits: Vec<&Vec<f64>> = all.iter().map(|pair| &pair.p).collect();
    let [on, on_cpu] = both(form, &logits);
    let penalty = AttentionPenalty::new(0.5).expect("a target").band(0.0).expect("a band");
    let found = penalty.value_and_gradient_blocking(&on).expect("a penalty");
    let exact = penalty.value_and_gradient_blocking(&on_cpu).expect("a penalty");
    let mut breaches = Breaches::default();
    let what = |row: usize| format!("attention: {}", all[row].what);
    compare(&mut breaches, what, (found.0.values(), &found.1), (exact.0.values(), &exact.1), 1.0);
    breaches.none();
}

/// A class that no prior expects makes the divergence infinite, however unlikely it is.
#[test]
fn class_priors() {
    let mut breaches = Breaches::default();
    for gap in [5.0, 60.0, 88.5, 103.0, 140.0, 800.0, 1e5, f64::INFINITY] {
        for temperature in [1.0, 30.0, 1e-3, 1e30] {
            let (a, b) = (3.0 * temperature, 1.5 * temperature);
            let low = if gap.is_infinite() { -gap } else { -gap * temperature };
            let logits = [vec![a, low, b, 0.0], vec![0.0, 1.1 * low, 0.0, b]];
            let form = Form::Logits { temperature };
            let [on, on_cpu] = both(form, &logits.iter().collect::<Vec<_>>());
            for prior in [[0.5, 0.0, 0.3, 0.2], [0.4, 0.1, 0.3, 0.2], [0.4, 1e-30, 0.3, 0.3]] {
                let prior = ClassPrior::new(&prior).expect("a prior");
                let what = |_: usize| format!("{prior:?}, gap {gap}, temperature {temperature}");
                let found = prior.value_and_gradient_blocking(&on, 1.0).expect("a value");
                let exact = prior.value_and_gradient_blocking(&on_cpu, 1.0).expect("a value");
                for (found, exact) in found.0.prediction.iter().zip(&exact.0.prediction) {
                    breaches.add(error(*found, *exact, 1e-30), 1e-6, || {
                        format!("{}: {found} for {exact}", what(0))
                    });
                    breaches.add(
                        f64::from(u8::from((*found > 0.0) != (*exact > 0.0))),
                        0.0,
                        || format!("{}: {found} for {exact}", what(0)),
                    );
                }
                let value = |divergence: f64| [divergence; 2];
                compare(
                    &mut breaches,
                    what,
                    (&value(found.0.divergence), &found.1),
                    (&value(exact.0.divergence), &exact.1),
                    1.0,
                );
            }
        }
    }
    breaches.none();
}

/// Factors of gradients next to the ends of f32, and beyond.
#[test]
fn upstream_factors_of_any_size() {
    let form = Form::Logits { temperature: 1.0 };
    let all: Vec<Pair> =
        [0.0, 30.0, 60.0].iter().flat_map(|gap| pairs(form, 12, *gap, false)).collect();
    let logits: Vec<&Vec<f64>> = all.iter().map(|pair| &pair.p).collect();
    let [on, on_cpu] = both(form, &logits);
    let labels = vec![5; logits.len()];
    let mut breaches = Breaches::default();
    for factor in [1e-300, 1e-40, 1e-32, 1e20, 3e37, 1e38, 1e60, 1e300] {
        let upstream = vec![factor; logits.len()];
        for loss in [
            Loss::CompSum { tau: 1.0 },
            Loss::CompSum { tau: 0.0 },
            Loss::CrossEntropy { smoothing: 0.1 },
            Loss::Ldr { margin: 1.0, lambda: 2.0 },
        ] {
            let losses = Losses::new(loss);
            let ask = |rows| losses.value_and_gradient_blocking(rows, &labels, Some(&upstream));
            let (found, exact) = (ask(&on).expect("a loss"), ask(&on_cpu).expect("a loss"));
            compare(
                &mut breaches,
                |row| format!("{loss:?} times {factor}: {}", all[row].what),
                (found.0.values(), &found.1),
                (exact.0.values(), &exact.1),
                factor,
            );
        }
        let entropies = Entropies::new(Entropy::Shannon);
        let ask = |rows| entropies.value_and_gradient_blocking(rows, Some(&upstream));
        let (found, exact) = (ask(&on).expect("entropies"), ask(&on_cpu).expect("entropies"));
        let what = |row: usize| format!("entropy times {factor}: {}", all[row].what);
        compare(&mut breaches, what, (&found.0, &found.1), (&exact.0, &exact.1), factor);
    }
    breaches.none();
}
