//! Why a command ends without a result: one line, of characters that a terminal shows and does not obey.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::fmt;
use std::path::Path;

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
        Failure::new(format_args!("{}: {reason}", visible(&path.display().to_string())))
    }

    /// clap's message without its usage and tips.
    pub(crate) fn usage(error: &clap::Error) -> Failure {
        match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                return Failure("no subcommand was given; see kantor --help".into());
            }
            // clap does not say which.
            ErrorKind::InvalidUtf8 => {
                let unreadable = std::env::args_os().find(|argument| argument.to_str().is_none());
                let name = unreadable.unwrap_or_default();
                return Failure::about(Path::new(&name), "is not UTF-8");
            }
            _ => {}
        }
        let mut text = error.to_string();
        // What was typed may have lines of its own; what clap adds comes after it.
        for addition in ["\n\nFor more information", "\n\nUsage:", "\n\n  tip:"] {
            text.truncate(text.rfind(addition).unwrap_or(text.len()));
        }
        for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg] {
            if let Some(ContextValue::String(typed)) = error.get(kind) {
                text = text.replace(typed.as_str(), &visible(typed));
            }
        }
        Failure::new(text.trim_start_matches("error: "))
    }
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
