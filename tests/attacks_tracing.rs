//! The feature `tracing`: a subscriber that does what a hook may do, at the worst moments. Run under AddressSanitizer.
#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};

use coro::{AsyncGenerator, Detached, Scope, Spawned, Task, when_all, when_any};
use support::{Live, Park, alive, dropped_twice, reset, unpark};
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
