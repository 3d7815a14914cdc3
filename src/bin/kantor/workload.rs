//! The benchmark's inputs: made from a seed, or read from a folder.

use crate::failure::{Failure, Outcome};
use crate::npy;
use kantor::{BesselFunction, Geometry, GroundCost, Precision, Problem};
use std::path::Path;

/// A workload, by the name it has in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Workload {
    /// 100 pairs of sparse 28×28 images, ε 0.01, 100 iterations
    #[value(name = "T1s")]
    FewImages,
    /// 1000 pairs of sparse 28×28 images, ε 0.01, 100 iterations
    #[value(name = "T1")]
    Images,
    /// One dense 2048×2048 problem, ε 0.01, 100 iterations
    #[value(name = "T2")]
    Dense,
    /// 10,000 points to as many in three dimensions, ε 0.01, 10 iterations
    #[value(name = "T3")]
    Cloud,
    /// 100,000 points to as many in three dimensions, ε 0.01, 10 iterations: for hardware
    #[value(name = "T3L")]
    LargeCloud,
    /// 4096 points to as many in 64 dimensions, ε 0.05, 10 iterations
    #[value(name = "T4")]
    Features,
    /// One pair of dense 256×256 images on their grid, ε 0.001, 50 iterations
    #[value(name = "T5")]
    Grid,
    /// 10,000 problems of 32×32, each with its own cost, ε 0.05, 50 iterations
    #[value(name = "T6")]
    Small,
    /// One streaming half iteration over a 2048×2048 cost
    #[value(name = "softmin")]
    Softmin,
    /// ln I_v(x) of 1,000,000 points, single precision
    #[value(name = "B1")]
    LogI,
    /// ln K_v(x) of 1,000,000 points, single precision
    #[value(name = "B2")]
    LogK,
    /// ln I_v(x) of 1,000,000 points, double precision
    #[value(name = "B1d")]
    LogIDouble,
    /// ln K_v(x) of 1,000,000 points, double precision
    #[value(name = "B2d")]
    LogKDouble,
    /// von Mises-Fisher fit of 10,000 rows of 784
    #[value(name = "fit")]
    Fit,
    /// KL, JS and total variation of 1024 pairs of rows of 32,768 weights
    #[value(name = "D1")]
    Divergences,
    /// KL and JS of 256 pairs of rows of 131,072 logits
    #[value(name = "D2")]
    LogitDivergences,
    /// KL of the same logits and its gradient
    #[value(name = "D3")]
    Distillation,
    /// JS of all pairs of 1000 sparse 28×28 images
    #[value(name = "D4")]
    Pairs,
    /// Entropy of 16,384 rows of 1024 logits
    #[value(name = "D5")]
    Entropies,
    /// KL of rows of 1024, 16,384 and 262,144 weights, as many bins each time
    #[value(name = "lengths")]
    Lengths,
    /// 128 MiB to the device and back, and a cost matrix, beside what copies take on the host
    #[value(name = "transfer")]
    Transfer,
}

/// What a workload does.
pub(crate) enum Task {
    /// A problem, made from a folder with T1_hist.npy, T2_cost.npy, T5_a.npy, T5_b.npy and T6_cost.npy or from a seed.
    Transport(fn(Option<&Path>) -> Outcome<Inputs>),
    Points(BesselFunction, Precision),
    Fit,
    Rows(RowTask),
    Transfer,
}

/// Functions of rows of distributions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RowTask {
    Weights,
    Logits,
    Distillation,
    Pairs,
    Entropy,
    Lengths,
}

/// Host arrays of a workload.
pub(crate) struct Inputs {
    cost: Costs,
    source: Vec<f32>,
    target: Vec<f32>,
    bins: usize,
    pub(crate) epsilon: f64,
    pub(crate) iterations: u32,
}

enum Costs {
    /// For all problems.
    Matrix(Vec<f32>),
    /// One for each.
    Matrices(Vec<f32>),
    /// Both clouds, and their dimensions.
    Points([Vec<f32>; 2], usize),
    /// Of the pixels of an image.
    Grid,
}

impl Inputs {
    pub(crate) fn problem(&self) -> kantor::Result<Problem> {
        let n = self.bins;
        let geometry = match &self.cost {
            Costs::Matrix(cost) => Geometry::cost_matrix(cost, n, n),
            Costs::Matrices(costs) => Geometry::cost_matrices(costs, self.source.len() / n, n, n),
            Costs::Points([x, y], d) => Geometry::points(x, y, *d, GroundCost::SquaredEuclidean),
            Costs::Grid => Geometry::squared_euclidean_grid(PIXELS, PIXELS),
        }?;
        Ok(Problem::new(geometry, &self.source, &self.target)?.normalized())
    }

    /// Entries of the cost between bins that hold mass, which an iteration visits
    /// twice; over a grid one axis after the other.
    pub(crate) fn elements(&self) -> f64 {
        if matches!(self.cost, Costs::Grid) {
            return (self.source.len() * 2 * PIXELS) as f64;
        }
        let filled = |row: &[f32]| row.iter().filter(|weight| **weight > 0.0).count();
        let pairs = self.source.chunks(self.bins).zip(self.target.chunks(self.bins));
        pairs.map(|(a, b)| (filled(a) * filled(b)) as f64).sum()
    }

