//! The awaiter protocol ([expr.await]).

use core::future::Future;
use core::hint::unreachable_unchecked;
use core::mem::{ManuallyDrop, needs_drop};
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::awaiter::Awaiter;
use crate::continuation::sealed::World;
use crate::private::Co;
use crate::promise::Promise;
use crate::trace;

/// An `.await` of a leaf awaiter.
#[must_use = "futures do nothing unless polled"]
pub struct Leaf<P: Promise, A> {
    /// `None` once it is ready and the awaiter dropped, if that does anything.
    co: Option<Co<P>>,
    awaiter: ManuallyDrop<A>,
    slot: <P::World as World>::Slot,
}

/// The runtime keeps no pointer to an awaiter, and hooks get a plain `&mut`.
impl<P: Promise, A> Unpin for Leaf<P, A> {}

impl<P: Promise, A: Awaiter<P>> Leaf<P, A> {
    #[inline]
    pub(crate) fn new(co: Co<P>, awaiter: A) -> Self {
        Self::in_slot(co, awaiter, Default::default())
    }

    #[inline]
    pub(crate) fn in_slot(co: Co<P>, awaiter: A, slot: <P::World as World>::Slot) -> Self {
        Self { co: Some(co), awaiter: ManuallyDrop::new(awaiter), slot }
    }
}

impl<P: Promise, A: Awaiter<P>> Future for Leaf<P, A> {
    type Output = A::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<A::Output> {
        let Self { co, awaiter, slot } = &mut *self;
        let this = match co {
            Some(co) => *co,
            // SAFETY: S7: it is set to `None` below, for awaiters that need a drop. Test: tests/panics.rs.
            None if !needs_drop::<A>() => unsafe { unreachable_unchecked() },
            None => unreachable!("not polled again after it was ready"),
        };
        if P::World::leaf(this, &mut **awaiter, slot, context).is_pending() {
            return Poll::Pending;
        }
        let value = this.with_promise(|promise| awaiter.await_resume(promise));
        trace::event(this.header(), "await_resume", "");
        // The awaiter goes here: if it went with the body's `match` and panicked, the value would not be dropped
        // (rust-lang/rust#47949).
        if needs_drop::<A>() {
            *co = None;
            // SAFETY: S7: dropped once, for `Drop` looks at `co`. Test: tests/panics.rs.
            unsafe { ManuallyDrop::drop(awaiter) };
        }
        Poll::Ready(value)
    }
}

impl<P: Promise, A> Drop for Leaf<P, A> {
    #[inline]
    fn drop(&mut self) {
        if needs_drop::<A>() && self.co.is_some() {
            // SAFETY: S7: as above.
            unsafe { ManuallyDrop::drop(&mut self.awaiter) };
        }
    }
}
