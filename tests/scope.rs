//! Scopes: coroutines that are owned, awaited and destroyed together.
#![forbid(unsafe_code)]

mod support;
mod together_support;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use coro::{Callee, CoroutineHandle, Detached, FireAndForget, Polled, Scope, Spawned, Task, when_all};
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use support::{Live, attempt, event, on_256_kib};
use together_support::{At, OnDrop, catches, clear_places, fail, go, take, waits};

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn joins(name: &'static str, scope: Scope) -> FireAndForget {
    let _local = Live::new(name);
    scope.join().await;
    event(format!("{name} goes on"));
}

fn assert_nothing_is_left() {
    assert_eq!(support::take_log(), [""; 0]);
    clear_places();
    assert_eq!(support::take_log(), [""; 0]);
    assert_eq!(support::alive(), [""; 0]);
}

#[test]
fn spawn_runs_a_coroutine_to_its_first_suspension() {
    #[coro::coroutine]
    fn member(argument: Live) -> Task<'static, Live, Detached> {
        event("before");
        At("member").await;
        event("after");
        argument
    }
    support::reset(&[]);
    let scope = Scope::new();
    assert!(scope.is_empty());
    let spawned = scope.spawn(member(Live::new("argument")));
    assert_eq!(support::take_log(), ["before"]);
    assert_eq!((scope.len(), scope.is_empty(), spawned.is_done()), (1, false, false));
    assert!(format!("{scope:?}").starts_with("Scope[member at "), "{scope:?}");
    go("member");
    // What it returns is dropped.
    assert_eq!(support::take_log(), ["after", "drop argument"]);
    assert_eq!((scope.len(), scope.is_empty(), spawned.is_done()), (0, true, true));
    assert_nothing_is_left();
}

#[test]
fn one_that_ends_at_once_has_left_when_spawn_returns() {
    #[coro::coroutine]
    fn ends() -> Task<'static, u32, Detached> {
        event("ends");
        7
    }
    support::reset(&[]);
    let scope = Scope::new();
    let spawned = scope.spawn(ends());
    assert!(scope.is_empty() && spawned.is_done());
    spawned.cancel();
    assert_eq!(support::take_log(), ["ends"]);
}

#[test]
fn members_leave_in_any_order() {
    support::reset(&[]);
    let scope = Scope::new();
    let names = ["a", "b", "c", "d", "e", "f"];
    let spawned = names.map(|name| scope.spawn(waits(name)));
    for (left, index) in [2, 0, 5, 1, 4, 3].into_iter().enumerate() {
        assert_eq!(scope.len(), 6 - left);
        if left % 2 == 0 {
            go(names[index])
        } else {
            spawned[index].cancel()
        }
        assert!(spawned[index].is_done());
    }
    let expected = ["c ends", "drop c", "drop a", "f ends", "drop f", "drop b", "e ends", "drop e", "drop d"];
    assert_eq!(support::take_log(), expected);
    assert!(scope.is_empty());
    assert_nothing_is_left();
}

#[test]
fn who_joins_goes_on_where_the_last_member_ends() {
    support::reset(&[]);
    let scope = Scope::new();
    joins("nothing to wait for", scope.clone());
    assert_eq!(support::take_log(), ["nothing to wait for goes on", "drop nothing to wait for"]);
    scope.spawn(waits("a"));
    scope.spawn(waits("b"));
    joins("one", scope.clone());
    joins("two", scope.clone());
    go("b");
    assert_eq!(support::take_log(), ["b ends", "drop b"]);
    go("a");
    let expected = ["a ends", "drop a", "one goes on", "drop one", "two goes on", "drop two"];
    assert_eq!(support::take_log(), expected);
    assert_nothing_is_left();
}

#[test]
fn who_joins_goes_on_where_the_last_member_is_cancelled_or_dropped() {
    let ends: [fn(&Scope, &Spawned); 4] =
        [|_, spawned| spawned.cancel(), |scope, _| scope.cancel_all(), |_, _| drop(take("a")), |_, _| go("a")];
    for (index, end) in ends.into_iter().enumerate() {
        support::reset(&[]);
        let scope = Scope::new();
        let spawned = scope.spawn(waits("a"));
        joins("joiner", scope.clone());
        end(&scope, &spawned);
        let mut log = support::take_log();
        if index == 3 {
            assert_eq!(log.remove(0), "a ends");
        }
        assert_eq!(log, ["drop a", "joiner goes on", "drop joiner"]);
        assert!(scope.is_empty());
        assert_nothing_is_left();
    }
}

