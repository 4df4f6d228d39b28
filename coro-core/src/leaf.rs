//! The awaiter protocol ([expr.await]).

use core::future::Future;
use core::mem::{ManuallyDrop, MaybeUninit, needs_drop};
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::awaiter::Awaiter;
use crate::continuation::sealed::World;
use crate::inside::Inside;
use crate::private::Co;
use crate::promise::Promise;
use crate::trace;

/// What an awaiter's frame remembers of its coroutine, until it is ready and the awaiter dropped.
pub trait Kept<P>: Sized {
    /// Remembers the coroutine.
    fn keep(co: Co<P>) -> Self;

    /// Notes that it is not forgotten.
    fn mark(&mut self);

    /// The coroutine.
    ///
    /// # Safety
    /// It is that of the body that is polled with this context, and was not forgotten.
    unsafe fn here(&self, context: &Context<'_>) -> Co<P>;

    /// Forgets it.
    fn forget(&mut self);

    /// Whether it was forgotten.
    ///
    /// # Safety
    /// It was [marked](Self::mark).
    unsafe fn is_forgotten(&self) -> bool;
}

impl<P> Kept<P> for Option<Co<P>> {
    #[inline]
    fn keep(co: Co<P>) -> Self {
        Some(co)
    }

    #[inline]
    fn mark(&mut self) {}

    #[inline]
    unsafe fn here(&self, _: &Context<'_>) -> Co<P> {
        // SAFETY: caller's contract.
        unsafe { self.unwrap_unchecked() }
    }

    #[inline]
    fn forget(&mut self) {
        *self = None;
    }

    #[inline]
    unsafe fn is_forgotten(&self) -> bool {
        self.is_none()
    }
}

/// Where the context knows the coroutine there is only the mark.
impl<P> Kept<P> for MaybeUninit<bool> {
    #[inline]
    fn keep(_: Co<P>) -> Self {
        Self::uninit()
    }

    #[inline]
    fn mark(&mut self) {
        self.write(false);
    }

    #[inline]
    unsafe fn here(&self, context: &Context<'_>) -> Co<P> {
        Co::new(Inside::of(context).frame())
    }

    #[inline]
    fn forget(&mut self) {
        self.write(true);
    }

    #[inline]
    unsafe fn is_forgotten(&self) -> bool {
        // SAFETY: caller's contract.
        unsafe { self.assume_init() }
    }
}

/// An `.await` of a leaf awaiter.
#[must_use = "futures do nothing unless polled"]
pub struct Leaf<P: Promise, A> {
    co: <P::World as World>::Kept<P>,
    awaiter: ManuallyDrop<A>,
    slot: <P::World as World>::Slot,
}

/// The runtime keeps no pointer to an awaiter, and hooks get a plain `&mut`.
impl<P: Promise, A> Unpin for Leaf<P, A> {}

impl<P: Promise, A: Awaiter<P>> Leaf<P, A> {
    #[inline]
    pub(crate) fn new(co: Co<P>, awaiter: A) -> Self {
        let mut co = <P::World as World>::Kept::keep(co);
        if needs_drop::<A>() {
            co.mark();
        }
        Self { co, awaiter: ManuallyDrop::new(awaiter), slot: Default::default() }
    }

    /// Polls it, and says where the coroutine is: the optimizer then knows that this is the frame that is run.
    #[inline]
    pub(crate) fn poll_here(&mut self, context: &mut Context<'_>) -> Poll<(A::Output, Co<P>)> {
        let Self { co: kept, awaiter, slot } = self;
        // SAFETY: S1, S7: an awaiter is polled by the body that it was made in (contract of `private::start`), and not
        // again after it was ready. Tests: tests/ui/attacks, tests/panics.rs.
        let co = unsafe { kept.here(context) };
        if P::World::leaf(co, &mut **awaiter, slot, context).is_pending() {
            return Poll::Pending;
        }
        let value = co.with_promise(|promise| awaiter.await_resume(promise));
        trace::event(co.header(), "await_resume", "");
        // The awaiter goes here: if it went with the body's `match` and panicked, the value would not be dropped
        // (rust-lang/rust#47949).
        if needs_drop::<A>() {
            kept.forget();
            // SAFETY: S7: dropped once, for `Drop` asks whether it is forgotten. Test: tests/panics.rs.
            unsafe { ManuallyDrop::drop(awaiter) };
        }
        Poll::Ready((value, co))
    }
}

impl<P: Promise, A: Awaiter<P>> Future for Leaf<P, A> {
    type Output = A::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<A::Output> {
        self.poll_here(context).map(|(value, _)| value)
    }
}

impl<P: Promise, A> Drop for Leaf<P, A> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: S7: as above; it was kept with that in mind.
        unsafe {
            if needs_drop::<A>() && !self.co.is_forgotten() {
                ManuallyDrop::drop(&mut self.awaiter);
            }
        }
    }
}
