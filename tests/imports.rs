//! No import of the library runs back up, and no two files import each other, in however many steps. A scan of the text
//! of `src`: `use` of `crate::`, `super::` or `self::`, and such paths elsewhere, outside unit tests. What a `mod.rs`
//! re-exports counts as the file that has it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the verdict")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The rooms from the ground up. A room stands on those above it in this list; rooms of one line do not see each other.
const ROOMS: &[&[&str]] = &[
    &["error"],
    &["named"],
    &["number"],
    &["clock", "reserve", "wait"],
    &["parallel"],
    &["aside"],
    &["gpu"],
    &["reference"],
    &["rows"],
    &["divergence"],
    &["bessel", "information", "losses", "samples", "transport", "vmf"],
    &["bench", "check"],
];

/// Imports that may stay, each with its reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("reference", "divergence::kind", "names what is computed, the twin like the kernels"),
    ("reference", "divergence::generator", "as `kind`: a divergence that its caller defines"),
];

type Module = Vec<String>;

/// The files of the library by module.
fn files(folder: &Path, module: &Module, found: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let within: Module = module.iter().cloned().chain([name.clone()]).collect();
        if path.is_dir() && !(module.is_empty() && name == "bin") {
            files(&path, &within, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let is_door = name == "mod" || (module.is_empty() && name == "lib");
            let own = if is_door { module.clone() } else { within };
            found.insert(own, lines.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// The paths of a `use`, one for each of its names.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((before, inside)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        paths.push(format!("{prefix}{path}"));
        return;
    };
    let inside = inside.trim_end().trim_end_matches('}');
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inside[start..at].trim().is_empty() {
                    expand(&format!("{prefix}{}", before.trim()), &inside[start..at], paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The paths that a file names, and of them the re-exports.
fn paths(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    for statement in text.split(';') {
        let statement = statement.rsplit("\n\n").next().unwrap_or_default();
        let (before, tree) = match statement.find("use ") {
            Some(at) => (&statement[..at], &statement[at + 4..]),
            None => continue,
        };
        let visible = before.rsplit(['\n', ']']).next().unwrap_or_default().trim();
        let to = match visible {
            "" => &mut imports,
            visible if visible.starts_with("pub") => &mut exports,
            _ => continue,
        };
        expand("", tree, to);
    }
    for start in ["crate::", "super::"] {
        for (at, _) in text.match_indices(start) {
            let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            if text[..at].ends_with(is_path) {
                continue;
            }
            let path: String = text[at..].chars().take_while(|c| is_path(*c)).collect();
            // Of a group the names are among the imports.
            if !path.ends_with(':') && !exports.contains(&path) {
                imports.push(path);
            }
        }
    }
    (imports, exports)
}

/// A path from the crate's root, where it is one of the crate's.
fn absolute(module: &Module, path: &str, children: bool) -> Option<Module> {
    let mut segments = path.split("::").peekable();
    let mut at = module.clone();
    match segments.peek() {
        Some(&"crate") => at.clear(),
        Some(&"super" | &"self") => {}
        _ if children => {}
        _ => return None,
    }
    for segment in segments {
        match segment {
            "crate" | "self" | "*" => {}
            "super" => drop(at.pop()),
            name => at.push(name.to_owned()),
        }
    }
    Some(at)
}

struct Sources {
    files: BTreeMap<Module, String>,
    exports: BTreeMap<Module, Module>,
}

impl Sources {
    /// The file that has what a path leads to.
    fn file(&self, path: &Module) -> Option<Module> {
        let mut path = path.clone();
        for _ in 0..8 {
            let known = (0..=path.len()).rev().find(|n| self.files.contains_key(&path[..*n]))?;
            match path.get(..=known).and_then(|item| self.exports.get(item)) {
                Some(to) => path = [to.as_slice(), &path[known + 1..]].concat(),
                None => return Some(path[..known].to_vec()),
            }
        }
        None
    }
}

/// Which file imports which.
fn edges() -> BTreeSet<(Module, Module)> {
    let mut found = BTreeMap::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &Vec::new(), &mut found);
    assert!(found.len() > 150, "{} files", found.len());
    let mut sources = Sources { files: found, exports: BTreeMap::new() };
    for (module, text) in &sources.files {
        for path in paths(text).1 {
            let to = absolute(module, &path, true).unwrap();
            let name = to.last().unwrap().clone();
            sources.exports.insert(module.iter().cloned().chain([name]).collect(), to);
        }
    }
    let mut edges = BTreeSet::new();
    for (module, text) in &sources.files {
        for path in paths(text).0 {
            let to = absolute(module, &path, false).and_then(|path| sources.file(&path));
            if let Some(to) = to.filter(|to| to != module && !to.is_empty()) {
                edges.insert((module.clone(), to));
            }
        }
    }
    edges
}

fn allowed(from: &str, to: &str) -> bool {
    let within = |path: &str, room: &str| {
        path == room || path.strip_prefix(room).is_some_and(|rest| rest.starts_with("::"))
    };
    ALLOWED.iter().any(|(a, b, _)| within(from, a) && within(to, b))
}

/// The edges that no exception covers, as text.
fn judged() -> Vec<(String, String)> {
    let edges = edges();
    assert!(edges.len() > 800, "{} imports", edges.len());
    let edges = edges.iter().map(|(from, to)| (from.join("::"), to.join("::")));
    edges.filter(|(from, to)| !from.is_empty() && !allowed(from, to)).collect()
}

#[test]
fn no_import_runs_back_up() {
    let level = |path: &str| {
        let room = path.split("::").next().unwrap_or_default().to_owned();
        let level = ROOMS.iter().position(|rooms| rooms.contains(&room.as_str()));
        (level.unwrap_or_else(|| panic!("{room} has no place in the table of rooms")), room)
    };
    let upward = |(from, to): &(String, String)| {
        let (from, to) = (level(from), level(to));
        from.1 != to.1 && from.0 <= to.0
    };
    let wrong: Vec<_> = judged().into_iter().filter(upward).collect();
    assert!(wrong.is_empty(), "imports of rooms that are not below: {wrong:#?}");
}

#[test]
fn no_files_import_each_other() {
    let mut edges = judged();
    // Of a circle every file is imported and imports.
    loop {
        let before = edges.len();
        let from: BTreeSet<String> = edges.iter().map(|(from, _)| from.clone()).collect();
        let to: BTreeSet<String> = edges.iter().map(|(_, to)| to.clone()).collect();
        edges.retain(|edge| to.contains(&edge.0) && from.contains(&edge.1));
        if edges.len() == before {
            break;
        }
    }
    assert!(edges.is_empty(), "circles run through: {edges:#?}");
}
