//! What the crate without `std` builds, run.

use std::cell::Cell;
use std::rc::Rc;

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
