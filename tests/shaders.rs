//! Every WGSL file of the library, without a device: it is valid WebGPU core, it
//! stays within core limits, and every kernel has its twin and its test. What the
//! native APIs make of it: `compilers.rs`.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

#[path = "common/variants.rs"]
mod variants;

use kantor::gpu::shader::{self, Binding, Constant, SOURCES};
use naga::proc::Layouter;
use naga::{AddressSpace, BinaryOperator, Expression, ScalarKind, ShaderStage, StorageAccess};
use std::path::Path;
use variants::{all, code, every_variant, kernels, members, settings, validated};

const STORAGE_BUFFERS: usize = 8;
const WORKGROUP_BYTES: u32 = 16_384;

#[test]
fn any_three_switches_take_all_settings() {
    for switches in [7, 12, 16] {
        let settings = settings(switches);
        for [i, j, k] in
            [[0, 1, 2], [0, 3, 6], [2, 4, 5], [switches - 3, switches - 2, switches - 1]]
        {
            let seen: std::collections::HashSet<[u32; 3]> =
                settings.iter().map(|x| [x >> i & 1, x >> j & 1, x >> k & 1]).collect();
            assert_eq!(seen.len(), 8, "{i}, {j}, {k} of {switches}");
        }
    }
}

// --- the language ---------------------------------------------------------------

#[test]
fn every_variant_is_valid_webgpu_core_with_one_entry_point_called_main() {
    every_variant(|what, module, _| {
        let [entry] = &module.entry_points[..] else { panic!("{what}: not one entry point") };
        assert_eq!((entry.name.as_str(), entry.stage), ("main", ShaderStage::Compute), "{what}");
        let invocations: u32 = entry.workgroup_size.iter().product();
        assert!((1..=256).contains(&invocations), "{what}: {invocations} invocations");
    });
}

/// Division is 0 for divisors of 2^126 and more on some hardware: `shared/division.wgsl` knows how to live with that, and
/// nothing else divides. (A generator's own WGSL may.)
#[test]
fn floats_are_divided_in_one_file() {
    const NAMED: [&str; 4] = ["divide", "divide4", "reciprocal", "reciprocal4"];
    every_variant(|what, module, info| {
        let functions = module.functions.iter().map(|(handle, function)| (function, &info[handle]));
        let entry = (&module.entry_points[0].function, info.get_entry_point(0));
        for (function, types) in functions.chain([entry]) {
            let name = function.name.as_deref().unwrap_or("main");
            if NAMED.contains(&name) || name.starts_with("generator_") {
                continue;
            }
            for (handle, expression) in function.expressions.iter() {
                let Expression::Binary {
                    op: BinaryOperator::Divide | BinaryOperator::Modulo, ..
                } = expression
                else {
                    continue;
                };
                let kind = types[handle].ty.inner_with(&module.types).scalar_kind();
                assert_ne!(kind, Some(ScalarKind::Float), "{what}: `{name}` divides");
            }
        }
    });
}

#[test]
fn no_file_needs_a_feature_or_double_precision() {
    for (path, text) in SOURCES {
        let code = code(text);
        for word in code.split(|c: char| !c.is_alphanumeric() && c != '_') {
            let forbidden = ["enable", "requires", "f64", "f16", "subgroupAdd", "subgroupMax"];
            assert!(!forbidden.contains(&word), "{path} uses `{word}`");
        }
    }
}

// --- the limits -----------------------------------------------------------------

#[test]
fn no_kernel_binds_more_than_eight_storage_buffers() {
    every_variant(|what, module, _| {
        let bound = |space: fn(&AddressSpace) -> bool| {
            module.global_variables.iter().filter(|(_, global)| space(&global.space)).count()
        };
        let storage = bound(|space| matches!(space, AddressSpace::Storage { .. }));
        let uniforms = bound(|space| matches!(space, AddressSpace::Uniform));
        assert!(storage <= STORAGE_BUFFERS, "{what}: {storage} storage buffers");
        assert_eq!(uniforms, 1, "{what}: parameters are one uniform");
        let mut bindings: Vec<(u32, u32)> = module
            .global_variables
            .iter()
            .filter_map(|(_, global)| global.binding.map(|b| (b.group, b.binding)))
            .collect();
        bindings.sort_unstable();
        let expected: Vec<(u32, u32)> = (0..bindings.len() as u32).map(|k| (0, k)).collect();
        assert_eq!(bindings, expected, "{what}: bindings are positions in group 0");
    });
}

