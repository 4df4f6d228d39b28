//! What the code that `#[coro::coroutine]` generates may touch. Not public API.
//!
//! The attribute turns `fn f(a: A) -> R { … }` into
//!
//! ```text
//! fn f(a: A) -> R {
//!     use ::coro as __coro_runtime;
//!     static __CORO_ABOUT: About = About { … };               // its name, and where it can be suspended
//!     let __coroutine = { struct FFrame; impl Function for FFrame { … } begin(FFrame) };
//!     if false { return __coroutine.returns(…); }             // tells `__coroutine` the return type
//!     let __coroutine = __coroutine.typed();                  // and that its promise
//!     if false { return __coroutine.borrows(&a); }            // where rustc reports that `a` does not live long enough
//!     let __coro_promise = …;                                 // this and `final` see the parameters
//!     let __coro_final = …;
//!     let __coro_body = __coroutine.body(move |_coroutine| async move {
//!         if false { let _ = &a; return _coroutine.never(); } // captures, in the order of a `fn`'s drops; what `return` takes
//!         let mut _coroutine = _coroutine.starts_as_promised(StartsWith::wait).await;
//!         return 'coroutine_body: { … };                      // the user's tokens, suspensions rewritten
//!     });
//!     unsafe { start(__coroutine, __coro_promise, __coro_final, __coro_body) }
//! }
//! ```
//!
//! What can be wrong is asked for by paths of traits (`_coroutine.ask(AwaitTransform::await_transform, …)`,
//! and `StartsWith::wait`, `CoAwait::co_await`), not by bounds on functions of this module: rustc reports it in the words
//! of that trait, and has no bound of ours to show.
//!
//! A user can shadow what such a path begins with, by an item in the body or with `crate =`, and so exchange a function
//! that is asked. It learns nothing: who is asked about a [`Way`](probe) can do nothing with it, for our own functions
//! that take one are `unsafe`; and `_coroutine`, which can, is a name that nobody else can write.
//!
//! A value that is yielded is passed in a tuple: where rustc finds it wrong, it shows the value, and not the function that
//! takes it. What is awaited is not: it is seldom of a wrong type, and each tuple takes the compiler time.
//!
//! The names begin as they do for nobody else to have a constant of such a name, which a pattern would be taken for.

use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use crate::awaiter::Awaiter;
use crate::continuation::sealed::World as _;
use crate::continuation::{Hosts, Parks, World};
use crate::frame::{Header, Kind, promise_of};
use crate::in_place::{Lendable, Place};
use crate::leaf::Leaf;
use crate::memory::{self, FrameAllocator};
use crate::promise::{AwaitTransform, Coroutine, FinalSuspend, Handle, Promise, YieldFrom, YieldValue};
use crate::relay;
use crate::start::{ByAttribute, ByPromise, MayStart, Said, Start, sealed::Initial};
use crate::trace;

pub mod probe;

/// Where the attribute's body has one of these words, it also names this, for editors to show what is said about it.
#[cfg(feature = "macros")]
pub use coro_macros::{co_await, co_yield};

pub use crate::location::Point;

/// The points of a function, in the order of its source; first the initial suspension.
pub type Points = &'static [Point];

/// Pairs of the numbers of points.
pub type Edges = &'static [(u16, u16)];

/// What the attribute knows of a function. One value, for the compiler takes its time for each constant of an impl. The
/// points are in it, and not behind a reference: each is known by its address, which only a static has once.
pub struct About<A: ?Sized = [Point]> {
    /// The name the user wrote.
    pub name: &'static str,
    /// From which point control can reach which over no other one; the end has the number after the last point's.
    pub edges: Edges,
    /// Whether its coroutines are suspended before their body.
    pub starts: Starts,
    /// Where its coroutines can be suspended; before their body, at the first.
    pub points: A,
}

/// A generated frame type, named after its function.
pub trait Function {
    /// What is known of that.
    const ABOUT: &'static About;
}

/// How a coroutine begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Starts {
    /// It is run, to find out.
    ByRunning,
    /// With `initial = suspend_always`: it need not be run.
    AfterSuspending,
    /// As the promise's `initial_suspend` says, which is asked if [`Promise::LAZY`] does not tell.
    AsThePromiseSays,
    /// With `initial = suspend_never`.
    AtOnce,
}

