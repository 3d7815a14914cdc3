//! A process forks after it has used the library. The child has the handles of the device and none of the driver's
//! threads: calls end with an error, a new context too, and nothing hangs; the twin works.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Case, block_on, context};
use kantor::{Context, Error, Result, Sinkhorn, Tensor};

fn solve(context: &Context) -> Result<f64> {
    let case = Case::random(3, 40, 12, 9);
    let solver = Sinkhorn::new(0.1).tolerance(0.0).max_iterations(50);
    Ok(solver.solve_blocking(context, &case.problem())?.transport_cost()[7])
}

/// Runs `work` in a fork; `None` if it does not end within a minute, or is killed.
#[expect(unsafe_code, reason = "fork(2)")]
fn in_a_fork(work: impl FnOnce() -> i32) -> Option<i32> {
    // SAFETY: the child of a process with threads may only do what does not wait for them. That is what is tested; a
    // lock that another thread held at the time would hang, which the alarm ends. `_exit` runs no destructors of the
    // parent's.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(60);
            let verdict = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            libc::_exit(verdict.unwrap_or(99));
        }
        assert!(child > 0, "fork");
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status))
    }
}

fn is_fork_error<T>(result: Result<T>) -> bool {
    matches!(result, Err(Error::DeviceLost { reason }) if reason.contains("fork"))
}

#[test]
fn in_a_fork_every_call_is_an_error_and_the_twin_works() {
    let context = common::open();
    let expected = solve(&context).expect("a solution");
    let exact = solve(&Context::cpu()).expect("the twin's");
    let kept = block_on(Tensor::from_slice(&context, &[1.0, 2.0], &[2])).expect("a tensor");
    let is_device = context.device().is_some();
    let verdict = in_a_fork(|| {
        let results = [
            is_fork_error(solve(&context)),
            is_fork_error(block_on(kept.read())),
            is_fork_error(block_on(Tensor::from_slice(&context, &[1.0], &[1]))),
        ];
        if is_device && results != [true; 3] {
            return 1;
        }
        if solve(&Context::cpu()).ok() != Some(exact) {
            return 2;
        }
        // The parent's handles go: nothing may wait for threads that are not there.
        drop(kept.clone());
        0
    });
    assert_eq!(verdict, Some(0), "1: no error, 2: another value of the twin, none: it hung");
    // The parent is as it was.
    assert_eq!(solve(&context).expect("a solution"), expected);
    assert_eq!(block_on(kept.read()).expect("its numbers"), [1.0, 2.0]);
}

#[test]
fn dropping_a_context_in_a_fork_does_not_hang() {
    let mut context = Some(common::open());
    solve(context.as_ref().expect("a context")).expect("a solution");
    let verdict = in_a_fork(|| {
        drop(context.take());
        0
    });
    assert_eq!(verdict, Some(0), "none: it hung");
    drop(context);
}

/// Drivers hang when they are opened in a fork of a process that had them open (not all, but nothing tells which).
#[test]
fn no_device_is_opened_in_a_fork() {
    let is_device = context().device().is_some();
    let verdict = in_a_fork(|| {
        let refused = match block_on(Context::builder().build()) {
            Err(Error::NoAdapter { found, .. }) => found.iter().any(|words| words.contains("fork")),
            _ => false,
        };
        let fell_back = Context::new_blocking().is_ok_and(|new| new.device().is_none());
        i32::from(is_device && !(refused && fell_back))
    });
    assert_eq!(verdict, Some(0), "1: not refused, none: it hung");
}
