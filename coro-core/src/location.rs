//! Where a coroutine is suspended.

use core::fmt;
use core::panic;

use crate::frame::{Header, VTable};
use crate::info::Info;

/// A suspension point, as the attribute emits it.
#[derive(Debug)]
pub struct Point {
    pub(crate) expression: &'static str,
    pub(crate) location: &'static panic::Location<'static>,
    pub(crate) is_macro: bool,
}

impl Point {
    /// The point where `expression` is awaited; file, line and column are the caller's.
    #[must_use]
    #[track_caller]
    pub const fn new(expression: &'static str) -> Self {
        Self { expression, location: panic::Location::caller(), is_macro: false }
    }

    /// A macro that the attribute cannot see into: a part of the diagram, at which nothing is suspended.
    #[must_use]
    #[track_caller]
    pub const fn of_macro(expression: &'static str) -> Self {
        Self { expression, location: panic::Location::caller(), is_macro: true }
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
    pub(crate) vtable: &'static VTable,
    pub(crate) point: &'static Point,
}

impl Location {
    pub(crate) fn of(header: &Header) -> Option<Self> {
        header.at.get().map(|point| Self { vtable: header.vtable, point })
    }

    /// The name of the coroutine's function.
    #[must_use]
    pub const fn function(&self) -> &'static str {
        self.vtable.name
    }

    /// The machine that the function is: where it can be suspended, and where it can go on from there.
    #[must_use]
    pub const fn info(&self) -> Info {
        Info::of(self.vtable)
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
        let Point { expression, location, .. } = self.point;
        write!(f, "{} at {location}: {expression}", self.function())
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
