//! Files of the command: read from wherever they come, within their size; written whole or not at all; named in
//! messages without a word that a terminal obeys.
#![cfg(all(feature = "cli", target_os = "linux"))]

#[path = "common/command.rs"]
mod command;

use command::{Folder, Outcome, json, npy_header, refused};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

/// `kantor bessel POINTS --function log-i --output TARGET`.
fn bessel<'a>(points: &'a str, target: &'a str) -> [&'a str; 8] {
    ["bessel", points, "--function", "log-i", "--output", target, "--adapter", "cpu"]
}

/// So many points; their values take some 60 bytes each.
fn points(folder: &Folder, count: usize) -> Outcome<String> {
    let rows: String = (0..count).map(|k| format!("{k},2\n")).collect();
    folder.file("points.csv", format!("v,x\n{rows}"))
}

/// Runs the command under a shell that first sets limits.
fn limited(limits: &str, arguments: &[&str]) -> Outcome<Output> {
    let kantor = env!("CARGO_BIN_EXE_kantor");
    let script = format!("{limits}; exec \"$0\" \"$@\"");
    let mut shell = std::process::Command::new("sh");
    Ok(shell.args(["-c", &script, kantor]).args(arguments).stdin(Stdio::null()).output()?)
}

#[test]
fn an_output_replaces_the_old_one_whole() -> Outcome {
    let folder = Folder::new("files/replaced")?;
    let points = points(&folder, 3)?;
    let target = folder.file("out.csv", "old")?;
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640))?;
    let old = fs::metadata(&target)?;
    json(&bessel(&points, &target))?;
    let new = fs::metadata(&target)?;
    assert_eq!(fs::read_to_string(&target)?.lines().count(), 4);
    assert_eq!(new.permissions().mode(), old.permissions().mode());
    assert_ne!(new.ino(), old.ino(), "it was written over, not replaced");
    assert_eq!(folder.names()?, ["out.csv", "points.csv"]);
    // A new file is what the umask says, not for its owner alone.
    let fresh = folder.path("fresh.csv");
    let output = limited("umask 022", &bessel(&points, &fresh))?;
    assert!(output.status.success());
    assert_eq!(fs::metadata(&fresh)?.permissions().mode() & 0o777, 0o644);
    Ok(())
}

#[test]
fn a_kill_leaves_the_old_file() -> Outcome {
    let folder = Folder::new("files/killed")?;
    let points = points(&folder, 1000)?;
    let target = folder.file("out.csv", "old")?;
    // The signal of a file above the limit ends the process in the middle of writing.
    let output = limited("ulimit -f 8", &bessel(&points, &target))?;
    assert_eq!(output.status.code(), None, "{output:?}");
    assert_eq!(fs::read_to_string(&target)?, "old");
    Ok(())
}

#[test]
fn an_error_leaves_the_old_file_and_no_other() -> Outcome {
    let folder = Folder::new("files/failed")?;
    let points = points(&folder, 1000)?;
    let target = folder.file("out.csv", "old")?;
    let output = limited("trap '' XFSZ; ulimit -f 8", &bessel(&points, &target))?;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("out.csv: File too large"));
    assert_eq!(fs::read_to_string(&target)?, "old");
    assert_eq!(folder.names()?, ["out.csv", "points.csv"]);
    // Nor is a file made where none was.
    let fresh = folder.path("fresh.csv");
    limited("trap '' XFSZ; ulimit -f 8", &bessel(&points, &fresh))?;
    let p = folder.array("p.npy", &[100, 100], &[1.0f32; 10_000])?;
    let gradient = folder.path("gradient.npy");
    let run = ["divergence", &p, "--kind", "entropy", "--adapter", "cpu", "--gradient", &gradient];
    limited("trap '' XFSZ; ulimit -f 8", &run)?;
    assert_eq!(folder.names()?, ["out.csv", "p.npy", "points.csv"]);
    Ok(())
}

