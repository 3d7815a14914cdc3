//! Files that are written whole or not at all.
//!
//! What is written goes to a temporary file beside the target, is flushed to the disk and takes the target's place: who
//! looks at the target sees the old file or the new one, never half of one. A process that is killed meanwhile leaves
//! the old file, and perhaps `.kantor-….tmp` beside it.
//!
//! A symbolic link stays, and the file it leads to is replaced. What is no file (a pipe, a device, the standard output
//! under whatever name) cannot be replaced, and is written to as it is.

use crate::failure::{Failure, Outcome};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes a file with what `write` writes; a message names it.
pub(crate) fn save(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Outcome<()> {
    into(path, write).map_err(|error| Failure::about(path, error))
}

fn into(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if standard::is_output(&found) => streamed(io::stdout().lock(), write),
        // Refuses a directory in the system's own words, too.
        Ok(found) if !found.is_file() => {
            streamed(OpenOptions::new().write(true).open(path)?, write)
        }
        Ok(found) => match fs::canonicalize(path) {
            Ok(target) => replaced(&target, Some(&found), write),
            // A descriptor under /proc whose file has no name any more.
            Err(_) => streamed(File::create(path)?, write),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            replaced(&end_of_links(path)?, None, write)
        }
        Err(error) => Err(error),
    }
}

fn streamed(
    to: impl Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = BufWriter::new(to);
    write(&mut buffer)?;
    buffer.flush()
}

fn replaced(
    target: &Path,
    old: Option<&Metadata>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if old.is_some() {
        // A file that must not be written to must not be replaced either.
        OpenOptions::new().write(true).open(target)?;
    }
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kantor-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // less the umask, as of any new file
    }
    // Removed when it is dropped, unless it is persisted.
    let mut temporary = builder.tempfile_in(folder).map_err(|error| {
        let reason = format!("no file can be made in its folder: {}", error.kind());
        io::Error::new(error.kind(), reason)
    })?;
    streamed(temporary.as_file_mut(), write)?;
    if let Some(old) = old {
        temporary.as_file().set_permissions(old.permissions())?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// Where the links of a path lead, at whose end there is nothing yet.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST {
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

#[cfg(unix)]
mod standard {
    use std::fs::{File, Metadata};
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    /// Whether this is what stdout writes to, be it a terminal, a pipe or a file.
    pub(super) fn is_output(found: &Metadata) -> bool {
        let output = std::io::stdout().as_fd().try_clone_to_owned().map(File::from);
        let output = output.and_then(|output| output.metadata());
        output.is_ok_and(|output| (output.dev(), output.ino()) == (found.dev(), found.ino()))
    }
}

#[cfg(not(unix))]
mod standard {
    pub(super) fn is_output(_: &std::fs::Metadata) -> bool {
        false
    }
}
