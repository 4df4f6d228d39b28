//! Generators that await.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::{
    AwaitTransform, Backtrace, Coroutine, CoroutineHandle, Handle, Info, Location, NewPromise, Parks, Polled, Promise,
    Propagate, Sendable, SuspendAlways, Threads, ToVisitor, Visit, World, YieldValue,
};

/// A stream of items: its body yields with `co_yield!`, and awaits whatever a [`Task`](crate::Task) may.
///
/// Like a task it is of one of three kinds: an `AsyncGenerator<'a, T>` is `Send`, and holds only what is; an
/// `AsyncGenerator<'a, T, Polled>` stays on its thread; an `AsyncGenerator<'a, T, Detached>` is for detached
/// coroutines.
///
/// In a coroutine, `items.next().await` links the generator to the coroutine that asks, and polls nobody on the way.
/// Elsewhere [`next`](Self::next) is a future, and the generator a `futures_core::Stream` (feature `futures`). If that
/// future is dropped while it waits, nothing is lost: the next one goes on where it was.
///
/// ```
/// use coro::{AsyncGenerator, Task};
///
/// #[coro::coroutine]
/// fn lines(text: &str) -> AsyncGenerator<'_, &str> {
///     for line in text.lines() {
///         std::future::ready(()).await; // any future
///         co_yield!(line);
///     }
/// }
///
/// #[coro::coroutine]
/// fn longest(text: &str) -> Task<'_, usize> {
///     let mut lines = lines(text);
///     let mut longest = 0;
///     while let Some(line) = lines.next().await {
///         longest = longest.max(line.len());
///     }
///     longest
/// }
///
/// assert_eq!(futures::executor::block_on(longest("one\nthree\ntwo")), 5);
/// ```
///
/// After its end, or a panic of its body, it gives `None` for ever. In the world `Detached`, a coroutine that is
/// destroyed while it waits for an item takes the generator with it: both belong to the continuation of the innermost
/// one.
#[must_use = "an async generator does nothing until its items are asked for"]
pub struct AsyncGenerator<'a, T, W: World = Polled<Sendable>>(CoroutineHandle<'a, ItemsPromise<T, (), W>>);

/// An [`AsyncGenerator`] that can fail: its items are `Result<T, E>`. `co_yield!(item)` yields `Ok(item)`, and an error
/// that the body returns, as with `?`, is the last item.
///
/// ```
/// use coro::TryAsyncGenerator;
/// use std::num::ParseIntError;
///
/// #[coro::coroutine]
/// fn numbers(text: &str) -> TryAsyncGenerator<'_, u32, ParseIntError> {
///     for word in text.split(' ') {
///         co_yield!(word.parse()?);
///     }
///     Ok(())
/// }
///
/// futures::executor::block_on(async {
///     let mut numbers = numbers("1 2 x 3");
///     assert_eq!(numbers.next().await, Some(Ok(1)));
///     assert_eq!(numbers.next().await, Some(Ok(2)));
///     assert!(numbers.next().await.unwrap().is_err());
///     assert_eq!(numbers.next().await, None);
/// });
/// ```
#[must_use = "an async generator does nothing until its items are asked for"]
pub struct TryAsyncGenerator<'a, T, E, W: World = Polled<Sendable>>(CoroutineHandle<'a, TryItemsPromise<T, E, W>>);

type TryItemsPromise<T, E, W> = ItemsPromise<Result<T, E>, Result<(), E>, W>;

/// The promise of a generator that awaits, whose items are `I`s, and whose body returns an `R`.
#[derive(Debug)]
pub struct ItemsPromise<I, R, W> {
    item: Option<I>,
    returns: PhantomData<fn() -> R>,
    world: PhantomData<W>,
}

/// The next item of an [`AsyncGenerator`] or a [`TryAsyncGenerator`]: `None` after its end.
#[must_use = "nothing is asked for until this is awaited"]
pub struct NextItem<'h, 'a, I, R, W: World>(&'h mut CoroutineHandle<'a, ItemsPromise<I, R, W>>)
where
    ItemsPromise<I, R, W>: Promise;

