//! Every row of p with every row of q, and the rows of q that are nearest to those of p.

mod device;
mod facts;
mod host;
mod prepared;
mod tiles;

use super::comparison::Comparison;
use super::distributions::Distributions;
use super::finish::Mismatch;
use super::kind::{Divergence, Reduction};
use crate::aside::aside;
use crate::error::{Error, Result};
use crate::gpu::Tensor;
use crate::wait::blocking;

/// One value for every pair of a row of p and a row of q.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Pairs {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
    mismatches: Vec<Mismatch>,
}

impl Pairs {
    /// Number of rows of p, n.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of rows of q, m.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// D(p_i‖q_j) at i m + j, in the unit asked for; +∞ where the definition says so.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// D(p_i‖q_j); `None` where there is no such pair.
    pub fn get(&self, i: usize, j: usize) -> Option<f64> {
        self.place(i, j).and_then(|place| self.values.get(place).copied())
    }

    /// Where the supports of p_i and q_j differ; `None` where there is no such pair.
    pub fn mismatch(&self, i: usize, j: usize) -> Option<Mismatch> {
        self.place(i, j).and_then(|place| self.mismatches.get(place).copied())
    }

    fn place(&self, i: usize, j: usize) -> Option<usize> {
        (i < self.rows && j < self.columns).then(|| i * self.columns + j)
    }
}

/// The k rows of q that are nearest to every row of p, nearest first; of equally near ones the first.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Neighbours {
    k: usize,
    indices: Vec<u32>,
    values: Vec<f64>,
}

impl Neighbours {
    /// How many there are for every row.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Number of rows of p, n.
    pub fn rows(&self) -> usize {
        self.indices.len() / self.k
    }

    /// The rows of q that are nearest to row `row` of p; none of a row that is not there.
    pub fn indices(&self, row: usize) -> &[u32] {
        self.indices.chunks(self.k).nth(row).unwrap_or_default()
    }

    /// What their divergence is, ascending, in the unit asked for.
    pub fn values(&self, row: usize) -> &[f64] {
        self.values.chunks(self.k).nth(row).unwrap_or_default()
    }
}

impl Comparison {
    /// D(p_i‖q_j) of every row i of p and j of q: n×m values.
    ///
    /// Of one set with itself (`pairwise(&p, &p)`, or a clone of p) the diagonal of a divergence is exactly 0, and half
    /// of the pairs are computed where D(p‖q) = D(q‖p). Rows are normalised once, not once a pair; memory on the device
    /// is that of the rows and a tile of pairs.
    ///
    /// ```
    /// # fn main() -> kantor::Result<()> {
    /// use kantor::{Comparison, Context, Distributions, Divergence, Input};
    /// let context = Context::new_blocking()?;
    /// let rows = [1.0f32, 0.0, 0.5, 0.5, 0.0, 1.0];
    /// let p = Distributions::new_blocking(&context, &rows, 2, Input::Weights)?;
    /// let apart = Comparison::new(Divergence::TotalVariation).pairwise_blocking(&p, &p)?;
    /// assert_eq!(apart.values(), [0.0, 0.5, 1.0, 0.5, 0.0, 0.5, 1.0, 0.5, 0.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Comparison::rows`]; [`Error::InvalidInput`] also for a reduction, row weights or a mask, which pairs do not
    /// have.
    pub async fn pairwise(&self, p: &Distributions, q: &Distributions) -> Result<Pairs> {
        let this = self;
        aside!(this.is_by_twin(p); this, p, q; this.pairwise_in_place(p, q))
    }

    /// The values of [`Comparison::pairwise`] as a tensor of shape n×m, f32, on the context of p, for what follows there.
    ///
    /// # Errors
    /// As [`Comparison::pairwise`]; [`Error::LimitExceeded`] for more pairs than fit a binding.
    pub async fn pairwise_tensor(&self, p: &Distributions, q: &Distributions) -> Result<Tensor> {
        let found = self.pairwise(p, q).await?;
        Tensor::of_values(&p.context, found.values(), &[found.rows, found.columns]).await
    }

