use crate::distillation;
use crate::divergence::{LOGITS, one};
use crate::table::{Case, case, check};
use kantor::Loss::{Aldr, CompSum, CrossEntropy, GeneralizedCrossEntropy, Ldr};
use kantor::{
    Context, Distributions, Input, Loss, LossValues, Losses, Precision, Reduction, Result,
};
use pollster::block_on;

const NONE: f64 = f64::NEG_INFINITY;
/// Probabilities ½, ¼, ¼.
const ROW: &[f64] = &[std::f64::consts::LN_2, 0.0, 0.0];
/// A label that cannot be; one that is alone.
const EMPTY: &[f64] = &[NONE, 0.0, 0.0];
const ALONE: &[f64] = &[0.0, NONE, NONE];
const PLAIN: Loss = CrossEntropy { smoothing: 0.0 };

fn name(loss: Loss) -> &'static str {
    match loss {
        CompSum { .. } => "Loss::CompSum",
        GeneralizedCrossEntropy { .. } => "Loss::GeneralizedCrossEntropy",
        CrossEntropy { .. } => "Loss::CrossEntropy",
        Ldr { .. } => "Loss::Ldr",
        _ => "Loss::Aldr",
    }
}

fn value(c: &Context, p: Precision, loss: Loss, row: &[f64], input: Input) -> Result<f64> {
    Ok(Losses::new(loss).precision(p).rows_blocking(&one(c, row, input)?, &[0])?.values()[0])
}

/// Of the label 0.
fn of(loss: Loss, at: &'static str, row: &'static [f64]) -> Case {
    case(name(loss), at, move |c, p| value(c, p, loss, row, LOGITS))
}

fn comp_sums() -> Vec<Case> {
    let sum = |tau| CompSum { tau };
    let general = |q| GeneralizedCrossEntropy { q };
    vec![
        of(sum(0.0), "τ = 0: u", ROW),
        of(sum(0.0), "τ = 0, a label of −∞", EMPTY),
        of(sum(0.0), "τ = 0, the label 710 below: above the largest f64", &[-710.0, 0.0]),
        of(sum(1.0), "τ = 1: ln(1 + u)", ROW),
        of(sum(1.0), "τ = 1, a label of −∞", EMPTY),
        of(sum(1.0), "others of −∞", ALONE),
        of(sum(1.0), "one class", &[3.0]),
        of(sum(2.0), "τ = 2: 1 − p", ROW),
        of(sum(2.0), "τ = 2, a label of −∞", EMPTY),
        of(sum(1e300), "τ = 1e300", ROW),
        of(sum(-1e-300), "τ below 0", ROW),
        of(sum(f64::INFINITY), "τ = ∞", ROW),
        of(sum(f64::NAN), "τ that is NaN", ROW),
        of(general(1.0), "q = 1: 1 − p", ROW),
        of(general(1e-300), "q = 1e-300: −ln p", ROW),
        of(general(0.5), "q = ½, a label of −∞", EMPTY),
        of(general(0.0), "q = 0", ROW),
        of(general(1.0 + f64::EPSILON), "q above 1", ROW),
        of(general(f64::NAN), "q that is NaN", ROW),
    ]
}

fn cross_entropies() -> Vec<Case> {
    let smoothed = |smoothing| CrossEntropy { smoothing };
    let tempered = |at, temperature, row: &'static [f64]| {
        let input = Input::Logits { temperature };
        case("Loss::CrossEntropy", at, move |c, p| value(c, p, PLAIN, row, input))
    };
    vec![
        of(PLAIN, "ε = 0: −ln p", ROW),
        of(PLAIN, "ε = 0, another class of −∞", &[0.0, 0.0, NONE]),
        of(PLAIN, "ε = 0, a label of −∞", EMPTY),
        of(PLAIN, "ε = 0, logits −1e308 and 1e308, held at 1e290", &[-1e308, 1e308]),
        of(PLAIN, "ε = 0, logits 1e308 and −1e308", &[1e308, -1e308]),
        of(PLAIN, "ε = 0, logits 0 and 1e30", &[0.0, 1e30]),
        of(PLAIN, "ε = 0, logits 0 and −80", &[0.0, -80.0]),
        of(PLAIN, "ε = 0, logits 0 and −700", &[0.0, -700.0]),
        of(PLAIN, "ε = 0, logits 2²³, and 2²³ − 1 twice", &[8_388_608.0, 8_388_607.0, 8_388_607.0]),
        of(smoothed(1.0), "ε = 1: −Σ ln p/K", ROW),
        of(smoothed(0.1), "ε = 0.1", ROW),
        of(smoothed(0.1), "ε = 0.1, another class of −∞", &[0.0, 0.0, NONE]),
        of(smoothed(1.0), "ε = 1, one class", &[3.0]),
        of(smoothed(1e-300), "ε = 1e-300", ROW),
        of(smoothed(-1e-300), "ε below 0", ROW),
        of(smoothed(1.0 + f64::EPSILON), "ε above 1", ROW),
        of(smoothed(f64::NAN), "ε that is NaN", ROW),
        tempered(
            "T = 2⁻¹²⁶, logits T ln 2, 0 and 0",
            COLD,
            &[COLD * std::f64::consts::LN_2, 0.0, 0.0],
        ),
        tempered("T = 2⁻¹²⁶, logits 1 and 0", COLD, &[1.0, 0.0]),
        tempered("T the largest f64, logits 1 and 0: ln 2", f64::MAX, &[1.0, 0.0]),
        tempered("T the largest f64, logits −T and T", f64::MAX, &[f64::MIN, f64::MAX]),
    ]
}

