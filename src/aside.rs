//! The twin's work aside from an executor's threads.
//!
//! A future that computes while it is polled holds up whatever else its executor's thread has to do. So natively the
//! twin's futures go to threads of their own, which share out the arithmetic to the pool ([`crate::parallel`]) and give way
//! between slices of some hundredths of a second; the caller's future is woken with the result. Dropped, it ends the work
//! at the next slice. Polled by who waits for it ([`crate::wait::may_wait`]), in a fork and in a browser it stays where
//! it is.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{Kept, Lent, is_wanted, run};

/// What `work` comes to, computed aside.
pub(crate) async fn compute<T: wgpu::WasmNotSend + 'static>(
    work: impl FnOnce() -> T + wgpu::WasmNotSend + 'static,
) -> T {
    #[cfg(not(target_arch = "wasm32"))]
    if is_wanted() {
        return run(async move { work() }).await;
    }
    work()
}

/// Ends an async function with the call of another, `$work`, which runs aside where `$by_twin` is true: its arguments
/// that are borrowed are named, and are cloned for it (histograms and tensors cheaply, slices not) only there.
macro_rules! aside {
    ($by_twin:expr; $($lent:ident),+; $work:expr) => {{
        #[cfg(not(target_arch = "wasm32"))]
        if $by_twin && $crate::aside::is_wanted() {
            $(let $lent = $crate::aside::Lent::keep($lent);)+
            let work = async move {
                $(let $lent = $crate::aside::Kept::lend(&$lent);)+
                $work.await
            };
            return $crate::aside::run(work).await;
        }
        $work.await
    }};
}

pub(crate) use aside;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use crate::parallel::{is_fork, threads};
    use crate::wait::may_wait;
    use futures::executor::{ThreadPool, ThreadPoolBuilder};
    use futures::future::FutureExt;
    use std::cell::Cell;
    use std::sync::OnceLock;

    thread_local! {
        /// Whether this is a thread of [`pool`]'s.
        static IS_ASIDE: Cell<bool> = const { Cell::new(false) };
    }

    /// Threads that poll futures. They are not the pool's own, which while one waits for its part takes up others' work:
    /// a future inside another, and so on without end.
    fn pool() -> Option<&'static ThreadPool> {
        static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
        let make = || {
            let mut builder = ThreadPoolBuilder::new();
            builder.pool_size(threads()).name_prefix("kantor-twin-");
            builder.after_start(|_| IS_ASIDE.set(true));
            builder
                .create()
                .inspect_err(|error| log::warn!("no threads for the twin: {error}"))
                .ok()
        };
        POOL.get_or_init(make).as_ref()
    }

    /// Whether the thread at hand has other work than to compute.
    pub(crate) fn is_wanted() -> bool {
        !may_wait() && !IS_ASIDE.get() && !is_fork() && pool().is_some()
    }

    /// What `work` comes to, polled aside. A panic in it comes through here.
    pub(crate) async fn run<T: Send + 'static>(
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let Some(pool) = pool() else { return work.await };
        let (work, handle) = work.remote_handle();
        pool.spawn_ok(work);
        handle.await
    }

    /// Something borrowed, that can be kept.
    pub(crate) trait Lent {
        type Kept;
        fn keep(self) -> Self::Kept;
    }

    /// Something kept, that can be lent as it was.
    pub(crate) trait Kept {
        type Lent<'a>
        where
            Self: 'a;
        fn lend(&self) -> Self::Lent<'_>;
    }

    #[derive(Debug)]
    pub(crate) struct Whole<T>(T);

    impl<T: Clone> Lent for &T {
        type Kept = Whole<T>;
        fn keep(self) -> Whole<T> {
            Whole(self.clone())
        }
    }

    impl<T> Kept for Whole<T> {
        type Lent<'a>
            = &'a T
        where
            T: 'a;
        fn lend(&self) -> &T {
            &self.0
        }
    }

    #[derive(Debug)]
    pub(crate) struct Slice<T>(Vec<T>);

    impl<T: Clone> Lent for &[T] {
        type Kept = Slice<T>;
        fn keep(self) -> Slice<T> {
            Slice(self.to_vec())
        }
    }

    impl<T> Kept for Slice<T> {
        type Lent<'a>
            = &'a [T]
        where
            T: 'a;
        fn lend(&self) -> &[T] {
            &self.0
        }
    }

    impl<L: Lent> Lent for Option<L> {
        type Kept = Option<L::Kept>;
        fn keep(self) -> Option<L::Kept> {
            self.map(Lent::keep)
        }
    }

    impl<K: Kept> Kept for Option<K> {
        type Lent<'a>
            = Option<K::Lent<'a>>
        where
            K: 'a;
        fn lend(&self) -> Option<K::Lent<'_>> {
            self.as_ref().map(Kept::lend)
        }
    }

    impl<L: Lent> Lent for [L; 2] {
        type Kept = [L::Kept; 2];
        fn keep(self) -> [L::Kept; 2] {
            self.map(Lent::keep)
        }
    }

    impl<K: Kept> Kept for [K; 2] {
        type Lent<'a>
            = [K::Lent<'a>; 2]
        where
            K: 'a;
        fn lend(&self) -> [K::Lent<'_>; 2] {
            self.each_ref().map(Kept::lend)
        }
    }
}
