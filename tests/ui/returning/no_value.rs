//! A `return` without a value, or with one where none is taken, and `?` where it cannot be.

use coro::{FireAndForget, Generator, Task};

struct MyError;

#[coro::coroutine]
fn returns_nothing(early: bool) -> Task<'static, u32> {
    if early {
        return;
    }
    1
}

#[coro::coroutine]
fn semicolon() -> Task<'static, u32> {
    1;
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn returns_something() -> FireAndForget {
    return 1;
}

#[coro::coroutine]
fn question_in_a_generator() -> Generator<'static, u32> {
    co_yield!("1".parse()?);
}

#[coro::coroutine]
fn no_ok() -> Task<'static, Result<(), std::num::ParseIntError>> {
    "1".parse::<u32>()?;
}

#[coro::coroutine]
fn another_error() -> Task<'static, Result<u32, MyError>> {
    Ok("1".parse::<u32>()?)
}

#[coro::coroutine]
fn branches(first: bool) -> Task<'static, u32> {
    if first { 1 } else { "two" }
}

fn main() {}
