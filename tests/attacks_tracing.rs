//! The feature `tracing`: a subscriber that does what a hook may do, at the worst moments. Run under AddressSanitizer.
#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};

use coro::{
    AsyncGenerator, Awaiter, Continuation, ContinuationOf, Detached, FinalSuspend, Promise, Scope, Spawned, Task,
    when_all, when_any,
};
use support::{Live, Park, alive, dropped_twice, park, reset, unpark};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    /// How often the subscriber is told of something until it acts.
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
    static ACTS: RefCell<Option<Box<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Acts at some call.
struct Acts;

impl Acts {
    fn is_told() {
        let left = LEFT.get();
        LEFT.set(left.wrapping_sub(1));
        if left == 0 {
            ACTS.take().expect("what it does")();
        }
    }
}

impl Subscriber for Acts {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "coro"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Self::is_told();
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        Self::is_told();
    }

    fn enter(&self, _: &Id) {
        Self::is_told();
    }

    fn exit(&self, _: &Id) {
        Self::is_told();
    }
}

#[coro::coroutine]
fn inner() -> Task<'static, (), Detached> {
    let _local = Live::new("inner's");
    Park.await;
}

#[coro::coroutine]
fn line(left: u32) -> AsyncGenerator<'static, u32, Detached> {
    let _local = Live::new("line's");
    co_yield!(left);
    if left > 0 {
        co_yield!(..line(left - 1));
    }
    inner().await;
    co_yield!(left);
}

type Made = (Task<'static, (), Detached>, AsyncGenerator<'static, u32, Detached>);

#[coro::coroutine]
fn outer((made, mut items): Made) -> Task<'static, (), Detached> {
    let _local = Live::new("outer's");
    // So that it is there to be cancelled when the rest begins.
    Park.await;
    made.await;
    inner().await;
    while items.next().await.is_some() {}
    let mut items = line(2);
    while items.next().await.is_some() {}
    when_all([inner(), inner()]).await;
    when_any([inner(), inner()]).await;
}

/// Runs all of it, and acts at each moment in turn. Some of it was made where nobody watches if `half` says so.
fn at_each_moment(half: bool, act: impl Fn(&Spawned) + Copy + 'static, check: impl Fn(&Spawned)) {
    for moment in 0.. {
        reset(&[]);
        let scope = Scope::new();
        let unwatched = half.then(|| (inner(), line(1)));
        let acted = tracing::subscriber::with_default(Acts, || {
            let made = unwatched.unwrap_or_else(|| (inner(), line(1)));
            let spawned = scope.spawn(outer(made));
            let victim = spawned.clone();
            ACTS.set(Some(Box::new(move || act(&victim))));
            LEFT.set(moment);
            while let Some(parked) = unpark() {
                parked.resume();
                if LEFT.get() > moment {
                    check(&spawned);
                }
            }
            assert!(spawned.is_done(), "at {moment}");
            LEFT.replace(usize::MAX) > moment
        });
        ACTS.take();
        assert!(scope.is_empty(), "at {moment}");
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "at {moment}");
        if !acted {
            return assert!(moment > 50);
        }
    }
}

#[test]
fn what_a_subscriber_cancels_goes_no_further_than_to_its_next_suspension() {
    for half in [false, true] {
        at_each_moment(half, Spawned::cancel, |spawned| assert!(spawned.is_done()));
    }
}

#[test]
fn a_subscriber_may_resume_who_waits_while_it_is_told_of_its_caller() {
    for half in [false, true] {
        at_each_moment(half, |_| unpark().into_iter().for_each(|parked| parked.resume()), |_| {});
    }
}

#[test]
fn a_subscriber_may_drop_who_waits_while_it_is_told_of_its_caller() {
    for half in [false, true] {
        at_each_moment(half, |_| drop(unpark()), |_| {});
    }
}

/// Parks the coroutine, or ends it, and hands control over to the one that was parked first.
struct HandOver;

impl<P: Promise<World = Detached>> Awaiter<P> for HandOver {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        let target = unpark();
        park(own);
        target
    }

    fn await_resume(&mut self, _: &mut P) {}
}

impl<P: Promise<World = Detached>> FinalSuspend<P> for HandOver {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> {
        unpark()
    }
}

#[coro::coroutine(final = HandOver)]
fn hands_over_twice() -> Task<'static, (), Detached> {
    let _local = Live::new("callee's");
    HandOver.await;
    HandOver.await;
}

#[coro::coroutine(final = HandOver)]
fn hands_over(times: u32) -> Task<'static, (), Detached> {
    let _local = Live::new("caller's");
    Park.await;
    for _ in 0..times {
        HandOver.await;
        hands_over_twice().await;
    }
}

/// Runs two that hand control over to each other, and at each moment in turn acts on them.
fn while_control_is_handed_over(act: impl Fn([&Spawned; 2]) + Copy + 'static) {
    for moment in 0.. {
        reset(&[]);
        let scope = Scope::new();
        let acted = tracing::subscriber::with_default(Acts, || {
            let (one, other) = (scope.spawn(hands_over(2)), scope.spawn(hands_over(1)));
            ACTS.set(Some(Box::new(move || act([&one, &other]))));
            LEFT.set(moment);
            while let Some(parked) = unpark() {
                parked.resume();
            }
            LEFT.replace(usize::MAX) > moment
        });
        drop((ACTS.take(), scope));
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "at {moment}");
        if !acted {
            return;
        }
    }
}

#[test]
fn a_subscriber_may_cancel_those_that_hand_control_over_to_each_other() {
    while_control_is_handed_over(|[one, _]| one.cancel());
    while_control_is_handed_over(|[_, other]| other.cancel());
    while_control_is_handed_over(|both| both.into_iter().for_each(Spawned::cancel));
}
