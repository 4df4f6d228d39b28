//! Two-way coroutines: every argument reaches the body, every output reaches the resumer, and after the end the argument comes back.
#![forbid(unsafe_code)]

mod support;

use std::error::Error;
use std::num::ParseIntError;

use coro::Resumed::{Complete, Yielded};
use coro::{ResumeError, TwoWay, two_way};
use support::{Live, attempt};

/// Yields what it has been told so far; ends when it is told `"bye"`.
#[coro::coroutine]
fn repeats(first: &'static str) -> TwoWay<'static, &'static str, Vec<&'static str>, usize> {
    let mut told = vec![first];
    while told.last() != Some(&"bye") {
        let next = co_yield!(told.clone());
        told.push(next);
    }
    told.len()
}

#[test]
fn every_argument_reaches_the_body_the_first_one_included() {
    let mut repeats = two_way(repeats);
    assert_eq!(repeats.resume("a"), Ok(Yielded(vec!["a"])));
    assert_eq!(repeats.resume("b"), Ok(Yielded(vec!["a", "b"])));
    assert!(!repeats.is_done());
    assert_eq!(repeats.resume("bye"), Ok(Complete(3)));
    assert!(repeats.is_done());
}

#[test]
fn a_body_that_yields_nothing_ends_at_the_first_resume() {
    let mut repeats = two_way(repeats);
    assert_eq!(repeats.resume("bye"), Ok(Complete(1)));
    assert_eq!(repeats.resume("a").map_err(ResumeError::into_argument), Err("a"));
}

/// A yield whose output is the answer to another one.
#[coro::coroutine]
fn nested(first: u32) -> TwoWay<'static, u32, u32> {
    co_yield!(co_yield!(first * 10) * 10 + co_yield!(0));
}

#[test]
fn yields_inside_yields_are_answered_in_order() {
    let mut nested = two_way(nested);
    assert_eq!([1, 2, 3].map(|argument| nested.resume(argument)), [10, 0, 23].map(|out| Ok(Yielded(out))));
    assert_eq!(nested.resume(4), Ok(Complete(())));
}

#[coro::coroutine]
fn adds_up(first: &str) -> TwoWay<'_, &str, u32, Result<u32, ParseIntError>> {
    let (mut sum, mut text) = (0, first);
    while !text.is_empty() {
        sum += text.parse::<u32>()?;
        text = co_yield!(sum);
    }
    Ok(sum)
}

fn adds(texts: &[&'static str]) -> Result<u32, Box<dyn Error>> {
    let mut adder = two_way(|first| adds_up(first));
    for text in texts {
        if let Complete(sum) = adder.resume(text)? {
            return Ok(sum?);
        }
    }
    Err("it goes on".into())
}

#[test]
fn a_body_ends_by_return_or_question_mark_and_errors_go_through_question_marks() {
    assert_eq!(adds(&["1", "2", ""]).expect("a sum"), 3);
    assert_eq!(adds(&["1", "two", ""]).expect_err("no number").to_string(), "invalid digit found in string");
    assert_eq!(adds(&["1"]).expect_err("no end").to_string(), "it goes on");
    let mut ended = two_way(|first| adds_up(first));
    assert_eq!(ended.resume(""), Ok(Complete(Ok(0))));
    let error: Box<dyn Error> = ended.resume("late").expect_err("it has ended").into();
    assert_eq!((error.to_string(), error.source().is_none()), ("resumed a coroutine that has ended".into(), true));
}

/// An argument that cannot be copied or shown.
struct Opaque(Live);

/// Keeps its first argument, overwrites the second by the third, does not look at the fourth, returns the last.
#[coro::coroutine]
fn every_use(config: Live, first: Opaque) -> TwoWay<'static, Opaque, Live, Opaque> {
    let mut kept = co_yield!(Live::new("out 1"));
    support::event(format!("overwrites {}", kept.0.name));
    kept = co_yield!(Live::new("out 2"));
    support::event("ignores");
    co_yield!(Live::new("out 3"));
    support::event("returns");
    let last = co_yield!(Live::new("out 4"));
    drop((kept, config, first));
    last
}

const ARGUMENTS: [&str; 5] = ["first", "second", "third", "fourth", "last"];

#[test]
fn arguments_are_dropped_where_the_body_drops_them_and_what_it_gives_is_the_resumers() {
    support::reset(&[]);
    let config = Live::new("config");
    let mut resumable = two_way(|first| every_use(config, first));
    let given: Vec<_> = ARGUMENTS.map(|name| resumable.resume(Opaque(Live::new(name)))).into();
    assert_eq!(
        support::take_log(),
        [
            "overwrites second",
            "drop second",
            "ignores",
            "drop fourth",
            "returns",
            "drop third",
            "drop config",
            "drop first"
        ]
    );
    assert_eq!(support::alive(), ["out 1", "out 2", "out 3", "out 4", "last"]);
    assert!(matches!(&given[4], Ok(Complete(Opaque(last))) if last.name == "last"));
    drop(resumable);
    drop(given);
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
}

