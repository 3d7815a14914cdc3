//! Which divergences there are: names, parameters, definitions.

use super::generator::Generator;
use crate::error::{Error, Result};
use crate::named::named;
use std::fmt;
use std::str::FromStr;

/// A divergence between two distributions p and q over V bins. Natural logarithms, 0 ln 0 = 0; sums are over bins.
///
/// ```
/// use kantor::Divergence;
/// let js: Divergence = "js".parse()?;
/// assert_eq!(js, Divergence::JensenShannon { beta: 0.5 });
/// assert_eq!(Divergence::Renyi { alpha: 2.0 }.to_string(), "renyi");
/// # Ok::<(), kantor::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Divergence {
    /// KL(p‖q) = Σ p ln(p/q).
    Kl,
    /// KL(q‖p).
    ReverseKl,
    /// KL(p‖q) + KL(q‖p).
    Jeffreys,
    /// β KL(p‖m) + (1−β) KL(q‖m), m = βp + (1−β)q; not the square root. 0 ≤ β ≤ 1, and 0 at either end.
    JensenShannon {
        /// The weight of p; ½ is the usual one.
        beta: f64,
    },
    /// KL(p ‖ αp + (1−α)q), 0 ≤ α ≤ 1: KL(p‖q) at 0, and 0 at 1.
    SkewKl {
        /// The weight of p in the mixture.
        alpha: f64,
    },
    /// Σ (p+q) ln((p+q)/2p), f-distill's softened reverse KL.
    SoftenedReverseKl,
    /// ½ Σ (√p − √q)² = 1 − Σ √(pq).
    SquaredHellinger,
    /// −ln Σ √(pq).
    Bhattacharyya,
    /// ½ Σ |p − q|.
    TotalVariation,
    /// Σ (p−q)²/q.
    PearsonChi2,
    /// Σ (p−q)²/p.
    NeymanChi2,
    /// Pearson's χ² of p from the mixture (p+q)/2, SequenceMatch's.
    Chi2Mixture,
    /// ln(Σ p^α q^(1−α))/(α−1), 0 ≤ α ≤ 10⁶ or ∞. KL at 1, −ln q(p>0) at 0, ln max p/q at ∞.
    Renyi {
        /// The order.
        alpha: f64,
    },
    /// (Σ p^α q^(1−α) − 1)/(α−1), 0 ≤ α ≤ 10⁶. KL at 1, and q(p=0) at 0.
    Tsallis {
        /// The order.
        alpha: f64,
    },
    /// 4/(1−α²) (1 − Σ p^((1−α)/2) q^((1+α)/2)), |α| ≤ 10⁶. KL(p‖q) at −1, KL(q‖p) at 1.
    Amari {
        /// The parameter.
        alpha: f64,
    },
    /// −ln((Σ pq)²/(Σ p² Σ q²)).
    CauchySchwarz,
    /// Σ (p−q)²/(p+q).
    Triangular,
    /// −Σ p ln q: no divergence, H(p) + KL(p‖q).
    CrossEntropy,
    /// Σ q f(p/q) with the f of your own.
    Generator(Generator),
}

/// Entropy of one distribution p.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Entropy {
    /// −Σ p ln p.
    Shannon,
    /// ln(Σ p^α)/(1−α), 0 ≤ α ≤ 10⁶ or ∞. Shannon's at 1, the logarithm of the number of bins in use at 0, −ln max p at ∞.
    Renyi {
        /// The order.
        alpha: f64,
    },
    /// (1 − Σ p^α)/(α−1), 0 ≤ α ≤ 10⁶. Shannon's at 1, one less than the number of bins in use at 0.
    Tsallis {
        /// The order.
        alpha: f64,
    },
}

impl Divergence {
    /// Every divergence that has a name, with the usual parameters: β = ½, skew α = ½, order 2, Amari 0.
    pub const ALL: [Divergence; 18] = [
        Divergence::Kl,
        Divergence::ReverseKl,
        Divergence::Jeffreys,
        Divergence::JensenShannon { beta: 0.5 },
        Divergence::SkewKl { alpha: 0.5 },
        Divergence::SoftenedReverseKl,
        Divergence::SquaredHellinger,
        Divergence::Bhattacharyya,
        Divergence::TotalVariation,
        Divergence::PearsonChi2,
        Divergence::NeymanChi2,
        Divergence::Chi2Mixture,
        Divergence::Renyi { alpha: 2.0 },
        Divergence::Tsallis { alpha: 2.0 },
        Divergence::Amari { alpha: 0.0 },
        Divergence::CauchySchwarz,
        Divergence::Triangular,
        Divergence::CrossEntropy,
    ];

