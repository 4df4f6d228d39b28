//! Two-way coroutines that are leaked half-way, with those that they delegate to. Run with
//! `ASAN_OPTIONS=detect_leaks=0`.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::mem::forget;
use std::pin::pin;

use coro::Resumed::{Complete, Yielded};
use coro::{InPlace, NewPromise, TwoWay, TwoWayPromise, YieldFrom, two_way, two_way_in};

type Talk<'a, R> = TwoWay<'a, u32, u32, R>;

/// Writes to what it borrows whenever it goes on.
#[coro::coroutine]
fn counts<'a>(first: u32, runs: &'a Cell<u32>) -> impl InPlace<Talk<'a, String>> {
    let mut sum = first;
    while runs.replace(runs.get() + 1) < 5 {
        sum += co_yield!(sum);
    }
    sum.to_string()
}

/// Borrows on, and returns something of another size and alignment.
#[coro::coroutine]
fn delegates<'a>(_first: u32, other: Talk<'a, String>, text: &'a str) -> Talk<'a, u128> {
    let length = co_yield!(..other).len();
    u128::from(co_yield!(0)) + u128::try_from(text.len() + length).expect("it fits")
}

#[test]
fn one_that_is_leaked_half_way_leaves_what_it_borrowed_alone() {
    let runs = Cell::new(0);
    let text = String::from("text");
    {
        let mut place = Box::pin(counts(7, &runs));
        let lent = place.as_mut().coroutine();
        let mut talk = two_way(|first| delegates(first, lent, &text));
        assert_eq!(talk.resume(1), Ok(Yielded(7)));
        assert_eq!(talk.resume(2), Ok(Yielded(9)));
        forget(talk);
        // What it delegated to belongs to its place still.
        let shown = format!("{:?}", place.as_mut().coroutine());
        assert!(shown.starts_with("TwoWay(counts at"), "{shown}");
    }
    assert_eq!(runs.get(), 2);
    {
        let mut place = Box::pin(counts(7, &runs));
        let lent = place.as_mut().coroutine();
        let mut talk = two_way(|first| delegates(first, lent, &text));
        assert_eq!(talk.resume(1), Ok(Yielded(7)));
        forget(talk);
        forget(place);
    }
    assert_eq!(runs.get(), 3);
    drop(text);
}

#[test]
fn a_place_whose_borrower_was_leaked_is_used_anew() {
    let runs = Cell::new(3);
    let mut place = pin!(None);
    let mut talk = two_way_in(place.as_mut(), |first| counts(first, &runs));
    assert_eq!(talk.resume(1), Ok(Yielded(1)));
    forget(talk);
    {
        let begun = place.as_mut().as_pin_mut().expect("it is there").coroutine();
        forget(two_way(|first| delegates(first, begun, "")));
    }
    let mut talk = two_way_in(place, |first| counts(first, &runs));
    assert_eq!(talk.resume(5), Ok(Yielded(5)));
    assert_eq!(talk.resume(6), Ok(Complete("11".to_owned())));
}

#[test]
fn a_deputy_that_is_leaked_is_no_way_back() {
    let runs = Cell::new(0);
    let mut place = Box::pin(counts(1, &runs));
    forget(TwoWayPromise::<u32, u32, u8>::new().yield_from(place.as_mut().coroutine()));
    let lent = place.as_mut().coroutine();
    let mut talk = two_way(|first| delegates(first, lent, ""));
    assert_eq!([1, 2].map(|it| talk.resume(it)), [Ok(Yielded(1)), Ok(Yielded(3))]);
    drop(talk);
    // It went with the one that had delegated to it.
    assert_eq!(format!("{:?}", place.as_mut().coroutine()), "TwoWay(counts, ended)");
    assert_eq!(runs.get(), 2);
}
