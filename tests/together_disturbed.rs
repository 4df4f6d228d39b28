//! S7 for groups and scopes: a panic at every event of a scenario, and at every two of them, keeps nothing alive and
//! drops nothing twice. What tests/panics.rs does for one coroutine.
#![forbid(unsafe_code)]

mod support;

use coro::{Handled, PanicPolicy, Propagate, Scope, when_all, when_any};
use support::{Called, CalledPromise, Live, Loose, LoosePromise, Mode, Operand, Probe, attempt, event};

#[coro::coroutine(promise = Probe::named("callee's promise"))]
fn called<Y: PanicPolicy<CalledPromise<Y>> + 'static>(lent: &Live, own: Live, mode: Mode) -> Called<'_, Y> {
    let _local = Live::new("callee's local");
    event(format!("callee's body sees {} and {}", lent.name, own.name));
    Operand("awaiter", mode).await;
    Live::new("value")
}

/// Resumes its rival when it is resumed itself, and is busy then.
#[coro::coroutine(promise = Probe::named("callee's promise"))]
fn busy<Y: PanicPolicy<CalledPromise<Y>> + 'static>(lent: &Live, own: Live) -> Called<'_, Y> {
    let _local = Live::new("callee's local");
    Operand("awaiter", Mode::Stay).await;
    event(format!("busy, sees {} and {}", lent.name, own.name));
    if let Some(rival) = support::unpark() {
        rival.resume();
    }
    event("busy goes on");
    Operand("awaiter", Mode::Stay).await;
    Live::new("value")
}

#[coro::coroutine(initial = suspend_never)]
fn all<X, Y>(argument: Live, mode: Mode) -> Loose<X>
where
    X: PanicPolicy<LoosePromise<X>> + 'static,
    Y: PanicPolicy<CalledPromise<Y>> + 'static,
{
    let _local = Live::new("caller's local");
    let branch = |mode| called::<Y>(&argument, Live::new("own"), mode);
    let (one, [other]) = when_all((branch(Mode::Stay), when_all([branch(mode)]))).await;
    drop(other);
    one.unwrap_or_else(|| Live::new("value"))
}

#[coro::coroutine(initial = suspend_never)]
fn any<X, Y>(argument: Live, mode: Mode) -> Loose<X>
where
    X: PanicPolicy<LoosePromise<X>> + 'static,
    Y: PanicPolicy<CalledPromise<Y>> + 'static,
{
    let _local = Live::new("caller's local");
    let branch = |mode| called::<Y>(&argument, Live::new("own"), mode);
    let (_, value) = when_any([branch(Mode::Stay), branch(mode), branch(Mode::Stay)]).await;
    value.unwrap_or_else(|| Live::new("value"))
}

#[coro::coroutine(initial = suspend_never)]
fn race<X, Y>(argument: Live) -> Loose<X>
where
    X: PanicPolicy<LoosePromise<X>> + 'static,
    Y: PanicPolicy<CalledPromise<Y>> + 'static,
{
    let _local = Live::new("caller's local");
    let rival = called::<Y>(&argument, Live::new("own"), Mode::Stay);
    let busy = busy::<Y>(&argument, Live::new("own"));
    let first = when_any((busy, rival)).await;
    event("caller goes on");
    drop(first);
    Live::new("value")
}

#[coro::coroutine(promise = Probe::named("callee's promise"))]
fn member(argument: Live, mode: Mode) -> Called<'static, Propagate> {
    let branch = |mode| called::<Propagate>(&argument, Live::new("own"), mode);
    let (_, value) = when_any([branch(Mode::Stay), branch(mode)]).await;
    value.unwrap_or_else(|| Live::new("value"))
}

#[coro::coroutine(initial = suspend_never)]
fn joins(scope: Scope) -> Loose<Propagate> {
    scope.join().await;
    Live::new("value")
}

type Scenario = fn(usize) -> Vec<String>;

/// Runs each part, and returns the panics that came out.
fn parts(start: impl FnOnce(), resumptions: usize) -> Vec<String> {
    let mut surfaced = vec![];
    surfaced.extend(attempt(start).err());
    for resumption in 0.. {
        let Some(parked) = support::unpark() else { break };
        surfaced.extend(attempt(|| if resumption < resumptions { parked.resume() } else { drop(parked) }).err());
    }
    surfaced
}

struct Run {
    log: Vec<String>,
    fired: Vec<String>,
    received: usize,
    faults: Vec<String>,
}

