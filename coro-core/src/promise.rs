//! What a coroutine type is: the promise that a return type chooses, and its hooks.

use core::ptr::NonNull;

use crate::awaiter::{Awaiter, SuspendAlways, SuspendNever};
use crate::continuation::{ContinuationOf, World};
use crate::frame::{Header, Left, promise_of};
use crate::handle::CoroutineHandle;
use crate::trace;

pub(crate) mod sealed {
    use core::ptr::NonNull;

    use crate::frame::{Header, Left};

    pub trait Owner: 'static {
        type Given<'h, 'a, P: super::Promise + 'a>
        where
            'a: 'h;
    }

    pub trait PanicPolicy<P> {
        /// Runs the body, and the `return_value` of one that ends: then this gives `None`.
        ///
        /// # Safety
        /// The promise of `frame` is a `P`, its body is on the stack, and nobody else uses them.
        unsafe fn run(frame: NonNull<Header>, body: impl FnOnce(NonNull<P>) -> Option<Left>) -> Option<Left>;
    }
}

/// A coroutine type: what a function returns to be a coroutine. C++'s `std::coroutine_traits` ([coroutine.traits]).
///
/// `'a` is what its coroutines may borrow: the type `Generator<'x, T>` is a `Coroutine<'x>`, so the body of a function
/// that returns it may hold what lives for `'x`.
///
/// [`#[coro::promise]`](macro@crate::promise) writes this impl from the hook `get_return_object`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a coroutine type",
    label = "a coroutine returns a type that chooses a promise",
    note = "return one of `coro`'s types (`Generator`, `StateMachine`, `TwoWay`, `Task`, `AsyncGenerator`, `FireAndForget`), or make this one a \
            coroutine type with `#[coro::promise]`"
)]
pub trait Coroutine<'a>: Sized {
    /// The promise its coroutines have.
    type Promise: Promise + 'a;

    /// Makes the return object, from the handle of the coroutine ([`Handle`]) or a look at its promise ([`Nobody`]).
    ///
    /// With a handle, it is called when the coroutine has run to its first suspension; without, before it starts.
    fn get_return_object(from: Given<'_, 'a, Self::Promise>) -> Self;

    /// Not called: what the attribute names for rustc to report there that a return type is no coroutine type.
    #[doc(hidden)]
    fn __coroutine_type(this: Self) -> Self {
        this
    }
}

/// What [`Coroutine::get_return_object`] receives: `CoroutineHandle<'a, P>` or `&mut P`.
pub type Given<'h, 'a, P> = <<P as Promise>::Owner as sealed::Owner>::Given<'h, 'a, P>;

/// The hooks of a coroutine type, as C++'s promise type has them ([dcl.fct.def.coroutine]).
///
/// [`#[coro::promise]`](macro@crate::promise) on an impl block writes this from plain methods; by hand it is:
///
/// ```
/// use coro::{CoroutineHandle, Coroutine, Promise, SuspendAlways};
///
/// struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
/// struct StepsPromise { result: Option<u32> }
///
/// impl Promise for StepsPromise {
///     type World = coro::ByOwner;
///     type Owner = coro::Handle;
///     type OnPanic = coro::Propagate;
///     type Value = u32;
///     type Initial = SuspendAlways;
///     type Final = SuspendAlways;
///     fn initial_suspend(&mut self) -> SuspendAlways { SuspendAlways }
///     fn final_suspend(&mut self) -> SuspendAlways { SuspendAlways }
///     fn return_value(&mut self, value: u32) { self.result = Some(value) }
/// }
///
/// impl coro::NewPromise for StepsPromise {
///     fn new() -> Self { Self { result: None } }
/// }
///
/// impl<E> coro::AwaitTransform<E> for StepsPromise {
///     type Awaitable = E;
///     fn await_transform(&mut self, awaited: E) -> E { awaited }
/// }
///
/// impl<'a> Coroutine<'a> for Steps<'a> {
///     type Promise = StepsPromise;
///     fn get_return_object(handle: CoroutineHandle<'a, StepsPromise>) -> Self { Steps(handle) }
/// }
///
/// #[coro::coroutine]
/// fn count() -> Steps<'static> {
///     let mut steps = 0;
///     while steps < 2 {
///         SuspendAlways.await;
///         steps += 1;
///     }
///     steps
/// }
///
/// let mut steps = count();
/// while !steps.0.is_done() { steps.0.resume(); }
/// assert_eq!(steps.0.promise().result, Some(2));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a promise",
    label = "not the promise of a coroutine type",
    note = "put `#[coro::promise]` on an `impl` block with its hooks, or implement `coro::Promise` for it"
)]
pub trait Promise: Sized {
    /// Who drives the coroutine.
    type World: World;
    /// Who owns it once it is made: [`Handle`] or [`Nobody`].
    type Owner: Owner;
    /// What a panic in the body does: [`Propagate`] or [`Handled`].
    type OnPanic: PanicPolicy<Self>;
    /// What `return` takes.
    type Value;
    /// What `initial_suspend` returns, an awaiter.
    type Initial;
    /// What `final_suspend` returns.
    type Final: FinalSuspend<Self>;

