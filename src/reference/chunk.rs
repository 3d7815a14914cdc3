//! Some rows of a problem, with all that an iteration needs of them: one chunk a thread, and a step small enough to give way
//! after. What chunks sum up is added in their order, so nothing depends on how many threads there are.

use super::elementary::{exp, larger, maximum, sum};
use super::wide::wide;
use std::ops::Range;

/// Entries of the cost that a chunk has at most, and, where there are fewer than [`MOST`] chunks, at least.
const LARGEST: usize = 1 << 20;
const SMALLEST: usize = 1 << 16;
const MOST: usize = 64;

/// What chunks have in common in a pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared<'a> {
    /// Row-major, all rows.
    pub(super) cost: &'a [f64],
    /// Weighted potentials of the columns, and their scalings.
    pub(super) g: &'a [f64],
    pub(super) v: &'a [f64],
    pub(super) epsilon: f64,
}

impl<'a> Shared<'a> {
    fn cost(&self, rows: &Range<usize>) -> std::slice::ChunksExact<'a, f64> {
        let m = self.g.len();
        self.cost[rows.start * m..rows.end * m].chunks_exact(m)
    }
}

#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) rows: Range<usize>,
    a: Vec<f64>,
    /// Weighted potentials, and scalings of the kernel, before and after the iteration under way.
    pub(super) f: Vec<f64>,
    pub(super) u: Vec<f64>,
    pub(super) next: Vec<f64>,
    /// exp((f + g − C)/ε) of its rows, made when it is first needed.
    kernel: Vec<f64>,
    /// What its rows add to the columns, in the log domain beside exp(`most`/ε).
    pub(super) columns: Vec<f64>,
    pub(super) most: Vec<f64>,
    /// Σ|P1 − a| before the iteration under way.
    pub(super) error: f64,
    /// What its rows hold, and ⟨P, C⟩ over them, once measured.
    pub(super) mass: Vec<f64>,
    pub(super) transport: f64,
}

/// All rows of a problem, in chunks.
pub(super) fn chunks(a: &[f64], m: usize) -> Vec<Chunk> {
    let entries = a.len().saturating_mul(m);
    let count = entries.div_ceil(LARGEST).max((entries / SMALLEST).min(MOST));
    let rows = a.len().div_ceil(count.clamp(1, a.len().max(1))).max(1);
    (0..a.len()).step_by(rows).map(|i| Chunk::new(i..a.len().min(i + rows), a, m)).collect()
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
    fn new(rows: Range<usize>, a: &[f64], m: usize) -> Chunk {
        let n = rows.len();
        Chunk {
            a: a[rows.clone()].to_vec(),
            rows,
            f: vec![0.0; n],
            u: vec![1.0; n],
            next: vec![1.0; n],
            kernel: Vec::new(),
            columns: vec![0.0; m],
            most: Vec::new(),
            error: 0.0,
            mass: Vec::new(),
            transport: 0.0,
        }
    }

    /// An iteration from potentials g whose exponents are all in range, in one pass and with one exponential an entry: the
    /// kernel exp((g − C − M)/ε) with the maxima M of its rows, u = a over its row sums, and what u times it adds to the
    /// columns.
    pub(super) fn begin(&mut self, shared: &Shared<'_>) {
        let (m, epsilon) = (shared.g.len(), shared.epsilon);
        self.kernel.resize(self.a.len() * m, 0.0);
        self.columns.fill(0.0);
        wide(
            #[inline(always)]
            || {
                let rows = self.kernel.chunks_exact_mut(m).zip(shared.cost(&self.rows));
                for (((kernel, cost), a), (f, u)) in
                    rows.zip(&self.a).zip(self.f.iter_mut().zip(&mut self.next))
                {
                    for ((k, c), g) in kernel.iter_mut().zip(cost).zip(shared.g) {
                        *k = g - c;
                    }
                    let most = maximum(kernel);
                    for k in kernel.iter_mut() {
                        *k = exp((*k - most) / epsilon);
                    }
                    *f = -most;
                    *u = a / sum(kernel);
                    for (column, k) in self.columns.iter_mut().zip(kernel) {
                        *column += *u * *k;
                    }
                }
            },
        );
    }

    /// The rows' half of an iteration in the log domain.
    pub(super) fn rows_of_logs(&mut self, shared: &Shared<'_>) {
        let epsilon = shared.epsilon;
        // Where the columns are summed up later; a row's exponents until then.
        let exponents = &mut self.columns;
        wide(
            #[inline(always)]
            || {
                for ((f, a), cost) in self.f.iter_mut().zip(&self.a).zip(shared.cost(&self.rows)) {
                    for ((x, c), g) in exponents.iter_mut().zip(cost).zip(shared.g) {
                        *x = g - c;
                    }
                    let most = maximum(exponents);
                    for x in exponents.iter_mut() {
                        *x = exp((*x - most) / epsilon);
                    }
                    *f = epsilon * (a.ln() - sum(exponents).ln()) - most;
                }
            },
        );
    }

    /// What the rows add to the columns' half of an iteration in the log domain, beside the largest.
    pub(super) fn columns_of_logs(&mut self, shared: &Shared<'_>) {
        let epsilon = shared.epsilon;
        self.columns.fill(0.0);
        self.most.clear();
        self.most.resize(self.columns.len(), f64::NEG_INFINITY);
        wide(
            #[inline(always)]
            || {
                for (f, cost) in self.f.iter().zip(shared.cost(&self.rows)) {
                    for (most, c) in self.most.iter_mut().zip(cost) {
                        *most = larger(*most, f - c);
                    }
                }
                for (f, cost) in self.f.iter().zip(shared.cost(&self.rows)) {
                    for ((column, most), c) in self.columns.iter_mut().zip(&self.most).zip(cost) {
                        *column += exp((f - c - most) / epsilon);
                    }
                }
            },
        );
    }

    /// The kernel of potentials.
    pub(super) fn kernel_of_logs(&mut self, shared: &Shared<'_>) {
        let (m, epsilon) = (shared.g.len(), shared.epsilon);
        self.kernel.resize(self.a.len() * m, 0.0);
        self.u.fill(1.0);
        wide(
            #[inline(always)]
            || {
                let rows = self.kernel.chunks_exact_mut(m).zip(shared.cost(&self.rows));
                for ((kernel, cost), f) in rows.zip(&self.f) {
                    for ((k, c), g) in kernel.iter_mut().zip(cost).zip(shared.g) {
                        *k = exp((f + g - c) / epsilon);
                    }
                }
            },
        );
    }

    /// Scales the rows, and sums up what is then in the columns: each row of the kernel is read once for both, four of them
    /// side by side.
    pub(super) fn scale(&mut self, shared: &Shared<'_>) {
        let (m, v) = (shared.v.len(), shared.v);
        self.columns.fill(0.0);
        self.error = 0.0;
        wide(
            #[inline(always)]
            || {
                let columns = &mut self.columns;
                let mut fours = self.kernel.chunks_exact(4 * m);
                for (block, rows) in (&mut fours).enumerate() {
                    let (first, second) = rows.split_at(2 * m);
                    let ([k0, k1], [k2, k3]) = (halves(first), halves(second));
                    let (at, sums) = (4 * block, four_products([k0, k1, k2, k3], v));
                    let mut u = [0.0; 4];
                    for (r, sum) in sums.into_iter().enumerate() {
                        self.error += (sum * self.u[at + r] - self.a[at + r]).abs();
                        u[r] = self.a[at + r] / sum;
                    }
                    self.next[at..at + 4].copy_from_slice(&u);
                    let pairs = k0.iter().zip(k1).zip(k2.iter().zip(k3));
                    for (column, ((k0, k1), (k2, k3))) in columns.iter_mut().zip(pairs) {
                        *column += (u[0] * k0 + u[1] * k1) + (u[2] * k2 + u[3] * k3);
                    }
                }
                let at = self.a.len() / 4 * 4;
                for (r, row) in fours.remainder().chunks_exact(m).enumerate() {
                    let sum = product(row, v);
                    let (a, u) = (self.a[at + r], &mut self.next[at + r]);
                    self.error += (sum * self.u[at + r] - a).abs();
                    *u = a / sum;
                    for (column, k) in columns.iter_mut().zip(row) {
                        *column += *u * k;
                    }
                }
            },
        );
    }

    /// The plan of potentials f and g: what its rows and columns hold, and ⟨P, C⟩.
    pub(super) fn measure(&mut self, shared: &Shared<'_>) {
        let epsilon = shared.epsilon;
        self.columns.fill(0.0);
        self.mass.clear();
        self.transport = 0.0;
        let mut plan = std::mem::take(&mut self.most);
        plan.resize(self.columns.len(), 0.0);
        wide(
            #[inline(always)]
            || {
                for (f, cost) in self.f.iter().zip(shared.cost(&self.rows)) {
                    for ((p, c), g) in plan.iter_mut().zip(cost).zip(shared.g) {
                        *p = exp((f + g - c) / epsilon);
                    }
                    for (column, p) in self.columns.iter_mut().zip(&plan) {
                        *column += p;
                    }
                    self.mass.push(sum(&plan));
                    self.transport += product(&plan, cost);
                }
            },
        );
        self.most = plan;
    }
}

