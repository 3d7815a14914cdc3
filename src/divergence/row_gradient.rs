//! Gradients of functions of a row with respect to its numbers: one kernel over the rows, nothing of their size besides.

use super::distributions::{Data, Distributions};
use super::kernels::{Item, Params};
use super::other_bins::label_words;
use super::sums::{Block, Job, Pairing, Shape};
use crate::clock::Breather;
use crate::error::{Error, Result};
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::pace::Pace;
use crate::gpu::shader::{Constant, Constants};
use crate::gpu::{Gpu, Kernel, Part, Tensor};
use crate::number::words;
use crate::parallel::map_rows_gently;
use crate::reference::losses::Form;
use std::ops::Range;

pub(crate) static LOGIT_GRADIENT: Kernel = Kernel::new("losses/logit_gradient.wgsl");
pub(crate) static PRIOR_GRADIENT: Kernel = Kernel::new("losses/prior_gradient.wgsl");
pub(crate) static ENTROPY_GRADIENT: Kernel = Kernel::new("divergence/entropy_gradient.wgsl");

/// Bytes of gradients that are on the device at a time on their way to the host.
const ON_THE_WAY: usize = 64 << 20;

/// Where the gradient of a row comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// It is zero.
    Zero,
    /// The kernel, with the reference of an item and the scalars of a row.
    Device { reference: [f32; 4], scalars: [f32; 8] },
    /// The twin.
    Twin,
}

impl Source {
    /// A form of `logit_gradient`.
    pub(crate) fn of_form(form: &Form) -> Source {
        let own = form.label.map_or(0.0, |(_, own)| own);
        // What is beyond f32 is brought back by the twin; d is −200 at least.
        if ![form.x, 200.0 * form.y, form.z, own].iter().all(|x| x.abs() <= 1e36) {
            return Source::Twin;
        }
        let [label_high, label_low] = label_words(form.label.map(|(label, _)| label));
        let [rate, rate_low] = words(1.0 / form.temperature);
        Source::Device {
            reference: [form.reference as f32, 0.0, label_high, label_low],
            scalars: [
                form.x as f32,
                form.y as f32,
                form.z as f32,
                own as f32,
                rate,
                rate_low,
                0.0,
                0.0,
            ],
        }
    }
}

/// What a kernel is given besides the rows.
#[derive(Debug, Clone, Copy, Default)]
struct Beside<'a> {
    /// A row that is read beside every other.
    row: Option<&'a Distributions>,
    /// Whether the gradient is added to what is there.
    added: bool,
}

/// A gradient by rows: which kernel, and the gradient of a row from its numbers where that cannot answer.
pub(crate) struct Gradient<'a> {
    pub(crate) rows: &'a Distributions,
    pub(crate) kernel: &'static Kernel,
    pub(crate) constants: Constants,
    pub(crate) member: [f32; 4],
    pub(crate) sources: Vec<Source>,
    pub(crate) twin: &'a (dyn Fn(usize, &[f64]) -> Vec<f64> + Send + Sync),
}

