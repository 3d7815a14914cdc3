//! Compilers made by others read what naga writes of every kernel with wgpu's own options for each API: `spirv-val` in
//! every variant, `glslangValidator` and Microsoft's DXC in some (`KANTOR_COMPILERS_EVERY`: in all). Of Metal, for which there is no compiler outside Apple's systems,
//! the text is held against the conventions that its compiler enforces or that our arithmetic rests on.
//!
//! A compiler that is missing fails the test. `KANTOR_COMPILERS`, of "spirv-val glslangValidator dxc", leaves the others
//! out ("none": all), and says so. `KANTOR_DXC` is DXC's library, by default `target/dxc/libdxcompiler.so`, where
//! `tests/setup/dxc.sh` puts it.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

#[path = "common/translations.rs"]
mod translations;
#[path = "common/variants.rs"]
mod variants;

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use translations::{Texts, of};

/// Every translation once, with the variants it stands for.
fn translated() -> &'static Texts {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let started = Instant::now();
        let jobs: Vec<_> = variants::all().collect();
        let (next, threads) = (AtomicUsize::new(0), threads());
        let parts: Vec<Texts> = std::thread::scope(|scope| {
            let work = || {
                let mut texts = Texts::default();
                while let Some((path, constants)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (module, info) = variants::validated(path, constants);
                    of(&mut texts, &format!("{path} with {constants:?}"), &module, &info);
                }
                texts
            };
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
        });
        let texts = parts.into_iter().reduce(Texts::joined).expect("a thread");
        println!("{} variants translated in {:.1} s", jobs.len(), started.elapsed().as_secs_f64());
        texts
    })
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, Into::into)
}

/// Whether a compiler is to be run; one that is and cannot be started fails the test.
fn wanted(compiler: &str) -> bool {
    let list = std::env::var("KANTOR_COMPILERS")
        .unwrap_or_else(|_| "spirv-val glslangValidator dxc".into());
    let wanted = list.split_whitespace().any(|word| word == compiler);
    if !wanted {
        println!("NOT RUN: {compiler}, as KANTOR_COMPILERS={list} asks");
    }
    wanted
}

/// At most so many texts of each kernel, its defaults among them: these compilers take long. `KANTOR_COMPILERS_EVERY`
/// has them read all (a quarter of an hour on two cores).
fn some(texts: &HashMap<String, String>, most: usize) -> Vec<(&[u8], &String)> {
    let every = std::env::var_os("KANTOR_COMPILERS_EVERY").is_some();
    let mut kernels: BTreeMap<&str, Vec<(u64, &String, &String)>> = BTreeMap::new();
    for (text, what) in texts {
        let (kernel, constants) = what.split_once(" with ").expect("a variant");
        // Defaults first, the others in no order: neighbours are alike.
        let order = if constants == "[]" { 0 } else { scrambled(constants) };
        kernels.entry(kernel).or_default().push((order, text, what));
    }
    let chosen = kernels.into_values().flat_map(|mut texts| {
        texts.sort_unstable();
        texts.truncate(if every { usize::MAX } else { most });
        texts
    });
    chosen.map(|(_, text, what)| (text.as_bytes(), what)).collect()
}

