//! Coroutines that await coroutines.

use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use crate::continuation::sealed::World;
use crate::continuation::{self, ByOwner, CallsWorld, Parks, Threads};
use crate::drive::Turn;
use crate::frame::{Header, Left, promise_of};
use crate::handle::CoroutineHandle;
use crate::inside::Inside;
use crate::leaf::Kept;
use crate::private::Co;
use crate::promise::Promise;
use crate::trace;

/// A coroutine type that other coroutines can await: C++'s task.
///
/// The runtime links caller and callee, runs the callee in the caller's place, and at its end takes its result to the
/// caller. A panic of the callee goes on in the caller, at its `.await`.
///
/// ```
/// use coro::{Callee, CoroutineHandle, Detached, FireAndForget};
///
/// #[must_use]
/// struct Lazy<'a, T>(CoroutineHandle<'a, LazyPromise<T>>);
/// struct LazyPromise<T> { result: Option<T> }
///
/// #[coro::promise(world = Detached)]
/// impl<T> LazyPromise<T> {
///     fn new() -> Self { Self { result: None } }
///     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Lazy<'_, T> { Lazy(handle) }
///     fn return_value(&mut self, value: T) { self.result = Some(value) }
/// }
///
/// impl<'a, T> Callee<'a> for Lazy<'a, T> {
///     type Promise = LazyPromise<T>;
///     type Output = T;
///     fn into_handle(self) -> CoroutineHandle<'a, LazyPromise<T>> { self.0 }
///     fn result(promise: &mut LazyPromise<T>) -> T { promise.result.take().expect("it has ended") }
/// }
///
/// #[coro::coroutine]
/// fn length(text: &str) -> Lazy<'_, usize> {
///     text.len()
/// }
///
/// #[coro::coroutine(initial = suspend_never, final = suspend_never)]
/// fn print_length(text: String) -> FireAndForget {
///     println!("{}", length(&text).await);
/// }
///
/// print_length("seven".to_owned());
/// ```
pub trait Callee<'a>: Sized {
    /// Its promise.
    type Promise: Promise + 'a;
    /// The value of the `.await` expression.
    type Output;

    /// Whether the caller is suspended once before the callee runs, since it was given something that its owner has to
    /// take first, such as an item that the callee had yielded already. Only asked in the world [`ByOwner`].
    fn suspends_first(&self) -> bool {
        false
    }

    /// After that suspension: what the owner gave to the caller meanwhile can be handed on, to the innermost coroutine
    /// that waits for it. Only called in the world [`ByOwner`].
    fn suspended_first(_innermost: &mut Self::Promise, _of_caller: &mut Self::Promise) {}

    /// Gives the coroutine up to the one that awaits it.
    fn into_handle(self) -> CoroutineHandle<'a, Self::Promise>;

    /// Takes the result of a callee that has ended, other than by a panic that its promise did not handle.
    fn result(promise: &mut Self::Promise) -> Self::Output;
}

/// Whether a coroutine with promise `P` may call one with promise `C`: their worlds say so ([`CallsWorld`]). In the
/// world [`ByOwner`] their promises are of one type, for the owner talks to the innermost one. (What
/// [`TwoWay`](crate::TwoWay) delegates to is called in its own way.) This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "a coroutine whose promise is `{P}` cannot await one whose promise is `{C}`",
    label = "a coroutine of another world",
    note = "a coroutine awaits coroutines of its own world; in the world `ByOwner`, only of its own type"
)]
pub trait Calls<P: Promise, C: Promise>: continuation::World + sealed::Calls<P, C> {}

mod sealed {
    /// A user's impl would let an owner take one promise for another.
    pub trait Calls<P, C> {
        const RESUMED_BY_OWNER: bool;
    }
}

impl<T: Threads, P: Promise<World = Self>> sealed::Calls<P, P> for ByOwner<T> {
    const RESUMED_BY_OWNER: bool = true;
}
impl<T: Threads, P: Promise<World = Self>> Calls<P, P> for ByOwner<T> {}
impl<W: Parks + CallsWorld<C::World>, P: Promise<World = W>, C: Promise> sealed::Calls<P, C> for W {
    const RESUMED_BY_OWNER: bool = false;
}
impl<W: Parks + CallsWorld<C::World>, P: Promise<World = W>, C: Promise> Calls<P, C> for W {}

/// An `.await` of a callee `X`, whose promise is `C`.
///
/// `C` is a parameter of its own: rustc looks for `Send` in bodies whose lifetimes it has erased, where it cannot find
/// the promise of a `Callee<'a>`.
#[must_use = "futures do nothing unless polled"]
pub struct Call<'a, P: Promise, C: Promise, X> {
    co: <P::World as World>::Kept<P>,
    callee: Option<CoroutineHandle<'a, C>>,
    first: First,
    called: PhantomData<fn() -> X>,
}

/// Nobody points into it.
impl<P: Promise, C: Promise, X> Unpin for Call<'_, P, C, X> {}

/// Whether the caller is suspended before the callee runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Calls,
    /// In the world [`ByOwner`], where caller and callee have promises of one type.
    Suspends,
    HasSuspended,
}

impl<'a, P: Promise, X: Callee<'a>> Call<'a, P, X::Promise, X> {
    pub(crate) fn new(co: Co<P>, callee: X) -> Self
    where
        P::World: Calls<P, X::Promise>,
    {
        let suspends_first = <P::World as sealed::Calls<P, X::Promise>>::RESUMED_BY_OWNER && callee.suspends_first();
        let first = if suspends_first { First::Suspends } else { First::Calls };
        let co = <P::World as World>::Kept::keep(co);
        Self { co, callee: Some(callee.into_handle()), first, called: PhantomData }
    }
}

