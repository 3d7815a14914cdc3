//! Every loop of every kernel ends, whatever the data: natively nothing else ends it, see `src/gpu/module.rs`.
//!
//! Of each loop in naga's representation of every variant: it is left where a variable has met a bound; each iteration
//! moves that variable towards it, and nothing moves it away; and the bound is a constant, the length of a buffer, a
//! place in the grid or what our dispatcher wrote to the parameters, but not data. `--show-output` prints them all.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod origin;
mod shape;
mod steps;
#[path = "../common/variants.rs"]
mod variants;

use kantor::gpu::shader::{self, Constant};
use origin::Facts;
use std::collections::BTreeSet;
use variants::{all, kernels};

/// Kernel, loop, and what bounds it or what is wrong with it, of every loop of a text.
fn judged(kernel: &str, text: &str) -> Vec<(String, String, Result<String, String>)> {
    let module = naga::front::wgsl::parse_str(text)
        .unwrap_or_else(|error| panic!("{kernel}:\n{}", error.emit_to_string(text)));
    let facts = Facts::of(&module);
    let found = shape::loops(&facts).into_iter().map(|(span, bound)| {
        let line = text[span..].lines().next().unwrap_or_default().trim().to_owned();
        (kernel.to_owned(), line, bound)
    });
    found.collect()
}

#[test]
fn every_loop_of_every_variant_has_a_bound_that_is_not_data() {
    let (mut bounded, mut wrong, mut count) = (BTreeSet::new(), BTreeSet::new(), 0);
    for (path, constants) in all() {
        let text = shader::source(path, &constants).unwrap_or_else(|error| panic!("{error}"));
        for (kernel, line, bound) in judged(path, &text) {
            count += 1;
            match bound {
                Ok(bound) => bounded.insert((kernel, line, bound)),
                Err(why) => wrong.insert((kernel, line, why)),
            };
        }
    }
    let table = |rows: &BTreeSet<(String, String, String)>| -> String {
        rows.iter().map(|(kernel, line, why)| format!("{kernel}: {line}\n    {why}\n")).collect()
    };
    println!("{count} loops, of them different:\n{}", table(&bounded));
    assert!(wrong.is_empty(), "{} loops without a bound:\n{}", wrong.len(), table(&wrong));
    let kernels_with_loops: BTreeSet<_> = bounded.iter().map(|(kernel, ..)| kernel).collect();
    assert!(kernels_with_loops.len() * 2 > kernels().count(), "too few kernels have loops");
}

/// A kernel of these statements, with parameters `p`, data `d` and a function `f(n)` that loops n times.
fn small(statements: &str) -> Vec<Result<String, String>> {
    let text = format!(
        "struct P {{ n: u32, m: f32 }}
        @group(0) @binding(0) var<uniform> p: P;
        @group(0) @binding(1) var<storage, read_write> d: array<u32>;
        @group(0) @binding(2) var<storage, read_write> r: array<f32>;
        fn f(n: u32) -> u32 {{ var s = 0u; for (var k = 0u; k < n; k++) {{ s += k; }} return s; }}
        fn up(v: ptr<function, u32>) {{ *v = 0u; }}
        @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {{ {statements} }}"
    );
    judged("small", &text)
        .into_iter()
        .filter(|(_, line, _)| {
            !line.starts_with("for (var k = 0u; k < n;") || statements.contains("f(")
        })
        .map(|(_, _, bound)| bound)
        .collect()
}

