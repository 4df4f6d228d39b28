//! Coroutines that are awaited together are of one world.

use coro::{Detached, Polled, Task, when_all};

#[coro::coroutine]
fn detached() -> Task<'static, u32, Detached> {
    1
}

#[coro::coroutine]
fn polled() -> Task<'static, u32, Polled> {
    1
}

#[coro::coroutine]
fn both() -> Task<'static, (), Polled> {
    when_all((polled(), detached())).await;
}

#[coro::coroutine]
fn wrong_world() -> Task<'static, (), Polled> {
    when_all([detached()]).await;
}

fn main() {}
