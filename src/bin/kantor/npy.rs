//! `.npy` files in, row-major f64 out; and f32 the other way.
//!
//! Values are widened to f64, which holds every f32 and u8 exactly, so nothing is
//! lost whatever the file was written in.

use crate::failure::{Failure, Outcome};
use npyz::{DType, NpyFile, Order, TypeChar, WriteOptions, WriterBuilder};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// An array from a file.
#[derive(Debug)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    /// Row-major.
    pub(crate) values: Vec<f64>,
}

/// Longest header that NumPy itself would read.
const LONGEST_HEADER: usize = 10_000;

/// Reads a file; a message names it.
pub(crate) fn read(path: &Path) -> Outcome<Array> {
    parse(path).map_err(|reason| Failure::new(format_args!("{}: {reason}", path.display())))
}

/// Writes a matrix, row-major; a message names the file.
pub(crate) fn write(path: &Path, shape: [usize; 2], values: &[f32]) -> Outcome<()> {
    let save = || -> io::Result<()> {
        let options = WriteOptions::new().default_dtype().shape(&shape.map(|n| n as u64));
        let mut file = BufWriter::new(File::create(path)?);
        let mut writer = options.writer(&mut file).begin_nd()?;
        writer.extend(values.iter().copied())?;
        writer.finish()?;
        // Dropped, the buffer would keep a full disk to itself.
        file.flush()
    };
    save().map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))
}

fn parse(path: &Path) -> Result<Array, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let mut reader = BufReader::new(file);
    let preamble = preamble(&mut reader)?;
    let data = length.saturating_sub(preamble.len() as u64);
    let npy = NpyFile::new(preamble.chain(reader))
        .map_err(|error| format!("not a .npy file: {error}"))?;

    let DType::Plain(kind) = npy.dtype() else {
        return Err("its dtype is a record; float32, float64 or uint8 is needed".into());
    };
    let shape: Vec<u64> = npy.shape().to_vec();
    if shape.is_empty() || shape.len() > 3 {
        return Err(format!("its shape {shape:?} has {} axes, not one to three", shape.len()));
    }
    // Believe the size of the file, not its header: nothing is allocated for an
    // array that is not there.
    let size = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, size @ (4 | 8)) => size,
        (TypeChar::Uint, 1) => 1,
        _ => return Err(format!("its dtype is '{kind}'; float32, float64 or uint8 is needed")),
    };
    let bytes = shape.iter().try_fold(size, |product, &n| product.checked_mul(n));
    match bytes {
        Some(0) => return Err(format!("its shape {shape:?} has no elements")),
        Some(bytes) if bytes <= data => {}
        _ => {
            let needed = bytes.map_or("more than 2^64".into(), |bytes| bytes.to_string());
            return Err(format!(
                "truncated: its shape {shape:?} needs {needed} bytes of data, it has {data}"
            ));
        }
    }
    let order = npy.order();
    let values: Vec<f64> = match (kind.type_char(), size) {
        (TypeChar::Uint, _) => widen(npy.into_vec::<u8>()),
        (_, 4) => widen(npy.into_vec::<f32>()),
        _ => npy.into_vec(),
    }
    .map_err(|error| error.to_string())?;
    let shape: Vec<usize> = shape.into_iter().map(|n| n as usize).collect();
    let values = match order {
        Order::C => values,
        Order::Fortran => row_major(&values, &shape),
    };
    Ok(Array { shape, values })
}

fn widen<T: Into<f64>>(values: io::Result<Vec<T>>) -> io::Result<Vec<f64>> {
    Ok(values?.into_iter().map(Into::into).collect())
}

/// The bytes before the data, checked for what could exhaust memory or stack:
/// the header is a Python literal, parsed recursively.
fn preamble(reader: &mut impl Read) -> Result<Vec<u8>, String> {
    let short = |_| "not a .npy file: it ends within its header".to_owned();
    let mut bytes = vec![0; 10];
    reader.read_exact(&mut bytes).map_err(short)?;
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err("not a .npy file: it does not begin with \\x93NUMPY".into());
    }
    if bytes[6] > 1 {
        // From version 2 on, the length has four bytes.
        bytes.resize(12, 0);
        reader.read_exact(&mut bytes[10..]).map_err(short)?;
    }
    let length = bytes[8..].iter().rev().fold(0, |length, &byte| length << 8 | usize::from(byte));
    if length > LONGEST_HEADER {
        return Err(format!("not a .npy file: its header claims {length} bytes"));
    }
    let start = bytes.len();
    bytes.resize(start + length, 0);
    reader.read_exact(&mut bytes[start..]).map_err(short)?;
    let opening = bytes[start..].iter().filter(|byte| b"([{".contains(byte)).count();
    if opening > 100 {
        return Err("not a .npy file: its header is nested too deeply".into());
    }
    Ok(bytes)
}

fn row_major(values: &[f64], shape: &[usize]) -> Vec<f64> {
    let mut result = Vec::with_capacity(values.len());
    for place in 0..values.len() {
        let (mut rest, mut at) = (place, 0);
        // The last axis varies fastest in `place`, the first in the file.
        for (axis, &n) in shape.iter().enumerate().rev() {
            let stride: usize = shape[..axis].iter().product();
            at += rest % n * stride;
            rest /= n;
        }
        result.push(values[at]);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::row_major;

    #[test]
    fn fortran_order_becomes_row_major() {
        assert_eq!(
            row_major(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0], &[2, 3]),
            [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        );
        assert_eq!(
            row_major(&[0.0, 4.0, 2.0, 6.0, 1.0, 5.0, 3.0, 7.0], &[2, 2, 2]),
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
        );
    }
}
