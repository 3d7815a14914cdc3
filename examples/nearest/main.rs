//! Which images are alike, when an image is a histogram of its ink?
//!
//! Finds the nearest of 1,000 handwritten digits to each of them by several divergences between histograms of 784 bins,
//! without ever holding the matrix of all pairs, asks how often the nearest show the same digit, and draws some of them
//! beside the nearest by the Euclidean distance of the same histograms:
//!
//! ```text
//! cargo run --release --example nearest          # the best adapter of this machine
//! cargo run --release --example nearest -- cpu   # the f64 CPU twin
//! ```

#[path = "../digits/canvas.rs"]
#[allow(dead_code, reason = "the pictures of other examples need more of it")]
mod canvas;
#[path = "../embeddings/data.rs"]
mod data;
mod picture;
mod plain;

use data::PIXELS;
use kantor::{Comparison, Context, Distributions, Divergence, Input};
use picture::Panel;
use plain::vote;
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

/// Neighbours of every image.
const NEAREST: usize = 8;
/// How many of them have a vote.
const VOTES: usize = 5;
/// Where the picture goes.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/nearest/nearest.png");

/// The nearest other images of every image, nearest first.
type Neighbours = Vec<Vec<usize>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nearest: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let images = data::images()?;
    let count = images.labels.len();
    if images.pixels.len() != count * PIXELS {
        return Err("there are not as many labels as images".into());
    }
    let context = match std::env::args().nth(1).as_deref() {
        Some("cpu") => Context::cpu(),
        _ => Context::new_blocking()?,
    };
    println!("Running on {}", context.adapter());

    let ink = Distributions::new_blocking(&context, &images.pixels, PIXELS, Input::Weights)?;
    // KL is infinite where the other image has no ink: there every pixel has one grey level of 255 more.
    let smoothed: Vec<f32> = images.pixels.iter().map(|pixel| pixel + 1.0).collect();
    let smoothed = Distributions::new_blocking(&context, &smoothed, PIXELS, Input::Weights)?;
    let measures = [
        ("Jensen-Shannon", Divergence::JensenShannon { beta: 0.5 }, &ink),
        ("squared Hellinger", Divergence::SquaredHellinger, &ink),
        ("triangular", Divergence::Triangular, &ink),
        ("total variation", Divergence::TotalVariation, &ink),
        ("KL, smoothed", Divergence::Kl, &smoothed),
    ];
    println!(
        "The nearest of {count} images, {} pairs of {PIXELS} bins a measure; how many show the same digit:",
        count * (count - 1),
    );
    println!("{:24}{:>10}{:>12}", "", "nearest", format!("vote of {VOTES}"));
    let mut found: Vec<Neighbours> = Vec::new();
    for (name, divergence, rows) in measures {
        let clock = Instant::now();
        let nearest = Comparison::new(divergence).nearest_others_blocking(rows, NEAREST)?;
        let of = |row| nearest.indices(row).iter().map(|index| *index as usize).collect();
        let neighbours = (0..count).map(of).collect();
        report(name, &neighbours, &images.labels, clock);
        found.push(neighbours);
    }
    let clock = Instant::now();
    let histograms = plain::nearest(&plain::normalized(&images.pixels, PIXELS), PIXELS, NEAREST);
    report("Euclidean", &histograms, &images.labels, clock);
    let clock = Instant::now();
    let pixels = plain::nearest(&images.pixels, PIXELS, NEAREST);
    report("Euclidean, of pixels", &pixels, &images.labels, clock);

    let jensen_shannon = &found[0];
    let only = |a: &Neighbours, b: &Neighbours| {
        let right = |found: &Neighbours, row: usize| is_right(found, row, &images.labels);
        (0..count).filter(|row| right(a, *row) && !right(b, *row)).count()
    };
    for (name, other) in [("Euclid", &histograms), ("Euclid of pixels", &pixels)] {
        println!(
            "For {} images the nearest by Jensen-Shannon is right and that by {name} wrong, for {} the other way round.",
            only(jensen_shannon, other),
            only(other, jensen_shannon),
        );
    }
    let panels = [
        Panel { title: "nearest by Jensen-Shannon divergence", neighbours: jensen_shannon },
        Panel { title: "nearest by Euclidean distance", neighbours: &histograms },
    ];
    canvas::save(&picture::draw(&images, panels)?, PICTURE)?;
    println!(
        "The picture is in {PICTURE}. Everything took {:.1} s.",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Whether the nearest image shows the same digit as image `row`.
fn is_right(neighbours: &Neighbours, row: usize, labels: &[u8]) -> bool {
    vote(&neighbours[row][..1], labels) == labels[row]
}

/// Share of images whose digit most of their nearest `votes` show.
fn share(neighbours: &Neighbours, labels: &[u8], votes: usize) -> f64 {
    let right =
        |(neighbours, label): &(&Vec<usize>, &u8)| vote(&neighbours[..votes], labels) == **label;
    neighbours.iter().zip(labels).filter(right).count() as f64 / labels.len() as f64
}

fn report(name: &str, neighbours: &Neighbours, labels: &[u8], clock: Instant) {
    let seconds = clock.elapsed().as_secs_f64();
    let [nearest, votes] = [1, VOTES].map(|votes| 100.0 * share(neighbours, labels, votes));
    println!("  {name:22}{nearest:>8.1} %{votes:>10.1} %{seconds:>8.2} s");
}
