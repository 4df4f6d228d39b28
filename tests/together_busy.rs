//! Coroutines that are cancelled while they are on the stack: they go on to their next suspension, are destroyed there,
//! and whoever waits for that goes on only then.
#![forbid(unsafe_code)]

mod support;
mod together_support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use coro::{Continuation, Detached, FinalSuspend, Promise, Scope, Spawned, Task, when_all, when_any};
use support::{Live, event};
use together_support::{At, K, OnDrop, With, catches, clear_places, fail, go, put, run, take, waits};

/// After a race: the caller goes on, and what is still out there does nothing.
fn assert_goes_on() {
    assert_eq!(support::take_log(), [""; 0]);
    go("afterwards");
    assert_eq!(support::take_log(), ["and it goes on", "drop caller"]);
    assert_nothing_is_left();
}

fn assert_nothing_is_left() {
    clear_places();
    assert_eq!(support::take_log(), [""; 0]);
    assert_eq!(support::alive(), [""; 0]);
}

/// Resumes its rival, and goes on.
#[coro::coroutine]
fn resumes_its_rival(waits_again: bool) -> Task<'static, &'static str, Detached> {
    let _local = Live::new("busy");
    At("busy").await;
    go("rival");
    event("busy goes on");
    if waits_again {
        At("never resumed").await;
        event("busy is resumed");
    }
    "busy"
}

#[test]
fn a_busy_loser_goes_on_to_its_next_suspension_and_only_then_when_any_returns() {
    support::reset(&[]);
    run(when_any([waits("other"), resumes_its_rival(true), waits("rival")]));
    go("busy");
    let expected = ["rival ends", "drop rival", "drop other", "busy goes on", "drop busy", r#"(2, "rival")"#];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn a_busy_loser_that_ends_instead_still_loses() {
    support::reset(&[]);
    run(when_any([resumes_its_rival(false), waits("rival"), waits("other")]));
    go("busy");
    let expected = ["rival ends", "drop rival", "drop other", "busy goes on", "drop busy", r#"(1, "rival")"#];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn a_busy_loser_goes_through_awaits_that_do_not_suspend() {
    #[coro::coroutine]
    fn ready(number: u32) -> Task<'static, u32, Detached> {
        event(format!("ready {number}"));
        number
    }
    #[coro::coroutine]
    fn busy() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("busy");
        At("busy").await;
        go("rival");
        ready(1).await;
        With(Some).await;
        event("its own continuation");
        With(|own: K| {
            own.resume();
            None
        })
        .await;
        event("resumed inside `await_suspend`");
        when_all([ready(2), ready(3)]).await;
        when_any([ready(4), ready(5)]).await;
        At("never resumed").await;
        "busy"
    }
    support::reset(&[]);
    run(when_any([busy(), waits("rival")]));
    go("busy");
    let expected = [
        "rival ends",
        "drop rival",
        "ready 1",
        "its own continuation",
        "resumed inside `await_suspend`",
        "ready 2",
        "ready 3",
        "ready 4",
        "drop busy",
        r#"(1, "rival")"#,
    ];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

/// Runs a race in which a coroutine resumes its rival inside `await_suspend`, then does with its own continuation what
/// `then` does.
fn busy_inside_await_suspend(then: fn(K) -> Option<K>) -> Vec<String> {
    #[coro::coroutine]
    fn busy(then: fn(K) -> Option<K>) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("busy");
        At("busy").await;
        With(|own| {
            go("rival");
            event("busy goes on");
            then(own)
        })
        .await;
        event("busy has suspended once");
        At("never resumed").await;
        "busy"
    }
    #[coro::coroutine]
    fn calls(then: fn(K) -> Option<K>) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("caller of busy");
        busy(then).await
    }
    support::reset(&[]);
    run(when_any([waits("other"), calls(then), waits("rival")]));
    go("busy");
    let log = support::take_log();
    let (before, after) = log.split_at(4);
    assert_eq!(before, ["rival ends", "drop rival", "drop other", "busy goes on"]);
    assert_goes_on();
    after.to_vec()
}

