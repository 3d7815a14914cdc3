//! Rows on the device, ready to be compared with many others.

use super::super::distributions::Distributions;
use super::super::kernels::{NORMALIZED_ROWS, Params};
use super::super::sums::{Block, Job, Pairing, Shape, items};
use super::facts::Fact;
use crate::error::Result;
use crate::gpu::buffer::{Buffer, STORAGE};
use crate::gpu::pace::Pace;
use crate::gpu::shader::Constant;
use crate::gpu::{Capabilities, Gpu};
use std::ops::Range;
use std::sync::Arc;

/// Bytes that the probabilities of one side may take.
const BYTES: u64 = 64 << 20;

/// Bytes of a quad: probabilities in double-float.
const QUAD: u64 = 32;

/// Rows that lie beside each other, as many as a workgroup of `pairwise.wgsl` has threads.
pub(super) fn block(capabilities: &Capabilities) -> usize {
    capabilities.row_workgroup() as usize
}

/// Rows and columns of a tile: all columns if they fit, rows in whole blocks.
pub(super) fn tile(gpu: &Gpu, rows: usize, bins: usize) -> (usize, usize) {
    /// Beyond this more rows do not pay.
    const ROWS: usize = 1024;
    let limits = &gpu.capabilities.limits;
    let bytes = BYTES.min(limits.max_storage_buffer_binding_size).min(limits.max_buffer_size);
    let block = block(&gpu.capabilities);
    let most = (bytes / QUAD) as usize;
    let rows = rows.min(ROWS).next_multiple_of(block);
    // A word of bits is of eight quads.
    let quads = (most / rows / 8 * 8).clamp(8, bins.div_ceil(4).next_multiple_of(8));
    (rows.min(most / quads / block * block).max(block), 4 * quads)
}

/// Some rows and columns as `normalized_rows.wgsl` makes them.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    pub(super) probabilities: Buffer,
    pub(super) masses: Buffer,
    pub(super) support: Buffer,
}

impl Prepared {
    pub(super) fn quads(&self) -> usize {
        self.columns.len().div_ceil(4)
    }

    /// Where the low words begin, in quads.
    pub(super) fn low(&self, block: usize) -> usize {
        self.rows.len().next_multiple_of(block) * self.quads()
    }
}

/// The tiles used last: one of either side.
#[derive(Debug, Default)]
pub(super) struct Shelf(Vec<(usize, Arc<Prepared>)>);

impl Shelf {
    /// A tile of the rows of a side, from the shelf or made now.
    pub(super) async fn tile(
        &mut self,
        side: usize,
        source: (&Distributions, &[Fact]),
        rows: &Range<usize>,
        columns: &Range<usize>,
    ) -> Result<Arc<Prepared>> {
        let fits = |(owner, tile): &(usize, Arc<Prepared>)| {
            *owner == side && tile.rows == *rows && tile.columns == *columns
        };
        if let Some(place) = self.0.iter().position(fits) {
            let found = self.0.remove(place);
            self.0.push(found.clone());
            return Ok(found.1);
        }
        if self.0.len() == 2 {
            self.0.remove(0);
        }
        let made = Arc::new(prepare(source.0, source.1, rows, columns).await?);
        self.0.push((side, made.clone()));
        Ok(made)
    }
}

async fn prepare(
    source: &Distributions,
    facts: &[Fact],
    rows: &Range<usize>,
    columns: &Range<usize>,
) -> Result<Prepared> {
    let pairing = Pairing::new(source, source)?;
    let gpu = pairing.gpu;
    let block = block(&gpu.capabilities);
    let (padded, quads) = (rows.len().next_multiple_of(block), columns.len().div_ceil(4));
    let allocate = |what: &str, bytes: usize| gpu.allocate(what, bytes as u64, STORAGE);
    let tile = gpu
        .guarded(|| {
            Ok(Prepared {
                rows: rows.clone(),
                columns: columns.clone(),
                probabilities: allocate("normalised rows", padded * quads * QUAD as usize)?,
                masses: allocate("masses of quads", padded * quads * 4)?,
                support: allocate("supports", padded * quads.div_ceil(8) * 4)?,
            })
        })
        .await?;
    let job = |row: usize| {
        let [x, y] = facts[row].reference;
        Job { p: row, q: row, reference: [x, y, 0.0, 0.0], centers: [0.0; 2] }
    };
    let jobs: Vec<Job> = rows.clone().map(job).collect();
    let mut pace = Pace::of_elements(&gpu.capabilities);
    for whole in pairing.blocks(&jobs) {
        let part = Block {
            columns: whole.columns.start.max(columns.start)..whole.columns.end.min(columns.end),
            ..whole
        };
        if part.columns.is_empty() {
            continue;
        }
        let length = part.columns.len();
        let workgroup = gpu.capabilities.row_workgroup();
        let shape = Shape { workgroup, lanes: 1, segments: length.div_ceil(32), quads };
        let mut constants = pairing.constants(&part, &shape);
        constants.push(("BLOCK", Constant::U32(block as u32)));
        let pipeline = gpu.pipeline(&NORMALIZED_ROWS, constants).await?;
        let mut done = 0;
        while done < part.jobs.len() {
            // An exponential in double-float is worth some ten terms.
            let count = pace.items(10 * length).min(part.jobs.len() - done);
            let numbers = &part.jobs[done..done + count];
            pace.begin();
            let mut recorder = gpu.recorder();
            gpu.guarded(|| {
                let mut items = items(&part, &jobs, numbers);
                for (item, number) in items.iter_mut().zip(numbers) {
                    // Where the row is in the tile, and its first word.
                    item.at[2] = *number as u32;
                    item.at[3] = ((part.columns.start - columns.start) / 32) as u32;
                }
                let items = gpu.upload("rows", &items)?;
                let plane = (padded * quads) as u32;
                let params = Params { plane, ..pairing.params(&part, &shape, count) };
                let mut resources = pairing.bindings(&part);
                resources.push(items.whole());
                resources.push(tile.probabilities.whole());
                resources.push(tile.masses.whole());
                resources.push(tile.support.whole());
                let ready = gpu.bind(&pipeline, gpu.uniform(&params)?, resources);
                recorder.dispatch(&ready, shape.groups(count))?;
                Ok(())
            })
            .await?;
            recorder.read("normalised rows").await?;
            pace.end((count * 10 * length) as f64);
            done += count;
        }
    }
    Ok(tile)
}
