//! What was wrong once with coroutines that are awaited together, and with scopes.
#![forbid(unsafe_code)]

mod support;
mod together_support;

use coro::{Callee, CoroutineHandle, Detached, FireAndForget, Scope, Task, when_any};
use support::{Live, attempt, event, on_256_kib};
use together_support::{At, K, OnDrop, With, clear_places, fail, go, put, run, take, waits};

/// Resumes its rival, so that it is busy when it loses; its destructor panics.
#[coro::coroutine]
fn busy_with_a_bomb() -> Task<'static, &'static str, Detached> {
    let _bomb = OnDrop(|| {
        event("the bomb explodes");
        if !std::thread::panicking() {
            fail("the bomb");
        }
    });
    At("busy").await;
    go("rival");
    At("never resumed").await;
    "unreachable"
}

#[test]
fn the_panic_of_a_destructor_of_a_busy_loser_surfaces_where_when_any_is_awaited() {
    support::reset(&[]);
    run(when_any([waits("rival"), busy_with_a_bomb()]));
    let resumed = attempt(|| go("busy"));
    assert_eq!(support::take_log(), ["rival ends", "drop rival", "the bomb explodes", "caught the bomb"]);
    assert_eq!(resumed, Ok(()));
    clear_places();
}

#[test]
fn the_panic_of_a_destructor_of_a_busy_loser_that_drops_itself_surfaces_where_when_any_is_awaited() {
    #[coro::coroutine]
    fn drops_itself() -> Task<'static, &'static str, Detached> {
        let _bomb = OnDrop(|| {
            event("the bomb explodes");
            if !std::thread::panicking() {
                fail("the bomb");
            }
        });
        At("busy").await;
        With(|own: K| {
            go("rival");
            drop(own);
            None
        })
        .await;
        "unreachable"
    }
    support::reset(&[]);
    run(when_any([waits("rival"), drops_itself()]));
    let resumed = attempt(|| go("busy"));
    assert_eq!(support::take_log(), ["rival ends", "drop rival", "the bomb explodes", "caught the bomb"]);
    assert_eq!(resumed, Ok(()));
    clear_places();
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn joins(scope: Scope, panics: bool) -> FireAndForget {
    let _local = Live::new("joiner");
    scope.join().await;
    if panics {
        fail("a joiner");
    }
    event("joined");
}

#[test]
fn a_joiner_that_panics_does_not_keep_the_other_joiners_from_going_on() {
    support::reset(&[]);
    let scope = Scope::new();
    scope.spawn(waits("member"));
    joins(scope.clone(), true);
    joins(scope.clone(), false);
    assert_eq!(attempt(|| go("member")), Err("a joiner".to_owned()));
    assert_eq!(support::take_log(), ["member ends", "drop member", "drop joiner", "joined", "drop joiner"]);
}

#[test]
fn a_chain_of_joins_goes_on_on_a_constant_stack() {
    #[coro::coroutine]
    fn link(below: Option<Scope>) -> Task<'static, (), Detached> {
        match below {
            Some(scope) => scope.join().await,
            None => At("innermost").await,
        }
    }
    on_256_kib(|| {
        let mut below = None;
        for _ in 0..100_000 {
            let scope = Scope::new();
            scope.spawn(link(below.replace(scope.clone())));
        }
        go("innermost");
        assert!(below.expect("the last").is_empty());
    });
}

// A panic that tears a turn destroys all that the turn was to run: the loser, and `when_any`, which would go on after
// it.
#[test]
fn a_winner_goes_with_a_busy_loser_that_waits_in_a_turn_which_a_stranger_tears() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn stranger() -> FireAndForget {
        At("stranger").await;
        fail("the stranger");
    }
    #[coro::coroutine]
    fn busy() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("busy");
        At("busy").await;
        go("rival");
        With(|own: K| {
            own.resume();
            Some(take("stranger"))
        })
        .await;
        "unreachable"
    }
    support::reset(&[]);
    stranger();
    run(when_any([waits("rival"), busy()]));
    assert_eq!(attempt(|| go("busy")), Err("the stranger".to_owned()));
    assert_eq!(support::take_log(), ["rival ends", "drop rival", "drop busy", "drop caller"]);
}