    /// The name, as in the command.
    pub fn name(&self) -> &'static str {
        match self {
            Divergence::Kl => "kl",
            Divergence::ReverseKl => "reverse-kl",
            Divergence::Jeffreys => "jeffreys",
            Divergence::JensenShannon { .. } => "js",
            Divergence::SkewKl { .. } => "skew-kl",
            Divergence::SoftenedReverseKl => "softened-reverse-kl",
            Divergence::SquaredHellinger => "squared-hellinger",
            Divergence::Bhattacharyya => "bhattacharyya",
            Divergence::TotalVariation => "total-variation",
            Divergence::PearsonChi2 => "pearson-chi2",
            Divergence::NeymanChi2 => "neyman-chi2",
            Divergence::Chi2Mixture => "chi2-mixture",
            Divergence::Renyi { .. } => "renyi",
            Divergence::Tsallis { .. } => "tsallis",
            Divergence::Amari { .. } => "amari",
            Divergence::CauchySchwarz => "cauchy-schwarz",
            Divergence::Triangular => "triangular",
            Divergence::CrossEntropy => "cross-entropy",
            Divergence::Generator(_) => "generator",
        }
    }

    /// The same divergence with another parameter: β of JS, α of skew KL, Rényi, Tsallis and Amari.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for one that has none, or a parameter outside its range.
    pub fn with_parameter(self, parameter: f64) -> Result<Divergence> {
        let divergence = match self {
            Divergence::JensenShannon { .. } => Divergence::JensenShannon { beta: parameter },
            Divergence::SkewKl { .. } => Divergence::SkewKl { alpha: parameter },
            Divergence::Renyi { .. } => Divergence::Renyi { alpha: parameter },
            Divergence::Tsallis { .. } => Divergence::Tsallis { alpha: parameter },
            Divergence::Amari { .. } => Divergence::Amari { alpha: parameter },
            other => return Err(Error::invalid("alpha", format!("{other} has no parameter"))),
        };
        divergence.check()?;
        Ok(divergence)
    }

    /// β of JS, α of skew KL, Rényi, Tsallis and Amari; `None` for the others.
    pub fn parameter(&self) -> Option<f64> {
        match *self {
            Divergence::JensenShannon { beta: parameter }
            | Divergence::SkewKl { alpha: parameter }
            | Divergence::Renyi { alpha: parameter }
            | Divergence::Tsallis { alpha: parameter }
            | Divergence::Amari { alpha: parameter } => Some(parameter),
            _ => None,
        }
    }

    /// Whether the unit is that of logarithms.
    pub(crate) fn is_logarithmic(&self) -> bool {
        matches!(
            self,
            Divergence::Kl
                | Divergence::ReverseKl
                | Divergence::Jeffreys
                | Divergence::JensenShannon { .. }
                | Divergence::SkewKl { .. }
                | Divergence::SoftenedReverseKl
                | Divergence::Bhattacharyya
                | Divergence::Renyi { .. }
                | Divergence::CauchySchwarz
                | Divergence::CrossEntropy
        )
    }

    /// That the parameter is in its range.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |name: &'static str, value: f64, range: &str| {
            Err(Error::invalid(name, format!("{value:?} is not {range}")))
        };
        match *self {
            Divergence::JensenShannon { beta: x } if !(0.0..=1.0).contains(&x) => {
                refuse("beta", x, "between 0 and 1")
            }
            Divergence::SkewKl { alpha: x } if !(0.0..=1.0).contains(&x) => {
                refuse("alpha", x, "between 0 and 1")
            }
            Divergence::Renyi { alpha: x } => check_order(x, true),
            Divergence::Tsallis { alpha: x } => check_order(x, false),
            Divergence::Amari { alpha: x } if x.is_nan() || x.abs() > LARGEST_ORDER => {
                refuse("alpha", x, "a number between -1e6 and 1e6")
            }
            _ => Ok(()),
        }
    }
}

impl Entropy {
    pub(crate) fn check(&self) -> Result<()> {
        match *self {
            Entropy::Renyi { alpha: x } => check_order(x, true),
            Entropy::Tsallis { alpha: x } => check_order(x, false),
            Entropy::Shannon => Ok(()),
        }
    }
}

/// Powers of a larger order are beyond f64 next to 1.
const LARGEST_ORDER: f64 = 1e6;

fn check_order(alpha: f64, may_be_infinite: bool) -> Result<()> {
    if (0.0..=LARGEST_ORDER).contains(&alpha) || (may_be_infinite && alpha == f64::INFINITY) {
        return Ok(());
    }
    let or_infinity = if may_be_infinite { ", or infinity" } else { "" };
    Err(Error::invalid(
        "alpha",
        format!("{alpha:?} is not an order between 0 and 1e6{or_infinity}"),
    ))
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Divergence {
    type Err = Error;

    fn from_str(name: &str) -> Result<Divergence> {
        Divergence::ALL.into_iter().find(|divergence| divergence.name() == name).ok_or_else(|| {
            let names: Vec<_> = Divergence::ALL.iter().map(Divergence::name).collect();
            let reason =
                format!("no divergence is called {name:?}; there are {}", names.join(", "));
            Error::invalid("kind", reason)
        })
    }
}

/// What the numbers of a row are.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// Weights ≥ 0, normalised by their sum.
    Weights,
    /// Natural logarithms of probabilities; −∞ is an empty bin. The probabilities of a row must sum to 1 within 10⁻³,
    /// and are normalised exactly.
    LogProbabilities,
    /// The probabilities are the softmax of the numbers over `temperature`; −∞ is an empty bin.
    Logits {
        /// A finite number of 2⁻¹²⁶ or more.
        temperature: f64,
    },
}

/// The unit of logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Unit {
    /// Natural logarithms.
    #[default]
    Nats,
    /// Logarithms to base 2. Divergences without a logarithm are what they are.
    Bits,
}

/// Whose gradient is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Side {
    /// That of the first rows.
    P,
    /// That of the second rows.
    Q,
    /// Both.
    Both,
}

/// How the values of rows become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Reduction {
    /// They do not.
    #[default]
    None,
    /// Σ w D over the rows that are not masked.
    Sum,
    /// Σ w D / Σ w over the rows that are not masked. Never over bins.
    Mean,
}

named! { Unit, "unit": Nats => "nats", Bits => "bits" }
named! { Side, "side": P => "p", Q => "q", Both => "both" }
named! { Reduction, "reduction": None => "none", Sum => "sum", Mean => "mean" }
