#![no_main]
#![allow(dead_code, reason = "writing is the command's")]

//! The header of a `.npy` file, as the command reads it.

#[path = "../../../../src/bin/kantor/npy/header.rs"]
mod header;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    if let Ok(header) = header::Header::read(&mut rest) {
        assert!(header.shape.len() <= 64 && rest.len() < bytes.len());
    }
});
