//! S7: panics of coroutines that are awaited together surface where they are awaited, and keep nothing from being
//! destroyed.
#![forbid(unsafe_code)]

mod support;
mod together_support;

use coro::{Callee, Detached, FireAndForget, Promise, Task, when_all, when_any};
use support::{Live, attempt, event};
use together_support::{At, OnDrop, catches, clear_places, fail, go, run, take, waits};

/// Waits, and panics.
#[coro::coroutine]
fn panics(name: &'static str) -> Task<'static, &'static str, Detached> {
    let _local = Live::new(name);
    At(name).await;
    fail(name);
}

/// Waits, with a destructor that panics.
#[coro::coroutine]
fn bomb(name: &'static str) -> Task<'static, &'static str, Detached> {
    let _local = Live::new(name);
    let _bomb = OnDrop(|| {
        event(format!("{name} explodes"));
        if !std::thread::panicking() {
            fail(name);
        }
    });
    let _inner = Live::new("inner");
    At(name).await;
    name
}

/// After a panic was caught: the caller is alive, and what is still out there does nothing.
fn assert_goes_on() {
    assert_eq!(support::take_log(), [""; 0]);
    go("afterwards");
    assert_eq!(support::take_log(), ["and it goes on", "drop caller"]);
    clear_places();
    assert_eq!(support::take_log(), [""; 0]);
    assert_eq!(support::alive(), [""; 0]);
}

#[test]
fn a_panic_of_one_of_when_all_destroys_the_others_and_surfaces_where_it_is_awaited() {
    support::reset(&[]);
    run(when_all((waits("a"), panics("b"), when_all((waits("c"), waits("d"))))));
    go("b");
    assert_eq!(support::take_log(), ["drop b", "drop a", "drop c", "drop d", "caught b"]);
    assert_goes_on();
}

#[test]
fn one_that_panics_at_once_keeps_the_rest_of_when_all_from_being_started() {
    #[coro::coroutine]
    fn panics_at_once(_: Live) -> Task<'static, &'static str, Detached> {
        fail("at once");
    }
    #[coro::coroutine]
    fn never_started(_: Live) -> Task<'static, &'static str, Detached> {
        event("started");
        "never"
    }
    support::reset(&[]);
    run(when_all((waits("a"), panics_at_once(Live::new("p")), never_started(Live::new("n")))));
    assert_eq!(support::take_log(), ["drop p", "drop a", "drop n", "caught at once"]);
    assert_goes_on();
}

#[test]
fn the_panic_of_the_first_of_when_any_surfaces_where_it_is_awaited() {
    support::reset(&[]);
    run(when_any([waits("a"), panics("b"), waits("c")]));
    go("b");
    assert_eq!(support::take_log(), ["drop b", "drop a", "drop c", "caught b"]);
    assert_goes_on();
}

