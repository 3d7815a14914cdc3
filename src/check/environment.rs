//! What the driver does to rounding, denormals and loops, and how good its own
//! functions are.

use super::Row;
use super::elementary::evaluate;
use super::judge::Worst;
use super::random::Random;
use super::tolerances::row;
use crate::error::Result;
use crate::gpu::{Gpu, Probes};

/// A built-in function: its number in `check/elementary.wgsl`, arguments, truth.
struct BuiltIn {
    quantity: &'static str,
    number: u32,
    arguments: fn(&mut Random) -> f64,
    truth: fn(f64) -> f64,
}

const BUILT_INS: [BuiltIn; 6] = [
    BuiltIn {
        quantity: "built-in exp, |x| <= 87",
        number: 6,
        arguments: |r| r.within(-87.0, 87.0),
        truth: f64::exp,
    },
    BuiltIn {
        quantity: "built-in exp2, |x| <= 126",
        number: 7,
        arguments: |r| r.within(-126.0, 126.0),
        truth: f64::exp2,
    },
    BuiltIn {
        quantity: "built-in log, next to 1",
        number: 8,
        arguments: |r| 1.0 + r.sign() * r.within(-24.0, -1.0).exp2(),
        truth: f64::ln,
    },
    BuiltIn {
        quantity: "built-in log, elsewhere",
        number: 8,
        arguments: |r| (r.sign() * r.within(1.0, 126.0)).exp2(),
        truth: f64::ln,
    },
    BuiltIn {
        quantity: "built-in sqrt",
        number: 9,
        arguments: |r| r.within(-126.0, 127.0).exp2(),
        truth: f64::sqrt,
    },
    BuiltIn {
        quantity: "built-in division",
        number: 10,
        arguments: |r| r.sign() * r.within(-125.0, 125.0).exp2(),
        truth: f64::recip,
    },
];

/// The probes of the start, asked again and judged.
pub(super) fn probe_rows(probes: &Probes) -> Vec<Row> {
    let counted = |wrong: u32, of: u32| Worst { error: wrong.into(), cases: of as usize };
    let pairs = Probes::PAIRS as u32;
    let divisors = Worst { error: probes.divisor_end.into(), cases: 254 };
    let missing = Probes::LOOP.abs_diff(probes.loop_reached);
    [
        ("guarded arithmetic wrong", counted(probes.guarded_wrong, pairs)),
        ("loop of 100,000: iterations missing", counted(missing, Probes::LOOP)),
        ("plain TwoSum wrong", counted(probes.plain_wrong, pairs)),
        ("denormals flushed", counted(u32::from(!probes.denormals), 1)),
        ("fma rounds twice", counted(u32::from(!probes.fused_fma), 1)),
        ("quotients", Worst { error: probes.quotient_error.into(), cases: Probes::PAIRS }),
        ("divisors that give no quotient, from 2^", divisors),
    ]
    .map(|(quantity, worst)| row("environment", quantity, worst))
    .into()
}

/// TwoSum of f64 on this host: were its registers wider, the truth would be wrong.
pub(super) fn twin() -> Worst {
    let mut worst = Worst::default();
    let mut random = Random::new(3);
    for _ in 0..1000 {
        let high = random.within(1.0, 2.0);
        let low = random.within(1.0, 2.0) * (-53f64).exp2();
        let sum = std::hint::black_box(high + low);
        let rest = std::hint::black_box(low - (sum - high));
        worst.count((sum == high || sum == high + f64::EPSILON) && (sum - high) + rest == low);
    }
    worst
}

pub(super) async fn rows(gpu: &Gpu) -> Result<Vec<Row>> {
    let mut rows = probe_rows(&gpu.probe().await?);
    for built_in in &BUILT_INS {
        let mut random = Random::new(4);
        let x: Vec<f32> = (0..1 << 16).map(|_| (built_in.arguments)(&mut random) as f32).collect();
        let y = evaluate(gpu, built_in.number, &x, false).await?;
        let mut worst = Worst::default();
        for (x, y) in x.iter().zip(&y) {
            worst.add(super::judge::ulps(*y, (built_in.truth)((*x).into())));
        }
        rows.push(row("environment", built_in.quantity, worst));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HONEST: Probes = Probes {
        guarded_wrong: 0,
        plain_wrong: 0,
        loop_reached: Probes::LOOP,
        exp2_error: 1.0,
        denormals: true,
        fused_fma: false,
        quotient_error: 0.5,
        divisor_end: 128,
    };

    fn all_pass(probes: Probes) -> bool {
        probe_rows(&probes).iter().all(|row| row.passed)
    }

    #[test]
    fn breaches_are_caught_and_information_is_not() {
        assert!(all_pass(HONEST));
        assert!(all_pass(Probes { denormals: false, plain_wrong: 4000, ..HONEST }));
        assert!(!all_pass(Probes { guarded_wrong: 1, ..HONEST }));
        assert!(!all_pass(Probes { loop_reached: 65_535, ..HONEST }));
        assert!(all_pass(Probes { quotient_error: 2.5, divisor_end: 126, ..HONEST }));
        assert!(!all_pass(Probes { quotient_error: 5.0, ..HONEST }));
    }
}