const DESTROYED: [&str; 3] = ["drop busy", "drop caller of busy", r#"(2, "rival")"#];

#[test]
fn a_loser_that_is_busy_inside_await_suspend_and_parks_is_destroyed_after_it() {
    let parks = |own| {
        put("never resumed", own);
        event("still inside");
        None
    };
    assert_eq!(busy_inside_await_suspend(parks), [&["still inside"][..], &DESTROYED].concat());
}

#[test]
fn a_loser_that_is_busy_inside_await_suspend_and_returns_its_own_continuation_goes_on_to_the_next() {
    assert_eq!(busy_inside_await_suspend(Some), [&["busy has suspended once"][..], &DESTROYED].concat());
}

#[test]
fn a_loser_that_is_busy_inside_await_suspend_and_resumes_itself_goes_on_to_the_next() {
    let resumes = |own: K| {
        own.resume();
        None
    };
    assert_eq!(busy_inside_await_suspend(resumes), [&["busy has suspended once"][..], &DESTROYED].concat());
}

#[test]
fn a_loser_that_is_busy_inside_await_suspend_and_drops_its_own_continuation_is_destroyed() {
    let drops = |own| {
        drop(own);
        event("still inside");
        None
    };
    assert_eq!(busy_inside_await_suspend(drops), [&["still inside"][..], &DESTROYED].concat());
}

#[test]
fn a_loser_that_is_busy_inside_await_suspend_and_panics_makes_the_race_panic() {
    let panics = |own| {
        drop(own);
        fail("busy")
    };
    assert_eq!(busy_inside_await_suspend(panics), ["drop busy", "drop caller of busy", "caught busy"]);
    let keeps_and_panics = |own| {
        put("never resumed", own);
        fail("busy")
    };
    assert_eq!(busy_inside_await_suspend(keeps_and_panics), ["drop busy", "drop caller of busy", "caught busy"]);
}

#[test]
fn a_loser_that_is_busy_inside_await_suspend_and_hands_control_to_another_is_destroyed_first() {
    fn hands_over(own: K) -> Option<K> {
        put("never resumed", own);
        Some(take("another"))
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn another() -> coro::FireAndForget {
        At("another").await;
        event("another runs");
    }
    another();
    // `reset` inside comes later than this.
    let log = busy_inside_await_suspend(hands_over);
    assert_eq!(log, [&DESTROYED[..], &["another runs"]].concat());
}

/// Hands control to the one at this place.
struct HandOver(&'static str);

impl<P: Promise<World = Detached>> FinalSuspend<P> for HandOver {
    fn final_suspend(self, _: &mut P) -> Option<Continuation<Detached>> {
        Some(take(self.0))
    }
}

#[test]
fn one_that_has_ended_but_handed_control_to_its_rival_loses_to_it() {
    #[coro::coroutine(final = HandOver("rival"))]
    fn ends() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("ends");
        At("ends").await;
        "ended, and waits in the turn"
    }
    support::reset(&[]);
    run(when_any([ends(), waits("rival"), waits("other")]));
    go("ends");
    assert_eq!(support::take_log(), ["drop ends", "rival ends", "drop rival", "drop other", r#"(1, "rival")"#]);
    assert_goes_on();
}

#[test]
fn a_loser_whose_callee_handed_control_to_its_rival_is_destroyed_at_its_next_suspension() {
    #[coro::coroutine(final = HandOver("rival"))]
    fn callee() -> Task<'static, (), Detached> {
        At("callee").await;
    }
    #[coro::coroutine]
    fn calls() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("calls");
        callee().await;
        event("the caller goes on");
        At("never resumed").await;
        "unreachable"
    }
    support::reset(&[]);
    run(when_any([calls(), waits("rival"), waits("other")]));
    go("callee");
    let expected = ["rival ends", "drop rival", "drop other", "the caller goes on", "drop calls", r#"(1, "rival")"#];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn a_loser_that_resumed_itself_and_handed_control_to_its_rival_is_destroyed_at_its_next_suspension() {
    #[coro::coroutine]
    fn busy() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("busy");
        At("busy").await;
        With(|own: K| {
            own.resume();
            Some(take("rival"))
        })
        .await;
        event("busy goes on");
        At("never resumed").await;
        "unreachable"
    }
    support::reset(&[]);
    run(when_any([busy(), waits("rival"), waits("other")]));
    go("busy");
    let expected = ["rival ends", "drop rival", "drop other", "busy goes on", "drop busy", r#"(1, "rival")"#];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn a_loser_that_handed_control_to_its_rival_is_suspended_and_destroyed_at_once() {
    #[coro::coroutine]
    fn hands_over() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("hands over");
        At("hands over").await;
        With(|own| {
            put("never resumed", own);
            Some(take("rival"))
        })
        .await;
        "unreachable"
    }
    support::reset(&[]);
    run(when_any([hands_over(), waits("rival"), waits("other")]));
    go("hands over");
    assert_eq!(support::take_log(), ["rival ends", "drop rival", "drop hands over", "drop other", r#"(1, "rival")"#]);
    assert_goes_on();
}

type Me = Rc<RefCell<Option<Spawned>>>;

/// Spawns what is made with a way to cancel it.
fn spawn<T: 'static>(scope: &Scope, make: impl FnOnce(Me) -> Task<'static, T, Detached>) -> Spawned {
    let me = Me::default();
    let spawned = scope.spawn(make(me.clone()));
    me.replace(Some(spawned.clone()));
    spawned
}

fn cancel(me: &Me) {
    let spawned = me.borrow().clone();
    spawned.expect("it is spawned").cancel();
}

#[test]
fn a_member_that_cancels_itself_goes_on_to_its_next_suspension_or_its_end() {
    #[coro::coroutine]
    fn member(me: Me, waits_again: bool) -> Task<'static, (), Detached> {
        let _local = Live::new("member");
        At("member").await;
        cancel(&me);
        event("the member goes on");
        if waits_again {
            At("never resumed").await;
            event("resumed");
        }
    }
    for waits_again in [true, false] {
        support::reset(&[]);
        let scope = Scope::new();
        let spawned = spawn(&scope, |me| member(me, waits_again));
        go("member");
        assert_eq!(support::take_log(), ["the member goes on", "drop member"]);
        assert!(scope.is_empty() && spawned.is_done());
        assert_nothing_is_left();
    }
}

#[test]
fn a_member_that_drops_its_own_scope_goes_on_to_its_next_suspension() {
    #[coro::coroutine]
    fn member(scope: Rc<RefCell<Option<Scope>>>) -> Task<'static, (), Detached> {
        let _local = Live::new("member");
        At("member").await;
        drop(scope.take());
        event("the member goes on");
        At("never resumed").await;
    }
    support::reset(&[]);
    let scope = Scope::new();
    let place = Rc::new(RefCell::new(None));
    let spawned = scope.spawn(member(place.clone()));
    scope.spawn(waits("other"));
    place.replace(Some(scope));
    go("member");
    assert_eq!(support::take_log(), ["drop other", "the member goes on", "drop member"]);
    assert!(spawned.is_done());
    assert_nothing_is_left();
}

#[test]
fn a_member_cancelled_while_it_is_being_destroyed_is_destroyed_once() {
    #[coro::coroutine]
    fn member(me: Me) -> Task<'static, (), Detached> {
        let _local = Live::new("member");
        let _cancels = OnDrop(|| cancel(&me));
        when_all((waits("a"), cancels_when_dropped(me.clone()), waits("b"))).await;
    }
    #[coro::coroutine]
    fn cancels_when_dropped(me: Me) -> Task<'static, (), Detached> {
        let _local = Live::new("inner");
        let _cancels = OnDrop(|| {
            event("cancels");
            cancel(&me);
            event("cancelled");
        });
        At("inner").await;
    }
    support::reset(&[]);
    let scope = Scope::new();
    let spawned = spawn(&scope, member);
    spawned.cancel();
    // The cancel inside destroys those that are left to destroy, and this one goes on after that.
    assert_eq!(support::take_log(), ["drop a", "cancels", "drop b", "cancelled", "drop inner", "drop member"]);
    assert!(scope.is_empty());
    assert_nothing_is_left();
    let spawned = spawn(&scope, member);
    drop(take("inner"));
    assert_eq!(support::take_log(), ["cancels", "drop a", "drop b", "cancelled", "drop inner", "drop member"]);
    assert!(scope.is_empty() && spawned.is_done());
    assert_nothing_is_left();
}

