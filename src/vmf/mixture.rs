//! Mixtures: the settings, and what comes out.

use super::MAX_CONCENTRATION;
use super::distribution::VonMisesFisher;
use crate::error::{Error, Result};
use crate::named::named;
use crate::number::Precision;

/// How rows belong to components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Assignment {
    /// By their posterior probabilities: EM, which maximises the likelihood.
    #[default]
    Soft,
    /// Each to the component that is most likely: maximises the classification
    /// likelihood Σ_i max_k ln π_k f_k(x_i).
    Hard,
}

named! { Assignment, "assignment": Soft => "soft", Hard => "hard" }

/// Which concentrations the components have.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Concentrations {
    /// Each its own, by maximum likelihood.
    #[default]
    Free,
    /// All this one. With [`Assignment::Hard`] and equal weights: spherical k-means,
    /// for any value above zero.
    Fixed(f64),
}

/// A mixture Σ_k π_k f_k of von Mises-Fisher distributions, fitted by EM from a start by
/// spherical k-means++.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Context, Directions, VonMisesFisher, VonMisesFisherMixture};
/// let context = Context::new_blocking()?;
/// let mut rows = VonMisesFisher::new(&[1.0, 0.0, 0.0], 50.0)?.sample(60, 1)?;
/// rows.extend(VonMisesFisher::new(&[0.0, 1.0, 0.0], 50.0)?.sample(40, 2)?);
/// let rows = Directions::new_blocking(&context, &rows, 3)?;
/// let fit = VonMisesFisherMixture::new(2).fit_blocking(&rows)?;
/// assert!(fit.converged());
/// assert!((fit.weights()[0].max(fit.weights()[1]) - 0.6).abs() < 0.01);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct VonMisesFisherMixture {
    pub(super) components: usize,
    pub(super) assignment: Assignment,
    pub(super) concentrations: Concentrations,
    pub(super) equal_weights: bool,
    pub(super) max_concentration: Option<f64>,
    pub(super) max_iterations: u32,
    pub(super) tolerance: f64,
    pub(super) precision: Precision,
    pub(super) seed: u64,
}

impl VonMisesFisherMixture {
    /// A mixture of `components`: soft assignment, own concentrations and weights, at most
    /// 200 iterations, tolerance 1e-6, single precision, seed 0.
    pub fn new(components: usize) -> Self {
        VonMisesFisherMixture {
            components,
            assignment: Assignment::Soft,
            concentrations: Concentrations::Free,
            equal_weights: false,
            max_concentration: None,
            max_iterations: 200,
            tolerance: 1e-6,
            precision: Precision::Single,
            seed: 0,
        }
    }

    /// Spherical k-means: hard assignment, equal weights, one concentration.
    pub fn spherical_k_means(clusters: usize) -> Self {
        VonMisesFisherMixture::new(clusters)
            .assignment(Assignment::Hard)
            .concentrations(Concentrations::Fixed(1.0))
            .equal_weights(true)
    }

    /// How rows belong to components.
    #[must_use]
    pub fn assignment(mut self, assignment: Assignment) -> Self {
        self.assignment = assignment;
        self
    }

    /// Own concentrations, or one for all.
    #[must_use]
    pub fn concentrations(mut self, concentrations: Concentrations) -> Self {
        self.concentrations = concentrations;
        self
    }

    /// Whether all components have the weight 1/K.
    #[must_use]
    pub fn equal_weights(mut self, equal: bool) -> Self {
        self.equal_weights = equal;
        self
    }

    /// The largest concentration a component may take. A component that collapses onto
    /// rows of one direction would have κ = ∞ and swallow the likelihood; it stops here,
    /// and [`VonMisesFisherMixtureFit::capped`] says so. Unset: (p − 1)/2 · 2¹⁶ in single
    /// precision, (p − 1)/2 · 2³² in double, where 1 − R̄ still has digits. Above 2¹⁹ (p − 1)
    /// the arithmetic is that of double precision whatever was asked for.
    #[must_use]
    pub fn max_concentration(mut self, concentration: f64) -> Self {
        self.max_concentration = Some(concentration);
        self
    }

    /// Iterations after which the fit ends without having converged.
    #[must_use]
    pub fn max_iterations(mut self, iterations: u32) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Converged when an iteration raises the log-likelihood by no more than this a row,
    /// nats.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The arithmetic on a device; the CPU twin always has f64.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// The seed of the start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    pub(super) fn check(&self, rows: usize) -> Result<()> {
        if self.components == 0 || self.components > rows {
            let reason = format!("{} for {rows} rows", self.components);
            return Err(Error::invalid("components", reason));
        }
        if self.max_iterations == 0 {
            return Err(Error::invalid("max_iterations", "must be at least 1"));
        }
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            let reason = format!("{:?} is not a finite number of at least 0", self.tolerance);
            return Err(Error::invalid("tolerance", reason));
        }
        let positive = |argument, value: f64| {
            if value > 0.0 && value <= MAX_CONCENTRATION {
                return Ok(());
            }
            let reason = format!("{value:?} is not above zero and at most {MAX_CONCENTRATION:e}");
            Err(Error::invalid(argument, reason))
        };
        if let Concentrations::Fixed(value) = self.concentrations {
            positive("concentrations", value)?;
        }
        self.max_concentration.map_or(Ok(()), |value| positive("max_concentration", value))
    }
}

/// A fitted mixture. One that did not converge says so: [`converged`](Self::converged) is
/// false, and [`iterations`](Self::iterations) is the limit that was set.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct VonMisesFisherMixtureFit {
    pub(super) components: Vec<VonMisesFisher>,
    pub(super) weights: Vec<f64>,
    pub(super) log_likelihoods: Vec<f64>,
    pub(super) converged: bool,
    pub(super) capped: Vec<bool>,
    pub(super) assignment: Assignment,
    pub(super) precision: Precision,
}

impl VonMisesFisherMixtureFit {
    /// The components f_k. One of weight zero keeps what it had when its last row left.
    pub fn components(&self) -> &[VonMisesFisher] {
        &self.components
    }

    /// The weights π_k, which sum to one.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Σ_i ln Σ_k π_k f_k(x_i), nats, of the returned mixture; with hard assignment the
    /// classification likelihood Σ_i max_k ln π_k f_k(x_i).
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihoods.last().copied().unwrap_or(f64::NEG_INFINITY)
    }

    /// The same at the start of every iteration and at the end. It never falls, but for
    /// rounding: 1e-6 of a nat a row and more at large κ in single precision.
    pub fn log_likelihoods(&self) -> &[f64] {
        &self.log_likelihoods
    }

    /// Updates of the parameters that were made.
    pub fn iterations(&self) -> u32 {
        (self.log_likelihoods.len() as u32).saturating_sub(1)
    }

    /// Whether the last iteration raised the likelihood by no more than the tolerance.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Which components were held at the largest concentration.
    pub fn capped(&self) -> &[bool] {
        &self.capped
    }
}
