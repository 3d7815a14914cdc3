//! What is right: the device agrees with the f64 twin to the documented tolerance, both refuse the same, nothing is NaN.

use kantor::{Context, Error, Precision, Result};

/// A context under test, and the twin. Where the twin itself is under test, both are.
pub struct Contexts {
    pub tested: Context,
    pub twin: Context,
}

/// What came of a call that went as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Answered,
    Refused,
    /// Not possible on this adapter: a size, a precision.
    NotHere,
}

/// What went wrong, in words.
pub type Verdict = std::result::Result<Told, String>;

/// Both answers, or what became of the call.
pub fn both<T: std::fmt::Debug>(
    what: &str,
    tested: Result<T>,
    twin: Result<T>,
) -> std::result::Result<Result<(T, T), Told>, String> {
    match (tested, twin) {
        (Ok(tested), Ok(twin)) => Ok(Ok((tested, twin))),
        (Err(Error::LimitExceeded { .. } | Error::PrecisionUnavailable { .. }), _) => {
            Ok(Err(Told::NotHere))
        }
        (Err(Error::InvalidInput { argument: one, reason, .. }), Err(twin)) => match twin {
            Error::InvalidInput { argument: other, .. } if is_same(one, other) => {
                Ok(Err(Told::Refused))
            }
            other => Err(format!("{what}: refused for {one} ({reason}), by the twin for {other}")),
        },
        (Err(error), Ok(_)) => Err(format!("{what}: refused, not by the twin: {error}")),
        (Ok(_), Err(error)) => Err(format!("{what}: answered, refused by the twin: {error}")),
        (Err(error), Err(_)) => Err(format!("{what}: {}: {error}", error.kind())),
    }
}

/// Whether arguments are one, or two sets of rows, both of them wrong: a device may come upon either first.
fn is_same(one: &str, other: &str) -> bool {
    let rows = [["p", "q"], ["teacher", "student"]];
    one == other || rows.iter().any(|pair| pair.contains(&one) && pair.contains(&other))
}

/// The two bounds of a comparison: of the size of the value, and besides it.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    pub relative: f64,
    pub absolute: f64,
}

/// Six digits, or twelve, as most rooms promise: half a unit of the last, of a number that begins with 1.
pub fn digits(precision: Precision) -> Bound {
    match precision {
        Precision::Single => Bound { relative: 5e-6, absolute: 1e-35 },
        _ => Bound { relative: 5e-12, absolute: 1e-290 },
    }
}

impl Bound {
    pub fn and(self, absolute: f64) -> Bound {
        Bound { absolute: self.absolute + absolute, ..self }
    }

    pub fn times(self, factor: f64) -> Bound {
        Bound { relative: self.relative * factor, absolute: self.absolute * factor }
    }
}

/// Element by element; infinities are to be the same.
pub fn agree(
    what: &str,
    tested: &[f64],
    twin: &[f64],
    bound: Bound,
) -> std::result::Result<(), String> {
    if tested.len() != twin.len() {
        return Err(format!("{what}: {} values, the twin has {}", tested.len(), twin.len()));
    }
    for (k, (one, other)) in tested.iter().zip(twin).enumerate() {
        let off = (one - other).abs();
        let allowed = bound.relative * other.abs() + bound.absolute;
        if one.is_nan() || other.is_nan() || !(one == other || off <= allowed) {
            return Err(format!(
                "{what}: [{k}] {one:e}, the twin has {other:e}: off by {off:.2e}, allowed {allowed:.2e}"
            ));
        }
    }
    Ok(())
}

/// Gradients are f32 in either precision: to the size of the largest of their row.
pub fn agree_by_row(
    what: &str,
    tested: &[f32],
    twin: &[f32],
    row: usize,
    relative: f64,
) -> std::result::Result<(), String> {
    let wide = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
    let (tested, twin) = (wide(tested), wide(twin));
    for (k, (one, other)) in tested.chunks(row.max(1)).zip(twin.chunks(row.max(1))).enumerate() {
        let most = other.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        // What f32 flushes on the way is no finding.
        let bound = Bound { relative: 0.0, absolute: relative * most + 1e-33 };
        agree(&format!("{what}, row {k}"), one, other, bound)?;
    }
    finite(what, &tested)?;
    if tested.len() == twin.len() { Ok(()) } else { Err(format!("{what}: of another length")) }
}

/// A gradient of rows with nearly all mass in one bin may be off by 1e-12 of its factor: what is, is taken for the twin's.
pub fn up_to(factor: f64, mut tested: Vec<f32>, twin: &[f32]) -> Vec<f32> {
    for (one, other) in tested.iter_mut().zip(twin) {
        if f64::from((*one - other).abs()) <= 1e-12 * factor {
            *one = *other;
        }
    }
    tested
}

/// The largest of some factors, at least 1.
pub fn largest(factors: Option<&[f64]>) -> f64 {
    factors.into_iter().flatten().fold(1.0, |most, factor| most.max(factor.abs()))
}

pub fn finite(what: &str, values: &[f64]) -> std::result::Result<(), String> {
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(k) => Err(format!("{what}: [{k}] {} is not finite", values[k])),
    }
}

/// `Err` of a call that must not fail once the inputs were accepted.
pub fn must<T>(what: &str, result: Result<T>) -> std::result::Result<T, String> {
    result.map_err(|error| format!("{what}: {}: {error}", error.kind()))
}

/// Ends a target early with what became of the call.
#[macro_export]
macro_rules! both_or_end {
    ($what:expr, $tested:expr, $twin:expr) => {
        match $crate::oracle::both($what, $tested, $twin)? {
            Ok(answers) => answers,
            Err(told) => return Ok(told),
        }
    };
}

/// Prints what a call is made of, where one call alone is run.
pub fn show(words: impl FnOnce() -> String) {
    if std::env::var_os("KANTOR_FUZZ_CASE").is_some() {
        eprintln!("{}", words());
    }
}
