//! Calls made of bytes: the same bytes make the same call, whoever brings them.

use kantor::{Input, Precision, Reduction, Unit};

/// Bytes that run out into zeros.
pub struct Source<'a> {
    bytes: &'a [u8],
}

/// Numbers as callers have them.
#[derive(Debug, Clone)]
pub enum Numbers {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

/// Calls what takes a slice of either.
#[macro_export]
macro_rules! with {
    ($numbers:expr, |$slice:ident| $call:expr) => {
        match $numbers {
            $crate::source::Numbers::Single($slice) => $call,
            $crate::source::Numbers::Double($slice) => $call,
        }
    };
}

impl Numbers {
    pub fn len(&self) -> usize {
        with!(self, |values| values.len())
    }

    pub fn wide(&self) -> Vec<f64> {
        match self {
            Numbers::Single(values) => values.iter().map(|x| f64::from(*x)).collect(),
            Numbers::Double(values) => values.clone(),
        }
    }

    /// As f32 holds them, of the same type: what single precision computes with.
    pub fn rounded(self) -> Numbers {
        match self {
            Numbers::Double(values) => {
                Numbers::Double(values.iter().map(|x| f64::from(*x as f32)).collect())
            }
            single => single,
        }
    }

    pub fn singles(&self) -> Vec<f32> {
        self.wide().iter().map(|x| *x as f32).collect()
    }
}

/// What numbers look like. One array has one look, so that many calls are right and get far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Look {
    /// Between 0 and 1.
    Plain,
    /// Between 0 and 1, some of them 0.
    Sparse,
    /// Next to each other.
    Near,
    /// Above 0, over all of f32.
    Wide,
    /// Of both signs, moderate.
    Signed,
    /// Of both signs, up to some hundred.
    Logits,
    /// The first with −∞.
    Masked,
    /// Anything.
    Wild,
}

const SPECIAL: [f64; 42] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    -f64::MAX,
    f64::MIN_POSITIVE,
    5e-324,
    -5e-324,
    1e-320,
    f64::EPSILON,
    3.402_823_466_385_288_6e38,
    -3.402_823_466_385_288_6e38,
    -1e30,
    3.5e38,
    1.175_494_350_822_287_5e-38,
    1e-45,
    1e-40,
    -1e-40,
    0.5,
    2.0,
    1e30,
    1e-30,
    1e20,
    1e21,
    1e6,
    1e7,
    16_777_216.0,
    16_777_217.0,
    87.0,
    88.0,
    89.0,
    104.0,
    -87.4,
    -104.0,
    709.0,
    -745.0,
    1e-12,
    1e300,
];

/// Sizes that are no sizes.
const ABSURD: [usize; 8] =
    [0, 1, 1 << 16, 1 << 31, 1 << 32, usize::MAX / 4, usize::MAX / 2 + 1, usize::MAX];

