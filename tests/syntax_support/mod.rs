//! What the syntax tests share: a log, values whose drop is logged, an awaiter that suspends or not, and a coroutine type
//! that may await anything.
#![allow(dead_code)]

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use coro::{
    AwaitTransform, Awaiter, ByOwner, ContinuationOf, Coroutine, CoroutineHandle, Handle, NewPromise, Promise,
    Propagate, SuspendAlways, YieldValue,
};

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Logs an event.
pub fn say(event: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(event.into()));
}

/// What `part` logs.
pub fn log_of(part: impl FnOnce()) -> Vec<String> {
    LOG.take();
    part();
    LOG.take()
}

/// Its drop is logged.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loud(pub &'static str);

impl Drop for Loud {
    fn drop(&mut self) {
        say(format!("drop {}", self.0));
    }
}

/// A coroutine that may await anything of its world and yield strings: it is resumed step by step.
#[must_use]
pub struct Steps<'a, R = ()>(CoroutineHandle<'a, StepsPromise<R>>);

pub struct StepsPromise<R = ()> {
    returned: Option<R>,
    yielded: Vec<String>,
    /// What the promise was made from.
    pub note: String,
}

impl<R> StepsPromise<R> {
    pub fn noted(note: impl Into<String>) -> Self {
        Self { returned: None, yielded: Vec::new(), note: note.into() }
    }
}

impl<R> Steps<'_, R> {
    /// Runs to the next suspension; whether there was one.
    pub fn step(&mut self) -> bool {
        self.0.resume();
        !self.0.is_done()
    }

    /// Runs to the end.
    pub fn finish(mut self) -> R {
        while !self.0.is_done() {
            self.0.resume();
        }
        self.0.promise_mut().returned.take().expect("it has returned")
    }

    /// Runs to the end, counting the suspensions, the initial one included.
    pub fn finish_counting(mut self) -> (R, usize) {
        let mut count = usize::from(!self.0.is_done());
        while !self.0.is_done() && self.step() {
            count += 1;
        }
        (self.finish(), count)
    }

    /// What it has yielded since the last call.
    pub fn yielded(&mut self) -> Vec<String> {
        std::mem::take(&mut self.0.promise_mut().yielded)
    }

    pub fn note(&self) -> &str {
        &self.0.promise().note
    }

    pub fn location(&self) -> Option<coro::Location> {
        self.0.location()
    }
}

impl<R> Promise for StepsPromise<R> {
    type World = ByOwner;
    type Owner = Handle;
    type OnPanic = Propagate;
    type Value = R;
    type Initial = SuspendAlways;
    type Final = SuspendAlways;

    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn return_value(&mut self, value: R) {
        self.returned = Some(value);
    }
}

impl<R> NewPromise for StepsPromise<R> {
    fn new() -> Self {
        Self::noted("")
    }
}

impl<'a, R: 'a> Coroutine<'a> for Steps<'a, R> {
    type Promise = StepsPromise<R>;

    fn get_return_object(handle: CoroutineHandle<'a, StepsPromise<R>>) -> Self {
        Self(handle)
    }
}

impl<R, E> AwaitTransform<E> for StepsPromise<R> {
    type Awaitable = E;

    fn await_transform(&mut self, awaited: E) -> E {
        awaited
    }
}

impl<R, T: Into<String>> YieldValue<T> for StepsPromise<R> {
    type Awaiter = SuspendAlways;

    fn yield_value(&mut self, value: T) -> SuspendAlways {
        self.yielded.push(value.into());
        SuspendAlways
    }
}

/// Awaited, it logs its name, suspends, and gives its value.
#[derive(Debug)]
pub struct Give<T>(pub &'static str, Option<T>, bool);

/// Gives `value` after a suspension.
pub fn give<T>(name: &'static str, value: T) -> Give<T> {
    Give(name, Some(value), false)
}

impl<T, P: Promise<World = ByOwner>> Awaiter<P> for Give<T> {
    type Output = T;

    fn await_suspend(&mut self, _: &mut P, _: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        say(format!("suspend {}", self.0));
        None
    }

    fn await_resume(&mut self, _: &mut P) -> T {
        say(format!("resume {}", self.0));
        self.1.take().expect("awaited once")
    }
}

/// The same for a plain `async fn`, to compare with.
impl<T: Unpin> Future for Give<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        if !std::mem::replace(&mut self.2, true) {
            say(format!("suspend {}", self.0));
            return Poll::Pending;
        }
        say(format!("resume {}", self.0));
        Poll::Ready(self.1.take().expect("awaited once"))
    }
}

impl<T> Drop for Give<T> {
    fn drop(&mut self) {
        say(format!("end {}", self.0));
    }
}

/// Polls a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// Compiles a body as an `async fn` and as a coroutine, and checks that they return and log the same; gives what they
/// return.
#[macro_export]
macro_rules! like_async {
    ($returns:ty, $body:block) => {{
        #[allow(clippy::unused_async)]
        async fn plain() -> $returns $body
        #[coro::coroutine]
        fn coroutine() -> $crate::syntax_support::Steps<'static, $returns> $body
        let (mut expected, mut returned) = (None, None);
        let plain_log = $crate::syntax_support::log_of(|| expected = Some($crate::syntax_support::block_on(plain())));
        let log = $crate::syntax_support::log_of(|| returned = Some(coroutine().finish()));
        assert_eq!(log, plain_log);
        assert_eq!(returned, expected);
        returned.expect("it has returned")
    }};
}
