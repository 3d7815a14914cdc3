//! The log-Bessel functions on the adapter that `KANTOR_TEST_ADAPTER` names: against multiprecision values, against
//! identities that hold between them. `bessel_interface.rs` has the rest.
//!
//! | kernel | functions |
//! |---|---|
//! | `log_bessel_i` | `log-i`, `log-i-scaled`, `log-i-regularized` |
//! | `log_bessel_k` | `log-k`, `log-k-scaled`, `log-k-regularized` |
//! | `bessel_ratio_i` | `ratio-i`, `d-log-i-dx` |
//! | `bessel_ratio_k` | `ratio-k`, `d-log-k-dx` |
//! | `d_log_bessel_i_dv`, `d_log_bessel_k_dv` | `d-log-i-dv`, `d-log-k-dv` |
//! | `log_gamma` | `log-gamma` |
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use BesselFunction::{
    DLogIDv, DLogIDx, DLogKDv, DLogKDx, LogGamma, LogI, LogIRegularized, LogIScaled, LogK,
    LogKRegularized, LogKScaled, RatioI, RatioK,
};
use common::{Random, context, sized};
use kantor::{Bessel, BesselFunction, Precision};
use std::f64::consts::PI;

const PRECISIONS: [Precision; 2] = [Precision::Single, Precision::Double];

fn at(function: BesselFunction, precision: Precision, v: &[f64], x: &[f64]) -> Vec<f64> {
    let bessel = Bessel::new(function).precision(precision);
    bessel
        .evaluate_blocking(context(), v, x)
        .unwrap_or_else(|error| panic!("{function}, {precision:?}: {error}"))
}

/// The distance of neighbouring f32 at `value`.
fn ulp(value: f64) -> f64 {
    let exponent = ((value.abs().to_bits() >> 52) as i32 - 1023).max(-126);
    f64::from(exponent - 23).exp2()
}

/// The criterion: with w = √(v² + x²), one ulp and 2⁻⁴² w, or 4e-14 (max(|L|, w) + 1); less where less cancels.
fn allowed(function: BesselFunction, precision: Precision, v: f64, x: f64, exact: f64) -> f64 {
    // Between the orders −1 and 0 the ratio of K is a power of x, which the rounding of v moves by ln x.
    let power = if v > -1.0 && v < 0.0 { 1.0 + (1.0 / x).ln().max(0.0) / 4.0 } else { 1.0 };
    let (v, size) = (v.abs(), exact.abs());
    let w = v.hypot(x);
    let terms = match function {
        LogI | LogK => Some(w),
        LogIScaled | LogKScaled => Some(v.max(1.0)),
        LogIRegularized => Some(w.min(64.0)),
        LogKRegularized => Some(w.clamp(1.0, 64.0)),
        _ => None,
    };
    let double = precision == Precision::Double;
    match (terms, function) {
        (Some(terms), _) if double => 4e-14 * (size.max(terms) + 1.0),
        (Some(terms), _) => ulp(size) + terms * (-42f64).exp2() + flushed() * (1.0 + x.ln().abs()),
        (_, RatioI) if double => 1e-13 * size,
        (_, RatioK) if double => 1e-13 * size * power,
        (_, RatioI | RatioK) => 2.0 * ulp(size),
        (_, LogGamma) if double => 4e-14 * size.max(1.0),
        (_, LogGamma) => ulp(size),
        _ if double => 2e-13 * size.max(1.0),
        _ => 4.0 * ulp(size.max(1e-3)),
    }
}

/// Where subnormals are flushed, such a result may be 0, and such an order counts as 0, which moves log I by v ln x.
fn flushed() -> f64 {
    let kept = context().capabilities().is_none_or(|c| c.probes.denormals);
    if kept { 0.0 } else { f64::from(f32::MIN_POSITIVE) }
}

/// The worst error of a function, in units of what is allowed, and where.
struct Worst {
    what: String,
    units: f64,
    place: String,
    points: usize,
}

impl Worst {
    fn of(function: BesselFunction, precision: Precision) -> Worst {
        Worst::named(format!("{function}, {precision:?}"))
    }

    fn named(what: String) -> Worst {
        Worst { what, units: 0.0, place: String::new(), points: 0 }
    }

    fn add(&mut self, error: f64, allowed: f64, place: impl FnOnce() -> String) {
        self.points += 1;
        let units = if error == 0.0 { 0.0 } else { error / allowed };
        if self.units.is_finite() && (units.is_nan() || units > self.units) {
            self.units = if units.is_nan() { f64::INFINITY } else { units };
            self.place = place();
        }
    }