/// A function `M` about to create a coroutine that it returns as an `R`.
pub struct Begin<M, R>(PhantomData<(M, fn() -> R)>);

impl<M, R> Clone for Begin<M, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, R> Copy for Begin<M, R> {}

/// Begins; the return type is inferred.
#[must_use]
pub fn begin<M: Function, R>(_frame: M) -> Begin<M, R> {
    Begin(PhantomData)
}

impl<M: Function, R> Begin<M, R> {
    /// Never called: a `return` of it fixes `R`.
    pub fn returns(self, _is_coroutine_type: fn(R) -> R) -> R {
        unreachable!("in dead code")
    }

    /// Asks whether an `R` can live where its caller puts it; see [`Lends`].
    pub fn placing<K>(self, hook: fn(PhantomData<R>) -> Placing<K>) -> Placing<K> {
        hook(PhantomData)
    }
}

// No trait's method, for the compiler would look for that in each function.
impl<'a, M: Function, R: Coroutine<'a>> Begin<M, R> {
    /// Asks the return type for its promise. Where that is no coroutine type, rustc finds [`Untyped::typed`] instead.
    #[must_use]
    pub const fn typed(self) -> Typed<'a, M, R, R::Promise> {
        Typed(PhantomData, PhantomData, PhantomData)
    }
}

impl<M, R> Deref for Begin<M, R> {
    type Target = Untyped<M, R>;

    fn deref(&self) -> &Untyped<M, R> {
        unreachable!("does not compile")
    }
}

/// A function whose return type is no coroutine type. Nothing shall be known of its promise: then rustc has nothing to
/// add to what it says where the type is asked for ([`returns`](Begin::returns)).
pub struct Untyped<M, R>(PhantomData<(M, R)>);

impl<M, R> Untyped<M, R> {
    /// Of a promise that nobody knows.
    #[must_use]
    pub fn typed<'a, P>(&self) -> Typed<'a, M, R, P> {
        unreachable!("does not compile")
    }
}

/// A function `M` about to create a coroutine whose promise is a `P`, and that it returns as an `R`.
pub struct Typed<'a, M, R, P>(PhantomData<M>, PhantomData<fn() -> (R, P)>, PhantomData<&'a ()>);

impl<M, R, P> Clone for Typed<'_, M, R, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, R, P> Copy for Typed<'_, M, R, P> {}

// The bounds are on the methods: on the impl, rustc would say of what is no promise that a method does not exist.
impl<'a, M: Function, R, P> Typed<'a, M, R, P> {
    /// What a parameter borrows outlives the coroutine. Never called: where it does not, rustc blames a `return`, and
    /// the attribute has one at each parameter.
    pub fn borrows<'b, X: 'b, O>(self, _parameter: &X) -> O
    where
        P: Borrows<'b, O>,
    {
        unreachable!("in dead code")
    }

    /// Types what the attribute's `promise =` gives.
    pub fn promise(self, promise: P) -> P {
        promise
    }

    /// Types what the attribute's `final =` gives. For the hook, see [`Co`].
    pub fn finish<F>(self, _hook: fn(F, &mut P) -> Option<crate::ContinuationOf<P>>, finish: F) -> F
    where
        P: Promise,
    {
        finish
    }

    /// Types the body.
    pub fn body<C, B>(self, body: C) -> C
    where
        P: Promise,
        C: FnOnce(Co<P>) -> B,
        B: Future<Output = P::Value>,
    {
        body
    }

    /// Types what the attribute's `allocator =` gives.
    pub fn memory<A: Allocates>(self, memory: A) -> A::Memory {
        memory.into_memory()
    }

    // A method, for of its arguments rustc blames the one that is wrong.

