//! Points (v, x) from a CSV file, and their values into one.

use crate::failure::{Failure, Outcome};
use csv::{ByteRecord, ErrorKind, ReaderBuilder, Trim};
use rayon::prelude::*;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Orders and arguments, and the line of the file each point stands in.
#[derive(Debug, Default)]
pub(crate) struct Points {
    pub(crate) v: Vec<f64>,
    pub(crate) x: Vec<f64>,
    pub(crate) lines: Vec<u64>,
}

/// Bytes of the longest line that is read: a file without line ends must not fill the memory.
const LONGEST_LINE: usize = 1 << 16;

/// Reads a file with a header that names the columns `v` and `x`, in any place; other columns are ignored. A message
/// names file, line and reason.
pub(crate) fn read(path: &Path) -> Outcome<Points> {
    parse(path).map_err(|reason| Failure::new(format_args!("{}: {reason}", path.display())))
}

fn parse(path: &Path) -> Result<Points, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    // Flexible, as the length of a row is judged here, where its line is known.
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .buffer_capacity(1 << 18)
        .from_reader(Lines::new(file));
    let header = reader.byte_headers().map_err(explain)?.clone();
    if header.is_empty() {
        return Err("is empty; a header with the columns v and x is needed".into());
    }
    let line = reader.get_ref().line_of(&header);
    let [v, x] = [column(&header, "v", line)?, column(&header, "x", line)?];
    let mut points = Points::default();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(explain)? {
        let line = reader.get_ref().line_of(&record);
        if record.len() != header.len() {
            let (fields, columns) = (record.len(), header.len());
            return Err(format!(
                "line {line}: its number of fields is {fields}, of columns {columns}"
            ));
        }
        points.v.push(number(&record, v, "v", line)?);
        points.x.push(number(&record, x, "x", line)?);
        points.lines.push(line);
    }
    if points.lines.is_empty() {
        return Err("has a header and no points".into());
    }
    Ok(points)
}

/// The place of a column that is there once.
fn column(header: &ByteRecord, name: &str, line: u64) -> Result<usize, String> {
    let mut found = header.iter().enumerate().filter(|(_, field)| *field == name.as_bytes());
    match (found.next(), found.next()) {
        (Some((place, _)), None) => Ok(place),
        (Some(_), Some(_)) => Err(format!("line {line}: its header has the column {name} twice")),
        (None, _) => Err(format!(
            "line {line}: its header has no column {name}; the columns v and x are needed, it has {}",
            excerpt(&header.iter().collect::<Vec<_>>().join(&b','))
        )),
    }
}

fn number(record: &ByteRecord, place: usize, name: &str, line: u64) -> Result<f64, String> {
    let field = record.get(place).unwrap_or_default();
    let value = std::str::from_utf8(field).ok().and_then(|text| text.parse::<f64>().ok());
    match value {
        Some(value) if value.is_finite() => Ok(value),
        Some(value) => Err(format!("line {line}: {name} is {value}, not a finite number")),
        None if field.is_empty() => Err(format!("line {line}: {name} is missing")),
        None => Err(format!("line {line}: {name} is {}, not a number", excerpt(field))),
    }
}

/// What a field says, as far as a message needs it.
fn excerpt(bytes: &[u8]) -> String {
    const LONGEST: usize = 40;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
    let dots = if bytes.len() > LONGEST { "…" } else { "" };
    format!("{:?}", format!("{text}{dots}"))
}

fn explain(error: csv::Error) -> String {
    match error.into_kind() {
        ErrorKind::Io(error) => error.to_string(),
        kind => format!("not a CSV file: {kind:?}"),
    }
}

/// A reader that drops carriage returns, so that the CSV reader's lines are those of the file; stops at a line longer
/// than [`LONGEST_LINE`]; and knows which lines are blank.
struct Lines<R> {
    inner: R,
    line: u64,
    length: usize,
    blank: Vec<u64>,
}

impl<R> Lines<R> {
    fn new(inner: R) -> Lines<R> {
        Lines { inner, line: 1, length: 0, blank: Vec::new() }
    }

    /// The line of a record. The CSV reader passes over blank lines, but counts the record from them.
    fn line_of(&self, record: &ByteRecord) -> u64 {
        let mut line = record.position().map_or(0, csv::Position::line);
        while self.blank.binary_search(&line).is_ok() {
            line += 1;
        }
        line
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            let count = self.inner.read(buffer)?;
            let kept = without_returns(&mut buffer[..count]);
            // Nothing is left of a read only where nothing was read.
            if kept > 0 || count == 0 {
                break kept;
            }
        };
        let mut parts = buffer[..count].split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            self.length += part.len();
            if self.length > LONGEST_LINE {
                let reason = format!("line {}: it is longer than {LONGEST_LINE} bytes", self.line);
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            if parts.peek().is_some() {
                if self.length == 0 {
                    self.blank.push(self.line);
                }
                (self.line, self.length) = (self.line + 1, 0);
            }
        }
        Ok(count)
    }
}

/// Moves what is no carriage return to the front; how much that is.
fn without_returns(bytes: &mut [u8]) -> usize {
    let Some(first) = bytes.iter().position(|byte| *byte == b'\r') else { return bytes.len() };
    let mut kept = first;
    for at in first..bytes.len() {
        if bytes[at] != b'\r' {
            bytes[kept] = bytes[at];
            kept += 1;
        }
    }
    kept
}

/// Writes `v,x,value`, every number with 17 significant digits, which say an f64 exactly; infinities are `inf` and
/// `-inf`.
pub(crate) fn write(path: &Path, points: &Points, values: &[f64]) -> Outcome<()> {
    /// Lines that a thread formats at a time.
    const CHUNK: usize = 1 << 13;
    let rows: Vec<[f64; 3]> = points
        .v
        .iter()
        .zip(&points.x)
        .zip(values)
        .map(|((v, x), value)| [*v, *x, *value])
        .collect();
    let chunks: Vec<String> = rows
        .par_chunks(CHUNK)
        .map(|rows| {
            let mut text = String::with_capacity(rows.len() * 72);
            for [v, x, value] in rows {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{v:.16e},{x:.16e},{value:.16e}");
            }
            text
        })
        .collect();
    let save = || -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(b"v,x,value\n")?;
        chunks.iter().try_for_each(|chunk| file.write_all(chunk.as_bytes()))
    };
    save().map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))
}