    /// The sentence on it, if it is a breach.
    fn verdict(self) -> Option<String> {
        let line = format!(
            "{:28} {:.3} of what is allowed in {} points; {}",
            self.what, self.units, self.points, self.place
        );
        println!("{line}");
        (self.units > 1.0).then_some(line)
    }
}

fn assert_all(worst: impl IntoIterator<Item = Worst>) {
    let breaches: Vec<String> = worst.into_iter().filter_map(Worst::verdict).collect();
    assert!(breaches.is_empty(), "{}:\n{}", context().adapter(), breaches.join("\n"));
}

/// A function at points whose values are known to 100 bits.
fn against(function: BesselFunction, precision: Precision, points: &[[f64; 4]]) -> Worst {
    let column = |k: usize| points.iter().map(|point| point[k]).collect::<Vec<f64>>();
    let found = at(function, precision, &column(0), &column(1));
    let mut worst = Worst::of(function, precision);
    for (&[v, x, high, low], found) in points.iter().zip(found) {
        let error = ((found - high) - low).abs();
        let place = || format!("v={v:e} x={x:e}: {found:e}, not {high:e}");
        worst.add(error, allowed(function, precision, v, x, high), place);
    }
    worst
}

/// A point (v, x), log-uniform in the given ranges, in f32.
fn log_uniform(random: &mut Random, v: [f64; 2], x: [f64; 2]) -> [f64; 2] {
    let mut within = |[low, high]: [f64; 2]| {
        let value = (low.ln() + (high / low).ln() * random.uniform()).exp();
        f64::from(value as f32)
    };
    [within(v), within(x)]
}

fn points(seed: u64, count: usize, v: [f64; 2], x: [f64; 2]) -> (Vec<f64>, Vec<f64>) {
    let mut random = Random::new(seed);
    (0..count).map(|_| log_uniform(&mut random, v, x)).map(|[v, x]| (v, x)).unzip()
}

// --- known values ---------------------------------------------------------------

/// The numbers of a table after its header.
fn numbers(line: &str) -> Vec<f64> {
    line.split(',').filter_map(|field| field.parse().ok()).collect()
}

#[test]
fn log_i_and_log_k_are_within_the_criterion_of_every_reference_point() {
    let rows: Vec<Vec<f64>> =
        include_str!("data/log_bessel_reference.csv").lines().skip(1).map(numbers).collect();
    assert_eq!(rows.len(), 2030);
    let points = |at: usize| -> Vec<[f64; 4]> {
        rows.iter().map(|n| [n[0], n[1], n[at], n[at + 1]]).collect()
    };
    let (i, k) = (points(2), points(4));
    assert_all(PRECISIONS.into_iter().flat_map(|p| [against(LogI, p, &i), against(LogK, p, &k)]));
}

#[test]
fn every_function_is_within_the_criterion_of_its_reference_points() {
    let lines: Vec<&str> = include_str!("data/bessel_reference.csv").lines().skip(1).collect();
    let mut worst = Vec::new();
    for function in BesselFunction::ALL {
        let rows = lines.iter().filter(|line| line.split(',').next() == Some(function.name()));
        let points: Vec<[f64; 4]> =
            rows.map(|line| numbers(line).try_into().expect("four numbers")).collect();
        assert!(points.len() > 30, "{function} has {} reference points", points.len());
        worst.extend(PRECISIONS.map(|precision| against(function, precision, &points)));
    }
    assert_all(worst);
}

/// The whole domain at random, its ends and tiny orders; the twin is good to a quarter of what is allowed in double.
#[test]
fn random_points_follow_the_twin() {
    let (mut v, mut x) = points(1, sized(3000, 600), [1e-3, 1e6], [1e-30, 1e30]);
    for (seed, vs, xs) in [(2, [1e-2, 1e6], [1e-3, 1e7]), (3, [0.01, 24.0], [0.01, 30.0])] {
        let more = points(seed, sized(3000, 600), vs, xs);
        v.extend(more.0);
        x.extend(more.1);
    }
    let ends = [1e-30, 1e-20, 1e-8, 0.1, 1.0, 3.0, 20.0, 1e4, 1.8e19, 1e29, 9.9e29];
    for order in [1.5e-45, 1e-40, 1e-30, 1e-8, 0.5, 16.0, 1e6] {
        v.extend([f64::from(order as f32); 11]);
        x.extend(ends.map(|x| f64::from(x as f32).max(1e-30)));
    }
    let mut worst = Vec::new();
    for function in BesselFunction::ALL {
        for precision in PRECISIONS {
            let found = at(function, precision, &v, &x);
            let mut most = Worst::of(function, precision);
            for ((&v, &x), found) in v.iter().zip(&x).zip(found) {
                let exact = function.reference(v, x);
                let most_allowed = 1.25 * allowed(function, precision, v, x, exact);
                let place = || format!("v={v:e} x={x:e}: {found:e}, not {exact:e}");
                most.add((found - exact).abs(), most_allowed, place);
            }
            worst.push(most);
        }
    }
    assert_all(worst);
}

