//! What is known of rows of logits without one of their numbers: one pass on the device, the twin for the rest.

use super::distributions::{Data, Distributions};
use super::kind::Input;
use super::range::is_usual;
use super::sums::{Job, Pairing, Record};
use crate::clock::Breather;
use crate::error::{Error, Result};
use crate::gpu::Kernel;
use crate::gpu::shader::Constant;
use crate::number::{Precision, joined, words};
use crate::parallel::map_rows_gently;
use crate::reference::losses::{Others, logit_entropy};
use std::f64::consts::{LN_2, LOG2_E};

pub(crate) static LOGIT_ENTROPY: Kernel = Kernel::new("divergence/logit_entropy.wgsl");

// Bits of the last slot, as in the kernel.
const BAD: u32 = 1;
const LABEL_EMPTY: u32 = 4;
const SOME_EMPTY: u32 = 8;

/// What the kernel has for a logit that is none, and what is beyond its numbers.
const NOTHING: f64 = -1e29;
const MOST: f64 = 1e28;

/// A row, the temperature it is divided by, and what is kept out: a label, or its largest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query {
    pub(crate) row: usize,
    pub(crate) temperature: f64,
    pub(crate) label: Option<usize>,
}

/// What was found, and whether a device found it: its gradient then may come from the device too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) others: Others,
    pub(crate) on_device: bool,
}

/// A number as the kernels read it, in two exact parts.
pub(crate) fn label_words(label: Option<usize>) -> [f32; 2] {
    let label = label.unwrap_or(0xffff_ffff);
    [(label >> 16) as f32, (label & 0xffff) as f32]
}

/// Rows of logits or log-probabilities without one of their numbers, all of them with a label or all without.
/// `smoothed` with the sum of gaps.
pub(crate) async fn others(
    argument: &'static str,
    rows: &Distributions,
    queries: &[Query],
    precision: Precision,
    smoothed: bool,
) -> Result<Vec<Found>> {
    rows.context.require(precision)?;
    let labelled = queries.iter().any(|query| query.label.is_some());
    // The label's bin is looked for in one piece of memory.
    let whole = match &rows.data {
        Data::Host(_) => false,
        Data::Device(pieces) => {
            !labelled || pieces.iter().all(|piece| piece.columns.len() == rows.bins)
        }
    };
    let mut found: Vec<Option<Found>> = vec![None; queries.len()];
    if whole && precision == Precision::Single {
        let sums = device_sums(rows, queries, labelled, smoothed).await?;
        for (number, (query, sums)) in queries.iter().zip(&sums).enumerate() {
            if sums.flags & BAD != 0 {
                // Names the index.
                rows.screened(argument, query.row, &rows.read_row(query.row).await?)?;
            }
            if let Some(others) = sums.others(query, labelled) {
                // Over another temperature than its own a row says nothing about its sum: see `check_sums`.
                if query.temperature == rows.temperature() {
                    rows.check_sum(argument, query.row, others.log_total().exp())?;
                }
                found[number] = Some(Found { others, on_device: true });
            }
        }
    }
    by_twin(argument, rows, queries, &mut found).await?;
    let missing = || Error::invalid(argument, "a row was not answered");
    found.into_iter().map(|found| found.ok_or_else(missing)).collect()
}

/// That log-probabilities sum to 1, of rows that are asked about over other temperatures only.
pub(crate) async fn check_sums(
    argument: &'static str,
    rows: &Distributions,
    queries: &[Query],
) -> Result<()> {
    if rows.normalize || !matches!(rows.input, Input::LogProbabilities) {
        return Ok(());
    }
    let own = |query: &Query| Query { temperature: rows.temperature(), label: None, ..*query };
    let queries: Vec<Query> = queries.iter().map(own).collect();
    others(argument, rows, &queries, Precision::Single, false).await.map(|_| ())
}

/// What is not found yet, in f64.
pub(crate) async fn by_twin(
    argument: &'static str,
    rows: &Distributions,
    queries: &[Query],
    found: &mut [Option<Found>],
) -> Result<()> {
    let open: Vec<usize> = (0..queries.len()).filter(|number| found[*number].is_none()).collect();
    let mut breather = Breather::new();
    for numbers in open.chunks(rows.together()) {
        let of_rows: Vec<usize> = numbers.iter().map(|number| queries[*number].row).collect();
        let values = rows.read_rows(&of_rows).await?;
        let answer = |place: usize| {
            let Query { row, temperature, label } = queries[numbers[place]];
            rows.screened(argument, row, &values[place])?;
            let others = logit_entropy(&values[place], temperature, label);
            Ok(Found { others, on_device: false })
        };
        let answers = map_rows_gently(&mut breather, numbers.len(), answer).await;
        for (number, answer) in numbers.iter().zip(answers) {
            found[*number] = Some(answer?);
        }
    }
    Ok(())
}

