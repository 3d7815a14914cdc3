//! kantor in JavaScript: the nouns of the library as classes, typed arrays in and out, promises for whatever waits.
//!
//! Nothing is computed here. A method copies what it was given out of JavaScript, starts the library's future and
//! returns a promise; no Rust object stays borrowed while the promise is pending, so that `free()` is always allowed.

mod arguments;
mod bessel;
mod cancellation;
mod check;
mod context;
mod divergence;
mod failure;
mod geometry;
mod numbers;
mod pictures;
mod problem;
mod sinkhorn;
mod sinkhorn_divergence;
mod solution;
mod values;
mod vmf;

use wasm_bindgen::prelude::*;

/// The names and shapes that signatures speak of.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// Once, before all else: panics and errors that nobody waits for go to the browser's console. The library's warnings
/// do not, since what they tell is told by errors and by `fallbackReason`.
#[wasm_bindgen(start)]
fn start() {
    numbers::start();
    console_error_panic_hook::set_once();
    // It fails only where a logger is set already, and that one may stay.
    let _ = console_log::init_with_level(log::Level::Error);
}

/// The version of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
