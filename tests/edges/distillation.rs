//! Lines of the section `losses` on teachers, priors and attention.

use crate::divergence::{LOGITS, most, one};
use crate::table::{Case, case};
use kantor::DistillationLoss::{EntropyWeighted, ForwardKl, JensenShannon, ReverseKl};
use kantor::{
    AttentionPenalty, ClassPrior, ClassPriorValue, Context, Distillation, DistillationLoss,
    Distributions, Input, Precision, Reduction, Result,
};
use pollster::block_on;

const NONE: f64 = f64::NEG_INFINITY;
const LN_2: f64 = std::f64::consts::LN_2;
const EVEN: &[f64] = &[0.0, 0.0];
const SURE: &[f64] = &[0.0, NONE];
/// Probabilities ⅔ and ⅓.
const UNEVEN: &[f64] = &[LN_2, 0.0];

fn forward(precision: Precision) -> Distillation {
    Distillation::new(ForwardKl).precision(precision)
}

fn of(loss: DistillationLoss, at: &'static str, [teacher, student]: [&'static [f64]; 2]) -> Case {
    let name = match loss {
        ForwardKl => "DistillationLoss::ForwardKl",
        ReverseKl => "DistillationLoss::ReverseKl",
        JensenShannon { .. } => "DistillationLoss::JensenShannon",
        _ => "DistillationLoss::EntropyWeighted",
    };
    case(name, at, move |c, p| {
        let (teacher, student) = (one(c, teacher, LOGITS)?, one(c, student, LOGITS)?);
        let distillation = Distillation::new(loss).precision(p);
        Ok(distillation.rows_blocking(&teacher, &student)?.values()[0])
    })
}

fn kinds() -> Vec<Case> {
    let js = |beta| JensenShannon { beta };
    vec![
        of(ForwardKl, "equal rows", [UNEVEN, UNEVEN]),
        of(ForwardKl, "a class that only the teacher has", [EVEN, SURE]),
        of(ForwardKl, "a class that only the student has: ln 2", [SURE, EVEN]),
        of(ReverseKl, "a class that only the teacher has: ln 2", [EVEN, SURE]),
        of(ReverseKl, "a class that only the student has", [SURE, EVEN]),
        of(js(0.0), "β = 0", [SURE, EVEN]),
        of(js(1.0), "β = 1", [SURE, EVEN]),
        of(js(0.5), "β = ½, nothing in common: ln 2", [SURE, &[NONE, 0.0]]),
        of(js(-1e-300), "β below 0", [SURE, EVEN]),
        of(js(f64::NAN), "β that is NaN", [SURE, EVEN]),
        of(EntropyWeighted, "a teacher that is sure", [SURE, EVEN]),
        of(
            EntropyWeighted,
            "a teacher that is sure of what the student lacks",
            [SURE, &[NONE, 0.0]],
        ),
        of(EntropyWeighted, "a teacher that is not, of what the student lacks", [EVEN, SURE]),
        of(EntropyWeighted, "one class", [&[1.0], &[2.0]]),
    ]
}

fn distilled(
    c: &Context,
    (teacher, of_teacher): (&[f64], Input),
    (student, of_student): (&[f64], Input),
    with: Distillation,
) -> Result<f64> {
    let (teacher, student) = (one(c, teacher, of_teacher)?, one(c, student, of_student)?);
    Ok(with.rows_blocking(&teacher, &student)?.values()[0])
}

