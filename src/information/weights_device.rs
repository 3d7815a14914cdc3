//! Importance weights on a device.

use super::kernels::{LOG_WEIGHT_SUMS, LogParams, NO_REPORT, NORMALIZED_WEIGHTS};
use super::log_weights::{refused, weightless};
use crate::error::{Error, Result};
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::shader::Constant;
use crate::gpu::steps::{Step, Steps};
use crate::gpu::{Gpu, Part};
use crate::number::{self, Element, Precision, joined};
use crate::reference::information::{LogWeightSums, join_log_weight_sums};

/// Rows of log-weights on a device, as many in each part as fit a binding.
#[derive(Debug)]
pub(super) struct DeviceRows {
    columns: usize,
    precision: Precision,
    parts: Vec<Rows>,
}

#[derive(Debug)]
struct Rows {
    part: Part,
    rows: usize,
    /// From high to low words, 0 where there are none.
    low: usize,
    /// What has been taken out of every row on the host, where anything was.
    shifts: Vec<f64>,
}

impl Rows {
    fn shift(&self, row: usize) -> f64 {
        self.shifts.get(row).copied().unwrap_or(0.0)
    }
}

/// Log-weights of a block of a row.
const BLOCK: usize = 4096;

/// f32 as they are; f64 less the maximum of their row, and with low words where f32 does not hold them.
fn words<T: Element>(rows: &[T], columns: usize) -> (Vec<f32>, usize, Vec<f64>) {
    let most = |row: &[T]| row.iter().fold(f64::NEG_INFINITY, |most, l| most.max(l.to_f64()));
    let shifts: Vec<f64> = rows.chunks_exact(columns).map(most).collect();
    let (mut high, mut low) = (Vec::with_capacity(rows.len()), Vec::new());
    for (k, l) in rows.iter().enumerate() {
        let d = l.to_f64() - shifts[k / columns];
        // e^-3000 and less is nothing beside 1, in any number of terms.
        let [word, rest] = if d > -3000.0 { number::words(d) } else { [f32::NEG_INFINITY, 0.0] };
        if rest != 0.0 {
            low.resize(high.len(), 0.0f32);
            low.push(rest);
        }
        high.push(word);
    }
    if low.is_empty() {
        return (high, 0, shifts);
    }
    let plane = high.len();
    low.resize(plane, 0.0);
    high.extend(low);
    (high, plane, shifts)
}

impl DeviceRows {
    /// Uploads rows that were screened, and adds them up.
    pub(super) async fn upload<T: Element>(
        gpu: &Gpu,
        values: &[T],
        columns: usize,
        precision: Precision,
    ) -> Result<(DeviceRows, Vec<LogWeightSums>)> {
        let limits = &gpu.capabilities.limits;
        let limit = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(1 << 31);
        // Log-weights and weights have two words at most.
        let most = (limit as usize / (8 * columns)).max(1);
        let mut parts = Vec::new();
        for rows in values.chunks(most * columns) {
            let (buffer, low, shifts) = match T::singles(rows) {
                Some(words) => (gpu.guarded(|| gpu.upload("log-weights", words)).await?, 0, vec![]),
                None => {
                    let (words, low, shifts) = words(rows, columns);
                    (gpu.guarded(|| gpu.upload("log-weights", &words)).await?, low, shifts)
                }
            };
            parts.push(Rows { part: buffer.into(), rows: rows.len() / columns, low, shifts });
        }
        let rows = DeviceRows { columns, precision, parts };
        let sums = rows.sums(gpu).await?;
        Ok((rows, sums))
    }

    /// The rows of a tensor.
    pub(super) async fn borrow(
        gpu: &Gpu,
        part: &Part,
        length: usize,
        columns: usize,
        precision: Precision,
    ) -> Result<(DeviceRows, Vec<LogWeightSums>)> {
        let available = gpu.capabilities.limits.max_storage_buffer_binding_size;
        let needed = part.bytes();
        if needed > available {
            let what = "the buffer of the log-weights (bytes)".into();
            return Err(Error::LimitExceeded { what, needed, available });
        }
        let (part, rows) = (part.clone(), length / columns);
        let part = Rows { part, rows, low: 0, shifts: Vec::new() };
        let rows = DeviceRows { columns, precision, parts: vec![part] };
        let sums = rows.sums(gpu).await?;
        Ok((rows, sums))
    }

