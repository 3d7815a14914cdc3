//! Pairs a tile at a time, by whatever way answers them.

use super::super::comparison::Comparison;
use super::super::distributions::Distributions;
use super::super::finish::Mismatch;
use super::super::passes::outcomes;
use crate::error::Result;

/// What is known of a pair.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answer {
    /// Nats.
    pub(super) value: f64,
    pub(super) mismatch: Mismatch,
}

/// Rows of a tile on either side.
const ROWS: usize = 64;

impl Comparison {
    /// Hands the answer of every pair (i, j) to `absorb`; with `half` only of those with i < j.
    pub(super) async fn tiles(
        &self,
        p: &Distributions,
        q: &Distributions,
        half: bool,
        mut absorb: impl FnMut(usize, usize, &Answer),
    ) -> Result<()> {
        for i in (0..p.rows).step_by(ROWS) {
            for j in (0..q.rows).step_by(ROWS) {
                let rows = i..p.rows.min(i + ROWS);
                let columns = j..q.rows.min(j + ROWS);
                let pairs: Vec<(usize, usize)> = rows
                    .flat_map(|i| columns.clone().map(move |j| (i, j)))
                    .filter(|(i, j)| !half || i < j)
                    .collect();
                let found = outcomes(&self.divergence, self.precision, p, q, &pairs, None).await?;
                for ((i, j), outcome) in pairs.iter().zip(&found) {
                    let answer = Answer { value: outcome.value, mismatch: outcome.mismatch };
                    absorb(*i, *j, &answer);
                }
            }
        }
        Ok(())
    }
}
