//! The command under random arguments and mutated files: it never panics, never hangs, leaves no half of a file, and an
//! error is one line that names what is to blame.
//!
//! Every call has a seed of its own, which a failure names:
//!
//!     KANTOR_FUZZ_CALLS=20000 cargo test --release --features cli --test cli_fuzz
//!     KANTOR_FUZZ_SEED=17 cargo test --release --features cli --test cli_fuzz -- --nocapture
#![cfg(all(feature = "cli", unix))]

#[path = "../common/command.rs"]
mod command;
#[path = "../common/random.rs"]
mod random;

mod arguments;
mod definition;
mod files;
mod judge;
mod run;

use arguments::Call;
use command::Outcome;
use definition::Subcommand;
use random::Random;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Calls unless `KANTOR_FUZZ_CALLS` says how many: half a minute on two cores.
const CALLS: u64 = 3000;

/// How many calls of a subcommand ended with which exit status.
type Tally = BTreeMap<(String, i32), usize>;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|value| value.parse().ok())
}

#[test]
fn random_commands_end_well() -> Outcome {
    let subcommands = definition::read()?;
    let (first, calls) = match number("KANTOR_FUZZ_SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("KANTOR_FUZZ_CALLS").unwrap_or(CALLS)),
    };
    let next = AtomicU64::new(first);
    let tally = Mutex::new(Tally::new());
    let faults = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (subcommands, next, tally, faults) = (&subcommands, &next, &tally, &faults);
            scope.spawn(move || {
                let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz/{thread}"));
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + calls {
                        break;
                    }
                    match one(subcommands, &folder, seed) {
                        Ok(key) => *tally.lock().unwrap().entry(key).or_default() += 1,
                        Err(fault) => faults.lock().unwrap().push(format!("seed {seed}: {fault}")),
                    }
                }
            });
        }
    });
    let tally = tally.into_inner()?;
    for ((subcommand, status), count) in &tally {
        println!("{subcommand:>12}, exit status {status}: {count}");
    }
    let faults = faults.into_inner()?;
    println!("{calls} commands, {} faults", faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    if calls >= CALLS {
        // Arguments that are all refused would show little, as would those that all pass.
        for subcommand in ["transport", "divergence", "bessel", "vmf"] {
            let count = |status| tally.get(&(subcommand.into(), status)).copied().unwrap_or(0);
            let answered = count(0) + count(3);
            let all = (answered + count(2)) as f64;
            let share = answered as f64 / all;
            assert!(all > 100.0 && (0.1..0.9).contains(&share), "{subcommand}: {share} of {all}");
        }
    }
    Ok(())
}

/// Makes a call, runs it and judges it: its subcommand and exit status, or what is wrong.
fn one(subcommands: &[Subcommand], folder: &Path, seed: u64) -> Result<(String, i32), String> {
    let fault = |error: &dyn std::fmt::Display| format!("the test itself: {error}");
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).map_err(|error| fault(&error))?;
    let mut random = Random::new(seed);
    let call = Call::random(subcommands, folder, &mut random).map_err(|error| fault(&error))?;
    let ended = run::run(folder, &call.arguments).map_err(|error| fault(&error))?;
    judge::judge(&call, folder, &ended)
        .map(|status| (call.subcommand.name.clone(), status))
        .map_err(|fault| format!("{fault}\n    {:?}\n    {ended}", call.arguments))
}
