//! The library's check of itself on the visitor's adapter.

use crate::arguments::Options;
use crate::cancellation::Cancellation;
use crate::context::Context;
use crate::failure::Failure;
use crate::values::{object, promise};
use js_sys::{Array, Promise};
use kantor::check::{Row, run_reporting};
use wasm_bindgen::prelude::*;

/// The names of everything that `check` can be asked for.
#[wasm_bindgen(js_name = checkKernels)]
pub fn check_kernels() -> Vec<String> {
    kantor::check::kernels().into_iter().map(String::from).collect()
}

/// Every kernel against its f64 twin on this context's adapter, the twins against known answers, and what the driver
/// does to rounding, denormals and long loops: the error of each beside its tolerance. On the CPU twin, only the known
/// answers. Works for a minute on slow adapters, half of it on the calling thread, in the twins: best run in a worker.
///
/// `kernel` asks for one kernel, for those whose names contain it, or for those of a room such as `'bessel'`.
///
/// Rejects with kind `invalid-input` if no kernel is called so, `cancelled` (name `AbortError`) or `device-lost`. A
/// breach is no error but a row that has not `passed`.
#[wasm_bindgen(unchecked_return_type = "Promise<CheckRow[]>")]
pub fn check(
    context: &Context,
    #[wasm_bindgen(unchecked_optional_param_type = "CheckOptions")] options: JsValue,
) -> Promise {
    let context = context.inner.clone();
    let read = || {
        let options = Options::read("options", &options, &["kernel", "signal", "onProgress"])?;
        let cancellation = Cancellation::read(&options)?;
        cancellation.check()?;
        Ok((cancellation, options.text("kernel")?))
    };
    promise(read, |(cancellation, kernel)| async move {
        let report = |rows: &[Row]| cancellation.report(|| table(rows));
        match run_reporting(&context, kernel.as_deref(), report).await {
            Ok(rows) => Ok(table(&rows)),
            Err(error) => Err(match cancellation.explain(error) {
                // The library calls the argument by its own name.
                Failure::Library(kantor::Error::InvalidInput { reason, .. }) => {
                    Failure::argument("kernel", reason)
                }
                failure => failure,
            }),
        }
    })
}

fn table(rows: &[Row]) -> JsValue {
    rows.iter().map(entry).collect::<Array>().into()
}

fn entry(row: &Row) -> JsValue {
    object([
        ("kernel", row.kernel.into()),
        ("quantity", row.quantity.into()),
        ("error", row.error.into()),
        ("tolerance", row.tolerance.into()),
        ("unit", row.unit.into()),
        ("cases", (row.cases as f64).into()),
        ("passed", row.passed.into()),
        ("informative", row.is_informative().into()),
        ("reason", row.reason.into()),
        ("failure", row.failure.as_deref().map_or(JsValue::UNDEFINED, JsValue::from)),
    ])
}