#[test]
fn limits_at_zero_are_exact() {
    const INFINITY: f64 = f64::INFINITY;
    let answers: [(BesselFunction, &[(f64, f64)]); 13] = [
        (LogI, &[(0.0, 0.0), (1e-3, -INFINITY), (1e6, -INFINITY)]),
        (LogIScaled, &[(0.0, 0.0), (0.5, -INFINITY), (1e6, -INFINITY)]),
        (LogIRegularized, &[(0.0, 0.0), (0.5, 0.0), (1e6, 0.0)]),
        (LogK, &[(0.0, INFINITY), (1.0, INFINITY), (-1e6, INFINITY)]),
        (LogKScaled, &[(0.0, INFINITY), (1.0, INFINITY), (-1e6, INFINITY)]),
        (LogKRegularized, &[(1e-3, 0.0), (1.0, 0.0), (1e6, 0.0)]),
        (RatioI, &[(0.0, 0.0), (3.5, 0.0)]),
        (RatioK, &[(0.0, INFINITY), (-0.25, INFINITY), (-0.5, 1.0), (-0.75, 0.0), (-9.0, 0.0)]),
        (DLogIDx, &[(0.0, 0.0), (1e-3, INFINITY), (7.0, INFINITY)]),
        (DLogIDv, &[(0.0, -INFINITY), (7.0, -INFINITY)]),
        (DLogKDx, &[(0.0, -INFINITY), (7.0, -INFINITY), (-7.0, -INFINITY)]),
        (DLogKDv, &[(0.0, 0.0), (7.0, INFINITY), (-7.0, -INFINITY)]),
        (LogGamma, &[(0.0, INFINITY), (5.0, INFINITY)]),
    ];
    for (function, cases) in answers {
        let v: Vec<f64> = cases.iter().map(|(v, _)| *v).collect();
        let limits: Vec<f64> = cases.iter().map(|(_, limit)| *limit).collect();
        for precision in PRECISIONS {
            for zero in [0.0, -0.0] {
                let found = at(function, precision, &v, &[zero]);
                assert_eq!(found, limits, "{function}, {precision:?}, at {zero:?}");
            }
        }
    }
}

/// Next to distance 0 terms of all sizes cancel; signs must not.
#[test]
fn signs_hold_where_terms_cancel() {
    let mut random = Random::new(14);
    let power =
        |random: &mut Random, low: f64, high: f64| (low + (high - low) * random.uniform()).exp2();
    let v: Vec<f64> = (0..sized(20_000, 2_000)).map(|_| power(&mut random, -20.0, 19.9)).collect();
    let x: Vec<f64> = v.iter().map(|_| power(&mut random, -99.0, 20.0)).collect();
    for precision in PRECISIONS {
        for (function, sign, holds) in [
            (LogKRegularized, "at most 0", (|y| y <= 0.0) as fn(f64) -> bool),
            (LogIRegularized, "at least 0", |y| y >= 0.0),
            (LogIScaled, "at most 0", |y| y <= 0.0),
            (RatioI, "in [0, 1]", |y| (0.0..=1.0).contains(&y)),
            (RatioK, "at least 1", |y| y >= 1.0),
            (DLogIDx, "at least 0", |y| y >= 0.0),
            (DLogKDx, "below 0", |y| y < 0.0),
            (DLogKDv, "at least 0", |y| y >= 0.0),
        ] {
            for ((v, x), y) in v.iter().zip(&x).zip(at(function, precision, &v, &x)) {
                assert!(holds(y), "{function}({v:e}, {x:e}), {precision:?}: {y:e} is not {sign}");
            }
        }
    }
}

