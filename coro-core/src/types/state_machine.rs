//! Coroutines that are pushed: each signal runs one to its next `Signal.await`.

use core::fmt;
use core::marker::PhantomData;

use crate::private::AwaitsListed;
use crate::{
    AwaitTransform, Awaiter, ByOwner, ContinuationOf, Coroutine, CoroutineHandle, Handle, Info, Lendable, Local,
    Location, NewPromise, Promise, Propagate, SuspendAlways, Threads,
};

/// A machine that receives signals of type `S` and in the end returns an `R`. Its states are the places where its body
/// awaits [`Signal`].
///
/// ```
/// use coro::{Signal, StateMachine};
///
/// #[coro::coroutine]
/// fn until_two_equal() -> StateMachine<'static, char, char> {
///     let mut last = Signal.await;
///     loop {
///         let next = Signal.await;
///         if next == last {
///             return next;
///         }
///         last = next;
///     }
/// }
///
/// let mut machine = until_two_equal();
/// for c in "abba".chars() {
///     machine.send_signal(c).unwrap_or_else(|error| println!("too late for {}", error.into_signal()));
/// }
/// assert_eq!(machine.result(), Some('b'));
/// ```
///
/// A `StateMachine<'a, S, R, Sendable>` may change threads between its signals, and holds only what is `Send`.
#[must_use = "a state machine does nothing until it is sent a signal"]
pub struct StateMachine<'a, S, R, T = Local>(CoroutineHandle<'a, StateMachinePromise<S, R, T>>);

/// The promise of a [`StateMachine`].
#[derive(Debug)]
pub struct StateMachinePromise<S, R, T = Local> {
    signal: Option<S>,
    returned: Option<R>,
    threads: PhantomData<fn() -> T>,
}

/// Awaited in a [`StateMachine`], gives the next signal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signal;

/// The awaiter of a [`Signal`].
#[derive(Debug)]
pub struct SignalAwaiter(());

impl<S, R, T: Threads> StateMachine<'_, S, R, T> {
    /// Runs the machine with `signal` to its next `Signal.await`, or to its end.
    ///
    /// # Errors
    /// If the machine has ended, or ends without receiving it: the error gives the signal back.
    ///
    /// # Panics
    /// With what the machine's body panics.
    pub fn send_signal(&mut self, signal: S) -> Result<(), SendError<S>> {
        self.0.promise_mut().signal = Some(signal);
        self.0.try_resume();
        // It is still there if the machine had ended, or has now without asking for it.
        self.0.promise_mut().signal.take().map_or(Ok(()), |signal| Err(SendError(signal)))
    }

    /// Takes what the machine returned. `None` before the end, after a panic, and when it has been taken.
    pub fn result(&mut self) -> Option<R> {
        self.0.promise_mut().returned.take()
    }

    /// Whether the machine has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// Where the machine waits; `None` after its end.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.0.location()
    }

    /// The machine that its function is, and its diagram.
    #[must_use]
    pub const fn info(&self) -> Info {
        self.0.info()
    }
}

impl<S, R, T: Threads> fmt::Debug for StateMachine<'_, S, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StateMachine").field(&self.0.whereabouts()).finish()
    }
}

impl<S, R, T: Threads> Promise for StateMachinePromise<S, R, T> {
    type World = ByOwner<T>;
    type Owner = Handle;
    type OnPanic = Propagate;
    type Value = R;
    type Initial = SuspendAlways;
    type Final = SuspendAlways;

    const LAZY: bool = true;

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

#[diagnostic::do_not_recommend]
impl<S, R, T: Threads> NewPromise for StateMachinePromise<S, R, T> {
    fn new() -> Self {
        Self { signal: None, returned: None, threads: PhantomData }
    }
}

impl<'a, S: 'a, R: 'a, T: Threads> Coroutine<'a> for StateMachine<'a, S, R, T> {
    type Promise = StateMachinePromise<S, R, T>;

    fn get_return_object(handle: CoroutineHandle<'a, StateMachinePromise<S, R, T>>) -> Self {
        Self(handle)
    }
}

#[diagnostic::do_not_recommend]
impl<S, R, T: Threads> Lendable for StateMachine<'_, S, R, T> {
    type Promise = StateMachinePromise<S, R, T>;
    type Lent<'f>
        = StateMachine<'f, S, R, T>
    where
        Self: 'f;
}

#[diagnostic::do_not_recommend]
impl<S, R, T: Threads> AwaitTransform<Signal> for StateMachinePromise<S, R, T> {
    type Awaitable = SignalAwaiter;

    fn await_transform(&mut self, Signal: Signal) -> SignalAwaiter {
        SignalAwaiter(())
    }
}

/// A state machine awaits nothing else.
impl<S, R, T: Threads> AwaitsListed for StateMachinePromise<S, R, T> {}

#[diagnostic::do_not_recommend]
impl<S, R, T: Threads> Awaiter<StateMachinePromise<S, R, T>> for SignalAwaiter {
    type Output = S;

    fn await_ready(&mut self, promise: &mut StateMachinePromise<S, R, T>) -> bool {
        promise.signal.is_some()
    }

    fn await_suspend(
        &mut self,
        _: &mut StateMachinePromise<S, R, T>,
        _: ContinuationOf<StateMachinePromise<S, R, T>>,
    ) -> Option<ContinuationOf<StateMachinePromise<S, R, T>>> {
        None
    }

    fn await_resume(&mut self, promise: &mut StateMachinePromise<S, R, T>) -> S {
        promise.signal.take().expect("`send_signal` resumes with a signal")
    }
}

/// The machine has ended without receiving the signal. The error gives it back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<S>(S);

impl<S> SendError<S> {
    /// The signal that was not received.
    pub fn into_signal(self) -> S {
        self.0
    }
}

impl<S> fmt::Debug for SendError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<S> fmt::Display for SendError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("signal sent to a state machine that has ended")
    }
}

impl<S> core::error::Error for SendError<S> {}
