//! A coroutine that is made and not used does nothing.
#![deny(unused_must_use)]

use coro::{Generator, StateMachine, Task, TwoWay, two_way};

#[coro::coroutine]
fn task() -> Task<'static, u32> {
    1
}

#[coro::coroutine]
fn generator() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
fn machine() -> StateMachine<'static, u32, u32> {
    1
}

#[coro::coroutine]
fn ping(first: u32) -> TwoWay<'static, u32, u32> {
    co_yield!(first);
}

#[coro::coroutine]
fn caller() -> Task<'static, u32> {
    task();
    2
}

fn main() {
    generator();
    machine();
    two_way(ping);
}
