//! Densities, responsibilities and whole iterations on a device.

use super::kernels::{LOG_DENSITY, Params, RESPONSIBILITY};
use super::on_device::{Device, Norms};
use super::sums::{Weights, joined, split_words};
use super::work::{Part, Step};
use crate::error::Result;
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::Recorder;
use crate::gpu::shader::Constant;
use crate::number::words;
use crate::reserve::{product, reserve};
use std::ops::Range;
use std::sync::Arc;

/// Components on the device: means in whole quads, high words, then low words where they
/// are read; and (κ, its low word, bias, its low word) of each.
struct Components {
    means: Buffer,
    parts: Buffer,
    count: usize,
}

struct DensityKernel {
    pipeline: Arc<Pipeline>,
    rows_per_group: usize,
    components: usize,
}

impl Device<'_> {
    async fn upload_components(&self, parts: &[Part<'_>]) -> Result<Components> {
        let padding = 4 * self.quads - self.dimension;
        let values = parts
            .iter()
            .flat_map(|part| part.mean.iter().copied().chain(std::iter::repeat_n(0.0, padding)));
        let means = split_words(values, self.double);
        let pairs = |part: &Part<'_>| {
            let ([a, b], [c, d]) = (words(part.concentration), words(part.bias));
            [a, b, c, d]
        };
        let pairs: Vec<[f32; 4]> = parts.iter().map(pairs).collect();
        self.gpu
            .guarded(|| {
                Ok(Components {
                    means: self.gpu.upload("mean directions", &means)?,
                    parts: self.gpu.upload("concentrations", &pairs)?,
                    count: parts.len(),
                })
            })
            .await
    }

    async fn density_kernel(
        &self,
        components: usize,
        scaled: bool,
        pick: bool,
    ) -> Result<DensityKernel> {
        let capabilities = &self.gpu.capabilities;
        let (workgroup, lanes) = (capabilities.sweep_workgroup(), capabilities.lanes_per_row());
        let components = if self.double || pick { 1 } else { components.min(4) };
        let constants = [
            ("WORKGROUP", Constant::U32(workgroup)),
            ("LANES", Constant::U32(lanes)),
            ("COMPONENTS", Constant::U32(components as u32)),
            ("SCALED", Constant::Bool(scaled)),
            ("PICK", Constant::Bool(pick)),
        ];
        Ok(DensityKernel {
            pipeline: self.over_rows(&LOG_DENSITY, &constants).await?,
            rows_per_group: (workgroup / lanes) as usize,
            components,
        })
    }

    /// Records the densities of `rows`; `sums` of them a row.
    fn record_densities(
        &self,
        recorder: &mut Recorder<'_>,
        kernel: &DensityKernel,
        norms: &Norms,
        components: &Components,
        (labels, sums): (&Buffer, usize),
        rows: &Range<usize>,
    ) -> Result<Buffer> {
        let entries = product("log-densities", &[rows.len(), sums])?;
        let planes = if self.double { 2 } else { 1 };
        let logs = self.gpu.allocate("log-densities", 4 * planes * entries as u64, STORAGE)?;
        let blocks = rows.len().div_ceil(kernel.rows_per_group);
        let params = Params {
            blocks: blocks as u32,
            sums: sums as u32,
            low: entries as u32,
            input_low: (components.count * self.quads) as u32,
            ..self.params(rows)
        };
        let ready = self.bind(
            &kernel.pipeline,
            params,
            vec![
                norms.buffer.whole(),
                components.means.whole(),
                components.parts.whole(),
                labels.whole(),
                logs.whole(),
            ],
        )?;
        recorder.dispatch(&ready, (blocks * sums.div_ceil(kernel.components)) as u64)?;
        Ok(logs)
    }

    /// bias − κ ½‖x − μ‖² of every row: of the one component, or of that which its label
    /// names.
    pub(super) async fn densities(
        &self,
        norms: &Norms,
        parts: &[Part<'_>],
        labels: Option<&[u32]>,
    ) -> Result<Vec<f64>> {
        let components = self.upload_components(parts).await?;
        let kernel = self.density_kernel(1, norms.scaled, labels.is_some()).await?;
        let labels = self
            .gpu
            .guarded(|| match labels {
                Some(labels) => self.gpu.upload("labels", labels),
                None => self.spare(),
            })
            .await?;
        let mut result = Vec::with_capacity(self.count);
        for rows in self.spans(2, kernel.rows_per_group) {
            let mut recorder = self.gpu.recorder();
            let planes = if self.double { 2 } else { 1 };
            self.gpu
                .guarded(|| {
                    let logs = self.record_densities(
                        &mut recorder,
                        &kernel,
                        norms,
                        &components,
                        (&labels, 1),
                        &rows,
                    )?;
                    recorder.stage(&logs, 0, (4 * planes * rows.len()) as u64);
                    Ok(())
                })
                .await?;
            let read = recorder.read("log-densities").await?;
            result.extend(self.pairs(&read[0]));
        }
        Ok(result)
    }

    /// High words and, in double precision, low words behind them, as f64.
    fn pairs(&self, bytes: &[u8]) -> Vec<f64> {
        if self.double {
            return joined(bytes);
        }
        bytemuck::pod_collect_to_vec::<_, f32>(bytes).into_iter().map(f64::from).collect()
    }

    async fn share_kernel(&self, hard: bool) -> Result<(Arc<Pipeline>, usize)> {
        let workgroup = self.gpu.capabilities.sweep_workgroup();
        let constants = vec![
            ("WORKGROUP", Constant::U32(workgroup)),
            ("DOUBLE", Constant::Bool(self.double)),
            ("HARD", Constant::Bool(hard)),
        ];
        Ok((self.gpu.pipeline(&RESPONSIBILITY, constants).await?, workgroup as usize))
    }

    /// Records what turns the log-densities of `rows` into shares; the sums of
    /// log-likelihoods of its workgroups.
    fn record_shares(
        &self,
        recorder: &mut Recorder<'_>,
        (pipeline, workgroup): &(Arc<Pipeline>, usize),
        logs: &Buffer,
        rows: usize,
        sums: usize,
    ) -> Result<(Buffer, usize)> {
        let groups = rows.div_ceil(*workgroup);
        let likelihoods = self.gpu.allocate("log-likelihoods", 32 * groups as u64, STORAGE)?;
        let params = Params {
            span: rows as u32,
            blocks: groups as u32,
            sums: sums as u32,
            low: (rows * sums) as u32,
            ..Params::default()
        };
        let ready = self.gpu.bind(
            pipeline,
            self.gpu.uniform(&params)?,
            vec![logs.whole(), likelihoods.whole()],
        );
        recorder.dispatch(&ready, groups as u64)?;
        Ok((likelihoods, groups))
    }

    /// Shares and weighted sums of all components.
    pub(super) async fn iterate(
        &self,
        norms: &Norms,
        parts: &[Part<'_>],
        hard: bool,
    ) -> Result<Step> {
        let count = parts.len();
        let components = self.upload_components(parts).await?;
        let densities = self.density_kernel(count, norms.scaled, false).await?;
        let shares = self.share_kernel(hard).await?;
        let kernels = self.sum_kernels(count, norms.scaled, &[]).await?;
        let total = self.total_pipeline(true).await?;
        let mut step =
            Step { log_likelihood: 0.0, sums: vec![vec![0.0; self.dimension + 1]; count] };
        for rows in self.sum_spans(2 * count, count) {
            let mut recorder = self.gpu.recorder();
            self.gpu
                .guarded(|| {
                    let spare = self.spare()?;
                    let logs = self.record_densities(
                        &mut recorder,
                        &densities,
                        norms,
                        &components,
                        (&spare, count),
                        &rows,
                    )?;
                    let (likelihoods, groups) =
                        self.record_shares(&mut recorder, &shares, &logs, rows.len(), count)?;
                    let ranges = [[0, groups as u32, 1, 0]];
                    let size = (1, groups);
                    self.record_total(&mut recorder, &total, &likelihoods, &ranges, size)?;
                    let weights = Weights { buffer: &logs, low: self.double };
                    let weights = Some(&weights);
                    self.record_sums(&mut recorder, &kernels, norms, &rows, weights, count)
                })
                .await?;
            let read = recorder.read("an iteration of a mixture").await?;
            step.log_likelihood += joined(&read[0])[0];
            let sums = joined(&read[1]);
            for (result, sum) in step.sums.iter_mut().zip(sums.chunks_exact(4 * (self.quads + 1))) {
                let (weight, vector) = (sum[4 * self.quads], &sum[..self.dimension]);
                result.iter_mut().zip(vector).for_each(|(result, x)| *result += x);
                result[self.dimension] += weight;
            }
        }
        Ok(step)
    }

    /// The shares of every row, row-major.
    pub(super) async fn responsibilities(
        &self,
        norms: &Norms,
        parts: &[Part<'_>],
        hard: bool,
    ) -> Result<Vec<f64>> {
        let count = parts.len();
        let components = self.upload_components(parts).await?;
        let densities = self.density_kernel(count, norms.scaled, false).await?;
        let shares = self.share_kernel(hard).await?;
        let planes = if self.double { 2 } else { 1 };
        let mut result = reserve("shares", product("shares", &[self.count, count])?)?;
        for rows in self.sum_spans(count, count) {
            let mut recorder = self.gpu.recorder();
            self.gpu
                .guarded(|| {
                    let spare = self.spare()?;
                    let logs = self.record_densities(
                        &mut recorder,
                        &densities,
                        norms,
                        &components,
                        (&spare, count),
                        &rows,
                    )?;
                    self.record_shares(&mut recorder, &shares, &logs, rows.len(), count)?;
                    recorder.stage(&logs, 0, (4 * planes * rows.len() * count) as u64);
                    Ok(())
                })
                .await?;
            let read = recorder.read("responsibilities").await?;
            let values = self.pairs(&read[0]);
            for row in 0..rows.len() {
                result.extend((0..count).map(|k| values[k * rows.len() + row]));
            }
        }
        Ok(result)
    }
}
