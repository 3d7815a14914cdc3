//! The way up: data is copied into mapped memory that is used again and again, and from there by the device.
//!
//! `wgpu::Queue::write_buffer` takes new memory for every call, keeps it until the next submission, and where there is
//! none gives up the device. Here the memory is bounded, counted, and its lack an error like any other. What was written
//! reaches the device with the next submission, whoever makes it, or when a chunk is full.

use super::Gpu;
use super::lock::lock;
use crate::error::{Error, Result, one_line};
use futures::FutureExt;
use std::sync::{Arc, Mutex};

/// Memory held at most: it takes this much to keep copying while the device does.
const LIMIT: u64 = 32 << 20;
/// The largest and the smallest piece of it. A piece goes with every submission that uploads anything.
const LARGEST: u64 = 8 << 20;
const SMALLEST: u64 = 64 << 10;
/// Where copies begin.
const ALIGNMENT: u64 = 16;

/// Other threads may take what the device gives back; not always all of it.
const ATTEMPTS: usize = 100;

const USAGE: wgpu::BufferUsages = wgpu::BufferUsages::MAP_WRITE.union(wgpu::BufferUsages::COPY_SRC);

#[derive(Debug)]
struct Open {
    buffer: wgpu::Buffer,
    used: u64,
}

#[derive(Debug, Clone)]
struct Copy {
    source: wgpu::Buffer,
    at: u64,
    target: wgpu::Buffer,
    offset: u64,
    bytes: u64,
}

/// Pieces that the device is done with, and whether they could be mapped again.
type Returned = Arc<Mutex<Vec<(wgpu::Buffer, bool)>>>;

#[derive(Debug, Default)]
pub(crate) struct Staging {
    /// Being filled.
    open: Option<Open>,
    /// To be sent with the next submission.
    full: Vec<wgpu::Buffer>,
    copies: Vec<Copy>,
    /// Mapped and empty.
    free: Vec<wgpu::Buffer>,
    returned: Returned,
    held: u64,
}

impl Staging {
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// Takes as much of `bytes` as there is room for in the open piece; 0 if there is none.
    fn fill(&mut self, target: &wgpu::Buffer, offset: u64, bytes: &[u8]) -> Result<usize, String> {
        let Some(open) = &mut self.open else { return Ok(0) };
        let taken = (open.buffer.size() - open.used).min(bytes.len() as u64);
        if taken == 0 {
            return Ok(0);
        }
        let mut view = open
            .buffer
            .slice(open.used..open.used + taken)
            .get_mapped_range_mut()
            .map_err(one_line)?;
        view.copy_from_slice(&bytes[..taken as usize]);
        drop(view);
        self.copies.push(Copy {
            source: open.buffer.clone(),
            at: open.used,
            target: target.clone(),
            offset,
            bytes: taken,
        });
        open.used = (open.used + taken).next_multiple_of(ALIGNMENT).min(open.buffer.size());
        Ok(taken as usize)
    }

    /// A free piece: for little the smallest, for much the largest.
    fn free_piece(&mut self, bytes: u64) -> Option<wgpu::Buffer> {
        for (buffer, mapped) in lock(&self.returned).drain(..) {
            if mapped {
                self.free.push(buffer);
            } else {
                self.held -= buffer.size();
            }
        }
        self.free.sort_by_key(wgpu::Buffer::size);
        let enough = self.free.iter().position(|buffer| buffer.size() >= bytes);
        let place = enough.or(self.free.len().checked_sub(1))?;
        Some(self.free.remove(place))
    }

    /// Makes room in the count for a piece fit for `bytes`; its size, or `None` at the limit.
    fn grow(&mut self, bytes: u64, most: u64) -> Option<u64> {
        // As a power of two, below what a buffer may have.
        let most = LARGEST.min(1 << most.max(1).ilog2());
        let size = bytes.clamp(SMALLEST.min(most), most).next_power_of_two();
        let fits = self.held + size <= LIMIT;
        self.held += if fits { size } else { 0 };
        fits.then_some(size)
    }

    /// What goes with the next submission, and the pieces it lies in.
    fn take(&mut self) -> (Vec<Copy>, Vec<wgpu::Buffer>) {
        if self.copies.is_empty() {
            return (Vec::new(), Vec::new());
        }
        self.full.extend(self.open.take().map(|open| open.buffer));
        (std::mem::take(&mut self.copies), std::mem::take(&mut self.full))
    }
}

