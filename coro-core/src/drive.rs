//! The trampoline: runs a chain of linked coroutines on one stack frame, and destroys one, leaf first.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::Context;

use crate::frame::{Header, Left};
use crate::guard::Finally;
use crate::panic::Payload;
use crate::state::Suspension;

/// One run of the trampoline, as the body that is on the stack sees it.
#[repr(align(16))]
pub struct Turn {
    /// Who goes on when the body returns: a callee, or the target of a symmetric transfer.
    pub(crate) next: Cell<Option<NonNull<Header>>>,
    /// What the callee that just ended panicked with, for the caller that is entered next.
    pub(crate) panic: Cell<Option<Payload>>,
    /// Who goes on, last first, when nobody else does: suspended chains that the turn owns, linked by their states.
    later: Cell<Option<NonNull<Header>>>,
    /// Who polls the chain's root, in the world of futures.
    context: Option<NonNull<Context<'static>>>,
}

impl Turn {
    fn new(context: Option<&mut Context<'_>>) -> Self {
        Self {
            next: Cell::new(None),
            panic: Cell::new(None),
            later: Cell::new(None),
            context: context.map(|context| NonNull::from(context).cast()),
        }
    }

    /// The context of the poll that runs this turn.
    ///
    /// # Safety
    /// The turn is on the stack, and nobody else uses its context.
    pub(crate) unsafe fn context<'t>(&self) -> &'t mut Context<'t> {
        let context = self.context.expect("a polled coroutine is run by a poll");
        // SAFETY: S4: it was made from a context that outlives the turn; a body uses it for the length of its own poll.
        // Test: tests/tasks.rs.
        unsafe { context.cast::<Context<'t>>().as_mut() }
    }

    /// Runs the chain at `leaf`, which becomes the turn's, once those that run before it wait.
    pub(crate) fn postpone(&self, leaf: NonNull<Header>) {
        // SAFETY: S2: the chain is suspended and the turn's, so it is alive. Test: tests/transfer.rs.
        unsafe { leaf.as_ref() }.state.postpone(self.later.replace(Some(leaf)));
    }

    /// After a panic nobody will run what was postponed: it is destroyed, all of it even if one panics.
    #[cold]
    fn abandon(&self) {
        while let Some(leaf) = self.postponed() {
            let rest = Finally::new(|| self.abandon());
            // SAFETY: S2: the turn owns it. Test: tests/transfer.rs.
            unsafe { destroy_chain(leaf) };
            rest.defuse();
        }
    }

    #[inline]
    fn postponed(&self) -> Option<NonNull<Header>> {
        let leaf = self.later.get()?;
        // SAFETY: as above.
        self.later.set(unsafe { leaf.as_ref() }.state.unpostpone());
        Some(leaf)
    }
}

/// Runs `first` and whoever goes on after it, until all of them wait; returns the one that ran last. `context` is whoever
/// polls, in the world of futures.
///
/// # Safety
/// The caller owns the chain at `first`, which is suspended or new. The frame returned may have been freed unless a
/// handle owns its chain.
#[inline]
pub(crate) unsafe fn run(first: NonNull<Header>, context: Option<&mut Context<'_>>) -> NonNull<Header> {
    // At the end of a run nothing is left in the turn, so it needs no drop; a panic may leave postponed chains.
    let turn = ManuallyDrop::new(Turn::new(context));
    // SAFETY: caller's contract.
    unsafe { run_on(first, &turn) }
}

/// Runs a root that has called nobody: what [`run`] does, without what only callers and successors need.
///
/// # Safety
/// As for [`run`]; the root is its own leaf, and gives its continuation to nobody in this run.
#[inline]
pub(crate) unsafe fn run_root(root: NonNull<Header>, context: Option<&mut Context<'_>>) -> NonNull<Header> {
    let turn = ManuallyDrop::new(Turn::new(context));
    // SAFETY: caller's contract; if this panics there is nothing in the turn. Test: tests/generator.rs.
    unsafe {
        let resume = root.as_ref().vtable.resume;
        match resume(root, NonNull::from(&*turn)) {
            Left::Gone(Some(callee)) => run_on(callee, &turn),
            Left::Gone(None) | Left::Suspended => root,
        }
    }
}

/// # Safety
/// As for [`run`].
unsafe fn run_on(first: NonNull<Header>, turn: &Turn) -> NonNull<Header> {
    let abandoned = Finally::new(|| turn.abandon());
    let mut current = first;
    // SAFETY: S2: each step gives back a frame that the chain or a claimed continuation owns. Test: tests/stack.rs.
    while let Some(next) = unsafe { step(current, NonNull::from(turn)) }.or_else(|| turn.postponed()) {
        current = next;
    }
    abandoned.defuse();
    current
}

/// Runs one frame, and returns who goes on. A panic of a root goes to whoever resumed it, a panic of a callee to its
/// caller.
///
/// # Safety
/// As for [`run`].
#[inline]
unsafe fn step(current: NonNull<Header>, turn: NonNull<Turn>) -> Option<NonNull<Header>> {
    // SAFETY: S2: the frame is alive while it is ours, which ends when it settles or its chain is destroyed; `turn`
    // outlives the call. Tests: tests/panics.rs, tests/transfer.rs.
    unsafe {
        let header = current.as_ref();
        let resume = header.vtable.resume;
        let left = match header.link.get() {
            None => resume(current, turn),
            Some(caller) => match crate::panic::catch(|| resume(current, turn), || destroy_chain(caller)) {
                Ok(left) => left,
                Err(payload) => {
                    turn.as_ref().panic.set(Some(payload));
                    return Some(caller);
                }
            },
        };
        let next = match left {
            Left::Gone(next) => return next,
            Left::Suspended => turn.as_ref().next.take(),
        };
        // Not under `catch`: by a panic from here on the whole chain is gone, so it belongs to the resumer.
        match header.state.settle(header.vtable.shared) {
            Suspension::Settled => next,
            Suspension::Resumed if next.is_none() => Some(current),
            Suspension::Resumed => {
                turn.as_ref().postpone(current);
                next
            }
            Suspension::Dropped => {
                let abandoned = Finally::new(|| next.into_iter().for_each(|next| destroy_chain(next)));
                destroy_chain(current);
                abandoned.defuse();
                next
            }
        }
    }
}

/// Drops the bodies from `leaf` to the root, and releases a root that no handle owns. A body that panics while it is
/// dropped does not keep its callers from being dropped.
///
/// # Safety
/// The caller owns the chain, and all its frames are suspended or new.
pub(crate) unsafe fn destroy_chain(leaf: NonNull<Header>) {
    let mut current = leaf;
    loop {
        // SAFETY: S5: leaf first; each frame's caller is alive, for it owns the frame, and a root is released once.
        // Tests: tests/stack.rs, tests/panics.rs.
        unsafe {
            let caller = current.as_ref().link.get();
            let rest = Finally::new(|| match caller {
                Some(caller) => destroy_chain(caller),
                None => release_unowned(current),
            });
            (current.as_ref().vtable.destroy)(current);
            rest.defuse();
            match caller {
                Some(caller) => current = caller,
                None => return release_unowned(current),
            }
        }
    }
}

/// # Safety
/// `root` is a root whose body is gone, and the caller owns it if no handle does.
unsafe fn release_unowned(root: NonNull<Header>) {
    // SAFETY: S2: see above.
    unsafe {
        let vtable = root.as_ref().vtable;
        if !vtable.owned {
            (vtable.release)(root);
        }
    }
}
