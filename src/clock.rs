//! Wall time, to size submissions with and to know when to let others run.

#[cfg(not(target_arch = "wasm32"))]
use std::time::Instant;
#[cfg(target_arch = "wasm32")]
use web_time::Instant;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
}

impl Clock {
    pub(crate) fn now() -> Clock {
        Clock { started: Instant::now() }
    }

    /// Seconds since; browsers round them, to 0 at times.
    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// Seconds that the twin works without giving way.
const SLICE: f64 = 0.02;

/// Lets others have a thread on which the twin works: in a browser the page, its events, its painting, a request to stop;
/// natively other work of the pool or the executor, and whoever drops the future.
#[derive(Debug)]
pub(crate) struct Breather {
    since: Clock,
}

impl Breather {
    pub(crate) fn new() -> Breather {
        Breather { since: Clock::now() }
    }

    /// Whether it is time to give way, and to report.
    pub(crate) fn is_due(&self) -> bool {
        self.since.seconds() > SLICE
    }

    /// Gives way if it is time.
    pub(crate) async fn breathe_if_due(&mut self) {
        if self.is_due() {
            self.breathe().await;
        }
    }

    /// Gives way once.
    pub(crate) async fn breathe(&mut self) {
        #[cfg(target_arch = "wasm32")]
        gloo_timers::future::TimeoutFuture::new(0).await;
        #[cfg(not(target_arch = "wasm32"))]
        give_way().await;
        self.since = Clock::now();
    }
}

/// Not ready when it is first asked, and at once asked again.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) async fn give_way() {
    let mut has = false;
    std::future::poll_fn(|context| match std::mem::replace(&mut has, true) {
        true => std::task::Poll::Ready(()),
        false => {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
    .await;
}
