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

/// Lets a page live while the twin works on its only thread: events, painting, a request to stop.
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

    /// Gives way in a browser; natively there are other threads.
    pub(crate) async fn breathe(&mut self) {
        #[cfg(target_arch = "wasm32")]
        gloo_timers::future::TimeoutFuture::new(0).await;
        self.since = Clock::now();
    }
}
