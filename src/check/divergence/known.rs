//! The twins of the divergences, entropies and losses against answers that are known without them.

use crate::check::judge::{Worst, units};
use crate::divergence::{Divergence, Entropy, Input};
use crate::reference::divergence::{
    Row, compare, entropy, entropy_gradient, gradient, normalized_rows, pairwise, ratio_weights,
    row_sums,
};
use crate::reference::losses::{
    Form, logit_entropy, logit_gradient, mean_prediction, mean_slope, prior_gradient,
};
use std::f64::consts::LN_2;

/// P = (9, 12, 4)/25, compared with the uniform distribution.
const P: [f64; 3] = [9.0, 12.0, 4.0];

const KL: f64 = 0.085_299_601_318_370_57;
const REVERSE_KL: f64 = 0.097_455_006_785_387_63;

/// Every name, and the ends of parameters. A new divergence is a row here.
const DIVERGENCES: [(Divergence, f64); 29] = {
    use Divergence as D;
    [
        (D::Kl, KL),
        (D::ReverseKl, REVERSE_KL),
        (D::Jeffreys, 0.182_754_608_103_758_18),
        (D::JensenShannon { beta: 0.5 }, 0.022_459_860_429_714_59),
        (D::JensenShannon { beta: 0.0 }, 0.0),
        (D::JensenShannon { beta: 1.0 }, 0.0),
        (D::SkewKl { alpha: 0.5 }, 0.023_908_547_230_937_47),
        (D::SkewKl { alpha: 0.0 }, KL),
        (D::SkewKl { alpha: 1.0 }, 0.0),
        (D::SoftenedReverseKl, 0.052_535_285_925_958_44),
        (D::SquaredHellinger, 0.022_649_730_810_374_236),
        (D::Bhattacharyya, 0.022_910_176_155_072_51),
        (D::TotalVariation, 13.0 / 75.0),
        (D::PearsonChi2, 0.1568),
        (D::NeymanChi2, 19.0 / 81.0),
        (D::Chi2Mixture, 0.044_187_314_679_117_955),
        (D::Renyi { alpha: 2.0 }, 0.145_657_572_422_363_2),
        (D::Renyi { alpha: 1.0 }, KL),
        (D::Renyi { alpha: 0.0 }, 0.0),
        // ln(36/25).
        (D::Renyi { alpha: f64::INFINITY }, 0.364_643_113_587_909_25),
        (D::Tsallis { alpha: 2.0 }, 0.1568),
        (D::Tsallis { alpha: 1.0 }, KL),
        (D::Tsallis { alpha: 0.0 }, 0.0),
        (D::Amari { alpha: 0.0 }, 0.090_598_923_241_496_94),
        (D::Amari { alpha: -1.0 }, KL),
        (D::Amari { alpha: 1.0 }, REVERSE_KL),
        (D::CauchySchwarz, 0.145_657_572_422_363_2),
        (D::Triangular, 0.088_374_629_358_235_91),
        (D::CrossEntropy, 1.098_612_288_668_109_8),
    ]
};

const SHANNON: f64 = 1.013_312_687_349_739_1;

/// Of P.
const ENTROPIES: [(Entropy, f64); 7] = {
    use Entropy as E;
    [
        (E::Shannon, SHANNON),
        (E::Renyi { alpha: 1.0 }, SHANNON),
        (E::Renyi { alpha: 2.0 }, 0.952_954_716_245_746_5),
        (E::Renyi { alpha: 0.0 }, 1.098_612_288_668_109_8),
        // ln(25/12).
        (E::Renyi { alpha: f64::INFINITY }, 0.733_969_175_080_200_5),
        (E::Tsallis { alpha: 2.0 }, 0.6144),
        (E::Tsallis { alpha: 0.0 }, 2.0),
    ]
};

const LOGITS: Input = Input::Logits { temperature: 1.0 };

fn weights(values: &[f64]) -> Row {
    Row::new(values, Input::Weights)
}

/// Relative to the largest of all.
fn together(found: &[f64], exact: &[f64], worst: &mut Worst) {
    if found.len() != exact.len() {
        worst.add(f64::NAN);
    }
    let most = exact.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    for (found, exact) in found.iter().zip(exact) {
        worst.add(units(*found, *exact, most));
    }
}

