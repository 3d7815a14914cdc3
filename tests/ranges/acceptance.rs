//! What is accepted and what is refused, and by which name: the device and the twin agree.

use crate::common::context;
use crate::rows::Breaches;
use kantor::{
    AttentionPenalty, ClassPrior, Comparison, Context, Distillation, DistillationLoss,
    Distributions, Divergence, Entropies, Entropy, Error, Input, Loss, Losses, Result, Side,
};

const BINS: usize = 6;

/// Two rows of logarithms of which the second sums to `sum`.
fn rows_that_sum_to(sum: f64) -> Vec<f32> {
    let first = [0.1, 0.2, 0.3, 0.25, 0.1, 0.05].map(|p: f64| p.ln() as f32);
    let second = [0.3, 0.1, 0.25, 0.2, 0.05, 0.1].map(|p: f64| (p * sum).ln() as f32);
    [first, second].concat()
}

/// Rows of every kind, right and wrong: what is special is in the second row.
fn rows() -> Vec<(String, Vec<f32>)> {
    let mut all: Vec<(String, Vec<f32>)> = [1.0, 0.5, 0.99, 0.9995, 1.0005, 1.002, 2.0, 1e-30]
        .into_iter()
        .map(|sum| (format!("sum {sum}"), rows_that_sum_to(sum)))
        .collect();
    let none = f32::NEG_INFINITY;
    for (name, place, number) in [
        ("−∞ at the label", 0, none),
        ("−∞ elsewhere", 3, none),
        ("NaN at the label", 0, f32::NAN),
        ("NaN elsewhere", 5, f32::NAN),
        ("+∞", 2, f32::INFINITY),
        ("the largest number", 1, f32::MAX),
        ("the smallest number", 1, f32::MIN),
    ] {
        let mut row = rows_that_sum_to(1.0);
        row[BINS + place] = number;
        all.push((name.to_string(), row));
    }
    let mut empty = rows_that_sum_to(1.0);
    empty[BINS..].fill(none);
    all.push(("nothing but −∞".to_string(), empty.clone()));
    // All but the label, which sums to 1.
    empty[BINS] = 0.0;
    all.push(("the label alone".to_string(), empty.clone()));
    empty.swap(BINS, BINS + 4);
    all.push(("another alone".to_string(), empty));
    all
}

type Call = Box<dyn Fn(&Distributions, &Distributions) -> Result<()>>;

