//! Return types that are not written as they should be.

use coro::{Generator, StateMachine};

#[coro::coroutine]
fn misspelt() -> Generatr<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
fn no_item() -> Generator<'static> {
    co_yield!(1);
}

#[coro::coroutine]
fn no_result() -> StateMachine<'static, u32> {}

#[coro::coroutine]
fn which_lifetime(a: &str, b: &str) -> Generator<'_, usize> {
    co_yield!(a.len() + b.len());
}

#[coro::coroutine]
fn undeclared(a: &'a str) -> Generator<'a, usize> {
    co_yield!(a.len());
}

fn main() {}