    /// Creates the coroutine, in memory from `memory`, which is `'static`: what waits for a coroutine that was leaked
    /// may look at its header.
    ///
    /// # Safety
    /// As for [`start`].
    pub unsafe fn start_in<F, C, B, A>(self, promise: P, finish: F, body: C, memory: A) -> R
    where
        P: Returns<'a, R> + 'a,
        <P::World as World>::Threads: Hosts<B> + Hosts<F> + Hosts<P> + Hosts<A>,
        F: FinalSuspend<P> + 'a,
        C: FnOnce(Co<P>) -> B,
        B: Future<Output = P::Value> + 'a,
        A: FrameAllocator + 'static,
    {
        // SAFETY: this function's contract and bounds. Tests: tests/allocators.rs, tests/ui/lifetimes.
        unsafe { P::start::<M, B, F, A>(memory, promise, finish, body) }
    }
}

/// Creates the coroutine, in memory from the default allocator. A function, for what generated code calls by the path
/// of a type costs the compiler more.
///
/// # Safety
/// `body` was generated by the attribute: it runs no user code, it uses its argument only in the `async` block that
/// it returns, and every future made from that argument is awaited there and then.
pub unsafe fn start<'a, M, R, P, F, C, B>(_: Typed<'a, M, R, P>, promise: P, finish: F, body: C) -> R
where
    M: Function,
    R: NeedsAlloc,
    P: Returns<'a, R> + 'a,
    <P::World as World>::Threads: Hosts<B> + Hosts<F> + Hosts<P>,
    F: FinalSuspend<P> + 'a,
    C: FnOnce(Co<P>) -> B,
    B: Future<Output = P::Value> + 'a,
{
    // SAFETY: this function's contract and bounds. Tests: tests/attacks.rs, tests/ui/lifetimes.
    unsafe { P::start::<M, B, F, _>(memory::Default, promise, finish, body) }
}

/// Promises of the coroutine type `R`. Of the promise, for that is unknown where `R` is no coroutine type, and rustc
/// says no more about it then.
pub trait Returns<'a, R>: Promise {
    /// Creates the coroutine.
    ///
    /// # Safety
    /// As for [`start`].
    unsafe fn start<M, B, F, A>(memory: A, promise: Self, finish: F, body: impl FnOnce(Co<Self>) -> B) -> R
    where
        M: Function,
        B: Future<Output = Self::Value>,
        F: FinalSuspend<Self>,
        A: FrameAllocator;
}

#[diagnostic::do_not_recommend]
impl<'a, R: Coroutine<'a, Promise = P>, P: Promise<Owner: Start<'a, R>>> Returns<'a, R> for P {
    #[inline]
    unsafe fn start<M, B, F, A>(memory: A, promise: P, finish: F, body: impl FnOnce(Co<P>) -> B) -> R
    where
        M: Function,
        B: Future<Output = P::Value>,
        F: FinalSuspend<P>,
        A: FrameAllocator,
    {
        // SAFETY: caller's contract. Test: tests/attacks.rs.
        unsafe { P::Owner::start::<M, B, F, A>(memory, promise, finish, body) }
    }
}

/// Prepares the coroutine's place.
///
/// # Safety
/// As for [`start`].
pub unsafe fn in_place<'a, M, R, P, F, C, B, K>(
    _: Typed<'a, M, R, P>,
    promise: P,
    finish: F,
    body: C,
    _: Placing<K>,
) -> R::Place<'a, M, P, F, C, B>
where
    M: Function,
    R: Lends<K>,
    P: Promise + 'a,
    <P::World as World>::Threads: Hosts<B> + Hosts<F> + Hosts<P>,
    F: FinalSuspend<P> + 'a,
    C: FnOnce(Co<P>) -> B,
    B: Future<Output = P::Value> + 'a,
{
    // SAFETY: this function's contract and bounds. Tests: tests/in_place.rs, tests/ui/lifetimes.
    unsafe { R::place(promise, finish, body) }
}

/// That a coroutine type is [`Lends<K>`].
pub struct Placing<K>(PhantomData<K>);

/// As [`Lendable`]. Of two impls, for then nothing is known of the place where none holds, and rustc does not say, in
/// terms of that, that it is no [`InPlace`](crate::InPlace).
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot live where its caller puts it",
    label = "not a coroutine type for `impl InPlace<…>`",
    note = "that takes a coroutine type of the world `ByOwner` whose return object has a lifetime, such as `Generator` or \
            `StateMachine`"
)]
pub trait Lends<K> {
    /// The place.
    type Place<'a, M, P: 'a, F: 'a, C, B: 'a>;

