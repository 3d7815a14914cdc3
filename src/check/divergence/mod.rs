//! The kernels of `shaders/divergence` and `shaders/losses`, each against its twin in `reference`.
//!
//! They are reached by what the library is asked for, on every device with work shared out as on hardware, many threads a
//! row, and as on a CPU, a thread a row. A row that the twin answered in a kernel's stead is told by its bits: f32 does
//! not give the same.

mod batches;
mod data;
mod entropies;
mod known;
mod losses;
mod pairs;

use super::Row;
use super::judge::{Worst, units};
use crate::error::Result;
use crate::gpu::Context;

pub(super) use known::known;

/// Kernels that are checked together.
#[derive(Debug, Clone, Copy)]
pub(super) enum Section {
    /// Divergences of rows, and their gradients.
    Pairs,
    /// What one pass over logits is enough for.
    OnePass,
    /// Entropies, and their gradients.
    Entropies,
    /// Losses of logits.
    Losses,
    /// All pairs of rows.
    AllPairs,
    /// Weights of density ratios.
    Ratios,
    /// The mean prediction and its prior.
    Prior,
}

pub(super) const SECTIONS: [Section; 7] = [
    Section::Pairs,
    Section::OnePass,
    Section::Entropies,
    Section::Losses,
    Section::AllPairs,
    Section::Ratios,
    Section::Prior,
];

impl Section {
    pub(super) fn kernels(self) -> &'static [&'static str] {
        match self {
            Section::Pairs => &["compare", "gradient"],
            Section::OnePass => &["logit_sums"],
            Section::Entropies => &["entropy", "entropy_gradient", "logit_entropy"],
            Section::Losses => &["logit_gradient"],
            Section::AllPairs => &["row_sums", "normalized_rows", "pairwise"],
            Section::Ratios => &["ratio_weights"],
            Section::Prior => &["mean_prediction", "mean_slope", "prior_gradient"],
        }
    }

    pub(super) async fn rows(self, context: &Context) -> Result<Vec<Row>> {
        match self {
            Section::Pairs => pairs::rows(context).await,
            Section::OnePass => pairs::one_pass_rows(context).await,
            Section::Entropies => entropies::rows(context).await,
            Section::Losses => losses::rows(context).await,
            Section::AllPairs => batches::pairs_rows(context).await,
            Section::Ratios => batches::ratio_rows(context).await,
            Section::Prior => batches::prior_rows(context).await,
        }
    }
}

/// What was seen of a kernel: its errors, and the rows that its twin answered instead.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    error: Worst,
    by_twin: Worst,
}

impl Seen {
    /// A value, beside the twin's.
    fn value(&mut self, found: f64, exact: f64) {
        self.value_by_anyone(found, exact);
        if exact.is_finite() && exact != 0.0 {
            self.by_twin.count(found.to_bits() != exact.to_bits());
        }
    }

    /// The same of one that f32 may have as the twin has it. Zeros and infinities are written, not computed.
    fn value_by_anyone(&mut self, found: f64, exact: f64) {
        let written = exact.is_infinite() || exact == 0.0;
        self.error.add(match found == exact {
            true => 0.0,
            false if written => f64::NAN,
            false => ((found - exact) / exact).abs(),
        });
    }

    /// A row of a gradient, relative to its largest number.
    fn slopes(&mut self, found: &[f32], exact: &[f64]) {
        self.slopes_by_anyone(found, exact);
        let same = found.iter().zip(exact).all(|(found, exact)| *found == *exact as f32);
        // A few numbers may all be right by chance: a peaked row has two, that of the peak and that of all others.
        let mut different: Vec<u32> = exact.iter().map(|x| (*x as f32).to_bits()).collect();
        different.sort_unstable();
        different.dedup();
        if different.len() > 8 {
            self.by_twin.count(!same);
        }
    }

    /// The same of one that f32 may have as the twin has it.
    fn slopes_by_anyone(&mut self, found: &[f32], exact: &[f64]) {
        let most = exact.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        for (found, exact) in found.iter().zip(exact) {
            self.error.add(units(f64::from(*found), *exact, most));
        }
    }

    /// Adds what was seen elsewhere.
    fn join(&mut self, other: Seen) {
        for (own, other) in [(&mut self.error, other.error), (&mut self.by_twin, other.by_twin)] {
            own.cases += other.cases;
        }
        self.error.error = self.error.error.max(other.error.error);
        self.by_twin.error += other.by_twin.error;
    }
}
