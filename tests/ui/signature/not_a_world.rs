//! A coroutine type with parameters that are none of its own: one error, whatever the body does.

use coro::{AsyncGenerator, FireAndForget, Generator, StateMachine, Signal, Task, TwoWay};

#[coro::coroutine]
fn not_a_world() -> Task<'static, u32, u32> {
    1
}

#[coro::coroutine]
fn awaits(text: &str) -> Task<'_, u32, u32> {
    not_a_world().await + text.len().into_future().await
}

#[coro::coroutine]
fn yields_later(text: &str) -> AsyncGenerator<'_, u32, u32> {
    co_yield!(text.len());
}

#[coro::coroutine]
fn yields(text: &str) -> Generator<'_, usize, String> {
    co_yield!(text.len());
}

#[coro::coroutine]
fn waits() -> StateMachine<'static, u32, u32, u32> {
    Signal.await
}

#[coro::coroutine]
fn answers(first: u32) -> TwoWay<'static, u32, u32, u32, u32> {
    co_yield!(first)
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn detached() -> FireAndForget<u32> {}

fn main() {}
