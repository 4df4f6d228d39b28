//! The trampoline: runs a chain of linked coroutines on one stack frame, and destroys one, leaf first.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::Context;

use crate::branch;
use crate::frame::{Header, Kind, Left};
use crate::guard::Finally;
use crate::panic::Payload;
use crate::scope;
use crate::state::Suspension;
use crate::trace;
use crate::whole::Taker;

/// One run of the trampoline, as the body that is on the stack sees it.
#[repr(C, align(16))]
pub struct Turn {
    /// Who goes on when the body returns: a callee, or the target of a symmetric transfer.
    pub(crate) next: Cell<Option<NonNull<Header>>>,
    /// Who goes on, last first, when nobody else does: suspended chains that the turn owns, linked by their states.
    later: Cell<Option<NonNull<Header>>>,
    /// Who waits, if that is a callee which the body has run itself; see [`nest`](Self::nest).
    pub(crate) leaf: Cell<Option<NonNull<Header>>>,
    /// How many callees are run by the bodies of their callers.
    nested: Cell<u32>,
    /// Whether the chain that this turn runs may have been cancelled: its next suspension looks.
    cancelled: Cell<bool>,
    /// Whether the body was entered where it had been suspended by itself, and its awaiter does not know yet; see
    /// [`Co::is_fresh`](crate::private::Co::is_fresh).
    pub(crate) fresh: Cell<bool>,
    /// Who runs the chain: in the world of futures the [`Context`] of the poll, in the world of those that their owner
    /// resumes its [`Taker`], if it has one.
    above: Option<NonNull<()>>,
    /// What the callee that just ended panicked with, for the caller that is entered next.
    pub(crate) panic: Cell<Option<Payload>>,
}

impl Turn {
    fn new(context: Option<&mut Context<'_>>) -> Self {
        Self::under(context.map(|context| NonNull::from(context).cast()))
    }

    fn under(above: Option<NonNull<()>>) -> Self {
        Self {
            next: Cell::new(None),
            panic: Cell::new(None),
            later: Cell::new(None),
            leaf: Cell::new(None),
            nested: Cell::new(0),
            cancelled: Cell::new(false),
            fresh: Cell::new(false),
            above,
        }
    }

    /// The context of the poll that runs this turn.
    ///
    /// # Safety
    /// The turn is on the stack, and nobody else uses its context.
    #[inline]
    pub(crate) unsafe fn context<'t>(&self) -> &'t mut Context<'t> {
        let context = self.above.expect("a polled coroutine is run by a poll");
        // SAFETY: S4: it was made from a context that outlives the turn; a body uses it for the length of its own poll.
        // Test: tests/tasks.rs.
        unsafe { context.cast::<Context<'t>>().as_mut() }
    }

    /// Who takes what the chain yields, if somebody does.
    ///
    /// # Safety
    /// The turn is on the stack, and runs coroutines that their owner resumes.
    #[inline]
    pub(crate) unsafe fn taker(&self) -> Option<Taker> {
        // SAFETY: S4: in that world it was made from a taker, if from anything, that outlives the turn. Test:
        // tests/generator_folds.rs.
        self.above.map(|taker| unsafe { taker.cast::<Taker>().read() })
    }

    /// Runs the chain at `leaf`, which becomes the turn's, once those that run before it wait.
    pub(crate) fn postpone(&self, leaf: NonNull<Header>) {
        // SAFETY: S2: the chain is suspended and the turn's, so it is alive. Test: tests/transfer.rs.
        unsafe { leaf.as_ref() }.state.postpone(self.later.replace(Some(leaf)), self.is_cancelled());
    }

    /// A coroutine that this turn runs, or will, is cancelled: it goes on to its next suspension, and no further.
    pub(crate) fn cancel(&self) {
        self.cancelled.set(true);
    }

    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    /// How the body of the frame at `frame` leaves the stack, which does not settle at once.
    ///
    /// # Safety
    /// The turn has run it, in the detached world.
    #[inline(never)]
    pub(crate) unsafe fn left(&self, frame: NonNull<Header>) -> Left {
        // SAFETY: S2: it is not settled, so it is alive. Test: tests/transfer.rs.
        let is_settled = || unsafe { frame.as_ref() }.state.is_settled() && !self.is_cancelled();
        let next = self.next.take();
        match self.leaf.take() {
            None if is_settled() => Left::gone(next),
            leaf => Left { next, waits: leaf.or(Some(frame)) },
        }
    }

