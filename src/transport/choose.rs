//! Which engine a solve takes. The only place that decides it.

use super::geometry::{AxisCosts, Cost, Geometry};
use super::resident;
use super::softmin::{LARGEST_CONTRAST, LARGEST_EXPONENT};
use super::state::Layout;
use super::{Problem, Sinkhorn, Variant, Weights};
use crate::error::{Error, Result};
use crate::gpu::Capabilities;
use crate::number::Precision;

/// How a solve will run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) variant: Variant,
    pub(crate) layout: Layout,
    /// Whether problems fit the kernel that keeps them for the whole loop, and settle in it.
    pub(crate) resident: bool,
    /// Whether one potential is both sides'.
    pub(crate) symmetric: bool,
}

/// Above this ε/max|C| the term ε ln a swamps a single-precision potential, and the
/// few iterations such a problem needs are done in double.
const LARGEST_EPSILON: f64 = 4.0;

/// Above this it swamps a double-float, and the twin solves without it.
const LARGEST_EPSILON_DOUBLE: f64 = 256.0;

/// max|C|/ε above which problems that are watched, and overrelaxed, settle sooner than in the kernel that keeps them.
const RESIDENT_CONTRAST: f64 = 30.0;

/// Whether the twin is asked for, or ε so large against the cost that it must solve, in a form
/// of its own.
///
/// # Errors
/// [`Error::InvalidInput`] for another variant where that is so beside the offset too.
pub(crate) fn is_for_the_twin(
    capabilities: &Capabilities,
    settings: &Sinkhorn,
    geometry: &Geometry,
    epsilon: f64,
) -> Result<bool> {
    let exact = capabilities.probes.twofloat_exact();
    let most = if exact { LARGEST_EPSILON_DOUBLE } else { LARGEST_EPSILON };
    match settings.variant {
        Variant::Reference => Ok(true),
        Variant::Auto => Ok(epsilon > most * geometry.spread),
        variant if epsilon > most * geometry.magnitude => {
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

/// Dimensions above which reading a cost is faster than making it anew.
const FEW_DIMENSIONS: usize = 16;

/// Whether costs between points are made once and kept: of many dimensions, where one binding holds them. A large part of an
/// adapter's memory is not taken for speed alone.
fn keeps_costs(capabilities: &Capabilities, problem: &Problem, precision: Precision) -> bool {
    let Cost::Points(points) = &problem.geometry.cost else { return false };
    let (n, m) = problem.geometry.shape();
    let bytes = 4 * precision.words() as u64 * n as u64 * m.next_multiple_of(4) as u64;
    points.dimensions > FEW_DIMENSIONS
        && bytes <= capabilities.limits.max_storage_buffer_binding_size.min(LARGEST_KEPT)
}

/// Bytes of costs that are kept at most.
const LARGEST_KEPT: u64 = 1 << 30;

/// What the choice is made from beside the adapter.
pub(crate) struct Asked<'a> {
    pub(crate) settings: &'a Sinkhorn,
    pub(crate) problem: &'a Problem,
    /// Of all problems.
    pub(crate) least_epsilon: f64,
    /// Whether all have one.
    pub(crate) one_epsilon: bool,
    /// Whether it falls by a schedule of the caller's.
    pub(crate) annealed: bool,
}

/// Exponentials for which a product of the scaling form makes up.
const PRODUCTS: f64 = 16.0;

/// What a half step over one problem of a grid costs, in exponentials.
struct GridWork {
    /// Over one axis after the other.
    axes: f64,
    /// Over all pairs.
    dense: f64,
    /// Over the pairs that the layout keeps; more than there are where their matrix does not fit the device.
    pairs: f64,
    /// Pixels of the last axis.
    width: usize,
}

/// Most entries of a cost matrix.
const MOST_ENTRIES: f64 = (1u64 << 31) as f64;

impl GridWork {
    fn new(
        capabilities: &Capabilities,
        (problem, costs): (&Problem, &AxisCosts),
        layout: Layout,
    ) -> GridWork {
        let axes = costs.axes();
        let pixels = problem.geometry.rows as f64;
        let lengths: usize = axes.iter().map(|along| along.len()).sum();
        let dense = pixels * pixels;
        let limits = &capabilities.limits;
        let binding = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let bytes = 4.0 * layout.precision.words() as f64 * (dense + 3.0 * pixels);
        let fits = dense <= MOST_ENTRIES && bytes <= binding as f64;
        // Gathers cost half as much again.
        let kept = match layout.supports {
            true => 1.5 * problem.source.filled() * problem.target.filled(),
            false => 1.0,
        };
        GridWork {
            axes: pixels * lengths as f64,
            dense,
            pairs: if fits { kept * dense } else { f64::INFINITY },
            width: axes.last().map_or(1, |along| along.len()),
        }
    }
}

/// What the forms fit, and what they would take.
struct Fits {
    /// Whether the forms that iterate on scalings know the cost, and what is asked.
    scalable: bool,
    /// Whether problems have room in workgroup memory.
    small: bool,
    /// Whether all have one cost that may be kept in another form.
    shared: bool,
    /// Whether scalings stay in the range of f32.
    in_range: bool,
    symmetric: bool,
    /// Whether the kernel that keeps a problem settles it as soon as other forms.
    resident: bool,
    grid: Option<GridWork>,
}

impl Fits {
    fn new(capabilities: &Capabilities, asked: &Asked<'_>, layout: Layout) -> Fits {
        let Asked { settings, problem, least_epsilon, one_epsilon, annealed } = *asked;
        let geometry = &problem.geometry;
        let contrast = geometry.spread / least_epsilon;
        let tolerance = settings.leaves_at();
        // The forms that iterate on scalings know matrices of finite costs, hard marginals, and one ε.
        let scalable = one_epsilon
            && problem.marginals.is_hard()
            && match &geometry.cost {
                Cost::Host { forbidden, .. } => !forbidden,
                Cost::Grid(_) | Cost::Device(_) => true,
                Cost::Points(_) => false,
            };
        let sizes = |w: &Weights| {
            if !layout.supports {
                return w.bins;
            }
            (0..w.rows()).map(|k| w.row(k).iter().filter(|x| **x > 0.0).count()).max().unwrap_or(0)
        };
        let (rows, columns) = (sizes(&problem.source), sizes(&problem.target));
        let small = scalable && resident::fits(capabilities, rows, columns);
        let symmetric = problem.is_symmetric() && tolerance > 0.0;
        let settles = annealed
            || tolerance == 0.0
            || contrast <= RESIDENT_CONTRAST
            || settings.trusts_start(problem);
        let grid = match &geometry.cost {
            Cost::Grid(costs) => Some(GridWork::new(capabilities, (problem, costs), layout)),
            _ => None,
        };
        Fits {
            scalable,
            small,
            shared: geometry.batch.is_none() && !matches!(geometry.cost, Cost::Device(_)),
            in_range: contrast <= LARGEST_CONTRAST
                && -geometry.least / least_epsilon <= LARGEST_EXPONENT,
            symmetric,
            resident: small && !symmetric && settles,
            grid,
        }
    }

    /// What the axes of a grid take, where they are to be gone along.
    fn by_axes(&self, asked: Variant) -> Option<&GridWork> {
        let is_free = asked == Variant::Streaming || !self.resident;
        self.grid.as_ref().filter(|work| is_free && work.axes <= work.pairs)
    }

    /// Whether a product pays: a tile of problems shares each kernel entry.
    fn is_for_products(
        &self,
        asked: &Asked<'_>,
        layout: Layout,
        by_axes: Option<&GridWork>,
    ) -> bool {
        let problem = asked.problem;
        self.scalable
            && self.shared
            && self.in_range
            && !layout.supports
            && problem.len() >= 64
            && problem.geometry.rows.min(problem.geometry.columns) >= 128
            && problem.start.is_none()
            && !asked.annealed
            && by_axes.is_none_or(|work| work.dense < PRODUCTS * work.axes)
    }

    /// That a variant of the caller's can be.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with `variant`.
    fn check(&self, asked: &Asked<'_>) -> Result<()> {
        let reason = match asked.settings.variant {
            Variant::Resident | Variant::Scaling if !self.scalable => {
                "scalings need a matrix of finite costs, hard marginals and one ε".to_owned()
            }
            Variant::Resident if !self.small => {
                "the problems do not fit workgroup memory".to_owned()
            }
            Variant::Scaling if asked.problem.geometry.batch.is_some() => {
                "the scaling form needs one shared cost".to_owned()
            }
            Variant::Scaling if asked.annealed || !self.in_range => format!(
                "the scaling form needs C/ε within [-{LARGEST_EXPONENT}, {LARGEST_CONTRAST}] and no annealing"
            ),
            _ => return Ok(()),
        };
        Err(Error::invalid("variant", reason))
    }
}

/// The precision that what is asked for needs, where the adapter has it.
fn precision_of(exact: bool, asked: &Asked<'_>) -> Precision {
    let magnitude = asked.problem.geometry.spread;
    let tolerance = asked.settings.leaves_at();
    let needs = tolerance > 0.0 && magnitude / asked.least_epsilon * SINGLE_FLOOR > tolerance;
    match exact && (needs || asked.least_epsilon > LARGEST_EPSILON * magnitude) {
        true => Precision::Double,
        false => asked.settings.precision,
    }
}

pub(crate) fn choose(
    capabilities: &Capabilities,
    adapter: &str,
    asked: &Asked<'_>,
) -> Result<Choice> {
    let Asked { settings, problem, .. } = *asked;
    if settings.precision == Precision::Double {
        capabilities.require_twofloat(adapter)?;
    }
    let precision = precision_of(capabilities.probes.twofloat_exact(), asked);
    let layout = Layout {
        matrix_of_points: keeps_costs(capabilities, problem, precision),
        ..Layout::choose(problem, precision)
    };
    let fits = Fits::new(capabilities, asked, layout);
    fits.check(asked)?;
    let by_axes = fits.by_axes(settings.variant);
    let resident = fits.resident && !(settings.variant == Variant::Streaming && by_axes.is_some());
    let plain = precision == Precision::Single && !fits.symmetric;
    let variant = match settings.variant {
        Variant::Auto if resident && plain => Variant::Resident,
        Variant::Auto if plain && fits.is_for_products(asked, layout, by_axes) => Variant::Scaling,
        Variant::Auto => Variant::Streaming,
        chosen => chosen,
    };
    let layout = match (variant, by_axes) {
        (Variant::Scaling, _) => Layout { supports: false, ..layout },
        (Variant::Streaming, Some(work)) => {
            Layout { supports: false, width: Some(work.width), ..layout }
        }
        _ => layout,
    };
    let symmetric = fits.symmetric && variant == Variant::Streaming;
    Ok(Choice { variant, layout, resident, symmetric })
}
