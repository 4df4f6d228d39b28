//! S4, S6: what `await_suspend` and `final_suspend` may do with continuations, and who runs next.
#![forbid(unsafe_code)]

mod support;

use coro::{Awaiter, Continuation, Detached, FinalSuspend, FireAndForget, Promise, Propagate, Task};
use support::{Live, Loose, Mode, Operand, Park, attempt, event, on_256_kib};

/// Resumes its own coroutine inside `await_suspend`, and hands control to the one that is parked.
struct ResumeAndTransfer;

impl<P: Promise<World = Detached>> Awaiter<P> for ResumeAndTransfer {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        own.resume();
        support::unpark()
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never)]
fn panics_when_resumed(_: Live) -> Loose<Propagate> {
    Operand("parked", Mode::Stay).await;
    std::panic::resume_unwind(Box::new("the other one"));
}

#[coro::coroutine]
fn hands_control_over(_: &Live) -> Task<'_, (), Detached> {
    let _local = Live::new("callee's local");
    ResumeAndTransfer.await;
    event("the callee went on");
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn calls_one_that_hands_control_over(argument: Live) -> FireAndForget {
    hands_control_over(&argument).await;
    event("the caller went on");
}

#[test]
fn a_panic_of_a_coroutine_that_was_handed_control_does_not_come_back_to_a_caller_that_is_gone() {
    support::reset(&[]);
    drop(panics_when_resumed(Live::new("other's argument")));
    assert_eq!(
        attempt(|| calls_one_that_hands_control_over(Live::new("argument"))).map(drop),
        Err("the other one".to_owned())
    );
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
}

/// Ends its coroutine by handing control to the one that is parked.
struct HandOver;

impl<P: Promise<World = Detached>> FinalSuspend<P> for HandOver {
    fn final_suspend(self, _: &mut P) -> Option<Continuation<Detached>> {
        support::unpark()
    }
}

#[coro::coroutine(initial = suspend_never)]
fn waits(_: Live) -> Loose<Propagate> {
    Operand("parked", Mode::Stay).await;
    Live::new("value")
}

#[coro::coroutine(initial = suspend_never, final = HandOver)]
fn hands_over_at_its_end() -> Loose<Propagate> {
    Live::new("value")
}

