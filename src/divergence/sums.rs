//! Runs a kernel of sums over pairs of rows: pieces of memory, segments of rows, submissions of bounded length.

use super::distributions::{Data, Distributions};
use super::kernels::{Item, Params, SLOTS};
use super::upload::Piece;
use crate::error::{Error, Result};
use crate::gpu::buffer::STORAGE;
use crate::gpu::pace::Pace;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::shader::{Constant, Constants};
use crate::gpu::{Capabilities, Gpu, Kernel, Part};
use crate::number::words;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A pair of rows to be worked on, and what the kernel has to know of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    pub(crate) p: usize,
    pub(crate) q: usize,
    pub(crate) reference: [f32; 4],
    /// Of the flows of p and q; 0 where there are none.
    pub(crate) centers: [f32; 2],
}

/// What a kernel wrote for a segment of a job.
pub(crate) type Record = [[f32; 2]; SLOTS];

/// Jobs of which the same two bindings hold the same columns.
pub(crate) struct Block<'a> {
    pub(crate) p: &'a Piece,
    pub(crate) q: &'a Piece,
    pub(crate) columns: Range<usize>,
    /// By number.
    pub(crate) jobs: Vec<usize>,
}

/// Two sets of rows on a device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairing<'a> {
    pub(crate) gpu: &'a Gpu,
    p: &'a [Piece],
    q: &'a [Piece],
    inverse_temperatures: [f32; 4],
    logits: bool,
}

impl<'a> Pairing<'a> {
    /// Of rows on the same device, both logarithms or both weights.
    pub(crate) fn new(p: &'a Distributions, q: &'a Distributions) -> Result<Pairing<'a>> {
        let (Data::Device(p_pieces), Data::Device(q_pieces), Some(gpu)) =
            (&p.data, &q.data, p.context.gpu())
        else {
            return Err(Error::invalid("q", "is not on the same device as p"));
        };
        let [p_high, p_low] = words(1.0 / p.temperature());
        let [q_high, q_low] = words(1.0 / q.temperature());
        Ok(Pairing {
            gpu,
            p: p_pieces,
            q: q_pieces,
            inverse_temperatures: [p_high, p_low, q_high, q_low],
            logits: p.is_logarithmic(),
        })
    }

    pub(crate) fn is_tempered(&self) -> bool {
        self.inverse_temperatures != [1.0, 0.0, 1.0, 0.0]
    }

    /// The jobs by the pieces that hold their rows.
    pub(crate) fn blocks(&self, jobs: &[Job]) -> Vec<Block<'a>> {
        // Pieces are in the order of their rows, so those of a row lie beside each other.
        let of = |pieces: &[Piece], row: usize| {
            let first = pieces.partition_point(|piece| piece.rows.end <= row);
            let count =
                pieces[first..].iter().take_while(|piece| piece.rows.contains(&row)).count();
            first..first + count
        };
        let mut groups: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (number, job) in jobs.iter().enumerate() {
            for p in of(self.p, job.p) {
                for q in of(self.q, job.q) {
                    groups.entry((p, q)).or_default().push(number);
                }
            }
        }
        let block = |((p, q), jobs): ((usize, usize), Vec<usize>)| {
            let (p, q) = (&self.p[p], &self.q[q]);
            let columns = p.columns.start.max(q.columns.start)..p.columns.end.min(q.columns.end);
            (!columns.is_empty()).then_some(Block { p, q, columns, jobs })
        };
        groups.into_iter().filter_map(block).collect()
    }

    /// Constants and parameters that all kernels over a block share.
    pub(crate) fn constants(&self, block: &Block<'_>, shape: &Shape) -> Constants {
        vec![
            ("ALIGNED_P", Constant::Bool(block.p.is_aligned(block.columns.start))),
            ("ALIGNED_Q", Constant::Bool(block.q.is_aligned(block.columns.start))),
            ("LOGITS", Constant::Bool(self.logits)),
            ("TEMPERED", Constant::Bool(self.is_tempered())),
            ("WORKGROUP", Constant::U32(shape.workgroup)),
            ("LANES", Constant::U32(shape.lanes)),
            ("PARTIAL", Constant::Bool(!block.columns.len().is_multiple_of(4))),
        ]
    }

    pub(crate) fn params(&self, block: &Block<'_>, shape: &Shape, items: usize) -> Params {
        Params {
            items: items as u32,
            segments: shape.segments as u32,
            quads: shape.quads as u32,
            columns: block.columns.len() as u32,
            p_low: block.p.low as u32,
            q_low: block.q.low as u32,
            inverse_temperatures: self.inverse_temperatures,
            ..Params::default()
        }
    }

    /// The four bindings of the rows.
    pub(crate) fn bindings(&self, block: &Block<'a>) -> Vec<Part> {
        let (p, q) = (&block.p.part, &block.q.part);
        vec![p.clone(), q.clone(), p.clone(), q.clone()]
    }

    /// Runs `kernel` over all jobs and hands every record to `absorb`, with the number of its job; those of one job
    /// in the order of their columns.
    pub(crate) async fn run(
        &self,
        kernel: &'static Kernel,
        constants: &Constants,
        member: [f32; 4],
        jobs: &[Job],
        mut absorb: impl FnMut(usize, &Record),
    ) -> Result<()> {
        let gpu = self.gpu;
        let mut pace = Pace::of_elements(&gpu.capabilities);
        for block in self.blocks(jobs) {
            let mut done = 0;
            while done < block.jobs.len() {
                let count = pace.items(block.columns.len()).min(block.jobs.len() - done);
                let numbers = &block.jobs[done..done + count];
                let shape = Shape::new(&gpu.capabilities, count, block.columns.len());
                let mut all = self.constants(&block, &shape);
                all.extend_from_slice(constants);
                let pipeline = gpu.pipeline(kernel, all).await?;
                pace.begin();
                let records = self.submit(&pipeline, &block, &shape, member, jobs, numbers).await?;
                for (number, records) in numbers.iter().zip(records.chunks(shape.segments)) {
                    records.iter().for_each(|record| absorb(*number, record));
                }
                pace.end((count * block.columns.len()) as f64);
                done += count;
            }
        }
        Ok(())
    }

    async fn submit(
        &self,
        pipeline: &Arc<Pipeline>,
        block: &Block<'a>,
        shape: &Shape,
        member: [f32; 4],
        jobs: &[Job],
        numbers: &[usize],
    ) -> Result<Vec<Record>> {
        let gpu = self.gpu;
        let bytes = (numbers.len() * shape.segments * size_of::<Record>()) as u64;
        let mut recorder = gpu.recorder();
        gpu.guarded(|| {
            let items = gpu.upload("pairs of rows", &items(block, jobs, numbers))?;
            let sums = gpu.allocate("sums", bytes, STORAGE)?;
            let params = Params { member, ..self.params(block, shape, numbers.len()) };
            let mut resources = self.bindings(block);
            resources.push(items.whole());
            resources.push(sums.whole());
            let ready = gpu.bind(pipeline, gpu.uniform(&params)?, resources);
            recorder.dispatch(&ready, shape.groups(numbers.len()))?;
            recorder.stage(&sums, 0, bytes);
            Ok(())
        })
        .await?;
        let mut read = recorder.read_as("sums of divergences").await?;
        Ok(read.pop().unwrap_or_default())
    }
}

