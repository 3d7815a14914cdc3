//! Headers as NumPy writes them, and everything else refused in a moment.

use super::header::{self, Header};
use super::numbers::{Format, Kind};
use super::{Array, Pending, Values, row_major};
use crate::workload::Random;
use std::time::{Duration, Instant};

fn parse(bytes: impl std::io::Read, length: Option<u64>) -> Result<Array, String> {
    Pending::new(bytes, length)?.read()
}

/// A file of version 1.0 with this dictionary and these data.
fn file(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dictionary.len() as u16 + 1).to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    bytes.push(b'\n');
    bytes.extend(data);
    bytes
}

fn header(dictionary: &str) -> Result<Header, String> {
    Header::read(&mut &file(dictionary, &[])[..])
}

const SINGLE: Format = Format { kind: Kind::Float32, big_endian: false };

const PLAIN: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

#[test]
fn headers_of_numpy_and_its_kin_are_read() {
    let plain = Header { format: SINGLE, fortran_order: false, shape: vec![2, 3] };
    for text in [
        PLAIN,
        // Python 2; no last comma; other orders, quotes and blanks.
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{\"shape\":(2,3,),\"fortran_order\":False,\"descr\":\"<f4\"}",
        "  { 'fortran_order' : False , 'descr' : '<f4' , 'shape' : ( 2 , 3 ) , }      ",
    ] {
        assert_eq!(header(text).as_ref(), Ok(&plain), "{text}");
    }
    let column = header("{'descr': '|u1', 'fortran_order': True, 'shape': (5,), }");
    assert_eq!(
        column,
        Ok(Header {
            format: Format { kind: Kind::Uint8, big_endian: false },
            fortran_order: true,
            shape: vec![5]
        })
    );
    let scalar = header("{'descr': '>f8', 'fortran_order': False, 'shape': (), }");
    assert_eq!(scalar.map(|header| header.shape), Ok(vec![]));
    // Versions 2.0 and 3.0 have four bytes for the length.
    for version in [2, 3] {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        bytes.extend((PLAIN.len() as u32).to_le_bytes());
        bytes.extend(PLAIN.as_bytes());
        assert_eq!(Header::read(&mut &bytes[..]).as_ref(), Ok(&plain));
    }
}

#[test]
fn what_numpy_would_not_write_is_refused_with_its_reason() {
    for (text, reason) in [
        ("", "ends where { should be"),
        ("{", "ends where a string should be"),
        ("{}", "has no 'descr'"),
        ("{'descr': '<f4', 'fortran_order': False, }", "has no 'shape'"),
        ("{'descr': '<f4', 'descr': '<f4', }", "has 'descr' twice"),
        ("{'descr': '<f4', 'order': False, }", "has a key 'order'"),
        ("{'descr': '<f4' 'fortran_order': False}", "where } should be"),
        ("{'descr': '<f4, }", "without an end"),
        ("{'descr': 1, }", "where a string should be"),
        ("{'descr': '<c8', }", "its dtype is '<c8'"),
        ("{'descr': '=f4', }", "its dtype is '=f4'"),
        ("{'descr': '<U4', }", "its dtype is '<U4'"),
        ("{'descr': '|f4', }", "its dtype is '|f4'"),
        ("{'descr': [('a', '<f4')], }", "its dtype is a record"),
        ("{'fortran_order': 0, }", "where True or False should be"),
        ("{'shape': 5, }", "where ( should be"),
        ("{'shape': (5), }", "where a comma should be"),
        ("{'shape': (-1, 2), }", "negative"),
        ("{'shape': (1.5, 2), }", "where a comma should be"),
        ("{'shape': (18446744073709551616, ), }", "above 2^64"),
        ("{'shape': ((1, ), ), }", "where a whole number should be"),
        (&format!("{PLAIN} import os"), "where its end should be"),
        (&format!("{{'shape': ({}), }}", "1, ".repeat(65)), "more than 64 axes"),
        (&format!("{{'{}': 1}}", "x".repeat(3000)), "has a key 'xxxxxxxxxxxxxxxxxxxx…'"),
    ] {
        let found = header(text).map(|header| format!("{header:?}")).unwrap_or_else(|error| error);
        assert!(found.contains(reason), "{text}: {found}, not {reason}");
    }
}

/// The fault that this reader was written for: brackets in brackets, for which a grammar that tries every
/// reading takes time without end.
#[test]
fn nested_brackets_take_no_time() {
    for bracket in ["(", "[", "{", "{{'a':", "((1,),"] {
        for depth in [12, 100, 1000] {
            let nested = bracket.repeat(depth);
            for text in [
                nested.clone(),
                format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {nested}1"),
                format!("{{'descr': {nested}"),
                format!("{{'fortran_order': {nested}"),
            ] {
                let start = Instant::now();
                assert!(header(&text).is_err(), "{text}");
                assert!(start.elapsed() < Duration::from_millis(100), "{bracket} × {depth}");
            }
        }
    }
}

/// Mutations of valid files and random bytes: each is read or refused at once, and what is read has the size that the
/// header claims.
#[test]
fn mutated_files_are_read_or_refused_at_once() {
    const CALLS: usize = 20_000;
    const PIECES: [&str; 20] = [
        "'descr'",
        "'fortran_order'",
        "'shape'",
        "'<f4'",
        "'>f8'",
        "'|u1'",
        "'<i8'",
        "True",
        "False",
        "(",
        ")",
        "{",
        "}",
        "[",
        ":",
        ",",
        "4294967296",
        "-1",
        "0",
        "\n",
    ];
    let mut random = Random(11);
    let mut below = |n: usize| (random.uniform() * n as f32) as usize % n;
    let mut read = 0;
    for call in 0..CALLS {
        let data: Vec<u8> = (0..24).map(|_| below(256) as u8).collect();
        let mut bytes = match below(4) {
            0 => (0..below(200)).map(|_| below(256) as u8).collect(),
            1 => {
                let text: String = (0..below(40)).map(|_| PIECES[below(PIECES.len())]).collect();
                file(&text, &data)
            }
            _ => file(PLAIN, &data),
        };
        for _ in 0..below(4) {
            let at = below(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match below(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, below(256) as u8),
                2 => {
                    let piece = PIECES[below(PIECES.len())].bytes();
                    drop(bytes.splice(at..at, piece));
                }
                _ => bytes.get_mut(at).into_iter().for_each(|byte| *byte = below(256) as u8),
            }
        }
        for length in [Some(bytes.len() as u64), None] {
            let start = Instant::now();
            if let Ok(array) = parse(&bytes[..], length) {
                let count: usize = array.shape.iter().product();
                let held = match &array.values {
                    Values::Single(values) => values.len(),
                    Values::Double(values) => values.len(),
                };
                assert_eq!(held, count, "call {call}: {bytes:?}");
                read += 1;
            }
            assert!(start.elapsed() < Duration::from_secs(1), "call {call}: {bytes:?}");
        }
    }
    println!("{CALLS} files, {read} readings succeeded");
    assert!(read > CALLS / 10, "{read} of {CALLS}: the mutations spare too few");
}

/// What a header claims is held against what is there before memory is taken for it.
#[test]
fn sizes_are_checked_before_they_are_allocated() {
    for (shape, reason) in [
        ("(1000000000,)", "needs 4000000000 bytes of data, it has 8"),
        ("(4611686018427387904, 2)", "needs more than 2^64 bytes of data, it has 8"),
        ("(4294967296, 4294967296, 2)", "more than 2^64"),
        ("(3,)", "needs 12 bytes of data, it has 8"),
        ("(0, 2)", "no elements"),
        ("(1, 1, 1, 1, 1)", "5 axes"),
    ] {
        let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        let bytes = file(&text, &[0; 8]);
        let error = parse(&bytes[..], Some(bytes.len() as u64)).unwrap_err();
        assert!(error.contains(reason), "{shape}: {error}");
        // From a pipe, memory is taken as the numbers come.
        let error = parse(&bytes[..], None).unwrap_err();
        assert!(error.contains(reason) || error.contains("more than 4 GiB"), "{shape}: {error}");
    }
    // A sparse file may be as long as it likes.
    let bytes = file("{'descr': '|u1', 'fortran_order': False, 'shape': (2000000000,), }", &[]);
    let error = parse(&bytes[..], Some(1 << 40)).unwrap_err();
    assert!(error.contains("more than 4 GiB of memory"), "{error}");
}

#[test]
fn what_is_written_is_read() {
    let double = Format { kind: Kind::Float64, big_endian: false };
    let shapes: [&[usize]; 5] = [&[7], &[1, 1], &[3, 5], &[70_000, 1], &[2, 3, usize::MAX]];
    for (name, format) in [("<f4", SINGLE), ("<f8", double)] {
        for shape in shapes {
            let mut bytes = Vec::new();
            header::write(&mut bytes, name, shape).unwrap();
            assert_eq!(bytes.len() % 64, 0);
            let header = Header::read(&mut &bytes[..]).unwrap();
            assert_eq!(header.shape, shape.iter().map(|n| *n as u64).collect::<Vec<_>>());
            assert_eq!(header.format, format);
        }
    }
}

#[test]
fn fortran_order_becomes_row_major() {
    let values = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
    assert_eq!(row_major(&values, &[2, 3]).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let values = [0.0, 4.0, 2.0, 6.0, 1.0, 5.0, 3.0, 7.0];
    assert_eq!(row_major(&values, &[2, 2, 2]).unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    assert_eq!(row_major(&[1.0, 2.0], &[2]).unwrap(), [1.0, 2.0]);
}

/// The bytes are NumPy's, of ml_dtypes for bfloat16.
#[test]
fn every_type_of_number_is_read() {
    let single = |values: &[f32]| Values::Single(values.to_vec());
    let double = |values: &[f64]| Values::Double(values.to_vec());
    let cases: [(&str, &[u8], Values); 16] = [
        ("|b1", &[0, 1], single(&[0.0, 1.0])),
        ("|i1", &[0x80, 0x7f], single(&[-128.0, 127.0])),
        ("|u1", &[0, 0xff], single(&[0.0, 255.0])),
        ("<i2", &[0, 0x80, 0xff, 0x7f], single(&[-32_768.0, 32_767.0])),
        (">u2", &[0xff, 0xff, 0, 1], single(&[65_535.0, 1.0])),
        (
            "<i4",
            &[0, 0, 0, 0x80, 0xff, 0xff, 0xff, 0x7f],
            double(&[-2_147_483_648.0, 2_147_483_647.0]),
        ),
        (">i4", &[0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff], double(&[2.0, -1.0])),
        ("<u4", &[0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0], double(&[4_294_967_295.0, 1.0])),
        (
            "<i8",
            &[1, 0, 0, 0, 0, 0, 0x20, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            // 2⁵³ + 1 is no f64.
            double(&[9_007_199_254_740_992.0, -1.0]),
        ),
        (
            ">u8",
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 7],
            double(&[18_446_744_073_709_551_616.0, 7.0]),
        ),
        // 1/3 to eleven bits, and the least that is no subnormal number.
        ("<f2", &[0x55, 0x35, 0, 4], single(&[0.333_251_95, 6.103_515_6e-5])),
        (">f2", &[0x7c, 0, 0xc0, 0], single(&[f32::INFINITY, -2.0])),
        ("<V2", &[0x80, 0x3f, 0x49, 0x40], single(&[1.0, 3.140_625])),
        ("|V2", &[0x80, 0x3f, 0, 0xc0], single(&[1.0, -2.0])),
        (">f4", &[0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], single(&[1.0, -2.0])),
        ("<f8", &[0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0], double(&[1.0, -2.0])),
    ];
    for (name, data, values) in cases {
        let text = format!("{{'descr': '{name}', 'fortran_order': False, 'shape': (2,), }}");
        let bytes = file(&text, data);
        let array = parse(&bytes[..], Some(bytes.len() as u64)).unwrap();
        assert_eq!(array.values, values, "{name}");
        let short = parse(&bytes[..bytes.len() - 1], None).unwrap_err();
        assert!(short.contains("truncated"), "{name}: {short}");
    }
}
