//! What JavaScript hands over, read with names for what is wrong.

use crate::failure::Failure;
use crate::numbers::{MOST_NUMBERS, Numbers, is_typed_array};
use crate::values::{describe, word};
use js_sys::{Function, Object, Reflect};
use kantor::Precision;
use std::str::FromStr;
use wasm_bindgen::prelude::*;

/// An object of named settings: an unknown name is an error, so that a slip does not pass for a default. What counts is
/// its own, not what it inherits: a page may have anything upon `Object.prototype`.
#[derive(Debug)]
pub(crate) struct Options {
    /// None where nothing was given.
    object: Option<Object>,
}

impl Options {
    /// `argument` is what the object is called in messages.
    pub(crate) fn read(
        argument: &str,
        value: &JsValue,
        names: &[&str],
    ) -> Result<Options, Failure> {
        if value.is_undefined() {
            return Ok(Options { object: None });
        }
        let thrown = |thrown| Failure::unreadable(argument, thrown);
        let object = value.unchecked_ref::<Object>();
        // What has a length may have millions of names.
        let is_list = |value: &JsValue| -> Result<bool, Failure> {
            let length = Reflect::get_own_property_descriptor(object, &"length".into());
            Ok(is_typed_array(value) || !length.map_err(thrown)?.is_undefined())
        };
        if !value.is_object() || is_list(value)? {
            let reason = format!("is {}, not an object of options", describe(value));
            return Err(Failure::argument(argument, reason));
        }
        for key in Reflect::own_keys(value).map_err(thrown)?.iter().filter(JsValue::is_string) {
            let key = word(&key);
            if !key.as_deref().is_some_and(|key| names.contains(&key)) {
                let key = key.map_or("option of so long a name".into(), |key| format!("{key:?}"));
                let reason = format!("has no {key}; there are {}", names.join(", "));
                return Err(Failure::argument(argument, reason));
            }
        }
        Ok(Options { object: Some(object.clone()) })
    }

    /// The value of a name; `None` if it is not given, or undefined.
    pub(crate) fn get(&self, name: &str) -> Result<Option<JsValue>, Failure> {
        let Some(object) = &self.object else { return Ok(None) };
        let thrown = |thrown| Failure::unreadable(name, thrown);
        let own = Reflect::get_own_property_descriptor(object, &name.into()).map_err(thrown)?;
        if own.is_undefined() {
            return Ok(None);
        }
        let value = Reflect::get(object, &name.into()).map_err(thrown)?;
        Ok(Some(value).filter(|value| !value.is_undefined()))
    }

    fn typed<T>(
        &self,
        name: &str,
        what: &str,
        cast: impl Fn(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.get(name)? else { return Ok(None) };
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
        self.get(name)?.map(|value| text(name, &value)).transpose()
    }

    pub(crate) fn function(&self, name: &str) -> Result<Option<Function>, Failure> {
        self.typed(name, "a function", |value| value.dyn_ref::<Function>().cloned())
    }

    pub(crate) fn numbers(&self, name: &str) -> Result<Option<Numbers>, Failure> {
        self.get(name)?.map(|value| Numbers::read(name, &value)).transpose()
    }

    pub(crate) fn booleans(&self, name: &str) -> Result<Option<Vec<bool>>, Failure> {
        let Some(list) = self.get(name)? else { return Ok(None) };
        let thrown = |thrown| Failure::unreadable(name, thrown);
        let wrong = |of: &JsValue| {
            let reason = format!("has {} in it; it is an array of true and false", describe(of));
            Failure::argument(name, reason)
        };
        let length = match list.is_object() {
            true => Reflect::get(&list, &"length".into()).map_err(thrown)?,
            false => return Err(wrong(&list)),
        };
        let length = length.as_f64().filter(|n| (0.0..=MOST_NUMBERS as f64).contains(n));
        let length = length.ok_or_else(|| wrong(&list))? as u32;
        let mut values = Vec::new();
        for at in 0..length {
            let value = Reflect::get_u32(&list, at).map_err(thrown)?;
            values.push(value.as_bool().ok_or_else(|| wrong(&value))?);
        }
        Ok(Some(values))
    }

    /// One of these words.
    pub(crate) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Failure> {
        self.get(name)?.map(|value| one_of(name, &value, words)).transpose()
    }

    /// `precision`: single unless given.
    pub(crate) fn precision(&self) -> Result<Precision, Failure> {
        let words = [("single", Precision::Single), ("double", Precision::Double)];
        Ok(self.word("precision", &words)?.unwrap_or_default())
    }
}

/// A string that may be a name.
pub(crate) fn text(argument: &str, value: &JsValue) -> Result<String, Failure> {
    word(value).ok_or_else(|| {
        Failure::argument(
            argument,
            match value.is_string() {
                true => "is a string too long to be a name".into(),
                false => format!("is {}, not a string", describe(value)),
            },
        )
    })
}

/// One of these words.
pub(crate) fn one_of<T: Copy>(
    argument: &str,
    value: &JsValue,
    words: &[(&str, T)],
) -> Result<T, Failure> {
    let text = text(argument, value)?;
    match words.iter().find(|(word, _)| *word == text) {
        Some((_, meaning)) => Ok(*meaning),
        None => {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let reason = format!("{text:?} is none of {}", known.join(", "));
            Err(Failure::argument(argument, reason))
        }
    }
}

/// How many entries an array has; none of what is no array.
pub(crate) fn entries(argument: &str, value: &JsValue) -> Result<Option<u32>, Failure> {
    let thrown = |thrown| Failure::unreadable(argument, thrown);
    let object = value.unchecked_ref::<Object>();
    let own = Reflect::get_own_property_descriptor(object, &"length".into()).map_err(thrown)?;
    if own.is_undefined() {
        return Ok(None);
    }
    let length = Reflect::get(value, &"length".into()).map_err(thrown)?.as_f64();
    let length = length.filter(|n| (0.0..=MOST_NUMBERS as f64).contains(n));
    length.map(|n| Some(n as u32)).ok_or_else(|| {
        Failure::argument(argument, format!("is {} of too many entries", describe(value)))
    })
}

/// The entries of an array of at most `most`.
pub(crate) fn list(argument: &str, value: &JsValue, most: u32) -> Result<Vec<JsValue>, Failure> {
    let count = match value.is_object() && !is_typed_array(value) {
        true => entries(argument, value)?,
        false => None,
    };
    match count {
        None => Err(Failure::argument(argument, format!("is {}, not an array", describe(value)))),
        Some(count) if count > most => {
            Err(Failure::argument(argument, format!("has {count} entries, {most} are the most")))
        }
        Some(count) => {
            let thrown = |thrown| Failure::unreadable(argument, thrown);
            (0..count).map(|at| Reflect::get_u32(value, at).map_err(thrown)).collect()
        }
    }
}

/// The numbers of an array of at most `most`.
pub(crate) fn numbers(argument: &str, value: &JsValue, most: u32) -> Result<Vec<f64>, Failure> {
    list(argument, value, most)?.iter().map(|entry| number(argument, entry)).collect()
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
    Err(Failure::argument(argument, format!("{number:?} is not a whole number of at least 0")))
}

/// A name of the library's.
pub(crate) fn named<T: FromStr<Err = kantor::Error>>(name: &str) -> Result<T, Failure> {
    Ok(name.parse()?)
}
