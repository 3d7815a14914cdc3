//! Ctrl-C: what is finished is printed. A second one ends the process at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a shell says of a process that the signal ended.
pub(super) const STATUS: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Listens from now on, unless the process was started with the signal ignored.
pub(super) fn listen() {
    let asked = || {
        if ASKED.swap(true, Ordering::Relaxed) {
            process::exit(STATUS.into());
        }
    };
    // Without a handler the signal ends the process, as ever.
    let _ = ctrlc::try_set_handler(asked);
}

pub(super) fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
