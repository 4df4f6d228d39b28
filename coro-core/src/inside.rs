//! What a frame says to its own body: the context that it polls that with.
//!
//! An awaiter finds there where it is, and who runs it. It is on the stack for one poll only, and where the body is
//! inlined into its frame, which it mostly is, the optimizer keeps none of it.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};
use core::task::{Context, RawWaker, RawWakerVTable, Waker};

use crate::drive::Turn;
use crate::frame::Header;
use crate::trace;
use crate::whole::Taker;

/// See the module's documentation.
pub struct Inside {
    /// The frame that the body is in.
    frame: NonNull<Header>,
    /// What runs it. In the world [`ByOwner`](crate::ByOwner) that is known here only of one in a place, and where
    /// somebody may watch; there the state knows it of each ([`World::turn`](crate::continuation::sealed::World::turn)).
    turn: Option<NonNull<Turn>>,
    /// Who takes what it yields while it is on the stack.
    taker: Option<Taker>,
    /// In the world [`ByOwner`](crate::ByOwner): whether the awaiter that is polled next is the one that had suspended.
    /// For one that is polled first of all, see [`Initially`](crate::start::Initially).
    is_fresh: Cell<bool>,
    /// Whether an awaiter has suspended it.
    has_suspended: Cell<bool>,
    /// Who goes on then.
    next: Cell<Option<NonNull<Header>>>,
}

impl Inside {
    #[inline]
    pub(crate) fn new(frame: NonNull<Header>, turn: Option<NonNull<Turn>>, taker: Option<Taker>) -> Self {
        Self { frame, turn, taker, is_fresh: Cell::new(true), has_suspended: Cell::new(false), next: Cell::new(None) }
    }

    /// Polls with a context that says this.
    #[inline]
    pub(crate) fn poll<R>(&self, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
        // SAFETY: the functions of the table do not look at the pointer. Test: tests/attacks.rs.
        let waker = unsafe { Waker::new(ptr::from_ref(self).cast(), &INSIDE) };
        poll(&mut Context::from_waker(&ManuallyDrop::new(waker)))
    }

    /// What this context says.
    ///
    /// # Panics
    /// If it is another's.
    #[inline]
    pub(crate) fn of<'i>(context: &'i Context<'_>) -> &'i Self {
        let waker = context.waker();
        assert!(ptr::eq(waker.vtable(), &raw const INSIDE), "a body is polled by its own frame");
        // SAFETY: S1: a waker with this table is made above, lives no longer than what it points at, and has no copies.
        // Test: tests/attacks.rs.
        unsafe { &*waker.data().cast::<Self>() }
    }

    #[inline]
    pub(crate) fn frame(&self) -> NonNull<Header> {
        self.frame
    }

    #[inline]
    pub(crate) fn turn(&self) -> Option<NonNull<Turn>> {
        self.turn
    }

    /// Whether the awaiter that is polled is the one that had suspended; true once per resumption.
    #[inline]
    pub(crate) fn take_fresh(&self) -> bool {
        self.is_fresh.replace(false)
    }

    /// An awaiter has suspended the body, which is about to leave the stack. Then `next` goes on.
    #[inline]
    pub(crate) fn suspend(&self, next: Option<NonNull<Header>>) {
        self.has_suspended.set(true);
        self.next.set(next);
    }

    /// Whether an awaiter has.
    #[inline]
    pub(crate) fn has_suspended(&self) -> bool {
        self.has_suspended.get()
    }

    /// Who goes on then.
    #[inline]
    pub(crate) fn next(&self) -> Option<NonNull<Header>> {
        self.next.get()
    }

    /// Gives what the body yields to who takes it at once; `false` if nobody does, and it is to be suspended.
    ///
    /// So is one that somebody watches: what is told of a coroutine does not depend on what is only faster.
    ///
    /// # Safety
    /// The body is on the stack, was polled with this, is about to suspend for its owner, and nobody uses its promise.
    #[inline]
    pub(crate) unsafe fn is_taken(&self) -> bool {
        // SAFETY: S4: caller's contract. The turn that runs the body is on the stack below it, and so are its taker,
        // which `fold` made for this chain, and the taker's step. That is in no call, for this body runs. Test:
        // tests/generator_folds.rs.
        unsafe {
            match self.taker {
                Some(taker) if !trace::is_watched(self.frame.as_ref()) => {
                    taker.take(self.frame);
                    true
                }
                _ => false,
            }
        }
    }
}

/// Wakes nobody. A clone says nothing; it points here, so that no other table has the same functions, and could be
/// merged with this one.
static INSIDE: RawWakerVTable =
    RawWakerVTable::new(|_| RawWaker::new((&raw const INSIDE).cast(), Waker::noop().vtable()), |_| {}, |_| {}, |_| {});
