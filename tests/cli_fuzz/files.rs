//! Inputs of a call: arrays and points that fit each other, some of them damaged; and places for outputs.

use crate::command::{Outcome, npy, npz};
use crate::random::Random;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub struct Files {
    folder: PathBuf,
    grid: String,
}

/// What stands in an output's place before.
pub const OLD: &str = "what was there before";

/// Where an output may go. The first two are files, new or old.
const OUTPUTS: [&str; 9] = [
    "new.out",
    "old.out",
    "link.out",
    "none/new.out",
    "folder",
    "/dev/null",
    "/dev/full",
    "/dev/stdout",
    "",
];

/// Names of the files that a call finds.
pub const INPUTS: [&str; 14] = [
    "rows.npy",
    "other.npy",
    "cost.npy",
    "points.csv",
    "cloud.npy",
    "others.npy",
    "clouds.npz",
    "weights.npy",
    "others_weights.npy",
    "arrays.npz",
    "folder",
    "link.out",
    "old.out",
    "missing",
];

impl Files {
    pub fn random(
        folder: &Path,
        subcommand: &str,
        plain: bool,
        random: &mut Random,
    ) -> Outcome<Files> {
        let (height, width) = (1 + random.below(4), 1 + random.below(5));
        let (bins, rows) = (height * width, 1 + random.below(4));
        let shape = match random.below(8) {
            0 if !plain => vec![rows, height, width],
            0..4 if subcommand != "divergence" => vec![rows, height, width],
            4 if rows == 1 => vec![bins],
            _ => vec![rows, bins],
        };
        let same = plain || random.chance(0.8);
        let other = if same { shape.clone() } else { vec![1, bins] };
        let cost = if random.chance(0.7) { vec![bins, bins] } else { vec![rows, bins, bins] };
        for (name, shape) in [("rows.npy", shape), ("other.npy", other), ("cost.npy", cost)] {
            let bytes = array(&shape, plain, random)?;
            let bytes = if plain { bytes } else { damaged(bytes, &NPY_PIECES, random) };
            std::fs::write(folder.join(name), bytes)?;
        }
        clouds(folder, plain, random)?;
        let points = points(random).into();
        let points = if plain { points } else { damaged(points, &CSV_PIECES, random) };
        std::fs::write(folder.join("points.csv"), points)?;
        std::fs::write(folder.join("old.out"), OLD)?;
        std::fs::create_dir(folder.join("folder"))?;
        std::os::unix::fs::symlink("old.out", folder.join("link.out"))?;
        Ok(Files { folder: folder.to_owned(), grid: format!("{height}x{width}") })
    }

    pub fn grid(&self) -> &str {
        &self.grid
    }

    pub fn output(&self, random: &mut Random) -> OsString {
        let name = if random.chance(0.8) { OUTPUTS[random.below(3)] } else { *random.of(&OUTPUTS) };
        if name.starts_with('/') || name.is_empty() {
            return name.into();
        }
        self.folder.join(name).into()
    }

    /// Points of one side.
    pub fn cloud(&self, target: bool, random: &mut Random) -> OsString {
        let name = match random.below(20) {
            0..3 => "clouds.npz",
            3 => "clouds.npz:points",
            4 => *random.of(&INPUTS),
            _ => ["cloud.npy", "others.npy"][usize::from(target)],
        };
        self.folder.join(name).into()
    }

    /// Their weights.
    pub fn weights(&self, target: bool, random: &mut Random) -> OsString {
        let name = match random.below(20) {
            0 => "clouds.npz:weights",
            1 => *random.of(&INPUTS),
            _ => ["weights.npy", "others_weights.npy"][usize::from(target)],
        };
        self.folder.join(name).into()
    }

    /// A file for an argument of this name, and sometimes another.
    pub fn input(&self, name: &str, random: &mut Random) -> OsString {
        let fitting = match name {
            "B.npy" | "Q.npy" => "other.npy",
            "C.npy" => "cost.npy",
            "POINTS.csv" => "points.csv",
            "DIR" => "folder",
            _ => "rows.npy",
        };
        let name = match random.below(40) {
            0 | 1 => *random.of(&INPUTS),
            2 if fitting == "rows.npy" => "arrays.npz:rows",
            3 => *random.of(&["arrays.npz", "arrays.npz:none", "arrays.npz:", ".npz:x"]),
            _ => fitting,
        };
        self.folder.join(name).into()
    }
}

