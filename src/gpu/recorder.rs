//! Records dispatches and copies into one submission.

use super::Gpu;
use super::buffer::{Buffer, STAGING};
use super::pipeline::Pipeline;
use super::readback::{Mapped, numbers};
use super::storage::Part;
use crate::error::{Error, Result};
use std::collections::VecDeque;
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
    Move { from: Part, to: Part, bytes: u64 },
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

    /// Copies the first `bytes` of `from` to the beginning of `to`, on the device.
    pub(crate) fn copy(&mut self, from: impl Into<Part>, to: impl Into<Part>, bytes: u64) {
        self.commands.push(Command::Move { from: from.into(), to: to.into(), bytes });
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
                Command::Move { from, to, bytes } => {
                    encoder.copy_buffer_to_buffer(
                        from.raw(),
                        from.offset(),
                        to.raw(),
                        to.offset(),
                        *bytes,
                    );
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
        gpu.count_received(self.staged);
        if self.staged > 2 * WINDOW && self.ends_with_copies() {
            return self.read_in_windows(what).await;
        }
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

    /// Whether nothing follows the copies that could change what they read.
    fn ends_with_copies(&self) -> bool {
        let is_copy = |c: &Command| matches!(c, Command::Copy { .. });
        self.commands.is_sorted_by_key(is_copy)
    }

    /// Reads much through little memory: while the host copies a part out, the device is at the next ones.
    async fn read_in_windows<T: bytemuck::Pod>(self, what: &str) -> Result<Vec<Vec<T>>> {
        let gpu = self.gpu;
        gpu.guarded(|| self.encode(None)).await?;
        let copies = self.commands.iter().filter_map(|command| match command {
            Command::Copy { source, offset, bytes, .. } => Some((source, *offset, *bytes)),
            _ => None,
        });
        let mut read = Vec::new();
        for (source, offset, bytes) in copies {
            let failed = |message| Error::Readback { what: what.into(), message };
            let mut found = numbers::<T>(bytes).map_err(failed)?;
            let places = bytemuck::cast_slice_mut::<T, u8>(&mut found).chunks_mut(WINDOW as usize);
            let mut on_the_way = VecDeque::new();
            for (number, place) in places.enumerate() {
                if on_the_way.len() == WINDOWS
                    && let Some((mapped, place)) = on_the_way.pop_front()
                {
                    land(mapped, place, what).await?;
                }
                let from = offset + number as u64 * WINDOW;
                let staging = gpu.guarded(|| copied(gpu, source, from, place.len() as u64)).await?;
                on_the_way.push_back((gpu.map(staging, place.len() as u64, what), place));
            }
            for (mapped, place) in on_the_way {
                land(mapped, place, what).await?;
            }
            read.push(found);
        }
        Ok(read)
    }
}

/// Bytes that are read at a time, where there are many, and how many times as much is on its way.
const WINDOW: u64 = 8 << 20;
const WINDOWS: usize = 3;

/// A staging buffer with so many bytes of `source`, on their way.
fn copied(gpu: &Gpu, source: &Part, offset: u64, bytes: u64) -> Result<Buffer> {
    let staging = gpu.allocate("staging", bytes, STAGING)?;
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    let from = source.offset() + offset;
    encoder.copy_buffer_to_buffer(source.raw(), from, &staging, 0, bytes);
    gpu.submit(Some(encoder.finish()))?;
    Ok(staging)
}

async fn land(
    mapped: impl Future<Output = Result<Mapped<'_>>>,
    place: &mut [u8],
    what: &str,
) -> Result<()> {
    mapped.await?.copy_into(place, what).await
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
