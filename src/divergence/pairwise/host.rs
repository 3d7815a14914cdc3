//! All pairs by the twin, in f64.

use super::super::comparison::Comparison;
use super::super::distributions::Distributions;
use super::super::finish::Mismatch;
use super::super::kind::Divergence;
use super::tiles::Answer;
use crate::clock::Breather;
use crate::error::Result;
use crate::number::Precision;
use crate::parallel::map_rows_gently;
use crate::reference::divergence as twin;
use std::ops::Range;

/// Bins that a tile of rows has, as far as they fit.
const BINS: usize = 1 << 20;

/// Rows that a tile may have.
const ROWS: usize = 512;

/// A row as the twin takes it, screened, and, where plain sums may do, as they take it.
struct Made {
    row: twin::Row,
    prepared: Option<twin::Prepared>,
}

impl Made {
    fn answer(&self, other: &Made, divergence: &Divergence) -> Answer {
        let quick = || {
            let Divergence::JensenShannon { beta } = *divergence else { return None };
            let (p, q) = (self.prepared.as_ref()?, other.prepared.as_ref()?);
            Some((p.jensen_shannon(q, beta)?, p.mismatch(q)))
        };
        let (value, (p_without_q, q_without_p)) = quick().unwrap_or_else(|| {
            let (p, q) = (&self.row, &other.row);
            (twin::compare(divergence, p, q), twin::mismatch(p, q))
        });
        Answer { value, mismatch: Mismatch { p_without_q, q_without_p } }
    }
}

/// Some rows of an argument.
async fn rows(
    argument: &'static str,
    source: &Distributions,
    range: Range<usize>,
    quick: bool,
    breather: &mut Breather,
) -> Result<Vec<Made>> {
    let mut values = Vec::with_capacity(range.len());
    let numbers: Vec<usize> = range.clone().collect();
    for numbers in numbers.chunks(source.together()) {
        values.extend(source.read_rows(numbers).await?);
    }
    let made = |k: usize| {
        let row = source.screened(argument, range.start + k, &values[k])?;
        let plain = if quick { twin::Plain::new(&values[k], source.input) } else { None };
        Ok(Made { row, prepared: plain.map(|plain| plain.prepared()) })
    };
    let made = map_rows_gently(breather, range.len(), made).await;
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
        let mut breather = Breather::new();
        let divergence = &self.divergence;
        // Enough digits for single precision, of rows that are well apart.
        let quick = self.precision == Precision::Single
            && matches!(divergence, Divergence::JensenShannon { beta } if twin::is_inner(*beta));
        let mut kept: Option<Vec<Made>> = None;
        for i in (0..p.rows).step_by(step) {
            let of_p = rows("p", p, i..p.rows.min(i + step), quick, &mut breather).await?;
            for j in (0..q.rows).step_by(step) {
                if half && j + step <= i + 1 {
                    continue;
                }
                let of_q = match kept.take() {
                    Some(rows) => rows,
                    None => rows("q", q, j..q.rows.min(j + step), quick, &mut breather).await?,
                };
                let found = |row: usize| {
                    let from = if half { (i + row + 1).saturating_sub(j) } else { 0 };
                    let answer =
                        |(column, q): (usize, &Made)| (column, of_p[row].answer(q, divergence));
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
