//! `shared/twofloat.wgsl` against f64 and multiprecision values.

use super::Row;
use super::dispatch::{Resource, dispatch};
use super::elementary::LOG_OF_ZERO;
use super::judge::{Worst, units};
use super::tolerances::{Range, row};
use crate::error::Result;
use crate::gpu::layout::params;
use crate::gpu::shader::Constant;
use crate::gpu::{Gpu, Kernel};

mod operations;

use operations::{Arguments, DF_EXP, OPERATIONS, Operation, Pair, TWO_SUM, wide};

pub(crate) static TWOFLOAT: Kernel = Kernel::new("check/twofloat.wgsl");

params! {
    struct Check = Check in "check/twofloat.wgsl" {
        zero: u32,
        count: u32,
        operation: u32,
        unused: u32,
    }
}

const WORKGROUP: usize = 64;

/// Dispatches of every operation.
const ROUNDS: u64 = 4;

/// Operands, results and values to 106 bits; written by `data/make_reference.py`.
const REFERENCE: &str = include_str!("../data/twofloat_reference.csv");

/// 1 in the unit of the errors.
const UNIT: f64 = 1.0 / (1u64 << 48) as f64;

/// Compares results with f64 arithmetic: wrong ones are counted where an operation
/// is exact, errors are relative, in units of 2⁻⁴⁸, where it is not.
fn judge(
    operation: &Operation,
    operands: &[[Pair; 2]],
    results: &[Pair],
    range: Range,
    worst: &mut Worst,
) {
    for (&[a, b], &result) in operands.iter().zip(results) {
        let (exact, size) = (operation.exact)(a, b);
        if !operation.holds(a, b, exact, range) {
            continue;
        }
        if operation.is_exact() {
            let rest = match operation.number {
                TWO_SUM => sum_error(a[0].into(), b[0].into()),
                _ => 0.0,
            };
            let same =
                wide(result) == exact && sum_error(result[0].into(), result[1].into()) == rest;
            worst.count(same);
        } else {
            worst.add(units(wide(result), exact, size.abs() * UNIT));
        }
    }
}

/// What f64 loses of a + b (Knuth): together with the sum it is a + b exactly.
fn sum_error(a: f64, b: f64) -> f64 {
    let s = a + b;
    let t = s - a;
    (a - (s - t)) + (b - t)
}

/// A line of the multiprecision table.
#[derive(Debug)]
struct Line {
    operation: &'static Operation,
    operands: [Pair; 2],
    /// The value in two f64.
    value: [f64; 2],
}

fn reference() -> Vec<Line> {
    let read = |line: &str| {
        let mut fields = line.split(',');
        let name = fields.next()?;
        let operation = OPERATIONS.iter().find(|operation| operation.quantity == name)?;
        let mut word = || Some(f32::from_bits(u32::from_str_radix(fields.next()?, 16).ok()?));
        let operands = [[word()?, word()?], [word()?, word()?]];
        let mut value = || fields.next()?.parse::<f64>().ok();
        Some(Line { operation, operands, value: [value()?, value()?] })
    };
    REFERENCE.lines().filter_map(read).collect()
}

/// Rows of the multiprecision table: the operations that share a bound.
const FAMILIES: [(&str, &[&str]); 5] = [
    ("multiprecision: sums", &["df_add", "df_sub", "df_add_f32"]),
    ("multiprecision: products", &["df_mul", "df_mul_f32"]),
    ("multiprecision: div, sqrt", &["df_div", "df_sqrt"]),
    ("multiprecision: exp, expm1", &["df_exp", "df_expm1"]),
    ("multiprecision: log, log1p", &["df_log", "df_log1p"]),
];

/// f64 arithmetic against the multiprecision table, in ulp of f64.
pub(super) fn twin() -> Worst {
    let mut worst = Worst::default();
    for line in reference() {
        let [a, b] = line.operands;
        let (value, size) = (line.operation.exact)(a, b);
        let error = (value - line.value[0]) - line.value[1];
        worst.add(units(error, 0.0, size.abs() * f64::EPSILON));
    }
    worst
}

/// Arguments beyond the range and what is documented for them.
const ENDS: [(u32, f32, f32); 9] = [
    (8, 0.0, 0.0),
    (8, -4.0, 0.0),
    (DF_EXP, -88.0, 0.0),
    (DF_EXP, -1e30, 0.0),
    (DF_EXP, 0.0, 1.0),
    (11, 0.0, LOG_OF_ZERO),
    (11, -1.0, LOG_OF_ZERO),
    (12, -1.0, LOG_OF_ZERO),
    (12, -3.0, LOG_OF_ZERO),
];

async fn evaluate(gpu: &Gpu, operation: u32, operands: &[[Pair; 2]]) -> Result<Vec<Pair>> {
    let bytes = dispatch(
        gpu,
        (&TWOFLOAT, vec![("WORKGROUP", Constant::U32(WORKGROUP as u32))]),
        Check { count: operands.len() as u32, operation, ..Check::default() },
        &[
            Resource::Data(bytemuck::cast_slice(operands)),
            Resource::Space(size_of_val(operands) / 2),
        ],
        operands.len().div_ceil(WORKGROUP),
        (1, size_of_val(operands) / 2),
    )
    .await?;
    Ok(bytemuck::pod_collect_to_vec(&bytes))
}

