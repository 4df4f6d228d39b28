//! Where a chain of coroutines is suspended.

use alloc::vec::{self, Vec};
use core::fmt;
use core::ptr::NonNull;

use crate::frame::Header;
use crate::location::Location;

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
