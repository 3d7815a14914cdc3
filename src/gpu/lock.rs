//! Locks that outlive a panic elsewhere.

/// Locks a mutex; a panic elsewhere cannot have left our maps half-written.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
