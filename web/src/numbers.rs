//! Typed arrays of the page, read without a step that the page's own code could take part in, and within their size.

use crate::failure::Failure;
use crate::values::{describe, property};
use js_sys::{Array, Float32Array, Float64Array, Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

/// Numbers of one array, in or out: half a gigabyte of f64. The module's memory ends at four, and holds an array once
/// as it came, and again as the kernels want it.
pub(crate) const MOST_NUMBERS: u64 = 1 << 26;

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
            $crate::numbers::Numbers::Single($slice) => $body,
            $crate::numbers::Numbers::Double($slice) => $body,
        }
    };
}
pub(crate) use with_slice;

impl Numbers {
    /// A typed array of floats, copied.
    pub(crate) fn read(argument: &str, value: &JsValue) -> Result<Numbers, Failure> {
        INTRINSICS.with(|intrinsics| {
            let intrinsics = intrinsics.as_ref().ok_or(Failure::NoIntrinsics)?;
            match intrinsics.name(value).as_deref() {
                Some("Float64Array") => {
                    let copy = |view: &JsValue, room: &mut [f64]| {
                        view.unchecked_ref::<Float64Array>().copy_to(room);
                    };
                    intrinsics.copy(argument, value, &intrinsics.doubles, copy).map(Numbers::Double)
                }
                Some("Float32Array") => {
                    let copy = |view: &JsValue, room: &mut [f32]| {
                        view.unchecked_ref::<Float32Array>().copy_to(room);
                    };
                    intrinsics.copy(argument, value, &intrinsics.singles, copy).map(Numbers::Single)
                }
                _ => {
                    let reason =
                        format!("is {}, not a Float32Array or Float64Array", describe(value));
                    Err(Failure::argument(argument, reason))
                }
            }
        })
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

/// Samples of a picture: of bytes or of floats.
#[derive(Debug)]
pub(crate) enum Samples {
    Bytes(Vec<u8>),
    Numbers(Numbers),
}

impl Samples {
    pub(crate) fn len(&self) -> usize {
        match self {
            Samples::Bytes(bytes) => bytes.len(),
            Samples::Numbers(numbers) => numbers.len(),
        }
    }

    /// A typed array of bytes or floats, copied.
    pub(crate) fn read(argument: &str, value: &JsValue) -> Result<Samples, Failure> {
        INTRINSICS.with(|intrinsics| {
            let intrinsics = intrinsics.as_ref().ok_or(Failure::NoIntrinsics)?;
            match intrinsics.name(value).as_deref() {
                Some("Uint8ClampedArray" | "Uint8Array") => {
                    let copy = |view: &JsValue, room: &mut [u8]| {
                        view.unchecked_ref::<Uint8Array>().copy_to(room);
                    };
                    intrinsics.copy(argument, value, &intrinsics.bytes, copy).map(Samples::Bytes)
                }
                Some("Float32Array" | "Float64Array") => {
                    Numbers::read(argument, value).map(Samples::Numbers)
                }
                Some("Float16Array") => {
                    // Of a typed array the language makes another without a step of the page's.
                    let singles = Reflect::construct(&intrinsics.singles, &Array::of1(value));
                    let singles = singles.map_err(|thrown| Failure::unreadable(argument, thrown))?;
                    Numbers::read(argument, &singles).map(Samples::Numbers)
                }
                _ => {
                    let what = describe(value);
                    let reason = format!(
                        "its data is {what}, not a Uint8ClampedArray, Uint8Array, Float32Array or Float64Array"
                    );
                    Err(Failure::argument(argument, reason))
                }
            }
        })
    }
}

/// That a result of so many numbers can be held.
pub(crate) fn check_result(argument: &str, count: Option<u64>) -> Result<(), Failure> {
    let needed = count.unwrap_or(u64::MAX);
    if needed <= MOST_NUMBERS {
        return Ok(());
    }
    Err(Failure::TooLarge { argument: argument.into(), needed, available: MOST_NUMBERS })
}

/// Whether the module's memory has room for this, which is given back at once. Where an allocation fails within the
/// library, the module stops.
pub(crate) fn check_room(argument: &str, bytes: usize) -> Result<(), Failure> {
    /// What is wanted at once at most: half of the address space is more than one allocation may be.
    const PIECE: usize = 1 << 28;
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut left = bytes;
    while left > 0 {
        let mut piece = Vec::new();
        piece
            .try_reserve_exact(left.min(PIECE))
            .map_err(|_| Failure::no_memory(argument, bytes))?;
        pieces.push(piece);
        left -= left.min(PIECE);
    }
    Ok(())
}

/// What the language defines of typed arrays, taken before the page could put something else over it: an array's own
/// `length` may say anything, and reading that of what is none throws.
struct Intrinsics {
    length: Function,
    offset: Function,
    buffer: Function,
    name: Function,
    singles: Function,
    doubles: Function,
    bytes: Function,
}

thread_local! {
    static INTRINSICS: Option<Intrinsics> = Intrinsics::find();
}

/// Takes what the language defines, once the module starts.
pub(crate) fn start() {
    INTRINSICS.with(|_| {});
}

impl Intrinsics {
    fn find() -> Option<Intrinsics> {
        let array = JsValue::from(Float64Array::new_with_length(0));
        let class = Reflect::get_prototype_of(&array).ok()?;
        let typed_array = Reflect::get_prototype_of(&class).ok()?;
        let getter = |name: &JsValue| {
            let descriptor = Reflect::get_own_property_descriptor(&typed_array, name).ok()?;
            property(&descriptor, "get").dyn_into::<Function>().ok()
        };
        let constructor =
            |array: &JsValue| property(array, "constructor").dyn_into::<Function>().ok();
        Some(Intrinsics {
            length: getter(&"length".into())?,
            offset: getter(&"byteOffset".into())?,
            buffer: getter(&"buffer".into())?,
            name: getter(&js_sys::Symbol::to_string_tag().into())?,
            singles: constructor(&Float32Array::new_with_length(0))?,
            doubles: constructor(&array)?,
            bytes: constructor(&Uint8Array::new_with_length(0))?,
        })
    }

    /// The name of the class of a typed array, whatever its prototype; none of anything else.
    fn name(&self, value: &JsValue) -> Option<String> {
        self.name.call0(value).ok()?.as_string()
    }

    fn copy<T: Copy + Default>(
        &self,
        argument: &str,
        array: &JsValue,
        class: &Function,
        copy: impl Fn(&JsValue, &mut [T]),
    ) -> Result<Vec<T>, Failure> {
        let thrown = |thrown| Failure::unreadable(argument, thrown);
        let length = self.length.call0(array).map_err(thrown)?;
        let count = length.as_f64().unwrap_or_default();
        check_result(argument, Some(count as u64))?;
        let count = count as usize;
        if count == 0 {
            // Also of a buffer that was handed over: no view can be made of it.
            return Ok(Vec::new());
        }
        // A view of our own, which has nothing of the page's upon it.
        let place = Array::of3(
            &self.buffer.call0(array).map_err(thrown)?,
            &self.offset.call0(array).map_err(thrown)?,
            &length,
        );
        let view = Reflect::construct(class, &place).map_err(thrown)?;
        // The array, and twice as much for what is made of it.
        let bytes = count * size_of::<T>();
        check_room(argument, 3 * bytes)?;
        let mut values = Vec::new();
        values.try_reserve_exact(count).map_err(|_| Failure::no_memory(argument, bytes))?;
        values.resize(count, T::default());
        copy(&view, &mut values);
        Ok(values)
    }
}

/// Whether it is a typed array of any class.
pub(crate) fn is_typed_array(value: &JsValue) -> bool {
    INTRINSICS.with(|intrinsics| intrinsics.as_ref().is_some_and(|it| it.name(value).is_some()))
}

/// Numbers for the page.
pub(crate) fn doubles(values: &[f64]) -> JsValue {
    Float64Array::from(values).into()
}

pub(crate) fn singles(values: &[f32]) -> JsValue {
    Float32Array::from(values).into()
}
