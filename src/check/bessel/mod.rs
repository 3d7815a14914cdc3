//! The kernels of `shaders/bessel` against their f64 twins and against multiprecision values.

mod criterion;
mod points;

use super::Row;
use super::judge::{Worst, units};
use super::tolerances::{Range, row};
use crate::error::Result;
use crate::gpu::{Context, Gpu};
use crate::number::Precision;
use crate::{Bessel, BesselFunction};
use criterion::{allowed, limit};

/// A function, the kernel that has it, and its rows.
#[derive(Debug)]
struct Subject {
    function: BesselFunction,
    kernel: &'static str,
    single: &'static str,
    double: &'static str,
    multiprecision: &'static str,
}

macro_rules! subject {
    ($function:ident, $kernel:literal, $label:literal) => {
        Subject {
            function: BesselFunction::$function,
            kernel: $kernel,
            single: concat!($label, ", single"),
            double: concat!($label, ", double"),
            multiprecision: concat!($label, ", multiprecision"),
        }
    };
}

const SUBJECTS: [Subject; 13] = [
    subject!(LogI, "log_bessel_i", "log I"),
    subject!(LogIScaled, "log_bessel_i", "log I - x"),
    subject!(LogIRegularized, "log_bessel_i", "regularized"),
    subject!(LogK, "log_bessel_k", "log K"),
    subject!(LogKScaled, "log_bessel_k", "log K + x"),
    subject!(LogKRegularized, "log_bessel_k", "regularized"),
    subject!(RatioI, "bessel_ratio_i", "ratio"),
    subject!(DLogIDx, "bessel_ratio_i", "d/dx log I"),
    subject!(RatioK, "bessel_ratio_k", "ratio"),
    subject!(DLogKDx, "bessel_ratio_k", "d/dx log K"),
    subject!(DLogIDv, "d_log_bessel_i_dv", "d/dv log I"),
    subject!(DLogKDv, "d_log_bessel_k_dv", "d/dv log K"),
    subject!(LogGamma, "log_gamma", "log gamma"),
];

/// The kernels, in the order of their rows.
pub(super) static KERNELS: [&str; 7] = [
    "log_bessel_i",
    "log_bessel_k",
    "bessel_ratio_i",
    "bessel_ratio_k",
    "d_log_bessel_i_dv",
    "d_log_bessel_k_dv",
    "log_gamma",
];

fn subjects(kernel: &str) -> impl Iterator<Item = &'static Subject> {
    SUBJECTS.iter().filter(move |subject| subject.kernel == kernel)
}

/// Multiprecision values; written by `data/make_bessel_subset.py`.
const REFERENCE: &str = include_str!("../data/bessel_reference.csv");

/// A point with its value, the sum of two f64.
#[derive(Debug, Clone, Copy)]
struct Known {
    v: f64,
    x: f64,
    value: [f64; 2],
}

impl Known {
    fn error(&self, found: f64) -> f64 {
        ((found - self.value[0]) - self.value[1]).abs()
    }
}

/// The points of a function in the table.
fn known(function: BesselFunction) -> Vec<Known> {
    let line = |line: &str| {
        let mut fields = line.split(',');
        if fields.next() != Some(function.name()) {
            return None;
        }
        let mut number = || fields.next()?.parse().ok();
        Some(Known { v: number()?, x: number()?, value: [number()?, number()?] })
    };
    REFERENCE.lines().filter_map(line).collect()
}

/// log I and log K at well-known points, the last next to a zero of log I.
const ANSWERS: [(BesselFunction, f64, f64, f64); 11] = {
    use BesselFunction::{LogI, LogK};
    [
        (LogI, 1023.0, 850.0, 283.883_118_801_831_2),
        (LogK, 1023.0, 850.0, -291.769_236_722_119_4),
        (LogI, 4095.0, 2000.0, -1_445.685_195_056_751),
        (LogK, 4095.0, 2000.0, 1_436.567_561_246_648_5),
        (LogI, 16383.0, 1e5, 98_654.282_315_908_69),
        (LogK, 16383.0, 1e5, -98_666.501_631_747_76),
        (LogI, 1e5, 1e6, 994_996.325_040_895_7),
        (LogK, 1e5, 1e6, -995_010.838_673_799_7),
        (LogI, 0.0, 0.001_000_000_047_497_451_3, 2.500_000_081_237_25e-7),
        (LogK, 0.0, 0.001_000_000_047_497_451_3, 1.949_288_543_429_759),
        (LogI, 42_656.445_312_5, 28_273.781_25, -1.129_195_121_502_556_9e-5),
    ]
};

/// Orders at which the limits are taken.
const LIMIT_ORDERS: [f64; 12] =
    [0.0, 1e-3, 0.25, 0.5, 1.0, 16.0, 2047.0, 1e6, -0.25, -0.5, -1.0, -1e6];