/// The loader reads them from the text, without a parser: as naga does.
#[test]
fn the_loader_reads_the_bindings_that_naga_sees() {
    for (path, constants) in all() {
        let text = shader::source(path, &constants).unwrap_or_else(|error| panic!("{error}"));
        let read = shader::bindings(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        // Bindings stand outside of what constants choose; another text is another splice.
        if !constants.is_empty() && constants.iter().all(|(name, _)| *name != "MEMBER") {
            continue;
        }
        let (module, _) = validated(path, &constants);
        let mut seen: Vec<_> = module
            .global_variables
            .iter()
            .filter_map(|(_, global)| Some((global.binding?.binding, binding(global.space))))
            .collect();
        seen.sort_by_key(|(number, _)| *number);
        let seen: Vec<Binding> = seen.into_iter().map(|(_, binding)| binding).collect();
        assert_eq!(read, seen, "{path} with {constants:?}");
    }
}

/// The parameters of every kernel are a struct of Rust's, by `params!`, whose own test compares the two.
#[test]
fn every_kernel_has_its_parameters_in_rust() {
    let rust = rust_below("src");
    for path in kernels() {
        let (module, _) = validated(path, &Vec::new());
        let mut globals = module.global_variables.iter().map(|(_, global)| global);
        let uniform = globals.find(|global| global.space == AddressSpace::Uniform);
        let ty = &module.types[uniform.expect("parameters").ty];
        let name = ty.name.as_deref().unwrap_or_else(|| panic!("{path}: {ty:?} has no name"));
        let declares = |file: &str| {
            let text = SOURCES.iter().find(|(known, _)| *known == file).expect("a file").1;
            text.lines().any(|line| line.starts_with(&format!("struct {name} {{")))
        };
        let file = included(path).into_iter().find(|file| declares(file)).expect("its file");
        let pattern = format!(" = {name} in ");
        let mut lists = rust.match_indices(&pattern).map(|(at, _)| &rust[at + pattern.len()..]);
        let found = lists.any(|list| {
            let files = list.split('{').next().unwrap_or_default();
            files.contains(&format!("\"{file}\""))
        });
        assert!(found, "no params! has {name} in {file}, the parameters of {path}");
    }
}

/// A file and what it includes.
fn included(path: &str) -> Vec<String> {
    let text = SOURCES.iter().find(|(known, _)| *known == path).expect("a file").1;
    let below = text.lines().filter_map(|line| line.strip_prefix("//!include "));
    std::iter::once(path.to_owned()).chain(below.flat_map(|file| included(file.trim()))).collect()
}

fn binding(space: AddressSpace) -> Binding {
    match space {
        AddressSpace::Uniform => Binding::Uniform,
        AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => {
            Binding::ReadWrite
        }
        AddressSpace::Storage { .. } => Binding::Read,
        other => panic!("{other:?} is bound"),
    }
}

#[test]
fn workgroup_memory_stays_within_16_kib() {
    every_variant(|what, module, info| {
        let mut layouter = Layouter::default();
        layouter.update(module.to_ctx()).expect("a valid module has a layout");
        let entry = info.get_entry_point(0);
        let bytes: u32 = module
            .global_variables
            .iter()
            .filter(|(handle, global)| {
                global.space == AddressSpace::WorkGroup && !entry[*handle].is_empty()
            })
            // As WebGPU counts: each variable rounded up to 16 bytes.
            .map(|(_, global)| layouter[global.ty].size.next_multiple_of(16))
            .sum();
        assert!(bytes <= WORKGROUP_BYTES, "{what}: {bytes} bytes of workgroup memory");
    });
}

// --- the house ------------------------------------------------------------------

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All Rust files below a folder, in one text.
fn rust_below(folder: &str) -> String {
    let mut text = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&read(&path));
            }
        }
    }
    text
}

#[test]
fn every_file_below_shaders_is_in_the_table_and_the_other_way_round() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of shaders/") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let relative = path.strip_prefix(&root).expect("below shaders/");
            found.push(relative.to_str().expect("a plain name").replace('\\', "/"));
        }
    }
    found.sort();
    let mut table: Vec<&str> = SOURCES.iter().map(|(path, _)| *path).collect();
    table.sort_unstable();
    assert_eq!(found, table);
}

#[test]
fn every_file_opens_with_what_it_computes() {
    for (path, text) in SOURCES {
        let first = text.lines().next().unwrap_or_default();
        let comment = first.starts_with("// ") && first.len() > 20;
        assert!(comment, "{path} opens with {first:?}, not with a comment");
    }
}

/// One name, four places: the shader, its binding in `src`, its twin, its test.
#[test]
fn every_kernel_of_transport_has_a_binding_a_twin_and_a_parity_test() {
    let (bindings, twins) = (rust_below("src/transport"), rust_below("src/reference"));
    let tests = read("tests/parity.rs") + &rust_below("src/check");
    for path in kernels() {
        let Some(name) = path.strip_prefix("transport/").and_then(|p| p.strip_suffix(".wgsl"))
        else {
            continue;
        };
        assert!(
            bindings.contains(&format!("\"{path}\"")),
            "{path} has no binding in src/transport"
        );
        assert!(twins.contains(&format!("pub fn {name}(")), "{path} has no reference::{name}");
        assert!(tests.contains(&format!("`{name}`")), "{path} has no case in tests/parity.rs");
    }
}

