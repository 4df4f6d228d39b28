//! `co_yield!(..other)` of two-way coroutines: the innermost one is talked to, and what it returns is the value.
#![forbid(unsafe_code)]

mod support;

use std::fmt::Debug;
use std::pin::pin;
use std::time::{Duration, Instant};

use coro::Resumed::{Complete, Yielded};
use coro::{InPlace, ResumeError, Sendable, TwoWay, two_way, two_way_in};
use support::{Live, alive, attempt, dropped_twice, event, on_256_kib, reset};

type Sums = TwoWay<'static, u64, u64, u64>;

/// Sums up, one number at each level, and yields the depth; then comes back up and yields no more.
#[coro::coroutine]
fn nested(first: u64, depth: u64) -> Sums {
    if depth == 0 {
        return first;
    }
    let next = co_yield!(depth);
    first + co_yield!(..nested(next, depth - 1))
}

#[test]
fn each_level_gets_its_argument_and_gives_its_result_to_the_one_above() {
    let mut nested = two_way(|first| nested(first, 3));
    assert_eq!(nested.resume(1), Ok(Yielded(3)));
    assert_eq!(nested.resume(10), Ok(Yielded(2)));
    assert_eq!(nested.resume(100), Ok(Yielded(1)));
    assert_eq!(nested.resume(1000), Ok(Complete(1111)));
    assert_eq!(nested.resume(5).unwrap_err().into_argument(), 5);
}

/// Answers `count` times with the double, after all that `inner` answers.
#[coro::coroutine]
fn doubles(first: u64, inner: Option<Box<dyn FnOnce(u64) -> Sums>>, count: u64) -> Sums {
    let mut argument = first;
    let mut result = 0;
    if let Some(inner) = inner {
        result = co_yield!(..inner(argument));
        argument = co_yield!(result);
    }
    for _ in 0..count {
        argument = co_yield!(2 * argument);
    }
    result + argument
}

#[test]
fn the_one_that_delegated_goes_on_afterwards() {
    let mut doubles = two_way(|first| doubles(first, Some(Box::new(|first| nested(first, 1))), 2));
    let answers = [1, 2, 3, 4].map(|argument| doubles.resume(argument));
    assert_eq!(answers, [Ok(Yielded(1)), Ok(Yielded(3)), Ok(Yielded(6)), Ok(Yielded(8))]);
    assert_eq!(doubles.resume(5), Ok(Complete(8)));
}

#[test]
fn one_hundred_thousand_levels_need_no_stack_and_linear_time() {
    on_256_kib(|| {
        const DEPTH: u64 = 100_000;
        let mut nested = two_way(|first| nested(first, DEPTH));
        for depth in (1..=DEPTH).rev() {
            assert_eq!(nested.resume(1), Ok(Yielded(depth)));
        }
        assert_eq!(nested.resume(1), Ok(Complete(DEPTH + 1)));

        let mut dropped = two_way(|first| self::nested(first, DEPTH));
        for _ in 0..DEPTH {
            assert!(matches!(dropped.resume(1), Ok(Yielded(_))));
        }
    });
}

#[coro::coroutine(initial = suspend_never)]
fn eager(first: u64, yields: bool) -> Sums {
    if yields { first + co_yield!(first) } else { first }
}

#[test]
fn an_eager_one_loses_neither_its_first_output_nor_its_answer() {
    for yields in [false, true] {
        let mut doubles = two_way(|first| doubles(first, Some(Box::new(move |first| eager(first, yields))), 0));
        if yields {
            assert_eq!(doubles.resume(3), Ok(Yielded(3)));
            assert_eq!(doubles.resume(4), Ok(Yielded(7)));
            assert_eq!(doubles.resume(5), Ok(Complete(12)));
        } else {
            assert_eq!(doubles.resume(3), Ok(Yielded(3)));
            assert_eq!(doubles.resume(4), Ok(Complete(7)));
        }
    }
}

/// Delegates before anybody has resumed it, to one that yields.
#[coro::coroutine(initial = suspend_never)]
fn eager_nested(first: u64, depth: u64) -> Sums {
    co_yield!(..nested(first, depth))
}

