//! Coroutines that a coroutine awaits.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::{
    AwaitTransform, Backtrace, Callee, Coroutine, CoroutineHandle, Handle, Info, Location, NewPromise, Polled, Promise,
    Propagate, Sendable, SuspendAlways, Threads, World,
};

/// A lazy coroutine that gives a `T` to whoever awaits it, and may borrow for `'a`.
///
/// One type covers three situations; the third parameter, its world, says which:
///
/// | the task | write | it may hold | it can await |
/// |---|---|---|---|
/// | goes to any executor, also on other threads | `Task<'a, T>` | what is `Send` | tasks that are `Send`, any future |
/// | stays on its thread | `Task<'a, T, Polled>` | anything | both kinds of polled tasks, any future |
/// | is a helper of a detached coroutine | `Task<'a, T, Detached>` | anything | tasks like itself, leaf awaiters |
/// | is a helper of both local kinds | `fn helper<W: LocalWorld>(…) -> Task<'a, T, W>` | anything | tasks of `W`, leaf awaiters |
///
/// A polled task is a [`Future`]: hand it to an executor, to `join!`, to `FuturesUnordered`. Awaited by another
/// coroutine it is not polled but linked: the caller is suspended, the task runs in its place, and resuming goes
/// straight to the innermost one, however deep.
///
/// ```
/// use coro::Task;
///
/// #[coro::coroutine]
/// fn sum(numbers: &[u32]) -> Task<'_, u32> {
///     std::future::ready(()).await; // any future
///     numbers.iter().sum()
/// }
///
/// #[coro::coroutine]
/// fn average(numbers: Vec<u32>) -> Task<'static, u32> {
///     sum(&numbers).await / u32::try_from(numbers.len()).expect("few") // linked, and borrows
/// }
///
/// assert_eq!(futures::executor::block_on(average(vec![1, 2, 3])), 2);
/// ```
///
/// A detached one runs where its caller runs:
///
/// ```
/// use coro::{Detached, FireAndForget, Task};
///
/// #[coro::coroutine]
/// fn sum(numbers: &[u32]) -> Task<'_, u32, Detached> {
///     numbers.iter().sum()
/// }
///
/// #[coro::coroutine(initial = suspend_never, final = suspend_never)]
/// fn report(numbers: Vec<u32>) -> FireAndForget {
///     println!("{} in all", sum(&numbers).await);
/// }
///
/// report(vec![1, 2, 3]);
/// ```
///
/// A panic of its body goes on in the caller, at the `.await`, or in the executor that polled it.
#[must_use = "a task does nothing until a coroutine awaits it"]
pub struct Task<'a, T, W = Polled<Sendable>>(CoroutineHandle<'a, TaskPromise<T, W>>);

/// The promise of a [`Task`].
#[derive(Debug)]
pub struct TaskPromise<T, W = Polled<Sendable>> {
    returned: Option<T>,
    world: PhantomData<W>,
}

impl<T, W: World> Task<'_, T, W> {
    /// Where the task is suspended, in the innermost one it waits for; `None` after its end.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.0.location()
    }

    /// The machine that its function is, and its diagram.
    #[must_use]
    pub const fn info(&self) -> Info {
        self.0.info()
    }

    /// Where the task is suspended, and who waits for it there: from the innermost one to this one.
    #[must_use]
    pub fn backtrace(&self) -> Backtrace {
        self.0.backtrace()
    }
}

impl<T, W: World> fmt::Debug for Task<'_, T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Task").field(&self.0.whereabouts()).finish()
    }
}

/// A task is a future: give it to any executor, to `join!`, `select!`, `FuturesUnordered`, `tokio::spawn`.
impl<T, S: Threads> Future for Task<'_, T, Polled<S>> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.0.poll(context).map(|()| TaskPromise::take(self.0.promise_mut()))
    }
}

impl<T, W> TaskPromise<T, W> {
    fn take(&mut self) -> T {
        self.returned
            .take()
            .expect("a task that has ended has returned, unless its body panicked, and its value is taken once")
    }
}

impl<T, W: World> Promise for TaskPromise<T, W> {
    type World = W;
    type Owner = Handle;
    type OnPanic = Propagate;
    type Value = T;
    type Initial = SuspendAlways;
    type Final = SuspendAlways;

    const LAZY: bool = true;

    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn return_value(&mut self, value: T) {
        self.returned = Some(value);
    }
}

#[diagnostic::do_not_recommend]
impl<T, W: World> NewPromise for TaskPromise<T, W> {
    fn new() -> Self {
        Self { returned: None, world: PhantomData }
    }
}

impl<'a, T: 'a, W: World> Coroutine<'a> for Task<'a, T, W> {
    type Promise = TaskPromise<T, W>;

    fn get_return_object(handle: CoroutineHandle<'a, TaskPromise<T, W>>) -> Self {
        Self(handle)
    }
}

#[diagnostic::do_not_recommend]
impl<T, W: World, E> AwaitTransform<E> for TaskPromise<T, W> {
    type Awaitable = E;

    fn await_transform(&mut self, awaited: E) -> E {
        awaited
    }
}

impl<'a, T: 'a, W: World> Callee<'a> for Task<'a, T, W> {
    type Promise = TaskPromise<T, W>;
    type Output = T;

    fn into_handle(self) -> CoroutineHandle<'a, TaskPromise<T, W>> {
        self.0
    }

    fn result(promise: &mut TaskPromise<T, W>) -> T {
        promise.take()
    }
}
