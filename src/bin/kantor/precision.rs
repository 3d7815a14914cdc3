//! `--precision`: how many digits are computed.

use kantor::{Context, Precision};

/// Single or double.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Digit {
    Single,
    Double,
}

impl From<Digit> for Precision {
    fn from(digit: Digit) -> Precision {
        match digit {
            Digit::Single => Precision::Single,
            Digit::Double => Precision::Double,
        }
    }
}

/// Double where nothing else is said and the adapter can.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PrecisionChoice {
    /// Digits computed: double is refused where the adapter's arithmetic is not exact [default: double if the
    /// adapter can]
    #[arg(long = "precision", value_enum)]
    digit: Option<Digit>,
}

impl PrecisionChoice {
    /// The choice, on this adapter.
    pub(crate) fn on(&self, context: &Context) -> Precision {
        let exact = || context.capabilities().is_none_or(|c| c.probes.twofloat_exact());
        match self.digit {
            Some(digit) => digit.into(),
            None if exact() => Precision::Double,
            None => Precision::Single,
        }
    }
}

/// The word that stands for it on the command line and in results.
pub(crate) fn name(precision: Precision) -> &'static str {
    precision.name()
}
