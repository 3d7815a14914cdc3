//! One dispatch of one kernel on given data.

use crate::error::Result;
use crate::gpu::shader::Constants;
use crate::gpu::{Gpu, Kernel};

/// What is bound after the parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resource<'a> {
    Data(&'a [u8]),
    Space(usize),
}

/// Runs `kernel` once in `groups` workgroups, and reads the first `bytes` of its
/// resource `read`.
pub(crate) async fn dispatch<P: bytemuck::Pod>(
    gpu: &Gpu,
    (kernel, constants): (&'static Kernel, Constants),
    params: P,
    resources: &[Resource<'_>],
    groups: usize,
    (read, bytes): (usize, usize),
) -> Result<Vec<u8>> {
    let pipeline = gpu.pipeline(kernel, constants).await?;
    let mut recorder = gpu.recorder();
    gpu.guarded(|| {
        let buffers = resources
            .iter()
            .map(|resource| match resource {
                Resource::Data(data) => gpu.upload("check input", data),
                // All ones, which is no number: what a kernel leaves unwritten must
                // not look like the result of an earlier one.
                Resource::Space(bytes) => gpu.upload("check output", &vec![0xffu8; *bytes]),
            })
            .collect::<Result<Vec<_>>>()?;
        let bound = buffers.iter().map(|buffer| buffer.whole()).collect();
        let ready = gpu.bind(&pipeline, gpu.uniform(&params)?, bound);
        recorder.dispatch(&ready, groups as u64)?;
        recorder.stage(&buffers[read], 0, bytes as u64);
        Ok(())
    })
    .await?;
    let result = recorder.read(kernel.path).await?;
    Ok(result.into_iter().next().unwrap_or_default())
}
