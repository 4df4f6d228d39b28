//! The state word of a frame: what the coroutine is doing, and who still points at it.
//!
//! While the body is on the stack the word points at the [`Turn`] that runs it, so that a suspension can tell the
//! trampoline who goes on. A caller's points at its callee, so that a chain can be walked from its root, to be
//! cancelled. One that waits in a turn points at the next that waits there. The low bits say which; otherwise it is a
//! number.
//!
//! ```text
//! NEW ──resume──▶ running ──leaf awaiter──▶ SUSPENDING ──settle──▶ SUSPENDED ──resume──▶ running
//!                  │    │                       │  the continuation was used inside `await_suspend`
//!                  │    └──awaits a callee──▶   ├──▶ RESUME_REQUESTED ──settle──▶ running
//!                  ▼           CALLING          └──▶ DROP_REQUESTED ────settle──▶ DONE
//!                DONE ──release──▶ RELEASED, where the memory waits for a stale continuation
//! ```
//!
//! In a world whose coroutines stay on their thread, every transition is a load and a store. In one whose
//! continuations may be used on other threads while `await_suspend` still runs, those that can race are
//! read-modify-writes (`shared`): whoever takes the word out of `SUSPENDING` has decided who goes on.

use core::ptr::{self, NonNull};

use crate::drive::Turn;
use crate::frame::Header;
use crate::relay::Relay;
use crate::sync::{AtomicPtr, Ordering};

/// Off the stack, never polled or in a future.
const NEW: usize = 0;
/// Off the stack, to be resumed by the owner; or on it, and run by that alone, for then nobody looks.
const SUSPENDED: usize = 1;
/// As `SUSPENDED`, and what it has given is still there: the owner looks before it resumes.
const LOADED: usize = 9;
/// The body has ended or was destroyed.
const DONE: usize = 8;
/// Only the memory is left.
const RELEASED: usize = 12;

/// Flag of a running or done body: a continuation is out that may only release memory, for `await_suspend` panicked
/// after it had given it away, or the coroutine was cancelled.
const STALE: usize = 2;

// With a turn, whose address has four low bits to spare.
/// The continuation is out and the body still on the stack.
const SUSPENDING: usize = 4;
/// As `SUSPENDING`, and the continuation was resumed meanwhile.
const RESUME_REQUESTED: usize = 8;
/// As `SUSPENDING`, and the continuation was dropped meanwhile.
const DROP_REQUESTED: usize = 12;
const TURN_BITS: usize = 15;

// With a header, whose address has as many.
/// Suspended until the callee that the word points at has ended.
const CALLING: usize = 5;
/// Suspended until the coroutine that the word points at, and that somebody else owns, has yielded or ended.
const VISITING: usize = 13;
/// Suspended until a callee has ended that yields in its place; the word points at the [`Relay`] to it. (The same
/// bits as `LOADED`, but with an address.)
const RELAYING: usize = 9;
/// Owned by a turn that runs others first; it points at the next that waits there.
const POSTPONED: usize = 6;
/// As `POSTPONED`, and cancelled meanwhile.
const POSTPONED_CANCELLED: usize = 7;
const HEADER_BITS: usize = 15;

const _: () = assert!(LOADED & STALE == 0);
// What is destroyed while it waits has no stale continuation.
const _: () = assert!((CALLING | VISITING | RELAYING) & STALE == 0);
const _: () = assert!(align_of::<Turn>() > TURN_BITS && align_of::<Header>() > HEADER_BITS);
const _: () = assert!(align_of::<Relay>() > HEADER_BITS);

/// See the module's documentation.
pub(crate) struct State(AtomicPtr<()>);

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

