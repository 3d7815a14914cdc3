//! The header of a `.npy` file, as NumPy writes it and nothing else: a Python dictionary of `descr`, `fortran_order`
//! and `shape`, read once from left to right. (NumPy, "NEP 1: a simple file format for NumPy arrays".)

use super::numbers::Format;
use std::fmt;
use std::io::{self, Read, Write};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Longest header that NumPy itself would read.
const LONGEST: usize = 10_000;

/// Most axes that NumPy gives an array.
const MOST_AXES: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) format: Format,
    /// The first axis varies fastest.
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<u64>,
}

impl Header {
    /// Reads up to the first byte of the data, or says what is wrong.
    pub(super) fn read(reader: &mut impl Read) -> Result<Header, String> {
        let mut start = [0; 8];
        fill(reader, &mut start)?;
        if !start.starts_with(MAGIC) {
            return Err("not a .npy file: it does not begin with \\x93NUMPY".into());
        }
        let length = match start[6..] {
            [1, 0] => {
                let mut length = [0; 2];
                fill(reader, &mut length)?;
                usize::from(u16::from_le_bytes(length))
            }
            [2 | 3, 0] => {
                let mut length = [0; 4];
                fill(reader, &mut length)?;
                u32::from_le_bytes(length) as usize
            }
            _ => {
                let (major, minor) = (start[6], start[7]);
                return Err(format!("not a .npy file: its version {major}.{minor} is unknown"));
            }
        };
        if length > LONGEST {
            return Err(format!("not a .npy file: its header claims {length} bytes"));
        }
        let mut text = vec![0; length];
        fill(reader, &mut text)?;
        Header::parse(&text)
    }

    /// The dictionary, in linear time: there is nothing in it that nests.
    fn parse(text: &[u8]) -> Result<Header, String> {
        let mut text = Text { rest: text };
        let (mut format, mut fortran_order, mut shape) = (None, None, None);
        text.expect(b"{")?;
        while !text.take(b"}") {
            let key = text.string()?;
            text.expect(b":")?;
            let twice = match key {
                b"descr" => format.replace(text.format()?).is_some(),
                b"fortran_order" => fortran_order.replace(text.boolean()?).is_some(),
                b"shape" => shape.replace(text.shape()?).is_some(),
                _ => return Err(malformed(format_args!("has a key {}", quoted(key)))),
            };
            if twice {
                return Err(malformed(format_args!("has {} twice", quoted(key))));
            }
            if !text.take(b",") {
                text.expect(b"}")?;
                break;
            }
        }
        text.end()?;
        let lacks = |key: &str| malformed(format_args!("has no '{key}'"));
        Ok(Header {
            format: format.ok_or_else(|| lacks("descr"))?,
            fortran_order: fortran_order.ok_or_else(|| lacks("fortran_order"))?,
            shape: shape.ok_or_else(|| lacks("shape"))?,
        })
    }
}

/// Writes the header of a row-major array, version 1.0, padded as NumPy pads it.
pub(super) fn write(file: &mut impl Write, name: &str, shape: &[usize]) -> io::Result<()> {
    /// The data begin at a multiple of this.
    const ALIGNMENT: usize = 64;
    let mut axes = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    if shape.len() == 1 {
        axes.push(',');
    }
    let dictionary = format!("{{'descr': '{name}', 'fortran_order': False, 'shape': ({axes}), }}");
    let before = MAGIC.len() + 4;
    let length = (before + dictionary.len() + 1).next_multiple_of(ALIGNMENT) - before;
    file.write_all(MAGIC)?;
    file.write_all(&[1, 0])?;
    // A few numbers of twenty digits at most: it fits.
    file.write_all(&(length as u16).to_le_bytes())?;
    file.write_all(format!("{dictionary:width$}\n", width = length - 1).as_bytes())
}

fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> Result<(), String> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "not a .npy file: it ends within its header".into(),
        _ => error.to_string(),
    })
}

fn malformed(reason: impl fmt::Display) -> String {
    format!("not a .npy file: its header {reason}")
}

/// Some bytes for a message, of which the first are enough.
fn quoted(bytes: &[u8]) -> String {
    const ENOUGH: usize = 20;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(ENOUGH)]);
    let dots = if bytes.len() > ENOUGH { "…" } else { "" };
    format!("'{}{dots}'", text.escape_debug())
}

/// What is left to read.
struct Text<'a> {
    rest: &'a [u8],
}

impl<'a> Text<'a> {
    /// Passes over blanks.
    fn skip(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Passes over `word`, if it comes next.
    fn take(&mut self, word: &[u8]) -> bool {
        self.skip();
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, word: &[u8]) -> Result<(), String> {
        if self.take(word) { Ok(()) } else { Err(self.wrong(&String::from_utf8_lossy(word))) }
    }

    fn wrong(&self, wanted: &str) -> String {
        match self.rest {
            [] => malformed(format_args!("ends where {wanted} should be")),
            rest => malformed(format_args!("has {} where {wanted} should be", quoted(rest))),
        }
    }

    fn end(&mut self) -> Result<(), String> {
        self.skip();
        if self.rest.is_empty() { Ok(()) } else { Err(self.wrong("its end")) }
    }

    /// A string in quotes of either kind, without escapes.
    fn string(&mut self) -> Result<&'a [u8], String> {
        self.skip();
        let quote = match self.rest.first() {
            Some(quote @ (b'\'' | b'"')) => *quote,
            _ => return Err(self.wrong("a string")),
        };
        let inside = &self.rest[1..];
        let Some(length) = inside.iter().position(|byte| *byte == quote) else {
            return Err(malformed("has a string without an end"));
        };
        self.rest = &inside[length + 1..];
        Ok(&inside[..length])
    }

    fn boolean(&mut self) -> Result<bool, String> {
        match (self.take(b"True"), self.take(b"False")) {
            (true, false) => Ok(true),
            (false, true) => Ok(false),
            _ => Err(self.wrong("True or False")),
        }
    }

    fn format(&mut self) -> Result<Format, String> {
        self.skip();
        let name = match self.rest.first() {
            Some(b'[' | b'(' | b'{') => "a record".into(),
            _ => {
                let name = self.string()?;
                match Format::of(name) {
                    Some(format) => return Ok(format),
                    None => quoted(name),
                }
            }
        };
        Err(format!("its dtype is {name}; numbers of a bool, int, uint or float type are needed"))
    }

    /// A tuple of whole numbers; the long ones of Python 2 end with an L.
    fn shape(&mut self) -> Result<Vec<u64>, String> {
        let mut shape = Vec::new();
        self.expect(b"(")?;
        while !self.take(b")") {
            if shape.len() == MOST_AXES {
                return Err(malformed(format_args!("has a shape of more than {MOST_AXES} axes")));
            }
            shape.push(self.number()?);
            let long = self.rest.strip_prefix(b"L");
            self.rest = long.unwrap_or(self.rest);
            if self.take(b",") {
                continue;
            }
            // Without the comma it is a number in brackets, not a tuple of one.
            if shape.len() == 1 {
                return Err(self.wrong("a comma"));
            }
            self.expect(b")")?;
            break;
        }
        Ok(shape)
    }

    fn number(&mut self) -> Result<u64, String> {
        self.skip();
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            let negative = self.rest.starts_with(b"-");
            return Err(match negative {
                true => malformed("has a negative number in its shape"),
                false => self.wrong("a whole number"),
            });
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        let number = std::str::from_utf8(number).ok().and_then(|text| text.parse().ok());
        number.ok_or_else(|| malformed("has a number above 2^64 in its shape"))
    }
}