fn run(scenario: Scenario, resumptions: usize, armed: &[usize]) -> Run {
    support::reset(armed);
    let surfaced = scenario(resumptions);
    let (log, fired) = (support::take_log(), support::fired());
    let handled = log.iter().filter(|event| event.contains("unhandled_exception(")).count();
    // rust-lang/rust#47949: see tests/panics.rs.
    let leaks = |alive: &&str| *alive == "value" && fired.iter().any(|event| event.starts_with("drop "));
    let alive = support::alive().into_iter().filter(|alive| !leaks(alive)).map(|alive| format!("{alive} is alive"));
    let twice = support::dropped_twice().into_iter().map(|dropped| format!("{dropped} was dropped twice"));
    Run { faults: alive.chain(twice).collect(), received: surfaced.len() + handled, log, fired }
}

fn disturb(scenario: Scenario, resumptions: usize) {
    let mut wrong = vec![];
    let undisturbed = run(scenario, resumptions, &[]);
    assert_eq!((undisturbed.faults, undisturbed.received), (vec![], 0));
    for first in 0..undisturbed.log.len() {
        let once = run(scenario, resumptions, &[first]);
        let name = once.fired.join(" and ");
        wrong.extend(once.faults.iter().map(|fault| format!("panic at {name}: {fault}\n  log: {:?}", once.log)));
        if once.received != once.fired.len() {
            wrong.push(format!("panic at {name}: {} received\n  log: {:?}", once.received, once.log));
        }
        for second in first + 1..once.log.len() {
            let twice = run(scenario, resumptions, &[first, second]);
            let names = twice.fired.join(" and ");
            wrong
                .extend(twice.faults.iter().map(|fault| format!("panics at {names}: {fault}\n  log: {:?}", twice.log)));
            if twice.received == 0 || twice.received > twice.fired.len() {
                wrong.push(format!("panics at {names}: {} received\n  log: {:?}", twice.received, twice.log));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "after {resumptions} resumptions, {} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
}

#[test]
fn a_panic_anywhere_in_when_all_ends_it_cleanly() {
    for resumptions in [0, 1, 2, 9] {
        disturb(|n| parts(|| drop(all::<Propagate, Propagate>(Live::new("argument"), Mode::Stay)), n), resumptions);
    }
    disturb(|n| parts(|| drop(all::<Handled, Propagate>(Live::new("argument"), Mode::Stay)), n), 9);
    disturb(|n| parts(|| drop(all::<Propagate, Handled>(Live::new("argument"), Mode::Resume)), n), 9);
    disturb(|n| parts(|| drop(all::<Propagate, Propagate>(Live::new("argument"), Mode::Drop)), n), 9);
}

#[test]
fn a_panic_anywhere_in_when_any_ends_it_cleanly() {
    for resumptions in [0, 1, 2, 9] {
        disturb(|n| parts(|| drop(any::<Propagate, Propagate>(Live::new("argument"), Mode::Stay)), n), resumptions);
    }
    disturb(|n| parts(|| drop(any::<Handled, Propagate>(Live::new("argument"), Mode::Ready)), n), 9);
    disturb(|n| parts(|| drop(any::<Propagate, Handled>(Live::new("argument"), Mode::Resume)), n), 9);
    disturb(|n| parts(|| drop(any::<Propagate, Propagate>(Live::new("argument"), Mode::Drop)), n), 9);
}

#[test]
fn a_panic_anywhere_in_a_race_with_a_busy_loser_ends_it_cleanly() {
    disturb(|n| parts(|| drop(race::<Propagate, Propagate>(Live::new("argument"))), n), 9);
    disturb(|n| parts(|| drop(race::<Handled, Propagate>(Live::new("argument"))), n), 9);
    disturb(|n| parts(|| drop(race::<Propagate, Handled>(Live::new("argument"))), n), 9);
}

#[test]
fn a_panic_anywhere_in_a_scope_ends_it_cleanly() {
    fn scenario(resumptions: usize, cancels: bool) -> Vec<String> {
        let scope = Scope::new();
        let mut surfaced = vec![];
        let mut spawned = None;
        let start = || spawned = Some(scope.spawn(member(Live::new("argument"), Mode::Stay)));
        surfaced.extend(attempt(start).err());
        surfaced.extend(attempt(|| drop(joins(scope.clone()))).err());
        if cancels && let Some(spawned) = spawned {
            surfaced.extend(attempt(|| spawned.cancel()).err());
            assert!(spawned.is_done() && scope.is_empty());
        }
        surfaced.extend(parts(|| {}, resumptions));
        assert!(scope.is_empty());
        surfaced
    }
    disturb(|n| scenario(n, true), 9);
    disturb(|n| scenario(n, false), 0);
    disturb(|n| scenario(n, false), 9);
}
