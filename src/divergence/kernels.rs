//! The kernels over rows, their parameters, and which WGSL file a divergence is.

use super::kind::Divergence;
use crate::gpu::Kernel;
use crate::gpu::layout::params;
use crate::gpu::shader::Constant;

/// Parameters; p and q by quads and by words; items; sums.
pub(crate) static COMPARE: Kernel = Kernel::new("divergence/compare.wgsl");
pub(crate) static LOGIT_SUMS: Kernel = Kernel::new("divergence/logit_sums.wgsl");
pub(crate) static ROW_SUMS: Kernel = Kernel::new("divergence/row_sums.wgsl");
pub(crate) static NORMALIZED_ROWS: Kernel = Kernel::new("divergence/normalized_rows.wgsl");
/// Of p and q probabilities and supports, and the masses of q.
pub(crate) static PAIRWISE: Kernel = Kernel::new("divergence/pairwise.wgsl");
/// Of items as the kernels of sums, and of scalars of rows; the gradient by quads and by words.
pub(crate) static GRADIENT: Kernel = Kernel::new("divergence/gradient.wgsl");

params! {
    /// As `Params` in `divergence/rows.wgsl`.
    pub(crate) struct Params = Params in "divergence/rows.wgsl" {
        zero: u32,
        items: u32,
        segments: u32,
        quads: u32,
        columns: u32,
        p_low: u32,
        q_low: u32,
        plane: u32,
        inverse_temperatures: [f32; 4],
        member: [f32; 4],
    }
}

params! {
    /// As `Item` in `divergence/rows.wgsl`.
    pub(crate) struct Item = Item in "divergence/rows.wgsl" {
        at: [u32; 4],
        reference: [f32; 4],
        centers: [f32; 4],
    }
}

/// Slots of two f32 that the kernels of sums write for a unit.
pub(crate) const SLOTS: usize = 8;

// Bits of the last slot.
pub(crate) const BAD_P: u32 = 1;
pub(crate) const BAD_Q: u32 = 2;
pub(crate) const P_WITHOUT_Q: u32 = 4;
pub(crate) const Q_WITHOUT_P: u32 = 8;
pub(crate) const BEYOND_RANGE: u32 = 16;
pub(crate) const SUBNORMAL: u32 = 32;
pub(crate) const FAR_APART: u32 = 64;

/// What stands at the splices of a kernel, and its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) splices: Vec<(&'static str, Constant)>,
    pub(crate) parameters: [f32; 4],
}

/// The WGSL of a divergence; `None` for what is no sum of a member: cross-entropy, and the maximum of Rényi ∞; and for a
/// parameter that f32 may take for 0.
pub(crate) fn member(divergence: &Divergence) -> Option<Member> {
    if divergence.parameter().is_some_and(|x| x != 0.0 && x.abs() < 1e-30) {
        return None;
    }
    let power = |a: f64| ("divergence/power.wgsl", [a, 1.0 - a]);
    let (file, [x, y]) = match divergence {
        Divergence::Kl => ("divergence/kl.wgsl", [0.0, 0.0]),
        Divergence::ReverseKl => ("divergence/kl.wgsl", [1.0, 0.0]),
        Divergence::Jeffreys => ("divergence/jeffreys.wgsl", [0.0; 2]),
        Divergence::JensenShannon { beta } => {
            ("divergence/jensen_shannon.wgsl", [*beta, 1.0 - beta])
        }
        Divergence::SkewKl { alpha } => ("divergence/skew_kl.wgsl", [*alpha, 1.0 - alpha]),
        Divergence::SoftenedReverseKl => ("divergence/softened_reverse_kl.wgsl", [0.0; 2]),
        Divergence::SquaredHellinger | Divergence::Bhattacharyya => {
            ("divergence/squared_hellinger.wgsl", [0.0; 2])
        }
        Divergence::TotalVariation => ("divergence/total_variation.wgsl", [0.0; 2]),
        Divergence::PearsonChi2 => ("divergence/pearson_chi2.wgsl", [0.0, 0.0]),
        Divergence::NeymanChi2 => ("divergence/pearson_chi2.wgsl", [1.0, 0.0]),
        Divergence::Chi2Mixture | Divergence::Triangular => {
            ("divergence/triangular.wgsl", [0.0; 2])
        }
        Divergence::Renyi { alpha } if alpha.is_infinite() => return None,
        Divergence::Renyi { alpha } | Divergence::Tsallis { alpha } => power(*alpha),
        Divergence::Amari { alpha } => power(0.5 * (1.0 - alpha)),
        Divergence::CauchySchwarz => ("divergence/cauchy_schwarz.wgsl", [0.0; 2]),
        Divergence::CrossEntropy => return None,
        Divergence::Generator(generator) => {
            let finite = |limit: f64| if limit.is_finite() { limit } else { 0.0 };
            (
                "divergence/generator.wgsl",
                [finite(generator.at_zero), finite(generator.slope_at_infinity)],
            )
        }
    };
    let mut splices = vec![("MEMBER", Constant::File(file))];
    if let Divergence::JensenShannon { beta } = divergence {
        splices.push(("EVEN", Constant::Bool(*beta == 0.5)));
    }
    if let Divergence::JensenShannon { .. } | Divergence::SkewKl { .. } = divergence {
        splices.push(("ENDS", Constant::Bool(x == 0.0 || y == 0.0)));
    }
    if let Divergence::Generator(generator) = divergence {
        let text = format!(
            "fn generator(r: f32) -> f32 {{ return ({}); }}\n\
             fn generator_slope(r: f32) -> f32 {{ return ({}); }}",
            generator.f, generator.derivative
        );
        splices.push(("GENERATOR", Constant::Text(text.into())));
    }
    let log = |weight: f64| if weight > 0.0 { weight.ln() as f32 } else { 0.0 };
    let [third, fourth] = match divergence {
        Divergence::JensenShannon { .. } | Divergence::SkewKl { .. } => [log(x), log(y)],
        // The logarithm of a sum of powers asks less of them than the sum.
        Divergence::Renyi { .. } => [-80.0, 0.0],
        _ => [-8.0, 0.0],
    };
    Some(Member { splices, parameters: [x as f32, y as f32, third, fourth] })
}
