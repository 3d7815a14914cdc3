//! Reads the table and compares.

use crate::common::context;
use kantor::{Context, Error, Precision, Result};

const TABLE: &str = include_str!("../../src/edges.md");

type Call = dyn Fn(&Context, Precision) -> Result<f64>;

/// One line of the table: what is called, where, and how it is done.
pub struct Case {
    pub function: &'static str,
    pub at: &'static str,
    pub call: Box<Call>,
}

pub fn case(
    function: &'static str,
    at: &'static str,
    call: impl Fn(&Context, Precision) -> Result<f64> + 'static,
) -> Case {
    Case { function, at, call: Box::new(call) }
}

/// Holds the lines of one section against its cases.
pub fn check(section: &str, cases: &[Case]) {
    let places: Vec<_> = cases.iter().map(|case| (case.function, case.at)).collect();
    check_each(section, &places, |k, context, precision| (cases[k].call)(context, precision));
}

/// The same of cases that are numbers: function and place of each, and `call` of the number of a case.
pub fn check_each(
    section: &str,
    places: &[(&str, &str)],
    call: impl Fn(usize, &Context, Precision) -> Result<f64>,
) {
    let lines = lines(section);
    for (function, at, _) in &lines {
        let known = places.contains(&(function, at));
        assert!(known, "{section}: no case asks for `{function}` at {at}");
    }
    let cpu = Context::cpu();
    let mut wrong = Vec::new();
    for (k, (function, at)) in places.iter().enumerate() {
        let line = lines.iter().find(|(f, a, _)| f == function && a == at);
        let Some((_, _, expected)) = line else {
            panic!("{section}: the table has no line for `{function}` at {at}")
        };
        for (way, context, precision) in [
            ("twin", &cpu, Precision::Double),
            ("single", context(), Precision::Single),
            ("double", context(), Precision::Double),
        ] {
            let found = call(k, context, precision);
            if !fits(&found, expected, precision) {
                wrong.push(format!("`{function}` at {at}, {way}: {found:?}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{section}:\n{}", wrong.join("\n"));
}

/// Function, place and value of every line below a heading.
fn lines(section: &str) -> Vec<(&'static str, &'static str, &'static str)> {
    let heading = format!("## {section}\n");
    let (_, rest) = TABLE.split_once(&heading).unwrap_or_else(|| panic!("no section {section}"));
    let rest = rest.split("\n## ").next().unwrap_or(rest);
    let cells = |line: &'static str| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let function = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        Some((function, cells.next()?, cells.next()?))
    };
    let lines: Vec<_> = rest.lines().filter_map(cells).collect();
    assert!(!lines.is_empty(), "no lines in section {section}");
    lines
}

fn fits(found: &Result<f64>, expected: &str, precision: Precision) -> bool {
    if let Some(argument) = expected.strip_prefix("refused: ") {
        return matches!(found, Err(Error::InvalidInput { argument: named, .. }) if *named == argument);
    }
    let Ok(found) = found else { return false };
    if let Some(number) = expected.strip_prefix("≈ ") {
        let single = number.strip_suffix(" in f32");
        let exact = number_of(single.unwrap_or(number));
        let digits = match (precision, single) {
            (Precision::Double, None) => 1e-12,
            (Precision::Single, Some(_)) => 1e-5,
            _ => 1e-6,
        };
        let apart = if exact == 0.0 { 1e-30 } else { digits * exact.abs() };
        return (found - exact).abs() <= apart;
    }
    *found == number_of(expected)
}

fn number_of(text: &str) -> f64 {
    match text {
        "∞" => f64::INFINITY,
        "−∞" => f64::NEG_INFINITY,
        _ => text.replace('−', "-").parse().unwrap_or_else(|_| panic!("{text:?} is no number")),
    }
}
