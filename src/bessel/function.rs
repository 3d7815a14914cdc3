//! Which functions there are: names, domains, limits, twins and kernels.

use crate::error::{Error, Result};
use crate::gpu::Kernel;
use crate::reference;
use std::fmt;
use std::str::FromStr;

pub(crate) use reference::{LARGEST_ARGUMENT, LARGEST_ORDER, SMALLEST_ARGUMENT};

/// A function of an order v and an argument x.
///
/// ```
/// use kantor::BesselFunction;
/// let function: BesselFunction = "ratio-i".parse()?;
/// assert_eq!(function, BesselFunction::RatioI);
/// assert_eq!(function.name(), "ratio-i");
/// # Ok::<(), kantor::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BesselFunction {
    /// ln I_v(x), v ≥ 0.
    LogI,
    /// ln I_v(x) − x, without the cancellation.
    LogIScaled,
    /// ln[Γ(v+1) (2/x)^v I_v(x)] ≥ 0: what the von Mises-Fisher distribution needs.
    LogIRegularized,
    /// ln K_v(x), even in v.
    LogK,
    /// ln K_v(x) + x, without the cancellation.
    LogKScaled,
    /// ln[2^(1−v) x^v K_v(x) / Γ(v)] ≤ 0, v > 0: the logarithm of the Matérn correlation.
    LogKRegularized,
    /// I_{v+1}(x) / I_v(x), in [0, 1).
    RatioI,
    /// K_{v+1}(x) / K_v(x).
    RatioK,
    /// d/dx ln I_v(x).
    DLogIDx,
    /// d/dv ln I_v(x).
    DLogIDv,
    /// d/dx ln K_v(x).
    DLogKDx,
    /// d/dv ln K_v(x), odd in v.
    DLogKDv,
    /// ln Γ(x); the order is ignored.
    LogGamma,
}

static LOG_BESSEL_I: Kernel = Kernel::new("bessel/log_bessel_i.wgsl");
static LOG_BESSEL_K: Kernel = Kernel::new("bessel/log_bessel_k.wgsl");
static BESSEL_RATIO_I: Kernel = Kernel::new("bessel/bessel_ratio_i.wgsl");
static BESSEL_RATIO_K: Kernel = Kernel::new("bessel/bessel_ratio_k.wgsl");
static D_LOG_BESSEL_I_DV: Kernel = Kernel::new("bessel/d_log_bessel_i_dv.wgsl");
static D_LOG_BESSEL_K_DV: Kernel = Kernel::new("bessel/d_log_bessel_k_dv.wgsl");
static LOG_GAMMA: Kernel = Kernel::new("bessel/log_gamma.wgsl");

impl BesselFunction {
    /// Every function.
    pub const ALL: [BesselFunction; 13] = [
        BesselFunction::LogI,
        BesselFunction::LogIScaled,
        BesselFunction::LogIRegularized,
        BesselFunction::LogK,
        BesselFunction::LogKScaled,
        BesselFunction::LogKRegularized,
        BesselFunction::RatioI,
        BesselFunction::RatioK,
        BesselFunction::DLogIDx,
        BesselFunction::DLogIDv,
        BesselFunction::DLogKDx,
        BesselFunction::DLogKDv,
        BesselFunction::LogGamma,
    ];

