//! The subcommands and their arguments, as the command itself tells them: what clap prints for `-h` is its definition.

use crate::command::{Outcome, kantor};

pub struct Subcommand {
    pub name: String,
    /// In their order: `A.npy`.
    pub positional: Vec<Argument>,
    pub options: Vec<Argument>,
}

pub struct Argument {
    /// `--cost`, or of a positional argument what stands for it.
    pub name: String,
    /// What stands for its values, `C.npy`; none of a flag.
    pub values: Vec<String>,
    /// Where only these are allowed.
    pub choices: Vec<String>,
    pub required: bool,
}

pub fn read() -> Outcome<Vec<Subcommand>> {
    let help = text(&["-h"])?;
    let commands = help.split("Commands:").nth(1).unwrap_or_default();
    let names = commands.lines().skip(1).take_while(|line| line.starts_with("  "));
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 7, "{help}");
    names.into_iter().map(subcommand).collect()
}

fn text(arguments: &[&str]) -> Outcome<String> {
    Ok(String::from_utf8(kantor(arguments)?.stdout)?)
}

fn subcommand(name: &str) -> Outcome<Subcommand> {
    let help = text(&[name, "-h"])?;
    let usage = help.lines().find(|line| line.starts_with("Usage:")).unwrap_or_default();
    let (mut positional, mut options) = (Vec::new(), Vec::new());
    for line in help.lines().map(str::trim_start) {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        let bracketed = |word: &str| {
            let inner = word.strip_prefix('<').and_then(|word| word.strip_suffix('>'));
            inner
                .or(word.strip_prefix('[').and_then(|word| word.strip_suffix(']')))
                .map(String::from)
        };
        if first.starts_with("--") {
            options.push(Argument {
                name: first.into(),
                values: words.map_while(bracketed).collect(),
                choices: choices(line),
                required: usage.contains(&format!("{first} "))
                    && !usage.contains(&format!("<{first} ")),
            });
        } else if let Some(name) = bracketed(first) {
            let required = first.starts_with('<');
            positional.push(Argument {
                values: vec![name.clone()],
                name,
                choices: vec![],
                required,
            });
        }
    }
    assert!(!options.is_empty(), "{name}: {help}");
    Ok(Subcommand { name: name.into(), positional, options })
}

fn choices(line: &str) -> Vec<String> {
    let list = line.split("[possible values: ").nth(1).and_then(|rest| rest.strip_suffix(']'));
    list.map_or(vec![], |list| list.split(", ").map(String::from).collect())
}