#[test]
fn who_joins_in_the_world_of_futures_is_woken() {
    #[coro::coroutine]
    fn joins_polled(name: &'static str, scope: Scope) -> Task<'static, (), Polled> {
        scope.join().await;
        event(format!("{name} goes on"));
    }
    support::reset(&[]);
    let scope = Scope::new();
    scope.spawn(waits("a"));
    let mut pool = LocalPool::new();
    for name in ["one", "two"] {
        pool.spawner().spawn_local(joins_polled(name, scope.clone())).expect("it runs");
    }
    joins("detached", scope.clone());
    pool.run_until_stalled();
    assert_eq!(support::take_log(), [""; 0]);
    go("a");
    assert_eq!(support::take_log(), ["a ends", "drop a", "detached goes on", "drop detached"]);
    pool.run();
    assert_eq!(support::take_log(), ["one goes on", "two goes on"]);
}

#[test]
fn who_joins_and_is_destroyed_before_is_not_resumed() {
    support::reset(&[]);
    let (scope, joiners) = (Scope::new(), Scope::new());
    #[coro::coroutine]
    fn joiner(scope: Scope) -> Task<'static, (), Detached> {
        let _local = Live::new("joiner");
        scope.join().await;
        event("never");
    }
    scope.spawn(waits("a"));
    joiners.spawn(joiner(scope.clone()));
    joiners.cancel_all();
    assert_eq!(support::take_log(), ["drop joiner"]);
    go("a");
    assert_eq!(support::take_log(), ["a ends", "drop a"]);
    assert_nothing_is_left();
}

#[test]
fn cancelling_one_destroys_it_leaf_first_and_leaves_the_others() {
    #[coro::coroutine]
    fn member() -> Task<'static, (), Detached> {
        let _local = Live::new("member");
        when_all((waits("a"), waits("b"))).await;
    }
    support::reset(&[]);
    let scope = Scope::new();
    let spawned = scope.spawn(member());
    scope.spawn(waits("other"));
    spawned.clone().cancel();
    assert_eq!(support::take_log(), ["drop a", "drop b", "drop member"]);
    assert!(spawned.is_done());
    assert_eq!(scope.len(), 1);
    spawned.cancel();
    go("a");
    drop(take("b"));
    assert_eq!(support::take_log(), [""; 0], "stale continuations do nothing");
    go("other");
    assert_eq!(support::take_log(), ["other ends", "drop other"]);
    assert_nothing_is_left();
}

#[test]
fn cancel_all_destroys_them_in_their_order_and_the_scope_can_be_used_again() {
    support::reset(&[]);
    let scope = Scope::new();
    for _ in 0..2 {
        let spawned = ["a", "b", "c"].map(|name| scope.spawn(waits(name)));
        scope.cancel_all();
        assert_eq!(support::take_log(), ["drop a", "drop b", "drop c"]);
        assert!(scope.is_empty() && spawned.iter().all(Spawned::is_done));
        clear_places();
        scope.cancel_all();
        assert_nothing_is_left();
    }
    scope.spawn(waits("a"));
    joins("joiner", scope.clone());
    go("a");
    assert_eq!(support::take_log(), ["a ends", "drop a", "joiner goes on", "drop joiner"]);
}

#[test]
fn a_scope_is_dropped_with_its_last_clone_and_destroys_its_members() {
    support::reset(&[]);
    let scope = Scope::new();
    let spawned = scope.spawn(waits("a"));
    scope.clone().spawn(waits("b"));
    let clone = scope.clone();
    drop(scope);
    assert_eq!((support::take_log(), clone.len()), (vec![], 2));
    drop(clone);
    assert_eq!(support::take_log(), ["drop a", "drop b"]);
    assert!(spawned.is_done());
    spawned.cancel();
    assert_nothing_is_left();
}

#[test]
fn what_is_spawned_goes_on_whether_or_not_its_spawned_is_kept() {
    support::reset(&[]);
    let scope = Scope::new();
    drop(scope.spawn(waits("a")));
    assert_eq!(scope.len(), 1);
    go("a");
    assert_eq!(support::take_log(), ["a ends", "drop a"]);
}

#[test]
fn a_join_keeps_no_scope_alive() {
    support::reset(&[]);
    let scope = Scope::new();
    scope.spawn(waits("a"));
    let join = scope.join();
    assert_eq!(format!("{join:?}"), "Join { left: 1 }");
    drop(scope);
    assert_eq!(support::take_log(), ["drop a"]);
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn awaits(join: coro::Join) -> FireAndForget {
        join.await;
        event("joined");
    }
    awaits(join);
    assert_eq!(support::take_log(), ["joined"]);
    assert_nothing_is_left();
}

