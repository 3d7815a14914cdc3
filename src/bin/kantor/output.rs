//! Results on stdout.

use crate::failure::{Failure, Outcome};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::io::{ErrorKind, Write};

/// A number in JSON with 17 significant digits, which say an f64 exactly; `null`
/// where JSON has no word for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digits(pub(crate) f64);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = if self.0.is_finite() { format!("{:.16e}", self.0) } else { "null".into() };
        RawValue::from_string(text).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// The same, with infinities as the strings "inf" and "-inf", for results that may be infinite.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extended(pub(crate) f64);

impl Serialize for Extended {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            value => Digits(value).serialize(serializer),
        }
    }
}

/// Writes text. A reader that has seen enough and closed the pipe is content, and
/// so are we.
pub(crate) fn print(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format_args!("stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes JSON, on one line or for people.
pub(crate) fn print_json(value: &impl Serialize, compact: bool) -> Outcome<()> {
    let text =
        if compact { serde_json::to_string(value) } else { serde_json::to_string_pretty(value) };
    print(&(text.map_err(Failure::new)? + "\n"))
}

/// Lines up columns; the first row is a heading.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |k: usize| rows.iter().filter_map(|row| row.get(k)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|k| width(k).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