fn rows() -> Vec<Case> {
    let of = "Distillation::rows";
    let at = |temperature| Input::Logits { temperature };
    vec![
        case(of, "a student of weights", |c, p| {
            distilled(c, (EVEN, LOGITS), (&[1.0, 1.0], Input::Weights), forward(p))
        }),
        case(of, "a teacher of weights (2, 1), equal logits", |c, p| {
            distilled(c, (&[2.0, 1.0], Input::Weights), (EVEN, LOGITS), forward(p))
        }),
        case(of, "a teacher of zeros", |c, p| {
            distilled(c, (&[0.0, 0.0], Input::Weights), (EVEN, LOGITS), forward(p))
        }),
        case(of, "a teacher of zeros, by its entropy", |c, p| {
            let with = Distillation::new(EntropyWeighted).precision(p);
            distilled(c, (&[0.0, 0.0], Input::Weights), (EVEN, LOGITS), with)
        }),
        case(of, "a teacher of −∞", |c, p| {
            distilled(c, (&[NONE, NONE], LOGITS), (EVEN, LOGITS), forward(p))
        }),
        case(of, "a student's logit that is NaN", |c, p| {
            distilled(c, (EVEN, LOGITS), (&[f64::NAN, 0.0], LOGITS), forward(p))
        }),
        case(of, "another number of classes", |c, p| {
            distilled(c, (EVEN, LOGITS), (&[0.0; 3], LOGITS), forward(p))
        }),
        case(of, "two teachers for one student", |c, p| {
            let teacher = Distributions::new_blocking(c, &[0.0; 4], 2, LOGITS)?;
            Ok(forward(p).rows_blocking(&teacher, &one(c, EVEN, LOGITS)?)?.values()[0])
        }),
        case(of, "one teacher for two students: the second", |c, p| {
            let student = Distributions::new_blocking(c, &[1.0, 0.0, 0.0, 0.0], 2, LOGITS)?;
            let teacher = one(c, UNEVEN, LOGITS)?;
            Ok(forward(p).rows_blocking(&teacher, &student)?.values()[1])
        }),
        case(of, "no row to take the mean of", |c, p| {
            let with = forward(p).reduction(Reduction::Mean).mask(vec![false]);
            distilled(c, (EVEN, LOGITS), (EVEN, LOGITS), with)
        }),
        case("Distillation::temperature_squared", "T = 2, logits 2 ln 2 and 0", move |c, p| {
            let with = forward(p).temperature_squared();
            distilled(c, (&[2.0 * LN_2, 0.0], at(2.0)), (EVEN, at(2.0)), with)
        }),
        case("Distillation::temperature_squared", "T = 1e200", move |c, p| {
            distilled(c, (EVEN, LOGITS), (EVEN, at(1e200)), forward(p).temperature_squared())
        }),
    ]
}

fn hard() -> Vec<Case> {
    let labelled = |at, labels: &'static [u32], weight: f64, student: &'static [f64]| {
        case("Distillation::hard_labels", at, move |c, p| {
            let with = forward(p).hard_labels(labels.to_vec(), weight);
            distilled(c, (UNEVEN, LOGITS), (student, LOGITS), with)
        })
    };
    vec![
        labelled("w = 0: the loss", &[0], 0.0, EVEN),
        labelled("w = 0, a label of −∞: the loss alone", &[1], 0.0, SURE),
        labelled("w = 1: −ln p of the label", &[0], 1.0, UNEVEN),
        labelled("w = 1, a loss of ∞: −ln p of the label", &[0], 1.0, SURE),
        labelled("w = ½, a label of −∞", &[1], 0.5, SURE),
        labelled("w below 0", &[0], -1e-300, EVEN),
        labelled("w above 1", &[0], 1.0 + f64::EPSILON, EVEN),
        labelled("w that is NaN", &[0], f64::NAN, EVEN),
        labelled("a label that is none", &[2], 0.5, EVEN),
        labelled("no labels", &[], 0.5, EVEN),
    ]
}

fn slopes(c: &Context, [teacher, student]: [&[f64]; 2], with: Distillation) -> Result<f64> {
    let (teacher, student) = (one(c, teacher, LOGITS)?, one(c, student, LOGITS)?);
    Ok(most(&block_on(with.value_and_gradient_blocking(&teacher, &student, None)?.1.read())?))
}

fn gradients() -> Vec<Case> {
    let of = "Distillation::value_and_gradient";
    vec![
        case(of, "equal rows: the largest", |c, p| slopes(c, [UNEVEN, UNEVEN], forward(p))),
        case(of, "a loss of ∞: the largest", |c, p| slopes(c, [EVEN, SURE], forward(p))),
        case(of, "a loss of ∞, w = ½: that of the label alone", |c, p| {
            slopes(c, [&[0.0; 3], &[0.0, 0.0, NONE]], forward(p).hard_labels(vec![0], 0.5))
        }),
        case(of, "a teacher that is sure: 1 − p", |c, p| slopes(c, [SURE, UNEVEN], forward(p))),
        case(of, "one class", |c, p| slopes(c, [&[1.0], &[2.0]], forward(p))),
        case(of, "an upstream that is NaN", |c, p| {
            let row = one(c, EVEN, LOGITS)?;
            let found = forward(p).value_and_gradient_blocking(&row, &row, Some(&[f64::NAN]))?;
            Ok(found.0.values()[0])
        }),
    ]
}

