//! All pairs of some rows of p with some of q on a device: dispatches of bounded length, and their sums.

use super::super::finish::Sums;
use super::super::kernels::{Member, PAIRWISE};
use super::prepared::{Prepared, block};
use crate::error::Result;
use crate::gpu::Gpu;
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::layout::params;
use crate::gpu::pace::Pace;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::shader::Constant;
use std::ops::Range;
use std::sync::Arc;

params! {
    /// As `Params` in `divergence/pairwise.wgsl`.
    struct Params = Params in "divergence/pairwise.wgsl" {
        zero: u32,
        quads: u32,
        segments: u32,
        words: u32,
        p_first: u32,
        p_count: u32,
        p_number: u32,
        p_each: u32,
        q_first: u32,
        q_count: u32,
        q_number: u32,
        q_blocks: u32,
        p_low: u32,
        q_low: u32,
        unused: [u32; 2],
        member: [f32; 4],
    }
}

/// What is added up for every pair.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots {
    pub(super) second: bool,
    pub(super) flows: bool,
}

impl Slots {
    fn count(self) -> usize {
        2 + usize::from(self.second) + 2 * usize::from(self.flows)
    }
}

/// Sums of the pairs of a tile, `columns` a row.
#[derive(Debug)]
pub(super) struct Totals {
    slots: Slots,
    columns: usize,
    sums: Vec<f64>,
    flags: Vec<u8>,
}

impl Totals {
    fn new(slots: Slots, rows: usize, columns: usize) -> Totals {
        let pairs = rows * columns;
        Totals {
            slots,
            columns,
            sums: vec![0.0; pairs * (slots.count() - 1)],
            flags: vec![0; pairs],
        }
    }

    fn add(&mut self, row: usize, column: usize, record: &[f32]) {
        let (width, place) = (self.slots.count() - 1, row * self.columns + column);
        self.flags[place] |= record[1] as u8;
        let sums = &mut self.sums[place * width..(place + 1) * width];
        let numbers = record[..1].iter().chain(&record[2..]);
        sums.iter_mut().zip(numbers).for_each(|(sum, x)| *sum += f64::from(*x));
    }

    /// Of normalised rows, as the rows' own kernel would have them.
    pub(super) fn sums(&self, row: usize, column: usize) -> Sums {
        let (width, place) = (self.slots.count() - 1, row * self.columns + column);
        let mut numbers = self.sums[place * width..(place + 1) * width].iter().copied();
        let mut next = |there: bool| if there { numbers.next().unwrap_or(0.0) } else { 0.0 };
        Sums {
            value: next(true),
            second: next(self.slots.second),
            flow_p: next(self.slots.flows),
            flow_q: next(self.slots.flows),
            p: 1.0,
            q: 1.0,
            flags: self.flags[place].into(),
            ..Sums::default()
        }
    }
}

/// Runs `pairwise.wgsl` over tiles.
pub(super) struct Engine<'a> {
    gpu: &'a Gpu,
    member: &'a Member,
    slots: Slots,
    half: bool,
    block: usize,
    /// Whether the low words of probabilities are looked at.
    pub(super) low: bool,
    pace: Pace,
    records: Buffer,
}

/// Rows of q that a thread takes.
const ROWS: usize = 4;

/// Records of a dispatch.
const RECORDS: usize = 1 << 18;

