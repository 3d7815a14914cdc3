//! Text that pretends to be an expression: it is refused, or compiles, or is the compiler's to refuse; nothing panics.

use crate::oracle::{Contexts, Told, Verdict, show};
use crate::source::Source;
use kantor::{Comparison, Distributions, Divergence, Error, Generator, Input};

const TOKENS: [&str; 44] = [
    "r",
    "r",
    "r",
    "1.0",
    "2.0",
    "0.5",
    "+",
    "-",
    "*",
    "/",
    "(",
    ")",
    "(",
    ")",
    "log(",
    "exp(",
    "sqrt(",
    "pow(",
    ",",
    "abs(",
    "max(",
    "min(",
    "-",
    " ",
    "1",
    "1u",
    "true",
    "vec2f(",
    ".x",
    "!",
    "~",
    "<",
    ">",
    "==",
    "&&",
    "select(",
    "r;",
    "}",
    "//",
    "@",
    "runtime_zero",
    "1e39",
    "0x1p-200",
    "loop",
];

/// A tree of operators: what callers write.
fn expression(source: &mut Source<'_>, depth: usize) -> String {
    if depth == 0 || source.one_in(4) {
        return source.pick(&["r", "1.0", "0.5", "2.0", "r"]).into();
    }
    let mut inner = || expression(source, depth - 1);
    let (a, b) = (inner(), inner());
    match source.below(7) {
        0 => format!("({a} + {b})"),
        1 => format!("({a} - {b})"),
        2 => format!("{a} * {b}"),
        3 => format!("({a} / ({b} + 3.0))"),
        4 => format!("sqrt(abs({a}))"),
        5 => format!("log(1.0 + abs({a}))"),
        _ => format!("-({a})"),
    }
}

fn text(source: &mut Source<'_>) -> String {
    match source.below(8) {
        0 => (0..source.below(12)).map(|_| char::from(source.byte())).collect(),
        1 | 2 => (0..1 + source.below(20)).map(|_| source.pick(&TOKENS)).collect(),
        3 => {
            let (open, times) = (source.pick(&["(", "-", "abs(", "!", "-("]), source.below(1000));
            let close = if open.ends_with('(') { ")" } else { "" };
            format!("{}r{}", open.repeat(times), close.repeat(times))
        }
        _ => {
            let depth = source.below(5);
            expression(source, depth)
        }
    }
}

pub fn run(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let (f, derivative) = (text(source), text(source));
    show(|| format!("{f:?} {derivative:?}"));
    let Ok(generator) = Generator::new(&f, &derivative) else { return Ok(Told::Refused) };
    let generator = if source.one_in(2) {
        generator.with_limits(source.wild(), source.wild())
    } else {
        generator
    };
    let generator = if source.one_in(2) {
        generator.with_reference(|r| (r - 1.0).powi(2), |r| 2.0 * (r - 1.0))
    } else {
        generator
    };
    // A new pipeline each: seldom on a device.
    if contexts.tested.device().is_some() && !source.one_in(4) {
        return Ok(Told::NotHere);
    }
    let rows = [0.5f32, 0.25, 0.25, 0.0, 0.2, 0.8];
    let context = &contexts.tested;
    let made = Distributions::new_blocking(context, &rows, 3, Input::Weights);
    let p = made.map_err(|error| format!("rows: {error}"))?;
    match Comparison::new(Divergence::Generator(generator)).pairwise_blocking(&p, &p) {
        Ok(_) => Ok(Told::Answered),
        Err(Error::Shader { .. } | Error::InvalidInput { .. }) => Ok(Told::Refused),
        Err(error) => Err(format!("{f:?}, {derivative:?}: {}: {error}", error.kind())),
    }
}