/// What somebody who walks down from a root finds.
pub(crate) enum Found {
    /// Its callee, which goes on before it does.
    Calling(NonNull<Header>),
    /// The leaf, whose continuation is out.
    Parked,
    /// It is on the stack, or will be before anybody else can look; or it has ended, and whoever waits for it will
    /// hear.
    Busy,
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
    fn get(&self) -> *mut () {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    fn word(&self) -> usize {
        self.get().addr()
    }

    /// The word as a variable, which costs less than an atomic does: the optimizer sees through it.
    ///
    /// # Safety
    /// No other thread uses it meanwhile.
    #[inline]
    unsafe fn exclusive<T>(&self, with: impl FnOnce(&mut *mut ()) -> T) -> T {
        #[cfg(not(loom))]
        // SAFETY: S4: caller's contract; `with` is one of the closures below, which look at nothing else. Test: all.
        return with(unsafe { &mut *self.0.as_ptr() });
        #[cfg(loom)]
        {
            let mut word = self.get();
            let result = with(&mut word);
            self.set(word);
            result
        }
    }

    /// For transitions that nothing races with.
    #[inline]
    fn set(&self, word: *mut ()) {
        self.0.store(word, Ordering::Relaxed);
    }

    /// Exchanges the word, and returns the old one.
    #[inline]
    fn update(&self, shared: bool, change: impl Fn(*mut ()) -> *mut ()) -> *mut () {
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
        #[cfg(debug_assertions)]
        assert!(
            matches!(self.word(), NEW | SUSPENDED | LOADED) || self.is_calling(),
            "entered in state {}",
            self.word()
        );
        self.set(turn.as_ptr().cast());
    }

    /// As [`enter`](Self::enter), and where it is known who looks for the turn, the optimizer sees which it is.
    ///
    /// # Safety
    /// Only the owner knows the coroutine.
    #[inline]
    pub(crate) unsafe fn enter_by_owner(&self, turn: NonNull<Turn>) {
        // SAFETY: caller's contract.
        unsafe { self.exclusive(|word| *word = turn.as_ptr().cast()) }
    }

    /// The turn that runs the body, unless the owner runs it alone.
    ///
    /// # Safety
    /// Only the owner knows the coroutine, and its body is on the stack.
    #[inline]
    pub(crate) unsafe fn turn_by_owner(&self) -> Option<NonNull<Turn>> {
        // SAFETY: caller's contract.
        let word = unsafe { self.exclusive(|word| *word) };
        NonNull::new(word.map_addr(|address| address & !TURN_BITS).cast())
    }

    /// The turn that runs the body, which must be on the stack, and not alone.
    #[inline]
    pub(crate) fn turn(&self) -> NonNull<Turn> {
        self.turn_if_any().expect("the body is on the stack")
    }

    /// The turn that runs the body, which must be on the stack.
    #[inline]
    pub(crate) fn turn_if_any(&self) -> Option<NonNull<Turn>> {
        NonNull::new(self.get().map_addr(|address| address & !TURN_BITS).cast())
    }

    /// Off the stack, to be resumed by its owner: neither ended, nor calling, nor new, nor loaded.
    ///
    /// # Safety
    /// The caller owns the coroutine, or runs it.
    #[inline]
    pub(crate) unsafe fn is_suspended(&self) -> bool {
        // SAFETY: caller's contract.
        unsafe { self.exclusive(|word| word.addr() == SUSPENDED) }
    }

    /// As [`is_suspended`](Self::is_suspended), where another thread may have a stale continuation.
    #[inline]
    pub(crate) fn is_parked(&self) -> bool {
        self.word() == SUSPENDED
    }

    /// Suspended, and [loaded](Self::load), if the body is off the stack.
    #[inline]
    pub(crate) fn is_loaded(&self) -> bool {
        self.word() == LOADED
    }

    /// What it has given is still there, so it is not [suspended](Self::is_suspended) as others are.
    ///
    /// # Safety
    /// The caller owns the coroutine.
    pub(crate) unsafe fn load(&self) {
        // SAFETY: caller's contract.
        unsafe {
            self.exclusive(|word| {
                if word.addr() == SUSPENDED {
                    *word = number(LOADED);
                }
            });
        }
    }

    /// Suspended with no continuation out: the owner's handle resumes it.
    #[inline]
    pub(crate) fn suspend(&self) {
        self.set(number(SUSPENDED));
    }

    /// Suspended in a future, which knows itself whether it may finish.
    #[inline]
    pub(crate) fn suspend_in_future(&self) {
        self.set(number(NEW));
    }

    /// Suspended until `callee` has ended.
    #[inline]
    pub(crate) fn call(&self, callee: NonNull<Header>) {
        self.set(callee.as_ptr().cast::<()>().map_addr(|address| address | CALLING));
    }

    /// Suspended until `visited` has yielded or ended.
    #[inline]
    pub(crate) fn visit(&self, visited: NonNull<Header>) {
        self.set(visited.as_ptr().cast::<()>().map_addr(|address| address | VISITING));
    }

    /// Suspended until the callee of `relay` has ended.
    pub(crate) fn wait_for_relay(&self, relay: NonNull<Relay>) {
        self.set(relay.as_ptr().cast::<()>().map_addr(|address| address | RELAYING));
    }

    /// The relay to the callee that yields in its place.
    #[inline]
    pub(crate) fn relay(&self) -> Option<NonNull<Relay>> {
        let relay = self.get().map_addr(|address| address & !HEADER_BITS).cast();
        if self.word() & HEADER_BITS == RELAYING { NonNull::new(relay) } else { None }
    }

    /// Whether it waits for another coroutine.
    #[inline]
    pub(crate) fn is_calling(&self) -> bool {
        self.word() > HEADER_BITS && matches!(self.word() & HEADER_BITS, CALLING | VISITING | RELAYING)
    }

    /// The coroutine that it waits for; at the top of a line of those that yield in its place, the innermost.
    pub(crate) fn callee(&self) -> Option<NonNull<Header>> {
        if let Some(first) = self.relay() {
            // SAFETY: S2: a relay is alive while it is waited for, and this one is the first. Test:
            // tests/async_delegation.rs.
            return Some(unsafe { first.as_ref().innermost() });
        }
        let callee = self.get().map_addr(|address| address & !HEADER_BITS).cast();
        if self.is_calling() { NonNull::new(callee) } else { None }
    }

    /// Whether it waits for a coroutine that somebody else owns.
    pub(crate) fn is_visiting(&self) -> bool {
        self.word() & HEADER_BITS == VISITING
    }

    /// What the coroutine waits for without a continuation, if it does: until [`wait_again`](Self::wait_again) it
    /// counts as running in `turn`, on whose stack it still is.
    #[cfg(feature = "tracing")]
    pub(crate) fn run_on(&self, turn: NonNull<Turn>) -> Option<*mut ()> {
        let waits = self.get();
        let settled = waits.addr() == SUSPENDED || self.is_calling();
        settled.then(|| {
            self.set(turn.as_ptr().cast());
            waits
        })
    }

    /// Waits as it did before [`run_on`](Self::run_on).
    #[cfg(feature = "tracing")]
    pub(crate) fn wait_again(&self, waits: *mut ()) {
        self.set(waits);
    }

    /// A leaf awaiter is about to receive the continuation.
    #[inline]
    pub(crate) fn begin_suspension(&self, turn: NonNull<Turn>) {
        self.set(turn.as_ptr().cast::<()>().map_addr(|turn| turn | SUSPENDING));
    }

    /// `await_suspend` gave the continuation back: the body stays on the stack.
    #[inline]
    pub(crate) fn cancel_suspension(&self) {
        self.set(self.turn().as_ptr().cast());
    }

    /// `await_suspend` panicked: the body stays on the stack, and the continuation may still be out.
    #[inline]
    pub(crate) fn abandon_suspension(&self, shared: bool) {
        self.update(shared, |old| {
            let stale = if old.addr() & TURN_BITS == SUSPENDING { STALE } else { 0 };
            old.map_addr(|address| address & !TURN_BITS | stale)
        });
    }

    /// Whether a body that returned `Pending` left no suspension behind: all its states say is that `turn` runs it.
    #[inline]
    pub(crate) fn is_run_by(&self, turn: NonNull<Turn>) -> bool {
        self.word() & !STALE == turn.addr().get()
    }

    /// The body is off the stack. Once this has answered `Settled`, somebody else may own the frame.
    #[inline]
    pub(crate) fn settle(&self, shared: bool) -> Suspension {
        let old = self.update(shared, |old| match old.addr() & TURN_BITS {
            SUSPENDING | RESUME_REQUESTED => number(SUSPENDED),
            _ => old,
        });
        match old.addr() & TURN_BITS {
            RESUME_REQUESTED => Suspension::Resumed,
            DROP_REQUESTED => Suspension::Dropped,
            _ => Suspension::Settled,
        }
    }

    /// Does what [`settle`](Self::settle) does, if a leaf awaiter has suspended the body that `turn` runs, and its
    /// continuation was not used meanwhile.
    #[inline]
    pub(crate) fn settles_at_once(&self, turn: NonNull<Turn>, shared: bool) -> bool {
        let suspending = turn.as_ptr().cast::<()>().map_addr(|turn| turn | SUSPENDING);
        if shared {
            let settled = number(SUSPENDED);
            return self.0.compare_exchange(suspending, settled, Ordering::Release, Ordering::Relaxed).is_ok();
        }
        let settles = self.get() == suspending;
        if settles {
            self.suspend();
        }
        settles
    }

    /// Whether there is nothing to settle: the suspension was not a leaf awaiter's.
    pub(crate) fn is_settled(&self) -> bool {
        let word = self.word();
        word == SUSPENDED
            || matches!(word & HEADER_BITS, CALLING | VISITING | RELAYING | POSTPONED | POSTPONED_CANCELLED)
    }

    /// The suspended coroutine, which a turn owns, waits behind `next` for its time to go on. It may have been
    /// cancelled.
    #[inline]
    pub(crate) fn postpone(&self, next: Option<NonNull<Header>>, cancelled: bool) {
        let next = next.map_or(ptr::null_mut(), |next| next.as_ptr().cast::<()>());
        let postponed = if cancelled { POSTPONED_CANCELLED } else { POSTPONED };
        self.set(next.map_addr(|address| address | postponed));
    }

    /// Suspended again; returns whom it waited behind, and whether it was cancelled meanwhile.
    #[inline]
    pub(crate) fn unpostpone(&self) -> (Option<NonNull<Header>>, bool) {
        let word = self.get();
        self.suspend();
        let next = word.map_addr(|address| address & !HEADER_BITS).cast();
        (NonNull::new(next), word.addr() & HEADER_BITS == POSTPONED_CANCELLED)
    }

    /// Looks whom a cancelled coroutine waits for. A leaf is claimed: what is out there may only release memory from
    /// now on. One that is busy is told through the turn that runs it; see [`Turn::cancel`].
    pub(crate) fn cancel(&self) -> Found {
        if let Some(callee) = self.callee() {
            return Found::Calling(callee);
        }
        let word = self.get();
        let bits = word.addr() & HEADER_BITS;
        if word.addr() == SUSPENDED {
            self.set(number(SUSPENDED | STALE));
            return Found::Parked;
        }
        if bits == POSTPONED {
            self.set(word.map_addr(|address| address | POSTPONED_CANCELLED));
        } else if bits != POSTPONED_CANCELLED && word.addr() > TURN_BITS {
            // SAFETY: S4: the word points at the turn that runs the body, which is on the stack. Test:
            // tests/together_busy.rs.
            unsafe { self.turn().as_ref() }.cancel();
        }
        Found::Busy
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

    /// Whether the body is on the stack, and not just being suspended.
    pub(crate) fn is_running(&self) -> bool {
        self.word() > TURN_BITS && self.word() & TURN_BITS <= STALE
    }

    /// Whether the coroutine belongs to the continuation that looks at it, together with its callers.
    pub(crate) fn belongs_to_continuation(&self) -> bool {
        let word = self.word();
        word == SUSPENDED || word > TURN_BITS && word & TURN_BITS == SUSPENDING
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
        if !shared && self.word() == SUSPENDED {
            return Claim::Owned;
        }
        let old = self.update(shared, |old| match old.addr() & TURN_BITS {
            SUSPENDING => old.map_addr(|turn| turn & !TURN_BITS | request),
            bits if bits & !(SUSPENDED | DONE) == STALE => old.map_addr(|word| word & !STALE),
            _ => old,
        });
        match old.addr() {
            SUSPENDED => Claim::Owned,
            RELEASED => Claim::Free,
            _ => Claim::Nothing,
        }
    }
}

fn number(word: usize) -> *mut () {
    ptr::without_provenance_mut(word)
}
