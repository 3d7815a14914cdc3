//! What tests of the command share: files in a folder of their own, and runs of the binary.
#![allow(dead_code)] // every test takes what it needs

use npyz::WriterBuilder;
use std::error::Error;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A folder of a test's own, empty at first.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Outcome<Folder> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// Writes a file.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> Outcome<String> {
        std::fs::write(self.0.join(name), bytes)?;
        Ok(self.path(name))
    }

    /// Writes an array, row-major.
    pub fn array<T: npyz::AutoSerialize + Copy>(
        &self,
        name: &str,
        shape: &[u64],
        values: &[T],
    ) -> Outcome<String> {
        self.file(name, npy(shape, npyz::Order::C, values)?)
    }

    /// Writes an archive of `.npy` files, packed or not.
    pub fn archive(&self, name: &str, arrays: &[(&str, Vec<u8>)], packed: bool) -> Outcome<String> {
        self.file(name, npz(arrays, packed)?)
    }

    /// The names of what is in it, in order.
    pub fn names(&self) -> Outcome<Vec<String>> {
        let mut names = std::fs::read_dir(&self.0)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Outcome<Vec<String>>>()?;
        names.sort();
        Ok(names)
    }
}

/// The bytes of a `.npy` file.
pub fn npy<T: npyz::AutoSerialize + Copy>(
    shape: &[u64],
    order: npyz::Order,
    values: &[T],
) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape).order(order);
    let mut writer = options.writer(&mut bytes).begin_nd()?;
    writer.extend(values.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}

/// The bytes of an archive of `.npy` files.
pub fn npz(arrays: &[(&str, Vec<u8>)], packed: bool) -> Outcome<Vec<u8>> {
    use zip::CompressionMethod::{Deflated, Stored};
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let options = options.compression_method(if packed { Deflated } else { Stored });
    for (name, bytes) in arrays {
        archive.start_file(format!("{name}.npy"), options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Shape and numbers of an array of a file: of an archive that of a name.
pub fn read_npy<T: npyz::Deserialize>(
    path: &str,
    name: Option<&str>,
) -> Outcome<(Vec<u64>, Vec<T>)> {
    let mut bytes = std::fs::read(path)?;
    if let Some(name) = name {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes))?;
        bytes = Vec::new();
        archive.by_name(&format!("{name}.npy"))?.read_to_end(&mut bytes)?;
    }
    let file = npyz::NpyFile::new(&bytes[..])?;
    Ok((file.shape().to_vec(), file.into_vec()?))
}

/// The bytes of a `.npy` file of version 1.0 with this dictionary, without data.
pub fn npy_header(dictionary: &str) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dictionary.len() as u16 + 1).to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    bytes.push(b'\n');
    bytes
}

/// The command, with nothing on its standard input.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kantor"));
    // Mesa's warnings are not ours.
    command.env("EGL_LOG_LEVEL", "fatal").stdin(Stdio::null());
    command
}

pub fn kantor(arguments: &[&str]) -> Outcome<Output> {
    Ok(command().args(arguments).output()?)
}

/// What a run that must succeed prints, read as JSON.
pub fn json(arguments: &[&str]) -> Outcome<serde_json::Value> {
    let output = kantor(arguments)?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Exit status 2, nothing on stdout, one line on stderr that has these words.
pub fn refused(arguments: &[&str], words: &[&str]) -> Outcome {
    let output = kantor(arguments)?;
    let errors = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(errors.lines().count(), 1, "{arguments:?}: {errors}");
    assert!(errors.starts_with("kantor: error: "), "{errors}");
    for word in words {
        assert!(errors.contains(word), "{arguments:?}: {word:?} is not in {errors}");
    }
    Ok(())
}
