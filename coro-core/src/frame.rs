//! The frame: one place that holds header, promise and body, and the only code that knows all three.
//!
//! ```text
//! Frame { Head { Header { vtable, link, at, state }, promise: P }, body: B, finish: F, memory: A }      repr(C)
//! ```
//!
//! Everybody else holds a `NonNull<Header>` made from a pointer to the whole frame, and reaches the rest
//! through the vtable, or through [`promise_of`] where a type parameter names the promise. Who may:
//!
//! * **header**: cells, read and written through shared references by whoever owns the coroutine and by the
//!   running body; nobody makes an `&mut Header`.
//! * **promise**: `&mut` for the length of one hook. Hooks run inside the body or, through the owner's handle,
//!   while the body is off the stack: never two at once.
//! * **body**, **finish**: only `resume` and `destroy` below refer to them, and only one of the two is on the
//!   stack at any time (rule S4).

use core::alloc::Layout;
use core::cell::Cell;
use core::future::Future;
use core::mem::{ManuallyDrop, forget, offset_of};
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::Poll;

use crate::branch;
use crate::continuation::sealed::World as _;
use crate::drive::Turn;
use crate::guard::Finally;
use crate::info::Machine;
use crate::inside::Inside;
use crate::location::Point;
use crate::memory::FrameAllocator;
use crate::private::{Co, Function};
use crate::promise::{FinalSuspend, Owner, Promise, sealed::PanicPolicy as _};
use crate::state::State;
use crate::trace::{self, Run, Traced};

pub(crate) struct VTable {
    pub(crate) name: &'static str,
    pub(crate) machine: Machine,
    pub(crate) kind: Kind,
    /// Whether a handle keeps the frame after its end; without one the frame releases itself.
    pub(crate) owned: bool,
    /// Whether the frame is its caller's, and only lent to its handles: they do not destroy it.
    pub(crate) lent: bool,
    /// Whether a continuation may be used on another thread while the body is still on the stack.
    pub(crate) shared: bool,
    /// Where in the frame the promise is.
    pub(crate) promise: usize,
    /// Runs the body to its next suspension or its end.
    pub(crate) resume: Resume,
    /// As `resume`, in the world whose coroutines their owner runs, alone or in the turn that the state says: which
    /// says afterwards how it left.
    pub(crate) resume_by_owner: unsafe fn(NonNull<Header>),
    /// Drops the body where it is suspended.
    pub(crate) destroy: unsafe fn(NonNull<Header>),
    /// Drops the promise of a frame whose body is gone, and frees the memory unless a stale continuation has it.
    pub(crate) release: unsafe fn(NonNull<Header>),
    /// Frees the memory of a released frame.
    pub(crate) free: unsafe fn(NonNull<Header>),
}

/// What has a header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A coroutine.
    Coroutine,
    /// Stands for the caller of a coroutine that several are awaited together with; see `branch`.
    Branch,
    /// Starts those coroutines.
    Starter,
    /// Stands for the caller of a coroutine that a scope owns.
    Member,
}

/// See [`VTable::resume`].
pub(crate) type Resume = unsafe fn(NonNull<Header>, NonNull<Turn>) -> Left;

/// How a body left the stack.
#[must_use]
pub struct Left {
    /// Who goes on.
    pub(crate) next: Option<NonNull<Header>>,
    /// The leaf that waits: which its owner is to know, or in the detached world, which the trampoline has yet to
    /// settle. `None` if the coroutine has ended, or is settled and somebody else's.
    pub(crate) waits: Option<NonNull<Header>>,
}

impl Left {
    /// It has ended, or somebody else has it.
    pub(crate) const fn gone(next: Option<NonNull<Header>>) -> Self {
        Self { next, waits: None }
    }
}

#[repr(C, align(16))]
pub struct Header {
    pub(crate) vtable: &'static VTable,
    /// In a callee: its caller. In a root that its owner resumes: the innermost callee, while suspended there.
    pub(crate) link: Cell<Option<NonNull<Header>>>,
    /// Where the body awaits.
    pub(crate) at: Cell<Option<&'static Point>>,
    pub(crate) state: State,
    /// Who watches the coroutine, with the feature `tracing`; nothing otherwise.
    pub(crate) traced: Traced,
}

impl Header {
    pub(crate) fn new(vtable: &'static VTable, traced: Traced) -> Self {
        Self { vtable, link: Cell::new(None), at: Cell::new(None), state: State::new(), traced }
    }

