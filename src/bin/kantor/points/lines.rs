//! The lines of a file, as they come.

use std::collections::VecDeque;
use std::io::{self, Read};

/// Bytes of the longest line that is read: a file without line ends must not fill the memory.
const LONGEST: usize = 1 << 16;

/// A reader that makes LF of CR LF, so that the CSV reader's lines are those of the file; stops at a carriage return
/// that ends no line and at a line longer than [`LONGEST`]; and knows which lines are blank.
pub(super) struct Lines<R> {
    inner: R,
    line: u64,
    length: usize,
    /// A carriage return was the last byte read: a line feed must follow.
    returned: bool,
    /// Blank lines that no record has come after yet, first and last of each run.
    blank: VecDeque<[u64; 2]>,
}

impl<R> Lines<R> {
    pub(super) fn new(inner: R) -> Lines<R> {
        Lines { inner, line: 1, length: 0, returned: false, blank: VecDeque::new() }
    }

    /// The line of the newest record, which the CSV reader, passing over blank lines, counts from them.
    pub(super) fn first_not_blank(&mut self, line: u64) -> u64 {
        while let Some([first, last]) = self.blank.front().copied() {
            if last >= line {
                return if first <= line { last + 1 } else { line };
            }
            self.blank.pop_front();
        }
        line
    }

    /// Takes a byte, unless it is a carriage return.
    fn passes(&mut self, byte: u8) -> io::Result<bool> {
        let wrong = |reason: String| Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        let line = self.line;
        if self.returned && byte != b'\n' {
            return wrong(lone(line));
        }
        self.returned = byte == b'\r';
        match byte {
            b'\r' => return Ok(false),
            b'\n' => {
                if self.length == 0 {
                    match self.blank.back_mut() {
                        Some([_, last]) if *last + 1 == line => *last = line,
                        _ => self.blank.push_back([line, line]),
                    }
                }
                (self.line, self.length) = (line + 1, 0);
            }
            _ => self.length += 1,
        }
        match self.length {
            0..=LONGEST => Ok(true),
            _ => wrong(format!("line {line}: it is longer than {LONGEST} bytes")),
        }
    }
}

fn lone(line: u64) -> String {
    format!("line {line}: it has a carriage return that ends no line; lines end with LF or CR LF")
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.inner.read(buffer)?;
            if count == 0 && self.returned {
                return Err(io::Error::new(io::ErrorKind::InvalidData, lone(self.line)));
            }
            let mut kept = 0;
            for at in 0..count {
                if self.passes(buffer[at])? {
                    buffer[kept] = buffer[at];
                    kept += 1;
                }
            }
            // Nothing is left of a read only where nothing was read.
            if kept > 0 || count == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use std::io::Read;

    /// Hands out so many bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            let (now, later) = self.0.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    #[test]
    fn line_ends_are_the_same_however_the_bytes_come() {
        for step in 1..5 {
            let read = |text: &[u8]| {
                let mut result = String::new();
                Lines::new(Slowly(text, step)).read_to_string(&mut result).map(|_| result)
            };
            assert_eq!(read(b"v,x\r\n1,2\n\r\n3,4").unwrap(), "v,x\n1,2\n\n3,4");
            for (text, line) in [(&b"v,x\n1\r5,2\n"[..], 2), (b"v,x\r", 1), (b"\n\n1\r\r\n", 3)] {
                let error = read(text).unwrap_err().to_string();
                assert!(
                    error.starts_with(&format!("line {line}: it has a carriage return")),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn blank_lines_are_counted_and_forgotten() {
        let mut lines = Lines::new(&b"a\n\n\nb\n\nc\n"[..]);
        lines.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(lines.blank, [[2, 3], [5, 5]]);
        for (counted, found) in [(1, 1), (2, 4), (4, 4), (5, 6)] {
            assert_eq!(lines.first_not_blank(counted), found);
        }
        assert_eq!(lines.first_not_blank(6), 6);
        assert!(lines.blank.is_empty());
    }
}
