//! Values of JavaScript, in and out, without a step at which the page's own code could throw through the module, or
//! what it has put upon `Object.prototype` could take part.

use crate::failure::Failure;
use js_sys::{Array, JsString, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// A property of anything; undefined where there is none, or where reading it throws.
pub(crate) fn property(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}

/// Gives an object of ours a property of its own, which cannot fail: no setter that it might inherit is called.
pub(crate) fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    let descriptor = Object::create(JsValue::NULL.unchecked_ref());
    for (name, value) in [
        ("value", value.into()),
        ("writable", true.into()),
        ("enumerable", true.into()),
        ("configurable", true.into()),
    ] {
        let _ = Reflect::set(&descriptor, &name.into(), &value);
    }
    let _ = Reflect::define_property(object.unchecked_ref::<Object>(), &name.into(), &descriptor);
}

/// An object of these properties.
pub(crate) fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        set(&object, name, value);
    }
    object.into()
}

/// An array of booleans or strings.
pub(crate) fn array(values: impl Iterator<Item = impl Into<JsValue>>) -> JsValue {
    values.map(Into::into).collect::<Array>().into()
}

/// A string that is short enough to be a word of ours; none of others, which need not be copied to be refused.
pub(crate) fn word(value: &JsValue) -> Option<String> {
    const LONGEST: u32 = 100;
    let text = value.is_string().then(|| value.unchecked_ref::<JsString>())?;
    (text.length() <= LONGEST).then(|| value.as_string())?
}

/// A value in a word, for messages.
pub(crate) fn describe(value: &JsValue) -> String {
    if value.is_null() {
        return "null".into();
    }
    if value.is_object() {
        let name = word(&property(&property(value, "constructor"), "name"));
        return name.filter(|name| !name.is_empty()).unwrap_or_else(|| "an object".into());
    }
    value.js_typeof().as_string().unwrap_or_else(|| "something else".into())
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