    /// The caller of this callee, whether it awaits it alone or together with others.
    pub(crate) fn caller(&self) -> Option<NonNull<Self>> {
        match self.vtable.kind {
            // SAFETY: S2: a branch is looked at through its coroutine. Test: tests/location.rs.
            Kind::Branch => Some(unsafe { branch::waiting_for(NonNull::from(self)) }),
            _ => self.link.get(),
        }
    }
}

// Aligned for the flags that the state word keeps in addresses of headers; an allocator aligns to that anyway.
const _: () =
    assert!(cfg!(feature = "tracing") || size_of::<Header>() <= 4 * size_of::<usize>(), "the header is four words");

#[repr(C)]
struct Head<P> {
    header: Header,
    promise: ManuallyDrop<P>,
}

#[repr(C)]
pub(crate) struct Frame<P, B, F, A> {
    head: Head<P>,
    body: ManuallyDrop<B>,
    finish: ManuallyDrop<F>,
    memory: ManuallyDrop<A>,
}

/// The promise of the frame at `header`.
///
/// # Safety
/// The frame at `header` is allocated and its promise is a `P`.
pub(crate) const unsafe fn promise_of<P>(header: NonNull<Header>) -> NonNull<P> {
    let head = header.cast::<Head<P>>().as_ptr();
    // SAFETY: S1: every frame begins with a `Head` of its promise (`repr(C)`), so this is a field of a live
    // allocation and not null. Test: tests/hook_order.rs.
    unsafe { NonNull::new_unchecked((&raw mut (*head).promise).cast()) }
}

/// As [`promise_of`], where the type of the promise is not known.
///
/// # Safety
/// The frame at `header` is a coroutine's, and allocated.
pub(crate) const unsafe fn promise_in(header: NonNull<Header>) -> NonNull<()> {
    // SAFETY: S1: as above. Test: tests/two_way_delegation.rs.
    unsafe { header.byte_add(header.as_ref().vtable.promise).cast() }
}

/// Takes memory for a frame and builds its body in place.
///
/// # Safety
/// `body` is the closure that the attribute generates: it runs no user code and uses its argument only in the
/// future it returns, and that future holds nothing once it is ready.
pub(crate) unsafe fn create<M, P, B, F, A>(
    memory: A,
    promise: P,
    finish: F,
    body: impl FnOnce(Co<P>) -> B,
) -> NonNull<Header>
where
    M: Function,
    P: Promise,
    B: Future<Output = P::Value>,
    F: FinalSuspend<P>,
    A: FrameAllocator,
{
    let frame = memory.allocate(Layout::new::<Frame<P, B, F, A>>());
    // SAFETY: S1: it is a fresh allocation for this frame; caller's contract. Test: tests/hook_order.rs.
    unsafe { build::<M, P, B, F, A, false>(frame.cast(), memory, promise, finish, body) }
}

/// Builds a frame, which is `LENT` if a handle that is dropped does not destroy it.
///
/// # Safety
/// As for [`create`]; `frame` is a place for it, and stays one until the frame is freed.
pub(crate) unsafe fn build<M, P, B, F, A, const LENT: bool>(
    frame: NonNull<Frame<P, B, F, A>>,
    memory: A,
    promise: P,
    finish: F,
    body: impl FnOnce(Co<P>) -> B,
) -> NonNull<Header>
where
    M: Function,
    P: Promise,
    B: Future<Output = P::Value>,
    F: FinalSuspend<P>,
    A: FrameAllocator,
{
    let header = frame.cast::<Header>();
    let frame = frame.as_ptr();
    // SAFETY: S1: caller's contract: each field is written once, and nothing between the writes can panic. Test:
    // tests/hook_order.rs.
    unsafe {
        (&raw mut (*frame).head).write(Head {
            header: Header::new(
                const {
                    &VTable {
                        name: M::ABOUT.name,
                        machine: Machine::of::<M>(),
                        kind: Kind::Coroutine,
                        owned: <P::Owner as Owner>::OWNED,
                        lent: LENT,
                        shared: P::World::SHARED,
                        promise: offset_of!(Head<P>, promise),
                        resume: if P::World::ALONE { |_, _| unreachable!() } else { resume::<M, P, B, F, A> },
                        resume_by_owner: match (P::World::ALONE, LENT) {
                            (true, true) => resume_lent::<M, P, B, F, A>,
                            (true, false) => resume_by_owner::<M, P, B, F, A>,
                            (false, _) => |_| unreachable!(),
                        },
                        destroy: destroy::<P, B, F, A>,
                        release: release::<P, B, F, A>,
                        free: free::<P, B, F, A>,
                    }
                },
                Traced::new(M::ABOUT.name),
            ),
            promise: ManuallyDrop::new(promise),
        });
        header.as_ref().at.set(Some(const { &M::ABOUT.points[0] }));
        (&raw mut (*frame).memory).write(ManuallyDrop::new(memory));
        (&raw mut (*frame).finish).write(ManuallyDrop::new(finish));
        (&raw mut (*frame).body).write(ManuallyDrop::new(body(Co::new(header))));
    }
    header
}

