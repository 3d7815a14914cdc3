//! The pool of threads: rows in parallel where there are threads, one after another where there are none (a browser, a
//! fork of a process that has used the pool).

use crate::clock::{Breather, Clock};

/// Work on fewer numbers is not worth spreading over threads.
pub(crate) const WORTHWHILE: usize = 1 << 18;

/// `f` of every index below `n`, in order.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn map_rows<T: Send>(n: usize, f: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    use rayon::prelude::*;
    if is_fork() {
        return (0..n).map(f).collect();
    }
    (0..n).into_par_iter().map(f).collect()
}

/// Whether this process is a fork of one that has used the pool of threads: it has the pool, and none of its threads.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn is_fork() -> bool {
    static FIRST: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let process = std::process::id();
    *FIRST.get_or_init(|| process) != process
}

/// `f` of every index below `n`, in order.
#[cfg(target_arch = "wasm32")]
pub(crate) fn map_rows<T>(n: usize, f: impl Fn(usize) -> T) -> Vec<T> {
    (0..n).map(f).collect()
}

/// Threads that [`map_rows`] and [`for_each`] have.
pub(crate) fn threads() -> usize {
    #[cfg(not(target_arch = "wasm32"))]
    {
        rayon::current_num_threads()
    }
    #[cfg(target_arch = "wasm32")]
    {
        1
    }
}

/// `f` on every item.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn for_each<T: Send>(items: &mut [T], f: impl Fn(&mut T) + Send + Sync) {
    use rayon::prelude::*;
    if is_fork() {
        return items.iter_mut().for_each(f);
    }
    items.par_iter_mut().for_each(f);
}

/// `f` on every item.
#[cfg(target_arch = "wasm32")]
pub(crate) fn for_each<T>(items: &mut [T], f: impl Fn(&mut T)) {
    items.iter_mut().for_each(f);
}

/// [`map_rows`] with the thread given to others every hundredth of a second or two, so that a page lives on and a future
/// can be dropped on the way. Who waits for it gives nothing up.
pub(crate) async fn map_rows_gently<T: wgpu::WasmNotSend>(
    n: usize,
    f: impl Fn(usize) -> T + wgpu::WasmNotSendSync,
) -> Vec<T> {
    #[cfg(not(target_arch = "wasm32"))]
    if crate::wait::may_wait() {
        return map_rows(n, f);
    }
    let mut breather = Breather::new();
    let mut rows = Vec::with_capacity(n);
    let mut step = threads();
    while rows.len() < n {
        let (first, begun) = (rows.len(), Clock::now());
        rows.extend(map_rows(step.min(n - first), |k| f(first + k)));
        if begun.seconds() < STEP {
            step *= 2;
        }
        if breather.is_due() {
            breather.breathe().await;
        }
    }
    rows
}

/// Seconds that rows taken together should last.
const STEP: f64 = 0.005;