/// FNV-1a of Fowler, Noll and Vo.
fn scrambled(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A folder of this test's own, and the files written to it, with what they are.
struct Files {
    folder: PathBuf,
    names: BTreeMap<PathBuf, String>,
}

impl Files {
    fn write<'a>(kind: &str, texts: impl IntoIterator<Item = (&'a [u8], &'a String)>) -> Files {
        let folder = std::env::temp_dir().join(format!("kantor-{}-{kind}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        let write = |(number, (text, what)): (usize, (&[u8], &String))| {
            let file = folder.join(format!("{number}.{kind}"));
            std::fs::write(&file, text).expect("a temporary file");
            (file, what.clone())
        };
        let names = texts.into_iter().enumerate().map(write).collect();
        Files { folder, names }
    }

    /// Files in as many parts as there are threads, each given to `judge`, which returns what is wrong.
    fn check(self, compiler: &str, judge: impl Fn(&[&PathBuf]) -> Vec<String> + Sync) {
        let started = Instant::now();
        let files: Vec<&PathBuf> = self.names.keys().collect();
        let parts = files.chunks(files.len().div_ceil(threads()).max(1));
        let wrong: Vec<String> = std::thread::scope(|scope| {
            let judge = &judge;
            let workers: Vec<_> = parts.map(|part| scope.spawn(move || judge(part))).collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
        });
        let seconds = started.elapsed().as_secs_f64();
        println!("{compiler}: {} texts in {seconds:.1} s, {} refused", files.len(), wrong.len());
        let _ = std::fs::remove_dir_all(&self.folder);
        assert!(wrong.is_empty(), "{compiler} refuses\n{}", wrong.join("\n"));
    }

    fn what(names: &BTreeMap<PathBuf, String>, file: &Path) -> String {
        names.get(file).cloned().unwrap_or_else(|| file.display().to_string())
    }
}

/// Runs a command on each file.
fn each(
    program: &str,
    arguments: &[&str],
    files: &[&PathBuf],
    names: &BTreeMap<PathBuf, String>,
) -> Vec<String> {
    let refusal = |file: &&PathBuf| {
        let output = Command::new(program).args(arguments).arg(file).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        let words = [output.stdout, output.stderr].concat();
        let words = String::from_utf8_lossy(&words);
        (!output.status.success()).then(|| format!("{}:\n{words}", Files::what(names, file)))
    };
    files.iter().filter_map(refusal).collect()
}

#[test]
fn spirv_val_accepts_every_variant() {
    if !wanted("spirv-val") {
        return;
    }
    for (environment, words) in &translated().spirv {
        let bytes = words.iter().map(|(words, what)| (bytemuck::cast_slice(words), what));
        let files = Files::write("spv", bytes);
        let names = files.names.clone();
        files.check(&format!("spirv-val for {environment}"), |part| {
            each("spirv-val", &["--target-env", environment], part, &names)
        });
    }
}

#[test]
fn glslang_accepts_every_variant() {
    if !wanted("glslangValidator") {
        return;
    }
    for (version, texts) in &translated().glsl {
        let files = Files::write("comp", some(texts, 6));
        let names = files.names.clone();
        files.check(&format!("glslangValidator, {version}"), |part| {
            each("glslangValidator", &["-S", "comp"], part, &names)
        });
    }
}

#[test]
fn dxc_accepts_every_variant() {
    if !wanted("dxc") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = std::env::var_os("KANTOR_DXC")
        .map_or_else(|| root.join("target/dxc/libdxcompiler.so"), PathBuf::from);
    assert!(library.exists(), "{} is missing: bash tests/setup/dxc.sh FILE", library.display());
    let (profile, texts) = &translated().hlsl;
    let files = Files::write("hlsl", some(texts, 6));
    let names = files.names.clone();
    files.check("DXC", |part| {
        let mut compiler = Command::new("python3")
            .arg(root.join("tests/setup/dxc.py"))
            .arg(&library)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut input = compiler.stdin.take().expect("a pipe");
        let list: String =
            part.iter().map(|file| format!("{profile}\t{}\n", file.display())).collect();
        // What comes back is short; a thread is not needed to write while it is read.
        input.write_all(list.as_bytes()).expect("a compiler that reads");
        drop(input);
        let output = compiler.wait_with_output().expect("an end");
        assert!(output.status.success(), "dxc.py ended with {}", output.status);
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| {
                let (file, message) = line.split_once('\t').unwrap_or(("", line));
                format!("{}: {message}", Files::what(&names, Path::new(file)))
            })
            .collect()
    });
}

// --- Metal ----------------------------------------------------------------------

/// Words that Metal or the C++14 under it keep for themselves, as far as a shader would think of them.
const RESERVED: &[&str] = &[
    "and",
    "asm",
    "atomic",
    "auto",
    "bool",
    "buffer",
    "case",
    "char",
    "class",
    "compl",
    "const",
    "constant",
    "constexpr",
    "default",
    "delete",
    "depth2d",
    "device",
    "double",
    "enum",
    "explicit",
    "extern",
    "false",
    "fragment",
    "friend",
    "goto",
    "half",
    "inline",
    "kernel",
    "long",
    "mutable",
    "namespace",
    "new",
    "not",
    "operator",
    "or",
    "packed_float3",
    "patch",
    "private",
    "public",
    "register",
    "restrict",
    "sampler",
    "short",
    "signed",
    "sizeof",
    "static",
    "template",
    "texture2d",
    "this",
    "thread",
    "threadgroup",
    "threadgroup_imageblock",
    "throw",
    "true",
    "try",
    "typedef",
    "typename",
    "uchar",
    "union",
    "unsigned",
    "ushort",
    "using",
    "vec",
    "vertex",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "xor",
    "main",
];

