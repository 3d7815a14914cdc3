//! Records dispatches and copies into one submission.

use super::Gpu;
use super::buffer::{Buffer, STAGING};
use super::pipeline::Pipeline;
use super::storage::Part;
use crate::error::{Error, Result};
use std::sync::{Arc, OnceLock};

/// A pipeline with its buffers bound: ready to dispatch any number of times.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pipeline: Arc<Pipeline>,
    bound: Arc<Bindings>,
}

#[derive(Debug)]
struct Bindings {
    /// Not back to the pool, and so not written again, before the submission.
    parts: Vec<Part>,
    /// Made when it is first encoded, where errors are caught.
    group: OnceLock<wgpu::BindGroup>,
}

impl Ready {
    fn group(&self, device: &wgpu::Device) -> &wgpu::BindGroup {
        self.bound.group.get_or_init(|| {
            let entries: Vec<_> = (0..)
                .zip(&self.bound.parts)
                .map(|(binding, part)| wgpu::BindGroupEntry { binding, resource: part.binding() })
                .collect();
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(self.pipeline.kernel.path),
                layout: &self.pipeline.layout,
                entries: &entries,
            })
        })
    }
}

enum Command {
    Dispatch(Ready, u32, u32),
    Copy { source: Part, offset: u64, bytes: u64, at: u64 },
    Clear { part: Part, offset: u64, bytes: u64 },
}

/// Collects dispatches; nothing reaches the device before [`Recorder::read`]. What they bind is kept until they are
/// done: a caller holds nothing for them.
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
        mut resources: Vec<Part>,
    ) -> Ready {
        debug_assert_eq!(resources.len() + 1, pipeline.bindings.len());
        resources.insert(0, params.into());
        let bound = Bindings { parts: resources, group: OnceLock::new() };
        Ready { pipeline: pipeline.clone(), bound: Arc::new(bound) }
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
    pub(crate) fn stage(&mut self, source: impl Into<Part>, offset: u64, bytes: u64) {
        let at = self.staged;
        // Saturated, it is above every limit, and refused when it is allocated.
        let padded = bytes.checked_next_multiple_of(8).unwrap_or(u64::MAX);
        self.staged = self.staged.saturating_add(padded);
        self.commands.push(Command::Copy { source: source.into(), offset, bytes, at });
    }

    /// Fills `bytes` of `part` with zeros, from byte `offset` on.
    pub(crate) fn clear(&mut self, part: impl Into<Part>, offset: u64, bytes: u64) {
        self.commands.push(Command::Clear { part: part.into(), offset, bytes });
    }

    fn encode(&self, staging: Option<&wgpu::Buffer>) -> Result<()> {
        log::trace!("encode");
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        let mut commands = self.commands.iter().peekable();
        while let Some(command) = commands.next() {
            match command {
                Command::Dispatch(first, x, y) => {
                    let mut pass = encoder.begin_compute_pass(&Default::default());
                    let mut next = Some((first, x, y));
                    while let Some((ready, x, y)) = next.take() {
                        pass.set_pipeline(&ready.pipeline.compute);
                        pass.set_bind_group(0, ready.group(&self.gpu.device), &[]);
                        pass.dispatch_workgroups(*x, *y, 1);
                        if let Some(Command::Dispatch(r, x, y)) =
                            commands.next_if(|c| matches!(c, Command::Dispatch(..)))
                        {
                            next = Some((r, x, y));
                        }
                    }
                }
                Command::Clear { part, offset, bytes } => {
                    encoder.clear_buffer(part.raw(), part.offset() + offset, Some(*bytes));
                }
                Command::Copy { source, offset, bytes, at } => {
                    if let Some(staging) = staging {
                        let from = source.offset() + offset;
                        encoder.copy_buffer_to_buffer(source.raw(), from, staging, *at, *bytes);
                    }
                }
            }
        }
        self.gpu.submit(Some(encoder.finish()))
    }

    /// Submits without waiting.
    pub(crate) async fn submit(self) -> Result<()> {
        self.gpu.guarded(|| self.encode(None)).await
    }

    /// Submits, waits, and returns the staged bytes, one vector per `stage`.
    pub(crate) async fn read(self, what: &str) -> Result<Vec<Vec<u8>>> {
        self.read_as(what).await
    }

    /// [`Recorder::read`], as numbers: copied once.
    pub(crate) async fn read_as<T: bytemuck::Pod>(self, what: &str) -> Result<Vec<Vec<T>>> {
        let gpu = self.gpu;
        let ranges: Vec<(u64, u64)> = self
            .commands
            .iter()
            .filter_map(|c| match c {
                Command::Copy { bytes, at, .. } => Some((*at, *bytes)),
                _ => None,
            })
            .collect();
        let staged = self.staged;
        let staging: Buffer = gpu
            .guarded(|| {
                let staging = gpu.allocate("staging", staged.max(8), STAGING)?;
                self.encode(Some(&staging))?;
                Ok(staging)
            })
            .await?;
        gpu.map(staging, staged.max(8), what).await?.copy(&ranges, what).await
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
