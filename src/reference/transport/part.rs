//! Some rows of a problem whose ε is large, and sums over them of what is next to nothing.

use super::chunk::split;
use super::costs::Costs;
use std::ops::Range;

/// What parts have in common in a pass.
pub(super) struct Sweep<'a> {
    pub(super) costs: &'a dyn Costs,
    /// Weights over their masses.
    pub(super) shares: [&'a [f64]; 2],
    /// Differences of the potentials from their constants.
    pub(super) potentials: [&'a [f64]; 2],
    pub(super) lambda: f64,
    pub(super) epsilon: f64,
    /// No difference of a potential and a cost is above it.
    pub(super) most: f64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    rows: Range<usize>,
    done: usize,
    /// Of its rows: softmins, or what they hold more than without costs, as a share of that.
    pub(super) of_rows: Vec<f64>,
    /// What its rows add to the columns: Σ share·expm1, and Σ share·exp.
    pub(super) sums: Vec<[f64; 2]>,
    pub(super) transport: f64,
    scratch: Vec<f64>,
}

/// All rows of a problem, in parts.
pub(super) fn parts(n: usize, m: usize) -> Vec<Part> {
    split(n, m).map(|rows| Part { rows, ..Part::default() }).collect()
}

/// Σ share·expm1 and Σ share·exp of exponents beside `most`: −most − ε log1p(Σ share·expm1), which is −most − ε ln of the other
/// sum. ∞ of nothing.
pub(super) fn softmin([more, all]: [f64; 2], most: f64, epsilon: f64) -> f64 {
    // Far from a⊗b, as a start or forbidden pairs may be.
    let ln = if more > -0.5 { more.ln_1p() } else { all.ln() };
    -most - epsilon * ln
}

impl Part {
    /// Takes the pass `step` rows further.
    fn next_rows(&mut self, step: usize) -> Range<usize> {
        let from = self.rows.start + self.done;
        self.done = self.rows.len().min(self.done.saturating_add(step));
        from..self.rows.start + self.done
    }

    pub(super) fn is_done(&self) -> bool {
        self.done == self.rows.len()
    }

    /// Before a pass.
    pub(super) fn begin(&mut self) {
        self.done = 0;
        self.of_rows.clear();
        self.sums.clear();
        self.transport = 0.0;
    }

    /// Softmins of the rows.
    pub(super) fn rows(&mut self, step: usize, sweep: &Sweep<'_>) {
        let (shares, potentials) = (sweep.shares[1], sweep.potentials[1]);
        for i in self.next_rows(step) {
            let mut sums = [0.0; 2];
            let row = row(sweep.costs, i, &mut self.scratch);
            for ((c, y), share) in row.iter().zip(potentials).zip(shares) {
                add(&mut sums, *share, (y - c - sweep.most) / sweep.epsilon);
            }
            self.of_rows.push(softmin(sums, sweep.most, sweep.epsilon));
        }
    }

    /// What the rows add to the columns' softmins.
    pub(super) fn columns(&mut self, step: usize, sweep: &Sweep<'_>) {
        self.sums.resize(sweep.shares[1].len(), [0.0; 2]);
        for i in self.next_rows(step) {
            let (share, x) = (sweep.shares[0][i], sweep.potentials[0][i]);
            let row = row(sweep.costs, i, &mut self.scratch);
            for (c, sums) in row.iter().zip(&mut self.sums) {
                add(sums, share, (x - c - sweep.most) / sweep.epsilon);
            }
        }
    }

    /// What the plan holds more in rows and columns than without costs, and ⟨P, C⟩, in shares of the masses.
    pub(super) fn measure(&mut self, step: usize, sweep: &Sweep<'_>) {
        self.sums.resize(sweep.shares[1].len(), [0.0; 2]);
        for i in self.next_rows(step) {
            let (share, x) = (sweep.shares[0][i], sweep.potentials[0][i]);
            let row = row(sweep.costs, i, &mut self.scratch);
            let (mut held, mut transport) = ([0.0; 2], 0.0);
            let columns = self.sums.iter_mut().zip(sweep.shares[1]).zip(sweep.potentials[1]);
            for (c, ((sums, other), y)) in row.iter().zip(columns) {
                let exponent = (x + y + sweep.lambda - c) / sweep.epsilon;
                add(sums, share, exponent);
                let more = add(&mut held, *other, exponent);
                if *c < f64::INFINITY {
                    transport += other * (1.0 + more) * c;
                }
            }
            self.of_rows.push(held[0]);
            self.transport += share * transport;
        }
    }
}

/// Adds share·expm1 and share·exp; the expm1.
fn add(sums: &mut [f64; 2], share: f64, exponent: f64) -> f64 {
    let more = exponent.exp_m1();
    sums[0] += share * more;
    sums[1] += share * (1.0 + more);
    more
}

fn row<'s>(costs: &'s dyn Costs, i: usize, scratch: &'s mut Vec<f64>) -> &'s [f64] {
    if let Some(row) = costs.stored(i) {
        return row;
    }
    let (_, m) = costs.shape();
    scratch.resize(m, 0.0);
    costs.fill(i, 0..m, scratch);
    scratch
}