macro_rules! generator {
    ($Generator:ident<$($T:ident),+>, $Item:ty, $Returned:ty, $value:ident => $item:expr) => {
        impl<'a, $($T,)+ W: World> $Generator<'a, $($T,)+ W> {
            /// The next item.
            pub const fn next(&mut self) -> NextItem<'_, 'a, $Item, $Returned, W> {
                NextItem(&mut self.0)
            }

            /// Where it is suspended, in the innermost coroutine it waits for; `None` after its end.
            #[must_use]
            pub fn location(&self) -> Option<Location> {
                self.0.location()
            }

            /// The machine that its function is, and its diagram.
            #[must_use]
            pub const fn info(&self) -> Info {
                self.0.info()
            }

            /// Where it is suspended, and who waits for it there: from the innermost one to this one.
            #[must_use]
            pub fn backtrace(&self) -> Backtrace {
                self.0.backtrace()
            }
        }

        impl<$($T,)+ S: Threads> $Generator<'_, $($T,)+ Polled<S>> {
            /// Asks for the next item as a stream: pending until there is one, `None` after the end.
            ///
            /// # Panics
            /// With what the body panics. It has ended then.
            pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<$Item>> {
                Pin::new(&mut self.next()).poll(context)
            }
        }

        #[cfg(feature = "futures")]
        impl<$($T,)+ S: Threads> futures_core::Stream for $Generator<'_, $($T,)+ Polled<S>> {
            type Item = $Item;

            fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<$Item>> {
                self.get_mut().poll_next(context)
            }
        }

        #[cfg(feature = "futures")]
        impl<$($T,)+ S: Threads> futures_core::FusedStream for $Generator<'_, $($T,)+ Polled<S>> {
            fn is_terminated(&self) -> bool {
                self.0.is_done() && self.0.promise().item.is_none()
            }
        }

        impl<$($T,)+ W: World> fmt::Debug for $Generator<'_, $($T,)+ W> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($Generator)).field(&self.0.whereabouts()).finish()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'a, $($T: 'a,)+ W: World> Coroutine<'a> for $Generator<'a, $($T,)+ W> {
            type Promise = ItemsPromise<$Item, $Returned, W>;

            fn get_return_object(handle: CoroutineHandle<'a, Self::Promise>) -> Self {
                Self(handle)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($T,)+ W: Parks> YieldValue<T> for ItemsPromise<$Item, $Returned, W> {
            type Awaiter = ToVisitor;

            fn yield_value(&mut self, $value: T) -> ToVisitor {
                self.item = Some($item);
                ToVisitor
            }
        }
    };
}

generator!(AsyncGenerator<T>, T, (), item => item);
generator!(TryAsyncGenerator<T, E>, Result<T, E>, Result<(), E>, item => Ok(item));

/// What the body of a generator returns: there may be an item in it.
pub trait Returned<I> {
    /// The last item, if there is one.
    fn last_item(self) -> Option<I>;
}

impl<I> Returned<I> for () {
    fn last_item(self) -> Option<I> {
        None
    }
}

impl<T, E> Returned<Result<T, E>> for Result<(), E> {
    fn last_item(self) -> Option<Result<T, E>> {
        self.err().map(Err)
    }
}

impl<I, R: Returned<I>, W: World> Promise for ItemsPromise<I, R, W> {
    type World = W;
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
        self.item = value.last_item();
    }
}

#[diagnostic::do_not_recommend]
impl<I, R: Returned<I>, W: World> NewPromise for ItemsPromise<I, R, W> {
    fn new() -> Self {
        Self { item: None, returns: PhantomData, world: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<I, R: Returned<I>, W: World, A> AwaitTransform<A> for ItemsPromise<I, R, W> {
    type Awaitable = A;

    fn await_transform(&mut self, awaited: A) -> A {
        awaited
    }
}

impl<'h, 'a, I: 'a, R: Returned<I> + 'a, W: World> Visit<'h, 'a> for NextItem<'h, 'a, I, R, W> {
    type Promise = ItemsPromise<I, R, W>;
    type Output = Option<I>;

    fn into_handle(self) -> &'h mut CoroutineHandle<'a, ItemsPromise<I, R, W>> {
        self.0
    }

    fn output(promise: &mut ItemsPromise<I, R, W>) -> Option<I> {
        promise.item.take()
    }
}

impl<I, R: Returned<I>, S: Threads> Future for NextItem<'_, '_, I, R, Polled<S>> {
    type Output = Option<I>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<I>> {
        let handle = &mut *self.0;
        if !handle.is_done() && handle.poll(context).is_pending() && handle.promise().item.is_none() {
            return Poll::Pending;
        }
        Poll::Ready(handle.promise_mut().item.take())
    }
}

impl<I, R: Returned<I>, W: World> fmt::Debug for NextItem<'_, '_, I, R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NextItem").field(&self.0.whereabouts()).finish()
    }
}