#[test]
fn a_coroutine_that_is_to_run_next_is_not_lost_when_the_drop_of_the_ended_ones_promise_panics() {
    let (mut lost, mut surfaced) = (Vec::new(), 0);
    for armed in 0..40 {
        support::reset(&[]);
        drop(waits(Live::new("argument")));
        support::reset(&[armed]);
        surfaced += usize::from(attempt(|| drop(hands_over_at_its_end())).is_err());
        drop(support::unpark());
        if !support::log().iter().any(|event| event == "drop argument") {
            lost.push(support::fired());
        }
    }
    assert!(surfaced > 3, "too few panics");
    assert!(lost.is_empty(), "the one that waits is neither run nor destroyed after a panic at: {lost:?}");
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn goes_on_and_hands_over() -> FireAndForget {
    Park.await;
    ResumeAndTransfer.await;
    event("on");
}

#[test]
fn coroutines_that_resume_themselves_and_hand_control_over_run_on_a_constant_stack() {
    on_256_kib(|| {
        support::reset(&[]);
        for _ in 0..100_000 {
            goes_on_and_hands_over();
        }
        support::unpark().expect("the first").resume();
        assert_eq!(support::log().len(), 100_000);
    });
}

#[test]
fn a_panic_destroys_those_that_were_to_go_on_on_a_constant_stack() {
    on_256_kib(|| {
        support::reset(&[]);
        for _ in 0..100_000 {
            goes_on_and_hands_over();
        }
        drop(panics_when_resumed(Live::new("argument")));
        let panic = attempt(|| support::unpark().expect("the first").resume());
        assert_eq!(panic, Err("the other one".to_owned()));
        assert_eq!((support::unpark().is_none(), support::alive()), (true, vec![]));
    });
}

#[coro::coroutine(final = HandOver)]
fn hands_over_although_it_was_called() -> Task<'static, (), Detached> {
    Park.await;
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn calls_one_that_hands_over() -> FireAndForget {
    hands_over_although_it_was_called().await;
    event("on");
}

#[test]
fn callees_that_hand_control_over_at_their_end_run_on_a_constant_stack() {
    on_256_kib(|| {
        support::reset(&[]);
        for _ in 0..100_000 {
            calls_one_that_hands_over();
        }
        support::unpark().expect("the first").resume();
        assert_eq!(support::log().len(), 100_000);
    });
}

/// What an awaiter does with its own continuation, and with the one that is parked.
#[derive(Clone, Copy)]
enum Then {
    GoOn,
    DropAndGoBack,
    DropAndHandOver,
    ParkAndHandOver,
    /// Hands control over in the old way, by a nested call.
    ParkAndResumeOther,
    ResumeAndHandOver,
}

impl<P: Promise<World = Detached>> Awaiter<P> for Then {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        let other = support::unpark();
        match self {
            Self::GoOn => {
                other.into_iter().for_each(support::park);
                return Some(own);
            }
            Self::DropAndGoBack => {
                other.into_iter().for_each(support::park);
                drop(own);
                event("own dropped");
                return None;
            }
            Self::DropAndHandOver => drop(own),
            Self::ParkAndHandOver => support::park(own),
            Self::ParkAndResumeOther => {
                support::park(own);
                other.expect("somebody is parked").resume();
                event("the other one has come back");
                return None;
            }
            Self::ResumeAndHandOver => own.resume(),
        }
        event("hands over");
        other
    }

    fn await_resume(&mut self, _: &mut P) {
        event("goes on");
    }
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn awaits(name: &'static str, then: [Then; 2], _: Live) -> FireAndForget {
    event(format!("{name} begins"));
    then[0].await;
    event(format!("{name} is on"));
    then[1].await;
    event(format!("{name} ends"));
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn other(_: Live) -> FireAndForget {
    Park.await;
    event("other is on");
}

/// What `start` does while another coroutine is parked, and then when the one that is parked at the end is dropped.
fn beside_another<T>(start: impl FnOnce() -> T) -> Vec<String> {
    support::reset(&[]);
    other(Live::new("other's argument"));
    drop(start());
    event("back");
    while let Some(parked) = support::unpark() {
        drop(parked);
    }
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
    support::take_log()
}

#[test]
fn a_coroutine_that_gives_its_own_continuation_back_goes_on_at_once() {
    let log = beside_another(|| awaits("one", [Then::GoOn; 2], Live::new("argument")));
    let expected =
        ["one begins", "goes on", "one is on", "goes on", "one ends", "drop argument", "back", "drop other's argument"];
    assert_eq!(log, expected);
}

#[test]
fn a_coroutine_that_returns_anothers_continuation_hands_control_to_it() {
    let log = beside_another(|| awaits("one", [Then::ParkAndHandOver; 2], Live::new("argument")));
    let expected = ["one begins", "hands over", "other is on", "drop other's argument", "back", "drop argument"];
    assert_eq!(log, expected);
}

#[test]
fn a_coroutine_that_drops_its_continuation_is_destroyed_after_await_suspend() {
    let log = beside_another(|| awaits("one", [Then::DropAndGoBack; 2], Live::new("argument")));
    assert_eq!(log, ["one begins", "own dropped", "drop argument", "back", "drop other's argument"]);
}

#[test]
fn a_coroutine_that_drops_its_continuation_and_returns_anothers_is_destroyed_before_that_runs() {
    let log = beside_another(|| awaits("one", [Then::DropAndHandOver; 2], Live::new("argument")));
    let expected = ["one begins", "hands over", "drop argument", "other is on", "drop other's argument", "back"];
    assert_eq!(log, expected);
}

#[test]
fn a_coroutine_that_resumes_itself_and_returns_anothers_continuation_goes_on_after_that() {
    let then = [Then::ResumeAndHandOver, Then::GoOn];
    let log = beside_another(|| awaits("one", then, Live::new("argument")));
    let expected = [
        "one begins",
        "hands over",
        "other is on",
        "drop other's argument",
        "goes on",
        "one is on",
        "goes on",
        "one ends",
        "drop argument",
        "back",
    ];
    assert_eq!(log, expected);
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn hands_over_when_resumed(_: Live) -> FireAndForget {
    Park.await;
    event("two is on");
    Then::DropAndHandOver.await;
}

#[test]
fn control_handed_to_a_coroutine_whose_await_suspend_is_still_on_the_stack_comes_when_that_returns() {
    support::reset(&[]);
    hands_over_when_resumed(Live::new("two's argument"));
    awaits("one", [Then::ParkAndResumeOther, Then::GoOn], Live::new("argument"));
    let expected = [
        "one begins",
        "two is on",
        "hands over",
        "drop two's argument",
        "the other one has come back",
        "goes on",
        "one is on",
        "goes on",
        "one ends",
        "drop argument",
    ];
    assert_eq!(support::take_log(), expected);
    assert!(support::unpark().is_none() && support::alive().is_empty());
}

#[test]
fn a_root_that_hands_control_over_at_its_end_is_gone_before_the_other_one_runs() {
    let log = beside_another(hands_over_at_its_end);
    let end = ["drop promise", "drop value", "other is on", "drop other's argument", "drop return object", "back"];
    assert_eq!(log[log.len() - end.len()..], end, "{log:?}");
}

#[coro::coroutine]
fn callee_that_hands_over(then: Then, lent: &Live) -> Task<'_, &'static str, Detached> {
    let _local = Live::new("local");
    then.await;
    lent.name
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn calls_it(then: Then) -> FireAndForget {
    let lent = Live::new("lent");
    let name = callee_that_hands_over(then, &lent).await;
    event(format!("the caller received {name}"));
}

#[test]
fn a_callee_that_hands_control_over_takes_its_caller_along() {
    let own = ["hands over", "other is on", "drop other's argument"];
    let destroyed = ["drop local", "drop lent"];
    let rest = ["goes on", "drop local", "the caller received lent", "drop lent"];
    let parked = beside_another(|| calls_it(Then::ParkAndHandOver));
    assert_eq!(parked, [&own[..], &["back"], &destroyed].concat());
    let dropped = beside_another(|| calls_it(Then::DropAndHandOver));
    assert_eq!(dropped, [&own[..1], &destroyed, &own[1..], &["back"]].concat());
    let resumed = beside_another(|| calls_it(Then::ResumeAndHandOver));
    assert_eq!(resumed, [&own[..], &rest, &["back"]].concat());
}

/// Parks its continuation and panics: what is parked only releases memory.
struct ParkAndPanic;

impl<P: Promise<World = Detached>> Awaiter<P> for ParkAndPanic {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        support::park(own);
        std::panic::resume_unwind(Box::new("after parking"));
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn parks_and_panics() -> FireAndForget {
    ParkAndPanic.await;
}

#[test]
fn control_handed_to_a_coroutine_that_has_panicked_goes_back_to_the_resumer() {
    support::reset(&[]);
    assert!(attempt(parks_and_panics).is_err());
    awaits("one", [Then::ResumeAndHandOver, Then::GoOn], Live::new("argument"));
    let expected = ["one begins", "hands over", "goes on", "one is on", "goes on", "one ends", "drop argument", "back"];
    event("back");
    assert_eq!(support::take_log(), expected);
    assert!(attempt(parks_and_panics).is_err());
    drop(hands_over_at_its_end());
    assert!(support::unpark().is_none() && support::alive().is_empty());
}
