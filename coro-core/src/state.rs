//! The state word of a frame: what the coroutine is doing, and who still points at it.
//!
//! While the body is on the stack the word points at the [`Turn`] that runs it, so that a suspension can tell the
//! trampoline who goes on; otherwise it is one of the small numbers below. `Turn` is aligned to 16, which leaves
//! room for flags in its address.
//!
//! ```text
//! NEW ──resume──▶ running ──leaf awaiter──▶ SUSPENDING ──settle──▶ SUSPENDED ──resume──▶ running, fresh
//!                    │                          │  the continuation was used inside `await_suspend`
//!                    │                          ├──▶ RESUME_REQUESTED ──settle──▶ running, fresh
//!                    ▼                          └──▶ DROP_REQUESTED ────settle──▶ DONE
//!                  DONE ──release──▶ RELEASED, where the memory waits for a stale continuation
//! ```
//!
//! In a world whose coroutines stay on their thread, every transition is a load and a store. In one whose
//! continuations may be used on other threads while `await_suspend` still runs, those that can race are
//! read-modify-writes (`shared`): whoever takes the word out of `SUSPENDING` has decided who goes on.

use core::ptr::{self, NonNull};

use crate::drive::Turn;
use crate::frame::Header;
use crate::sync::{AtomicPtr, Ordering};

/// Never polled.
const NEW: usize = 0;
/// Off the stack, to be resumed by the owner.
const SUSPENDED: usize = 1;
/// The continuation is out and the body still on the stack.
const SUSPENDING: usize = 4;
/// As `SUSPENDING`, and the continuation was resumed meanwhile.
const RESUME_REQUESTED: usize = 5;
/// As `SUSPENDING`, and the continuation was dropped meanwhile.
const DROP_REQUESTED: usize = 8;
/// The body has ended or was destroyed.
const DONE: usize = 9;
/// Only the memory is left.
const RELEASED: usize = 12;

/// Flag of a running body: the awaiter that is polled next had suspended, and may finish now. The same bit as
/// `SUSPENDED`, so that entering is one `or`.
const FRESH: usize = 1;
/// Flag of a running or done body: `await_suspend` panicked after it had given the continuation away, and what is
/// out there may only release memory. No number above has this bit.
const STALE: usize = 2;

/// See the module's documentation.
pub struct State(AtomicPtr<Turn>);

/// What the trampoline finds when the body has returned `Pending`.
#[must_use]
pub(crate) enum Suspension {
    /// An owner has it now.
    Settled,
    /// Its continuation was resumed during `await_suspend`: run it again.
    Resumed,
    /// Its continuation was dropped during `await_suspend`: destroy the chain.
    Dropped,
}

/// What a continuation that is resumed or dropped may do.
#[must_use]
pub(crate) enum Claim {
    /// The chain is suspended and now the claimant's, to run or to destroy.
    Owned,
    /// The trampoline will do it once the body is off the stack; or the coroutine went on without this continuation.
    Nothing,
    /// Free the frame's memory, which waited only for this continuation.
    Free,
}

impl State {
    #[inline]
    pub(crate) fn new() -> Self {
        Self(AtomicPtr::new(number(NEW)))
    }

