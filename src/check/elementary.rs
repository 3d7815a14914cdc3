//! `shared/elementary.wgsl` and `shared/exp_sum.wgsl` against f64 and multiprecision
//! values.

use super::Row;
use super::dispatch::{Resource, dispatch};
use super::judge::{Worst, ulps};
use super::random::Random;
use super::tolerances::row;
use crate::error::Result;
use crate::gpu::layout::params;
use crate::gpu::shader::Constant;
use crate::gpu::{Gpu, Kernel};

pub(crate) static ELEMENTARY: Kernel = Kernel::new("check/elementary.wgsl");

params! {
    struct Check = Check in "check/elementary.wgsl" {
        zero: u32,
        quads: u32,
        function: u32,
        unused: u32,
    }
}

const WORKGROUP: usize = 64;

/// The logarithm of zero or less, as in `shared/twofloat.wgsl`.
pub(super) const LOG_OF_ZERO: f32 = -1e30;
/// The last argument whose exponential is finite in f32, 0x1.62e42ep+6.
const LAST_EXP: f32 = f32::from_bits(0x42b1_7217);

/// Inputs, results and values to 106 bits; written by `data/make_reference.py`.
const REFERENCE: &str = include_str!("data/elementary_reference.csv");

/// What a function should give at an argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Expected {
    /// This value, to the tolerance.
    Value(f64),
    /// Beyond the range: this, to the bit.
    End(f32),
}

/// A function of the kernel: its number there, its truth, its rows.
#[derive(Debug)]
struct Function {
    number: u32,
    name: &'static str,
    subnormal: &'static str,
    multiprecision: &'static str,
    expected: fn(f32) -> Expected,
}

const FUNCTIONS: [Function; 4] = [
    Function {
        number: 0,
        name: "exp_f32",
        subnormal: "exp_f32, subnormal",
        multiprecision: "exp_f32, multiprecision",
        expected: |x| exponential(x, f64::exp),
    },
    Function {
        number: 1,
        name: "expm1_f32",
        subnormal: "expm1_f32, subnormal",
        multiprecision: "expm1_f32, multiprecision",
        expected: |x| exponential(x, f64::exp_m1),
    },
    Function {
        number: 2,
        name: "log_f32",
        subnormal: "log_f32, subnormal",
        multiprecision: "log_f32, multiprecision",
        expected: |x| logarithm(x, x > 0.0, f64::ln),
    },
    Function {
        number: 3,
        name: "log1p_f32",
        subnormal: "log1p_f32, subnormal",
        multiprecision: "log1p_f32, multiprecision",
        expected: |x| logarithm(x, x > -1.0, f64::ln_1p),
    },
];

fn exponential(x: f32, truth: fn(f64) -> f64) -> Expected {
    if x > LAST_EXP { Expected::End(f32::MAX) } else { Expected::Value(truth(x.into())) }
}

fn logarithm(x: f32, inside: bool, truth: fn(f64) -> f64) -> Expected {
    if inside { Expected::Value(truth(x.into())) } else { Expected::End(LOG_OF_ZERO) }
}

/// 2^x within the clamp of `exp2_sum`.
fn exp2_sum(x: f32) -> Expected {
    Expected::Value(f64::from(x.clamp(-126.0, 100.0)).exp2())
}

/// Arguments: every exponent of both signs with 2¹⁰ mantissas each, subnormals too;
/// densely where exponentials are finite and logarithms small; and the ends.
pub(super) fn arguments() -> Vec<f32> {
    let mut random = Random::new(1);
    let mut x: Vec<f32> = (0..1u32 << 18)
        .map(|k| f32::from_bits((k << 14) | random.below(1 << 14)))
        .filter(|x| x.is_finite())
        .collect();
    for (low, high, count) in [(-104.5, 89.0, 16), (-1.0, 1.0, 15), (0.5, 2.0, 15), (-1.0, 3.0, 15)]
    {
        x.extend((0..1 << count).map(|_| random.within(low, high) as f32));
    }
    for centre in [0.0f32, 1.0, -1.0, 2.0, 0.5, 88.0, 88.722_83, -87.336_54, -88.0, -103.97] {
        for distance in 0..64 {
            let bits = centre.to_bits();
            x.push(f32::from_bits(bits + distance));
            x.push(f32::from_bits(bits.saturating_sub(distance)));
        }
    }
    x.extend([-0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE, -f32::MIN_POSITIVE, 126.0, -126.0]);
    x
}

