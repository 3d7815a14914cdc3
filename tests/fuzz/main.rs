//! A seeded fuzz of the whole library: calls of every room made of random bytes, right and wrong, extreme and absurd. None
//! may panic, hang or overflow; the adapter under test and the f64 twin answer alike, to the documented tolerance, and
//! refuse alike; nothing is NaN. First come the cases that were found before ([`corpus`]).
//!
//! ```text
//! KANTOR_FUZZ_SECONDS  for all targets together, by default 100
//! KANTOR_FUZZ_CALLS    of each target at most; without it as many as there is time for
//! KANTOR_FUZZ_SEED     by default 0: the same calls every time, in their order
//! KANTOR_FUZZ_TARGET   one target alone
//! KANTOR_FUZZ_CASE     one call alone: "target:number", as a finding names it
//! ```
//!
//! With overflow checks, and nothing but this crate built anew:
//!
//! ```text
//! cargo test --release --config profile.release.package.kantor.overflow-checks=true \
//!     --config profile.release.package.kantor.debug-assertions=true --features cli --test fuzz -- --nocapture
//! ```
//!
//! For hours, guided by coverage: `tests/fuzz/libfuzzer`, which runs the same targets.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod oracle;
mod source;
mod targets;

use common::Random;
use kantor::Context;
use oracle::{Contexts, Told, Verdict};
use source::Source;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use targets::{TARGETS, Target};

/// A call that takes longer hangs, as far as a caller is concerned.
const LONG: Duration = Duration::from_secs(10);
/// A call that takes this long is not waited for.
const STUCK: Duration = Duration::from_secs(120);

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// Bytes of a call. Calls are of different lengths; one that runs out of bytes goes on with zeros.
fn bytes(target: &str, number: u64, seed: u64) -> Vec<u8> {
    let name = target
        .bytes()
        .fold(seed, |hash, byte| hash.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte));
    let mut random = Random::new(name ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let words = [64, 512, 4096][random.below(3)];
    (0..words).flat_map(|_| random.bits().to_le_bytes()).collect()
}

/// Calls, and whatever they do instead of returning within `limit`.
fn judged(limit: Duration, call: impl FnOnce() -> Verdict) -> (Verdict, Duration) {
    let started = Instant::now();
    let verdict = catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("panic: {}", words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?")))
    });
    let took = started.elapsed();
    match verdict {
        Ok(_) if took > limit => (Err(format!("took {took:?}")), took),
        verdict => (verdict, took),
    }
}

/// Ends the process when a call does not end.
struct Watch(Arc<Mutex<Option<(String, Instant)>>>);

impl Watch {
    fn new() -> Watch {
        let current: Arc<Mutex<Option<(String, Instant)>>> = Arc::default();
        let watched = current.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                let stuck = watched.lock().expect("no panic").clone();
                if let Some((name, since)) = stuck
                    && since.elapsed() > STUCK
                {
                    eprintln!("{name} does not end");
                    std::process::exit(101);
                }
            }
        });
        Watch(current)
    }

    fn set(&self, name: Option<String>) {
        *self.0.lock().expect("no panic") = name.map(|name| (name, Instant::now()));
    }
}

#[derive(Default)]
struct Count {
    answered: u64,
    refused: u64,
    not_here: u64,
    findings: u64,
}

/// Findings that differ in their numbers only are one.
fn kind(finding: &str) -> String {
    let digit = |c: char| c.is_ascii_digit() || "-+.e".contains(c);
    finding
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty() && !word.chars().all(digit))
        .take(12)
        .collect::<Vec<_>>()
        .join(" ")
}

struct Fuzz<'a> {
    contexts: &'a Contexts,
    seed: u64,
    watch: &'a Watch,
    /// By kind: how often, and the first.
    found: BTreeMap<String, (u64, String)>,
}

