//! What somebody who knows the C++ words, or Rust's unstable ones, writes first.

use coro::{Generator, Task};

#[coro::coroutine]
fn awaits() -> Task<'static, u32> {
    co_await awaits()
}

#[coro::coroutine]
fn yields() -> Generator<'static, u32> {
    co_yield 1;
}

#[coro::coroutine]
fn returns() -> Task<'static, u32> {
    co_return 1;
}

#[coro::coroutine]
fn unstable() -> Generator<'static, u32> {
    yield 1;
}

#[coro::coroutine]
fn macros() -> Task<'static, u32> {
    co_return!(1);
}

fn main() {}