/// Everything that takes rows of logarithms; the first argument has what is special.
fn calls() -> Vec<(String, Call)> {
    let mut all: Vec<(String, Call)> = Vec::new();
    let mut add = |name: String, call: Call| all.push((name, call));
    for divergence in [
        Divergence::Kl,
        Divergence::ReverseKl,
        Divergence::JensenShannon { beta: 0.5 },
        Divergence::Renyi { alpha: f64::INFINITY },
        Divergence::CauchySchwarz,
        Divergence::CrossEntropy,
        Divergence::PearsonChi2,
    ] {
        let comparison = Comparison::new(divergence.clone());
        let own = comparison.clone();
        add(
            format!("{divergence:?} of p"),
            Box::new(move |x, y| own.rows_blocking(x, y).map(|_| ())),
        );
        let own = comparison.clone();
        add(
            format!("{divergence:?} of q"),
            Box::new(move |x, y| own.rows_blocking(y, x).map(|_| ())),
        );
        let own = comparison.clone();
        let gradient = move |x: &Distributions, y: &Distributions| {
            own.value_and_gradient_blocking(x, y, Side::Both, None).map(|_| ())
        };
        add(format!("gradient of {divergence:?}"), Box::new(gradient));
        let pairs = move |x: &Distributions, y: &Distributions| {
            comparison.pairwise_blocking(y, x).map(|_| ())
        };
        add(format!("pairs of {divergence:?}"), Box::new(pairs));
    }
    for entropy in [
        Entropy::Shannon,
        Entropy::Renyi { alpha: 2.0 },
        Entropy::Renyi { alpha: f64::INFINITY },
        Entropy::Tsallis { alpha: 0.0 },
    ] {
        let entropies = Entropies::new(entropy);
        add(format!("{entropy:?}"), Box::new(move |x, _| entropies.rows_blocking(x).map(|_| ())));
    }
    for loss in [
        Loss::CompSum { tau: 1.0 },
        Loss::CompSum { tau: 2.0 },
        Loss::CrossEntropy { smoothing: 0.2 },
        Loss::GeneralizedCrossEntropy { q: 0.7 },
        Loss::Ldr { margin: 0.5, lambda: 1.0 },
        Loss::Ldr { margin: 0.5, lambda: 3.0 },
        Loss::Aldr { margin: 0.5, lambda: 1.0, alpha: 2.0 },
        Loss::Aldr { margin: 0.5, lambda: 0.2, alpha: 2.0 },
    ] {
        let losses = Losses::new(loss);
        let own = losses.clone();
        add(format!("{loss:?}"), Box::new(move |x, _| own.rows_blocking(x, &[0, 0]).map(|_| ())));
        let gradient = move |x: &Distributions, _: &Distributions| {
            losses.value_and_gradient_blocking(x, &[0, 0], None).map(|_| ())
        };
        add(format!("gradient of {loss:?}"), Box::new(gradient));
    }
    let penalty = AttentionPenalty::new(0.5).expect("a target");
    add("attention".to_string(), Box::new(move |x, _| penalty.rows_blocking(x).map(|_| ())));
    let prior = ClassPrior::new(&[1.0; BINS]).expect("a prior");
    add("class prior".to_string(), Box::new(move |x, _| prior.value_blocking(x).map(|_| ())));
    let distillation = Distillation::new(DistillationLoss::EntropyWeighted);
    let own = distillation.clone().hard_labels(vec![0, 0], 0.5);
    add("student".to_string(), Box::new(move |x, y| own.rows_blocking(y, x).map(|_| ())));
    add("teacher".to_string(), Box::new(move |x, y| distillation.rows_blocking(x, y).map(|_| ())));
    all
}

/// An answer, or what is refused of which argument.
fn verdict(result: Result<()>) -> String {
    match result {
        Ok(()) => "accepted".to_string(),
        Err(Error::InvalidInput { argument, row, index, .. }) => {
            format!("{argument} refused, row {row:?}, index {index:?}")
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_device_and_the_twin_accept_the_same() {
    let mut breaches = Breaches::default();
    for input in [Input::LogProbabilities, Input::Logits { temperature: 1.0 }] {
        for normalized in [false, true] {
            for (kind, values) in rows() {
                let on = |context: &Context, values: &[f32]| {
                    let rows = Distributions::new_blocking(context, values, BINS, input);
                    let rows = rows.expect("rows of any numbers are uploaded");
                    if normalized { rows.normalized() } else { rows }
                };
                let right = rows_that_sum_to(1.0);
                let here = [on(context(), &values), on(context(), &right)];
                let twin = [on(&Context::cpu(), &values), on(&Context::cpu(), &right)];
                for (name, call) in calls() {
                    let found = verdict(call(&here[0], &here[1]));
                    let exact = verdict(call(&twin[0], &twin[1]));
                    let what = || format!("{name} of {kind}, {input:?}: {found}, the twin {exact}");
                    breaches.add(f64::from(u8::from(found != exact)), 0.0, what);
                    // What is documented: log-probabilities that do not sum to 1 are refused unless they are asked to be
                    // normalised, whatever is made of them.
                    if let Some(sum) = kind.strip_prefix("sum ") {
                        let sum: f64 = sum.parse().expect("a number");
                        let refused = matches!(input, Input::LogProbabilities)
                            && !normalized
                            && (sum - 1.0f64).abs() > 1e-3;
                        let wrong = refused == (exact == "accepted");
                        breaches.add(f64::from(u8::from(wrong)), 0.0, || {
                            format!("{name} of {kind}, {input:?}: the twin {exact}")
                        });
                    }
                }
            }
        }
    }
    breaches.none();
}