pub(super) async fn rows(gpu: &Gpu) -> Result<Vec<Row>> {
    let range = Range::of(gpu.capabilities.probes.denormals);
    let mut worst = [Worst::default(); OPERATIONS.len()];
    for arguments in [
        Arguments::Two,
        Arguments::Quotient,
        Arguments::Positive,
        Arguments::Exponents,
        Arguments::AboveMinusOne,
    ] {
        for round in 0..ROUNDS {
            let operands = arguments.operands(round, range);
            for (operation, worst) in OPERATIONS.iter().zip(&mut worst) {
                if operation.arguments == arguments {
                    let results = evaluate(gpu, operation.number, &operands).await?;
                    judge(operation, &operands, &results, range, worst);
                }
            }
        }
    }
    let mut rows: Vec<Row> = OPERATIONS
        .iter()
        .zip(worst)
        .map(|(operation, worst)| row("twofloat", operation.quantity, worst))
        .collect();

    let lines = reference();
    for (name, members) in FAMILIES {
        let mut worst = Worst::default();
        for operation in OPERATIONS.iter().filter(|o| members.contains(&o.quantity)) {
            let holds = |line: &&Line| {
                let [a, b] = line.operands;
                line.operation.number == operation.number
                    && operation.holds(a, b, line.value[0], range)
            };
            let own: Vec<&Line> = lines.iter().filter(holds).collect();
            let operands: Vec<[Pair; 2]> = own.iter().map(|line| line.operands).collect();
            let results = evaluate(gpu, operation.number, &operands).await?;
            for (line, result) in own.iter().zip(&results) {
                let (_, size) = (operation.exact)(line.operands[0], line.operands[1]);
                let error = (wide(*result) - line.value[0]) - line.value[1];
                worst.add(units(error, 0.0, size.abs() * UNIT));
            }
        }
        rows.push(row("twofloat", name, worst));
    }

    let mut ends = Worst::default();
    for (operation, argument, end) in ENDS {
        let result = evaluate(gpu, operation, &[[[argument, 0.0], [0.0; 2]]]).await?;
        ends.count(result.first().is_some_and(|result| *result == [end, 0.0]));
    }
    rows.push(row("twofloat", "ends", ends));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::operations::pair;
    use super::*;

    const KEPT: Range =
        Range { smallest: 1.9721522630525295e-31, flushed: 0.0, exp: (-60.0, 60.0) };

    /// A device that gives the truth rounded to two words, then changed by `lie`.
    fn verdicts(range: Range, lie: impl Fn(&Operation, [Pair; 2], Pair) -> Pair) -> Vec<Row> {
        let rows = OPERATIONS.iter().map(|operation| {
            let mut random = Random::new(5);
            let operands: Vec<[Pair; 2]> =
                (0..20_000).map(|_| operation.arguments.draw(&mut random, range)).collect();
            let results: Vec<Pair> = operands
                .iter()
                .map(|&[a, b]| {
                    // TwoSum rounds once, and its error may be far below.
                    let honest = match operation.number {
                        TWO_SUM => {
                            let s = a[0] + b[0];
                            let t = s - a[0];
                            [s, (a[0] - (s - t)) + (b[0] - t)]
                        }
                        _ => pair((operation.exact)(a, b).0),
                    };
                    lie(operation, [a, b], honest)
                })
                .collect();
            let mut worst = Worst::default();
            judge(operation, &operands, &results, range, &mut worst);
            row("twofloat", operation.quantity, worst)
        });
        rows.collect()
    }

    #[test]
    fn an_honest_device_passes() {
        for denormals in [true, false] {
            for row in verdicts(Range::of(denormals), |_, _, honest| honest) {
                assert!(row.passed, "{row}");
            }
        }
    }

    #[test]
    fn folded_error_terms_are_caught() {
        // What a compiler that simplifies (a + b) - a leaves of every operation.
        for row in verdicts(KEPT, |_, _, [high, _]| [high, 0.0]) {
            assert!(!row.passed, "{row}");
        }
    }

    #[test]
    fn flushed_low_words_are_caught_where_denormals_are_claimed() {
        let flush = |x: f32| if x.is_subnormal() { 0.0 } else { x };
        let range = Range::of(true);
        let rows = verdicts(range, |_, _, [high, low]| [flush(high), flush(low)]);
        assert!(rows.iter().any(|row| !row.passed));
        // And forgiven where they are not.
        let range = Range::of(false);
        for row in verdicts(range, |_, _, [high, low]| [flush(high), flush(low)]) {
            assert!(row.passed, "{row}");
        }
    }

    #[test]
    fn twice_the_bound_is_caught() {
        let rows = verdicts(KEPT, |operation, [a, b], honest| {
            let (exact, size) = (operation.exact)(a, b);
            let bound = row("twofloat", operation.quantity, Worst::default()).tolerance;
            // Just above the bound; a unit more than that spoils exact operations.
            let off = exact + size.abs() * UNIT * if bound > 0.0 { 2.0 * bound } else { 8.0 };
            if operation.is_exact() { [honest[0], 0.5 * honest[1] + 1e-10] } else { pair(off) }
        });
        for row in rows {
            assert!(!row.passed, "{row}");
        }
    }

    #[test]
    fn a_single_wrong_sum_is_caught() {
        let wrong = std::cell::Cell::new(0);
        let rows = verdicts(KEPT, |operation, _, [high, low]| {
            wrong.set(wrong.get() + 1);
            let one = operation.number == TWO_SUM && wrong.get() == 100;
            [high, if one { low + high * 1e-7 } else { low }]
        });
        assert_eq!(rows.iter().filter(|row| !row.passed).count(), 1);
    }

    #[test]
    fn the_reference_is_whole() {
        let lines = REFERENCE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(reference().len(), lines);
    }
}