#[test]
fn those_that_were_not_started_are_dropped_in_order_in_a_vector_too() {
    #[coro::coroutine]
    fn takes(live: Live) -> Task<'static, &'static str, Detached> {
        live.name
    }
    support::reset(&[]);
    run(when_any(["a", "b", "c", "d"].map(|name| takes(Live::new(name)))));
    assert_eq!(support::take_log(), ["drop a", "drop b", "drop c", "drop d", r#"(0, "a")"#]);
    clear_places();
}

#[test]
fn the_panic_of_a_member_comes_before_that_of_its_promise() {
    struct Own(CoroutineHandle<'static, OwnPromise>);
    struct OwnPromise;
    impl Drop for OwnPromise {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                fail("the promise");
            }
        }
    }
    #[coro::promise(world = Detached)]
    impl OwnPromise {
        fn new() -> Self {
            Self
        }
        fn get_return_object(handle: CoroutineHandle<'static, Self>) -> Own {
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
        fn result(_: &mut OwnPromise) {}
    }
    #[coro::coroutine]
    fn own() -> Own {
        At("own").await;
        fail("the body");
    }
    let scope = Scope::new();
    scope.spawn(own());
    assert_eq!(attempt(|| go("own")), Err("the body".to_owned()));
}

#[test]
fn a_joiner_goes_on_only_when_the_scope_is_empty() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn refills(scope: Scope) -> FireAndForget {
        scope.join().await;
        scope.spawn(waits("second"));
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn counts(scope: Scope) -> FireAndForget {
        scope.join().await;
        event(format!("{} left", scope.len()));
    }
    support::reset(&[]);
    let scope = Scope::new();
    scope.spawn(waits("first"));
    refills(scope.clone());
    counts(scope.clone());
    go("first");
    assert_eq!(support::log().last().map(String::as_str), Some("drop first"));
    scope.cancel_all();
    clear_places();
}

#[test]
fn a_joiner_may_panic_though_the_scope_was_dropped_by_a_panic() {
    support::reset(&[]);
    let scope = Scope::new();
    scope.spawn(waits("member"));
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn joins_and_panics(join: coro::Join) -> FireAndForget {
        join.await;
        fail("a joiner");
    }
    joins_and_panics(scope.join());
    let panic = attempt(move || {
        let _owned = scope;
        fail("the owner");
    });
    assert_eq!(panic.map(|never: ()| never), Err("the owner".to_owned()));
    clear_places();
}

#[test]
fn a_leafs_suspension_costs_the_same_at_any_depth_also_after_a_cancel_in_its_turn() {
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::time::{Duration, Instant};
    type Slot = Rc<RefCell<Option<K>>>;
    #[coro::coroutine]
    fn swaps(depth: u32, slot: Slot) -> Task<'static, (), Detached> {
        if depth > 0 {
            return swaps(depth - 1, slot).await;
        }
        At(if slot.borrow().is_none() { "deep" } else { "shallow" }).await;
        for _ in 0..1000 {
            With(|own| slot.replace(Some(own))).await;
        }
    }
    /// Hands control to `shallow`, and is cancelled while it does.
    #[coro::coroutine]
    fn begins(me: Rc<RefCell<Option<coro::Spawned>>>) -> Task<'static, (), Detached> {
        At("begin").await;
        With(|own| {
            put("never resumed", own);
            if let Some(me) = me.take() {
                me.cancel();
            }
            Some(take("shallow"))
        })
        .await;
    }
    fn time(cancels: bool) -> Duration {
        let (scope, me, slot) = (Scope::new(), Rc::new(RefCell::new(None)), Slot::default());
        let spawned = scope.spawn(begins(me.clone()));
        if cancels {
            me.replace(Some(spawned));
        }
        scope.spawn(swaps(20_000, slot.clone()));
        slot.replace(Some(take("deep")));
        scope.spawn(swaps(0, slot));
        let start = Instant::now();
        go("begin");
        let time = start.elapsed();
        drop(scope);
        clear_places();
        time
    }
    let (without, with) = (time(false), time(true));
    assert!(with < without * 3 + Duration::from_millis(20), "{without:?} without a cancel, {with:?} with one");
}
