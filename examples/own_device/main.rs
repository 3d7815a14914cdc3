//! A host application's own device: its shader fills histograms, kantor compares them, its next shader uses the values.
//!
//!     cargo run --release --example own_device
//!
//! The film has 4,096 frames of 1,024 bins, 16 MiB. Frame by frame the Jensen-Shannon divergence from the one before is
//! taken, and the cuts are where it is large. The histograms never leave the device: the example asserts it.

mod host;

use host::Host;
use kantor::{Comparison, Context, Distributions, Divergence, Input, Tensor};

const FRAMES: usize = 4096;
const BINS: usize = 1024;
/// Frames of a scene, as in frames.wgsl.
const SCENE: usize = 97;
/// Nats. Neighbours in a scene are some 1e-4 apart.
const THRESHOLD: f64 = 0.02;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    pollster::block_on(run())
}

async fn run() -> Outcome<()> {
    let Some(host) = Host::open().await? else {
        println!("no adapter at all: nothing to share (the CPU twin has no device)");
        return Ok(());
    };
    // One instance of everything: kantor makes no device of its own.
    let (device, queue) = (host.device.clone(), host.queue.clone());
    let context = Context::from_device(&host.adapter, device, queue).await?;
    println!("{} frames of {BINS} bins on {}", FRAMES, context.adapter());

    let film = host.film(FRAMES, BINS, SCENE);
    let before = (context.traffic(), context.submissions());

    // The same buffer, twice: all frames but the last, and all but the first.
    let frames = Tensor::from_buffer(&context, film, &[FRAMES, BINS])?;
    let earlier = Distributions::from_tensor(&frames.slice(0..FRAMES - 1)?, Input::Weights).await?;
    let later = Distributions::from_tensor(&frames.slice(1..FRAMES)?, Input::Weights).await?;
    let js = Comparison::new(Divergence::JensenShannon { beta: 0.5 });
    let divergences = js.rows_tensor(&earlier, &later).await?;

    let (after, histograms) = (context.traffic(), (4 * FRAMES * BINS) as u64);
    let copied = after.to_device + after.to_host - before.0.to_device - before.0.to_host;
    println!(
        "{} submissions; {} KiB between host and device, of histograms of {} MiB",
        context.submissions() - before.1,
        copied / 1024,
        histograms >> 20
    );
    // A few numbers a frame: where it is, its sums, its value. No histogram.
    assert!(copied < histograms / 8, "{copied} bytes were copied");

    let mut cuts = host.cuts(&divergences, THRESHOLD, FRAMES / 8)?;
    cuts.sort_unstable();
    println!("{} cuts, the first at frames {:?}", cuts.len(), &cuts[..cuts.len().min(8)]);
    let exact: Vec<u32> = (1..FRAMES.div_ceil(SCENE)).map(|k| (k * SCENE) as u32).collect();
    assert_eq!(cuts, exact, "a cut at every change of scene, and nowhere else");
    Ok(())
}
