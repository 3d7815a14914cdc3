//! The handwritten digits: `examples/data/digits.npy`, see `SOURCES.md` beside it.

use std::error::Error;

/// Pixels along one side of an image.
pub const SIDE: usize = 8;
/// Pixels of an image: the bins of its histogram.
pub const PIXELS: usize = SIDE * SIDE;

/// One image: ink per pixel, 0 to 16, and what it shows.
pub struct Digit {
    pub ink: [f32; PIXELS],
    pub label: u8,
}

/// The first `count` images of every label, sorted by label.
pub fn first_of_each_label(count: usize) -> Result<Vec<Digit>, Box<dyn Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/digits.npy");
    let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let rows: Vec<u8> = npyz::NpyFile::new(&bytes[..])?.into_vec()?;
    let mut digits = Vec::new();
    for wanted in 0..10 {
        let images = rows.chunks_exact(PIXELS + 1).filter(|row| row[PIXELS] == wanted).take(count);
        digits.extend(images.map(|row| Digit {
            ink: std::array::from_fn(|pixel| f32::from(row[pixel])),
            label: wanted,
        }));
    }
    Ok(digits)
}
