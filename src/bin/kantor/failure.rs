//! Why a command ends without a result: one line, of characters that a terminal shows and does not obey.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// A message of one line.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(message: impl fmt::Display) -> Failure {
        Failure(one_line(&message.to_string()))
    }

    /// About a file, which is named first.
    pub(crate) fn about(path: &Path, reason: impl fmt::Display) -> Failure {
        let name = visible(&path.display().to_string());
        let bare = !name.is_empty() && name.trim() == name;
        let quote = if bare { "" } else { "'" };
        Failure::new(format_args!("{quote}{name}{quote}: {reason}"))
    }

    /// Says that there is no result, and exits with 2.
    pub(crate) fn refuse(&self) -> ExitCode {
        self.end("error: ", 2)
    }

    /// Says that what was printed is not a result yet, and exits with 3.
    pub(crate) fn doubt(&self) -> ExitCode {
        self.end("", 3)
    }

    /// Says how far things were when a signal came, and exits with its status.
    pub(crate) fn interrupted(&self, status: u8) -> ExitCode {
        self.end("", status)
    }

    fn end(&self, kind: &str, status: u8) -> ExitCode {
        // Nothing is left to be done if stderr is closed too.
        let _ = writeln!(std::io::stderr(), "kantor: {kind}{self}");
        ExitCode::from(status)
    }

    /// What clap says, in a line.
    pub(crate) fn usage(error: &clap::Error) -> Failure {
        match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Failure("no subcommand was given; see kantor --help".into())
            }
            // clap does not say which argument.
            ErrorKind::InvalidUtf8 => {
                let unreadable = std::env::args_os().find(|argument| argument.to_str().is_none());
                let name = unreadable.unwrap_or_default();
                Failure::about(Path::new(&name), "is not UTF-8")
            }
            _ => Failure::new(typed(error).unwrap_or_else(|| first_paragraph(error))),
        }
    }
}

/// clap's words around what was typed. They are put together here, since clap drops escape sequences from its message,
/// and what was typed may look like the paragraphs that follow it.
fn typed(error: &clap::Error) -> Option<String> {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(visible(word)),
        _ => None,
    };
    let value = || word(ContextKind::InvalidValue).filter(|value| !value.is_empty());
    let argument = || word(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let argument = argument()?;
            // Of -word clap names -w.
            let whole = || {
                let words = std::env::args_os().skip(1);
                let mut shown = words.map(|word| visible(&word.to_string_lossy()));
                shown.find(|word| word.starts_with(&argument))
            };
            let word = if argument.starts_with("--") || !argument.starts_with('-') {
                None
            } else {
                whole()
            };
            Some(format!("unexpected argument '{}' found", word.unwrap_or(argument)))
        }
        ErrorKind::InvalidSubcommand => {
            Some(format!("unrecognized subcommand '{}'", word(ContextKind::InvalidSubcommand)?))
        }
        ErrorKind::TooManyValues => {
            let (value, argument) = (value()?, argument()?);
            Some(format!("unexpected value '{value}' for '{argument}' found; it takes none"))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let mut text = format!("invalid value '{}' for '{}'", value()?, argument()?);
            if let Some(reason) = error.source() {
                text.push_str(&format!(": {reason}"));
            }
            if let Some(ContextValue::Strings(values)) = error.get(ContextKind::ValidValue)
                && !values.is_empty()
            {
                text.push_str(&format!(" [possible values: {}]", values.join(", ")));
            }
            Some(text)
        }
        _ => None,
    }
}

/// clap's message without its usage and tips.
fn first_paragraph(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first.trim_start_matches("error: ").to_owned()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<kantor::Error> for Failure {
    fn from(error: kantor::Error) -> Failure {
        Failure::new(error)
    }
}

fn one_line(text: &str) -> String {
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The text with what would steer a terminal written out: control characters, line ends among them, and marks of
/// direction, which reorder what is around them. All else stays, whatever its script.
pub(crate) fn visible(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut result = String::with_capacity(text.len());
    for letter in text.chars() {
        match steers(letter) {
            true => result.extend(letter.escape_default()),
            false => result.push(letter),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::{Failure, visible};

    #[test]
    fn a_message_is_one_line_without_control() {
        assert_eq!(
            visible("\x1b[31mred\u{202e}.npy\nü\u{301}"),
            "\\u{1b}[31mred\\u{202e}.npy\\nü\u{301}"
        );
        let failure = Failure::about("a\nb\x07.npy".as_ref(), "line one\n  line two\x7f");
        assert_eq!(failure.to_string(), "a\\nb\\u{7}.npy: line one line two\\u{7f}");
    }
}
