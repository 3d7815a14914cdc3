//! Command lines: such as make sense, and then changed.

use crate::command::Outcome;
use crate::definition::{Argument, Subcommand};
use crate::files::Files;
use crate::random::Random;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

pub struct Call<'a> {
    pub subcommand: &'a Subcommand,
    pub arguments: Vec<OsString>,
}

/// Subcommands by how often they are tried; those that read files more often.
const WEIGHTS: [(&str, usize); 7] = [
    ("transport", 320),
    ("divergence", 340),
    ("bessel", 190),
    ("vmf", 140),
    ("check", 6),
    ("bench", 2),
    ("adapters", 2),
];

/// What may stand where a number should.
const NOT_NUMBERS: [&str; 14] =
    ["", " ", "x", "--", "-", "1,5", "0x10", "1_000", "٣", "1e", "NaN", "+", "1 2", "\x1b[31m"];

const NUMBERS: [&str; 24] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "0.5",
    "1e-3",
    "1e3",
    "1e-20",
    "1e20",
    "1e-300",
    "1e300",
    "5e-324",
    "1e400",
    "-1e400",
    "inf",
    "-inf",
    "nan",
    "3.4e38",
    "1e-45",
    "4294967296",
    "18446744073709551616",
    "-9223372036854775809",
    "0.000000000000000000000000000000000000000000001",
];

impl<'a> Call<'a> {
    pub fn random(
        subcommands: &'a [Subcommand],
        folder: &Path,
        random: &mut Random,
    ) -> Outcome<Call<'a>> {
        let mut at = random.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
        let chosen = WEIGHTS.iter().find(|(_, weight)| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        });
        let name = chosen.map_or("transport", |(name, _)| *name);
        let subcommand = subcommands
            .iter()
            .find(|subcommand| subcommand.name == name)
            .ok_or_else(|| format!("there is no {name}"))?;
        let plain = random.chance(0.45);
        let files = Files::random(folder, name, plain, random)?;
        let points = random.chance(0.3);
        let mut words = Words { random, files: &files, plain, points, list: vec![name.into()] };
        words.sensible(subcommand);
        if !plain && words.random.chance(0.5) {
            words.change();
        }
        let mut arguments = words.list;
        // Last, so that no change takes it away: bench alone would run for minutes.
        if name == "bench" {
            arguments.push("--data".into());
            arguments.push(folder.into());
        }
        Ok(Call { subcommand, arguments })
    }

    /// What was typed; of `--name=value` also the value alone.
    pub fn typed(&self) -> impl Iterator<Item = String> {
        self.arguments[1..].iter().flat_map(|word| {
            let word = word.to_string_lossy().into_owned();
            let value = word.split_once('=').map(|(_, value)| value.to_owned());
            value.into_iter().chain([word])
        })
    }
}

/// Which of several that go ill together are asked for.
struct Wishes {
    cost: &'static str,
    /// Of divergences.
    logits: bool,
    pairwise: bool,
    /// Of transports.
    relative: bool,
    marginals: &'static [&'static str],
}

impl Wishes {
    fn random(points: bool, random: &mut Random) -> Wishes {
        const MARGINALS: [&[&str]; 6] = [
            &[],
            &[],
            &["--reach"],
            &["--reach-source"],
            &["--reach-source", "--reach-target"],
            &["--mass"],
        ];
        let cost = if random.chance(0.5) { "--grid" } else { "--cost" };
        Wishes {
            cost: if points { "--points" } else { cost },
            logits: random.chance(0.3),
            pairwise: random.chance(0.2),
            relative: random.chance(0.2),
            marginals: MARGINALS[random.below(MARGINALS.len())],
        }
    }