    /// Asks for this trait, by its path.
    #[must_use]
    fn placing(_: PhantomData<Self>) -> Placing<K> {
        Placing(PhantomData)
    }

    /// Makes the place.
    ///
    /// # Safety
    /// As for `Place::new`.
    unsafe fn place<'a, M, P: 'a, F: 'a, C, B: 'a>(promise: P, finish: F, body: C) -> Self::Place<'a, M, P, F, C, B>
    where
        C: FnOnce(Co<P>) -> B;
}

/// The `K` of what is [`Lendable`].
pub enum IsLendable {}

#[diagnostic::do_not_recommend]
impl<R: Lendable> Lends<IsLendable> for R {
    type Place<'a, M, P: 'a, F: 'a, C, B: 'a> = Place<'a, M, P, F, C, B>;

    unsafe fn place<'a, M, P: 'a, F: 'a, C, B: 'a>(promise: P, finish: F, body: C) -> Place<'a, M, P, F, C, B>
    where
        C: FnOnce(Co<P>) -> B,
    {
        // SAFETY: caller's contract. Test: tests/in_place.rs.
        unsafe { Place::new(promise, finish, body) }
    }
}

/// What nobody is.
pub enum IsNothing {}

/// Holds for nothing.
pub trait Nothing {}

#[diagnostic::do_not_recommend]
impl<R: Nothing> Lends<IsNothing> for R {
    type Place<'a, M, P: 'a, F: 'a, C, B: 'a> = IsNothing;

    unsafe fn place<'a, M, P: 'a, F: 'a, C, B: 'a>(_: P, _: F, _: C) -> IsNothing
    where
        C: FnOnce(Co<P>) -> B,
    {
        unreachable!("there is no such type")
    }
}

/// As [`FrameAllocator`]. An own trait, for then rustc lists no allocators of other crates; and where it does not hold,
/// nothing is known of `Memory`, and rustc says no more about it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not allocate frames",
    label = "not an `allocator` for a coroutine",
    note = "write `coro::Global`, an allocator of the crate `allocator-api2` with the feature of that name, or implement \
            `coro::FrameAllocator`"
)]
pub trait Allocates {
    /// The allocator.
    type Memory: FrameAllocator;

    /// Gives it.
    fn into_memory(self) -> Self::Memory;
}

#[diagnostic::do_not_recommend]
impl<A: FrameAllocator> Allocates for A {
    type Memory = A;

    fn into_memory(self) -> A {
        self
    }
}

/// Holds for every coroutine type if the feature `alloc` is on.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` is allocated, which needs the feature `alloc` of `coro-core`",
    label = "without `alloc` there is no memory for it",
    note = "turn the feature on, say `allocator = …`, or return `impl coro::InPlace<{Self}>`"
)]
pub trait NeedsAlloc {}

#[cfg(feature = "alloc")]
impl<R> NeedsAlloc for R {}

/// Promises of the coroutine type `R`, whose coroutines may borrow for `'a`. Of the promise, for that is unknown where
/// `R` is no coroutine type, and rustc says no more about it then.
pub trait Borrows<'a, R> {}

#[diagnostic::do_not_recommend]
impl<'a, R: Coroutine<'a, Promise = P>, P: Promise + 'a> Borrows<'a, R> for P {}

#[diagnostic::do_not_recommend]
impl<'a, M, P: Promise + 'a, F, C, B> Borrows<'a, Place<'a, M, P, F, C, B>> for P {}

/// The promise's own `final_suspend`, asked at the end.
pub struct FromPromise;

impl<P: Promise> FinalSuspend<P> for FromPromise {
    fn final_suspend(self, promise: &mut P) -> Option<crate::ContinuationOf<P>> {
        promise.final_suspend().final_suspend(promise)
    }
}

/// The coroutine, as its own body sees it: a pointer to the frame that the body is in.
pub struct Co<P> {
    frame: NonNull<Header>,
    promise: PhantomData<*mut P>,
}

impl<P> Clone for Co<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Co<P> {}

