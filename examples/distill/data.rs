//! The handwritten digits: `examples/data/digits.npy`, see `SOURCES.md` beside it.

use std::error::Error;

/// Pixels of an image.
pub const PIXELS: usize = 64;
/// Digits there are.
pub const CLASSES: usize = 10;
/// Images at the end of the file that nobody learns from.
const TEST: usize = 600;

/// Images with what they show.
pub struct Images {
    /// Ink per pixel, 0 to 1.
    pub ink: Vec<[f32; PIXELS]>,
    pub labels: Vec<u32>,
}

/// The images to learn from, and those to be judged by.
pub fn training_and_test() -> Result<(Images, Images), Box<dyn Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/digits.npy");
    let read = || npyz::NpyFile::new(&std::fs::read(path)?[..])?.into_vec();
    let values: Vec<u8> = read().map_err(|error| format!("{path}: {error}"))?;
    let rows: Vec<&[u8]> = values.chunks_exact(PIXELS + 1).collect();
    if rows.len() <= TEST || rows.iter().any(|row| usize::from(row[PIXELS]) >= CLASSES) {
        return Err(format!("{path}: these are not the digits").into());
    }
    let images = |rows: &[&[u8]]| Images {
        ink: rows.iter().map(|row| std::array::from_fn(|k| f32::from(row[k]) / 16.0)).collect(),
        labels: rows.iter().map(|row| u32::from(row[PIXELS])).collect(),
    };
    let (training, test) = rows.split_at(rows.len() - TEST);
    Ok((images(training), images(test)))
}
