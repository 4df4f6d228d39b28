//! S6: constant stack, in debug builds too. Everything runs on 256 KiB, where a million of anything nested would not fit.
#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use coro::{Awaiter, Continuation, Detached, FireAndForget, Generator, Promise, Task};
use support::{Park, attempt, on_256_kib};

const MILLION: u64 = 1_000_000;

/// A shared count.
type Count = Rc<Cell<u64>>;

fn add_one(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

/// Adds one when it is dropped.
struct CountsDrop(Count);

impl Drop for CountsDrop {
    fn drop(&mut self) {
        add_one(&self.0);
    }
}

/// Where one of two coroutines waits for the other.
type Place = Rc<RefCell<Option<Continuation<Detached>>>>;

/// Hands control to the one that waits, and waits in its place.
struct Swap<'p>(&'p Place);

impl<P: Promise<World = Detached>> Awaiter<P> for Swap<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        self.0.replace(Some(own))
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn swaps(place: Place, turns: Count) -> FireAndForget {
    while turns.get() < MILLION {
        Swap(&place).await;
        add_one(&turns);
    }
}

#[test]
fn two_coroutines_hand_control_to_each_other_a_million_times() {
    on_256_kib(|| {
        let (place, turns) = (Place::default(), Count::default());
        swaps(place.clone(), turns.clone());
        swaps(place.clone(), turns.clone());
        assert_eq!(turns.get(), MILLION);
        let waits = place.take();
        assert!(waits.is_some(), "the other one waits");
    });
}

#[coro::coroutine]
fn depth(below: u64, dropped: Count) -> Task<'static, u64, Detached> {
    let _local = CountsDrop(dropped.clone());
    if below == 0 {
        Park.await;
        return 0;
    }
    depth(below - 1, dropped).await + 1
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn measures(depth_of: u64, measured: Count, dropped: Count) -> FireAndForget {
    measured.set(depth(depth_of, dropped).await);
}

#[test]
fn a_million_linked_callees_are_called_and_return() {
    on_256_kib(|| {
        let (measured, dropped) = (Count::default(), Count::default());
        measures(MILLION, measured.clone(), dropped.clone());
        assert_eq!((measured.get(), dropped.get()), (0, 0), "the innermost one is parked");
        support::unpark().expect("the innermost one").resume();
        assert_eq!((measured.get(), dropped.get()), (MILLION, MILLION + 1));
    });
}

#[test]
fn a_million_linked_callees_are_destroyed_half_way() {
    on_256_kib(|| {
        let (measured, dropped) = (Count::default(), Count::default());
        measures(MILLION, measured.clone(), dropped.clone());
        drop(support::unpark().expect("the innermost one"));
        assert_eq!((measured.get(), dropped.get()), (0, MILLION + 1));
        assert_eq!(Rc::strong_count(&measured), 1, "the root is destroyed as well");
    });
}

#[coro::coroutine]
fn panics_below(below: u64, dropped: Count) -> Task<'static, u64, Detached> {
    let _local = CountsDrop(dropped.clone());
    if below == 0 {
        Park.await;
        std::panic::resume_unwind(Box::new("from the bottom"));
    }
    panics_below(below - 1, dropped).await + 1
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn measures_what_panics(depth_of: u64, measured: Count, dropped: Count) -> FireAndForget {
    measured.set(panics_below(depth_of, dropped).await);
}

#[test]
fn a_panic_goes_through_a_hundred_thousand_linked_callees() {
    on_256_kib(|| {
        let (measured, dropped) = (Count::default(), Count::default());
        measures_what_panics(MILLION / 10, measured.clone(), dropped.clone());
        let panic = attempt(|| support::unpark().expect("the innermost one").resume());
        assert_eq!(panic, Err("from the bottom".to_owned()));
        assert_eq!((measured.get(), dropped.get()), (0, MILLION / 10 + 1));
    });
}

#[coro::coroutine]
fn at_once(number: u64) -> Task<'static, u64, Detached> {
    number
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn adds_up(sum: Count) -> FireAndForget {
    for number in 1..=MILLION {
        sum.set(sum.get() + at_once(number).await);
    }
}

#[test]
fn a_million_tasks_that_end_at_once_are_awaited_one_after_the_other() {
    on_256_kib(|| {
        let sum = Count::default();
        adds_up(sum.clone());
        assert_eq!(sum.get(), MILLION * (MILLION + 1) / 2);
    });
}

/// Resumes its coroutine while `await_suspend` runs.
struct ResumeInside;

impl<P: Promise<World = Detached>> Awaiter<P> for ResumeInside {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        own.resume();
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn resumes_itself(turns: Count) -> FireAndForget {
    for _ in 0..MILLION {
        ResumeInside.await;
        add_one(&turns);
    }
}

#[test]
fn a_coroutine_is_resumed_inside_its_own_await_suspend_a_million_times() {
    on_256_kib(|| {
        let turns = Count::default();
        resumes_itself(turns.clone());
        assert_eq!(turns.get(), MILLION);
    });
}

const DEEP: u64 = 100_000;

/// Yields without end, `below` generators down, each of which is counted when it is dropped.
#[coro::coroutine]
fn nested(below: u64, items: u64, dropped: Count) -> Generator<'static, u64> {
    let _local = CountsDrop(dropped.clone());
    if below > 0 {
        co_yield!(..nested(below - 1, items, dropped));
    } else {
        for item in 0..items {
            co_yield!(item);
        }
    }
    co_yield!(below);
}

#[test]
fn generators_delegate_to_each_other_a_hundred_thousand_deep_and_come_back() {
    on_256_kib(|| {
        let dropped = Count::default();
        let mut items = nested(DEEP, 2, dropped.clone());
        assert_eq!((items.next(), items.next(), dropped.get()), (Some(0), Some(1), 0));
        // On their way back, each yields how deep it is nested.
        assert!(items.by_ref().eq(0..=DEEP));
        assert_eq!((items.next(), dropped.get()), (None, DEEP + 1));
    });
}

#[test]
fn generators_that_delegate_to_each_other_a_hundred_thousand_deep_are_destroyed_half_way() {
    on_256_kib(|| {
        let dropped = Count::default();
        let mut items = nested(DEEP, 2, dropped.clone());
        assert_eq!((items.next(), dropped.get()), (Some(0), 0));
        drop(items);
        assert_eq!(dropped.get(), DEEP + 1);
    });
}

/// The shortest of five times that a thousand items take.
fn time_of_items(below: u64) -> Duration {
    let mut items = nested(below, u64::MAX, Count::default());
    items.next();
    let time = |_| {
        let start = Instant::now();
        assert_eq!(items.by_ref().take(1000).count(), 1000);
        start.elapsed()
    };
    (0..5).map(time).min().expect("five")
}

#[test]
fn an_item_costs_the_same_however_deep_the_generator_is_that_yields_it() {
    on_256_kib(|| {
        let (shallow, deep) = (time_of_items(0), time_of_items(DEEP));
        // If each generator on the way were resumed, it would be a hundred thousand times.
        assert!(deep < shallow * 100, "{deep:?} in depth, {shallow:?} without");
    });
}