    /// Runs a new callee right here, in the body of its caller: that is half the work if it ends at once. `None` if the
    /// stack is deep enough, or somebody watches one of the two, and the trampoline is to run it: what is told of a
    /// coroutine does not depend on the depth.
    ///
    /// # Safety
    /// The turn runs the caller, which has linked `callee` to itself, and nobody else uses that.
    #[inline]
    pub(crate) unsafe fn nest(&self, callee: NonNull<Header>) -> Option<Left> {
        const LIMIT: u32 = 8;
        // SAFETY: caller's contract.
        let is_watched = || unsafe {
            let callee = callee.as_ref();
            // What is told of the caller's suspension is told before the callee's continuation is out.
            trace::is_watched(callee) || callee.link.get().is_some_and(|caller| trace::is_watched(caller.as_ref()))
        };
        if self.nested.get() == LIMIT || is_watched() {
            return None;
        }
        // If this panics and the caller catches that, the turn only nests less deep.
        self.nested.update(|nested| nested + 1);
        // SAFETY: S4: caller's contract. Tests: tests/calls.rs, tests/stack.rs.
        let left = unsafe { (callee.as_ref().vtable.resume)(callee, NonNull::from(self)) };
        self.nested.update(|nested| nested - 1);
        Some(left)
    }

    /// A callee has: its caller goes on with that.
    #[cold]
    fn panicked(&self, payload: Payload, caller: NonNull<Header>) -> Left {
        self.panic.set(Some(payload));
        Left::gone(Some(caller))
    }

    /// After a panic nobody will run what was postponed: it is destroyed, all of it even if one panics.
    #[cold]
    fn abandon(&self) {
        while let Some(leaf) = self.postponed() {
            let rest = Finally::new(|| self.abandon());
            // SAFETY: S2: the turn owns it. Test: tests/transfer.rs.
            unsafe { destroy_all(leaf) };
            rest.defuse();
        }
    }

    /// The one that was postponed last.
    #[inline]
    pub(crate) fn postponed(&self) -> Option<NonNull<Header>> {
        let leaf = self.later.get()?;
        // SAFETY: as above.
        let (next, cancelled) = unsafe { leaf.as_ref() }.state.unpostpone();
        self.later.set(next);
        if cancelled {
            self.cancel();
        }
        Some(leaf)
    }
}

/// Runs `first`, of the detached world, and whoever goes on after it, until all of them wait.
///
/// # Safety
/// The caller owns the chain at `first`, which is suspended or new.
#[inline]
pub(crate) unsafe fn run(first: NonNull<Header>) {
    // At the end of a run nothing is left in the turn, so it needs no drop; a panic may leave postponed chains.
    let turn = ManuallyDrop::new(Turn::new(None));
    let abandoned = Finally::new(|| turn.abandon());
    // Most runs are a single step, which needs no loop.
    // SAFETY: caller's contract.
    unsafe {
        let left = step(first, &turn, enter);
        if left.next.is_some() || left.waits.is_some() || turn.later.get().is_some() {
            run_on(left, &turn);
        }
    }
    abandoned.defuse();
}

/// Goes on after a step, until all wait.
///
/// # Safety
/// As for [`run`].
unsafe fn run_on(mut left: Left, turn: &Turn) {
    // SAFETY: S2: each step gives back a frame that the chain or a claimed continuation owns. Test: tests/stack.rs.
    unsafe {
        loop {
            let next = match left.waits {
                None => left.next,
                Some(leaf) => settle(leaf, left.next, turn),
            };
            let Some(next) = next.or_else(|| turn.postponed()) else { return };
            left = step(next, turn, enter);
        }
    }
}

