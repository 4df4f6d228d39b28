//! `suspend_never` would free what the return object holds.

use coro::{FireAndForget, Generator, InPlace, Task};

#[coro::coroutine(final = suspend_never)]
fn generator() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine(initial = suspend_always, final = suspend_never)]
fn task(number: u32) -> Task<'static, u32> {
    number
}

#[coro::coroutine(initial = suspend_never, final = 1)]
fn number() -> FireAndForget {}

#[coro::coroutine(final = suspend_never)]
fn in_place() -> impl InPlace<Generator<'static, u32>> {
    co_yield!(1);
}

fn main() {}
