//! Pairs a tile at a time: on the device, one by one where f32 was not enough, or by the twin.

use super::super::comparison::Comparison;
use super::super::distributions::Distributions;
use super::super::entropy::Entropies;
use super::super::finish::{Mismatch, Sums, finish, is_balanced, is_infinite, squares};
use super::super::kernels::{Member, member};
use super::super::kind::{Divergence, Entropy};
use super::super::passes::outcomes;
use super::super::range::{holds, is_bounded};
use super::device::{Engine, Slots, Totals};
use super::facts::{Fact, Range, facts};
use super::prepared::{Shelf, tile};
use crate::error::Result;
use crate::gpu::Gpu;
use crate::number::Precision;
use crate::parallel::map_rows;

/// What is known of a pair.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answer {
    /// Nats.
    pub(super) value: f64,
    pub(super) mismatch: Mismatch,
}

/// Pairs that are answered one by one at a time.
const PAIRS: usize = 1 << 15;

/// Where more than one in so many is too near for high words, all are computed with low ones.
const MANY: usize = 64;

impl Comparison {
    /// Hands the answer of every pair (i, j) to `absorb`; with `half` only of those with i < j.
    pub(super) async fn tiles(
        &self,
        p: &Distributions,
        q: &Distributions,
        half: bool,
        mut absorb: impl FnMut(usize, usize, &Answer),
    ) -> Result<()> {
        match (p.context.gpu(), self.kernel()) {
            (Some(gpu), Some(member)) => {
                self.tiles_on_device(gpu, &member, p, q, half, &mut absorb).await
            }
            _ => self.tiles_by_twin(p, q, half, &mut absorb).await,
        }
    }

    /// What the kernel sums up; `None` where it is no sum, all 0, or asked for in f64.
    fn kernel(&self) -> Option<Member> {
        let divergence = match self.divergence {
            Divergence::JensenShannon { beta: 0.0 | 1.0 }
            | Divergence::SkewKl { alpha: 1.0 }
            | Divergence::Renyi { alpha: 0.0 }
            | Divergence::Tsallis { alpha: 0.0 } => return None,
            // H(p) + KL(p‖q): neither is negative, so nothing cancels.
            Divergence::CrossEntropy => &Divergence::Kl,
            ref other => other,
        };
        member(divergence).filter(|_| self.precision == Precision::Single)
    }

    async fn tiles_on_device(
        &self,
        gpu: &Gpu,
        member: &Member,
        p: &Distributions,
        q: &Distributions,
        half: bool,
        absorb: &mut impl FnMut(usize, usize, &Answer),
    ) -> Result<()> {
        let task = Task::new(self, p, q, half).await?;
        let slots = Slots::of(&self.divergence);
        let (rows, columns) = tile(gpu, p.rows.max(q.rows), p.bins);
        let pairs = rows.min(p.rows) * rows.min(q.rows);
        // High words are enough for rows that are far apart, and whether they are shows.
        let low = far(&self.divergence).is_none();
        let mut engine = Engine::new(gpu, member, slots, half, low, pairs).await?;
        let mut shelf = Shelf::default();
        for i in (0..p.rows).step_by(rows) {
            for j in (0..q.rows).step_by(rows) {
                let place = Place { p: i..p.rows.min(i + rows), q: j..q.rows.min(j + rows) };
                if half && place.q.end <= i + 1 {
                    continue;
                }
                let mut totals = task.totals(&mut engine, &mut shelf, &place, columns).await?;
                let mut found = task.answers(&totals, &place, engine.low);
                let count = |found: &Found, open: bool| {
                    found.iter().flatten().filter(|(_, found)| !open || found.is_none()).count()
                };
                if !engine.low && count(&found, true) > count(&found, false) / MANY {
                    engine.low = true;
                    totals = task.totals(&mut engine, &mut shelf, &place, columns).await?;
                    found = task.answers(&totals, &place, true);
                }
                let mut open = Vec::new();
                for (row, answers) in found.iter().enumerate() {
                    for (column, answer) in answers {
                        match answer {
                            Some(answer) => absorb(i + row, *column, answer),
                            None => open.push((i + row, *column)),
                        }
                    }
                }
                for pairs in open.chunks(PAIRS) {
                    let found =
                        outcomes(&self.divergence, self.precision, p, q, pairs, None).await?;
                    for ((i, j), outcome) in pairs.iter().zip(&found) {
                        let answer = Answer { value: outcome.value, mismatch: outcome.mismatch };
                        absorb(*i, *j, &answer);
                    }
                }
            }
        }
        Ok(())
    }