/// Runs `first`, of the world of futures, and whoever goes on after it, until they wait; returns the leaf that waits,
/// or `None` if the root has ended. `context` is whoever polls.
///
/// # Safety
/// The caller owns the chain at `first`, which is suspended or new.
#[inline]
pub(crate) unsafe fn run_polled(first: NonNull<Header>, context: &mut Context<'_>) -> Option<NonNull<Header>> {
    // In this world nobody is postponed, so nothing is left in the turn by a panic either.
    let turn = ManuallyDrop::new(Turn::new(Some(context)));
    // SAFETY: caller's contract.
    unsafe {
        let left = step(first, &turn, enter);
        if left.next.is_some() { run_polled_on(left, &turn) } else { left.waits }
    }
}

/// Runs `first`, of the world whose coroutines their owner resumes, and whoever goes on after it, until they wait;
/// returns the leaf that waits, or `None` if the root has ended. If there is a `taker`, it takes what the chain yields.
///
/// # Safety
/// The caller owns the chain at `first`, which is suspended or new. The taker is for promises of the chain's type, and
/// in no call.
#[inline]
pub(crate) unsafe fn run_by_owner(first: NonNull<Header>, taker: Option<&Taker>) -> Option<NonNull<Header>> {
    let turn = ManuallyDrop::new(Turn::under(taker.map(|taker| NonNull::from(taker).cast())));
    // SAFETY: caller's contract; a panic of a callee is for its caller, which `step` sees to.
    unsafe {
        let left = match first.as_ref().link.get() {
            None => enter_by_owner(first, &turn),
            Some(_) => Left::gone(Some(first)),
        };
        if left.next.is_some() { run_by_owner_on(left, &turn) } else { left.waits }
    }
}

/// # Safety
/// As for [`run_by_owner`].
unsafe fn run_by_owner_on(mut left: Left, turn: &Turn) -> Option<NonNull<Header>> {
    while let Some(next) = left.next {
        // SAFETY: S2: each step gives back a frame that the chain owns. Tests: tests/delegation.rs,
        // tests/two_way_delegation.rs.
        left = unsafe { step(next, turn, enter_by_owner) };
    }
    left.waits
}

/// Runs one frame of that world, which says in its state that it runs, and in which turn.
///
/// # Safety
/// As for [`run_by_owner`].
#[inline]
unsafe fn enter_by_owner(frame: NonNull<Header>, turn: &Turn) -> Left {
    // SAFETY: S4: caller's contract. Test: tests/delegation.rs.
    unsafe {
        let Header { vtable, state, link, .. } = frame.as_ref();
        turn.fresh.set(state.is_suspended() || state.is_loaded());
        state.enter_by_owner(NonNull::from(turn));
        (vtable.resume_by_owner)(frame);
        if state.is_run_by(NonNull::from(turn)) {
            state.suspend();
        } else if state.is_done() {
            return Left::gone(link.get());
        }
        Left { next: turn.next.take(), waits: Some(frame) }
    }
}

/// # Safety
/// As for [`run_polled`].
unsafe fn run_polled_on(mut left: Left, turn: &Turn) -> Option<NonNull<Header>> {
    while let Some(next) = left.next {
        // SAFETY: S2: each step gives back a frame that the chain owns. Test: tests/tasks_stack.rs.
        left = unsafe { step(next, turn, enter) };
    }
    left.waits
}

/// Runs a new root to its first suspension: what [`run_polled`] does, without what only callers need.
///
/// # Safety
/// As for [`run_polled`]; the root gives its continuation to nobody in this run.
#[inline]
pub(crate) unsafe fn start(root: NonNull<Header>, context: &mut Context<'_>) -> Option<NonNull<Header>> {
    let turn = ManuallyDrop::new(Turn::new(Some(context)));
    // SAFETY: caller's contract; if this panics there is nothing in the turn. Test: tests/generator.rs.
    unsafe {
        let left = enter(root, &turn);
        if left.next.is_some() { run_polled_on(left, &turn) } else { left.waits }
    }
}

/// Runs a root whose owner resumes it, and that calls nobody, without a turn, and without a note in its state: nobody
/// else can look. It is left as it is if it calls somebody now: then its state says whom, and [`run_by_owner`] is for
/// that one.
///
/// # Safety
/// The caller owns the root, which is its own leaf and suspended, in a world that allows this.
#[inline]
pub(crate) unsafe fn run_alone(root: NonNull<Header>) {
    // SAFETY: caller's contract. Tests: tests/generator.rs, tests/delegation.rs.
    unsafe { (root.as_ref().vtable.resume_by_owner)(root) }
}