    pub(crate) fn shape(&self) -> String {
        format!("{} × {}²", self.source.len() / self.bins, self.bins)
    }
}

impl Workload {
    pub(crate) const ALL: [Workload; 21] = [
        Workload::FewImages,
        Workload::Images,
        Workload::Dense,
        Workload::Cloud,
        Workload::LargeCloud,
        Workload::Features,
        Workload::Grid,
        Workload::Small,
        Workload::Softmin,
        Workload::LogI,
        Workload::LogK,
        Workload::LogIDouble,
        Workload::LogKDouble,
        Workload::Fit,
        Workload::Divergences,
        Workload::LogitDivergences,
        Workload::Distillation,
        Workload::Pairs,
        Workload::Entropies,
        Workload::Lengths,
        Workload::Transfer,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Workload::FewImages => "T1s",
            Workload::Images => "T1",
            Workload::Dense => "T2",
            Workload::Cloud => "T3",
            Workload::LargeCloud => "T3L",
            Workload::Features => "T4",
            Workload::Grid => "T5",
            Workload::Small => "T6",
            Workload::Softmin => "softmin",
            Workload::LogI => "B1",
            Workload::LogK => "B2",
            Workload::LogIDouble => "B1d",
            Workload::LogKDouble => "B2d",
            Workload::Fit => "fit",
            Workload::Divergences => "D1",
            Workload::LogitDivergences => "D2",
            Workload::Distillation => "D3",
            Workload::Pairs => "D4",
            Workload::Entropies => "D5",
            Workload::Lengths => "lengths",
            Workload::Transfer => "transfer",
        }
    }

    pub(crate) fn task(self) -> Task {
        match self {
            Workload::FewImages => Task::Transport(|data| image_pairs(100, data)),
            Workload::Images => Task::Transport(|data| image_pairs(1000, data)),
            Workload::Dense | Workload::Softmin => Task::Transport(dense),
            Workload::Cloud => Task::Transport(|data| cloud(data, "T3", 10_000)),
            Workload::LargeCloud => Task::Transport(|data| cloud(data, "T3L", 100_000)),
            Workload::Features => Task::Transport(features),
            Workload::Grid => Task::Transport(images_on_a_grid),
            Workload::Small => Task::Transport(small),
            Workload::LogI => Task::Points(BesselFunction::LogI, Precision::Single),
            Workload::LogK => Task::Points(BesselFunction::LogK, Precision::Single),
            Workload::LogIDouble => Task::Points(BesselFunction::LogI, Precision::Double),
            Workload::LogKDouble => Task::Points(BesselFunction::LogK, Precision::Double),
            Workload::Fit => Task::Fit,
            Workload::Divergences => Task::Rows(RowTask::Weights),
            Workload::LogitDivergences => Task::Rows(RowTask::Logits),
            Workload::Distillation => Task::Rows(RowTask::Distillation),
            Workload::Pairs => Task::Rows(RowTask::Pairs),
            Workload::Entropies => Task::Rows(RowTask::Entropy),
            Workload::Lengths => Task::Rows(RowTask::Lengths),
            Workload::Transfer => Task::Transfer,
        }
    }
}

const IMAGES: usize = 1000;
const SIDE: usize = 28;

/// 1000 sparse images of 28×28, as histograms.
pub(crate) fn image_histograms(data: Option<&Path>) -> Outcome<Vec<f32>> {
    match data {
        Some(folder) => file(folder, "T1_hist.npy", IMAGES * SIDE * SIDE),
        None => Ok(blobs(IMAGES, SIDE)),
    }
}

/// Of the images of a grid, along either axis.
const PIXELS: usize = 256;

fn images_on_a_grid(data: Option<&Path>) -> Outcome<Inputs> {
    let bins = PIXELS * PIXELS;
    let (source, target) = match data {
        Some(folder) => (file(folder, "T5_a.npy", bins)?, file(folder, "T5_b.npy", bins)?),
        None => {
            let images: Vec<f32> = blobs(2, PIXELS).iter().map(|ink| ink + 1e-6).collect();
            let (source, target) = images.split_at(bins);
            (source.to_vec(), target.to_vec())
        }
    };
    Ok(Inputs { cost: Costs::Grid, source, target, bins, epsilon: 1e-3, iterations: 50 })
}

fn image_pairs(pairs: usize, data: Option<&Path>) -> Outcome<Inputs> {
    let bins = SIDE * SIDE;
    let images = image_histograms(data)?;
    let row = |k: usize| &images[k * bins..(k + 1) * bins];
    let place = |k: usize| (k / SIDE, k % SIDE);
    let step = |p: usize, q: usize| (p.abs_diff(q) as f32 / (SIDE - 1) as f32).powi(2);
    let cost = (0..bins * bins)
        .map(|cell| {
            let ((r, c), (s, d)) = (place(cell / bins), place(cell % bins));
            step(r, s) + step(c, d)
        })
        .collect();
    Ok(Inputs {
        cost: Costs::Matrix(cost),
        source: (0..pairs).flat_map(|k| row(k).to_vec()).collect(),
        target: (0..pairs).flat_map(|k| row((7 * k + 3) % IMAGES).to_vec()).collect(),
        bins,
        epsilon: 0.01,
        iterations: 100,
    })
}