    fn double(&self) -> bool {
        self.precision == Precision::Double
    }

    fn params(&self, part: &Rows, first: u32, until: u32) -> LogParams {
        let blocks = self.columns.div_ceil(BLOCK);
        LogParams {
            columns: self.columns as u32,
            first,
            until,
            block: self.columns.div_ceil(blocks) as u32,
            blocks: blocks as u32,
            low: part.low as u32,
            low_out: (part.rows * self.columns) as u32,
            ..LogParams::default()
        }
    }

    async fn sums(&self, gpu: &Gpu) -> Result<Vec<LogWeightSums>> {
        let mut found: Vec<LogWeightSums> = Vec::new();
        for part in &self.parts {
            let sums = self.sums_of(gpu, part, found.len()).await?;
            found.extend(sums);
        }
        Ok(found)
    }

    /// The sums of the rows of a part, the first of which is row `before`.
    async fn sums_of(&self, gpu: &Gpu, part: &Rows, before: usize) -> Result<Vec<LogWeightSums>> {
        let capabilities = &gpu.capabilities;
        let workgroup = capabilities.sweep_workgroup();
        let lanes = if self.columns < 64 { 1 } else { capabilities.lanes_per_row() };
        let constants = vec![
            ("WORKGROUP", Constant::U32(workgroup)),
            ("LANES", Constant::U32(lanes)),
            ("DOUBLE", Constant::Bool(self.double())),
            ("LOW", Constant::Bool(part.low > 0)),
        ];
        let pipeline = gpu.pipeline(&LOG_WEIGHT_SUMS, constants).await?;
        let blocks = self.columns.div_ceil(BLOCK);
        let items = part.rows * blocks;
        let (output, report) = gpu
            .guarded(|| {
                let output = gpu.allocate("sums of weights", 32 * items as u64, STORAGE)?;
                Ok((output, gpu.upload("report", &NO_REPORT)?))
            })
            .await?;
        let mut steps = Steps::new(gpu);
        let step = Step {
            pipeline: &pipeline,
            resources: &[part.part.whole(), output.whole(), report.whole()],
            items,
            items_per_group: (workgroup / lanes) as usize,
            cost: self.columns.div_ceil(blocks) as f64 * if self.double() { 40.0 } else { 6.0 },
        };
        steps.run(step, |first, until| self.params(part, first, until)).await?;
        let sources = [(&output, 32 * items as u64), (&report, 16)];
        let read = steps.read("sums of weights", &sources).await?;
        let first_refused: Vec<u32> = bytemuck::pod_collect_to_vec(&read[1]);
        if let Some(&at) = first_refused.first().filter(|at| **at != u32::MAX) {
            return Err(self.refusal(gpu, part, at as usize, before).await?);
        }
        let quads: Vec<[f32; 8]> = bytemuck::pod_collect_to_vec(&read[0]);
        let mut found = Vec::with_capacity(part.rows);
        for (row, quads) in quads.chunks(blocks).take(part.rows).enumerate() {
            let block = |x: &[f32; 8]| LogWeightSums {
                most: joined([x[0], x[1]]),
                weights: joined([x[2], x[3]]),
                squares: joined([x[4], x[5]]),
                products: joined([x[6], x[7]]),
            };
            let of_blocks = quads.iter().map(block).filter(|block| block.weights > 0.0);
            let mut sums = join_log_weight_sums(of_blocks);
            if sums.weights == 0.0 {
                return Err(weightless(before + row));
            }
            sums.most += part.shift(row);
            found.push(sums);
        }
        Ok(found)
    }