#[test]
fn loops_that_end_are_known() {
    for (statements, bound) in [
        ("for (var k = 0u; k < 8u; k++) { d[k] = k; }", "a constant"),
        (
            "for (var k = id.x; k < p.n; k += 64u) { if (d[k] == 2u) { continue; } d[k] = k; }",
            "p.n",
        ),
        ("for (var k = 0u; k < arrayLength(&d); k++) { d[k] = k; }", "the length of d"),
        ("for (var k = 0u; k < min(d[0], 9u); k++) { d[k] = k; }", "a constant"),
        (
            "let end = min(id.x + 4u, p.n); for (var k = id.x; k < end && d[k] > 2u; k++) { d[k] = 1u; }",
            "p.n",
        ),
        ("var k = 0u; loop { if (k >= p.n || d[k] == 0u) { break; } d[k] = 1u; k += 2u; }", "p.n"),
        ("var k = 0u; loop { d[k] = 1u; continuing { k++; break if k >= p.n; } }", "p.n"),
        ("for (var k = 64u; k > 0u; k /= 2u) { d[k] = k; }", "its 32 bits"),
        ("var k = d[0]; while (k != 0u) { d[k] = k; k &= k - 1u; }", "its 32 bits"),
        ("for (var k = min(r[0], 24.0); k > 0.0; k -= 1.0) { r[1] = k; }", "a constant"),
        ("for (var k = 1.0; k < 60.0; k += 1.0) { r[1] += k; }", "a constant"),
        ("d[0] = f(p.n);", "p.n"),
        ("var k = 0u; while (k < p.n) { if (d[k] > 3u) { k += 2u; } k += 1u; }", "p.n"),
    ] {
        let found = small(statements);
        let [Ok(found)] = &found[..] else { panic!("{statements}\n{found:?}") };
        assert!(found.contains(bound), "{statements}\n{found}, not {bound}");
    }
}

#[test]
fn loops_that_may_run_for_ever_are_known() {
    for statements in [
        "loop { if (d[0] == 1u) { break; } d[0] += 1u; }",
        "for (var k = 0u; k < d[0]; k++) { d[1] = k; }",
        "let m = d[0]; for (var k = 0u; k < m; k++) { d[1] = k; }",
        "for (var k = 0u; k < p.n; k--) { d[1] = k; }",
        "for (var k = 0u; k < p.n; k += d[2]) { d[1] = k; }",
        "for (var k = 0u; k < p.n; k += 0u) { d[1] = k; }",
        "for (var k = 9u; k >= 0u; k--) { d[1] = k; }",
        "for (var k = 0u; k != p.n; k += 2u) { d[1] = k; }",
        "for (var k = 0u; k < p.n; k++) { if (d[k] == 1u) { k = 0u; } }",
        "for (var k = 0u; k < p.n; k++) { up(&k); }",
        "var end = 8u; for (var k = 0u; k < end; k++) { end += 1u; }",
        "var k = 0u; while (k < p.n) { if (d[0] == 1u) { continue; } k++; }",
        "var k = 0u; while (k < p.n) { if (d[0] == 1u) { k++; } }",
        "var k = 0u; loop { if (d[0] == 1u) { continue; } if (k > 9u) { break; } continuing { k++; } }",
        "let old = d[0]; var k = 0u; while (k < p.n) { k = old + 1u; }",
        "for (var k = r[0]; k < 60.0; k += 1.0) { r[1] = k; }",
        "for (var k = 0.0; k < r[0]; k += 1.0) { r[1] = k; }",
        "for (var k = r[0]; k > 0.0; k -= 1.0) { r[1] = k; }",
        "for (var k = 0.0; k < 60.0; k += 1e-9) { r[1] = k; }",
        "d[0] = f(d[1]);",
    ] {
        let found = small(statements);
        assert!(matches!(&found[..], [Err(_)]), "{statements}\n{found:?}");
    }
}

/// What a user's expression may call has no loop, and text that could bring one is refused before any compiler sees it.
#[test]
fn expressions_of_users_bring_no_loops() {
    let (f, slope) =
        ("(r - 1.0) * divide_any(log_f32(r), r)", "exp2(max(r, 2.0)) + df_log(vec2f(r, 0.0)).x");
    kantor::Generator::new(f, slope).expect("an expression");
    let text = format!(
        "fn generator(r: f32) -> f32 {{ return ({f}); }}\nfn generator_slope(r: f32) -> f32 {{ return ({slope}); }}"
    );
    for kernel in ["divergence/compare.wgsl", "divergence/gradient.wgsl"] {
        let constants = |generator: Constant| {
            vec![("MEMBER", Constant::File("divergence/generator.wgsl")), ("GENERATOR", generator)]
        };
        let count = |constants: Vec<(&'static str, Constant)>| {
            let text = shader::source(kernel, &constants).unwrap_or_else(|error| panic!("{error}"));
            judged(kernel, &text).into_iter().filter(|(.., bound)| bound.is_ok()).count()
        };
        let example = count(constants(Constant::File("divergence/generator_example.wgsl")));
        assert_eq!(count(constants(Constant::Text(text.as_str().into()))), example);
    }
}