fn dense(data: Option<&Path>) -> Outcome<Inputs> {
    const N: usize = 2048;
    let cost = match data {
        Some(folder) => file(folder, "T2_cost.npy", N * N)?,
        None => {
            let mut random = Random(2);
            let mut points = || -> Vec<[f32; 2]> {
                (0..N).map(|_| [random.uniform(), random.uniform()]).collect()
            };
            let (x, y) = (points(), points());
            let distance =
                |p: &[f32; 2], q: &[f32; 2]| (p[0] - q[0]).powi(2) + (p[1] - q[1]).powi(2);
            x.iter().flat_map(|p| y.iter().map(move |q| distance(p, q))).collect()
        }
    };
    let uniform = vec![1.0; N];
    Ok(Inputs {
        cost: Costs::Matrix(cost),
        source: uniform.clone(),
        target: uniform,
        bins: N,
        epsilon: 0.01,
        iterations: 100,
    })
}

/// Uniform points of the unit cube, as many on either side.
fn cloud(data: Option<&Path>, name: &str, n: usize) -> Outcome<Inputs> {
    let mut random = Random(3);
    let mut side = |which: &str| match data {
        Some(folder) => file(folder, &format!("{name}_{which}.npy"), 3 * n),
        None => Ok((0..3 * n).map(|_| random.uniform()).collect()),
    };
    points([side("x")?, side("y")?], 3, 0.01)
}

/// Points about the origin in many dimensions.
fn features(data: Option<&Path>) -> Outcome<Inputs> {
    const N: usize = 4096;
    const D: usize = 64;
    let mut random = Random(4);
    let mut side = |which: &str| match data {
        Some(folder) => file(folder, &format!("T4_{which}.npy"), N * D),
        None => Ok((0..N * D).map(|_| 0.43 * (random.uniform() - 0.5)).collect()),
    };
    points([side("x")?, side("y")?], D, 0.05)
}

fn points(sides: [Vec<f32>; 2], dimensions: usize, epsilon: f64) -> Outcome<Inputs> {
    let bins = sides[0].len() / dimensions;
    let uniform = vec![1.0; bins];
    Ok(Inputs {
        cost: Costs::Points(sides, dimensions),
        source: uniform.clone(),
        target: uniform,
        bins,
        epsilon,
        iterations: 10,
    })
}

fn small(data: Option<&Path>) -> Outcome<Inputs> {
    const PROBLEMS: usize = 10_000;
    const N: usize = 32;
    let cost = match data {
        Some(folder) => file(folder, "T6_cost.npy", PROBLEMS * N * N)?,
        None => {
            let mut random = Random(6);
            (0..PROBLEMS * N * N).map(|_| random.uniform()).collect()
        }
    };
    let uniform = vec![1.0; PROBLEMS * N];
    Ok(Inputs {
        cost: Costs::Matrices(cost),
        source: uniform.clone(),
        target: uniform,
        bins: N,
        epsilon: 0.05,
        iterations: 50,
    })
}

/// A file of the folder, of so many values.
pub(crate) fn file(folder: &Path, name: &str, values: usize) -> Outcome<Vec<f32>> {
    let path = folder.join(name);
    let array = npy::read(&path)?;
    if array.shape.iter().product::<usize>() != values {
        let shape = &array.shape;
        let reason =
            format!("its shape {shape:?} does not have the {values} values of this workload");
        return Err(Failure::about(&path, reason));
    }
    Ok(match array.values {
        npy::Values::Single(values) => values,
        npy::Values::Double(values) => values.into_iter().map(|value| value as f32).collect(),
    })
}

/// Images as sparse as handwritten digits, where about a fifth of the pixels has
/// ink: a few round blobs on an empty ground.
fn blobs(images: usize, side: usize) -> Vec<f32> {
    let mut random = Random(1);
    let mut pixels = Vec::with_capacity(images * side * side);
    for _ in 0..images {
        let mut between = |low: f32, high: f32| low + (high - low) * random.uniform();
        let blobs: [[f32; 3]; 5] = std::array::from_fn(|_| {
            [between(6.0, side as f32 - 6.0), between(6.0, side as f32 - 6.0), between(2.0, 4.5)]
        });
        for pixel in 0..side * side {
            let (row, column) = ((pixel / side) as f32, (pixel % side) as f32);
            let ink = |[r, c, radius]: &[f32; 3]| {
                (1.0 - ((row - r).powi(2) + (column - c).powi(2)) / (radius * radius)).max(0.0)
            };
            pixels.push(blobs.iter().map(ink).fold(0.0, f32::max));
        }
    }
    pixels
}

/// SplitMix64 (Steele, Lea and Flood 2014): inputs that are the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32
    }
}