#[test]
fn the_answer_to_an_eager_one_that_delegates_goes_to_the_innermost() {
    let mut doubles = two_way(|first| doubles(first, Some(Box::new(|first| eager_nested(first, 2))), 0));
    let answers = [1, 10, 100].map(|argument| doubles.resume(argument));
    assert_eq!(answers, [Ok(Yielded(2)), Ok(Yielded(1)), Ok(Yielded(111))]);
    assert_eq!(doubles.resume(1000), Ok(Complete(1111)));
}

#[coro::coroutine]
fn outer(first: u32, panics: bool) -> TwoWay<'static, u32, &'static str, &'static str> {
    let _held = Live::new("outer's");
    let _ = first;
    co_yield!(..inner(1, panics))
}

#[coro::coroutine]
fn inner(first: u32, panics: bool) -> TwoWay<'static, u32, &'static str, &'static str> {
    let _held = Live::new("inner's");
    let _ = first;
    co_yield!("waiting");
    assert!(!panics, "as it was told");
    "ended"
}

#[test]
fn a_panic_of_the_innermost_ends_them_all() {
    support::silence("as it was told");
    reset(&[]);
    let mut outer = two_way(|first| outer(first, true));
    assert_eq!(outer.resume(0), Ok(Yielded("waiting")));
    assert_eq!(outer.location().expect("it waits").function(), "inner");
    assert_eq!(attempt(|| outer.resume(0).is_ok()), Err("as it was told".to_owned()));
    assert!(outer.is_done() && outer.resume(7).is_err());
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
}

#[test]
fn dropped_half_way_they_drop_what_they_hold_innermost_first() {
    reset(&[]);
    let mut outer = two_way(|first| outer(first, false));
    assert_eq!(outer.resume(0), Ok(Yielded("waiting")));
    drop(outer);
    assert_eq!(support::take_log(), ["drop inner's", "drop outer's"]);
}

#[coro::coroutine]
fn sendable(first: u32, depth: u32) -> TwoWay<'static, u32, u32, u32, Sendable> {
    if depth > 0 {
        return co_yield!(..sendable(first, depth - 1));
    }
    co_yield!(first)
}

#[test]
fn those_that_are_sendable_change_threads_half_way() {
    let mut sendable = two_way(|first| sendable(first, 3));
    assert_eq!(sendable.resume(4), Ok(Yielded(4)));
    let end = std::thread::scope(|scope| scope.spawn(|| sendable.resume(5)).join().expect("no panic"));
    assert_eq!(end, Ok(Complete(5)));
}

/// A parser that is pushed: each level returns what it has read, and none the same type.
mod of_any_result {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Value {
        Number(u64),
        List(Vec<Value>),
    }

    /// Is given a character at a time, and gives how deep it is; returns with the first that is not its own.
    type Reads<R> = TwoWay<'static, char, usize, (R, char)>;

    #[coro::coroutine]
    fn value(first: char, depth: usize) -> Reads<Value> {
        if first == '[' {
            let (list, next) = co_yield!(..list(co_yield!(depth), depth + 1));
            return (Value::List(list), next);
        }
        let (number, next) = co_yield!(..number(first, depth));
        (Value::Number(number), next)
    }

    #[coro::coroutine]
    fn list(first: char, depth: usize) -> Reads<Vec<Value>> {
        let (mut values, mut next) = (vec![], first);
        while next != ']' {
            let item;
            (item, next) = co_yield!(..value(next, depth));
            values.push(item);
            if next == ',' {
                next = co_yield!(depth);
            }
        }
        (values, co_yield!(depth - 1))
    }

    #[coro::coroutine]
    fn number(first: char, depth: usize) -> Reads<u64> {
        let (mut number, mut next) = (0, first);
        while let Some(digit) = next.to_digit(10) {
            number = 10 * number + u64::from(digit);
            next = co_yield!(depth);
        }
        (number, next)
    }

    #[test]
    fn each_level_returns_what_it_likes_to_the_one_above() {
        let mut parser = two_way(|first| value(first, 0));
        let text = "[1,[22,[]],[[333]]]";
        let depths: Vec<_> = text
            .chars()
            .map(|it| match parser.resume(it) {
                Ok(Yielded(depth)) => depth,
                other => unreachable!("{other:?}"),
            })
            .collect();
        assert_eq!(depths, [0, 1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1, 2, 3, 3, 3, 2, 1, 0]);
        let Ok(Complete((value, end))) = parser.resume('.') else { panic!("it is complete") };
        assert_eq!(end, '.');
        let [one, two, three] = [1, 22, 333].map(Value::Number);
        let expected =
            vec![one, Value::List(vec![two, Value::List(vec![])]), Value::List(vec![Value::List(vec![three])])];
        assert_eq!(value, Value::List(expected));
    }

