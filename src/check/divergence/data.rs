//! Rows that divergences have to be right for.

use crate::check::random::Random;
use crate::divergence::{Distributions, Input};
use crate::error::Result;
use crate::gpu::{Context, Tensor};
use crate::reference::divergence::Row;

/// Bins of a row: more quads than the eight threads that share it on hardware, and a part of one.
pub(super) const BINS: usize = 133;

/// Rows of the same input.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) input: Input,
    pub(super) words: Vec<f32>,
}

impl Rows {
    pub(super) fn new(input: Input, rows: &[Vec<f64>]) -> Rows {
        Rows { input, words: rows.iter().flatten().map(|x| *x as f32).collect() }
    }

    /// On a context: copied there, in whole quads, or a tensor that is there, in which rows begin anywhere.
    pub(super) async fn on(&self, context: &Context, as_tensor: bool) -> Result<Distributions> {
        if !as_tensor {
            return Distributions::new(context, &self.words, BINS, self.input).await;
        }
        let shape = [self.words.len() / BINS, BINS];
        let tensor = Tensor::from_slice(context, &self.words, &shape).await?;
        Distributions::from_tensor(&tensor, self.input).await
    }

    pub(super) fn in_f64(&self) -> Vec<Vec<f64>> {
        let row = |row: &[f32]| row.iter().map(|x| f64::from(*x)).collect();
        self.words.chunks_exact(BINS).map(row).collect()
    }

    /// As the twins take them.
    pub(super) fn twins(&self) -> Vec<Row> {
        self.in_f64().iter().map(|row| Row::new(row, self.input)).collect()
    }
}

/// Numbers about 0, of size 2.
fn logits(random: &mut Random) -> Vec<f64> {
    (0..BINS).map(|_| (0..4).map(|_| random.within(-2.0, 2.0)).sum()).collect()
}

/// A row and one that is derived from it, bin by bin.
fn derived(
    random: &mut Random,
    row: &[f64],
    mut from: impl FnMut(&mut Random, f64) -> f64,
) -> Vec<f64> {
    row.iter().map(|x| from(random, *x)).collect()
}

/// Pairs of rows that differ by about as much as they are.
pub(super) fn far(random: &mut Random, inputs: [Input; 2]) -> [Rows; 2] {
    let logarithmic = inputs[0] != Input::Weights;
    let number = |x: f64| if logarithmic { x } else { x.exp() };
    let none = number(f64::NEG_INFINITY);
    let (mut p, mut q) = (Vec::new(), Vec::new());
    for kind in 0..6 {
        let a = logits(random);
        let b = derived(random, &a, |random, x| x + random.within(-1.5, 1.5));
        let mut a: Vec<f64> = a.into_iter().map(number).collect();
        let mut b: Vec<f64> = b.into_iter().map(number).collect();
        for i in 0..BINS {
            // Bins that neither has, that p has not, that q has not.
            match (kind, i % 3) {
                (3, 1) => (a[i], b[i]) = (none, none),
                (4, 1) => a[i] = none,
                (5, 1) => b[i] = none,
                _ => {}
            }
        }
        p.push(a);
        q.push(b);
    }
    [Rows::new(inputs[0], &p), Rows::new(inputs[1], &q)]
}

/// Pairs of which every bin differs by a tenth, a ten-thousandth and a millionth.
pub(super) fn near(random: &mut Random, inputs: [Input; 2]) -> [Rows; 2] {
    let (mut p, mut q) = (Vec::new(), Vec::new());
    for gap in [1e-1, 1e-4, 2e-6] {
        let a = logits(random);
        let [temperature, other] = inputs.map(|input| match input {
            Input::Logits { temperature } => temperature,
            _ => 1.0,
        });
        if inputs[0] == Input::Weights {
            let a: Vec<f64> = a.into_iter().map(|x| f64::from(x.exp() as f32)).collect();
            q.push(derived(random, &a, |random, x| x * (1.0 + gap * random.within(-1.0, 1.0))));
            p.push(a);
        } else {
            let a: Vec<f64> = a.into_iter().map(|x| f64::from(x as f32)).collect();
            q.push(derived(random, &a, |random, x| {
                x / temperature * other + gap * random.within(-1.0, 1.0)
            }));
            p.push(a);
        }
    }
    [Rows::new(inputs[0], &p), Rows::new(inputs[1], &q)]
}

/// Rows of their own: of any size, with empty bins, nearly uniform, and with nearly all in one bin.
pub(super) fn single(random: &mut Random, input: Input) -> Rows {
    let number = |x: f64| if input == Input::Weights { x.exp() } else { x };
    let mut rows = Vec::new();
    for kind in 0..6 {
        let mut row = logits(random);
        for (i, x) in row.iter_mut().enumerate() {
            match kind {
                2 | 3 if i % 3 == 1 => *x = f64::NEG_INFINITY,
                4 => *x *= 1e-3,
                5 if i == 100 => *x = 20.0,
                _ => {}
            }
        }
        rows.push(row.into_iter().map(number).collect());
    }
    Rows::new(input, &rows)
}