const COLD: f64 = f32::MIN_POSITIVE as f64;

fn robust() -> Vec<Case> {
    let ldr = |margin, lambda| Ldr { margin, lambda };
    let aldr = |alpha| Aldr { margin: 0.5, lambda: 1.0, alpha };
    vec![
        of(ldr(0.0, 1.0), "c = 0, λ = 1: −ln p − ln K", ROW),
        of(ldr(0.5, 1e-6), "c = ½, λ = 1e-6: next to the margin loss", ROW),
        of(ldr(1.0, 1e-6), "c = 1, λ = 1e-6: next to the margin loss", ROW),
        of(ldr(0.0, 1e6), "c = 0, λ = 1e6: next to the mean gap", &[1.0, 0.0, 0.5]),
        of(ldr(1e6, 1.0), "c = 1e6", ROW),
        of(ldr(0.5, 1.0), "a label of −∞", EMPTY),
        of(ldr(0.5, 1.0), "others of −∞: −ln K", ALONE),
        of(ldr(0.5, 1.0), "one class", &[3.0]),
        case("Loss::Ldr", "c = ½, T = 1e308, λ = 1e6: ¼", move |c, p| {
            let input = Input::Logits { temperature: 1e308 };
            value(c, p, ldr(0.5, 1e6), &[1.0, 0.0], input)
        }),
        of(ldr(1_000_001.0, 1.0), "c above 1e6", ROW),
        of(ldr(f64::NAN, 1.0), "c that is NaN", ROW),
        of(ldr(0.5, 0.99e-6), "λ below 1e-6", ROW),
        of(ldr(0.5, 1.01e6), "λ above 1e6", ROW),
        of(ldr(0.5, f64::NAN), "λ that is NaN", ROW),
        of(aldr(1e300), "α = 1e300: LDR", ROW),
        of(
            Aldr { margin: 0.5, lambda: 1e6, alpha: f64::MAX },
            "α the largest f64, λ = 1e6: LDR",
            ROW,
        ),
        of(Aldr { margin: 0.5, lambda: 1.0, alpha: 1.0f64.next_up() }, "α next to 1", ROW),
        of(aldr(2.0), "α = 2, one class", &[3.0]),
        of(aldr(2.0), "α = 2, a label of −∞", EMPTY),
        of(aldr(2.0), "α = 2, others of −∞: λ = ½, −λ ln K", ALONE),
        of(aldr(2.0), "α = 2, equal logits and c = ½", &[1.0, 1.0]),
        of(aldr(1.0), "α = 1", ROW),
        of(aldr(f64::INFINITY), "α = ∞", ROW),
        of(aldr(f64::NAN), "α that is NaN", ROW),
    ]
}

/// Two rows; the label of the second cannot be.
fn batch(c: &Context, loss: Losses, labels: &[u32]) -> Result<LossValues> {
    let rows = [std::f64::consts::LN_2, 0.0, 0.0, NONE, 0.0, 0.0];
    loss.rows_blocking(&Distributions::new_blocking(c, &rows, 3, LOGITS)?, labels)
}

fn plain(precision: Precision) -> Losses {
    Losses::new(PLAIN).precision(precision)
}