/// A twin against the table, the known answers and the limits, in units of what a kernel is allowed in double
/// precision. What is no number of the domain is infinitely wrong.
pub(super) fn twin(kernel: &str) -> Worst {
    let mut worst = Worst::default();
    for Subject { function, .. } in subjects(kernel) {
        let answers = ANSWERS.iter().filter(|(of, ..)| of == function);
        let answers = answers.map(|&(_, v, x, value)| Known { v, x, value: [value, 0.0] });
        for point in known(*function).into_iter().chain(answers) {
            let error = point.error(function.reference(point.v, point.x));
            let exact = point.value[0];
            let unit =
                allowed(*function, Precision::Double, (point.v, point.x), exact, Range::of(true));
            worst.add(units(error, 0.0, unit));
        }
        for v in limit_orders(*function) {
            let exact = function.reference(v, 0.0).to_bits() == limit(*function, v).to_bits();
            worst.add(if exact { 0.0 } else { f64::NAN });
        }
    }
    worst
}

fn limit_orders(function: BesselFunction) -> Vec<f64> {
    LIMIT_ORDERS.into_iter().filter(|v| function.refuses(*v, 0.0).is_none()).collect()
}

pub(super) async fn rows(context: &Context, gpu: &Gpu, kernel: &'static str) -> Result<Vec<Row>> {
    let range = Range::of(gpu.capabilities.probes.denormals);
    let mut rows = Vec::new();
    let [mut not_finite, mut wrong_limits] = [Worst::default(); 2];
    for subject in subjects(kernel) {
        let function = subject.function;
        let mut multiprecision = Worst::default();
        for (precision, quantity) in
            [(Precision::Single, subject.single), (Precision::Double, subject.double)]
        {
            let bessel = Bessel::new(function).precision(precision);
            let unit = |v, x, exact| allowed(function, precision, (v, x), exact, range);

            let (v, x) = points::points(function, precision);
            let found = bessel.evaluate(context, &v, &x).await?;
            let mut worst = Worst::default();
            for ((v, x), found) in v.iter().zip(&x).zip(&found) {
                let exact = function.reference(*v, *x);
                worst.add(units(*found, exact, unit(*v, *x, exact)));
                not_finite.count(found.is_finite());
            }
            rows.push(row(kernel, quantity, worst));

            let table = known(function);
            let v: Vec<f64> = table.iter().map(|point| point.v).collect();
            let x: Vec<f64> = table.iter().map(|point| point.x).collect();
            let found = bessel.evaluate(context, &v, &x).await?;
            for (point, found) in table.iter().zip(found) {
                let unit = unit(point.v, point.x, point.value[0]);
                multiprecision.add(units(point.error(found), 0.0, unit));
            }

            let v = limit_orders(function);
            let found = bessel.evaluate(context, &v, &[0.0]).await?;
            for (v, found) in v.iter().zip(found) {
                wrong_limits.count(found.to_bits() == limit(function, *v).to_bits());
            }
        }
        rows.push(row(kernel, subject.multiprecision, multiprecision));
    }
    rows.push(row(kernel, "not finite", not_finite));
    rows.push(row(kernel, "limits at x = 0 wrong", wrong_limits));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tolerances::TWIN;

    #[test]
    fn every_function_has_a_subject_and_a_reference() {
        for function in BesselFunction::ALL {
            assert!(SUBJECTS.iter().any(|subject| subject.function == function), "{function}");
            assert!(known(function).len() >= 10, "{function}: {}", known(function).len());
        }
        assert!(SUBJECTS.iter().all(|subject| KERNELS.contains(&subject.kernel)));
        let lines = REFERENCE.lines().filter(|line| !line.starts_with(['#', 'f'])).count();
        assert_eq!(BesselFunction::ALL.into_iter().map(|f| known(f).len()).sum::<usize>(), lines);
    }

    /// Plain f32 formulas, as most libraries have them, would not pass.
    #[test]
    fn an_error_of_two_ulp_is_caught() {
        let (v, x) = points::points(BesselFunction::LogI, Precision::Single);
        let mut worst = Worst::default();
        for (v, x) in v.into_iter().zip(x) {
            let exact = BesselFunction::LogI.reference(v, x);
            let found = f64::from(f32::from_bits((exact as f32).to_bits() + 2));
            let unit =
                allowed(BesselFunction::LogI, Precision::Single, (v, x), exact, Range::of(true));
            worst.add(units(found, exact, unit));
        }
        assert!(!row("log_bessel_i", "log I, single", worst).passed);
        assert!(!row("log_bessel_i", TWIN, worst).passed);
    }
}
