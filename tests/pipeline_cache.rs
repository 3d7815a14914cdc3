//! A file of compiled pipelines: written, read again, and passed over where it is anything else.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{block_on, device_context};
use kantor::gpu::Backend;
use kantor::{Context, Geometry, Problem, Sinkhorn};
use std::path::{Path, PathBuf};

/// A file of this test's own, in a folder that goes with it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let folder = std::env::temp_dir().join(format!("kantor-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        Place(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("pipelines")
    }

    /// Nothing is left beside the file.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("the folder");
        entries.map(|entry| entry.expect("an entry").file_name().display().to_string()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The adapter under test, opened with this cache; `None` for the twin.
fn open(path: &Path) -> Option<Context> {
    let report = device_context()?.adapter();
    let backends = match report.backend {
        Backend::Gl => wgpu::Backends::GL,
        _ => wgpu::Backends::PRIMARY,
    };
    let builder = Context::builder().backends(backends).adapter_name(&report.name);
    Some(block_on(builder.pipeline_cache(path).build()).expect("the adapter under test"))
}

fn works(context: &Context) {
    let geometry = Geometry::cost_matrix(&[0.0f32, 1.0, 1.0, 0.0], 2, 2).expect("a cost");
    let problem =
        Problem::new(geometry, &[0.5f32, 0.5], &[0.25, 0.75]).expect("a problem").normalized();
    let solution = Sinkhorn::new(0.1).solve_blocking(context, &problem).expect("a solution");
    assert!(solution.converged().iter().all(|converged| *converged), "{solution:?}");
}

fn has_caches(context: &Context) -> bool {
    context.adapter().features.iter().any(|name| name == "PIPELINE_CACHE")
}

#[test]
fn a_file_is_written_and_read_again() {
    let place = Place::new("written");
    let Some(context) = open(&place.file()) else { return };
    works(&context);
    if !has_caches(&context) {
        drop(context);
        assert!(place.names().is_empty(), "an adapter without caches writes none");
        return;
    }
    context.save_pipeline_cache().expect("a file");
    let first = std::fs::read(place.file()).expect("the file");
    println!("{} bytes", first.len());
    assert!(first.starts_with(b"kantor-pipes"));
    drop(context);
    works(&open(&place.file()).expect("a device"));
    assert_eq!(place.names(), ["pipelines"]);
}

#[test]
fn a_dropped_context_leaves_its_file() {
    let place = Place::new("dropped");
    let Some(context) = open(&place.file()) else { return };
    let other = context.clone();
    drop(context);
    assert!(place.names().is_empty(), "a clone lives");
    let has = has_caches(&other);
    drop(other);
    assert_eq!(place.names().len(), usize::from(has));
}

#[test]
fn what_is_no_cache_of_this_adapter_is_passed_over() {
    let place = Place::new("foreign");
    let Some(context) = open(&place.file()) else { return };
    let has = has_caches(&context);
    drop(context);
    let good = std::fs::read(place.file()).unwrap_or_else(|_| b"kantor-pipes-001".to_vec());
    let (mut damaged, mut elsewhere) = (good.clone(), good.clone());
    *damaged.last_mut().expect("bytes") ^= 1;
    // The first letter of the adapter's key.
    if let Some(letter) = elsewhere.get_mut(40) {
        *letter ^= 1;
    }
    let random: Vec<u8> =
        (0..5000u32).map(|k| (k.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for file in [&good[..good.len() / 2], &damaged, &elsewhere, &random, b""] {
        std::fs::write(place.file(), file).expect("a temporary file");
        works(&open(&place.file()).expect("a device"));
        let replaced = std::fs::read(place.file()).expect("the file");
        assert_eq!(replaced.starts_with(b"kantor-pipes"), has || file.starts_with(b"kantor-pipes"));
        assert!(!has || replaced != file, "still there");
    }
}

#[test]
fn a_place_that_cannot_be_written_does_no_harm() {
    let place = Place::new("unwritable");
    let Some(context) = open(&place.0.join("no").join("such").join("folder")) else { return };
    works(&context);
    assert_eq!(context.save_pipeline_cache().is_err(), has_caches(&context));
    // A folder in the file's place.
    works(&open(&place.0).expect("a device"));
}
