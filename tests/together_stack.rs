//! S6 for groups: constant stack and linear time, at opt-level 0 on 256 KiB.
#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use coro::{Any2, Awaiter, Continuation, Detached, FireAndForget, Promise, Scope, Task, when_all, when_any};
use support::{Live, Park, event, on_256_kib, unpark};

/// The continuations that wait now, in the order of their arrival.
fn waiting() -> Vec<Option<Continuation<Detached>>> {
    std::iter::from_fn(unpark).map(Some).collect()
}

fn resume(waiting: &mut [Option<Continuation<Detached>>], index: usize) {
    waiting[index].take().expect("it was not used").resume();
}

/// Awaited, waits in a slot and hands control to whoever waited there.
struct Swap(Rc<RefCell<Option<Continuation<Detached>>>>);

impl<P: Promise<World = Detached>> Awaiter<P> for Swap {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        self.0.replace(Some(own))
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[test]
fn branches_hand_control_to_each_other_on_a_constant_stack() {
    #[coro::coroutine]
    fn swaps(slot: Rc<RefCell<Option<Continuation<Detached>>>>, times: u32) -> Task<'static, u32, Detached> {
        for _ in 0..times {
            Swap(slot.clone()).await;
        }
        times
    }
    on_256_kib(|| {
        support::reset(&[]);
        let slot = Rc::<RefCell<_>>::default();
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn run(both: Task<'static, (u32, u32), Detached>) -> FireAndForget {
            let _caller = Live::new("caller");
            event(format!("{:?}", both.await));
        }
        run(when_all((swaps(slot.clone(), MANY + 1), swaps(slot.clone(), MANY))));
        let last: Continuation<Detached> = slot.take().expect("the other has ended");
        last.resume();
        assert_eq!(support::take_log(), ["(100001, 100000)", "drop caller"]);
    });
}

const MANY: u32 = 100_000;

/// Adds one when it is dropped.
struct CountsDrop(Rc<Cell<u32>>);

impl Drop for CountsDrop {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Where the nested group stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Comb {
    Alone,
    Left,
    Right,
    First,
}

#[coro::coroutine]
fn comb(depth: u32, shape: Comb, dropped: Rc<Cell<u32>>) -> Task<'static, u32, Detached> {
    let _local = CountsDrop(dropped.clone());
    if depth == 0 {
        Park.await;
        return 0;
    }
    let below = comb(depth - 1, shape, dropped.clone());
    1 + match shape {
        Comb::Alone => when_all([below]).await[0],
        Comb::Left => when_all((below, tooth(dropped))).await.0,
        Comb::Right => when_all((tooth(dropped), below)).await.1,
        Comb::First => match when_any((tooth(dropped), below)).await {
            Any2::First(tooth) => tooth,
            Any2::Second(below) => below,
        },
    }
}

#[coro::coroutine]
fn tooth(dropped: Rc<Cell<u32>>) -> Task<'static, u32, Detached> {
    let _local = CountsDrop(dropped);
    Park.await;
    MANY
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn ends_in(task: Task<'static, u32, Detached>, place: Rc<Cell<u32>>) -> FireAndForget {
    place.set(task.await);
}

/// Each coroutine of a comb has one local.
fn locals(shape: Comb) -> u32 {
    if shape == Comb::Alone { MANY + 1 } else { 2 * MANY + 1 }
}

#[test]
fn a_hundred_thousand_nested_groups_complete() {
    for shape in [Comb::Left, Comb::Right] {
        on_256_kib(move || {
            let (dropped, place) = (Rc::<Cell<u32>>::default(), Rc::<Cell<u32>>::default());
            ends_in(comb(MANY, shape, dropped.clone()), place.clone());
            assert_eq!((dropped.get(), place.get()), (0, 0));
            while let Some(next) = unpark() {
                next.resume();
            }
            assert_eq!((dropped.get(), place.get()), (locals(shape), MANY));
        });
    }
}

#[test]
fn a_hundred_thousand_nested_races_complete_from_the_innermost_one() {
    on_256_kib(|| {
        let (dropped, place) = (Rc::<Cell<u32>>::default(), Rc::<Cell<u32>>::default());
        ends_in(comb(MANY, Comb::First, dropped.clone()), place.clone());
        let mut waiting = waiting();
        // The teeth are started before what is below them, so the innermost waits last.
        let innermost = waiting.pop().flatten();
        innermost.expect("it waits").resume();
        assert_eq!((dropped.get(), place.get()), (locals(Comb::First), MANY));
    });
}

#[test]
fn a_hundred_thousand_nested_groups_are_dropped_from_the_leaf() {
    for shape in [Comb::Alone, Comb::Right] {
        on_256_kib(move || {
            let (dropped, place) = (Rc::<Cell<u32>>::default(), Rc::<Cell<u32>>::default());
            ends_in(comb(MANY, shape, dropped.clone()), place.clone());
            // The innermost waits last.
            let leaf = waiting().pop();
            drop(leaf);
            assert_eq!((dropped.get(), place.get()), (locals(shape), 0));
            assert_eq!(Rc::strong_count(&place), 1);
        });
    }
}

