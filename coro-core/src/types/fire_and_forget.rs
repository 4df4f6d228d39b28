//! Coroutines that nobody waits for.

use core::fmt;
use core::marker::PhantomData;

use crate::{
    AwaitTransform, Coroutine, Detached, Local, NewPromise, Nobody, Promise, Propagate, SuspendAlways, Threads,
};

/// A coroutine on its own: it starts at once, nobody receives its result, and it frees itself at its end.
///
/// While it waits, it belongs to whoever has its [`Continuation`](crate::Continuation): a queue, an event, a timer.
/// Dropping that continuation destroys it. It can await leaf awaiters of the world [`Detached`], and coroutines of that
/// world such as [`Task<'a, T, Detached>`](crate::Task).
///
/// ```
/// use coro::FireAndForget;
///
/// #[coro::coroutine(initial = suspend_never, final = suspend_never)]
/// fn greet(name: String) -> FireAndForget {
///     println!("Hello, {name}!");
/// }
///
/// greet("world".to_owned());
/// ```
///
/// Its function always says `initial =`, for one that nobody holds cannot start suspended unless something keeps its
/// continuation. A panic of its body goes to whoever resumed it.
///
/// `FireAndForget<Sendable>` may hold only what is `Send`, and its continuation can be resumed on any thread.
pub struct FireAndForget<T = Local>(PhantomData<fn() -> T>);

impl<T: Threads> fmt::Debug for FireAndForget<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FireAndForget")
    }
}

/// The promise of a [`FireAndForget`] coroutine.
#[derive(Debug)]
pub struct FireAndForgetPromise<T = Local>(PhantomData<fn() -> T>);

impl<T: Threads> Promise for FireAndForgetPromise<T> {
    type World = Detached<T>;
    type Owner = Nobody;
    type OnPanic = Propagate;
    type Value = ();
    type Initial = SuspendAlways;
    type Final = SuspendAlways;

    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn return_value(&mut self, (): ()) {}
}

#[diagnostic::do_not_recommend]
impl<T: Threads> NewPromise for FireAndForgetPromise<T> {
    fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Threads> Coroutine<'static> for FireAndForget<T> {
    type Promise = FireAndForgetPromise<T>;

    fn get_return_object(_: &mut FireAndForgetPromise<T>) -> Self {
        Self(PhantomData)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Threads, E> AwaitTransform<E> for FireAndForgetPromise<T> {
    type Awaitable = E;

    fn await_transform(&mut self, awaited: E) -> E {
        awaited
    }
}