#[test]
fn a_panic_that_a_branch_handles_is_a_result() {
    #[coro::coroutine]
    fn text(name: &'static str) -> Task<'static, String, Detached> {
        match catches(panics(name)).await {
            Ok(text) => text.to_owned(),
            Err(panic) => format!("caught {}", panic.message().expect("a text")),
        }
    }
    support::reset(&[]);
    run(when_all([text("a"), text("b")]));
    go("b");
    go("a");
    assert_eq!(support::take_log(), ["drop b", "drop a", r#"["caught a", "caught b"]"#]);
    assert_goes_on();
}

#[test]
fn a_branch_may_be_of_a_type_that_catches_its_own_panics() {
    #[coro::coroutine]
    fn both() -> Task<'static, String, Detached> {
        let [one, other] = when_all([catches(panics("a")), catches(waits("b"))]).await;
        format!("{:?} {:?}", one.expect_err("a panic").message(), other.expect("no panic"))
    }
    support::reset(&[]);
    run(both());
    go("a");
    go("b");
    assert_eq!(support::take_log(), ["drop a", "b ends", "drop b", r#""Some(\"a\") \"b\"""#]);
    assert_goes_on();
}

#[test]
fn a_panic_nobody_handles_goes_to_the_resumer_and_ends_the_whole_chain() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn does_not_catch() -> FireAndForget {
        let _caller = Live::new("caller");
        when_all((waits("a"), panics("b"))).await;
    }
    support::reset(&[]);
    does_not_catch();
    assert_eq!(attempt(|| go("b")), Err("b".to_owned()));
    assert_eq!(support::take_log(), ["drop b", "drop a", "drop caller"]);
    clear_places();
    assert_eq!(support::alive(), [""; 0]);
}

#[test]
fn when_a_destructor_of_a_loser_panics_the_rest_is_destroyed_and_the_panic_surfaces_at_the_await() {
    support::reset(&[]);
    run(when_any((bomb("bomb"), waits("winner"), waits("a"), when_all((waits("b"), waits("c"))))));
    go("winner");
    let expected = [
        "winner ends",
        "drop winner",
        "drop inner",
        "bomb explodes",
        "drop bomb",
        "drop a",
        "drop b",
        "drop c",
        "caught bomb",
    ];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn of_several_panics_of_destructors_the_first_surfaces() {
    support::reset(&[]);
    run(when_any([bomb("one"), waits("winner"), bomb("two"), bomb("three")]));
    go("winner");
    let log = support::take_log();
    assert_eq!(log.iter().filter(|event| event.ends_with("explodes")).count(), 3);
    assert_eq!(log.last().map(String::as_str), Some("caught one"));
    assert_goes_on();
}

#[test]
fn the_panic_that_decided_comes_before_those_of_destructors() {
    support::reset(&[]);
    run(when_all([bomb("bomb"), panics("panic"), waits("a")]));
    go("panic");
    let expected = ["drop panic", "drop inner", "bomb explodes", "drop bomb", "drop a", "caught panic"];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn a_panic_goes_out_of_nested_groups() {
    support::reset(&[]);
    #[coro::coroutine]
    fn nested() -> Task<'static, String, Detached> {
        let _local = Live::new("nested");
        let inner = when_all((waits("a"), when_any((panics("b"), waits("c")))));
        format!("{:?}", inner.await)
    }
    run(when_all((waits("d"), nested(), waits("e"))));
    go("b");
    let expected = ["drop b", "drop c", "drop a", "drop nested", "drop d", "drop e", "caught b"];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn a_busy_loser_that_panics_later_is_awaited_and_its_panic_surfaces() {
    #[coro::coroutine]
    fn busy() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("busy");
        At("busy").await;
        go("rival");
        event("busy goes on");
        fail("later");
    }
    support::reset(&[]);
    run(when_any([busy(), waits("rival"), waits("other")]));
    go("busy");
    let expected = ["rival ends", "drop rival", "drop other", "busy goes on", "drop busy", "caught later"];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn two_busy_ones_of_when_all_that_panic_give_the_panic_that_came_first() {
    #[coro::coroutine]
    fn busy() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("busy");
        At("busy").await;
        go("panic");
        event("busy goes on");
        fail("second");
    }
    support::reset(&[]);
    run(when_all([busy(), panics("panic"), waits("other")]));
    go("busy");
    let expected = ["drop panic", "drop other", "busy goes on", "drop busy", "caught panic"];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn a_destructor_that_panics_when_one_of_when_all_is_dropped_does_not_keep_the_rest() {
    support::reset(&[]);
    run(when_all([waits("a"), bomb("bomb"), waits("b")]));
    let dropped = attempt(|| drop(take("bomb")));
    assert_eq!(dropped, Err("bomb".to_owned()), "to the one who dropped it");
    assert_eq!(support::take_log(), ["drop inner", "bomb explodes", "drop bomb", "drop a", "drop b", "drop caller"]);
    clear_places();
    assert_eq!(support::alive(), [""; 0]);
}

#[test]
fn a_destructor_that_panics_when_one_of_when_any_is_dropped_leaves_the_others_racing() {
    support::reset(&[]);
    run(when_any([waits("a"), bomb("bomb"), waits("b")]));
    assert_eq!(attempt(|| drop(take("bomb"))), Err("bomb".to_owned()));
    assert_eq!(support::take_log(), ["drop inner", "bomb explodes", "drop bomb"]);
    go("b");
    assert_eq!(support::take_log(), ["b ends", "drop b", "drop a", r#"(2, "b")"#]);
    assert_goes_on();
}

#[test]
fn a_panic_of_a_result_or_of_a_promise_of_a_loser_surfaces_at_the_await() {
    use coro::CoroutineHandle;
    struct Own<'a>(CoroutineHandle<'a, OwnPromise>);
    struct OwnPromise(&'static str);
    impl Drop for OwnPromise {
        fn drop(&mut self) {
            event(format!("drop promise {}", self.0));
            if self.0 == "bad promise" && !std::thread::panicking() {
                fail(self.0);
            }
        }
    }
    #[coro::promise(world = Detached)]
    impl OwnPromise {
        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Own<'_> {
            Own(handle)
        }
        fn return_void(&mut self) {}
    }
    impl<'a> Callee<'a> for Own<'a> {
        type Promise = OwnPromise;
        type Output = &'static str;
        fn into_handle(self) -> CoroutineHandle<'a, OwnPromise> {
            self.0
        }
        fn result(promise: &mut OwnPromise) -> &'static str {
            if promise.0 == "bad result" {
                fail(promise.0);
            }
            promise.0
        }
    }
    #[coro::coroutine(promise = OwnPromise(name))]
    fn own(name: &'static str) -> Own<'static> {
        At(name).await;
    }
    fn assert_own<'a>(_: &impl Callee<'a, Promise: Promise<World = Detached>>) {}
    assert_own(&own("never awaited"));
    support::reset(&[]);
    run(when_all([own("a"), own("bad result"), own("b")]));
    go("b");
    go("bad result");
    go("a");
    let expected = ["drop promise a", "drop promise bad result", "drop promise b", "caught bad result"];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
    run(when_any([own("a"), own("bad promise"), own("b")]));
    go("a");
    assert_eq!(support::log().last().map(String::as_str), Some("caught bad promise"));
    let mut log = support::take_log();
    log.sort();
    assert_eq!(log[1..], ["drop promise a", "drop promise b", "drop promise bad promise"]);
    assert_goes_on();
}

/// Where two destructors meet in one chain, the first panic is the one that surfaces.
#[test]
fn a_loser_with_callees_is_destroyed_to_its_root_though_a_callee_panics() {
    #[coro::coroutine]
    fn outer() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("outer");
        bomb("bomb").await
    }
    support::reset(&[]);
    run(when_any([outer(), waits("winner"), waits("a")]));
    go("winner");
    let expected = [
        "winner ends",
        "drop winner",
        "drop inner",
        "bomb explodes",
        "drop bomb",
        "drop outer",
        "drop a",
        "caught bomb",
    ];
    assert_eq!(support::take_log(), expected);
    assert_goes_on();
}

#[test]
fn a_panic_of_a_stranger_that_a_branch_handed_control_to_before_all_were_started_destroys_the_group() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn stranger() -> FireAndForget {
        At("stranger").await;
        fail("stranger");
    }
    #[coro::coroutine]
    fn hands_over() -> Task<'static, &'static str, Detached> {
        let _local = Live::new("hands over");
        together_support::With(|own| {
            together_support::put("hands over", own);
            Some(take("stranger"))
        })
        .await;
        "never"
    }
    for any in [false, true] {
        support::reset(&[]);
        stranger();
        let panic = attempt(|| {
            if any {
                run(when_any([waits("a"), hands_over(), waits("b")]));
            } else {
                run(when_all([waits("a"), hands_over(), waits("b")]));
            }
        });
        assert_eq!(panic, Err("stranger".to_owned()));
        // Nobody starts the rest any more.
        assert_eq!(support::take_log(), ["drop a", "drop hands over", "drop caller"]);
        clear_places();
        assert_eq!(support::alive(), [""; 0]);
    }
}
