//! Coroutines that are consumed whole: what they yield is taken while their bodies stay on the stack.
//!
//! Their owner runs the chain in a [`Turn`](crate::drive::Turn) that knows a [`Taker`]. A body that is about to suspend
//! for its owner shows that one the promise instead, which is all that the owner would look at, and goes on. What is
//! suspended nevertheless, the owner finds and resumes. So only the time tells this from a loop that resumes.
//!
//! No hook can get hold of the taker: it is found through the context of the poll, or the state word of the coroutine,
//! and is gone with the turn.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};
use core::task::{Context, RawWaker, RawWakerVTable, Waker};

use crate::continuation::{ByOwner, Threads};
use crate::drive;
use crate::frame::{Header, promise_of};
use crate::guard::Finally;
use crate::handle::{CoroutineHandle, leaf_under};
use crate::promise::{Promise, Propagate};
use crate::trace;

/// Who takes what a chain of coroutines yields.
#[derive(Clone, Copy)]
pub(crate) struct Taker {
    take: unsafe fn(NonNull<()>, NonNull<Header>),
    step: NonNull<()>,
}

impl Taker {
    /// One that calls `step` with what it has made so far, and a promise of the type `P`.
    #[inline]
    fn new<P, B, F: FnMut(&mut B, &mut P)>(step: &mut (B, F)) -> Self {
        Self { take: take::<P, B, F>, step: NonNull::from(step).cast() }
    }

    /// Shows it the promise of a coroutine.
    ///
    /// # Safety
    /// The coroutine's promise is of the type that the taker was made for, and nobody else uses it. The taker's step is
    /// alive, and in no call.
    #[inline]
    unsafe fn take(self, coroutine: NonNull<Header>) {
        // SAFETY: caller's contract.
        unsafe { (self.take)(self.step, coroutine) }
    }
}

/// # Safety
/// As for [`Taker::take`], of the taker made for these types.
unsafe fn take<P, B, F: FnMut(&mut B, &mut P)>(step: NonNull<()>, coroutine: NonNull<Header>) {
    // SAFETY: caller's contract.
    unsafe {
        let (so_far, step) = step.cast::<(B, F)>().as_mut();
        step(so_far, promise_of(coroutine).as_mut());
    }
}

impl<'a, T: Threads, P: Promise<World = ByOwner<T>, OnPanic = Propagate> + 'a> CoroutineHandle<'a, P> {
    /// Runs the coroutine to its end. At each suspension `step` is called with the innermost promise, and at the
    /// present one, unless there is nothing to find: that [`load`](Self::load) would have said. A panic of it ends the
    /// coroutine.
    #[expect(clippy::inline_always, reason = "where a place is consumed by who made it, all of this goes")]
    #[inline(always)]
    pub(crate) fn fold<B>(&mut self, so_far: B, step: impl FnMut(&mut B, &mut P)) -> B {
        const { assert!(!P::MIXED) };
        let root = self.pointer();
        let mut step = (so_far, step);
        let taker = Taker::new(&mut step);
        // SAFETY: S2, S3, S4: the root is ours by `&mut`, so is the chain under it, and all their promises are of one
        // type, for that is what `Calls` demands in this world. `step` is used through the taker only. Tests:
        // tests/generator_folds.rs.
        unsafe {
            let state = &root.as_ref().state;
            if state.is_suspended() {
                let leaf = drive::run_taken(root, &taker);
                if leaf != Some(root) {
                    root.as_ref().link.set(leaf);
                }
            } else {
                take_suspended(root, taker);
            }
            if !state.is_done() {
                run_chain(root, taker);
            }
            // What a hook has left there.
            taker.take(root);
        }
        // If the step panics as it is dropped, what it has made is dropped, too, and not lost (rust-lang/rust#47949).
        let (so_far, step) = step;
        drop(step);
        so_far
    }
}

/// Runs the chain under a root to its end.
///
/// # Safety
/// The caller owns the root, which is off the stack. `taker` is for the promises of the chain, and used by nobody else.
#[cold]
unsafe fn run_chain(root: NonNull<Header>, taker: Taker) {
    // SAFETY: S2: caller's contract, as in `fold`. Test: tests/generator_folds.rs.
    unsafe {
        let Header { state, link, .. } = root.as_ref();
        while !state.is_done() {
            let leaf = take_suspended(root, taker);
            link.set(None);
            let leaf = drive::run_taken(leaf, &taker);
            if leaf != Some(root) {
                link.set(leaf);
            }
        }
    }
}

/// Shows the taker what the chain under a root has given, and returns the leaf. If that panics the chain ends, as it
/// would if its bodies were on the stack.
///
/// # Safety
/// As for [`run_chain`].
#[cold]
unsafe fn take_suspended(root: NonNull<Header>, taker: Taker) -> NonNull<Header> {
    // SAFETY: S2: caller's contract, as in `fold`. Test: tests/generator_folds.rs.
    unsafe {
        let leaf = leaf_under(root);
        let Header { state, link, .. } = root.as_ref();
        let panicked = Finally::new(|| {
            if !state.is_done() {
                link.set(None);
                drive::destroy_all(leaf);
            }
        });
        taker.take(leaf);
        panicked.defuse();
        leaf
    }
}

/// What the context of a body says, in the world [`ByOwner`].
pub(crate) struct Inside {
    /// The frame that the body is in.
    frame: NonNull<Header>,
    /// Whether the awaiter that is polled next is the one that had suspended. For one that is polled first of all, see
    /// [`Initially`](crate::start::Initially).
    is_fresh: Cell<bool>,
    taker: Told,
}

/// Who takes what the body yields.
#[derive(Clone, Copy)]
pub(crate) enum Told {
    /// This one, or nobody: where the frame's type is known, the optimizer then sees who it is.
    Here(Option<Taker>),
    /// The turn in the state word knows. That needs no registers in a coroutine that is resumed for each item.
    ByTurn,
}

impl Inside {
    #[inline]
    pub(crate) fn new(frame: NonNull<Header>, taker: Told) -> Self {
        Self { frame, is_fresh: Cell::new(true), taker }
    }

    /// Polls with a context that says this.
    #[inline]
    pub(crate) fn poll<R>(&self, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
        // SAFETY: the functions of the table do not look at the pointer. Test: tests/generator_folds.rs.
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
        // Test: tests/generator_folds.rs.
        unsafe { &*waker.data().cast::<Self>() }
    }

    /// Whether the awaiter that is polled is the one that had suspended; true once per resumption.
    #[inline]
    pub(crate) fn take_fresh(&self) -> bool {
        self.is_fresh.replace(false)
    }

    #[inline]
    pub(crate) fn frame(&self) -> NonNull<Header> {
        self.frame
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
            let header = self.frame.as_ref();
            let taker = match self.taker {
                Told::Here(taker) => taker,
                Told::ByTurn => header.state.turn_of_owner().and_then(|turn| turn.as_ref().taker()),
            };
            match taker {
                Some(taker) if !trace::is_watched(header) => {
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
