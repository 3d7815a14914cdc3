//! `entropy`, `entropy_gradient` and `logit_entropy`: entropies of weights and of logits, of order 1 and others.

use super::Seen;
use super::data::{self, BINS};
use crate::check::Row;
use crate::check::random::Random;
use crate::check::tolerances::{LEFT, row};
use crate::divergence::{Entropies, Entropy, Input};
use crate::error::Result;
use crate::gpu::Context;
use crate::reference::divergence as twin;

const ENTROPIES: [Entropy; 9] = [
    Entropy::Shannon,
    Entropy::Renyi { alpha: 2.0 },
    Entropy::Renyi { alpha: 0.5 },
    Entropy::Renyi { alpha: 0.0 },
    Entropy::Renyi { alpha: f64::INFINITY },
    Entropy::Tsallis { alpha: 1.0 },
    Entropy::Tsallis { alpha: 3.0 },
    Entropy::Tsallis { alpha: 0.3 },
    Entropy::Tsallis { alpha: 0.0 },
];

/// What the kernels have to do with it: whether logits go through `logit_entropy`, and whether there is a gradient.
fn is_of_others(entropy: Entropy, input: Input) -> bool {
    let order = match entropy {
        Entropy::Shannon => 1.0,
        Entropy::Renyi { alpha } | Entropy::Tsallis { alpha } => alpha,
    };
    input != Input::Weights && (order == 1.0 || order == f64::INFINITY)
}

fn has_slopes(entropy: Entropy) -> bool {
    !matches!(entropy, Entropy::Renyi { alpha } | Entropy::Tsallis { alpha } if alpha == 0.0 || alpha == f64::INFINITY)
}

pub(super) async fn rows(context: &Context) -> Result<Vec<Row>> {
    let [mut weights, mut logits, mut others] = [Seen::default(); 3];
    let [mut of_weights, mut of_logits] = [Seen::default(); 2];
    let mut random = Random::new(45);
    let other = context.shared_out_otherwise();
    // Drivers take seconds to compile sums that many threads share: those of one order stand for all.
    for (context, entropies, temperature) in
        [(context, &ENTROPIES[..], 0.7), (&other, &ENTROPIES[..1], 1.3)]
    {
        for input in [Input::Weights, Input::Logits { temperature }] {
            let rows = data::single(&mut random, input);
            let on = rows.on(context, temperature > 1.0).await?;
            for &entropy in entropies {
                let (values, gradient) =
                    Entropies::new(entropy).value_and_gradient(&on, None).await?;
                let gradient = gradient.read().await?;
                let (seen, slopes) = match input {
                    Input::Weights => (&mut weights, &mut of_weights),
                    _ if is_of_others(entropy, input) => (&mut others, &mut of_logits),
                    _ => (&mut logits, &mut of_logits),
                };
                for (number, row) in rows.twins().iter().enumerate() {
                    let exact = twin::entropy(entropy, row);
                    match entropy {
                        // The number of bins that are not empty.
                        Entropy::Renyi { alpha: 0.0 } | Entropy::Tsallis { alpha: 0.0 } => {
                            seen.value_by_anyone(values[number], exact);
                        }
                        _ => seen.value(values[number], exact),
                    }
                    // The gradient of `logit_entropy` is the losses'.
                    if has_slopes(entropy) && !is_of_others(entropy, input) {
                        let place = number * BINS..(number + 1) * BINS;
                        slopes.slopes(&gradient[place], &twin::entropy_gradient(entropy, row, 1.0));
                    }
                }
            }
        }
    }
    let by_twin = |mut seen: Seen, other: Seen| {
        seen.join(other);
        seen.by_twin
    };
    Ok(vec![
        row("entropy", "weights", weights.error),
        row("entropy", "logits", logits.error),
        row("entropy", LEFT, by_twin(weights, logits)),
        row("entropy_gradient", "weights", of_weights.error),
        row("entropy_gradient", "logits", of_logits.error),
        row("entropy_gradient", LEFT, by_twin(of_weights, of_logits)),
        row("logit_entropy", "entropies", others.error),
        row("logit_entropy", LEFT, others.by_twin),
    ])
}
