//! What a place lends is leaked, and then the place is used again. Run with `ASAN_OPTIONS=detect_leaks=0`.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::mem::forget;
use std::pin::pin;

use coro::{Generator, InPlace};

#[coro::coroutine]
fn counting<'a>(runs: &'a Cell<u32>) -> impl InPlace<Generator<'a, u32>> {
    loop {
        runs.set(runs.get() + 1);
        co_yield!(runs.get());
        if runs.get() == 5 {
            return;
        }
    }
}

#[test]
fn what_a_place_lent_may_be_leaked() {
    let runs = Cell::new(0);
    {
        let mut counting = pin!(counting(&runs));
        let mut lent = counting.as_mut().coroutine();
        assert_eq!(lent.next(), Some(1));
        forget(lent);
        assert_eq!(counting.coroutine().next(), Some(2));
    }
    assert_eq!(runs.get(), 2);
}

#[coro::coroutine]
fn delegates<'a>(other: Generator<'a, u32>, text: &'a str) -> Generator<'a, u32> {
    co_yield!(0);
    co_yield!(..other);
    co_yield!(u32::try_from(text.len()).expect("it is short"));
}

#[test]
fn one_whose_caller_was_leaked_does_not_return_into_it() {
    let runs = Cell::new(0);
    let mut counting = pin!(counting(&runs));
    {
        let text = String::from("the caller's");
        let mut caller = delegates(counting.as_mut().coroutine(), &text);
        assert_eq!((caller.next(), caller.next()), (Some(0), Some(1)));
        forget(caller);
    }
    assert_eq!(counting.as_mut().coroutine().location().expect("it waits").function(), "counting");
    assert_eq!(counting.as_mut().coroutine().backtrace().count(), 1);
    assert_eq!(counting.as_mut().coroutine().collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert_eq!(counting.coroutine().next(), None);
}

#[coro::coroutine]
fn delegates_in_place<'a>(other: Generator<'a, u32>) -> impl InPlace<Generator<'a, u32>> {
    co_yield!(..other);
    co_yield!(100);
}

#[test]
fn a_chain_of_places_is_taken_up_again_from_any_of_them() {
    let runs = Cell::new(0);
    let mut inner = pin!(counting(&runs));
    {
        let mut middle = pin!(delegates_in_place(inner.as_mut().coroutine()));
        {
            let text = String::from("outer");
            let mut outer = delegates(middle.as_mut().coroutine(), &text);
            assert_eq!(outer.by_ref().take(2).last(), Some(1));
            forget(outer);
        }
        let mut again = middle.as_mut().coroutine();
        assert_eq!(again.backtrace().count(), 2);
        assert_eq!(again.next(), Some(2));
        forget(again);
        // The place in the middle goes here, and with it what it delegates to.
    }
    assert_eq!(inner.as_mut().coroutine().next(), None);
    assert_eq!(inner.as_mut().coroutine().location().map(|it| it.function()), None);
    assert_eq!(inner.coroutine().backtrace().count(), 0);
    assert_eq!(runs.get(), 2);
}

#[test]
fn a_place_that_is_leaked_leaves_what_it_delegated_to() {
    let runs = Cell::new(0);
    let mut inner = pin!(counting(&runs));
    {
        let mut middle = Box::pin(delegates_in_place(inner.as_mut().coroutine()));
        assert_eq!(middle.as_mut().coroutine().next(), Some(1));
        forget(middle);
    }
    assert_eq!(inner.as_mut().coroutine().collect::<Vec<_>>(), [2, 3, 4, 5]);
}
