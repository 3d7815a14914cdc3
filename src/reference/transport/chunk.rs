//! Some rows of a problem, with all that an iteration needs of them: one chunk a thread, and as few of its rows at a time as
//! it takes to give way after. What chunks sum up is added in their order, so nothing depends on how many threads there are.

use super::filled::Filled;
use super::side::{Side, Update};
use std::ops::Range;

/// Entries of the cost that a chunk has at least, where there is more than one.
const SMALLEST: usize = 1 << 16;

/// Chunks at most, and numbers that all of them may have for their columns.
const MOST: usize = 64;
const COLUMNS: usize = 1 << 24;

/// What chunks have in common in a pass.
pub(super) struct Shared<'a> {
    pub(super) costs: &'a Filled<'a>,
    /// Weighted potentials of the columns, λ with them, and their scalings.
    pub(super) h: &'a [f64],
    pub(super) v: &'a [f64],
    /// Of the rows.
    pub(super) update: Update,
    /// Whether the kernel is kept, and the costs beside it where they would have to be computed again.
    pub(super) keeps: bool,
    pub(super) copies: bool,
    /// Whether the rows are the columns as well.
    pub(super) symmetric: bool,
    /// Whether rows wait for the multiplier of a mass.
    pub(super) defers: bool,
}

#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) rows: Range<usize>,
    /// Of them, those that the pass under way has been over.
    pub(super) done: usize,
    pub(super) side: Side,
    /// exp((F + H − C)/ε) of its rows.
    pub(super) kernel: Vec<f64>,
    copied: Vec<f64>,
    /// What its rows add to the columns, in the log domain beside exp(`most`/ε).
    pub(super) columns: Vec<f64>,
    pub(super) most: Vec<f64>,
    /// A row of exponents, and a row of costs.
    pub(super) exponents: Vec<f64>,
    scratch: Vec<f64>,
    /// What its rows hold, and ⟨P, C⟩ over them, once measured.
    pub(super) held: Vec<f64>,
    pub(super) transport: f64,
}

/// The rows of chunks, of n×m costs.
pub(super) fn split(n: usize, m: usize) -> impl Iterator<Item = Range<usize>> {
    let most = (COLUMNS / m.max(1)).clamp(4, MOST);
    let count = (n.saturating_mul(m) / SMALLEST).clamp(1, most);
    let rows = n.div_ceil(count).max(1);
    (0..n).step_by(rows).map(move |i| i..n.min(i + rows))
}

/// All rows of a problem, in chunks: their weights, and potentials to begin with.
pub(super) fn chunks(a: &[f64], potentials: &[f64], m: usize) -> Vec<Chunk> {
    split(a.len(), m).map(|rows| Chunk::new(rows, a, potentials, m)).collect()
}

/// All rows in one chunk.
pub(super) fn whole(a: &[f64], potentials: &[f64], m: usize) -> Vec<Chunk> {
    vec![Chunk::new(0..a.len(), a, potentials, m)]
}

/// What the chunks have in their columns, added up in their order.
pub(super) fn sum_of_columns(chunks: &[Chunk], sums: &mut [f64]) {
    sums.fill(0.0);
    for chunk in chunks {
        for (sum, part) in sums.iter_mut().zip(&chunk.columns) {
            *sum += part;
        }
    }
}

impl Chunk {
    fn new(rows: Range<usize>, a: &[f64], potentials: &[f64], m: usize) -> Chunk {
        Chunk {
            side: Side::new(a[rows.clone()].to_vec(), potentials[rows.clone()].to_vec()),
            rows,
            done: 0,
            kernel: Vec::new(),
            copied: Vec::new(),
            columns: vec![0.0; m],
            most: Vec::new(),
            exponents: Vec::new(),
            scratch: Vec::new(),
            held: Vec::new(),
            transport: 0.0,
        }
    }

    /// Rows that a step of so many is to go over now.
    pub(super) fn next_rows(&mut self, step: usize) -> Range<usize> {
        let rows = self.done..self.rows.len().min(self.done.saturating_add(step));
        self.done = rows.end;
        rows
    }

    /// Copies costs, so that later passes find them side by side.
    pub(super) fn copy(&mut self, rows: Range<usize>, shared: &Shared<'_>) {
        let m = shared.h.len();
        self.copied.resize(self.rows.len() * m, 0.0);
        for i in rows {
            let row = shared.costs.row(self.rows.start + i, &mut self.scratch);
            self.copied[i * m..(i + 1) * m].copy_from_slice(row);
        }
    }

    /// What a pass needs of the chunk beside its rows: these, apart.
    pub(super) fn parts<'s>(&'s mut self, shared: &'s Shared<'_>) -> Parts<'s> {
        Parts {
            costs: Rows {
                copied: shared.copies.then_some(&self.copied[..]),
                filled: shared.costs,
                scratch: &mut self.scratch,
                first: self.rows.start,
                columns: shared.h.len(),
            },
            side: &mut self.side,
            kernel: &mut self.kernel,
            columns: &mut self.columns,
            most: &mut self.most,
            exponents: &mut self.exponents,
            held: &mut self.held,
            transport: &mut self.transport,
        }
    }
}

/// A chunk in its parts.
pub(super) struct Parts<'a> {
    pub(super) costs: Rows<'a>,
    pub(super) side: &'a mut Side,
    pub(super) kernel: &'a mut Vec<f64>,
    pub(super) columns: &'a mut Vec<f64>,
    pub(super) most: &'a mut Vec<f64>,
    pub(super) exponents: &'a mut Vec<f64>,
    pub(super) held: &'a mut Vec<f64>,
    pub(super) transport: &'a mut f64,
}

/// The costs of a chunk's rows.
pub(super) struct Rows<'a> {
    copied: Option<&'a [f64]>,
    filled: &'a Filled<'a>,
    scratch: &'a mut Vec<f64>,
    first: usize,
    columns: usize,
}

impl Rows<'_> {
    #[inline(always)]
    pub(super) fn row(&mut self, i: usize) -> &[f64] {
        match self.copied {
            Some(copied) => &copied[i * self.columns..(i + 1) * self.columns],
            None => self.filled.row(self.first + i, self.scratch),
        }
    }
}
