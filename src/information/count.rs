//! Histograms of samples.

use super::bins::Bins;
use super::kernels::{BIN_COUNTS, CountParams, NO_REPORT};
use super::rows_of;
use crate::aside::aside;
use crate::clock::Breather;
use crate::error::{Error, Result};
use crate::gpu::shader::Constant;
use crate::gpu::steps::{Step, Steps};
use crate::gpu::{Context, Gpu, Part, Tensor};
use crate::number::Element;
use crate::parallel::map_rows_gently;
use crate::reference::information::{Edges, bin_counts};
use crate::wait::blocking;

/// How many samples fell into every bin.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Counts {
    /// Series × bins, or series × bins of x × bins of y, row-major.
    pub counts: Vec<u64>,
    /// Samples of every series that fell into no bin.
    pub outside: Vec<u64>,
    /// Bins of x, and of y; 1 where there is no y.
    pub bins: [usize; 2],
}

impl Counts {
    /// The counts as weights.
    pub fn weights(&self) -> Vec<f64> {
        self.counts.iter().map(|count| *count as f64).collect()
    }
}

/// The samples of one or two variables, and their bins.
#[derive(Clone, Copy)]
struct Job<'a> {
    length: usize,
    series: usize,
    x: &'a Bins,
    y: Option<&'a Bins>,
    names: [&'static str; 2],
}

/// Fewer f32 samples than this are counted on the host, which takes less than a submission does.
const LARGE: usize = 1 << 16;
/// Bins, and the place for samples outside, that fit workgroup memory: as in `bin_counts.wgsl`.
const LOCAL_CELLS: usize = 2048;
/// Samples of a workgroup, for each of its threads.
const PER_THREAD: usize = 64;