/// # Safety
/// As for [`run`] or [`run_polled`].
#[inline]
unsafe fn enter(frame: NonNull<Header>, turn: &Turn) -> Left {
    // SAFETY: caller's contract.
    unsafe { (frame.as_ref().vtable.resume)(frame, NonNull::from(turn)) }
}

/// Runs one frame, by `enter`. A panic of a root goes to whoever resumed it, a panic of a callee to its caller.
///
/// # Safety
/// As for `enter`.
#[inline]
unsafe fn step(frame: NonNull<Header>, turn: &Turn, enter: unsafe fn(NonNull<Header>, &Turn) -> Left) -> Left {
    // SAFETY: S2: the frame is alive while it is ours, which ends when it settles or its chain is destroyed; `turn`
    // outlives the call. Tests: tests/panics.rs, tests/transfer.rs.
    unsafe {
        let run = || enter(frame, turn);
        let Some(caller) = frame.as_ref().link.get() else { return run() };
        crate::panic::catch(run, || destroy_all(caller)).unwrap_or_else(|payload| turn.panicked(payload, caller))
    }
}

/// Ends a step whose leaf waits; returns who goes on, which is `next` if nobody has used its continuation. Not under
/// `catch`: by a panic from here on the whole chain is gone, so it belongs to the resumer.
///
/// # Safety
/// The bodies from `leaf` to the one that was resumed are off the stack.
#[cold]
unsafe fn settle(leaf: NonNull<Header>, next: Option<NonNull<Header>>, turn: &Turn) -> Option<NonNull<Header>> {
    // SAFETY: S2: it is alive while it is ours, which ends when it settles. Test: tests/transfer.rs.
    unsafe {
        let header = leaf.as_ref();
        match header.state.settle(header.vtable.shared) {
            Suspension::Settled if turn.is_cancelled() => settled_cancelled(leaf, next, turn),
            Suspension::Settled => next,
            Suspension::Resumed if next.is_none() => Some(leaf),
            Suspension::Resumed => {
                turn.postpone(leaf);
                next
            }
            Suspension::Dropped => {
                if let Some(next) = next {
                    turn.postpone(next);
                }
                destroy_settled(leaf, leaf)
            }
        }
    }
}

/// Destroys `victim`, the first of what was cancelled or dropped by the suspension of `leaf`, and returns who goes on.
/// A panic goes to the group that waits for it, or to the resumer.
///
/// # Safety
/// As for [`destroy_chain`]; the chain at `leaf` is settled.
unsafe fn destroy_settled(leaf: NonNull<Header>, victim: NonNull<Header>) -> Option<NonNull<Header>> {
    // SAFETY: S2: the group stays until all its branches have arrived, and its frame has gone on. Tests:
    // tests/together_busy.rs, tests/together_panics.rs.
    unsafe {
        let clearing = branch::cancel::clearing(leaf);
        let run = Cell::new(None);
        let destroyed = crate::panic::catch(
            || destroy_into(victim, &run),
            || run.take().into_iter().for_each(|it| destroy_all(it)),
        );
        match (destroyed, clearing) {
            (Ok(()), _) => {}
            (Err(panic), Some(clearing)) => branch::keep_panic(clearing, panic),
            (Err(panic), None) => {
                let _destroyed_last = Finally::new(|| run.take().into_iter().for_each(|it| destroy_all(it)));
                crate::panic::resume(panic)
            }
        }
        run.take()
    }
}

/// Ends a step in a turn that was told of a cancelled coroutine: if `current` belongs to one it is destroyed, unless it
/// waits for a callee that has yet to run.
///
/// # Safety
/// As for [`step`]; `current` is settled, and stays on its thread.
#[cold]
unsafe fn settled_cancelled(
    current: NonNull<Header>,
    next: Option<NonNull<Header>>,
    turn: &Turn,
) -> Option<NonNull<Header>> {
    // SAFETY: S2: nobody has run since it settled, so it is alive. Test: tests/together_busy.rs.
    unsafe {
        if next.is_some() && current.as_ref().state.is_calling() {
            return next;
        }
        // What else was cancelled waits in the turn, and is marked there.
        turn.cancelled.set(false);
        let Some(victim) = branch::cancel::cancelled(current) else {
            // That may be a visitor of this one, and cancelled.
            turn.cancelled.set(next.is_some());
            return next;
        };
        if let Some(next) = next {
            turn.postpone(next);
        }
        destroy_settled(current, victim)
    }
}