/// Matérn correlations next to distance 0 and of great smoothness: dfm/tinygp#115 and JuliaMath/SpecialFunctions.jl#292;
/// values by mpmath.
#[test]
fn matern_correlations_near_0() {
    const POINTS: [(f64, f64, f64); 29] = [
        // v, x, ln[2^(1-v) x^v K_v(x) / Gamma(v)]
        (0.5, 0.0, 0.0),
        (0.5, 1e-12, -1e-12),
        (0.5, 0.001, -0.001),
        (0.5, 1.0, -1.0),
        (0.5, 100.0, -100.0),
        (1.5, 0.0, 0.0),
        (1.5, 1e-12, -4.999999999996667e-25),
        (1.5, 0.001, -4.996669164668332e-07),
        (1.5, 1.0, -0.3068528194400547),
        (1.5, 100.0, -95.38487948315874),
        (2.5, 0.0, 0.0),
        (2.5, 1e-12, -1.6666666666666665e-25),
        (2.5, 0.001, -1.666666389110988e-07),
        (2.5, 1.0, -0.15270213961279638),
        (2.5, 100.0, -91.85842189472304),
        (50.0, 0.0, 0.0),
        (50.0, 1e-12, -5.1020408163265305e-27),
        (50.0, 0.001, -5.102040816055376e-09),
        (50.0, 1.0, -0.005101769701184831),
        (50.0, 100.0, -38.147579072888085),
        (1000.0, 0.0, 0.0),
        (1000.0, 1e-12, -2.5025025025025024e-28),
        (1000.0, 0.001, -2.502502502502189e-10),
        (1000.0, 1.0, -0.00025025021887491617),
        (1000.0, 100.0, -2.499375419283247),
        (15.5, 1e-06, -1.7241379310344815e-14),
        (15.5, 1e-20, -1.7241379310344826e-42),
        (10.0, 1e-12, -2.777777777777778e-26),
        (0.75, 1e-12, -1.3947318267374688e-18),
    ];
    for precision in PRECISIONS {
        for (v, x, exact) in POINTS {
            let found = at(LogKRegularized, precision, &[v], &[x])[0];
            // Single rounds x first, which moves the value by as much relative to itself, twice that next to 0.
            let rounded =
                if precision == Precision::Single { 2f64.powi(-23) * exact.abs() } else { 0.0 };
            let most = 1.25 * allowed(LogKRegularized, precision, v, x, exact) + rounded;
            assert!(
                found == exact
                    || found < 0.0 && (found - exact).abs() <= most
                    || found == 0.0 && exact.abs() <= most,
                "{v}, {x:e}: {found:e}, not {exact:e}"
            );
        }
    }
}

// --- identities -----------------------------------------------------------------

/// What is left of an identity, in units of the error its parts may have.
fn identity(name: &str, v: &[f64], x: &[f64], rest: impl Fn(usize) -> (f64, f64)) -> Worst {
    let mut worst = Worst::named(name.to_owned());
    for (k, (v, x)) in v.iter().zip(x).enumerate() {
        let (rest, allowed) = rest(k);
        worst.add(rest.abs(), allowed, || format!("v={v:e} x={x:e}: {rest:e} is left"));
    }
    worst
}

#[test]
fn identities_hold_between_the_kernels() {
    let (v, x) = points(11, sized(4000, 800), [1e-2, 1e5], [1e-3, 1e6]);
    let next: Vec<f64> = v.iter().map(|v| v + 1.0).collect();
    let double = |function| at(function, Precision::Double, &v, &x);
    let above = |function| at(function, Precision::Double, &next, &x);
    let (i, k) = (double(LogI), double(LogK));
    let (ratio_i, ratio_k) = (double(RatioI), double(RatioK));
    let (next_i, next_k) = (above(RatioI), above(RatioK));
    let (di, dk) = (double(DLogIDx), double(DLogKDx));
    let (iv, kv) = (double(DLogIDv), double(DLogKDv));
    let (i_scaled, k_scaled) = (double(LogIScaled), double(LogKScaled));
    let share = |size: f64| 4e-14 * (size + 1.0);
    let w = |j: usize| v[j].hypot(x[j]).max(i[j].abs()).max(k[j].abs());
    // v + 1 is rounded to 48 bits on the way to a device.
    let order = |j: usize| 2.0 * v[j] / x[j] + 2.0 / x[j];
    assert_all([
        // I_v K_{v+1} + I_{v+1} K_v = 1/x.
        identity("Wronskian", &v, &x, |j| {
            let rest = i[j] + k[j] + (ratio_i[j] + ratio_k[j]).ln() + x[j].ln();
            (rest, 2.0 * share(w(j)))
        }),
        // I_v/I_{v+1} − I_{v+2}/I_{v+1} = 2(v+1)/x.
        identity("recurrence of I", &v, &x, |j| {
            let size = 1.0 / ratio_i[j] + next_i[j] + order(j);
            (1.0 / ratio_i[j] - next_i[j] - order(j), 2e-13 * size)
        }),
        // K_{v+2}/K_{v+1} − K_v/K_{v+1} = 2(v+1)/x.
        identity("recurrence of K", &v, &x, |j| {
            (next_k[j] - 1.0 / ratio_k[j] - order(j), 2e-13 * (next_k[j] + order(j)))
        }),
        identity("d/dx log I", &v, &x, |j| {
            (di[j] - v[j] / x[j] - ratio_i[j], 2e-13 * di[j].max(1.0) + 1e-13)
        }),
        identity("d/dx log K", &v, &x, |j| {
            (dk[j] - v[j] / x[j] + ratio_k[j], 2e-13 * dk[j].abs().max(1.0) + 1e-13 * ratio_k[j])
        }),
        identity("log I - x", &v, &x, |j| (i_scaled[j] - (i[j] - x[j]), 2.0 * share(w(j)))),
        identity("log K + x", &v, &x, |j| (k_scaled[j] - (k[j] + x[j]), 2.0 * share(w(j)))),
        // Amos 1974.
        identity("Amos's bounds", &v, &x, |j| {
            let bound = |more: f64| x[j] / (v[j] + 0.5 + x[j].hypot(v[j] + more));
            let below = bound(1.5) - ratio_i[j];
            let above = ratio_i[j] - bound(0.5);
            (below.max(above).max(0.0), 1e-13 * ratio_i[j] + 1e-15)
        }),
        // I rises with x and falls with v, K the other way round.
        identity("signs of derivatives", &v, &x, |j| {
            let right = di[j] > 0.0 && dk[j] < 0.0 && iv[j] < 0.0 && kv[j] > 0.0;
            (if right { 0.0 } else { 1.0 }, 0.5)
        }),
    ]);
}

