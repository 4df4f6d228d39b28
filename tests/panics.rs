//! S7: a panic, wherever it comes from, leaves every coroutine running on or finished, and nothing alive or dropped twice.
//!
//! Each scenario runs once undisturbed; then once for each event in its log, which panics this time; then for each two of
//! them.
#![forbid(unsafe_code)]

mod support;

use coro::{Awaiter, Continuation, Detached, Handled, PanicPolicy, Propagate};
use support::{
    Called, CalledPromise, End, Live, Loose, LoosePromise, Mode, Operand, Owned, OwnedPromise, Probe, Wait, attempt,
    event,
};

#[coro::coroutine]
fn owned<X: PanicPolicy<OwnedPromise<X>> + 'static>(first: Live, _: Live) -> Owned<'static, X> {
    event("body");
    let _local = Live::new("local 1");
    Operand("stays", Mode::Stay).await;
    let _local = Live::new("local 2");
    Operand("is ready", Mode::Ready).await;
    Operand("goes on", Mode::Again).await;
    co_yield!(1);
    drop(co_yield!(..inner::<X>(&first)));
    Live::new("value")
}

#[coro::coroutine(promise = Probe::named("inner promise"), initial = Wait::new("inner initial", Mode::Ready), final = End::seen(lent))]
fn inner<X: PanicPolicy<OwnedPromise<X>> + 'static>(lent: &Live) -> Owned<'_, X> {
    let _local = Live::new("inner local");
    event(format!("inner body sees {}", lent.name));
    co_yield!(2);
    Live::new("inner value")
}

#[coro::coroutine(promise = Probe::named("promise"), initial = Wait::new("initial", Mode::Stay), final = End::seen(&first))]
fn loose<X: PanicPolicy<LoosePromise<X>> + 'static>(first: Live, _: Live, mode: Mode) -> Loose<X> {
    event("body");
    let _local = Live::new("local 1");
    Operand("awaiter 1", mode).await;
    let _local = Live::new("local 2");
    Operand("is ready", Mode::Ready).await;
    Operand("goes on", Mode::Again).await;
    co_yield!(1);
    Live::new("value")
}

#[coro::coroutine(initial = suspend_never)]
fn caller<X, Y>(argument: Live, mode: Mode) -> Loose<X>
where
    X: PanicPolicy<LoosePromise<X>> + 'static,
    Y: PanicPolicy<CalledPromise<Y>> + 'static,
{
    let _local = Live::new("caller's local");
    let value = called::<Y>(&argument, Live::new("own"), mode).await;
    Operand("after the call", Mode::Stay).await;
    value.unwrap_or_else(|| Live::new("no value"))
}

#[coro::coroutine(promise = Probe::named("callee's promise"))]
fn called<Y: PanicPolicy<CalledPromise<Y>> + 'static>(lent: &Live, own: Live, mode: Mode) -> Called<'_, Y> {
    let _local = Live::new("callee's local");
    event(format!("callee's body sees {} and {}", lent.name, own.name));
    Operand("awaiter 1", mode).await;
    Operand("awaiter 2", Mode::Stay).await;
    Live::new("callee's value")
}

/// How one run of a scenario went.
#[derive(Default)]
struct Run {
    log: Vec<String>,
    fired: Vec<String>,
    /// The panics that came out of it.
    surfaced: Vec<String>,
    /// What is wrong whatever the scenario.
    faults: Vec<String>,
}

impl Run {
    fn part<T>(&mut self, part: impl FnOnce() -> T) -> Option<T> {
        attempt(part).map_err(|panic| self.surfaced.push(panic)).ok()
    }

    fn check(&mut self, holds: bool, fault: impl Into<String>) {
        if !holds {
            self.faults.push(fault.into());
        }
    }

    fn handled(&self) -> usize {
        self.log.iter().filter(|event| event.contains("unhandled_exception(")).count()
    }
}

/// Any Rust function leaks its return value if, after it was made, a local or a parameter panics when it is dropped:
/// <https://github.com/rust-lang/rust/issues/47949>. The body is the user's, and rustc's to compile.
const LEAKS_THE_VALUE: [&str; 9] = [
    "drop local 1",
    "drop local 2",
    "drop first",
    "drop second",
    "drop inner local",
    "drop callee's local",
    "drop own",
    "drop caller's local",
    "drop argument",
];

/// A scenario is given the number of resumptions after which it destroys the coroutine.
type Scenario = fn(&mut Run, usize);

fn run(scenario: Scenario, resumptions: usize, armed: &[usize]) -> Run {
    support::reset(armed);
    support::silence("was resumed after its end");
    let mut run = Run::default();
    scenario(&mut run, resumptions);
    run.log = support::take_log();
    run.fired = support::fired();
    for alive in support::alive() {
        if !(alive.ends_with("value") && run.fired.iter().any(|event| LEAKS_THE_VALUE.contains(&event.as_str()))) {
            run.faults.push(format!("{alive} is still alive"));
        }
    }
    for dropped in support::dropped_twice() {
        run.faults.push(format!("{dropped} was dropped twice"));
    }
    run
}

