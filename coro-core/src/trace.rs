//! What a `tracing` subscriber hears of a coroutine, with the feature `tracing`: a span for each, which is entered
//! while its body is on the stack, and in it an event for each hook, awaiter call, and change of hands.
//!
//! Without the feature nothing is left of this: [`Traced`] and [`Run`] have no size, and the functions are empty.
//!
//! An event says what a hook has answered, so it is sent when the hook has returned, in the order of rule S5. It is
//! sent by whoever runs or owns the coroutine at that moment, so a subscriber may do what a hook may do, but for one
//! thing: it must not panic, for it is called where nothing may unwind; if it does, the process aborts.

#[cfg(not(feature = "tracing"))]
mod nobody;
#[cfg(feature = "tracing")]
mod subscriber;

use core::ptr::NonNull;

use crate::frame::Header;

#[cfg(not(feature = "tracing"))]
use nobody as imp;
#[cfg(feature = "tracing")]
use subscriber as imp;

pub(crate) use imp::{Run, Traced, destroys, event, event_to, initial_suspend, is_watched, releases, starts_suspended};

/// A leaf awaiter has said whether it is ready.
#[inline]
pub(crate) fn ready(coroutine: &Header, is_ready: bool) {
    event(coroutine, "await_ready", if is_ready { "ready" } else { "not ready" });
}

/// The hook `final_suspend` has said who runs next.
///
/// # Safety
/// `next` is alive.
#[inline]
pub(crate) unsafe fn final_suspend(coroutine: &Header, next: Option<NonNull<Header>>) {
    match next {
        // SAFETY: caller's contract.
        Some(next) => event_to(coroutine, "final_suspend", "transfers", unsafe { next.as_ref() }),
        None => event(coroutine, "final_suspend", "goes back"),
    }
}
