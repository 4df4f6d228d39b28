//! Coroutines that are owned by their continuation.

use core::fmt;
use core::marker::PhantomData;
use core::mem::{MaybeUninit, forget};
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::{ChangesThreads, Continuation, Detached, Threads, sealed};
use crate::awaiter::Awaiter;
use crate::backtrace::Backtrace;
use crate::branch::{Gathering, Outcome};
use crate::drive::{self, Turn};
use crate::frame::{Header, Left};
use crate::guard::Finally;
use crate::inside::Inside;
use crate::location::Doing;
use crate::private::Co;
use crate::promise::Promise;
use crate::state::Claim;
use crate::trace;

/// Owns the chain from its leaf, which it points at, to its root.
pub struct Chain<T: Threads> {
    leaf: NonNull<Header>,
    threads: PhantomData<T>,
}

// SAFETY: S1, S4: all frames of the chain hold only what is `Send` (`private::start` checks each), and the state word
// hands them over: `settle` releases, a claim acquires. Tests: tests/threads.rs, and the loom models in models.rs.
unsafe impl<T: ChangesThreads> Send for Chain<T> {}

impl<T: Threads> fmt::Debug for Chain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: S2: the leaf's memory stays at least until its continuation is gone. Test: tests/attacks.rs.
        let leaf = unsafe { self.leaf.as_ref() };
        // Where it is may be changing on another thread; its name is not.
        if T::SHARED { f.write_str(leaf.vtable.name) } else { Doing::of(leaf).fmt(f) }
    }
}

impl<T: Threads> Chain<T> {
    /// The frame to run, unless the coroutine is not to be run now or ever.
    fn claim(self) -> Option<NonNull<Header>> {
        let leaf = self.leaf;
        forget(self);
        // SAFETY: S2: the leaf's memory stays at least until its continuation is gone. Test: tests/attacks.rs.
        unsafe {
            match leaf.as_ref().state.claim_to_resume(T::SHARED) {
                Claim::Owned => return Some(leaf),
                Claim::Nothing => {}
                Claim::Free => (leaf.as_ref().vtable.free)(leaf),
            }
        }
        None
    }
}