    async fn pairwise_in_place(&self, p: &Distributions, q: &Distributions) -> Result<Pairs> {
        self.check_pairs(p, q)?;
        let (rows, columns) = (p.rows, q.rows);
        let size = rows.checked_mul(columns).filter(|size| (*size as u64) < 1 << 48);
        let Some(size) = size else {
            let reason = format!("{columns} rows with {rows} of p are too many pairs");
            return Err(Error::invalid("q", reason));
        };
        let mut values = vec![0.0; size];
        let mut mismatches = vec![Mismatch::default(); size];
        let same = p.is_same(q);
        let half = same && self.divergence.is_symmetric();
        let factor = self.unit_factor();
        self.tiles(p, q, half, |i, j, answer| {
            values[i * columns + j] = factor * answer.value;
            mismatches[i * columns + j] = answer.mismatch;
            if half {
                values[j * columns + i] = factor * answer.value;
                mismatches[j * columns + i] = answer.mismatch.swapped();
            }
        })
        .await?;
        if same && self.divergence.vanishes() {
            for i in 0..rows {
                values[i * columns + i] = 0.0;
                mismatches[i * columns + i] = Mismatch::default();
            }
        }
        Ok(Pairs { rows, columns, values, mismatches })
    }

    /// For every row of p the `k` rows of q with the smallest D(p‖q), ascending; of equal ones those of smaller index
    /// come first. Never holds n×m values, on the device or here: pairs are computed a tile at a time.
    ///
    /// ```
    /// # fn main() -> kantor::Result<()> {
    /// use kantor::{Comparison, Context, Distributions, Divergence, Input};
    /// let context = Context::new_blocking()?;
    /// let rows = [1.0f32, 0.0, 0.5, 0.5, 0.0, 1.0];
    /// let q = Distributions::new_blocking(&context, &rows, 2, Input::Weights)?;
    /// let p = Distributions::new_blocking(&context, &[4.0f32, 1.0], 2, Input::Weights)?;
    /// let nearest = Comparison::new(Divergence::TotalVariation).nearest_blocking(&p, &q, 2)?;
    /// assert_eq!(nearest.indices(0), [0, 1]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Comparison::pairwise`], and [`Error::InvalidInput`] for a `k` that is 0 or more than q has rows.
    pub async fn nearest(
        &self,
        p: &Distributions,
        q: &Distributions,
        k: usize,
    ) -> Result<Neighbours> {
        let this = self;
        aside!(this.is_by_twin(p); this, p, q; this.nearest_in_place(p, q, k))
    }

    async fn nearest_in_place(
        &self,
        p: &Distributions,
        q: &Distributions,
        k: usize,
    ) -> Result<Neighbours> {
        self.check_pairs(p, q)?;
        self.nearest_of(p, q, k, q.rows).await
    }

    /// [`Comparison::nearest`] of the rows of p among themselves, a row itself left out.
    ///
    /// # Errors
    /// As [`Comparison::pairwise`], and [`Error::InvalidInput`] for a `k` that is 0 or more than p has other rows.
    pub async fn nearest_others(&self, p: &Distributions, k: usize) -> Result<Neighbours> {
        let this = self;
        aside!(this.is_by_twin(p); this, p; this.nearest_others_in_place(p, k))
    }

    async fn nearest_others_in_place(&self, p: &Distributions, k: usize) -> Result<Neighbours> {
        self.check_pairs(p, p)?;
        self.nearest_of(p, p, k, p.rows - 1).await
    }

