//! Without the feature `tracing`: nothing.

#![expect(clippy::inline_always, clippy::unused_self, reason = "it stands for what does something")]

use core::ptr::NonNull;

use crate::drive::Turn;
use crate::frame::Header;

/// What a header holds.
pub(crate) struct Traced;

impl Traced {
    #[inline(always)]
    pub(crate) const fn nobody() -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) const fn new(_: &'static str) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) const fn runs(&self) -> Option<u32> {
        None
    }
}

/// A body on the stack.
pub(crate) struct Run;

impl Run {
    #[inline(always)]
    pub(crate) const fn begin(_: &Header) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) unsafe fn suspends(
        &mut self,
        _: &Header,
        _: Option<NonNull<Turn>>,
        _: Option<NonNull<Header>>,
        _: impl FnOnce() -> bool,
    ) {
    }

    #[inline(always)]
    pub(crate) unsafe fn ends(self, _: Option<NonNull<Header>>, _: Option<NonNull<Header>>, _: Option<NonNull<Turn>>) {}
}

#[inline(always)]
pub(crate) const fn is_watched(_: &Header) -> bool {
    false
}

#[inline(always)]
pub(crate) const fn event(_: &Header, _: &'static str, _: &'static str) {}

#[inline(always)]
pub(crate) const fn event_to(_: &Header, _: &'static str, _: &'static str, _: &Header) {}

#[inline(always)]
pub(crate) fn initial_suspend(_: &Header, _: impl FnOnce() -> bool) {}

#[inline(always)]
pub(crate) const fn starts_suspended(_: &Header, _: bool) {}

#[inline(always)]
pub(crate) const fn destroys(_: &Header) {}

#[inline(always)]
pub(crate) const fn releases(_: &Header) {}
