//! Coroutines that are pulled: iterators written as functions.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

#[cfg(feature = "alloc")]
use crate::Backtrace;
use crate::{
    ByOwner, Callee, Coroutine, CoroutineHandle, Handle, Info, Lendable, Local, Location, NewPromise, Promise,
    Propagate, SuspendAlways, Threads, YieldFrom, YieldValue,
};

/// A lazy iterator: the body runs to its next `co_yield!` when the next item is asked for.
///
/// ```
/// use coro::Generator;
///
/// #[coro::coroutine]
/// fn fibonacci() -> Generator<'static, u64> {
///     let (mut a, mut b) = (0, 1);
///     loop {
///         co_yield!(a);
///         (a, b) = (b, a + b);
///     }
/// }
///
/// assert_eq!(fibonacci().take(8).collect::<Vec<_>>(), [0, 1, 1, 2, 3, 5, 8, 13]);
/// ```
///
/// It may borrow, and yield what it borrows. `co_yield!(..other)` yields all items of another generator; however deep
/// generators delegate to each other, an item costs the same, for the innermost one is resumed directly:
///
/// ```
/// use coro::Generator;
///
/// struct Tree { label: String, children: Vec<Tree> }
///
/// #[coro::coroutine]
/// fn labels(tree: &Tree) -> Generator<'_, &str> {
///     co_yield!(&tree.label);
///     for child in &tree.children {
///         co_yield!(..labels(child));
///     }
/// }
///
/// let leaf = |label: &str| Tree { label: label.into(), children: vec![] };
/// let tree = Tree { label: "a".into(), children: vec![leaf("b"), leaf("c")] };
/// assert_eq!(labels(&tree).collect::<String>(), "abc");
/// ```
///
/// After its end, or a panic of its body, it gives `None` for ever.
///
/// A `Generator<'a, T, Sendable>` may change threads between its items, and holds only what is `Send`:
///
/// ```
/// use coro::{Generator, Sendable};
///
/// #[coro::coroutine]
/// fn countdown(from: u32) -> Generator<'static, u32, Sendable> {
///     for left in (0..from).rev() {
///         co_yield!(left);
///     }
/// }
///
/// let mut countdown = countdown(3);
/// assert_eq!(countdown.next(), Some(2));
/// let rest = std::thread::spawn(|| countdown.collect::<Vec<_>>());
/// assert_eq!(rest.join().unwrap(), [1, 0]);
/// ```
#[must_use = "a generator does nothing until its items are asked for"]
pub struct Generator<'a, T, S = Local>(CoroutineHandle<'a, GeneratorPromise<T, S>>);

/// The promise of a [`Generator`].
#[derive(Debug)]
pub struct GeneratorPromise<T, S = Local> {
    item: Option<T>,
    threads: PhantomData<fn() -> S>,
}

impl<T, S: Threads> Generator<'_, T, S> {
    /// Where the generator is suspended; `None` after its end.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.0.location()
    }

    /// The machine that its function is, and its diagram.
    #[must_use]
    pub const fn info(&self) -> Info {
        self.0.info()
    }

    /// Where the generator is suspended, from the innermost one it delegates to.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn backtrace(&self) -> Backtrace {
        self.0.backtrace()
    }
}

impl<T, S: Threads> Iterator for Generator<'_, T, S> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.0.pull_next(|promise| promise.item.take())
    }

    /// Goes through all items, in a place without leaving the body: what `for_each`, `sum`, `count`, `max`, and the
    /// iterators of `core` do, if they are consumed whole. If `f` panics, the generator has ended, also one that is only
    /// lent.
    #[expect(clippy::inline_always, reason = "see what it calls")]
    #[inline(always)]
    fn fold<B, F: FnMut(B, T) -> B>(mut self, init: B, mut f: F) -> B {
        if !self.0.is_lent() {
            let mut so_far = init;
            for item in self.by_ref() {
                so_far = f(so_far, item);
            }
            // Here, where the result is dropped if one of these panics (rust-lang/rust#47949).
            drop(f);
            drop(self);
            return so_far;
        }
        let folded = self.0.fold(Some(init), move |so_far, promise| {
            if let Some(item) = promise.item.take() {
                *so_far = so_far.take().map(|so_far| f(so_far, item));
            }
        });
        // As above.
        drop(self);
        folded.expect("each step has given one")
    }
}

impl<T, S: Threads> FusedIterator for Generator<'_, T, S> {}

impl<T, S: Threads> fmt::Debug for Generator<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Generator").field(&self.0.whereabouts()).finish()
    }
}

impl<T, S: Threads> Promise for GeneratorPromise<T, S> {
    type World = ByOwner<S>;
    type Owner = Handle;
    type OnPanic = Propagate;
    type Value = ();
    type Initial = SuspendAlways;
    type Final = SuspendAlways;

    const LAZY: bool = true;

    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn return_value(&mut self, (): ()) {}
}

#[diagnostic::do_not_recommend]
impl<T, S: Threads> NewPromise for GeneratorPromise<T, S> {
    fn new() -> Self {
        Self { item: None, threads: PhantomData }
    }
}

impl<'a, T: 'a, S: Threads> Coroutine<'a> for Generator<'a, T, S> {
    type Promise = GeneratorPromise<T, S>;

    #[inline]
    fn get_return_object(mut handle: CoroutineHandle<'a, GeneratorPromise<T, S>>) -> Self {
        // An eager generator has its first item already.
        if handle.promise().item.is_some() {
            handle.load();
        }
        Self(handle)
    }
}

#[diagnostic::do_not_recommend]
impl<T, S: Threads> Lendable for Generator<'_, T, S> {
    type Promise = GeneratorPromise<T, S>;
    type Lent<'f>
        = Generator<'f, T, S>
    where
        Self: 'f;
}

impl<T, S: Threads> YieldValue<T> for GeneratorPromise<T, S> {
    type Awaiter = SuspendAlways;

    #[inline]
    fn yield_value(&mut self, item: T) -> SuspendAlways {
        self.item = Some(item);
        SuspendAlways
    }
}

/// `co_yield!(..other)`
impl<'a, T: 'a, S: Threads> YieldFrom<Generator<'a, T, S>> for GeneratorPromise<T, S> {
    type Awaitable = Delegation<'a, T, S>;

    fn yield_from(&mut self, mut other: Generator<'a, T, S>) -> Delegation<'a, T, S> {
        // An eager generator has its first item already.
        self.item = other.0.innermost_promise_mut().item.take();
        Delegation { other, yields_first: self.item.is_some() }
    }
}

/// A generator that another one runs in its place.
#[derive(Debug)]
pub struct Delegation<'a, T, S: Threads = Local> {
    other: Generator<'a, T, S>,
    yields_first: bool,
}

impl<'a, T: 'a, S: Threads> Callee<'a> for Delegation<'a, T, S> {
    type Promise = GeneratorPromise<T, S>;
    type Output = ();

    fn suspends_first(&self) -> bool {
        self.yields_first
    }

    fn into_handle(self) -> CoroutineHandle<'a, GeneratorPromise<T, S>> {
        self.other.0
    }

    fn result(_: &mut GeneratorPromise<T, S>) {}
}
