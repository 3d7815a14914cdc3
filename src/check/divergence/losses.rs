//! `logit_gradient`, and `logit_entropy` without a label's logit: losses, and the entropy of logits.

use super::Seen;
use super::data::{self, BINS};
use crate::check::Row;
use crate::check::random::Random;
use crate::check::tolerances::{LEFT, row};
use crate::divergence::{Entropies, Entropy, Input};
use crate::error::Result;
use crate::gpu::Context;
use crate::losses::{Loss, Losses};
use crate::reference::divergence as twin;

const LOSSES: [Loss; 6] = [
    Loss::CrossEntropy { smoothing: 0.1 },
    Loss::CompSum { tau: 1.0 },
    Loss::CompSum { tau: 0.0 },
    Loss::GeneralizedCrossEntropy { q: 0.7 },
    Loss::Ldr { margin: 6.0, lambda: 2.0 },
    Loss::Aldr { margin: 6.0, lambda: 2.0, alpha: 3.0 },
];

pub(super) async fn rows(context: &Context) -> Result<Vec<Row>> {
    let [mut values, mut slopes, mut of_entropy] = [Seen::default(); 3];
    let mut random = Random::new(47);
    let other = context.shared_out_otherwise();
    // As with entropies, one of them stands for all.
    for (context, all, temperature) in [(context, &LOSSES[..], 0.7), (&other, &LOSSES[..1], 1.3)] {
        let rows = data::single(&mut random, Input::Logits { temperature });
        let (on, on_cpu) = (rows.on(context, false).await?, rows.on(&Context::cpu(), false).await?);
        let count = rows.words.len() / BINS;
        let labels: Vec<u32> = (0..count as u32).map(|row| 3 * (17 * row % 40)).collect();
        for loss in all {
            let losses = Losses::new(*loss);
            let (found, gradient) = losses.value_and_gradient(&on, &labels, None).await?;
            let (exact, exact_gradient) = losses.value_and_gradient(&on_cpu, &labels, None).await?;
            let gradients = (gradient.read().await?, exact_gradient.read().await?);
            for number in 0..count {
                values.value(found.values()[number], exact.values()[number]);
                let place = number * BINS..(number + 1) * BINS;
                let exact: Vec<f64> =
                    gradients.1[place.clone()].iter().map(|x| f64::from(*x)).collect();
                slopes.slopes(&gradients.0[place], &exact);
            }
        }
        let shannon = Entropies::new(Entropy::Shannon);
        let gradient = shannon.value_and_gradient(&on, None).await?.1.read().await?;
        for (number, row) in rows.twins().iter().enumerate() {
            let exact = twin::entropy_gradient(Entropy::Shannon, row, 1.0);
            of_entropy.slopes(&gradient[number * BINS..(number + 1) * BINS], &exact);
        }
    }
    let mut all = slopes;
    all.join(of_entropy);
    Ok(vec![
        row("logit_entropy", "losses", values.error),
        row("logit_gradient", "losses", slopes.error),
        row("logit_gradient", "entropies", of_entropy.error),
        row("logit_gradient", LEFT, all.by_twin),
    ])
}