impl<'a> Engine<'a> {
    pub(super) async fn new(
        gpu: &'a Gpu,
        member: &'a Member,
        slots: Slots,
        half: bool,
        low: bool,
        pairs: usize,
    ) -> Result<Engine<'a>> {
        let capacity = pairs.clamp(4096, RECORDS);
        let bytes = (4 * slots.count() * capacity) as u64;
        let records = gpu.guarded(|| gpu.allocate("sums of pairs", bytes, STORAGE)).await?;
        let (block, pace) = (block(&gpu.capabilities), Pace::of_elements(&gpu.capabilities));
        Ok(Engine { gpu, member, slots, half, low, block, pace, records })
    }

    /// Of a tile, all 0.
    pub(super) fn totals(&self, rows: usize, columns: usize) -> Totals {
        Totals::new(self.slots, rows, columns)
    }

    async fn pipeline(&self) -> Result<Arc<Pipeline>> {
        let mut constants = self.member.splices.clone();
        constants.push(("BLOCK", Constant::U32(self.block as u32)));
        constants.push(("HALF", Constant::Bool(self.half)));
        constants.push(("LOW", Constant::Bool(self.low)));
        constants.push(("FLOWS", Constant::Bool(self.slots.flows)));
        self.gpu.pipeline(&PAIRWISE, constants).await
    }

    /// Adds the sums over the columns of two tiles to `totals`, those of the rows of both.
    pub(super) async fn add(
        &mut self,
        p: &Prepared,
        q: &Prepared,
        totals: &mut Totals,
    ) -> Result<()> {
        let columns = p.columns.len();
        let capacity = (self.records.size() / 4) as usize / self.slots.count();
        let group = ROWS * self.block;
        let mut p_first = 0;
        while p_first < p.rows.len() {
            // Rows of q before the first of a larger number have no part.
            let behind = (p.rows.start + p_first + 1).saturating_sub(q.rows.start);
            let start = if self.half { behind / group * group } else { 0 };
            if start >= q.rows.len() {
                break;
            }
            let most = self.pace.items(columns).min(capacity);
            let wide = q.rows.len() - start;
            let q_step = wide.min((most / group * group).max(group));
            let p_step = (most / q_step).clamp(1, p.rows.len() - p_first);
            for q_first in (start..q.rows.len()).step_by(q_step) {
                let p_rows = p_first..p_first + p_step;
                let q_rows = q_first..q.rows.len().min(q_first + q_step);
                self.dispatch(p, q, p_rows, q_rows, capacity, totals).await?;
            }
            p_first += p_step;
        }
        Ok(())
    }

    async fn dispatch(
        &mut self,
        p: &Prepared,
        q: &Prepared,
        p_rows: Range<usize>,
        q_rows: Range<usize>,
        capacity: usize,
        totals: &mut Totals,
    ) -> Result<()> {
        let gpu = self.gpu;
        let pairs = p_rows.len() * q_rows.len();
        let words = p.quads().div_ceil(8);
        // A workgroup of few threads takes several rows of p; enough workgroups to fill the adapter, none of them tiny.
        let each = gpu.capabilities.rows_per_pair_group(p_rows.len());
        let groups = p_rows.len().div_ceil(each) * q_rows.len().div_ceil(ROWS * self.block);
        let (wanted, least) = gpu.capabilities.pair_units();
        let segments = (wanted / groups).clamp(1, words.div_ceil(least));
        let segments = segments.min(capacity / pairs).max(1);
        let each_words = words.div_ceil(segments);
        let segments = words.div_ceil(each_words);
        let params = Params {
            quads: p.quads() as u32,
            segments: segments as u32,
            words: each_words as u32,
            p_first: p_rows.start as u32,
            p_count: p_rows.len() as u32,
            p_number: p.rows.start as u32,
            p_each: each as u32,
            q_first: q_rows.start as u32,
            q_count: q_rows.len() as u32,
            q_number: q.rows.start as u32,
            q_blocks: q.rows.len().div_ceil(self.block) as u32,
            p_low: p.low(self.block) as u32,
            q_low: q.low(self.block) as u32,
            member: self.member.parameters,
            ..Params::default()
        };
        let slots = self.slots.count();
        let pipeline = self.pipeline().await?;
        self.pace.begin();
        let mut recorder = gpu.recorder();
        gpu.guarded(|| {
            let resources = vec![
                p.probabilities.whole(),
                p.support.whole(),
                q.probabilities.whole(),
                q.support.whole(),
                q.masses.whole(),
                self.records.whole(),
            ];
            let ready = gpu.bind(&pipeline, gpu.uniform(&params)?, resources);
            recorder.dispatch(&ready, (groups * segments) as u64)?;
            recorder.stage(&self.records, 0, (4 * slots * pairs * segments) as u64);
            Ok(())
        })
        .await?;
        let read = recorder.read_as::<f32>("sums of pairs").await?;
        self.pace.end((pairs * p.columns.len()) as f64);
        let numbers = read.first().map(Vec::as_slice).unwrap_or_default();
        for (place, record) in numbers.chunks_exact(slots).enumerate() {
            let (i, j) = (place % pairs / q_rows.len(), place % q_rows.len());
            let (row, column) = (p_rows.start + i, q_rows.start + j);
            if !self.half || p.rows.start + row < q.rows.start + column {
                totals.add(row, column, record);
            }
        }
        Ok(())
    }
}
