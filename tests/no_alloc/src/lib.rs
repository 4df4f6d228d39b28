//! A user's crate without an allocator: its coroutines live where their callers put them.
//!
//! (In a workspace build cargo unites features; `.ci/run` builds and tests it alone.)

#![no_std]
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings, clippy::pedantic)]

extern crate core;
extern crate coro;

use core::option::Option::{self, Some};
use core::pin::Pin;

use coro::{CoroutineHandle, Generator, InPlace, Signal, StateMachine, TwoWay};

/// Yields what it borrows.
#[coro::coroutine]
pub fn evens(numbers: &[u32]) -> impl InPlace<Generator<'_, &u32>> {
    for number in numbers {
        if number % 2 == 0 {
            co_yield!(number);
        }
    }
}

/// One after the other.
#[coro::coroutine]
pub fn both<'a, T>(first: Generator<'a, T>, second: Generator<'a, T>) -> impl InPlace<Generator<'a, T>> {
    co_yield!(..first);
    co_yield!(..second);
}

/// Adds up signals until one is zero.
#[coro::coroutine]
pub fn adder() -> impl InPlace<StateMachine<'static, u32, u32>> {
    let mut sum = 0;
    loop {
        match Signal.await {
            0 => return sum,
            n => sum += n,
        }
    }
}

/// A decoder of frames `length, bytes…`, in a driver's own structure.
pub struct Decoder<M> {
    machine: M,
}

/// Sums the bytes of a frame.
#[coro::coroutine]
pub fn checksum() -> impl InPlace<StateMachine<'static, u8, u8>> {
    let mut sum: u8 = 0;
    for _ in 0..Signal.await {
        sum = sum.wrapping_add(Signal.await);
    }
    sum
}

impl<M: InPlace<StateMachine<'static, u8, u8>>> Decoder<Pin<&mut M>> {
    /// Takes a byte; the checksum after the last one.
    pub fn receive(&mut self, byte: u8) -> Option<u8> {
        let mut machine = self.machine.as_mut().coroutine();
        machine.send_signal(byte).ok()?;
        machine.result()
    }
}

impl<'m, M> Decoder<Pin<&'m mut M>> {
    /// With a machine that lives elsewhere.
    #[must_use]
    pub const fn new(machine: Pin<&'m mut M>) -> Self {
        Self { machine }
    }
}

/// Says in which direction the number is; at the end, how many guesses there were.
#[coro::coroutine]
pub fn guesses(number: u32, first: u32) -> impl InPlace<TwoWay<'static, u32, &'static str, u32>> {
    let mut guess = first;
    let mut count = 1;
    while guess != number {
        guess = co_yield!(if guess > number { "less" } else { "more" });
        count += 1;
    }
    count
}

/// A type of its own.
pub struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);

/// Its promise.
pub struct StepsPromise {
    last: Option<&'static str>,
}

#[coro::promise(await = none)]
impl StepsPromise {
    fn new() -> Self {
        Self { last: Option::None }
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> {
        Steps(handle)
    }

    fn return_void(&mut self) {}

    fn yield_value(&mut self, step: &'static str) {
        self.last = Some(step);
    }
}

/// Uses it.
#[coro::coroutine]
pub fn steps() -> impl InPlace<Steps<'static>> {
    co_yield!("one");
    co_yield!("two");
}

impl Steps<'_> {
    /// The next one.
    pub fn step(&mut self) -> Option<&'static str> {
        self.0.try_resume();
        self.0.promise_mut().last.take()
    }
}