/// Clouds of either side with their weights, and archives of arrays.
fn clouds(folder: &Path, plain: bool, random: &mut Random) -> Outcome<()> {
    let d = 1 + random.below(3);
    let clouds = 1 + random.below(3);
    let [n, m] = [0, 1].map(|_| 1 + random.below(6));
    let even = |size: usize| if clouds == 1 { vec![size, d] } else { vec![clouds, size, d] };
    let write = |name: &str, shape: &[usize], random: &mut Random| -> Outcome<Vec<u8>> {
        let bytes = array(shape, plain, random)?;
        let damaged =
            if plain { bytes.clone() } else { damaged(bytes.clone(), &NPY_PIECES, random) };
        std::fs::write(folder.join(name), damaged)?;
        Ok(bytes)
    };
    let points = write("cloud.npy", &even(n), random)?;
    write("others.npy", &even(m), random)?;
    write("weights.npy", &[n], random)?;
    write("others_weights.npy", &[clouds, m], random)?;

    let all = clouds * n;
    let mut offsets = vec![0i32];
    offsets.extend((1..clouds).map(|k| (k * n + random.below(2)).min(all) as i32));
    offsets.push(all as i32);
    if !plain && random.chance(0.2) {
        offsets[0] = 1;
    }
    let mut arrays = vec![("points", array(&[all, d], plain, random)?)];
    if random.chance(0.9) {
        arrays.push(("offsets", npy(&[offsets.len() as u64], npyz::Order::C, &offsets)?));
    }
    if random.chance(0.5) {
        arrays.push(("weights", array(&[all], plain, random)?));
    }
    let rows = ("rows", std::fs::read(folder.join("rows.npy"))?);
    for (name, arrays) in [("clouds.npz", &arrays[..]), ("arrays.npz", &[rows, ("points", points)])]
    {
        let bytes = npz(arrays, random.chance(0.5))?;
        let bytes = if plain { bytes } else { damaged(bytes, &ZIP_PIECES, random) };
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

const ZIP_PIECES: [&[u8]; 8] = [
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"points.npy",
    b"\x08\x00",
];

/// Numbers of one kind, as users have them, with a few that are none.
fn array(shape: &[usize], plain: bool, random: &mut Random) -> Outcome<Vec<u8>> {
    let count = shape.iter().product();
    let regime = if plain { 3 } else { random.below(6) };
    let bad = !plain && random.chance(0.1);
    let mut number = || match regime {
        _ if bad && random.chance(0.2) => {
            *random.of(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e300, 5e-324])
        }
        0 => random.below(3) as f64,
        1 => (random.uniform() - 0.5) * 20.0,
        2 => 10f64.powf(60.0 * random.uniform() - 30.0),
        _ => random.uniform(),
    };
    let values: Vec<f64> = (0..count).map(|_| number()).collect();
    let shape: Vec<u64> = shape.iter().map(|n| *n as u64).collect();
    let order = if random.chance(0.2) { npyz::Order::Fortran } else { npyz::Order::C };
    match random.below(4) {
        0 => npy(&shape, order, &values),
        1 => npy(&shape, order, &values.iter().map(|x| (x * 9.0) as u8).collect::<Vec<u8>>()),
        2 if !plain && random.chance(0.1) => npy(&shape, order, &vec![1i32; count]),
        _ => npy(&shape, order, &values.iter().map(|x| *x as f32).collect::<Vec<f32>>()),
    }
}

fn points(random: &mut Random) -> String {
    let end = if random.chance(0.2) { "\r\n" } else { "\n" };
    let mut text = format!("{}{end}", if random.chance(0.8) { "v,x" } else { "x,name,v" });
    let columns = text.matches(',').count();
    for _ in 0..=random.below(12) {
        let v = 10f64.powf(7.0 * random.uniform() - 2.0);
        let x = 10f64.powf(40.0 * random.uniform() - 20.0);
        let row = if columns == 1 { format!("{v},{x:e}") } else { format!("{x:e},\"a, b\",{v}") };
        text.push_str(&row);
        text.push_str(end);
    }
    text
}

const NPY_PIECES: [&[u8]; 22] = [
    b"'descr'",
    b"'fortran_order'",
    b"'shape'",
    b"'<f4'",
    b"'>f8'",
    b"'|u1'",
    b"'<i8'",
    b"True",
    b"False",
    b"(",
    b")",
    b"{",
    b"}",
    b"[",
    b":",
    b",",
    b"4294967296",
    b"18446744073709551616",
    b"-1",
    b"0",
    b"\n",
    b"\x93NUMPY",
];

const CSV_PIECES: [&[u8]; 20] = [
    b"\n",
    b"\r",
    b"\r\n",
    b",",
    b"\"",
    b"\"\"",
    b" ",
    b"\t",
    b"nan",
    b"inf",
    b"-1",
    b"1e400",
    b"1e-400",
    b"v",
    b"x",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"1e999999999",
    b"0x1p3",
];

/// The bytes as they are in half of the calls; else with some of them changed.
fn damaged(mut bytes: Vec<u8>, pieces: &[&[u8]], random: &mut Random) -> Vec<u8> {
    if random.chance(0.5) {
        return bytes;
    }
    for _ in 0..=random.below(3) {
        // Most of it in the header, where there is more to say.
        let reach = if random.chance(0.7) { 130.min(bytes.len()) } else { bytes.len() };
        let at = random.below(reach.max(1)).min(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.below(256) as u8),
            2 => drop(bytes.splice(at..at, random.of(pieces).iter().copied())),
            3 => bytes.get_mut(at).into_iter().for_each(|byte| *byte = random.below(256) as u8),
            4 => bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << random.below(8)),
            _ => {
                let end = (at + random.below(40)).min(bytes.len());
                let copy = bytes[at..end].repeat(1 + random.below(3));
                drop(bytes.splice(at..at, copy));
            }
        }
    }
    bytes
}