#[test]
fn a_destructor_of_a_loser_that_cancels_the_whole_group_does_so_at_its_next_suspension() {
    #[coro::coroutine]
    fn cancels_when_dropped(me: Me) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("loser");
        let _cancels = OnDrop(|| cancel(&me));
        At("loser").await;
        "unreachable"
    }
    #[coro::coroutine]
    fn races(me: Me) -> Task<'static, (), Detached> {
        let _local = Live::new("caller");
        let first = when_any([cancels_when_dropped(me), waits("winner"), waits("other")]).await;
        event(format!("{first:?}"));
        At("never resumed").await;
        event("resumed");
    }
    support::reset(&[]);
    let scope = Scope::new();
    spawn(&scope, races);
    go("winner");
    let expected = ["winner ends", "drop winner", "drop loser", "drop other", r#"(1, "winner")"#, "drop caller"];
    assert_eq!(support::take_log(), expected);
    assert!(scope.is_empty());
    assert_nothing_is_left();
}

/// A busy coroutine below two groups, each in a callee.
#[coro::coroutine]
fn deep(text: &'static str) -> Task<'static, &'static str, Detached> {
    let _local = Live::new("deep");
    when_all((waits("beside"), deeper(text))).await.1
}

#[coro::coroutine]
fn deeper(text: &'static str) -> Task<'static, &'static str, Detached> {
    let _local = Live::new("deeper");
    let mut all = when_all(vec![resumes_its_rival(text == "waits"), waits("besides")]).await;
    all.swap_remove(0)
}

