//! The attribute `promise`, with every hook.

use coro::{
    Awaiter, ByOwner, Continuation, ContinuationOf, CoroutineHandle, Detached, FinalSuspend, Panic, Promise, Sendable,
    SuspendAlways, SuspendNever,
};

/// A type that uses all hooks.
#[derive(Debug)]
pub struct Everything<'a, T>(CoroutineHandle<'a, EverythingPromise<T>>);

/// Its promise.
#[derive(Debug)]
pub struct EverythingPromise<T> {
    given: Vec<T>,
    returned: Option<T>,
    failure: Option<Panic>,
}

/// Awaited, gives how much has been yielded.
#[derive(Debug, Clone, Copy)]
pub struct Count;

/// Awaited, suspends.
#[derive(Debug, Clone, Copy)]
pub struct Pause;

#[coro::promise]
impl<T> EverythingPromise<T> {
    fn new() -> Self {
        Self { given: Vec::new(), returned: None, failure: None }
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Everything<'_, T> {
        Everything(handle)
    }

    fn initial_suspend(&mut self) -> SuspendNever {
        self.given.clear();
        SuspendNever
    }

    fn final_suspend(&mut self) -> SuspendAlways {
        self.given.shrink_to_fit();
        SuspendAlways
    }

    fn return_value(&mut self, value: T) {
        self.returned = Some(value);
    }

    fn yield_value(&mut self, value: T) -> SuspendAlways {
        self.given.push(value);
        SuspendAlways
    }

    fn yield_value(&mut self, values: Vec<T>) {
        self.given.extend(values);
    }

    fn await_transform(&mut self, count: Count) -> Count {
        self.given.reserve(1);
        count
    }

    fn await_transform(&mut self, _: Pause) -> SuspendAlways {
        self.given.reserve(1);
        SuspendAlways
    }

    fn unhandled_exception(&mut self, panic: Panic) {
        self.failure = Some(panic);
    }
}

impl<T> Awaiter<EverythingPromise<T>> for Count {
    type Output = usize;

    fn await_suspend(&mut self, _: &mut EverythingPromise<T>, continuation: Continuation) -> Option<Continuation> {
        Some(continuation)
    }

    fn await_resume(&mut self, promise: &mut EverythingPromise<T>) -> usize {
        promise.given.len()
    }
}

impl<T> Everything<'_, T> {
    /// Runs it to its end; gives all it yielded and what it returned.
    pub fn run(&mut self) -> (&[T], Option<T>) {
        while !self.0.is_done() {
            self.0.resume();
        }
        let promise = self.0.promise_mut();
        (&promise.given, promise.returned.take())
    }
}

/// Uses it.
#[coro::coroutine]
pub fn everything(text: &str) -> Everything<'_, String> {
    co_yield!(text.to_owned());
    co_yield!(vec![text.to_uppercase(), Count.await.to_string()]);
    Pause.await;
    format!("{text}!")
}

/// A type whose coroutines may change threads.
#[derive(Debug)]
pub struct Mover<'a>(CoroutineHandle<'a, MoverPromise>);

/// Its promise.
#[derive(Debug)]
pub struct MoverPromise(u32);

#[coro::promise(send, await = none)]
impl MoverPromise {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Mover<'_> {
        Mover(handle)
    }

    fn return_void(&mut self) {
        self.0 = 0;
    }

    fn yield_value(&mut self, steps: u32) {
        self.0 += steps;
    }
}

/// Uses it.
#[coro::coroutine(promise = MoverPromise(start))]
pub fn mover(start: u32) -> Mover<'static> {
    co_yield!(start);
}

impl Mover<'_> {
    /// Moves, and says how far it is.
    pub fn go(&mut self) -> u32 {
        self.0.resume();
        self.0.promise().0
    }
}

/// Ends, and hands control to whoever waits.
#[derive(Debug)]
pub struct Relay(Option<Continuation<Detached>>);

impl<P: Promise<World = Detached>> FinalSuspend<P> for Relay {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> {
        self.0
    }
}

/// A world that is named.
pub type Owned = ByOwner<Sendable>;
