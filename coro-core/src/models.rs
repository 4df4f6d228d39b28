//! Loom models of what two threads do to one coroutine. Run: `RUSTFLAGS="--cfg loom" cargo test -p coro-core --lib`

use alloc::sync::Arc as StdArc;
use core::future::poll_fn;
use core::ptr::NonNull;
use core::task::{Context, Poll, ready};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use crate::branch::{Group, arrive, bodiless};
use crate::drive::Turn;
use crate::frame::{Header, Kind, Left, VTable};
use crate::state::{Claim, State, Suspension};
use crate::wake::WakeSlot;

/// A frame, as far as the handshake goes: its state, and a body that only its owner may touch.
struct Frame {
    state: State,
    body: UnsafeCell<u32>,
}

// SAFETY: that is what the models check.
unsafe impl Sync for Frame {}
// SAFETY: as above.
unsafe impl Send for Frame {}

impl Frame {
    fn run(&self, steps: u32) {
        // SAFETY: checked by loom: two at once are reported.
        self.body.with_mut(|body| unsafe { *body += steps });
    }

    fn ran(&self) -> u32 {
        // SAFETY: as above.
        self.body.with(|body| unsafe { *body })
    }
}

fn turn() -> NonNull<Turn> {
    NonNull::without_provenance(core::num::NonZero::new(1024).expect("not null"))
}

/// As the trampoline does.
fn settle(state: &State) -> Suspension {
    if state.settles_at_once(turn(), true) { Suspension::Settled } else { state.settle(true) }
}

/// `await_suspend` publishes the continuation; another thread resumes it meanwhile. Somebody goes on with the body,
/// exactly once, and sees what the body did before.
#[test]
fn a_continuation_resumed_on_another_thread_runs_the_body_once() {
    loom::model(|| {
        let frame = Arc::new(Frame { state: State::new(), body: UnsafeCell::new(0) });
        frame.state.enter(turn());
        frame.state.begin_suspension(turn());
        let other = {
            let frame = frame.clone();
            thread::spawn(move || match frame.state.claim_to_resume(true) {
                Claim::Owned => {
                    assert_eq!(frame.ran(), 1);
                    frame.state.enter(turn());
                    frame.run(10);
                    true
                }
                Claim::Nothing => false,
                Claim::Free => unreachable!("nothing was released"),
            })
        };
        frame.run(1); // the rest of the body, after the continuation was given away
        let here = match settle(&frame.state) {
            Suspension::Settled => false,
            Suspension::Resumed => {
                frame.state.enter(turn());
                frame.run(10);
                true
            }
            Suspension::Dropped => unreachable!("nobody dropped it"),
        };
        assert_ne!(here, other.join().expect("no panic"), "one of the two goes on");
        assert_eq!(frame.ran(), 11);
    });
}

/// As above, but the other thread drops it: exactly one of the two destroys the body.
#[test]
fn a_continuation_dropped_on_another_thread_destroys_the_body_once() {
    loom::model(|| {
        let frame = Arc::new(Frame { state: State::new(), body: UnsafeCell::new(0) });
        frame.state.enter(turn());
        frame.state.begin_suspension(turn());
        let other = {
            let frame = frame.clone();
            thread::spawn(move || match frame.state.claim_to_drop(true) {
                Claim::Owned => {
                    assert_eq!(frame.ran(), 1);
                    frame.run(10);
                    true
                }
                Claim::Nothing => false,
                Claim::Free => unreachable!("nothing was released"),
            })
        };
        frame.run(1);
        let here = match settle(&frame.state) {
            Suspension::Settled => false,
            Suspension::Dropped => {
                frame.run(10);
                true
            }
            Suspension::Resumed => unreachable!("nobody resumed it"),
        };
        assert_ne!(here, other.join().expect("no panic"), "one of the two destroys it");
        assert_eq!(frame.ran(), 11);
    });
}

/// `await_suspend` panics after it gave the continuation away: the body ends here, and whoever is last frees the
/// memory.
#[test]
fn a_stale_continuation_and_the_frame_free_the_memory_once() {
    for drops in [false, true] {
        loom::model(move || {
            let frame = Arc::new(Frame { state: State::new(), body: UnsafeCell::new(0) });
            frame.state.enter(turn());
            frame.state.begin_suspension(turn());
            let other = {
                let frame = frame.clone();
                thread::spawn(move || {
                    let claim = if drops { frame.state.claim_to_drop(true) } else { frame.state.claim_to_resume(true) };
                    match claim {
                        Claim::Owned => unreachable!("the body never suspended"),
                        Claim::Nothing => false,
                        Claim::Free => {
                            assert_eq!(frame.ran(), 1);
                            true
                        }
                    }
                })
            };
            frame.state.abandon_suspension(true);
            frame.run(1);
            frame.state.finish(true);
            let here = frame.state.release(true);
            assert_ne!(here, other.join().expect("no panic"), "one of the two frees");
        });
    }
}