impl Gradient<'_> {
    /// n×V, where the rows are.
    pub(crate) async fn tensor(&self) -> Result<Tensor> {
        self.tensor_with(Beside::default()).await
    }

    /// The same of a kernel that reads a row beside every other.
    pub(crate) async fn tensor_beside(&self, row: &Distributions) -> Result<Tensor> {
        self.tensor_with(Beside { row: Some(row), added: false }).await
    }

    async fn tensor_with(&self, beside: Beside<'_>) -> Result<Tensor> {
        let shape = [self.rows.rows, self.rows.bins];
        match self.rows.context.gpu() {
            None => {
                let gradient = self.host().await?;
                Tensor::from_slice(&self.rows.context, &gradient, &shape).await
            }
            Some(gpu) => {
                let buffer = self.buffer(gpu, 0..self.rows.rows, beside).await?;
                Ok(Tensor::pooled(&self.rows.context, buffer, &shape))
            }
        }
    }

    /// Adds it to a tensor n×V of the same context that nobody else holds.
    pub(crate) async fn added_to(&self, tensor: Tensor) -> Result<Tensor> {
        let (Some(gpu), Some(buffer)) = (self.rows.context.gpu(), tensor.part()) else {
            let (own, given) = (self.host().await?, tensor.read().await?);
            let sum = |(x, y): (&f32, &f32)| single(f64::from(*x) + f64::from(*y));
            let sums: Vec<f32> = own.iter().zip(&given).map(sum).collect();
            return Tensor::from_slice(&self.rows.context, &sums, tensor.shape()).await;
        };
        let (count, bins) = (self.rows.rows, self.rows.bins);
        let mut breather = Breather::new();
        for first in (0..count).step_by(64) {
            let mut written = self.twins(first..count.min(first + 64), &mut breather).await?;
            written.retain(|(row, _)| matches!(self.sources[*row], Source::Twin));
            for (row, values) in written {
                let at = (4 * row * bins) as u64;
                let mut recorder = gpu.recorder();
                recorder.stage(buffer, at, 4 * bins as u64);
                let read: Vec<Vec<f32>> = recorder.read_as("a gradient").await?;
                let sum = |(x, y): (&f32, &f32)| single(f64::from(*x) + f64::from(*y));
                let sums: Vec<f32> = read.iter().flatten().zip(&values).map(sum).collect();
                gpu.guarded(|| {
                    gpu.write(buffer, at, &sums)?;
                    Ok(())
                })
                .await?;
            }
        }
        let spare = gpu.guarded(|| gpu.allocate("unused binding", 16, STORAGE)).await?;
        let beside = Beside { row: None, added: true };
        self.record(gpu, 0..count, (buffer, &spare.whole()), beside).await?;
        Ok(tensor)
    }

    /// n×V, row-major.
    pub(crate) async fn host(&self) -> Result<Vec<f32>> {
        let (count, bins) = (self.rows.rows, self.rows.bins);
        let mut result = Vec::with_capacity(count * bins);
        let Some(gpu) = self.rows.context.gpu() else {
            let mut breather = Breather::new();
            for first in (0..count).step_by(64) {
                let rows = first..count.min(first + 64);
                for (_, row) in self.twins(rows.clone(), &mut breather).await? {
                    result.extend(row);
                }
            }
            return Ok(result);
        };
        let limits = &gpu.capabilities.limits;
        let most = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        if 4 * bins as u64 > most {
            return self.by_twin().await;
        }
        let step = (ON_THE_WAY.min(most as usize) / (4 * bins)).max(1);
        for first in (0..count).step_by(step) {
            let rows = first..count.min(first + step);
            let bytes = (4 * rows.len() * bins) as u64;
            let buffer = self.buffer(gpu, rows, Beside::default()).await?;
            let mut recorder = gpu.recorder();
            recorder.stage(&buffer, 0, bytes);
            let read: Vec<Vec<f32>> = recorder.read_as("a gradient").await?;
            result.extend(read.into_iter().flatten());
        }
        Ok(result)
    }

    /// Rows of which no binding holds the gradient.
    async fn by_twin(&self) -> Result<Vec<f32>> {
        let mut result = Vec::with_capacity(self.rows.rows * self.rows.bins);
        for (row, source) in self.sources.iter().enumerate() {
            if matches!(source, Source::Zero) {
                result.resize(result.len() + self.rows.bins, 0.0);
                continue;
            }
            let values = self.rows.read_row(row).await?;
            result.extend((self.twin)(row, &values).into_iter().map(single));
        }
        Ok(result)
    }

    /// The rows that no kernel writes, with their numbers.
    async fn twins(
        &self,
        rows: Range<usize>,
        breather: &mut Breather,
    ) -> Result<Vec<(usize, Vec<f32>)>> {
        let is = |row: &usize, wanted: fn(&Source) -> bool| wanted(&self.sources[*row]);
        let zero = |row: &usize| is(row, |source| matches!(source, Source::Zero));
        let twin = |row: &usize| is(row, |source| matches!(source, Source::Twin));
        let numbers: Vec<usize> = rows.clone().filter(twin).collect();
        let mut found = Vec::with_capacity(rows.len());
        for numbers in numbers.chunks(self.rows.together()) {
            let values = self.rows.read_rows(numbers).await?;
            let gradient = |place: usize| {
                let gradient = (self.twin)(numbers[place], &values[place]);
                (numbers[place], gradient.into_iter().map(single).collect())
            };
            found.extend(map_rows_gently(breather, numbers.len(), gradient).await);
        }
        found.extend(rows.filter(zero).map(|row| (row, vec![0.0; self.rows.bins])));
        found.sort_unstable_by_key(|(row, _)| *row);
        Ok(found)
    }

    async fn buffer(&self, gpu: &Gpu, rows: Range<usize>, beside: Beside<'_>) -> Result<Buffer> {
        let bins = self.rows.bins;
        let bytes = (4 * rows.len() * bins) as u64;
        let (buffer, spare) = gpu
            .guarded(|| {
                let gradient = gpu.allocate("a gradient", bytes, STORAGE)?;
                Ok((gradient, gpu.allocate("unused binding", 16, STORAGE)?))
            })
            .await?;
        let mut breather = Breather::new();
        for first in rows.clone().step_by(64) {
            let written = self.twins(first..rows.end.min(first + 64), &mut breather).await?;
            gpu.guarded(|| {
                for (row, values) in &written {
                    gpu.write(&buffer, (4 * (row - rows.start) * bins) as u64, values)?;
                }
                Ok(())
            })
            .await?;
        }
        self.record(gpu, rows, (&buffer.whole(), &spare.whole()), beside).await?;
        Ok(buffer)
    }

    /// Runs the kernel over all rows that it writes, in submissions of bounded length.
    async fn record(
        &self,
        gpu: &Gpu,
        rows: Range<usize>,
        (buffer, spare): (&Part, &Part),
        beside: Beside<'_>,
    ) -> Result<()> {
        let first = rows.start;
        let job = |row: usize| match self.sources[row] {
            Source::Device { reference, scalars } => {
                let q = if beside.row.is_some() { 0 } else { row };
                Some((Job { p: row, q, reference, centers: [0.0; 2] }, scalars))
            }
            _ => None,
        };
        let jobs: Vec<(Job, [f32; 8])> = rows.filter_map(job).collect();
        if jobs.is_empty() || !matches!(self.rows.data, Data::Device(_)) {
            return Ok(());
        }
        let pairing = Pairing::new(self.rows, beside.row.unwrap_or(self.rows))?;
        let plain: Vec<Job> = jobs.iter().map(|(job, _)| *job).collect();
        let mut pace = Pace::of_elements(&gpu.capabilities);
        let bins = self.rows.bins;
        for block in pairing.blocks(&plain) {
            // A row in pieces is paired with all of its own pieces.
            if beside.row.is_none() && block.p.columns != block.q.columns {
                continue;
            }
            let columns = block.columns.len();
            let aligned = bins.is_multiple_of(4) && block.columns.start.is_multiple_of(4);
            let mut done = 0;
            while done < block.jobs.len() {
                let count = pace.items(columns).min(block.jobs.len() - done);
                let numbers = &block.jobs[done..done + count];
                let shape = Shape::new(&gpu.capabilities, count, columns);
                let mut constants = pairing.constants(&block, &shape);
                constants.push(("ALIGNED_OUT", Constant::Bool(aligned)));
                constants.extend_from_slice(&self.constants);
                if beside.added {
                    constants.push(("ADDED", Constant::Bool(true)));
                }
                let pipeline = gpu.pipeline(self.kernel, constants).await?;
                pace.begin();
                let mut recorder = gpu.recorder();
                gpu.guarded(|| {
                    let items = items(&block, &jobs, numbers, first, bins);
                    let scalars: Vec<[f32; 8]> = numbers.iter().map(|k| jobs[*k].1).collect();
                    let items = gpu.upload("rows", &items)?;
                    let scalars = gpu.upload("scalars of rows", &scalars)?;
                    let params =
                        Params { member: self.member, ..pairing.params(&block, &shape, count) };
                    let (quads, singles) = if aligned { (buffer, spare) } else { (spare, buffer) };
                    let mut resources = pairing.bindings(&block);
                    let own = [items.into(), scalars.into(), quads.whole(), singles.whole()];
                    resources.extend(own);
                    let ready = gpu.bind(&pipeline, gpu.uniform(&params)?, resources);
                    recorder.dispatch(&ready, shape.groups(count))?;
                    Ok(())
                })
                .await?;
                recorder.read("a gradient").await?;
                pace.end((count * columns) as f64);
                done += count;
            }
        }
        Ok(())
    }
}

/// As f32; what is beyond its range is its largest number.
pub(crate) fn single(x: f64) -> f32 {
    (x as f32).clamp(-f32::MAX, f32::MAX)
}

fn items(
    block: &Block<'_>,
    jobs: &[(Job, [f32; 8])],
    numbers: &[usize],
    first: usize,
    bins: usize,
) -> Vec<Item> {
    let column = block.columns.start;
    let item = |number: &usize| {
        let (job, _) = jobs[*number];
        let out = (job.p - first) * bins + column;
        let at = [block.p.at(job.p, column), block.q.at(job.q, column), out as u32, 0];
        Item { at, reference: job.reference, centers: [0.0; 4] }
    };
    numbers.iter().map(item).collect()
}

/// That an n×V gradient can be one tensor of the context.
pub(crate) fn check_size(rows: &Distributions) -> Result<()> {
    let Some(capabilities) = rows.context.capabilities() else { return Ok(()) };
    let limits = &capabilities.limits;
    let available = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
    let needed = 4 * rows.rows as u64 * rows.bins as u64;
    if needed > available {
        let what = "the gradient as one tensor (bytes)".into();
        return Err(Error::LimitExceeded { what, needed, available });
    }
    Ok(())
}
