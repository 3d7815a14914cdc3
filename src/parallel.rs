//! The pool of threads: rows in parallel where there are threads, one after another where there are none (a browser, a
//! fork of a process that has used the pool).

use crate::clock::{Breather, Clock};
use std::ops::Range;

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

/// Numbers of a block: as many as stay in a core's cache.
const BLOCK: usize = 1 << 14;

/// Fills `numbers` block by block: `f` gets the index of a block's first number and its place. What it returns, in order.
pub(crate) fn fill<T: Send, F: Send>(
    numbers: &mut [T],
    f: impl Fn(usize, &mut [T]) -> F + wgpu::WasmNotSendSync,
) -> Vec<F> {
    let mut blocks: Vec<(&mut [T], Option<F>)> =
        numbers.chunks_mut(BLOCK).map(|block| (block, None)).collect();
    if blocks.len() == 1 {
        return blocks.iter_mut().map(|(block, _)| f(0, block)).collect();
    }
    // The index of a block is that of its place among them.
    let mut numbered: Vec<_> = blocks.iter_mut().enumerate().collect();
    for_each(&mut numbered, |(number, (block, found))| *found = Some(f(*number * BLOCK, block)));
    blocks.into_iter().filter_map(|(_, found)| found).collect()
}

/// A copy: fresh memory is slow to write to for the first time, and slower for one thread than for all.
pub(crate) fn copied<T: Copy + Default + Send + Sync>(numbers: &[T]) -> Vec<T> {
    if numbers.len() < WORTHWHILE {
        return numbers.to_vec();
    }
    let mut copies = vec![T::default(); numbers.len()];
    copy(numbers, &mut copies);
    copies
}

/// Bytes of a copy that a thread takes at a time.
const SHARE: usize = 1 << 18;

/// Copies, by all threads where there is much. Both have one length.
pub(crate) fn copy<T: Copy + Send + Sync>(from: &[T], to: &mut [T]) {
    let share = (SHARE / size_of::<T>()).max(1);
    let mut parts: Vec<(&[T], &mut [T])> = from.chunks(share).zip(to.chunks_mut(share)).collect();
    match &mut parts[..] {
        [(from, to)] => to.copy_from_slice(from),
        parts => for_each(parts, |(from, to)| to.copy_from_slice(from)),
    }
}

/// Whether some number is so: the first that is ends the search.
pub(crate) fn any<T: Sync>(numbers: &[T], is_so: impl Fn(&T) -> bool + Send + Sync) -> bool {
    first(numbers.len(), |k| is_so(&numbers[k])).is_some()
}

/// The first index below `n` that is so.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn first(n: usize, is_so: impl Fn(usize) -> bool + Send + Sync) -> Option<usize> {
    use rayon::prelude::*;
    if n < WORTHWHILE || is_fork() {
        return (0..n).find(|k| is_so(*k));
    }
    let blocks = (0..n.div_ceil(BLOCK)).into_par_iter();
    let in_block = |k: usize| (k * BLOCK..n.min((k + 1) * BLOCK)).find(|k| is_so(*k));
    blocks.filter_map(in_block).find_first(|_| true)
}

/// The first index below `n` that is so.
#[cfg(target_arch = "wasm32")]
pub(crate) fn first(n: usize, is_so: impl Fn(usize) -> bool) -> Option<usize> {
    (0..n).find(|k| is_so(*k))
}

/// Fills numbers `first..` of a matrix whose rows of `columns` lie `stride` apart: `f` gets a row, some of its columns and
/// their place. What rows are padded with becomes 0.
pub(crate) fn padded_rows<T: Copy + Default>(
    first: usize,
    place: &mut [T],
    (stride, columns): (usize, usize),
    mut f: impl FnMut(usize, Range<usize>, &mut [T]),
) {
    let (mut row, mut begin, mut rest) = (first / stride, first % stride, place);
    while !rest.is_empty() {
        let (part, behind) = rest.split_at_mut((stride - begin).min(rest.len()));
        let end = columns.min(begin + part.len()).max(begin);
        let (own, padding) = part.split_at_mut(end - begin);
        if !own.is_empty() {
            f(row, begin..end, own);
        }
        padding.fill(T::default());
        (row, begin, rest) = (row + 1, 0, behind);
    }
}

/// [`map_rows`] with the thread given to others every hundredth of a second or two, so that a page lives on and a future
/// can be dropped on the way. Who waits for it gives nothing up.
pub(crate) async fn map_rows_gently<T: wgpu::WasmNotSend>(
    breather: &mut Breather,
    n: usize,
    f: impl Fn(usize) -> T + wgpu::WasmNotSendSync,
) -> Vec<T> {
    #[cfg(not(target_arch = "wasm32"))]
    if crate::wait::may_wait() {
        return map_rows(n, f);
    }
    let mut rows = Vec::with_capacity(n);
    let mut step = threads();
    while rows.len() < n {
        let (first, begun) = (rows.len(), Clock::now());
        rows.extend(map_rows(step.min(n - first), |k| f(first + k)));
        if begun.seconds() < STEP {
            step *= 2;
        }
        breather.breathe_if_due().await;
    }
    rows
}

/// [`for_each`], giving way like [`map_rows_gently`].
pub(crate) async fn for_each_gently<T: wgpu::WasmNotSend>(
    breather: &mut Breather,
    items: &mut [T],
    f: impl Fn(&mut T) + wgpu::WasmNotSendSync,
) {
    #[cfg(not(target_arch = "wasm32"))]
    if crate::wait::may_wait() {
        return for_each(items, f);
    }
    let (mut rest, mut step) = (items, threads());
    while !rest.is_empty() {
        let begun = Clock::now();
        let (now, later) = rest.split_at_mut(step.min(rest.len()));
        for_each(now, &f);
        rest = later;
        if begun.seconds() < STEP {
            step *= 2;
        }
        breather.breathe_if_due().await;
    }
}

/// Seconds that rows taken together should last.
const STEP: f64 = 0.005;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_make_the_whole() {
        let (rows, columns, stride) = (301, 257, 260);
        let mut matrix = vec![-1.0f32; rows * stride];
        let sums = fill(&mut matrix, |first, place| {
            padded_rows(first, place, (stride, columns), |row, columns, place| {
                for (column, x) in columns.zip(place) {
                    *x = (1000 * row + column) as f32;
                }
            });
            place.iter().map(|x| f64::from(*x)).sum::<f64>()
        });
        for (row, numbers) in matrix.chunks(stride).enumerate() {
            for (column, x) in numbers.iter().enumerate() {
                let exact = if column < columns { (1000 * row + column) as f32 } else { 0.0 };
                assert_eq!(*x, exact, "row {row}, column {column}");
            }
        }
        assert!(sums.len() > 1);
    }

    #[test]
    fn the_first_is_the_first() {
        for n in [0, 1, 1000, 3 * WORTHWHILE] {
            for k in [0, 1, n / 2, n.saturating_sub(1)] {
                assert_eq!(first(n, |i| i >= k), (k < n).then_some(k), "{k} of {n}");
            }
            assert_eq!(first(n, |_| false), None);
        }
    }
}
