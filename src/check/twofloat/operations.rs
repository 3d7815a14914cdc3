//! The operations of `check/twofloat.wgsl`, and the arguments they are tried on.

use super::super::random::Random;
use super::super::tolerances::Range;

/// Pairs of operands a dispatch; a few of them make the 2²⁰ of every operation.
const PAIRS: usize = 1 << 18;

/// A double-float: high and low word.
pub(super) type Pair = [f32; 2];

pub(super) fn wide([high, low]: Pair) -> f64 {
    f64::from(high) + f64::from(low)
}

pub(super) fn pair(x: f64) -> Pair {
    let high = x as f32;
    [high, (x - f64::from(high)) as f32]
}

/// The arguments an operation is tried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arguments {
    /// Two of any sign: like sizes, far sizes, sums that cancel, long mantissas.
    Two,
    /// The same, and of every exponent: a quotient scales its operands.
    Quotient,
    /// Positive: next to 1, around 1, everywhere.
    Positive,
    /// Exponents: everywhere, within ±1, tiny.
    Exponents,
    /// Above −1: tiny, around 0, large.
    AboveMinusOne,
}

/// An operation of the kernel.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) number: u32,
    pub(super) quantity: &'static str,
    pub(super) arguments: Arguments,
    /// The value, and the size that its error is relative to.
    pub(super) exact: fn(Pair, Pair) -> (f64, f64),
}

fn relative(value: f64) -> (f64, f64) {
    (value, value)
}

pub(super) const TWO_SUM: u32 = 0;
pub(super) const TWO_PROD: u32 = 1;
pub(super) const DF_EXP: u32 = 9;
pub(super) const DF_EXPM1: u32 = 10;

pub(super) const OPERATIONS: [Operation; 16] = [
    Operation {
        number: TWO_SUM,
        quantity: "two_sum not exact",
        arguments: Arguments::Two,
        exact: |a, b| relative(f64::from(a[0]) + f64::from(b[0])),
    },
    Operation {
        number: TWO_PROD,
        quantity: "two_prod not exact",
        arguments: Arguments::Two,
        exact: |a, b| relative(f64::from(a[0]) * f64::from(b[0])),
    },
    Operation {
        number: 2,
        quantity: "df_add",
        arguments: Arguments::Two,
        exact: |a, b| (wide(a) + wide(b), wide(a).abs() + wide(b).abs()),
    },
    Operation {
        number: 3,
        quantity: "df_sub",
        arguments: Arguments::Two,
        exact: |a, b| (wide(a) - wide(b), wide(a).abs() + wide(b).abs()),
    },
    Operation {
        number: 4,
        quantity: "df_add_f32",
        arguments: Arguments::Two,
        exact: |a, b| (wide(a) + f64::from(b[0]), wide(a).abs() + f64::from(b[0]).abs()),
    },
    Operation {
        number: 5,
        quantity: "df_mul",
        arguments: Arguments::Two,
        exact: |a, b| relative(wide(a) * wide(b)),
    },
    Operation {
        number: 6,
        quantity: "df_mul_f32",
        arguments: Arguments::Two,
        exact: |a, b| relative(wide(a) * f64::from(b[0])),
    },
    Operation {
        number: 7,
        quantity: "df_div",
        arguments: Arguments::Quotient,
        exact: |a, b| relative(wide(a) / wide(b)),
    },
    Operation {
        number: 8,
        quantity: "df_sqrt",
        arguments: Arguments::Positive,
        exact: |a, _| relative(wide(a).sqrt()),
    },
    Operation {
        number: DF_EXP,
        quantity: "df_exp",
        arguments: Arguments::Exponents,
        exact: |a, _| relative(wide(a).exp()),
    },
    Operation {
        number: DF_EXPM1,
        quantity: "df_expm1",
        arguments: Arguments::Exponents,
        exact: |a, _| relative(wide(a).exp_m1()),
    },
    Operation {
        number: 11,
        quantity: "df_log",
        arguments: Arguments::Positive,
        exact: |a, _| relative(wide(a).ln()),
    },
    Operation {
        number: 12,
        quantity: "df_log1p",
        arguments: Arguments::AboveMinusOne,
        exact: |a, _| relative(wide(a).ln_1p()),
    },
    Operation {
        number: 13,
        quantity: "df_add_f32, constant",
        arguments: Arguments::Two,
        exact: |_, b| (CONSTANT + f64::from(b[0]), CONSTANT + f64::from(b[0]).abs()),
    },
    Operation {
        number: 14,
        quantity: "df_mul_add, constant",
        arguments: Arguments::Two,
        exact: |a, b| {
            let product = wide(a) * wide(b);
            (product + CONSTANT, product.abs() + CONSTANT)
        },
    },
    Operation {
        number: 15,
        quantity: "df_reciprocal",
        arguments: Arguments::Quotient,
        exact: |a, _| relative(1.0 / wide(a)),
    },
];