    #[inline]
    fn get(&self) -> *mut Turn {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    fn word(&self) -> usize {
        self.get().addr()
    }

    /// For transitions that nothing races with.
    #[inline]
    fn set(&self, word: *mut Turn) {
        self.0.store(word, Ordering::Relaxed);
    }

    /// Exchanges the word, and returns the old one.
    #[inline]
    fn update(&self, shared: bool, change: impl Fn(*mut Turn) -> *mut Turn) -> *mut Turn {
        let mut old = self.get();
        if !shared {
            self.set(change(old));
            return old;
        }
        loop {
            match self.0.compare_exchange_weak(old, change(old), Ordering::AcqRel, Ordering::Acquire) {
                Ok(old) => return old,
                Err(newer) => old = newer,
            }
        }
    }

    /// The body goes on the stack, run by `turn`.
    #[inline]
    pub(crate) fn enter(&self, turn: NonNull<Turn>) {
        let word = self.word();
        debug_assert!(matches!(word, NEW | SUSPENDED), "entered in state {word}");
        self.set(turn.as_ptr().map_addr(|address| address | word));
    }

    /// The turn that runs the body, which must be on the stack.
    #[inline]
    pub(crate) fn turn(&self) -> NonNull<Turn> {
        let turn = self.get().map_addr(|address| address & !(FRESH | STALE));
        NonNull::new(turn).expect("the body is on the stack")
    }

    /// Whether the awaiter being polled is the one that had suspended; true once per resumption.
    #[inline]
    pub(crate) fn take_fresh(&self) -> bool {
        let fresh = self.word() & FRESH != 0;
        if fresh {
            self.set(self.get().map_addr(|address| address & !FRESH));
        }
        fresh
    }

    /// Suspended with no continuation out: the owner's handle or the end of a callee resumes it.
    #[inline]
    pub(crate) fn suspend(&self) {
        self.set(number(SUSPENDED));
    }

    /// A leaf awaiter is about to receive the continuation.
    #[inline]
    pub(crate) fn begin_suspension(&self) {
        self.set(number(SUSPENDING));
    }

    /// `await_suspend` gave the continuation back: the body stays on the stack.
    #[inline]
    pub(crate) fn cancel_suspension(&self, turn: NonNull<Turn>) {
        self.set(turn.as_ptr());
    }

    /// `await_suspend` panicked: the body stays on the stack, and the continuation may still be out.
    #[inline]
    pub(crate) fn abandon_suspension(&self, shared: bool, turn: NonNull<Turn>) {
        self.update(shared, |old| {
            let stale = if old.addr() == SUSPENDING { STALE } else { 0 };
            turn.as_ptr().map_addr(|address| address | stale)
        });
    }

    /// Whether a body that returned `Pending` left a suspension behind.
    #[inline]
    pub(crate) fn is_registered(&self) -> bool {
        self.word() < align_of::<Turn>()
    }

    /// The body is off the stack. Once this has answered `Settled`, somebody else may own the frame.
    #[inline]
    pub(crate) fn settle(&self, shared: bool) -> Suspension {
        let old = self.update(shared, |old| if old.addr() == DROP_REQUESTED { old } else { number(SUSPENDED) });
        match old.addr() {
            RESUME_REQUESTED => Suspension::Resumed,
            DROP_REQUESTED => Suspension::Dropped,
            _ => Suspension::Settled,
        }
    }

    /// The suspended coroutine, which a turn owns, waits behind `next` for its time to go on.
    #[inline]
    pub(crate) fn postpone(&self, next: Option<NonNull<Header>>) {
        self.set(next.map_or(ptr::null_mut(), |next| next.as_ptr().cast()));
    }

    /// Suspended again; returns whom it waited behind.
    #[inline]
    pub(crate) fn unpostpone(&self) -> Option<NonNull<Header>> {
        let next = NonNull::new(self.get().cast());
        self.suspend();
        next
    }

    /// The body has ended or is being destroyed; nothing will run it again.
    #[inline]
    pub(crate) fn finish(&self, shared: bool) {
        self.update(shared, |old| number(DONE | old.addr() & STALE));
    }

    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.word() & !STALE == DONE
    }

    /// As [`is_done`](Self::is_done), also of a frame that is only memory.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_done() || self.word() == RELEASED
    }

    /// Whether the coroutine belongs to the continuation that looks at it, together with its callers.
    pub(crate) fn belongs_to_continuation(&self) -> bool {
        matches!(self.word(), SUSPENDED | SUSPENDING)
    }

    /// The promise is gone; returns whether the memory can go too.
    #[must_use]
    #[inline]
    pub(crate) fn release(&self, shared: bool) -> bool {
        self.update(shared, |_| number(RELEASED)).addr() & STALE == 0
    }

    /// A continuation is being resumed.
    #[inline]
    pub(crate) fn claim_to_resume(&self, shared: bool) -> Claim {
        self.claim(shared, RESUME_REQUESTED)
    }

    /// A continuation is being dropped.
    #[inline]
    pub(crate) fn claim_to_drop(&self, shared: bool) -> Claim {
        self.claim(shared, DROP_REQUESTED)
    }

    #[inline]
    fn claim(&self, shared: bool, request: usize) -> Claim {
        let old = self.update(shared, |old| match old.addr() {
            SUSPENDING => number(request),
            _ => old.map_addr(|word| word & !STALE),
        });
        match old.addr() {
            SUSPENDED => Claim::Owned,
            RELEASED => Claim::Free,
            _ => Claim::Nothing,
        }
    }
}

fn number(word: usize) -> *mut Turn {
    ptr::without_provenance_mut(word)
}
