//! Arrays of `.npz` archives, which are zip files of `.npy` files: `archive.npz:name`.

use super::{Array, Pending};
use crate::failure::{Failure, Outcome};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::read::ZipFile;

/// The archive that a path leads to, and the name of one of its arrays, if it gives one. None of any other file.
pub(super) fn place(path: &Path) -> Option<(PathBuf, Option<String>)> {
    const END: &str = ".npz";
    let text = path.to_str()?;
    // As long as the text, byte for byte.
    let small = text.to_ascii_lowercase();
    if small.ends_with(END) {
        return Some((path.to_owned(), None));
    }
    if path.exists() {
        return None;
    }
    let end = small.rfind(".npz:")? + END.len();
    Some((text[..end].into(), Some(text[end + 1..].to_owned())))
}

/// The names of the arrays of an archive; none of any other file. A message names it.
pub(crate) fn names(path: &Path) -> Outcome<Option<Vec<String>>> {
    match place(path) {
        Some((file, None)) => {
            let archive = open(&file).map_err(|reason| Failure::about(path, reason))?;
            Ok(Some(list(&archive)))
        }
        _ => Ok(None),
    }
}

/// An array of an archive.
#[derive(Debug)]
pub(super) struct Entry {
    archive: ZipArchive<BufReader<File>>,
    index: usize,
}

impl Entry {
    /// The array of a name, or the only one.
    pub(super) fn find(file: &Path, name: Option<&str>) -> Result<Entry, String> {
        let archive = open(file)?;
        let names = list(&archive);
        let index = match name {
            Some(name) => names.iter().position(|found| found == name),
            None => (names.len() == 1).then_some(0),
        };
        match (index, name) {
            (Some(index), _) => Ok(Entry { archive, index }),
            (None, Some(name)) => Err(format!("has no array {name:?}; it has {}", listed(&names))),
            (None, None) => Err(format!(
                "has {} arrays, {}; name one, as in ARCHIVE.npz:NAME",
                names.len(),
                listed(&names)
            )),
        }
    }

    /// Reads the header. That the archive holds the size it claims is not believed: of a packed file nobody knows.
    pub(super) fn begin(&mut self) -> Result<Pending<ZipFile<'_, BufReader<File>>>, String> {
        let file = self.archive.by_index(self.index).map_err(explain)?;
        Pending::new(file, None)
    }

    pub(super) fn read(&mut self) -> Result<Array, String> {
        let mut pending = self.begin()?;
        let array = pending.read()?;
        // At its end the bytes of a file are held against their sum.
        pending.reader.read(&mut [0]).map_err(|error| error.to_string())?;
        Ok(array)
    }
}

fn open(file: &Path) -> Result<ZipArchive<BufReader<File>>, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let metadata = opened.metadata().map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        return Err("Is a directory".into());
    }
    if !metadata.is_file() {
        return Err("an archive is read from a file, not from a pipe".into());
    }
    ZipArchive::new(BufReader::new(opened)).map_err(explain)
}

/// The names, by the numbers of their files: `.npy` is not part of them.
fn list(archive: &ZipArchive<BufReader<File>>) -> Vec<String> {
    let name = |raw: &[u8]| {
        let name = String::from_utf8_lossy(raw);
        name.strip_suffix(".npy").unwrap_or(&name).to_owned()
    };
    archive.file_names_raw().map(name).collect()
}

/// Some names for a message, of which the first are enough.
fn listed(names: &[String]) -> String {
    const ENOUGH: usize = 8;
    let shown: Vec<String> = names.iter().take(ENOUGH).map(|name| format!("{name:?}")).collect();
    let dots = if names.len() > ENOUGH { ", …" } else { "" };
    if names.is_empty() { "none".into() } else { shown.join(", ") + dots }
}

fn explain(error: zip::result::ZipError) -> String {
    format!("not a .npz archive: {error}")
}