    async fn refusal(&self, gpu: &Gpu, part: &Rows, at: usize, before: usize) -> Result<Error> {
        let mut recorder = gpu.recorder();
        recorder.stage(&part.part, 4 * at as u64, 4);
        let read = recorder.read("a log-weight").await?;
        let found: Vec<f32> = bytemuck::pod_collect_to_vec(&read[0]);
        let l = found.first().copied().map_or(f64::NAN, f64::from);
        let (row, index) = (before + at / self.columns, at % self.columns);
        Ok(refused(row, index, l).unwrap_or_else(|| weightless(row)))
    }

    /// Weights of a part: high words, then in double precision low words.
    async fn weights(&self, gpu: &Gpu, part: &Rows, sums: &[LogWeightSums]) -> Result<Buffer> {
        let workgroup = gpu.capabilities.sweep_workgroup();
        let constants = vec![
            ("WORKGROUP", Constant::U32(workgroup)),
            ("DOUBLE", Constant::Bool(self.double())),
            ("LOW", Constant::Bool(part.low > 0)),
        ];
        let pipeline = gpu.pipeline(&NORMALIZED_WEIGHTS, constants).await?;
        let normalizer = |(row, sums): (usize, &LogWeightSums)| {
            let [most, low] = number::words(sums.most - part.shift(row));
            let [inverse, inverse_low] = number::words(1.0 / sums.weights);
            [most, low, inverse, inverse_low]
        };
        let normalizers: Vec<[f32; 4]> = sums.iter().enumerate().map(normalizer).collect();
        let items = part.rows * self.columns;
        let bytes = 4 * items as u64 * if self.double() { 2 } else { 1 };
        let (normalizers, weights) = gpu
            .guarded(|| {
                let normalizers = gpu.upload("normalisers", &normalizers)?;
                Ok((normalizers, gpu.allocate("normalised weights", bytes, STORAGE)?))
            })
            .await?;
        let mut steps = Steps::new(gpu);
        let step = Step {
            pipeline: &pipeline,
            resources: &[part.part.whole(), normalizers.whole(), weights.whole()],
            items,
            items_per_group: workgroup as usize,
            cost: if self.double() { 30.0 } else { 3.0 },
        };
        steps.run(step, |first, until| self.params(part, first, until)).await?;
        steps.read("normalised weights", &[]).await?;
        Ok(weights)
    }

    /// Weights of all rows.
    pub(super) async fn normalized(&self, gpu: &Gpu, sums: &[LogWeightSums]) -> Result<Vec<f64>> {
        let mut found = Vec::with_capacity(sums.len() * self.columns);
        let mut before = 0;
        for part in &self.parts {
            let items = part.rows * self.columns;
            let buffer = self.weights(gpu, part, &sums[before..before + part.rows]).await?;
            before += part.rows;
            let mut recorder = gpu.recorder();
            let words = items * if self.double() { 2 } else { 1 };
            recorder.stage(&buffer, 0, 4 * words as u64);
            let mut read: Vec<Vec<f32>> = recorder.read_as("normalised weights").await?;
            let words = read.pop().unwrap_or_default();
            let (high, low) = words.split_at(items.min(words.len()));
            let low = low.iter().copied().chain(std::iter::repeat(0.0));
            found.extend(high.iter().zip(low).map(|(high, low)| joined([*high, low])));
        }
        Ok(found)
    }

    /// Weights of all rows in f32, left on the device.
    pub(super) async fn normalized_buffer(
        &self,
        gpu: &Gpu,
        sums: &[LogWeightSums],
    ) -> Result<Buffer> {
        match &self.parts[..] {
            // In double precision the low words lie behind, where a tensor ends.
            [part] => self.weights(gpu, part, sums).await,
            parts => {
                let rows: usize = parts.iter().map(|part| part.rows).sum();
                let what = "a tensor of all weights (bytes)".into();
                let needed = 4 * (rows * self.columns) as u64;
                let available = gpu.capabilities.limits.max_storage_buffer_binding_size;
                Err(Error::LimitExceeded { what, needed, available })
            }
        }
    }
}
