//! Compiled pipelines on disk, where the adapter's driver gives them out: Vulkan's.
//!
//! A driver is handed only what this library wrote itself, for the same adapter and driver, whole and unchanged: a file
//! begins with a mark, the adapter's key, the length and a checksum. Anything else is passed over with a line in the log.
//! Files are written beside their place and renamed, so that no reader sees half of one.

use super::loss::Owner;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

const MARK: &[u8; 16] = b"kantor-pipes-001";
/// Nothing longer is read.
const LONGEST: u64 = 256 << 20;

/// The cache of a device, and its file.
#[derive(Debug)]
pub(crate) struct PipelineCache {
    cache: wgpu::PipelineCache,
    path: PathBuf,
    key: String,
    /// What the file held, by length and checksum.
    held: Option<(usize, u64)>,
    /// Whether pipelines have been built since it was last written.
    added: AtomicBool,
    owner: Owner,
}

impl PipelineCache {
    /// What a device needs for a cache.
    pub(crate) fn features(adapter: &wgpu::Adapter, path: Option<&Path>) -> wgpu::Features {
        let wanted = path.map_or(wgpu::Features::empty(), |_| wgpu::Features::PIPELINE_CACHE);
        adapter.features() & wanted
    }

    /// The cache of a device made with these [`features`](Self::features); none where the adapter has none.
    pub(crate) fn open(
        adapter: &wgpu::Adapter,
        device: &wgpu::Device,
        path: Option<&Path>,
    ) -> Option<Arc<PipelineCache>> {
        let path = path?;
        if cfg!(target_arch = "wasm32")
            || !device.features().contains(wgpu::Features::PIPELINE_CACHE)
        {
            log::info!("no pipeline cache: the adapter does not give out compiled pipelines");
            return None;
        }
        let info = adapter.get_info();
        let key = format!(
            "{} {} {} {}",
            wgpu::util::pipeline_cache_key(&info)?,
            info.name,
            info.driver,
            info.driver_info
        );
        let data = read(path, &key).unwrap_or_else(|reason| {
            log::info!("pipeline cache {}: {reason}; it begins empty", path.display());
            None
        });
        let descriptor = wgpu::PipelineCacheDescriptor {
            label: Some("kantor"),
            data: data.as_deref(),
            fallback: true,
        };
        // SAFETY: wgpu asks for data that `PipelineCache::get_data` returned for this adapter. What `read` returns was
        // written by `save`, which writes nothing else: the file has our mark, the key of this adapter and driver, the
        // length and the checksum that `save` wrote. Chance does not make such a file; who means to forge one can write
        // to a folder of the user's, and so to the driver's own cache. wgpu and the driver check the data once more, and
        // `fallback` lets them do without.
        #[allow(unsafe_code, reason = "that the data is ours is what the file's header shows")]
        let cache = unsafe { device.create_pipeline_cache(&descriptor) };
        Some(Arc::new(PipelineCache {
            cache,
            path: path.to_owned(),
            key,
            held: data.map(|data| (data.len(), checksum(&data))),
            added: AtomicBool::new(false),
            owner: Owner::default(),
        }))
    }

    /// For a pipeline that is about to be built.
    pub(crate) fn for_a_pipeline(&self) -> &wgpu::PipelineCache {
        self.added.store(true, Ordering::Relaxed);
        &self.cache
    }

    /// Writes the file if pipelines have been built that it does not have.
    pub(crate) fn save(&self) -> io::Result<()> {
        if !self.owner.is_this_process() || !self.added.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let Some(data) = self.cache.get_data() else { return Ok(()) };
        if self.held == Some((data.len(), checksum(&data))) {
            return Ok(());
        }
        write(&self.path, &packed(&self.key, &data)).inspect_err(|_| {
            self.added.store(true, Ordering::Relaxed);
        })
    }
}

impl Drop for PipelineCache {
    fn drop(&mut self) {
        if let Err(error) = self.save() {
            log::warn!("pipeline cache {}: {error}", self.path.display());
        }
    }
}

/// FNV-1a of Fowler, Noll and Vo, 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Mark, length of the key, length of the data, checksum of all that follows: key and data.
fn packed(key: &str, data: &[u8]) -> Vec<u8> {
    let body = [key.as_bytes(), data].concat();
    let numbers = [key.len() as u64, data.len() as u64, checksum(&body)];
    [MARK.as_slice(), &numbers.map(u64::to_le_bytes).concat(), &body].concat()
}

/// The data of a file that was [`packed`] with this key, or why it is none.
fn unpacked<'a>(file: &'a [u8], key: &str) -> Result<&'a [u8], &'static str> {
    let rest = file.strip_prefix(MARK.as_slice()).ok_or("is no pipeline cache of this version")?;
    let (numbers, body) = rest.split_at_checked(24).ok_or("is cut off")?;
    let mut numbers = numbers
        .chunks_exact(8)
        .map(|bytes| bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte)));
    let mut next = || numbers.next().unwrap_or_default();
    let (key_length, data_length, sum) = (next(), next(), next());
    if key_length.checked_add(data_length) != Some(body.len() as u64) {
        return Err("has another length than it says");
    }
    if checksum(body) != sum {
        return Err("is damaged");
    }
    body.strip_prefix(key.as_bytes())
        .filter(|data| data.len() as u64 == data_length)
        .ok_or("is another adapter's or driver's")
}

fn read(path: &Path, key: &str) -> Result<Option<Vec<u8>>, String> {
    let length = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| error.to_string())?.len(),
    };
    if length > LONGEST {
        return Err(format!("has {length} bytes"));
    }
    let file = std::fs::read(path).map_err(|error| error.to_string())?;
    unpacked(&file, key).map(|data| Some(data.to_vec())).map_err(Into::into)
}

/// In one step for whoever reads: a file of another name in the same folder, then renamed.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{number}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = std::fs::File::create_new(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    written.inspect_err(|_| drop(std::fs::remove_file(&beside)))
}

#[cfg(test)]
mod tests {
    use super::{packed, unpacked};

    #[test]
    fn what_was_written_is_read() {
        for data in [&b""[..], b"data"] {
            assert_eq!(unpacked(&packed("an adapter", data), "an adapter"), Ok(data));
        }
    }

    #[test]
    fn nothing_else_is_read() {
        let file = packed("an adapter", b"compiled pipelines");
        for end in 0..file.len() {
            assert!(unpacked(&file[..end], "an adapter").is_err(), "cut off at {end}");
        }
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut damaged = file.clone();
                damaged[at] ^= 1 << bit;
                assert!(unpacked(&damaged, "an adapter").is_err(), "bit {bit} of byte {at}");
            }
        }
        assert!(unpacked(&[&file[..], b"more"].concat(), "an adapter").is_err());
        for key in ["another", "an", "an adapter of more", ""] {
            assert!(unpacked(&file, key).is_err(), "{key}");
        }
        assert!(unpacked(b"GIF89a", "an adapter").is_err());
    }
}
