//! Coroutines that are consumed whole: what they yield is taken while their bodies stay on the stack.
//!
//! This is for coroutines that live in a place, where the optimizer makes one loop of owner and body; others are as
//! fast if they are resumed for each item. The owner runs the chain in a [`Turn`](crate::drive::Turn) that knows a
//! [`Taker`]. A body in a place that is about to suspend for its owner shows that one the promise instead, which is all
//! that the owner would look at, and goes on. What is suspended nevertheless, the owner finds and resumes. So only the
//! time tells this from a loop that resumes.
//!
//! No hook can get hold of the taker: it is found through the context of the poll, and is gone with the turn.

use core::ptr::NonNull;

use crate::continuation::{ByOwner, Threads};
use crate::drive;
use crate::frame::{Header, promise_of};
use crate::guard::Finally;
use crate::handle::{CoroutineHandle, leaf_under, link_leaf};
use crate::promise::{Promise, Propagate};

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
    pub(crate) unsafe fn take(self, coroutine: NonNull<Header>) {
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
    /// Runs the coroutine, which lives in a place, to its end. At each suspension `step` is called with the innermost
    /// promise, and at the present one, unless there is nothing to find: that [`load`](Self::load) would have said. A
    /// panic of it ends the coroutine.
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
                link_leaf(root, drive::run_by_owner(root, Some(&taker)));
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
            link_leaf(root, drive::run_by_owner(leaf, Some(&taker)));
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
