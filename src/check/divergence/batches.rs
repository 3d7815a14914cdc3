//! Kernels over whole batches: all pairs of rows, weights of density ratios, the mean prediction.

use super::Seen;
use super::data::{self, BINS};
use crate::check::Row;
use crate::check::random::Random;
use crate::check::tolerances::{LEFT, row};
use crate::divergence::{Comparison, Divergence, Input};
use crate::error::Result;
use crate::gpu::Context;
use crate::losses::ClassPrior;
use crate::reference::divergence as twin;
use crate::reference::losses::{mean_prediction, prior_gradient};

/// One of every kind of sum: of one term, of two directions, symmetric, with a second sum, of second degree.
const PAIRS: [Divergence; 5] = [
    Divergence::Kl,
    Divergence::JensenShannon { beta: 0.5 },
    Divergence::TotalVariation,
    Divergence::Bhattacharyya,
    Divergence::CauchySchwarz,
];

pub(super) async fn pairs_rows(context: &Context) -> Result<Vec<Row>> {
    let (mut far, mut near) = (Seen::default(), Seen::default());
    for input in [Input::Weights, Input::Logits { temperature: 0.7 }] {
        let mut random = Random::new(61);
        let kinds = [data::far(&mut random, [input; 2]), data::near(&mut random, [input; 2])];
        for (kind, [p, q]) in kinds.iter().enumerate() {
            let (on_p, on_q) = (p.on(context, false).await?, q.on(context, false).await?);
            for divergence in &PAIRS {
                let found = Comparison::new(divergence.clone()).pairwise(&on_p, &on_q).await?;
                let (p, q) = (p.twins(), q.twins());
                let exact = twin::pairwise(divergence, &p, &q);
                for (number, (found, exact)) in found.values().iter().zip(exact).enumerate() {
                    // The rows of a pair are near each other, not those of different pairs.
                    let same = number / q.len() == number % q.len();
                    let seen = if kind == 1 && same { &mut near } else { &mut far };
                    seen.value(*found, exact);
                }
            }
        }
    }
    let mut all = far;
    all.join(near);
    Ok(vec![
        row("row_sums", "in nearly equal pairs", near.error),
        row("normalized_rows", "in nearly equal pairs", near.error),
        row("pairwise", "pairs", far.error),
        row("pairwise", LEFT, all.by_twin),
    ])
}

/// Of every member that has such weights.
pub(super) async fn ratio_rows(context: &Context) -> Result<Vec<Row>> {
    let mut seen = Seen::default();
    let mut random = Random::new(62);
    let logs: Vec<f32> = (0..BINS)
        .map(|k| random.within(-8.0, 8.0) as f32 * if k % 7 == 0 { 10.0 } else { 1.0 })
        .collect();
    let exact_logs: Vec<f64> = logs.iter().map(|s| f64::from(*s)).collect();
    for divergence in Divergence::ALL {
        // All of its weights are 1, whoever answers.
        if divergence == Divergence::ReverseKl {
            continue;
        }
        let Some(exact) = twin::ratio_weights(&divergence, &exact_logs) else { continue };
        let found = divergence.ratio_weights_of(context, &logs).await?;
        for (found, exact) in found.into_iter().zip(exact) {
            // Where subnormals are flushed, low words of weights below 2⁻⁷⁸ are, too.
            if exact > (-78f64).exp2() {
                seen.value(found, exact);
            }
        }
    }
    Ok(vec![row("ratio_weights", "weights", seen.error), row("ratio_weights", LEFT, seen.by_twin)])
}

pub(super) async fn prior_rows(context: &Context) -> Result<Vec<Row>> {
    let (mut prediction, mut slopes) = (Seen::default(), Seen::default());
    let temperature = 0.7;
    let mut random = Random::new(63);
    let rows = data::single(&mut random, Input::Logits { temperature });
    let count = rows.words.len() / BINS;
    let prior: Vec<f64> = (0..BINS).map(|_| random.within(0.5, 2.0)).collect();
    let on = rows.on(context, false).await?;
    let (value, gradient) = ClassPrior::new(&prior)?.value_and_gradient(&on, 1.0).await?;
    let gradient = gradient.read().await?;
    let logits = rows.in_f64();
    let share = 1.0 / count as f64;
    let mean = mean_prediction(&logits.concat(), BINS, temperature, &vec![share; count]);
    for (found, exact) in value.prediction.iter().zip(&mean) {
        prediction.value(*found, *exact);
    }
    let total: f64 = prior.iter().sum();
    let of_bin: Vec<f64> = mean.iter().zip(&prior).map(|(m, w)| (m * total / w).ln()).collect();
    for (number, logits) in logits.iter().enumerate() {
        let exact = prior_gradient(logits, temperature, &of_bin, share);
        slopes.slopes(&gradient[number * BINS..(number + 1) * BINS], &exact);
    }
    Ok(vec![
        row("mean_prediction", "predictions", prediction.error),
        row("mean_prediction", LEFT, prediction.by_twin),
        row("mean_slope", "in gradients", slopes.error),
        row("prior_gradient", "gradients", slopes.error),
        row("prior_gradient", LEFT, slopes.by_twin),
    ])
}