/// The same of log-Bessel functions; files without an entry point are parts of kernels.
#[test]
fn every_kernel_of_bessel_has_a_binding_a_twin_a_test_and_a_check() {
    let (bindings, twins) = (rust_below("src/bessel"), rust_below("src/reference/bessel"));
    let (tests, checks) = (read("tests/bessel.rs"), rust_below("src/check/bessel"));
    let mut count = 0;
    for path in kernels() {
        let Some(name) = path.strip_prefix("bessel/").and_then(|p| p.strip_suffix(".wgsl")) else {
            continue;
        };
        count += 1;
        assert!(bindings.contains(&format!("\"{path}\"")), "{path} has no binding in src/bessel");
        assert!(twins.contains(&format!("pub fn {name}(")), "{path} has no reference::{name}");
        assert!(tests.contains(&format!("`{name}`")), "{path} is not in tests/bessel.rs");
        assert!(checks.contains(&format!("\"{name}\"")), "{path} has no row in src/check/bessel");
    }
    assert!(count >= 7, "{count} kernels");
}

/// The same of von Mises-Fisher distributions.
#[test]
fn every_kernel_of_vmf_has_a_binding_a_twin_and_a_check() {
    let (bindings, twins) = (rust_below("src/vmf"), rust_below("src/reference/vmf"));
    let checks = read("src/check/vmf.rs");
    for path in kernels() {
        let Some(name) = path.strip_prefix("vmf/").and_then(|p| p.strip_suffix(".wgsl")) else {
            continue;
        };
        assert!(bindings.contains(&format!("\"{path}\"")), "{path} has no binding in src/vmf");
        assert!(twins.contains(&format!("pub fn {name}(")), "{path} has no reference::vmf::{name}");
        assert!(checks.contains(&format!("\"{name}\"")), "{path} has no row in src/check/vmf.rs");
    }
}

/// The same of information measures; files without an entry point are parts of kernels.
#[test]
fn every_kernel_of_information_has_a_binding_a_twin_and_a_check() {
    let (bindings, twins) =
        (rust_below("src/information"), rust_below("src/reference/information"));
    let checks = read("src/check/information.rs");
    let mut count = 0;
    for path in kernels() {
        let Some(name) = path.strip_prefix("information/").and_then(|p| p.strip_suffix(".wgsl"))
        else {
            continue;
        };
        count += 1;
        let binding = format!("\"{path}\"");
        assert!(bindings.contains(&binding), "{path} has no binding in src/information");
        let twin = format!("pub fn {name}(");
        assert!(twins.contains(&twin), "{path} has no reference::information::{name}");
        let check = format!("\"{name}\"");
        assert!(checks.contains(&check), "{path} has no row in src/check/information.rs");
    }
    assert!(count >= 7, "{count} kernels");
}

/// The same of divergences and losses, and a test; members of the family are spliced into kernels.
#[test]
fn every_kernel_of_divergence_and_losses_has_a_binding_a_twin_a_test_and_a_check() {
    let bindings = rust_below("src/divergence") + &rust_below("src/losses");
    let twins = rust_below("src/reference/divergence") + &rust_below("src/reference/losses");
    let checks = rust_below("src/check/divergence");
    let tests: String = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"))
        .expect("tests/")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.ends_with("shaders.rs"))
        .map(read)
        .collect();
    let mut count = 0;
    for path in kernels() {
        let (room, name) = path.trim_end_matches(".wgsl").split_once('/').expect("a room");
        if !["divergence", "losses"].contains(&room) {
            continue;
        }
        count += 1;
        assert!(bindings.contains(&format!("\"{path}\"")), "{path} has no binding");
        // The sums of one pass are a way to `compare`.
        let twin = if name == "logit_sums" { "compare" } else { name };
        assert!(twins.contains(&format!("pub fn {twin}(")), "{path} has no twin {twin}");
        assert!(tests.contains(&format!("`{name}`")), "{path} is in no file of tests/");
        assert!(
            checks.contains(&format!("\"{name}\"")),
            "{path} has no row in src/check/divergence"
        );
    }
    assert!(count >= 7, "{count} kernels");
}

/// Every WGSL file that is spliced as a member stands behind a name.
#[test]
fn every_member_of_the_family_has_a_binding() {
    let bindings = read("src/divergence/kernels.rs");
    for member in members() {
        assert!(bindings.contains(&format!("\"{member}\"")), "{member} is in no divergence");
    }
    assert!(members().count() >= 12, "{} members", members().count());
}

#[test]
fn a_constant_that_a_kernel_does_not_declare_is_an_error() {
    let error = shader::source("transport/plan.wgsl", &[("NO_SUCH", Constant::U32(1))]);
    let message = error.expect_err("an unknown constant").to_string();
    assert!(message.contains("NO_SUCH") && message.contains("transport/plan.wgsl"), "{message}");
    shader::source("transport/no_such.wgsl", &[]).expect_err("an unknown file");
}
