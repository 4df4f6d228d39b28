//! Coroutines of the detached world that are awaited together: a tree of chains, where one caller waits for several
//! callees.
//!
//! ```text
//! caller ◀─link─ group's frame ─state─▶ Group { starter, branches[0] ◀─link─ coroutine 0 ◀─link─ … leaf
//!                                              branches[1] ◀─link─ coroutine 1 ◀─link─ … leaf }
//! ```
//!
//! The *group's frame* is the frame of `when_all` or `when_any`. To the trampoline it is calling its *starter*, a frame
//! without a body that starts one coroutine at a time; and a coroutine's caller is a *branch*, a frame without a body
//! that takes note of its end. So nothing here costs a coroutine that is awaited alone. The last to arrive at the group
//! lets its frame go on.
//!
//! In the local world some can be *cancelled* ([`cancel`]): the losers of `when_any`, the others when one has panicked,
//! all when one was destroyed, for then `when_all` cannot end. Between threads nobody is cancelled: a group waits for
//! all.

pub(crate) mod cancel;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::ptr::NonNull;
use core::task::Poll;

use self::cancel::{clear, victim};
use crate::drive::{Destroyed, Turn, destroy_chain};
use crate::frame::{Header, Kind, Left, Resume, VTable};
use crate::info::Machine;
use crate::panic::{Payload, discard};
use crate::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::trace::{self, Traced};

/// Stands for the caller of one coroutine of a group.
#[repr(C)]
struct Branch {
    header: Header,
    group: NonNull<Group>,
    index: usize,
    coroutine: NonNull<Header>,
    /// Whether its coroutine has ended or was destroyed.
    arrived: Cell<bool>,
    panic: Cell<Option<Payload>>,
}

/// What the frame of `when_all` or `when_any` waits for.
#[repr(C)]
pub(crate) struct Group {
    starter: Header,
    frame: NonNull<Header>,
    /// Whether the first end is enough.
    any: bool,
    /// Whether the branches may be on several threads.
    shared: bool,
    /// Branches that have not arrived, and one for the starter.
    pending: AtomicUsize,
    /// The frame cannot go on any more: all of it is destroyed.
    doomed: AtomicBool,
    /// How many branches the starter has started.
    started: Cell<usize>,
    branches: Box<[Branch]>,
    // The rest is for local groups.
    /// The branch that decided how the frame goes on: by being the first where any is enough, or by a panic.
    decided: Cell<Option<usize>>,
    phase: Cell<Phase>,
    /// What bodies panicked with when they were cancelled.
    panics: Cell<Vec<Payload>>,
    /// How many branches have been looked at to be cancelled, and the group around this one that is looked at after it.
    cursor: Cell<usize>,
    outer: Cell<Option<NonNull<Self>>>,
}

/// What a local group's frame does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It waits for branches.
    Waiting,
    /// It is on the stack, or will be next, cancelling those that are left.
    Clearing,
    /// It waits for those of them that were busy.
    Cleared,
}

/// How coroutines that were awaited together ended.
pub enum Outcome {
    /// All have returned.
    All,
    /// This one was first, and the others are gone.
    Any(usize),
    /// One has panicked, and the others are gone.
    Panicked(Payload),
}

static BRANCH: VTable = bodiless(Kind::Branch, branch_ended);
static STARTER: VTable = bodiless(Kind::Starter, start);

/// What stands where a frame is expected, without a body.
pub(crate) const fn bodiless(kind: Kind, resume: Resume) -> VTable {
    const unsafe fn nothing(_: NonNull<Header>) {}
    VTable {
        name: "",
        machine: Machine::NONE,
        kind,
        owned: true,
        lent: false,
        shared: false,
        promise: 0,
        resume,
        resume_by_owner: nothing,
        destroy: nothing,
        release: nothing,
        free: nothing,
    }
}

impl Group {
    /// Made of `coroutines`, which are awaited together by the frame at `frame`.
    pub(crate) fn create(frame: NonNull<Header>, coroutines: &[NonNull<Header>], any: bool) -> NonNull<Self> {
        let group = NonNull::from(Box::leak(Box::<Self>::new_uninit())).cast::<Self>();
        let branch = |(index, &coroutine)| Branch {
            header: Header::new(&BRANCH, Traced::nobody()),
            group,
            index,
            coroutine,
            arrived: Cell::new(false),
            panic: Cell::new(None),
        };
        // SAFETY: S2: the frame is alive, for its body is on the stack; `group` is a fresh allocation for a `Group`.
        // Test: tests/together.rs.
        unsafe {
            group.write(Self {
                starter: Header::new(&STARTER, Traced::nobody()),
                frame,
                any,
                shared: frame.as_ref().vtable.shared,
                pending: AtomicUsize::new(coroutines.len() + 1),
                doomed: AtomicBool::new(false),
                started: Cell::new(0),
                branches: coroutines.iter().enumerate().map(branch).collect::<Vec<_>>().into(),
                decided: Cell::new(None),
                phase: Cell::new(Phase::Waiting),
                panics: Cell::new(Vec::new()),
                cursor: Cell::new(0),
                outer: Cell::new(None),
            });
        }
        group
    }