    /// What the sums of a pair amount to; `None` where f32 was not enough.
    fn answer(
        &self,
        sums: &Sums,
        facts: [&Fact; 2],
        entropy: Option<f64>,
        (bins, low): (usize, bool),
    ) -> Option<Answer> {
        let is = |range| facts.iter().any(|fact| fact.range == range);
        let mismatch = Mismatch::of(sums.flags);
        if is(Range::Beyond) {
            return None;
        }
        if is_infinite(&self.divergence, mismatch) {
            return Some(Answer { value: f64::INFINITY, mismatch });
        }
        if is(Range::Tiny) && !is_bounded(&self.divergence) {
            return None;
        }
        // Probabilities are good to 2⁻⁴³, so gaps of a millionth are to a ten millionth.
        let size = match self.divergence {
            Divergence::TotalVariation => sums.value * sums.value,
            Divergence::CauchySchwarz => sums.value / squares(sums),
            _ => sums.value.abs(),
        };
        let close = match far(&self.divergence) {
            Some(far) if !low => sums.value < far,
            _ => sums.value != 0.0 && size < 1e-12,
        };
        let held = holds(&self.divergence, sums, (bins, 1.0), false);
        if close || !held || !is_balanced(&self.divergence, sums) {
            return None;
        }
        if let Some(entropy) = entropy {
            return finish(&Divergence::Kl, sums)
                .map(|(value, _)| Answer { value: entropy + value, mismatch });
        }
        finish(&self.divergence, sums).map(|(value, _)| Answer { value, mismatch })
    }
}

/// Rows of a tile of pairs.
struct Place {
    p: std::ops::Range<usize>,
    q: std::ops::Range<usize>,
}

/// For every row of a tile the rows of q with their answers, `None` where there is none yet.
type Found = Vec<Vec<(usize, Option<Answer>)>>;

/// Two sets of rows, and what is known of each row.
struct Task<'a> {
    comparison: &'a Comparison,
    p: &'a Distributions,
    q: &'a Distributions,
    facts_p: Vec<Fact>,
    facts_q: Vec<Fact>,
    /// Of the rows of p, where they are a part of the answer.
    entropies: Vec<f64>,
    same: bool,
    half: bool,
}

impl<'a> Task<'a> {
    async fn new(
        comparison: &'a Comparison,
        p: &'a Distributions,
        q: &'a Distributions,
        half: bool,
    ) -> Result<Task<'a>> {
        let same = p.is_same(q);
        let facts_p = facts("p", p).await?;
        let facts_q = if same { facts_p.clone() } else { facts("q", q).await? };
        let entropies = match comparison.divergence {
            Divergence::CrossEntropy => Entropies::new(Entropy::Shannon).rows(p).await?,
            _ => Vec::new(),
        };
        Ok(Task { comparison, p, q, facts_p, facts_q, entropies, same, half })
    }

    /// The sums of a tile over all columns, `columns` at a time.
    async fn totals(
        &self,
        engine: &mut Engine<'_>,
        shelf: &mut Shelf,
        place: &Place,
        columns: usize,
    ) -> Result<Totals> {
        let mut totals = engine.totals(place.p.len(), place.q.len());
        for column in (0..self.p.bins).step_by(columns) {
            let columns = column..self.p.bins.min(column + columns);
            let p = shelf.tile(0, (self.p, &self.facts_p), &place.p, &columns).await?;
            let side = usize::from(!self.same);
            let q = shelf.tile(side, (self.q, &self.facts_q), &place.q, &columns).await?;
            engine.add(&p, &q, &mut totals).await?;
        }
        Ok(totals)
    }

    fn answers(&self, totals: &Totals, place: &Place, low: bool) -> Found {
        map_rows(place.p.len(), |row| {
            let i = place.p.start + row;
            let first = if self.half { (i + 1).max(place.q.start) } else { place.q.start };
            let answer = |j: usize| {
                let sums = totals.sums(row, j - place.q.start);
                let facts = [&self.facts_p[i], &self.facts_q[j]];
                let entropy = self.entropies.get(i).copied();
                (j, self.comparison.answer(&sums, facts, entropy, (self.p.bins, low)))
            };
            (first.min(place.q.end)..place.q.end).map(answer).collect()
        })
    }
}

impl Slots {
    fn of(divergence: &Divergence) -> Slots {
        let flows = matches!(divergence, Divergence::CauchySchwarz);
        let second = matches!(
            divergence,
            Divergence::SquaredHellinger
                | Divergence::Bhattacharyya
                | Divergence::Renyi { .. }
                | Divergence::Tsallis { .. }
                | Divergence::Amari { .. }
                | Divergence::CauchySchwarz
        );
        Slots { second, flows }
    }
}

/// From what value on high words of probabilities are enough: a rounding of each changes a divergence by less than
/// 2⁻²⁴ (1 + √(2/D)) of it, which is then 5·10⁻⁷; by 2⁻²⁴/D of total variation. `None` for those with steeper terms.
fn far(divergence: &Divergence) -> Option<f64> {
    match divergence {
        Divergence::Kl
        | Divergence::ReverseKl
        | Divergence::Jeffreys
        | Divergence::CrossEntropy
        | Divergence::JensenShannon { beta: 0.5 }
        | Divergence::SquaredHellinger
        | Divergence::Triangular
        | Divergence::Chi2Mixture => Some(0.04),
        Divergence::TotalVariation => Some(0.2),
        _ => None,
    }
}