    /// Of `available` rows, which leave the row itself out where they are fewer than q has.
    async fn nearest_of(
        &self,
        p: &Distributions,
        q: &Distributions,
        k: usize,
        available: usize,
    ) -> Result<Neighbours> {
        if k == 0 || k > available {
            let reason = format!("{k} nearest of {available} rows cannot be had");
            return Err(Error::invalid("k", reason));
        }
        let others = available < q.rows;
        let same = p.is_same(q);
        let half = same && self.divergence.is_symmetric();
        let zero = same && self.divergence.vanishes();
        let mut best = vec![Best::default(); p.rows];
        if half && !others {
            best.iter_mut().enumerate().for_each(|(i, best)| best.offer(k, i, 0.0));
        }
        self.tiles(p, q, half, |i, j, answer| {
            if i == j && same && (others || zero) {
                if !others {
                    best[i].offer(k, j, 0.0);
                }
                return;
            }
            best[i].offer(k, j, answer.value);
            if half {
                best[j].offer(k, i, answer.value);
            }
        })
        .await?;
        let factor = self.unit_factor();
        let entries = || best.iter().flat_map(|best| &best.0);
        Ok(Neighbours {
            k,
            indices: entries().map(|(_, index)| *index).collect(),
            values: entries().map(|(value, _)| factor * value).collect(),
        })
    }

    /// That there are pairs to compare, and nothing is asked of them that they have not.
    fn check_pairs(&self, p: &Distributions, q: &Distributions) -> Result<()> {
        let refuse = |argument| Err(Error::invalid(argument, "is of rows, and pairs have none"));
        if self.weighting.reduction != Reduction::None {
            return refuse("reduction");
        }
        if self.weighting.weights.is_some() {
            return refuse("row_weights");
        }
        if self.weighting.mask.is_some() {
            return refuse("mask");
        }
        self.check(p, q)
    }
}

blocking! {
    impl Comparison {
        pairwise => pairwise_blocking(&self, p: &Distributions, q: &Distributions) -> Result<Pairs>;
        pairwise_tensor => pairwise_tensor_blocking(
            &self, p: &Distributions, q: &Distributions
        ) -> Result<Tensor>;
        nearest => nearest_blocking(
            &self, p: &Distributions, q: &Distributions, k: usize
        ) -> Result<Neighbours>;
        nearest_others => nearest_others_blocking(
            &self, p: &Distributions, k: usize
        ) -> Result<Neighbours>;
    }
}

/// The nearest rows so far, nearest first.
#[derive(Debug, Clone, Default)]
struct Best(Vec<(f64, u32)>);

impl Best {
    fn offer(&mut self, k: usize, index: usize, value: f64) {
        let entry = (value, index as u32);
        let before = |a: &(f64, u32)| a.0.total_cmp(&entry.0).then(a.1.cmp(&entry.1)).is_lt();
        if self.0.len() == k {
            if self.0.last().is_some_and(before) {
                return;
            }
            self.0.pop();
        }
        let place = self.0.partition_point(before);
        self.0.insert(place, entry);
    }
}

impl Mismatch {
    /// That of q and p.
    fn swapped(self) -> Mismatch {
        Mismatch { p_without_q: self.q_without_p, q_without_p: self.p_without_q }
    }
}

impl Divergence {
    /// Whether D(p‖q) = D(q‖p).
    fn is_symmetric(&self) -> bool {
        match *self {
            Divergence::JensenShannon { beta: x }
            | Divergence::Renyi { alpha: x }
            | Divergence::Tsallis { alpha: x } => x == 0.5,
            Divergence::Amari { alpha } => alpha == 0.0,
            Divergence::Jeffreys
            | Divergence::SquaredHellinger
            | Divergence::Bhattacharyya
            | Divergence::TotalVariation
            | Divergence::Chi2Mixture
            | Divergence::CauchySchwarz
            | Divergence::Triangular => true,
            _ => false,
        }
    }

    /// Whether D(p‖p) = 0, which cross-entropy has not, and a generator only if its author saw to it.
    fn vanishes(&self) -> bool {
        !matches!(self, Divergence::CrossEntropy | Divergence::Generator(_))
    }
}
