//! What JavaScript hands over, read with names for what is wrong.

use crate::failure::Failure;
use js_sys::{Array, Float32Array, Float64Array, Function, Object, Reflect};
use kantor::Precision;
use std::str::FromStr;
use wasm_bindgen::prelude::*;

/// Numbers in the precision they were given in.
#[derive(Debug, Clone)]
pub(crate) enum Numbers {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

/// Runs an expression with the slice of whichever precision it is.
macro_rules! with_slice {
    ($numbers:expr, $slice:ident => $body:expr) => {
        match &$numbers {
            $crate::arguments::Numbers::Single($slice) => $body,
            $crate::arguments::Numbers::Double($slice) => $body,
        }
    };
}
pub(crate) use with_slice;

impl Numbers {
    /// A typed array of floats, copied.
    pub(crate) fn read(argument: &str, value: &JsValue) -> Result<Numbers, Failure> {
        if let Some(array) = value.dyn_ref::<Float64Array>() {
            return Ok(Numbers::Double(array.to_vec()));
        }
        if let Some(array) = value.dyn_ref::<Float32Array>() {
            return Ok(Numbers::Single(array.to_vec()));
        }
        let reason = format!("is {}, not a Float32Array or Float64Array", describe(value));
        Err(Failure::argument(argument, reason))
    }

    /// A number, or a typed array.
    pub(crate) fn read_broadcast(argument: &str, value: &JsValue) -> Result<Numbers, Failure> {
        match value.as_f64() {
            Some(number) => Ok(Numbers::Double(vec![number])),
            None => Numbers::read(argument, value),
        }
    }

    pub(crate) fn len(&self) -> usize {
        with_slice!(self, values => values.len())
    }

    pub(crate) fn into_f64(self) -> Vec<f64> {
        match self {
            Numbers::Double(values) => values,
            Numbers::Single(values) => values.into_iter().map(f64::from).collect(),
        }
    }
}

/// A value in a word, for messages.
fn describe(value: &JsValue) -> String {
    if value.is_null() || value.is_undefined() {
        return if value.is_null() { "null".into() } else { "undefined".into() };
    }
    if let Some(object) = value.dyn_ref::<Object>() {
        return String::from(object.constructor().name());
    }
    value.js_typeof().as_string().unwrap_or_else(|| "something else".into())
}

/// An object of named settings: an unknown name is an error, so that a slip does not pass for a default.
#[derive(Debug)]
pub(crate) struct Options {
    object: JsValue,
}

impl Options {
    /// `argument` is what the object is called in messages.
    pub(crate) fn read(
        argument: &str,
        value: &JsValue,
        names: &[&str],
    ) -> Result<Options, Failure> {
        if value.is_undefined() {
            return Ok(Options { object: Object::new().into() });
        }
        let Some(object) = value.dyn_ref::<Object>() else {
            let reason = format!("is {}, not an object", describe(value));
            return Err(Failure::argument(argument, reason));
        };
        for key in Object::keys(object).iter().filter_map(|key| key.as_string()) {
            if !names.contains(&key.as_str()) {
                let reason = format!("has no {key:?}; there are {}", names.join(", "));
                return Err(Failure::argument(argument, reason));
            }
        }
        Ok(Options { object: value.clone() })
    }

    /// The value of a name; `None` if it is not given, or undefined.
    pub(crate) fn get(&self, name: &str) -> Option<JsValue> {
        // Fails only for a getter that throws.
        Reflect::get(&self.object, &name.into()).ok().filter(|value| !value.is_undefined())
    }

    fn typed<T>(
        &self,
        name: &str,
        what: &str,
        cast: impl Fn(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let wrong = || Failure::argument(name, format!("is {}, not {what}", describe(&value)));
        cast(&value).map(Some).ok_or_else(wrong)
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, Failure> {
        self.typed(name, "a number", JsValue::as_f64)
    }

    pub(crate) fn required_number(&self, name: &str) -> Result<f64, Failure> {
        self.number(name)?.ok_or_else(|| Failure::argument(name, "is missing"))
    }

    /// A whole number from 0 to 2³² − 1.
    pub(crate) fn count(&self, name: &str) -> Result<Option<u32>, Failure> {
        self.number(name)?.map(|number| count(name, number)).transpose()
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Failure> {
        self.typed(name, "true or false", JsValue::as_bool)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        self.typed(name, "a string", JsValue::as_string)
    }

    pub(crate) fn function(&self, name: &str) -> Result<Option<Function>, Failure> {
        self.typed(name, "a function", |value| value.dyn_ref::<Function>().cloned())
    }

    pub(crate) fn numbers(&self, name: &str) -> Result<Option<Numbers>, Failure> {
        self.get(name).map(|value| Numbers::read(name, &value)).transpose()
    }

    pub(crate) fn required_numbers(&self, name: &str) -> Result<Numbers, Failure> {
        self.numbers(name)?.ok_or_else(|| Failure::argument(name, "is missing"))
    }

    pub(crate) fn booleans(&self, name: &str) -> Result<Option<Vec<bool>>, Failure> {
        self.typed(name, "an array of true and false", |value| {
            let array = value.dyn_ref::<Array>()?;
            array.iter().map(|value| value.as_bool()).collect()
        })
    }

    /// One of these words.
    pub(crate) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                let reason = format!("{text:?} is none of {}", known.join(", "));
                Err(Failure::argument(name, reason))
            }
        }
    }

    /// `precision`: single unless given.
    pub(crate) fn precision(&self) -> Result<Precision, Failure> {
        let words = [("single", Precision::Single), ("double", Precision::Double)];
        Ok(self.word("precision", &words)?.unwrap_or_default())
    }
}

/// A number, and not what JavaScript would make one of.
pub(crate) fn number(argument: &str, value: &JsValue) -> Result<f64, Failure> {
    let wrong = || Failure::argument(argument, format!("is {}, not a number", describe(value)));
    value.as_f64().ok_or_else(wrong)
}

/// A whole number from 0 to 2³² − 1, or what stands for one that is not given.
pub(crate) fn count_or(argument: &str, value: &JsValue, absent: u32) -> Result<u32, Failure> {
    if value.is_undefined() { Ok(absent) } else { count(argument, number(argument, value)?) }
}

/// A whole number from 0 to 2³² − 1.
pub(crate) fn count(argument: &str, number: f64) -> Result<u32, Failure> {
    if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
        return Ok(number as u32);
    }
    Err(Failure::argument(argument, format!("{number} is not a whole number of at least 0")))
}

/// A name of the library's.
pub(crate) fn named<T: FromStr<Err = kantor::Error>>(name: &str) -> Result<T, Failure> {
    Ok(name.parse()?)
}
