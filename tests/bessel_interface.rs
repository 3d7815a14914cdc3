//! The log-Bessel functions as an interface: broadcasting, tensors, submissions, and what is refused.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use BesselFunction::{
    DLogKDv, LogGamma, LogI, LogIRegularized, LogIScaled, LogK, LogKRegularized, RatioI, RatioK,
};
use common::{Random, block_on, context, device_context, sized};
use kantor::{Bessel, BesselFunction, Context, Error, Precision, Tensor};

const PRECISIONS: [Precision; 2] = [Precision::Single, Precision::Double];

fn at(function: BesselFunction, precision: Precision, v: &[f64], x: &[f64]) -> Vec<f64> {
    evaluate(context(), function, precision, v, x)
        .unwrap_or_else(|error| panic!("{function}, {precision:?}: {error}"))
}

fn evaluate(
    context: &Context,
    function: BesselFunction,
    precision: Precision,
    v: &[f64],
    x: &[f64],
) -> kantor::Result<Vec<f64>> {
    Bessel::new(function).precision(precision).evaluate_blocking(context, v, x)
}

/// Log-uniform in the given ranges, in f32.
fn points(seed: u64, count: usize, v: [f64; 2], x: [f64; 2]) -> (Vec<f64>, Vec<f64>) {
    let mut random = Random::new(seed);
    let mut within = |[low, high]: [f64; 2]| {
        let value = (low.ln() + (high / low).ln() * random.uniform()).exp();
        f64::from(value as f32)
    };
    (0..count).map(|_| (within(v), within(x))).unzip()
}

// --- shapes and submissions -----------------------------------------------------

#[test]
fn one_order_goes_with_many_arguments_and_the_reverse() {
    let (v, x) = points(21, 700, [1e-2, 1e4], [1e-3, 1e5]);
    for function in BesselFunction::ALL {
        for precision in PRECISIONS {
            let full = |value: f64| vec![value; 700];
            let one_order = at(function, precision, &[7.25], &x);
            assert_eq!(one_order, at(function, precision, &full(7.25), &x), "{function}");
            let one_argument = at(function, precision, &v, &[3.5]);
            assert_eq!(one_argument, at(function, precision, &v, &full(3.5)), "{function}");
            let single = at(function, precision, &[7.25], &[x[3]]);
            assert_eq!(single, [one_order[3]], "{function}: the place in a batch matters");
        }
    }
    // f32 and f64 inputs of the same value.
    let narrow: Vec<f32> = x.iter().map(|x| *x as f32).collect();
    let found = Bessel::new(LogK).evaluate_blocking(context(), &[2.5f32], &narrow);
    assert_eq!(found.expect("f32 in"), at(LogK, Precision::Single, &[2.5], &x));
}

#[test]
fn two_runs_give_the_same_bits() {
    let (v, x) = points(22, sized(30_000, 5_000), [1e-3, 1e6], [1e-30, 1e30]);
    for function in BesselFunction::ALL {
        for precision in PRECISIONS {
            let bits = |_| -> Vec<u64> {
                at(function, precision, &v, &x).into_iter().map(f64::to_bits).collect()
            };
            assert!(bits(1) == bits(2), "{function}, {precision:?}");
        }
    }
}

#[test]
fn many_points_are_cut_into_submissions() {
    let Some(context) = device_context() else { return };
    let count = sized(300_000, 150_000);
    let (v, x) = points(23, count, [1e-2, 1e5], [1e-3, 1e6]);
    let before = context.submissions();
    let found = at(LogI, Precision::Single, &v, &x);
    let spent = context.submissions() - before;
    println!("{count} points in {spent} submissions");
    let software = context.capabilities().is_some_and(|c| c.software);
    assert!(!software || spent > 2, "{spent} submissions");
    // The seams show no other values.
    let last = count - 1000;
    assert_eq!(found[last..], at(LogI, Precision::Single, &v[last..], &x[last..]));
    assert_eq!(found[..1000], at(LogI, Precision::Single, &v[..1000], &x[..1000]));
}

#[test]
fn the_twin_context_answers_in_f64() {
    let (v, x) = points(24, 500, [1e-2, 1e5], [1e-3, 1e6]);
    for function in BesselFunction::ALL {
        let found = evaluate(&Context::cpu(), function, Precision::Double, &v, &x).expect("twin");
        let reference: Vec<f64> =
            v.iter().zip(&x).map(|(v, x)| function.reference(*v, *x)).collect();
        assert_eq!(found, reference, "{function}");
    }
    let report = Bessel::new(LogI).precision(Precision::Double).adapter(&Context::cpu());
    assert_eq!(report.expect("the twin").backend, kantor::Backend::Cpu);
}

