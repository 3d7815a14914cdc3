//! Hostile arithmetic is as bad as it says, and what the library promises holds on it: see `src/gpu/hostile`.
//! `kantor check --hostile` runs every kernel so.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{block_on, device_context};
use kantor::gpu::{Hostility, Probes};
use kantor::{Bessel, BesselFunction, Context, Precision};

/// Hostile contexts on the device under test; fused ones where it has the f64 that they take.
fn hostile() -> Vec<(Hostility, Context)> {
    let Some(context) = device_context() else { return Vec::new() };
    let open = |hostility| match block_on(context.hostile(hostility)) {
        Ok(context) => Some((hostility, context)),
        Err(error) => {
            println!("NOT RUN: {hostility:?}: {error}");
            None
        }
    };
    let all = [Hostility::Fused, Hostility::Unfused, Hostility::Reciprocal];
    all.into_iter().filter_map(open).collect()
}

#[test]
fn the_probes_see_what_was_done() {
    for (hostility, context) in hostile() {
        let probes = context.capabilities().expect("a device").probes;
        println!("{probes:?}");
        assert_eq!(probes.fused_fma, hostility == Hostility::Fused);
        assert_eq!(probes.divisor_end, 126, "larger divisors give 0");
        if hostility != Hostility::Reciprocal {
            assert!(!probes.denormals, "subnormals are flushed");
        }
        let off = if hostility == Hostility::Reciprocal { 1.5..=4.0 } else { 1.5..=2.5 };
        assert!(off.contains(&probes.quotient_error), "an ulp and more off");
        assert_eq!(probes.guarded_wrong, 0, "double-float arithmetic holds all the same");
        assert!(probes.twofloat_exact() && probes.loop_reached == Probes::LOOP);
    }
}

/// Far below the range in which f32 has low words.
#[test]
fn ratios_of_bessel_functions_keep_their_digits() {
    for (hostility, context) in hostile() {
        for (function, v, x, exact) in [
            (BesselFunction::RatioK, -1e6, 1e-30, 5.000_005_000_005e-37),
            (BesselFunction::RatioK, -3.0, 1e-30, 2.5e-31),
            (BesselFunction::RatioI, 1e6, 1e-30, 4.999_995_000_005e-37),
            (BesselFunction::RatioI, 0.0, 1e-30, 5e-31),
            (BesselFunction::RatioK, 1e6, 1e-30, 2e36),
        ] {
            let bessel = Bessel::new(function).precision(Precision::Double);
            let found =
                bessel.evaluate_blocking(&context, &[v], &[x]).expect("a point of the domain");
            let error = (found[0] / exact - 1.0).abs();
            assert!(error < 1e-13, "{hostility:?} {function}({v}, {x:e}): {} {error:e}", found[0]);
        }
    }
}