#[test]
fn a_coroutine_that_is_busy_under_two_groups_is_awaited_by_both() {
    for text in ["waits", "ends"] {
        support::reset(&[]);
        run(when_any([deep(text), waits("rival"), waits("other")]));
        go("busy");
        let expected = [
            "rival ends",
            "drop rival",
            "drop beside",
            "drop besides",
            "drop other",
            "busy goes on",
            "drop busy",
            "drop deeper",
            "drop deep",
            r#"(1, "rival")"#,
        ];
        assert_eq!(support::take_log(), expected);
        assert_goes_on();
    }
}

#[test]
fn a_group_that_waits_for_a_busy_loser_can_be_cancelled_itself() {
    #[coro::coroutine]
    fn busy(me: Me, waits_again: bool) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("busy");
        At("busy").await;
        go("rival");
        event("now the group waits for this");
        cancel(&me);
        event("busy goes on");
        if waits_again {
            At("never resumed").await;
        }
        "busy"
    }
    #[coro::coroutine]
    fn races(me: Me, waits_again: bool) -> Task<'static, (), Detached> {
        let _local = Live::new("caller");
        let first = when_any([busy(me, waits_again), waits("rival"), waits("other")]).await;
        event(format!("never {first:?}"));
    }
    for waits_again in [true, false] {
        support::reset(&[]);
        let scope = Scope::new();
        spawn(&scope, |me| races(me, waits_again));
        go("busy");
        let expected = [
            "rival ends",
            "drop rival",
            "drop other",
            "now the group waits for this",
            "busy goes on",
            "drop busy",
            "drop caller",
        ];
        assert_eq!(support::take_log(), expected);
        assert!(scope.is_empty());
        assert_nothing_is_left();
    }
}

#[test]
fn a_loser_that_is_being_started_is_destroyed_where_it_suspends_first() {
    #[coro::coroutine]
    fn busy(me: Me) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("busy");
        At("begin").await;
        when_all([cancels(me.clone()), waits("never started")]).await[0]
    }
    #[coro::coroutine]
    fn cancels(me: Me) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("cancels");
        cancel(&me);
        event("goes on");
        At("never resumed").await;
        "unreachable"
    }
    support::reset(&[]);
    let scope = Scope::new();
    spawn(&scope, busy);
    go("begin");
    assert_eq!(support::take_log(), ["goes on", "drop cancels", "drop busy"]);
    assert!(scope.is_empty());
    assert_nothing_is_left();
}

#[test]
fn a_race_that_a_cancelled_coroutine_starts_ends_with_its_first_suspension() {
    #[coro::coroutine]
    fn busy(me: Me) -> Task<'static, (), Detached> {
        let _local = Live::new("busy");
        At("begin").await;
        cancel(&me);
        when_any([waits("starts"), waits("never started")]).await;
    }
    support::reset(&[]);
    let scope = Scope::new();
    spawn(&scope, busy);
    go("begin");
    assert_eq!(support::take_log(), ["drop starts", "drop busy"]);
    assert!(scope.is_empty());
    assert_nothing_is_left();
}

/// A `final` that is dropped, and not asked, by a panic: it resumes the rival.
struct ResumesTheRival;

impl Drop for ResumesTheRival {
    fn drop(&mut self) {
        go("rival");
    }
}

impl<P: Promise<World = Detached>> FinalSuspend<P> for ResumesTheRival {
    fn final_suspend(self, _: &mut P) -> Option<Continuation<Detached>> {
        None
    }
}