    fn pending(&self) -> usize {
        self.pending.load(Ordering::Acquire)
    }

    /// One has arrived; returns how many have not. If others may be on other threads, and some are left, the group is
    /// not ours any more.
    fn count_down(&self) -> usize {
        if self.shared {
            return self.pending.fetch_sub(1, Ordering::AcqRel) - 1;
        }
        let left = self.pending() - 1;
        self.pending.store(left, Ordering::Relaxed);
        left
    }

    fn is_doomed(&self) -> bool {
        self.doomed.load(Ordering::Relaxed)
    }

    fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    /// Those that have not been started will not be: they go with their handles.
    fn stop_starting(&self) {
        for branch in &self.branches[self.started.get()..] {
            branch.arrived.set(true);
            self.count_down();
        }
    }

    /// A branch has ended, with this panic or by returning.
    fn note_end(&self, branch: &Branch, panic: Option<Payload>) {
        if !self.shared && self.decided.get().is_none() && (self.any || panic.is_some()) {
            self.decided.set(Some(branch.index));
        }
        branch.panic.set(panic);
        branch.arrived.set(true);
    }
}

/// Starts the next coroutine, and comes back when that waits.
///
/// # Safety
/// `starter` is a group's, and `turn` runs it.
unsafe fn start(starter: NonNull<Header>, turn: NonNull<Turn>) -> Left {
    // SAFETY: S2: the group waits for its starter, so it is alive; unstarted coroutines are its own. Test:
    // tests/together.rs.
    unsafe {
        let group = starter.cast::<Group>().as_ref();
        while !group.is_doomed() && group.decided.get().is_none() {
            let Some(branch) = group.branches.get(group.started.get()) else { break };
            group.started.set(branch.index + 1);
            let coroutine = branch.coroutine.as_ref();
            if coroutine.state.is_done() {
                group.note_end(branch, None);
                group.count_down();
            } else {
                coroutine.link.set(Some(NonNull::from(branch).cast()));
                turn.as_ref().postpone(starter);
                return Left::gone(Some(branch.coroutine));
            }
        }
        group.stop_starting();
        Left::gone(arrive(starter.cast()))
    }
}

/// # Safety
/// `branch` is one, its coroutine has ended, and `turn` has its panic.
unsafe fn branch_ended(branch: NonNull<Header>, turn: NonNull<Turn>) -> Left {
    // SAFETY: S2: the group waits for this branch, so it is alive. Test: tests/together.rs.
    unsafe {
        let branch = branch.cast::<Branch>().as_ref();
        branch.group.as_ref().note_end(branch, turn.as_ref().panic.take());
        Left::gone(arrive(branch.group))
    }
}

/// A branch or the starter is at its end. Returns who goes on.
///
/// # Safety
/// The group at `group` waits for it.
pub(crate) unsafe fn arrive(group: NonNull<Group>) -> Option<NonNull<Header>> {
    // SAFETY: S2: the group is alive until all have arrived: so it is still, or this is the last one, or nothing
    // changes threads. Tests: tests/together.rs, tests/together_threads.rs.
    unsafe {
        let this = group.as_ref();
        let shared = this.shared;
        let left = this.count_down();
        if shared && left > 0 || this.phase.get() == Phase::Clearing {
            return None;
        }
        if left > 0 {
            let decided = this.decided.get().is_some() && !this.is_doomed();
            let goes_on = decided && this.phase.get() == Phase::Waiting;
            if goes_on {
                // From here on nobody else lets it run, or destroys it: somebody may be told before it looks itself.
                this.phase.set(Phase::Clearing);
            }
            return goes_on.then_some(this.frame);
        }
        // Of `when_any`, all may have been destroyed while the starter was busy.
        let lost = this.is_doomed() || this.any && this.decided.get().is_none();
        if lost { destroy_chain(this.frame) } else { Some(this.frame) }
    }
}

