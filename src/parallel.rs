//! The pool of threads: rows in parallel where there are threads, one after another where there are none (a browser, a
//! fork of a process that has used the pool).

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
fn is_fork() -> bool {
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

/// [`map_rows`] in a browser without blocking the page: it gives way every hundredth of a second or two.
pub(crate) async fn map_rows_gently<T: wgpu::WasmNotSend>(
    n: usize,
    f: impl Fn(usize) -> T + wgpu::WasmNotSendSync,
) -> Vec<T> {
    #[cfg(not(target_arch = "wasm32"))]
    {
        map_rows(n, f)
    }
    #[cfg(target_arch = "wasm32")]
    {
        let mut breather = crate::gpu::Breather::new();
        let mut rows = Vec::with_capacity(n);
        for k in 0..n {
            if breather.is_due() {
                breather.breathe().await;
            }
            rows.push(f(k));
        }
        rows
    }
}