impl<T: Threads> Drop for Chain<T> {
    fn drop(&mut self) {
        // SAFETY: S2: as above; an owned chain is suspended as a whole. Test: tests/attacks.rs.
        unsafe {
            match self.leaf.as_ref().state.claim_to_drop(T::SHARED) {
                Claim::Owned => {
                    if let Some(next) = drive::destroy_chain(self.leaf) {
                        drive::run(next);
                    }
                }
                Claim::Nothing => {}
                Claim::Free => (self.leaf.as_ref().vtable.free)(self.leaf),
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Threads> sealed::World for Detached<T> {
    type Hold = Chain<T>;
    /// Whether the awaiter has suspended.
    type Slot = bool;
    const SHARED: bool = T::SHARED;
    const NESTS: bool = !T::SHARED;
    const FRESH: bool = false;

    type Kept<P> = MaybeUninit<bool>;

    #[inline]
    fn turn(_: &Header, context: &Context<'_>) -> Option<NonNull<Turn>> {
        Inside::of(context).turn()
    }

    #[inline]
    unsafe fn left(inside: &Inside) -> Option<Left> {
        let frame = inside.frame();
        // SAFETY: S4: caller's contract; a local coroutine stays on its thread. Once it is settled, somebody else may
        // own the frame. Test: tests/transfer.rs.
        unsafe {
            let turn = inside.turn().unwrap_unchecked();
            let settles = || !turn.as_ref().is_cancelled() && frame.as_ref().state.settles_at_once(turn, T::SHARED);
            if inside.has_suspended() && settles() {
                return Some(Left::gone(inside.next()));
            }
            if let Some(next) = inside.next() {
                turn.as_ref().next.set(Some(next));
            }
            if frame.as_ref().state.is_run_by(turn) { None } else { Some(turn.as_ref().left(frame)) }
        }
    }

    #[inline]
    fn leaf<P, A>(co: Co<P>, awaiter: &mut A, has_suspended: &mut bool, context: &mut Context<'_>) -> Poll<()>
    where
        P: Promise<World = Self>,
        A: Awaiter<P>,
    {
        if A::TO_VISITOR {
            let polled = co.to_visitor(*has_suspended);
            *has_suspended = polled.is_pending();
            return polled;
        }
        if *has_suspended || co.is_ready(awaiter) {
            return Poll::Ready(());
        }
        let (inside, state) = (Inside::of(context), &co.header().state);
        // SAFETY: S4: in this world every body is run by a turn. Test: tests/transfer.rs.
        let turn = unsafe { inside.turn().unwrap_unchecked() };
        state.begin_suspension(turn);
        let abandoned = Finally::new(|| state.abandon_suspension(T::SHARED));
        let continuation = Continuation { hold: Chain { leaf: co.pointer(), threads: PhantomData } };
        let next = co.with_promise(|promise| awaiter.await_suspend(promise, continuation));
        abandoned.defuse();
        match &next {
            None => trace::event(co.header(), "await_suspend", "suspends"),
            Some(own) if own.hold.leaf == co.pointer() => trace::event(co.header(), "await_suspend", "goes on"),
            // SAFETY: S2: the leaf's memory stays at least until its continuation is gone. Test: tests/tracing.rs.
            Some(next) => unsafe {
                trace::event_to(co.header(), "await_suspend", "transfers", next.hold.leaf.as_ref());
            },
        }
        match next {
            Some(own) if own.hold.leaf == co.pointer() => {
                forget(own);
                state.cancel_suspension();
                Poll::Ready(())
            }
            next => {
                *has_suspended = true;
                // SAFETY: S4: the turn that runs this body is on the stack below it, and runs what is claimed. Test:
                // tests/transfer.rs.
                inside.suspend(unsafe { Self::claim(next) });
                Poll::Pending
            }
        }
    }

    #[inline]
    unsafe fn claim(next: Option<Continuation<Self>>) -> Option<NonNull<Header>> {
        next?.hold.claim()
    }

    #[inline]
    fn target(next: &Continuation<Self>) -> Option<NonNull<Header>> {
        Some(next.hold.leaf)
    }
}

impl Continuation<Detached> {
    /// Where the coroutine is suspended, and who waits for it there: from the innermost coroutine to the root. Empty if
    /// a panic ended the coroutine.
    #[must_use]
    pub fn backtrace(&self) -> Backtrace {
        let leaf = self.hold.leaf;
        // SAFETY: S2: the leaf's memory stays at least until its continuation is gone; its callers are alive while the
        // continuation owns the chain, but not if a panic ended it. Tests: tests/location.rs, tests/attacks.rs.
        unsafe { if self.is_done() { Backtrace::empty() } else { Backtrace::take(leaf, None) } }
    }

    /// Whether its coroutine has ended without it: it was cancelled, or a panic ended it. Then resuming or dropping the
    /// continuation does nothing but release memory, and whoever keeps many can drop this one.
    ///
    /// C++'s `done()` asks for less, namely whether a coroutine is at its final suspension; one of those has no
    /// continuation here.
    ///
    /// ```
    /// use std::{cell::Cell, rc::Rc};
    /// use coro::{Awaiter, Continuation, Detached, Promise, Scope, Task};
    ///
    /// type Place = Rc<Cell<Option<Continuation<Detached>>>>;
    ///
    /// struct Park(Place);
    ///
    /// impl<P: Promise<World = Detached>> Awaiter<P> for Park {
    ///     type Output = ();
    ///     fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> {
    ///         self.0.set(Some(me));
    ///         None
    ///     }
    ///     fn await_resume(&mut self, _: &mut P) {}
    /// }
    ///
    /// #[coro::coroutine]
    /// fn parks(place: Place) -> Task<'static, (), Detached> {
    ///     Park(place).await;
    /// }
    ///
    /// let (place, scope) = (Place::default(), Scope::new());
    /// let parked = scope.spawn(parks(place.clone()));
    /// let waiting = place.take().expect("it waits");
    /// assert!(!waiting.is_done());
    /// parked.cancel();
    /// assert!(waiting.is_done());
    /// ```
    #[must_use]
    pub fn is_done(&self) -> bool {
        // SAFETY: S2: the leaf's memory stays at least until its continuation is gone. Tests: tests/attacks.rs.
        !unsafe { self.hold.leaf.as_ref() }.state.belongs_to_continuation()
    }
}

impl<T: Threads> sealed::Parks for Detached<T> {
    type Gathering = Gathering;

    unsafe fn gather(
        frame: NonNull<Header>,
        gathering: &mut Gathering,
        coroutines: &[NonNull<Header>],
        any: bool,
        _: &mut Context<'_>,
    ) -> Poll<Outcome> {
        // SAFETY: S2: caller's contract; a detached coroutine with a handle is started by its caller only. Test:
        // tests/together.rs.
        unsafe { gathering.poll(frame, coroutines, any) }
    }

    fn resume(chain: Chain<T>) {
        if let Some(leaf) = chain.claim() {
            // SAFETY: S2: the chain was claimed just now. Test: tests/attacks.rs.
            unsafe { drive::run(leaf) };
        }
    }
}
