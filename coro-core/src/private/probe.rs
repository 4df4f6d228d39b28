//! How an operand is awaited, chosen by method probing: `(&&&&&co.probe(&operand)).__coro_kind()` finds the first of
//! these traits that fits, each of which takes one reference less. A coroutine is called even if it is an awaiter or a
//! future too.

use core::future::IntoFuture;
use core::marker::PhantomData;

use super::{Co, Point};
use crate::awaiter::{Awaitable, Awaiter};
use crate::call::{Call, Callee, Calls};
use crate::continuation::{Parks, Polled, Threads};
use crate::leaf::Leaf;
use crate::promise::Promise;
use crate::visit::{Visit, Visiting};

/// An operand `X` in a coroutine whose promise is `P`.
pub struct Probe<P, X>(PhantomData<(*mut P, *mut X)>);

impl<P, X> Probe<P, X> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

/// How an operand is awaited. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "a trait in scope has a method `__coro_kind`, which is for the runtime to use",
    label = "awaited with the method of that trait"
)]
pub trait Kind: sealed::Kind {}

mod sealed {
    pub trait Kind {}
}

impl sealed::Kind for CallKind {}
impl sealed::Kind for VisitKind {}
impl sealed::Kind for AwaiterKind {}
impl sealed::Kind for FutureKind {}
impl sealed::Kind for AwaitableKind {}
impl<K: sealed::Kind> Kind for K {}

/// A coroutine.
pub struct CallKind;

/// See the module's documentation.
pub trait ViaCall {
    /// Calls it.
    fn __coro_kind(&self) -> CallKind {
        CallKind
    }
}

impl<'a, P, X: Callee<'a>> ViaCall for &&&&Probe<P, X> {}

impl CallKind {
    /// Awaits `callee`.
    pub fn wait<'a, P, X>(self, co: Co<P>, callee: X, point: &'static Point) -> Call<'a, P, X::Promise, X>
    where
        P: Promise,
        X: Callee<'a>,
        P::World: Calls<P, X::Promise>,
    {
        co.suspends_at(point);
        Call::new(co, callee)
    }
}

/// A coroutine that is lent.
pub struct VisitKind;

/// See the module's documentation.
pub trait ViaVisit {
    /// Visits it.
    fn __coro_kind(&self) -> VisitKind {
        VisitKind
    }
}

impl<'h, 'a: 'h, P, X: Visit<'h, 'a>> ViaVisit for &&&Probe<P, X> {}

impl VisitKind {
    /// Awaits `visit`.
    pub fn wait<'h, 'a, P, X>(self, co: Co<P>, visit: X, point: &'static Point) -> Visiting<'h, 'a, P, X::Promise, X>
    where
        P: Promise,
        X: Visit<'h, 'a>,
        P::World: Calls<P, X::Promise> + Parks,
    {
        co.suspends_at(point);
        Visiting::new(co, visit)
    }
}

/// An awaiter.
pub struct AwaiterKind;

/// See the module's documentation.
pub trait ViaAwaiter {
    /// Runs the awaiter protocol.
    fn __coro_kind(&self) -> AwaiterKind {
        AwaiterKind
    }
}

impl<P: Promise, X: Awaiter<P>> ViaAwaiter for &&Probe<P, X> {}

impl AwaiterKind {
    /// Awaits `awaiter`.
    pub fn wait<P: Promise, X: Awaiter<P>>(self, co: Co<P>, awaiter: X, point: &'static Point) -> Leaf<P, X> {
        co.suspends_at(point);
        Leaf::new(co, awaiter)
    }
}

/// A future, in the world that polls.
pub struct FutureKind;

/// See the module's documentation.
pub trait ViaFuture {
    /// Polls it.
    fn __coro_kind(&self) -> FutureKind {
        FutureKind
    }
}

impl<T: Threads, P: Promise<World = Polled<T>>, X: IntoFuture> ViaFuture for &Probe<P, X> {}

impl FutureKind {
    /// Awaits `future` as an `async fn` would.
    pub fn wait<P: Promise, X: IntoFuture>(self, co: Co<P>, future: X, point: &'static Point) -> X::IntoFuture {
        co.suspends_at(point);
        future.into_future()
    }
}

/// Anything else: it makes an awaiter, or is an error.
pub struct AwaitableKind;

/// See the module's documentation.
pub trait ViaAwaitable {
    /// Asks for the awaiter.
    fn __coro_kind(&self) -> AwaitableKind {
        AwaitableKind
    }
}

impl<P, X> ViaAwaitable for Probe<P, X> {}

impl AwaitableKind {
    /// Awaits what `awaitable` makes.
    pub fn wait<P, X>(self, co: Co<P>, awaitable: X, point: &'static Point) -> Leaf<P, X::Awaiter>
    where
        P: Promise,
        X: Awaitable<P>,
    {
        co.suspends_at(point);
        Leaf::new(co, awaitable.into_awaiter())
    }
}
