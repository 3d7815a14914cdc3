//! What an adapter can do at best, measured on itself, so that a time can be
//! given as a fraction of what was possible. Native only: browsers have no clock
//! that is fine enough.
//!
//! ```no_run
//! # async fn f() -> kantor::Result<()> {
//! let context = kantor::Context::new().await?;
//! let limits = kantor::bench::limits(&context).await?;
//! println!("{:.1} GB/s", limits.copy_bytes_per_second / 1e9);
//! # Ok(()) }
//! ```

use crate::clock::Clock;
use crate::error::Result;
use crate::gpu::buffer::STORAGE;
use crate::gpu::layout::params;
use crate::gpu::module::Loops;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::shader::Constant;
use crate::gpu::{Context, Gpu, Kernel};
use crate::wait::blocking;
use rayon::prelude::*;
use std::hint::black_box;
use std::sync::Arc;

/// The limits of an adapter, or of the processor for the CPU twin.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Limits {
    /// Bytes read and written per second by a copy of 128 MiB (64 MiB on software
    /// adapters and the CPU twin), four f32 at a time.
    pub copy_bytes_per_second: f64,
    /// Exponentials per second of Σ exp(x) over an array of the same size: f32 with
    /// the better of the built-in `exp2` and the library's; f64 for the CPU twin.
    pub exp_per_second: f64,
    /// Exponentials per second of sums over all pairs of points in three dimensions, which arithmetic bounds and not
    /// memory: f32, for the CPU twin f64.
    pub pairs_per_second: f64,
    /// The same with every iteration of a loop counted, as wgpu does by default and this library's kernels do without.
    /// `None` for the CPU twin.
    pub counted_pairs_per_second: Option<f64>,
    /// Seconds that an empty dispatch adds to a submission; for the CPU twin, a
    /// parallel loop of no work.
    pub dispatch_seconds: f64,
    /// Seconds from submitting one empty dispatch until its end is known.
    pub submission_seconds: f64,
}

impl Limits {
    /// The most elements per second that an algorithm can do that takes one
    /// exponential of every f32 it reads: the smaller of the two limits.
    pub fn softmin_elements_per_second(&self) -> f64 {
        // A copy moves every byte twice; a softmin only reads.
        self.exp_per_second.min(self.copy_bytes_per_second / 4.0)
    }
}

static COPY: Kernel = Kernel::new("bench/copy.wgsl");
static EXP_SUM: Kernel = Kernel::new("bench/exp_sum.wgsl");

params! {
    struct Params = Params in "bench/copy.wgsl", "bench/exp_sum.wgsl" {
        zero: u32,
        quads: u32,
        each: u32,
        start: u32,
        step: u32,
    }
}

static POINTS: Kernel = Kernel::new("bench/points.wgsl");

params! {
    struct Pairs = Pairs in "bench/points.wgsl" {
        zero: u32,
        rows: u32,
        targets: u32,
        parts: u32,
    }
}

/// Quads a thread walks over: enough to make a thread worth its start.
const EACH: [u32; 2] = [4, 64];
/// A measurement is the best of so many.
const REPEATS: usize = 5;
/// Seconds one of them should last, to be long against a submission.
const LENGTH: f64 = 0.05;
/// Empty dispatches in one submission.
const EMPTY: u32 = 256;

/// Measures the limits of the context's adapter; takes about two seconds.
///
/// # Errors
/// [`Error::Shader`](crate::Error::Shader), [`Error::OutOfMemory`](crate::Error::OutOfMemory),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
pub async fn limits(context: &Context) -> Result<Limits> {
    match context.gpu() {
        Some(gpu) => of_device(gpu).await,
        None => Ok(of_processor()),
    }
}

blocking! {
    limits => limits_blocking(context: &Context) -> Result<Limits>;
}

async fn of_device(gpu: &Gpu) -> Result<Limits> {
    let workgroup = gpu.capabilities.sweep_workgroup();
    let bytes: u64 = gpu.capabilities.measured_bytes();
    let quads = (bytes / 16) as u32;
    let bound = Bound { gpu, workgroup, bytes, quads };

    let copy = bound.walk(&COPY, vec![], bytes).await?;
    let mut exp = f64::INFINITY;
    for native in [false, true] {
        let constants = vec![("NATIVE_EXP2", Constant::Bool(native))];
        let output = 4 * u64::from(quads / EACH[0]);
        exp = exp.min(bound.walk(&EXP_SUM, constants, output).await?);
    }
    let pairs = bound.pairs(Loops::AsWritten).await?;
    let counted = bound.pairs(Loops::Counted).await?;
    let submission = bound.empty(1).await?;
    let dispatch = (bound.empty(EMPTY).await? - submission) / f64::from(EMPTY - 1);
    Ok(Limits {
        copy_bytes_per_second: 2.0 * bytes as f64 / copy,
        exp_per_second: bytes as f64 / 4.0 / exp,
        pairs_per_second: pairs,
        counted_pairs_per_second: Some(counted),
        dispatch_seconds: dispatch.max(0.0),
        submission_seconds: submission,
    })
}

/// Walks over `quads` quads on a device.
struct Bound<'a> {
    gpu: &'a Gpu,
    workgroup: u32,
    bytes: u64,
    quads: u32,
}