/// Drops the bodies from `leaf` up to the root, and releases a root that no handle owns. Where several coroutines are
/// awaited together, those that cannot be of use any more are destroyed as well, each from its leaf. A body that panics
/// while it is dropped does not keep its callers from being dropped. Returns who is to be run now, since it waited only
/// for these.
///
/// # Safety
/// The caller owns the chain, and all its frames are suspended or new.
pub(crate) unsafe fn destroy_chain(leaf: NonNull<Header>) -> Option<NonNull<Header>> {
    let run = Cell::new(None);
    // SAFETY: caller's contract; after a panic nobody runs it.
    unsafe {
        let abandoned = Finally::new(|| run.take().into_iter().for_each(|it| destroy_all(it)));
        destroy_into(leaf, &run);
        abandoned.defuse();
    }
    run.take()
}

/// As [`destroy_chain`]; who is to be run is put into `run`, also by a panic.
///
/// # Safety
/// As for [`destroy_chain`].
unsafe fn destroy_into(leaf: NonNull<Header>, run: &Cell<Option<NonNull<Header>>>) {
    let mut current = leaf;
    loop {
        // SAFETY: S5: leaf first; each frame's caller is alive, for it owns the frame, and a root is released once.
        // Tests: tests/stack.rs, tests/panics.rs, tests/together.rs.
        unsafe {
            let rest = Finally::new(|| match destroyed(current) {
                Destroyed::Then(next) => destroy_into(next, run),
                Destroyed::Run(next) => run.set(Some(next)),
                Destroyed::Last => {}
            });
            (current.as_ref().vtable.destroy)(current);
            rest.defuse();
            match destroyed(current) {
                Destroyed::Then(next) => current = next,
                Destroyed::Run(next) => return run.set(Some(next)),
                Destroyed::Last => return,
            }
        }
    }
}

/// The leaf of what the root owns: the outermost visitor under it, for what that visits belongs to somebody else.
///
/// # Safety
/// The chain from `leaf` to `root` is alive and suspended.
pub(crate) unsafe fn own_leaf(leaf: NonNull<Header>, root: NonNull<Header>) -> NonNull<Header> {
    let (mut own, mut frame) = (leaf, leaf);
    while frame != root {
        // SAFETY: caller's contract.
        unsafe {
            let Some(caller) = frame.as_ref().link.get() else { break };
            if caller.as_ref().state.is_visiting() {
                own = caller;
            }
            frame = caller;
        }
    }
    own
}

/// As [`destroy_chain`], and whoever waited for these is destroyed, too.
///
/// # Safety
/// As for [`destroy_chain`].
pub(crate) unsafe fn destroy_all(leaf: NonNull<Header>) {
    let mut next = Some(leaf);
    while let Some(leaf) = next {
        // SAFETY: caller's contract, and what is to be run can as well be destroyed.
        next = unsafe { destroy_chain(leaf) };
    }
}

/// What follows when a frame has been destroyed.
pub(crate) enum Destroyed {
    /// This one is destroyed next.
    Then(NonNull<Header>),
    /// This one is run, since it waited for that.
    Run(NonNull<Header>),
    /// Nothing.
    Last,
}

/// # Safety
/// The frame at `current` has been destroyed just now.
unsafe fn destroyed(current: NonNull<Header>) -> Destroyed {
    // SAFETY: S2: a frame stays until its caller has gone, a root until it is released here. Test: tests/stack.rs.
    unsafe {
        let Header { vtable, link, .. } = current.as_ref();
        match vtable.kind {
            Kind::Coroutine => match link.get() {
                Some(caller) => Destroyed::Then(caller),
                None => {
                    release_unowned(current);
                    Destroyed::Last
                }
            },
            Kind::Branch | Kind::Starter => branch::destroyed(current),
            Kind::Member => scope::destroyed(current),
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