    /// How often an option is given; None of one that is given elsewhere.
    fn share(&self, argument: &Argument, plain: bool) -> Option<f64> {
        let if_so = |so: bool| f64::from(u8::from(so));
        let mostly = |so: bool, share: f64| {
            if so {
                share
            } else if plain {
                0.0
            } else {
                0.01
            }
        };
        Some(match argument.name.as_str() {
            "--help" | "-h," => 0.01,
            "--adapter" => return None,
            name @ ("--grid" | "--cost" | "--points") => if_so(self.cost == name),
            "--spacing" => mostly(self.cost == "--grid", 0.2),
            "--cost-exponent" => mostly(self.cost != "--cost", 0.2),
            "--cosine" => mostly(self.cost == "--points", 0.1),
            "--weights" => mostly(self.cost == "--points", 0.3),
            "--divergence" => mostly(self.cost != "--cost" && self.marginals != ["--mass"], 0.2),
            "--epsilon" => mostly(!self.relative, 0.98),
            "--relative-epsilon" => mostly(self.relative, 0.98),
            name @ ("--reach" | "--reach-source" | "--reach-target" | "--mass") => {
                mostly(self.marginals.contains(&name), 1.0)
            }
            "--all-pairs" => 0.15,
            "--top-k" | "--potentials" => 0.15,
            "--gradient" => [0.4, 0.05][usize::from(self.pairwise)],
            "--pairwise" => [0.0, 0.9][usize::from(self.pairwise)],
            "--from" => [0.05, 1.0][usize::from(self.logits)],
            "--alpha" | "--temperature" if plain => 0.0,
            "--temperature" => [0.02, 0.4][usize::from(self.logits)],
            "--alpha" => 0.15,
            _ if argument.required => 0.98,
            _ => 0.3,
        })
    }
}

struct Words<'a> {
    random: &'a mut Random,
    files: &'a Files,
    /// Nothing is wrong by intention.
    plain: bool,
    /// A transport is between points.
    points: bool,
    list: Vec<OsString>,
}

