//! Waiting for the device without assuming who drives it.

use super::Gpu;
use super::loss::Scopes;
use super::transfer::copy_out;
use crate::error::{Error, Result, one_line};
use futures::channel::oneshot;

/// A staging buffer mapped for reading, until this is dropped.
pub(crate) struct Mapped<'a> {
    gpu: &'a Gpu,
    buffer: &'a wgpu::Buffer,
    bytes: u64,
}

impl Drop for Mapped<'_> {
    fn drop(&mut self) {
        let _exclusive = self.gpu.exclusive();
        let scopes = Scopes::push(&self.gpu.device);
        self.buffer.unmap();
        drop(scopes.pop());
    }
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

    fn try_copy<T: bytemuck::Pod>(&self, ranges: &[(u64, u64)]) -> Result<Vec<Vec<T>>, String> {
        let _exclusive = self.gpu.exclusive();
        let view = self.buffer.slice(..self.bytes).get_mapped_range().map_err(one_line)?;
        let copy = |&(at, bytes): &(u64, u64)| {
            let end = at.saturating_add(bytes) as usize;
            let part = view.get(at as usize..end).ok_or("it is shorter than asked")?;
            let count = part.len() / size_of::<T>();
            // Pages that the system has zeroed already.
            let mut numbers = bytemuck::allocation::try_zeroed_vec::<T>(count)
                .map_err(|()| format!("no memory for {bytes} bytes on the host"))?;
            copy_out(&part[..count * size_of::<T>()], bytemuck::cast_slice_mut(&mut numbers));
            Ok(numbers)
        };
        ranges.iter().map(copy).collect()
    }
}

impl Gpu {
    /// Maps the first `bytes` of a staging buffer for reading. Natively the
    /// device is polled; in a browser its event loop delivers the callback.
    pub(crate) async fn map<'a>(
        &'a self,
        buffer: &'a wgpu::Buffer,
        bytes: u64,
        what: &str,
    ) -> Result<Mapped<'a>> {
        let failed = |message: String| Error::Readback { what: what.into(), message };
        let (sender, receiver) = oneshot::channel();
        // From here on unmapped whatever happens: it goes back to the pool.
        let mapped = Mapped { gpu: self, buffer, bytes };
        let (asked, polled) = {
            let _exclusive = self.exclusive();
            log::trace!("map");
            let scopes = Scopes::push(&self.device);
            buffer.map_async(wgpu::MapMode::Read, 0..bytes, move |result| {
                // The receiver is gone only when the caller dropped the future.
                let _ = sender.send(result);
            });
            let asked = scopes.pop();
            log::trace!("wait");
            #[cfg(not(target_arch = "wasm32"))]
            let polled = self.poll(wgpu::PollType::wait_indefinitely());
            #[cfg(target_arch = "wasm32")]
            let polled = Ok(());
            (asked, polled)
        };
        if let Err(error) = polled {
            return Err(self.explain(error).await);
        }
        #[cfg(target_arch = "wasm32")]
        let receiver = self.nudged(receiver);
        let answer = match receiver.await {
            Ok(Ok(())) => return Ok(mapped),
            Ok(Err(error)) => one_line(error),
            Err(_) => "the device dropped the request".into(),
        };
        let message = asked.await.map_or(answer, one_line);
        Err(self.explain(failed(message)).await)
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
