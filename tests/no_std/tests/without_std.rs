//! What the crate without `std` builds, run.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use coro::{Detached, FireAndForget, Generator, Task};

#[test]
fn generators_work_without_std() {
    assert_eq!(coro_test_no_std::evens(&[1, 2, 3, 4]).collect::<Vec<_>>(), [&2, &4]);
}

#[test]
fn state_machines_work_without_std() {
    let mut machine = coro_test_no_std::adder();
    for n in [1, 2, 0] {
        assert!(machine.send_signal(n).is_ok());
    }
    assert_eq!(machine.result(), Some(3));
    assert!(machine.send_signal(1).is_err());
}

#[test]
fn detached_coroutines_and_their_callees_work_without_std() {
    let result = Rc::new(Cell::new(0));
    let seen = Rc::clone(&result);
    coro_test_no_std::deliver(21, Box::new(move |n| seen.set(n)));
    assert_eq!(result.get(), 42);
}

#[test]
fn types_of_ones_own_work_without_std() {
    assert_eq!(coro_test_no_std::steps().run(), ["one", "two"]);
}

/// Counts how many of its kind are alive.
struct Live(Rc<Cell<usize>>);

impl Live {
    fn new(alive: &Rc<Cell<usize>>) -> Self {
        alive.set(alive.get() + 1);
        Self(Rc::clone(alive))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[coro::coroutine]
fn panics(_held: Live) -> Task<'static, (), Detached> {
    panic!("a callee");
}

#[coro::coroutine]
fn calls_it(alive: Rc<Cell<usize>>) -> Task<'static, (), Detached> {
    let _held = Live::new(&alive);
    panics(Live::new(&alive)).await;
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn root(alive: Rc<Cell<usize>>) -> FireAndForget {
    let _held = Live::new(&alive);
    calls_it(alive.clone()).await;
}

/// Rule S7: without `std` it cannot be caught where the caller awaits, so it finishes all of them on its way.
#[test]
fn a_panic_of_a_callee_finishes_the_whole_chain_and_reaches_the_resumer() {
    let alive = Rc::default();
    assert!(catch_unwind(AssertUnwindSafe(|| root(Rc::clone(&alive)))).is_err());
    assert_eq!((alive.get(), Rc::strong_count(&alive)), (0, 1));
}

#[coro::coroutine]
fn counts(held: Live, then_panics: bool) -> Generator<'static, u32> {
    co_yield!(1);
    drop(held);
    assert!(!then_panics, "an inner generator");
}

#[coro::coroutine]
fn delegates(alive: Rc<Cell<usize>>) -> Generator<'static, u32> {
    let _held = Live::new(&alive);
    co_yield!(..counts(Live::new(&alive), false));
    co_yield!(..counts(Live::new(&alive), true));
    co_yield!(2);
}

#[test]
fn a_panic_of_an_inner_generator_ends_those_that_delegate_to_it() {
    let alive = Rc::default();
    let mut generator = delegates(Rc::clone(&alive));
    assert_eq!((generator.next(), generator.next()), (Some(1), Some(1)));
    assert!(catch_unwind(AssertUnwindSafe(|| generator.next())).is_err());
    assert_eq!((generator.next(), generator.next(), alive.get()), (None, None, 0));
}