/// A coroutine of a group was destroyed, or the starter with the turn it waited in.
///
/// # Safety
/// `current` is a branch or a starter, and this happens once.
pub(crate) unsafe fn destroyed(current: NonNull<Header>) -> Destroyed {
    // SAFETY: S2: as for `arrive`. Tests: tests/together.rs, tests/together_threads.rs.
    unsafe {
        let is_starter = current.as_ref().vtable.kind == Kind::Starter;
        let group = if is_starter {
            current.cast::<Group>()
        } else {
            let branch = current.cast::<Branch>().as_ref();
            branch.arrived.set(true);
            branch.group
        };
        let this = group.as_ref();
        if is_starter {
            this.stop_starting();
        }
        let shared = this.shared;
        // `when_any` goes on without one that was destroyed, and who has decided already goes on without all of them.
        if is_starter || !this.any && this.decided.get().is_none() {
            this.doom();
        }
        let left = this.count_down();
        if shared && left > 0 || this.phase.get() == Phase::Clearing {
            return Destroyed::Last;
        }
        if this.is_doomed()
            && let Some(leaf) = victim(group)
        {
            return Destroyed::Then(leaf);
        }
        if this.pending() > 0 {
            Destroyed::Last
        } else if this.phase.get() == Phase::Cleared && !this.is_doomed() {
            Destroyed::Run(this.frame)
        } else {
            Destroyed::Then(this.frame)
        }
    }
}

/// Who waits for the group of the branch at `branch`.
///
/// # Safety
/// `branch` is one, and its coroutine is alive.
pub(crate) unsafe fn waiting_for(branch: NonNull<Header>) -> NonNull<Header> {
    // SAFETY: S2: the group is alive while it has a branch that has not arrived. Test: tests/location.rs.
    unsafe { branch.cast::<Branch>().as_ref().group.as_ref().frame }
}

/// The group as its frame sees it.
#[derive(Default)]
pub struct Gathering(Option<NonNull<Group>>);

impl Gathering {
    /// Polls the body of the frame at `frame`, which awaits `coroutines` together.
    ///
    /// # Safety
    /// The body is on the stack. The coroutines are not started, or have ended, they are nobody else's, and live as
    /// long as this.
    pub(crate) unsafe fn poll(
        &mut self,
        frame: NonNull<Header>,
        coroutines: &[NonNull<Header>],
        any: bool,
    ) -> Poll<Outcome> {
        // SAFETY: S2, S4: the frame and its turn are alive while its body is on the stack; the group is this one's.
        // Tests: tests/together.rs, tests/together_busy.rs.
        unsafe {
            let state = &frame.as_ref().state;
            let Some(group) = self.0 else {
                trace::event(frame.as_ref(), "await_suspend", "starts them");
                let group = *self.0.insert(Group::create(frame, coroutines, any));
                state.turn().as_ref().next.set(Some(group.cast()));
                state.call(group.cast());
                return Poll::Pending;
            };
            let this = group.as_ref();
            if this.pending() > 0 {
                this.phase.set(Phase::Clearing);
                clear(group);
                this.phase.set(Phase::Cleared);
                if this.pending() > 0 {
                    state.call(group.cast());
                    return Poll::Pending;
                }
            }
            Poll::Ready(outcome(this))
        }
    }
}

/// Keeps what a body panicked with when it was cancelled.
///
/// # Safety
/// The group at `group` is alive, and stays on its thread.
pub(crate) unsafe fn keep_panic(group: NonNull<Group>, panic: Payload) {
    // SAFETY: caller's contract.
    let kept = unsafe { &group.as_ref().panics };
    let mut panics = kept.take();
    panics.push(panic);
    kept.set(panics);
}

/// A panic comes before a value, or it would be lost. Of several the first counts.
fn outcome(group: &Group) -> Outcome {
    let decided = group.decided.get();
    let panic = |branch: &Branch| branch.panic.take();
    let decisive = decided.and_then(|decided| panic(&group.branches[decided]));
    let others = group.panics.take().into_iter().chain(group.branches.iter().filter_map(panic));
    let mut panics = decisive.into_iter().chain(others);
    let first = panics.next();
    panics.for_each(discard);
    match first {
        Some(panic) => Outcome::Panicked(panic),
        None => decided.map_or(Outcome::All, Outcome::Any),
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // SAFETY: S2: `create` made it from a box, and nobody refers to it any more once all have arrived. Test:
            // tests/together.rs, under LeakSanitizer.
            unsafe {
                // Only a panic that cannot be caught, without `std`, gets here before that: then this aborts.
                assert!(group.as_ref().pending() == 0, "branches are left");
                drop(Box::from_raw(group.as_ptr()));
            }
        }
    }
}
