//! Waiting for a future on the thread at hand, and the `_blocking` twin of every async function: one macro writes them.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{block_on, may_wait};

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::cell::Cell;

    thread_local! {
        /// How many calls of [`block_on`] this thread is in.
        static WAITING: Cell<u32> = const { Cell::new(0) };
    }

    /// What a future comes to. This thread has nothing else to do, so what the future waits for is waited for here, and
    /// what it computes is computed here: nothing goes to another thread and back.
    ///
    /// The future could: every future of this library that has a `_blocking` twin is `Send`, or does not compile.
    pub(crate) fn block_on<F: Future + Send>(future: F) -> F::Output {
        let _waiting = Waiting::begin();
        pollster::block_on(future)
    }

    /// Whether the thread that polls belongs to the caller, in [`block_on`], and not to an executor with other work.
    pub(crate) fn may_wait() -> bool {
        WAITING.get() > 0
    }

    /// Counted down when dropped, also by a panic on its way through.
    struct Waiting;

    impl Waiting {
        fn begin() -> Waiting {
            WAITING.set(WAITING.get() + 1);
            Waiting
        }
    }

    impl Drop for Waiting {
        fn drop(&mut self) {
            WAITING.set(WAITING.get() - 1);
        }
    }

    #[cfg(test)]
    mod tests {
        use super::{block_on, may_wait};

        #[test]
        fn only_who_waits_may_wait() {
            assert!(!may_wait());
            assert!(block_on(async { block_on(async { 7 }) == 7 && may_wait() }));
            assert!(!may_wait());
            assert!(std::panic::catch_unwind(|| block_on(async { panic!("on its way") })).is_err());
            assert!(!may_wait(), "a panic leaves no mark");
        }
    }
}

/// Writes the `_blocking` twins of async methods (`impl Type { … }`) or functions. An entry names the function, its twin,
/// and the twin's arguments and result, which are the function's own:
///
/// ```text
/// blocking! { impl Sinkhorn { solve => solve_blocking(&self, context: &Context, problem: &Problem) -> Result<Solution>; } }
/// ```
///
/// They do not exist in a browser, whose only thread must not wait: a compile error beats a panic there.
macro_rules! blocking {
    ($(#[$attribute:meta])* impl $of:ident { $($entries:tt)* }) => {
        #[cfg(not(target_arch = "wasm32"))]
        $(#[$attribute])*
        impl $of {
            $crate::wait::blocking! { @in $of: $($entries)* }
        }
    };

    (@in $of:ident:) => {};
    (@in $of:ident: $name:ident => $twin:ident $(<$T:ident: $bound:ident>)?
        (&self $(, $argument:ident: $type:ty)* $(,)?) -> $out:ty; $($entries:tt)*) => {
        $crate::wait::blocking! {
            @write stringify!($of), "::", stringify!($name);
            pub fn $twin $(<$T: $bound>)? (&self $(, $argument: $type)*) -> $out {
                $crate::wait::block_on(self.$name($($argument),*))
            }
        }
        $crate::wait::blocking! { @in $of: $($entries)* }
    };
    (@in $of:ident: $name:ident => $twin:ident $(<$T:ident: $bound:ident>)?
        (self $(, $argument:ident: $type:ty)* $(,)?) -> $out:ty; $($entries:tt)*) => {
        $crate::wait::blocking! {
            @write stringify!($of), "::", stringify!($name);
            pub fn $twin $(<$T: $bound>)? (self $(, $argument: $type)*) -> $out {
                $crate::wait::block_on(self.$name($($argument),*))
            }
        }
        $crate::wait::blocking! { @in $of: $($entries)* }
    };
    (@in $of:ident: $name:ident => $twin:ident $(<$T:ident: $bound:ident>)?
        ($($argument:ident: $type:ty),* $(,)?) -> $out:ty; $($entries:tt)*) => {
        $crate::wait::blocking! {
            @write stringify!($of), "::", stringify!($name);
            pub fn $twin $(<$T: $bound>)? ($($argument: $type),*) -> $out {
                $crate::wait::block_on($of::$name($($argument),*))
            }
        }
        $crate::wait::blocking! { @in $of: $($entries)* }
    };

    (@write $($name:expr),+; $function:item) => {
        #[doc = concat!(
            "[`", $($name),+, "`], waiting.\n\n# Errors\nThose of [`", $($name),+, "`]."
        )]
        $function
    };

    ($($name:ident => $twin:ident $(<$T:ident: $bound:ident>)?
        ($($argument:ident: $type:ty),* $(,)?) -> $out:ty;)+) => {
        $($crate::wait::blocking! {
            @write stringify!($name);
            #[cfg(not(target_arch = "wasm32"))]
            pub fn $twin $(<$T: $bound>)? ($($argument: $type),*) -> $out {
                $crate::wait::block_on($name($($argument),*))
            }
        })+
    };
}

pub(crate) use blocking;
