//! Which variant a solve takes. The only place that decides it.

use super::variant::batch::Layout;
use super::variant::{resident, scaling};
use super::{Cost, Geometry, Problem, Sinkhorn, Variant};
use crate::error::{Error, Result};
use crate::gpu::Capabilities;
use crate::number::Precision;

/// How a solve will run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) variant: Variant,
    pub(crate) layout: Layout,
}

/// Above this ε/max|C| the term ε ln a swamps a single-precision potential, and the
/// few iterations such a problem needs are done in double.
const LARGEST_EPSILON: f64 = 4.0;

/// Above this it swamps a double-float, and the twin solves without it.
const LARGEST_EPSILON_DOUBLE: f64 = 256.0;

/// Whether the twin is asked for, or ε so large against the cost that it must solve, in a form
/// of its own.
///
/// # Errors
/// [`Error::InvalidInput`] for another variant where that is so beside the offset too.
pub(crate) fn is_for_the_twin(
    capabilities: &Capabilities,
    settings: &Sinkhorn,
    geometry: &Geometry,
) -> Result<bool> {
    let exact = capabilities.probes.twofloat_exact();
    let most = if exact { LARGEST_EPSILON_DOUBLE } else { LARGEST_EPSILON };
    match settings.variant {
        Variant::Reference => Ok(true),
        Variant::Auto => Ok(settings.epsilon > most * geometry.spread),
        variant if settings.epsilon > most * geometry.magnitude => {
            let reason = format!("{variant} does not resolve the costs beside so large an ε");
            Err(Error::invalid("variant", reason))
        }
        _ => Ok(false),
    }
}

/// L1 marginal error, per unit of max|C|/ε, below which f32 potentials cannot be
/// trusted to go: 2^-24 |f| / ε, as measured over annealed problems. A tighter tolerance is
/// reached by a few iterations in double after those in single.
const SINGLE_FLOOR: f64 = 6e-8;

pub(crate) fn choose(
    capabilities: &Capabilities,
    adapter: &str,
    settings: &Sinkhorn,
    problem: &Problem,
) -> Result<Choice> {
    let exact = capabilities.probes.twofloat_exact();
    let mut precision = settings.precision;
    if precision == Precision::Double {
        capabilities.require_twofloat(adapter)?;
    }
    let magnitude = problem.geometry.spread;
    let contrast = magnitude / settings.epsilon;
    let tolerance = settings.leaves_at();
    if exact && tolerance > 0.0 && contrast * SINGLE_FLOOR > tolerance {
        precision = Precision::Double;
    }
    if exact && settings.epsilon > LARGEST_EPSILON * magnitude {
        precision = Precision::Double;
    }
    let layout = Layout::choose(problem, precision);
    let sizes = |w: &super::problem::Weights| {
        if !layout.supports {
            return w.bins;
        }
        (0..w.rows()).map(|k| w.row(k).iter().filter(|x| **x > 0.0).count()).max().unwrap_or(0)
    };
    let small = resident::fits(capabilities, sizes(&problem.source), sizes(&problem.target));
    let shared =
        problem.geometry.batch.is_none() && !matches!(problem.geometry.cost, Cost::Device(_));
    let in_range = magnitude / settings.epsilon <= scaling::LARGEST_CONTRAST
        && -problem.geometry.least / settings.epsilon <= scaling::LARGEST_EXPONENT;
    let plain = precision == Precision::Single;
    let variant = match settings.variant {
        Variant::Auto if small && plain => Variant::Resident,
        // A product pays once a tile of problems shares each kernel entry.
        Variant::Auto
            if plain
                && shared
                && in_range
                && !layout.supports
                && problem.len() >= 64
                && problem.geometry.rows.min(problem.geometry.columns) >= 128
                && problem.start.is_none()
                && settings.annealing.is_none() =>
        {
            Variant::Scaling
        }
        Variant::Auto => Variant::Streaming,
        Variant::Resident if !small => {
            return Err(Error::invalid("variant", "the problems do not fit workgroup memory"));
        }
        Variant::Scaling if problem.geometry.batch.is_some() => {
            return Err(Error::invalid("variant", "the scaling form needs one shared cost"));
        }
        Variant::Scaling if settings.annealing.is_some() || !in_range => {
            return Err(Error::invalid(
                "variant",
                format!(
                    "the scaling form needs C/ε within [-{}, {}] and no annealing",
                    scaling::LARGEST_EXPONENT,
                    scaling::LARGEST_CONTRAST
                ),
            ));
        }
        chosen => chosen,
    };
    let layout = match variant {
        Variant::Scaling => Layout { supports: false, ..layout },
        _ => layout,
    };
    Ok(Choice { variant, layout })
}