/// The constant operand of `check/twofloat.wgsl`: a compiler may add its two words, and
/// has.
const CONSTANT: f64 = 0.655_878_071_520_253_9;

impl Operation {
    pub(super) fn is_exact(&self) -> bool {
        self.number == TWO_SUM || self.number == TWO_PROD
    }

    /// Whether the figures hold here: see [`Range`].
    pub(super) fn holds(&self, a: Pair, b: Pair, exact: f64, range: Range) -> bool {
        let large = |x: f64| x == 0.0 || x.abs() >= range.smallest;
        match self.arguments {
            Arguments::Exponents => {
                let within = (range.exp.0..=range.exp.1).contains(&wide(a));
                // expm1 next to 0 is as small as its argument.
                within && large(exact) && (self.number == DF_EXP || large(wide(a)))
            }
            _ if exact.abs() >= f64::from(f32::MAX) => false,
            _ => large(wide(a)) && large(wide(b)) && (self.number == TWO_SUM || large(exact)),
        }
    }
}

/// A significand in ±[1, 2): random, or with long runs of zeros and ones, where
/// splittings and roundings are at their worst; 48 bits and more of it.
fn significand(random: &mut Random) -> f64 {
    let mut bits = random.bits();
    match random.below(8) {
        0 => bits &= random.bits() & random.bits(),
        1 => bits |= random.bits() | random.bits(),
        2 => bits &= !((1 << 28) - 1),
        _ => {}
    }
    let magnitude = f64::from_bits((bits >> 12) | 0x3ff0_0000_0000_0000);
    random.sign() * magnitude
}

fn power(random: &mut Random, low: i32, high: i32) -> f64 {
    f64::from(low + random.below((high - low + 1) as u32) as i32).exp2()
}

impl Arguments {
    pub(super) fn draw(self, random: &mut Random, range: Range) -> [Pair; 2] {
        // Half of the exponent of the smallest: a product of two stays above it.
        let least = (range.smallest.log2() / 2.0) as i32 + 1;
        let region = random.below(4);
        match (self, region) {
            (Arguments::Quotient, 0) => {
                let low = range.smallest.log2() as i32;
                let mut next = || pair(significand(random) * power(random, low, 126));
                [next(), next()]
            }
            (Arguments::Quotient, 1) => {
                // Divisors at the end of the range.
                let mut next = || pair(significand(random) * power(random, 124, 126));
                [next(), next()]
            }
            (Arguments::Two, 0) => {
                let mut next = || pair(significand(random) * power(random, -12, 12));
                [next(), next()]
            }
            (Arguments::Two, 1) => {
                let mut next = || pair(significand(random) * power(random, least, -least));
                [next(), next()]
            }
            (Arguments::Two | Arguments::Quotient, 2) => {
                // From one bit to 48 cancel, in the sum or in the difference.
                let a = significand(random) * power(random, -8, 8);
                let b = a * (1.0 + significand(random) * power(random, -48, -1));
                [pair(a), pair(b * random.sign())]
            }
            (Arguments::Two | Arguments::Quotient, _) => {
                let mut next = || pair(significand(random));
                [next(), next()]
            }
            (Arguments::Positive, 0) => {
                let x = 1.0 + significand(random) * power(random, -46, -2);
                [pair(x), [0.0; 2]]
            }
            (Arguments::Positive, 1) => [pair(significand(random).abs()), [0.0; 2]],
            (Arguments::Positive, 2) => [pair(0.5 * significand(random).abs()), [0.0; 2]],
            (Arguments::Positive, _) => {
                [pair(significand(random).abs() * power(random, 2 * least, 126)), [0.0; 2]]
            }
            (Arguments::Exponents, 0 | 1) => {
                [pair(random.within(range.exp.0, range.exp.1)), [0.0; 2]]
            }
            (Arguments::Exponents, 2) => [pair(random.within(-1.0, 1.0)), [0.0; 2]],
            (Arguments::Exponents, _) | (Arguments::AboveMinusOne, 0) => {
                [pair(significand(random) * power(random, -50, -2)), [0.0; 2]]
            }
            (Arguments::AboveMinusOne, 1 | 2) => [pair(random.within(-0.999, 3.0)), [0.0; 2]],
            (Arguments::AboveMinusOne, _) => {
                [pair(significand(random).abs() * power(random, 0, 121)), [0.0; 2]]
            }
        }
    }

    pub(super) fn operands(self, round: u64, range: Range) -> Vec<[Pair; 2]> {
        let mut random = Random::new(16 * round + self as u64 + 1);
        (0..PAIRS).map(|_| self.draw(&mut random, range)).collect()
    }
}