impl<'a, P: Promise, C: Promise, X> Call<'a, P, C, X> {
    /// Of a callee in the world [`ByOwner`] whose promise is of another type.
    ///
    /// # Safety
    /// Who looks at promises under that of the caller knows what they have in common, and looks at no more.
    pub(crate) unsafe fn mixed(co: Co<P>, callee: CoroutineHandle<'a, C>) -> Self {
        const { assert!(P::MIXED && C::MIXED) };
        let co = <P::World as World>::Kept::keep(co);
        Self { co, callee: Some(callee), first: First::Calls, called: PhantomData }
    }

    /// The callee, until it has ended.
    pub(crate) const fn callee_mut(&mut self) -> Option<&mut CoroutineHandle<'a, C>> {
        self.callee.as_mut()
    }
}

impl<'a, P: Promise, C: Promise, X: Callee<'a, Promise = C>> Future for Call<'a, P, C, X> {
    type Output = X::Output;

    // A call costs a tenth less so.
    #[expect(clippy::inline_always, reason = "in the caller's body, where it is known what the context says")]
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<X::Output> {
        // SAFETY: S1: a callee is awaited by the body that has called it (contract of `private::start`), whose
        // coroutine is not forgotten. Test: tests/ui/attacks.
        let co = unsafe { self.co.here(context) };
        let caller = co.header();
        let turn = P::World::turn(caller, context);
        // SAFETY: S4: the caller's body is on the stack, so is the turn that runs it. Test: tests/calls.rs.
        let turn = turn.map(|turn| unsafe { turn.as_ref() });
        if P::World::ALONE {
            let inside = Inside::of(context);
            inside.take_fresh();
            if self.first != First::Calls && self.first(co).is_pending() {
                inside.suspend(None);
                return Poll::Pending;
            }
        }
        let handle = self.callee.as_ref().expect("not polled again after it was ready");
        let (callee, own) = (handle.header(), handle.pointer());
        // Most are new, and suspended themselves.
        let leaf = if callee.state.is_parked() { Some(own) } else { self.leaf(co, turn) };
        // SAFETY: it has ended.
        let Some(leaf) = leaf else { return Poll::Ready(unsafe { self.finish(co) }) };
        trace::event_to(caller, "await_suspend", "calls", callee);
        callee.link.set(Some(co.pointer()));
        let Some(turn) = turn else {
            // Whoever runs the caller alone looks at its state.
            caller.state.call(own);
            return Poll::Pending;
        };
        // SAFETY: S4: the callee is suspended itself, not in another one, and linked. Test: tests/calls.rs.
        let left = if P::World::NESTS && leaf == own { unsafe { turn.nest(own) } } else { None };
        match left {
            None => turn.next.set(Some(leaf)),
            Some(Left { next, .. }) if handle.is_done() => {
                if next == Some(co.pointer()) {
                    // SAFETY: as above.
                    return Poll::Ready(unsafe { self.finish(co) });
                }
                // At its end it handed control over, and the caller waits in the turn.
                turn.next.set(next);
                return Poll::Pending;
            }
            Some(Left { next, waits }) => {
                turn.next.set(next);
                turn.leaf.set(waits);
            }
        }
        caller.state.call(own);
        Poll::Pending
    }
}

impl<'a, P: Promise, C: Promise, X: Callee<'a, Promise = C>> Call<'a, P, C, X> {
    /// The suspension before the callee runs, and what follows it.
    #[cold]
    fn first(&mut self, co: Co<P>) -> Poll<()> {
        if self.first == First::Suspends {
            self.first = First::HasSuspended;
            trace::event(co.header(), "await_suspend", "suspends");
            return Poll::Pending;
        }
        self.first = First::Calls;
        if let Some(callee) = &self.callee {
            let innermost = if C::MIXED { callee.pointer() } else { callee.leaf() };
            // SAFETY: S4: the caller's body is on the stack, and lends its promise to this hook; the callee and what it
            // has called are off it. All their promises are `C`s, see `First`. Test: tests/delegation.rs.
            let (innermost, caller) = unsafe { (promise_of::<C>(innermost), promise_of::<C>(co.pointer())) };
            // SAFETY: as above.
            unsafe { X::suspended_first(&mut *innermost.as_ptr(), &mut *caller.as_ptr()) };
        }
        Poll::Ready(())
    }

    /// Where a callee that is not suspended itself goes on; `None` if it has ended.
    ///
    /// # Panics
    /// With what it has panicked.
    #[inline(never)]
    fn leaf(&self, co: Co<P>, turn: Option<&Turn>) -> Option<NonNull<Header>> {
        let handle = self.callee.as_ref()?;
        if handle.is_done() {
            if handle.header().link.get() != Some(co.pointer()) {
                trace::ready(co.header(), true);
            } else if let Some(payload) = turn.and_then(|turn| turn.panic.take()) {
                // It was run, and this is its end.
                crate::panic::resume(payload);
            }
            return None;
        }
        // It may have been polled or visited before. Not simply what is linked: that may be a visitor, which was
        // leaked.
        Some(handle.leaf())
    }

    /// Takes the result of the callee.
    ///
    /// # Safety
    /// It has ended.
    #[inline]
    unsafe fn finish(&mut self, co: Co<P>) -> X::Output {
        let mut callee = self.callee.take().expect("it is there");
        let result = X::result(callee.promise_mut());
        trace::event(co.header(), "await_resume", "");
        // Here, where the result is dropped if this panics (rust-lang/rust#47949).
        // SAFETY: caller's contract.
        unsafe { callee.drop_ended() };
        result
    }
}
