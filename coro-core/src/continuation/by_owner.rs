//! Coroutines that their owner resumes.

use core::fmt;
use core::future::Future;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::{ByOwner, Continuation, Threads, sealed};
use crate::awaiter::Awaiter;
use crate::drive::Turn;
use crate::frame::{Header, Left};
use crate::private::Co;
use crate::promise::Promise;
use crate::trace;
use crate::whole::{Inside, Told};

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
    unsafe fn poll<B: Future, const LENT: bool>(
        body: Pin<&mut B>,
        frame: NonNull<Header>,
        turn: Option<NonNull<Turn>>,
    ) -> Poll<B::Output> {
        let taker = if LENT {
            // SAFETY: S4: the turn is on the stack below (caller's contract). Test: tests/generator_folds.rs.
            Told::Here(turn.and_then(|turn| unsafe { turn.as_ref().taker() }))
        } else {
            Told::ByTurn
        };
        Inside::new(frame, taker).poll(|context| body.poll(context))
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