impl Words<'_> {
    /// What is required, some of what is not, each with a value that is right more often than not.
    fn sensible(&mut self, subcommand: &Subcommand) {
        let mut groups: Vec<Vec<OsString>> = Vec::new();
        for argument in &subcommand.positional {
            let share = if argument.name == "Q.npy" { 0.85 } else { 0.98 };
            if self.random.chance(share) {
                groups.push(self.values(argument));
            }
        }
        // What contradicts each other is asked for together less often.
        let wishes = Wishes::random(self.points, self.random);
        for argument in &subcommand.options {
            let Some(share) = wishes.share(argument, self.plain) else { continue };
            if !self.random.chance(share) {
                continue;
            }
            let name = OsString::from(&argument.name);
            let mut values = self.values(argument);
            if values.len() == 1 && self.random.chance(0.2) {
                let mut word = name;
                word.push("=");
                word.push(values.remove(0));
                groups.push(vec![word]);
            } else {
                values.insert(0, name);
                groups.push(values);
            }
        }
        let adapter = match self.random.below(200) {
            0 => "gl",
            1 => "vulkan",
            2 => "no such",
            3 => "",
            _ => "cpu",
        };
        if subcommand.options.iter().any(|argument| argument.name == "--adapter") {
            groups.push(vec!["--adapter".into(), adapter.into()]);
        }
        while !groups.is_empty() {
            // Positional arguments keep their order in most calls.
            let at = if self.plain || self.random.chance(0.8) {
                0
            } else {
                self.random.below(groups.len())
            };
            self.list.extend(groups.remove(at));
        }
    }

    fn values(&mut self, argument: &Argument) -> Vec<OsString> {
        argument.values.iter().map(|name| self.value(argument, name)).collect()
    }

    fn value(&mut self, argument: &Argument, name: &str) -> OsString {
        if !self.plain && self.random.chance(0.05) {
            return self.nonsense();
        }
        if argument.name == "--from" && (self.plain || self.random.chance(0.6)) {
            return "logits".into();
        }
        if argument.name == "--workload" {
            // Those that read files, of which there are none.
            return self.random.of(&["T1s", "T2", "B1", "fit", "D1", "D5"]).into();
        }
        if !argument.choices.is_empty() {
            return self.random.of(&argument.choices).into();
        }
        let files = self.files;
        match (argument.name.as_str(), name) {
            ("--grid", _) => match self.random.below(4) {
                0 if !self.plain => self
                    .random
                    .of(&[
                        "0x4",
                        "3",
                        "200x200",
                        "99999999999x9999999999",
                        "1x1",
                        "x",
                        "2×2",
                        "65536x65536",
                    ])
                    .into(),
                _ => files.grid().into(),
            },
            ("--spacing", _) if self.plain || self.random.chance(0.8) => {
                self.random.of(&["1", "0.5,2", "1e-3,1e3", "3,1e-200"]).into()
            }
            ("--spacing", _) => self.random.of(&["0", "1,2,3,4", "-1", ",", "inf", "1;2"]).into(),
            ("--cost-exponent", _) if self.plain || self.random.chance(0.8) => {
                self.random.of(&["1", "2", "1.5", "3"]).into()
            }
            ("--cost-exponent", _) => self.random.of(&["0.5", "nan", "1e300", "", "p"]).into(),
            ("--reach" | "--reach-source" | "--reach-target", _)
                if self.plain || self.random.chance(0.7) =>
            {
                self.random.of(&["0.1", "1", "20", "inf"]).into()
            }
            ("--mass", _) if self.plain || self.random.chance(0.7) => {
                self.random.of(&["1e-3", "0.1", "0.5", "1"]).into()
            }
            ("--relative-epsilon", _) if self.plain || self.random.chance(0.6) => {
                self.random.of(&["0.05", "0.3", "1", "7"]).into()
            }
            ("--top-k", "K") if self.plain || self.random.chance(0.7) => {
                self.random.of(&["1", "1", "2", "3"]).into()
            }
            ("--weights", _) => files.weights(name == "B.npy", self.random),
            (_, "A.npy" | "B.npy") if self.points => files.cloud(name == "B.npy", self.random),
            // Of a transport to solve; anything goes for divergences.
            ("--epsilon", _) if self.plain || self.random.chance(0.6) => {
                format!("{:e}", 10f64.powf(4.0 * self.random.uniform() - 3.0)).into()
            }
            // Larger numbers may be asked for, and would take as long.
            ("--max-iterations", _) if self.plain || self.random.chance(0.6) => {
                self.random.of(&["1", "2", "7", "50", "200"]).into()
            }
            ("--max-iterations", _) => self.random.of(&["0", "-1", "4294967296", "1.5", ""]).into(),
            ("--tolerance" | "--components" | "--seed", _) if self.plain => {
                self.random.of(&["1", "2"]).into()
            }
            ("--components", _) => self
                .random
                .of(&["1", "2", "3", "7", "0", "-1", "1000000000", "18446744073709551615"])
                .into(),
            ("--kernel", _) => self
                .random
                .of(&["bessel", "transport", "df_", "vmf", "", "none", "\u{202e}"])
                .into(),
            (_, "E" | "T" | "A" | "N" | "K" | "R" | "M") if self.random.chance(0.85) => {
                self.random.of(&NUMBERS).into()
            }
            (_, "E" | "T" | "A" | "N" | "K" | "R" | "M") => self.random.of(&NOT_NUMBERS).into(),
            (_, "OUT.npy" | "OUT.npz" | "OUT.csv") => files.output(self.random),
            _ => files.input(name, self.random),
        }
    }

    /// Anything at all, UTF-8 or not.
    fn nonsense(&mut self) -> OsString {
        match self.random.below(4) {
            0 => {
                let length = self.random.below(12);
                let mut byte = || 1 + self.random.below(255) as u8;
                // A zero cannot be in an argument, and a name with a slash may lead anywhere.
                OsString::from_vec(
                    (0..length).map(|_| byte()).filter(|byte| *byte != b'/').collect(),
                )
            }
            1 => self.random.of(&NUMBERS).into(),
            2 => "x".repeat(1 << self.random.below(16)).into(),
            _ => self.random.of(&NOT_NUMBERS).into(),
        }
    }

    /// Drops, repeats, swaps or adds words.
    fn change(&mut self) {
        for _ in 0..=self.random.below(2) {
            let length = self.list.len();
            let at = 1 + self.random.below(length.saturating_sub(1));
            let other = 1 + self.random.below(length.saturating_sub(1));
            match self.random.below(4) {
                _ if length < 2 => {}
                0 => drop(self.list.remove(at)),
                1 => self.list.insert(other, self.list[at].clone()),
                2 => self.list.swap(at, other),
                _ => {
                    let word = self.nonsense();
                    self.list.insert(at, word);
                }
            }
        }
    }
}