// SAFETY: S1: it is part of the body, which changes threads only together with the frame it points to, and that needs
// a promise that is `Send`. Test: tests/threads.rs.
unsafe impl<P: Send> Send for Co<P> {}

impl<P> Co<P> {
    pub(crate) const fn new(frame: NonNull<Header>) -> Self {
        Self { frame, promise: PhantomData }
    }

    pub(crate) const fn pointer(self) -> NonNull<Header> {
        self.frame
    }

    pub(crate) const fn header<'f>(self) -> &'f Header {
        // SAFETY: S1: the body that holds this is in the frame, so the frame is alive (contract of `start`).
        // Test: tests/attacks.rs.
        unsafe { self.frame.as_ref() }
    }

    /// Asks a leaf awaiter whether it is ready.
    #[inline]
    pub(crate) fn is_ready<A: Awaiter<P>>(self, awaiter: &mut A) -> bool
    where
        P: Promise,
    {
        let is_ready = self.with_promise(|promise| awaiter.await_ready(promise));
        trace::ready(self.header(), is_ready);
        is_ready
    }

    /// Lends the promise to a hook.
    #[inline]
    pub(crate) fn with_promise<T>(self, hook: impl FnOnce(&mut P) -> T) -> T {
        // SAFETY: S4: the body is on the stack, calls one hook at a time, and no hook can reach this coroutine's
        // promise but through its argument. Test: tests/attacks.rs.
        hook(unsafe { promise_of(self.frame).as_mut() })
    }

    /// Suspends the coroutine, and goes back to its visitor, or to who polls it; if it yields in the place of others,
    /// to the outermost one's, with the item. One that a caller awaits by a call is run on by that; where there is
    /// nobody to go back to, it goes on at once.
    pub(crate) fn to_visitor(self, has_suspended: bool) -> Poll<()>
    where
        P: Promise<World: Parks>,
    {
        if has_suspended {
            return Poll::Ready(());
        }
        // SAFETY: S2: those above wait for this coroutine, and whoever is linked to the outermost one for that. Tests:
        // tests/async_generator.rs, tests/async_delegation.rs.
        let (relay, link, is_linked) = unsafe {
            let relay = relay::above(self.frame).map(|relay| relay.as_ref());
            let link = relay.map_or(&self.header().link, |relay| &relay.top().as_ref().link);
            (relay, link, link.get().map(|visitor| visitor.as_ref().vtable.kind == Kind::Coroutine))
        };
        if !is_linked.unwrap_or(P::World::POLLED) {
            trace::event(self.header(), "await_suspend", "goes on");
            return Poll::Ready(());
        }
        if let Some(relay) = relay {
            // SAFETY: S4: this one runs, and is at the end of its line. Test: tests/async_delegation.rs.
            unsafe { relay.hand_up() };
        }
        match link.get() {
            // SAFETY: as above.
            Some(visitor) => trace::event_to(self.header(), "await_suspend", "transfers", unsafe { visitor.as_ref() }),
            None => trace::event(self.header(), "await_suspend", "suspends"),
        }
        // SAFETY: S4: the turn that runs this body is on the stack below it. Test: tests/async_generator.rs.
        unsafe { self.header().state.turn().as_ref() }.next.set(link.take());
        self.header().state.suspend();
        Poll::Pending
    }

    /// Whether the body was entered where it had been suspended by itself, and runs since then: what awaiters that keep
    /// no note of their own can ask, once. Not in the world [`Detached`](crate::Detached).
    #[inline]
    pub(crate) fn is_fresh(self) -> bool {
        // SAFETY: S4: the turn that runs this body, if it has one, is on the stack below it. One that its owner runs
        // alone has none, and had been suspended. Test: tests/hook_order.rs.
        self.header().state.turn_if_any().is_none_or(|turn| unsafe { turn.as_ref() }.fresh.get())
    }

    /// As [`is_fresh`](Self::is_fresh), and not any more.
    #[inline]
    pub(crate) fn take_fresh(self) -> bool {
        // SAFETY: as above.
        self.header().state.turn_if_any().is_none_or(|turn| unsafe { turn.as_ref() }.fresh.take())
    }

    #[inline]
    fn suspends_at(self, point: &'static Point) {
        self.header().at.set(Some(point));
    }
}

