//! `.npy` files in, row-major; and f32 the other way.
//!
//! Numbers stay what they are, but for uint8, which f32 holds exactly. A size that the header claims is believed only
//! as far as the file bears it out, and a file is read in pieces: nothing is held twice, but to turn Fortran's order.

mod header;
#[cfg(test)]
mod tests;

use crate::failure::{Failure, Outcome};
use crate::save::save;
use header::{Header, Kind};
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

/// Numbers in the precision they were written in.
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

/// Writes a matrix, row-major; a message names the file.
pub(crate) fn write(path: &Path, shape: [usize; 2], values: &[f32]) -> Outcome<()> {
    save(path, |file| {
        header::write(file, shape)?;
        values.chunks(PIECE / size_of::<f32>()).try_for_each(|piece| {
            file.write_all(&piece.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
        })
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
    let Header { kind, fortran_order, shape } = Header::read(&mut reader)?;
    if shape.is_empty() || shape.len() > MOST_AXES {
        let axes = shape.len();
        return Err(format!("its shape {shape:?} has {axes} axes, not one to {MOST_AXES}"));
    }
    let count = shape.iter().try_fold(1u64, |product, n| product.checked_mul(*n));
    let bytes = count.and_then(|count| count.checked_mul(kind.bytes()));
    let there = length.map(|length| length.saturating_sub(reader.count));
    let truncated = |there: u64| {
        let needed = bytes.map_or("more than 2^64".into(), |bytes| bytes.to_string());
        format!("truncated: its shape {shape:?} needs {needed} bytes of data, it has {there}")
    };
    let held = count.and_then(|count| count.checked_mul(kind.bytes().max(4)));
    let count = match (bytes, there, held) {
        (Some(0), ..) => return Err(format!("its shape {shape:?} has no elements")),
        (Some(bytes), Some(there), _) if there < bytes => return Err(truncated(there)),
        (None, Some(there), _) => return Err(truncated(there)),
        (_, _, Some(held)) if held <= MOST_BYTES => (held / kind.bytes().max(4)) as usize,
        _ => {
            return Err(format!(
                "its shape {shape:?} would take more than {} GiB of memory",
                MOST_BYTES >> 30
            ));
        }
    };
    let values =
        Numbers { kind, count, reserved: there.is_some() }.read(&mut reader).map_err(|stop| {
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

/// Why numbers could not be read.
enum Stop {
    /// The data end after so many bytes.
    Short(u64),
    Failed(String),
}

/// So many numbers that come next.
struct Numbers {
    kind: Kind,
    count: usize,
    /// The file was seen to hold them: memory for all is taken at once, and not as they come.
    reserved: bool,
}

impl Numbers {
    fn read(&self, reader: &mut impl Read) -> Result<Values, Stop> {
        Ok(match self.kind {
            Kind::Uint8 => Values::Single(self.decode(reader, |[byte]| byte.into())?),
            Kind::Float32 { big_endian: false } => {
                Values::Single(self.decode(reader, f32::from_le_bytes)?)
            }
            Kind::Float32 { big_endian: true } => {
                Values::Single(self.decode(reader, f32::from_be_bytes)?)
            }
            Kind::Float64 { big_endian: false } => {
                Values::Double(self.decode(reader, f64::from_le_bytes)?)
            }
            Kind::Float64 { big_endian: true } => {
                Values::Double(self.decode(reader, f64::from_be_bytes)?)
            }
        })
    }

    fn decode<T, const BYTES: usize>(
        &self,
        reader: &mut impl Read,
        number: impl Fn([u8; BYTES]) -> T,
    ) -> Result<Vec<T>, Stop> {
        let mut values = Vec::new();
        if self.reserved {
            values.try_reserve_exact(self.count).map_err(|_| no_memory(self.count))?;
        }
        let mut piece = vec![0; PIECE];
        while values.len() < self.count {
            let wanted = PIECE.min((self.count - values.len()).saturating_mul(BYTES));
            let found = read_up_to(reader, &mut piece[..wanted]).map_err(Stop::Failed)?;
            if found < wanted {
                return Err(Stop::Short((values.len() * BYTES + found) as u64));
            }
            let (numbers, _) = piece[..found].as_chunks();
            values.try_reserve(numbers.len()).map_err(|_| no_memory(self.count))?;
            values.extend(numbers.iter().map(|bytes| number(*bytes)));
        }
        Ok(values)
    }
}

fn no_memory(count: usize) -> Stop {
    Stop::Failed(format!("there is no memory for its {count} numbers"))
}

/// Fills the buffer as far as there are bytes.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, String> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(filled)
}

/// Numbers of which the first axis varies fastest, in the order in which the last does.
fn row_major<T: Copy>(values: &[T], shape: &[usize]) -> Result<Vec<T>, String> {
    let mut result = Vec::new();
    result
        .try_reserve_exact(values.len())
        .map_err(|_| format!("there is no memory to turn its {} numbers", values.len()))?;
    // Axes that are missing have one place.
    let [n, m, k, l]: [usize; MOST_AXES] =
        std::array::from_fn(|axis| shape.get(axis).copied().unwrap_or(1));
    for i in 0..n {
        for j in 0..m {
            for k_at in 0..k {
                let first = i + n * (j + m * k_at);
                result.extend((0..l).map(|l_at| values[first + n * m * k * l_at]));
            }
        }
    }
    Ok(result)
}
