//! Safe programs that try to make detached coroutines and their continuations do what they must not. Run under
//! AddressSanitizer and LeakSanitizer; what must not compile is in `ui/attacks`.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use coro::{
    AwaitTransform, Awaiter, Continuation, ContinuationOf, Coroutine, Detached, FinalSuspend, FireAndForget, Handled,
    NewPromise, Nobody, Panic, Promise, SuspendAlways, Task, UnhandledException,
};

type Own = Continuation<Detached>;

thread_local! {
    static PARKED: RefCell<Vec<Own>> = RefCell::default();
    static HELD: Cell<u32> = const { Cell::new(0) };
    static AFTER: Cell<u32> = const { Cell::new(0) };
}

fn park(own: Own) {
    PARKED.with_borrow_mut(|parked| parked.push(own));
}

fn parked() -> Option<Own> {
    PARKED.with_borrow_mut(Vec::pop)
}

fn attempt<T>(attack: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(attack)).is_ok()
}

/// A panic without a message.
fn fail() -> ! {
    resume_unwind(Box::new("attack"))
}

/// Text on the heap, counted: looking at it after its end is what AddressSanitizer sees.
struct Held(String);

impl Held {
    fn new() -> Self {
        HELD.set(HELD.get() + 1);
        Self("held by a coroutine".repeat(4))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        assert!(self.0.starts_with("held"));
        HELD.set(HELD.get() - 1);
    }
}

/// Panics when it is dropped, unless the thread panics already.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            fail();
        }
    }
}

/// An awaiter that does with its continuation what it is told to.
struct Do<F>(F);

impl<P: Promise<World = Detached>, F: FnMut(Own) -> Option<Own>> Awaiter<P> for Do<F> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Own) -> Option<Own> {
        (self.0)(own)
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never)]
fn alone<F: FnMut(Own) -> Option<Own> + 'static>(attack: F) -> FireAndForget {
    let held = Held::new();
    Do(attack).await;
    assert!(held.0.starts_with("held"));
    AFTER.set(AFTER.get() + 1);
}

#[coro::coroutine]
fn callee<'a, F: FnMut(Own) -> Option<Own> + 'a>(lent: &'a Held, attack: F) -> Task<'a, usize, Detached> {
    let held = Held::new();
    Do(attack).await;
    held.0.len() + lent.0.len()
}

#[coro::coroutine(initial = suspend_never)]
fn calling<F: FnMut(Own) -> Option<Own> + 'static>(attack: F) -> FireAndForget {
    let held = Held::new();
    callee(&held, attack).await;
    AFTER.set(AFTER.get() + 1);
}

#[track_caller]
fn nothing_is_left() {
    assert_eq!((HELD.get(), PARKED.with_borrow(Vec::len)), (0, 0));
}

#[test]
fn a_continuation_resumed_inside_await_suspend_runs_the_body_once_it_is_off_the_stack() {
    alone(|own| {
        own.resume();
        assert_eq!(AFTER.get(), 0);
        None
    });
    calling(|own| {
        own.resume();
        None
    });
    assert_eq!(AFTER.get(), 2);
    nothing_is_left();
}

#[test]
fn a_continuation_dropped_inside_await_suspend_destroys_the_chain_once_it_is_off_the_stack() {
    for start in [alone::<fn(Own) -> Option<Own>>, calling] {
        start(|own| {
            let alive = HELD.get();
            drop(own);
            assert_eq!(HELD.get(), alive);
            None
        });
    }
    assert_eq!(AFTER.get(), 0);
    nothing_is_left();
}

#[coro::coroutine]
fn callee_with_a_bomb(lent: &Held) -> Task<'_, usize, Detached> {
    let _bomb = Bomb;
    Do(|own| {
        drop(own);
        None
    })
    .await;
    lent.0.len()
}

#[coro::coroutine(initial = suspend_never)]
fn calls_one_with_a_bomb() -> FireAndForget {
    let held = Held::new();
    callee_with_a_bomb(&held).await;
}

#[test]
fn a_local_that_panics_as_its_chain_is_dropped_inside_await_suspend_does_not_bring_the_caller_back() {
    assert!(!attempt(calls_one_with_a_bomb));
    nothing_is_left();
}

#[coro::coroutine(initial = suspend_never)]
fn fails_when_resumed() -> FireAndForget {
    let _held = Held::new();
    Do(|own| {
        park(own);
        None
    })
    .await;
    fail();
}

#[test]
fn a_panic_of_the_one_that_control_was_handed_to_does_not_bring_a_dead_caller_back() {
    for attack in [
        |own: Own| {
            own.resume();
            parked()
        },
        |own: Own| {
            drop(own);
            parked()
        },
    ] {
        fails_when_resumed();
        assert!(!attempt(|| calling(attack)));
        nothing_is_left();
    }
}

#[test]
fn a_continuation_published_before_a_panic_only_releases_memory() {
    let uses: [fn(Own); 4] = [
        drop,
        Own::resume,
        |own| drop(format!("{own:?}")),
        |own| {
            alone(move |other| {
                park(other);
                None
            });
            let other = parked().expect("it was parked");
            // Handed to another one that returns it: a symmetric transfer to a dead coroutine.
            let mut own = Some(own);
            alone(move |this| {
                park(this);
                own.take()
            });
            other.resume();
            parked().expect("it was parked").resume();
        },
    ];
    for (number, use_it) in uses.into_iter().enumerate() {
        assert!(!attempt(|| calling(|own| {
            park(own);
            fail()
        })));
        assert_eq!(HELD.get(), 0, "use {number}");
        use_it(parked().expect("it was published"));
        nothing_is_left();
        assert!(!attempt(|| alone(|own| {
            park(own);
            fail()
        })));
        use_it(parked().expect("it was published"));
        nothing_is_left();
    }
}