#[test]
fn a_coroutine_drops_what_it_holds_wherever_it_is_dropped() {
    let expected: [&[&str]; 5] = [
        &["drop config"],
        &["drop first", "drop config"],
        &["drop second", "drop first", "drop config"],
        &["drop third", "drop first", "drop config"],
        &["drop third", "drop first", "drop config"],
    ];
    for (resumes, expected) in expected.into_iter().enumerate() {
        support::reset(&[]);
        let config = Live::new("config");
        let mut resumable = two_way(|first| every_use(config, first));
        for name in &ARGUMENTS[..resumes] {
            assert!(matches!(resumable.resume(Opaque(Live::new(name))), Ok(Yielded(_))));
        }
        support::take_log();
        drop(resumable);
        assert_eq!(support::take_log(), expected, "after {resumes}");
        assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
    }
}

#[test]
fn after_the_end_each_argument_comes_back_as_it_was() {
    support::reset(&[]);
    let mut resumable = two_way(|first| every_use(Live::new("config"), first));
    for name in ARGUMENTS {
        assert!(resumable.resume(Opaque(Live::new(name))).is_ok());
    }
    for name in ["late", "later"] {
        let error = resumable.resume(Opaque(Live::new(name))).err().expect("it has ended");
        assert_eq!((format!("{error:?}"), error.into_argument().0.name), ("ResumeError(..)".to_owned(), name));
    }
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
}

#[coro::coroutine]
fn panics_after(yields: u32, first: Live) -> TwoWay<'static, Live, Live> {
    let _local = Live::new("local");
    for _ in 0..yields {
        let _answer = co_yield!(Live::new("out"));
    }
    drop(first);
    std::panic::resume_unwind(Box::new("enough"));
}

#[coro::coroutine(initial = suspend_never)]
fn eager_panic(first: Live) -> TwoWay<'static, Live, Live> {
    drop(first);
    std::panic::resume_unwind(Box::new("enough"));
}

#[test]
fn a_coroutine_that_panics_has_ended_wherever_it_panics() {
    for yields in 0..3 {
        support::reset(&[]);
        let mut resumable = two_way(|first| panics_after(yields, first));
        for _ in 0..yields {
            assert!(matches!(resumable.resume(Live::new("argument")), Ok(Yielded(out)) if out.name == "out"));
        }
        support::take_log();
        assert_eq!(attempt(|| resumable.resume(Live::new("argument"))).map(drop), Err("enough".to_owned()));
        let log = support::take_log();
        assert_eq!(log[log.len() - 2..], ["drop argument", "drop local"], "after {yields}");
        assert_eq!((support::alive(), resumable.is_done()), (vec![], true));
        let mut late = || resumable.resume(Live::new("late")).map(drop).map_err(|error| error.into_argument().name);
        assert_eq!([late(), late()], [Err("late"); 2]);
        assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
    }
}

#[test]
fn a_function_that_panics_before_there_is_a_coroutine_has_ended_too() {
    let closure_panics = |_: Live| -> TwoWay<'static, Live, Live> { std::panic::resume_unwind(Box::new("enough")) };
    support::reset(&[]);
    for begin in [closure_panics, eager_panic] {
        let mut resumable = two_way(begin);
        assert_eq!(attempt(|| resumable.resume(Live::new("argument"))).map(drop), Err("enough".to_owned()));
        assert!(resumable.is_done() && resumable.location().is_none());
        assert_eq!(format!("{resumable:?}"), "Resumable(ended)");
        let late = resumable.resume(Live::new("late")).expect_err("it has ended");
        assert_eq!(late.into_argument().name, "late");
    }
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
}

/// Says everything to `every_use`, with panics in the events at the places `armed`. Says how many events there were.
fn all_of_every_use(armed: &[usize]) -> usize {
    support::reset(armed);
    let config = Live::new("config");
    let mut resumable = two_way(|first| every_use(config, first));
    for name in ARGUMENTS {
        let was_done = resumable.is_done();
        let given = attempt(|| resumable.resume(Opaque(Live::new(name))).map_err(ResumeError::into_argument));
        assert_eq!(matches!(given, Ok(Err(_))), was_done, "only what has ended gives {name} back");
        assert!(given.is_ok() || resumable.is_done());
        // The drop of what it gave may panic, too.
        let _ = attempt(|| drop(given));
    }
    let _ = attempt(|| drop(resumable));
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]), "{armed:?}: {:?}", support::log());
    assert_eq!(support::fired().len(), armed.len());
    support::log().len()
}

#[test]
fn a_panic_anywhere_ends_it_cleanly() {
    let events = all_of_every_use(&[]);
    assert!(events > 10);
    for event in 0..events {
        all_of_every_use(&[event]);
    }
}

