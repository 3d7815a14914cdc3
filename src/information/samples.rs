//! Mutual information from samples, by binning.

use super::bins::Bins;
use super::count::count_pairs;
use super::table::{JointInformation, joint_information};
use crate::divergence::Unit;
use crate::error::Result;
use crate::gpu::Context;
use crate::number::{Element, Precision};
use crate::wait::blocking;

/// The measures of the joint histograms of pairs of series: [`count_pairs`], then [`joint_information`] of the counts.
///
/// The plug-in estimate: of m samples it exceeds the mutual information by some (rows − 1)(columns − 1)/2m nats (Miller
/// 1955), which is not taken off.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::information::{binned_mutual_information_blocking, equal_mass_bins};
/// use kantor::{Context, Precision, Unit};
/// let x = [0.1, 0.9, 0.4, 0.7, 0.2, 0.8];
/// let y = x.map(|x: f64| x * x);
/// let bins = [&equal_mass_bins(&x, 6, 2)?, &equal_mass_bins(&y, 6, 2)?];
/// let context = Context::cpu();
/// let found =
///     binned_mutual_information_blocking(&context, &x, &y, 6, bins, Precision::Double, Unit::Bits)?;
/// assert!((found[0].mutual_information - 1.0).abs() < 1e-14);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`count_pairs`] and [`joint_information`]: a pair of series with all samples outside the bins has no mass.
pub async fn binned_mutual_information<T: Element>(
    context: &Context,
    x: &[T],
    y: &[T],
    length: usize,
    bins: [&Bins; 2],
    precision: Precision,
    unit: Unit,
) -> Result<Vec<JointInformation>> {
    let counts = count_pairs(context, x, y, length, bins).await?;
    joint_information(context, &counts.weights(), counts.bins, precision, unit).await
}

blocking! {
    binned_mutual_information => binned_mutual_information_blocking<T: Element>(
        context: &Context,
        x: &[T],
        y: &[T],
        length: usize,
        bins: [&Bins; 2],
        precision: Precision,
        unit: Unit,
    ) -> Result<Vec<JointInformation>>;
}
