//! Panics that a promise or a caller receives.

#[cfg(feature = "std")]
mod caught {
    use alloc::boxed::Box;
    use alloc::string::String;
    use core::any::Any;
    use core::fmt;
    use core::mem::forget;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    pub(crate) type Payload = Box<dyn Any + Send>;

    /// What a coroutine panicked with, as [`UnhandledException`](crate::UnhandledException) receives it.
    ///
    /// It is given by value: keep it, look into it, or [`resume`](Self::resume) it. Dropping it swallows the panic.
    ///
    /// ```
    /// use coro::{CoroutineHandle, Panic};
    ///
    /// struct Attempt<'a>(CoroutineHandle<'a, AttemptPromise>);
    /// struct AttemptPromise { failure: Option<String> }
    ///
    /// #[coro::promise(await = none)]
    /// impl AttemptPromise {
    ///     fn new() -> Self { Self { failure: None } }
    ///     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Attempt<'_> { Attempt(handle) }
    ///     fn return_void(&mut self) {}
    ///     fn unhandled_exception(&mut self, panic: Panic) {
    ///         self.failure = panic.message().map(String::from);
    ///     }
    /// }
    ///
    /// #[coro::coroutine]
    /// fn divide(by: u32) -> Attempt<'static> {
    ///     assert!(by != 0, "by zero");
    /// }
    ///
    /// let mut attempt = divide(0);
    /// attempt.0.resume();
    /// assert_eq!(attempt.0.promise().failure.as_deref(), Some("by zero"));
    /// ```
    #[must_use = "dropping a panic swallows it: keep it or `resume()` it"]
    pub struct Panic(pub(crate) Payload);

    impl Panic {
        /// Continues the panic in the caller, without running the panic hook again.
        ///
        /// # Panics
        /// Always: that is its purpose.
        pub fn resume(self) -> ! {
            resume_unwind(self.0)
        }

        /// The text of a panic made with `panic!`, `assert!` and their like.
        #[must_use]
        pub fn message(&self) -> Option<&str> {
            let text = self.0.downcast_ref::<&'static str>().copied();
            text.or_else(|| self.0.downcast_ref::<String>().map(String::as_str))
        }

        /// The payload as [`std::panic::catch_unwind`] would give it.
        #[must_use]
        pub fn into_payload(self) -> Box<dyn Any + Send> {
            self.0
        }
    }

    impl fmt::Debug for Panic {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_tuple("Panic").field(&self.message().unwrap_or("(not a text)")).finish()
        }
    }

    /// Runs `body` and catches its panic.
    pub(crate) fn catch<R>(body: impl FnOnce() -> R, _finish_chain: impl FnOnce()) -> Result<R, Payload> {
        catch_unwind(AssertUnwindSafe(body))
    }

    pub(crate) fn resume(payload: Payload) -> ! {
        resume_unwind(payload)
    }

    /// Drops a panic that comes second. If that panics, too, nobody hears of it.
    pub(crate) fn discard(payload: Payload) {
        if let Err(third) = catch(|| drop(payload), || {}) {
            forget(third);
        }
    }
}

#[cfg(not(feature = "std"))]
mod caught {
    use crate::guard::Finally;

    /// Without `std` a panic cannot be caught, so it never reaches a caller.
    #[derive(Debug)]
    pub enum Payload {}

    /// What a coroutine panicked with. Without the feature `std` nobody can catch a panic, and there is no value of
    /// this type.
    #[derive(Debug)]
    pub struct Panic(pub(crate) Payload);

    impl Panic {
        /// Continues the panic.
        pub fn resume(self) -> ! {
            match self.0 {}
        }
    }

    /// Runs `body`; if it panics, finishes the rest of the chain on the way to the resumer (rule S7).
    pub(crate) fn catch<R>(body: impl FnOnce() -> R, finish_chain: impl FnOnce()) -> Result<R, Payload> {
        let guard = Finally::new(finish_chain);
        let result = body();
        guard.defuse();
        Ok(result)
    }

    pub(crate) fn resume(payload: Payload) -> ! {
        match payload {}
    }

    pub(crate) fn discard(payload: Payload) {
        match payload {}
    }
}

pub use caught::Panic;
pub(crate) use caught::{Payload, catch, discard, resume};
