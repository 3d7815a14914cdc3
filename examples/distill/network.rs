//! A network of one hidden layer, and Adam (Kingma and Ba 2015), in plain loops. It knows nothing of losses: it hands
//! out logits and takes back their gradient.

use crate::data::{CLASSES, PIXELS};
use crate::random::Random;

/// The step of Adam.
const RATE: f32 = 0.01;

/// Logits = B tanh(A x + a) + b.
pub struct Network {
    hidden: usize,
    /// Rows of A with a at their ends, then rows of B with b at theirs.
    parameters: Vec<f32>,
    /// Running means of the gradient and of its square.
    moments: Vec<[f32; 2]>,
    steps: i32,
}

/// What a network made of some images.
pub struct Pass {
    hidden: Vec<f32>,
    /// n×10.
    pub logits: Vec<f32>,
}

impl Network {
    pub fn new(hidden: usize, random: &mut Random) -> Network {
        let mut parameters = Vec::new();
        for (inputs, outputs) in [(PIXELS, hidden), (hidden, CLASSES)] {
            // Of variance 1/inputs.
            let scale = (3.0 / inputs as f32).sqrt();
            for _ in 0..outputs {
                parameters.extend((0..inputs).map(|_| scale * random.symmetric()));
                parameters.push(0.0);
            }
        }
        let moments = vec![[0.0; 2]; parameters.len()];
        Network { hidden, parameters, moments, steps: 0 }
    }

    pub fn parameters(&self) -> usize {
        self.parameters.len()
    }

    /// Where the parameters of the second layer begin.
    fn split(&self) -> usize {
        self.hidden * (PIXELS + 1)
    }

    pub fn run<'a>(&self, images: impl Iterator<Item = &'a [f32; PIXELS]>) -> Pass {
        let (first, second) = self.parameters.split_at(self.split());
        let mut pass = Pass { hidden: Vec::new(), logits: Vec::new() };
        for image in images {
            let start = pass.hidden.len();
            let neurons = first.chunks_exact(PIXELS + 1);
            pass.hidden.extend(neurons.map(|row| affine(row, image).tanh()));
            let neurons = second.chunks_exact(self.hidden + 1);
            pass.logits.extend(neurons.map(|row| affine(row, &pass.hidden[start..])));
        }
        pass
    }

    /// A step against the mean over images of `gradient`, n×10: that of each image's loss with respect to its logits.
    pub fn learn<'a>(
        &mut self,
        images: impl Iterator<Item = &'a [f32; PIXELS]>,
        pass: &Pass,
        gradient: &[f32],
    ) {
        let mut slopes = vec![0.0; self.parameters.len()];
        let (first, second) = slopes.split_at_mut(self.split());
        let weights = &self.parameters[self.split()..];
        let mut back = vec![0.0; self.hidden];
        let rows = pass.hidden.chunks_exact(self.hidden).zip(gradient.chunks_exact(CLASSES));
        for (image, (hidden, gradient)) in images.zip(rows) {
            back.fill(0.0);
            let neurons = second.chunks_exact_mut(self.hidden + 1);
            for ((slope, row), g) in
                neurons.zip(weights.chunks_exact(self.hidden + 1)).zip(gradient)
            {
                add(slope, hidden, *g);
                back.iter_mut().zip(row).for_each(|(sum, w)| *sum += g * w);
            }
            for ((slope, h), g) in first.chunks_exact_mut(PIXELS + 1).zip(hidden).zip(&back) {
                add(slope, image, g * (1.0 - h * h));
            }
        }
        let share = CLASSES as f32 / gradient.len() as f32;
        self.steps += 1;
        let faded = [1.0 - 0.9f32.powi(self.steps), 1.0 - 0.999f32.powi(self.steps)];
        let state = self.parameters.iter_mut().zip(&mut self.moments);
        for ((parameter, [mean, square]), slope) in state.zip(slopes) {
            let slope = share * slope;
            *mean += 0.1 * (slope - *mean);
            *square += 0.001 * (slope * slope - *square);
            *parameter -= RATE * (*mean / faded[0]) / ((*square / faded[1]).sqrt() + 1e-8);
        }
    }
}

/// Σ w x + the last of `row`.
fn affine(row: &[f32], x: &[f32]) -> f32 {
    const LANES: usize = 8;
    // Sums side by side, which a processor adds at once.
    let mut sums = [0.0; LANES];
    for (w, x) in row.chunks_exact(LANES).zip(x.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += w[lane] * x[lane];
        }
    }
    let whole = x.len() / LANES * LANES;
    let rest: f32 = row[whole..].iter().zip(&x[whole..]).map(|(w, x)| w * x).sum();
    sums.iter().sum::<f32>() + rest + row[x.len()]
}

/// The slopes of an affine function whose value has the slope `g`.
fn add(slopes: &mut [f32], x: &[f32], g: f32) {
    slopes.iter_mut().zip(x).for_each(|(sum, x)| *sum += g * x);
    slopes[x.len()] += g;
}
