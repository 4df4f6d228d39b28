//! State machines: no signal is lost, and none is received after the end.
#![forbid(unsafe_code)]

mod support;

use std::error::Error;

use coro::{SendError, Signal, StateMachine};
use support::{Live, attempt};

/// A signal that cannot be copied.
#[derive(Debug, PartialEq, Eq)]
struct Press(&'static str);

#[coro::coroutine]
fn lazy(received: &mut Vec<Press>) -> StateMachine<'_, Press, usize> {
    received.push(Press("begun"));
    received.extend([Signal.await, Signal.await]);
    let last = Signal.await;
    received.push(last);
    received.len()
}

#[coro::coroutine(initial = suspend_never)]
fn eager(received: &mut Vec<Press>) -> StateMachine<'_, Press, usize> {
    received.push(Press("begun"));
    while received.len() < 4 {
        let next = Signal.await;
        received.push(next);
    }
    received.len()
}

/// Sends three signals, each of which must be received, and looks at the machine at each step.
fn send_three(mut machine: StateMachine<'_, Press, usize>) {
    for press in ["one", "two", "three"] {
        assert!(!machine.is_done() && machine.location().is_some());
        assert_eq!(machine.result(), None);
        assert_eq!(machine.send_signal(Press(press)), Ok(()));
    }
    assert!(machine.is_done() && machine.location().is_none());
    assert_eq!(machine.result(), Some(4));
    assert_eq!(machine.result(), None, "it was taken");
    assert!(machine.is_done());
}

const ALL: [Press; 4] = [Press("begun"), Press("one"), Press("two"), Press("three")];

#[test]
fn a_lazy_machine_begins_with_its_first_signal_and_loses_none() {
    let mut received = vec![];
    let machine = lazy(&mut received);
    drop(machine);
    assert_eq!(received, [], "it never began");
    send_three(lazy(&mut received));
    assert_eq!(received, ALL);
}

#[test]
fn an_eager_machine_waits_for_its_first_signal_and_loses_none() {
    let mut received = vec![];
    let machine = eager(&mut received);
    assert_eq!(machine.location().expect("it waits").expression(), "Signal.await");
    drop(machine);
    assert_eq!(received, [Press("begun")]);
    received.clear();
    send_three(eager(&mut received));
    assert_eq!(received, ALL);
}

#[coro::coroutine(initial = suspend_never)]
fn adds_up(limit: u32) -> StateMachine<'static, u32, Result<u32, std::num::ParseIntError>> {
    let mut sum = Signal.await + Signal.await;
    while sum < limit {
        sum += match Signal.await {
            0 => "nothing".parse::<u32>()?,
            more => more,
        };
    }
    Ok(sum)
}

fn sends(signals: &[u32]) -> Result<u32, Box<dyn Error>> {
    let mut machine = adds_up(10);
    for signal in signals {
        machine.send_signal(*signal)?;
    }
    Ok(machine.result().ok_or("it has not ended")??)
}

#[test]
fn a_machine_ends_by_return_or_question_mark_and_errors_go_through_question_marks() {
    assert_eq!(sends(&[3, 4, 5]).expect("a sum"), 12);
    assert_eq!(sends(&[10, 0]).expect("two signals are always received"), 10);
    assert_eq!(sends(&[3, 4]).expect_err("too few").to_string(), "it has not ended");
    assert_eq!(sends(&[3, 4, 0]).expect_err("refused").to_string(), "invalid digit found in string");
    let late = sends(&[3, 4, 5, 6]).expect_err("one too many");
    assert_eq!(late.to_string(), "signal sent to a state machine that has ended");
    assert_eq!(late.downcast_ref::<SendError<u32>>().expect("a `SendError`").into_signal(), 6);
}

/// A signal that cannot even be shown.
struct Opaque(Live);

#[coro::coroutine]
fn takes_one() -> StateMachine<'static, Opaque, Opaque> {
    Signal.await
}

