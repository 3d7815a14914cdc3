//! What fits and mixtures ask of their rows, answered by the kernels or by their twins.

use super::directions::{Data, Directions, without_direction};
use super::distribution::VonMisesFisher;
use super::on_device::{Device, Norms};
use crate::aside::aside;
use crate::clock::Breather;
use crate::error::{Error, Result};
use crate::gpu::Tensor;
use crate::number::Precision;
use crate::parallel::map_rows_gently;
use crate::reference::vmf as twin;
use crate::reserve::{product, reserve};
use crate::wait::blocking;
use std::ops::Range;

/// How rows count in sums.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weighting<'a> {
    /// All once, in one sum.
    Equal,
    /// One column of n weights a sum, at most 1 each.
    Matrix { columns: &'a [f64], clusters: usize },
    /// Each once, in the sum that its label names.
    Labels { labels: &'a [u32], clusters: usize },
}

impl Weighting<'_> {
    /// The weight of every sum, and its rows of weight above zero.
    pub(super) fn totals(&self, rows: usize) -> Vec<(f64, usize)> {
        match self {
            Weighting::Equal => vec![(rows as f64, rows)],
            Weighting::Matrix { columns, clusters } => {
                let total = |column: &[f64]| {
                    (pairwise(column), column.iter().filter(|w| **w > 0.0).count())
                };
                debug_assert_eq!(columns.len(), rows * clusters);
                columns.chunks_exact(rows).map(total).collect()
            }
            Weighting::Labels { labels, clusters } => {
                let mut counts = vec![0usize; *clusters];
                labels.iter().for_each(|label| counts[*label as usize] += 1);
                counts.into_iter().map(|count| (count as f64, count)).collect()
            }
        }
    }
}

fn pairwise(values: &[f64]) -> f64 {
    match values.len() {
        0..=64 => values.iter().sum(),
        n => pairwise(&values[..n / 2]) + pairwise(&values[n / 2..]),
    }
}

/// A component as the densities need it: bias − κ ½‖x − μ‖².
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) mean: &'a [f64],
    pub(super) concentration: f64,
    pub(super) bias: f64,
}

/// An iteration of a mixture.
#[derive(Debug)]
pub(super) struct Step {
    /// Σ over rows of ln Σ exp, or of the maximum.
    pub(super) log_likelihood: f64,
    /// Σ r x/‖x‖ of every component, and Σ r behind it.
    pub(super) sums: Vec<Vec<f64>>,
}

/// Rows with the inverse of their lengths, where they are used more than once.
#[derive(Debug)]
pub(super) enum Prepared {
    Host,
    Device(Norms),
}

/// Rows and the arithmetic asked for.
#[derive(Debug)]
pub(super) struct Work<'a> {
    directions: &'a Directions,
    on: On<'a>,
}

#[derive(Debug)]
enum On<'a> {
    Host { values: &'a [f64], inverse: &'a [f64] },
    Device(Device<'a>),
}

