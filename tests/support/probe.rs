//! Coroutine types whose every hook is an event.

use std::marker::PhantomData;

use coro::{
    AwaitTransform, Awaitable, Awaiter, ByOwner, Callee, Continuation, ContinuationOf, Coroutine, CoroutineHandle,
    Detached, FinalSuspend, Handle, Handled, NewPromise, Nobody, Owner, Panic, PanicPolicy, Promise, SuspendAlways,
    UnhandledException, World, YieldFrom, YieldValue,
};

use super::{Live, event, park};

/// A promise whose every hook is an event: of the world `W`, owned by `O`, with the panic policy `X` and the initial
/// awaiter `I`.
pub struct Probe<W, O, X, I> {
    live: Live,
    whose: &'static str,
    pub value: Option<Live>,
    pub item: Option<u32>,
    world_owner: PhantomData<(W, O)>,
    policy_initial: PhantomData<(X, I)>,
}

impl<W, O, X, I> Probe<W, O, X, I> {
    /// For `promise =`. The events of a `callee's promise` are the callee's.
    pub fn named(name: &'static str) -> Self {
        event(format!("{name} ="));
        Self::silent(name)
    }

    fn silent(name: &'static str) -> Self {
        let whose = name.trim_end_matches("promise");
        Self {
            live: Live::new(name),
            whose,
            value: None,
            item: None,
            world_owner: PhantomData,
            policy_initial: PhantomData,
        }
    }

    fn event(&self, name: &str) {
        event(format!("{}{name}", self.whose));
    }
}

impl<W: World, O: Owner, X: PanicPolicy<Self>, I: Default> Promise for Probe<W, O, X, I> {
    type World = W;
    type Owner = O;
    type OnPanic = X;
    type Value = Live;
    type Initial = I;
    type Final = End;

    fn initial_suspend(&mut self) -> I {
        self.event("initial_suspend");
        I::default()
    }

    fn final_suspend(&mut self) -> End {
        self.event("final_suspend");
        End(Live::new("final"))
    }

    fn return_value(&mut self, value: Live) {
        self.event("return_value");
        self.value = Some(value);
    }
}

impl<W: World, O: Owner, X: PanicPolicy<Self>, I: Default> NewPromise for Probe<W, O, X, I> {
    fn new() -> Self {
        event("new");
        Self::silent("promise")
    }
}

impl<W: World, O: Owner, I: Default> UnhandledException for Probe<W, O, Handled, I> {
    fn unhandled_exception(&mut self, panic: Panic) {
        self.event(&format!("unhandled_exception({})", panic.message().expect("a text")));
    }
}

impl<W: World, O: Owner, X: PanicPolicy<Self>, I: Default, E> AwaitTransform<E> for Probe<W, O, X, I> {
    type Awaitable = E;

    fn await_transform(&mut self, awaited: E) -> E {
        self.event("await_transform");
        awaited
    }
}

impl<W: World, O: Owner, X: PanicPolicy<Self>, I: Default> YieldValue<u32> for Probe<W, O, X, I>
where
    Wait: Awaiter<Self>,
{
    type Awaiter = Wait;

    fn yield_value(&mut self, value: u32) -> Wait {
        self.event("yield_value");
        self.item = Some(value);
        Wait::new("yielded", Mode::Stay)
    }
}

impl<'a, X: PanicPolicy<OwnedPromise<X>> + 'a> YieldFrom<Owned<'a, X>> for OwnedPromise<X> {
    type Awaitable = Owned<'a, X>;

    fn yield_from(&mut self, other: Owned<'a, X>) -> Owned<'a, X> {
        self.event("yield_from");
        other
    }
}

/// What an awaiter does with the continuation it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// None: it is ready.
    Ready,
    /// Stays suspended: parks it, where it is worth something.
    Stay,
    /// Gives it back.
    Again,
    /// Drops it.
    Drop,
    /// Resumes it inside `await_suspend`, where that is possible.
    Resume,
}

/// An awaiter whose every method is an event.
#[derive(Debug)]
pub struct Wait(Live, Mode);

impl Wait {
    pub fn new(name: &'static str, mode: Mode) -> Self {
        Self(Live::new(name), mode)
    }

    fn event(&self, method: &str) {
        event(format!("{}.{method}", self.0.name));
    }
}

impl Default for Wait {
    fn default() -> Self {
        Self::new("initial", Mode::Stay)
    }
}

impl<O: Owner, X, I> Awaiter<Probe<ByOwner, O, X, I>> for Wait
where
    Probe<ByOwner, O, X, I>: Promise<World = ByOwner>,
{
    type Output = ();

    fn await_ready(&mut self, _: &mut Probe<ByOwner, O, X, I>) -> bool {
        self.event("await_ready");
        self.1 == Mode::Ready
    }

    fn await_suspend(&mut self, _: &mut Probe<ByOwner, O, X, I>, own: Continuation) -> Option<Continuation> {
        self.event("await_suspend");
        (self.1 == Mode::Again).then_some(own)
    }

    fn await_resume(&mut self, _: &mut Probe<ByOwner, O, X, I>) {
        self.event("await_resume");
    }
}