/// # Safety
/// The frame at `header` is of these types and off the stack, not done, and the caller owns it. `turn` outlives the
/// call.
unsafe fn resume<M, P, B, F, A>(header: NonNull<Header>, turn: NonNull<Turn>) -> Left
where
    M: Function,
    P: Promise,
    B: Future<Output = P::Value>,
    F: FinalSuspend<P>,
    A: FrameAllocator,
{
    // SAFETY: caller's contract.
    unsafe {
        let state = &header.as_ref().state;
        if P::World::FRESH && state.is_suspended() {
            turn.as_ref().fresh.set(true);
        }
        state.enter(turn);
        run::<M, P, B, F, A, false>(header, Some(turn))
    }
}

/// # Safety
/// As for [`resume`]; the turn, if there is one, is in the state.
unsafe fn resume_by_owner<M, P, B, F, A>(header: NonNull<Header>)
where
    M: Function,
    P: Promise,
    B: Future<Output = P::Value>,
    F: FinalSuspend<P>,
    A: FrameAllocator,
{
    // SAFETY: caller's contract.
    unsafe {
        // Nobody asks whose turn it is, but who watches.
        let turn = if cfg!(feature = "tracing") { header.as_ref().state.turn_if_any() } else { None };
        let _the_state_says = run::<M, P, B, F, A, false>(header, turn);
    }
}

/// As [`resume_by_owner`], for a frame in a place. Where that is consumed whole by who made it, the optimizer knows
/// whom it calls, and with the body here it makes a plain loop of both.
///
/// # Safety
/// As for [`resume_by_owner`].
#[expect(clippy::inline_always, reason = "in the table it is called by its address")]
#[inline(always)]
unsafe fn resume_lent<M, P, B, F, A>(header: NonNull<Header>)
where
    M: Function,
    P: Promise,
    B: Future<Output = P::Value>,
    F: FinalSuspend<P>,
    A: FrameAllocator,
{
    // SAFETY: caller's contract.
    unsafe {
        let _the_state_says = run::<M, P, B, F, A, true>(header, header.as_ref().state.turn_by_owner());
    }
}

/// # Safety
/// As for [`resume`]; the state says that it runs, and there is a turn unless the world allows to run it alone.
#[expect(clippy::inline_always, reason = "it is the body of those above")]
#[inline(always)]
unsafe fn run<M, P, B, F, A, const LENT: bool>(header: NonNull<Header>, turn: Option<NonNull<Turn>>) -> Left
where
    M: Function,
    P: Promise,
    B: Future<Output = P::Value>,
    F: FinalSuspend<P>,
    A: FrameAllocator,
{
    let frame = header.cast::<Frame<P, B, F, A>>().as_ptr();
    // SAFETY: S4: this call owns the frame until it is suspended or ended, and everything it names is alive until
    // then; the body never moves, for it is boxed and only ever dropped in place. Test: tests/attacks.rs.
    unsafe {
        let head = header.as_ref();
        // A body in a place is consumed where its type is known.
        let taker = if LENT { turn.and_then(|turn| turn.as_ref().taker()) } else { None };
        let inside = Inside::new(header, turn, taker);
        let mut run = Run::begin(head);
        let ending = Ending::<P, B, F, A>(frame);
        let finish_last = Finally::new(|| ManuallyDrop::drop(&mut (*frame).finish));
        let left = P::OnPanic::run(header, |mut promise| {
            let body = Pin::new_unchecked(&mut *(&raw mut (*frame).body).cast::<B>());
            if let Poll::Ready(value) = P::World::poll(body, &inside) {
                promise.as_mut().return_value(value);
                trace::event(head, "return_value", "");
                return None;
            }
            // Before it is settled, for then somebody else may own it.
            let next = || inside.next().or_else(|| turn?.as_ref().next.get());
            run.suspends(head, turn, inside.next(), || next().is_none() && !head.state.is_calling());
            let left = P::World::left(&inside);
            if left.is_none() {
                ManuallyDrop::drop(&mut (*frame).body);
                unregistered(M::ABOUT.name);
            }
            left
        });
        finish_last.defuse();
        if let Some(left) = left {
            forget(ending);
            return left;
        }
        let caller = head.link.get();
        let next = finish(ending, turn);
        run.ends(caller, next, if P::World::SHARED { None } else { turn });
        Left::gone(next)
    }
}