/// Whether f32 has the numbers of a row and room for its exponents.
fn is_there(rows: &Distributions, query: &Query) -> bool {
    is_usual(query.temperature) && !rows.is_beyond(query.row)
}

async fn device_sums(
    rows: &Distributions,
    queries: &[Query],
    labelled: bool,
    smoothed: bool,
) -> Result<Vec<Sums>> {
    let mut sums = vec![Sums::default(); queries.len()];
    let usual: Vec<usize> = (0..queries.len()).filter(|k| is_there(rows, &queries[*k])).collect();
    let job = |k: &usize| {
        let query = &queries[*k];
        let [high, low] = label_words(query.label);
        let [rate, rate_low] = words(LOG2_E / query.temperature);
        let reference = [rate, rate_low, high, low];
        Job { p: query.row, q: query.row, reference, centers: [0.0; 2] }
    };
    let jobs: Vec<Job> = usual.iter().map(job).collect();
    if jobs.is_empty() {
        return Ok(sums);
    }
    let pairing = Pairing::new(rows, rows)?;
    let native = pairing.gpu.capabilities.native_exp2();
    let constants = vec![
        ("LABELLED", Constant::Bool(labelled)),
        ("SMOOTHED", Constant::Bool(smoothed)),
        ("NATIVE_EXP2", Constant::Bool(native)),
    ];
    let absorb = |job: usize, record: &Record| {
        let number = usual[job];
        sums[number].add(record, queries[number].temperature, labelled);
    };
    pairing.run(&LOGIT_ENTROPY, &constants, [0.0; 4], &jobs, absorb).await?;
    Ok(sums)
}

/// The records of a row: all numbers but one relative to e^(reference/T).
#[derive(Debug, Clone, Copy)]
struct Sums {
    kept: f64,
    reference: f64,
    /// Σ e^l and Σ −l e^l with l = (a − reference)/T.
    sum: f64,
    product: f64,
    gaps: f64,
    flags: u32,
}

impl Default for Sums {
    fn default() -> Sums {
        let (kept, reference) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        Sums { kept, reference, sum: 0.0, product: 0.0, gaps: 0.0, flags: 0 }
    }
}

impl Sums {
    fn add(&mut self, record: &Record, temperature: f64, labelled: bool) {
        let [kept, reference] = record[0].map(f64::from);
        if reference > NOTHING {
            self.merge(reference, joined(record[1]), -LN_2 * joined(record[2]), temperature);
        }
        self.gaps += joined(record[3]) / temperature;
        self.flags |= record[7][0] as u32;
        if labelled || kept <= NOTHING {
            self.kept = if labelled { kept } else { self.kept };
            return;
        }
        // The smaller of two that were kept out is one of the others.
        let smaller = self.kept.min(kept);
        self.kept = self.kept.max(kept);
        if smaller > NOTHING {
            self.merge(smaller, 1.0, 0.0, temperature);
        }
    }

    fn merge(&mut self, reference: f64, sum: f64, product: f64, temperature: f64) {
        if self.reference == f64::NEG_INFINITY {
            (self.reference, self.sum, self.product) = (reference, sum, product);
            return;
        }
        let most = self.reference.max(reference);
        let rebased = |reference: f64, sum: f64, product: f64| {
            let shift = (most - reference) / temperature;
            let factor = (-shift).exp();
            (factor * sum, factor * (product + shift * sum))
        };
        let own = rebased(self.reference, self.sum, self.product);
        let other = rebased(reference, sum, product);
        (self.reference, self.sum, self.product) = (most, own.0 + other.0, own.1 + other.1);
    }

    /// `None` for a row that f32 cannot answer, or that has no mass.
    fn others(&self, query: &Query, labelled: bool) -> Option<Others> {
        let label_empty = labelled && self.flags & LABEL_EMPTY != 0;
        let kept = if label_empty { f64::NEG_INFINITY } else { self.kept };
        let nobody = self.reference == f64::NEG_INFINITY;
        let usual = |x: f64| x.abs() < MOST;
        if !is_usual(query.temperature)
            || !(usual(kept) || label_empty)
            || !(usual(self.reference) || nobody)
            || (nobody && label_empty)
        {
            return None;
        }
        let mut others = Others {
            kept,
            reference: 0.0,
            log_sum: f64::NEG_INFINITY,
            entropy: 0.0,
            gap: 0.0,
            sum_of_gaps: self.gaps,
            excess: None,
            some_empty: self.flags & SOME_EMPTY != 0,
            temperature: query.temperature,
        };
        if !nobody {
            let mean = self.product / self.sum;
            others.reference = self.reference;
            others.log_sum = self.sum.ln();
            others.entropy = (self.sum.ln() + mean).max(0.0);
            others.gap = (kept - self.reference) / query.temperature + mean;
        }
        (others.log_sum > f64::NEG_INFINITY || nobody).then_some(others)
    }
}