/// The twin of a kernel, each error relative to the answer.
pub(in crate::check) fn known(kernel: &str) -> Worst {
    let mut worst = Worst::default();
    let (p, u) = (weights(&P), weights(&[1.0; 3]));
    let [z, zero] = [[100.0, 0.0, -100.0], [0.0; 3]].map(|row| Row::new(&row, LOGITS));
    let mut one = |found: f64, exact: f64| {
        worst.add(if found == exact { 0.0 } else { units(found, exact, exact.abs()) });
    };
    match kernel {
        "compare" => {
            for (divergence, exact) in &DIVERGENCES {
                one(compare(divergence, &p, &u), *exact);
            }
            let js = Divergence::JensenShannon { beta: 0.5 };
            one(compare(&js, &z, &zero), 0.318_257_084_147_406_4);
            one(compare(&js, &weights(&[1.0, 0.0]), &weights(&[0.0, 1.0])), LN_2);
            one(
                compare(&Divergence::Kl, &weights(&[1.0, 1.0]), &weights(&[1.0, 0.0])),
                f64::INFINITY,
            );
            // −½ ln(1 − ε²) of q = u (1 ± ε).
            let epsilon = (-20f64).exp2();
            let q = weights(&[1.0 + epsilon, 1.0 - epsilon]);
            let exact = -0.5 * (-epsilon * epsilon).ln_1p();
            one(compare(&Divergence::Kl, &weights(&[1.0, 1.0]), &q), exact);
        }
        "logit_sums" => {
            one(compare(&Divergence::Kl, &z, &zero), 1.098_612_288_668_109_8);
            one(compare(&Divergence::ReverseKl, &z, &zero), 98.901_387_711_331_89);
            one(compare(&Divergence::Jeffreys, &z, &zero), 100.0);
            one(zero.sum(), 3f64.ln());
        }
        "gradient" => {
            let (of_p, of_q) = gradient(&Divergence::Kl, &p, &u, 1.0);
            // (ln(p/q) − KL)/25 and (1 − p/q)/3.
            let slopes = [9.0, 12.0, 4.0].map(|w: f64| ((0.12 * w).ln() - KL) / 25.0);
            together(&of_p, &slopes, &mut worst);
            together(&of_q, &P.map(|w| (1.0 - 0.12 * w) / 3.0), &mut worst);
            // Of logits q − p.
            let [a, b] = [P.map(f64::ln), [0.0; 3]].map(|row| Row::new(&row, LOGITS));
            let (_, of_q) = gradient(&Divergence::Kl, &a, &b, 1.0);
            together(&of_q, &P.map(|w| 1.0 / 3.0 - w / 25.0), &mut worst);
        }
        "entropy" => {
            for (of, exact) in ENTROPIES {
                one(entropy(of, &p), exact);
            }
        }
        "entropy_gradient" => {
            let slopes = P.map(|w| (-(w / 25.0).ln() - SHANNON) / 25.0);
            together(&entropy_gradient(Entropy::Shannon, &p, 1.0), &slopes, &mut worst);
            // 2 (Σp² − p)/25 of Tsallis' of order 2, Σp² = 0.3856.
            let slopes = P.map(|w| 2.0 * (0.3856 - w / 25.0) / 25.0);
            together(
                &entropy_gradient(Entropy::Tsallis { alpha: 2.0 }, &p, 1.0),
                &slopes,
                &mut worst,
            );
        }
        "logit_entropy" => {
            let others = logit_entropy(&[2.0, 1.0, 0.1], 1.0, Some(0));
            one(others.log_1_plus_u(), 0.417_030_016_277_833_54);
            one(others.log_u(), 0.517_448_060_394_077_4f64.ln());
            one(others.probability(), 0.340_998_861_114_032_1);
            one(logit_entropy(&[7.0, 7.0, 7.0], 2.0, None).entropy, LN_2);
        }
        "logit_gradient" => {
            // p − [k = y] of cross-entropy.
            let form = Form { reference: 2.0, x: 1.0, label: Some((0, -3.0)), ..Form::ZERO };
            let found = logit_gradient(&[2.0, 1.0, f64::NEG_INFINITY], &form);
            together(&found, &[-3.0, (-1f64).exp(), 0.0], &mut worst);
        }
        "row_sums" => together(&row_sums(&[p, zero]), &[25.0, 3f64.ln()], &mut worst),
        "normalized_rows" => {
            let third = 1.0 / 3.0;
            let exact = [0.36, 0.48, 0.16, third, third, third];
            together(&normalized_rows(&[p, u]), &exact, &mut worst);
        }
        "pairwise" => {
            let rows = [p, u];
            let exact = [0.0, KL, REVERSE_KL, 0.0];
            together(&pairwise(&Divergence::Kl, &rows, &rows), &exact, &mut worst);
        }
        "ratio_weights" => {
            // r over its mean 4/3, and 1/(r + 1) over its mean 7/12.
            let logs = [0.0, 3f64.ln(), f64::NEG_INFINITY];
            for (divergence, exact) in [
                (Divergence::Kl, [0.75, 2.25, 0.0]),
                (Divergence::SoftenedReverseKl, [6.0 / 7.0, 3.0 / 7.0, 12.0 / 7.0]),
            ] {
                let found = ratio_weights(&divergence, &logs).unwrap_or_default();
                together(&found, &exact, &mut worst);
            }
        }
        "mean_prediction" => {
            // The mean of (1/4, 3/4) and (1/2, 1/2).
            let found = mean_prediction(&[0.0, 3f64.ln(), 0.0, 0.0], 2, 1.0, &[0.5, 0.5]);
            together(&found, &[0.375, 0.625], &mut worst);
        }
        "mean_slope" => one(mean_slope(&[0.0, 3f64.ln()], 1.0, &[1.0, 5.0]), 4.0),
        "prior_gradient" => {
            let found = prior_gradient(&[0.0, 6f64.ln()], 2.0, &[1.0, 5.0], 2.0);
            // p = (1, √6)/(1 + √6), over T = 2 and times w = 2.
            let (share, root) = (1.0 / (1.0 + 6f64.sqrt()), 6f64.sqrt());
            let slope = 4.0 * share * share * root;
            together(&found, &[-slope, slope], &mut worst);
        }
        _ => {}
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_divergence_has_a_known_answer() {
        for divergence in Divergence::ALL {
            let known = DIVERGENCES.iter().any(|(known, _)| *known == divergence);
            assert!(known, "{divergence} is not in the table");
        }
    }
}