impl Fuzz<'_> {
    fn target(&mut self, name: &str, target: Target, calls: u64, until: Instant) -> Count {
        let mut count = Count::default();
        for number in 0..calls {
            if Instant::now() > until {
                break;
            }
            self.call(name, target, number, &mut count);
        }
        count
    }

    fn call(&mut self, name: &str, target: Target, number: u64, count: &mut Count) {
        let case = format!("{name}:{number}");
        let bytes = bytes(name, number, self.seed);
        self.watch.set(Some(case.clone()));
        let answer = || judged(LONG, || target(self.contexts, &mut Source::new(&bytes)));
        let (mut verdict, mut took) = answer();
        if took > LONG {
            // The first call of a kernel compiles it: seconds on a software adapter.
            (verdict, took) = answer();
        }
        self.watch.set(None);
        match verdict {
            Ok(Told::Answered) => count.answered += 1,
            Ok(Told::Refused) => count.refused += 1,
            Ok(Told::NotHere) => count.not_here += 1,
            Err(words) => {
                count.findings += 1;
                let first = format!("{case} ({:.1} s): {words}", took.as_secs_f64());
                let entry = self.found.entry(format!("{name}: {}", kind(&words)));
                entry.or_insert((0, first)).0 += 1;
            }
        }
    }
}

/// Panics of calls are findings; their traces would drown them.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    if std::env::var_os("KANTOR_FUZZ_CASE").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let result = work();
    std::panic::set_hook(hook);
    result
}

fn run(contexts: &Contexts, seconds: f64) {
    let watch = Watch::new();
    let seed = variable("KANTOR_FUZZ_SEED").unwrap_or(0);
    let mut fuzz = Fuzz { contexts, seed, watch: &watch, found: BTreeMap::new() };
    if let Some(case) = variable::<String>("KANTOR_FUZZ_CASE") {
        let (name, number) = case.split_once(':').expect("target:number");
        let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
        fuzz.call(name, *target, number.parse().expect("a number"), &mut Count::default());
    } else {
        let only: Option<String> = variable("KANTOR_FUZZ_TARGET");
        let calls = variable("KANTOR_FUZZ_CALLS").unwrap_or(u64::MAX);
        let chosen: Vec<_> = TARGETS
            .iter()
            .filter(|(name, _)| only.as_ref().is_none_or(|only| only == name))
            .collect();
        let each = Duration::from_secs_f64(seconds / chosen.len().max(1) as f64);
        let mut total = 0;
        for (name, target) in chosen {
            let started = Instant::now();
            let count = fuzz.target(name, *target, calls, started + each);
            let all = count.answered + count.refused + count.not_here + count.findings;
            total += all;
            println!(
                "{name}: {all} calls in {:.1} s: {} answered, {} refused, {} not possible here, {} findings",
                started.elapsed().as_secs_f64(),
                count.answered,
                count.refused,
                count.not_here,
                count.findings
            );
            let here = all - count.not_here;
            assert!(
                here < 500 || count.answered > here / 50,
                "{name}: next to nothing is answered"
            );
        }
        println!(
            "{total} calls, {} kinds of findings on {}",
            fuzz.found.len(),
            contexts.tested.adapter()
        );
    }
    for (count, first) in fuzz.found.values() {
        println!("FOUND {count} times, first {first}");
    }
    assert!(fuzz.found.is_empty(), "{} kinds of findings", fuzz.found.len());
}

fn seconds() -> f64 {
    variable("KANTOR_FUZZ_SECONDS").unwrap_or(100.0)
}

#[test]
fn the_twin_stands_every_call() {
    let contexts = Contexts { tested: Context::cpu(), twin: Context::cpu() };
    let share = if common::context().device().is_some() { 0.35 } else { 1.0 };
    quietly(|| run(&contexts, share * seconds()));
}

#[test]
fn the_adapter_stands_every_call_and_agrees_with_the_twin() {
    let Some(context) = common::device_context() else { return };
    let contexts = Contexts { tested: context.clone(), twin: Context::cpu() };
    quietly(|| run(&contexts, 0.65 * seconds()));
}

#[test]
fn what_was_found_before_stays_right() {
    for context in [Context::cpu(), common::context().clone()] {
        let contexts = Contexts { tested: context, twin: Context::cpu() };
        let mut wrong = Vec::new();
        for (name, case) in corpus::CASES {
            let (verdict, _) = judged(STUCK, || case(&contexts));
            if let Err(words) = verdict {
                wrong.push(format!("{name}: {words}"));
            }
        }
        println!("{} cases on {}", corpus::CASES.len(), contexts.tested.adapter());
        assert!(wrong.is_empty(), "on {}:\n{}", contexts.tested.adapter(), wrong.join("\n"));
    }
}
