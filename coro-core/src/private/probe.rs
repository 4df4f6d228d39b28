//! How an operand is awaited, chosen by method probing: `(&&&&&co.probe(&operand)).__coro_kind()` finds the first of
//! the impls of [`Via`] that fits, each of which takes one reference less. A coroutine is called even if it is an
//! awaiter or a future too.
//!
//! Then [`CoAwait`] awaits it. That is a trait, called by its path, and its impls are not recommended: so what cannot
//! be awaited is reported in the words of this trait, whatever is missing.

use core::future::{Future, IntoFuture};
use core::marker::PhantomData;

use super::{Co, Point};
use crate::awaiter::{Awaitable, Awaiter};
use crate::call::{Call, Callee, Calls};
#[cfg(feature = "alloc")]
use crate::continuation::Parks;
use crate::continuation::{Polled, Threads};
use crate::leaf::Leaf;
use crate::promise::Promise;
#[cfg(feature = "alloc")]
use crate::relay::{ItemSlot, Relayed, Relaying};
use crate::trace;
use crate::types::{Deputizing, Deputy, TwoWayPromise};
#[cfg(feature = "alloc")]
use crate::visit::{Visit, Visiting};

/// An operand `X` in a coroutine whose promise is `P`.
pub struct Probe<P, X>(PhantomData<(*mut P, *mut X)>);

impl<P, X> Probe<P, X> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

/// Gives the kind of an operand: see the module's documentation. One trait with an impl for each kind, for the compiler
/// asks each trait that has the method, for each reference, about each `.await`.
pub trait Via<K> {
    /// Gives it.
    fn __coro_kind(&self) -> K;
}

/// How an operand is awaited. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "a trait in scope has a method `__coro_kind`, which is for the runtime to use",
    label = "awaited with the method of that trait"
)]
pub trait Kind: sealed::Kind {}

mod sealed {
    use super::{Co, PhantomData};

    pub trait Kind {}

    /// The coroutine, and the kind of an operand. Nobody can name it, so nobody can write an impl of `CoAwait`, which
    /// would get hold of a `Co`. Whoever gets hold of a way, by shadowing a name of ours, can do nothing with it, for
    /// what takes one is `unsafe`. Test: tests/ui/hygiene.
    pub struct Way<P, K> {
        pub(in crate::private) co: Co<P>,
        pub(in crate::private) kind: PhantomData<K>,
    }
}

pub(super) use sealed::Way;

impl sealed::Kind for CallKind<'_> {}
impl sealed::Kind for VisitKind<'_, '_> {}
impl sealed::Kind for AwaiterKind {}
impl sealed::Kind for FutureKind {}
impl sealed::Kind for AwaitableKind {}
impl<K: sealed::Kind> Kind for K {}

/// What can be awaited in a coroutine whose promise is `P`, in the way that the kind `K` says. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be awaited in a coroutine whose promise is `{P}`",
    label = "cannot be awaited here",
    note = "what can be awaited: an `Awaiter<{P}>`, an `Awaitable<{P}>`, or a coroutine of the same world; futures only in \
            the world `Polled`, such as in a `coro::Task<'_, T>`",
    note = "a coroutine that is `Send`, such as a `Task<'_, T>`, awaits none that is not, such as a `Task<'_, T, Polled>`: \
            write `Polled` in both types, or in neither",
    note = "a function is called first, a coroutine is awaited by value, and several are awaited together by `coro::when_all`"
)]
pub trait CoAwait<P, K>: Sized {
    /// What the body awaits.
    type Wait: Future;

    /// Awaits it.
    ///
    /// # Safety
    /// `way` is of the coroutine that awaits what this gives, there and then.
    unsafe fn co_await(way: Way<P, K>, awaited: Self, point: &'static Point) -> Self::Wait;
}

/// A coroutine.
pub struct CallKind<'a>(PhantomData<&'a ()>);

impl<'a, P, X: Callee<'a>> Via<CallKind<'a>> for &&&&Probe<P, X> {
    fn __coro_kind(&self) -> CallKind<'a> {
        CallKind(PhantomData)
    }
}

impl<'a, P, X> CoAwait<P, CallKind<'a>> for X
where
    P: Promise<World: Calls<P, X::Promise>>,
    X: Callee<'a>,
{
    type Wait = Call<'a, P, X::Promise, X>;

    unsafe fn co_await(way: Way<P, CallKind<'a>>, callee: X, point: &'static Point) -> Self::Wait {
        way.co.suspends_at(point);
        Call::new(way.co, callee)
    }
}

#[cfg(feature = "alloc")]
impl<'a, P, X: Callee<'a>> Via<CallKind<'a>> for &&&&Probe<P, Relayed<X>> {
    fn __coro_kind(&self) -> CallKind<'a> {
        CallKind(PhantomData)
    }
}