/// Histograms of one or more series of `length` samples; `bins` for all of them or one set of edges for each.
///
/// f32 samples are counted by the context's device where they are many, all others on the host; either way exactly, and
/// with the same result: edges in f64 are compared as such. Samples outside the edges are counted apart.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::information::{Bins, count_blocking};
/// let bins = Bins::equal_width(0.0, 3.0, 3)?;
/// let found = count_blocking(&kantor::Context::cpu(), &[0.0, 0.5, 1.0, 3.0, 3.5], 5, &bins)?;
/// assert_eq!((&found.counts[..], &found.outside[..]), (&[2, 1, 1][..], &[1][..]));
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::InvalidInput`]: a sample that is not finite (with series and index), an incomplete series, edges for another
/// number of series, more than 2²⁸ bins; [`Error::OutOfMemory`], [`Error::DeviceLost`].
pub async fn count<T: Element>(
    context: &Context,
    samples: &[T],
    length: usize,
    bins: &Bins,
) -> Result<Counts> {
    aside!(context.gpu().is_none(); context, samples, bins; count_in_place(context, samples, length, bins))
}

async fn count_in_place<T: Element>(
    context: &Context,
    samples: &[T],
    length: usize,
    bins: &Bins,
) -> Result<Counts> {
    let job = Job::new(rows_of("samples", samples, length)?, length, [bins, bins], false)?;
    job.run(context, samples, &[]).await
}

/// Joint histograms of one or more pairs of series, rows the bins of x: [`count`] of pairs.
///
/// # Errors
/// As [`count`]; [`Error::InvalidInput`] for x and y of different lengths.
pub async fn count_pairs<T: Element>(
    context: &Context,
    x: &[T],
    y: &[T],
    length: usize,
    bins: [&Bins; 2],
) -> Result<Counts> {
    aside!(context.gpu().is_none(); context, x, y, bins; count_pairs_in_place(context, x, y, length, bins))
}

async fn count_pairs_in_place<T: Element>(
    context: &Context,
    x: &[T],
    y: &[T],
    length: usize,
    bins: [&Bins; 2],
) -> Result<Counts> {
    let series = rows_of("x", x, length)?;
    if x.len() != y.len() {
        return Err(Error::invalid("y", format!("has {} samples, x has {}", y.len(), x.len())));
    }
    Job::new(series, length, bins, true)?.run(context, x, y).await
}

/// [`count`] of a tensor of shape series × samples, or samples, which stays where it is.
///
/// # Errors
/// As [`count`].
pub async fn count_tensor(samples: &Tensor, bins: &Bins) -> Result<Counts> {
    aside!(samples.context().gpu().is_none(); samples, bins; count_tensor_in_place(samples, bins))
}

async fn count_tensor_in_place(samples: &Tensor, bins: &Bins) -> Result<Counts> {
    let (series, length) = shape_of("samples", samples)?;
    let job = Job::new(series, length, [bins, bins], false)?;
    if let (Some(gpu), Some(buffer)) = (samples.context().gpu(), samples.part()) {
        return job.on_device(gpu, buffer, buffer, 0..series).await;
    }
    job.on_host(&samples.read().await?, &[]).await
}

/// [`count_pairs`] of two tensors of one shape, series × samples, or samples, which stay where they are.
///
/// # Errors
/// As [`count_pairs`]; [`Error::InvalidInput`] for tensors of different contexts.
pub async fn count_pairs_tensor(x: &Tensor, y: &Tensor, bins: [&Bins; 2]) -> Result<Counts> {
    aside!(x.context().gpu().is_none(); x, y, bins; count_pairs_tensor_in_place(x, y, bins))
}

async fn count_pairs_tensor_in_place(x: &Tensor, y: &Tensor, bins: [&Bins; 2]) -> Result<Counts> {
    let (series, length) = shape_of("x", x)?;
    if x.shape() != y.shape() {
        let reason = format!("has shape {:?}, x {:?}", y.shape(), x.shape());
        return Err(Error::invalid("y", reason));
    }
    if !x.context().shares_device(y.context()) {
        return Err(Error::invalid("y", "is on another device than x"));
    }
    let job = Job::new(series, length, bins, true)?;
    if let (Some(gpu), Some(x), Some(y)) = (x.context().gpu(), x.part(), y.part()) {
        return job.on_device(gpu, x, y, 0..series).await;
    }
    job.on_host(&x.read().await?, &y.read().await?).await
}

blocking! {
    count => count_blocking<T: Element>(
        context: &Context, samples: &[T], length: usize, bins: &Bins
    ) -> Result<Counts>;
    count_pairs => count_pairs_blocking<T: Element>(
        context: &Context, x: &[T], y: &[T], length: usize, bins: [&Bins; 2]
    ) -> Result<Counts>;
    count_tensor => count_tensor_blocking(samples: &Tensor, bins: &Bins) -> Result<Counts>;
    count_pairs_tensor => count_pairs_tensor_blocking(
        x: &Tensor, y: &Tensor, bins: [&Bins; 2]
    ) -> Result<Counts>;
}

fn shape_of(argument: &'static str, tensor: &Tensor) -> Result<(usize, usize)> {
    match *tensor.shape() {
        [length] => Ok((1, length)),
        [series, length] => Ok((series, length)),
        _ => {
            let reason = format!("has shape {:?}, not series × samples", tensor.shape());
            Err(Error::invalid(argument, reason))
        }
    }
}

/// A number as an integer in the same order; both zeros are one.
fn key(x: f32) -> u32 {
    let bits = (x + 0.0).to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

/// Edges as keys: for f32 samples x ≥ edge where x ≥ the next f32 above, and x ≤ the last where x ≤ the next below.
fn keys(edges: &[f64]) -> impl Iterator<Item = u32> {
    let last = edges.len() - 1;
    edges.iter().enumerate().map(move |(k, edge)| {
        let near = *edge as f32;
        let (above, below) = (f64::from(near) > *edge, f64::from(near) < *edge);
        key(match (k == last, above, below) {
            (false, _, true) => near.next_up(),
            (true, true, _) => near.next_down(),
            _ => near,
        })
    })
}

impl<'a> Job<'a> {
    fn new(series: usize, length: usize, bins: [&'a Bins; 2], pairs: bool) -> Result<Job<'a>> {
        const MOST: usize = 1 << 28;
        let names = if pairs { ["x", "y"] } else { ["samples"; 2] };
        let job = Job { length, series, x: bins[0], y: pairs.then_some(bins[1]), names };
        for bins in bins {
            if bins.series() != 1 && bins.series() != series {
                let reason = format!("have edges for {} series, not {series}", bins.series());
                return Err(Error::invalid("bins", reason));
            }
        }
        if job.cells().saturating_mul(series) > MOST {
            return Err(Error::invalid("bins", format!("are more than {MOST} for all series")));
        }
        Ok(job)
    }

    fn cells(&self) -> usize {
        self.x.len() * self.y.map_or(1, Bins::len)
    }

    async fn run<T: Element>(&self, context: &Context, x: &[T], y: &[T]) -> Result<Counts> {
        if let (Some(gpu), Some(x), Some(y)) = (context.gpu(), T::singles(x), T::singles(y)) {
            let limits = &gpu.capabilities.limits;
            let limit = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
            let most = (limit.min(1 << 30) / (4 * self.length as u64)) as usize;
            if x.len() >= LARGE && most > 0 {
                let mut all = self.none();
                for first in (0..self.series).step_by(most) {
                    let series = first..(first + most).min(self.series);
                    let samples = series.start * self.length..series.end * self.length;
                    let xs = gpu.guarded(|| gpu.upload("samples", &x[samples.clone()])).await?;
                    let ys = match self.y {
                        Some(_) => Some(gpu.guarded(|| gpu.upload("samples", &y[samples])).await?),
                        None => None,
                    };
                    let xs = Part::from(xs);
                    let ys = ys.map_or_else(|| xs.clone(), Part::from);
                    let found = self.on_device(gpu, &xs, &ys, series).await?;
                    all.counts.extend(found.counts);
                    all.outside.extend(found.outside);
                }
                return Ok(all);
            }
        }
        self.on_host(x, y).await
    }

    fn none(&self) -> Counts {
        let bins = [self.x.len(), self.y.map_or(1, Bins::len)];
        Counts { counts: Vec::new(), outside: Vec::new(), bins }
    }

    /// From counts of bins and outside, series by series.
    fn counts(&self, counted: impl Iterator<Item = u64>) -> Counts {
        let mut all = self.none();
        let cells = self.cells();
        for (k, count) in counted.enumerate() {
            if k % (cells + 1) == cells { &mut all.outside } else { &mut all.counts }.push(count);
        }
        all
    }

    async fn on_host<T: Element>(&self, x: &[T], y: &[T]) -> Result<Counts> {
        for (samples, name) in [x, y].into_iter().zip(self.names) {
            if let Some(at) = samples.iter().position(|x| !x.to_f64().is_finite()) {
                return Err(self.not_finite(name, at, samples[at].to_f64()));
            }
        }
        // Parts of series, so that a long one has more than one thread.
        let parts = self.length.div_ceil(1 << 18);
        let part = self.length.div_ceil(parts);
        let wide = |samples: &[T]| -> Vec<f64> { samples.iter().map(|x| x.to_f64()).collect() };
        let count = |k: usize| {
            let (series, begin) = (k / parts, (k % parts * part).min(self.length));
            let end = (begin + part).min(self.length);
            let here = series * self.length + begin..series * self.length + end;
            let ys = self.y.map(|bins| (wide(&y[here.clone()]), Edges(bins.edges(series))));
            let y = ys.as_ref().map(|(y, edges)| (&y[..], *edges));
            bin_counts(&wide(&x[here]), Edges(self.x.edges(series)), y)
        };
        let counted = map_rows_gently(&mut Breather::new(), self.series * parts, count).await;
        let sum = |parts: &[Vec<u64>]| -> Vec<u64> {
            (0..=self.cells()).map(|k| parts.iter().map(|part| part[k]).sum()).collect()
        };
        Ok(self.counts(counted.chunks(parts).flat_map(sum)))
    }

    fn not_finite(&self, argument: &'static str, at: usize, x: f64) -> Error {
        let reason = format!("{x:?} is not a finite number");
        Error::invalid_at(argument, at / self.length, at % self.length, reason)
    }

    /// Counts of some of the series, which begin where the buffers do.
    async fn on_device(
        &self,
        gpu: &Gpu,
        x: &Part,
        y: &Part,
        series: std::ops::Range<usize>,
    ) -> Result<Counts> {
        let available = gpu.capabilities.limits.max_storage_buffer_binding_size;
        if let Some(needed) = [x, y].map(Part::bytes).into_iter().find(|n| *n > available) {
            let what = "the buffer of the samples (bytes)".into();
            return Err(Error::LimitExceeded { what, needed, available });
        }
        let cells = self.cells();
        let workgroup = gpu.capabilities.sweep_workgroup();
        let constants = vec![
            ("WORKGROUP", Constant::U32(workgroup)),
            ("PAIRS", Constant::Bool(self.y.is_some())),
            ("LOCAL", Constant::Bool(cells < LOCAL_CELLS)),
        ];
        let pipeline = gpu.pipeline(&BIN_COUNTS, constants).await?;
        let edges = |bins: &Bins| -> Vec<u32> {
            let sets = if bins.series() == 1 { 0..1 } else { series.clone() };
            sets.flat_map(|k| keys(bins.edges(k))).collect()
        };
        let (edges_x, edges_y) = (edges(self.x), edges(self.y.unwrap_or(self.x)));
        let words = series.len() * (cells + 1);
        let (edges_x, edges_y, counted, report) = gpu
            .guarded(|| {
                Ok((
                    gpu.upload("edges", &edges_x)?,
                    gpu.upload("edges", &edges_y)?,
                    gpu.upload("counts", &vec![0u32; words])?,
                    gpu.upload("report", &[u32::MAX, u32::MAX, NO_REPORT[2], NO_REPORT[3]])?,
                ))
            })
            .await?;
        let block = PER_THREAD * workgroup as usize;
        let blocks = self.length.div_ceil(block);
        let stride = |bins: &Bins| if bins.series() == 1 { 0 } else { bins.len() as u32 + 1 };
        let mut steps = Steps::new(gpu);
        let step = Step {
            pipeline: &pipeline,
            resources: &[
                x.whole(),
                y.whole(),
                edges_x.whole(),
                edges_y.whole(),
                counted.whole(),
                report.whole(),
            ],
            items: series.len() * blocks,
            items_per_group: 1,
            cost: 8.0 * block as f64,
        };
        let params = |first, until| CountParams {
            length: self.length as u32,
            first,
            until,
            block: block as u32,
            blocks: blocks as u32,
            bins: self.x.len() as u32,
            bins_y: self.y.map_or(1, Bins::len) as u32,
            stride: stride(self.x),
            stride_y: self.y.map_or(0, stride),
            ..CountParams::default()
        };
        steps.run(step, params).await?;
        let sources = [(&counted, 4 * words as u64), (&report, 16)];
        let read = steps.read("counts", &sources).await?;
        let report: Vec<u32> = bytemuck::pod_collect_to_vec(&read[1]);
        for ((at, buffer), name) in report.into_iter().zip([x, y]).zip(self.names) {
            if at != u32::MAX {
                let mut recorder = gpu.recorder();
                recorder.stage(buffer, 4 * u64::from(at), 4);
                let read = recorder.read("a sample").await?;
                let found: Vec<f32> = bytemuck::pod_collect_to_vec(&read[0]);
                let x = found.first().copied().map_or(f64::NAN, f64::from);
                return Err(self.not_finite(name, series.start * self.length + at as usize, x));
            }
        }
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&read[0]);
        Ok(self.counts(words.into_iter().map(u64::from)))
    }
}