    /// Returns in turn a number and a text, so deep.
    #[coro::coroutine]
    fn number_of(first: u64, depth: u64) -> TwoWay<'static, u64, u64, u64> {
        let next = co_yield!(depth);
        if depth == 0 {
            return first + next;
        }
        first + co_yield!(..text_of(next, depth - 1)).len() as u64
    }

    #[coro::coroutine]
    fn text_of(first: u64, depth: u64) -> TwoWay<'static, u64, u64, String> {
        let next = co_yield!(depth);
        let number = if depth == 0 { 0 } else { co_yield!(..number_of(next, depth - 1)) };
        "x".repeat(usize::try_from(first + number).expect("it fits"))
    }

    /// How long it takes to go down so deep, to come up, and to drop another one there.
    fn time(depth: u64) -> Duration {
        let start = Instant::now();
        let mut down = two_way(|first| number_of(first, depth));
        for level in (0..=depth).rev() {
            assert_eq!(down.resume(u64::from(level == 0)), Ok(Yielded(level)));
        }
        assert_eq!(down.resume(1), Ok(Complete(2)));
        let mut dropped = two_way(|first| number_of(first, depth));
        for level in (0..=depth).rev() {
            assert_eq!(dropped.resume(0), Ok(Yielded(level)));
        }
        drop(dropped);
        start.elapsed()
    }

    #[test]
    fn one_hundred_thousand_levels_of_two_kinds_need_no_stack_and_linear_time() {
        on_256_kib(|| {
            let shortest = |depth| (0..3).map(|_| time(depth)).min().expect("three");
            let (small, large) = (shortest(100_000 / 64), shortest(100_000));
            assert!(large < small * 64 * 16, "{large:?} for the large one, {small:?} for the small one");
        });
    }

    /// So aligned that the promises of those that return it are elsewhere in their frames.
    #[derive(Debug, PartialEq)]
    #[repr(align(256))]
    struct Aligned(u32);

    #[coro::coroutine(initial = suspend_never)]
    fn aligned(first: String, depth: u32) -> TwoWay<'static, String, Box<str>, Aligned> {
        let next = co_yield!(first.into());
        let under = if depth == 0 { 0 } else { co_yield!(..length(next, depth - 1)) };
        Aligned(under + 1)
    }

    #[coro::coroutine]
    fn length(first: String, depth: u32) -> TwoWay<'static, String, Box<str>, u32> {
        let next = co_yield!(first.repeat(2).into());
        if depth == 0 { 0 } else { co_yield!(..aligned(next, depth - 1)).0 }
    }

    #[test]
    fn what_goes_in_and_out_is_found_however_the_results_are_aligned() {
        let mut outer = two_way(|first| length(first, 4));
        for (argument, answer) in [("a", "aa"), ("b", "b"), ("c", "cc"), ("d", "d"), ("e", "ee")] {
            assert_eq!(outer.resume(argument.to_owned()), Ok(Yielded(answer.into())));
        }
        assert_eq!(outer.resume("f".to_owned()), Ok(Complete(2)));

        let mut outer = two_way(|first| aligned(first, 1));
        assert_eq!(outer.resume("a".to_owned()), Ok(Yielded("a".into())));
        assert_eq!(outer.resume("b".to_owned()), Ok(Yielded("bb".into())));
        assert_eq!(outer.resume("c".to_owned()), Ok(Complete(Aligned(1))));
    }

    /// Begins before anybody has resumed the one that delegates to it, and delegates itself at once.
    #[coro::coroutine(initial = suspend_never)]
    fn eager_text(first: u64, yields: bool) -> TwoWay<'static, u64, u64, String> {
        let number = if yields { co_yield!(..nested(first, 1)) } else { first };
        number.to_string()
    }

    #[coro::coroutine]
    fn of_eager(first: u64, yields: bool) -> TwoWay<'static, u64, u64, usize> {
        let length = co_yield!(..eager_text(first, yields)).len();
        length + usize::try_from(co_yield!(99)).expect("it fits")
    }

    #[test]
    fn an_eager_one_loses_neither_its_first_output_nor_its_answer() {
        let mut outer = two_way(|first| of_eager(first, true));
        assert_eq!(outer.resume(100), Ok(Yielded(1)));
        assert_eq!(outer.resume(11), Ok(Yielded(99)));
        assert_eq!(outer.resume(4), Ok(Complete(7)));
        let mut outer = two_way(|first| of_eager(first, false));
        assert_eq!(outer.resume(12345), Ok(Yielded(99)));
        assert_eq!(outer.resume(4), Ok(Complete(9)));
    }

    #[coro::coroutine]
    fn in_place(first: u64) -> impl InPlace<TwoWay<'static, u64, u64, String>> {
        let length = co_yield!(..of_eager(first, true));
        length.to_string()
    }

    #[test]
    fn so_do_those_in_places() {
        let place = pin!(None);
        let mut outer = two_way_in(place, in_place);
        assert_eq!([100, 11].map(|it| outer.resume(it)), [Ok(Yielded(1)), Ok(Yielded(99))]);
        assert_eq!(outer.location().expect("it waits").function(), "of_eager");
        assert_eq!(outer.resume(4), Ok(Complete("7".to_owned())));

        #[coro::coroutine]
        fn goes_to_place<'p>(_first: u64, lent: TwoWay<'p, u64, u64, String>) -> TwoWay<'p, u64, u64, usize> {
            co_yield!(..lent).len()
        }
        let mut place = pin!(in_place(1000));
        {
            let lent = place.as_mut().coroutine();
            let mut outer = two_way(|first| goes_to_place(first, lent));
            assert_eq!([0, 22, 5].map(|it| outer.resume(it)), [Ok(Yielded(1)), Ok(Yielded(99)), Ok(Complete(1))]);
        }
        assert!(format!("{:?}", place.coroutine()).contains("ended"));
    }

    /// Everything is counted, but for what is returned: rustc would lose that if a local panicked as it is dropped
    /// (rust-lang/rust#47949).
    #[coro::coroutine]
    fn lively(_argument: Live, depth: usize) -> TwoWay<'static, Live, Live, usize> {
        let _local = Live::new("number's");
        let next = co_yield!(Live::new("out"));
        event("between");
        if depth == 0 { 0 } else { usize::from(co_yield!(..lively_flag(next, depth - 1))) }
    }

    #[coro::coroutine(initial = suspend_never)]
    fn lively_flag(_argument: Live, depth: usize) -> TwoWay<'static, Live, Live, bool> {
        let _local = Live::new("flag's");
        let next = co_yield!(Live::new("eager out"));
        event("between");
        depth > 0 && co_yield!(..lively(next, depth - 1)) > 0
    }

    fn all_of_lively(resumes: usize, armed: &[usize]) -> usize {
        reset(armed);
        {
            let mut outer = two_way(|first| lively(first, 3));
            for _ in 0..resumes {
                let was_done = outer.is_done();
                let given = attempt(|| outer.resume(Live::new("in")).map_err(ResumeError::into_argument));
                assert_eq!(matches!(given, Ok(Err(_))), was_done, "only what has ended gives it back");
                assert!(given.is_ok() || outer.is_done());
                let _ = attempt(|| drop(given));
            }
            let _ = attempt(|| drop(outer));
        }
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "{resumes}, {armed:?}: {:?}", support::log());
        support::log().len()
    }

    #[test]
    fn wherever_they_stop_or_panic_all_is_dropped_once() {
        for resumes in 0..=6 {
            for event in 0..all_of_lively(resumes, &[]) {
                all_of_lively(resumes, &[event]);
            }
        }
    }

    #[coro::coroutine]
    fn sendable_text(first: u32) -> TwoWay<'static, u32, u32, String, Sendable> {
        co_yield!(first).to_string()
    }

    #[coro::coroutine]
    fn sendable_length(first: u32) -> TwoWay<'static, u32, u32, usize, Sendable> {
        co_yield!(..sendable_text(first)).len()
    }

    #[test]
    fn those_that_are_sendable_change_threads_half_way() {
        fn elsewhere<T: Send + Debug>(does: impl FnOnce() -> T + Send) -> T {
            std::thread::scope(|scope| scope.spawn(does).join().expect("no panic"))
        }
        let mut outer = two_way(sendable_length);
        assert_eq!(outer.resume(1), Ok(Yielded(1)));
        assert_eq!(elsewhere(|| outer.resume(1234)), Ok(Complete(4)));
    }
}
