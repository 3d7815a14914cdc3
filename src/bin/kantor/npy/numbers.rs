//! What the numbers of a `.npy` file are, and how they become ours.

use super::{PIECE, Values};
use half::{bf16, f16};
use std::io::{self, Read};

/// A type of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int8,
    Uint8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Float16,
    /// NumPy has no name for it: ml_dtypes and PyTorch write two bytes of no type.
    BFloat16,
    Float32,
    Float64,
}

/// Numbers as they lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) kind: Kind,
    pub(super) big_endian: bool,
}

impl Format {
    /// Of NumPy's string for a dtype: the order of bytes, a letter, and their number.
    pub(super) fn of(name: &[u8]) -> Option<Format> {
        let (order, letters) = match name {
            [order @ (b'<' | b'>' | b'|'), letters @ ..] => (*order, letters),
            letters => (b'|', letters),
        };
        let kind = match letters {
            b"b1" => Kind::Bool,
            b"i1" => Kind::Int8,
            b"u1" => Kind::Uint8,
            b"i2" => Kind::Int16,
            b"u2" => Kind::Uint16,
            b"i4" => Kind::Int32,
            b"u4" => Kind::Uint32,
            b"i8" => Kind::Int64,
            b"u8" => Kind::Uint64,
            b"f2" => Kind::Float16,
            b"V2" => Kind::BFloat16,
            b"f4" => Kind::Float32,
            b"f8" => Kind::Float64,
            _ => return None,
        };
        let format = Format { kind, big_endian: order == b'>' };
        // Of several bytes the order must be told; of no type they have none.
        let is_told = order != b'|' || format.bytes() == 1 || kind == Kind::BFloat16;
        is_told.then_some(format)
    }

    /// Bytes of a number in the file.
    pub(super) fn bytes(self) -> u64 {
        match self.kind {
            Kind::Bool | Kind::Int8 | Kind::Uint8 => 1,
            Kind::Int16 | Kind::Uint16 | Kind::Float16 | Kind::BFloat16 => 2,
            Kind::Int32 | Kind::Uint32 | Kind::Float32 => 4,
            Kind::Int64 | Kind::Uint64 | Kind::Float64 => 8,
        }
    }

    /// Bytes of a number in memory.
    pub(super) fn held_bytes(self) -> u64 {
        match self.kind {
            Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Uint64 | Kind::Float64 => 8,
            _ => 4,
        }
    }
}

/// Numbers that are written.
pub(crate) trait Written: Copy {
    /// NumPy's string for them.
    const NAME: &'static str;

    /// The least first.
    fn bytes(self) -> impl Iterator<Item = u8>;
}

impl Written for f32 {
    const NAME: &'static str = "<f4";

    fn bytes(self) -> impl Iterator<Item = u8> {
        self.to_le_bytes().into_iter()
    }
}

impl Written for f64 {
    const NAME: &'static str = "<f8";

    fn bytes(self) -> impl Iterator<Item = u8> {
        self.to_le_bytes().into_iter()
    }
}

impl Written for i64 {
    const NAME: &'static str = "<i8";

    fn bytes(self) -> impl Iterator<Item = u8> {
        self.to_le_bytes().into_iter()
    }
}

/// Why numbers could not be read.
pub(super) enum Stop {
    /// The data end after so many bytes.
    Short(u64),
    Failed(String),
}

/// So many numbers that come next.
pub(super) struct Numbers {
    pub(super) format: Format,
    pub(super) count: usize,
    /// The file was seen to hold them: memory for all is taken at once, and not as they come.
    pub(super) reserved: bool,
}

impl Numbers {
    /// Whole numbers beyond 2⁵³ are rounded to f64; all others are kept.
    pub(super) fn read(&self, from: &mut impl Read) -> Result<Values, Stop> {
        let single = |values| Values::Single(values);
        let double = |values| Values::Double(values);
        Ok(match self.format.kind {
            Kind::Bool => single(self.decode(from, |[byte]| f32::from(u8::from(byte != 0)))?),
            Kind::Int8 => single(self.decode(from, |byte| i8::from_le_bytes(byte).into())?),
            Kind::Uint8 => single(self.decode(from, |[byte]| byte.into())?),
            Kind::Int16 => single(self.decode(from, |bytes| i16::from_le_bytes(bytes).into())?),
            Kind::Uint16 => single(self.decode(from, |bytes| u16::from_le_bytes(bytes).into())?),
            Kind::Float16 => single(self.decode(from, |bytes| f16::from_le_bytes(bytes).into())?),
            Kind::BFloat16 => single(self.decode(from, |bytes| bf16::from_le_bytes(bytes).into())?),
            Kind::Float32 => single(self.decode(from, f32::from_le_bytes)?),
            Kind::Int32 => double(self.decode(from, |bytes| i32::from_le_bytes(bytes).into())?),
            Kind::Uint32 => double(self.decode(from, |bytes| u32::from_le_bytes(bytes).into())?),
            Kind::Int64 => double(self.decode(from, |bytes| i64::from_le_bytes(bytes) as f64)?),
            Kind::Uint64 => double(self.decode(from, |bytes| u64::from_le_bytes(bytes) as f64)?),
            Kind::Float64 => double(self.decode(from, f64::from_le_bytes)?),
        })
    }

    /// `number` of the bytes of each, the least first.
    fn decode<T, const BYTES: usize>(
        &self,
        from: &mut impl Read,
        number: impl Fn([u8; BYTES]) -> T,
    ) -> Result<Vec<T>, Stop> {
        let mut values = Vec::new();
        if self.reserved {
            values.try_reserve_exact(self.count).map_err(|_| no_memory(self.count))?;
        }
        let mut piece = vec![0; PIECE];
        while values.len() < self.count {
            let wanted = PIECE.min((self.count - values.len()).saturating_mul(BYTES));
            let found = read_up_to(from, &mut piece[..wanted]).map_err(Stop::Failed)?;
            if found < wanted {
                return Err(Stop::Short((values.len() * BYTES + found) as u64));
            }
            let (numbers, _) = piece[..found].as_chunks_mut();
            if self.format.big_endian {
                numbers.iter_mut().for_each(|bytes: &mut [u8; BYTES]| bytes.reverse());
            }
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
