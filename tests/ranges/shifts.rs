//! What does not change an answer: a number added to all logits of a row, however large; logits and their temperature
//! times one factor; the weights of rows in a mean times one.

use crate::common::{Way, ways};
use kantor::{
    ClassPrior, Comparison, Distributions, Divergence, Entropies, Entropy, Input, Loss, Losses,
    Precision, Reduction,
};

const GAPS: [f64; 4] = [3.0, 0.0, 2.0, 2.0];

fn tolerance(way: &Way) -> f64 {
    if way.precision == Precision::Single { 2e-6 } else { 1e-12 }
}

fn rows(way: &Way, values: &[f64], temperature: f64) -> Distributions {
    let input = Input::Logits { temperature };
    Distributions::new_blocking(&way.context, values, values.len(), input).expect("a row")
}

/// Losses, entropies, divergences and predictions of one row of logits.
fn answers(way: &Way, row: &Distributions) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    for loss in [
        Loss::CrossEntropy { smoothing: 0.0 },
        Loss::CrossEntropy { smoothing: 0.1 },
        Loss::CompSum { tau: 0.5 },
        Loss::GeneralizedCrossEntropy { q: 0.5 },
        Loss::Ldr { margin: 0.5, lambda: 1.0 },
        Loss::Aldr { margin: 0.5, lambda: 1.0, alpha: 2.0 },
    ] {
        for label in [0, 1] {
            let losses = Losses::new(loss).precision(way.precision);
            let found = losses.rows_blocking(row, &[label]).expect("a loss");
            all.push((format!("{loss:?} of {label}"), found.values()[0]));
        }
    }
    for entropy in
        [Entropy::Shannon, Entropy::Renyi { alpha: f64::INFINITY }, Entropy::Tsallis { alpha: 2.0 }]
    {
        let found = Entropies::new(entropy).precision(way.precision).rows_blocking(row);
        all.push((format!("{entropy:?}"), found.expect("an entropy")[0]));
    }
    let even = rows(way, &[0.0; 4], 1.0);
    for divergence in Divergence::ALL {
        let name = divergence.name();
        let comparison = Comparison::new(divergence).precision(way.precision);
        let found = comparison.rows_blocking(row, &even).expect("a divergence");
        all.push((name.to_string(), found.values()[0]));
    }
    let prior = ClassPrior::new(&[1.0; 4]).expect("a prior").precision(way.precision);
    let found = prior.value_blocking(row).expect("a prediction");
    all.push(("the prior".to_string(), found.divergence));
    all.push(("the prediction".to_string(), found.prediction[2]));
    all
}

fn assert_same(way: &Way, at: &str, found: &[(String, f64)], exact: &[(String, f64)]) {
    for ((name, found), (_, exact)) in found.iter().zip(exact) {
        let apart = (found - exact).abs();
        assert!(
            apart <= tolerance(way) * exact.abs(),
            "{name} {at}, {}: {found:?}, not {exact:?}",
            way.name
        );
    }
}

#[test]
fn a_number_added_to_all_logits_changes_nothing() {
    for way in ways() {
        let exact = answers(&way, &rows(&way, &GAPS, 1.0));
        // As far as the numbers themselves are known.
        let most = if way.precision == Precision::Single { 21 } else { 50 };
        for shift in
            (0..=most).step_by(3).flat_map(|k| [1.0, -1.0].map(|sign| sign * f64::from(k).exp2()))
        {
            let shifted = rows(&way, &GAPS.map(|x| x + shift), 1.0);
            assert_same(&way, &format!("{shift} further"), &answers(&way, &shifted), &exact);
        }
    }
}

#[test]
fn a_factor_of_logits_and_temperature_changes_nothing() {
    for way in ways() {
        let exact = answers(&way, &rows(&way, &GAPS, 1.0));
        for power in [-126, -100, -40, -19, -3, 1, 10, 19, 60, 127, 300, 700, 1022] {
            let factor = f64::from(power).exp2();
            let row = rows(&way, &GAPS.map(|x| factor * (x - 2.0)), factor);
            assert_same(&way, &format!("times 2^{power}"), &answers(&way, &row), &exact);
        }
    }
}

#[test]
fn a_factor_of_the_weights_of_rows_changes_no_mean() {
    for way in ways() {
        let input = Input::Logits { temperature: 1.0 };
        let values = [GAPS, [0.0; 4], [1.0, 0.0, 0.0, 0.0]].concat();
        let three = Distributions::new_blocking(&way.context, &values, 4, input).expect("rows");
        let mean = |factor: f64| {
            let losses = Losses::new(Loss::CrossEntropy { smoothing: 0.0 })
                .precision(way.precision)
                .reduction(Reduction::Mean)
                .row_weights([1.0, 2.0, 3.0].map(|w| factor * w).to_vec());
            let (loss, gradient) = losses
                .value_and_gradient_on_host_blocking(&three, &[1, 0, 1], None)
                .expect("a mean");
            let prior = ClassPrior::new(&[1.0; 4]).expect("a prior").precision(way.precision);
            let prior = prior.row_weights([1.0, 2.0, 3.0].map(|w| factor * w).to_vec());
            let prediction = prior.value_blocking(&three).expect("a prediction").prediction;
            (loss.reduced().expect("a mean"), gradient, prediction)
        };
        let (loss, gradient, prediction) = mean(1.0);
        for power in [-1074, -1060, -1022, -300, -1, 1, 300, 1000, 1022] {
            // In two steps, as one power of two is subnormal.
            let factor = f64::from(power / 2).exp2() * f64::from(power - power / 2).exp2();
            let found = mean(factor);
            let same = |a: f64, b: f64| (a - b).abs() <= 1e-14 * b.abs();
            assert!(same(found.0, loss), "{}, 2^{power}: {} not {loss}", way.name, found.0);
            assert_eq!(found.1, gradient, "{}, 2^{power}", way.name);
            let predicted = found.2.iter().zip(&prediction).all(|(a, b)| same(*a, *b));
            assert!(predicted, "{}, 2^{power}: {:?} not {prediction:?}", way.name, found.2);
        }
    }
}