/// A callee that yields in its caller's place.
#[cfg(feature = "alloc")]
#[diagnostic::do_not_recommend]
impl<'a, P, X> CoAwait<P, CallKind<'a>> for Relayed<X>
where
    P: ItemSlot<World: Calls<P, X::Promise> + Parks>,
    X: Callee<'a, Promise: ItemSlot<Item = P::Item>>,
{
    type Wait = Relaying<'a, P, X::Promise, X>;

    unsafe fn co_await(way: Way<P, CallKind<'a>>, Self(callee): Self, point: &'static Point) -> Self::Wait {
        way.co.suspends_at(point);
        Relaying::new(way.co, callee)
    }
}

/// A coroutine that is lent.
pub struct VisitKind<'h, 'a>(PhantomData<(&'h (), &'a ())>);

#[cfg(feature = "alloc")]
impl<'h, 'a: 'h, P, X: Visit<'h, 'a>> Via<VisitKind<'h, 'a>> for &&&Probe<P, X> {
    fn __coro_kind(&self) -> VisitKind<'h, 'a> {
        VisitKind(PhantomData)
    }
}

#[cfg(feature = "alloc")]
#[diagnostic::do_not_recommend]
impl<'h, 'a: 'h, P, X> CoAwait<P, VisitKind<'h, 'a>> for X
where
    P: Promise<World: Calls<P, X::Promise> + Parks>,
    X: Visit<'h, 'a>,
{
    type Wait = Visiting<'h, 'a, P, X::Promise, X>;

    unsafe fn co_await(way: Way<P, VisitKind<'h, 'a>>, visit: X, point: &'static Point) -> Self::Wait {
        way.co.suspends_at(point);
        Visiting::new(way.co, visit)
    }
}

/// An awaiter.
pub struct AwaiterKind;

impl<P: Promise, X: Awaiter<P>> Via<AwaiterKind> for &&Probe<P, X> {
    fn __coro_kind(&self) -> AwaiterKind {
        AwaiterKind
    }
}

#[diagnostic::do_not_recommend]
impl<P: Promise, X: Awaiter<P>> CoAwait<P, AwaiterKind> for X {
    type Wait = Leaf<P, X>;

    unsafe fn co_await(way: Way<P, AwaiterKind>, awaiter: X, point: &'static Point) -> Self::Wait {
        way.co.suspends_at(point);
        Leaf::new(way.co, awaiter)
    }
}

/// A future, in the world that polls.
pub struct FutureKind;

impl<T: Threads, P: Promise<World = Polled<T>>, X: IntoFuture> Via<FutureKind> for &Probe<P, X> {
    fn __coro_kind(&self) -> FutureKind {
        FutureKind
    }
}

/// As an `async fn` would.
#[diagnostic::do_not_recommend]
impl<P: Promise, X: IntoFuture> CoAwait<P, FutureKind> for X {
    type Wait = X::IntoFuture;

    unsafe fn co_await(way: Way<P, FutureKind>, future: X, point: &'static Point) -> Self::Wait {
        way.co.suspends_at(point);
        trace::event(way.co.header(), "await_suspend", "polls a future");
        future.into_future()
    }
}

/// Anything else: it makes an awaiter, or is an error.
pub struct AwaitableKind;

impl<P, X> Via<AwaitableKind> for Probe<P, X> {
    fn __coro_kind(&self) -> AwaitableKind {
        AwaitableKind
    }
}

#[diagnostic::do_not_recommend]
impl<P: Promise, X: Awaitable<P>> CoAwait<P, AwaitableKind> for X {
    type Wait = Leaf<P, X::Awaiter>;

    unsafe fn co_await(way: Way<P, AwaitableKind>, awaitable: X, point: &'static Point) -> Self::Wait {
        way.co.suspends_at(point);
        Leaf::new(way.co, awaitable.into_awaiter())
    }
}

/// A callee that answers in its caller's place. Of this kind, for there is nothing more to find out about other operands
/// then.
#[diagnostic::do_not_recommend]
impl<'a, In, Out, R, Q, S> CoAwait<TwoWayPromise<In, Out, R, S>, AwaitableKind> for Deputy<'a, In, Out, Q, S>
where
    In: 'a,
    Out: 'a,
    Q: 'a,
    S: Threads,
{
    type Wait = Deputizing<'a, In, Out, R, Q, S>;

    unsafe fn co_await(
        way: Way<TwoWayPromise<In, Out, R, S>, AwaitableKind>,
        deputy: Self,
        point: &'static Point,
    ) -> Self::Wait {
        way.co.suspends_at(point);
        Deputizing::new(way.co, deputy)
    }
}
