//! Rows in parallel where there are threads.

/// `f` of every index below `n`, in order.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn map_rows<T: Send>(n: usize, f: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    use rayon::prelude::*;
    (0..n).into_par_iter().map(f).collect()
}

/// `f` of every index below `n`, in order.
#[cfg(target_arch = "wasm32")]
pub(crate) fn map_rows<T>(n: usize, f: impl Fn(usize) -> T) -> Vec<T> {
    (0..n).map(f).collect()
}