fn batches() -> Vec<Case> {
    let of = "Losses::rows";
    let of_row = |at, row: &'static [f64], input| {
        case("Losses::rows", at, move |c, p| value(c, p, PLAIN, row, input))
    };
    let reduced = |at, change: fn(Losses) -> Losses| {
        case("Losses::rows", at, move |c, p| {
            Ok(batch(c, change(plain(p)), &[0, 0])?.reduced().unwrap_or(f64::NAN))
        })
    };
    vec![
        case(of, "a label that is none", |c, p| Ok(batch(c, plain(p), &[0, 3])?.values()[0])),
        case(of, "one label for two rows", |c, p| Ok(batch(c, plain(p), &[0])?.values()[0])),
        case(of, "masked, its label none", |c, p| {
            Ok(batch(c, plain(p).mask(vec![true, false]), &[0, 3])?.values()[1])
        }),
        of_row("rows that are weights", &[1.0, 1.0], Input::Weights),
        of_row("a row of −∞", &[NONE, NONE], LOGITS),
        of_row("a logit that is ∞", &[0.0, f64::INFINITY], LOGITS),
        of_row("a logit that is NaN", &[0.0, f64::NAN], LOGITS),
        of_row(
            "log-probabilities that sum to 1.0011",
            &[-0.692_047_785_554_563_4; 2],
            Input::LogProbabilities,
        ),
        reduced("the mean, a value that is ∞", |x| x.reduction(Reduction::Mean)),
        reduced("the mean, the value that is ∞ masked", |x| {
            x.reduction(Reduction::Mean).mask(vec![true, false])
        }),
        reduced("the mean, the value that is ∞ of weight 0", |x| {
            x.reduction(Reduction::Mean).row_weights(vec![3.0, 0.0])
        }),
        reduced("the mean, the value that is ∞ of a weight 1e-600 of the other", |x| {
            x.reduction(Reduction::Mean).row_weights(vec![1e300, 1e-300])
        }),
        reduced("the mean, all masked", |x| x.reduction(Reduction::Mean).mask(vec![false; 2])),
        reduced("the sum, all masked", |x| x.reduction(Reduction::Sum).mask(vec![false; 2])),
        reduced("three weights", |x| x.row_weights(vec![1.0; 3])),
        reduced("a weight that is NaN", |x| x.row_weights(vec![1.0, f64::NAN])),
        reduced("a mask of one row", |x| x.mask(vec![true])),
    ]
}

fn slope(
    c: &Context,
    p: Precision,
    loss: Loss,
    row: &[f64],
    upstream: Option<&[f64]>,
) -> Result<Vec<f32>> {
    let (row, losses) = (one(c, row, LOGITS)?, Losses::new(loss).precision(p));
    block_on(losses.value_and_gradient_blocking(&row, &[0], upstream)?.1.read())
}

fn gradients() -> Vec<Case> {
    let of = "Losses::value_and_gradient";
    let at = |at, loss: Loss, row: &'static [f64], bin: usize| {
        case("Losses::value_and_gradient", at, move |c, p| {
            Ok(f64::from(slope(c, p, loss, row, None)?[bin]))
        })
    };
    let upstream = |at, upstream: &'static [f64]| {
        case("Losses::value_and_gradient", at, move |c, p| {
            Ok(f64::from(slope(c, p, PLAIN, ROW, Some(upstream))?[1]))
        })
    };
    vec![
        at("cross-entropy, another class: its p", PLAIN, ROW, 1),
        at("cross-entropy, another class of −∞", PLAIN, &[0.0, 0.0, NONE], 2),
        at("cross-entropy, others of −∞", PLAIN, ALONE, 0),
        at("cross-entropy, a label of −∞", PLAIN, EMPTY, 0),
        at("cross-entropy, beside a label of −∞", PLAIN, EMPTY, 1),
        at("cross-entropy, one class", PLAIN, &[3.0], 0),
        at("cross-entropy, logits 1e308 and −1e308", PLAIN, &[1e308, -1e308], 1),
        at("ε = 1, equal logits", CrossEntropy { smoothing: 1.0 }, &[2.0, 2.0], 1),
        at("τ = 0, the label 200 below: the largest f32", CompSum { tau: 0.0 }, &[-200.0, 0.0], 1),
        at("τ = 2, a label of −∞", CompSum { tau: 2.0 }, EMPTY, 1),
        at("c = 0, λ = 1e-6, others far below", Ldr { margin: 0.0, lambda: 1e-6 }, ROW, 1),
        at("c = 1e6: sure of the others", Ldr { margin: 1e6, lambda: 1.0 }, ROW, 1),
        upstream("an upstream of 0", &[0.0]),
        upstream("an upstream of 1e300: the largest f32", &[1e300]),
        upstream("an upstream that is ∞", &[f64::INFINITY]),
        upstream("an upstream of two rows", &[1.0; 2]),
        case(of, "masked", |c, p| {
            let losses = plain(p).mask(vec![false]);
            let found = losses.value_and_gradient_blocking(&one(c, ROW, LOGITS)?, &[0], None)?;
            Ok(f64::from(block_on(found.1.read())?[1]))
        }),
        case("Losses::value_and_gradient_on_host", "a label that is none", |c, p| {
            let row = one(c, ROW, LOGITS)?;
            Ok(plain(p).value_and_gradient_on_host_blocking(&row, &[3], None)?.0.values()[0])
        }),
        case("Losses::value_and_gradient_on_host", "another class: its p", |c, p| {
            let row = one(c, ROW, LOGITS)?;
            let (_, found) = plain(p).value_and_gradient_on_host_blocking(&row, &[0], None)?;
            Ok(f64::from(found[1]))
        }),
    ]
}

#[test]
fn losses() {
    let mut cases = comp_sums();
    cases.extend(cross_entropies());
    cases.extend(robust());
    cases.extend(batches());
    cases.extend(gradients());
    cases.extend(distillation::cases());
    check("losses", &cases);
}
