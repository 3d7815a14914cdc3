//! What rows are normalised by, and which of them f32 cannot hold.

use super::super::distributions::Distributions;
use super::super::kernels::{BAD_P, ROW_SUMS};
use super::super::kind::Input;
use super::super::range::is_usual;
use super::super::sums::{Job, Pairing, Record};
use crate::error::Result;
use crate::number::{joined, words};

/// The reference that `normalized_rows.wgsl` takes for a row, and what is to be expected of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fact {
    /// 1/sum of weights, or the log-normaliser of logarithms, as a double-float.
    pub(super) reference: [f32; 2],
    pub(super) range: Range,
}

/// Whether a normalised row is within f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    Whole,
    /// But for bins with next to nothing in them.
    Tiny,
    /// Not at all: the rows' own way, or the twin's.
    Beyond,
}

/// What is below this has no relative accuracy everywhere.
const TINY: f64 = 1.0 / (1u128 << 100) as f64;

/// Sums of all segments of a row, relative to e^reference where they are of exponentials.
#[derive(Debug, Clone, Copy)]
struct Sum {
    reference: f64,
    sum: f64,
    smallest: f64,
    flags: u32,
}

impl Sum {
    const NONE: Sum =
        Sum { reference: f64::NEG_INFINITY, sum: 0.0, smallest: f64::INFINITY, flags: 0 };

    fn add(&mut self, record: &Record, logarithms: bool) {
        let [reference, smallest] = record[0].map(f64::from);
        self.smallest = self.smallest.min(smallest);
        self.flags |= record[7][0] as u32;
        if !logarithms {
            self.sum += joined(record[1]);
        } else if reference > -1e29 {
            let most = self.reference.max(reference);
            let shifted = |sum: f64, by: f64| if sum == 0.0 { 0.0 } else { sum * by.exp() };
            self.sum = shifted(self.sum, self.reference - most)
                + shifted(joined(record[1]), reference - most);
            self.reference = most;
        }
    }
}

/// The facts of every row, screened; `argument` is what the rows are called in errors.
pub(super) async fn facts(argument: &'static str, rows: &Distributions) -> Result<Vec<Fact>> {
    let logarithms = rows.is_logarithmic();
    let job = |row: usize| Job { p: row, q: row, reference: [0.0; 4], centers: [0.0; 2] };
    let jobs: Vec<Job> = (0..rows.rows).map(job).collect();
    let mut sums = vec![Sum::NONE; rows.rows];
    let absorb = |row: usize, record: &Record| sums[row].add(record, logarithms);
    Pairing::new(rows, rows)?.run(&ROW_SUMS, &Vec::new(), [0.0; 4], &jobs, absorb).await?;
    let mut facts = Vec::with_capacity(rows.rows);
    for (row, sum) in sums.iter().enumerate() {
        let fact = match (rows.is_beyond(row), logarithms) {
            (true, _) => None,
            (false, true) => of_logarithms(rows, sum),
            (false, false) => of_weights(rows, sum),
        };
        match fact {
            Some(fact) if sum.flags & BAD_P == 0 => {
                if matches!(rows.input, Input::LogProbabilities) {
                    let total = (sum.reference + sum.sum.ln()).exp();
                    rows.check_sum(argument, row, total)?;
                }
                facts.push(fact);
            }
            _ => {
                // Names what is wrong. Nothing is with a weight of −0, and with sums f32 does not hold.
                rows.screened(argument, row, &rows.read_row(row).await?)?;
                facts.push(Fact { reference: [0.0; 2], range: Range::Beyond });
            }
        }
    }
    Ok(facts)
}

/// Both words of 1/sum are normal numbers, and so are those of a bin of some size.
fn of_weights(rows: &Distributions, sum: &Sum) -> Option<Fact> {
    let subnormal = sum.smallest < f64::from(f32::MIN_POSITIVE);
    let tiny = subnormal || sum.smallest / sum.sum < TINY;
    // What arithmetic may take for 0 is nothing beside the sum.
    let least = if subnormal { 1e-8 } else { 0.0 };
    let range = if tiny { Range::Tiny } else { Range::Whole };
    let reference = words(1.0 / sum.sum);
    ((1e-30 * rows.bins as f64..1e30).contains(&sum.sum) && sum.sum > least)
        .then_some(Fact { reference, range })
}

fn of_logarithms(rows: &Distributions, sum: &Sum) -> Option<Fact> {
    let log = sum.reference + sum.sum.ln();
    let least = sum.smallest / rows.temperature() - log;
    let range = if least < TINY.ln() { Range::Tiny } else { Range::Whole };
    (log.abs() <= 1e6 && is_usual(rows.temperature()))
        .then(|| Fact { reference: words(log), range })
}