#[test]
fn half_integer_orders_have_closed_forms() {
    let (_, x) = points(12, sized(3000, 600), [1.0, 2.0], [1e-2, 1e5]);
    let order = |half: f64| vec![half; x.len()];
    let (half, three) = (order(0.5), order(1.5));
    let mut worst = Vec::new();
    let mut closed = |function: BesselFunction, v: &[f64], form: &dyn Fn(f64) -> f64| {
        for precision in PRECISIONS {
            let found = at(function, precision, v, &x);
            let mut most = Worst::of(function, precision);
            for ((&v, &x), found) in v.iter().zip(&x).zip(found) {
                // A quarter more for the closed form in f64.
                let most_allowed = 1.25 * allowed(function, precision, v, x, form(x));
                let place = || format!("v={v} x={x:e}: {found:e}, not {:e}", form(x));
                most.add((found - form(x)).abs(), most_allowed, place);
            }
            worst.push(most);
        }
    };
    // ln sinh x = x + ln(1 − e^{−2x}) − ln 2.
    let log_sinh = |x: f64| x + (-(-2.0 * x).exp_m1()).ln() - 2f64.ln();
    closed(LogI, &half, &|x| 0.5 * (2.0 / (PI * x)).ln() + log_sinh(x));
    closed(LogIScaled, &half, &|x| {
        0.5 * (2.0 / (PI * x)).ln() + (-(-2.0 * x).exp_m1()).ln() - 2f64.ln()
    });
    closed(LogIRegularized, &half, &|x| log_sinh(x) - x.ln());
    closed(LogK, &half, &|x| 0.5 * (PI / (2.0 * x)).ln() - x);
    closed(LogKScaled, &half, &|x| 0.5 * (PI / (2.0 * x)).ln());
    closed(LogKRegularized, &half, &|x| -x);
    closed(LogK, &three, &|x| 0.5 * (PI / (2.0 * x)).ln() - x + (1.0 / x).ln_1p());
    closed(LogKRegularized, &three, &|x| x.ln_1p() - x);
    closed(RatioK, &half, &|x| 1.0 + 1.0 / x);
    closed(DLogKDx, &half, &|x| -1.0 - 0.5 / x);
    closed(RatioK, &order(-0.5), &|_| 1.0);
    closed(LogK, &order(-1.5), &|x| 0.5 * (PI / (2.0 * x)).ln() - x + (1.0 / x).ln_1p());
    // Γ(n) = (n − 1)!
    let mut factorials = Worst::named("factorials".into());
    let n: Vec<f64> = (1..=30).map(f64::from).collect();
    let found = at(LogGamma, Precision::Double, &[0.0], &n);
    let mut exact = 0.0;
    for (n, found) in n.iter().zip(found) {
        factorials.add((found - exact).abs(), 5e-14 * exact.max(1.0), || format!("of {n}"));
        exact += n.ln();
    }
    worst.push(factorials);
    assert_all(worst);
}
