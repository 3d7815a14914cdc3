//! `.npy` files in, row-major; and f32 or f64 the other way.
//!
//! Numbers become f32 where that holds them all exactly, else f64. A size that the header claims is believed only
//! as far as the file bears it out, and a file is read in pieces: nothing is held twice, but to turn Fortran's order.

mod header;
mod numbers;
#[cfg(test)]
mod tests;

use crate::failure::{Failure, Outcome};
use crate::save::save;
use header::Header;
use numbers::{Numbers, Stop, Written};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// An array from a file.
#[derive(Debug)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    /// Row-major.
    pub(crate) values: Values,
}

/// Numbers in a precision that holds them as they were written.
#[derive(Debug, PartialEq)]
pub(crate) enum Values {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

/// Runs an expression with the slice of whichever precision it is.
macro_rules! with_slice {
    ($values:expr, $slice:ident => $body:expr) => {
        match &$values {
            $crate::npy::Values::Single($slice) => $body,
            $crate::npy::Values::Double($slice) => $body,
        }
    };
}
pub(crate) use with_slice;

/// Bytes in memory that the numbers of one file may take: what the largest of today's GPUs has for a buffer.
const MOST_BYTES: u64 = 1 << 32;

/// Axes of an array: rows of a grid of three.
const MOST_AXES: usize = 4;

/// Bytes that are read and turned into numbers at a time.
const PIECE: usize = 1 << 16;

/// Reads a file, or a pipe to its end; a message names it.
pub(crate) fn read(path: &Path) -> Outcome<Array> {
    open(path).map_err(|reason| Failure::about(path, reason))
}

/// Writes an array, row-major, of which the parts follow each other; a message names the file.
pub(crate) fn write<T: Written, P: AsRef<[T]>>(
    path: &Path,
    shape: &[usize],
    parts: impl IntoIterator<Item = io::Result<P>>,
) -> Outcome<()> {
    save(path, |file| {
        header::write(file, T::NAME, shape)?;
        for part in parts {
            for piece in part?.as_ref().chunks(PIECE / size_of::<T>()) {
                let bytes = piece.iter().flat_map(|value| value.bytes());
                file.write_all(&bytes.collect::<Vec<u8>>())?;
            }
        }
        Ok(())
    })
}

fn open(path: &Path) -> Result<Array, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    // Of a pipe or a device nobody knows the length.
    let length = metadata.is_file().then_some(metadata.len());
    parse(file, length)
}

/// Reads an array of which `length` bytes are there, where that is known.
fn parse(reader: impl Read, length: Option<u64>) -> Result<Array, String> {
    let mut reader = Counted { inner: reader, count: 0 };
    let Header { format, fortran_order, shape } = Header::read(&mut reader)?;
    if shape.is_empty() || shape.len() > MOST_AXES {
        let axes = shape.len();
        return Err(format!("its shape {shape:?} has {axes} axes, not one to {MOST_AXES}"));
    }
    let count = shape.iter().try_fold(1u64, |product, n| product.checked_mul(*n));
    let bytes = count.and_then(|count| count.checked_mul(format.bytes()));
    let there = length.map(|length| length.saturating_sub(reader.count));
    let truncated = |there: u64| {
        let needed = bytes.map_or("more than 2^64".into(), |bytes| bytes.to_string());
        format!("truncated: its shape {shape:?} needs {needed} bytes of data, it has {there}")
    };
    let held = count.and_then(|count| count.checked_mul(format.held_bytes()));
    let count = match (bytes, there, held) {
        (Some(0), ..) => return Err(format!("its shape {shape:?} has no elements")),
        (Some(bytes), Some(there), _) if there < bytes => return Err(truncated(there)),
        (None, Some(there), _) => return Err(truncated(there)),
        (_, _, Some(held)) if held <= MOST_BYTES => (held / format.held_bytes()) as usize,
        _ => {
            return Err(format!(
                "its shape {shape:?} would take more than {} GiB of memory",
                MOST_BYTES >> 30
            ));
        }
    };
    let values =
        Numbers { format, count, reserved: there.is_some() }.read(&mut reader).map_err(|stop| {
            match stop {
                Stop::Short(found) => truncated(found),
                Stop::Failed(reason) => reason,
            }
        })?;
    let shape: Vec<usize> = shape.into_iter().map(|n| n as usize).collect();
    let values = match (values, fortran_order) {
        (values, false) => values,
        (Values::Single(values), true) => Values::Single(row_major(&values, &shape)?),
        (Values::Double(values), true) => Values::Double(row_major(&values, &shape)?),
    };
    Ok(Array { shape, values })
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

/// Numbers of which the first axis varies fastest, in the order in which the last does.
fn row_major<T: Copy>(values: &[T], shape: &[usize]) -> Result<Vec<T>, String> {
    let mut result = Vec::new();
    result
        .try_reserve_exact(values.len())
        .map_err(|_| format!("there is no memory to turn its {} numbers", values.len()))?;
    // Axes that are missing have one place.
    let sizes: [usize; MOST_AXES] =
        std::array::from_fn(|axis| shape.get(axis).copied().unwrap_or(1));
    let [planes, rows, columns, depth] = sizes;
    for i in 0..planes {
        for j in 0..rows {
            for k in 0..columns {
                let place = |l: usize| i + planes * (j + rows * (k + columns * l));
                result.extend((0..depth).map(|l| values[place(l)]));
            }
        }
    }
    Ok(result)
}
