//! What a promise rejects with: an `Error` that has `kind`.

use crate::results::set;
use kantor::Error;
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
    /// An argument that is wrong before the library sees it.
    Argument { argument: String, reason: String },
}

impl Failure {
    pub(crate) fn argument(argument: impl Into<String>, reason: impl Into<String>) -> Failure {
        Failure::Argument { argument: argument.into(), reason: reason.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Library(error)
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> JsValue {
        match failure {
            Failure::Thrown(value) => value,
            Failure::Argument { argument, reason } => {
                let error = js_sys::Error::new(&format!("{argument}: {reason}"));
                set(&error, "kind", "invalid-input");
                set(&error, "argument", argument);
                error.into()
            }
            Failure::Aborted { reason, iterations } => {
                let error = js_sys::Error::new(&Error::Cancelled { iterations }.to_string());
                // What the platform's own promises reject with when their signal is aborted.
                error.set_name("AbortError");
                set(&error, "kind", "cancelled");
                set(&error, "iterations", iterations);
                set(&error, "cause", reason);
                error.into()
            }
            Failure::Library(error) => library(&error),
        }
    }
}

/// The library's error, with the numbers that a caller reacts to.
fn library(error: &Error) -> JsValue {
    let value = js_sys::Error::new(&error.to_string());
    set(&value, "kind", error.kind());
    let place = |name: &str, place: &Option<usize>| {
        if let Some(place) = place {
            set(&value, name, *place as f64);
        }
    };
    match error {
        Error::InvalidInput { argument, row, index, .. } => {
            set(&value, "argument", *argument);
            place("row", row);
            place("index", index);
        }
        Error::LimitExceeded { needed, available, .. } => {
            set(&value, "needed", *needed as f64);
            set(&value, "available", *available as f64);
        }
        Error::NotConverged { problem, marginal_error, iterations, .. } => {
            set(&value, "problem", *problem as f64);
            set(&value, "marginalError", *marginal_error);
            set(&value, "iterations", *iterations);
        }
        _ => {}
    }
    value.into()
}
