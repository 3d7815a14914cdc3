//! Expressions of generators, however they are nested: refused, or small enough for a small stack.

use crate::common::context;
use kantor::{Comparison, Distributions, Divergence, Error, Generator, Input};

/// Expressions that equal r or a constant, n levels deep.
fn nested(kind: usize, n: usize) -> String {
    let around = |open: &str, close: &str| format!("{}r{}", open.repeat(n), close.repeat(n));
    match kind {
        0 => around("(", ")"),
        1 => around("- ", ""),
        2 => around("", " + r - r"),
        3 => around("", " * 1.0"),
        4 => around("max(r, ", ")"),
        5 => around("abs(", ")"),
        6 => around("(1.0 * ", ")"),
        7 => format!("f32({}true)", "!".repeat(n)),
        8 => format!("r + 0.0 * f32(1u{})", "|1u".repeat(n)),
        9 => around("vec2f(", ").x"),
        10 => format!("r + 0.0 * {}0.0{}", "vec2f(r)[i32(".repeat(n), ")]".repeat(n)),
        11 => around("select(r, ", ", true)"),
        12 => format!("vec2f(r){}.x", ".xy".repeat(n)),
        13 => around("f32(u32(", "))"),
        14 => format!("{}r", "(".repeat(n)),
        15 => format!("{}f32{}(r)", "vec2<".repeat(n), ">".repeat(n)),
        _ => around("[", "]"),
    }
}

const KINDS: usize = 17;

/// What a generator answers on the device, refused in words or compiled; f is not convex, only small.
fn answered(generator: Generator) {
    let rows = |values: [f32; 4]| {
        Distributions::new_blocking(context(), &values, 4, Input::Weights).expect("rows")
    };
    let comparison = Comparison::new(Divergence::Generator(generator));
    let (p, q) = (rows([1.0, 2.0, 3.0, 4.0]), rows([2.0, 2.0, 3.0, 3.0]));
    match comparison.rows_blocking(&p, &q) {
        // No expression of WGSL, or one that asks for the host's.
        Ok(_) | Err(Error::Shader { .. } | Error::InvalidInput { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn an_expression_of_any_depth_is_refused_or_fits_a_small_stack() {
    // Before the small stack: what the context needs once.
    answered(Generator::new("r - 1.0", "1.0").expect("an expression"));
    let all = || {
        for kind in 0..KINDS {
            let deepest = (1..60).rfind(|n| Generator::new(&nested(kind, *n), "1.0").is_ok());
            // Without optimisation compilers of WGSL take many times the stack.
            if let (Some(n), false) = (deepest, cfg!(debug_assertions)) {
                answered(Generator::new(&nested(kind, n), "1.0").expect("as before"));
            }
            for n in [60, 100, 500, 1000, 4000, 100_000] {
                let text = nested(kind, n);
                for refused in [Generator::new(&text, "1.0"), Generator::new("1.0", &text)] {
                    let named = matches!(
                        refused,
                        Err(Error::InvalidInput { argument: "f" | "derivative", .. })
                    );
                    assert!(named, "{kind} {n}: {refused:?}");
                }
            }
        }
    };
    let small = std::thread::Builder::new().stack_size(512 << 10).spawn(all).expect("a thread");
    assert!(small.join().is_ok(), "an expression overflowed, or was answered otherwise");
}

#[test]
fn ordinary_expressions_are_accepted() {
    for text in [
        "r * log(r) - (r + 1.0) * log(0.5 * (r + 1.0))",
        "(r - 1.0) * (r + 3.0) / ((r + 1.0) * (r + 1.0))",
        "select(r * log(r) - r + 1.0, 0.5 * (r - 1.0) * (r - 1.0), abs(r - 1.0) < 1e-3)",
        "1.0 + r * (0.5 + r * (0.25 + r * (0.125 + r * (0.0625 + r * (0.03125 + r * 1e-2)))))",
        "r + r*r + r*r*r + r*r*r*r + r*r*r*r*r + r*r*r*r*r*r + r*r*r*r*r*r*r + r*r*r*r*r*r*r*r",
    ] {
        assert!(Generator::new(text, text).is_ok(), "{text}");
    }
}
