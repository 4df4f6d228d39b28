//! Only polled coroutines await futures.

use std::future::{Ready, ready};

use coro::{Detached, FireAndForget, Generator, StateMachine, Task};

#[coro::coroutine]
fn generator(future: Ready<u32>) -> Generator<'static, u32> {
    let value = future.await;
    co_yield!(value);
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn fire_and_forget() -> FireAndForget {
    ready(1).await;
}

#[coro::coroutine(initial = suspend_never)]
fn state_machine(future: Ready<u32>) -> StateMachine<'static, u32, u32> {
    future.await
}

#[coro::coroutine]
fn detached_task(future: Ready<u32>) -> Task<'static, u32, Detached> {
    future.await
}

fn main() {}