#[cold]
fn unregistered(name: &str) -> ! {
    panic!(
        "coroutine `{name}` awaits a future behind the attribute's back, and its world cannot drive futures: \
         await it outside the macro that hides it, in a coroutine of a world that can"
    )
}

/// Ends the frame whose body has ended, by value or by panic; without an owner it releases it too.
struct Ending<P: Promise, B, F, A: FrameAllocator>(*mut Frame<P, B, F, A>);

/// # Safety
/// The body of the frame has ended.
unsafe fn finish<P: Promise, B, F: FinalSuspend<P>, A: FrameAllocator>(
    ending: Ending<P, B, F, A>,
    turn: Option<NonNull<Turn>>,
) -> Option<NonNull<Header>> {
    // SAFETY: S5: `finish` was written at creation and is taken once; the promise is nobody else's while the frame is
    // entered. Test: tests/hook_order.rs.
    let (caller, next) = unsafe {
        let frame = ending.0;
        let finish = ManuallyDrop::take(&mut (*frame).finish);
        let mut promise = promise_of::<P>(NonNull::new_unchecked(frame.cast()));
        let next = finish.final_suspend(promise.as_mut());
        let head = &(*frame).head.header;
        trace::final_suspend(head, next.as_ref().and_then(P::World::target));
        (head.link.get(), next)
    };
    // Before `next` is claimed: if the promise panics as it is dropped, `next` is dropped, and not lost.
    drop(ending);
    // SAFETY: S2: what is claimed is returned to the trampoline.
    match (caller, unsafe { P::World::claim(next) }) {
        (Some(caller), Some(next)) => {
            // SAFETY: S4: the turn that has run the body is on the stack, and one that gives control away has a turn.
            // Test: tests/transfer.rs.
            unsafe { turn.expect("there is one").as_ref() }.postpone(caller);
            Some(next)
        }
        (caller, next) => caller.or(next),
    }
}

impl<P: Promise, B, F, A: FrameAllocator> Drop for Ending<P, B, F, A> {
    fn drop(&mut self) {
        // SAFETY: S7: the frame is entered and its body has ended, so nobody else uses it. Test: tests/panics.rs.
        unsafe {
            let header = NonNull::new_unchecked(self.0.cast::<Header>());
            header.as_ref().at.set(None);
            // Until then it counts as running, so that whoever cancels it meanwhile tells the turn.
            header.as_ref().state.finish(P::World::SHARED);
            if !<P::Owner as Owner>::OWNED {
                release::<P, B, F, A>(header);
            }
        }
    }
}

/// # Safety
/// The frame at `header` is of these types, off the stack and not done, and the caller owns it.
unsafe fn destroy<P: Promise, B, F, A>(header: NonNull<Header>) {
    let frame = header.cast::<Frame<P, B, F, A>>().as_ptr();
    // SAFETY: S4: nobody runs the body; it is dropped once, for the state says done from here on.
    // Test: tests/attacks.rs.
    unsafe {
        let head = &(*frame).head.header;
        trace::destroys(head);
        head.at.set(None);
        head.state.finish(P::World::SHARED);
        let finish = &raw mut (*frame).finish;
        let _dropped_last = Finally::new(|| ManuallyDrop::drop(&mut *finish));
        ManuallyDrop::drop(&mut (*frame).body);
    }
}

/// # Safety
/// The frame at `header` is of these types, its body is gone, and its owner gives it up.
unsafe fn release<P: Promise, B, F, A: FrameAllocator>(header: NonNull<Header>) {
    let frame = header.cast::<Frame<P, B, F, A>>().as_ptr();
    // SAFETY: S2: the promise was written at creation and is dropped nowhere else, and after it nothing of the frame is
    // used but the state, by a stale continuation if one is out. Tests: tests/panics.rs, tests/attacks.rs.
    unsafe {
        let _freed_last = Finally::new(|| {
            if header.as_ref().state.release(P::World::SHARED) {
                free::<P, B, F, A>(header);
            }
        });
        trace::releases(header.as_ref());
        ManuallyDrop::drop(&mut (*frame).head.promise);
    }
}

/// # Safety
/// The frame at `header` is of these types and has been released.
unsafe fn free<P, B, F, A: FrameAllocator>(header: NonNull<Header>) {
    let frame = header.cast::<Frame<P, B, F, A>>();
    // SAFETY: S2: the memory was written at creation and is taken nowhere else; it gave this frame, of this very type.
    // Tests: all, under LeakSanitizer.
    unsafe {
        let memory = ManuallyDrop::take(&mut (*frame.as_ptr()).memory);
        memory.deallocate(frame.cast(), Layout::new::<Frame<P, B, F, A>>());
    }
}
