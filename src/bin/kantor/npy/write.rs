//! Arrays into `.npy` files and `.npz` archives.

use super::PIECE;
use super::header;
use super::numbers::Written;
use crate::failure::Outcome;
use crate::save::save;
use std::io::{self, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Writes an array, row-major, of which the parts follow each other; a message names the file.
pub(crate) fn write<T: Written, P: AsRef<[T]>>(
    path: &Path,
    shape: &[usize],
    parts: impl IntoIterator<Item = io::Result<P>>,
) -> Outcome<()> {
    save(path, |file| array(file, shape, parts))
}

fn array<T: Written, P: AsRef<[T]>>(
    mut file: impl Write,
    shape: &[usize],
    parts: impl IntoIterator<Item = io::Result<P>>,
) -> io::Result<()> {
    header::write(&mut file, T::NAME, shape)?;
    for part in parts {
        for piece in part?.as_ref().chunks(PIECE / size_of::<T>()) {
            let bytes = piece.iter().flat_map(|value| value.bytes());
            file.write_all(&bytes.collect::<Vec<u8>>())?;
        }
    }
    Ok(())
}

/// An array of an archive: its shape, and its numbers row-major.
#[derive(Debug)]
pub(crate) enum Column {
    Float(Vec<usize>, Vec<f64>),
    Whole(Vec<usize>, Vec<i64>),
}

impl Column {
    fn write(&self, file: impl Write) -> io::Result<()> {
        match self {
            Column::Float(shape, values) => array(file, shape, [Ok(values)]),
            Column::Whole(shape, values) => array(file, shape, [Ok(values)]),
        }
    }

    /// Bytes of its numbers.
    fn bytes(&self) -> u64 {
        match self {
            Column::Float(_, values) => size_of_val(&values[..]) as u64,
            Column::Whole(_, values) => size_of_val(&values[..]) as u64,
        }
    }
}

/// Writes arrays under their names, uncompressed, as `numpy.savez` does; a message names the file.
pub(crate) fn write_archive(path: &Path, columns: &[(&str, Column)]) -> Outcome<()> {
    /// A file of a header more needs the long form of sizes.
    const LARGE: u64 = u32::MAX as u64 - (1 << 16);
    save(path, |file| {
        // What is written may be a pipe, which does not go back to fill in sizes.
        let mut archive = ZipWriter::new_stream(file);
        for (name, column) in columns {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Stored)
                .large_file(column.bytes() > LARGE);
            archive.start_file(format!("{name}.npy"), options)?;
            column.write(&mut archive)?;
        }
        archive.finish()?;
        Ok(())
    })
}
