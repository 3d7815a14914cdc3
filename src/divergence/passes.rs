//! Passes over pairs of rows on a device, until the sums are good enough; rows that f32 cannot answer go to the twin.

use super::distributions::Distributions;
use super::finish::{
    Mismatch, SMALLEST_SECOND, Sums, finish, is_balanced, is_far, is_gentle, is_infinite, squares,
};
use super::kernels::{BAD_P, BAD_Q, BEYOND_RANGE, COMPARE, LOGIT_SUMS, Member, member};
use super::kind::{Divergence, Side};
use super::normalisers::Normalisers;
use super::range::{self, has_late_limit, has_room, is_bounded, is_moderate, is_usual};
use super::scales::Scales;
use super::sums::{Job, Pairing, Record};
use crate::error::{Error, Result};
use crate::gpu::shader::Constant;
use crate::number::{Precision, words};

/// What is known of a pair of rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// Nats.
    pub(crate) value: f64,
    pub(crate) mismatch: Mismatch,
    /// Σ of the weights, or Σ exp of logarithms.
    pub(crate) sums: [f64; 2],
    pub(crate) scalars: Scalars,
}

/// What a gradient needs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scalars {
    /// Reference, centers, flows about them, and the factors of p and q for an upstream gradient of 1.
    Device { reference: [f32; 4], centers: [f32; 2], flows: [f64; 2], factors: [f64; 2] },
    /// Cauchy-Schwarz: references, Σ p² and Σ (tq)² under them, flows, and factors of the gradients of p and of q.
    Parallel { references: [[f32; 4]; 2], squares: [f64; 2], flows: [f64; 2], factors: [f64; 2] },
    /// The gradient comes from the twin.
    Twin,
}

/// Passes with ever better references before the twin is asked. Three are enough for rows that differ by a millionth.
const PASSES: usize = 5;

/// Where a logarithm is this much steeper than the sum it is of, f32 does not keep the digits of its gradient.
const STEEP: f64 = 8.0;

/// Answers pairs of rows. `flows`: whose gradients follow.
pub(crate) async fn outcomes(
    divergence: &Divergence,
    precision: Precision,
    p: &Distributions,
    q: &Distributions,
    pairs: &[(usize, usize)],
    flows: Option<Side>,
) -> Result<Vec<Outcome>> {
    let mut passes = Passes { divergence, p, q, pairs, outcomes: vec![None; pairs.len()] };
    let mixed = p.is_logarithmic() != q.is_logarithmic();
    let usual = is_usual(p.temperature()) && is_usual(q.temperature());
    let single = precision == Precision::Single && !mixed && usual;
    if let (Some(member), Some(_), true) = (member(divergence), p.context.gpu(), single) {
        let pairing = Pairing::new(p, q)?;
        if p.is_logarithmic() {
            passes.logits(&pairing, &member, flows).await?;
        } else {
            passes.weights(&pairing, &member, flows).await?;
        }
        match (divergence, flows) {
            (_, None) => {}
            (Divergence::CauchySchwarz, Some(side)) => {
                passes.center_parallel(&pairing, &member, side).await?;
            }
            (_, Some(side)) => passes.center(&pairing, &member, side).await?,
        }
    }
    // Slopes that f32 may not hold.
    for outcome in passes.outcomes.iter_mut().flatten() {
        if let Scalars::Device { flows, .. } = outcome.scalars
            && flows.iter().any(|flow| flow.abs() > 1e30)
        {
            outcome.scalars = Scalars::Twin;
        }
    }
    if precision == Precision::Single {
        passes.quick().await;
    }
    passes.twin().await?;
    let missing = || Error::invalid("p", "a row was not answered");
    passes.outcomes.into_iter().map(|outcome| outcome.ok_or_else(missing)).collect()
}

pub(super) struct Passes<'a> {
    pub(super) divergence: &'a Divergence,
    pub(super) p: &'a Distributions,
    pub(super) q: &'a Distributions,
    pub(super) pairs: &'a [(usize, usize)],
    pub(super) outcomes: Vec<Option<Outcome>>,
}