    /// Whether `initial_suspend` gives [`SuspendAlways`] and does nothing else: then it need not be asked, and the
    /// coroutine not be run, before somebody resumes it.
    #[doc(hidden)]
    const LAZY: bool = false;

    /// Whether its coroutines may call others whose promises are of another type, in the world
    /// [`ByOwner`](crate::ByOwner): then an owner is not shown the innermost one as a `Self`.
    #[doc(hidden)]
    const MIXED: bool = false;

    /// What a function awaits before its body, unless its attribute says `initial =`.
    fn initial_suspend(&mut self) -> Self::Initial;

    /// Who runs next after the body, unless the attribute says `final =`.
    fn final_suspend(&mut self) -> Self::Final;

    /// Receives the value the body returned. Locals and parameters have been dropped by then.
    fn return_value(&mut self, value: Self::Value);
}

/// Makes the promise of a function whose attribute has no `promise =`: the hook `new`.
#[diagnostic::on_unimplemented(
    message = "the promise `{Self}` has no `new`",
    label = "this function must say how its promise is made",
    note = "write `#[coro::coroutine(promise = …)]`, or give the promise the hook `fn new() -> Self`"
)]
pub trait NewPromise: Promise {
    /// Makes the promise.
    fn new() -> Self;
}

/// The hook `await_transform`: what the body may await, and what is awaited instead.
#[diagnostic::on_unimplemented(
    message = "`{E}` cannot be awaited in a coroutine whose promise is `{Self}`",
    label = "not accepted by any `await_transform` of `{Self}`",
    note = "await something the promise accepts, or give `{Self}` an `await_transform` for it"
)]
pub trait AwaitTransform<E>: Promise {
    /// What is awaited instead.
    type Awaitable;

    /// Exchanges what the body awaits.
    fn await_transform(&mut self, awaited: E) -> Self::Awaitable;
}

/// The hook `yield_value`: what `co_yield!(value)` does.
#[diagnostic::on_unimplemented(
    message = "a coroutine whose promise is `{Self}` does not yield this value",
    label = "no `yield_value` of `{Self}` takes it",
    note = "give `{Self}` the hook `yield_value`, or return a type that yields, such as `coro::Generator`"
)]
pub trait YieldValue<T>: Promise {
    /// What is awaited for `co_yield!`; its value is the value of the expression.
    type Awaiter: Awaiter<Self>;

    /// Receives the value.
    fn yield_value(&mut self, value: T) -> Self::Awaiter;
}

/// The hook `yield_from`: what `co_yield!(..other)` does.
#[diagnostic::on_unimplemented(
    message = "a coroutine whose promise is `{Self}` does not delegate to this with `co_yield!(..other)`",
    label = "no `yield_from` of `{Self}` takes it",
    note = "give `{Self}` the hook `yield_from`; to yield a range as a value, write `co_yield!((..end))`"
)]
pub trait YieldFrom<G>: Promise {
    /// What is awaited for `co_yield!(..other)`: a coroutine to call, or an awaiter.
    type Awaitable;

    /// Receives the coroutine to delegate to.
    fn yield_from(&mut self, other: G) -> Self::Awaitable;
}

/// Says who runs next when a coroutine has ended: what `final =` and the hook `final_suspend` give.
///
/// It is no awaiter: an ended coroutine is not resumed, so there is nothing to wait for (in C++, resuming a coroutine
/// suspended at its final suspend point is undefined behaviour).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say who runs next after a coroutine whose promise is `{P}`",
    label = "not a `final` for this coroutine",
    note = "write `suspend_always` or `suspend_never`, or implement `coro::FinalSuspend<{P}>` for `{Self}`"
)]
pub trait FinalSuspend<P: Promise> {
    /// Who runs next: `None` goes back to the resumer, or to the caller of a coroutine that was awaited.
    fn final_suspend(self, promise: &mut P) -> Option<ContinuationOf<P>>;
}

