//! Sinkhorn in scaling form for a batch that shares one cost: a matrix product a
//! half iteration. A problem whose scalings leave the range of f32 is marked, and must be done in the log domain.

use super::half_step::{Errors, HalfStep};
use crate::error::Result;
use crate::gpu::buffer::Buffer;
use crate::gpu::layout::params;
use crate::gpu::pipeline::Pipeline;
use crate::gpu::recorder::Recorder;
use crate::gpu::shader::Constant;
use crate::gpu::{Gpu, Kernel};
use crate::number::Precision;
use crate::transport::state::{Side, State, Step};
use std::sync::Arc;

pub(crate) static SCALING_PRODUCT: Kernel = Kernel::new("transport/scaling_product.wgsl");

pub(crate) static RESCALE: Kernel = Kernel::new("transport/rescale.wgsl");

/// A change of units, as in `transport/rescale.wgsl`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    Exponential(f64),
    Logarithm(f64),
    Zero,
}

params! {
    pub(crate) struct RescaleParams = Rescale in "transport/rescale.wgsl" {
        zero: u32,
        count: u32,
        at: u32,
        mode: u32,
        factor: f32,
        unused: [u32; 3],
    }
}

pub(crate) const RESCALE_WORKGROUP: u32 = 64;

pub(crate) async fn rescale_pipeline(gpu: &Gpu) -> Result<Arc<Pipeline>> {
    gpu.pipeline(&RESCALE, vec![("WORKGROUP", Constant::U32(RESCALE_WORKGROUP))]).await
}

/// Records a change of all potentials of one side (of their low words for `Zero`).
pub(crate) fn rescale(
    state: &State,
    pipeline: &Arc<Pipeline>,
    side: Side,
    change: Change,
    recorder: &mut Recorder<'_>,
) -> Result<()> {
    let data = state.side(side);
    let count = data.entries() as u32;
    // Mode 0 is that of weights, which the host applies at upload.
    let (mode, factor, at) = match change {
        Change::Exponential(factor) => (1, factor, 0),
        Change::Logarithm(factor) => (2, factor, 0),
        Change::Zero => (3, 0.0, count),
    };
    let params = state.gpu.uniform(&RescaleParams {
        zero: 0,
        count,
        at,
        mode,
        factor: factor as f32,
        unused: [0; 3],
    })?;
    let ready =
        state.gpu.bind(pipeline, params, vec![data.weights.whole(), data.potentials.whole()]);
    recorder.dispatch(&ready, u64::from(count).div_ceil(RESCALE_WORKGROUP.into()))
}

/// Problems and own entries of one tile of the kernel.
const TILE: usize = 64;

/// Largest max|C|/ε that f32 scalings hold.
pub(crate) const LARGEST_CONTRAST: f64 = 80.0;

/// Largest −C/ε of which the kernel takes the exponential.
pub(crate) const LARGEST_EXPONENT: f64 = 69.0;

/// The kernels of the scaling form over a state.
pub(crate) struct Scaling<'a> {
    state: &'a State,
    product: Arc<Pipeline>,
    units: Arc<Pipeline>,
    /// Tiles of own entries, of the source and of the target.
    blocks: [usize; 2],
    /// One region a side, without marks at first.
    partials: Buffer,
}

impl<'a> Scaling<'a> {
    pub(super) async fn new(state: &'a State) -> Result<Scaling<'a>> {
        let gpu = &state.gpu;
        let native = ("NATIVE_EXP2", Constant::Bool(gpu.capabilities.native_exp2()));
        let product = gpu.pipeline(&SCALING_PRODUCT, vec![native]).await?;
        let units = rescale_pipeline(gpu).await?;
        let blocks = Side::BOTH.map(|side| state.side(side).padded.div_ceil(TILE));
        let zeros = vec![[0.0f32; 4]; (blocks[0] + blocks[1]) * state.len()];
        let partials = gpu.guarded(|| gpu.upload("partial sums", &zeros)).await?;
        Ok(Scaling { state, product, units, blocks, partials })
    }

    pub(super) fn enter(&self, recorder: &mut Recorder<'_>, epsilon: f64) -> Result<()> {
        let factor = 1.0 / (epsilon * self.state.scale);
        self.rescale(recorder, Change::Exponential(factor))
    }

    pub(super) fn leave(&self, recorder: &mut Recorder<'_>, epsilon: f64) -> Result<()> {
        self.rescale(recorder, Change::Logarithm(epsilon * self.state.scale))
    }

    fn rescale(&self, recorder: &mut Recorder<'_>, change: Change) -> Result<()> {
        for side in Side::BOTH {
            rescale(self.state, &self.units, side, change, recorder)?;
        }
        Ok(())
    }

    pub(super) fn groups(&self, side: Side, slots: usize) -> u64 {
        (slots.div_ceil(TILE) * self.blocks[side as usize]) as u64
    }

    pub(super) fn half_step(&self, side: Side, step: Step) -> Result<HalfStep> {
        let mut sweep = self.state.sweep(side, Precision::Single, step);
        sweep.blocks = self.blocks[side as usize] as u32;
        sweep.partials_at = self.partials_at(side);
        let gpu = &self.state.gpu;
        let params = gpu.uniform(&sweep)?;
        let ready = gpu.bind(&self.product, params, self.state.swept(side, &self.partials));
        Ok(HalfStep(vec![(ready, self.groups(side, step.slots))]))
    }

    fn partials_at(&self, side: Side) -> u32 {
        match side {
            Side::Source => 0,
            Side::Target => (self.blocks[0] * self.state.len()) as u32,
        }
    }

    pub(super) fn errors(&self, side: Side) -> Errors {
        let blocks = self.blocks[side as usize] as u32;
        Errors {
            partials: self.partials.clone(),
            blocks,
            first: self.partials_at(side),
            marks: blocks,
        }
    }

    pub(super) fn elements(&self) -> f64 {
        // A product costs an eighth of an exponential.
        0.25 * self.state.pairs()
    }
}
