//! What is awaited of a device, and its answer.

use super::lock::lock;
#[cfg(not(target_arch = "wasm32"))]
use crate::error::Error;
use futures::channel::oneshot;
use std::sync::{Arc, Mutex};

/// Why something awaited does not come.
#[derive(Debug)]
pub(super) enum Failure {
    /// The device's word on this one.
    Refused(String),
    /// Nothing comes any more.
    #[cfg(not(target_arch = "wasm32"))]
    Ended(Error),
}

pub(super) type Answer = Result<(), Failure>;

/// What somebody waits for, to be answered once: by the device's callback, or by
/// who polls when there will be none.
#[derive(Debug, Clone)]
pub(super) struct Awaited(Arc<Mutex<Option<oneshot::Sender<Answer>>>>);

impl Awaited {
    pub(super) fn new() -> (Awaited, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        (Awaited(Arc::new(Mutex::new(Some(sender)))), receiver)
    }

    pub(super) fn answer(&self, answer: Answer) {
        let sender = lock(&self.0).take();
        // The receiver is gone where the future was dropped.
        sender.map(|sender| sender.send(answer));
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn is_answered(&self) -> bool {
        lock(&self.0).is_none()
    }
}