#[test]
fn a_signal_that_comes_too_late_is_given_back_and_the_result_stays() {
    support::reset(&[]);
    let mut machine = takes_one();
    assert!(machine.send_signal(Opaque(Live::new("first"))).is_ok());
    let error = machine.send_signal(Opaque(Live::new("late"))).expect_err("it has ended");
    assert_eq!(format!("{error:?}"), "SendError(..)");
    let error: Box<dyn Error> = Box::new(error);
    assert!(error.source().is_none());
    let error = error.downcast::<SendError<Opaque>>().expect("it is one");
    assert_eq!(error.into_signal().0.name, "late");
    assert_eq!(machine.result().expect("it has ended").0.name, "first");
    assert_eq!((support::take_log(), support::alive()), (vec!["drop late".into(), "drop first".into()], vec![]));
}

#[coro::coroutine(initial = suspend_never)]
fn panics_at(wrong: u32, _: Live) -> StateMachine<'static, u32, ()> {
    let _local = Live::new("local");
    while Signal.await != wrong {}
    std::panic::resume_unwind(Box::new("wrong"));
}

#[test]
fn a_machine_that_panics_has_ended_without_a_result() {
    support::reset(&[]);
    let mut machine = panics_at(2, Live::new("argument"));
    assert_eq!(machine.send_signal(1), Ok(()));
    assert_eq!(attempt(|| machine.send_signal(2)), Err("wrong".to_owned()));
    assert_eq!(support::take_log(), ["drop local", "drop argument"]);
    assert!(machine.is_done() && machine.location().is_none());
    assert_eq!(machine.result(), None);
    assert_eq!(machine.send_signal(3).map_err(SendError::into_signal), Err(3));
}

#[test]
fn a_machine_that_is_dropped_while_it_waits_drops_its_locals_and_parameters() {
    support::reset(&[]);
    let mut machine = panics_at(2, Live::new("argument"));
    assert_eq!(machine.send_signal(1), Ok(()));
    drop(machine);
    assert_eq!(support::take_log(), ["drop local", "drop argument"]);
}

#[test]
fn the_location_says_which_signal_the_machine_waits_for() {
    let mut received = vec![];
    let mut machine = lazy(&mut received);
    let mut places = vec![];
    while let Some(location) = machine.location() {
        assert_eq!(location.function(), "lazy");
        places.push((location.line(), location.column(), location.expression()));
        assert_eq!(machine.send_signal(Press("on")), Ok(()));
    }
    let expressions: Vec<_> = places.iter().map(|(.., expression)| *expression).collect();
    assert_eq!(expressions, ["initial suspend", "Signal.await", "Signal.await"]);
    assert!(places.is_sorted(), "{places:?}");
}

#[coro::coroutine]
fn takes_none() -> StateMachine<'static, u32, &'static str> {
    "over"
}

#[test]
fn a_signal_that_a_machine_ends_without_asking_for_is_given_back() {
    let mut machine = takes_none();
    assert_eq!(machine.send_signal(7).map_err(SendError::into_signal), Err(7));
    assert!(machine.is_done());
    assert_eq!(machine.result(), Some("over"));
}

#[coro::coroutine]
fn returns_its_signal(_: Live) -> StateMachine<'static, Live, Live> {
    let first = Signal.await;
    drop(first);
    Signal.await
}

#[test]
fn a_machine_that_never_began_drops_its_parameters_and_a_result_that_nobody_takes_goes_with_it() {
    support::reset(&[]);
    drop(returns_its_signal(Live::new("argument")));
    assert_eq!(support::take_log(), ["drop argument"]);
    let mut machine = returns_its_signal(Live::new("argument"));
    assert!(machine.send_signal(Live::new("first")).is_ok() && machine.send_signal(Live::new("second")).is_ok());
    assert_eq!(
        (support::take_log(), support::alive()),
        (vec!["drop first".into(), "drop argument".into()], vec!["second"])
    );
    drop(machine);
    assert_eq!((support::take_log(), support::dropped_twice()), (vec!["drop second".to_owned()], vec![]));
}
