//! `co_yield!` and `co_await!`: row 26a of the table of syntax.
#![forbid(unsafe_code)]
#![deny(warnings)]
// The code is odd on purpose. That what is emitted is silent, `tests/lint` checks.
#![allow(clippy::all)]

mod syntax_support;

use std::num::ParseIntError;

use coro::Generator;
use syntax_support::{Steps, give};

#[test]
fn co_yield_coerces_like_a_function_argument() {
    #[coro::coroutine]
    fn closures() -> Generator<'static, Box<dyn Fn() -> u32>> {
        co_yield!(Box::new(|| 1));
        let two = 2;
        co_yield!(Box::new(move || two));
    }
    #[coro::coroutine]
    fn slices<'a>(more: &'a mut Vec<u32>) -> Generator<'a, &'a [u32]> {
        co_yield!(&[1, 2, 3]);
        co_yield!(more);
    }
    #[coro::coroutine]
    fn fallible() -> Steps<'static, Result<(), ParseIntError>> {
        co_yield!("3".parse::<u32>()?.to_string());
        Ok(())
    }
    #[coro::coroutine]
    fn parsed() -> Generator<'static, u8> {
        co_yield!("3".parse().unwrap_or_default());
        co_yield!(4,);
        co_yield![5];
        co_yield! { 6 }
        co_yield! { 7 }
    }
    #[coro::coroutine]
    fn units() -> Generator<'static, ()> {
        co_yield!();
        co_yield!(());
    }
    #[coro::coroutine]
    fn ranges() -> Generator<'static, std::ops::RangeInclusive<u8>> {
        co_yield!(1..=5);
    }
    #[coro::coroutine]
    fn open_ranges() -> Generator<'static, std::ops::RangeToInclusive<u8>> {
        co_yield!(..=5);
    }
    #[coro::coroutine]
    fn full_range() -> Generator<'static, std::ops::RangeFull> {
        co_yield!(..);
        co_yield!((..));
    }
    assert_eq!(closures().map(|closure| closure()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(slices(&mut vec![4]).map(<[u32]>::to_vec).collect::<Vec<_>>(), [vec![1, 2, 3], vec![4]]);
    assert_eq!(fallible().finish(), Ok(()));
    assert_eq!(parsed().collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    assert_eq!(units().count(), 2);
    assert_eq!(ranges().flatten().sum::<u8>(), 15);
    assert_eq!(open_ranges().next(), Some(..=5));
    assert_eq!(full_range().count(), 2);
}

#[test]
fn co_yield_delegates_with_two_dots() {
    #[coro::coroutine]
    fn numbers(from: u32) -> Generator<'static, u32> {
        if from < 3 {
            co_yield!(from);
            co_yield!(..numbers(from + 1));
            co_yield!(..numbers(from + 1),);
        }
    }
    assert_eq!(numbers(0).collect::<Vec<_>>(), [0, 1, 2, 2, 1, 2, 2]);
}

#[test]
fn co_await_is_await() {
    #[coro::coroutine]
    fn both() -> Steps<'static, u32> {
        co_await!(give("", 1)) + co_await!(give("", 2),) + co_await![give("", co_await! { give("", 3) })]
    }
    assert_eq!(both().finish(), 6);
}