#[test]
fn links_stay_links() -> Outcome {
    let folder = Folder::new("files/links")?;
    let points = points(&folder, 3)?;
    fs::create_dir(folder.path("far"))?;
    folder.file("far/there.csv", "old")?;
    for (name, leads_to, file) in [
        ("link.csv", "far/there.csv", "far/there.csv"),
        ("dangling.csv", "far/new.csv", "far/new.csv"),
        ("chain.csv", "link.csv", "far/there.csv"),
    ] {
        let link = folder.path(name);
        symlink(leads_to, &link)?;
        json(&bessel(&points, &link))?;
        assert!(fs::symlink_metadata(&link)?.is_symlink(), "{name}");
        assert_eq!(fs::read_to_string(folder.path(file))?.lines().count(), 4, "{name}");
    }
    symlink("round.csv", folder.path("round.csv"))?;
    refused(&bessel(&points, &folder.path("round.csv")), &["round.csv", "symbolic links"])?;
    assert_eq!(fs::read_dir(folder.path("far"))?.count(), 2);
    Ok(())
}

#[test]
fn pipes_and_devices_are_written_to() -> Outcome {
    let folder = Folder::new("files/special")?;
    let points = points(&folder, 3)?;
    json(&bessel(&points, "/dev/null"))?;
    if fs::metadata("/dev/full").is_ok() {
        refused(&bessel(&points, "/dev/full"), &["/dev/full", "No space left"])?;
    }
    refused(&bessel(&points, &folder.path("")), &["Is a directory"])?;

    // A pipe with a name.
    let pipe = folder.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status()?.success());
    let mut run = command::command();
    let child = run.args(bessel(&points, &pipe)).stdout(Stdio::null()).spawn()?;
    let mut text = String::new();
    File::open(&pipe)?.read_to_string(&mut text)?;
    assert!(child.wait_with_output()?.status.success());
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(!fs::metadata(&pipe)?.is_file());

    // The standard output, be it a pipe or a file: first the values, then the report.
    let told = |text: &str| {
        assert!(text.starts_with("v,x,value\n"), "{text}");
        assert!(text.ends_with("\"points\":3}\n"), "{text}");
        assert_eq!(text.lines().count(), 5, "{text}");
    };
    let arguments = [&bessel(&points, "/dev/stdout")[..], &["--json"]].concat();
    told(&String::from_utf8(command::kantor(&arguments)?.stdout)?);
    for append in [false, true] {
        let file = folder.file("stdout.txt", "")?;
        let to = File::options().write(true).append(append).open(&file)?;
        assert!(command::command().args(&arguments).stdout(to).status()?.success());
        told(&fs::read_to_string(&file)?);
    }
    Ok(())
}

#[test]
fn what_must_not_be_written_to_is_not_replaced() -> Outcome {
    let folder = Folder::new("files/readonly")?;
    let points = points(&folder, 3)?;
    refused(&bessel(&points, &folder.path("none/out.csv")), &["none/out.csv", "not found"])?;
    refused(&bessel(&points, &folder.path("points.csv/out.csv")), &["Not a directory"])?;
    let target = folder.file("out.csv", "old")?;
    fs::set_permissions(&target, fs::Permissions::from_mode(0o444))?;
    // The superuser may write to it all the same.
    if File::options().write(true).open(&target).is_err() {
        refused(&bessel(&points, &target), &["out.csv", "Permission denied"])?;
        assert_eq!(fs::read_to_string(&target)?, "old");
    }
    Ok(())
}

#[test]
fn arrays_come_through_pipes() -> Outcome {
    let folder = Folder::new("files/pipes")?;
    let values: Vec<f64> = (0..30_000).map(|k| f64::from(k % 7)).collect();
    let file = folder.array("p.npy", &[3, 10_000], &values)?;
    let bytes = fs::read(&file)?;
    let entropy = |from: &str, bytes: &[u8]| -> Outcome<Output> {
        let mut run = command::command();
        run.args(["divergence", from, "--kind", "entropy", "--adapter", "cpu", "--json"]);
        let mut child =
            run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // In pieces that fit no number.
        if let Some(mut pipe) = child.stdin.take() {
            // A reader that refuses hangs up.
            let _ = bytes.chunks(4093).try_for_each(|piece| pipe.write_all(piece));
        }
        Ok(child.wait_with_output()?)
    };
    let whole = entropy(&file, &[])?;
    assert!(whole.status.success());
    assert_eq!(entropy("/dev/stdin", &bytes)?.stdout, whole.stdout);
    let cut = entropy("/dev/stdin", &bytes[..bytes.len() - 3])?;
    let errors = String::from_utf8(cut.stderr)?;
    assert_eq!(cut.status.code(), Some(2), "{errors}");
    assert!(errors.contains("needs 240000 bytes of data, it has 239997"), "{errors}");
    Ok(())
}