#[test]
fn a_hundred_thousand_nested_groups_are_dropped_from_the_outermost_tooth() {
    on_256_kib(|| {
        let dropped = Rc::<Cell<u32>>::default();
        ends_in(comb(MANY, Comb::Left, dropped.clone()), Rc::default());
        // The outermost waits last.
        let tooth = waiting().pop();
        drop(tooth);
        assert_eq!(dropped.get(), locals(Comb::Left));
    });
}

#[test]
fn a_hundred_thousand_nested_groups_are_cancelled_from_the_top() {
    for shape in [Comb::Alone, Comb::Left, Comb::Right, Comb::First] {
        on_256_kib(move || {
            let dropped = Rc::<Cell<u32>>::default();
            let scope = Scope::new();
            let spawned = scope.spawn(comb(MANY, shape, dropped.clone()));
            assert_eq!(dropped.get(), 0);
            spawned.cancel();
            assert_eq!((dropped.get(), scope.len()), (locals(shape), 0));
            waiting().into_iter().flatten().for_each(Continuation::resume);
        });
    }
}

#[test]
fn a_hundred_thousand_groups_made_before_any_of_them_runs_complete() {
    on_256_kib(|| {
        let dropped = Rc::<Cell<u32>>::default();
        let mut task = tooth(dropped.clone());
        for _ in 0..MANY {
            #[coro::coroutine]
            fn only(all: Task<'static, [u32; 1], Detached>) -> Task<'static, u32, Detached> {
                all.await[0]
            }
            task = only(when_all([task]));
        }
        let place = Rc::<Cell<u32>>::default();
        ends_in(task, place.clone());
        unpark().expect("the innermost").resume();
        assert_eq!((dropped.get(), place.get()), (1, MANY));
    });
}

fn branches(dropped: &Rc<Cell<u32>>, count: u32) -> Vec<Task<'static, u32, Detached>> {
    (0..count).map(|_| tooth(dropped.clone())).collect()
}

#[coro::coroutine]
fn sum(all: Task<'static, Vec<u32>, Detached>) -> Task<'static, u32, Detached> {
    all.await.into_iter().map(|one| one / MANY).sum()
}

#[coro::coroutine]
fn index(any: Task<'static, (usize, u32), Detached>) -> Task<'static, u32, Detached> {
    u32::try_from(any.await.0).expect("few")
}

#[test]
fn a_hundred_thousand_branches_of_one_vector_complete_and_are_destroyed() {
    on_256_kib(|| {
        let (dropped, place) = (Rc::<Cell<u32>>::default(), Rc::<Cell<u32>>::default());
        ends_in(sum(when_all(branches(&dropped, MANY))), place.clone());
        waiting().into_iter().rev().flatten().for_each(Continuation::resume);
        assert_eq!((dropped.take(), place.take()), (MANY, MANY));
        ends_in(sum(when_all(branches(&dropped, MANY))), place.clone());
        drop(unpark());
        assert_eq!((dropped.take(), place.take()), (MANY, 0));
        drop(waiting());
        ends_in(index(when_any(branches(&dropped, MANY))), place.clone());
        let mut waiting = waiting();
        resume(&mut waiting, 70_000);
        assert_eq!((dropped.take(), place.take()), (MANY, 70_000));
    });
}

#[test]
fn time_is_linear_in_the_number_of_branches_and_in_the_depth_of_groups() {
    fn time(work: impl Fn(u32), size: u32) -> Duration {
        let once = |_| {
            let start = Instant::now();
            work(size);
            start.elapsed()
        };
        (0..2).map(once).min().expect("two")
    }
    fn assert_linear(what: &str, work: impl Fn(u32)) {
        let (small, large) = (time(&work, 500), time(&work, 10_000));
        assert!(large < small * 20 * 6 + Duration::from_millis(20), "{what}: {small:?} and then {large:?}");
    }
    let run_all = |count| {
        ends_in(sum(when_all(branches(&Rc::default(), count))), Rc::default());
        while let Some(next) = unpark() {
            next.resume();
        }
    };
    assert_linear("all", run_all);
    assert_linear("any", |count| {
        ends_in(index(when_any(branches(&Rc::default(), count))), Rc::default());
        unpark().expect("it waits").resume();
        drop(waiting());
    });
    for shape in [Comb::Alone, Comb::Left, Comb::Right, Comb::First] {
        assert_linear("nested and cancelled", |depth| {
            Scope::new().spawn(comb(depth, shape, Rc::default())).cancel();
            drop(waiting());
        });
    }
    assert_linear("all dropped one by one from a race", |count| {
        ends_in(index(when_any(branches(&Rc::default(), count))), Rc::default());
        drop(waiting());
    });
}
