//! Whether the digits of potentials resolve an ε.

use super::sinkhorn::Sinkhorn;
use crate::error::{Error, Result};
use crate::reference::Totals;

/// Whether a problem is so far from its marginals that digits may be the reason.
pub(super) fn failed(settings: &Sinkhorn, totals: &Totals) -> bool {
    let error = totals.marginal_error;
    settings.leaves_at() > 0.0 && (error.is_nan() || error > 0.01)
}

/// That ε is not beyond the digits of potentials: what limits is how far those that were reached are apart, not the largest
/// cost.
pub(super) fn resolved(
    epsilon: f64,
    potentials: [&[f64]; 2],
    (digits, name): (f64, &str),
) -> Result<()> {
    let finite = potentials.into_iter().flatten().filter(|p| p.is_finite());
    let largest = finite.fold(0.0f64, |most, p| most.max(p.abs()));
    // An exponent that is off by as much tells nothing.
    let least = largest * digits * 16.0;
    if epsilon >= least {
        return Ok(());
    }
    let reason = format!(
        "{epsilon:?} is below {least:e}, the least that {name} resolves between potentials of up to {largest:e}; Double resolves 2^-48 of them, the CPU twin 2^-52"
    );
    Err(Error::invalid("epsilon", reason))
}