impl<'a> Source<'a> {
    pub fn new(bytes: &'a [u8]) -> Source<'a> {
        Source { bytes }
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    pub fn word(&mut self) -> u32 {
        (0..4).fold(0, |word, _| word << 8 | u32::from(self.byte()))
    }

    pub fn long(&mut self) -> u64 {
        u64::from(self.word()) << 32 | u64::from(self.word())
    }

    /// Of `n` things one.
    pub fn below(&mut self, n: usize) -> usize {
        let drawn = if n <= 256 { usize::from(self.byte()) } else { self.word() as usize };
        drawn % n.max(1)
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// In [0, 1), with 32 bits.
    pub fn uniform(&mut self) -> f64 {
        f64::from(self.word()) / 4_294_967_296.0
    }

    /// One of the numbers that break things, or any bits.
    pub fn wild(&mut self) -> f64 {
        match self.below(8) {
            0 => f64::from_bits(self.long()),
            1 => f64::from(f32::from_bits(self.word())),
            2 => self.uniform(),
            _ => self.pick(&SPECIAL),
        }
    }

    /// A setting: mostly within a range, by its logarithm.
    pub fn setting(&mut self, low: f64, high: f64) -> f64 {
        if self.one_in(12) {
            return self.wild();
        }
        low * (high / low).powf(self.uniform())
    }

    pub fn number(&mut self, look: Look) -> f64 {
        match look {
            Look::Plain => self.uniform(),
            Look::Sparse => {
                if self.one_in(3) {
                    0.0
                } else {
                    self.uniform()
                }
            }
            Look::Near => 0.25 + self.uniform() * 1e-4,
            Look::Wide => 10f64.powf(-37.0 + 75.0 * self.uniform()),
            Look::Signed => 2.0 * self.uniform() - 1.0,
            Look::Logits => 400.0 * (self.uniform() - 0.5),
            Look::Masked => {
                if self.one_in(3) {
                    f64::NEG_INFINITY
                } else {
                    20.0 * (self.uniform() - 0.5)
                }
            }
            Look::Wild => self.wild(),
        }
    }

    pub fn look(&mut self, looks: &[Look]) -> Look {
        if self.one_in(10) { Look::Wild } else { self.pick(looks) }
    }

    pub fn numbers(&mut self, count: usize, look: Look) -> Numbers {
        // Rarely one number among right ones is wrong.
        let odd = self.one_in(12).then(|| self.below(count.max(1)));
        let single = self.one_in(2);
        let mut draw = |k: usize| match odd {
            Some(place) if place == k => self.wild(),
            _ => self.number(look),
        };
        if single {
            Numbers::Single((0..count).map(|k| draw(k) as f32).collect())
        } else {
            Numbers::Double((0..count).map(draw).collect())
        }
    }

    /// Mostly what is right; sometimes one off, sometimes absurd.
    pub fn size(&mut self, right: usize) -> usize {
        match self.below(48) {
            45 => right.saturating_add(1),
            46 => right.saturating_sub(1),
            47 => self.pick(&ABSURD),
            _ => right,
        }
    }

    /// A number of bins: small, seldom large.
    pub fn bins(&mut self) -> usize {
        match self.below(24) {
            0..18 => 1 + self.below(9),
            18..22 => 10 + self.below(60),
            22 => self.pick(&[64, 100, 127, 128, 129, 255, 256, 257]),
            _ => 500 + self.below(600),
        }
    }

    pub fn rows(&mut self) -> usize {
        if self.one_in(10) { 8 + self.below(30) } else { 1 + self.below(4) }
    }

    pub fn precision(&mut self) -> Precision {
        self.pick(&[Precision::Single, Precision::Double])
    }

    pub fn unit(&mut self) -> Unit {
        self.pick(&[Unit::Nats, Unit::Bits])
    }

    pub fn reduction(&mut self) -> Reduction {
        self.pick(&[Reduction::None, Reduction::None, Reduction::Sum, Reduction::Mean])
    }

    pub fn temperature(&mut self) -> f64 {
        if self.one_in(2) { 1.0 } else { self.setting(1e-2, 1e2) }
    }

    /// Weights of rows, or none.
    pub fn row_weights(&mut self, rows: usize) -> Option<Vec<f64>> {
        self.one_in(4).then(|| {
            let count = self.size(rows).min(4096);
            let look = self.look(&[Look::Plain, Look::Sparse]);
            self.numbers(count, look).wide()
        })
    }

    pub fn mask(&mut self, rows: usize) -> Option<Vec<bool>> {
        self.one_in(4).then(|| (0..self.size(rows).min(4096)).map(|_| self.one_in(2)).collect())
    }

    pub fn upstream(&mut self, rows: usize) -> Option<Vec<f64>> {
        self.one_in(3).then(|| {
            let count = self.size(rows).min(4096);
            let look = self.look(&[Look::Signed, Look::Signed, Look::Plain]);
            self.numbers(count, look).wide()
        })
    }

    /// Rows of one kind, and which.
    pub fn distributions(&mut self, rows: usize, bins: usize) -> (Numbers, usize, Input) {
        let bins_told = self.size(bins);
        let count = self.size(rows * bins).min(1 << 16);
        match self.below(6) {
            0..3 => {
                let look = self.look(&[Look::Plain, Look::Sparse, Look::Near, Look::Wide]);
                (self.numbers(count, look), bins_told, Input::Weights)
            }
            3 | 4 => {
                let look = self.look(&[Look::Signed, Look::Logits, Look::Masked, Look::Near]);
                let temperature = self.temperature();
                (self.numbers(count, look), bins_told, Input::Logits { temperature })
            }
            _ => {
                let look = self.pick(&[Look::Plain, Look::Sparse, Look::Near]);
                let values = self.numbers(count, look).wide();
                let logs: Vec<f64> = values.chunks(bins).flat_map(logarithms).collect();
                (Numbers::Double(logs), bins_told, Input::LogProbabilities)
            }
        }
    }
}

/// ln p of a row of weights.
fn logarithms(row: &[f64]) -> Vec<f64> {
    let total: f64 = row.iter().sum();
    row.iter().map(|x| (x / total).ln()).collect()
}
