//! How a coroutine begins: its creation, in the order of rule S5, and its initial suspension.

use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::awaiter::{Awaiter, SuspendAlways};
use crate::continuation::sealed::World;
use crate::continuation::{ByOwner, Detached, Parks, Threads};
use crate::drive;
use crate::frame;
use crate::guard::Finally;
use crate::handle::CoroutineHandle;
use crate::inside::Inside;
use crate::leaf::{Kept, Leaf};
use crate::memory::FrameAllocator;
use crate::private::{Co, Function, Starts};
use crate::promise::{Coroutine, FinalSuspend, Handle, Nobody, Owner, Promise};
use crate::trace;

/// What `initial` may be, by the world of the promise and its owner. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "a coroutine of this type cannot start with `{A}`",
    label = "not an `initial` for this coroutine type",
    note = "a detached coroutine whose return object keeps no handle starts with `initial = suspend_never`, or with an \
            awaiter that keeps the continuation; one that is awaited starts with `suspend_always`; any other with \
            any awaiter"
)]
pub trait MayStart<P: Promise, A>: sealed::Initial<P, A, ByPromise> + sealed::Initial<P, A, ByAttribute> {}

pub(crate) mod sealed {
    use super::{Co, Future};

    /// A user's impl would get hold of a `Co`.
    pub trait Initial<P, A, S> {
        type Wait: Future<Output = Co<P>>;

        /// Waits for the initial suspension. Then it gives the coroutine, as the context of the poll knows it: to the
        /// optimizer the frame is then the one that it runs.
        fn wait(co: Co<P>, initial: A) -> Self::Wait;
    }
}

#[diagnostic::do_not_recommend]
impl<T: Threads, P: Promise<World = ByOwner<T>>, A: Awaiter<P>, S: Said> sealed::Initial<P, A, S>
    for (ByOwner<T>, Handle)
{
    type Wait = Initially<P, A, S>;

    fn wait(co: Co<P>, initial: A) -> Initially<P, A, S> {
        Initially(Leaf::new(co, initial), PhantomData)
    }
}

#[cfg(feature = "alloc")]
#[diagnostic::do_not_recommend]
impl<T: Threads, P: Promise<World = Detached<T>>, A: Awaiter<P>, S: Said> sealed::Initial<P, A, S>
    for (Detached<T>, Nobody)
{
    type Wait = Initially<P, A, S>;

    fn wait(co: Co<P>, initial: A) -> Initially<P, A, S> {
        Initially(Leaf::new(co, initial), PhantomData)
    }
}

#[diagnostic::do_not_recommend]
impl<W: Parks, P: Promise<World = W>, S: Said> sealed::Initial<P, SuspendAlways, S> for (W, Handle) {
    type Wait = UntilCalled<P, S>;

    fn wait(co: Co<P>, SuspendAlways: SuspendAlways) -> UntilCalled<P, S> {
        UntilCalled(<P::World as World>::Kept::keep(co), PhantomData)
    }
}

// Not recommended: a wrong `initial` is reported by `MayStart`'s own message, not by what `Awaiter` lacks.
#[diagnostic::do_not_recommend]
impl<T: Threads, P: Promise<World = ByOwner<T>>, A: Awaiter<P>> MayStart<P, A> for (ByOwner<T>, Handle) {}
#[cfg(feature = "alloc")]
#[diagnostic::do_not_recommend]
impl<T: Threads, P: Promise<World = Detached<T>>, A: Awaiter<P>> MayStart<P, A> for (Detached<T>, Nobody) {}
impl<W: Parks, P: Promise<World = W>> MayStart<P, SuspendAlways> for (W, Handle) {}

/// Who says how a coroutine begins.
pub trait Said {
    /// Whether it is known that it was suspended before its body without being run; then the optimizer need not keep
    /// the code for the other case.
    fn was_suspended<P: Promise>() -> bool;
}

/// The promise, by its `initial_suspend`.
pub struct ByPromise;

/// The attribute, by `initial = …`.
pub struct ByAttribute;

impl Said for ByPromise {
    #[inline]
    fn was_suspended<P: Promise>() -> bool {
        P::LAZY
    }
}

impl Said for ByAttribute {
    #[inline]
    fn was_suspended<P: Promise>() -> bool {
        false
    }
}

/// Waits for what a coroutine begins with, unless it was suspended there by its owner without being run.
pub struct Initially<P: Promise, A, S>(Leaf<P, A>, PhantomData<fn() -> S>);

impl<P: Promise, A: Awaiter<P>, S: Said> Future for Initially<P, A, S> {
    type Output = Co<P>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Co<P>> {
        if P::World::ALONE {
            let inside = Inside::of(context);
            if !S::was_suspended::<P>() && !Co::<P>::new(inside.frame()).take_fresh() {
                inside.take_fresh();
            }
        }
        self.0.poll_here(context).map(|(_, co)| co)
    }
}

