//! Why a command ends without a result: one line.

use std::fmt;

/// A message of one line.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(message: impl fmt::Display) -> Failure {
        Failure(one_line(&message.to_string()))
    }

    /// clap's message without its usage and tips.
    pub(crate) fn usage(error: &clap::Error) -> Failure {
        if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Failure("no subcommand was given; see kantor --help".into());
        }
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default();
        Failure(one_line(first.trim_start_matches("error: ")))
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
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
