//! Expectation and maximisation: the loop, the same on a device and on its twin.

use super::concentration::solve;
use super::directions::Directions;
use super::distribution::VonMisesFisher;
use super::fit::mean_of;
use super::mixture::{Assignment, Concentrations, VonMisesFisherMixture, VonMisesFisherMixtureFit};
use super::sample::Random;
use super::work::{Part, Work};
use crate::aside::aside;
use crate::clock::Breather;
use crate::error::{Error, Result};
use crate::reference::vmf::log_peak;
use crate::reserve::{product, room_for};
use crate::wait::blocking;

/// What the bias of an empty component is: no share of any row, below κ ½‖x − μ‖² of every
/// other, and finite.
const EMPTY: f64 = -1e35;

struct Mixture {
    components: Vec<VonMisesFisher>,
    weights: Vec<f64>,
    capped: Vec<bool>,
}

/// ln π_k + ln C + κ of every component less the largest of them, which is returned: f32
/// would not hold values of size p beside each other.
fn parts<'a>(components: &'a [VonMisesFisher], weights: &[f64]) -> (Vec<Part<'a>>, f64) {
    let bias = |(f, weight): (&VonMisesFisher, &f64)| {
        if *weight > 0.0 { weight.ln() + f.log_peak() } else { f64::NEG_INFINITY }
    };
    let biases: Vec<f64> = components.iter().zip(weights).map(bias).collect();
    let most = biases.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let parts = components.iter().zip(biases).map(|(f, bias)| Part {
        mean: f.mean(),
        concentration: f.concentration(),
        bias: if bias == f64::NEG_INFINITY { EMPTY } else { bias - most },
    });
    (parts.collect(), most)
}

async fn run(
    settings: &VonMisesFisherMixture,
    work: &Work<'_>,
) -> Result<VonMisesFisherMixtureFit> {
    let n = work.rows() as f64;
    // Components, their means for a device, and sums.
    let numbers = product("components", &[3, settings.components, work.dimension() + 1])?;
    room_for::<f64>("components", numbers)?;
    let hard = settings.assignment == Assignment::Hard;
    let prepared = work.prepare().await?;
    let mut mixture = start(settings, work, &prepared).await?;
    let mut log_likelihoods: Vec<f64> = Vec::new();
    let mut converged = false;
    let mut breather = Breather::new();
    loop {
        breather.breathe_if_due().await;
        let (parts, offset) = parts(&mixture.components, &mixture.weights);
        let step = work.iterate(&prepared, &parts, hard).await?;
        let log_likelihood = step.log_likelihood + n * offset;
        if let Some(last) = log_likelihoods.last() {
            converged = log_likelihood - last <= settings.tolerance * n;
        }
        log_likelihoods.push(log_likelihood);
        // The parameters whose likelihood was just measured are the ones returned.
        if converged || log_likelihoods.len() > settings.max_iterations as usize {
            break;
        }
        update(settings, work, &mut mixture, &step.sums);
    }
    Ok(VonMisesFisherMixtureFit {
        components: mixture.components,
        weights: mixture.weights,
        log_likelihoods,
        converged,
        capped: mixture.capped,
        assignment: settings.assignment,
        precision: settings.precision,
    })
}

/// New parameters from Σ r x and, behind it, Σ r of every component.
fn update(
    settings: &VonMisesFisherMixture,
    work: &Work<'_>,
    mixture: &mut Mixture,
    sums: &[Vec<f64>],
) {
    let p = work.dimension();
    let total: f64 = sums.iter().map(|sum| sum[p]).sum();
    for (k, sum) in sums.iter().enumerate() {
        let weight = sum[p];
        mixture.weights[k] = match settings.equal_weights {
            true => 1.0 / sums.len() as f64,
            false => weight / total,
        };
        if weight <= 0.0 {
            continue;
        }
        let (mean, length) = mean_of(&sum[..p], weight);
        let estimate = match settings.concentrations {
            Concentrations::Fixed(value) => value,
            Concentrations::Free => solve(p, length, 1.0 - length),
        };
        let most = largest(settings, work);
        mixture.capped[k] = estimate > most;
        mixture.components[k] = VonMisesFisher::from_parts(mean, estimate.min(most));
    }
}

fn largest(settings: &VonMisesFisherMixture, work: &Work<'_>) -> f64 {
    if let Concentrations::Fixed(value) = settings.concentrations {
        return value;
    }
    let doublings = if work.is_single() { 16.0 } else { 32.0 };
    let default = 0.5 * (work.dimension() - 1) as f64 * f64::exp2(doublings);
    settings.max_concentration.unwrap_or(default)
}

