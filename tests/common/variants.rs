//! Every kernel in every variant that runs, as naga modules.
#![allow(dead_code, reason = "every test binary uses its own part of this file")]

use kantor::gpu::shader::{self, Constant, Constants, SOURCES};
use naga::Module;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

/// Files with an entry point; the others are included by them.
pub fn kernels() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().filter(|(_, text)| text.contains("@compute")).map(|(path, _)| *path)
}

/// Names and types of the constants that a kernel declares, its includes included.
fn constants_of(path: &str) -> Vec<(&'static str, &'static str)> {
    let text = SOURCES.iter().find(|(p, _)| *p == path).map(|(_, text)| *text);
    let text = text.unwrap_or_else(|| panic!("{path} is included and does not exist"));
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(target) = line.strip_prefix("//!include ") {
            found.extend(constants_of(target.trim()));
        } else if let Some((name, rest)) =
            line.strip_prefix("override ").and_then(|l| l.split_once(':'))
        {
            let kind = rest.split_once('=').map_or(rest, |(kind, _)| kind);
            found.push((name.trim(), kind.trim().trim_end_matches(';')));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Settings of this many switches, a bit each: all there are; of more than six those in which any three switches take
/// all eight settings between them. That is an orthogonal array of strength three: bit i is the parity of a number below
/// 32 under the mask 16 + i, and any three of these masks are linearly independent (Bose and Bush 1952).
pub fn settings(switches: usize) -> Vec<u32> {
    if switches <= 6 {
        return (0..1 << switches).collect();
    }
    assert!(switches <= 16, "{switches} switches need a larger array");
    let setting = |number: u32| {
        (0..switches as u32).map(|i| ((number & (16 + i)).count_ones() % 2) << i).sum()
    };
    (0..32).map(setting).collect()
}

/// The variants in use: the sizes chosen for CPU drivers and for hardware, each with
/// the settings of switches. Empty: the defaults in the file.
pub fn variants(path: &str) -> Vec<Constants> {
    let declared = constants_of(path);
    let switches: Vec<&'static str> =
        declared.iter().filter(|(_, kind)| *kind == "bool").map(|(name, _)| *name).collect();
    let mut variants = vec![Vec::new()];
    for software in [true, false] {
        let mut sizes = Constants::new();
        for (name, _) in declared.iter().filter(|(_, kind)| *kind == "u32") {
            let value = match (*name, software) {
                // One workgroup a problem, and the sweeps.
                ("WORKGROUP", true) if path == "transport/resident.wgsl" => 8,
                ("WORKGROUP", false) if path == "transport/resident.wgsl" => 64,
                // Tiles of points, sorted by formula.
                ("WORKGROUP", true) if path.starts_with("bessel/") => 8,
                ("WORKGROUP", false) if path.starts_with("bessel/") => 128,
                ("TILE", true) if path.starts_with("bessel/") => 512,
                ("TILE", false) if path.starts_with("bessel/") => 1024,
                ("WORKGROUP", true) => 32,
                ("WORKGROUP", false) => 256,
                ("LANES", true) => 1,
                ("LANES", false) => 64,
                // Rows of 784 in registers, by eight threads or by 64; four components.
                ("MATS", true) => 7,
                ("MATS", false) => 1,
                // Rows beside each other, where pairs are compared.
                ("BLOCK", true) => 8,
                ("BLOCK", false) => 64,
                ("HELD", _) => 5,
                ("COMPONENTS", true) => 4,
                ("COMPONENTS", false) => 1,
                // A problem of 28 × 28.
                ("ROWS", _) => 28,
                ("QUADS", _) => 7,
                ("CELLS", _) => 28 * 7,
                // Costs made from distances, and looked up.
                ("POWER", true) => 2,
                ("POWER", false) => 0,
                // Constants of which the default is the only value in use.
                _ => continue,
            };
            sizes.push((*name, Constant::U32(value)));
        }
        for combination in settings(switches.len()) {
            let mut constants = sizes.clone();
            for (bit, name) in switches.iter().enumerate() {
                constants.push((*name, Constant::Bool(combination >> bit & 1 == 1)));
            }
            // The forms of a Bessel function.
            let forms = if declared.iter().any(|(name, _)| *name == "FORM") { 0..3 } else { 0..0 };
            variants.extend(forms.map(|form| {
                let mut constants = constants.clone();
                constants.push(("FORM", Constant::U32(form)));
                constants
            }));
            variants.push(constants);
        }
    }
    variants
}

/// Parses and validates one variant against WebGPU core: no capability beyond it.
pub fn validated(path: &str, constants: &Constants) -> (Module, ModuleInfo) {
    let text = shader::source(path, constants).unwrap_or_else(|error| panic!("{error}"));
    let module = naga::front::wgsl::parse_str(&text).unwrap_or_else(|error| {
        panic!("{path} with {constants:?}:\n{}", error.emit_to_string(&text))
    });
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|error| {
            panic!("{path} with {constants:?}:\n{}", error.emit_to_string(&text))
        });
    (module, info)
}

/// Every kernel with every variant.
pub fn all() -> impl Iterator<Item = (&'static str, Constants)> {
    let plain = kernels().flat_map(|path| variants(path).into_iter().map(move |c| (path, c)));
    plain.chain(with_members())
}

/// The kernels into which members of the family of divergences are spliced, with each of them.
pub fn with_members() -> impl Iterator<Item = (&'static str, Constants)> {
    members().flat_map(|member| {
        ["divergence/compare.wgsl", "divergence/gradient.wgsl"].into_iter().flat_map(
            move |kernel| {
                [false, true].map(|logits| {
                    let logits = ("LOGITS", Constant::Bool(logits));
                    (kernel, vec![("MEMBER", Constant::File(member)), logits])
                })
            },
        )
    })
}

/// Files that are spliced as a member of the family.
pub fn members() -> impl Iterator<Item = &'static str> {
    let is_member =
        |(path, text): &&(&str, &str)| path.starts_with("divergence/") && text.contains("fn part(");
    SOURCES.iter().filter(is_member).map(|(path, _)| *path)
}

/// Runs `check` on every kernel in every variant.
pub fn every_variant(check: impl Fn(&str, &Module, &ModuleInfo)) {
    let mut count = 0;
    for (path, constants) in all() {
        let (module, info) = validated(path, &constants);
        check(&format!("{path} with {constants:?}"), &module, &info);
        count += 1;
    }
    println!("{count} variants of {} kernels", kernels().count());
    assert!(count > kernels().count(), "no variants were made");
}

/// WGSL without its comments.
pub fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}
