//! The crate's coroutines run, and ask for no memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;

use coro::Resumed::{Complete, Yielded};
use coro::{InPlace as _, two_way_in};
use coro_test_no_alloc::{Decoder, adder, both, checksum, evens, guesses, steps};

thread_local! {
    static ALLOCATIONS: Cell<u32> = const { Cell::new(0) };
}

/// Counts what each thread asks for.
struct Counting;

// SAFETY: it is the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: caller's contract.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often `part` asks for memory.
fn allocations(part: impl FnOnce()) -> u32 {
    let before = ALLOCATIONS.get();
    part();
    ALLOCATIONS.get() - before
}

#[test]
fn coroutines_in_place_ask_for_no_memory() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
    let asked = allocations(|| {
        let numbers = [1, 2, 3, 4];
        let first = pin!(evens(&numbers));
        let second = pin!(evens(&numbers[2..]));
        let both = pin!(both(first.coroutine(), second.coroutine()));
        assert_eq!(both.coroutine().sum::<u32>(), 10);

        let mut adder = pin!(adder());
        for signal in [3, 4, 0] {
            adder.as_mut().coroutine().send_signal(signal).expect("it has not ended");
        }
        assert_eq!(adder.coroutine().result(), Some(7));

        let mut steps = pin!(steps());
        assert_eq!(steps.as_mut().coroutine().step(), Some("one"));
        assert_eq!(steps.as_mut().coroutine().step(), Some("two"));
        assert_eq!(steps.coroutine().step(), None);

        let place = pin!(None);
        let mut guesses = two_way_in(place, |first| guesses(7, first));
        assert_eq!(
            [9, 3, 7].map(|guess| guesses.resume(guess)),
            [Ok(Yielded("less")), Ok(Yielded("more")), Ok(Complete(3)),]
        );
        assert_eq!(guesses.resume(7).map_err(coro::ResumeError::into_argument), Err(7));
    });
    assert_eq!(asked, 0);
}

#[test]
fn a_driver_keeps_its_state_machine() {
    let machine = pin!(checksum());
    let mut decoder = Decoder::new(machine);
    let received: Vec<_> = [2, 200, 100, 9].into_iter().map(|byte| decoder.receive(byte)).collect();
    assert_eq!(received, [None, None, Some(44), None]);
}

#[test]
fn what_needs_an_allocator_says_so() {
    // In a workspace build the feature is on; `.ci/run` says when it is not.
    if std::env::var_os("CORO_ALONE").is_some() {
        trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
    }
}