/// Three verdicts on a function: where argument and result are normal, where one of
/// them is subnormal, and at the ends.
pub(super) fn judge(x: &[f32], y: &[f32], expected: fn(f32) -> Expected) -> [Worst; 3] {
    let [mut normal, mut subnormal, mut ends] = [Worst::default(); 3];
    let small = f64::from(f32::MIN_POSITIVE);
    for (&x, &y) in x.iter().zip(y) {
        match expected(x) {
            Expected::Value(exact) => {
                let is_small = |v: f64| v != 0.0 && v.abs() < small;
                let both = is_small(x.into()) || is_small(exact);
                if both { &mut subnormal } else { &mut normal }.add(ulps(y, exact));
            }
            Expected::End(end) => ends.count(y.to_bits() == end.to_bits()),
        }
    }
    [normal, subnormal, ends]
}

/// Arguments and values of a function in the multiprecision table.
fn reference(name: &str) -> Vec<(f32, f64)> {
    REFERENCE
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(',');
            if fields.next() != Some(name) {
                return None;
            }
            let bits = u32::from_str_radix(fields.next()?, 16).ok()?;
            Some((f32::from_bits(bits), fields.next()?.parse().ok()?))
        })
        .collect()
}

/// f64 functions against the multiprecision table, in ulp of f64: the truth must be
/// true, also where it is compiled to wasm.
pub(super) fn twin() -> Worst {
    let mut worst = Worst::default();
    for function in &FUNCTIONS {
        for (x, exact) in reference(function.name) {
            if let Expected::Value(value) = (function.expected)(x) {
                worst.add(super::judge::units(value, exact, exact.abs() * f64::EPSILON));
            }
        }
    }
    worst
}

/// exp2 of f64 where its value is a power of two or a root of two.
pub(super) fn exp2_twin() -> Worst {
    let mut worst = Worst::default();
    for k in -252..=200 {
        let exact = if k % 2 == 0 { 1.0 } else { std::f64::consts::SQRT_2 };
        let exact = exact * 2f64.powi(i32::div_euclid(k, 2));
        let value = (f64::from(k) / 2.0).exp2();
        worst.add(super::judge::units(value, exact, exact * f64::EPSILON));
    }
    worst
}

/// A function of the kernel at `x`; padded to the vec4f of the kernel.
pub(super) async fn evaluate(gpu: &Gpu, number: u32, x: &[f32], native: bool) -> Result<Vec<f32>> {
    let mut padded = x.to_vec();
    padded.resize(x.len().next_multiple_of(4), 1.0);
    let quads = padded.len() / 4;
    let constants = vec![
        ("WORKGROUP", Constant::U32(WORKGROUP as u32)),
        ("NATIVE_EXP2", Constant::Bool(native)),
    ];
    let bytes = dispatch(
        gpu,
        (&ELEMENTARY, constants),
        Check { quads: quads as u32, function: number, ..Check::default() },
        &[Resource::Data(bytemuck::cast_slice(&padded)), Resource::Space(4 * padded.len())],
        quads.div_ceil(WORKGROUP),
        (1, 4 * padded.len()),
    )
    .await?;
    let mut y: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes);
    y.truncate(x.len());
    Ok(y)
}

pub(super) async fn rows(gpu: &Gpu) -> Result<Vec<Row>> {
    let x = arguments();
    let mut rows = Vec::new();
    let mut all_ends = Worst::default();
    for function in &FUNCTIONS {
        let table = reference(function.name);
        let mut all = x.clone();
        all.extend(table.iter().map(|(x, _)| *x));
        let y = evaluate(gpu, function.number, &all, false).await?;
        let [normal, subnormal, ends] = judge(&all, &y, function.expected);
        let mut multiprecision = Worst::default();
        for ((_, exact), y) in table.iter().zip(&y[x.len()..]) {
            multiprecision.add(ulps(*y, *exact));
        }
        all_ends.cases += ends.cases;
        all_ends.error += ends.error;
        rows.push(row("elementary", function.name, normal));
        rows.push(row("elementary", function.subnormal, subnormal));
        rows.push(row("elementary", function.multiprecision, multiprecision));
    }
    rows.push(row("elementary", "ends", all_ends));
    Ok(rows)
}

