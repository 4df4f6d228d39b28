//! Coroutines that are pulled: iterators written as functions.

use core::fmt;
use core::iter::FusedIterator;

use crate::private::AwaitsListed;
use crate::{
    Backtrace, ByOwner, Callee, Coroutine, CoroutineHandle, Handle, Location, NewPromise, Promise, Propagate,
    SuspendAlways, YieldFrom, YieldValue,
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
#[must_use = "a generator does nothing until its items are asked for"]
pub struct Generator<'a, T>(CoroutineHandle<'a, GeneratorPromise<T>>);

/// The promise of a [`Generator`].
#[derive(Debug)]
pub struct GeneratorPromise<T> {
    item: Option<T>,
}

impl<T> Generator<'_, T> {
    /// Where the generator is suspended; `None` after its end.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.0.location()
    }

    /// Where the generator is suspended, from the innermost one it delegates to.
    #[must_use]
    pub fn backtrace(&self) -> Backtrace {
        self.0.backtrace()
    }
}

impl<T> Iterator for Generator<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        // An eager generator has its first item already.
        if self.0.innermost_promise_mut().item.is_none() && !self.0.try_resume() {
            return None;
        }
        self.0.innermost_promise_mut().item.take()
    }
}

impl<T> FusedIterator for Generator<'_, T> {}

impl<T> fmt::Debug for Generator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Generator").field(&self.0).finish()
    }
}

impl<T> Promise for GeneratorPromise<T> {
    type World = ByOwner;
    type Owner = Handle;
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
impl<T> NewPromise for GeneratorPromise<T> {
    fn new() -> Self {
        Self { item: None }
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: 'a> Coroutine<'a> for Generator<'a, T> {
    type Promise = GeneratorPromise<T>;

    fn get_return_object(handle: CoroutineHandle<'a, GeneratorPromise<T>>) -> Self {
        Self(handle)
    }
}

impl<T> YieldValue<T> for GeneratorPromise<T> {
    type Awaiter = SuspendAlways;

    #[inline]
    fn yield_value(&mut self, item: T) -> SuspendAlways {
        self.item = Some(item);
        SuspendAlways
    }
}

/// A generator awaits nothing.
impl<T> AwaitsListed for GeneratorPromise<T> {}

/// `co_yield!(..other)`
impl<'a, T: 'a> YieldFrom<Generator<'a, T>> for GeneratorPromise<T> {
    type Awaitable = Delegation<'a, T>;

    fn yield_from(&mut self, mut other: Generator<'a, T>) -> Delegation<'a, T> {
        // An eager generator has its first item already.
        self.item = other.0.innermost_promise_mut().item.take();
        Delegation { other, yields_first: self.item.is_some() }
    }
}

/// A generator that another one runs in its place.
#[derive(Debug)]
pub struct Delegation<'a, T> {
    other: Generator<'a, T>,
    yields_first: bool,
}

impl<'a, T: 'a> Callee<'a> for Delegation<'a, T> {
    type Promise = GeneratorPromise<T>;
    type Output = ();

    fn suspends_first(&self) -> bool {
        self.yields_first
    }

    fn into_handle(self) -> CoroutineHandle<'a, GeneratorPromise<T>> {
        self.other.0
    }

    fn result(_: &mut GeneratorPromise<T>) {}
}
