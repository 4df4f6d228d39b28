//! Coroutines that their owner resumes.

use core::fmt;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::{ByOwner, Continuation, Threads, sealed};
use crate::awaiter::Awaiter;
use crate::frame::Header;
use crate::private::Co;
use crate::promise::Promise;
use crate::state::State;
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
    const SETTLES: bool = false;
    const NESTS: bool = false;
    const ALONE: bool = true;

    #[inline]
    fn accept_pending(state: &State) -> bool {
        // SAFETY: S4: in this world nobody but the owner knows a coroutine. Test: tests/attacks.rs.
        unsafe { state.is_suspended() || state.is_calling() }
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
