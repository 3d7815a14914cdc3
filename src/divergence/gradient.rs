//! Gradients of divergences, where the context runs.

mod on_host;

use super::comparison::{Comparison, Matched, Values};
use super::distributions::Distributions;
use super::finish::{is_far, is_gentle};
use super::kernels::{GRADIENT, Params, member};
use super::kind::{Divergence, Side};
use super::passes::{Outcome, Scalars};
use super::range::is_factor;
use super::row_gradient::single;
use super::sums::{Block, Job, Pairing, Shape, items};
use crate::aside::aside;
use crate::error::Result;
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::layout::params;
use crate::gpu::pace::Pace;
use crate::gpu::shader::Constant;
use crate::gpu::{Gpu, Tensor};
use crate::wait::blocking;

/// Gradients with respect to the numbers of p and of q as they were given: weights, log-probabilities or logits. Each is
/// a tensor of the rows' own shape, f32, on their context; [`Tensor::read`] brings it to the host.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Gradients {
    /// With respect to p, if asked for.
    pub p: Option<Tensor>,
    /// With respect to q, if asked for.
    pub q: Option<Tensor>,
}

impl Comparison {
    /// The values, and the gradient of the reduction (of Σ D without one), each row's times `upstream` if given.
    ///
    /// Divergences are functions of the normalised rows, so the gradient of a row is orthogonal to the direction that
    /// changes nothing: in logits and log-probabilities it sums to 0, in weights Σ w ∂D/∂w = 0. Where an empty bin of
    /// weights would have an infinite slope it is that of a bin 2⁻¹⁰⁰ times its partner. Rows whose divergence is
    /// infinite have the gradient 0. Computed in f32 from scalars of the row: besides the gradient no memory of its
    /// size is used. Entries are within 1e-5 of the largest of their row, or, where nearly all mass is in one bin and that
    /// largest is next to nothing, within 1e-12 of the row's factor.
    ///
    /// # Errors
    /// As [`Comparison::rows`]; [`Error::LimitExceeded`](crate::Error::LimitExceeded) where a gradient does not fit a
    /// binding of the adapter.
    pub async fn value_and_gradient(
        &self,
        p: &Distributions,
        q: &Distributions,
        side: Side,
        upstream: Option<&[f64]>,
    ) -> Result<(Values, Gradients)> {
        let this = self;
        aside!(this.is_by_twin(p); this, p, q, upstream; this.value_and_gradient_in_place(p, q, side, upstream))
    }

    async fn value_and_gradient_in_place(
        &self,
        p: &Distributions,
        q: &Distributions,
        side: Side,
        upstream: Option<&[f64]>,
    ) -> Result<(Values, Gradients)> {
        let matched = self.match_rows(p, q, upstream)?;
        let outcomes = self.outcomes(p, q, &matched, Some(side)).await?;
        let reduced = self.weighting.upstream(&matched.rows);
        let factor =
            |row: usize| self.unit_factor() * reduced(row) * upstream.map_or(1.0, |u| u[row]);
        let work = Work { comparison: self, p, q, matched: &matched, outcomes: &outcomes };
        let wanted = |other: Side| side == other || side == Side::Both;
        let gradients = Gradients {
            p: if wanted(Side::P) { Some(work.gradient(false, &factor).await?) } else { None },
            q: if wanted(Side::Q) { Some(work.gradient(true, &factor).await?) } else { None },
        };
        Ok((self.values(&matched, &outcomes), gradients))
    }
}

blocking! {
    impl Comparison {
        value_and_gradient => value_and_gradient_blocking(
            &self, p: &Distributions, q: &Distributions, side: Side, upstream: Option<&[f64]>
        ) -> Result<(Values, Gradients)>;
    }
}

params! {
    /// As `Scalars` in `divergence/gradient.wgsl`.
    struct RowScalars = Scalars in "divergence/gradient.wgsl" {
        flows: [f32; 2],
        factors: [f32; 2],
    }
}

/// What the gradient of a row is multiplied with.
type Factor<'a> = &'a (dyn Fn(usize) -> f64 + Sync);

struct Work<'a> {
    comparison: &'a Comparison,
    p: &'a Distributions,
    q: &'a Distributions,
    matched: &'a Matched,
    outcomes: &'a [Outcome],
}

