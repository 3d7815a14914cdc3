//! Optimal transport between real handwritten digits.
//!
//! How much work is it to move the ink of one digit until it is another one?
//! Solves all 19,900 transport problems among 200 images in one batch, asks how
//! well the distance tells digits apart, and draws what it found:
//!
//! ```text
//! cargo run --release --example digits          # the best adapter of this machine
//! cargo run --release --example digits -- cpu   # the f64 CPU twin
//! ```

#[allow(dead_code, reason = "the pictures of other examples need more of it")]
mod canvas;
mod data;
mod picture;

use data::{Digit, PIXELS, SIDE};
use indicatif::{ProgressBar, ProgressStyle};
use kantor::{Context, Geometry, Problem, Sinkhorn};
use std::error::Error;
use std::ops::ControlFlow;
use std::time::Instant;

/// Images of each label.
const EACH: usize = 20;
/// Regularisation, against a largest cost of 2 (corner to opposite corner).
const EPSILON: f64 = 0.02;
/// Where the picture goes.
const PICTURE: &str = "digits.png";

fn main() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let digits = data::first_of_each_label(EACH)?;
    let context = match std::env::args().nth(1).as_deref() {
        Some("cpu") => Context::cpu(),
        _ => Context::new_blocking()?,
    };
    println!("Running on {}", context.adapter());

    // Every pair once: row k of the sources against row k of the targets.
    let pairs: Vec<(usize, usize)> =
        (0..digits.len()).flat_map(|i| (i + 1..digits.len()).map(move |j| (i, j))).collect();
    let sources: Vec<f32> = pairs.iter().flat_map(|&(i, _)| digits[i].ink).collect();
    let targets: Vec<f32> = pairs.iter().flat_map(|&(_, j)| digits[j].ink).collect();
    let problem = Problem::new(Geometry::squared_euclidean_grid(SIDE, SIDE)?, &sources, &targets)?
        .normalized();

    let bar = ProgressBar::new(problem.len() as u64).with_style(ProgressStyle::with_template(
        "{bar:40.cyan/white} {pos}/{len} problems, {elapsed}",
    )?);
    let shown = bar.clone();
    let solver = Sinkhorn::new(EPSILON).on_progress(move |progress| {
        shown.set_position(progress.finished as u64);
        ControlFlow::Continue(())
    });
    let solving = Instant::now();
    let solution = solver.solve_blocking(&context, &problem)?;
    let seconds = solving.elapsed().as_secs_f64();
    bar.finish_and_clear();

    let converged = solution.converged().iter().filter(|c| **c).count();
    let iterations: u64 = solution.iterations().iter().map(|n| u64::from(*n)).sum();
    println!(
        "{} problems of {PIXELS}×{PIXELS} bins in {seconds:.2} s ({} kernels): {converged} converged, {:.0} iterations on average",
        solution.len(),
        solution.variant(),
        iterations as f64 / solution.len() as f64,
    );
    // A distance matrix of problems that had not converged would be a picture of
    // rounding and impatience.
    let solution = solution.require_converged()?;

    let transport = Matrix::from_pairs(digits.len(), &pairs, solution.transport_cost());
    let euclidean: Vec<f64> =
        pairs.iter().map(|&(i, j)| squared_distance(&digits[i].ink, &digits[j].ink)).collect();
    let euclidean = Matrix::from_pairs(digits.len(), &pairs, &euclidean);
    println!("Leave-one-out accuracy of the nearest neighbour among {} images:", digits.len());
    println!(
        "  optimal transport  {:5.1} %",
        100.0 * nearest_neighbour_accuracy(&transport, &digits)
    );
    println!(
        "  plain Euclidean    {:5.1} %",
        100.0 * nearest_neighbour_accuracy(&euclidean, &digits)
    );

    let shown = pairs
        .iter()
        .position(|&(i, j)| (digits[i].label, digits[j].label) == picture::PAIR)
        .ok_or("the pair to draw is missing")?;
    let plan = picture::Plan {
        from: &digits[pairs[shown].0],
        to: &digits[pairs[shown].1],
        mass: solution.plan_blocking(shown)?,
        cost: solution.transport_cost()[shown],
    };
    canvas::save(&picture::draw(&digits, &transport, &plan)?, PICTURE)?;
    println!(
        "The picture is in {PICTURE}. Everything took {:.1} s.",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// A symmetric matrix of distances, zero on the diagonal.
pub(crate) struct Matrix {
    size: usize,
    values: Vec<f64>,
}

impl Matrix {
    fn from_pairs(size: usize, pairs: &[(usize, usize)], distances: &[f64]) -> Matrix {
        let mut values = vec![0.0; size * size];
        for (&(i, j), &distance) in pairs.iter().zip(distances) {
            values[i * size + j] = distance;
            values[j * size + i] = distance;
        }
        Matrix { size, values }
    }

    /// Distances from image `i` to all images.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.size..(i + 1) * self.size]
    }
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// Share of images whose nearest other image has the same label.
fn nearest_neighbour_accuracy(distances: &Matrix, digits: &[Digit]) -> f64 {
    let right = (0..digits.len())
        .filter(|&i| {
            let row = distances.row(i);
            let nearest =
                (0..digits.len()).filter(|&j| j != i).min_by(|&j, &k| row[j].total_cmp(&row[k]));
            nearest.is_some_and(|j| digits[j].label == digits[i].label)
        })
        .count();
    right as f64 / digits.len() as f64
}
