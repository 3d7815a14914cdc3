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

/// A promise of what `work` makes of what `read` has read. `read` runs before this returns, since arrays and options are
/// the page's to change afterwards; what it refuses is a rejection like any other.
pub(crate) fn promise<A, T, F>(
    read: impl FnOnce() -> Result<A, Failure>,
    work: impl FnOnce(A) -> F + 'static,
) -> Promise
where
    A: 'static,
    T: Into<JsValue>,
    F: Future<Output = Result<T, Failure>>,
{
    let read = read();
    future_to_promise(async move { Ok(work(read?).await?.into()) })
}
