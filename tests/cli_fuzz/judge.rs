//! What every run must keep to, whatever it was asked.

use crate::arguments::Call;
use crate::files::{INPUTS, OLD};
use crate::run::{Ended, longest};
use std::path::Path;

/// The exit status, or what is wrong.
pub fn judge(call: &Call, folder: &Path, ended: &Ended) -> Result<i32, String> {
    let Some(status) = ended.status else {
        return Err(format!("it took more than {} s", longest(&call.arguments).as_secs()));
    };
    let status = status.code().ok_or("a signal ended it")?;
    match status {
        0 => succeeded(call, ended)?,
        // A breach that the check found.
        1 if call.subcommand.name == "check" => {}
        2 => refused(call, ended)?,
        3 if call.subcommand.name == "transport" => unconverged(call, ended)?,
        _ => return Err(format!("its exit status is {status}")),
    }
    outputs(call, folder, status)?;
    Ok(status)
}

fn succeeded(call: &Call, ended: &Ended) -> Result<(), String> {
    if ended.stdout.is_empty() {
        return Err("it says nothing".into());
    }
    let is_json = ended.stdout.starts_with(b"{") && !writes_to_stdout(call);
    if is_json && serde_json::from_slice::<serde_json::Value>(&ended.stdout).is_err() {
        return Err("its JSON is none".into());
    }
    if ended.stderr.contains("panicked") {
        return Err("a thread panicked".into());
    }
    Ok(())
}

/// A result, and one line that it is none yet.
fn unconverged(call: &Call, ended: &Ended) -> Result<(), String> {
    succeeded(call, ended)?;
    let said = ended.stderr.lines().filter(|line| line.contains("not converge")).count();
    if said == 1 { Ok(()) } else { Err("it does not say what did not converge".into()) }
}

fn writes_to_stdout(call: &Call) -> bool {
    call.typed().any(|word| word.contains("/dev/stdout"))
}

/// Whether it reports problems of which some have a row without mass.
fn has_blank_rows(call: &Call, ended: &Ended) -> bool {
    let report = serde_json::from_slice::<serde_json::Value>(&ended.stdout);
    let problems = report.as_ref().ok().and_then(|report| report["problems"].as_array());
    call.subcommand.name == "transport"
        && problems.is_some_and(|problems| problems.iter().any(|row| row["error"].is_string()))
}

/// One line, which names an argument, and nothing on stdout but the problems beside one without mass.
fn refused(call: &Call, ended: &Ended) -> Result<(), String> {
    let message = ended.stderr.strip_prefix("kantor: error: ").ok_or("its error is of no form")?;
    let line = message.strip_suffix('\n').ok_or("its error does not end its line")?;
    if line.chars().any(char::is_control) {
        return Err("its error has control characters, or more than one line".into());
    }
    // Values may have gone to /dev/stdout before the report could not.
    if !ended.stdout.is_empty() && !writes_to_stdout(call) && !has_blank_rows(call, ended) {
        return Err("it failed, and wrote to stdout".into());
    }
    let digits = line.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
    if digits.map(str::len).max() > Some(40)
        && !call.typed().any(|word| word.len() > 40 && line.contains(&word))
    {
        return Err("its error has a number of more than forty digits".into());
    }
    let subcommand = call.subcommand;
    let definition = subcommand.options.iter().chain(&subcommand.positional);
    let mut names = definition.map(|argument| argument.name.clone());
    let shown = |word: &str| {
        let word = visible(word);
        match word.chars().count() {
            0..3 => {
                ["'", "\""].iter().any(|quote| line.contains(&format!("{quote}{word}{quote}")))
                    || line.starts_with(&format!("{word}: "))
            }
            _ => line.contains(&word),
        }
    };
    let named = names.any(|name| line.contains(&name)) || call.typed().any(|word| shown(&word));
    // Of a word that is empty, or not UTF-8, there is nothing to show.
    let unnamed =
        line.contains("is not UTF-8") || line.contains("''") || line.contains("subcommand");
    match named || unnamed {
        true => Ok(()),
        false => Err("its error names no argument".into()),
    }
}

/// A word as a message shows it.
fn visible(word: &str) -> String {
    let mut shown = String::new();
    for letter in word.chars() {
        match letter.is_control() || ('\u{2028}'..='\u{202e}').contains(&letter) {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

/// No file is there that was not before but the one asked for, and that one is whole.
fn outputs(call: &Call, folder: &Path, status: i32) -> Result<(), String> {
    let asked = |name: &str| call.typed().any(|word| word.ends_with(name));
    let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if INPUTS.contains(&name.as_str()) {
            continue;
        }
        // Changed arguments may name any file.
        let may = status == 0
            && call
                .typed()
                .any(|word| word.rsplit('/').next() == Some(&name) || word.contains(&name));
        if !may {
            return Err(format!("it leaves {name:?}"));
        }
    }
    for name in ["new.out", "old.out"] {
        let Ok(bytes) = std::fs::read(folder.join(name)) else { continue };
        if bytes == OLD.as_bytes() {
            continue;
        }
        if status != 0 {
            return Err(format!("it failed, and {name} is another"));
        }
        if !asked("new.out") && !asked("old.out") && !asked("link.out") {
            return Err(format!("{name} was not asked for"));
        }
        whole(&bytes).map_err(|fault| format!("{name}: {fault}"))?;
    }
    Ok(())
}

/// Whether these are values of points, or an array, to the end.
fn whole(bytes: &[u8]) -> Result<(), String> {
    if bytes.starts_with(b"\x93NUMPY") {
        let array = npyz::NpyFile::new(bytes).map_err(|error| error.to_string())?;
        let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let each = if array.dtype().descr().contains('8') { 8 } else { 4 };
        let needed = header + each * array.len() as usize;
        return if bytes.len() == needed { Ok(()) } else { Err("is no whole array".into()) };
    }
    if bytes.starts_with(b"PK") {
        let mut archive =
            zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(|e| e.to_string())?;
        for k in 0..archive.len() {
            let mut array = Vec::new();
            let mut file = archive.by_index(k).map_err(|error| error.to_string())?;
            std::io::Read::read_to_end(&mut file, &mut array).map_err(|error| error.to_string())?;
            whole(&array)?;
        }
        return Ok(());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let rows = text.strip_prefix("v,x,value\n").ok_or("has no header")?;
    let fields = |line: &str| line.split(',').filter(|field| field.parse::<f64>().is_ok()).count();
    match rows.ends_with('\n') && rows.lines().all(|line| fields(line) == 3) {
        true => Ok(()),
        false => Err("is no whole table".into()),
    }
}