    /// The name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            BesselFunction::LogI => "log-i",
            BesselFunction::LogIScaled => "log-i-scaled",
            BesselFunction::LogIRegularized => "log-i-regularized",
            BesselFunction::LogK => "log-k",
            BesselFunction::LogKScaled => "log-k-scaled",
            BesselFunction::LogKRegularized => "log-k-regularized",
            BesselFunction::RatioI => "ratio-i",
            BesselFunction::RatioK => "ratio-k",
            BesselFunction::DLogIDx => "d-log-i-dx",
            BesselFunction::DLogIDv => "d-log-i-dv",
            BesselFunction::DLogKDx => "d-log-k-dx",
            BesselFunction::DLogKDv => "d-log-k-dv",
            BesselFunction::LogGamma => "log-gamma",
        }
    }

    /// The f64 twin at a point; NaN outside the domain.
    pub fn reference(self, v: f64, x: f64) -> f64 {
        match self {
            BesselFunction::LogI => reference::log_bessel_i(v, x),
            BesselFunction::LogIScaled => reference::log_bessel_i_scaled(v, x),
            BesselFunction::LogIRegularized => reference::log_bessel_i_regularized(v, x),
            BesselFunction::LogK => reference::log_bessel_k(v, x),
            BesselFunction::LogKScaled => reference::log_bessel_k_scaled(v, x),
            BesselFunction::LogKRegularized => reference::log_bessel_k_regularized(v, x),
            BesselFunction::RatioI => reference::bessel_ratio_i(v, x),
            BesselFunction::RatioK => reference::bessel_ratio_k(v, x),
            BesselFunction::DLogIDx => reference::d_log_bessel_i_dx(v, x),
            BesselFunction::DLogIDv => reference::d_log_bessel_i_dv(v, x),
            BesselFunction::DLogKDx => reference::d_log_bessel_k_dx(v, x),
            BesselFunction::DLogKDv => reference::d_log_bessel_k_dv(v, x),
            BesselFunction::LogGamma => reference::log_gamma(x),
        }
    }

    /// What is wrong with a point: the argument to blame and why.
    pub(crate) fn refuses(self, v: f64, x: f64) -> Option<(&'static str, String)> {
        let order = |reason: String| Some(("v", reason));
        let argument = |reason: String| Some(("x", reason));
        if self != BesselFunction::LogGamma {
            if !v.is_finite() || v.abs() > LARGEST_ORDER {
                return order(format!(
                    "{v:?} is not an order of magnitude at most {LARGEST_ORDER:e}"
                ));
            }
            if v < 0.0 && !self.takes_negative_orders() {
                return order(format!("{v:?} is negative, {self} needs v >= 0"));
            }
            if v == 0.0 && self == BesselFunction::LogKRegularized {
                return order(format!("{v:?}: {self} needs v > 0"));
            }
        }
        if x.is_nan() || x < 0.0 || x.is_infinite() {
            return argument(format!("{x:?} is not a finite argument of at least 0"));
        }
        if x != 0.0 && !(SMALLEST_ARGUMENT..=LARGEST_ARGUMENT).contains(&x) {
            return argument(format!("{x:e} is neither 0 nor in [{SMALLEST_ARGUMENT:e}, 1e30]"));
        }
        None
    }

    fn takes_negative_orders(self) -> bool {
        use BesselFunction::{DLogKDv, DLogKDx, LogK, LogKScaled, RatioK};
        matches!(self, LogK | LogKScaled | RatioK | DLogKDx | DLogKDv)
    }

    /// Whether its kernel has more than one form.
    pub(crate) fn has_forms(self) -> bool {
        use BesselFunction::{DLogIDv, DLogKDv, LogGamma};
        !matches!(self, DLogIDv | DLogKDv | LogGamma)
    }

    /// The kernel, and which of its forms.
    pub(crate) fn kernel(self) -> (&'static Kernel, u32) {
        match self {
            BesselFunction::LogI => (&LOG_BESSEL_I, 0),
            BesselFunction::LogIScaled => (&LOG_BESSEL_I, 1),
            BesselFunction::LogIRegularized => (&LOG_BESSEL_I, 2),
            BesselFunction::LogK => (&LOG_BESSEL_K, 0),
            BesselFunction::LogKScaled => (&LOG_BESSEL_K, 1),
            BesselFunction::LogKRegularized => (&LOG_BESSEL_K, 2),
            BesselFunction::RatioI => (&BESSEL_RATIO_I, 0),
            BesselFunction::DLogIDx => (&BESSEL_RATIO_I, 1),
            BesselFunction::RatioK => (&BESSEL_RATIO_K, 0),
            BesselFunction::DLogKDx => (&BESSEL_RATIO_K, 1),
            BesselFunction::DLogIDv => (&D_LOG_BESSEL_I_DV, 0),
            BesselFunction::DLogKDv => (&D_LOG_BESSEL_K_DV, 0),
            BesselFunction::LogGamma => (&LOG_GAMMA, 0),
        }
    }
}

impl fmt::Display for BesselFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BesselFunction {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        BesselFunction::ALL.into_iter().find(|function| function.name() == name).ok_or_else(|| {
            let names: Vec<&str> = BesselFunction::ALL.iter().map(|f| f.name()).collect();
            Error::invalid("function", format!("{name:?} is none of {}", names.join(", ")))
        })
    }
}
