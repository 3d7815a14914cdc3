//! The rows of `data/divergence_reference.csv`, and what its lines are about.

use kantor::{Divergence, Entropy, Input};

/// SplitMix64 of seed and index, in [0, 1).
pub fn uniform(seed: u64, i: usize) -> f64 {
    let mut x = (seed << 32).wrapping_add(i as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// One pair of rows of the reference.
#[derive(Debug, Clone)]
pub struct Case {
    pub kind: String,
    pub n: usize,
    pub seed: u64,
    pub gap: f64,
}

impl Case {
    pub fn new(kind: &str, n: usize, seed: u64, gap: f64) -> Case {
        Case { kind: kind.to_string(), n, seed, gap }
    }

    pub fn directions(&self) -> Vec<f64> {
        (0..self.n).map(|i| 2.0 * uniform(self.seed * 8 + 4, i) - 1.0).collect()
    }

    pub fn rows(&self) -> [(Vec<f64>, Input); 2] {
        let gap = self.gap;
        let some = |keep: bool, x: f64, empty: f64| if keep { x } else { empty };
        let none = f64::NEG_INFINITY;
        let (mut p, mut q) = (Vec::new(), Vec::new());
        let mut inputs = [Input::Weights; 2];
        for i in 0..self.n {
            let [a, b, c, d] = [0, 1, 2, 3].map(|k| uniform(self.seed * 8 + k, i));
            let near = |x: f64| x * (1.0 + gap * (2.0 * b - 1.0));
            let beside = |x: f64| x + gap * (2.0 * b - 1.0);
            let logit = |x: f64| 20.0 * x - 10.0;
            let peak = i == self.n / 2;
            let wide = |x: f64, y: f64| (1.0 + x) * 2f64.powi(-((gap * y).floor() as i32));
            let one = some(c < 0.75, logit(a), none);
            let (x, y) = match self.kind.as_str() {
                "random" => (a + 1.0 / 1024.0, 3.0 * (b + 1.0 / 1024.0)),
                "near" => (a + 1.0 / 1024.0, 3.0 * near(a + 1.0 / 1024.0)),
                "sparse" => (some(c < 0.75, a, 0.0), some(d < 0.75, b, 0.0)),
                "subset" => (some(c < 0.5 && d < 0.75, a, 0.0), some(d < 0.75, b, 0.0)),
                "superset" => (some(d < 0.75, b, 0.0), some(c < 0.5 && d < 0.75, a, 0.0)),
                "sparse-near" => (some(c < 0.75, a, 0.0), near(some(c < 0.75, a, 0.0))),
                "disjoint" => (some(i % 2 == 0, a, 0.0), some(i % 2 == 1, b, 0.0)),
                "peaked" => {
                    let (x, y) = (a * 2f64.powi(-40), b * 2f64.powi(-30));
                    (some(!peak, x, 1.0), some(!peak, y, 0.75))
                }
                "peaked-near" => {
                    let x = some(!peak, a * 2f64.powi(-40), 1.0);
                    (x, near(x))
                }
                "wide" => (wide(a, c), wide(b, d)),
                "logits" => (gap * a, gap * b),
                "log-probabilities" => (gap * a - gap, gap * b - gap),
                "logits-near" => (logit(a), beside(logit(a))),
                "logits-shifted" => (logit(a), beside(logit(a)) + 50.0),
                "logits-sparse" => (one, some(d < 0.75, logit(b), none)),
                "logits-sparse-near" => (one, beside(one)),
                "temperatures" => (logit(a), logit(b)),
                "temperatures-near" => (logit(a), beside(2.0 * logit(a))),
                "mixed" => (a + 1.0 / 1024.0, 8.0 * b),
                unknown => panic!("no rows {unknown}"),
            };
            p.push(x);
            q.push(y);
        }
        let logits = |temperature: f64| Input::Logits { temperature };
        match self.kind.as_str() {
            "temperatures" => inputs = [logits(0.7), logits(1.3)],
            "temperatures-near" => inputs = [logits(0.5), Input::Logits { temperature: 1.0 }],
            "mixed" => inputs[1] = logits(2.0),
            "log-probabilities" => inputs = [Input::LogProbabilities; 2],
            kind if kind.starts_with("logits") => inputs = [Input::Logits { temperature: 1.0 }; 2],
            _ => {}
        }
        [(p, inputs[0]), (q, inputs[1])]
    }
}

/// What a line is about.
pub enum Kind {
    Divergence(Divergence),
    Entropy(Entropy),
}

/// The kind of this name and parameter.
pub fn kind(name: &str, parameter: &str) -> Kind {
    let alpha = parameter.parse().unwrap_or(f64::NAN);
    match name {
        "shannon-entropy" => Kind::Entropy(Entropy::Shannon),
        "renyi-entropy" => Kind::Entropy(Entropy::Renyi { alpha }),
        "tsallis-entropy" => Kind::Entropy(Entropy::Tsallis { alpha }),
        _ => {
            let divergence: Divergence = name.parse().expect("a known name");
            Kind::Divergence(if parameter.is_empty() {
                divergence
            } else {
                divergence.with_parameter(alpha).expect("a parameter in range")
            })
        }
    }
}
