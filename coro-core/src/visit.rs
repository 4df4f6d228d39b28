//! Coroutines that another one runs up to their next `co_yield!`: a generator that awaits, asked for an item.
//!
//! They are linked as a callee is, so that resuming goes straight to the leaf; but they belong to somebody else, who
//! lends them for one visit. If the visitor is dropped meanwhile, in the polled world, they stay as they are, and go on
//! when they are visited or polled again. In the detached world they are part of the chain that the continuation owns,
//! and are destroyed with it.
//!
//! A visitor that is leaked stays linked. Its memory is never freed, so whoever looks at the link can see that it waits
//! for this coroutine, and is no leaf under it ([`CoroutineHandle::leaf`]).

use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::awaiter::Awaiter;
use crate::call::Calls;
use crate::continuation::sealed::World as _;
use crate::continuation::{ContinuationOf, Parks};
use crate::drive::Turn;
use crate::frame::Left;
use crate::handle::{CoroutineHandle, innermost};
use crate::private::Co;
use crate::promise::Promise;
use crate::trace;

/// What is awaited to run a coroutine up to its next `co_yield!`, or to its end. The coroutine is lent for `'h`; it
/// yields with [`ToVisitor`].
///
/// ```
/// use coro::{CoroutineHandle, Polled, Promise, Task, ToVisitor, Visit};
///
/// /// A coroutine that says how far it is, and may await futures in between.
/// struct Progress<'a>(CoroutineHandle<'a, ProgressPromise>);
/// struct ProgressPromise { percent: u32 }
///
/// #[coro::promise(world = Polled, send)]
/// impl ProgressPromise {
///     fn new() -> Self { Self { percent: 0 } }
///     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Progress<'_> { Progress(handle) }
///     fn yield_value(&mut self, percent: u32) -> ToVisitor { self.percent = percent; ToVisitor }
///     fn return_void(&mut self) { self.percent = 100 }
/// }
///
/// impl<'h, 'a> Visit<'h, 'a> for &'h mut Progress<'a> {
///     type Promise = ProgressPromise;
///     type Output = u32;
///     fn into_handle(self) -> &'h mut CoroutineHandle<'a, ProgressPromise> { &mut self.0 }
///     fn output(promise: &mut ProgressPromise) -> u32 { promise.percent }
/// }
///
/// #[coro::coroutine]
/// fn download(parts: u32) -> Progress<'static> {
///     for part in 0..parts {
///         co_yield!(100 * part / parts);
///         std::future::ready(()).await;
///     }
/// }
///
/// #[coro::coroutine]
/// fn show() -> Task<'static, Vec<u32>> {
///     let mut download = download(4);
///     let mut shown = vec![];
///     while shown.last() != Some(&100) {
///         shown.push((&mut download).await);
///     }
///     shown
/// }
///
/// assert_eq!(futures::executor::block_on(show()), [0, 25, 50, 75, 100]);
/// ```
pub trait Visit<'h, 'a: 'h>: Sized {
    /// Its promise.
    type Promise: Promise + 'a;
    /// The value of the `.await` expression.
    type Output;

    /// Lends the coroutine to the one that awaits it.
    fn into_handle(self) -> &'h mut CoroutineHandle<'a, Self::Promise>;

    /// Takes what the coroutine has yielded, or looks what there is after its end. Of one that had ended before, too.
    fn output(promise: &mut Self::Promise) -> Self::Output;
}

/// Suspends a coroutine, and goes back to the one that [visits](Visit) it, or to whoever polls it. What `yield_value`
/// returns in a coroutine type whose items are awaited. Where nobody visits or polls, the coroutine goes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct ToVisitor;

#[diagnostic::do_not_recommend]
impl<P: Promise<World: Parks>> Awaiter<P> for ToVisitor {
    type Output = ();

    const TO_VISITOR: bool = true;

    fn await_suspend(&mut self, _: &mut P, own: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        Some(own)
    }

    fn await_resume(&mut self, _: &mut P) {}
}

/// An `.await` of an `X`, which lends a coroutine whose promise is `C`. That is a parameter of its own for the reason
/// that [`Call`](crate::call::Call) has.
#[must_use = "futures do nothing unless polled"]
pub struct Visiting<'h, 'a, P, C: Promise, X> {
    co: Co<P>,
    visited: &'h mut CoroutineHandle<'a, C>,
    begun: bool,
    by: PhantomData<fn() -> X>,
}

impl<'h, 'a, P: Promise, X: Visit<'h, 'a>> Visiting<'h, 'a, P, X::Promise, X> {
    pub(crate) fn new(co: Co<P>, visit: X) -> Self
    where
        P::World: Calls<P, X::Promise> + Parks,
    {
        Self { co, visited: visit.into_handle(), begun: false, by: PhantomData }
    }
}

impl<'h, 'a, P: Promise, C: Promise, X: Visit<'h, 'a, Promise = C>> Future for Visiting<'h, 'a, P, C, X> {
    type Output = X::Output;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<X::Output> {
        let visitor = self.co.header();
        // SAFETY: S4: as for a call. Test: tests/async_generator.rs.
        let turn = unsafe { visitor.state.turn().as_ref() };
        if self.begun {
            // It has yielded, ended, or panicked.
            self.unlink();
            if let Some(payload) = turn.panic.take() {
                crate::panic::resume(payload);
            }
        } else if !self.visited.is_done() {
            self.begun = true;
            if !self.begin(turn) {
                return Poll::Pending;
            }
            self.unlink();
        }
        let output = X::output(self.visited.promise_mut());
        trace::event(self.co.header(), "await_resume", "");
        Poll::Ready(output)
    }
}

impl<P: Promise, C: Promise, X> Visiting<'_, '_, P, C, X> {
    /// Links the coroutine, and runs it if that can be done right here; says whether it has come back already.
    fn begin(&self, turn: &Turn) -> bool {
        let (visited, visitor) = (self.visited.pointer(), self.co.pointer());
        let leaf = self.visited.leaf();
        trace::event_to(self.co.header(), "await_suspend", "visits", self.visited.header());
        self.visited.header().link.set(Some(visitor));
        // SAFETY: S4: the coroutine is suspended itself, not in a callee, and linked. Test: tests/async_generator.rs.
        let left = if P::World::NESTS && leaf == visited { unsafe { turn.nest(visited) } } else { None };
        match left {
            None => turn.next.set(Some(leaf)),
            Some(Left { next, .. }) if next == Some(visitor) => return true,
            Some(Left { next, waits }) => {
                turn.next.set(next);
                turn.leaf.set(waits);
            }
        }
        // At its end it may have handed control over: then the visitor waits in the turn.
        if !self.visited.is_done() {
            self.co.header().state.visit(visited);
        }
        false
    }
}

impl<P, C: Promise, X> Visiting<'_, '_, P, C, X> {
    /// The coroutine is nobody's but its owner's again.
    fn unlink(&self) {
        let link = &self.visited.header().link;
        if link.get() == Some(self.co.pointer()) {
            let visited = self.visited.pointer();
            // SAFETY: S2: it is lent to this visit, and off the stack. Test: tests/async_generator.rs.
            let leaf = unsafe { innermost(visited) };
            link.set((leaf != visited).then_some(leaf));
        }
    }
}

impl<P, C: Promise, X> Drop for Visiting<'_, '_, P, C, X> {
    fn drop(&mut self) {
        self.unlink();
    }
}
