//! Coroutines that yield to their owner and await nothing: what is said about an `.await` in one.
//!
//! The impls stand together, for rustc lists those of several files in no certain order.

use crate::{AwaitTransform, GeneratorPromise, Threads, TwoWayPromise};

/// What a promise `P` of one of these types would await. Nothing implements it: it is there for its message, for what
/// a missing [`AwaitTransform`](crate::AwaitTransform) says is no help to those who did not write the promise.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be awaited in a coroutine whose promise is `{P}`",
    label = "this type of coroutine awaits nothing: it waits for its owner only, at each `co_yield!`",
    note = "a `coro::AsyncGenerator` yields and awaits; a `coro::Task` awaits, and runs a generator in a `for` loop",
    note = "to yield all that another generator yields, write `co_yield!(..other)`"
)]
pub trait AwaitedBy<P> {
    /// What would be awaited instead.
    type Awaitable;

    /// Exchanges it.
    fn into_awaitable(self) -> Self::Awaitable;
}

impl<T, S: Threads, E: AwaitedBy<Self>> AwaitTransform<E> for GeneratorPromise<T, S> {
    type Awaitable = E::Awaitable;

    fn await_transform(&mut self, awaited: E) -> E::Awaitable {
        awaited.into_awaitable()
    }
}

impl<In, Out, R, S: Threads, E: AwaitedBy<Self>> AwaitTransform<E> for TwoWayPromise<In, Out, R, S> {
    type Awaitable = E::Awaitable;

    fn await_transform(&mut self, awaited: E) -> E::Awaitable {
        awaited.into_awaitable()
    }
}
