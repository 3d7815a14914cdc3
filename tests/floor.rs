//! Tolerances next to what f64 allows, on the twin: what left by the loop's own test and is a little above the tolerance when it
//! is measured goes on, so that only what rounding forbids is not converged.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::Case;
use kantor::{Context, Sinkhorn};

#[test]
fn tolerances_next_to_rounding_are_met_or_worked_for() {
    const MOST: u32 = 20_000;
    let (mut met, mut all) = (0, 0);
    for n in [5, 17, 40, 120] {
        for seed in 0..4 {
            let case = Case::random(100 * n as u64 + seed, 1, n, n);
            let mut before = 0;
            for exponent in 0..12 {
                let tolerance = 4e-14 * 0.7f64.powi(exponent);
                let solver = Sinkhorn::new(0.1).tolerance(tolerance).max_iterations(MOST);
                let solved =
                    solver.solve_blocking(&Context::cpu(), &case.problem()).expect("a solution");
                let (error, iterations) = (solved.marginal_error()[0], solved.iterations()[0]);
                assert_eq!(solved.converged()[0], error <= tolerance);
                all += 1;
                met += usize::from(solved.converged()[0]);
                println!("{n} {seed} {tolerance:.1e}: {error:.2e} after {iterations}");
                // What is not met was gone on for: no fewer iterations than a laxer tolerance took, twice.
                if !solved.converged()[0] {
                    assert!(iterations >= before.min(MOST), "{n} {seed} {tolerance:e}: {error:e}");
                }
                before = before.max(iterations);
            }
        }
    }
    println!("{met} of {all} met");
    assert!(2 * met > all, "{met} of {all}");
}