/// Words of a text, with what stands behind each.
fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = &rest[rest.find(letter)?..];
        let end = rest.find(|c| !letter(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = &rest[end..];
        Some((word, rest))
    })
}

/// Names that a text declares: a word after a type and before what can follow a name.
fn declared(text: &str) -> Vec<&str> {
    let is_type = |word: &str| {
        let scalar = word.trim_end_matches(|c: char| c.is_ascii_digit());
        ["float", "int", "uint", "bool"].contains(&scalar) || word.starts_with("type_")
    };
    let all: Vec<(&str, &str)> = words(text).collect();
    let names = all.windows(2).filter(|pair| {
        let [(kind, behind_kind), (name, behind)] = [pair[0], pair[1]];
        let between = &behind_kind[..behind_kind.len() - behind.len() - name.len()];
        let behind = behind.trim_start();
        let ends = behind.starts_with(['=', ';', ',', ')', '[', '(']) && !behind.starts_with("==");
        is_type(kind)
            && between.starts_with([' ', '&'])
            && between.trim_matches([' ', '&']).is_empty()
            && ends
    });
    names.map(|pair| pair[1].0).collect()
}

#[test]
fn metal_text_keeps_metals_conventions() {
    let texts = &translated().metal;
    for (text, what) in texts {
        let entries = text.matches("kernel void ").count();
        assert_eq!(entries, 1, "{what}: {entries} entry points");
        // Every resource has its place and its address space; what is only read is const or constant.
        let signature = text.split("kernel void ").nth(1).expect("an entry point");
        let signature = signature.split('{').next().expect("a signature");
        for line in signature.lines().map(str::trim) {
            let line = line.trim_start_matches(", ");
            if line.contains("[[buffer(") {
                let space =
                    ["device ", "constant ", "const device "].iter().any(|s| line.starts_with(s));
                assert!(space, "{what}: {line}");
            } else if line.contains("[[") {
                let builtin = ["thread", "threadgroup"].iter().any(|s| line.contains(s));
                assert!(builtin, "{what}: {line}");
            }
        }
        assert!(signature.contains("[[buffer("), "{what}: no buffers");
        // Metal has no double, and our kernels no half.
        for (word, _) in words(text) {
            assert!(
                !["double", "half", "isnan", "isinf", "INFINITY", "NAN"].contains(&word),
                "{what} uses {word}"
            );
        }
        for name in declared(text) {
            assert!(!RESERVED.contains(&name), "{what} calls something {name}");
        }
    }
    println!("{} texts for Metal", texts.len());
}

/// Metal compiles with fast mathematics: (a + b) − a is b there, unless the compiler cannot see it. `keep` hides it, by a
/// zero from a buffer: every call of it in WGSL is one in Metal, and the zero is set before it is used.
#[test]
fn metal_text_keeps_every_guard_of_rounding() {
    let mut guarded = 0;
    for (text, what) in &translated().metal {
        let Some(keep) = text.split("float keep(").nth(1) else { continue };
        let body = keep.split("\n}").next().expect("a body");
        let hides =
            ["as_type<uint>(", " ^ ", "as_type<float>("].iter().all(|part| body.contains(part));
        assert!(hides, "{what}: keep is {body}");
        // Entry points that use it declare it as nothing; it is read from a buffer then.
        if !text.contains("uint runtime_zero = {}") {
            continue;
        }
        guarded += 1;
        let values = text.split("runtime_zero = ").skip(1).map(|rest| rest.split(';').next());
        let set: Vec<&str> = values.flatten().filter(|value| *value != "{}").collect();
        assert!(!set.is_empty(), "{what}: the zero is never set");
    }
    println!("{guarded} texts with guards");
    assert!(guarded > 100, "{guarded} texts with guards");
}

#[test]
fn names_are_found_where_they_are_declared() {
    let text = "float a = b; type_4 kernel_; uint2 c(float d, device type_3& e) { return f == g; }";
    assert_eq!(declared(text), ["a", "kernel_", "c", "d", "e"]);
}