// The bounds are on the methods, for the same reason as at `Typed`; and for the same reason, what is returned has type
// parameters of its own, and is not called `P::Value`.
impl<P> Co<P> {
    /// Never called: a `return` of it, or a `break` with it, fixes the body's type.
    pub fn never<V>(self) -> V
    where
        P: Promise<Value = V>,
    {
        unreachable!("in dead code")
    }

    // The hooks are passed by their paths (`AwaitTransform::await_transform`), and not called by a bound on the
    // promise: where the promise has not the hook, rustc says so at that path, and has no bound of ours to show.

    /// Asks the hook `await_transform` about an operand.
    #[inline]
    pub fn ask<E, A>(self, hook: fn(&mut P, E) -> A, operand: E) -> A {
        let answer = self.with_promise(|promise| hook(promise, operand));
        trace::event(self.header(), "await_transform", "");
        answer
    }

    /// Asks the hook `yield_from` about an operand.
    #[inline]
    pub fn delegate<G, A>(self, hook: fn(&mut P, G) -> A, (other,): (G,)) -> A {
        let answer = self.with_promise(|promise| hook(promise, other));
        trace::event(self.header(), "yield_from", "");
        answer
    }

    /// Yields a value to the hook `yield_value`.
    #[inline]
    pub fn give<T, A>(self, hook: fn(&mut P, T) -> A, (value,): (T,), point: &'static Point) -> Given<P, A>
    where
        P: Promise,
        A: Awaiter<P>,
    {
        self.suspends_at(point);
        let awaiter = self.with_promise(|promise| hook(promise, value));
        trace::event(self.header(), "yield_value", "");
        Given(Leaf::new(self, awaiter))
    }

    // For `co_await!` and `co_yield!` in the input of another macro, where a path would be reported at the attribute,
    // and an argument is reported at the user's token. The result has a type parameter of its own: with `P::Awaitable`
    // as its type, rustc would not find the method where the promise has not the hook, instead of reporting that.

    /// Exchanges what is awaited, by the promise's `await_transform`.
    pub fn await_transform<E, A>(self, awaited: E) -> A
    where
        P: AwaitTransform<E, Awaitable = A>,
    {
        self.ask(P::await_transform, awaited)
    }

    /// Asks what delegating to `other` means, by the promise's `yield_from`.
    pub fn yield_from<G, A>(self, other: (G,)) -> A
    where
        P: YieldFrom<G, Awaitable = A>,
    {
        self.delegate(P::yield_from, other)
    }

    /// Yields a value.
    #[inline]
    pub fn yield_value<T, A>(self, value: (T,), point: &'static Point) -> Given<P, A>
    where
        P: YieldValue<T, Awaiter = A>,
        A: Awaiter<P>,
    {
        self.give(P::yield_value, value, point)
    }

    /// Awaits `operand` in a way that the trait of this hook, [`CoAwait`](probe::CoAwait), has for it. The kind is the
    /// answer of the [`probe`], if it is one of ours: a user's trait with a method of the same name could give another,
    /// whose `co_await` would get hold of this `Co`. Test: tests/ui/attacks.
    #[inline]
    pub fn awaits<E, K: probe::Kind, A>(
        self,
        hook: unsafe fn(probe::Way<P, K>, E, &'static Point) -> A,
        _kind: K,
        operand: E,
        point: &'static Point,
    ) -> A {
        // SAFETY: S1: generated code awaits what this gives there and then. Test: tests/ui/hygiene.
        unsafe { hook(probe::Way { co: self, kind: PhantomData }, operand, point) }
    }

    /// Awaits the initial suspension as the trait of this hook, [`StartsWith`], does.
    #[inline]
    pub fn starts<I, A>(self, hook: unsafe fn(probe::Way<P, ByAttribute>, I) -> A, initial: I) -> A {
        // SAFETY: S1: as above.
        unsafe { hook(probe::Way { co: self, kind: PhantomData }, initial) }
    }

    /// The same, of the promise's own `initial_suspend`.
    #[inline]
    pub fn starts_as_promised<I, A>(self, hook: unsafe fn(probe::Way<P, ByPromise>, I) -> A) -> A
    where
        P: Promise<Initial = I>,
    {
        let initial = self.with_promise(P::initial_suspend);
        trace::initial_suspend(self.header(), || {
            // A detached one is resumed here by its caller alone.
            if P::World::FRESH { self.is_fresh() } else { self.header().link.get().is_some() }
        });
        // SAFETY: S1: as above.
        unsafe { hook(probe::Way { co: self, kind: PhantomData }, initial) }
    }

    /// Asks how `operand` is awaited; see [`probe`].
    pub const fn probe<X>(self, _operand: &X) -> probe::Probe<P, X> {
        probe::Probe::new()
    }
}

/// An `.await` of what a `co_yield!` gave. With the value it gives the coroutine, as the context of the poll knows it:
/// where that is a variable, the optimizer sees that the frame is the same as before.
#[must_use = "futures do nothing unless polled"]
pub struct Given<P: Promise, A>(Leaf<P, A>);

impl<P: Promise, A: Awaiter<P>> Future for Given<P, A> {
    type Output = (A::Output, Co<P>);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_here(context)
    }
}

/// Promises whose coroutines may start with `A`.
#[diagnostic::on_unimplemented(
    message = "a coroutine whose promise is `{Self}` cannot start with `{A}`",
    label = "not an `initial` for this coroutine type",
    note = "a detached coroutine whose return object keeps no handle starts with `initial = suspend_never`, or with an \
            awaiter that keeps the continuation; one that is awaited starts with `suspend_always`; any other with \
            any awaiter"
)]
pub trait StartsWith<A, S>: Promise {
    /// What the body awaits. Not `impl Future`: of such a type the compiler has more to find out, in each function.
    type Wait: Future<Output = Co<Self>>;

