//! Memory: what is held is counted and bounded, and where there is no more a call ends with `OutOfMemory`, on a device
//! that goes on working.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Case, block_on, context, device_context};
use kantor::wgpu;
use kantor::{
    Comparison, Context, Distributions, Divergence, Error, Input, Result, Sinkhorn, Tensor,
};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const MIB: u64 = 1 << 20;
/// What a pool keeps, and what uploads pass through, at most.
const IDLE: u64 = 256 * MIB;
const STAGING: u64 = 32 * MIB;

fn tensor(context: &Context, elements: usize) -> Result<Tensor> {
    block_on(Tensor::from_slice(context, &vec![1.0; elements], &[elements]))
}

/// Bytes of this process in memory, where the system tells.
fn resident() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
}

/// One at a time: what others take is not to be counted.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tensors made and dropped, and nothing else: no call that submits on its own.
#[test]
fn tensors_that_come_and_go_leave_nothing_behind() {
    if device_context().is_none() {
        return;
    }
    let _alone = alone();
    for (mebibytes, rounds) in [(64, 24), (1, 600), (9, 80)] {
        let context = common::open();
        let mut after_a_third = None;
        for round in 0..rounds {
            let made = tensor(&context, mebibytes << 18).expect("a tensor");
            let memory = context.memory();
            assert_eq!(memory.in_use, (mebibytes as u64) * MIB, "round {round}");
            assert!(memory.idle <= IDLE && memory.staging <= STAGING, "{memory:?}");
            drop(made);
            if round == rounds / 3 {
                after_a_third = resident();
            }
        }
        let memory = context.memory();
        assert_eq!(memory.in_use, 0, "{memory:?}");
        if let (Some(before), Some(after)) = (after_a_third, resident()) {
            let grown = after.saturating_sub(before) / MIB;
            println!("{rounds} tensors of {mebibytes} MiB: {grown} MiB more, {memory:?}");
            assert!(grown <= 80, "{rounds} tensors of {mebibytes} MiB left {grown} MiB behind");
        }
    }
}

/// Every byte arrives, whatever the sizes and offsets of uploads in a row.
#[test]
fn uploads_of_all_sizes_arrive() {
    let _alone = alone();
    let sizes = [1, 3, 1000, 16_384, 16_385, 100_000, 2 << 20, (2 << 20) + 1, 5_000_001];
    let tensors: Vec<Tensor> = sizes
        .iter()
        .map(|&n| {
            let data: Vec<f32> = (0..n).map(|k| (k % 16_777_213) as f32).collect();
            block_on(Tensor::from_slice(context(), &data, &[n])).expect("a tensor")
        })
        .collect();
    for (tensor, n) in tensors.iter().zip(sizes).rev() {
        let read = block_on(tensor.read()).expect("its numbers");
        assert_eq!(read.len(), n);
        let wrong = read.iter().enumerate().find(|(k, x)| **x != (k % 16_777_213) as f32);
        assert_eq!(wrong, None, "{n} numbers");
    }
}

/// Threads that upload and compute on one context get their own numbers.
#[test]
fn uploads_of_many_threads_do_not_mix() {
    let _alone = alone();
    std::thread::scope(|threads| {
        for thread in 0..4 {
            threads.spawn(move || {
                for round in 0..20 {
                    let n = 1 + (thread * 7919 + round * 104_729) % 300_000;
                    let value = (thread * 100 + round) as f32;
                    let made = block_on(Tensor::from_slice(context(), &vec![value; n], &[n]));
                    let case = Case::random((thread * 100 + round) as u64, 1, 9, 11);
                    let solver = Sinkhorn::new(0.1).tolerance(0.0).max_iterations(20);
                    let cost = || {
                        let solution = solver.solve_blocking(context(), &case.problem());
                        solution.expect("a solution").transport_cost()[0]
                    };
                    assert_eq!(cost(), cost(), "the same problem twice");
                    let read = block_on(made.expect("a tensor").read()).expect("its numbers");
                    assert!(read.len() == n && read.iter().all(|x| *x == value), "{n} × {value}");
                }
            });
        }
    });
}

// --- none left ------------------------------------------------------------------

