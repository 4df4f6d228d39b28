//! Coroutines that their owner resumes.

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::{ByOwner, Continuation, Threads, sealed};
use crate::awaiter::Awaiter;
use crate::drive::Turn;
use crate::frame::{Header, Left};
use crate::inside::Inside;
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
    type Slot = ();
    const SHARED: bool = false;
    const NESTS: bool = false;
    const ALONE: bool = true;

    #[inline]
    fn turn(frame: &Header, _: &Context<'_>) -> Option<NonNull<Turn>> {
        frame.state.turn_if_any()
    }

    #[inline]
    unsafe fn left(inside: &Inside) -> Option<Left> {
        let frame = inside.frame();
        // SAFETY: S4: nobody but the owner knows a coroutine. Test: tests/attacks.rs.
        let suspends = || inside.has_suspended() || unsafe { frame.as_ref() }.state.is_calling();
        // What it does now its state says, and who is called the turn.
        suspends().then_some(Left::gone(None))
    }

    type Kept<P> = MaybeUninit<bool>;

    #[inline]
    fn leaf<P, A>(co: Co<P>, awaiter: &mut A, (): &mut (), context: &mut Context<'_>) -> Poll<()>
    where
        P: Promise<World = Self>,
        A: Awaiter<P>,
    {
        let inside = Inside::of(context);
        if inside.take_fresh() || co.is_ready(awaiter) {
            return Poll::Ready(());
        }
        match co.with_promise(|promise| awaiter.await_suspend(promise, Continuation { hold: GoOn })) {
            Some(Continuation { hold: GoOn }) => {
                trace::event(co.header(), "await_suspend", "goes on");
                Poll::Ready(())
            }
            None => {
                trace::event(co.header(), "await_suspend", "suspends");
                // SAFETY: S4: the body is about to suspend, and its hook has returned. Test: tests/generator_folds.rs.
                if unsafe { inside.is_taken() } {
                    return Poll::Ready(());
                }
                inside.suspend(None);
                Poll::Pending
            }
        }
    }

    #[inline]
    unsafe fn claim(_: Option<Continuation<Self>>) -> Option<NonNull<Header>> {
        None
    }
}