#[inline(always)]
fn halves(x: &[f64]) -> [&[f64]; 2] {
    let (first, second) = x.split_at(x.len() / 2);
    [first, second]
}

/// Lanes of a sum of products.
const LANES: usize = 4;

#[inline(always)]
fn lanes_up([a, b, c, d]: [f64; LANES]) -> f64 {
    (a + c) + (b + d)
}

/// Σ k v.
#[inline(always)]
fn product(k: &[f64], v: &[f64]) -> f64 {
    let (k, v) = (k.chunks_exact(LANES), v.chunks_exact(LANES));
    let rest: f64 = k.remainder().iter().zip(v.remainder()).map(|(k, v)| k * v).sum();
    let mut lanes = [0.0; LANES];
    for (k, v) in k.zip(v) {
        for (lane, (k, v)) in lanes.iter_mut().zip(k.iter().zip(v)) {
            *lane += k * v;
        }
    }
    lanes_up(lanes) + rest
}

/// Σ k v of four rows at a time, each as [`product`] sums it: v is read once.
#[inline(always)]
fn four_products(rows: [&[f64]; 4], v: &[f64]) -> [f64; 4] {
    let rest = |k: &[f64]| -> f64 {
        let at = v.len() / LANES * LANES;
        k[at..].iter().zip(&v[at..]).map(|(k, v)| k * v).sum()
    };
    let mut lanes = [[0.0; LANES]; 4];
    let [k0, k1, k2, k3] = rows.map(|k| k.chunks_exact(LANES));
    for ((v, (k0, k1)), (k2, k3)) in v.chunks_exact(LANES).zip(k0.zip(k1)).zip(k2.zip(k3)) {
        for l in 0..LANES {
            lanes[0][l] += k0[l] * v[l];
            lanes[1][l] += k1[l] * v[l];
            lanes[2][l] += k2[l] * v[l];
            lanes[3][l] += k3[l] * v[l];
        }
    }
    std::array::from_fn(|r| lanes_up(lanes[r]) + rest(rows[r]))
}
