//! The sums of `entropy.wgsl`: of all of a row but its largest bin, in logarithms of any base level.

use super::super::distributions::Distributions;

use super::super::sums::{Job, Pairing, Record};
use crate::error::Result;
use crate::gpu::Kernel;
use crate::gpu::shader::Constant;
use crate::number::{joined, words};

pub(crate) static ENTROPY: Kernel = Kernel::new("divergence/entropy.wgsl");

/// α of the sums, with what the kernels are given for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) alpha: f64,
    pub(crate) is_one: bool,
}

impl Order {
    pub(crate) fn new(alpha: f64) -> Order {
        Order { alpha, is_one: alpha == 1.0 }
    }

    /// `member` of `entropy`: α, |α − 1|, α − 1, and by how much a reference is exceeded before it is raised.
    pub(crate) fn member(&self, logits: bool, temperature: f64) -> [f32; 4] {
        let e = self.alpha - 1.0;
        let step = 4.0 / self.alpha.max(1.0);
        let limit = if logits { step * temperature } else { step.exp() };
        [self.alpha as f32, e.abs() as f32, e as f32, limit as f32]
    }

    /// `member` of `entropy_gradient`: α, |α − 1|, α − 1, and what f32 left of α.
    pub(crate) fn gradient_member(&self) -> [f32; 4] {
        let ([alpha, low], e) = (words(self.alpha), self.alpha - 1.0);
        [alpha, e.abs() as f32, e as f32, low]
    }

    /// e^l, e^l (1 − e^((α−1) l))/(α − 1) and e^(αl).
    fn terms(&self, l: f64) -> [f64; 3] {
        if self.is_one {
            return [l.exp(), if l < -700.0 { 0.0 } else { -l * l.exp() }, l.exp()];
        }
        let e = self.alpha - 1.0;
        let power = (self.alpha * l).exp();
        let product =
            if e > 0.0 { l.exp() * -(e * l).exp_m1() / e } else { power * (-e * l).exp_m1() / e };
        [l.exp(), product, power]
    }
}

/// Σ over all bins but the largest, relative to a level: of x = e^l, of what `Order::terms` has second, of x^α.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bulk {
    /// The largest bin, as it was given, and its level: a/T or ln w.
    pub(crate) kept: f64,
    pub(crate) level: f64,
    reference: f64,
    pub(crate) sum: f64,
    pub(crate) product: f64,
    pub(crate) power: f64,
    /// Bins that are not empty.
    pub(crate) count: f64,
    /// A power of two, at most the smallest weight that is not 0 and at least its half; 2⁻¹²⁷ of subnormal ones.
    pub(crate) smallest: f64,
    pub(crate) flags: u32,
}

impl Default for Bulk {
    fn default() -> Bulk {
        let none = f64::NEG_INFINITY;
        Bulk {
            kept: none,
            level: none,
            reference: none,
            sum: 0.0,
            product: 0.0,
            power: 0.0,
            count: 0.0,
            smallest: f64::INFINITY,
            flags: 0,
        }
    }
}

impl Bulk {
    fn add(&mut self, order: &Order, record: &Record, level: &impl Fn(f64) -> f64) {
        let [kept, reference] = record[0].map(f64::from);
        self.count += joined(record[4]);
        self.flags |= record[7][0] as u32;
        self.smallest = self.smallest.min(power_of_two(record[5][0] as u32));
        let base = level(reference);
        if base > f64::NEG_INFINITY {
            let [sum, product] = [joined(record[1]), joined(record[2])];
            let power = if order.is_one { sum } else { joined(record[3]) };
            self.merge(order, base, [sum, product, power]);
        }
        let own = level(kept);
        if own == f64::NEG_INFINITY {
            return;
        }
        // The smaller of two that were kept out is one of the others.
        let smaller = self.level.min(own);
        if own > self.level {
            (self.kept, self.level) = (kept, own);
        }
        if smaller > f64::NEG_INFINITY {
            self.merge(order, smaller, [1.0, 0.0, 1.0]);
        }
    }

    fn merge(&mut self, order: &Order, reference: f64, [sum, product, power]: [f64; 3]) {
        let most = self.reference.max(reference);
        self.rebase(order, most);
        let mut other = Bulk { reference, sum, product, power, ..Bulk::default() };
        other.rebase(order, most);
        self.sum += other.sum;
        self.product += other.product;
        self.power += other.power;
    }

    /// The same sums relative to another level.
    fn rebase(&mut self, order: &Order, to: f64) {
        if self.reference == f64::NEG_INFINITY || to == self.reference {
            self.reference = to;
            return;
        }
        let [term, product, power] = order.terms(self.reference - to);
        self.product = power * self.product + product * self.sum;
        self.sum *= term;
        self.power *= power;
        self.reference = to;
    }

    /// Relative to the largest bin.
    fn finished(mut self, order: &Order) -> Bulk {
        if self.level > f64::NEG_INFINITY {
            self.rebase(order, self.level);
        }
        self
    }
}

/// The sums of some rows, each relative to its largest bin.
pub(crate) async fn sums(p: &Distributions, order: &Order, rows: &[usize]) -> Result<Vec<Bulk>> {
    let logits = p.is_logarithmic();
    let temperature = p.temperature();
    let rate = (1.0 / temperature) as f32;
    let job =
        |row: &usize| Job { p: *row, q: *row, reference: [rate, 0.0, 0.0, 0.0], centers: [0.0; 2] };
    let jobs: Vec<Job> = rows.iter().map(job).collect();
    let level = |x: f64| {
        if logits { if x > -1e29 { x / temperature } else { f64::NEG_INFINITY } } else { x.ln() }
    };
    let mut result = vec![Bulk::default(); rows.len()];
    let constants = vec![("ORDER", Constant::Bool(!order.is_one))];
    let member = order.member(logits, temperature);
    let absorb = |row: usize, record: &Record| result[row].add(order, record, &level);
    Pairing::new(p, p)?.run(&ENTROPY, &constants, member, &jobs, absorb).await?;
    Ok(result.into_iter().map(|bulk| bulk.finished(order)).collect())
}

/// 2 to the exponent that f32 keeps as `biased`, 255 at most: without the cost of `exp2`, once a row.
fn power_of_two(biased: u32) -> f64 {
    f64::from_bits(u64::from(biased.min(255) + 1023 - 127) << 52)
}
