//! Sums of directions on a device: blocks by `resultant` or `resultant_rows`, added up by
//! `block_sums`; what does not fit one submission is added up on the host.

use super::kernels::{BLOCK_SUMS, NO_REPORT, Params, RESULTANT, RESULTANT_ROWS};
use super::on_device::{Device, Norms};
use super::variant;
use super::work::Weighting;
use crate::error::Result;
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::layout::params;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::Recorder;
use crate::gpu::shader::Constant;
use crate::number::words;
use crate::reserve::product;
use std::ops::Range;
use std::sync::Arc;

/// Most bytes of the sums of blocks of one submission.
const PARTIALS: usize = 32 << 20;

params! {
    /// Parameters of `block_sums`.
    pub(crate) struct Blocks = Blocks in "vmf/block_sums.wgsl" {
        zero: u32,
        sums: u32,
        length: u32,
        low: u32,
    }
}

/// The weights of a submission: components × rows, high words, then maybe low words.
#[derive(Debug)]
pub(super) struct Weights<'b> {
    pub(super) buffer: &'b Buffer,
    pub(super) low: bool,
}

/// The pipelines of weighted sums over rows.
#[derive(Debug)]
pub(super) struct SumKernels {
    resultant: Arc<Pipeline>,
    total: Arc<Pipeline>,
    workgroup: usize,
    components: usize,
}

/// High words of all values, then, with `low`, the low ones.
pub(super) fn split_words(values: impl Iterator<Item = f64> + Clone, low: bool) -> Vec<f32> {
    let mut all: Vec<f32> = values.clone().map(|x| x as f32).collect();
    if low {
        all.extend(values.map(|x| words(x)[1]));
    }
    all
}

/// The `sums` × `length` quads that `block_sums` wrote, as f64.
pub(super) fn joined(bytes: &[u8]) -> Vec<f64> {
    let words: Vec<f32> = bytemuck::pod_collect_to_vec(bytes);
    let (high, low) = words.split_at(words.len() / 2);
    high.iter().zip(low).map(|(high, low)| f64::from(*high) + f64::from(*low)).collect()
}

