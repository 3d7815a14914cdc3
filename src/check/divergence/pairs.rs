//! `compare`, `logit_sums` and `gradient`: every member of the family over pairs of rows.

use super::Seen;
use super::data::{self, BINS, Rows};
use crate::check::Row;
use crate::check::random::Random;
use crate::check::tolerances::{LEFT, row};
use crate::divergence::{Comparison, Divergence, Generator, Input, Side};
use crate::error::Result;
use crate::gpu::Context;
use crate::reference::divergence as twin;

/// The divergences that kernels compute, those of one shader together: the usual parameters, and others.
fn groups() -> Result<Vec<Vec<Divergence>>> {
    use Divergence as D;
    let le_cam = Generator::new(
        "(r - 1.0) * (r - 1.0) / (r + 1.0)",
        "(r - 1.0) * (r + 3.0) / ((r + 1.0) * (r + 1.0))",
    )?
    .with_limits(1.0, 1.0)
    .with_reference(
        |r| (r - 1.0).powi(2) / (r + 1.0),
        |r| (r - 1.0) * (r + 3.0) / (r + 1.0).powi(2),
    );
    Ok(vec![
        vec![D::Kl, D::ReverseKl],
        vec![D::JensenShannon { beta: 0.5 }, D::JensenShannon { beta: 0.1 }],
        vec![D::SkewKl { alpha: 0.5 }, D::SkewKl { alpha: 0.0 }, D::SkewKl { alpha: 0.3 }],
        vec![D::Jeffreys],
        vec![D::SoftenedReverseKl],
        vec![D::SquaredHellinger, D::Bhattacharyya],
        vec![D::TotalVariation],
        vec![D::PearsonChi2, D::NeymanChi2],
        vec![D::Triangular, D::Chi2Mixture],
        vec![
            D::Renyi { alpha: 2.0 },
            D::Renyi { alpha: 0.5 },
            D::Renyi { alpha: 1.0 },
            D::Tsallis { alpha: 2.0 },
            D::Tsallis { alpha: 1.0 },
            D::Tsallis { alpha: 0.3 },
            D::Amari { alpha: 0.0 },
            D::Amari { alpha: -1.0 },
            D::Amari { alpha: 1.0 },
        ],
        vec![D::CauchySchwarz],
        vec![D::Generator(le_cam)],
    ])
}

const LOGITS: Input = Input::Logits { temperature: 1.0 };

/// Of weights and of logits, each of rows that differ much and little.
#[derive(Debug, Clone, Copy, Default)]
struct Both {
    values: [Seen; 2],
    slopes: Seen,
}

pub(super) async fn rows(context: &Context) -> Result<Vec<Row>> {
    let mut seen = [Both::default(); 2];
    let groups = groups()?;
    // Every one is several shaders, and drivers that run on the CPU take half a second to compile each. So gradients are
    // of p of weights and of q of logits, or the other way round by turns; and the first divergence stands for all where
    // many threads share a sum.
    let own = groups.iter().map(|group| (group, false));
    let turns = own.chain(groups.first().map(|group| (group, true)));
    for (turn, (group, other)) in turns.enumerate() {
        let context = if other { context.shared_out_otherwise() } else { context.clone() };
        for (form, seen) in seen.iter_mut().enumerate() {
            let side = if (turn + form) % 2 == 0 { Side::P } else { Side::Q };
            let inputs = match (form, turn / 2 % 2) {
                (0, _) => [Input::Weights; 2],
                (_, 0) => [LOGITS; 2],
                _ => [0.7, 1.3].map(|temperature| Input::Logits { temperature }),
            };
            let mut random = Random::new(41 + turn as u64);
            let kinds = [data::far(&mut random, inputs), data::near(&mut random, inputs)];
            let [p, q] = joined(&kinds);
            for divergence in group {
                let far = kinds[0][0].words.len() / BINS;
                compare(&context, divergence, [&p, &q], (far, side), seen).await?;
            }
        }
    }
    let [weights, logits] = seen;
    let mut by_twin = Seen::default();
    [weights.values, logits.values].concat().into_iter().for_each(|seen| by_twin.join(seen));
    let mut slopes_by_twin = weights.slopes;
    slopes_by_twin.join(logits.slopes);
    Ok(vec![
        row("compare", "weights", weights.values[0].error),
        row("compare", "nearly equal weights", weights.values[1].error),
        row("compare", "logits", logits.values[0].error),
        row("compare", "nearly equal logits", logits.values[1].error),
        row("compare", LEFT, by_twin.by_twin),
        row("gradient", "weights", weights.slopes.error),
        row("gradient", "logits", logits.slopes.error),
        row("gradient", LEFT, slopes_by_twin.by_twin),
    ])
}