impl Bound<'_> {
    /// Seconds of one walk, in the better of the orders a kernel offers.
    async fn walk(
        &self,
        kernel: &'static Kernel,
        constants: Vec<(&'static str, Constant)>,
        output: u64,
    ) -> Result<f64> {
        let mut best = f64::INFINITY;
        for each in EACH {
            let threads = self.quads / each;
            for (start, step) in [(1, threads), (each, 1)] {
                let params = Params { zero: 0, quads: self.quads, each, start, step };
                let groups = u64::from(threads.div_ceil(self.workgroup));
                let pipeline = self.pipeline(kernel, constants.clone()).await?;
                let run = self.run(&pipeline, output, &params, groups, None).await?;
                best = best.min(run);
            }
        }
        Ok(best)
    }

    /// Pairs of points a second, with the better exponential.
    async fn pairs(&self, loops: Loops) -> Result<f64> {
        let (parts, targets): (u32, u32) = self.gpu.capabilities.measured_points();
        let rows = parts * targets;
        let groups = u64::from(rows.div_ceil(self.workgroup) * parts);
        let mut best = f64::INFINITY;
        for native in [false, true] {
            let constants = vec![
                ("NATIVE_EXP2", Constant::Bool(native)),
                ("WORKGROUP", Constant::U32(self.workgroup)),
            ];
            let pipeline = Arc::new(self.gpu.build(&POINTS, &constants, loops).await?);
            let params = Pairs { zero: 0, rows, targets, parts };
            let output = 4 * u64::from(rows * parts);
            best = best.min(self.run(&pipeline, output, &params, groups, None).await?);
        }
        Ok(f64::from(rows) * f64::from(rows) / best)
    }

    /// Seconds of a submission of `dispatches` dispatches that do nothing.
    async fn empty(&self, dispatches: u32) -> Result<f64> {
        let params = Params { zero: 0, quads: 0, each: 0, start: 1, step: 1 };
        let pipeline = self.pipeline(&COPY, vec![]).await?;
        let run = self.run(&pipeline, 16, &params, 1, Some(dispatches)).await?;
        Ok(run * f64::from(dispatches))
    }

    async fn pipeline(
        &self,
        kernel: &'static Kernel,
        mut constants: Vec<(&'static str, Constant)>,
    ) -> Result<Arc<Pipeline>> {
        constants.push(("WORKGROUP", Constant::U32(self.workgroup)));
        self.gpu.pipeline(kernel, constants).await
    }

    /// Seconds of one dispatch among `dispatches` of a submission, by default among
    /// as many as fill the time of a measurement.
    async fn run(
        &self,
        pipeline: &Arc<Pipeline>,
        output: u64,
        params: &impl bytemuck::Pod,
        groups: u64,
        dispatches: Option<u32>,
    ) -> Result<f64> {
        let gpu = self.gpu;
        let (ready, _buffers) = gpu
            .guarded(|| {
                let input = gpu.allocate("bench input", self.bytes, STORAGE)?;
                gpu.write(&input, 0, &vec![-1.0f32; self.bytes as usize / 4])?;
                let output = gpu.allocate("bench output", output, STORAGE)?;
                let resources = vec![input.whole(), output.whole()];
                Ok((gpu.bind(pipeline, gpu.uniform(params)?, resources), (input, output)))
            })
            .await?;
        let time = async |dispatches: u32| -> Result<f64> {
            let clock = Clock::now();
            let mut recorder = gpu.recorder();
            for _ in 0..dispatches {
                recorder.dispatch(&ready, groups)?;
            }
            recorder.read("a measurement").await?;
            Ok(clock.seconds() / f64::from(dispatches))
        };
        // The first use pays for the driver's compiler and for touching the memory.
        time(1).await?;
        let once = time(1).await?;
        let fill = (LENGTH / once.max(1e-6)).clamp(1.0, 1000.0) as u32;
        let dispatches = dispatches.unwrap_or(fill);
        let mut best = f64::INFINITY;
        for _ in 0..REPEATS {
            best = best.min(time(dispatches).await?);
        }
        Ok(best)
    }
}

/// The same for the CPU twin: all threads, f64 exponentials.
fn of_processor() -> Limits {
    const VALUES: usize = 16 << 20;
    const CHUNK: usize = 1 << 16;
    const POINTS_OF_TWIN: usize = 2048;
    let input = vec![-1.0f32; VALUES];
    let mut output = vec![0.0f32; VALUES];
    let copy = best(|| {
        output.par_chunks_mut(CHUNK).zip(input.par_chunks(CHUNK)).for_each(|(to, from)| {
            to.copy_from_slice(from);
        });
        black_box(&output);
    });
    let exp = best(|| {
        let sum = |chunk: &[f32]| -> f64 { chunk.iter().map(|x| f64::from(*x).exp()).sum() };
        black_box(input.par_chunks(CHUNK).map(sum).sum::<f64>());
    });
    let points: Vec<[f64; 3]> = (0..POINTS_OF_TWIN).map(|k| [k as f64 * 1e-6; 3]).collect();
    let pairs = best(|| {
        let row = |x: &[f64; 3]| -> f64 {
            let term = |y: &[f64; 3]| (x[0] * y[0] + x[1] * y[1] + x[2] * y[2] - 1.0).exp();
            points.iter().map(term).sum()
        };
        black_box(points.par_iter().map(row).sum::<f64>());
    });
    let threads = rayon::current_num_threads();
    let dispatch = best(|| {
        for _ in 0..EMPTY {
            (0..threads).into_par_iter().for_each(|k| {
                black_box(k);
            });
        }
    }) / f64::from(EMPTY);
    Limits {
        copy_bytes_per_second: (8 * VALUES) as f64 / copy,
        exp_per_second: VALUES as f64 / exp,
        pairs_per_second: (POINTS_OF_TWIN * POINTS_OF_TWIN) as f64 / pairs,
        counted_pairs_per_second: None,
        dispatch_seconds: dispatch,
        submission_seconds: dispatch,
    }
}

fn best(mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..=REPEATS {
        let clock = Clock::now();
        work();
        best = best.min(clock.seconds());
    }
    best
}