#[test]
fn swapped_coroutines_stay_what_they_are() {
    let (mut one, mut two) = (two_way(counts), two_way(counts));
    assert_eq!((one.resume(1), two.resume(20)), (Ok(Yielded(1)), Ok(Yielded(20))));
    std::mem::swap(&mut one, &mut two);
    assert_eq!((one.resume(20), two.resume(1)), (Ok(Yielded(40)), Ok(Yielded(2))));
}

#[coro::coroutine(initial = suspend_never)]
fn eager(first: u32) -> TwoWay<'static, u32, u32, u32> {
    if first == 0 {
        return 0;
    }
    first + co_yield!(first)
}

#[test]
fn an_eager_one_loses_neither_its_first_argument_nor_its_first_output() {
    let mut begun = two_way(eager);
    assert_eq!([begun.resume(1), begun.resume(2)], [Ok(Yielded(1)), Ok(Complete(3))]);
    let mut at_once = two_way(eager);
    assert_eq!(at_once.resume(0), Ok(Complete(0)));
    assert_eq!(at_once.resume(5).map_err(ResumeError::into_argument), Err(5));
}

#[test]
fn it_shows_where_it_waits() {
    let mut nested = two_way(nested);
    assert_eq!(format!("{nested:?}"), "Resumable(not begun)");
    assert!(nested.location().is_none() && !nested.is_done());
    let mut places = vec![];
    for argument in 1..4 {
        assert!(matches!(nested.resume(argument), Ok(Yielded(_))));
        let location = nested.location().expect("it waits");
        assert_eq!(location.function(), "nested");
        assert_eq!(format!("{nested:?}"), format!("Resumable(TwoWay({location}))"));
        places.push(location.expression());
    }
    assert_eq!((places[0], places[1]), ("co_yield!(first * 10)", "co_yield!(0)"));
    assert_eq!(nested.resume(4), Ok(Complete(())));
    assert!(nested.location().is_none() && nested.is_done());
    assert_eq!(format!("{nested:?}"), "Resumable(TwoWay(nested, ended))");
}

#[coro::coroutine]
fn addresses((): ()) -> TwoWay<'static, (), (usize, bool)> {
    let local = [7_u8; 64];
    let borrow = &local;
    loop {
        co_yield!((std::ptr::from_ref(&local).addr(), std::ptr::eq(borrow, &raw const local)));
    }
}

#[test]
fn locals_stay_where_they_are_when_the_coroutine_is_moved() {
    let mut on_stack = two_way(addresses);
    let first = on_stack.resume(());
    let mut boxed = Box::new([None, Some(on_stack)]);
    let second = boxed[1].as_mut().expect("it is there").resume(());
    let mut moved = vec![two_way(addresses), boxed[1].take().expect("it is there")].swap_remove(1);
    assert_eq!([second, moved.resume(())], [first; 2]);
    assert!(matches!(first, Ok(Yielded((_, true)))), "its borrow points at it");
}

trait Answers {
    fn answer<'a>(&'a self, first: &'a str) -> TwoWay<'a, &'a str, Option<&'a str>, usize>;
}

struct Dictionary([(String, String); 2]);

impl Answers for Dictionary {
    /// Looks words up, until one is empty; then says how many there were.
    #[coro::coroutine]
    fn answer<'a>(&'a self, first: &'a str) -> TwoWay<'a, &'a str, Option<&'a str>, usize> {
        let (mut word, mut asked) = (first, 0);
        while !word.is_empty() {
            asked += 1;
            let entry = self.0.iter().find(|(known, _)| known == word);
            word = co_yield!(entry.map(|(_, meaning)| meaning.as_str()));
        }
        asked
    }
}

#[test]
fn a_method_of_a_trait_can_be_one_and_borrow_what_it_is_asked_and_answers() {
    let entries = [("uno", "one"), ("due", "two")].map(|(word, meaning)| (word.to_owned(), meaning.to_owned()));
    let (dictionary, question) = (Dictionary(entries), String::from("due"));
    let answers: &dyn Answers = &dictionary;
    let mut dictionary = two_way(|first| answers.answer(first));
    assert_eq!(dictionary.resume(&question), Ok(Yielded(Some("two"))));
    assert_eq!(dictionary.resume("tre"), Ok(Yielded(None)));
    assert_eq!(dictionary.resume(""), Ok(Complete(2)));
}

#[coro::coroutine]
fn counts(first: u64) -> TwoWay<'static, u64, u64> {
    let (mut sum, mut next) = (0, first);
    loop {
        sum += next;
        next = co_yield!(sum);
    }
}

#[test]
fn a_million_resumes_need_no_stack() {
    support::on_256_kib(|| {
        let mut counts = two_way(counts);
        let last = (1..=1_000_000).map(|number| counts.resume(number)).last();
        assert_eq!(last, Some(Ok(Yielded(500_000_500_000))));
    });
}
