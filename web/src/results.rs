//! Values for JavaScript.

use crate::failure::Failure;
use js_sys::{Array, Float32Array, Float64Array, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// Sets a property of an object of ours, which cannot fail.
pub(crate) fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    let _ = Reflect::set(object, &name.into(), &value.into());
}

/// A property of anything; undefined where there is none.
pub(crate) fn property(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}

/// An object of these properties.
pub(crate) fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        set(&object, name, value);
    }
    object.into()
}

pub(crate) fn doubles(values: &[f64]) -> JsValue {
    Float64Array::from(values).into()
}

pub(crate) fn singles(values: &[f32]) -> JsValue {
    Float32Array::from(values).into()
}

pub(crate) fn booleans(values: impl Iterator<Item = bool>) -> JsValue {
    values.map(JsValue::from).collect::<Array>().into()
}

/// A promise of what `future` comes to.
pub(crate) fn promise<T: Into<JsValue>>(
    future: impl Future<Output = Result<T, Failure>> + 'static,
) -> Promise {
    future_to_promise(async move { Ok(future.await?.into()) })
}