#[test]
fn a_loser_whose_callee_is_at_its_end_is_destroyed_at_its_next_suspension() {
    #[coro::coroutine(final = ResumesTheRival)]
    fn callee(panics: bool) -> Task<'static, (), Detached> {
        At("callee").await;
        if panics {
            fail("the callee");
        }
    }
    #[coro::coroutine]
    fn calls(panics: bool) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("calls");
        let end = catches(callee(panics)).await;
        event(format!("goes on, and it panicked: {}", end.is_err()));
        At("never resumed").await;
        "unreachable"
    }
    for panics in [true, false] {
        support::reset(&[]);
        run(when_any([calls(panics), waits("rival")]));
        go("callee");
        let goes_on = format!("goes on, and it panicked: {panics}");
        let expected = ["rival ends", "drop rival", &goes_on, "drop calls", r#"(1, "rival")"#];
        assert_eq!(support::take_log(), expected);
        assert_goes_on();
    }
}

#[test]
fn several_busy_losers_are_all_awaited() {
    #[coro::coroutine]
    fn resumes(place: &'static str, next: &'static str) -> Task<'static, &'static str, Detached> {
        let _local = Live::new(place);
        At(place).await;
        go(next);
        event(format!("{place} goes on"));
        // Nobody resumes it there.
        At(next).await;
        place
    }
    #[coro::coroutine]
    fn last_words(place: &'static str, next: &'static str) -> Task<'static, &'static str, Detached> {
        let _local = Live::new(place);
        At(place).await;
        go(next);
        event(format!("{place} ends"));
        place
    }
    support::reset(&[]);
    run(when_any([resumes("a", "b"), last_words("b", "c"), resumes("c", "d"), waits("d")]));
    go("a");
    let expected =
        ["d ends", "drop d", "c goes on", "drop c", "b ends", "drop b", "a goes on", "drop a", r#"(3, "d")"#];
    let log = support::take_log();
    assert_eq!(log, expected);
    assert_goes_on();
}

#[test]
fn dropping_a_sibling_of_when_all_ends_a_busy_one_at_its_next_suspension() {
    #[coro::coroutine]
    fn drops(waits_again: bool) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("busy");
        At("busy").await;
        drop(take("sibling"));
        event("busy goes on");
        if waits_again {
            At("never resumed").await;
        }
        "busy"
    }
    for waits_again in [true, false] {
        support::reset(&[]);
        run(when_all([drops(waits_again), waits("sibling"), waits("other")]));
        go("busy");
        assert_eq!(support::take_log(), ["drop sibling", "drop other", "busy goes on", "drop busy", "drop caller"]);
        assert_nothing_is_left();
    }
}

#[test]
fn a_busy_loser_that_hands_control_to_itself_again_and_again_is_awaited() {
    #[coro::coroutine]
    fn stubborn(count: Rc<Cell<u32>>) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("stubborn");
        At("stubborn").await;
        go("rival");
        while count.get() > 0 {
            count.set(count.get() - 1);
            With(|own: K| {
                own.resume();
                None
            })
            .await;
        }
        At("never resumed").await;
        "unreachable"
    }
    support::reset(&[]);
    let count = Rc::new(Cell::new(1000));
    run(when_any([stubborn(count.clone()), waits("rival")]));
    go("stubborn");
    assert_eq!(count.get(), 0);
    assert_eq!(support::take_log(), ["rival ends", "drop rival", "drop stubborn", r#"(1, "rival")"#]);
    assert_goes_on();
}

#[test]
fn a_destructor_of_a_loser_may_resume_another_loser() {
    #[coro::coroutine]
    fn resumes_when_dropped(place: &'static str) -> Task<'static, &'static str, Detached> {
        let _local = Live::new("resumes");
        let _resumes = OnDrop(|| go(place));
        At("loser").await;
        "unreachable"
    }
    #[coro::coroutine]
    fn waits_twice() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("waits twice");
        At("twice").await;
        event("once");
        At("never resumed").await;
        "unreachable"
    }
    support::reset(&[]);
    run(when_any([resumes_when_dropped("twice"), waits_twice(), waits("winner")]));
    go("winner");
    let expected = ["winner ends", "drop winner", "once", "drop resumes", "drop waits twice", r#"(2, "winner")"#];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
    run(when_any([resumes_when_dropped("ends"), waits("ends"), waits("winner")]));
    go("winner");
    let expected = ["winner ends", "drop winner", "ends ends", "drop ends", "drop resumes", r#"(2, "winner")"#];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}