fn prior_of(c: &Context, p: Precision, prior: &[f64], row: &[f64]) -> Result<ClassPriorValue> {
    ClassPrior::new(prior)?.precision(p).value_blocking(&one(c, row, LOGITS)?)
}

/// Two rows, of (1, 0) and (½, ½).
fn weighed(c: &Context, p: Precision, weights: [f64; 2]) -> Result<f64> {
    let rows = Distributions::new_blocking(c, &[0.0, NONE, 0.0, 0.0], 2, LOGITS)?;
    let prior = ClassPrior::new(&[1.0, 1.0])?.precision(p).row_weights(weights.to_vec());
    Ok(prior.value_blocking(&rows)?.prediction[0])
}

fn priors() -> Vec<Case> {
    let (new, of) = ("ClassPrior::new", "ClassPrior::value");
    let from = |at, prior: &'static [f64]| {
        case("ClassPrior::new", at, move |_, _| ClassPrior::new(prior).map(|_| 0.0))
    };
    let kl = |at, prior: &'static [f64], row: &'static [f64]| {
        case("ClassPrior::value", at, move |c, p| Ok(prior_of(c, p, prior, row)?.divergence))
    };
    vec![
        from("no classes", &[]),
        from("all 0", &[0.0, 0.0]),
        from("a weight below 0", &[1.0, -1.0]),
        from("a weight that is ∞", &[1.0, f64::INFINITY]),
        from("a weight that is NaN", &[1.0, f64::NAN]),
        case(new, "the largest f64 twice, (⅔, ⅓): kl", |c, p| {
            Ok(prior_of(c, p, &[f64::MAX; 2], UNEVEN)?.divergence)
        }),
        case(new, "the smallest f64 twice, (⅔, ⅓): kl", |c, p| {
            Ok(prior_of(c, p, &[5e-324; 2], UNEVEN)?.divergence)
        }),
        kl("one class", &[2.0], &[7.0]),
        kl("a class without prior that is predicted", &[1.0, 0.0], EVEN),
        kl("a class without prior that is predicted at e^-700", &[1.0, 0.0], &[0.0, -700.0]),
        kl("a class without prior that is −∞ in every row", &[1.0, 0.0], SURE),
        kl("a class that is never predicted: ln 2", &[1.0, 1.0], SURE),
        kl("logits 1e308 and −1e308: ln 2", &[1.0, 1.0], &[1e308, -1e308]),
        kl("another number of classes", &[1.0; 3], EVEN),
        kl("a row of −∞", &[1.0, 1.0], &[NONE, NONE]),
        kl("a logit that is NaN", &[1.0, 1.0], &[f64::NAN, 0.0]),
        case(of, "rows that are weights", |c, p| {
            let row = one(c, &[1.0, 1.0], Input::Weights)?;
            Ok(ClassPrior::new(&[1.0, 1.0])?.precision(p).value_blocking(&row)?.divergence)
        }),
        case(of, "weights of 1e308: the prediction", |c, p| weighed(c, p, [1e308; 2])),
        case(of, "weights of 5e-324: the prediction", |c, p| weighed(c, p, [5e-324; 2])),
        case(of, "weights 1 and 0: the prediction", |c, p| weighed(c, p, [1.0, 0.0])),
        case(of, "weights of 0", |c, p| weighed(c, p, [0.0; 2])),
        case(of, "all masked", |c, p| {
            let prior = ClassPrior::new(&[1.0, 1.0])?.precision(p).mask(vec![false]);
            Ok(prior.value_blocking(&one(c, EVEN, LOGITS)?)?.divergence)
        }),
    ]
}

