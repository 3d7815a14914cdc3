//! One thread a device that waits for it, so that futures need not: each is woken when what it waits for is there.
//!
//! wgpu delivers results inside `Device::poll` and nowhere else. A future that polled until its own came would hold up the
//! thread of its executor; so this thread does, while there is anything to wait for. It ends a few seconds after, and
//! holds the device no longer than anything is on its way. Who may wait ([`crate::wait::may_wait`]) does without it.

use super::Gpu;
use super::awaited::{Awaited, Failure};
use super::lock::lock;
use super::loss::{Loss, Owner, poll};
use super::turn::Turn;
use crate::error::Error;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two looks that found nothing, where looking does not wait: at first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_micros(100), Duration::from_millis(2)];
/// How long the thread outlives its work: it is soon wanted again, or never.
const LINGER: Duration = Duration::from_secs(5);

/// Starts the thread when something is to be awaited, and lets it go when dropped.
#[derive(Debug, Default)]
pub(crate) struct Poller(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    owner: Owner,
}

#[derive(Debug, Default)]
struct State {
    /// In the order they were asked for, each with a submission after which it comes; `None` for the last of all.
    awaited: Vec<(Awaited, Option<wgpu::SubmissionIndex>)>,
    /// The library's last submission.
    latest: Option<wgpu::SubmissionIndex>,
    /// While anything is awaited.
    device: Option<Polled>,
    is_running: bool,
    /// Nobody will ask any more.
    is_closed: bool,
}

/// What polling takes of a device.
#[derive(Debug, Clone)]
struct Polled {
    device: wgpu::Device,
    exclusive: Option<Arc<Turn>>,
    lost: Loss,
}

impl Poller {
    /// Takes note of a submission.
    pub(super) fn submitted(&self, index: wgpu::SubmissionIndex) {
        lock(&self.0.state).latest = Some(index);
    }

    /// The last submission so far.
    pub(super) fn latest(&self) -> Option<wgpu::SubmissionIndex> {
        lock(&self.0.state).latest.clone()
    }

    /// Sees to it that `awaited`, which comes after `submission`, is answered; an error where there can be no thread.
    pub(super) fn watch(
        &self,
        gpu: &Gpu,
        awaited: Awaited,
        submission: Option<wgpu::SubmissionIndex>,
    ) -> std::io::Result<()> {
        let mut state = lock(&self.0.state);
        if !state.is_running {
            let shared = self.0.clone();
            let thread = std::thread::Builder::new().name("kantor-poller".into());
            thread.spawn(move || shared.run())?;
            state.is_running = true;
        }
        state.awaited.push((awaited, submission));
        state.device.get_or_insert_with(|| Polled {
            device: gpu.device.clone(),
            exclusive: gpu.exclusive.clone(),
            lost: gpu.lost.clone(),
        });
        drop(state);
        self.0.changed.notify_one();
        Ok(())
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        // In a fork there is no thread to tell, and whoever had the lock may be gone with it.
        if self.0.owner.is_this_process() {
            lock(&self.0.state).is_closed = true;
            self.0.changed.notify_one();
        }
    }
}

impl Shared {
    fn run(&self) {
        let mut pause = PAUSES[0];
        while let Some((polled, submission)) = self.next() {
            let begun = Instant::now();
            match polled.wait(submission) {
                Ok(()) if self.drop_answered() => pause = PAUSES[0],
                // Where nothing is on the device a poll does not wait; neither does one on GL.
                Ok(()) if begun.elapsed() < PAUSES[0] => {
                    std::thread::sleep(pause);
                    pause = (2 * pause).min(PAUSES[1]);
                }
                Ok(()) => {}
                Err(error) => {
                    let awaited = std::mem::take(&mut lock(&self.state).awaited);
                    for (awaited, _) in awaited {
                        awaited.answer(Err(Failure::Ended(error.clone())));
                    }
                }
            }
        }
    }

    /// The device and the first submission, as soon as there is anything to wait for; `None` when the thread is to end.
    fn next(&self) -> Option<(Polled, Option<wgpu::SubmissionIndex>)> {
        self.drop_answered();
        let mut state = lock(&self.state);
        let mut is_late = false;
        loop {
            if let (Some((_, submission)), Some(device)) = (state.awaited.first(), &state.device) {
                return Some((device.clone(), submission.clone()));
            }
            if state.is_closed || is_late {
                state.is_running = false;
                return None;
            }
            let waited = self.changed.wait_timeout(state, LINGER);
            let (again, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            (state, is_late) = (again, timeout.timed_out());
        }
    }

    /// Lets go of what has come, and of the device where nothing is left; whether anything has.
    fn drop_answered(&self) -> bool {
        let mut state = lock(&self.state);
        let before = state.awaited.len();
        state.awaited.retain(|(awaited, _)| !awaited.is_answered());
        let some = state.awaited.len() < before;
        let released = if state.awaited.is_empty() { state.device.take() } else { None };
        drop(state);
        // It may be the last to hold it: not under the lock.
        drop(released);
        some
    }
}

impl Polled {
    /// Waits for a submission, and runs the callbacks of what has come. wgpu holds no lock meanwhile that keeps others
    /// from submitting; but GL has one for everything, and there this looks and goes.
    ///
    /// Not for some time at most: where a wait ends without its submission while another thread finds that all are done,
    /// wgpu 30 panics (`Device::maintain` compares what it saw before with what is there now).
    fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<(), Error> {
        let _exclusive = self.exclusive.as_deref().map(Turn::take);
        if self.exclusive.is_some() {
            return poll(&self.device, &self.lost, wgpu::PollType::Poll);
        }
        let how = wgpu::PollType::Wait { submission_index: submission, timeout: None };
        match poll(&self.device, &self.lost, how) {
            Err(lost @ Error::DeviceLost { .. }) => Err(lost),
            // A submission that came to nothing is none that can be waited for.
            Err(_) => poll(&self.device, &self.lost, wgpu::PollType::wait_indefinitely()),
            Ok(()) => Ok(()),
        }
    }
}
