//! One run of the command, with an end to its time.

use crate::command::{Outcome, command};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// What a run may take: on a device, whose driver compiles first, more.
pub fn longest(arguments: &[OsString]) -> Duration {
    let given = |word: &str| arguments.iter().any(|argument| argument == word);
    Duration::from_secs(if given("cpu") && !given("vulkan") && !given("gl") { 10 } else { 120 })
}

pub struct Ended {
    /// None if it had to be ended.
    pub status: Option<ExitStatus>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signal = self.status.and_then(|status| status.signal());
        let code = self.status.and_then(|status| status.code());
        write!(f, "status {code:?}, signal {signal:?}, stderr {:?}", self.stderr)
    }
}

/// Runs it with its output in files beside `folder`, which no pipe can hold up.
pub fn run(folder: &Path, arguments: &[OsString]) -> Outcome<Ended> {
    let [out, err] = ["stdout", "stderr"].map(|name| folder.with_extension(name));
    // There, so that an output of any name stays within.
    let mut child = command()
        .args(arguments)
        .current_dir(folder)
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .spawn()?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if start.elapsed() > longest(arguments) {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let stderr = String::from_utf8_lossy(&std::fs::read(&err)?).into_owned();
    Ok(Ended { status, stdout: std::fs::read(&out)?, stderr })
}