fn with_owner<X: PanicPolicy<OwnedPromise<X>> + 'static>(run: &mut Run, resumptions: usize) {
    let Some(mut coroutine) = run.part(|| owned::<X>(Live::new("first"), Live::new("second"))) else { return };
    for _ in 0..resumptions {
        if coroutine.0.is_done() {
            break;
        }
        if run.part(|| coroutine.0.resume()).is_none() {
            run.check(coroutine.0.is_done(), "a panic came out, and it is not done");
        }
    }
    if coroutine.0.is_done() {
        run.check(coroutine.0.location().is_none(), "it is done and somewhere");
        let again = attempt(|| coroutine.0.resume());
        run.check(
            again.as_ref().is_err_and(|panic| panic == "coroutine `owned` was resumed after its end"),
            format!("resumed after its end: {again:?}"),
        );
    }
    run.part(|| drop(coroutine));
}

/// Resumes what is parked until nothing is, or drops it.
fn go_on(run: &mut Run, resumptions: usize) {
    for resumption in 0.. {
        let Some(parked) = support::unpark() else { break };
        run.part(|| if resumption < resumptions { parked.resume() } else { drop(parked) });
    }
}

fn detached<X: PanicPolicy<LoosePromise<X>> + 'static, const MODE: u8>(run: &mut Run, resumptions: usize) {
    run.part(|| drop(loose::<X>(Live::new("first"), Live::new("second"), mode(MODE))));
    go_on(run, resumptions);
}

fn calls<X, Y, const MODE: u8>(run: &mut Run, resumptions: usize)
where
    X: PanicPolicy<LoosePromise<X>> + 'static,
    Y: PanicPolicy<CalledPromise<Y>> + 'static,
{
    run.part(|| drop(caller::<X, Y>(Live::new("argument"), mode(MODE))));
    go_on(run, resumptions);
}

const STAY: u8 = 0;
const DROP: u8 = 1;
const RESUME: u8 = 2;

fn mode(number: u8) -> Mode {
    [Mode::Stay, Mode::Drop, Mode::Resume][usize::from(number)]
}

const TO_THE_END: usize = usize::MAX;