impl Work<'_> {
    fn of(&self, of_q: bool) -> &Distributions {
        if of_q { self.q } else { self.p }
    }

    async fn gradient(&self, of_q: bool, factor: Factor<'_>) -> Result<Tensor> {
        let own = self.of(of_q);
        let shape = [own.rows, own.bins];
        let Some(gpu) = own.context.gpu() else { return self.on_host(of_q, factor).await };
        let open = self.open(factor);
        let by_twin = self.by_twin(of_q, &open).await?;
        let bytes = (4 * own.rows * own.bins) as u64;
        let output = gpu.guarded(|| gpu.allocate("gradient", bytes, STORAGE)).await?;
        let output = self.on_device(gpu, of_q, factor, output, &by_twin).await?;
        Ok(Tensor::pooled(&own.context, output, &shape))
    }

    async fn on_device(
        &self,
        gpu: &Gpu,
        of_q: bool,
        factor: Factor<'_>,
        output: Buffer,
        by_twin: &[(usize, Vec<f64>)],
    ) -> Result<Buffer> {
        let own = self.of(of_q);
        let (mut jobs, mut scalars) = (Vec::new(), Vec::new());
        let mut exact = !own.is_logarithmic();
        for (row, outcome) in self.matched.rows.iter().zip(self.outcomes) {
            let (p, q) = self.matched.pair(*row);
            if let Some((job, row)) = row_scalars(outcome, (p, q), of_q, factor(*row)) {
                let [p_high, p_low, q_high, q_low] = job.reference.map(f64::from);
                exact |= !is_far([p_high + p_low, q_high + q_low], outcome.value, true)
                    || job.centers != [0.0; 2];
                jobs.push(job);
                scalars.push(row);
            }
        }
        let shared = own.rows == 1 && self.matched.count > 1;
        // Rows that no kernel writes, and sums over rows, begin at 0.
        if shared || jobs.len() < own.rows {
            let mut recorder = gpu.recorder();
            recorder.clear(&output, 0, (4 * own.rows * own.bins) as u64);
            recorder.submit().await?;
        }
        if !jobs.is_empty() {
            self.dispatch(gpu, [of_q, shared, exact], &jobs, &scalars, &output).await?;
        }
        self.add_twin(gpu, own, by_twin, &output).await?;
        Ok(output)
    }

    async fn dispatch(
        &self,
        gpu: &Gpu,
        [of_q, shared, exact]: [bool; 3],
        jobs: &[Job],
        scalars: &[RowScalars],
        output: &Buffer,
    ) -> Result<()> {
        let divergence = &self.comparison.divergence;
        let member = match divergence {
            // The flows of cross-entropy in q are those of KL: it differs by the entropy of p.
            Divergence::CrossEntropy => member(&Divergence::Kl),
            _ => member(divergence),
        };
        let Some(member) = member else { return Ok(()) };
        let pairing = Pairing::new(self.p, self.q)?;
        let exact = exact || pairing.is_tempered() || !is_gentle(divergence);
        let own = self.of(of_q);
        let mut pace = Pace::of_elements(&gpu.capabilities);
        for block in pairing.blocks(jobs) {
            let mut done = 0;
            while done < block.jobs.len() {
                let count = pace.items(block.columns.len()).min(block.jobs.len() - done);
                let numbers = &block.jobs[done..done + count];
                let shape = if shared {
                    Shape::over_columns(&gpu.capabilities, block.columns.len())
                } else {
                    Shape::new(&gpu.capabilities, count, block.columns.len())
                };
                let aligned = own.bins.is_multiple_of(4) && block.columns.start.is_multiple_of(4);
                let mut constants = pairing.constants(&block, &shape);
                constants.extend(member.splices.iter().cloned());
                constants.push(("OF_Q", Constant::Bool(of_q)));
                constants.push(("EXACT", Constant::Bool(exact)));
                constants.push(("SHARED", Constant::Bool(shared)));
                constants.push(("ALIGNED_OUT", Constant::Bool(aligned)));
                let pipeline = gpu.pipeline(&GRADIENT, constants).await?;
                let params =
                    Params { member: member.parameters, ..pairing.params(&block, &shape, count) };
                pace.begin();
                let mut recorder = gpu.recorder();
                gpu.guarded(|| {
                    let places = places(&block, jobs, numbers, of_q, own.bins);
                    let rows: Vec<RowScalars> = numbers.iter().map(|n| scalars[*n]).collect();
                    let places = gpu.upload("pairs of rows", &places)?;
                    let rows = gpu.upload("scalars of rows", &rows)?;
                    let mut resources = pairing.bindings(&block);
                    // A buffer may not be written through two bindings.
                    let spare = gpu.allocate("spare", 16, STORAGE)?;
                    let outputs = if aligned { [output, &spare] } else { [&spare, output] };
                    for buffer in [&places, &rows].into_iter().chain(outputs) {
                        resources.push(buffer.whole());
                    }
                    let ready = gpu.bind(&pipeline, gpu.uniform(&params)?, resources);
                    recorder.dispatch(&ready, shape.groups(if shared { 1 } else { count }))?;
                    Ok(())
                })
                .await?;
                recorder.read("a gradient").await?;
                pace.end((count * block.columns.len()) as f64);
                done += count;
            }
        }
        Ok(())
    }

    async fn add_twin(
        &self,
        gpu: &Gpu,
        own: &Distributions,
        by_twin: &[(usize, Vec<f64>)],
        output: &Buffer,
    ) -> Result<()> {
        let mut rows: Vec<(usize, Vec<f64>)> = Vec::new();
        for (row, values) in by_twin {
            match rows.iter_mut().find(|(known, _)| known == row) {
                Some((_, sum)) => sum.iter_mut().zip(values).for_each(|(sum, x)| *sum += x),
                None => rows.push((*row, values.clone())),
            }
        }
        for (row, values) in rows {
            let at = (4 * row * own.bins) as u64;
            let mut recorder = gpu.recorder();
            recorder.stage(output, at, 4 * own.bins as u64);
            // A shared row may hold what the kernel made of others.
            let old: Vec<Vec<f32>> = recorder.read_as("a gradient").await?;
            let sums: Vec<f32> = old
                .iter()
                .flatten()
                .zip(&values)
                .map(|(old, new)| single(f64::from(*old) + new))
                .collect();
            gpu.guarded(|| {
                gpu.write(output, at, &sums)?;
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}

/// Items with the place of their gradient.
fn places(
    block: &Block<'_>,
    jobs: &[Job],
    numbers: &[usize],
    of_q: bool,
    bins: usize,
) -> Vec<super::kernels::Item> {
    let mut items = items(block, jobs, numbers);
    for (item, number) in items.iter_mut().zip(numbers) {
        let row = if of_q { jobs[*number].q } else { jobs[*number].p };
        item.at[2] = (row * bins + block.columns.start) as u32;
    }
    items
}

/// Whether the gradient of a row, times a factor, comes from the twin.
fn is_by_twin(outcome: &Outcome, factor: f64) -> bool {
    match outcome.scalars {
        Scalars::Device { factors, .. } | Scalars::Parallel { factors, .. } => {
            !factors.iter().all(|x| is_factor(x * factor))
        }
        Scalars::Twin => true,
    }
}

/// What the kernel has to know of a row; `None` for one that it leaves out.
fn row_scalars(
    outcome: &Outcome,
    (p, q): (usize, usize),
    of_q: bool,
    factor: f64,
) -> Option<(Job, RowScalars)> {
    if !outcome.value.is_finite() || is_by_twin(outcome, factor) {
        return None;
    }
    let times = |x: [f64; 2]| x.map(|x| single(x * factor));
    match outcome.scalars {
        Scalars::Device { reference, centers, flows, factors } => {
            let flows = [flows[0] as f32, flows[1] as f32];
            Some((Job { p, q, reference, centers }, RowScalars { flows, factors: times(factors) }))
        }
        Scalars::Parallel { references, flows, factors, .. } => {
            let job = Job { p, q, reference: references[usize::from(of_q)], centers: [0.0; 2] };
            let flows = flows.map(|flow| flow as f32);
            Some((job, RowScalars { flows, factors: times(factors) }))
        }
        Scalars::Twin => None,
    }
}
