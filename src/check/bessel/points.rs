//! Where the functions are tried: seeded points over the whole domain, dense where formulas change.

use crate::BesselFunction;
use crate::check::random::Random;
use crate::number::Precision;
use crate::reference::log_bessel_i;

/// Orders and arguments.
pub(super) type Points = (Vec<f64>, Vec<f64>);

/// Orders down to the smallest positive f32.
const TINY_ORDERS: [f64; 6] = [1.5e-45, 1e-40, 1e-38, 1e-30, 1e-20, 1e-8];

/// Some 4096 points of the function's domain, each exact in the precision's words.
pub(super) fn points(function: BesselFunction, precision: Precision) -> Points {
    let mut random = Random::new(20);
    let all = match function {
        BesselFunction::LogGamma => gamma_points(&mut random),
        _ => bessel_points(&mut random),
    };
    let negative = function.refuses(-1.0, 1.0).is_none();
    let mut points = Points::default();
    for (k, (v, x)) in all.into_iter().enumerate() {
        let v = if negative && k % 4 == 3 { -v } else { v };
        let (v, x) = (round(v, precision), round(x.clamp(1e-30, 1e30), precision));
        if function.refuses(v, x).is_none() {
            points.0.push(v);
            points.1.push(x);
        }
    }
    points
}

/// As the words of a device hold it.
fn round(value: f64, precision: Precision) -> f64 {
    let high = f64::from(value as f32);
    match precision {
        Precision::Single => high,
        Precision::Double => high + f64::from((value - high) as f32),
    }
}

fn log_uniform(random: &mut Random, low: f64, high: f64) -> f64 {
    random.within(low.ln(), high.ln()).exp()
}

/// Next to `value`: within a tenth of it, on both sides, half of the time within 2⁻¹⁰.
fn beside(random: &mut Random, value: f64) -> f64 {
    let distance = (-random.within(3.4, 24.0)).exp2();
    value * (1.0 + random.sign() * distance)
}

/// Where log I is 0, by bisection of the twin, which rises with x.
fn zero_of_log_i(v: f64) -> f64 {
    let (mut low, mut high) = (0.0, 2.0 * v + 2.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if log_bessel_i(v, middle.max(1e-30)) < 0.0 { low = middle } else { high = middle }
    }
    high
}

fn bessel_points(random: &mut Random) -> Vec<(f64, f64)> {
    const SHARE: usize = 340;
    let mut points = Vec::new();
    let r = random;
    for k in 0..SHARE {
        // Everywhere, and where most uses are.
        for _ in 0..3 {
            points.push((log_uniform(r, 1e-3, 1e6), log_uniform(r, 1e-30, 1e30)));
        }
        points.push((0.0, log_uniform(r, 1e-30, 1e30)));
        points.push((log_uniform(r, 1e-3, 1e6), log_uniform(r, 1e-3, 1e7)));
        points.push((r.within(0.0, 20.0), r.within(0.0, 25.0)));
        // Borders: v = 16, w = 24, x = 1, x² = 4 (v + 1), x = √v/2.
        points.push((beside(r, 16.0), log_uniform(r, 1e-3, 1e4)));
        let (angle, w) = (r.within(0.0, 1.57), beside(r, 24.0));
        points.push((w * angle.sin(), w * angle.cos()));
        points.push((r.within(0.0, 20.0), beside(r, 1.0)));
        let v = log_uniform(r, 1e-3, 1e6);
        let edge = if k % 2 == 0 { 2.0 * (v + 1.0).sqrt() } else { 0.5 * v.sqrt() };
        points.push((v, beside(r, edge)));
        // Zeros of log I.
        let v = log_uniform(r, 1e-2, 1e6);
        let zero = zero_of_log_i(v);
        points.push((v, if k % 2 == 0 { zero } else { beside(r, zero) }));
        // Integers and halves, where Temme's series changes its order.
        let half = f64::from(r.below(33)) / 2.0;
        let v = if k % 2 == 0 { half } else { beside(r, half) };
        points.push((v, log_uniform(r, 1e-30, 20.0)));
    }
    for v in TINY_ORDERS.into_iter().chain([0.0, 0.5, 16.0, 1e6]) {
        for x in [1e-30, 1e-20, 1e-8, 0.1, 0.5, 1.0, 3.0, 20.0, 1e4, 1.8e19, 1e30] {
            points.push((v, x));
        }
    }
    points
}

fn gamma_points(r: &mut Random) -> Vec<(f64, f64)> {
    const SHARE: usize = 585;
    let mut x = Vec::new();
    for _ in 0..SHARE {
        x.extend([log_uniform(r, 1e-30, 1e30), log_uniform(r, 1e-3, 1e7), r.within(0.0, 30.0)]);
        x.extend([1.0, 2.0, 0.5, 16.0].map(|edge| beside(r, edge)));
    }
    x.extend([1.0, 2.0, 0.5, 1.5, 3.0, 16.0, 1e-30, 1e30]);
    x.into_iter().map(|x| (0.0, x)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_some_four_thousand_and_all_in_the_domain() {
        for function in BesselFunction::ALL {
            for precision in [Precision::Single, Precision::Double] {
                let (v, x) = points(function, precision);
                assert!((3800..4300).contains(&v.len()), "{function}: {}", v.len());
                let outside =
                    v.iter().zip(&x).filter(|(v, x)| function.refuses(**v, **x).is_some());
                assert_eq!(outside.count(), 0, "{function}");
            }
        }
    }

    #[test]
    fn zeros_are_zeros() {
        for v in [0.01, 1.0, 40.0, 1e5] {
            let x = zero_of_log_i(v);
            assert!(log_bessel_i(v, x).abs() < 1e-13 * v.max(1.0), "{v}");
        }
    }
}
