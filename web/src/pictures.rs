//! Weights, of which pictures make some: `ImageData`, and whatever has pixels as it does.

use crate::arguments::{Options, entries};
use crate::failure::Failure;
use crate::numbers::{MOST_NUMBERS, Numbers, Samples, check_room, is_typed_array, with_slice};
use crate::values::describe;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

/// Rows of weights one after the other.
pub(crate) struct Rows {
    pub(crate) values: Numbers,
    /// Height and width of every picture, if they come from pictures.
    pub(crate) pixels: Option<[usize; 2]>,
}

/// What of a pixel is its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Channel {
    Luminance,
    Only(usize),
}

impl Channel {
    /// None where it is not given.
    pub(crate) fn read(options: &Options) -> Result<Option<Channel>, Failure> {
        let words = [
            ("luminance", Channel::Luminance),
            ("red", Channel::Only(0)),
            ("green", Channel::Only(1)),
            ("blue", Channel::Only(2)),
            ("alpha", Channel::Only(3)),
        ];
        options.word("channel", &words)
    }

    /// Of a pixel whose samples are 1 where they are full.
    fn weight(self, [red, green, blue, alpha]: [f64; 4]) -> f64 {
        match self {
            // That of Rec. 709, of the samples as they are: what a CSS mask with `mask-type: luminance` lets through.
            Channel::Luminance => (0.2126 * red + 0.7152 * green + 0.0722 * blue) * alpha,
            Channel::Only(at) => [red, green, blue, alpha][at],
        }
    }
}

impl Rows {
    /// A typed array, a picture, or an array of pictures of one size.
    pub(crate) fn read(
        argument: &str,
        value: &JsValue,
        channel: Option<Channel>,
    ) -> Result<Rows, Failure> {
        if is_typed_array(value) || !value.is_object() {
            return Ok(Rows { values: Numbers::read(argument, value)?, pixels: None });
        }
        let Some(count) = entries(argument, value)? else {
            let mut values = Vec::new();
            let pixels = add_picture(argument, value, channel, &mut values)?;
            return Ok(Rows { values: Numbers::Double(values), pixels: Some(pixels) });
        };
        let (mut values, mut pixels) = (Vec::new(), None);
        for at in 0..count {
            let thrown = |thrown| Failure::unreadable(argument, thrown);
            let picture = Reflect::get_u32(value, at).map_err(thrown)?;
            let name = format!("{argument}[{at}]");
            let [height, width] = add_picture(&name, &picture, channel, &mut values)?;
            let [rows, columns] = *pixels.get_or_insert([height, width]);
            if [rows, columns] != [height, width] {
                let reason = format!("is {height}×{width}, those before it are {rows}×{columns}");
                return Err(Failure::argument(name, reason));
            }
        }
        if pixels.is_none() {
            return Err(Failure::argument(argument, "has no pictures in it"));
        }
        Ok(Rows { values: Numbers::Double(values), pixels })
    }

    /// The bins of one of `batch` rows.
    pub(crate) fn bins(&self, argument: &str, batch: usize) -> Result<usize, Failure> {
        if let Some([height, width]) = self.pixels {
            return Ok(height * width);
        }
        match self.values.len() {
            length if batch > 0 && length > 0 && length.is_multiple_of(batch) => Ok(length / batch),
            0 => Err(Failure::argument(argument, "has no weights")),
            length => {
                let reason =
                    format!("has {length} weights, not a positive multiple of batch {batch}");
                Err(Failure::argument(argument, reason))
            }
        }
    }
}

/// Adds the weights of a picture's pixels, row by row; its height and width.
fn add_picture(
    argument: &str,
    picture: &JsValue,
    channel: Option<Channel>,
    weights: &mut Vec<f64>,
) -> Result<[usize; 2], Failure> {
    if !picture.is_object() || is_typed_array(picture) {
        let reason =
            format!("is {}, not a picture; numbers come in one typed array", describe(picture));
        return Err(Failure::argument(argument, reason));
    }
    // `ImageData` inherits what it has.
    let of = |name: &str| {
        let thrown = |thrown| Failure::unreadable(argument, thrown);
        Reflect::get(picture, &name.into()).map_err(thrown)
    };
    let side = |name: &str| {
        let pixels = of(name)?.as_f64();
        let pixels = pixels.filter(|n| n.fract() == 0.0 && (1.0..=MOST_NUMBERS as f64).contains(n));
        pixels.map(|n| n as usize).ok_or_else(|| {
            let what = describe(picture);
            let reason = format!(
                "is {what}, not a Float32Array, Float64Array or ImageData: it has no {name} in pixels"
            );
            Failure::argument(argument, reason)
        })
    };
    let (width, height) = (side("width")?, side("height")?);
    let samples = Samples::read(argument, &of("data")?)?;
    let pixels = height as u64 * width as u64;
    let channel = match samples.len() as u64 {
        length if length == pixels && channel.is_some() => {
            let reason = format!("is of pixels of four samples, {argument} has one for each");
            return Err(Failure::argument("channel", reason));
        }
        length if length == pixels => None,
        length if length == 4 * pixels => Some(channel.unwrap_or(Channel::Luminance)),
        length => {
            let reason = format!(
                "its data has {length} samples for {height}×{width} pixels, neither one nor four for each"
            );
            return Err(Failure::argument(argument, reason));
        }
    };
    let bytes = 8 * height * width;
    check_room(argument, 3 * bytes)?;
    weights.try_reserve(height * width).map_err(|_| Failure::no_memory(argument, bytes))?;
    match &samples {
        Samples::Bytes(bytes) => extend(weights, bytes, 255.0, channel),
        Samples::Numbers(numbers) => {
            with_slice!(*numbers, samples => extend(weights, samples, 1.0, channel))
        }
    }
    Ok([height, width])
}

/// Adds the weights of pixels of four samples each, or, without a channel, of one.
fn extend<T: Copy + Into<f64>>(
    weights: &mut Vec<f64>,
    samples: &[T],
    full: f64,
    channel: Option<Channel>,
) {
    let share = |sample: T| sample.into() / full;
    match channel {
        None => weights.extend(samples.iter().map(|sample| share(*sample))),
        Some(channel) => weights
            .extend(samples.as_chunks().0.iter().map(|pixel| channel.weight(pixel.map(share)))),
    }
}
