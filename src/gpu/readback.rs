//! Waiting for the device without assuming who drives it.

use super::Gpu;
use super::awaited::{Awaited, Failure};
use super::buffer::Buffer;
use super::loss::Scopes;
use super::turn::Turn;
use crate::error::{Error, Result, one_line};
use crate::parallel;
use futures::channel::oneshot;
use std::sync::Arc;

/// A staging buffer that is mapped, or on its way there. It is unmapped and goes back to the pool when nobody has it any
/// more, its reader or wgpu: a reader may be dropped before the mapping is there. Unmapped at once it could not be used
/// again: wgpu would take what it mapped for the next mapping, whose data is not there yet.
struct Landing {
    buffer: Buffer,
    device: wgpu::Device,
    exclusive: Option<Arc<Turn>>,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let _exclusive = self.exclusive.as_deref().map(Turn::take);
        let scopes = Scopes::push(&self.device);
        self.buffer.unmap();
        drop(scopes.pop());
    }
}

/// A staging buffer mapped for reading, until this is dropped.
pub(crate) struct Mapped<'a> {
    gpu: &'a Gpu,
    landing: Arc<Landing>,
    bytes: u64,
}

impl Mapped<'_> {
    /// The numbers in `ranges` of bytes, each an offset and a length.
    pub(crate) async fn copy<T: bytemuck::Pod>(
        self,
        ranges: &[(u64, u64)],
        what: &str,
    ) -> Result<Vec<Vec<T>>> {
        log::trace!("read");
        match self.try_copy(ranges) {
            Ok(numbers) => {
                self.gpu.check_lost()?;
                Ok(numbers)
            }
            Err(message) => {
                let error = Error::Readback { what: what.into(), message };
                Err(self.gpu.explain(error).await)
            }
        }
    }

    /// All of its bytes into `to`, which has as many.
    pub(super) async fn copy_into(self, to: &mut [u8], what: &str) -> Result<()> {
        let copied = {
            let _exclusive = self.gpu.exclusive();
            let view = self.landing.buffer.slice(..self.bytes).get_mapped_range();
            view.map(|view| parallel::copy(&view[..to.len()], to)).map_err(one_line)
        };
        match copied {
            Ok(()) => self.gpu.check_lost(),
            Err(message) => {
                let error = Error::Readback { what: what.into(), message };
                Err(self.gpu.explain(error).await)
            }
        }
    }

    fn try_copy<T: bytemuck::Pod>(&self, ranges: &[(u64, u64)]) -> Result<Vec<Vec<T>>, String> {
        let _exclusive = self.gpu.exclusive();
        let view = self.landing.buffer.slice(..self.bytes).get_mapped_range().map_err(one_line)?;
        let copy = |&(at, bytes): &(u64, u64)| {
            let end = at.saturating_add(bytes) as usize;
            let part = view.get(at as usize..end).ok_or("it is shorter than asked")?;
            let count = part.len() / size_of::<T>();
            let mut numbers = numbers::<T>(bytes)?;
            parallel::copy(&part[..count * size_of::<T>()], bytemuck::cast_slice_mut(&mut numbers));
            Ok(numbers)
        };
        ranges.iter().map(copy).collect()
    }
}

/// Numbers of so many bytes, of pages that the system has zeroed already.
pub(super) fn numbers<T: bytemuck::Pod>(bytes: u64) -> Result<Vec<T>, String> {
    let count = bytes as usize / size_of::<T>();
    bytemuck::allocation::try_zeroed_vec::<T>(count)
        .map_err(|()| format!("no memory for {bytes} bytes on the host"))
}

impl Gpu {
    /// Maps the first `bytes` of a staging buffer for reading. In a browser its event loop delivers the callback.
    /// Natively whoever may wait polls the device; others are woken by the thread that does. It is asked for at once, and
    /// waited for in the future that is returned.
    pub(crate) fn map<'a>(
        &'a self,
        staging: Buffer,
        bytes: u64,
        what: &'a str,
    ) -> impl Future<Output = Result<Mapped<'a>>> + use<'a> {
        let (awaited, answer) = Awaited::new();
        let (device, exclusive) = (self.device.clone(), self.exclusive.clone());
        let landing = Arc::new(Landing { buffer: staging, device, exclusive });
        let mapped = Mapped { gpu: self, landing: landing.clone(), bytes };
        let asked = {
            let _exclusive = self.exclusive();
            log::trace!("map");
            let scopes = Scopes::push(&self.device);
            let answered = awaited.clone();
            mapped.landing.buffer.map_async(wgpu::MapMode::Read, 0..bytes, move |result| {
                // Before the answer: then its reader is the only one left, or there is none.
                drop(landing);
                answered.answer(result.map_err(|error| Failure::Refused(one_line(error))));
            });
            scopes.pop()
        };
        #[cfg(not(target_arch = "wasm32"))]
        let submission = self.pool.poller.latest();
        async move {
            log::trace!("wait");
            #[cfg(not(target_arch = "wasm32"))]
            if let Err(error) = self.attend(awaited, submission) {
                return Err(self.explain(error).await);
            }
            #[cfg(target_arch = "wasm32")]
            let answer = self.nudged(answer);
            // A driver that computes while it is submitted to (Mesa's GL) has every answer at once: others would wait for all.
            #[cfg(not(target_arch = "wasm32"))]
            if !crate::wait::may_wait() {
                crate::clock::give_way().await;
            }
            let refusal = match answer.await {
                Ok(Ok(())) => return Ok(mapped),
                #[cfg(not(target_arch = "wasm32"))]
                Ok(Err(Failure::Ended(error))) => return Err(self.explain(error).await),
                Ok(Err(Failure::Refused(refusal))) => refusal,
                Err(oneshot::Canceled) => "the device dropped the request".into(),
            };
            let message = asked.await.map_or(refusal, one_line);
            Err(self.explain(Error::Readback { what: what.into(), message }).await)
        }
    }

    /// Polls until `awaited` has its answer, or has it polled for.
    #[cfg(not(target_arch = "wasm32"))]
    fn attend(&self, awaited: Awaited, submission: Option<wgpu::SubmissionIndex>) -> Result<()> {
        if !crate::wait::may_wait() {
            match self.pool.poller.watch(self, awaited, submission.clone()) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    log::warn!("no thread to poll the device with ({error}): waiting for it")
                }
            }
        }
        let _exclusive = self.exclusive();
        self.poll(wgpu::PollType::Wait { submission_index: submission, timeout: None })
    }

    /// What `waiting` comes to, while the browser is made to look: Firefox tells of finished work when something is
    /// submitted, and otherwise ten times a second (measured on ESR 153: 100 ms for a copy of 4 bytes, 1 ms with this).
    #[cfg(target_arch = "wasm32")]
    async fn nudged<T>(&self, mut waiting: oneshot::Receiver<T>) -> Result<T, oneshot::Canceled> {
        use futures::future::{Either, select};
        use gloo_timers::future::TimeoutFuture;

        let mut pause = 0;
        loop {
            match select(waiting, TimeoutFuture::new(pause)).await {
                Either::Left((result, _)) => return result,
                Either::Right((_, still_waiting)) => waiting = still_waiting,
            }
            self.queue.submit([]);
            pause = (2 * pause).clamp(1, LONGEST_PAUSE);
        }
    }
}

/// Milliseconds between two looks at work that takes long.
#[cfg(target_arch = "wasm32")]
const LONGEST_PAUSE: u32 = 4;