/// Spherical k-means++ (Arthur and Vassilvitskii 2007, with 1 − cos for the squared
/// distance): every centre is a row, drawn with a probability in proportion to its
/// distance from the centres before it. All components start with the concentration
/// that the distances of all rows to their centres have.
async fn start(
    settings: &VonMisesFisherMixture,
    work: &Work<'_>,
    prepared: &super::work::Prepared,
) -> Result<Mixture> {
    let (n, p) = (work.rows(), work.dimension());
    let mut random = Random::new(settings.seed, 0);
    let mut nearest = vec![f64::INFINITY; n];
    let mut means: Vec<Vec<f64>> = Vec::new();
    let mut row = ((random.uniform() * n as f64) as usize).min(n - 1);
    let mut breather = Breather::new();
    loop {
        breather.breathe_if_due().await;
        let mean = work.row(row).await?;
        for (nearest, d) in nearest.iter_mut().zip(work.half_distances(prepared, &mean).await?) {
            *nearest = nearest.min(d.max(0.0));
        }
        nearest[row] = 0.0;
        means.push(mean);
        if means.len() == settings.components {
            break;
        }
        row = draw(&nearest, random.uniform());
    }
    // A mean distance of 1 − R̄; next to the ends κ is not known yet.
    let complement = (nearest.iter().sum::<f64>() / n as f64).clamp(1e-6, 0.999);
    let estimate = match settings.concentrations {
        Concentrations::Fixed(value) => value,
        Concentrations::Free => solve(p, 1.0 - complement, complement).min(largest(settings, work)),
    };
    debug_assert!(log_peak(p, estimate).is_finite());
    let component = |mean| VonMisesFisher::from_parts(mean, estimate);
    let k = means.len();
    Ok(Mixture {
        components: means.into_iter().map(component).collect(),
        weights: vec![1.0 / k as f64; k],
        capped: vec![false; k],
    })
}

/// The index at which the sum of `sizes` passes the share `uniform` of the whole; where
/// all are zero, that share of the indices.
fn draw(sizes: &[f64], uniform: f64) -> usize {
    let total: f64 = sizes.iter().sum();
    if total <= 0.0 {
        return ((uniform * sizes.len() as f64) as usize).min(sizes.len() - 1);
    }
    let mut left = uniform * total;
    for (index, size) in sizes.iter().enumerate() {
        left -= size;
        if left < 0.0 {
            return index;
        }
    }
    sizes.iter().rposition(|size| *size > 0.0).unwrap_or(0)
}

async fn responsibilities(fit: &VonMisesFisherMixtureFit, work: &Work<'_>) -> Result<Vec<f64>> {
    let prepared = work.prepare().await?;
    let (parts, _) = parts(&fit.components, &fit.weights);
    work.responsibilities(&prepared, &parts, fit.assignment == Assignment::Hard).await
}

impl VonMisesFisherMixture {
    /// Fits the mixture.
    ///
    /// One iteration is one pass over the rows for densities and responsibilities and
    /// one for the weighted sums, on the device; the host sees K sums. Not having
    /// converged is no error: see [`VonMisesFisherMixtureFit::converged`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`]: no components or more than rows, a setting outside its
    /// range, rows as for [`VonMisesFisher::fit`]; [`Error::PrecisionUnavailable`],
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub async fn fit(&self, directions: &Directions) -> Result<VonMisesFisherMixtureFit> {
        let this = self;
        aside!(directions.context().gpu().is_none(); this, directions; this.fit_in_place(directions))
    }

    async fn fit_in_place(&self, directions: &Directions) -> Result<VonMisesFisherMixtureFit> {
        self.check(directions.len())?;
        let fixed = match self.concentrations {
            Concentrations::Fixed(value) => value,
            Concentrations::Free => self.max_concentration.unwrap_or(0.0),
        };
        let (directions, precision) = directions.for_concentration(self.precision, fixed).await?;
        let work = Work::new(&directions, precision)?;
        run(self, &work).await
    }
}

impl VonMisesFisherMixtureFit {
    /// The posterior probabilities of the components, row-major n×K; with hard assignment
    /// ones and zeros.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for rows of another dimension or without a direction;
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub async fn responsibilities(&self, directions: &Directions) -> Result<Vec<f64>> {
        let this = self;
        aside!(directions.context().gpu().is_none(); this, directions; this.responsibilities_in_place(directions))
    }

    async fn responsibilities_in_place(&self, directions: &Directions) -> Result<Vec<f64>> {
        if directions.dimension() != self.components[0].dimension() {
            let (found, needed) = (directions.dimension(), self.components[0].dimension());
            let reason = format!("have {found} dimensions, the mixture {needed}");
            return Err(Error::invalid("directions", reason));
        }
        let most = self.components.iter().fold(0.0, |most, f| f.concentration().max(most));
        let (directions, precision) = directions.for_concentration(self.precision, most).await?;
        let work = Work::new(&directions, precision)?;
        responsibilities(self, &work).await
    }

    /// The most probable component of every row; of equal ones the first.
    ///
    /// # Errors
    /// As [`VonMisesFisherMixtureFit::responsibilities`].
    pub async fn labels(&self, directions: &Directions) -> Result<Vec<u32>> {
        let shares = self.responsibilities(directions).await?;
        let label = |row: &[f64]| {
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter().position(|x| *x == most).unwrap_or(0) as u32
        };
        Ok(shares.chunks_exact(self.components.len()).map(label).collect())
    }
}

blocking! {
    impl VonMisesFisherMixture {
        fit => fit_blocking(&self, directions: &Directions) -> Result<VonMisesFisherMixtureFit>;
    }
}

blocking! {
    impl VonMisesFisherMixtureFit {
        responsibilities => responsibilities_blocking(
            &self, directions: &Directions
        ) -> Result<Vec<f64>>;
        labels => labels_blocking(&self, directions: &Directions) -> Result<Vec<u32>>;
    }
}
