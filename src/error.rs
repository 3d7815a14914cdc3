//! One error type for the whole library.

/// What can go wrong, each case with the numbers a caller needs to react.
///
/// Nothing that reaches the library from outside (data, adapters, drivers)
/// panics; it ends here.
///
/// Cases may be added. Those there are keep their fields within a major version, so that a
/// test of yours can make one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No adapter fits the request. `found` names those that are there.
    #[error("no adapter for {requested}; found: {}", list(found))]
    NoAdapter {
        /// The request in words.
        requested: String,
        /// Names and backends of the adapters that were found; of each that was
        /// tried, why it was refused and what to do instead.
        found: Vec<String>,
    },

    /// The device is gone (driver reset, removed hardware, `destroy`). Every
    /// pending call ends with this; a new [`Context`](crate::Context) works.
    #[error("the device was lost: {reason}")]
    DeviceLost {
        /// The driver's words.
        reason: String,
    },

    /// A size is above what the adapter can hold or dispatch.
    #[error("{what} needs {needed}, the adapter offers {available}")]
    LimitExceeded {
        /// What is too large, with its unit.
        what: String,
        /// The size asked for.
        needed: u64,
        /// The adapter's limit.
        available: u64,
    },

    /// The device, or the host, has no memory left for `what`.
    #[error("out of memory: {what}")]
    OutOfMemory {
        /// The allocation that failed.
        what: String,
    },

    /// An argument is wrong. Found before anything is dispatched.
    #[error("{argument}{}: {reason}", position(*row, *index))]
    InvalidInput {
        /// The argument's name as in the signature.
        argument: &'static str,
        /// The row (problem of the batch, or row of a matrix), where one is to blame.
        row: Option<usize>,
        /// The index within the row, where one is to blame.
        index: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },

    /// A result was required to have converged and did not.
    #[error(
        "{unconverged} of {problems} problems did not converge; the worst, problem {problem}, has L1 marginal error {marginal_error:e} after {iterations} iterations (tolerance {tolerance:e})"
    )]
    NotConverged {
        /// The problem with the largest marginal error.
        problem: usize,
        /// Its L1 marginal error.
        marginal_error: f64,
        /// The tolerance asked for.
        tolerance: f64,
        /// Its number of iterations.
        iterations: u32,
        /// How many problems did not converge.
        unconverged: usize,
        /// How many problems there are.
        problems: usize,
    },

    /// `Precision::Double` needs rounding that this adapter does not keep.
    #[error("double precision is refused on {adapter}: {reason}")]
    PrecisionUnavailable {
        /// The adapter's name.
        adapter: String,
        /// Which start-up probe failed.
        reason: String,
    },

    /// A shader does not compile or a pipeline cannot be built.
    #[error("kernel {kernel}: {message}")]
    Shader {
        /// The kernel's name.
        kernel: String,
        /// The compiler's words.
        message: String,
    },

    /// A result could not be read back.
    #[error("reading back {what}: {message}")]
    Readback {
        /// What was read.
        what: String,
        /// The reason.
        message: String,
    },

    /// The driver reported an error that fits nothing else.
    #[error("the device reported: {message}")]
    Device {
        /// The driver's words.
        message: String,
    },

    /// The progress callback asked to stop.
    #[error("cancelled after {iterations} iterations")]
    Cancelled {
        /// Iterations done until then.
        iterations: u32,
    },
}

/// What a driver or wgpu says, in one line: its reports are trees over several.
pub(crate) fn one_line(words: impl std::fmt::Display) -> String {
    let words = words.to_string();
    let lines = words.lines().map(str::trim);
    let told = lines.filter(|line| !["", "Validation Error", "Caused by:"].contains(line));
    told.collect::<Vec<_>>().join(": ")
}

/// `Result` with this library's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn invalid(argument: &'static str, reason: impl Into<String>) -> Self {
        Error::InvalidInput { argument, row: None, index: None, reason: reason.into() }
    }

    pub(crate) fn invalid_at(
        argument: &'static str,
        row: usize,
        index: usize,
        reason: impl Into<String>,
    ) -> Self {
        Error::InvalidInput { argument, row: Some(row), index: Some(index), reason: reason.into() }
    }

    pub(crate) fn invalid_index(
        argument: &'static str,
        index: usize,
        reason: impl Into<String>,
    ) -> Self {
        Error::InvalidInput { argument, row: None, index: Some(index), reason: reason.into() }
    }

    /// The error of something called on the way, with the argument under its caller's name for it.
    pub(crate) fn renamed(mut self, name: impl Fn(&'static str) -> &'static str) -> Self {
        if let Error::InvalidInput { argument, .. } = &mut self {
            *argument = name(argument);
        }
        self
    }

    pub(crate) fn invalid_row(
        argument: &'static str,
        row: usize,
        reason: impl Into<String>,
    ) -> Self {
        Error::InvalidInput { argument, row: Some(row), index: None, reason: reason.into() }
    }

    /// A short, stable word for the kind of error, for logs and JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::NoAdapter { .. } => "no-adapter",
            Error::DeviceLost { .. } => "device-lost",
            Error::LimitExceeded { .. } => "limit-exceeded",
            Error::OutOfMemory { .. } => "out-of-memory",
            Error::InvalidInput { .. } => "invalid-input",
            Error::NotConverged { .. } => "not-converged",
            Error::PrecisionUnavailable { .. } => "precision-unavailable",
            Error::Shader { .. } => "shader",
            Error::Readback { .. } => "readback",
            Error::Device { .. } => "device",
            Error::Cancelled { .. } => "cancelled",
        }
    }
}

fn list(found: &[String]) -> String {
    if found.is_empty() {
        return "none; install a driver (a software one will do, on Debian mesa-vulkan-drivers and libvulkan1), or use \
                Context::cpu()"
            .into();
    }
    found.join(", ")
}

fn position(row: Option<usize>, index: Option<usize>) -> String {
    match (row, index) {
        (Some(row), Some(index)) => format!(", row {row}, index {index}"),
        (Some(row), None) => format!(", row {row}"),
        (None, Some(index)) => format!(", index {index}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_tree_of_causes_becomes_one_line() {
        let tree =
            "Validation Error\n\nCaused by:\n  In Queue::submit\n    Buffer with 'x' is gone\n";
        assert_eq!(one_line(tree), "In Queue::submit: Buffer with 'x' is gone");
        assert_eq!(one_line("lost"), "lost");
    }
}