/// Suspends without a continuation: the handle owns the coroutine until it is called.
pub struct UntilCalled<P: Promise, S>(<P::World as World>::Kept<P>, PhantomData<fn() -> S>);

/// Nobody points into it.
impl<P: Promise, S> Unpin for UntilCalled<P, S> {}

impl<P: Promise, S: Said> Future for UntilCalled<P, S> {
    type Output = Co<P>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Co<P>> {
        // SAFETY: S1: the body that was made with it polls it (contract of `private::start`), and it is not forgotten.
        // Test: tests/ui/attacks.
        let co: Co<P> = unsafe { self.0.here(context) };
        let header = co.header();
        let is_called = if P::World::FRESH {
            // Also if it is known: nobody else is to find it.
            co.take_fresh() || S::was_suspended::<P>()
        } else {
            S::was_suspended::<P>() || header.link.get().is_some()
        };
        if is_called {
            trace::event(header, "await_resume", "");
            return Poll::Ready(co);
        }
        trace::ready(header, false);
        trace::event(header, "await_suspend", "suspends");
        header.state.suspend();
        Poll::Pending
    }
}

/// Runs a new coroutine to its first suspension, if it need be run to be there.
#[inline]
pub(crate) fn begin<M: Function, P: Promise>(handle: &mut CoroutineHandle<'_, P>) {
    if starts_suspended::<M, P>() {
        let header = handle.header();
        header.state.suspend();
        trace::starts_suspended(header, matches!(M::ABOUT.starts, Starts::AsThePromiseSays));
    } else {
        handle.start();
    }
}

/// Whether a coroutine need not be run to be at its first suspension.
const fn starts_suspended<M: Function, P: Promise>() -> bool {
    match const { M::ABOUT.starts } {
        Starts::ByRunning | Starts::AtOnce => false,
        Starts::AfterSuspending => true,
        Starts::AsThePromiseSays => P::LAZY,
    }
}

/// Creates a coroutine, runs it to its first suspension, and makes its return object.
pub trait Start<'a, R: Coroutine<'a>>: Owner {
    /// # Safety
    /// As for [`frame::create`]; all that `promise`, `finish` and the body hold outlives `'a`, and is `Send` if the
    /// promise's world says so.
    unsafe fn start<M, B, F, A>(memory: A, promise: R::Promise, finish: F, body: impl FnOnce(Co<R::Promise>) -> B) -> R
    where
        M: Function,
        B: Future<Output = <R::Promise as Promise>::Value>,
        F: FinalSuspend<R::Promise>,
        A: FrameAllocator;
}

impl<'a, R: Coroutine<'a, Promise: Promise<Owner = Handle>>> Start<'a, R> for Handle {
    unsafe fn start<M, B, F, A>(memory: A, promise: R::Promise, finish: F, body: impl FnOnce(Co<R::Promise>) -> B) -> R
    where
        M: Function,
        B: Future<Output = <R::Promise as Promise>::Value>,
        F: FinalSuspend<R::Promise>,
        A: FrameAllocator,
    {
        // SAFETY: S5: caller's contract; the new frame is this handle's alone, and is run as its owner would.
        // Tests: tests/hook_order.rs, tests/attacks.rs.
        let handle = unsafe {
            let frame = frame::create::<M, _, _, _, _>(memory, promise, finish, body);
            let mut handle = CoroutineHandle::new(frame);
            begin::<M, R::Promise>(&mut handle);
            handle
        };
        // The hook may do as it likes with the handle, so this is said before.
        trace::event(handle.header(), "get_return_object", "");
        R::get_return_object(handle)
    }
}

impl<R: Coroutine<'static, Promise: Promise<Owner = Nobody>>> Start<'static, R> for Nobody {
    unsafe fn start<M, B, F, A>(memory: A, promise: R::Promise, finish: F, body: impl FnOnce(Co<R::Promise>) -> B) -> R
    where
        M: Function,
        B: Future<Output = <R::Promise as Promise>::Value>,
        F: FinalSuspend<R::Promise>,
        A: FrameAllocator,
    {
        // SAFETY: S3, S5: caller's contract with `'static`; the new frame is this call's alone until it is run, and
        // released by whoever ends it. Tests: tests/hook_order.rs, tests/attacks.rs.
        unsafe {
            let frame = frame::create::<M, _, _, _, _>(memory, promise, finish, body);
            let unstarted = Finally::new(|| drive::destroy_all(frame));
            let object = R::get_return_object(frame::promise_of(frame).as_mut());
            trace::event(frame.as_ref(), "get_return_object", "");
            unstarted.defuse();
            drive::run(frame);
            object
        }
    }
}