impl<O: Owner, X, I> Awaiter<Probe<Detached, O, X, I>> for Wait
where
    Probe<Detached, O, X, I>: Promise<World = Detached>,
{
    type Output = ();

    fn await_ready(&mut self, _: &mut Probe<Detached, O, X, I>) -> bool {
        self.event("await_ready");
        self.1 == Mode::Ready
    }

    fn await_suspend(
        &mut self,
        _: &mut Probe<Detached, O, X, I>,
        own: Continuation<Detached>,
    ) -> Option<Continuation<Detached>> {
        self.event("await_suspend");
        match self.1 {
            Mode::Again => return Some(own),
            Mode::Drop => drop(own),
            Mode::Resume => own.resume(),
            Mode::Stay | Mode::Ready => park(own),
        }
        self.event("await_suspend, without its continuation");
        None
    }

    fn await_resume(&mut self, _: &mut Probe<Detached, O, X, I>) {
        self.event("await_resume");
    }
}

/// What the tests await: it makes a [`Wait`].
pub struct Operand(pub &'static str, pub Mode);

impl<W, O, X, I> Awaitable<Probe<W, O, X, I>> for Operand
where
    Probe<W, O, X, I>: Promise,
    Wait: Awaiter<Probe<W, O, X, I>>,
{
    type Awaiter = Wait;

    fn into_awaiter(self) -> Wait {
        event(format!("{}.into_awaiter", self.0));
        Wait::new(self.0, self.1)
    }
}

/// What the tests end with.
#[derive(Debug)]
pub struct End(Live);

impl End {
    /// For `final =`.
    pub fn seen(parameter: &Live) -> Self {
        event(format!("final =, sees {}", parameter.name));
        Self(Live::new("final"))
    }
}

impl<P: Promise> FinalSuspend<P> for End {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> {
        event("FinalSuspend::final_suspend");
        None
    }
}

/// A coroutine with an owner.
pub struct Owned<'a, X: PanicPolicy<OwnedPromise<X>> + 'a>(pub CoroutineHandle<'a, OwnedPromise<X>>);
pub type OwnedPromise<X> = Probe<ByOwner, Handle, X, Wait>;

impl<'a, X: PanicPolicy<OwnedPromise<X>> + 'a> Coroutine<'a> for Owned<'a, X> {
    type Promise = OwnedPromise<X>;

    fn get_return_object(handle: CoroutineHandle<'a, OwnedPromise<X>>) -> Self {
        handle.promise().event("get_return_object");
        Self(handle)
    }
}

impl<'a, X: PanicPolicy<OwnedPromise<X>> + 'a> Callee<'a> for Owned<'a, X> {
    type Promise = OwnedPromise<X>;
    type Output = Option<Live>;

    fn into_handle(self) -> CoroutineHandle<'a, OwnedPromise<X>> {
        self.0.promise().event("into_handle");
        self.0
    }

    fn result(promise: &mut OwnedPromise<X>) -> Option<Live> {
        promise.event("result");
        promise.value.take()
    }
}

/// A detached coroutine that nobody owns.
pub struct Loose<X>(Live, PhantomData<X>);
pub type LoosePromise<X> = Probe<Detached, Nobody, X, Wait>;

impl<X: PanicPolicy<LoosePromise<X>> + 'static> Coroutine<'static> for Loose<X> {
    type Promise = LoosePromise<X>;

    fn get_return_object(promise: &mut LoosePromise<X>) -> Self {
        promise.event("get_return_object");
        Self(Live::new("return object"), PhantomData)
    }
}

/// A detached coroutine that others call.
pub struct Called<'a, X: PanicPolicy<CalledPromise<X>> + 'a>(pub CoroutineHandle<'a, CalledPromise<X>>);
pub type CalledPromise<X> = Probe<Detached, Handle, X, SuspendAlways>;

impl<'a, X: PanicPolicy<CalledPromise<X>> + 'a> Coroutine<'a> for Called<'a, X> {
    type Promise = CalledPromise<X>;

    fn get_return_object(handle: CoroutineHandle<'a, CalledPromise<X>>) -> Self {
        handle.promise().event("get_return_object");
        Self(handle)
    }
}

impl<'a, X: PanicPolicy<CalledPromise<X>> + 'a> Callee<'a> for Called<'a, X> {
    type Promise = CalledPromise<X>;
    type Output = Option<Live>;

    fn into_handle(self) -> CoroutineHandle<'a, CalledPromise<X>> {
        self.0.promise().event("into_handle");
        self.0
    }

    fn result(promise: &mut CalledPromise<X>) -> Option<Live> {
        promise.event("result");
        promise.value.take()
    }
}
