//! Scopes and groups that are leaked on purpose. Run with `ASAN_OPTIONS=detect_leaks=0`.
#![forbid(unsafe_code)]

mod support;
mod together_support;

use std::future::Future;
use std::mem::forget;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use coro::{Awaiter, Continuation, Detached, FireAndForget, Polled, Promise, Scope, Task, when_all, when_any};
use support::{Live, event};
use together_support::{clear_places, go, run, take, waits};

#[test]
fn members_of_a_leaked_scope_go_on_and_can_be_cancelled() {
    support::reset(&[]);
    let scope = Scope::new();
    let spawned = [scope.spawn(waits("a")), scope.spawn(waits("b")), scope.spawn(waits("c"))];
    forget(scope);
    assert_eq!(support::take_log(), [""; 0]);
    go("a");
    spawned[1].cancel();
    drop(take("c"));
    assert_eq!(support::take_log(), ["a ends", "drop a", "drop b", "drop c"]);
    assert!(spawned.iter().all(coro::Spawned::is_done));
    clear_places();
}

#[test]
fn who_joins_a_leaked_scope_goes_on() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn joins(join: coro::Join) -> FireAndForget {
        join.await;
        event("joined");
    }
    support::reset(&[]);
    let scope = Scope::new();
    scope.spawn(waits("a"));
    joins(scope.join());
    forget(scope);
    go("a");
    assert_eq!(support::take_log(), ["a ends", "drop a", "joined"]);
}

#[test]
fn leaked_continuations_of_losers_and_members_are_harmless() {
    support::reset(&[]);
    run(when_any([waits("winner"), waits("loser")]));
    forget(take("loser"));
    go("winner");
    assert_eq!(support::take_log(), ["winner ends", "drop winner", "drop loser", r#"(0, "winner")"#]);
    let scope = Scope::new();
    scope.spawn(waits("member"));
    forget(take("member"));
    drop(scope);
    assert_eq!(support::take_log(), ["drop member"]);
    // Of `when_all`, one that is leaked is never resumed: all wait for it, and leak.
    run(when_all([waits("one"), waits("other")]));
    forget(take("one"));
    go("other");
    assert_eq!(support::take_log(), ["other ends", "drop other"]);
    drop(take("afterwards"));
}

/// Awaited, keeps its continuation in itself: a cycle.
struct Cycle(Option<Continuation<Detached>>);

impl<P: Promise<World = Detached>> Awaiter<P> for Cycle {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        self.0 = Some(own);
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[test]
fn one_that_keeps_its_own_continuation_is_destroyed_by_whoever_cancels_it() {
    #[coro::coroutine]
    fn keeps() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("keeps");
        Cycle(None).await;
        "unreachable"
    }
    support::reset(&[]);
    run(when_any([keeps(), waits("winner"), keeps()]));
    go("winner");
    let expected = ["winner ends", "drop winner", "drop keeps", "drop keeps", r#"(1, "winner")"#];
    assert_eq!(support::take_log(), expected);
    Scope::new().spawn(keeps());
    assert_eq!(support::take_log(), ["drop caller", "drop keeps"].map(str::to_owned)[1..]);
    drop(take("afterwards"));
    assert_eq!(support::take_log(), ["drop caller"]);
}

#[test]
fn a_polled_group_that_is_leaked_while_it_waits_never_touches_what_it_borrowed() {
    #[coro::coroutine]
    fn pends<'a>(lent: &'a str) -> Task<'a, usize, Polled> {
        futures::pending!();
        lent.len()
    }
    let lent = "lent".to_owned();
    let mut all = when_all((pends(&lent), when_any([pends(&lent), pends(&lent)])));
    let poll = Pin::new(&mut all).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(poll, Poll::Pending);
    forget(all);
    drop(lent);
}
