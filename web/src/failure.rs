//! What a promise rejects with: an `Error` that has `kind`.

use crate::values::set;
use kantor::Error;
use std::fmt;
use wasm_bindgen::prelude::*;

/// An error on its way to JavaScript.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library's.
    Library(Error),
    /// The signal asked to stop; with its reason.
    Aborted { reason: JsValue, iterations: u32 },
    /// What the page's own callback has thrown.
    Thrown(JsValue),
    /// There is no WebGPU to be had: why.
    NoAdapter(String),
    /// An argument that is wrong before the library sees it.
    Argument { argument: String, reason: String },
    /// Reading an argument has thrown this: it has a getter, or is a proxy.
    Unreadable { argument: String, thrown: JsValue },
    /// An array has more numbers than are taken, or a result would have.
    TooLarge { argument: String, needed: u64, available: u64 },
    /// The module's memory has no room for an array.
    NoMemory { argument: String, bytes: usize },
    /// The page has taken typed arrays apart before the module was loaded.
    NoIntrinsics,
}

impl Failure {
    pub(crate) fn argument(argument: impl Into<String>, reason: impl Into<String>) -> Failure {
        Failure::Argument { argument: argument.into(), reason: reason.into() }
    }

    /// The library's, with arguments under the names that they have in JavaScript.
    pub(crate) fn renamed(mut error: Error, names: &[(&str, &'static str)]) -> Failure {
        if let Error::InvalidInput { argument, .. } = &mut error
            && let Some((_, name)) = names.iter().find(|(from, _)| from == argument)
        {
            *argument = name;
        }
        Failure::Library(error)
    }

    pub(crate) fn unreadable(argument: &str, thrown: JsValue) -> Failure {
        Failure::Unreadable { argument: argument.into(), thrown }
    }

    pub(crate) fn no_memory(argument: &str, bytes: usize) -> Failure {
        Failure::NoMemory { argument: argument.into(), bytes }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Library(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Library(error) => error.fmt(f),
            Failure::Aborted { iterations, .. } => {
                Error::Cancelled { iterations: *iterations }.fmt(f)
            }
            Failure::Thrown(_) => f.write_str("a callback has thrown"),
            Failure::NoAdapter(reason) => f.write_str(reason),
            Failure::Argument { argument, reason } => write!(f, "{argument}: {reason}"),
            Failure::Unreadable { argument, .. } => {
                write!(f, "{argument}: cannot be read; what reading it has thrown is the cause")
            }
            Failure::TooLarge { argument, needed, available } => {
                write!(f, "{argument}: {needed} numbers are needed, {available} are the most")
            }
            Failure::NoMemory { argument, bytes } => {
                let megabytes = bytes.div_ceil(1 << 20);
                write!(f, "{argument}: the module's memory has no room for {megabytes} MB more")
            }
            Failure::NoIntrinsics => f.write_str("typed arrays are not what they should be here"),
        }
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> JsValue {
        let error = js_sys::Error::new(&failure.to_string());
        match failure {
            Failure::Thrown(value) => return value,
            Failure::Library(library) => describe(&error, &library),
            Failure::NoAdapter(_) => set(&error, "kind", "no-adapter"),
            Failure::Argument { argument, .. } => {
                set(&error, "kind", "invalid-input");
                set(&error, "argument", argument);
            }
            Failure::Unreadable { argument, thrown } => {
                set(&error, "kind", "invalid-input");
                set(&error, "argument", argument);
                set(&error, "cause", thrown);
            }
            Failure::TooLarge { argument, needed, available } => {
                set(&error, "kind", "limit-exceeded");
                set(&error, "argument", argument);
                set(&error, "needed", needed as f64);
                set(&error, "available", available as f64);
            }
            Failure::NoMemory { argument, .. } => {
                set(&error, "kind", "out-of-memory");
                set(&error, "argument", argument);
            }
            Failure::NoIntrinsics => set(&error, "kind", "internal"),
            Failure::Aborted { reason, iterations } => {
                // What the platform's own promises reject with when their signal is aborted.
                set(&error, "name", "AbortError");
                set(&error, "kind", "cancelled");
                set(&error, "iterations", iterations);
                set(&error, "cause", reason);
            }
        }
        error.into()
    }
}

/// The kind of the library's error, and the numbers that a caller reacts to.
fn describe(value: &JsValue, error: &Error) {
    set(value, "kind", error.kind());
    let place = |name: &str, place: &Option<usize>| {
        if let Some(place) = place {
            set(value, name, *place as f64);
        }
    };
    match error {
        Error::InvalidInput { argument, row, index, .. } => {
            set(value, "argument", *argument);
            place("row", row);
            place("index", index);
        }
        Error::LimitExceeded { needed, available, .. } => {
            set(value, "needed", *needed as f64);
            set(value, "available", *available as f64);
        }
        Error::NotConverged { problem, marginal_error, iterations, .. } => {
            set(value, "problem", *problem as f64);
            set(value, "marginalError", *marginal_error);
            set(value, "iterations", *iterations);
        }
        _ => {}
    }
}
