//! `.npy` files and arrays of `.npz` archives in, row-major; and numbers the other way.
//!
//! Numbers become f32 where that holds them all exactly, else f64. A size that the header claims is believed only
//! as far as the file bears it out, and a file is read in pieces: nothing is held twice, but to turn Fortran's order.

mod archive;
mod header;
mod numbers;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use archive::names;
pub(crate) use write::{Column, write, write_archive};

use crate::failure::{Failure, Outcome};
use archive::Entry;
use header::Header;
use numbers::{Numbers, Stop};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

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

/// Reads a file, a pipe to its end, or an array of an archive (`archive.npz:name`); a message names it.
pub(crate) fn read(path: &Path) -> Outcome<Array> {
    open(path)?.read()
}

/// An array of which only the header has been read.
#[derive(Debug)]
pub(crate) struct Opened {
    path: PathBuf,
    shape: Vec<usize>,
    data: Data,
}

#[derive(Debug)]
enum Data {
    Stream(Box<Pending<File>>),
    Entry(Box<Entry>),
}

/// Opens a file, a pipe, or an array of an archive, and reads its shape; a message names it.
pub(crate) fn open(path: &Path) -> Outcome<Opened> {
    begin(path).map_err(|reason| Failure::about(path, reason))
}

fn begin(path: &Path) -> Result<Opened, String> {
    if let Some((file, name)) = archive::place(path) {
        let mut entry = Entry::find(&file, name.as_deref())?;
        let shape = entry.begin()?.shape();
        return Ok(Opened { path: path.to_owned(), shape, data: Data::Entry(Box::new(entry)) });
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    // Of a pipe or a device nobody knows the length.
    let length = metadata.is_file().then_some(metadata.len());
    let pending = Pending::new(file, length)?;
    let shape = pending.shape();
    Ok(Opened { path: path.to_owned(), shape, data: Data::Stream(Box::new(pending)) })
}

impl Opened {
    /// The axes that its header claims.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Reads the numbers.
    pub(crate) fn read(self) -> Outcome<Array> {
        let Opened { path, data, .. } = self;
        let array = match data {
            Data::Stream(mut pending) => pending.read(),
            Data::Entry(mut entry) => entry.read(),
        };
        array.map_err(|reason| Failure::about(&path, reason))
    }
}

/// An array whose header has been read, and found to be of one that can be.
#[derive(Debug)]
struct Pending<R> {
    header: Header,
    /// Numbers, and where that is known the bytes that are there.
    count: usize,
    there: Option<u64>,
    reader: Counted<R>,
}

impl<R: Read> Pending<R> {
    /// Reads the header of an array of which `length` bytes are there, where that is known.
    fn new(reader: R, length: Option<u64>) -> Result<Pending<R>, String> {
        let mut reader = Counted { inner: reader, count: 0 };
        let header = Header::read(&mut reader)?;
        let Header { format, shape, .. } = &header;
        if shape.is_empty() || shape.len() > MOST_AXES {
            let axes = shape.len();
            return Err(format!("its shape {shape:?} has {axes} axes, not one to {MOST_AXES}"));
        }
        let count = shape.iter().try_fold(1u64, |product, n| product.checked_mul(*n));
        let bytes = count.and_then(|count| count.checked_mul(format.bytes()));
        let held = count.and_then(|count| count.checked_mul(format.held_bytes()));
        let there = length.map(|length| length.saturating_sub(reader.count));
        let count = match (bytes, there, held) {
            (Some(0), ..) => return Err(format!("its shape {shape:?} has no elements")),
            (Some(bytes), Some(there), _) if there < bytes => {
                return Err(truncated(&header, there));
            }
            (None, Some(there), _) => return Err(truncated(&header, there)),
            (_, _, Some(held)) if held <= MOST_BYTES => (held / format.held_bytes()) as usize,
            _ => {
                return Err(format!(
                    "its shape {shape:?} would take more than {} GiB of memory",
                    MOST_BYTES >> 30
                ));
            }
        };
        Ok(Pending { header, count, there, reader })
    }

    fn shape(&self) -> Vec<usize> {
        // Each is at most their product, which fits.
        self.header.shape.iter().map(|n| *n as usize).collect()
    }

    fn read(&mut self) -> Result<Array, String> {
        let shape = self.shape();
        let Pending { header, count, there, reader } = self;
        let numbers = Numbers { format: header.format, count: *count, reserved: there.is_some() };
        let values = numbers.read(reader).map_err(|stop| match stop {
            Stop::Short(found) => truncated(header, found),
            Stop::Failed(reason) => reason,
        })?;
        let values = match (values, header.fortran_order) {
            (values, false) => values,
            (Values::Single(values), true) => Values::Single(row_major(&values, &shape)?),
            (Values::Double(values), true) => Values::Double(row_major(&values, &shape)?),
        };
        Ok(Array { shape, values })
    }
}

fn truncated(header: &Header, there: u64) -> String {
    let shape = &header.shape;
    let count = shape.iter().try_fold(1u64, |product, n| product.checked_mul(*n));
    let bytes = count.and_then(|count| count.checked_mul(header.format.bytes()));
    let needed = bytes.map_or("more than 2^64".into(), |bytes| bytes.to_string());
    format!("truncated: its shape {shape:?} needs {needed} bytes of data, it has {there}")
}

/// Counts what is read.
#[derive(Debug)]
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