fn prior_slopes() -> Vec<Case> {
    let at = |at, prior: &'static [f64], row: &'static [f64], upstream: f64| {
        case("ClassPrior::value_and_gradient", at, move |c, p| {
            let prior = ClassPrior::new(prior)?.precision(p);
            let found = prior.value_and_gradient_blocking(&one(c, row, LOGITS)?, upstream)?;
            Ok(most(&block_on(found.1.read())?))
        })
    };
    vec![
        at("a class without prior that is predicted: the largest", &[1.0, 0.0], EVEN, 1.0),
        at("a class that is never predicted: the largest", &[1.0, 1.0], SURE, 1.0),
        at("the prediction is the prior: the largest", &[1.0, 1.0], EVEN, 1.0),
        at("(⅔, ⅓) from equal classes: the largest", &[1.0, 1.0], UNEVEN, 1.0),
        at("an upstream of 0", &[1.0, 1.0], UNEVEN, 0.0),
        at("an upstream of 1e300: the largest f32", &[1.0, 1.0], UNEVEN, 1e300),
        at("an upstream that is NaN", &[1.0, 1.0], UNEVEN, f64::NAN),
    ]
}

fn penalty(c: &Context, p: Precision, (target, band): (f64, f64), row: &[f64]) -> Result<f64> {
    let penalty = AttentionPenalty::new(target)?.band(band)?.precision(p);
    Ok(penalty.rows_blocking(&one(c, row, LOGITS)?)?.values()[0])
}

fn attention() -> Vec<Case> {
    let (new, of) = ("AttentionPenalty::new", "AttentionPenalty::rows");
    let band = "AttentionPenalty::band";
    let with = |function, at, settings: (f64, f64), row: &'static [f64]| {
        case(function, at, move |c, p| penalty(c, p, settings, row))
    };
    let slope = |at, settings: (f64, f64), row: &'static [f64]| {
        case("AttentionPenalty::value_and_gradient", at, move |c, p| {
            let penalty = AttentionPenalty::new(settings.0)?.band(settings.1)?.precision(p);
            let found = penalty.value_and_gradient_blocking(&one(c, row, LOGITS)?)?;
            Ok(most(&block_on(found.1.read())?))
        })
    };
    vec![
        with(new, "w below 0", (-1e-300, 0.2), EVEN),
        with(new, "w above 1", (1.0 + f64::EPSILON, 0.2), EVEN),
        with(new, "w that is NaN", (f64::NAN, 0.2), EVEN),
        with(band, "below 0", (0.5, -1e-300), EVEN),
        with(band, "∞", (0.5, f64::INFINITY), EVEN),
        with(band, "NaN", (0.5, f64::NAN), EVEN),
        with(band, "1e308: no row is outside", (1.0, 1e308), SURE),
        with(of, "one key", (1.0, 0.0), &[3.0]),
        with(of, "w = 1, no band, equal keys", (1.0, 0.0), EVEN),
        with(of, "w = 1, no band, all in one of two keys: (ln 2)²", (1.0, 0.0), SURE),
        with(of, "w = 0, equal keys: (ln 2)²", (0.0, 0.2), EVEN),
        with(of, "w = 0, all in one key", (0.0, 0.0), SURE),
        with(of, "logits 1e308 and −1e308, w = 1: (ln 2)²", (1.0, 0.0), &[1e308, -1e308]),
        with(of, "a row of −∞", (1.0, 0.0), &[NONE, NONE]),
        with(of, "a logit that is ∞", (1.0, 0.0), &[f64::INFINITY, 0.0]),
        case(of, "rows that are weights", |c, p| {
            let row = one(c, &[1.0, 1.0], Input::Weights)?;
            let penalty = AttentionPenalty::new(1.0)?.precision(p);
            Ok(penalty.rows_blocking(&row)?.values()[0])
        }),
        case(of, "the mean, all weights 0", |c, p| {
            let penalty = AttentionPenalty::new(1.0)?.precision(p).reduction(Reduction::Mean);
            let rows = one(c, EVEN, LOGITS)?;
            Ok(penalty.row_weights(vec![0.0]).rows_blocking(&rows)?.values()[0])
        }),
        slope("in the band: the largest", (1.0, 0.2), EVEN),
        slope("all in one key: the largest", (1.0, 0.0), SURE),
        slope("w = 0, (⅔, ⅓): the largest", (0.0, 0.0), UNEVEN),
    ]
}

pub fn cases() -> Vec<Case> {
    let mut cases = kinds();
    cases.extend(rows());
    cases.extend(hard());
    cases.extend(gradients());
    cases.extend(priors());
    cases.extend(prior_slopes());
    cases.extend(attention());
    cases
}