impl<'a> Work<'a> {
    pub(super) fn new(directions: &'a Directions, precision: Precision) -> Result<Work<'a>> {
        let on = match (&directions.data, directions.context.gpu()) {
            (Data::Host { values, inverse }, _) => {
                // Rows of a tensor have not been looked at.
                if let Some(row) = inverse.iter().position(|x| x.is_nan() || *x == 0.0) {
                    let p = directions.dimension;
                    return Err(without_direction(row, &values[row * p..(row + 1) * p]));
                }
                On::Host { values, inverse }
            }
            (Data::Device(rows), Some(gpu)) => {
                let double = precision == Precision::Double;
                directions.context.require(precision)?;
                On::Device(Device::new(gpu, rows, directions, double)?)
            }
            _ => return Err(Error::invalid("directions", "their context has no device")),
        };
        Ok(Work { directions, on })
    }

    pub(super) fn rows(&self) -> usize {
        self.directions.rows
    }

    pub(super) fn dimension(&self) -> usize {
        self.directions.dimension
    }

    /// Whether the arithmetic is f32.
    pub(super) fn is_single(&self) -> bool {
        matches!(&self.on, On::Device(device) if !device.double)
    }

    pub(super) async fn prepare(&self) -> Result<Prepared> {
        match &self.on {
            On::Host { .. } => Ok(Prepared::Host),
            On::Device(device) => Ok(Prepared::Device(device.norms().await?)),
        }
    }

    /// Σ w x/‖x‖ of every sum.
    pub(super) async fn resultants(&self, weighting: &Weighting<'_>) -> Result<Vec<Vec<f64>>> {
        match &self.on {
            On::Device(device) => device.resultants(weighting).await,
            On::Host { values, inverse } => Ok(host_resultants(values, inverse, weighting).await),
        }
    }

    /// The weighted mean of ½‖x/‖x‖ − μ‖² of every sum: 1 − R̄ where μ is its mean
    /// direction.
    pub(super) async fn mean_half_distances(
        &self,
        weighting: &Weighting<'_>,
        means: &[Vec<f64>],
    ) -> Result<Vec<f64>> {
        let totals = weighting.totals(self.rows());
        let prepared = self.prepare().await?;
        let mut result = Vec::with_capacity(means.len());
        if let Weighting::Labels { labels, .. } = weighting {
            let distances = self.labelled_half_distances(&prepared, means, labels).await?;
            let mut sums = vec![0.0; means.len()];
            distances.iter().zip(*labels).for_each(|(d, label)| sums[*label as usize] += d);
            result.extend(sums.iter().zip(&totals).map(|(sum, (weight, _))| sum / weight));
            return Ok(result);
        }
        for (k, mean) in means.iter().enumerate() {
            let mut distances = self.half_distances(&prepared, mean).await?;
            if let Weighting::Matrix { columns, .. } = weighting {
                let column = &columns[k * self.rows()..(k + 1) * self.rows()];
                distances.iter_mut().zip(column).for_each(|(d, w)| *d *= w);
            }
            result.push(pairwise(&distances) / totals[k].0);
        }
        Ok(result)
    }

    /// ½‖x/‖x‖ − μ‖² of every row.
    pub(super) async fn half_distances(
        &self,
        prepared: &Prepared,
        mean: &[f64],
    ) -> Result<Vec<f64>> {
        self.densities(prepared, &Part { mean, concentration: -1.0, bias: 0.0 }).await
    }

    /// bias − κ ½‖x/‖x‖ − μ‖² of every row.
    pub(super) async fn densities(&self, prepared: &Prepared, part: &Part<'_>) -> Result<Vec<f64>> {
        match (&self.on, prepared) {
            (On::Device(device), Prepared::Device(norms)) => {
                device.densities(norms, &[*part], None).await
            }
            (On::Host { values, inverse }, _) => {
                Ok(twin::log_density(values, inverse, part.mean, part.concentration, part.bias))
            }
            _ => Err(unprepared()),
        }
    }

    async fn labelled_half_distances(
        &self,
        prepared: &Prepared,
        means: &[Vec<f64>],
        labels: &[u32],
    ) -> Result<Vec<f64>> {
        match (&self.on, prepared) {
            (On::Device(device), Prepared::Device(norms)) => {
                let part = |mean| Part { mean, concentration: -1.0, bias: 0.0 };
                let parts: Vec<Part<'_>> = means.iter().map(|mean| part(&mean[..])).collect();
                device.densities(norms, &parts, Some(labels)).await
            }
            (On::Host { values, inverse }, _) => {
                let p = self.dimension();
                let distance = |i: usize| {
                    let mean = &means[labels[i] as usize];
                    let row = &values[i * p..(i + 1) * p];
                    let square = |(x, m): (&f64, &f64)| (x * inverse[i] - m) * (x * inverse[i] - m);
                    0.5 * row.iter().zip(mean).map(square).sum::<f64>()
                };
                Ok(map_rows_gently(&mut Breather::new(), labels.len(), distance).await)
            }
            _ => Err(unprepared()),
        }
    }

    /// A row as a unit vector.
    pub(super) async fn row(&self, row: usize) -> Result<Vec<f64>> {
        let p = self.dimension();
        let values = match &self.on {
            On::Host { values, .. } => values[row * p..(row + 1) * p].to_vec(),
            On::Device(device) => device.row(row).await?,
        };
        super::distribution::unit("directions", &values)
    }

    pub(super) async fn iterate(
        &self,
        prepared: &Prepared,
        parts: &[Part<'_>],
        hard: bool,
    ) -> Result<Step> {
        match (&self.on, prepared) {
            (On::Device(device), Prepared::Device(norms)) => {
                device.iterate(norms, parts, hard).await
            }
            (On::Host { values, inverse }, _) => Ok(host_step(values, inverse, parts, hard).await),
            _ => Err(unprepared()),
        }
    }

    /// The shares of every row, row-major.
    pub(super) async fn responsibilities(
        &self,
        prepared: &Prepared,
        parts: &[Part<'_>],
        hard: bool,
    ) -> Result<Vec<f64>> {
        match (&self.on, prepared) {
            (On::Device(device), Prepared::Device(norms)) => {
                device.responsibilities(norms, parts, hard).await
            }
            (On::Host { values, inverse }, _) => {
                let entries = product("shares", &[inverse.len(), parts.len()])?;
                let mut result = reserve("shares", entries)?;
                for rows in host_spans(inverse.len(), parts.len()) {
                    let shares = host_shares(values, inverse, &rows, parts, hard).await;
                    result.extend(shares.into_iter().flat_map(|(_, shares)| shares));
                }
                Ok(result)
            }
            _ => Err(unprepared()),
        }
    }
}

fn unprepared() -> Error {
    Error::Device { message: "rows and their norms are in different places".into() }
}

async fn host_resultants(
    values: &[f64],
    inverse: &[f64],
    weighting: &Weighting<'_>,
) -> Vec<Vec<f64>> {
    let mut breather = Breather::new();
    let (n, p) = (inverse.len(), values.len() / inverse.len());
    let without_weight = |mut sum: Vec<f64>| {
        sum.truncate(p);
        sum
    };
    match weighting {
        Weighting::Equal => {
            vec![without_weight(twin::resultant(values, p, inverse, &vec![1.0; n]))]
        }
        Weighting::Matrix { columns, clusters } => {
            let mut sums = Vec::with_capacity(*clusters);
            for column in columns.chunks_exact(n) {
                sums.push(without_weight(twin::resultant(values, p, inverse, column)));
                breather.breathe_if_due().await;
            }
            sums
        }
        Weighting::Labels { labels, clusters } => {
            let mut members = vec![Vec::new(); *clusters];
            labels.iter().enumerate().for_each(|(i, label)| members[*label as usize].push(i));
            let sum = |k: usize| {
                let mut sum = vec![0.0; p];
                for &i in &members[k] {
                    let row = &values[i * p..(i + 1) * p];
                    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * inverse[i]);
                }
                sum
            };
            map_rows_gently(&mut breather, *clusters, sum).await
        }
    }
}

/// Shares that the host holds at a time.
const HOST_SHARES: usize = 1 << 22;

/// All rows, as many at a time as `HOST_SHARES` allows.
fn host_spans(rows: usize, components: usize) -> impl Iterator<Item = Range<usize>> {
    let span = (HOST_SHARES / components).max(128);
    (0..rows).step_by(span).map(move |first| first..(first + span).min(rows))
}

/// ln Σ exp and the shares of every one of `rows`.
async fn host_shares(
    values: &[f64],
    inverse: &[f64],
    rows: &Range<usize>,
    parts: &[Part<'_>],
    hard: bool,
) -> Vec<(f64, Vec<f64>)> {
    let p = values.len() / inverse.len();
    let (values, inverse) = (&values[rows.start * p..rows.end * p], &inverse[rows.clone()]);
    let mut breather = Breather::new();
    let mut logs: Vec<Vec<f64>> = Vec::with_capacity(parts.len());
    for part in parts {
        let Part { mean, concentration, bias } = *part;
        logs.push(twin::log_density(values, inverse, mean, concentration, bias));
        breather.breathe_if_due().await;
    }
    let share = |i: usize| {
        let row: Vec<f64> = logs.iter().map(|column| column[i]).collect();
        twin::responsibility(&row, hard)
    };
    map_rows_gently(&mut breather, inverse.len(), share).await
}

async fn host_step(values: &[f64], inverse: &[f64], parts: &[Part<'_>], hard: bool) -> Step {
    let p = values.len() / inverse.len();
    let mut step = Step { log_likelihood: 0.0, sums: vec![vec![0.0; p + 1]; parts.len()] };
    let mut breather = Breather::new();
    for span in host_spans(inverse.len(), parts.len()) {
        let rows = host_shares(values, inverse, &span, parts, hard).await;
        let likelihoods: Vec<f64> = rows.iter().map(|(log, _)| *log).collect();
        step.log_likelihood += pairwise(&likelihoods);
        let (values, inverse) = (&values[span.start * p..span.end * p], &inverse[span]);
        for (k, sums) in step.sums.iter_mut().enumerate() {
            let column: Vec<f64> = rows.iter().map(|(_, shares)| shares[k]).collect();
            let part = twin::resultant(values, p, inverse, &column);
            sums.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
            breather.breathe_if_due().await;
        }
    }
    step
}

impl VonMisesFisher {
    /// ln f(x) of every row, nats, with ln C_p(κ) + κ in f64. In single precision x is
    /// rounded to 2⁻²⁴, which is 2⁻²³ κ ‖x − μ‖ here, in double to 2⁻⁴⁶. Where κ is above
    /// 2¹⁹ (p − 1), f32 hardly tells x from μ, and the arithmetic is that of `Double`
    /// whatever was asked for; where the adapter has none, the CPU twin's.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for rows of another dimension or without a direction;
    /// [`Error::PrecisionUnavailable`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub async fn log_density(
        &self,
        directions: &Directions,
        precision: Precision,
    ) -> Result<Vec<f64>> {
        let this = self;
        aside!(directions.context().gpu().is_none(); this, directions; this.log_density_in_place(directions, precision))
    }

    /// The values of [`VonMisesFisher::log_density`] as a tensor of n f32 where the rows are, for what follows there.
    ///
    /// # Errors
    /// As [`VonMisesFisher::log_density`].
    pub async fn log_density_tensor(
        &self,
        directions: &Directions,
        precision: Precision,
    ) -> Result<Tensor> {
        let found = self.log_density(directions, precision).await?;
        Tensor::of_values(directions.context(), &found, &[found.len()]).await
    }

    async fn log_density_in_place(
        &self,
        directions: &Directions,
        precision: Precision,
    ) -> Result<Vec<f64>> {
        if directions.dimension != self.dimension() {
            let reason =
                format!("have {} dimensions, not {}", directions.dimension, self.dimension());
            return Err(Error::invalid("directions", reason));
        }
        if self.is_point_mass() {
            return Err(Error::invalid("self", "a point mass has no density"));
        }
        let (directions, precision) =
            directions.for_concentration(precision, self.concentration()).await?;
        let work = Work::new(&directions, precision)?;
        let prepared = work.prepare().await?;
        let part = Part { mean: self.mean(), concentration: self.concentration(), bias: 0.0 };
        let peak = self.log_peak();
        let mut densities = work.densities(&prepared, &part).await?;
        densities.iter_mut().for_each(|x| *x += peak);
        Ok(densities)
    }
}

blocking! {
    impl VonMisesFisher {
        log_density => log_density_blocking(
            &self, directions: &Directions, precision: Precision
        ) -> Result<Vec<f64>>;
        log_density_tensor => log_density_tensor_blocking(
            &self, directions: &Directions, precision: Precision
        ) -> Result<Tensor>;
    }
}
