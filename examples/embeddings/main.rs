//! What kinds of directions are there among the images of digits?
//! Fits a mixture of von Mises-Fisher distributions to 1,000 images as unit vectors in 784
//! dimensions, asks how pure its clusters are beside those of spherical k-means from
//! the same starts, and draws the mean directions:
//!
//! ```text
//! cargo run --release --example embeddings          # the best adapter of this machine
//! cargo run --release --example embeddings -- cpu   # the f64 CPU twin
//! ```

#[path = "../digits/canvas.rs"]
#[allow(dead_code, reason = "the picture of digits needs more of it")]
mod canvas;
mod data;
mod picture;

use data::PIXELS;
use kantor::{Context, Directions, VonMisesFisherMixture, VonMisesFisherMixtureFit};
use std::error::Error;
use std::time::Instant;

/// Components: as many as digits. They need not be the digits.
const COMPONENTS: usize = 10;
/// Starts; both methods have the same.
const SEEDS: u64 = 20;
/// Where the picture goes.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/embeddings/means.png");

/// A fit, and the share of images whose digit is the most frequent one of their cluster.
struct Run {
    fit: VonMisesFisherMixtureFit,
    labels: Vec<u32>,
    purity: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let images = data::images()?;
    let context = match std::env::args().nth(1).as_deref() {
        Some("cpu") => Context::cpu(),
        _ => Context::new_blocking()?,
    };
    println!("Running on {}", context.adapter());
    let rows = Directions::new_blocking(&context, &images.pixels, PIXELS)?;

    let run = |method: VonMisesFisherMixture| -> Result<Vec<Run>, Box<dyn Error>> {
        (0..SEEDS)
            .map(|seed| {
                let fit = method.clone().seed(seed).fit_blocking(&rows)?;
                let labels = fit.labels_blocking(&rows)?;
                let purity = purity(&labels, &images.labels);
                Ok(Run { fit, labels, purity })
            })
            .collect()
    };
    let methods = [
        ("von Mises-Fisher mixture", VonMisesFisherMixture::new(COMPONENTS)),
        ("spherical k-means", VonMisesFisherMixture::spherical_k_means(COMPONENTS)),
    ];
    println!("Purity of {COMPONENTS} clusters of {} images, {SEEDS} starts:", rows.len());
    let mut mixtures = None;
    for (name, method) in methods {
        let clock = Instant::now();
        let runs = run(method)?;
        let seconds = clock.elapsed().as_secs_f64() / SEEDS as f64;
        let (mean, deviation) = moments(&runs);
        let best = likeliest(&runs);
        let converged = runs.iter().filter(|run| run.fit.converged()).count();
        let iterations: u32 = runs.iter().map(|run| run.fit.iterations()).sum();
        println!(
            "  {name:25} {:4.1} ± {:.1} %, {:4.1} % from the start of the highest likelihood; {:.1} iterations, {seconds:.2} s a start, {converged} converged",
            100.0 * mean,
            100.0 * deviation,
            100.0 * best.purity,
            f64::from(iterations) / SEEDS as f64,
        );
        mixtures.get_or_insert(runs);
    }

    let runs = mixtures.ok_or("no mixture was fitted")?;
    let best = likeliest(&runs);
    let picture = picture::draw(&best.fit, &best.labels, &images.labels, best.purity)?;
    canvas::save(&picture, PICTURE)?;
    println!(
        "The picture is in {PICTURE}. Everything took {:.1} s.",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// The run that its own objective prefers: labels have no say.
fn likeliest(runs: &[Run]) -> &Run {
    let value = |run: &Run| run.fit.log_likelihood();
    runs.iter().fold(&runs[0], |best, run| if value(run) > value(best) { run } else { best })
}

/// Mean and standard deviation of the purities.
fn moments(runs: &[Run]) -> (f64, f64) {
    let n = runs.len() as f64;
    let mean = runs.iter().map(|run| run.purity).sum::<f64>() / n;
    let square = runs.iter().map(|run| (run.purity - mean).powi(2)).sum::<f64>();
    (mean, (square / (n - 1.0)).sqrt())
}

/// How many images of every digit a cluster has.
pub fn digits_of(cluster: usize, labels: &[u32], digits: &[u8]) -> [usize; 10] {
    let mut counts = [0; 10];
    for (label, digit) in labels.iter().zip(digits) {
        counts[usize::from(*digit)] += usize::from(*label as usize == cluster);
    }
    counts
}

fn purity(labels: &[u32], digits: &[u8]) -> f64 {
    let most = |k| digits_of(k, labels, digits).into_iter().max().unwrap_or(0);
    (0..COMPONENTS).map(most).sum::<usize>() as f64 / labels.len() as f64
}