#[coro::coroutine]
fn panics(at: Option<&'static str>) -> Task<'static, (), Detached> {
    let _local = Live::new("panics");
    if let Some(place) = at {
        At(place).await;
    }
    fail("a member");
}

#[test]
fn a_panic_before_it_waits_goes_to_who_spawns_and_a_later_one_to_who_resumes() {
    support::reset(&[]);
    let scope = Scope::new();
    scope.spawn(waits("other"));
    assert_eq!(attempt(|| drop(scope.spawn(panics(None)))), Err("a member".to_owned()));
    assert_eq!((support::take_log(), scope.len()), (vec!["drop panics".to_owned()], 1));
    let spawned = scope.spawn(panics(Some("later")));
    assert_eq!(attempt(|| go("later")), Err("a member".to_owned()));
    assert_eq!((support::take_log(), scope.len()), (vec!["drop panics".to_owned()], 1));
    assert!(spawned.is_done());
    // The last: who joins is resumed all the same.
    scope.spawn(panics(Some("last")));
    go("other");
    joins("joiner", scope.clone());
    support::take_log();
    assert_eq!(attempt(|| go("last")), Err("a member".to_owned()));
    assert_eq!(support::take_log(), ["drop panics", "joiner goes on", "drop joiner"]);
    assert_nothing_is_left();
}

#[test]
fn a_destructor_that_panics_goes_to_who_cancels_and_keeps_none_from_being_destroyed() {
    #[coro::coroutine]
    fn bomb(name: &'static str) -> Task<'static, (), Detached> {
        let _local = Live::new(name);
        let _bomb = OnDrop(|| {
            if !std::thread::panicking() {
                fail("a bomb");
            }
        });
        At(name).await;
    }
    let cancels: [fn(Scope, &Spawned); 3] =
        [|_, spawned| spawned.cancel(), |scope, _| scope.cancel_all(), |scope, _| drop(scope)];
    for (index, cancel) in cancels.into_iter().enumerate() {
        support::reset(&[]);
        let scope = Scope::new();
        let kept = (index < 2).then(|| scope.clone());
        scope.spawn(waits("a"));
        let spawned = scope.spawn(bomb("bomb"));
        scope.spawn(waits("b"));
        scope.spawn(bomb("second bomb"));
        assert_eq!(attempt(|| cancel(scope, &spawned)), Err("a bomb".to_owned()));
        let all: &[&str] = &["drop a", "drop bomb", "drop b", "drop second bomb"];
        assert_eq!(support::take_log(), if index == 0 { &all[1..2] } else { all });
        assert_eq!(kept.as_ref().map_or(0, Scope::len), if index == 0 { 3 } else { 0 });
        assert_eq!(attempt(|| drop(kept)).is_err(), index == 0);
        clear_places();
    }
}

#[test]
fn a_panic_that_the_promise_handles_ends_a_member_as_any_end() {
    support::reset(&[]);
    let scope = Scope::new();
    scope.spawn(catches(panics(Some("place"))));
    joins("joiner", scope.clone());
    go("place");
    assert_eq!(support::take_log(), ["drop panics", "joiner goes on", "drop joiner"]);
    assert_nothing_is_left();
}

#[test]
fn users_own_callees_can_be_spawned_and_their_promise_goes_before_the_joiner_goes_on() {
    struct Own(CoroutineHandle<'static, OwnPromise>);
    struct OwnPromise(Live);
    #[coro::promise(world = Detached)]
    impl OwnPromise {
        fn new() -> Self {
            Self(Live::new("promise"))
        }
        fn get_return_object(handle: CoroutineHandle<'static, Self>) -> Own {
            assert_eq!(handle.promise().0.name, "promise");
            Own(handle)
        }
        fn return_void(&mut self) {}
    }
    impl Callee<'static> for Own {
        type Promise = OwnPromise;
        type Output = ();
        fn into_handle(self) -> CoroutineHandle<'static, OwnPromise> {
            self.0
        }
        fn result(_: &mut OwnPromise) {
            event("nobody asks for the result");
        }
    }
    #[coro::coroutine]
    fn own() -> Own {
        At("own").await;
    }
    support::reset(&[]);
    let scope = Scope::new();
    scope.spawn(own());
    joins("joiner", scope.clone());
    go("own");
    assert_eq!(support::take_log(), ["drop promise", "joiner goes on", "drop joiner"]);
    scope.spawn(own()).cancel();
    assert_eq!(support::take_log(), ["drop promise"]);
    assert_nothing_is_left();
}

/// A member whose destructor does something.
#[coro::coroutine]
fn does_when_dropped(does: Rc<dyn Fn()>) -> Task<'static, (), Detached> {
    let _does = OnDrop(|| does());
    At("does").await;
}