impl Gpu {
    /// Copies `bytes` to where the next submission takes them from; makes submissions itself where they are many.
    pub(super) fn stage(
        &self,
        target: &wgpu::Buffer,
        mut offset: u64,
        mut bytes: &[u8],
    ) -> Result<()> {
        while !bytes.is_empty() {
            let filled = lock(&self.pool.staging).fill(target, offset, bytes);
            let taken = filled.map_err(|message| Error::Device { message })?;
            if taken == 0 {
                self.make_room(bytes.len() as u64)?;
            }
            offset += taken as u64;
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// `words` f32 to where the next submissions take them from. `fill` writes them, a piece at a time: from which word
    /// on, to the beginning of which mapped buffer, and how many. Nothing is locked meanwhile: it may wait for threads.
    pub(super) fn stage_with(
        &self,
        target: &wgpu::Buffer,
        offset: u64,
        words: usize,
        mut fill: impl FnMut(usize, &wgpu::Buffer, usize) -> Result<()>,
    ) -> Result<()> {
        let mut done = 0;
        while done < words {
            let left = 4 * (words - done) as u64;
            let source = self.piece(left)?;
            let bytes = source.size().min(left);
            if let Err(error) = fill(done, &source, bytes as usize / 4) {
                lock(&self.pool.staging).held -= source.size();
                return Err(error);
            }
            {
                let mut staging = lock(&self.pool.staging);
                let (target, offset) = (target.clone(), offset + 4 * done as u64);
                staging.copies.push(Copy { source: source.clone(), at: 0, target, offset, bytes });
                staging.full.push(source);
            }
            // A large piece is sent as soon as it is full: the device copies while the next is filled.
            if bytes >= LARGEST {
                self.submit(None)?;
            }
            done += bytes as usize / 4;
        }
        Ok(())
    }

    /// Sets the open piece aside and opens another.
    fn make_room(&self, bytes: u64) -> Result<()> {
        let buffer = self.piece(bytes)?;
        let full = {
            let mut staging = lock(&self.pool.staging);
            let before = staging.open.replace(Open { buffer, used: 0 });
            staging.full.extend(before.map(|open| open.buffer));
            staging.full.iter().any(|piece| piece.size() >= LARGEST)
        };
        if full { self.submit(None) } else { Ok(()) }
    }

    /// A mapped piece that nobody else has: a free one, a new one, or one that the device gives back.
    fn piece(&self, bytes: u64) -> Result<wgpu::Buffer> {
        for _ in 0..ATTEMPTS {
            let free = lock(&self.pool.staging).free_piece(bytes);
            if let Some(piece) = free {
                return Ok(piece);
            }
            let size =
                lock(&self.pool.staging).grow(bytes, self.capabilities.limits.max_buffer_size);
            if let Some(size) = size {
                return self.new_piece(size);
            }
            self.submit(None)?;
            self.poll(wgpu::PollType::wait_indefinitely())?;
            self.check_lost()?;
        }
        Err(Error::Device { message: "it gives no memory for uploads back".into() })
    }

    fn new_piece(&self, size: u64) -> Result<wgpu::Buffer> {
        let piece = self.create("staging", size, USAGE, true).and_then(|piece| {
            let view = piece.slice(..ALIGNMENT).get_mapped_range_mut();
            view.map_err(|error| Error::Device { message: one_line(error) })?;
            Ok(piece)
        });
        if piece.is_err() {
            lock(&self.pool.staging).held -= size;
        }
        piece
    }

    /// Submits what waits for the device, then `commands`.
    pub(super) fn submit(&self, commands: Option<wgpu::CommandBuffer>) -> Result<()> {
        let _turn = self.pool.submitting.take();
        let (copies, pieces) = lock(&self.pool.staging).take();
        if copies.is_empty() && commands.is_none() {
            return Ok(());
        }
        log::trace!("submit");
        pieces.iter().for_each(wgpu::Buffer::unmap);
        let failure = self.try_submit(self.encode_copies(&copies), commands);
        if failure.is_some() && !copies.is_empty() {
            // The uploads may be another thread's, whose call is not to suffer from this one's.
            let _ = self.try_submit(self.encode_copies(&copies), None);
        }
        let returned = lock(&self.pool.staging).returned.clone();
        for piece in pieces {
            let (returned, again) = (returned.clone(), piece.clone());
            piece.map_async(wgpu::MapMode::Write, .., move |mapped| {
                lock(&returned).push((again, mapped.is_ok()));
            });
        }
        log::trace!("submitted");
        match failure {
            None => Ok(()),
            Some(error) => Err(Error::Device { message: one_line(error) }),
        }
    }

    /// Whether anything waits for the next submission.
    pub(super) fn has_uploads(&self) -> bool {
        !lock(&self.pool.staging).copies.is_empty()
    }

    fn encode_copies(&self, copies: &[Copy]) -> Option<wgpu::CommandBuffer> {
        let first = copies.first()?;
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut copy = |c: &Copy| {
            encoder.copy_buffer_to_buffer(&c.source, c.at, &c.target, c.offset, c.bytes);
        };
        copy(first);
        copies[1..].iter().for_each(copy);
        Some(encoder.finish())
    }

    fn try_submit(
        &self,
        uploads: Option<wgpu::CommandBuffer>,
        commands: Option<wgpu::CommandBuffer>,
    ) -> Option<wgpu::Error> {
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let index = self.queue.submit(uploads.into_iter().chain(commands));
        self.count_submission();
        let failure = scope.pop().now_or_never().flatten();
        if failure.is_none() {
            self.pool.poller.submitted(index);
        }
        failure
    }
}
