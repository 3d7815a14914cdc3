//! Does the check itself pass on the adapter under test, and does it leave no
//! kernel out? That it would catch a liar is tested beside its judges, in
//! `src/check`: two ulp more, a folded TwoSum, flushed denormals, a capped loop.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use kantor::check;
use kantor::gpu::shader::SOURCES;
use std::ops::ControlFlow;

#[test]
fn every_row_is_within_its_tolerance() {
    let context = common::context();
    let rows = common::block_on(check::run(context, None)).expect("the check runs to its end");
    for row in &rows {
        println!("{row}");
    }
    let failed: Vec<String> =
        rows.iter().filter(|row| !row.passed).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{}:\n{}", context.adapter(), failed.join("\n"));

    // On a device a kernel's twin is one row, and the kernel itself another.
    let needed = if context.device().is_some() { 2 } else { 1 };
    let rooms = ["transport", "bessel", "information", "vmf", "divergence", "losses"];
    let kernels = SOURCES.iter().filter(|(_, text)| text.contains("@compute"));
    let names = kernels.filter_map(|(path, _)| path.trim_end_matches(".wgsl").split_once('/'));
    for (_, name) in names.filter(|(room, _)| rooms.contains(room)) {
        let found = rows.iter().filter(|row| row.kernel == name).count();
        assert!(found >= needed, "{name} has {found} rows");
        assert!(check::kernels().contains(&name), "{name} cannot be asked for");
    }
}

#[test]
fn one_kernel_can_be_asked_for() {
    let context = common::context();
    let rows = common::block_on(check::run(context, Some("plan"))).expect("plan is a kernel");
    assert!(!rows.is_empty() && rows.iter().all(|row| row.kernel == "plan"));
    let error = common::block_on(check::run(context, Some("no such kernel")));
    assert_eq!(error.expect_err("no kernel is called so").kind(), "invalid-input");
}

#[test]
fn it_reports_the_rows_so_far_and_can_be_broken_off() {
    let context = common::context();
    let mut seen = Vec::new();
    let room = Some("transport");
    let rows = common::block_on(check::run_reporting(context, room, |rows| {
        seen.push(rows.len());
        ControlFlow::Continue(())
    }));
    let rows = rows.expect("nobody breaks off");
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
    assert!(seen.iter().all(|count| *count < rows.len()), "{seen:?} of {}", rows.len());
    if context.device().is_some() {
        let broken = check::run_reporting(context, room, |_| ControlFlow::Break(()));
        let error = common::block_on(broken).expect_err("it was broken off");
        assert_eq!(error.kind(), "cancelled");
    }
}

#[test]
fn it_can_be_spawned() {
    fn sendable<T: Send>(_: &T) {}
    sendable(&check::run(common::context(), None));
}
