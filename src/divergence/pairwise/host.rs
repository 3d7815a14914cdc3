//! All pairs by the twin, in f64.

use super::super::comparison::Comparison;
use super::super::distributions::Distributions;
use super::super::finish::Mismatch;
use super::tiles::Answer;
use crate::clock::Breather;
use crate::error::Result;
use crate::parallel::map_rows_gently;
use crate::reference::divergence as twin;
use std::ops::Range;

/// Bins that a tile of rows has, as far as they fit.
const BINS: usize = 1 << 20;

/// Rows that a tile may have.
const ROWS: usize = 512;

/// Some rows as the twin takes them, screened.
async fn rows(
    argument: &'static str,
    source: &Distributions,
    range: Range<usize>,
    breather: &mut Breather,
) -> Result<Vec<twin::Row>> {
    let mut values = Vec::with_capacity(range.len());
    let numbers: Vec<usize> = range.clone().collect();
    for numbers in numbers.chunks(source.together()) {
        values.extend(source.read_rows(numbers).await?);
    }
    let row = |k: usize| source.screened(argument, range.start + k, &values[k]);
    let made = map_rows_gently(breather, range.len(), row).await;
    made.into_iter().collect()
}

impl Comparison {
    /// `Comparison::tiles` without a device.
    pub(super) async fn tiles_by_twin(
        &self,
        p: &Distributions,
        q: &Distributions,
        half: bool,
        absorb: &mut impl FnMut(usize, usize, &Answer),
    ) -> Result<()> {
        let step = (BINS / p.bins).clamp(1, ROWS);
        // Where p fits, it is made once, and so is q.
        let mut kept: Option<Vec<twin::Row>> = None;
        let mut breather = Breather::new();
        for i in (0..p.rows).step_by(step) {
            let of_p = rows("p", p, i..p.rows.min(i + step), &mut breather).await?;
            for j in (0..q.rows).step_by(step) {
                if half && j + step <= i + 1 {
                    continue;
                }
                let of_q = match kept.take() {
                    Some(rows) => rows,
                    None => rows("q", q, j..q.rows.min(j + step), &mut breather).await?,
                };
                let found = |row: usize| {
                    let from = if half { (i + row + 1).saturating_sub(j) } else { 0 };
                    let answer = |(column, q): (usize, &twin::Row)| {
                        let p = &of_p[row];
                        let (p_without_q, q_without_p) = twin::mismatch(p, q);
                        let mismatch = Mismatch { p_without_q, q_without_p };
                        (column, Answer { value: twin::compare(&self.divergence, p, q), mismatch })
                    };
                    let all: Vec<(usize, Answer)> =
                        of_q.iter().enumerate().skip(from).map(answer).collect();
                    all
                };
                let found = map_rows_gently(&mut breather, of_p.len(), found).await;
                for (row, answers) in found.iter().enumerate() {
                    answers.iter().for_each(|(column, found)| absorb(i + row, j + column, found));
                }
                if q.rows <= step {
                    kept = Some(of_q);
                }
            }
        }
        Ok(())
    }
}
