//! Rows in device memory: in pieces that fit a binding.

use crate::error::Result;
use crate::gpu::{Gpu, Part};
use crate::number::Element;
use crate::parallel::{any, padded_rows};
use std::ops::Range;

/// Some rows and columns of a matrix in one binding. Rows are `stride` f32 apart; the low words of double-float
/// numbers lie `low` f32 behind the high ones, 0 where there are none.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// The binding.
    pub(crate) part: Part,
    pub(crate) rows: Range<usize>,
    pub(crate) columns: Range<usize>,
    pub(crate) stride: usize,
    pub(crate) low: usize,
    /// The first f32 of the binding that is the piece's own.
    first: usize,
}

impl Piece {
    /// Where a row and column of the matrix is in the binding, in f32.
    pub(crate) fn at(&self, row: usize, column: usize) -> u32 {
        (self.first + (row - self.rows.start) * self.stride + column - self.columns.start) as u32
    }

    /// Whether every row, from a column of this number on, can be read by fours.
    pub(crate) fn is_aligned(&self, column: usize) -> bool {
        let columns = column - self.columns.start;
        let whole = self.part.bytes().is_multiple_of(16) || self.columns.len().is_multiple_of(4);
        self.stride.is_multiple_of(4) && (self.first + columns).is_multiple_of(4) && whole
    }
}

/// Most f32 of a binding, in whole 256 bytes.
fn most(gpu: &Gpu) -> usize {
    let limits = &gpu.capabilities.limits;
    let bytes = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
    (bytes.min(u64::from(u32::MAX)) / 256 * 64) as usize
}

/// Rows and columns of pieces of at most `most` f32, `stride` a row of `bins`.
fn split(
    rows: usize,
    bins: usize,
    stride: usize,
    most: usize,
) -> Vec<(Range<usize>, Range<usize>)> {
    if stride <= most {
        let step = most / stride;
        return (0..rows).step_by(step).map(|r| (r..rows.min(r + step), 0..bins)).collect();
    }
    let columns = (0..bins).step_by(most).map(|c| c..bins.min(c + most));
    (0..rows).flat_map(|row| columns.clone().map(move |c| (row..row + 1, c))).collect()
}

/// Copies rows to the device.
pub(crate) async fn pieces<T: Element>(gpu: &Gpu, values: &[T], bins: usize) -> Result<Vec<Piece>> {
    let rows = values.len() / bins;
    let rounds = |x: &T| f64::from(x.to_f64() as f32) != x.to_f64() && x.to_f64().is_finite();
    let double = T::singles(values).is_none() && any(values, rounds);
    let planes = if double { 2 } else { 1 };
    let most = most(gpu) / planes;
    let stride = bins.next_multiple_of(4);
    let parts = split(rows, bins, stride, most / 64 * 64);
    let mut result = Vec::with_capacity(parts.len());
    for (rows, columns) in parts {
        let stride = columns.len().next_multiple_of(4);
        let plane = rows.len() * stride;
        let place = |row: usize, part: Range<usize>| {
            let begin = (rows.start + row) * bins + columns.start;
            begin + part.start..begin + part.end
        };
        let high = |first: usize, to: &mut [f32]| {
            padded_rows(first, to, (stride, columns.len()), |row, part, to| {
                let from = &values[place(row, part)];
                match T::singles(from) {
                    Some(words) => to.copy_from_slice(words),
                    None => to.iter_mut().zip(from).for_each(|(to, x)| *to = rounded(x.to_f64())),
                }
            });
        };
        let low = |first: usize, to: &mut [f32]| {
            padded_rows(first, to, (stride, columns.len()), |row, part, to| {
                for (to, x) in to.iter_mut().zip(&values[place(row, part)]) {
                    let x = x.to_f64();
                    *to = if x.is_finite() { (x - f64::from(rounded(x))) as f32 } else { 0.0 };
                }
            });
        };
        let bytes = 4 * (plane * planes) as u64;
        let plain = T::singles(&values[rows.start * bins..rows.end * bins])
            .filter(|_| columns.len() == bins && stride == bins);
        let part = gpu
            .guarded(|| {
                if let Some(words) = plain {
                    return Ok(gpu.upload("distributions", words)?.into());
                }
                let upload = gpu.upload_to("distributions", bytes)?;
                upload.write_with(0, plane, high)?;
                if double {
                    upload.write_with(4 * plane as u64, plane, low)?;
                }
                Ok(upload.finish_part(bytes))
            })
            .await?;
        result.push(Piece {
            part,
            rows,
            columns,
            stride,
            low: if double { plane } else { 0 },
            first: 0,
        });
    }
    Ok(result)
}

/// f32 of a number; a finite one stays finite.
fn rounded(x: f64) -> f32 {
    match x as f32 {
        y if y.is_infinite() && x.is_finite() => f32::MAX.copysign(y),
        y => y,
    }
}

/// A tensor's own rows.
pub(crate) fn of_tensor(gpu: &Gpu, tensor: &Part, rows: usize, bins: usize) -> Vec<Piece> {
    // A binding begins at a multiple of 256 bytes: one of 64 f32 more than a piece may be needed.
    let most = most(gpu).saturating_sub(64).max(64);
    let size = tensor.bytes();
    let whole = if rows * bins <= most + 64 {
        vec![(0..rows, 0..bins)]
    } else {
        split(rows, bins, bins, most)
    };
    let piece = |(rows, columns): (Range<usize>, Range<usize>)| {
        let first = rows.start * bins + columns.start;
        let start = first / 64 * 64;
        let last = (rows.end - 1) * bins + columns.end;
        // To whole quads, where the buffer goes on that far.
        let end = (4 * last as u64).next_multiple_of(16);
        let end = if end <= size { end } else { 4 * last as u64 };
        Piece {
            part: tensor.slice(4 * start as u64, end - 4 * start as u64),
            rows,
            columns,
            stride: bins,
            low: 0,
            first: first - start,
        }
    };
    whole.into_iter().map(piece).collect()
}

/// The numbers of some rows with their low words, in one reading.
pub(crate) async fn read_rows(
    gpu: &Gpu,
    pieces: &[Piece],
    rows: &[usize],
) -> Result<Vec<Vec<f64>>> {
    let mut recorder = gpu.recorder();
    // Which row a plane is of, and whether it holds low words.
    let mut planes = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        for piece in pieces.iter().filter(|piece| piece.rows.contains(row)) {
            let bytes = 4 * piece.columns.len() as u64;
            let at = 4 * u64::from(piece.at(*row, piece.columns.start));
            recorder.stage(&piece.part, at, bytes);
            planes.push((number, false));
            if piece.low > 0 {
                recorder.stage(&piece.part, at + 4 * piece.low as u64, bytes);
                planes.push((number, true));
            }
        }
    }
    let read: Vec<Vec<f32>> = recorder.read_as("rows").await?;
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); rows.len()];
    for (words, (number, is_low)) in read.iter().zip(planes) {
        let row = &mut values[number];
        if is_low {
            let start = row.len() - words.len();
            row[start..].iter_mut().zip(words).for_each(|(x, low)| *x += f64::from(*low));
        } else {
            row.extend(words.iter().map(|x| f64::from(*x)));
        }
    }
    Ok(values)
}
