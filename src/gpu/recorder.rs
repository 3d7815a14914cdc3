//! Records dispatches and copies into one submission.

use super::Gpu;
use super::buffer::{Buffer, STAGING};
use super::pipeline::Pipeline;
use crate::error::{Error, Result};
use std::sync::Arc;

/// What a binding points to.
pub(crate) type Bound<'a> = wgpu::BindingResource<'a>;

/// A pipeline with its buffers bound: ready to dispatch any number of times.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pipeline: Arc<Pipeline>,
    group: wgpu::BindGroup,
    /// Not back to the pool, and so not written again, before the submission.
    _params: Arc<Buffer>,
}

enum Command {
    Dispatch(Ready, u32, u32),
    Copy { source: wgpu::Buffer, offset: u64, bytes: u64, at: u64 },
}

/// Collects dispatches; nothing reaches the device before [`Recorder::read`].
pub(crate) struct Recorder<'a> {
    gpu: &'a Gpu,
    commands: Vec<Command>,
    staged: u64,
}

impl Gpu {
    pub(crate) fn recorder(&self) -> Recorder<'_> {
        Recorder { gpu: self, commands: Vec::new(), staged: 0 }
    }

    /// Binds `params`, the uniform every kernel has as binding 0, and `resources`
    /// in the order of the kernel's other bindings.
    pub(crate) fn bind(
        &self,
        pipeline: &Arc<Pipeline>,
        params: Buffer,
        resources: Vec<Bound<'_>>,
    ) -> Ready {
        debug_assert_eq!(resources.len() + 1, pipeline.kernel.bindings.len());
        let entries: Vec<_> = std::iter::once(params.as_entire_binding())
            .chain(resources)
            .zip(0..)
            .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
            .collect();
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(pipeline.kernel.path),
            layout: &pipeline.layout,
            entries: &entries,
        });
        Ready { pipeline: pipeline.clone(), group, _params: Arc::new(params) }
    }
}

impl Recorder<'_> {
    /// Dispatches `groups` workgroups in one line; above the adapter's limit
    /// per dimension the grid becomes two-dimensional, and kernels find their
    /// place with `group_index` of `shared/grid.wgsl`.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] above the square of the limit.
    pub(crate) fn dispatch(&mut self, ready: &Ready, groups: u64) -> Result<()> {
        if groups == 0 {
            return Ok(());
        }
        let (x, y) =
            grid(groups, self.gpu.capabilities.limits.max_compute_workgroups_per_dimension)?;
        self.commands.push(Command::Dispatch(ready.clone(), x, y));
        Ok(())
    }

    /// Asks for `bytes` of `source` in the next [`Recorder::read`], in order.
    pub(crate) fn stage(&mut self, source: &wgpu::Buffer, offset: u64, bytes: u64) {
        let at = self.staged;
        self.staged += bytes.next_multiple_of(8);
        self.commands.push(Command::Copy { source: source.clone(), offset, bytes, at });
    }

    fn encode(&mut self, staging: Option<&wgpu::Buffer>) {
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        let mut commands = self.commands.iter().peekable();
        while let Some(command) = commands.next() {
            match command {
                Command::Dispatch(first, x, y) => {
                    let mut pass = encoder.begin_compute_pass(&Default::default());
                    let mut next = Some((first, x, y));
                    while let Some((ready, x, y)) = next.take() {
                        pass.set_pipeline(&ready.pipeline.compute);
                        pass.set_bind_group(0, &ready.group, &[]);
                        pass.dispatch_workgroups(*x, *y, 1);
                        if let Some(Command::Dispatch(r, x, y)) =
                            commands.next_if(|c| matches!(c, Command::Dispatch(..)))
                        {
                            next = Some((r, x, y));
                        }
                    }
                }
                Command::Copy { source, offset, bytes, at } => {
                    if let Some(staging) = staging {
                        encoder.copy_buffer_to_buffer(source, *offset, staging, *at, *bytes);
                    }
                }
            }
        }
        drop(commands);
        self.gpu.queue.submit([encoder.finish()]);
        self.commands.clear();
        self.gpu.count_submission();
    }

    /// Submits, waits, and returns the staged bytes, one vector per `stage`.
    pub(crate) async fn read(self, what: &str) -> Result<Vec<Vec<u8>>> {
        self.read_as(what).await
    }

    /// [`Recorder::read`], as numbers: copied once.
    pub(crate) async fn read_as<T: bytemuck::AnyBitPattern + bytemuck::NoUninit>(
        mut self,
        what: &str,
    ) -> Result<Vec<Vec<T>>> {
        let gpu = self.gpu;
        let ranges: Vec<(u64, u64)> = self
            .commands
            .iter()
            .filter_map(|c| match c {
                Command::Copy { bytes, at, .. } => Some((*at, *bytes)),
                Command::Dispatch(..) => None,
            })
            .collect();
        let staged = self.staged;
        let staging: Buffer = gpu
            .guarded(|| {
                let staging = gpu.allocate("staging", staged.max(8), STAGING)?;
                self.encode(Some(&staging));
                Ok(staging)
            })
            .await?;
        gpu.map(&staging, staged.max(8), what).await?;
        let result = {
            let _exclusive = gpu.exclusive();
            let view = staging
                .slice(..staged.max(8))
                .get_mapped_range()
                .map_err(|e| Error::Readback { what: what.into(), message: e.to_string() })?;
            let copied = ranges
                .iter()
                .map(|&(at, bytes)| {
                    bytemuck::pod_collect_to_vec(&view[at as usize..(at + bytes) as usize])
                })
                .collect();
            drop(view);
            staging.unmap();
            copied
        };
        gpu.check_lost()?;
        Ok(result)
    }
}

/// Splits a line of `groups` workgroups into a grid within `limit` per dimension.
pub(crate) fn grid(groups: u64, limit: u32) -> Result<(u32, u32)> {
    let limit = u64::from(limit.max(1));
    if groups <= limit {
        return Ok((groups as u32, 1));
    }
    let rows = groups.div_ceil(limit);
    if rows > limit {
        return Err(Error::LimitExceeded {
            what: "the dispatch (workgroups)".into(),
            needed: groups,
            available: limit * limit,
        });
    }
    // As square as it must be: the last row is nearly full.
    Ok((groups.div_ceil(rows) as u32, rows as u32))
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn grids_cover_and_stay_within_limits() {
        for groups in [1, 2, 65_535, 65_536, 65_537, 131_071, 1 << 20, 65_535 * 65_535] {
            let (x, y) = grid(groups, 65_535).unwrap();
            assert!(x <= 65_535 && y <= 65_535);
            assert!(u64::from(x) * u64::from(y) >= groups);
            assert!(u64::from(x) * u64::from(y) - groups < u64::from(y));
        }
        assert!(grid(65_535 * 65_535 + 1, 65_535).is_err());
    }
}
