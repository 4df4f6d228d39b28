//! Where a coroutine is suspended.

use alloc::vec::{self, Vec};
use core::fmt;
use core::panic;
use core::ptr::NonNull;

use crate::frame::Header;

/// A suspension point, as the attribute emits it.
#[derive(Debug)]
pub struct Point {
    expression: &'static str,
    location: &'static panic::Location<'static>,
}

impl Point {
    /// The point where `expression` is awaited; file, line and column are the caller's.
    #[must_use]
    #[track_caller]
    pub const fn new(expression: &'static str) -> Self {
        Self { expression, location: panic::Location::caller() }
    }
}

/// Where a coroutine is suspended: the function, the place in its source, and what it awaits there.
///
/// ```
/// use coro::Generator;
///
/// #[coro::coroutine]
/// fn two() -> Generator<'static, u32> {
///     co_yield!(1);
///     co_yield!(1 + 1);
/// }
///
/// let mut generator = two();
/// generator.next();
/// generator.next();
/// let location = generator.location().expect("it is suspended");
/// assert_eq!((location.function(), location.expression()), ("two", "co_yield!(1 + 1)"));
/// assert!(location.to_string().starts_with("two at "), "{location}");
/// ```
#[derive(Clone, Copy)]
pub struct Location {
    function: &'static str,
    point: &'static Point,
}

impl Location {
    pub(crate) fn of(header: &Header) -> Option<Self> {
        header.at.get().map(|point| Self { function: header.vtable.name, point })
    }

    /// The name of the coroutine's function.
    #[must_use]
    pub const fn function(&self) -> &'static str {
        self.function
    }

    /// The source file, as the compiler was given it.
    #[must_use]
    pub const fn file(&self) -> &'static str {
        self.point.location.file()
    }

    /// The line in the file, from 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.point.location.line()
    }

    /// The column in the line, from 1.
    #[must_use]
    pub const fn column(&self) -> u32 {
        self.point.location.column()
    }

    /// What is awaited there, as the user wrote it.
    #[must_use]
    pub const fn expression(&self) -> &'static str {
        self.point.expression
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

/// `open_file at src/main.rs:12:24: Signal.await`
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Point { expression, location } = self.point;
        write!(f, "{} at {location}: {expression}", self.function)
    }
}

/// A suspended chain of coroutines, from the innermost to the root: each with the place where it waits.
///
/// It is an iterator over their [`Location`]s, and displays as one line for each.
///
/// ```
/// use coro::Generator;
///
/// #[coro::coroutine]
/// fn outer() -> Generator<'static, u32> {
///     co_yield!(..inner());
/// }
///
/// #[coro::coroutine]
/// fn inner() -> Generator<'static, u32> {
///     co_yield!(1);
/// }
///
/// let mut generator = outer();
/// generator.next();
/// let functions: Vec<_> = generator.backtrace().map(|location| location.function()).collect();
/// assert_eq!(functions, ["inner", "outer"]);
/// ```
#[derive(Clone)]
pub struct Backtrace(vec::IntoIter<Location>);

impl Backtrace {
    /// A backtrace is taken at once, for what it walks may be gone by the next call.
    ///
    /// # Safety
    /// The frames from `leaf` up to `root`, or up to the one without a caller, are alive.
    pub(crate) unsafe fn take(leaf: NonNull<Header>, root: Option<NonNull<Header>>) -> Self {
        let mut locations = Vec::new();
        let mut next = Some(leaf);
        while let Some(current) = next {
            // SAFETY: S2: caller's contract. Tests: tests/location.rs, tests/attacks.rs.
            let header = unsafe { current.as_ref() };
            locations.extend(Location::of(header));
            next = if root == Some(current) { None } else { header.caller() };
        }
        Self(locations.into_iter())
    }

    pub(crate) fn empty() -> Self {
        Self(Vec::new().into_iter())
    }
}

impl Iterator for Backtrace {
    type Item = Location;

    fn next(&mut self) -> Option<Location> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Backtrace {}

impl core::iter::FusedIterator for Backtrace {}

impl fmt::Debug for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.as_slice()).finish()
    }
}

impl fmt::Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_slice().iter().try_for_each(|location| writeln!(f, "{location}"))
    }
}

/// Says which coroutine this is and where.
pub(crate) fn describe(header: &Header, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match Location::of(header) {
        Some(location) => write!(f, "{location}"),
        None if header.state.has_ended() => write!(f, "{}, ended", header.vtable.name),
        None => write!(f, "{}", header.vtable.name),
    }
}
