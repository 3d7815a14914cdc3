use crate::oracle::{Bound, Contexts, Told, Verdict, agree, show};
use crate::source::{Numbers, Source};
use crate::{both_or_end, with};
use kantor::{Bessel, BesselFunction, Context, Precision};

/// An order: next to where methods change, or anywhere.
fn order(source: &mut Source<'_>) -> f64 {
    match source.below(8) {
        0 => source.wild(),
        1 => source.pick(&[
            0.0,
            0.5,
            1.0,
            15.999,
            16.0,
            16.001,
            19.9,
            20.0,
            1e6,
            1e6 * (1.0 + 5e-8),
            1e-30,
            1e-45,
        ]),
        2 => -10f64.powf(8.0 * source.uniform() - 2.0),
        3 => -source.uniform(),
        _ => 10f64.powf(9.0 * source.uniform() - 3.0),
    }
}

fn argument(source: &mut Source<'_>) -> f64 {
    match source.below(8) {
        0 => source.wild(),
        1 => source.pick(&[
            0.0,
            1e-30,
            1e30,
            1e-30 * (1.0 - 5e-8),
            1e30 * (1.0 + 5e-8),
            2.0,
            20.0,
            1e-37,
            0.5,
        ]),
        2 => 30.0 * source.uniform(),
        _ => 10f64.powf(60.0 * source.uniform() - 30.0),
    }
}

fn ulp(x: f64) -> f64 {
    let x = (x.abs() as f32).clamp(f32::MIN_POSITIVE, 3e38);
    f64::from(x.next_up()) - f64::from(x)
}

/// The documented criterion, and what the twin's own rounding adds; ratios that a double-float does not hold whole count as
/// single.
fn allowed(function: BesselFunction, precision: Precision, (v, x): (f64, f64), exact: f64) -> f64 {
    use BesselFunction::*;
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
    let flushed = if v < 1.2e-38 { 1.2e-38 * (1.0 + x.ln().abs()) } else { 0.0 };
    match (terms, function, precision) {
        (Some(terms), _, Precision::Single) => 1.5 * ulp(size) + (-42f64).exp2() * terms + flushed,
        (Some(terms), _, Precision::Double) => 5e-14 * (size.max(terms) + 1.0),
        (_, RatioI | RatioK, Precision::Double) if size >= 1e-30 => 1.2e-13 * size * power,
        (_, RatioI | RatioK, _) => 2.5 * ulp(size),
        (_, LogGamma, Precision::Single) => 1.5 * ulp(size),
        (_, LogGamma, Precision::Double) => 5e-14 * size.max(1.0),
        (_, _, Precision::Single) => 4.5 * ulp(size.max(1e-3)),
        (_, _, _) => 2.5e-13 * size.max(1.0),
    }
}

pub fn run(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let function = source.pick(&BesselFunction::ALL);
    let precision = source.precision();
    let count = 1 + source.below(40);
    let orders = if source.one_in(4) { 1 } else { source.size(count).min(4096) };
    let arguments = if source.one_in(4) { 1 } else { count };
    // One wrong point refuses the call: most calls have none.
    let tame = !source.one_in(4);
    let mut draw = |kind: fn(&mut Source<'_>) -> f64, other: f64| loop {
        let value = kind(source);
        let (v, x) = if other > 0.0 { (value, other) } else { (1.0, value) };
        let in_domain =
            v.abs() <= 1e6 && (x == 0.0 || (1e-30..=1e30).contains(&x)) && !value.is_nan();
        let takes = v >= 0.0
            || format!("{function}").contains('k') && !format!("{function}").contains("reg");
        if !tame
            || (in_domain && takes && (v != 0.0 || function != BesselFunction::LogKRegularized))
        {
            return value;
        }
        if source_is_dry(value) {
            return 1.5;
        }
    };
    let v: Vec<f64> = (0..orders).map(|_| draw(order, 1.0)).collect();
    let x: Vec<f64> = (0..arguments).map(|_| draw(argument, 0.0)).collect();
    let single = source.one_in(2);
    let shape = |values: &[f64]| {
        if single {
            Numbers::Single(values.iter().map(|x| *x as f32).collect())
        } else {
            Numbers::Double(values.to_vec())
        }
    };
    let (v, x) = (shape(&v), shape(&x));
    let bessel = Bessel::new(function).precision(precision);
    show(|| format!("{function:?} {precision:?} {v:?} {x:?}"));
    let run = |context: &Context| match (&v, &x) {
        (Numbers::Single(v), Numbers::Single(x)) => bessel.evaluate_blocking(context, v, x),
        _ => bessel.evaluate_blocking(context, &v.wide(), &x.wide()),
    };
    let (one, other) = both_or_end!(function.name(), run(&contexts.tested), run(&contexts.twin));
    let (v, x) = (with!(&v, |_v| v.wide()), x.wide());
    for (k, (tested, twin)) in one.iter().zip(&other).enumerate() {
        let at = (v[if v.len() == 1 { 0 } else { k }], x[if x.len() == 1 { 0 } else { k }]);
        let rounded = match precision {
            Precision::Single => (f64::from(at.0 as f32), f64::from(at.1 as f32)),
            _ => at,
        };
        let exact = function.reference(rounded.0, rounded.1);
        let limit = rounded.1 == 0.0;
        if tested.is_nan() || (!tested.is_finite() && !limit && exact.abs() < 3.4e38) {
            return Err(format!("{function} at {at:?}: {tested}, the twin has {twin}"));
        }
        let bound = Bound { relative: 0.0, absolute: allowed(function, precision, rounded, exact) };
        agree(&format!("{function} {precision:?} at {at:?}"), &[*tested], &[*twin], bound)?;
    }
    Ok(Told::Answered)
}

/// Zeros for ever: a source that has run out.
fn source_is_dry(value: f64) -> bool {
    value == 0.0 || value == 1e-3 || value.is_nan()
}