/// A slot, which another thread fires.
fn fired_elsewhere(slot: &StdArc<WakeSlot>) -> thread::JoinHandle<()> {
    let slot = slot.clone();
    thread::spawn(move || slot.fire())
}

/// As a leaf awaiter is polled that has suspended before.
fn poll(slot: &WakeSlot, context: &Context<'_>) -> Poll<()> {
    if slot.has_fired() { Poll::Ready(()) } else { slot.poll(context) }
}

/// A wake-up fired while the coroutine is polled is seen by that poll, or wakes for another one.
#[test]
fn a_wake_up_is_never_lost() {
    loom::model(|| {
        let slot = WakeSlot::new(&Context::from_waker(futures::task::noop_waker_ref()), None);
        let firing = fired_elsewhere(&slot);
        loom::future::block_on(poll_fn(|context| poll(&slot, context)));
        firing.join().expect("no panic");
    });
}

/// The poll that suspends gives the slot its waker before it gives the wake-up away, and only asks whether it has fired
/// since then.
#[test]
fn a_wake_up_fired_by_the_time_of_the_suspension_is_never_lost() {
    loom::model(|| {
        let mut suspended = None;
        let firing = loom::future::block_on(poll_fn(|context| match &suspended {
            None => {
                let slot = WakeSlot::new(context, None);
                let firing = fired_elsewhere(&slot);
                if slot.has_fired() {
                    return Poll::Ready(firing);
                }
                suspended = Some((slot, Some(firing)));
                Poll::Pending
            }
            Some((slot, _)) => {
                ready!(poll(slot, context));
                Poll::Ready(suspended.take().and_then(|(_, firing)| firing).expect("it was kept"))
            }
        }));
        firing.join().expect("no panic");
    });
}

/// A coroutine goes from suspension to suspension with one slot, while the thread that fired it may still be at it: that
/// neither ends the second suspension nor takes its wake-up.
#[test]
fn a_slot_that_is_used_again_belongs_to_the_later_suspension() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let nobody = Context::from_waker(futures::task::noop_waker_ref());
        let first = WakeSlot::new(&nobody, None);
        let firing = fired_elsewhere(&first);
        loom::future::block_on(poll_fn(|context| poll(&first, context)));
        let second = WakeSlot::new(&nobody, Some(first));
        assert!(!second.has_fired(), "nobody has fired this one");
        let firing_again = fired_elsewhere(&second);
        loom::future::block_on(poll_fn(|context| poll(&second, context)));
        firing.join().expect("no panic");
        firing_again.join().expect("no panic");
    });
}

/// Two branches of a group end on two threads, and its starter is done. The last of the three goes on, and sees what
/// the others did.
#[test]
fn the_last_of_a_group_goes_on_alone_and_sees_what_the_others_did() {
    static SHARED: VTable = VTable { shared: true, ..bodiless(Kind::Coroutine, nothing) };
    unsafe fn nothing(_: NonNull<Header>, _: NonNull<Turn>) -> Left {
        unreachable!("nobody runs it")
    }

    struct Arrives(NonNull<Group>, [Arc<UnsafeCell<u32>>; 3]);
    // SAFETY: that is what the model checks.
    unsafe impl Send for Arrives {}

    impl Arrives {
        fn arrive(self, place: usize) -> bool {
            let Self(group, did) = self;
            // SAFETY: checked by loom: two at once are reported.
            did[place].with_mut(|did| unsafe { *did = 1 });
            // SAFETY: each arrives once.
            let last = unsafe { arrive(group) }.is_some();
            if last {
                // SAFETY: checked by loom.
                let all: u32 = did.iter().map(|did| did.with(|did| unsafe { *did })).sum();
                assert_eq!(all, 3);
                // SAFETY: made from a box; the last one has it alone.
                drop(unsafe { alloc::boxed::Box::from_raw(group.as_ptr()) });
            }
            last
        }
    }

    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let frame = Header::new(&SHARED, crate::trace::Traced::nobody());
        let frame = NonNull::from(&frame);
        let group = Group::create(frame, &[frame, frame], false);
        let did = [0; 3].map(|did| Arc::new(UnsafeCell::new(did)));
        let others = [1, 2].map(|place| {
            let arrives = Arrives(group, did.clone());
            thread::spawn(move || arrives.arrive(place))
        });
        let here = Arrives(group, did).arrive(0);
        let there = others.map(|other| other.join().expect("no panic"));
        assert_eq!([here, there[0], there[1]].into_iter().filter(|last| *last).count(), 1);
    });
}
