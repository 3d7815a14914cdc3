//! Functions of an order and an argument.

use crate::arguments::{Options, named, text};
use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::{Numbers, doubles};
use crate::values::promise;
use js_sys::Promise;
use kantor::{Bessel, BesselFunction};
use wasm_bindgen::prelude::*;

/// ln I_v(x), the logarithm of the modified Bessel function of the first kind, order v from 0 to 1e6, x = 0 or from
/// 1e-30 to 1e30. As many orders as arguments, or one of either for all of the other.
///
/// In single precision (the default) v and x are rounded to f32 first, and values are f32 widened.
///
/// Rejects with kind `invalid-input` (with argument and index), `precision-unavailable`, `out-of-memory` or
/// `device-lost`.
#[wasm_bindgen(js_name = logBesselI, unchecked_return_type = "Promise<Float64Array>")]
pub fn log_bessel_i(
    context: &Context,
    #[wasm_bindgen(unchecked_param_type = "number | Numbers")] v: JsValue,
    #[wasm_bindgen(unchecked_param_type = "number | Numbers")] x: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "PrecisionOptions")] options: JsValue,
) -> Promise {
    evaluate(context, Ok(BesselFunction::LogI), &v, &x, &options)
}

/// ln K_v(x), the logarithm of the modified Bessel function of the second kind, even in v. Otherwise as `logBesselI`.
#[wasm_bindgen(js_name = logBesselK, unchecked_return_type = "Promise<Float64Array>")]
pub fn log_bessel_k(
    context: &Context,
    #[wasm_bindgen(unchecked_param_type = "number | Numbers")] v: JsValue,
    #[wasm_bindgen(unchecked_param_type = "number | Numbers")] x: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "PrecisionOptions")] options: JsValue,
) -> Promise {
    evaluate(context, Ok(BesselFunction::LogK), &v, &x, &options)
}

/// Any of the functions by its name, as `logBesselI`: `log-i`, `log-i-scaled` ln I − x, `log-i-regularized`
/// ln[Γ(v+1) (2/x)^v I], `log-k`, `log-k-scaled` ln K + x, `log-k-regularized` ln[2^(1−v) x^v K / Γ(v)], `ratio-i`
/// I_{v+1}/I_v, `ratio-k`, the derivatives `d-log-i-dx`, `d-log-i-dv`, `d-log-k-dx`, `d-log-k-dv`, and `log-gamma`
/// ln Γ(x), which has no order.
#[wasm_bindgen(unchecked_return_type = "Promise<Float64Array>")]
pub fn bessel(
    context: &Context,
    #[wasm_bindgen(unchecked_param_type = "BesselName")] name: JsValue,
    #[wasm_bindgen(unchecked_param_type = "number | Numbers")] v: JsValue,
    #[wasm_bindgen(unchecked_param_type = "number | Numbers")] x: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "PrecisionOptions")] options: JsValue,
) -> Promise {
    evaluate(context, text("name", &name).and_then(|name| named(&name)), &v, &x, &options)
}

fn evaluate(
    context: &Context,
    function: Result<BesselFunction, Failure>,
    v: &JsValue,
    x: &JsValue,
    options: &JsValue,
) -> Promise {
    let context = context.inner.clone();
    let read = || {
        let options = Options::read("options", options, &["precision"])?;
        let v = Numbers::read_broadcast("v", v)?;
        Ok((function?, options.precision()?, v, Numbers::read_broadcast("x", x)?))
    };
    promise(read, |(function, precision, v, x)| async move {
        let bessel = Bessel::new(function).precision(precision);
        let values = match (v, x) {
            (Numbers::Single(v), Numbers::Single(x)) => bessel.evaluate(&context, &v, &x).await?,
            (v, x) => bessel.evaluate(&context, &v.into_f64(), &x.into_f64()).await?,
        };
        Ok(doubles(&values))
    })
}