struct UsesParked(fn(Own));

impl Drop for UsesParked {
    fn drop(&mut self) {
        parked().into_iter().for_each(self.0);
    }
}

#[coro::coroutine]
fn publishes_among_users(lent: &Held, use_it: fn(Own)) -> Task<'_, (), Detached> {
    let _held = Held::new();
    let _uses = UsesParked(use_it);
    Do(|own| {
        park(own);
        fail()
    })
    .await;
    assert!(lent.0.starts_with("held"));
}

#[coro::coroutine(initial = suspend_never)]
fn calls_one_that_publishes(use_it: fn(Own)) -> FireAndForget {
    let held = Held::new();
    publishes_among_users(&held, use_it).await;
}

#[test]
fn a_continuation_published_before_a_panic_can_be_used_while_the_panic_unwinds_the_body() {
    for use_it in [drop as fn(Own), Own::resume] {
        assert!(!attempt(|| calls_one_that_publishes(use_it)));
        nothing_is_left();
    }
}

#[test]
fn the_backtrace_of_a_dead_coroutine_does_not_reach_its_callers() {
    assert!(!attempt(|| calling(|own| {
        park(own);
        fail()
    })));
    let own = parked().expect("it was published");
    let mut backtrace = own.backtrace();
    assert!(backtrace.by_ref().all(|location| !location.function().is_empty()));
    assert!((0..3).all(|_| backtrace.next().is_none()));
}

#[test]
fn a_coroutine_starts_others_and_destroys_them_while_it_is_destroyed() {
    struct Restless(u32);
    impl Drop for Restless {
        fn drop(&mut self) {
            let depth = self.0;
            drop(parked());
            if depth > 0 {
                let restless = Restless(depth - 1);
                alone(move |own| {
                    let _ = &restless;
                    park(own);
                    None
                });
            }
        }
    }
    let restless = Restless(5);
    calling(move |own| {
        let _ = &restless;
        park(own);
        None
    });
    while let Some(own) = parked() {
        drop(own);
    }
    nothing_is_left();
}

#[test]
fn control_handed_to_a_coroutine_that_is_still_suspending_further_up_the_stack_waits_for_it() {
    alone(|own| {
        park(own);
        // Nested: this one takes the outer continuation, and returns it.
        alone(|inner| {
            let outer = parked();
            park(inner);
            outer
        });
        assert_eq!(AFTER.get(), 0);
        None
    });
    assert_eq!(AFTER.get(), 1);
    parked().expect("the inner one waits").resume();
    nothing_is_left();
}

#[test]
fn swapped_continuations_run_each_others_coroutines() {
    alone(|own| {
        park(own);
        None
    });
    calling(|mut own| {
        PARKED.with_borrow_mut(|parked| std::mem::swap(&mut own, &mut parked[0]));
        Some(own)
    });
    assert_eq!(AFTER.get(), 1);
    parked().expect("it waits").resume();
    assert_eq!(AFTER.get(), 2);
    nothing_is_left();
}

#[test]
fn a_continuation_in_a_thread_local_is_destroyed_at_thread_exit() {
    std::thread::spawn(|| {
        thread_local! {
            static LAST: RefCell<Option<Own>> = const { RefCell::new(None) };
        }
        calling(|own| {
            LAST.set(Some(own));
            None
        });
    })
    .join()
    .expect("it ends quietly");
}

/// A promise whose hooks use whatever is parked, and keep a continuation of their own coroutine.
struct Meddling;

struct MeddlingPromise(Option<Own>);

impl Promise for MeddlingPromise {
    type World = Detached;
    type Owner = Nobody;
    type OnPanic = Handled;
    type Value = ();
    type Initial = SuspendAlways;
    type Final = ReturnsParked;

    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn final_suspend(&mut self) -> ReturnsParked {
        ReturnsParked
    }

    fn return_value(&mut self, (): ()) {}
}

impl NewPromise for MeddlingPromise {
    fn new() -> Self {
        Self(None)
    }
}

impl UnhandledException for MeddlingPromise {
    fn unhandled_exception(&mut self, panic: Panic) {
        drop(panic);
        self.0 = parked();
        let _ = format!("{:?}", self.0);
    }
}

impl<E> AwaitTransform<E> for MeddlingPromise {
    type Awaitable = E;

    fn await_transform(&mut self, awaited: E) -> E {
        awaited
    }
}

impl Coroutine<'static> for Meddling {
    type Promise = MeddlingPromise;

    fn get_return_object(_: &mut MeddlingPromise) -> Self {
        Self
    }
}

struct ReturnsParked;

impl<P: Promise<World = Detached>> FinalSuspend<P> for ReturnsParked {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> {
        parked()
    }
}

#[coro::coroutine(initial = suspend_never)]
fn meddles<F: FnMut(Own) -> Option<Own> + 'static>(attack: F) -> Meddling {
    let _held = Held::new();
    Do(attack).await;
}

#[test]
fn a_dead_continuation_may_be_kept_in_its_own_promise_or_returned_by_its_own_final_suspend() {
    meddles(|own| {
        park(own);
        fail()
    });
    nothing_is_left();
    meddles(|own| {
        park(own);
        alone(|other| {
            park(other);
            None
        });
        fail()
    });
    drop(parked());
    nothing_is_left();
}