/// Sizes are compared and checked before memory is taken: with half a gigabyte at most, and at once.
#[test]
fn claims_take_no_memory() -> Outcome {
    let folder = Folder::new("files/claims")?;
    let three = folder.array("three.npy", &[1, 3], &[1u8, 2, 3])?;
    let image = folder.array("image.npy", &[1, 200, 200], &[1u8; 40_000])?;
    let one = folder.array("one.npy", &[20_000, 1], &[1u8; 20_000])?;
    let sparse = |name: &str, dictionary: &str, bytes: u64| -> Outcome<String> {
        let file = folder.file(name, npy_header(dictionary))?;
        File::options().write(true).open(&file)?.set_len(bytes + 200)?;
        Ok(file)
    };
    let huge = sparse(
        "huge.npy",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2000000, 1000), }",
        8_000_000_000,
    )?;
    let large = sparse(
        "large.npy",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (200000, 1000), }",
        1_600_000_000,
    )?;
    let cases: [(&[&str], &[&str]); 6] = [
        (&["transport", &three, &three, "--grid", "70000x70000", "--epsilon", "1"], &["--grid"]),
        (
            &["transport", &three, &three, "--grid", "100x100", "--epsilon", "1"],
            &["three.npy", "3 bins"],
        ),
        (
            &["transport", &image, &image, "--grid", "200x30000000", "--epsilon", "1"],
            &["--grid", "too large"],
        ),
        (&["divergence", &huge, "--kind", "entropy"], &["huge.npy", "more than 4 GiB"]),
        (&["vmf", &large], &["large.npy", "no memory for its 200000000 numbers"]),
        (&["divergence", &one, "--kind", "js", "--pairwise"], &["--pairwise", "67108864 pairs"]),
    ];
    for (arguments, words) in cases {
        let start = Instant::now();
        let output = limited("ulimit -v 524288", &[arguments, &["--adapter", "cpu"]].concat())?;
        let errors = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        for word in words {
            assert!(errors.contains(word), "{arguments:?}: {word:?} is not in {errors}");
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{arguments:?}");
    }
    Ok(())
}

/// 100 MB of bytes were once five gigabytes.
#[test]
fn bytes_are_read_in_pieces() -> Outcome {
    let folder = Folder::new("files/pieces")?;
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (50000, 1000), }";
    let mut bytes = npy_header(text);
    bytes.resize(bytes.len() + 50_000_000, 7);
    let file = folder.file("bytes.npy", bytes)?;
    // Four bytes a number, the library's copies, and the threads' stacks.
    let run = ["vmf", &file, "--adapter", "cpu"];
    let output = limited("ulimit -v 1048576", &run)?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::remove_file(&file)?;
    Ok(())
}