fn tensor(values: &[f32], shape: &[usize]) -> Tensor {
    block_on(Tensor::from_slice(context(), values, shape)).expect("a tensor")
}

#[test]
fn tensors_go_in_and_come_out() {
    let (v, x) = points(25, 600, [1e-2, 1e4], [1e-3, 1e5]);
    let words = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
    let (orders, arguments) = (tensor(&words(&v), &[20, 30]), tensor(&words(&x), &[20, 30]));
    let one = tensor(&[2.5], &[1]);
    for function in BesselFunction::ALL {
        let run = |v: &Tensor, x: &Tensor| -> (Vec<usize>, Vec<f64>) {
            let result = block_on(Bessel::new(function).evaluate_tensor(v, x)).expect("tensors");
            let values = block_on(result.read()).expect("values");
            (result.shape().to_vec(), values.into_iter().map(f64::from).collect())
        };
        let single = |v: &[f64], x: &[f64]| (vec![20, 30], at(function, Precision::Single, v, x));
        assert_eq!(run(&orders, &arguments), single(&v, &x), "{function}");
        assert_eq!(run(&one, &arguments), single(&[2.5], &x), "{function}");
        assert_eq!(run(&orders, &one), single(&v, &[2.5]), "{function}");
    }
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    // What the device finds is told when the values are read.
    let values = async |function: BesselFunction, v: &Tensor, x: &Tensor| {
        Bessel::new(function).evaluate_tensor(v, x).await?.read().await
    };
    let refused =
        |function: BesselFunction, v: &Tensor, x: &Tensor| match block_on(values(function, v, x)) {
            Err(Error::InvalidInput { argument, index, .. }) => (argument, index),
            Err(other) => panic!("{function}: {other}"),
            Ok(found) => ("nothing: values came back", Some(found.len())),
        };
    let six = |shape: &[usize]| tensor(&[1.0; 6], shape);
    assert_eq!(refused(LogI, &six(&[2, 3]), &six(&[3, 2])).0, "x");
    assert_eq!(refused(LogI, &six(&[6]), &tensor(&[1.0; 4], &[4])).0, "x");
    let double = Bessel::new(LogI).precision(Precision::Double);
    let error = block_on(double.evaluate_tensor(&six(&[6]), &six(&[6])));
    assert_eq!(error.map(|_| ()).expect_err("no doubles in a tensor").kind(), "invalid-input");

    // The host sees none of these numbers; the smallest index is named.
    let with = |at: &[(usize, f32)]| {
        let mut values = vec![1.5f32; 2000];
        at.iter().for_each(|(k, value)| values[*k] = *value);
        tensor(&values, &[2000])
    };
    let good = with(&[]);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 2e30, 1e-31, f32::MAX, 1e-44] {
        for function in BesselFunction::ALL {
            let (_, index) = refused(function, &good, &with(&[(1999, bad), (1203, bad)]));
            assert_eq!(index, Some(1203), "{function}: x = {bad:e}");
        }
    }
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.1e6, -1.1e6] {
        let (_, index) = refused(LogK, &with(&[(77, bad), (1500, bad)]), &good);
        assert_eq!(index, Some(77), "v = {bad}");
    }
    assert_eq!(refused(LogI, &with(&[(5, -0.5)]), &good).1, Some(5), "v < 0 for I");
    assert_eq!(refused(LogKRegularized, &with(&[(6, 0.0)]), &good).1, Some(6), "v = 0");
}

// --- what is refused ------------------------------------------------------------

/// Argument and index that an error names.
#[track_caller]
fn blamed(result: kantor::Result<Vec<f64>>) -> (&'static str, Option<usize>) {
    match result {
        Err(Error::InvalidInput { argument, index, reason, .. }) => {
            assert!(!reason.is_empty());
            (argument, index)
        }
        other => panic!("not refused as input: {other:?}"),
    }
}