/// Where the rows of some jobs are, as the kernels take it.
pub(crate) fn items(block: &Block<'_>, jobs: &[Job], numbers: &[usize]) -> Vec<Item> {
    let column = block.columns.start;
    let item = |number: &usize| {
        let job = &jobs[*number];
        let at = [block.p.at(job.p, column), block.q.at(job.q, column), 0, 0];
        let [p, q] = job.centers;
        Item { at, reference: job.reference, centers: [p, q, 0.0, 0.0] }
    };
    numbers.iter().map(item).collect()
}

/// How the work of some items is shared out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) workgroup: u32,
    pub(crate) lanes: u32,
    pub(crate) segments: usize,
    /// Of a segment.
    pub(crate) quads: usize,
}

impl Shape {
    pub(crate) fn new(capabilities: &Capabilities, items: usize, columns: usize) -> Shape {
        let quads = columns.div_ceil(4);
        // Enough units to fill the adapter, none of them tiny.
        let (units, least) = capabilities.row_units();
        let segments = (units / items.max(1)).clamp(1, quads.div_ceil(least));
        let each = quads.div_ceil(segments);
        let lanes = match (capabilities.lanes_per_row(), each) {
            (1, _) | (_, 0..8) => 1,
            (_, 8..64) => 8,
            (lanes, _) => lanes,
        };
        let workgroup = capabilities.row_workgroup().max(lanes);
        Shape { workgroup, lanes, segments: quads.div_ceil(each), quads: each }
    }

    /// One item, which stands for all, a thread for a few quads.
    pub(crate) fn over_columns(capabilities: &Capabilities, columns: usize) -> Shape {
        let quads = columns.div_ceil(4);
        let each = capabilities.quads_per_column_thread(quads);
        let workgroup = capabilities.row_workgroup();
        Shape { workgroup, lanes: 1, segments: quads.div_ceil(each), quads: each }
    }

    pub(crate) fn groups(&self, items: usize) -> u64 {
        let per_group = (self.workgroup / self.lanes) as usize;
        (items * self.segments).div_ceil(per_group) as u64
    }
}
