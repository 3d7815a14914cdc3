//! Points (v, x) from a CSV file, and their values into one.

mod lines;

use crate::failure::{Failure, Outcome};
use crate::save::save;
use csv::{ByteRecord, ErrorKind, ReaderBuilder, Trim};
use lines::Lines;
use rayon::prelude::*;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

/// Orders and arguments, and the line of the file each point stands in.
#[derive(Debug, Default)]
pub(crate) struct Points {
    pub(crate) v: Vec<f64>,
    pub(crate) x: Vec<f64>,
    pub(crate) lines: Vec<u64>,
}

/// Points of a file at most, some 4 GiB with their values: a pipe without an end must not fill the memory.
const MOST_POINTS: usize = 1 << 27;

/// Reads a file with a header that names the columns `v` and `x`, in any place; other columns are ignored. A message
/// names file, line and reason.
pub(crate) fn read(path: &Path) -> Outcome<Points> {
    parse(path).map_err(|reason| Failure::about(path, reason))
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
    let line = line_of(&header, reader.get_mut());
    let [v, x] = [column(&header, "v", line)?, column(&header, "x", line)?];
    let mut points = Points::default();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(explain)? {
        let line = line_of(&record, reader.get_mut());
        if record.len() != header.len() {
            let (fields, columns) = (record.len(), header.len());
            return Err(format!(
                "line {line}: its number of fields is {fields}, of columns {columns}"
            ));
        }
        points.push(number(&record, v, "v", line)?, number(&record, x, "x", line)?, line)?;
    }
    if points.lines.is_empty() {
        return Err("has a header and no points".into());
    }
    Ok(points)
}

impl Points {
    fn push(&mut self, v: f64, x: f64, line: u64) -> Result<(), String> {
        if self.lines.len() == MOST_POINTS {
            return Err(format!("line {line}: it has more than {MOST_POINTS} points"));
        }
        [self.v.try_reserve(1), self.x.try_reserve(1), self.lines.try_reserve(1)]
            .into_iter()
            .collect::<Result<(), _>>()
            .map_err(|_| format!("line {line}: there is no memory for more points"))?;
        self.v.push(v);
        self.x.push(x);
        self.lines.push(line);
        Ok(())
    }
}

fn line_of<R>(record: &ByteRecord, lines: &mut Lines<R>) -> u64 {
    lines.first_not_blank(record.position().map_or(0, csv::Position::line))
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

/// Writes `v,x,value`, every number with 17 significant digits, which say an f64 exactly; infinities are `inf` and
/// `-inf`.
pub(crate) fn write(path: &Path, points: &Points, values: &[f64]) -> Outcome<()> {
    /// Lines that a thread formats at a time, and how many threads may before all is written.
    const CHUNK: usize = 1 << 13;
    const CHUNKS: usize = 1 << 6;
    let text = |start: usize| {
        let end = values.len().min(start + CHUNK);
        let mut text = String::with_capacity((end - start) * 72);
        let inputs = points.v[start..end].iter().zip(&points.x[start..end]);
        for ((v, x), value) in inputs.zip(&values[start..end]) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{v:.16e},{x:.16e},{value:.16e}");
        }
        text
    };
    let starts: Vec<usize> = (0..values.len()).step_by(CHUNK).collect();
    save(path, |file| {
        file.write_all(b"v,x,value\n")?;
        for starts in starts.chunks(CHUNKS) {
            let texts: Vec<String> = starts.par_iter().map(|start| text(*start)).collect();
            texts.iter().try_for_each(|text| file.write_all(text.as_bytes()))?;
        }
        Ok(())
    })
}
