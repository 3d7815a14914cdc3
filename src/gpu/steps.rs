//! Dispatches one after the other, in submissions of bounded length.

use super::buffer::Buffer;
use super::pipeline::Pipeline;
use super::recorder::Recorder;
use super::{Gpu, Part};
use crate::error::Result;
use std::sync::Arc;

/// Dispatches that are recorded until a submission is full.
pub(crate) struct Steps<'a> {
    gpu: &'a Gpu,
    recorder: Recorder<'a>,
    spent: f64,
    budget: f64,
}

/// One kernel over so many items, each of so much cost (softmin elements).
pub(crate) struct Step<'a> {
    pub(crate) pipeline: &'a Arc<Pipeline>,
    pub(crate) resources: &'a [Part],
    pub(crate) items: usize,
    pub(crate) items_per_group: usize,
    pub(crate) cost: f64,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(gpu: &'a Gpu) -> Steps<'a> {
        let budget = gpu.capabilities.elements_per_submission();
        Steps { gpu, recorder: gpu.recorder(), spent: 0.0, budget }
    }

    /// Records a kernel, in as many dispatches as submissions take; `params` are those of the items from first to
    /// until.
    pub(crate) async fn run<P: bytemuck::Pod>(
        &mut self,
        step: Step<'_>,
        params: impl Fn(u32, u32) -> P,
    ) -> Result<()> {
        let Step { pipeline, resources, items, items_per_group, cost } = step;
        let mut first = 0;
        while first < items {
            let groups = ((self.budget - self.spent) / (cost * items_per_group as f64)) as usize;
            if groups == 0 && self.spent > 0.0 {
                self.submit().await?;
                continue;
            }
            let until =
                first.saturating_add(groups.max(1).saturating_mul(items_per_group)).min(items);
            let recorder = &mut self.recorder;
            self.gpu
                .guarded(|| {
                    let uniform = self.gpu.uniform(&params(first as u32, until as u32))?;
                    let ready = self.gpu.bind(pipeline, uniform, resources.to_vec());
                    recorder.dispatch(&ready, (until - first).div_ceil(items_per_group) as u64)
                })
                .await?;
            self.spent += cost * (until - first) as f64;
            first = until;
        }
        Ok(())
    }

    async fn submit(&mut self) -> Result<()> {
        let full = std::mem::replace(&mut self.recorder, self.gpu.recorder());
        full.read("a part of the work").await?;
        self.spent = 0.0;
        Ok(())
    }

    /// Submits what is left, and reads `bytes` of buffers from their beginnings.
    pub(crate) async fn read(
        mut self,
        what: &str,
        sources: &[(&Buffer, u64)],
    ) -> Result<Vec<Vec<u8>>> {
        for (source, bytes) in sources {
            self.recorder.stage(*source, 0, *bytes);
        }
        self.recorder.read(what).await
    }
}