#[test]
fn bad_points_are_named_with_their_index() {
    let good = [1.5; 5];
    let with = |value: f64| [1.5, 1.5, 1.5, value, value];
    for precision in PRECISIONS {
        for function in BesselFunction::ALL {
            let on = |v: &[f64], x: &[f64]| evaluate(context(), function, precision, v, x);
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -1e-300, 1e31, 1e-31] {
                assert_eq!(blamed(on(&good, &with(bad))), ("x", Some(3)), "{function}, x = {bad}");
                assert_eq!(blamed(on(&good, &[bad])), ("x", Some(0)), "{function}, x = {bad}");
            }
            if function != LogGamma {
                for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.01e6, -1.01e6] {
                    let found = blamed(on(&with(bad), &good));
                    assert_eq!(found, ("v", Some(3)), "{function}, v = {bad}");
                }
            }
            assert_eq!(blamed(on(&[], &good)).0, "v");
            assert_eq!(blamed(on(&good, &[])).0, "x");
            assert_eq!(blamed(on(&[], &[])).0, "v");
            assert_eq!(blamed(on(&good, &[1.0; 4])).0, "x");
            assert_eq!(blamed(on(&good[..4], &[1.0; 3])).0, "x");
        }
        let on = |function, v: &[f64], x: &[f64]| evaluate(context(), function, precision, v, x);
        for function in [LogI, LogIScaled, LogIRegularized, RatioI] {
            assert_eq!(blamed(on(function, &with(-0.5), &good)), ("v", Some(3)), "{function}");
        }
        assert_eq!(blamed(on(LogKRegularized, &with(0.0), &good)), ("v", Some(3)));
        assert_eq!(blamed(on(LogKRegularized, &with(-2.0), &good)), ("v", Some(3)));
        assert_eq!(on(LogK, &[-2.5], &[3.0]), on(LogK, &[2.5], &[3.0]));
    }
}

#[test]
fn log_gamma_takes_the_whole_range() {
    let x = [1e30, 1e7, 2e6, 1.0, 1e-30];
    for precision in PRECISIONS {
        let found = block_on(kantor::log_gamma(context(), &x, precision)).expect("in the domain");
        for (x, found) in x.iter().zip(found) {
            let exact = LogGamma.reference(0.0, f64::from(*x as f32));
            assert!((found - exact).abs() <= 1e-7 * exact.abs(), "{x:e}: {found:e}, {exact:e}");
        }
    }
    assert_eq!(blamed(block_on(kantor::log_gamma::<f64>(context(), &[], PRECISIONS[0]))).0, "v");
}

/// Whatever comes in, an answer or an error comes out, and the answer is a number.
#[test]
fn ten_thousand_malformed_calls_end_in_an_answer_or_an_error() {
    const STRANGE: [f64; 16] = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        0.0,
        -1.0,
        1e-310,
        5e-324,
        1e-45,
        1e-30,
        0.5,
        16.0,
        1e6,
        1e30,
        1e39,
        f64::MAX,
    ];
    let twin = Context::cpu();
    let mut random = Random::new(31);
    let (mut answers, mut errors) = (0, 0);
    for call in 0..10_000 {
        let mut values = || -> Vec<f64> {
            let length = random.below(4);
            let value = |random: &mut Random| match random.below(3) {
                0 => random.pick(&STRANGE),
                1 => random.uniform(),
                _ => f64::from_bits(random.bits()),
            };
            (0..length).map(|_| value(&mut random)).collect()
        };
        let (v, x) = (values(), values());
        let function = random.pick(&BesselFunction::ALL);
        let precision = random.pick(&PRECISIONS);
        // The screening is the same everywhere; a device is slower to answer.
        let context = if call % 10 == 0 { context() } else { &twin };
        match evaluate(context, function, precision, &v, &x) {
            Ok(found) => {
                answers += 1;
                assert_eq!(found.len(), v.len().max(x.len()));
                assert!(!found.iter().any(|value| value.is_nan()), "{function} {v:?} {x:?}");
            }
            Err(Error::InvalidInput { .. }) => errors += 1,
            Err(other) => panic!("{function} {precision:?} {v:?} {x:?}: {other}"),
        }
    }
    println!("{answers} answers, {errors} errors");
    assert!(answers > 50 && errors > 1000);
}

#[test]
fn names_are_read_back() {
    for function in BesselFunction::ALL {
        assert_eq!(function.name().parse(), Ok(function));
    }
    for name in ["", "log-j", "LOG-I", "log-i "] {
        assert_eq!(
            name.parse::<BesselFunction>().expect_err("no function").kind(),
            "invalid-input"
        );
    }
    assert!(at(RatioK, Precision::Single, &[0.0], &[1e-30])[0] > 1e28);
    assert_eq!(at(DLogKDv, Precision::Single, &[0.0], &[1.0]), [0.0]);
}
