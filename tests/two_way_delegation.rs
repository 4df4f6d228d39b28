//! `co_yield!(..other)` of two-way coroutines: the innermost one is talked to, and what it returns is the value.
#![forbid(unsafe_code)]

mod support;

use coro::Resumed::{Complete, Yielded};
use coro::{Sendable, TwoWay, two_way};
use support::{Live, alive, attempt, dropped_twice, on_256_kib, reset};

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
