//! Waiting for the device without assuming who drives it.

use super::Gpu;
use crate::error::{Error, Result};
use futures::channel::oneshot;

impl Gpu {
    /// Maps the first `bytes` of a staging buffer for reading. Natively the
    /// device is polled; in a browser its event loop delivers the callback.
    pub(crate) async fn map(&self, staging: &wgpu::Buffer, bytes: u64, what: &str) -> Result<()> {
        let failed = |message: String| Error::Readback { what: what.into(), message };
        let (sender, receiver) = oneshot::channel();
        let polled = {
            let _exclusive = self.exclusive();
            staging.map_async(wgpu::MapMode::Read, 0..bytes, move |result| {
                // The receiver is gone only when the caller dropped the future.
                let _ = sender.send(result);
            });
            #[cfg(not(target_arch = "wasm32"))]
            {
                self.device.poll(wgpu::PollType::wait_indefinitely()).map(|_| ())
            }
            #[cfg(target_arch = "wasm32")]
            {
                Ok::<(), wgpu::PollError>(())
            }
        };
        if let Err(error) = polled {
            return Err(self.explain(failed(error.to_string())).await);
        }
        #[cfg(target_arch = "wasm32")]
        let receiver = self.nudged(receiver);
        match receiver.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.explain(failed(error.to_string())).await),
            Err(_) => Err(self.explain(failed("the device dropped the request".into())).await),
        }
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
