//! The images: `examples/data/mnist_images.npy`, see `SOURCES.md` beside it.

use std::error::Error;

/// Pixels along one side of an image.
pub const SIDE: usize = 28;
/// Pixels of an image: the dimension of its direction.
pub const PIXELS: usize = SIDE * SIDE;

/// Images, row after row, and the digit that each shows.
pub struct Images {
    pub pixels: Vec<f32>,
    pub labels: Vec<u8>,
}

pub fn images() -> Result<Images, Box<dyn Error>> {
    let pixels = bytes("mnist_images.npy")?.into_iter().map(f32::from).collect();
    Ok(Images { pixels, labels: bytes("mnist_labels.npy")? })
}

fn bytes(name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let path = format!("{}/examples/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let read = || npyz::NpyFile::new(&std::fs::read(&path)?[..])?.into_vec();
    Ok(read().map_err(|error| format!("{path}: {error}"))?)
}