#[test]
fn images_that_contradict_the_grid_are_refused() -> Outcome {
    let folder = Folder::new("files/orientation")?;
    let values: Vec<f32> = (1..19).map(|k| k as f32).collect();
    let images = folder.array("images.npy", &[3, 2, 3], &values)?;
    let rows = folder.array("rows.npy", &[3, 6], &values)?;
    let with = ["--epsilon", "1", "--adapter", "cpu"];
    let run = |source, grid| {
        [&["transport", source, images.as_str(), "--grid", grid], &with[..]].concat()
    };
    for source in [&images, &rows] {
        refused(&run(source, "3x2"), &["images.npy", "2x3", "--grid is 3x2"])?;
        assert_eq!(json(&run(source, "2x3"))?["problems"].as_array().map(Vec::len), Some(3));
    }
    // Rows say nothing of their shape.
    json(&[&["transport", &rows, &rows, "--grid", "3x2"], &with[..]].concat())?;
    // One image needs no axis for its row.
    let image = folder.array("image.npy", &[2, 3], &values[..6])?;
    let alone = |grid| [&["transport", &image, &image, "--grid", grid], &with[..]].concat();
    assert_eq!(json(&alone("2x3"))?["problems"].as_array().map(Vec::len), Some(1));
    refused(&alone("3x2"), &["image.npy", "3 bins"])?;
    let volume = folder.array("volume.npy", &[1, 2, 3, 3], &values)?;
    let alone = |grid| [&["transport", &volume, &volume, "--grid", grid], &with[..]].concat();
    assert_eq!(json(&alone("2x3x3"))?["problems"].as_array().map(Vec::len), Some(1));
    refused(&alone("3x2x3"), &["volume.npy", "2x3x3", "--grid is 3x2x3"])?;
    // As many pixels, of another shape.
    let flat = folder.array("flat.npy", &[1, 6, 3], &values)?;
    let run = ["transport", &flat, &flat, "--grid", "2x3x3"];
    refused(&[&run, &with[..]].concat(), &["flat.npy", "2x3x3"])
}

/// A header of nested brackets was once parsed for ever.
#[test]
fn nested_headers_are_refused_at_once() -> Outcome {
    let folder = Folder::new("files/nested")?;
    let shape = format!("{}1{}", "{".repeat(12), "}".repeat(12));
    let text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}");
    let mut bytes = npy_header(&text);
    bytes.resize(bytes.len() + 48, 0);
    let file = folder.file("nest12.npy", bytes)?;
    let start = Instant::now();
    refused(&["vmf", &file, "--adapter", "cpu"], &["nest12.npy", "not a .npy file"])?;
    assert!(start.elapsed() < Duration::from_secs(2));
    Ok(())
}

#[test]
fn a_carriage_return_within_a_line_is_no_part_of_a_number() -> Outcome {
    let folder = Folder::new("files/returns")?;
    let output = folder.path("out.csv");
    for (name, text, line) in [
        ("number.csv", "v,x\n2,1\r5\n", "line 2"),
        ("mac.csv", "v,x\r2,15\r", "line 1"),
        ("last.csv", "v,x\r\n2,15\r", "line 2"),
        ("twice.csv", "v,x\r\r\n2,15\n", "line 1"),
    ] {
        let file = folder.file(name, text)?;
        refused(&bessel(&file, &output), &[name, line, "carriage return"])?;
    }
    let file = folder.file("windows.csv", "v,x\r\n2,15\r\n")?;
    json(&bessel(&file, &output))?;
    Ok(())
}

#[test]
fn names_of_files_do_not_steer_the_terminal() -> Outcome {
    let folder = Folder::new("files/names")?;
    let name = folder.path("\x1b[31mred\n\u{202e}.npy");
    let shown = "\\u{1b}[31mred\\n\\u{202e}.npy";
    let run = |arguments: &[&str], words: &[&str]| -> Outcome {
        let output = command::kantor(arguments)?;
        let errors = String::from_utf8(output.stderr)?;
        assert!(errors.trim_end().chars().all(|letter| !letter.is_control()), "{errors:?}");
        assert!(!errors.contains('\u{202e}'), "{errors:?}");
        for word in words {
            assert!(errors.contains(word), "{errors:?}");
        }
        Ok(())
    };
    run(&["vmf", &name], &[shown, "No such file"])?;
    run(&["transport", &name, &name, "--grid", "2x2", "--epsilon", "1"], &[shown])?;
    run(&["divergence", &name, "--kind", "entropy"], &[shown])?;
    run(&bessel(&name, &name), &[shown])?;
    run(
        &["transport", "a", "b", "--epsilon", "1\x1b[2J\n\nUsage: x"],
        &["--epsilon", "1\\u{1b}[2J\\n"],
    )?;
    run(&["\x1b[2J"], &["'\\u{1b}[2J'"])?;
    run(&["vmf", "--\x1b[2J"], &["\\u{1b}[2J"])?;
    run(&["vmf", &folder.path(""), "--adapter", "\x1b[2J"], &[])?;
    fs::write(&name, "no array")?;
    run(&["vmf", &name], &[shown, "not a .npy file"])?;
    Ok(())
}