/// A context for which wgpu refuses memory beyond some percent of what the driver offers: a driver that says no, where
/// one that does not (Mesa's take what the system gives, until the system ends the process) is at hand. `None` where the
/// driver tells nothing about its memory, or where too little is left of it.
fn with_little_memory(percent: u8) -> Option<Context> {
    let report = device_context()?.adapter();
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    descriptor.memory_budget_thresholds.for_resource_creation = Some(percent);
    let instance = wgpu::Instance::new(descriptor);
    let adapters = block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    let adapter = adapters.into_iter().find(|a| a.get_info().name == report.name)?;
    let (device, queue) = block_on(adapter.request_device(&Default::default())).ok()?;
    block_on(Context::from_device(&adapter, device, queue)).ok()
}

/// Adds tensors until there is no memory for the next; `false` if there always was.
fn fill(context: &Context, elements: usize, most: usize, kept: &mut Vec<Tensor>) -> bool {
    for _ in 0..most {
        match tensor(context, elements) {
            Ok(made) => kept.push(made),
            Err(Error::OutOfMemory { what }) => {
                println!("{} tensors, then none of {elements} elements: {what}", kept.len());
                assert!(what.contains("tensor") || what.contains("staging"), "{what}");
                return true;
            }
            Err(other) => panic!("after {} tensors: {}: {other}", kept.len(), other.kind()),
        }
    }
    false
}

fn compare(context: &Context, bins: usize) -> Result<f64> {
    let rows = |seed: u64| {
        let weights = common::Random::new(seed).vector(64 * bins);
        Distributions::new_blocking(context, &weights, bins, Input::Weights)
    };
    Ok(Comparison::new(Divergence::Kl).rows_blocking(&rows(1)?, &rows(2)?)?.values()[0])
}

fn solve(context: &Context, bins: usize) -> Result<f64> {
    let solver = Sinkhorn::new(0.1).tolerance(0.0).max_iterations(10);
    Ok(solver.solve_blocking(context, &Case::random(4, 3, bins, bins).problem())?.transport_cost()
        [0])
}

#[test]
fn without_memory_a_call_says_so_and_the_context_goes_on() {
    let _alone = alone();
    // The least percent with which a context can be opened at all, and one more to work in.
    let least = (1..=95).find(|percent| with_little_memory(*percent).is_some());
    let Some(context) = least.and_then(|least| with_little_memory(least + 1)) else {
        println!("NOT RUN: this driver does not tell how much memory there is");
        return;
    };
    let values = |context: &Context| [compare(context, 50), solve(context, 20)];
    let known = values(&context).map(|value| value.expect("a value"));
    let mut kept = Vec::new();
    if !fill(&context, 64 << 18, 50, &mut kept) {
        println!("NOT RUN: this driver never says no");
        return;
    }
    assert!(fill(&context, 1 << 18, 500, &mut kept) && fill(&context, 1 << 14, 20_000, &mut kept));
    println!("{:?}", context.memory());
    // Whatever is asked for now is done, or refused for want of memory: large and small.
    let mut refused = 0;
    for bins in [20, 700, 1500, 20] {
        for result in [compare(&context, 4 * bins), solve(&context, bins)] {
            match result {
                Ok(value) => assert!(value.is_finite()),
                Err(Error::OutOfMemory { .. }) => refused += 1,
                Err(other) => panic!("{bins} bins: {}: {other}", other.kind()),
            }
        }
    }
    assert!(refused > 0, "there was memory for everything");
    for tensor in [0, kept.len() - 1] {
        match block_on(kept[tensor].read()) {
            Ok(read) => assert!(read.iter().all(|x| *x == 1.0)),
            Err(error) => assert_eq!(error.kind(), "out-of-memory", "{error}"),
        }
    }
    // With the memory back, everything is as before.
    drop(kept);
    let mut again = values(&context);
    for _ in 0..20 {
        if again.iter().all(Result::is_ok) {
            break;
        }
        // The system counts what it gets back when it has the time.
        std::thread::sleep(Duration::from_millis(500));
        again = values(&context);
    }
    if again.iter().any(|value| matches!(value, Err(Error::OutOfMemory { .. }))) {
        println!("{again:?}, {:?}", context.memory());
        drop(context);
        let fresh = least.and_then(|least| with_little_memory(least + 1));
        assert!(fresh.is_none(), "there is memory again, for a new context only");
        println!("NOT RUN to the end: another process has taken the memory");
        return;
    }
    assert_eq!(again.map(|value| value.expect("a value")), known);
}
