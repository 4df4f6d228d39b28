//! A user's crate without `std` and without a prelude. It builds everything, and its tests run it.
//!
//! (In a workspace build cargo unites features; `.ci/run` builds and tests it alone.)

#![no_std]
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings, clippy::pedantic)]

extern crate alloc;
extern crate core;
extern crate coro;

use alloc::boxed::Box;
use alloc::vec::Vec;

use coro::{CoroutineHandle, Detached, FireAndForget, Generator, Signal, StateMachine, Task};

/// Yields what it borrows.
#[coro::coroutine]
pub fn evens(numbers: &[u32]) -> Generator<'_, &u32> {
    for number in numbers {
        if number % 2 == 0 {
            co_yield!(number);
        }
    }
}

/// Adds up signals until one is zero.
#[coro::coroutine]
pub fn adder() -> StateMachine<'static, u32, u32> {
    let mut sum = 0;
    loop {
        match Signal.await {
            0 => return sum,
            n => sum += n,
        }
    }
}

#[coro::coroutine]
fn double(n: &u32) -> Task<'_, u32, Detached> {
    n * 2
}

/// Detached, with a callee.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
pub fn deliver(n: u32, to: Box<dyn core::ops::Fn(u32)>) -> FireAndForget {
    to(double(&n).await);
}

/// A type of its own.
pub struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);

/// Its promise.
pub struct StepsPromise {
    steps: Vec<&'static str>,
}

#[coro::promise(await = none)]
impl StepsPromise {
    fn new() -> Self {
        Self { steps: Vec::new() }
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> {
        Steps(handle)
    }

    fn return_void(&mut self) {}

    fn yield_value(&mut self, step: &'static str) {
        self.steps.push(step);
    }
}

/// Uses it.
#[coro::coroutine]
pub fn steps() -> Steps<'static> {
    co_yield!("one");
    co_yield!("two");
}

impl Steps<'_> {
    /// All of them.
    pub fn run(&mut self) -> &[&'static str] {
        while !self.0.is_done() {
            self.0.resume();
        }
        &self.0.promise().steps
    }
}
