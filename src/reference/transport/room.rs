//! Memory for kernels.

use crate::reserve::room_for;

/// Bytes for kernels, and for copies of costs, of all problems that are in work.
const BYTES: usize = 1 << 30;

/// Bytes that one problem may have for them. A problem with more entries computes them in every iteration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room(usize);

impl Room {
    pub(super) fn for_threads(threads: usize) -> Room {
        Room(BYTES / threads.max(1))
    }

    /// Whether there is room for so many numbers, in the machine too.
    pub(super) fn is_enough(self, numbers: usize) -> bool {
        numbers.saturating_mul(size_of::<f64>()) <= self.0
            && room_for::<f64>("kernels", numbers).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn threads_share_the_memory() {
        assert!(Room::for_threads(1).is_enough(1 << 27));
        assert!(!Room::for_threads(2).is_enough(1 << 27));
        assert!(!Room::for_threads(1).is_enough(usize::MAX));
    }
}