pub(super) async fn exp_sum_rows(gpu: &Gpu) -> Result<Vec<Row>> {
    let mut x = arguments();
    let mut random = Random::new(2);
    x.extend((0..1 << 17).map(|_| random.within(-127.0, 101.0) as f32));
    let mut rows = Vec::new();
    for (quantity, number) in [("exp2_sum", 5), ("exp2_sum_scalar", 4)] {
        let y = evaluate(gpu, number, &x, false).await?;
        rows.push(row("exp_sum", quantity, exp_sum_worst(&x, &y)));
    }
    if gpu.capabilities.native_exp2() {
        let y = evaluate(gpu, 5, &x, true).await?;
        rows.push(row("exp_sum", "exp2_sum, built-in", exp_sum_worst(&x, &y)));
    }
    Ok(rows)
}

/// Subnormal arguments are as good as zero here, and judged with the others.
fn exp_sum_worst(x: &[f32], y: &[f32]) -> Worst {
    let [normal, subnormal, _] = judge(x, y, exp2_sum);
    Worst { error: normal.error.max(subnormal.error), cases: normal.cases + subnormal.cases }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that rounds the truth correctly, and then does `lie` to it.
    fn device(x: &[f32], expected: fn(f32) -> Expected, lie: impl Fn(f32) -> f32) -> Vec<f32> {
        let honest = |x: &f32| match expected(*x) {
            Expected::Value(value) => value as f32,
            Expected::End(end) => end,
        };
        x.iter().map(honest).map(lie).collect()
    }

    fn passes(function: &Function, [normal, subnormal, ends]: [Worst; 3]) -> [bool; 3] {
        [
            row("elementary", function.name, normal).passed,
            row("elementary", function.subnormal, subnormal).passed,
            row("elementary", "ends", ends).passed,
        ]
    }

    #[test]
    fn an_honest_device_passes() {
        let x = arguments();
        for function in &FUNCTIONS {
            let verdicts = judge(&x, &device(&x, function.expected, |y| y), function.expected);
            assert_eq!(passes(function, verdicts), [true; 3], "{}", function.name);
        }
    }

    #[test]
    fn two_ulp_are_caught() {
        let x = arguments();
        for function in &FUNCTIONS {
            let off = device(&x, function.expected, |y| f32::from_bits(y.to_bits() + 2));
            let verdicts = judge(&x, &off, function.expected);
            assert_eq!(passes(function, verdicts), [false; 3], "{}", function.name);
        }
    }

    #[test]
    fn flushed_denormals_are_caught() {
        let x = arguments();
        let flush = |y: f32| if y.is_subnormal() { 0.0 } else { y };
        for function in [&FUNCTIONS[0], &FUNCTIONS[1], &FUNCTIONS[3]] {
            let verdicts = judge(&x, &device(&x, function.expected, flush), function.expected);
            assert_eq!(passes(function, verdicts), [true, false, true], "{}", function.name);
        }
        // A logarithm that sees zero where the argument is subnormal.
        let log = &FUNCTIONS[2];
        let flushed: Vec<f32> = x.iter().copied().map(flush).collect();
        let verdicts = judge(&x, &device(&flushed, log.expected, |y| y), log.expected);
        assert_eq!(passes(log, verdicts), [true, false, true]);
    }

    #[test]
    fn a_logarithm_good_only_absolutely_is_caught() {
        let x = arguments();
        let log = &FUNCTIONS[2];
        // As the built-in functions: 1e-7 off wherever it is.
        let verdicts = judge(&x, &device(&x, log.expected, |y| y + 1e-7), log.expected);
        assert!(!passes(log, verdicts)[0]);
    }

    #[test]
    fn silence_is_caught() {
        let x = arguments();
        for function in &FUNCTIONS {
            let nothing = vec![f32::from_bits(u32::MAX); x.len()];
            let verdicts = judge(&x, &nothing, function.expected);
            assert_eq!(passes(function, verdicts), [false; 3], "{}", function.name);
        }
    }

    #[test]
    fn the_reference_is_whole() {
        let lines = REFERENCE.lines().filter(|line| !line.starts_with('#')).count();
        let read: usize = FUNCTIONS.iter().map(|f| reference(f.name).len()).sum();
        assert_eq!(read, lines);
    }
}