    /// Waits for the initial suspension, and gives the coroutine.
    ///
    /// # Safety
    /// `way` is of the coroutine that awaits what this gives, there and then.
    unsafe fn wait(way: probe::Way<Self, S>, initial: A) -> Self::Wait;
}

#[diagnostic::do_not_recommend]
impl<P: Promise, A, S: Said, W: Future<Output = Co<P>>> StartsWith<A, S> for P
where
    (P::World, P::Owner): MayStart<P, A> + Initial<P, A, S, Wait = W>,
{
    type Wait = W;

    unsafe fn wait(way: probe::Way<P, S>, initial: A) -> W {
        <(P::World, P::Owner) as Initial<P, A, S>>::wait(way.co, initial)
    }
}

/// For the same reason as there is [`NeverAwaited`]: this `initial` is nobody's.
#[diagnostic::do_not_recommend]
impl<W: Parks, P: Promise<World = W>, S: Said> Initial<P, NeverAwaited, S> for (W, Handle) {
    type Wait = core::future::Ready<Co<P>>;

    fn wait(_: Co<P>, never: NeverAwaited) -> Self::Wait {
        match never {}
    }
}

#[diagnostic::do_not_recommend]
impl<W: Parks, P: Promise<World = W>> MayStart<P, NeverAwaited> for (W, Handle) {}

/// Awaited by nobody. With a single `await_transform`, rustc would take its argument's type for what every `.await`
/// means, and report another operand as a type mismatch; with another impl, for this type, it reports what cannot be
/// awaited.
pub enum NeverAwaited {}

/// As [`NeverAwaited`], for promises that have no `await_transform`, and accept nothing.
pub enum NeverAwaitedEither {}

/// Promises that accept only what their own `await_transform`s take, or nothing.
pub trait AwaitsListed: Promise {}

#[diagnostic::do_not_recommend]
impl<P: AwaitsListed> AwaitTransform<NeverAwaited> for P {
    type Awaitable = NeverAwaited;

    fn await_transform(&mut self, awaited: NeverAwaited) -> NeverAwaited {
        awaited
    }
}

#[diagnostic::do_not_recommend]
impl<P: AwaitsListed> AwaitTransform<NeverAwaitedEither> for P {
    type Awaitable = NeverAwaitedEither;

    fn await_transform(&mut self, awaited: NeverAwaitedEither) -> NeverAwaitedEither {
        awaited
    }
}
