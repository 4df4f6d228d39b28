//! Coroutines that are futures.

use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::{Continuation, Polled, Threads, sealed};
use crate::awaiter::Awaiter;
use crate::branch::Outcome;
use crate::drive::Turn;
use crate::frame::{Header, Left};
use crate::handle::poll_under;
use crate::inside::Inside;
use crate::private::Co;
use crate::promise::Promise;
use crate::trace;
use crate::wake::{WakeSlot, Wakers, spent};

/// A wake-up that has not been used.
pub struct WakeUp(Option<Arc<WakeSlot>>);

impl fmt::Debug for WakeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a wake-up")
    }
}

impl Drop for WakeUp {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            slot.fire();
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Threads> sealed::World for Polled<T> {
    type Hold = WakeUp;
    type Slot = Option<Arc<WakeSlot>>;
    const SHARED: bool = false;
    const NESTS: bool = true;
    const POLLED: bool = true;

    #[inline]
    unsafe fn poll<B: Future>(body: Pin<&mut B>, inside: &Inside) -> Poll<B::Output> {
        // SAFETY: S4: the turn is on the stack below (caller's contract), and so is the context it was given. Test:
        // tests/tasks.rs.
        body.poll(unsafe { inside.turn().unwrap_unchecked().as_ref().context() })
    }

    /// Any `Pending` that no coroutine of ours has left is some future's, and its waker's business.
    #[inline]
    unsafe fn left(inside: &Inside) -> Option<Left> {
        let frame = inside.frame();
        // SAFETY: S4: the turn is on the stack (caller's contract). Test: tests/tasks.rs.
        unsafe {
            let turn = inside.turn().unwrap_unchecked();
            if frame.as_ref().state.is_run_by(turn) {
                frame.as_ref().state.suspend_in_future();
                return Some(Left { next: None, waits: Some(frame) });
            }
            let Turn { next, leaf, .. } = turn.as_ref();
            Some(Left { next: next.take(), waits: leaf.take().or(Some(frame)) })
        }
    }

    type Kept<P> = Option<Co<P>>;

    fn leaf<P, A>(co: Co<P>, awaiter: &mut A, slot: &mut Self::Slot, context: &mut Context<'_>) -> Poll<()>
    where
        P: Promise<World = Self>,
        A: Awaiter<P>,
    {
        if A::TO_VISITOR {
            return co.to_visitor(co.take_fresh());
        }
        if let Some(given) = slot {
            if !given.has_fired() {
                return given.poll(context);
            }
            if let Some(spent) = slot.take() {
                spent::keep(spent);
            }
            return Poll::Ready(());
        }
        if co.is_ready(awaiter) {
            return Poll::Ready(());
        }
        let given = WakeSlot::new(context, spent::take());
        let wake_up = Continuation { hold: WakeUp(Some(given.clone())) };
        let next = co.with_promise(|promise| awaiter.await_suspend(promise, wake_up));
        match next {
            Some(mut own) if own.hold.0.as_ref().is_some_and(|slot| Arc::ptr_eq(slot, &given)) => {
                own.hold.0 = None;
                trace::event(co.header(), "await_suspend", "goes on");
                return Poll::Ready(());
            }
            // Somebody else's: they are woken.
            Some(other) => {
                trace::event(co.header(), "await_suspend", "suspends, and wakes another");
                drop(other);
            }
            None => trace::event(co.header(), "await_suspend", "suspends"),
        }
        if given.has_fired() {
            spent::keep(given);
            return Poll::Ready(());
        }
        *slot = Some(given);
        Poll::Pending
    }

    unsafe fn claim(_: Option<Continuation<Self>>) -> Option<NonNull<Header>> {
        None
    }
}

impl<T: Threads> sealed::Parks for Polled<T> {
    type Gathering = Option<Wakers>;

    unsafe fn gather(
        frame: NonNull<Header>,
        gathering: &mut Option<Wakers>,
        coroutines: &[NonNull<Header>],
        any: bool,
        context: &mut Context<'_>,
    ) -> Poll<Outcome> {
        let wakers = gathering.get_or_insert_with(|| {
            // SAFETY: S2: its body is on the stack. Test: tests/tracing.rs.
            trace::event(unsafe { frame.as_ref() }, "await_suspend", "starts them");
            Wakers::new(coroutines.len())
        });
        let first = wakers.poll(context, any, |index, context| {
            // SAFETY: S2: caller's contract; who waits is alive. Tests: tests/together_polled.rs,
            // tests/attacks_delegation.rs.
            unsafe {
                let coroutine = coroutines[index];
                let mut runs = !coroutine.as_ref().state.is_done();
                while runs {
                    let waits = poll_under(coroutine, context);
                    // One that has yielded goes on: nobody takes its items, and nobody would wake it.
                    runs = waits.is_some_and(|leaf| leaf.as_ref().state.is_parked());
                }
                coroutine.as_ref().state.is_done()
            }
        });
        first.map(|first| first.map_or(Outcome::All, Outcome::Any))
    }

    fn resume(wake_up: WakeUp) {
        drop(wake_up);
    }
}
