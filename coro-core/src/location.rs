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
    pub(crate) run: Option<u32>,
}

impl Location {
    pub(crate) fn of(header: &Header) -> Option<Self> {
        header.at.get().map(|point| Self { vtable: header.vtable, point, run: header.traced.runs() })
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

    /// In which run of its body the coroutine came there: 1 for the first, 0 if it has not begun. Counted with the
    /// feature `tracing`, and `None` without it.
    #[must_use]
    pub const fn run(&self) -> Option<u32> {
        self.run
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

/// Which coroutine it is and what it does: all that a `Debug` says of one. It is a copy, for whoever it is written to
/// may resume or destroy the coroutine.
#[derive(Clone, Copy)]
pub(crate) enum Doing {
    Waiting(Location),
    Running(&'static str),
    Ended(&'static str),
}

impl Doing {
    pub(crate) fn of(header: &Header) -> Self {
        let name = header.vtable.name;
        match Location::of(header) {
            _ if header.state.is_running() => Self::Running(name),
            Some(location) => Self::Waiting(location),
            None => Self::Ended(name),
        }
    }
}

impl fmt::Debug for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting(location) => write!(f, "{location}"),
            Self::Running(name) => write!(f, "{name}, running"),
            Self::Ended(name) => write!(f, "{name}, ended"),
        }
    }
}

/// What a root does, and the innermost coroutine that it waits for, if that is another.
pub(crate) struct Whereabouts {
    pub(crate) root: Doing,
    pub(crate) leaf: Option<Doing>,
}

/// `outer at src/main.rs:4:5: co_yield!(..inner()); innermost: inner at src/main.rs:9:5: co_yield!(1)`
impl fmt::Debug for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { root, leaf } = self;
        write!(f, "{root:?}")?;
        leaf.iter().try_for_each(|leaf| write!(f, "; innermost: {leaf:?}"))
    }
}