impl Passes<'_> {
    /// The pairs whose numbers are on the device.
    fn there(&self) -> Vec<usize> {
        let beyond = |(p, q): (usize, usize)| self.p.is_beyond(p) || self.q.is_beyond(q);
        (0..self.pairs.len()).filter(|number| !beyond(self.pairs[*number])).collect()
    }

    /// Whether f32 held all that a pair of rows was made of. With `flows` a gradient follows.
    fn holds(&self, sums: &Sums, scale: f64, flows: bool) -> bool {
        let slopes = flows && !self.p.is_logarithmic();
        range::holds(self.divergence, sums, (self.p.bins, scale), slopes)
    }

    fn jobs(&self, numbers: &[usize], reference: impl Fn(usize) -> [f32; 4]) -> Vec<Job> {
        let job = |(place, number): (usize, &usize)| {
            let (p, q) = self.pairs[*number];
            Job { p, q, reference: reference(place), centers: [0.0; 2] }
        };
        numbers.iter().enumerate().map(job).collect()
    }

    async fn weights(
        &mut self,
        pairing: &Pairing<'_>,
        member: &Member,
        flows: Option<Side>,
    ) -> Result<()> {
        let mut pending = self.there();
        let mut scales = vec![Scales::NONE; pending.len()];
        for pass in 0..PASSES {
            if pending.is_empty() {
                break;
            }
            let jobs = self.jobs(&pending, |place| scales[place].reference());
            let mut sums = self.compare(pairing, member, &jobs, pass > 0, flows.is_some()).await?;
            if pass == 0 {
                self.add_small(member, &pending, &mut sums).await?;
            }
            let (mut next, mut next_scales) = (Vec::new(), Vec::new());
            for ((number, scale), sums) in pending.iter().zip(&scales).zip(sums) {
                if sums.refused() {
                    self.diagnose(*number, sums.flags).await?;
                    // A weight of −0, which the twin takes for the nothing it is.
                    continue;
                }
                if !is_moderate(sums.p) || !is_moderate(sums.q) {
                    // Empty rows among them.
                    continue;
                }
                // The multiple of q that Cauchy-Schwarz has beside p may be small.
                let room = has_room(sums.p) && (pass > 0 || has_room(sums.q));
                let balanced = room && is_balanced(self.divergence, &sums);
                if self.infinite(sums.flags) || balanced {
                    self.outcomes[*number] = self.of_weights(scale, &sums, flows.is_some());
                } else if let Some(better) = scale.better(&sums, self.correction(&sums, room)) {
                    next.push(*number);
                    next_scales.push(better);
                }
            }
            (pending, scales) = (next, next_scales);
        }
        Ok(())
    }

    /// Σ q of a first pass where it is so small beside p that p − q does not know it.
    async fn add_small(&self, member: &Member, numbers: &[usize], sums: &mut [Sums]) -> Result<()> {
        let small = |place: &usize| sums[*place].q.abs() < 1e-3 * sums[*place].p;
        let places: Vec<usize> = (0..sums.len()).filter(small).collect();
        let job = |place: &usize| {
            let (p, q) = self.pairs[numbers[*place]];
            Job { p: q, q: p, reference: Scales::NONE.reference(), centers: [0.0; 2] }
        };
        let jobs: Vec<Job> = places.iter().map(job).collect();
        let swapped = Pairing::new(self.q, self.p)?;
        let found = self.compare(&swapped, member, &jobs, false, false).await?;
        for (place, found) in places.into_iter().zip(found) {
            sums[place].q = found.p;
        }
        Ok(())
    }

    fn of_weights(&self, scale: &Scales, sums: &Sums, flows: bool) -> Option<Outcome> {
        let mismatch = Mismatch::of(sums.flags);
        if !self.infinite(sums.flags) && !self.holds(sums, scale.largest(), flows) {
            return None;
        }
        let (value, slope) = finish(self.divergence, sums)?;
        let totals = scale.totals(sums);
        // No slope is then larger than what t, good to 2^-48, leaves of that of the largest bin.
        let parallel = || sums.value < 2e-17 * self.p.bins as f64 * squares(sums);
        let scalars = match self.divergence {
            Divergence::CauchySchwarz if parallel() || is_across(sums) => Scalars::Twin,
            Divergence::CauchySchwarz => {
                // Of the rows as they are: q is tq/t.
                let (product, squares) = (sums.flow_q, squares(sums));
                let [of_p, of_q] = [squares / product, product / sums.second];
                Scalars::Parallel {
                    references: [scale.times(of_p).reference(), scale.times(of_q).reference()],
                    squares: [squares, product * product / sums.second],
                    flows: [0.0; 2],
                    factors: [2.0 * scale.p / squares, 2.0 * scale.t * scale.q / product],
                }
            }
            _ if slope > STEEP || self.is_vanishing(sums) => Scalars::Twin,
            _ if mismatch.any() && has_late_limit(self.divergence) => Scalars::Twin,
            _ => Scalars::Device {
                reference: scale.reference(),
                centers: [sums.top_p[1] as f32, sums.top_q[1] as f32],
                flows: [sums.flow_p / sums.p, sums.flow_q / sums.q],
                factors: [slope / totals[0], slope / totals[1]],
            },
        };
        Some(Outcome { value, mismatch, sums: totals, scalars })
    }

    /// Whether a gradient is as small as terms that f32 loses: all there is of it is the root of bins that rows share.
    fn is_vanishing(&self, sums: &Sums) -> bool {
        let of_powers = match *self.divergence {
            Divergence::SquaredHellinger | Divergence::Bhattacharyya => true,
            Divergence::Renyi { alpha } | Divergence::Tsallis { alpha } => alpha < 1.0,
            Divergence::Amari { alpha } => alpha.abs() < 1.0,
            _ => false,
        };
        of_powers && sums.second < SMALLEST_SECOND * sums.p
    }

    async fn logits(
        &mut self,
        pairing: &Pairing<'_>,
        member: &Member,
        flows: Option<Side>,
    ) -> Result<()> {
        let all = self.there();
        let jobs = self.jobs(&all, |_| [0.0; 4]);
        let mut norms = vec![Normalisers::default(); self.pairs.len()];
        // One side of KL has slopes that sum to 0. Of others the largest bin must be known for a gradient.
        let quick = match self.divergence {
            Divergence::Kl => matches!(flows, None | Some(Side::Q)),
            Divergence::ReverseKl => matches!(flows, None | Some(Side::P)),
            Divergence::Jeffreys => flows.is_none(),
            _ => false,
        };
        let constants = vec![("PRODUCTS", Constant::Bool(quick))];
        pairing
            .run(&LOGIT_SUMS, &constants, [0.0; 4], &jobs, |job, record| {
                norms[all[job]].add(record);
            })
            .await?;
        let (mut pending, mut references) = (Vec::new(), Vec::new());
        for number in all {
            let norms = &norms[number];
            if norms.flags & (BAD_P | BAD_Q) != 0 {
                self.diagnose(number, norms.flags).await?;
            }
            let logs = [norms.p.log(), norms.q.log()];
            let beyond = norms.flags & BEYOND_RANGE != 0;
            if beyond || logs.iter().any(|log| log.is_nan() || log.abs() > 1e6) {
                continue;
            }
            let (row_p, row_q) = self.pairs[number];
            self.p.check_sum("p", row_p, logs[0].exp())?;
            self.q.check_sum("q", row_q, logs[1].exp())?;
            let answer = if quick { self.at_once(norms, logs) } else { None };
            match answer {
                Some(answer) => self.outcomes[number] = Some(answer),
                None => {
                    pending.push(number);
                    references.push(logs);
                }
            }
        }
        let mut exact = pairing.is_tempered() || !is_gentle(self.divergence);
        for _ in 0..=PASSES {
            if pending.is_empty() {
                break;
            }
            let jobs = self.jobs(&pending, |place| both(references[place]));
            let sums = self.compare(pairing, member, &jobs, exact, flows.is_some()).await?;
            let (mut next, mut next_references) = (Vec::new(), Vec::new());
            for ((number, logs), sums) in pending.iter().zip(&references).zip(&sums) {
                let infinite = self.infinite(sums.flags);
                if !infinite && !self.holds(sums, 1.0, flows.is_some()) {
                    continue;
                }
                if !exact && !infinite && !is_far(*logs, sums.value / sums.p, flows.is_some()) {
                    next.push(*number);
                    next_references.push(*logs);
                } else if infinite || is_balanced(self.divergence, sums) {
                    let own = [norms[*number].p.log(), norms[*number].q.log()];
                    self.outcomes[*number] = self.of_logits(*logs, own, sums);
                } else {
                    let better = logs[1] - self.correction(sums, true).ln();
                    if better.is_finite() {
                        next.push(*number);
                        next_references.push([logs[0], better]);
                    }
                }
            }
            (pending, references) = (next, next_references);
            exact = true;
        }
        Ok(())
    }

    /// `logs` are the references of the sums, `own` the normalisers of the rows.
    fn of_logits(&self, logs: [f64; 2], own: [f64; 2], sums: &Sums) -> Option<Outcome> {
        let (value, slope) = finish(self.divergence, sums)?;
        let temperatures = [self.p.temperature(), self.q.temperature()];
        let scalars = match self.divergence {
            Divergence::CauchySchwarz if is_across(sums) => Scalars::Twin,
            Divergence::CauchySchwarz => {
                let (product, squares) = (sums.flow_q, squares(sums));
                let of_p = [logs[0], logs[1] - (squares / product).ln()];
                let of_q = [logs[0], logs[1] - (product / sums.second).ln()];
                // On the scale of the sums p is normalised, but q is a multiple.
                let factors =
                    [2.0 / (squares * temperatures[0]), 2.0 * sums.second / (product * product)];
                Scalars::Parallel {
                    references: [both(of_p), both(of_q)],
                    squares: [squares, product * product / sums.second],
                    flows: [0.0; 2],
                    factors: [factors[0], factors[1] / temperatures[1]],
                }
            }
            _ if slope > STEEP || self.is_vanishing(sums) => Scalars::Twin,
            _ => Scalars::Device {
                reference: both(logs),
                centers: [sums.top_p[1] as f32, sums.top_q[1] as f32],
                flows: [sums.flow_p / sums.p, sums.flow_q / sums.q],
                factors: [slope / temperatures[0], slope / temperatures[1]],
            },
        };
        Some(Outcome { value, mismatch: Mismatch::of(sums.flags), sums: totals(own), scalars })
    }

    /// KL, its reverse and their sum from one pass, where nothing cancels.
    fn at_once(&self, norms: &Normalisers, logs: [f64; 2]) -> Option<Outcome> {
        let mismatch = Mismatch::of(norms.flags);
        let apart = logs[0] - logs[1];
        let forward = norms.p.product / norms.p.sum - apart;
        let backward = norms.q.product / norms.q.sum + apart;
        let sizes = [norms.p.size / norms.p.sum, norms.q.size / norms.q.sum];
        // Exponentials are good to 6e-8, and so are both normalisers.
        let sure = |value: f64, size: f64| value >= 0.125 * (1.0 + size + apart.abs());
        let (value, flows, sure) = match self.divergence {
            Divergence::Kl => (forward, [forward, 0.0], sure(forward, sizes[0])),
            Divergence::ReverseKl => (backward, [0.0, backward], sure(backward, sizes[1])),
            _ => (
                forward + backward,
                [forward, backward],
                sure(forward, sizes[0]) && sure(backward, sizes[1]),
            ),
        };
        let temperatures = [self.p.temperature(), self.q.temperature()];
        let infinite = is_infinite(self.divergence, mismatch);
        (infinite || (sure && value.is_finite())).then(|| Outcome {
            value: if infinite { f64::INFINITY } else { value },
            mismatch,
            sums: totals(logs),
            scalars: Scalars::Device {
                reference: both(logs),
                centers: [0.0; 2],
                flows,
                factors: if infinite {
                    [0.0; 2]
                } else {
                    [1.0 / temperatures[0], 1.0 / temperatures[1]]
                },
            },
        })
    }

    /// Takes the flows once more about the slopes of the largest bins, where these are next to the mean of all.
    async fn center(&mut self, pairing: &Pairing<'_>, member: &Member, side: Side) -> Result<()> {
        let (mut numbers, mut jobs) = (Vec::new(), Vec::new());
        for (number, outcome) in self.outcomes.iter_mut().enumerate() {
            let Some(Outcome {
                scalars: Scalars::Device { reference, centers, flows, .. },
                value,
                ..
            }) = outcome
            else {
                continue;
            };
            // The gradient at the largest bin bounds the largest of its row from below.
            let near = |side: usize| {
                let apart = (f64::from(centers[side]) - flows[side]).abs();
                flows[side] != 0.0 && apart < 0.05 * flows[side].abs()
            };
            if value.is_finite() && (near(0) || near(1)) {
                let (p, q) = self.pairs[number];
                numbers.push(number);
                jobs.push(Job { p, q, reference: *reference, centers: *centers });
            } else {
                *centers = [0.0; 2];
            }
        }
        let mut sums = self.compare(pairing, member, &jobs, true, true).await?;
        // Logarithms with less care have made some of the centers; about others than its own slope a largest bin is not 0.
        let mut moved = Vec::new();
        for (place, (job, sums)) in jobs.iter_mut().zip(&sums).enumerate() {
            let exact = [sums.top_p[1] as f32, sums.top_q[1] as f32];
            if job.centers != exact {
                job.centers = exact;
                moved.push(place);
            }
        }
        let again: Vec<Job> = moved.iter().map(|place| jobs[*place]).collect();
        for (place, again) in
            moved.iter().zip(self.compare(pairing, member, &again, true, true).await?)
        {
            sums[*place] = again;
        }
        for ((number, job), sums) in numbers.iter().zip(&jobs).zip(&sums) {
            let Some(Outcome { scalars, .. }) = &mut self.outcomes[*number] else { continue };
            if let Scalars::Device { flows, centers, .. } = scalars {
                *centers = job.centers;
                *flows = [sums.flow_p / sums.p, sums.flow_q / sums.q];
                // Slopes that all but agree: what is left of them is the rounding of f32.
                let lost = |center: f32, flow: f64, rest: f64| {
                    1e-7 * f64::from(center).abs() * rest.max(0.0) > 3e-6 * flow.abs()
                };
                let of_p = lost(centers[0], flows[0], 1.0 - sums.top_p[0] / sums.p);
                let of_q = lost(centers[1], flows[1], 1.0 - sums.top_q[0] / sums.q);
                if (of_p && side != Side::Q) || (of_q && side != Side::P) {
                    *scalars = Scalars::Twin;
                }
            }
        }
        Ok(())
    }

    fn infinite(&self, flags: u32) -> bool {
        is_infinite(self.divergence, Mismatch::of(flags))
    }

    /// By what the scale of q was wrong. Cauchy-Schwarz asks for a multiple of its own once the rows have about one scale.
    fn correction(&self, sums: &Sums, is_multiple: bool) -> f64 {
        match self.divergence {
            Divergence::CauchySchwarz if is_multiple => sums.flow_q / sums.second,
            _ => sums.correction(),
        }
    }

    pub(super) async fn compare(
        &self,
        pairing: &Pairing<'_>,
        member: &Member,
        jobs: &[Job],
        careful: bool,
        flows: bool,
    ) -> Result<Vec<Sums>> {
        let parallel = matches!(self.divergence, Divergence::CauchySchwarz);
        let mut constants = member.splices.clone();
        // What the first passes leave out, see pairs.wgsl.
        let name = if self.p.is_logarithmic() { "EXACT" } else { "SCALED" };
        constants.push((name, Constant::Bool(careful)));
        constants.push(("FLOWS", Constant::Bool(flows || parallel)));
        let ratios = !self.p.is_logarithmic() && (flows || !is_bounded(self.divergence));
        constants.push(("RATIOS", Constant::Bool(ratios)));
        let mut sums = vec![Sums::default(); jobs.len()];
        let absorb = |job: usize, record: &Record| sums[job].add(record);
        pairing.run(&COMPARE, &constants, member.parameters, jobs, absorb).await?;
        Ok(sums)
    }
}

/// Whether rows have so little in common that the nearest multiple of one is nothing beside the other.
fn is_across(sums: &Sums) -> bool {
    sums.flow_q * sums.flow_q < 1e-12 * sums.second * squares(sums)
}

pub(super) fn both(logs: [f64; 2]) -> [f32; 4] {
    let ([p, p_low], [q, q_low]) = (words(logs[0]), words(logs[1]));
    [p, p_low, q, q_low]
}

/// Σ exp of logarithms; a log-normaliser says nothing about logits, but costs nothing.
fn totals(logs: [f64; 2]) -> [f64; 2] {
    [logs[0].exp(), logs[1].exp()]
}