impl Device<'_> {
    /// Rows of a block: sums in f32 stay short, and there are blocks enough to fill a GPU.
    pub(super) fn block(&self) -> usize {
        variant::rows_per_block(&self.gpu.capabilities, self.count, self.quads)
    }

    pub(super) async fn sum_kernels(
        &self,
        sums: usize,
        scaled: bool,
        kind: &[(&'static str, Constant)],
    ) -> Result<SumKernels> {
        let workgroup = variant::column_workgroup(&self.gpu.capabilities);
        let components = if self.double { 1 } else { sums.min(4) };
        let mut constants = vec![
            ("WORKGROUP", Constant::U32(workgroup)),
            ("COMPONENTS", Constant::U32(components as u32)),
            ("SCALED", Constant::Bool(scaled)),
        ];
        constants.extend_from_slice(kind);
        Ok(SumKernels {
            resultant: self.over_rows(&RESULTANT, &constants).await?,
            total: self.total_pipeline(self.double).await?,
            workgroup: workgroup as usize,
            components,
        })
    }

    pub(super) async fn total_pipeline(&self, double: bool) -> Result<Arc<Pipeline>> {
        let workgroup = variant::column_workgroup(&self.gpu.capabilities);
        let constants =
            vec![("WORKGROUP", Constant::U32(workgroup)), ("DOUBLE", Constant::Bool(double))];
        self.gpu.pipeline(&BLOCK_SUMS, constants).await
    }

    /// Records `block_sums` over `partials` and stages its result, see [`joined`].
    pub(super) fn record_total(
        &self,
        recorder: &mut Recorder<'_>,
        pipeline: &Arc<Pipeline>,
        partials: &Buffer,
        ranges: &[[u32; 4]],
        (length, low): (usize, usize),
    ) -> Result<()> {
        let gpu = self.gpu;
        let workgroup = variant::column_workgroup(&gpu.capabilities) as usize;
        let bytes = 32 * ranges.len() as u64 * length as u64;
        let sums = gpu.allocate("sums", bytes, STORAGE)?;
        let list = gpu.upload("blocks of sums", ranges)?;
        let params =
            Blocks { zero: 0, sums: ranges.len() as u32, length: length as u32, low: low as u32 };
        let ready = gpu.bind(
            pipeline,
            gpu.uniform(&params)?,
            vec![partials.whole(), list.whole(), sums.whole()],
        );
        recorder.dispatch(&ready, (ranges.len() * length).div_ceil(workgroup) as u64)?;
        recorder.stage(&sums, 0, bytes);
        Ok(())
    }

    /// Records the weighted sums of `rows` and stages them, see [`joined`]: a quad more
    /// than a row each, whose first number is the sum of the weights.
    pub(super) fn record_sums(
        &self,
        recorder: &mut Recorder<'_>,
        kernels: &SumKernels,
        norms: &Norms,
        rows: &Range<usize>,
        weights: Option<&Weights<'_>>,
        sums: usize,
    ) -> Result<()> {
        let block = self.block();
        let blocks = rows.len().div_ceil(block);
        let length = self.quads + 1;
        let plane = product("sums of blocks", &[blocks, sums, length])?;
        let tiles = length.div_ceil(kernels.workgroup);
        let spare = self.spare()?;
        let partials = self.partials(plane)?;
        let params = Params {
            block: block as u32,
            blocks: blocks as u32,
            tiles: tiles as u32,
            sums: sums as u32,
            low: plane as u32,
            input_low: weights.filter(|w| w.low).map_or(0, |_| (rows.len() * sums) as u32),
            ..self.params(rows)
        };
        let ready = self.bind(
            &kernels.resultant,
            params,
            vec![
                norms.buffer.whole(),
                weights.map_or(&spare, |w| w.buffer).whole(),
                spare.whole(),
                partials.whole(),
            ],
        )?;
        let groups = tiles * blocks * sums.div_ceil(kernels.components);
        recorder.dispatch(&ready, groups as u64)?;
        let ranges: Vec<[u32; 4]> =
            (0..sums).map(|k| [k as u32, blocks as u32, sums as u32, 0]).collect();
        self.record_total(recorder, &kernels.total, &partials, &ranges, (length, plane))
    }

    pub(super) fn partials(&self, plane: usize) -> Result<Buffer> {
        let planes = if self.double { 2 } else { 1 };
        self.gpu.allocate("sums of blocks", 16 * planes * plane as u64, STORAGE)
    }

    /// Rows of one submission of sums.
    pub(super) fn sum_spans(&self, work: usize, sums: usize) -> Vec<Range<usize>> {
        let block = self.block();
        let planes = if self.double { 2 } else { 1 };
        let row = (16 * planes * (self.quads + 1)).saturating_mul(sums);
        let blocks = (PARTIALS / row).max(1);
        self.split_rows(self.span(work, block).min(blocks * block))
    }

    pub(super) async fn resultants(&self, weighting: &Weighting<'_>) -> Result<Vec<Vec<f64>>> {
        match weighting {
            Weighting::Equal => Ok(vec![self.equal().await?]),
            Weighting::Matrix { columns, clusters } => self.weighted(columns, *clusters).await,
            Weighting::Labels { labels, clusters } => self.labelled(labels, *clusters).await,
        }
    }

    async fn equal(&self) -> Result<Vec<f64>> {
        if let Some(sum) = self.without_barriers().await? {
            return Ok(sum);
        }
        if let Some(sum) = self.in_one_pass().await? {
            return Ok(sum);
        }
        let norms = self.norms().await?;
        let kernels = self.sum_kernels(1, norms.scaled, &[("EQUAL", Constant::Bool(true))]).await?;
        let mut sum = vec![0.0; self.dimension];
        for rows in self.sum_spans(1, 1) {
            let mut recorder = self.gpu.recorder();
            self.gpu
                .guarded(|| self.record_sums(&mut recorder, &kernels, &norms, &rows, None, 1))
                .await?;
            let read = recorder.read("sums of directions").await?;
            sum.iter_mut().zip(joined(&read[0])).for_each(|(sum, x)| *sum += x);
        }
        Ok(sum)
    }

    /// Norms and sum in one pass, where a workgroup holds a row in its registers and all
    /// rows are in the range of plain squares.
    async fn in_one_pass(&self) -> Result<Option<Vec<f64>>> {
        let Some((lanes, mats)) = variant::lanes_that_hold(&self.gpu.capabilities, self.quads)
        else {
            return Ok(None);
        };
        if self.double {
            return Ok(None);
        }
        let constants = [("WORKGROUP", Constant::U32(lanes)), ("MATS", Constant::U32(mats))];
        let pipeline = self.over_rows(&RESULTANT_ROWS, &constants).await?;
        let total = self.total_pipeline(false).await?;
        let block = self.block();
        let mut sum = vec![0.0; self.dimension];
        for rows in self.sum_spans(1, 1) {
            let blocks = rows.len().div_ceil(block);
            let mut recorder = self.gpu.recorder();
            self.gpu
                .guarded(|| {
                    let report = self.gpu.upload("report", &NO_REPORT)?;
                    let partials = self.partials(blocks * self.quads)?;
                    let params = Params {
                        block: block as u32,
                        blocks: blocks as u32,
                        sums: 1,
                        ..self.params(&rows)
                    };
                    let own = vec![partials.whole(), report.whole()];
                    let ready = self.bind(&pipeline, params, own)?;
                    recorder.dispatch(&ready, blocks as u64)?;
                    recorder.stage(&report, 0, 16);
                    let ranges = [[0, blocks as u32, 1, 0]];
                    let size = (self.quads, 0);
                    self.record_total(&mut recorder, &total, &partials, &ranges, size)
                })
                .await?;
            let read = recorder.read("sums of directions").await?;
            let report: Vec<u32> = bytemuck::pod_collect_to_vec(&read[0]);
            self.check(report[0]).await?;
            if report[1] != 0 {
                return Ok(None);
            }
            sum.iter_mut().zip(joined(&read[1])).for_each(|(sum, x)| *sum += x);
        }
        Ok(Some(sum))
    }

    async fn weighted(&self, columns: &[f64], clusters: usize) -> Result<Vec<Vec<f64>>> {
        let norms = self.norms().await?;
        let kernels = self.sum_kernels(clusters, norms.scaled, &[]).await?;
        let mut result = vec![vec![0.0; self.dimension]; clusters];
        for rows in self.sum_spans(clusters, clusters) {
            let mut recorder = self.gpu.recorder();
            self.gpu
                .guarded(|| {
                    let column = |k: usize| &columns[k * self.count..(k + 1) * self.count];
                    let values = (0..clusters).flat_map(|k| column(k)[rows.clone()].to_vec());
                    let words = split_words(values, self.double);
                    let buffer = self.gpu.upload("weights", &words)?;
                    let weights = Weights { buffer: &buffer, low: self.double };
                    let weights = Some(&weights);
                    self.record_sums(&mut recorder, &kernels, &norms, &rows, weights, clusters)
                })
                .await?;
            let read = recorder.read("sums of directions").await?;
            let sums = joined(&read[0]);
            for (result, sum) in result.iter_mut().zip(sums.chunks_exact(4 * (self.quads + 1))) {
                result.iter_mut().zip(sum).for_each(|(result, x)| *result += x);
            }
        }
        Ok(result)
    }

    /// Blocks of rows of one label each, so that every row is read once.
    async fn labelled(&self, labels: &[u32], clusters: usize) -> Result<Vec<Vec<f64>>> {
        let norms = self.norms().await?;
        let kernels =
            self.sum_kernels(1, norms.scaled, &[("GATHER", Constant::Bool(true))]).await?;
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); clusters];
        for (row, label) in (0u32..).zip(labels) {
            members[*label as usize].push(row);
        }
        let jobs: Vec<(usize, &[u32])> = members
            .iter()
            .enumerate()
            .flat_map(|(cluster, rows)| rows.chunks(self.block()).map(move |job| (cluster, job)))
            .collect();
        let length = self.quads + 1;
        let tiles = length.div_ceil(kernels.workgroup);
        let planes = if self.double { 2 } else { 1 };
        let most = (PARTIALS / (16 * planes * length))
            .min(self.span(1, self.block()).div_ceil(self.block()))
            .max(1);
        let mut result = vec![vec![0.0; self.dimension]; clusters];
        for jobs in jobs.chunks(most) {
            let (list, clusters) = job_list(jobs);
            let plane = jobs.len() * length;
            let mut recorder = self.gpu.recorder();
            self.gpu
                .guarded(|| {
                    let spare = self.spare()?;
                    let list = self.gpu.upload("rows of clusters", &list)?;
                    let partials = self.partials(plane)?;
                    let params = Params {
                        blocks: jobs.len() as u32,
                        tiles: tiles as u32,
                        sums: 1,
                        low: plane as u32,
                        order: 2 * jobs.len() as u32,
                        ..self.params(&(0..self.count))
                    };
                    let ready = self.bind(
                        &kernels.resultant,
                        params,
                        vec![norms.buffer.whole(), spare.whole(), list.whole(), partials.whole()],
                    )?;
                    recorder.dispatch(&ready, (tiles * jobs.len()) as u64)?;
                    let ranges: Vec<[u32; 4]> = clusters.iter().map(|(_, range)| *range).collect();
                    let size = (length, plane);
                    self.record_total(&mut recorder, &kernels.total, &partials, &ranges, size)
                })
                .await?;
            let read = recorder.read("sums of directions").await?;
            let sums = joined(&read[0]);
            for ((cluster, _), sum) in clusters.iter().zip(sums.chunks_exact(4 * length)) {
                result[*cluster].iter_mut().zip(sum).for_each(|(result, x)| *result += x);
            }
        }
        Ok(result)
    }
}

/// What `resultant` gathers: first entry and length of every job, then the rows; and the
/// jobs of every cluster for `block_sums`.
fn job_list(jobs: &[(usize, &[u32])]) -> (Vec<u32>, Vec<(usize, [u32; 4])>) {
    let mut list = Vec::new();
    let mut begin = 0;
    for (_, rows) in jobs {
        list.extend([begin, rows.len() as u32]);
        begin += rows.len() as u32;
    }
    let mut clusters: Vec<(usize, [u32; 4])> = Vec::new();
    for (place, (cluster, rows)) in (0u32..).zip(jobs) {
        list.extend_from_slice(rows);
        match clusters.last_mut() {
            Some((last, range)) if last == cluster => range[1] += 1,
            _ => clusters.push((*cluster, [place, 1, 1, 0])),
        }
    }
    (list, clusters)
}
