//! Generators that await.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::{
    AwaitTransform, Backtrace, Callee, Coroutine, CoroutineHandle, Handle, Info, ItemSlot, Location, NewPromise, Parks,
    Polled, Promise, Propagate, Relayed, Sendable, SuspendAlways, Threads, ToVisitor, Visit, World, YieldFrom,
    YieldValue,
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
/// `co_yield!(..other)` yields all items of another generator. However deep generators delegate to each other, an item
/// costs the same: it goes straight to who has asked the outermost one, and the next one is asked of the innermost.
///
/// ```
/// use coro::AsyncGenerator;
/// use futures::StreamExt;
///
/// struct Directory { files: Vec<&'static str>, directories: Vec<Directory> }
///
/// #[coro::coroutine]
/// fn files(of: &Directory) -> AsyncGenerator<'_, &'static str> {
///     for file in &of.files {
///         std::future::ready(()).await; // any future
///         co_yield!(*file);
///     }
///     for directory in &of.directories {
///         co_yield!(..files(directory));
///     }
/// }
///
/// let leaf = |file| Directory { files: vec![file], directories: vec![] };
/// let root = Directory { files: vec!["a"], directories: vec![leaf("b"), leaf("c")] };
/// assert_eq!(futures::executor::block_on(files(&root).collect::<String>()), "abc");
/// ```
///
/// After its end, or a panic of its body, it gives `None` for ever. In the world `Detached`, a coroutine that is
/// destroyed while it waits for an item takes the generator with it: both belong to the continuation of the innermost
/// one.
#[must_use = "an async generator does nothing until its items are asked for"]
pub struct AsyncGenerator<'a, T, W = Polled<Sendable>>(CoroutineHandle<'a, ItemsPromise<T, (), W>>);

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
///
/// `co_yield!(..other)?` yields all items of another one that can fail. The value of `co_yield!(..other)` is what
/// `other` returned, a `Result<(), E>`: with `?` its error is the last item of this one, too; without, the body may do
/// with the error as it likes. `other` may also be an [`AsyncGenerator`] of `Result<T, E>`s, whose errors are items
/// among others.
///
/// ```
/// use coro::TryAsyncGenerator;
/// use futures::TryStreamExt;
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
/// #[coro::coroutine]
/// fn of_lines(text: &str) -> TryAsyncGenerator<'_, u32, ParseIntError> {
///     for line in text.lines() {
///         co_yield!(..numbers(line))?;
///     }
///     Ok(())
/// }
///
/// let all = |text| futures::executor::block_on(of_lines(text).try_collect::<Vec<_>>());
/// assert_eq!(all("1 2\n3"), Ok(vec![1, 2, 3]));
/// assert!(all("1 x\n3").is_err());
/// ```
#[must_use = "an async generator does nothing until its items are asked for"]
pub struct TryAsyncGenerator<'a, T, E, W = Polled<Sendable>>(CoroutineHandle<'a, ItemsPromise<T, Fails<E>, W>>);

/// The promise of a generator that awaits: of an [`AsyncGenerator`], where `F` is `()`, or of a [`TryAsyncGenerator`],
/// where it is [`Fails<E>`](Fails).
pub struct ItemsPromise<T, F: Outcome<T>, W> {
    item: Option<F::Item>,
    world: PhantomData<W>,
}

/// The next item of an [`AsyncGenerator`] or a [`TryAsyncGenerator`]: `None` after its end.
#[must_use = "nothing is asked for until this is awaited"]
pub struct NextItem<'h, 'a, T, F: Outcome<T>, W: World>(&'h mut CoroutineHandle<'a, ItemsPromise<T, F, W>>);

/// Whether a generator of `T`s can fail: `()`, or [`Fails<E>`](Fails). It says what its items are, and what its body
/// returns.
pub trait Outcome<T> {
    /// Its items.
    type Item;
    /// What the body returns: there may be an item in it.
    type Returned;

    /// The last item, if there is one.
    fn last_item(returned: Self::Returned) -> Option<Self::Item>;

    /// What was returned, if this was the last item.
    fn returned(last: Option<Self::Item>) -> Self::Returned;
}

impl<T> Outcome<T> for () {
    type Item = T;
    type Returned = ();

    fn last_item((): ()) -> Option<T> {
        None
    }

    fn returned(_: Option<T>) {}
}

/// Of a generator that can fail with an `E`.
#[derive(Debug)]
pub struct Fails<E>(PhantomData<E>, Infallible);

impl<T, E> Outcome<T> for Fails<E> {
    type Item = Result<T, E>;
    type Returned = Result<(), E>;

    fn last_item(returned: Result<(), E>) -> Option<Result<T, E>> {
        returned.err().map(Err)
    }

    fn returned(last: Option<Result<T, E>>) -> Result<(), E> {
        last.map_or(Ok(()), |last| last.map(drop))
    }
}