#[test]
fn a_destructor_may_spawn_into_the_scope_it_is_cancelled_in() {
    support::reset(&[]);
    let scope = Scope::new();
    let inside = scope.clone();
    scope.spawn(does_when_dropped(Rc::new(move || drop(inside.spawn(waits("new"))))));
    scope.spawn(waits("a"));
    joins("joiner", scope.clone());
    scope.cancel_all();
    // The new one came later than the cancel.
    assert_eq!((support::take_log(), scope.len()), (vec!["drop a".to_owned()], 1));
    scope.cancel_all();
    assert_eq!(support::take_log(), ["drop new", "joiner goes on", "drop joiner"]);
    assert_nothing_is_left();
}

#[test]
fn a_destructor_may_cancel_the_scope_or_drop_it() {
    support::reset(&[]);
    let scope = Scope::new();
    let inside = RefCell::new(Some(scope.clone()));
    scope.spawn(waits("a"));
    scope.spawn(does_when_dropped(Rc::new(move || {
        let scope = inside.take().expect("once");
        scope.cancel_all();
        event(format!("{} left", scope.len()));
        drop(scope);
    })));
    scope.spawn(waits("b"));
    drop(take("does"));
    assert_eq!(support::take_log(), ["drop a", "drop b", "1 left"]);
    assert!(scope.is_empty());
    assert_nothing_is_left();
    let inside = RefCell::new(Some(scope.clone()));
    scope.spawn(does_when_dropped(Rc::new(move || drop(inside.take()))));
    scope.spawn(waits("b"));
    let spawned = scope.spawn(waits("c"));
    drop(scope);
    drop(take("does"));
    assert_eq!(support::take_log(), ["drop b", "drop c"], "that was its last clone");
    assert!(spawned.is_done());
    assert_nothing_is_left();
}

#[test]
fn who_joins_may_use_the_scope_again_at_once() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn rounds(scope: Scope) -> FireAndForget {
        for round in ["one", "two", "three"] {
            scope.spawn(waits(round));
            scope.join().await;
            event(format!("{round} is over"));
        }
    }
    support::reset(&[]);
    rounds(Scope::new());
    for round in ["one", "two", "three"] {
        go(round);
        assert_eq!(support::take_log(), [format!("{round} ends"), format!("drop {round}"), format!("{round} is over")]);
    }
}

#[test]
fn a_member_that_joins_its_own_scope_can_be_cancelled() {
    #[coro::coroutine]
    fn joins_its_own(join: coro::Join) -> Task<'static, (), Detached> {
        let _local = Live::new("joins its own");
        join.await;
        event("never");
    }
    support::reset(&[]);
    let scope = Scope::new();
    let spawned = scope.spawn(waits("a"));
    scope.spawn(joins_its_own(scope.join()));
    go("a");
    assert_eq!((support::take_log(), scope.len()), (vec!["a ends".to_owned(), "drop a".to_owned()], 1));
    scope.cancel_all();
    assert_eq!(support::take_log(), ["drop joins its own"]);
    assert!(scope.is_empty() && spawned.is_done());
}

#[test]
fn a_hundred_thousand_members_come_and_go_on_a_constant_stack() {
    on_256_kib(|| {
        let left = Rc::new(Cell::new(0));
        #[coro::coroutine]
        fn member(left: Rc<Cell<u32>>) -> Task<'static, (), Detached> {
            let _counts = OnDrop(|| left.set(left.get() + 1));
            support::Park.await;
        }
        let scope = Scope::new();
        for _ in 0..100_000 {
            scope.spawn(member(left.clone()));
        }
        for _ in 0..50_000 {
            support::unpark().expect("it waits").resume();
        }
        assert_eq!((left.get(), scope.len()), (50_000, 50_000));
        scope.cancel_all();
        assert_eq!((left.get(), scope.len()), (100_000, 0));
    });
}

#[test]
fn a_scope_in_a_future_waits_for_the_members_it_borrows_nothing_from() {
    #[coro::coroutine]
    fn member(sum: Rc<Cell<u32>>, number: u32) -> Task<'static, (), Detached> {
        support::Park.await;
        sum.set(sum.get() + number);
    }
    #[coro::coroutine]
    fn sums() -> Task<'static, u32, Polled> {
        let (scope, sum) = (Scope::new(), Rc::new(Cell::new(0)));
        for number in 1..=10 {
            scope.spawn(member(sum.clone(), number));
        }
        scope.join().await;
        sum.get()
    }
    let mut task = sums();
    let mut poll = || Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(poll(), Poll::Pending);
    while let Some(next) = support::unpark() {
        assert_eq!(poll(), Poll::Pending);
        next.resume();
    }
    assert_eq!(poll(), Poll::Ready(55));
}
