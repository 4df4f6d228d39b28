//! Coroutines that their owner resumes.

use core::fmt;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::{ByOwner, Continuation, Threads, sealed};
use crate::awaiter::Awaiter;
use crate::drive::Turn;
use crate::frame::{Header, Left};
use crate::private::Co;
use crate::promise::Promise;
use crate::trace;

/// A continuation that says only "go on at once".
pub struct GoOn;

impl fmt::Debug for GoOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("go on")
    }
}

#[diagnostic::do_not_recommend]
impl<T: Threads> sealed::World for ByOwner<T> {
    type Hold = GoOn;
    /// Whether the awaiter has suspended.
    type Slot = bool;
    const SHARED: bool = false;
    const NESTS: bool = false;
    const ALONE: bool = true;

    #[inline]
    unsafe fn left(frame: NonNull<Header>, turn: Option<NonNull<Turn>>) -> Option<Left> {
        // SAFETY: S4: in this world nobody but the owner knows a coroutine; the turn is on the stack (caller's
        // contract). Test: tests/attacks.rs.
        unsafe {
            let state = &frame.as_ref().state;
            if state.is_suspended() {
                return Some(Left { next: None, waits: Some(frame) });
            }
            let next = turn.and_then(|turn| turn.as_ref().next.take());
            state.is_calling().then_some(Left { next, waits: Some(frame) })
        }
    }

    #[inline]
    fn leaf<P, A>(co: Co<P>, awaiter: &mut A, has_suspended: &mut bool, _: &mut Context<'_>) -> Poll<()>
    where
        P: Promise<World = Self>,
        A: Awaiter<P>,
    {
        if *has_suspended || co.is_ready(awaiter) {
            return Poll::Ready(());
        }
        match co.with_promise(|promise| awaiter.await_suspend(promise, Continuation { hold: GoOn })) {
            Some(Continuation { hold: GoOn }) => {
                trace::event(co.header(), "await_suspend", "goes on");
                Poll::Ready(())
            }
            None => {
                trace::event(co.header(), "await_suspend", "suspends");
                *has_suspended = true;
                // SAFETY: S4: as above.
                unsafe { co.header().state.suspend_alone() };
                Poll::Pending
            }
        }
    }

    #[inline]
    unsafe fn claim(_: Option<Continuation<Self>>) -> Option<NonNull<Header>> {
        None
    }
}