macro_rules! generator {
    ($Generator:ident<$($T:ident),+>, $Outcome:ty, $Item:ty, $value:ident => $item:expr) => {
        impl<'a, $($T,)+ W: World> $Generator<'a, $($T,)+ W> {
            /// The next item.
            pub const fn next(&mut self) -> NextItem<'_, 'a, T, $Outcome, W> {
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

        impl<'a, $($T: 'a,)+ W: World> Coroutine<'a> for $Generator<'a, $($T,)+ W> {
            type Promise = ItemsPromise<T, $Outcome, W>;

            fn get_return_object(handle: CoroutineHandle<'a, Self::Promise>) -> Self {
                Self(handle)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($T,)+ W: Parks> YieldValue<T> for ItemsPromise<T, $Outcome, W> {
            type Awaiter = ToVisitor;

            fn yield_value(&mut self, $value: T) -> ToVisitor {
                self.item = Some($item);
                ToVisitor
            }
        }
    };
}

/// A generator that yields in the place of another one.
pub struct ItemsOf<'a, T, F: Outcome<T>, W: World>(CoroutineHandle<'a, ItemsPromise<T, F, W>>);

#[diagnostic::do_not_recommend]
impl<'a, T: 'a, F: Outcome<T> + 'a, W: World> Callee<'a> for ItemsOf<'a, T, F, W> {
    type Promise = ItemsPromise<T, F, W>;
    type Output = F::Returned;

    fn into_handle(self) -> CoroutineHandle<'a, ItemsPromise<T, F, W>> {
        self.0
    }

    fn result(promise: &mut ItemsPromise<T, F, W>) -> F::Returned {
        F::returned(promise.item.take())
    }
}

impl<T, F: Outcome<T>, W: World> fmt::Debug for ItemsOf<'_, T, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ItemsOf").field(&self.0.whereabouts()).finish()
    }
}

impl<T, F: Outcome<T, Item: fmt::Debug>, W> fmt::Debug for ItemsPromise<T, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemsPromise").field("item", &self.item).finish_non_exhaustive()
    }
}

impl<T, F: Outcome<T>, W: World> ItemSlot for ItemsPromise<T, F, W> {
    type Item = F::Item;

    fn item_slot(&mut self) -> &mut Option<F::Item> {
        &mut self.item
    }
}

generator!(AsyncGenerator<T>, (), T, item => item);
generator!(TryAsyncGenerator<T, E>, Fails<E>, Result<T, E>, item => Ok(item));

/// `co_yield!(..other)`
impl<'a, T: 'a, W: Parks, V: World> YieldFrom<AsyncGenerator<'a, T, V>> for ItemsPromise<T, (), W> {
    type Awaitable = Relayed<ItemsOf<'a, T, (), V>>;

    fn yield_from(&mut self, other: AsyncGenerator<'a, T, V>) -> Self::Awaitable {
        Relayed(ItemsOf(other.0))
    }
}

/// `co_yield!(..other)?`
impl<'a, T: 'a, E: 'a, W: Parks, V: World> YieldFrom<TryAsyncGenerator<'a, T, E, V>> for ItemsPromise<T, Fails<E>, W> {
    type Awaitable = Relayed<ItemsOf<'a, T, Fails<E>, V>>;

    fn yield_from(&mut self, other: TryAsyncGenerator<'a, T, E, V>) -> Self::Awaitable {
        Relayed(ItemsOf(other.0))
    }
}

/// Errors are items.
impl<'a, T: 'a, E: 'a, W: Parks, V: World> YieldFrom<AsyncGenerator<'a, Result<T, E>, V>>
    for ItemsPromise<T, Fails<E>, W>
{
    type Awaitable = Relayed<ItemsOf<'a, Result<T, E>, (), V>>;

    fn yield_from(&mut self, other: AsyncGenerator<'a, Result<T, E>, V>) -> Self::Awaitable {
        Relayed(ItemsOf(other.0))
    }
}

/// The value is what it returned.
impl<'a, T: 'a, E: 'a, W: Parks, V: World> YieldFrom<TryAsyncGenerator<'a, T, E, V>>
    for ItemsPromise<Result<T, E>, (), W>
{
    type Awaitable = Relayed<ItemsOf<'a, T, Fails<E>, V>>;

    fn yield_from(&mut self, other: TryAsyncGenerator<'a, T, E, V>) -> Self::Awaitable {
        Relayed(ItemsOf(other.0))
    }
}

impl<T, F: Outcome<T>, W: World> Promise for ItemsPromise<T, F, W> {
    type World = W;
    type Owner = Handle;
    type OnPanic = Propagate;
    type Value = F::Returned;
    type Initial = SuspendAlways;
    type Final = SuspendAlways;

    const LAZY: bool = true;

    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn return_value(&mut self, value: F::Returned) {
        self.item = F::last_item(value);
    }
}

#[diagnostic::do_not_recommend]
impl<T, F: Outcome<T>, W: World> NewPromise for ItemsPromise<T, F, W> {
    fn new() -> Self {
        Self { item: None, world: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<T, F: Outcome<T>, W: World, A> AwaitTransform<A> for ItemsPromise<T, F, W> {
    type Awaitable = A;

    fn await_transform(&mut self, awaited: A) -> A {
        awaited
    }
}

impl<'h, 'a, T: 'a, F: Outcome<T> + 'a, W: World> Visit<'h, 'a> for NextItem<'h, 'a, T, F, W> {
    type Promise = ItemsPromise<T, F, W>;
    type Output = Option<F::Item>;

    fn into_handle(self) -> &'h mut CoroutineHandle<'a, ItemsPromise<T, F, W>> {
        self.0
    }

    fn output(promise: &mut ItemsPromise<T, F, W>) -> Option<F::Item> {
        promise.item.take()
    }
}

impl<T, F: Outcome<T>, S: Threads> Future for NextItem<'_, '_, T, F, Polled<S>> {
    type Output = Option<F::Item>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Item>> {
        let handle = &mut *self.0;
        if !handle.is_done() && handle.poll(context).is_pending() && handle.promise().item.is_none() {
            return Poll::Pending;
        }
        Poll::Ready(handle.promise_mut().item.take())
    }
}

impl<T, F: Outcome<T>, W: World> fmt::Debug for NextItem<'_, '_, T, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NextItem").field(&self.0.whereabouts()).finish()
    }
}