/// Both kinds of rows below each other.
fn joined(kinds: &[[Rows; 2]; 2]) -> [Rows; 2] {
    [0, 1].map(|side| {
        let words = kinds.iter().flat_map(|rows| rows[side].words.clone()).collect();
        Rows { input: kinds[0][side].input, words }
    })
}

async fn compare(
    context: &Context,
    divergence: &Divergence,
    [p, q]: [&Rows; 2],
    (far, side): (usize, Side),
    seen: &mut Both,
) -> Result<()> {
    let (on_p, on_q) = (p.on(context, false).await?, q.on(context, false).await?);
    let comparison = Comparison::new(divergence.clone());
    let (values, gradients) = comparison.value_and_gradient(&on_p, &on_q, side, None).await?;
    let slopes = match gradients.p.or(gradients.q) {
        Some(tensor) => tensor.read().await?,
        None => Vec::new(),
    };
    for (number, (p, q)) in p.twins().iter().zip(&q.twins()).enumerate() {
        // An expression in r = p/q knows no more of p − q than r does.
        if number >= far && matches!(divergence, Divergence::Generator(_)) {
            continue;
        }
        let exact = twin::compare(divergence, p, q);
        seen.values[usize::from(number >= far)].value(values.values()[number], exact);
        let (of_p, of_q) = twin::gradient(divergence, p, q, 1.0);
        let place = number * BINS..(number + 1) * BINS;
        let exact = match (values.values()[number].is_finite(), side) {
            (false, _) => vec![0.0; BINS],
            (true, Side::P) => of_p,
            _ => of_q,
        };
        let found = &slopes[place];
        match divergence {
            // It has two values only.
            Divergence::TotalVariation => seen.slopes.slopes_by_anyone(found, &exact),
            _ => seen.slopes.slopes(found, &exact),
        }
    }
    Ok(())
}

/// KL of either direction and both, of logits that differ by much.
pub(super) async fn one_pass_rows(context: &Context) -> Result<Vec<Row>> {
    let (mut seen, mut sums) = (Seen::default(), Seen::default());
    let other = context.shared_out_otherwise();
    for (context, temperatures, as_tensor) in
        [(context, [1.0, 1.0], false), (context, [0.7, 1.3], true), (&other, [0.7, 1.3], false)]
    {
        let inputs = temperatures.map(|temperature| Input::Logits { temperature });
        let mut random = Random::new(43);
        let [p, mut q] = data::far(&mut random, inputs);
        // The rows of another pair.
        q.words.rotate_left(BINS);
        let (on_p, on_q) = (p.on(context, as_tensor).await?, q.on(context, as_tensor).await?);
        for divergence in [Divergence::Kl, Divergence::ReverseKl, Divergence::Jeffreys] {
            let values = Comparison::new(divergence.clone()).rows(&on_p, &on_q).await?;
            for (number, (p, q)) in p.twins().iter().zip(&q.twins()).enumerate() {
                seen.value(values.values()[number], twin::compare(&divergence, p, q));
                for (found, row) in values.sums()[number].into_iter().zip([p, q]) {
                    sums.value(found, row.sum().exp());
                }
            }
        }
    }
    Ok(vec![
        row("logit_sums", "divergences", seen.error),
        row("logit_sums", "normalisers", sums.error),
        row("logit_sums", LEFT, seen.by_twin),
    ])
}