impl<P: Promise> FinalSuspend<P> for SuspendAlways {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> {
        None
    }
}

impl<P: Promise<Owner: Unowned>> FinalSuspend<P> for SuspendNever {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> {
        None
    }
}

/// Who owns a coroutine once it is made: [`Handle`] or [`Nobody`]. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say who owns a coroutine",
    label = "neither `Handle` nor `Nobody`",
    note = "write `Handle` if the return object keeps the coroutine's handle, or else `Nobody`"
)]
pub trait Owner: sealed::Owner {
    /// Whether a handle keeps the frame after the end.
    #[doc(hidden)]
    const OWNED: bool;
}

/// The return object holds the coroutine's handle: `get_return_object(handle: CoroutineHandle<'_, Self>)`.
#[derive(Debug)]
pub enum Handle {}

/// Nobody holds the coroutine but its continuations: `get_return_object(&mut self)`. It is freed when it ends.
#[derive(Debug)]
pub enum Nobody {}

impl sealed::Owner for Handle {
    type Given<'h, 'a, P: Promise + 'a>
        = CoroutineHandle<'a, P>
    where
        'a: 'h;
}

impl Owner for Handle {
    const OWNED: bool = true;
}

impl sealed::Owner for Nobody {
    type Given<'h, 'a, P: Promise + 'a>
        = &'h mut P
    where
        'a: 'h;
}

impl Owner for Nobody {
    const OWNED: bool = false;
}

/// Coroutine types whose return object keeps no handle.
#[diagnostic::on_unimplemented(
    message = "`suspend_never` would free a coroutine whose return object still holds its handle",
    label = "write `final = suspend_always`: the handle frees the coroutine when it is dropped",
    note = "`final = suspend_never` is for types that keep no handle, such as `coro::FireAndForget`"
)]
pub trait Unowned {}

impl Unowned for Nobody {}

/// What a panic in the body does: [`Propagate`] or [`Handled`]. This trait is sealed.
pub trait PanicPolicy<P>: sealed::PanicPolicy<P> {}

/// A panic goes on to whoever resumed the coroutine, or to the caller that awaits it.
#[derive(Debug)]
pub enum Propagate {}

/// A panic goes to the hook [`UnhandledException`].
#[derive(Debug)]
pub enum Handled {}

impl<P> sealed::PanicPolicy<P> for Propagate {
    #[inline]
    unsafe fn run(frame: NonNull<Header>, body: impl FnOnce(NonNull<P>) -> Option<Left>) -> Option<Left> {
        // SAFETY: caller's contract. Test: tests/hook_order.rs.
        body(unsafe { promise_of(frame) })
    }
}

impl<P> PanicPolicy<P> for Propagate {}

/// The hook `unhandled_exception`: receives what the body, or `return_value`, panicked with.
///
/// The coroutine has ended by then, and `final_suspend` follows. A panic of the hook itself goes to the resumer.
///
/// It needs the feature `std`: without it a panic cannot be caught.
pub trait UnhandledException: Promise + NeedsStd {
    /// Receives the panic.
    fn unhandled_exception(&mut self, panic: crate::Panic);
}

/// Holds for every promise if the feature `std` is on.
#[diagnostic::on_unimplemented(
    message = "`unhandled_exception` needs the feature `std` of `coro-core`",
    label = "without `std` a panic cannot be caught",
    note = "turn the feature on, or remove the hook: the panic then goes to whoever resumes the coroutine"
)]
pub trait NeedsStd {}

#[cfg(feature = "std")]
impl<P> NeedsStd for P {}

impl<P: UnhandledException> sealed::PanicPolicy<P> for Handled {
    unsafe fn run(frame: NonNull<Header>, body: impl FnOnce(NonNull<P>) -> Option<Left>) -> Option<Left> {
        // SAFETY: caller's contract. Test: tests/panics.rs.
        let mut promise = unsafe { promise_of(frame) };
        crate::panic::catch(|| body(promise), || ()).unwrap_or_else(|payload| {
            // SAFETY: S7: the body has ended, and the promise is nobody else's (caller's contract). Test:
            // tests/panics.rs.
            unsafe {
                promise.as_mut().unhandled_exception(crate::Panic(payload));
                trace::event(frame.as_ref(), "unhandled_exception", "");
            }
            None
        })
    }
}

impl<P: UnhandledException> PanicPolicy<P> for Handled {}