/// Panics at each event of a scenario, and at each two.
fn disturb(scenario: Scenario, resumptions: usize) {
    let undisturbed = run(scenario, resumptions, &[]);
    assert_eq!((undisturbed.faults, undisturbed.surfaced), (vec![], vec![]), "undisturbed");
    let mut wrong = Vec::new();
    for first in 0..undisturbed.log.len() {
        let once = run(scenario, resumptions, &[first]);
        let name = &undisturbed.log[first];
        wrong.extend(once.faults.iter().map(|fault| format!("panic at {name}: {fault}\n  log: {:?}", once.log)));
        if once.fired != [name.as_str()] || once.surfaced.len() + once.handled() != 1 {
            wrong.push(format!(
                "panic at {name}: came out: {:?}; went to hooks: {}; log: {:?}",
                once.surfaced,
                once.handled(),
                once.log
            ));
        }
        if let Some(other) = once.surfaced.iter().find(|panic| **panic != format!("injected at {name}")) {
            wrong.push(format!("panic at {name}: came out as {other:?}"));
        }
        for second in first + 1..once.log.len() {
            let twice = run(scenario, resumptions, &[first, second]);
            let received = twice.surfaced.len() + twice.handled();
            let names = twice.fired.join(" and ");
            wrong
                .extend(twice.faults.iter().map(|fault| format!("panics at {names}: {fault}\n  log: {:?}", twice.log)));
            if received == 0 || received > twice.fired.len() {
                wrong.push(format!("panics at {names}: {received} came out or went to hooks"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "destroyed after {resumptions} resumptions, {} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// To the end, and destroyed at each suspension before.
fn disturb_everywhere(scenario: Scenario, suspensions: usize) {
    assert_eq!(run(scenario, suspensions, &[]).log, run(scenario, TO_THE_END, &[]).log, "it does not suspend so often");
    for resumptions in (0..suspensions).chain([TO_THE_END]) {
        disturb(scenario, resumptions);
    }
}

#[test]
fn a_panic_anywhere_in_a_coroutine_with_an_owner_ends_it_cleanly() {
    disturb_everywhere(with_owner::<Propagate>, 4);
}

#[test]
fn a_panic_anywhere_in_a_coroutine_with_an_owner_and_unhandled_exception_ends_it_cleanly() {
    disturb_everywhere(with_owner::<Handled>, 4);
}

#[test]
fn a_panic_anywhere_in_a_detached_coroutine_ends_it_cleanly() {
    disturb_everywhere(detached::<Propagate, STAY>, 3);
}

#[test]
fn a_panic_anywhere_in_a_detached_coroutine_with_unhandled_exception_ends_it_cleanly() {
    disturb_everywhere(detached::<Handled, STAY>, 3);
}

#[test]
fn a_panic_anywhere_in_a_detached_coroutine_that_is_resumed_inside_await_suspend_ends_it_cleanly() {
    disturb_everywhere(detached::<Propagate, RESUME>, 2);
    disturb_everywhere(detached::<Handled, RESUME>, 2);
}

#[test]
fn a_panic_anywhere_in_a_detached_coroutine_that_is_dropped_inside_await_suspend_ends_it_cleanly() {
    disturb_everywhere(detached::<Propagate, DROP>, 1);
    disturb_everywhere(detached::<Handled, DROP>, 1);
}

#[test]
fn a_panic_anywhere_in_a_caller_or_its_callee_ends_both_cleanly() {
    disturb_everywhere(calls::<Propagate, Propagate, STAY>, 3);
}

#[test]
fn a_panic_anywhere_in_a_caller_or_its_callee_with_unhandled_exception_ends_both_cleanly() {
    disturb_everywhere(calls::<Handled, Propagate, STAY>, 3);
    disturb_everywhere(calls::<Propagate, Handled, STAY>, 3);
    disturb_everywhere(calls::<Handled, Handled, STAY>, 3);
}

#[test]
fn a_panic_anywhere_in_a_callee_that_is_resumed_inside_await_suspend_ends_both_cleanly() {
    disturb_everywhere(calls::<Propagate, Propagate, RESUME>, 2);
    disturb_everywhere(calls::<Handled, Handled, RESUME>, 2);
}

#[test]
fn a_panic_anywhere_in_a_callee_that_is_dropped_inside_await_suspend_ends_both_cleanly() {
    disturb_everywhere(calls::<Propagate, Propagate, DROP>, 0);
    disturb_everywhere(calls::<Handled, Handled, DROP>, 0);
}

/// The events of an undisturbed `scenario`: those whose panic goes to a hook, and the others.
fn received(scenario: Scenario) -> (Vec<String>, Vec<String>) {
    let log = run(scenario, TO_THE_END, &[]).log;
    let (handled, others): (Vec<_>, Vec<_>) =
        log.into_iter().enumerate().partition(|(event, _)| run(scenario, TO_THE_END, &[*event]).handled() == 1);
    let names = |events: Vec<(usize, String)>| events.into_iter().map(|(_, name)| name).collect();
    (names(handled), names(others))
}

#[test]
fn unhandled_exception_receives_the_panics_of_the_body_and_of_return_value_and_no_others() {
    let (handled, others) = received(with_owner::<Handled>);
    let outside = [
        "new",
        "get_return_object",
        "final_suspend",
        "FinalSuspend::final_suspend",
        "drop final",
        "drop promise",
        "drop value",
    ];
    assert_eq!(others, outside);
    assert_eq!(handled.first().map(String::as_str), Some("initial_suspend"));
    assert_eq!(handled.last().map(String::as_str), Some("return_value"));
}

#[test]
fn a_caller_with_unhandled_exception_receives_the_panics_of_its_callee() {
    let (handled, _) = received(calls::<Handled, Propagate, STAY>);
    let callee = handled.iter().filter(|event| event.contains("callee's")).map(String::as_str).collect::<Vec<_>>();
    let expected = [
        "callee's promise =",
        "callee's initial_suspend",
        "callee's get_return_object",
        "callee's into_handle",
        "callee's body sees argument and own",
        "callee's await_transform",
        "callee's await_transform",
        "drop callee's local",
        "callee's return_value",
        "callee's final_suspend",
        "callee's result",
        "drop callee's promise",
    ];
    assert_eq!(callee, expected);
}

/// Gives back what it holds, and panics when it is dropped.
struct Bomb(Option<Live>);

impl<X: PanicPolicy<LoosePromise<X>>> Awaiter<LoosePromise<X>> for Bomb {
    type Output = Live;

    fn await_ready(&mut self, _: &mut LoosePromise<X>) -> bool {
        true
    }

    fn await_suspend(
        &mut self,
        _: &mut LoosePromise<X>,
        own: Continuation<Detached>,
    ) -> Option<Continuation<Detached>> {
        Some(own)
    }

    fn await_resume(&mut self, _: &mut LoosePromise<X>) -> Live {
        self.0.take().expect("it is awaited once")
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::panic::resume_unwind(Box::new("the awaiter"));
        }
    }
}

#[coro::coroutine(initial = suspend_never)]
fn awaits_a_bomb() -> Loose<Propagate> {
    Bomb(Some(Live::new("output"))).await
}

#[test]
fn what_await_resume_made_is_dropped_when_the_drop_of_its_awaiter_panics() {
    support::reset(&[]);
    assert_eq!(attempt(|| drop(awaits_a_bomb())), Err("the awaiter".to_owned()));
    assert_eq!(support::alive(), [""; 0]);
}
