//! One thread at a time, which may come again.

use super::lock::lock;
use std::marker::PhantomData;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{ThreadId, current};

/// A lock that the thread which has it may take again. wgpu runs a host's callbacks inside calls of ours; what they call
/// of this library must not wait for the thread they are on.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Who has it, and how many times.
    holder: Mutex<Option<(ThreadId, u32)>>,
    free: Condvar,
}

/// Gives the turn back when dropped, on the thread that took it: it is not `Send`, and so is never held across an await.
#[derive(Debug)]
pub(crate) struct Taken<'a>(&'a Turn, PhantomData<*const ()>);

impl Turn {
    pub(crate) fn take(&self) -> Taken<'_> {
        let me = current().id();
        let mut holder = lock(&self.holder);
        loop {
            match *holder {
                Some((thread, times)) if thread == me => {
                    *holder = Some((me, times + 1));
                    return Taken(self, PhantomData);
                }
                Some(_) => {
                    holder = self.free.wait(holder).unwrap_or_else(PoisonError::into_inner);
                }
                None => {
                    *holder = Some((me, 1));
                    return Taken(self, PhantomData);
                }
            }
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut holder = lock(&self.0.holder);
        *holder = match *holder {
            Some((thread, times)) if times > 1 => Some((thread, times - 1)),
            _ => {
                self.0.free.notify_one();
                None
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::Turn;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn one_thread_at_a_time_and_the_same_again() {
        let (turn, inside, done) = (Turn::default(), AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..1000 {
                        let _first = turn.take();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        drop(turn.take());
                        inside.fetch_sub(1, Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(done.into_inner(), 4000);
    }
}
