//! Pairs of rows of every kind that divergences have to be right for.

use kantor::Input;

/// What the rows of a pair are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Softmax of normal numbers, as f32.
    Weights,
    /// Whole numbers that sum to anything.
    Counts,
    /// Half of the bins empty, not the same half.
    Sparse,
    /// q differs from p by a relative gap in every bin.
    Near(f64),
    /// One bin of both rows has nearly all the mass.
    Peaked,
    /// The same as logits.
    PeakedLogits,
    /// Logits of size 2.
    Logits,
    /// Logits of size 40.
    Wide,
    /// Logits over temperature 0.7.
    Tempered,
    /// Logits of which a third is −∞, the same in both rows.
    Masked,
    /// Logits that differ by so much.
    NearLogits(f64),
    /// Logits that differ by 50 and so much.
    Shifted(f64),
}

impl Kind {
    /// What the numbers are.
    pub fn input(self) -> Input {
        match self {
            Kind::Weights | Kind::Counts | Kind::Sparse | Kind::Peaked | Kind::Near(_) => {
                Input::Weights
            }
            Kind::Tempered => Input::Logits { temperature: 0.7 },
            _ => Input::Logits { temperature: 1.0 },
        }
    }
}

/// Two rows.
#[derive(Debug, Clone)]
pub struct Pair {
    pub p: Vec<f32>,
    pub q: Vec<f32>,
}

/// xorshift64*, and normal numbers by twelve uniform ones.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// A pair of a kind, reproducibly.
pub fn pair(kind: Kind, bins: usize, seed: u64) -> Pair {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let base: Vec<f64> = (0..bins).map(|_| random.normal()).collect();
    let other: Vec<f64> = (0..bins).map(|_| random.normal()).collect();
    let softmax = |values: &[f64]| -> Vec<f64> {
        let sum: f64 = values.iter().map(|x| x.exp()).sum();
        values.iter().map(|x| x.exp() / sum).collect()
    };
    let single = |values: Vec<f64>| values.into_iter().map(|x| x as f32).collect::<Vec<f32>>();
    let mix = |a: f64, b: f64| -> Vec<f64> {
        base.iter().zip(&other).map(|(x, y)| a * x + b * y).collect()
    };
    let (p, q) = match kind {
        Kind::Weights => (softmax(&mix(1.5, 0.0)), softmax(&mix(1.0, 0.8))),
        Kind::Counts => {
            let count = |x: &f64| (x.exp() * 10.0).ceil();
            (base.iter().map(count).collect(), mix(0.5, 0.7).iter().map(count).collect())
        }
        Kind::Sparse => {
            let mut thin = |keep: usize| -> Vec<f64> {
                let from = |(k, x): (usize, &f64)| {
                    if random.uniform() < 0.5 && k != keep { 0.0 } else { x.exp() }
                };
                base.iter().enumerate().map(from).collect()
            };
            (thin(0), thin(bins - 1))
        }
        Kind::Near(gap) => {
            let p = softmax(&base);
            let q = p
                .iter()
                .zip(&other)
                .map(|(p, d)| p * (1.0 + gap * d.clamp(-3.0, 3.0) / 3.0))
                .collect();
            (p, q)
        }
        Kind::Logits | Kind::Tempered => (mix(2.0, 0.0), mix(2.0, 0.7)),
        Kind::Wide => (mix(12.0, 0.0), mix(4.0, 12.0)),
        Kind::Masked => {
            let thin = |values: Vec<f64>| -> Vec<f64> {
                let from = |(k, x)| if k % 3 == 1 { f64::NEG_INFINITY } else { x };
                values.into_iter().enumerate().map(from).collect()
            };
            (thin(mix(1.0, 0.0)), thin(mix(1.0, 1.0)))
        }
        Kind::Peaked | Kind::PeakedLogits => {
            let raise = |mut values: Vec<f64>| {
                values[bins / 2] += 12.0;
                if kind == Kind::Peaked { softmax(&values) } else { values }
            };
            (raise(mix(1.0, 0.0)), raise(mix(0.5, 1.0)))
        }
        Kind::NearLogits(gap) => (base.clone(), mix(1.0, gap)),
        Kind::Shifted(gap) => (base.clone(), mix(1.0, gap).iter().map(|x| x + 50.0).collect()),
    };
    Pair { p: single(p), q: single(q) }
}
